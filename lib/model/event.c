#include "model/event.h"

void event_emit(const struct event_sink *sink, const struct event *event)
{
	if (sink && sink->hear)
		sink->hear(sink->context, event);
}

void event_say(const struct event_sink *sink, enum event_type type, const char *text)
{
	event_emit(sink, &(struct event){.type = type, .text = text});
}
