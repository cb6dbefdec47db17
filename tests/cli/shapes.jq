# The shapes that Cloudflare's API reference gives to answers, for `jq 'include "shapes"; ...'`.

def only($known): (keys - $known) == [];
def is_id: type == "string" and test("^[0-9a-f]{32}$");
def is_time: type == "string" and test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{6}Z$");
def is_text: type == "string" and length > 0;
def is_count: type == "number" and . >= 0 and . == floor;

def is_store:
	only(["id", "name", "created", "modified", "account_id"])
	and (.id | is_id) and (.name | is_text) and (.created | is_time) and (.modified | is_time)
	and (.account_id | is_text);

def is_scopes:
	type == "array" and length > 0 and . == unique
	and all(IN("access", "ai_gateway", "containers", "dex", "websearch", "workers"));

def is_secret:
	only(["id", "store_id", "name", "comment", "scopes", "status", "created", "modified"])
	and (.id | is_id) and (.store_id | is_text) and (.name | is_text)
	and (.scopes | is_scopes) and (.status | IN("pending", "active", "deleted"))
	and (.created | is_time) and (.modified | is_time)
	and ((has("comment") | not) or (.comment | type == "string"));

def is_success:
	.success == true and .errors == [] and .messages == [] and has("result")
	and only(["success", "errors", "messages", "result", "result_info"]);

def is_failure:
	.success == false and .result == null and has("result") and .messages == []
	and only(["success", "errors", "messages", "result"])
	and (.errors | length == 1)
	and (.errors[0] | only(["code", "message", "error_chain"])
		and (.code | is_count) and (.message | is_text));

def is_page:
	is_success and (.result | type == "array")
	and (.result_info | only(["page", "per_page", "count", "total_count", "total_pages"])
		and all(.[]; is_count))
	and .result_info.count == (.result | length)
	and .result_info.page >= 1 and .result_info.per_page >= 1;
