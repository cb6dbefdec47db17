/*
 * What the environment says about a state's backend, under the names that Terraform, AWS's tools
 * and GitLab use. What the manifest says counts first.
 *
 *     s3      endpoint      AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL
 *             region        AWS_REGION, AWS_DEFAULT_REGION (not for R2, which has none)
 *             credentials   AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
 *     http    address, lock_address, unlock_address, update_method, lock_method, unlock_method,
 *             username, password: CFPROV_HTTP_ADDRESS, or else TF_HTTP_ADDRESS, and so on
 *
 * Sources: AWS SDKs and Tools Reference Guide, "Environment variables" and "Service-specific
 * endpoints"; Terraform's documentation of its backends s3 and http; Cloudflare's documentation of
 * R2 (endpoint https://ACCOUNT_ID.r2.cloudflarestorage.com, region auto).
 */
#ifndef SOURCE_BACKEND_ENV_H
#define SOURCE_BACKEND_ENV_H

#include "base/error.h"
#include "model/location.h"

/*
 * Fills in endpoint and region, or address and methods, and the sources of credentials, with texts
 * of the arena. Reads no secret. False if something is missing; if an address and its lock are on
 * different servers; or if a user or password of the environment is meant for another server than
 * the manifest's address: the environment names that server itself.
 */
bool backend_env_complete(
	struct location *location, struct arena *arena, struct error *err) MUST_CHECK;

#endif
