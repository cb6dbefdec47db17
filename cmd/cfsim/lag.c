#include "lag.h"

#include "adapter/json.h"
#include "base/clock.h"

#include <string.h>

struct lag_times lag_times_now(const struct lag *lag, size_t list_ms)
{
	int64_t now = clock_monotonic_ms();

	return (struct lag_times){
		.done_ms = now,
		.listed_ms = now + (int64_t)list_ms,
		.read_ms = now + (int64_t)lag->read_ms,
	};
}

void lag_times_hasten(struct lag_times *times, const struct lag *lag, size_t list_ms)
{
	int64_t listed_ms = times->done_ms + (int64_t)list_ms;
	int64_t read_ms = times->done_ms + (int64_t)lag->read_ms;

	if (listed_ms < times->listed_ms)
		times->listed_ms = listed_ms;
	if (read_ms < times->read_ms)
		times->read_ms = read_ms;
}

bool lag_times_are_past(const struct lag_times *times, int64_t now_ms)
{
	return times->listed_ms <= now_ms && times->read_ms <= now_ms;
}

static size_t *member(struct lag *lag, const char *key)
{
	const struct {
		const char *name;
		size_t *field;
	} members[] = {
		{"create", &lag->create_ms},
		{"change", &lag->change_ms},
		{"delete", &lag->delete_ms},
		{"read", &lag->read_ms},
		{"audit", &lag->audit_ms},
	};

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (strcmp(members[i].name, key) == 0)
			return members[i].field;
	return NULL;
}

bool lag_decode(struct lag *lag, const char *bytes, size_t length, struct error *err)
{
	struct json *json CLEANUP(json_free_pointer) = json_parse(bytes, length, err);
	struct lag read = *lag;

	if (!json)
		return false;
	if (!json_is_object(json))
		return error_set(err, "expected an object");
	for (const struct json *it = json_first(json); it; it = json_next(it)) {
		size_t *field = member(&read, json_key(it));
		int64_t ms = 0;
		if (!field)
			return error_set(err, "unknown lag \"%s\"", json_key(it));
		if (!json_integer(it, &ms) || ms < 0 || ms > LAG_LONGEST_MS)
			return error_set(err, "\"%s\" must be 0 to %d milliseconds", json_key(it),
				LAG_LONGEST_MS);
		*field = (size_t)ms;
	}
	*lag = read;
	return true;
}
