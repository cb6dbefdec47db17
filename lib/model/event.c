#include "model/event.h"

#include "base/text.h"

void event_emit(const struct event_sink *sink, const struct event *event)
{
	if (sink && sink->on_event)
		sink->on_event(sink->context, event);
}

void event_say(const struct event_sink *sink, enum event_type type, const char *text)
{
	event_emit(sink, &(struct event){.type = type, .text = text});
}

void event_waiting(
	const struct event_sink *sink, const struct object *first, size_t count, int64_t wait_ms)
{
	struct str text CLEANUP(str_release) = {0};
	char *address AUTO_FREE = object_address(first);

	text_add_listed(&text, address, 0, count, 1);
	event_emit(
		sink, &(struct event){
			      .type = EVENT_WAITING, .text = str_text(&text), .wait_ms = wait_ms});
}
