/*
 * One request and its answer, as the rest of the simulator sees them: no sockets, no library. The
 * server fills a request, the router fills the answer, the server delivers it.
 */
#ifndef CFSIM_EXCHANGE_H
#define CFSIM_EXCHANGE_H

#include "adapter/json.h"
#include "base/str.h"

struct fault;

/* The largest body that is read; more is answered with 413. */
enum { BODY_LIMIT = 16 << 20 };

struct request {
	const char *method;
	char *target; /* as it came: path, "?" and query, nothing decoded */
	char *authorization, *auth_email, *auth_key; /* headers; NULL if not sent */
	char *actor; /* X-Cfsim-Actor: as whom the audit log has it */
	struct str body;
	bool too_large;      /* the body was over BODY_LIMIT and is not here */
	size_t connection;   /* the number of its connection, from 1 */
	size_t nth;          /* which request of that connection it is, from 1 */
	size_t number;       /* which request for the API it is, from 1 */
	struct fault *fault; /* what is to go wrong with it; borrowed, NULL mostly */
	bool is_control;     /* for the simulator itself, not for Cloudflare */
	struct json *json;   /* the body, once somebody asked for it */
	bool json_was_asked;
};

/* Lends the body as JSON; NULL if it is none. Parses once. */
const struct json *request_json(struct request *request);

void request_release(struct request *request);

/* How the answer goes out. */
enum delivery {
	DELIVER_WHOLE,
	DELIVER_RESET,     /* no answer, the connection ends with a RST */
	DELIVER_CLOSE,     /* no answer, the connection ends with a FIN */
	DELIVER_NEVER,     /* no answer, the connection stays */
	DELIVER_GARBAGE,   /* bytes that are not HTTP, then closed */
	DELIVER_CUT_SHORT, /* half of what Content-Length says, then closed */
	DELIVER_TOO_LONG,  /* more bytes than Content-Length says, then closed */
	DELIVER_DRIP,      /* a few bytes at a time */
};

enum { ANSWER_HEADERS = 16 };

struct answer {
	unsigned status;
	struct str body;
	const char *content_type; /* borrows; NULL: none is sent */
	/* Borrows: JSON items for the envelope's lists, with commas; NULL: its own. */
	const char *errors, *messages;
	struct answer_header {
		char *name, *value;
	} headers[ANSWER_HEADERS];
	size_t header_count;
	enum delivery delivery;
	long delay_ms; /* before anything is sent; DELIVER_NEVER: until it closes, -1: never */
	long drip_ms;  /* between two pieces */
};

/* Adds a header; beyond ANSWER_HEADERS it is left out. */
void answer_header(struct answer *answer, const char *name, const char *format, ...) PRINTF(3, 4);

/* Removes every header of this name; case does not count. */
void answer_drop_header(struct answer *answer, const char *name);

void answer_release(struct answer *answer);

#endif
