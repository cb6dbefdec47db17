#include "base/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void secret_init(struct secret *secret, size_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (length / page + 1) * page;
	void *pages = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		mem_exhausted();
	/* Best effort: a small RLIMIT_MEMLOCK must not stop a run. */
	(void)mlock(pages, room);
	(void)madvise(pages, room, MADV_DONTDUMP);
	*secret = (struct secret){.bytes = pages, .length = length, .room = room};
}

void secret_copy(struct secret *secret, const char *bytes, size_t length)
{
	secret_init(secret, length);
	if (length)
		memcpy(secret->bytes, bytes, length);
}

void secret_reserve(struct secret *secret, size_t bytes)
{
	struct secret larger;

	if (secret->room > bytes)
		return;
	secret_init(&larger, bytes);
	larger.length = secret->length;
	if (secret->length)
		memcpy(larger.bytes, secret->bytes, secret->length);
	secret_release(secret);
	*secret = larger;
}

struct secret secret_steal(struct secret *secret)
{
	struct secret stolen = *secret;

	*secret = (struct secret){0};
	return stolen;
}

void secret_wipe(void *memory, size_t size)
{
	explicit_bzero(memory, size);
}

void secret_release(struct secret *secret)
{
	if (secret->bytes) {
		secret_wipe(secret->bytes, secret->room);
		munmap(secret->bytes, secret->room);
	}
	*secret = (struct secret){0};
}
