// R2's S3 API, as far as an append-only log needs it, in front of a bucket as Cloudflare's own
// simulator keeps it: GET, HEAD, PUT (If-None-Match included, which the simulated R2 judges) and
// DELETE of one object. Signatures (AWS version 4), body checksums and clocks are checked as R2
// checks them; the codes are those of Cloudflare's page "R2: error codes".
//
// Bindings: STATES is the bucket; USERS has a secret for each access key; LIMIT: whether a key can
// be written once a second only, as R2's limits say.

const encoder = new TextEncoder();
const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, "0")).join("");
const sha256 = async (data) => hex(await crypto.subtle.digest("SHA-256", data));
const written = new Map();

async function hmac(key, text) {
	const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
	return new Uint8Array(await crypto.subtle.sign("HMAC", imported, encoder.encode(text)));
}

function refusal(status, code, message, headers = {}) {
	const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
	return new Response(body, { status, headers: { "content-type": "application/xml", ...headers } });
}

async function signature(request, url, { secret, scope, signed, date, digest }) {
	const strict = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
	const query = [...url.searchParams].map(([k, v]) => `${strict(k)}=${strict(v)}`).sort().join("&");
	const headers = signed.map((name) => `${name}:${(request.headers.get(name) ?? "").trim().replace(/ +/g, " ")}\n`);
	const canonical = [request.method, url.pathname, query, headers.join(""), signed.join(";"), digest].join("\n");
	const text = ["AWS4-HMAC-SHA256", date, scope.join("/"), await sha256(encoder.encode(canonical))].join("\n");
	let key = encoder.encode("AWS4" + secret);
	for (const part of scope)
		key = await hmac(key, part);
	return hex(await hmac(key, text));
}

// The refusal of a request that is not signed as it has to be, or null.
async function judge(request, url, body, users) {
	const form = /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$/;
	const parts = form.exec(request.headers.get("authorization") ?? "");
	if (!parts)
		return refusal(400, "InvalidArgument", "Authorization");
	const [, user, scope, signed, given] = parts;
	const date = request.headers.get("x-amz-date") ?? "";
	const digest = request.headers.get("x-amz-content-sha256");
	if (!digest)
		return refusal(400, "InvalidRequest", "Missing x-amz-content-sha256");
	const [, y, mo, d, h, mi, s] = /^(....)(..)(..)T(..)(..)(..)Z$/.exec(date) ?? [];
	if (!(Math.abs(Date.UTC(y, mo - 1, d, h, mi, s) - Date.now()) <= 15 * 60 * 1000))
		return refusal(403, "RequestTimeTooSkewed", "The difference between the request time and the server's time is too large.");
	if (!(user in users))
		return refusal(401, "Unauthorized", "Unauthorized");
	if (!/^\d{8}\/(auto|us-east-1)\/s3\/aws4_request$/.test(scope))
		return refusal(400, "InvalidRegionName", `The region name '${scope.split("/")[1]}' is not valid. Must be one of: wnam, enam, weur, eeur, apac, oc, auto`);
	const wanted = await signature(request, url, { secret: users[user], scope: scope.split("/"), signed: signed.split(";"), date, digest });
	if (wanted !== given)
		return refusal(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your secret access key and signing method.");
	if (user.startsWith("RO") && !["GET", "HEAD"].includes(request.method))
		return refusal(403, "AccessDenied", "Access Denied");
	if (digest !== "UNSIGNED-PAYLOAD" && digest !== (await sha256(body)))
		return refusal(400, "BadDigest", "The digest you specified did not match what we received.");
	return null;
}

async function put(request, env, key, body) {
	const now = Date.now();
	if (env.LIMIT && now - (written.get(key) ?? 0) < 1000)
		return refusal(429, "TooManyRequests", "Reduce your concurrent request rate for the same object.");
	written.set(key, now);
	const object = await env.STATES.put(key, body, { onlyIf: request.headers });
	if (object === null)
		return refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.");
	return new Response(null, { headers: { etag: object.httpEtag } });
}

async function get(request, env, key) {
	const object = await env.STATES.get(key);
	if (object === null)
		return refusal(404, "NoSuchKey", "The specified key does not exist.");
	const headers = { etag: object.httpEtag, "content-length": String(object.size), "last-modified": object.uploaded.toUTCString() };
	return new Response(request.method === "HEAD" ? null : object.body, { headers });
}

export default {
	async fetch(request, env) {
		const url = new URL(request.url);
		const body = await request.arrayBuffer();
		const refused = await judge(request, url, body, env.USERS);
		if (refused)
			return refused;
		const [, bucket, ...rest] = url.pathname.split("/");
		const key = decodeURIComponent(rest.join("/"));
		if (bucket !== "states")
			return refusal(404, "NoSuchBucket", "The specified bucket does not exist.");
		switch (key ? request.method : "") {
		case "GET":
		case "HEAD":
			return get(request, env, key);
		case "PUT":
			return put(request, env, key, body);
		case "DELETE":
			await env.STATES.delete(key);
			return new Response(null, { status: 204 });
		default:
			return refusal(501, "NotImplemented", `${request.method} of ${key ? "an object" : "a bucket"} is not implemented`);
		}
	},
};
