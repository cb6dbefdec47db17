/*
 * cfprov version: what was built, from what, and what it runs with. The build sets CFPROV_COMMIT
 * and CFPROV_BUILD_DATE, where it knows them.
 */
#include "base/version.h"

#include "adapter/crypt.h"
#include "adapter/http.h"
#include "adapter/json.h"
#include "adapter/yaml.h"
#include "session.h"
#include "term.h"

#ifndef CFPROV_COMMIT
#define CFPROV_COMMIT NULL
#endif
#ifndef CFPROV_BUILD_DATE
#define CFPROV_BUILD_DATE NULL
#endif

/* As Go and Terraform name it. */
#if defined(__x86_64__)
#define ARCHITECTURE "amd64"
#elif defined(__aarch64__)
#define ARCHITECTURE "arm64"
#elif defined(__i386__)
#define ARCHITECTURE "386"
#elif defined(__arm__)
#define ARCHITECTURE "arm"
#elif defined(__riscv)
#define ARCHITECTURE "riscv64"
#else
#define ARCHITECTURE "unknown"
#endif
#define PLATFORM "linux_" ARCHITECTURE

static void add_json(struct str *out)
{
	struct json_writer w = json_writer(out, 2);

	json_begin_object(&w, NULL);
	json_put_text(&w, "cfprov_version", cfprov_version());
	json_put_text(&w, "platform", PLATFORM);
	const char *commit = CFPROV_COMMIT, *date = CFPROV_BUILD_DATE;
	if (commit)
		json_put_text(&w, "commit", commit);
	if (date)
		json_put_text(&w, "build_date", date);
	json_begin_object(&w, "libraries");
	json_put_text(&w, "libcurl", http_version());
	json_put_text(&w, "tls", http_tls_version());
	json_put_text(&w, "libyaml", yaml_version());
	json_put_text(&w, "cjson", json_version());
	json_put_text(&w, "libsodium", crypt_version());
	json_end(&w);
	json_end(&w);
	str_char(out, '\n');
}

static void add_line(struct str *out, const char *name, const char *text_or_null)
{
	if (text_or_null)
		str_format(out, "%-9s  %s\n", name, text_or_null);
}

static void add_text(struct str *out)
{
	const char *tls = http_tls_version();
	struct str curl CLEANUP(str_release) = {0};

	str_format(&curl, "%s (%s)", http_version(), tls ? tls : "no TLS");
	str_format(out, "cfprov %s\n", cfprov_version());
	add_line(out, "commit", CFPROV_COMMIT);
	add_line(out, "built", CFPROV_BUILD_DATE);
	add_line(out, "platform", PLATFORM);
	add_line(out, "libcurl", str_text(&curl));
	add_line(out, "libyaml", yaml_version());
	add_line(out, "cJSON", json_version());
	add_line(out, "libsodium", crypt_version());
}

bool version_run(struct session *session)
{
	struct str text CLEANUP(str_release) = {0};

	if (session->cli->json)
		add_json(&text);
	else
		add_text(&text);
	term_out_str(&text);
	return true;
}
