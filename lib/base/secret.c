#include "base/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SHELF_BYTES = 65536, SMALL_BYTES = 1024, STEP_BYTES = 16 };

/* Pages that small secrets share; unmapped after the last of these, except for the newest. */
struct shelf {
	char *bytes;
	size_t used, secrets;
};

static struct shelf *newest;

/* Zeroed and locked. */
static void *map_pages(size_t room)
{
	void *pages = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		mem_exhausted();
	/* Best effort: a small RLIMIT_MEMLOCK must not stop a run. */
	(void)mlock(pages, room);
	(void)madvise(pages, room, MADV_DONTDUMP);
	return pages;
}

void secret_init(struct secret *secret, size_t length)
{
	bool is_small = length < SMALL_BYTES;
	size_t step = is_small ? STEP_BYTES : (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (length / step + 1) * step;

	if (!is_small) {
		*secret = (struct secret){map_pages(room), length, room, NULL};
		return;
	}
	if (!newest || SHELF_BYTES - newest->used < room) {
		newest = mem_alloc(sizeof(*newest));
		newest->bytes = map_pages(SHELF_BYTES);
	}
	*secret = (struct secret){newest->bytes + newest->used, length, room, newest};
	newest->used += room;
	newest->secrets++;
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
	struct shelf *shelf = secret->shelf;

	if (secret->bytes)
		secret_wipe(secret->bytes, secret->room);
	if (secret->bytes && !shelf)
		munmap(secret->bytes, secret->room);
	*secret = (struct secret){0};
	if (!shelf || --shelf->secrets > 0)
		return;
	if (shelf == newest) { /* keeps it: secrets that come one by one would map it each time */
		shelf->used = 0;
		return;
	}
	munmap(shelf->bytes, SHELF_BYTES);
	mem_free(shelf);
}
