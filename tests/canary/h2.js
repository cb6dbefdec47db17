// Speaks HTTP/2 over TLS, and nothing else, with cfprov, and HTTP/1.1 with the simulator behind it:
//     node h2.js KEY CERTIFICATE PORT-FILE PORT-OF-CFSIM
"use strict";
const fs = require("fs");
const http = require("http");
const http2 = require("http2");
const [key, cert, portFile, target] = process.argv.slice(2);

const server = http2.createSecureServer({
	key: fs.readFileSync(key),
	cert: fs.readFileSync(cert),
	allowHTTP1: false,
});
server.on("request", (asked, answer) => {
	const headers = Object.entries(asked.headers).filter(([name]) => !name.startsWith(":"));
	const behind = http.request(
		{port: target, method: asked.method, path: asked.url, headers: Object.fromEntries(headers)},
		(got) => {
			answer.writeHead(got.statusCode, {"content-type": got.headers["content-type"]});
			got.pipe(answer);
		});
	asked.pipe(behind);
});
server.listen(0, "127.0.0.1", () => fs.writeFileSync(portFile, String(server.address().port)));
