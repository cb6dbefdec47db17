#!/usr/bin/env bats
# The simulator keeps the contract of Cloudflare's Secrets Store API: every operation, error,
# page and credential, as the API reference and observation of the real one have it.

# Each test is a subshell, and helper.bash sets and reads more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfsim

teardown() { stop_sim; }

# ---- options and life -----------------------------------------------------------------------

@test "help and version go to stdout, and end well" {
	run --separate-stderr "$cfsim" --help
	[ "$status" -eq 0 ]
	[[ $output == *"--max-stores N"* ]]
	[[ $output == *"secret-exists-status=400|409"* ]]
	[ -z "$stderr" ]
	run --separate-stderr "$cfsim" --version
	[ "$status" -eq 0 ]
	[[ $output =~ ^cfsim\ [0-9]+\.[0-9]+\.[0-9]+ ]]
}

@test "wrong options are named on stderr, and end with 1" {
	local options=(--prot --port=x --port=65536 --port --help=yes --host=192.0.2.1
		--answer=nothing --answer=batch --answer=batch=never --email=a@b.c --tls-key=x
		--rate-limit=5 --rate-limit=0/1 --pending=soon --store-names=some stray
		--seed=/nowhere/x --faults=/nowhere/x --log=/nowhere/x --port-file=/nowhere/x)
	local option
	for option in "${options[@]}"; do
		run --separate-stderr timeout 20 "$cfsim" "$option"
		[ "$status" -eq 1 ]
		[ -z "$output" ]
		[[ $stderr == "cfsim: "* ]]
	done
}

@test "it says where it listens" {
	start_sim
	[ "$(cat "$sim_dir/out")" = "cfsim listens on $sim_url" ]
	[[ $(cat "$sim_dir/port") =~ ^[0-9]+$ ]]
}

@test "a second one on the same port is an error" {
	start_sim
	run --separate-stderr timeout 20 "$cfsim" --port "$(cat "$sim_dir/port")"
	[ "$status" -eq 1 ]
	[[ $stderr == *"can't listen on 127.0.0.1"* ]]
}

@test "it listens on IPv6 loopback, too" {
	start_sim --host=::1
	api GET "$account/stores"
	succeeds 200 is_page
}

@test "SIGINT ends it well" {
	start_sim
	kill -INT "$sim_pid"
	wait "$sim_pid"
	sim_pid=
}

@test "every answer has a ray and says how much of the rate is left" {
	start_sim
	api GET "$account/stores"
	[[ $(header cf-ray) =~ ^[0-9a-f]{16}-SIM$ ]]
	[[ $(header ratelimit) =~ ^\"default\"\;r=[0-9]+\;t=[0-9]+$ ]]
	[ "$(header ratelimit-policy)" = '"default";q=1200;w=300' ]
	local first
	first=$(header cf-ray)
	api GET /nowhere
	[[ $(header cf-ray) =~ ^[0-9a-f]{16}-SIM$ ]]
	[ "$(header cf-ray)" != "$first" ]
}

# ---- the operations -------------------------------------------------------------------------

@test "GET quota" {
	start_sim
	api GET "$account/quota"
	succeeds 200 '.result == {secrets: {quota: 100, usage: 0}}'
	make_store
	make_secret A
	api GET "$account/quota"
	succeeds 200 '.result == {secrets: {quota: 100, usage: 1}}'
}

@test "GET stores" {
	start_sim
	api GET "$account/stores"
	succeeds 200 'is_page and .result == [] and .result_info.total_count == 0'
	make_store one
	make_store two
	api GET "$account/stores"
	succeeds 200 'is_page and (.result | all(is_store))'
	answer_is '[.result[].name] == ["one", "two"]'
	answer_is '.result_info == {page: 1, per_page: 20, count: 2, total_count: 2, total_pages: 1}'
}

@test "POST stores" {
	start_sim
	api POST "$account/stores" '{"name":"service_x_keys"}'
	succeeds 200 '.result | is_store and .name == "service_x_keys" and .account_id == "acc_1"'
	answer_is '.result.created == .result.modified'
}

@test "POST stores takes any content type" {
	start_sim
	api POST "$account/stores" '{"name":"x"}' -H 'Content-Type: text/plain;charset=UTF-8'
	succeeds 200 '.result | is_store'
	api POST "$account/stores" '{"name":"y"}' -H 'Content-Type:'
	succeeds 200 '.result | is_store'
}

@test "GET stores/ID" {
	start_sim
	make_store
	api GET "$store"
	succeeds 200 '.result | is_store and .name == "shop"'
}

@test "DELETE stores/ID" {
	start_sim
	make_store
	api DELETE "$store"
	succeeds 200 '.result == null'
	api DELETE "$store"
	fails 404 1001 store_not_found
	api GET "$account/stores"
	succeeds 200 '.result == []'
}

@test "DELETE stores/ID of a store with secrets wants force" {
	start_sim
	make_store
	make_secret A
	api DELETE "$store"
	fails 409 1003 store_not_empty
	api DELETE "$store?force=false"
	fails 409 1003 store_not_empty
	api DELETE "$store?force=true"
	succeeds 200 '.result == null'
	api GET "$account/quota"
	succeeds 200 '.result.secrets.usage == 0'
}

@test "GET secrets" {
	start_sim
	make_store
	api GET "$store/secrets"
	succeeds 200 'is_page and .result == []'
	make_secret A hush ',"comment":"first"'
	make_secret B
	api GET "$store/secrets"
	succeeds 200 'is_page and (.result | all(is_secret))'
	answer_is '[.result[].name] == ["A", "B"] and .result[0].comment == "first"'
	answer_is '.result[1] | has("comment") | not'
	answer_is '.result_info == {page: 1, per_page: 20, count: 2, total_count: 2, total_pages: 1}'
}

@test "POST secrets takes several and answers in their order" {
	start_sim
	make_store
	api POST "$store/secrets" '[
		{"name":"B","value":"1","scopes":["workers","access","workers"],"comment":"c"},
		{"name":"A","value":"2","scopes":["dex"]}]'
	succeeds 200 '(.result | length == 2 and all(is_secret)) and (has("result_info") | not)'
	answer_is '[.result[].name] == ["B", "A"]'
	answer_is '.result[0].scopes == ["access", "workers"] and .result[0].comment == "c"'
	answer_is ".result[0].store_id == \"${store##*/}\" and .result[0].status == \"active\""
}

@test "POST secrets takes every scope" {
	start_sim
	make_store
	api POST "$store/secrets" '[{"name":"A","value":"1","scopes":
		["workers","websearch","dex","containers","ai_gateway","access"]}]'
	succeeds 200 '.result[0] | is_secret and (.scopes | length == 6)'
}

@test "DELETE secrets takes several ids" {
	start_sim
	make_store
	local ids=
	for name in A B C; do
		make_secret "$name"
		[ "$name" = C ] || ids+=${ids:+,}\"${secret##*/}\"
	done
	api DELETE "$store/secrets" "{\"ids\":[$ids]}"
	succeeds 202 '.result == null'
	api GET "$store/secrets"
	succeeds 200 '[.result[].name] == ["C"]'
}

@test "GET secrets/ID" {
	start_sim
	make_store
	make_secret A hush ',"comment":"c"'
	api GET "$secret"
	succeeds 200 '.result | is_secret and .name == "A" and .comment == "c"'
}

@test "PATCH secrets/ID changes what is given and nothing else" {
	start_sim
	make_store
	make_secret A hush ',"comment":"c"'
	local before
	before=$(sim_world '.accounts[0].stores[0].secrets[0].value_checksum')
	api PATCH "$secret" '{"scopes":["dex","access"]}'
	succeeds 200 '.result | is_secret and .scopes == ["access", "dex"] and .comment == "c"'
	api PATCH "$secret" '{"comment":"d"}'
	succeeds 200 '.result | .comment == "d" and .scopes == ["access", "dex"]'
	[ "$(sim_world '.accounts[0].stores[0].secrets[0].value_checksum')" = "$before" ]
	api PATCH "$secret" '{"value":"louder"}'
	succeeds 200 '.result | .comment == "d" and .modified > .created'
	[ "$(sim_world '.accounts[0].stores[0].secrets[0].value_bytes')" = 6 ]
	[ "$(sim_world '.accounts[0].stores[0].secrets[0].value_checksum')" != "$before" ]
	api GET "$secret"
	succeeds 200 '.result.name == "A" and .result.comment == "d"'
}

@test "DELETE secrets/ID" {
	start_sim
	make_store
	make_secret A
	api DELETE "$secret"
	succeeds 202 '.result == null'
	api GET "$secret"
	fails 404 1001 secret_not_found
	api DELETE "$secret"
	fails 404 1001 secret_not_found
	make_secret A
}

@test "POST duplicate" {
	start_sim
	make_store
	make_secret A hush ',"comment":"c"'
	api POST "$secret/duplicate" '{"name":"B","scopes":["dex"]}'
	succeeds 200 '.result | is_secret and .name == "B" and .scopes == ["dex"]'
	answer_is ".result.id != \"${secret##*/}\" and .result.store_id == \"${store##*/}\""
	[ "$(sim_world '[.accounts[0].stores[0].secrets[].value_checksum] | unique | length')" = 1 ]
	api POST "$secret/duplicate" '{"name":"C","scopes":["dex"],"comment":"new"}'
	succeeds 200 '.result.comment == "new"'
}

@test "GET user/tokens/verify" {
	start_sim --token tok-1 --token cfat_2
	CLOUDFLARE_API_TOKEN=tok-1 api GET /user/tokens/verify
	succeeds 200 '.result | (.id | is_id) and .status == "active"'
	CLOUDFLARE_API_TOKEN=cfat_2 api GET /user/tokens/verify
	fails 401 1000 'Invalid API Token'
	CLOUDFLARE_API_TOKEN=other api GET /user/tokens/verify
	fails 401 1000 'Invalid API Token'
}

@test "GET accounts/ID/tokens/verify" {
	start_sim --token tok-1 --token cfat_2@acc_1
	CLOUDFLARE_API_TOKEN=cfat_2 api GET /accounts/acc_1/tokens/verify
	succeeds 200 '.result | (.id | is_id) and .status == "active"'
	CLOUDFLARE_API_TOKEN=cfat_2 api GET /accounts/acc_2/tokens/verify
	fails 403 10000 'Authentication error'
	CLOUDFLARE_API_TOKEN=tok-1 api GET /accounts/acc_1/tokens/verify
	fails 401 1000 'Invalid API Token'
}

# ---- errors ---------------------------------------------------------------------------------

@test "store_not_found wherever a store stands in the path" {
	start_sim
	local gone=$account/stores/0123456789abcdef0123456789abcdef
	api GET "$gone"
	fails 404 1001 store_not_found
	api DELETE "$gone"
	fails 404 1001 store_not_found
	api GET "$gone/secrets"
	fails 404 1001 store_not_found
	api POST "$gone/secrets" '[]'
	fails 404 1001 store_not_found
	api DELETE "$gone/secrets" '{"ids":[]}'
	fails 404 1001 store_not_found
	api GET "$gone/secrets/x"
	fails 404 1001 store_not_found
	api PATCH "$gone/secrets/x" '{}'
	fails 404 1001 store_not_found
	api DELETE "$gone/secrets/x"
	fails 404 1001 store_not_found
	api POST "$gone/secrets/x/duplicate" '{}'
	fails 404 1001 store_not_found
}

@test "secret_not_found wherever a secret stands in the path" {
	start_sim
	make_store
	api GET "$store/secrets/x"
	fails 404 1001 secret_not_found
	api PATCH "$store/secrets/x" '{}'
	fails 404 1001 secret_not_found
	api DELETE "$store/secrets/x"
	fails 404 1001 secret_not_found
	api POST "$store/secrets/x/duplicate" '{}'
	fails 404 1001 secret_not_found
}

@test "a store of another account is not found" {
	start_sim
	make_store
	api GET "${store/acc_1/acc_2}"
	fails 404 1001 store_not_found
}

@test "bodies that are not what they should be: invalid_json_body" {
	start_sim
	make_store
	make_secret A
	local body
	for body in '' '{' 'null' '[]' '"x"' '{"name":1}' '{"name":"x"}{}' '{"name":"a","name":"b"}'; do
		api POST "$account/stores" "$body"
		fails 400 1001 invalid_json_body
	done
	for body in '' '{' '{"name":"x"}' '[]' '[1]' '[{"name":1,"value":"v","scopes":["dex"]}]' \
		'[{"name":"x","value":1,"scopes":["dex"]}]' \
		'[{"name":"x","value":"v","scopes":"dex"}]' \
		'[{"name":"x","value":"v","scopes":[1]}]' \
		'[{"name":"x","value":"v","scopes":["dex"],"comment":1}]'; do
		api POST "$store/secrets" "$body"
		fails 400 1001 invalid_json_body
	done
	for body in '' '[]' '{}' '{"ids":1}' '{"ids":[1]}'; do
		api DELETE "$store/secrets" "$body"
		fails 400 1001 invalid_json_body
	done
	for body in '' '[]' '{"value":1}' '{"comment":[]}' '{"scopes":{}}'; do
		api PATCH "$secret" "$body"
		fails 400 1001 invalid_json_body
	done
	api POST "$secret/duplicate" '[]'
	fails 400 1001 invalid_json_body
	[ "$(sim_stats '.accounts.acc_1 | "\(.stores) \(.secrets)"')" = "1 1" ]
}

@test "a store without a name" {
	start_sim
	api POST "$account/stores" '{}'
	fails 400 1001 store_name_empty
	api POST "$account/stores" '{"name":""}'
	fails 400 1001 store_name_empty
	api POST "$account/stores" '{"name":null}'
	fails 400 1001 store_name_empty
}

@test "secret_name_empty" {
	start_sim
	make_store
	api POST "$store/secrets" '[{"value":"v","scopes":["dex"]}]'
	fails 400 1001 secret_name_empty
	api POST "$store/secrets" '[{"name":"","value":"v","scopes":["dex"]}]'
	fails 400 1001 secret_name_empty
	make_secret A
	api POST "$secret/duplicate" '{"name":"","scopes":["dex"]}'
	fails 400 1001 secret_name_empty
}

@test "a secret's name has no space" {
	start_sim
	make_store
	make_secret A
	api POST "$store/secrets" '[{"name":"B C","value":"v","scopes":["dex"]}]'
	fails 400 1001 secret_name_invalid
	api POST "$secret/duplicate" '{"name":" A","scopes":["dex"]}'
	fails 400 1001 secret_name_invalid
	names "$store/secrets" '["A"]'
}

@test "secret_scopes_empty and secret_scope_invalid" {
	start_sim
	make_store
	make_secret A
	local scopes
	for scopes in '[]' 'null'; do
		api POST "$store/secrets" "[{\"name\":\"B\",\"value\":\"v\",\"scopes\":$scopes}]"
		fails 400 1001 secret_scopes_empty
		api POST "$secret/duplicate" "{\"name\":\"B\",\"scopes\":$scopes}"
		fails 400 1001 secret_scopes_empty
	done
	api PATCH "$secret" '{"scopes":[]}'
	fails 400 1001 secret_scopes_empty
	api POST "$store/secrets" '[{"name":"B","value":"v","scopes":["dex","pages"]}]'
	fails 400 1001 secret_scope_invalid
	api PATCH "$secret" '{"scopes":["Workers"]}'
	fails 400 1001 secret_scope_invalid
	api POST "$secret/duplicate" '{"name":"B","scopes":[""]}'
	fails 400 1001 secret_scope_invalid
}

@test "secret_value_too_long counts bytes, from 65,537 on" {
	start_sim
	make_store
	local most
	most=$(printf '%065536d' 0)
	make_secret A "$most"
	[ "$(sim_world '.accounts[0].stores[0].secrets[0].value_bytes')" = 65536 ]
	printf '[{"name":"B","scopes":["dex"],"value":"%s"}]' "${most}0" >"$BATS_TEST_TMPDIR/body"
	api POST "$store/secrets" "@$BATS_TEST_TMPDIR/body"
	fails 400 1001 secret_value_too_long
	printf '{"value":"%s"}' "${most%?}é" >"$BATS_TEST_TMPDIR/body"
	api PATCH "$secret" "@$BATS_TEST_TMPDIR/body"
	fails 400 1001 secret_value_too_long
}

@test "secret_name_already_exists: create, duplicate, twice in a batch" {
	start_sim
	make_store
	make_secret A
	api POST "$store/secrets" '[{"name":"A","value":"v","scopes":["dex"]}]'
	fails 400 1003 'secret_name_already_exists: A'
	api POST "$secret/duplicate" '{"name":"A","scopes":["dex"]}'
	fails 400 1003 'secret_name_already_exists: A'
	api POST "$store/secrets" '[{"name":"B","value":"v","scopes":["dex"]},
		{"name":"B","value":"v","scopes":["dex"]}]'
	fails 400 1003 'secret_name_already_exists: B'
	api GET "$store/secrets"
	succeeds 200 '[.result[].name] == ["A"]'
}

@test "a name may be in two stores" {
	start_sim
	make_store one
	make_secret A
	make_store two
	make_secret A
	[ "$(sim_stats .accounts.acc_1.secrets)" = 2 ]
}

@test "maximum_stores_exceeded" {
	start_sim --max-stores 1
	make_store
	api POST "$account/stores" '{"name":"more"}'
	fails 400 1003 maximum_stores_exceeded
	api POST /accounts/acc_2/secrets_store/stores '{"name":"other"}'
	succeeds 200 '.result | is_store'
	api DELETE "$store"
	make_store again
}

@test "maximum_secrets_exceeded counts all stores of the account" {
	start_sim --max-secrets 3
	make_store one
	make_secret A
	make_store two
	make_secret A
	api POST "$store/secrets" '[{"name":"B","value":"v","scopes":["dex"]},
		{"name":"C","value":"v","scopes":["dex"]}]'
	fails 400 1003 'maximum_secrets_exceeded: max 3'
	make_secret B
	api POST "$secret/duplicate" '{"name":"C","scopes":["dex"]}'
	fails 400 1003 'maximum_secrets_exceeded: max 3'
	[ "$(sim_stats .accounts.acc_1.secrets)" = 3 ]
}

@test "account ids that are none: 7003" {
	start_sim
	local id
	for id in 'a%2Fb' '..' '%2e%2e%2fuser' 'a.b' 'a%20b' '' 012345678901234567890123456789012; do
		api GET "/accounts/$id/secrets_store/stores"
		fails 400 7003 "Could not route to /client/v4/accounts/$id/secrets_store/stores, perhaps your object identifier is invalid?"
	done
	[ "$(sim_stats '.accounts | length')" = 0 ]
	api GET "/accounts/01234567890123456789012345678901/secrets_store/stores"
	succeeds 200 is_page
}

@test "paths and methods that lead nowhere: 7000" {
	start_sim
	make_store
	local path
	for path in / /accounts/acc_1/secrets_store "$account/stores/a/b" \
		"$store/secrets/x/copy" "$store/secrets/x/duplicate/y" "$account/%zz" "/%00"; do
		api GET "$path"
		fails 400 7000 'No route for that URI'
	done
	api PUT "$account/stores" '{}'
	fails 400 7000 'No route for that URI'
	api PATCH "$store" '{"name":"x"}'
	fails 400 7000 'No route for that URI'
	api POST /user/tokens/verify
	fails 400 7000 'No route for that URI'
}

@test "an empty id in the path: 1000" {
	start_sim
	make_store
	api GET "$account/stores/"
	fails 404 1000 'Not Found'
	api DELETE "$account/stores/"
	fails 404 1000 'Not Found'
	api GET "$account/stores//secrets"
	fails 404 1000 'Not Found'
	api GET "$store/secrets/"
	fails 404 1000 'Not Found'
}

# ---- pages ----------------------------------------------------------------------------------

# names PATH FILTER: the list's names are those, as a JSON array.
names()
{
	api GET "$1"
	succeeds 200 "is_page and [.result[].name] == $2"
}

@test "pages: all of them, the last, beyond the end" {
	start_sim
	for name in a b c d e; do make_store "$name"; done
	names "$account/stores?per_page=2" '["a","b"]'
	names "$account/stores?page=0&per_page=2" '["a","b"]'
	answer_is '.result_info == {page: 1, per_page: 2, count: 2, total_count: 5, total_pages: 3}'
	names "$account/stores?page=2&per_page=2" '["c","d"]'
	names "$account/stores?page=3&per_page=2" '["e"]'
	answer_is '.result_info == {page: 3, per_page: 2, count: 1, total_count: 5, total_pages: 3}'
	names "$account/stores?page=4&per_page=2" '[]'
	answer_is '.result_info == {page: 4, per_page: 2, count: 0, total_count: 5, total_pages: 3}'
	names "$account/stores?page=1000000000&per_page=100" '[]'
}

@test "per_page: 100 is the most, 0 is the default" {
	jq -nc '{accounts: [{id: "acc_1", stores: [range(120) | {name: "s\(.)"}]}]}' \
		>"$BATS_TEST_TMPDIR/seed"
	start_sim --seed "$BATS_TEST_TMPDIR/seed"
	api GET "$account/stores"
	succeeds 200 'is_page and .result_info.count == 20 and .result_info.total_pages == 6'
	api GET "$account/stores?per_page=0"
	succeeds 200 'is_page and .result_info.per_page == 20'
	api GET "$account/stores?per_page=100"
	succeeds 200 'is_page and .result_info.count == 100'
	api GET "$account/stores?per_page=100&page=2"
	succeeds 200 'is_page and [.result[].name][0] == "s100" and .result_info.count == 20'
	api GET "$account/stores?per_page=101"
	fails 400 1001 'invalid_query_parameter: per_page'
}

@test "wrong pages, orders and directions are refused" {
	start_sim
	make_store
	local query
	for query in page=-1 page=x per_page=-1 per_page=1.5 order=size direction=up; do
		api GET "$account/stores?$query"
		fails 400 1001 "invalid_query_parameter: ${query%%=*}"
		api GET "$store/secrets?$query"
		fails 400 1001 "invalid_query_parameter: ${query%%=*}"
	done
	api GET "$account/stores?order=comment"
	fails 400 1001 'invalid_query_parameter: order'
}

@test "stores in order" {
	start_sim --seed "$BATS_TEST_DIRNAME/seeds/ordered.json"
	names "$account/stores" '["b","c","a"]'
	names "$account/stores?direction=desc" '["a","c","b"]'
	names "$account/stores?order=name" '["a","b","c"]'
	names "$account/stores?order=name&direction=desc" '["c","b","a"]'
	names "$account/stores?order=created" '["c","a","b"]'
	names "$account/stores?order=modified&direction=asc" '["a","b","c"]'
	names "$account/stores?order=name&per_page=2&page=2" '["c"]'
}

@test "an order follows what changes" {
	start_sim --seed "$BATS_TEST_DIRNAME/seeds/ordered.json"
	names "$account/stores?order=name" '["a","b","c"]'
	make_store bb
	names "$account/stores?order=name" '["a","b","bb","c"]'
	api DELETE "$store"
	succeeds 200 true
	names "$account/stores?order=name&per_page=2&page=2" '["c"]'
	names "$account/stores?order=created" '["c","a","b"]'
}

@test "secrets in order" {
	start_sim --seed "$BATS_TEST_DIRNAME/seeds/ordered.json"
	local list=$account/stores/store_b/secrets
	names "$list" '["Y","Z","X"]'
	names "$list?direction=desc" '["X","Z","Y"]'
	names "$list?order=name" '["X","Y","Z"]'
	names "$list?order=comment" '["Z","X","Y"]'
	names "$list?order=created&direction=desc" '["Y","X","Z"]'
	names "$list?order=modified" '["Y","X","Z"]'
	names "$list?order=status" '["Y","X","Z"]'
}

@test "secrets searched for in name and comment, and by scope" {
	start_sim --seed "$BATS_TEST_DIRNAME/seeds/ordered.json"
	local list=$account/stores/store_b/secrets
	names "$list?search=Z" '["Z"]'
	names "$list?search=key" '["Y","X"]'
	answer_is '.result_info == {page: 1, per_page: 20, count: 2, total_count: 3, total_pages: 1}'
	names "$list?search=key&per_page=1&page=2" '["X"]'
	names "$list?search=the%20key" '["X"]'
	names "$list?search=nothing" '[]'
	names "$list?scopes=dex" '["Y","Z"]'
	names "$list?scopes=dex&scopes=workers" '["Z"]'
	names "$list?scopes=dex,workers" '["Z"]'
	api GET "$list?scopes=pages"
	fails 400 1001 secret_scope_invalid
}

# ---- credentials ----------------------------------------------------------------------------

@test "a token: right, wrong, none, malformed" {
	start_sim --token tok-1 --token tok-2
	CLOUDFLARE_API_TOKEN=tok-1 api GET "$account/stores"
	succeeds 200 is_page
	CLOUDFLARE_API_TOKEN=tok-2 api GET "$account/stores"
	succeeds 200 is_page
	CLOUDFLARE_API_TOKEN=tok-3 api GET "$account/stores"
	fails 401 10000 'Authentication error'
	local api_auth=()
	api GET "$account/stores"
	fails 400 9106 'Missing X-Auth-Key, X-Auth-Email or Authorization headers'
	for value in tok-1 'Basic dG9rLTE6' 'Bearer tok 1' 'bearer tok-1' 'Bearer'; do
		api_auth=(-H "Authorization: $value")
		api GET "$account/stores"
		fails 400 6003 'Invalid request headers'
		answer_is '.errors[0].error_chain == [{code: 6111,
			message: "Invalid format for Authorization header"}]'
	done
	[ "$(sim_stats '.accounts.acc_1.stores')" = 0 ]
}

@test "email and key: right, wrong, half, malformed" {
	start_sim --email me@example.com --key 0123456789abcdef
	local api_auth=(-H 'X-Auth-Email: me@example.com' -H 'X-Auth-Key: 0123456789abcdef')
	api GET "$account/stores"
	succeeds 200 is_page
	api_auth=(-H 'X-Auth-Email: me@example.com' -H 'X-Auth-Key: 0123456789abcdee')
	api GET "$account/stores"
	fails 403 9103 'Unknown X-Auth-Key or X-Auth-Email'
	api_auth=(-H 'X-Auth-Email: you@example.com' -H 'X-Auth-Key: 0123456789abcdef')
	api GET "$account/stores"
	fails 403 9103 'Unknown X-Auth-Key or X-Auth-Email'
	api_auth=(-H 'X-Auth-Email: me@example.com')
	api GET "$account/stores"
	fails 400 9106 'Missing X-Auth-Key, X-Auth-Email or Authorization headers'
	api_auth=(-H 'X-Auth-Email: me@example.com' -H 'X-Auth-Key: no key')
	api GET "$account/stores"
	fails 400 6003 'Invalid request headers'
	answer_is '.errors[0].error_chain[0].code == 6103'
	api_auth=(-H 'X-Auth-Email: me' -H 'X-Auth-Key: 0123456789abcdef')
	api GET "$account/stores"
	fails 400 6003 'Invalid request headers'
	answer_is '.errors[0].error_chain[0].code == 6102'
	api_auth=(-H 'Authorization: Bearer 0123456789abcdef') # a key sent as a token
	api GET "$account/stores"
	fails 400 6003 'Invalid request headers'
	answer_is '.errors[0].error_chain[0].code == 6111'
}

@test "a token for some accounts reaches no other" {
	start_sim --token tok-1@acc_1,acc_2 --token tok-3@acc_3
	export CLOUDFLARE_API_TOKEN=tok-1
	api GET /accounts/acc_1/secrets_store/stores
	succeeds 200 is_page
	api GET /accounts/acc_2/secrets_store/stores
	succeeds 200 is_page
	api GET /accounts/acc_3/secrets_store/stores
	fails 403 10000 'Authentication error'
	CLOUDFLARE_API_TOKEN=tok-3 api GET /accounts/acc_3/secrets_store/quota
	succeeds 200 true
}

@test "with --account others do not exist" {
	start_sim --account acc_1 --account acc_2
	api GET /accounts/acc_2/secrets_store/stores
	succeeds 200 is_page
	api GET /accounts/acc_3/secrets_store/stores
	fails 403 10000 'Authentication error'
}

@test "a rate limit: 429 with Retry-After, for that token only" {
	start_sim --token one --token two --rate-limit 2/1000
	export CLOUDFLARE_API_TOKEN=one
	api GET "$account/stores"
	succeeds 200 is_page
	[[ $(header ratelimit) =~ ^\"default\"\;r=1\;t=[0-9]+$ ]]
	[ "$(header ratelimit-policy)" = '"default";q=2;w=1000' ]
	api POST "$account/stores" '{"name":"x"}'
	succeeds 200 true
	[[ $(header ratelimit) =~ ^\"default\"\;r=0\; ]]
	api POST "$account/stores" '{"name":"y"}'
	fails 429 971 'Please wait and consider throttling your request speed'
	[[ $(header retry-after) =~ ^[0-9]+$ ]]
	CLOUDFLARE_API_TOKEN=two api GET "$account/stores"
	succeeds 200 '[.result[].name] == ["x"]'
}

# ---- TLS, data, seed, log -------------------------------------------------------------------

@test "HTTPS with a certificate" {
	local dir=$BATS_TEST_TMPDIR
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=cfsim -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$dir/key.pem" -out "$dir/cert.pem" 2>"$dir/openssl"
	start_sim --tls-cert "$dir/cert.pem" --tls-key "$dir/key.pem"
	sim_ca=$dir/cert.pem
	[[ $sim_url == https://* ]]
	grep -q "^cfsim listens on $sim_url\$" "$sim_dir/out"
	make_store
	api GET "$account/stores"
	succeeds 200 'is_page and (.result | length == 1)'
	sim_faults '{"kind":"reset_after","times":1}'
	api_breaks 56 POST "$account/stores" '{"name":"two"}'
	[ "$(sim_stats .accounts.acc_1.stores)" = 2 ]
	run curl -sS "http://${sim_root#https://}/"
	[ "$status" -ne 0 ]
}

@test "a certificate that is none is an error" {
	echo nonsense >"$BATS_TEST_TMPDIR/x"
	run --separate-stderr timeout 20 "$cfsim" --tls-cert "$BATS_TEST_TMPDIR/x" \
		--tls-key "$BATS_TEST_TMPDIR/x"
	[ "$status" -eq 1 ]
	[[ $stderr == *certificate* ]]
}

@test "a data file keeps the world from run to run" {
	local data=$BATS_TEST_TMPDIR/data.json world
	start_sim --data "$data"
	make_store 'naïve \"one\"\u0007'
	make_secret A hush ',"comment":"c"'
	world=$(sim_world .)
	stop_sim
	[ "$(stat -c %a "$data")" = 600 ]
	run grep -c hush "$data"
	[ "$output" = 0 ]
	start_sim --data "$data"
	[ "$(sim_world .)" = "$world" ]
	api GET "$secret"
	succeeds 200 '.result | is_secret and .comment == "c"'
	api DELETE "$store?force=true"
	stop_sim
	start_sim --data "$data"
	[ "$(sim_stats '.accounts.acc_1.stores')" = 0 ]
}

data_has_two() { [ "$(jq '.accounts[0].stores | length' "$1" 2>/dev/null)" = 2 ]; }

@test "a data file is written while it runs, so that a kill loses little" {
	local data=$BATS_TEST_TMPDIR/data.json
	start_sim --data "$data"
	make_store one
	make_store two
	wait_until data_has_two "$data"
	kill -KILL "$sim_pid"
	wait "$sim_pid" || true
	sim_pid=
	start_sim --data "$data"
	names "$account/stores" '["one","two"]'
}

@test "a seed is where a new data file begins" {
	local data=$BATS_TEST_TMPDIR/data.json seed=$BATS_TEST_DIRNAME/seeds/ordered.json
	start_sim --seed "$seed" --data "$data"
	names "$account/stores" '["b","c","a"]'
	api DELETE "$account/stores/store_c"
	succeeds 200 true
	stop_sim
	start_sim --seed "$seed" --data "$data"
	names "$account/stores" '["b","a"]'
}

@test "a seed's value counts as if it had been sent" {
	echo '{"accounts":[{"id":"acc_1","stores":[{"id":"s","name":"n","secrets":[
		{"name":"A","value":"hush","scopes":["dex"]}]}]}]}' >"$BATS_TEST_TMPDIR/seed"
	start_sim --seed "$BATS_TEST_TMPDIR/seed"
	store=$account/stores/s
	make_secret B hush
	[ "$(sim_world '[.accounts[0].stores[0].secrets[].value_checksum] | unique | length')" = 1 ]
}

@test "seeds and data that are wrong are refused" {
	local seed text
	seed=$BATS_TEST_TMPDIR/seed.json
	for text in '' '[]' '{}' '{"accounts":1}' '{"accounts":[1]}' '{"accounts":[{}]}' \
		'{"accounts":[{"id":"a/b"}]}' '{"accounts":[{"id":"a","shops":[]}]}' \
		'{"accounts":[{"id":"a","stores":[{}]}]}' \
		'{"accounts":[{"id":"a","stores":[{"name":"n","id":"."}]}]}' \
		'{"accounts":[{"id":"a","stores":[{"name":"n","id":"1"},{"name":"m","id":"1"}]}]}' \
		'{"accounts":[{"id":"a","stores":[{"name":"n","created":5}]}]}' \
		'{"accounts":[{"id":"a","stores":[{"name":"n","secrets":[{"name":"A"},{"name":"A"}]}]}]}' \
		'{"accounts":[{"id":"a","stores":[{"name":"n","secrets":[{"name":"A","scopes":["x"]}]}]}]}' \
		'{"accounts":[{"id":"a","stores":[{"name":"n","secrets":[{"name":"A","status":"x"}]}]}]}'; do
		echo "$text" >"$seed"
		run --separate-stderr timeout 20 "$cfsim" --seed "$seed"
		[ "$status" -eq 1 ]
		[[ $stderr == "cfsim: $seed: "* ]]
		run --separate-stderr timeout 20 "$cfsim" --data "$seed"
		[ "$status" -eq 1 ]
		[ "$(cat "$seed")" = "$text" ]
	done
}

@test "the log has a line a request and no value, wherever it stands" {
	local log=$BATS_TEST_TMPDIR/log
	start_sim --log "$log"
	make_store
	make_secret A s3cr3t-value ',"comment":"seen","other":"s3cr3t-value"'
	api PATCH "$secret?x=1" '{"value":"s3cr3t-value"}'
	api PATCH "$secret" '{"thing":{"deep":["s3cr3t-value"]}}'
	api PATCH "$secret" 's3cr3t-value'
	api DELETE "$store/secrets" '{"ids":["x"]}'
	[ "$(jq -s length "$log")" = 6 ]
	run grep -c -e s3cr3t-value -e "$CLOUDFLARE_API_TOKEN" "$log"
	[ "$output" = 0 ]
	jq -se 'all(.[]; (.time | type == "string") and (.connection >= 1) and .account == "acc_1"
		and (.bytes > 0) and .fault == null and (.path | startswith("/accounts/")))' "$log"
	jq -se '.[1] | .method == "POST" and .status == 200 and .body == [{name: "A",
		value: "(blanked)", scopes: ["workers"], comment: "seen", other: "(blanked)"}]' "$log"
	jq -se '.[2] | .method == "PATCH" and .query == "x=1"' "$log"
	jq -se '.[3].body == {thing: {deep: ["(blanked)"]}}' "$log"
	jq -se '.[4] | .status == 400 and .body == "(no JSON)" and .body_bytes == 12' "$log"
	jq -se '.[5].body == {ids: ["x"]}' "$log"
}

@test "the log says which connection and which fault" {
	local log=$BATS_TEST_TMPDIR/log
	start_sim --log "$log"
	sim_faults '{"kind":"status","status":500,"nth":3}'
	api GET "$account/stores" '' "$sim_url$account/stores"
	api GET "$account/stores"
	jq -se '.[0].connection == .[1].connection and .[1].connection != .[2].connection' "$log"
	jq -se '[.[].fault] == [null, null, "status"] and .[2].status == 500' "$log"
}

@test "statistics" {
	start_sim
	make_store
	make_secret A
	api GET /nowhere
	[ "$(sim_stats .requests)" = 3 ]
	[ "$(sim_stats .unrouted)" = 1 ]
	[ "$(sim_stats '.operations | "\(.stores_create) \(.secrets_create) \(.stores_list)"')" = "1 1 0" ]
	[ "$(sim_stats '.operations | length')" = 19 ]
	(($(sim_stats .connections) >= 3))
	[ "$(sim_stats '.accounts.acc_1 | "\(.stores) \(.secrets)"')" = "1 1" ]
	control POST reset
	[ "$(sim_stats '"\(.requests) \(.accounts | length)"')" = "0 0" ]
}

# ---- what only a live account could answer --------------------------------------------------

@test "--answer secret-exists-status" {
	start_sim --answer secret-exists-status=409
	make_store
	make_secret A
	api POST "$store/secrets" '[{"name":"A","value":"v","scopes":["dex"]}]'
	fails 409 1003 'secret_name_already_exists: A'
}

@test "--answer error-details" {
	start_sim --answer error-details=absent --max-secrets 2
	make_store
	make_secret A
	api POST "$store/secrets" '[{"name":"A","value":"v","scopes":["dex"]}]'
	fails 400 1003 secret_name_already_exists
	api POST "$store/secrets" '[{"name":"B","value":"v","scopes":["dex"]},
		{"name":"B","value":"v","scopes":["dex"]}]'
	fails 400 1003 secret_name_already_exists
	api POST "$secret/duplicate" '{"name":"A","scopes":["dex"]}'
	fails 400 1003 secret_name_already_exists
	make_secret B
	api POST "$store/secrets" '[{"name":"C","value":"v","scopes":["dex"]}]'
	fails 400 1003 maximum_secrets_exceeded
}

# A batch of which the third is bad; "A" is the name that exists.
bad_batch='[{"name":"B","value":"v","scopes":["dex"]},{"name":"C","value":"v","scopes":["dex"]},
	{"name":"A","value":"v","scopes":["dex"]},{"name":"D","value":"v","scopes":["dex"]}]'

@test "--answer batch" {
	start_sim
	make_store
	make_secret A
	api POST "$store/secrets" "$bad_batch"
	fails 400 1003 'secret_name_already_exists: A'
	names "$store/secrets" '["A"]'
	stop_sim
	start_sim --answer batch=partial
	make_store
	make_secret A
	api POST "$store/secrets" "$bad_batch"
	fails 400 1003 'secret_name_already_exists: A'
	names "$store/secrets" '["A","B","C"]'
}

@test "--answer bulk-delete-unknown" {
	start_sim
	make_store
	make_secret A
	local ids="{\"ids\":[\"${secret##*/}\",\"unknown\",\"${secret##*/}\"]}"
	api DELETE "$store/secrets" "$ids"
	fails 404 1001 secret_not_found
	names "$store/secrets" '["A"]'
	stop_sim
	start_sim --answer bulk-delete-unknown=ignore
	make_store
	make_secret A
	ids="{\"ids\":[\"${secret##*/}\",\"unknown\",\"${secret##*/}\"]}"
	api DELETE "$store/secrets" "$ids"
	succeeds 202 '.result == null'
	names "$store/secrets" '[]'
}

# clears CHOICE BODY: does it?
clears()
{
	start_sim --answer "clear-comment=$1"
	make_store
	make_secret A v ',"comment":"c"'
	api PATCH "$secret" "$2"
	succeeds 200 true
	stop_sim
	answer_is '.result | has("comment") | not'
}

@test "--answer clear-comment" {
	clears both '{"comment":""}'
	clears both '{"comment":null}'
	clears empty '{"comment":""}'
	clears null '{"comment":null}'
	run clears empty '{"comment":null}'
	[ "$status" -ne 0 ]
	[[ $output == *'"comment":"c"'* ]]
	run clears null '{"comment":""}'
	[ "$status" -ne 0 ]
	[[ $output == *'"comment":"c"'* ]]
}

@test "--answer no-comment" {
	start_sim --answer no-comment=null
	make_store
	make_secret A
	api GET "$secret"
	succeeds 200 '.result | has("comment") and .comment == null'
}

@test "--answer duplicate-comment" {
	local choice
	for choice in none copied; do
		start_sim --answer "duplicate-comment=$choice"
		make_store
		make_secret A hush ',"comment":"c"'
		api POST "$secret/duplicate" '{"name":"B","scopes":["dex"]}'
		succeeds 200 "(.result.comment == \"c\") == ($([ $choice = copied ] && echo true || echo false))"
		api POST "$secret/duplicate" '{"name":"C","scopes":["dex"],"comment":""}'
		succeeds 200 '.result | has("comment") | not'
		stop_sim
	done
}

@test "--answer empty-value" {
	start_sim
	make_store
	api POST "$store/secrets" '[{"name":"A","value":"","scopes":["dex"]}]'
	fails 400 1001 secret_value_empty
	api POST "$store/secrets" '[{"name":"A","scopes":["dex"]}]'
	fails 400 1001 secret_value_empty
	stop_sim
	start_sim --answer empty-value=accept
	make_store
	make_secret A ''
	[ "$(sim_world '.accounts[0].stores[0].secrets[0].value_bytes')" = 0 ]
}

@test "--answer store-not-empty-code" {
	for code in 1001 1003 1004; do
		start_sim --answer "store-not-empty-code=$code"
		make_store
		make_secret A
		api DELETE "$store"
		fails 409 "$code" store_not_empty
		stop_sim
	done
}

@test "--answer noop-patch" {
	start_sim
	make_store
	make_secret A v ',"comment":"c"'
	api PATCH "$secret" '{"comment":"c"}'
	succeeds 200 '.result | .modified > .created'
	stop_sim
	start_sim --answer noop-patch=keep
	make_store
	make_secret A v ',"comment":"c"'
	api PATCH "$secret" '{"comment":"c","scopes":["workers"],"value":"v"}'
	succeeds 200 '.result | .modified == .created'
	api PATCH "$secret" '{}'
	succeeds 200 '.result | .modified == .created'
	api PATCH "$secret" '{"value":"w"}'
	succeeds 200 '.result | .modified > .created'
}

@test "--answer no-route-status" {
	start_sim --answer no-route-status=404
	api GET /nowhere
	fails 404 7000 'No route for that URI'
	api GET /accounts/a.b/secrets_store/stores
	[ "$http" = 404 ]
	answer_is 'is_failure and .errors[0].code == 7003'
}

@test "--answer store-names, also as --store-names" {
	start_sim
	make_store same
	make_store same
	names "$account/stores" '["same","same"]'
	stop_sim
	for option in --store-names=unique --answer=store-names=unique; do
		start_sim "$option"
		make_store same
		api POST "$account/stores" '{"name":"same"}'
		fails 400 1003 'store_name_already_exists: same'
		api DELETE "$store"
		make_store same
		stop_sim
	done
}

@test "--answer store-names=unique with two of a name from before" {
	echo '{"accounts":[{"id":"acc_1","stores":[{"id":"1","name":"same"},
		{"id":"2","name":"same"}]}]}' >"$BATS_TEST_TMPDIR/seed"
	start_sim --store-names unique --seed "$BATS_TEST_TMPDIR/seed"
	api DELETE "$account/stores/1"
	succeeds 200 true
	api POST "$account/stores" '{"name":"same"}'
	fails 400 1003 'store_name_already_exists: same'
	api DELETE "$account/stores/2"
	succeeds 200 true
	make_store same
}

@test "--answer total-pages" {
	start_sim --answer total-pages=absent
	api GET "$account/stores"
	succeeds 200 'is_page and (.result_info | has("total_pages") | not)'
}

@test "--answer per-page" {
	start_sim --answer per-page=50
	api GET "$account/stores"
	succeeds 200 'is_page and .result_info.per_page == 50'
}

secret_is_active() { api GET "$secret" && [ "$(answer_get .result.status)" = active ]; }

@test "--pending" {
	start_sim --pending=forever
	make_store
	make_secret A
	api GET "$secret"
	succeeds 200 '.result | is_secret and .status == "pending"'
	stop_sim
	start_sim --pending=3600000
	make_store
	make_secret A
	api GET "$secret"
	succeeds 200 '.result.status == "pending"'
	stop_sim
	start_sim --pending=1
	make_store
	make_secret A
	wait_until secret_is_active
}

# ---- hostile input --------------------------------------------------------------------------

@test "bodies too large, too deep and of bytes are answered" {
	start_sim
	make_store
	local body=$BATS_TEST_TMPDIR/body
	head -c 17000000 /dev/zero | tr '\0' ' ' >"$body"
	api POST "$account/stores" "@$body" -H Expect:
	[ "$http" = 413 ]
	answer_is is_failure
	head -c 200000 /dev/zero | tr '\0' '[' >"$body"
	api POST "$account/stores" "@$body"
	fails 400 1001 invalid_json_body
	(head -c 64 /dev/zero | tr '\0' '['; head -c 64 /dev/zero | tr '\0' ']') >"$body"
	api POST "$store/secrets" "@$body"
	fails 400 1001 invalid_json_body
	printf '{"name":"\xff\xfe"}' >"$body"
	api POST "$account/stores" "@$body"
	fails 400 1001 invalid_json_body
	printf '{"name":"a\0b"}' >"$body"
	api POST "$account/stores" "@$body"
	fails 400 1001 invalid_json_body
	api POST "$account/stores" '{"name":"a\u0000b"}'
	fails 400 1001 invalid_json_body
	names "$account/stores" '["shop"]'
}

@test "a log survives bodies and targets of any kind" {
	local log=$BATS_TEST_TMPDIR/log body=$BATS_TEST_TMPDIR/body
	start_sim --log "$log"
	(head -c 64 /dev/zero | tr '\0' '['; head -c 64 /dev/zero | tr '\0' ']') >"$body"
	api POST "$account/stores" "@$body"
	exec {raw}<>"/dev/tcp/127.0.0.1/${sim_root##*:}"
	printf 'GET /client/v4/\xff\x1b/x?\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&"$raw"
	grep -q '"code":7000' <&"$raw"
	exec {raw}>&-
	api GET "/a/b/c/d/e/f/g/h/i/j/k?$(printf 'a=%d&' {1..50})"
	api GET '/accounts/%1b%5b31m/secrets_store/stores'
	[ "$(jq -s length "$log")" = 4 ]
	jq -se '.[1].path == "/\\xff\\x1b/x" and .[3].account == "\\x1b[31m"' "$log"
}

@test "what is no HTTP, and headers without end, do not stop it" {
	start_sim
	local port=${sim_root##*:}
	local raw
	exec {raw}<>"/dev/tcp/127.0.0.1/$port"
	printf 'nonsense\r\n\r\n' >&"$raw"
	exec {raw}>&-
	api GET "$account/stores" '' -H "X-Long: $(printf '%040000d' 0)" || true
	api GET "$account/stores?$(printf 'a%.0s' {1..20000})" '' || true
	api GET "$account/stores"
	succeeds 200 is_page
}
