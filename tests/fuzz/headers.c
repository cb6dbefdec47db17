/* What servers say in headers: rate limits (a line), their policies (a line), and dates. */
#include "adapter/http_response.h"
#include "base/moment.h"
#include "cloudflare/ratelimit.h"
#include "shared/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *limits AUTO_FREE = fuzz_line(&data, &size);
	char *policies AUTO_FREE = fuzz_line(&data, &size);
	char *date AUTO_FREE = fuzz_line(&data, &size), *than AUTO_FREE = fuzz_text(data, size);
	struct ratelimit limit;
	struct moment moment, other;

	ratelimit_read(limits, policies, &limit);
	HOLDS(limit.count <= RATELIMIT_ITEMS);
	for (size_t i = 0; i < limit.count; i++) {
		const struct ratelimit_item *it = &limit.items[i];
		HOLDS(it->remaining >= -1 && it->reset_ms >= -1 && it->quota >= -1 &&
			it->window_ms >= -1);
	}
	const struct ratelimit_item *tightest = ratelimit_tightest(&limit);
	HOLDS(!tightest || tightest->remaining >= 0);

	int64_t wait_ms = http_retry_after_ms(date, 1700000000);
	HOLDS(wait_ms >= -1 && wait_ms <= (int64_t)INT32_MAX * 1000);
	enum moment_order order = moment_compare(date, than), back = moment_compare(than, date);
	HOLDS((order == MOMENT_EARLIER) == (back == MOMENT_LATER));
	HOLDS((order == MOMENT_SAME) == (back == MOMENT_SAME));
	if (moment_read(date, &moment) && moment_read(than, &other))
		HOLDS(order != MOMENT_SAME || moment_after_us(&moment, &other) == 0);
	return 0;
}
