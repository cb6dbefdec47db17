/*
 * What the key protects: a state, a journal, a saved plan. The first line says which of them is
 * written, with which key, and what somebody without the keys then does to the bytes; the rest is
 * the content. Whatever was done, only what was written is read.
 *
 *     s+17,3,text     a state, signed; from byte 17 on, three bytes become this text
 *
 * s, j, p: state, journal, plan; S, J, P: with the old key. `+`: signed, else encrypted; plans
 * always are. Without a comma nothing is done.
 */
#include "shared/fuzz.h"
#include "state/journal.h"
#include "state/planfile.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LINEAGE "6f1c2f0e-0000-4000-8000-123456789abc"

static struct keys reader, old_writer;

static void set_key(struct key *key, char digit)
{
	struct secret given CLEANUP(secret_release) = {0};
	struct error err = {0};
	char hex[2 * CRYPT_KEY_BYTES];

	memset(hex, digit, sizeof(hex));
	secret_copy(&given, hex, sizeof(hex));
	HOLDS(key_init(key, &given, &err));
}

static bool is_same(const struct str *a, const struct str *b)
{
	return a->length == b->length && (!a->length || memcmp(a->bytes, b->bytes, a->length) == 0);
}

/* True if it made a difference. */
static bool change(const char *line, struct str *bytes)
{
	char *rest;
	unsigned long at = strtoul(line, &rest, 10), count;
	struct str changed CLEANUP(str_release) = {0};

	if (*rest != ',')
		return false;
	count = strtoul(rest + 1, &rest, 10);
	at = at < bytes->length ? at : bytes->length;
	count = count < bytes->length - at ? count : bytes->length - at;
	str_add(&changed, bytes->bytes, at);
	if (*rest == ',')
		str_text_add(&changed, rest + 1);
	str_add(&changed, bytes->bytes + at + count, bytes->length - at - count);
	if (is_same(&changed, bytes))
		return false;
	str_clear(bytes);
	str_add(bytes, changed.bytes, changed.length);
	return true;
}

struct scene {
	struct sealing writes, reads;
	enum sealing_trust trust; /* of what was written */
	const char *change;
};

static void try_state(const struct scene *scene, const struct str *content)
{
	struct state state CLEANUP(state_release) = {0};
	struct str plain CLEANUP(str_release) = {0}, bytes CLEANUP(str_release) = {0};
	struct str read CLEANUP(str_release) = {0};
	struct sealing_found found = {0};
	struct error err CLEANUP(error_release) = {0};

	if (!state_decode("x", str_text(content), content->length, &state, &err)) {
		fuzz_check_error(&err);
		return;
	}
	state_encode(&state, &plain);
	HOLDS(sealing_write(&scene->writes, &state, &bytes, &err));
	bool is_changed = change(scene->change, &bytes);
	if (!sealing_read(&scene->reads, &bytes, &read, &found, &err)) {
		HOLDS(is_changed);
		fuzz_check_error(&err);
		return;
	}
	HOLDS(is_same(&read, &plain));
	HOLDS(found.trust == scene->trust);
}

static void write_lines(const struct scene *scene, const struct str *content, struct str *bytes)
{
	const struct state state = {.serial = 7, .lineage = LINEAGE};
	const uint8_t *data = (const uint8_t *)content->bytes;
	size_t size = content->length;
	struct chain_writer lines;
	struct error err = {0};

	HOLDS(chain_begin(&lines, &scene->writes, &state, bytes, &err));
	while (size) {
		char *line AUTO_FREE = fuzz_line(&data, &size);
		chain_add(&lines, line, strlen(line), bytes);
	}
	chain_release(&lines);
}

static void try_journal(const struct scene *scene, const struct str *content)
{
	struct str bytes CLEANUP(str_release) = {0};
	struct journal journal CLEANUP(journal_release) = {0};
	struct chain_reader lines CLEANUP(chain_close) = {0};
	struct error err CLEANUP(error_release) = {0}, other CLEANUP(error_release) = {0};
	const uint8_t *data = (const uint8_t *)content->bytes;
	size_t size = content->length;

	write_lines(scene, content, &bytes);
	bool is_changed = change(scene->change, &bytes);
	if (!journal_decode("x.journal", &bytes, &scene->reads, &journal, &other))
		fuzz_check_error(&other);
	bool is_good = chain_open(&lines, &scene->reads, &bytes, &err);
	while (is_good && (is_good = chain_next(&lines, &err)) && lines.text) {
		HOLDS(size > 0 && lines.found.trust == scene->trust);
		char *line AUTO_FREE = fuzz_line(&data, &size);
		HOLDS(lines.text_length == strlen(line));
		HOLDS(memcmp(lines.text, line, lines.text_length) == 0);
	}
	HOLDS(is_changed || (is_good && size == 0));
	if (!is_good)
		fuzz_check_error(&err);
}

static void try_plan(const struct scene *scene, const struct str *content)
{
	struct keys *keys = scene->reads.keys;
	struct str bytes CLEANUP(str_release) = {0}, read CLEANUP(str_release) = {0};
	struct planfile planfile CLEANUP(planfile_release) = {0};
	struct error err CLEANUP(error_release) = {0}, other CLEANUP(error_release) = {0};
	struct error wrong_use CLEANUP(error_release) = {0};

	key_seal(&scene->writes.keys->now, KEY_PLANS, str_text(content), content->length, &bytes);
	bool is_changed = change(scene->change, &bytes);
	if (!planfile_decode("p", &bytes, keys, &planfile, &other))
		fuzz_check_error(&other);
	bool is_good =
		key_open(keys_choose(keys, KEY_PLANS, &bytes), KEY_PLANS, &bytes, &read, &err);
	HOLDS(is_good ? is_same(&read, content) : is_changed);
	if (!is_good)
		fuzz_check_error(&err);
	str_clear(&read);
	HOLDS(!key_open(
		keys_choose(keys, KEY_STATE, &bytes), KEY_STATE, &bytes, &read, &wrong_use));
	fuzz_check_error(&wrong_use);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *first AUTO_FREE = fuzz_line(&data, &size), *text AUTO_FREE = fuzz_text(data, size);
	const struct str content = {text, size, size + 1};

	if (!reader.now.is_set) {
		set_key(&reader.now, '1');
		set_key(&reader.old, '2');
		set_key(&old_writer.now, '2');
	}
	if (!first[0] || !first[1])
		return 0;
	bool is_old = isupper((unsigned char)first[0]);
	const struct scene scene = {
		.writes = {.keys = is_old ? &old_writer : &reader, .encrypts = first[1] != '+'},
		.reads = {.keys = &reader},
		.trust = is_old ? SEALING_OLD_KEY : SEALING_TRUSTED,
		.change = first + 2};
	switch (tolower((unsigned char)first[0])) {
	case 's':
		try_state(&scene, &content);
		break;
	case 'j':
		try_journal(&scene, &content);
		break;
	default:
		try_plan(&scene, &content);
	}
	return 0;
}
