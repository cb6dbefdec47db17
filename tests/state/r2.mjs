// R2 on a port of loopback that the kernel picks, as Cloudflare's own simulator (miniflare, with
// workerd below it) keeps a bucket. It is a binding of Workers, so r2_worker.mjs puts R2's S3 API in
// front of it. Run by r2.sh.
//
//     node r2.mjs PACKAGES FOLDER [limit]
//
// PACKAGES is a node_modules folder. FOLDER/url gets the address as soon as requests are served.
// Users: R2TEST with R2TESTsecret, and ROTEST with ROTESTsecret, who may only read.
import { renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const [packages, folder, limit] = process.argv.slice(2);
const { Log, LogLevel, Miniflare } = createRequire(packages + "/")("miniflare");

const miniflare = new Miniflare({
	host: "127.0.0.1",
	port: 0,
	// Otherwise it asks Cloudflare where we are.
	cf: false,
	log: new Log(LogLevel.ERROR),
	modules: true,
	modulesRoot: fileURLToPath(new URL(".", import.meta.url)),
	scriptPath: fileURLToPath(new URL("r2_worker.mjs", import.meta.url)),
	compatibilityDate: "2026-01-01",
	r2Buckets: { STATES: "states" },
	r2Persist: folder + "/data",
	bindings: { USERS: { R2TEST: "R2TESTsecret", ROTEST: "ROTESTsecret" }, LIMIT: limit === "limit" },
});
const url = await miniflare.ready;
writeFileSync(folder + "/url.new", url.origin + "\n");
renameSync(folder + "/url.new", folder + "/url");
process.on("SIGTERM", async () => {
	await miniflare.dispose();
	process.exit(0);
});
