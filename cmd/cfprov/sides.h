/*
 * What there is before a change and after it, as Terraform's tools read it: the attributes of a
 * resource, which of them nobody can know yet, and which are sensitive. Of a secret stands `value`
 * there, too, always null and always sensitive; and never anything that is derived from a value.
 *
 *     const struct side after = side_after(&row);
 *     side_put(&json, "after", &after, account_id);
 */
#ifndef CFPROV_SIDES_H
#define CFPROV_SIDES_H

#include "adapter/json.h"
#include "view.h"

/* What Cloudflare gives, and only tells when it is done. */
enum side_unknown { SIDE_CREATED = 1, SIDE_ID = 2, SIDE_MODIFIED = 4, SIDE_STATUS = 8 };

struct side {
	bool is_there;
	struct object object; /* its texts are lent by what it was made from */
	unsigned unknown;     /* SIDE_* */
};

/* An object as it is recorded; NULL: there is none. */
struct side side_of(const struct object *object);

/* What is recorded at the address, as it lives; nothing, if it is not recorded. */
struct side side_before(const struct plan_row *row);
struct side side_after(const struct plan_row *row);

/* What an object that is recorded has become outside of cfprov. */
struct side side_of_drift(const struct drift *drift);

/* The attributes; null, if it is not there. */
void side_put(
	struct json_writer *json, const char *key, const struct side *side, const char *account_id);

/* "after_unknown" and the like: an object with `true` for each attribute that is so. */
void side_put_unknown(struct json_writer *json, const char *key, const struct side *side);
void side_put_sensitive(struct json_writer *json, const char *key, const struct side *side);

/* The names of these fields (FIELD_*), if there are any: a value's change shows nowhere else. */
void side_put_fields(struct json_writer *json, const char *key, unsigned fields);

/* "modified": what the audit log says; with the person's e-mail address, if that is wanted. */
void side_put_audit(struct json_writer *json, const struct audit *audit, bool names_person);

#endif
