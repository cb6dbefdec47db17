#include "cloudflare/pace.h"

#include <string.h>

int64_t pace_wait_ms(const struct pace *pace, int64_t now_ms)
{
	int64_t until_ms = pace->next_at_ms;

	for (size_t i = 0; i < pace->budget_count; i++) {
		const struct pace_budget *budget = &pace->budgets[i];
		bool is_used_up = budget->remaining >= 0 && budget->remaining <= pace->under_way;
		if (is_used_up && until_ms < budget->reset_at_ms)
			until_ms = budget->reset_at_ms;
	}
	return until_ms > now_ms ? until_ms - now_ms : 0;
}

void pace_hold(struct pace *pace, int64_t until_ms)
{
	if (pace->next_at_ms < until_ms)
		pace->next_at_ms = until_ms;
}

static bool has_policy(const struct pace_budget *budget)
{
	return budget->quota > 0 && budget->window_ms > 0;
}

/* A new window, not yet mentioned by any answer: it has what the policy says, if that is known. */
static void renew(struct pace_budget *budget, int64_t under_way, int64_t now_ms)
{
	budget->is_from_server = false;
	budget->remaining = budget->first = has_policy(budget) ? budget->quota : -1;
	budget->started = under_way;
	budget->reset_at_ms = has_policy(budget) ? now_ms + budget->window_ms : now_ms;
}

void pace_started(struct pace *pace, int64_t now_ms)
{
	pace->under_way++;
	for (size_t i = 0; i < pace->budget_count; i++) {
		struct pace_budget *budget = &pace->budgets[i];
		if (now_ms >= budget->reset_at_ms)
			renew(budget, pace->under_way, now_ms);
		budget->started++;
		int64_t left = budget->remaining - pace->under_way;
		if (budget->is_shared && left > 0 && left < PACE_RESERVE)
			pace_hold(pace, now_ms + (budget->reset_at_ms - now_ms) / left);
	}
}

void pace_ended(struct pace *pace)
{
	pace->under_way--;
	for (size_t i = 0; i < pace->budget_count; i++) {
		struct pace_budget *budget = &pace->budgets[i];
		if (!budget->is_from_server && budget->remaining > 0)
			budget->remaining--;
	}
}

/* Lends the budget of this name. If there is no room, it replaces the one that ends first. */
static struct pace_budget *budget_for(struct pace *pace, const char *name)
{
	struct pace_budget *first = &pace->budgets[0];

	for (size_t i = 0; i < pace->budget_count; i++) {
		if (strcmp(pace->budgets[i].name, name) == 0)
			return &pace->budgets[i];
		if (pace->budgets[i].reset_at_ms < first->reset_at_ms)
			first = &pace->budgets[i];
	}
	struct pace_budget *budget =
		pace->budget_count < RATELIMIT_ITEMS ? &pace->budgets[pace->budget_count++] : first;
	*budget = (struct pace_budget){.remaining = -1, .quota = -1, .window_ms = -1};
	memcpy(budget->name, name, strlen(name) + 1);
	return budget;
}

/* After PACE_LONGEST_WAIT_MS we ask, and the server refuses if it must. */
static int64_t bounded(int64_t ms)
{
	return ms < PACE_LONGEST_WAIT_MS ? ms : PACE_LONGEST_WAIT_MS;
}

/*
 * What an answer says of the window that it was sent in. Answers overtake each other, and t is
 * rounded up to seconds: in one window the least of each counts. More requests until a later reset
 * are those of a new window.
 */
static void take_remaining(struct pace_budget *budget, int64_t under_way, int64_t now_ms,
	const struct ratelimit_item *item)
{
	int64_t reset_at_ms =
		item->reset_ms < 0 ? budget->reset_at_ms : now_ms + bounded(item->reset_ms);
	bool is_more = item->remaining > budget->remaining + under_way &&
		       reset_at_ms > budget->reset_at_ms + 1000;

	if (now_ms >= budget->reset_at_ms || budget->remaining < 0 || is_more) {
		budget->remaining = budget->first = item->remaining;
		budget->started = under_way;
		budget->reset_at_ms = reset_at_ms;
	}
	if (budget->remaining > item->remaining)
		budget->remaining = item->remaining;
	if (budget->reset_at_ms > reset_at_ms || !budget->is_from_server)
		budget->reset_at_ms = reset_at_ms;
	budget->is_shared |= budget->remaining < budget->first - budget->started;
	budget->is_from_server = true;
}

void pace_update(struct pace *pace, int64_t now_ms, const struct ratelimit *limits)
{
	for (size_t i = 0; i < limits->count; i++) {
		const struct ratelimit_item *item = &limits->items[i];
		struct pace_budget *budget = budget_for(pace, item->name);
		if (item->quota >= 0) {
			budget->quota = item->quota;
			budget->window_ms = item->window_ms < 0 ? -1 : bounded(item->window_ms);
		}
		if (item->remaining < 0)
			continue;
		/* Without t, the known window continues, or has just begun. */
		if (item->reset_ms < 0 && now_ms >= budget->reset_at_ms)
			renew(budget, pace->under_way, now_ms);
		take_remaining(budget, pace->under_way, now_ms, item);
	}
}

/* The current window has what is left of it, each further one its quota. */
static int64_t estimate_ms(const struct pace_budget *budget, int64_t now_ms, int64_t requests)
{
	bool is_known = budget->remaining >= 0 && now_ms < budget->reset_at_ms;
	int64_t left = is_known ? budget->remaining : budget->quota;

	if (requests <= left)
		return 0;
	int64_t first_ms = is_known ? budget->reset_at_ms - now_ms : budget->window_ms;
	return first_ms + (requests - left - 1) / budget->quota * budget->window_ms;
}

int64_t pace_estimate_ms(
	const struct pace *pace, int64_t now_ms, int64_t requests, struct pace_budget *ret_budget)
{
	const struct pace_budget usual = {
		.remaining = -1, .quota = PACE_QUOTA, .window_ms = PACE_WINDOW_MS};
	int64_t longest_ms = -1;

	for (size_t i = 0; i < pace->budget_count; i++) {
		const struct pace_budget *budget = &pace->budgets[i];
		int64_t ms = has_policy(budget) ? estimate_ms(budget, now_ms, requests) : -1;
		if (ms <= longest_ms)
			continue;
		longest_ms = ms;
		*ret_budget = *budget;
	}
	if (longest_ms >= 0)
		return longest_ms;
	*ret_budget = usual;
	return estimate_ms(&usual, now_ms, requests);
}
