/* Whether a state that was encoded can be read again. */
#include "state/objects.h"
#include "state/state.h"

#include <stdlib.h>
#include <string.h>

/* Bytes; a tree of the whole state would need 1 KB for each store. */
enum { PIECE = 1 << 16 };

/* The layout of state_encode: what begins a line that opens an account or a store, or ends one. */
static const char account_begins[] = "    \"", store_ends[] = "        }",
		  store_is_empty[] = "        \"";

struct check {
	const struct state *state;
	struct str head;    /* the lines before the first account */
	struct str account; /* those before the first store of the account */
	struct str piece;   /* a state of its own, which is still open */
	bool is_in_account, has_stores;
	size_t found; /* objects */
	struct error *err;
};

/* True if the line begins so and, after its comma is cut off, ends so. */
static bool is_line(const char *line, size_t length, const char *begin, const char *end)
{
	size_t begins = strlen(begin), ends = strlen(end);

	length -= length && line[length - 1] == ',';
	return length >= begins && length >= ends && memcmp(line, begin, begins) == 0 &&
	       memcmp(line + length - ends, end, ends) == 0;
}

static void encode(const struct object *object, struct str *out)
{
	struct json_writer writer = json_writer(out, 0);

	json_begin_object(&writer, NULL);
	objects_encode(&writer, object, OBJECTS_RECORDED);
	json_end(&writer);
}

/* The texts decide: of what a creation replaces, object_is_same knows only where it is kept. */
static bool is_written_alike(const struct object *a, const struct object *b)
{
	struct str x CLEANUP(str_release) = {0}, y CLEANUP(str_release) = {0};

	if (object_is_same(a, b))
		return true;
	encode(a, &x);
	encode(b, &y);
	return strcmp(str_text(&x), str_text(&y)) == 0;
}

/* Every object that the piece has is that of the state. */
static bool check_piece(struct check *check, const char *file)
{
	struct state read CLEANUP(state_release) = {0};
	const struct state *state = check->state;

	if (!state_decode(file, check->piece.bytes, check->piece.length, &read, check->err))
		return false;
	bool is_same = read.serial == state->serial && strcmp(read.lineage, state->lineage) == 0;
	for (size_t i = 0; i < read.model.object_count && is_same; i++) {
		const struct object *it = &read.model.objects[i];
		const struct object *wanted =
			model_object(&state->model, it->account, it->store, it->secret);
		is_same = wanted && is_written_alike(wanted, it);
	}
	check->found += read.model.object_count;
	return is_same || error_set(check->err, "it is another one when it is read again");
}

/* Ends the piece after a store, and begins the next one with the same account. */
static bool end_piece(struct check *check, const char *file)
{
	struct str *piece = &check->piece;
	bool has_comma = piece->bytes[piece->length - 2] == ',';

	piece->length -= has_comma ? 2 : 1;
	str_text_add(piece, "}}}}\n"); /* the stores, the account, the accounts, the state */
	if (!check_piece(check, file))
		return false;
	str_clear(piece);
	str_add(piece, check->head.bytes, check->head.length);
	str_add(piece, check->account.bytes, check->account.length);
	return true;
}

static bool take_line(struct check *check, const char *file, const char *line, size_t length)
{
	bool opens_account = is_line(line, length, account_begins, "{");

	if (opens_account) {
		str_clear(&check->account);
		check->is_in_account = true;
		check->has_stores = false;
	}
	str_add(&check->piece, line, length + 1);
	if (!check->is_in_account) {
		str_add(&check->head, line, length + 1);
		return true;
	}
	bool is_end = is_line(line, length, store_ends, "}") ||
		      is_line(line, length, store_is_empty, "{}");
	if (!check->has_stores)
		str_add(&check->account, line, length + 1);
	check->has_stores |= is_line(line, length, "      \"stores\": {", "{");
	return !is_end || check->piece.length < PIECE || end_piece(check, file);
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Pieces can't tell whether two of them have the same id. */
static bool check_ids(const struct model *model, struct error *err)
{
	const char **ids AUTO_FREE = mem_alloc(model->object_count * sizeof(*ids));
	size_t count = 0;

	for (size_t i = 0; i < model->object_count; i++)
		if (model->objects[i].id)
			ids[count++] = model->objects[i].id;
	qsort((void *)ids, count, sizeof(*ids), compare_ids);
	for (size_t i = 1; i < count; i++)
		if (strcmp(ids[i - 1], ids[i]) == 0)
			return error_set(err, "%s: another object has the same id", ids[i]);
	return true;
}

bool state_check(
	const char *file, const struct str *text, const struct state *state, struct error *err)
{
	struct check check = {.state = state, .err = err};
	const char *at = str_text(text), *end;
	bool is_good = check_ids(&state->model, err);

	for (; is_good && (end = strchr(at, '\n')); at = end + 1)
		is_good = take_line(&check, file, at, (size_t)(end - at));
	is_good = is_good && check_piece(&check, file);
	if (is_good && (*at || check.found != state->model.object_count))
		is_good = error_set(err, "it is not whole when it is read again");
	str_release(&check.head);
	str_release(&check.account);
	str_release(&check.piece);
	return is_good;
}
