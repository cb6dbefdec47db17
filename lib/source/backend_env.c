#include "source/backend_env.h"

#include "adapter/http_url.h"

#include <stdlib.h>
#include <string.h>

/* Lends the value of a variable that is set, or NULL. */
static const char *get(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* Lends the name of the first variable that is set; NULL: none is. Ends with NULL. */
static const char *first_set(const char *const *names)
{
	while (*names && !get(*names))
		names++;
	return *names;
}

static void use_variable(struct value_source *source, const char *name)
{
	if (source->kind == VALUE_NONE && name)
		*source = (struct value_source){
			.kind = VALUE_ENV, .name = name, .keeps_last_newline = true};
}

static bool at_place(struct error *err, const struct location *location)
{
	const struct place *place = &location->place;

	return place->file ? error_at(err, place->file, place->line, place->column) : false;
}

/* Gives (mem_free) the origin of a URL that has been checked. */
static char *origin_of(const char *url)
{
	struct http_url read CLEANUP(http_url_release) = {0};
	struct error ignored CLEANUP(error_release) = {0};

	return http_url_check("", url, &read, &ignored) ? mem_copy_text(read.origin)
							: mem_copy_text("");
}

static bool is_same_server(const char *url, const char *other)
{
	char *first AUTO_FREE = origin_of(url), *second AUTO_FREE = origin_of(other);

	return strcmp(first, second) == 0;
}

/* ---- where credentials of the environment may go ---- */

/* Of a credential of the environment that is about to be used for a URL. */
struct errand {
	const char *credential;       /* its variable; NULL: there is none */
	const char *url;              /* of the state */
	const char *const *url_names; /* the variables for it; ends with NULL */
	const char *advised;          /* the one of them to set */
	const char *explicit_sources; /* what to write in `state` instead */
	bool is_disclosed;            /* the server gets to see it; else it only signs */
};

/*
 * Credentials of the environment go to the server that the environment names, and to one that a
 * policy allows. Where the environment names none, what is disclosed goes nowhere.
 */
static bool may_go(const struct location *location, const struct errand *errand,
	enum backend_env_trust trust, struct error *err)
{
	const char *named = first_set(errand->url_names);
	char *origin AUTO_FREE = NULL;

	if (!errand->credential || trust == BACKEND_ENV_POLICY ||
		(named ? is_same_server(errand->url, get(named)) : !errand->is_disclosed))
		return true;
	origin = origin_of(errand->url);
	if (named)
		error_set(err, "%s is not sent to %s: %s names another server", errand->credential,
			origin, named);
	else
		error_set(err, "%s is not sent to %s: only the manifest names this server",
			errand->credential, origin);
	error_hint(err,
		"If it is for this server, write in `state`: %s. Or set %s to the same address.",
		errand->explicit_sources, named ? named : errand->advised);
	return at_place(err, location);
}

/* ---- s3 ---- */

static bool is_r2(const struct http_url *url)
{
	static const char end[] = ".r2.cloudflarestorage.com";
	size_t length = strlen(url->host);

	return length > strlen(end) && strcmp(url->host + length - strlen(end), end) == 0;
}

static const char *const endpoints[] = {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", NULL};

/* Takes the endpoint of the environment if the manifest has none. Gives its parts, if there is one.
 */
static bool find_endpoint(
	struct location *location, struct arena *arena, struct http_url *ret_url, struct error *err)
{
	const char *name = location->endpoint ? NULL : first_set(endpoints);
	const char *text = name ? get(name) : location->endpoint;

	if (!text)
		return true;
	if (!http_url_check(name ? name : "`endpoint`", text, ret_url, err))
		return false;
	if (ret_url->query || ret_url->has_fragment || strcmp(ret_url->path, "/") != 0)
		return error_set(err, "%s must end after the host", name);
	location->endpoint = arena_text(arena, ret_url->origin);
	return true;
}

static const char *find_region(const struct http_url *url)
{
	static const char *const names[] = {"AWS_REGION", "AWS_DEFAULT_REGION", NULL};
	const char *name = first_set(names);

	if (url->host && is_r2(url))
		return "auto";
	if (name)
		return get(name);
	return url->host ? "us-east-1" : NULL;
}

/* Without an endpoint it is AWS, where each region has its own. */
static bool complete_endpoint(struct location *location, struct arena *arena, struct error *err)
{
	struct http_url url CLEANUP(http_url_release) = {0};

	if (!find_endpoint(location, arena, &url, err))
		return false;
	const char *region = location->region ? location->region : find_region(&url);
	if (!region) {
		error_set(err, "no region is set for the bucket %s", location->bucket);
		error_hint(err,
			"For Cloudflare R2, set `endpoint` of `state` to "
			"https://ACCOUNT_ID.r2.cloudflarestorage.com. For AWS, set `region`, or "
			"AWS_REGION.");
		return at_place(err, location);
	}
	location->region = arena_text(arena, region);
	if (!location->endpoint)
		location->endpoint = arena_format(arena, "https://s3.%s.amazonaws.com", region);
	return true;
}

/* A session token belongs to the two keys that it came with. */
static bool complete_keys(
	struct location *location, enum backend_env_trust trust, struct error *err)
{
	static const char *const names[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"};
	bool has_r2 = get("R2_ACCESS_KEY_ID") && get("R2_SECRET_ACCESS_KEY");

	if (location->secrets[LOCATION_ACCESS_KEY].kind != VALUE_NONE)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (get(names[i]))
			continue;
		error_set(err, "no credentials for the bucket %s: %s is not set", location->bucket,
			names[i]);
		return error_hint(err, "%s",
			has_r2 ? "To use R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY, write in "
				 "`state`: "
				 "access_key: {env: R2_ACCESS_KEY_ID}, secret_key: {env: "
				 "R2_SECRET_ACCESS_KEY}."
			       : "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name their "
				 "sources in `state` as `access_key` and `secret_key`. For "
				 "Cloudflare "
				 "R2, create an API token in the dashboard (R2, Manage API tokens) "
				 "with "
				 "the permission Object Read & Write for this bucket.");
	}
	use_variable(&location->secrets[LOCATION_ACCESS_KEY], names[0]);
	use_variable(&location->secrets[LOCATION_SECRET_KEY], names[1]);
	use_variable(&location->secrets[LOCATION_SESSION_TOKEN],
		get("AWS_SESSION_TOKEN") ? "AWS_SESSION_TOKEN" : NULL);
	const struct errand errand = {names[0], location->endpoint, endpoints, endpoints[0],
		"access_key: {env: AWS_ACCESS_KEY_ID}, secret_key: {env: AWS_SECRET_ACCESS_KEY}",
		.is_disclosed = false};
	return may_go(location, &errand, trust, err);
}

/* ---- http ---- */

static const struct http_text {
	const char *key;
	const char *names[3];
	size_t at; /* of a text in struct location */
	bool is_url;
} http_texts[] = {
#define NAMES(name)                                                                                \
	{                                                                                          \
		"CFPROV_HTTP_" name, "TF_HTTP_" name, NULL                                         \
	}
#define FIELD(field) offsetof(struct location, field)
	{"address", NAMES("ADDRESS"), FIELD(address), true},
	{"lock_address", NAMES("LOCK_ADDRESS"), FIELD(lock_address), true},
	{"unlock_address", NAMES("UNLOCK_ADDRESS"), FIELD(unlock_address), true},
	{"update_method", NAMES("UPDATE_METHOD"), FIELD(update_method), false},
	{"lock_method", NAMES("LOCK_METHOD"), FIELD(lock_method), false},
	{"unlock_method", NAMES("UNLOCK_METHOD"), FIELD(unlock_method), false},
	{"username", NAMES("USERNAME"), FIELD(username), false},
};
static const char *const passwords[] = NAMES("PASSWORD");
static const char *const users[] = NAMES("USERNAME");

static bool check_method(const char *name, const char *text, struct error *err)
{
	size_t letters = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return (letters && !text[letters] && letters <= 16) ||
	       error_set(err, "%s must be an HTTP method such as POST", name);
}

static bool complete_text(struct location *location, const struct http_text *row,
	struct arena *arena, struct error *err)
{
	const char **text = (const char **)((char *)location + row->at);
	const char *name = first_set(row->names), *value = name ? get(name) : NULL;
	struct http_url url CLEANUP(http_url_release) = {0};

	if (*text || !value)
		return true;
	if (row->is_url) {
		if (!http_url_check(name, value, &url, err))
			return false;
		*text = arena_format(arena, "%s%s%s%s", url.origin, url.path, url.query ? "?" : "",
			url.query ? url.query : "");
		return !url.has_fragment || error_set(err, "%s must not contain a fragment", name);
	}
	*text = arena_text(arena, value);
	return row->at == FIELD(username) || check_method(name, value, err);
}

/* The state and its lock get the same credentials. */
static bool check_servers(const struct location *location, struct error *err)
{
	for (size_t i = 1; i < 3; i++) {
		const char *url = *(const char *const *)((const char *)location + http_texts[i].at);
		if (!url || is_same_server(location->address, url))
			continue;
		error_set(err, "`%s` and `address` of the state are on different servers",
			http_texts[i].key);
		error_hint(err, "Both get the same credentials, so they must have the same scheme, "
				"host and port.");
		return at_place(err, location);
	}
	return true;
}

static bool complete_http(struct location *location, enum backend_env_trust trust,
	struct arena *arena, struct error *err)
{
	struct value_source *password = &location->secrets[LOCATION_PASSWORD];
	bool has_password = password->kind != VALUE_NONE, has_user = location->username;
	struct errand errand = {.url_names = http_texts[0].names, .is_disclosed = true};
	struct str sources CLEANUP(str_release) = {0};

	for (size_t i = 0; i < ARRAY_SIZE(http_texts); i++)
		if (!complete_text(location, &http_texts[i], arena, err))
			return false;
	if (!location->address) {
		error_set(err, "the state has no `address`");
		error_hint(err, "Set `address` of `state` to its URL, or TF_HTTP_ADDRESS.");
		return at_place(err, location);
	}
	use_variable(password, first_set(passwords));
	errand.url = location->address;
	if (!has_user && (errand.credential = first_set(users)))
		str_text_add(&sources, "username: NAME");
	if (!has_password && first_set(passwords)) {
		errand.credential = first_set(passwords);
		str_format(&sources, "%spassword: {env: %s}", sources.length ? ", " : "",
			errand.credential);
	}
	errand.explicit_sources = str_text(&sources);
	errand.advised = http_texts[0].names[errand.credential && *errand.credential == 'T'];
	return check_servers(location, err) && may_go(location, &errand, trust, err);
}

bool backend_env_complete(struct location *location, enum backend_env_trust trust,
	struct arena *arena, struct error *err)
{
	switch (location->kind) {
	case LOCATION_S3:
		return complete_endpoint(location, arena, err) &&
		       complete_keys(location, trust, err);
	case LOCATION_HTTP:
		return complete_http(location, trust, arena, err);
	case LOCATION_LOCAL:
	case LOCATION_KINDS:
	default:
		return true;
	}
}
