// Creates as many stores as the argument says, ten at a time.
import { createClient } from 'cloudflare/tree-shakable';
import { BaseStores } from 'cloudflare/resources/secrets-store/stores/stores';

const client = createClient({ resources: [BaseStores] });
const account_id = process.env.CLOUDFLARE_ACCOUNT_ID;
const count = Number(process.argv[2]);
let sent = 0;

async function work() {
	while (sent < count)
		await client.secretsStore.stores.create({ account_id, name: `store_${++sent}` });
}
await Promise.all(Array.from({ length: 10 }, work));
