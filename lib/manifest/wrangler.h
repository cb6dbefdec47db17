/*
 * The Secrets Store bindings in the configuration of a Worker: wrangler.jsonc, wrangler.json or
 * wrangler.toml, told apart by the end of the name. Their `secrets_store_secrets`, also of each
 * environment beneath `env`, is read, and bindings are merged into it; every other byte of the file
 * stays as it is.
 *
 *     struct wrangler file CLEANUP(wrangler_release) = {0};
 *     wrangler_parse(&file, path, &bytes, &err)
 *     wrangler_merge(&file, &wanted, &text, &merged, &err)
 *
 * JSON may have comments and trailing commas, as wrangler reads it. TOML is read in full, by
 * version 1.0, but only as to its structure: what a number or date says is not looked at. Whatever
 * is not understood is an error with its place. No error shows a line of the file. Pure.
 *
 * Sources: https://developers.cloudflare.com/workers/wrangler/configuration/ and
 * https://developers.cloudflare.com/secrets-store/integrations/workers/
 */
#ifndef MANIFEST_WRANGLER_H
#define MANIFEST_WRANGLER_H

#include "base/error.h"
#include "base/str.h"
#include "model/model.h"

enum { WRANGLER_SIZE_LIMIT = 4 << 20 };

/* Bytes of the file, from `at` up to `end`. */
struct wrangler_span {
	size_t at, end;
};

struct wrangler_binding {
	const char *environment; /* NULL: the top level */
	const char *name, *store_id, *secret;
	struct place place;
	struct wrangler_span store_span, secret_span; /* with the quotes */
};

/* An array or object. */
struct wrangler_box {
	size_t open, close;    /* where its brackets are */
	size_t last, last_end; /* its last item, with the key; last_end 0: it is empty */
	size_t comma_end;      /* the end of a trailing comma; 0: there is none */
};

/* The top level, or an environment. */
struct wrangler_scope {
	const char *environment;    /* NULL: the top level */
	struct wrangler_box object; /* in JSON */
	bool is_inline;             /* in TOML: no table header can add to it */
	bool has_array;             /* secrets_store_secrets = [...] */
	struct wrangler_box array;
	/* Of the last [[secrets_store_secrets]]; header.end 0: there is none. tail: the end of its
	 * last line. */
	struct wrangler_span header;
	size_t key, tail;
};

struct wrangler {
	struct arena arena;
	const char *path; /* keeps: the name in errors */
	bool is_toml;
	const char *text; /* all of the file */
	size_t length;
	struct wrangler_binding *bindings; /* in the order of the file */
	size_t count, room;
	struct wrangler_scope *scopes; /* the top level is the first */
	size_t scope_count, scope_room;
	size_t seen, line, line_start; /* up to where lines were counted */
};

/* Copies the bytes. False: it is no such file, or a binding lacks one of its three parts. */
bool wrangler_parse(struct wrangler *file, const char *path, const struct str *bytes,
	struct error *err) MUST_CHECK;
void wrangler_release(struct wrangler *file);

/* Bindings to merge: name, store_id and secret of each; the names differ. */
struct wrangler_wanted {
	const char *environment; /* NULL: the top level */
	const struct wrangler_binding *items;
	size_t count;
};

struct wrangler_merged {
	size_t added, updated;
};

/*
 * Adds the file's text with the bindings: one that the environment has is updated, the others are
 * added at the end. Merging the same again changes nothing. False: there is no such environment, or
 * it is written in a way that nothing can be added to.
 */
bool wrangler_merge(const struct wrangler *file, const struct wrangler_wanted *wanted,
	struct str *out, struct wrangler_merged *ret_merged, struct error *err) MUST_CHECK;

/* ---- for the readers of the two forms ---- */

#define WRANGLER_KEY "secrets_store_secrets"

bool wrangler_parse_json(struct wrangler *file, struct error *err) MUST_CHECK;
bool wrangler_parse_toml(struct wrangler *file, struct error *err) MUST_CHECK;

/* The scope of an environment; the second adds it if it is new. Lent until one is added. */
struct wrangler_scope *wrangler_find_scope(const struct wrangler *file, const char *environment);
struct wrangler_scope *wrangler_scope(struct wrangler *file, const char *environment);

/* Begins a binding at this place. */
struct wrangler_binding *wrangler_add(struct wrangler *file, const char *environment, size_t at);

/*
 * Sets the part of the last binding that the key names, and nothing for other keys. False: the
 * binding has it already. The other checks that it has them all.
 */
bool wrangler_set(struct wrangler *file, const char *key, const char *text,
	struct wrangler_span span, struct error *err) MUST_CHECK;
bool wrangler_check_last(const struct wrangler *file, struct error *err) MUST_CHECK;

/* An error at this byte. */
bool wrangler_refuse(struct wrangler *file, size_t at, struct error *err, const char *format, ...)
	PRINTF(4, 5);

#endif
