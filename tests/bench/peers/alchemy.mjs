// Declares as many stores as the argument says, ten at a time.
import alchemy from 'alchemy';
import { SecretsStore } from 'alchemy/cloudflare';

const app = await alchemy('bench', { stage: 'bench', quiet: true });
const count = Number(process.argv[2]);
let sent = 0;

async function work() {
	while (sent < count) {
		const name = `store_${++sent}`;
		await SecretsStore(name, { name });
	}
}
await Promise.all(Array.from({ length: 10 }, work));
await app.finalize();
