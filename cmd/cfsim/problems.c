#include "problems.h"

#define PROBLEM(name, ...) const struct problem problem_##name = {__VA_ARGS__}

PROBLEM(store_not_found, 404, 1001, "store_not_found", 0, NULL);
PROBLEM(store_name_empty, 400, 1001, "store_name_empty", 0, NULL);           /* a guess */
PROBLEM(store_name_exists, 400, 1003, "store_name_already_exists", 0, NULL); /* a guess */
PROBLEM(store_not_empty, 409, 0, "store_not_empty", 0, NULL);
PROBLEM(stores_exceeded, 400, 1003, "maximum_stores_exceeded", 0, NULL);
PROBLEM(secret_not_found, 404, 1001, "secret_not_found", 0, NULL);
PROBLEM(secret_name_empty, 400, 1001, "secret_name_empty", 0, NULL);
PROBLEM(secret_name_invalid, 400, 1001, "secret_name_invalid", 0, NULL); /* a guess */
PROBLEM(secret_name_exists, 0, 1003, "secret_name_already_exists", 0, NULL);
PROBLEM(secrets_exceeded, 400, 1003, "maximum_secrets_exceeded", 0, NULL);
PROBLEM(scope_invalid, 400, 1001, "secret_scope_invalid", 0, NULL);
PROBLEM(scopes_empty, 400, 1001, "secret_scopes_empty", 0, NULL);
PROBLEM(value_empty, 400, 1001, "secret_value_empty", 0, NULL); /* a guess */
PROBLEM(value_too_long, 400, 1001, "secret_value_too_long", 0, NULL);
PROBLEM(invalid_body, 400, 1001, "invalid_json_body", 0, NULL);
PROBLEM(invalid_query, 400, 1001, "invalid_query_parameter", 0, NULL); /* a guess */

PROBLEM(id_empty, 404, 1000, "Not Found", 0, NULL); /* the text is a guess */
PROBLEM(no_route, 0, 7000, "No route for that URI", 0, NULL);
PROBLEM(could_not_route, 0, 7003, "", 0, NULL);                          /* the router words it */
PROBLEM(body_too_large, 413, 1000, "Request Entity Too Large", 0, NULL); /* a guess */
PROBLEM(throttled, 429, 971, "Please wait and consider throttling your request speed", 0, NULL);
PROBLEM(unauthorized, 401, 10000, "Authentication error", 0, NULL);
PROBLEM(forbidden, 403, 10000, "Authentication error", 0, NULL);
PROBLEM(not_for_token, 403, 9109, "Unauthorized to access requested resource", 0, NULL);
PROBLEM(invalid_token, 401, 1000, "Invalid API Token", 0, NULL);
PROBLEM(no_credentials, 400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers", 0,
	NULL);
PROBLEM(bad_authorization, 400, 6003, "Invalid request headers", 6111,
	"Invalid format for Authorization header");
PROBLEM(bad_email, 400, 6003, "Invalid request headers", 6102,
	"Invalid format for X-Auth-Email header");
PROBLEM(bad_key, 400, 6003, "Invalid request headers", 6103,
	"Invalid format for X-Auth-Key header");
PROBLEM(unknown_key, 403, 9103, "Unknown X-Auth-Key or X-Auth-Email", 0, NULL);
