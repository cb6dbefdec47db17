#include "delay.h"

#include <assert.h>

void delays_add(struct delays *delays, struct delay *delay, int64_t due_us)
{
	struct delay *before = delays->last;

	assert(!delay->is_armed);
	while (before && before->due_us > due_us)
		before = before->before;
	delay->due_us = due_us;
	delay->is_armed = true;
	delay->before = before;
	delay->after = before ? before->after : delays->first;
	if (delay->before)
		delay->before->after = delay;
	else
		delays->first = delay;
	if (delay->after)
		delay->after->before = delay;
	else
		delays->last = delay;
}

void delays_drop(struct delays *delays, struct delay *delay)
{
	if (!delay->is_armed)
		return;
	if (delay->before)
		delay->before->after = delay->after;
	else
		delays->first = delay->after;
	if (delay->after)
		delay->after->before = delay->before;
	else
		delays->last = delay->before;
	delay->is_armed = false;
}

struct delay *delays_take_due(struct delays *delays, int64_t now_us)
{
	struct delay *first = delays->first;

	if (!first || first->due_us > now_us)
		return NULL;
	delays_drop(delays, first);
	return first;
}
