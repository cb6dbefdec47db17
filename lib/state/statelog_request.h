/*
 * Inside state/: the requests of a log (statelog), each carried to a certain end.
 */
#ifndef STATE_STATELOG_REQUEST_H
#define STATE_STATELOG_REQUEST_H

#include "adapter/s3.h"
#include "state/log_object.h"

struct statelog_store {
	/* As s3_send. */
	void (*send)(void *context, const struct s3_request *requests, size_t count,
		struct s3_answer *answers);
	/*
	 * Waits before a request is repeated, or (without an answer) before it is sent. False: an
	 * interrupt, which only may_stop allows.
	 */
	bool (*pause)(void *context, const struct s3_request *request,
		const struct s3_answer *answer, int64_t ms);
	void *context;
};

/* Where the objects are. */
struct statelog_bucket {
	struct statelog_store store;
	const char *name, *prefix; /* kept; name: s3://BUCKET/PREFIX, for messages */
	struct arena arena;        /* the texts of all heads */
	int64_t write_gap_ms;      /* between two writes of one key; R2 refuses the second sooner */
	int64_t written_ms[LOG_PLACES]; /* when we last wrote there; monotonic; 0: never */
};

struct statelog_object {
	enum log_place place;
	int64_t number;
};

enum statelog_how {
	STATELOG_WHOLE,
	STATELOG_HEAD,  /* the first bytes are enough */
	STATELOG_QUICK, /* the same, and without patience */
};

struct statelog_found {
	bool is_there; /* false: it is absent, for certain */
	struct log_head head;
	struct str payload; /* STATELOG_WHOLE only */
};

/* Reads an object. Start with {0}; release with statelog_found_release, if it is whole. */
bool statelog_get(struct statelog_bucket *bucket, struct statelog_object object,
	enum statelog_how how, struct statelog_found *ret_found, struct error *err) MUST_CHECK;
void statelog_found_release(struct statelog_found *found);

/*
 * Reads the heads of log/<from> to log/<to> (at most S3_CONNECTIONS), side by side. An absent one
 * has LOG_KINDS as its kind.
 */
bool statelog_get_heads(struct statelog_bucket *bucket, int64_t from, int64_t to,
	struct log_head *ret_heads, struct error *err) MUST_CHECK;

/* Replaces log/<from> to log/<to> (at most S3_CONNECTIONS) by marks, side by side. */
bool statelog_put_marks(const struct statelog_bucket *bucket, int64_t from, int64_t to,
	struct log_head *mark, struct error *err) MUST_CHECK;

/* Deletes the intents of these epochs (at most S3_CONNECTIONS), side by side. */
bool statelog_delete_intents(const struct statelog_bucket *bucket, int64_t from, int64_t to,
	struct error *err) MUST_CHECK;

/* Writes an object, whatever is there. */
bool statelog_put(struct statelog_bucket *bucket, struct statelog_object object,
	struct log_head *head, struct error *err) MUST_CHECK;

/*
 * Creates an object. On an error it is unknown whether it was created; trying again with the same
 * nonce is safe.
 */
struct statelog_created {
	bool is_ours;          /* false: somebody else's is there */
	bool was_found;        /* it was, or may have been, created earlier */
	struct log_head other; /* its head */
};
bool statelog_create(struct statelog_bucket *bucket, struct statelog_object object,
	struct log_head *head, struct statelog_created *ret_created, struct error *err) MUST_CHECK;

/*
 * The probe: is the second of two creations of one object refused? If the object is there already,
 * the first is.
 */
bool statelog_prove(
	struct statelog_bucket *bucket, bool *ret_honours_conditions, struct error *err) MUST_CHECK;

#endif
