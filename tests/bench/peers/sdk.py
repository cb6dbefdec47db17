"""Creates as many stores as the argument says, ten at a time."""
import asyncio
import os
import sys

from cloudflare import AsyncCloudflare, DefaultAioHttpClient


async def main():
    left = iter(range(1, int(sys.argv[1]) + 1))
    async with AsyncCloudflare(http_client=DefaultAioHttpClient()) as client:
        async def work():
            for n in left:
                await client.secrets_store.stores.create(
                    account_id=os.environ['CLOUDFLARE_ACCOUNT_ID'], name=f'store_{n}')
        await asyncio.gather(*(work() for _ in range(10)))

asyncio.run(main())
