#include "state/lock_info.h"

#include "adapter/json.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/version.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void lock_info_encode(const char *id, const char *operation, const char *path, struct str *out)
{
	struct json_writer writer = json_file_writer(out, 2);
	char now[CLOCK_TEXT_SIZE], host[256] = "";
	const char *user = getenv("USER");
	struct str who CLEANUP(str_release) = {0};

	clock_now_text(now);
	(void)gethostname(host, sizeof(host) - 1);
	if (user && *user)
		str_text_add(&who, user);
	else
		str_format(&who, "user %lu", (unsigned long)getuid());
	str_format(&who, "@%s, process %ld", host, (long)getpid());
	json_begin_object(&writer, NULL);
	json_put_text(&writer, "ID", id);
	json_put_text(&writer, "Operation", operation);
	json_put_text(&writer, "Info", "");
	json_put_text(&writer, "Who", str_text(&who));
	json_put_text(&writer, "Version", cfprov_version());
	json_put_text(&writer, "Created", now);
	json_put_text(&writer, "Path", path);
	json_end(&writer);
	str_char(out, '\n');
}

void lock_info_describe(const struct str *info, struct str *out)
{
	struct error ignored CLEANUP(error_release) = {0};
	struct json *json CLEANUP(json_free_pointer) =
		json_parse(str_text(info), info->length, &ignored);
	const char *who = json_get_text(json, "Who"), *since = json_get_text(json, "Created");
	const char *operation = json_get_text(json, "Operation");
	struct str text CLEANUP(str_release) = {0};

	if (who && operation && since)
		str_format(&text, "%s (%s, since %s)", who, operation, since);
	else
		str_text_add(&text, "another process");
	text_add_visible(out, str_text(&text), text.length, 200);
}

void lock_info_add_id(const struct str *info, struct str *out)
{
	struct error ignored CLEANUP(error_release) = {0};
	struct json *json CLEANUP(json_free_pointer) =
		json_parse(str_text(info), info->length, &ignored);
	const char *id = json_get_text(json, "ID");

	if (id)
		text_add_visible(out, id, strlen(id), 100);
}
