// A server of stores over HTTP/2 that closes each connection after N requests, as nginx does with
// keepalive_requests: GOAWAY names the last stream that it processed, those above it are left alone.
//
//     node goaway.mjs N [MS]      the port comes in the file port, each name that is made in made
//
// cert.pem and key.pem are read from the working folder. Each answer takes MS.

import fs from 'node:fs';
import http2 from 'node:http2';

const limit = Number(process.argv[2]), delay = Number(process.argv[3] ?? 0);
const stores = [];

function envelope(result) {
	return JSON.stringify({ success: true, errors: [], messages: [], result });
}

function answer(method, path, body) {
	if (method === 'GET') {
		const page = Number(new URL(path, 'https://x').searchParams.get('page') ?? 1);
		return envelope(stores.slice(100 * (page - 1), 100 * page));
	}
	const name = JSON.parse(body).name, now = new Date().toISOString();
	const store = { id: (stores.length + 1).toString(16).padStart(32, '0'), name, created: now, modified: now };
	stores.push(store);
	fs.appendFileSync('made', name + '\n');
	return envelope(store);
}

const server = http2.createSecureServer({ cert: fs.readFileSync('cert.pem'), key: fs.readFileSync('key.pem') });

server.on('session', (session) => {
	session.taken = session.answered = 0;
	session.on('error', () => {});
});

server.on('stream', (stream, headers) => {
	const session = stream.session;
	let body = '';
	stream.on('error', () => {});
	if (++session.taken > limit)
		return; // it is above the last stream
	session.last = stream.id;
	stream.on('data', (bytes) => { body += bytes; });
	stream.on('end', () => setTimeout(() => {
		const text = answer(headers[':method'], headers[':path'], body);
		stream.respond({ ':status': 200, 'content-type': 'application/json' });
		stream.end(text);
		if (++session.answered === limit)
			session.goaway(0, session.last);
	}, delay));
});

server.listen(0, '127.0.0.1', () => {
	fs.writeFileSync('port.new', String(server.address().port));
	fs.renameSync('port.new', 'port');
});
