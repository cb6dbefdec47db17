#include "later.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>

struct item {
	struct delay delay; /* first: found again from it */
	struct later_work work;
};

void later_add(struct later *later, int64_t ms, struct later_work work)
{
	struct item *item = mem_alloc(sizeof(*item));

	item->work = work;
	delays_add(&later->delays, &item->delay, clock_monotonic_us() + ms * 1000);
	later->waiting++;
}

/* `sim` NULL: the work is not done. */
static void finish_until(struct later *later, struct sim *sim, int64_t now_us)
{
	struct delay *due;

	while ((due = delays_take_due(&later->delays, now_us))) {
		struct item *item = (struct item *)(void *)due;
		later->waiting--;
		if (sim) {
			later->done++;
			item->work.run(sim, item->work.context);
		}
		item->work.release(item->work.context);
		mem_free(item);
	}
}

int64_t later_run(struct later *later, struct sim *sim)
{
	int64_t now_us = clock_monotonic_us();

	finish_until(later, sim, now_us);
	if (!later->delays.first)
		return -1;
	return later->delays.first->due_us > now_us ? later->delays.first->due_us - now_us : 0;
}

void later_run_all(struct later *later, struct sim *sim)
{
	finish_until(later, sim, INT64_MAX);
}

void later_clear(struct later *later)
{
	finish_until(later, NULL, INT64_MAX);
}
