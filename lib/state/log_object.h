/*
 * The objects of a log of states in an object store: their keys, and their bytes. Pure.
 *
 *     P/log/<serial>      a state, or where the log starts, or that a state was removed
 *     P/lock/<epoch>      who has the lock; the epoch counts them
 *     P/lock/<epoch>.done it was released, or broken
 *     P/lock/<epoch>.intents
 *     P/latest            a hint: where to start looking
 *     P/probe             shows whether the server honours conditions
 *
 * Each object is a line of JSON, the head, and then the payload (for a state, its bytes as they
 * would be in a local file). The head is in the object, and not in metadata of the store
 * (x-amz-meta-*), so that head and payload are written and read together, and stay together when
 * somebody copies the bucket with a tool that drops metadata; and `tail -n +2` gets the state back
 * without cfprov. Size and SHA-256 of the payload show whether it is whole; they are no protection
 * against attackers, who could change the head as well: that is for the key.
 *
 * A nonce (the ID of the lock) tells whether an object is our own, whatever became of the answer.
 */
#ifndef STATE_LOG_OBJECT_H
#define STATE_LOG_OBJECT_H

#include "adapter/crypt.h"
#include "base/error.h"
#include "base/str.h"

enum log_kind {
	LOG_STATE,
	LOG_START,   /* in the place of log/1: the log starts at `serial` */
	LOG_REMOVED, /* in the place of a state; `serial` was the newest then */
	LOG_LOCK,    /* payload: the lock's info */
	LOG_DONE,
	LOG_INTENTS, /* payload: the intents */
	LOG_HINT,
	LOG_PROBE,
	LOG_KINDS
};

enum {
	LOG_HEAD_LIMIT = 4096, /* bytes of the longest head, with its line break */
	LOG_LEFT_LIMIT = 32,
};

/*
 * What a kind does not have is zero. The texts are copied when a head is encoded, and are in the
 * arena of the one who decoded it.
 */
struct log_head {
	enum log_kind kind;
	int64_t serial;       /* state, start; hint: the newest; 0: there is none */
	int64_t epoch;        /* of the writer; hint: the newest that is over */
	int64_t oldest;       /* hint: the serial from which on states are kept; 0: all */
	int64_t oldest_epoch; /* hint: the epoch from which on intents are kept; 0: all */
	const char *nonce;
	const char *who, *operation, *created; /* state, done; may be NULL */
	const char *proved;                    /* hint: where conditions are honoured */
	bool is_broken;                        /* done: by force-unlock */
	int64_t left[LOG_LEFT_LIMIT]; /* hint: epochs that were broken, and may have left */
	size_t left_count;            /* intents without results */
	size_t size;                  /* of the payload */
	char sha256[CRYPT_SHA256_SIZE];
	const struct str *payload; /* only to be encoded; NULL: empty */
};

/* Adds the object; fills size and sha256 of the head. */
void log_object_encode(struct log_head *head, struct str *out);

/*
 * Reads the head of an object, of which at least the first LOG_HEAD_LIMIT bytes are there. Errors
 * call it `name` and say why it is none of cfprov's.
 */
bool log_object_read_head(const char *name, const struct str *bytes, struct arena *arena,
	struct log_head *ret_head, struct error *err) MUST_CHECK;

/* The same of a whole object, from whose bytes the head is then removed: the payload is left. */
bool log_object_decode(const char *name, struct str *bytes, struct arena *arena,
	struct log_head *ret_head, struct error *err) MUST_CHECK;

/* Adds "PREFIX/log/0000000012" and the like; `prefix` may be "". */
enum log_place {
	LOG_AT_STATE,
	LOG_AT_LOCK,
	LOG_AT_DONE,
	LOG_AT_INTENTS,
	LOG_AT_HINT,
	LOG_AT_PROBE
};
enum { LOG_PLACES = LOG_AT_PROBE + 1 };
void log_object_key(const char *prefix, enum log_place place, int64_t number, struct str *out);

#endif
