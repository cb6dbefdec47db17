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

/* Who says to which server credentials of the environment may go? */
enum backend_env_trust {
	BACKEND_ENV_ALONE, /* the environment itself */
	BACKEND_ENV_POLICY /* a policy, too: permit_state is asked about the location */
};

/*
 * Fills in endpoint and region, or address and methods, and the sources of credentials, with texts
 * of the arena. Reads no secret. False if something is missing, or if an address and its lock are
 * on different servers.
 *
 * Credentials of the environment are for the server that the environment names. If the manifest
 * names another one, they are refused; without an address in the environment, so are user and
 * password of http. (Keys of s3 then are used: the server sees a signature that is worth nothing
 * elsewhere.) What the manifest names as their sources goes to the manifest's server.
 */
bool backend_env_complete(struct location *location, enum backend_env_trust trust,
	struct arena *arena, struct error *err) MUST_CHECK;

#endif
