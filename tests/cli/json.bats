#!/usr/bin/env bats
# Machines reading: the stream of -json, the representations of plan and state, and what tools of
# others make of them.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	acc=$account
}
teardown() { stop_all; }

# out_types TYPE...: the types of the stream's lines, in this order, repetitions told once.
out_types()
{
	local types
	types=$(jq -r .type out | uniq | tr '\n' ' ')
	[[ $types == "$* " ]] || {
		echo "types: $types" >&2
		return 1
	}
}

# is_stream: each line is a whole object with all that each has; the first is the version.
is_stream()
{
	local lines
	lines=$(wc -l <out)
	[[ $lines -gt 0 && $lines == "$(jq -c . out | wc -l)" ]]
	jq -es 'all(.[]; (."@level" | IN("info", "warn", "error")) and
		(."@message" | type == "string" and length > 0) and
		."@module" == "cfprov.ui" and (.type | type == "string") and
		(."@timestamp" | test("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d[.]\\d{6}Z$")))' out
	jq -es '.[0] | .type == "version" and .ui == "1.2" and (.cfprov | test("^\\d"))' out
	jq -es '[.[].type] | index("version") == 0 and (.[1:] | index("version")) == null' out
	jq -es 'all(.[] | select(has("change") or has("hook")) | (.change // .hook).resource;
		.module == "" and .implied_provider == "cloudflare" and .addr == .resource and
		.resource_type == "cloudflare_secrets_store" and has("resource_key") and
		(.resource_name as $name | .addr | endswith("/" + $name)))' out
}

# stream STATUS ARGUMENT...: cfprov says all in a stream, nothing on stderr.
stream()
{
	local wanted=$1
	shift
	prov "$@"
	[[ $status == "$wanted" ]]
	err_is ''
	is_stream
}

# select_type TYPE FILTER: what jq makes of the lines of a type.
select_type()
{
	jq -r "select(.type == \"$1\") | $2" out
}

# a_life: stores of each fate: kept stays, gone was deleted by somebody, left is not wanted any
# more, away only out of the state, new is to come, and old lives already.
a_life()
{
	start_logged
	cat >cfprov.yaml <<-'END'
		account_id: a85e105f4ecef8ad9ca31a8372d0c353
		stores:
		  - kept
		  - gone
		  - left
		  - {name: away, on_remove: forget}
	END
	good apply -auto-approve
	api DELETE "/accounts/a85e105f4ecef8ad9ca31a8372d0c353/secrets_store/stores/$(store_id gone)"
	api POST /accounts/a85e105f4ecef8ad9ca31a8372d0c353/secrets_store/stores '{"name":"old"}'
	manifest kept gone new old
}

store_id()
{
	jq -er ".accounts.a85e105f4ecef8ad9ca31a8372d0c353.stores[\"$1\"].id" "$state"
}

# ---- the stream: plans ----------------------------------------------------------------------

@test "a plan: the version, the changes, the summary" {
	start_logged
	manifest b a
	stream 0 plan -json
	out_types version planned_change change_summary
	[ "$(select_type planned_change '"\(.change.action) \(.change.resource.addr)"')" = \
		$'create default/a\ncreate default/b' ]
	select_type planned_change .change.resource >resource
	[ "$(jq -cs '.[0]' resource)" = '{"addr":"default/a","module":"","resource":"default/a","implied_provider":"cloudflare","resource_type":"cloudflare_secrets_store","resource_name":"a","resource_key":null}' ]
	[ "$(select_type change_summary '.changes | tojson')" = \
		'{"add":2,"change":0,"import":0,"remove":0,"forget":0,"operation":"plan"}' ]
}

@test "the summary's message is the line that people read, to the byte" {
	a_life
	good plan
	grep '^Plan: ' out >line
	stream 0 plan -json
	select_type change_summary '."@message"' | cmp - line
	good apply -auto-approve -adopt -allow-store-destroy
	grep '^Apply complete' out >line
	[ "$(cat line)" = 'Apply complete! Resources: 1 imported, 2 added, 0 changed, 1 destroyed, 1 forgotten.' ]
	good plan
	cp out line
	stream 0 plan -json
	out_types version refresh_start refresh_complete change_summary
	select_type change_summary '."@message"' | cmp - line
}

@test "a change of each kind, what changed outside, and why" {
	a_life
	stream 0 plan -json -replace=default/kept
	[ "$(select_type planned_change \
		'"\(.change.action) \(.change.resource.resource_name) \(.change.reason)"')" = \
		'remove away null
create gone null
replace kept requested
delete left delete_because_no_resource_config
create new null
import old null' ]
	[ "$(select_type planned_change '.change.importing.id // empty')" = \
		"$(live | sed -n 's/^old //p')" ]
	[ "$(select_type resource_drift '"\(.change.action) \(.change.resource.addr)"')" = \
		'delete default/gone' ]
	[ "$(select_type change_summary '.changes | tojson')" = \
		'{"add":3,"change":0,"import":1,"remove":2,"forget":1,"operation":"plan"}' ]
	jq -es '[.[] | select(.type == "diagnostic") | .diagnostic.severity] == ["warning"]' out
	prov plan -json -detailed-exitcode
	[ "$status" = 2 ]
	is_stream
}

@test "an object that was made anew outside is drift of the other kind" {
	start_logged
	manifest a b
	good apply -auto-approve
	api DELETE "/accounts/a85e105f4ecef8ad9ca31a8372d0c353/secrets_store/stores/$(store_id a)"
	api POST /accounts/a85e105f4ecef8ad9ca31a8372d0c353/secrets_store/stores '{"name":"a"}'
	stream 0 plan -json
	[ "$(select_type resource_drift '"\(.change.action) \(.change.resource.addr)"')" = \
		'update default/a' ]
	good plan -format=json
	[ "$(jq -c '.resource_drift[] | [.address, .change.actions[0],
		.change.before.id == .change.after.id]' out)" = '["default/a","update",false]' ]
}

@test "what is read: an id before, an id or none after" {
	a_life
	stream 0 plan -json
	[ "$(select_type refresh_start .hook.resource.resource_name | tr '\n' ' ')" = \
		'away gone kept left ' ]
	[ "$(select_type refresh_start .hook.id_value)" = \
		"$(for name in away gone kept left; do store_id $name; done)" ]
	[ "$(select_type refresh_complete '"\(.hook.resource.resource_name) \(.hook.id_key)"' |
		tr '\n' ' ')" = 'away id gone null kept id left id ' ]
	manifest kept gone
	stream 0 plan -json -refresh=false
	out_types version planned_change change_summary diagnostic
}

@test "only a refresh: the drift, and a summary of nothing" {
	a_life
	stream 0 plan -json -refresh-only
	[ "$(select_type resource_drift '.change.action + " " + .change.resource.addr')" = \
		'delete default/gone' ]
	[ "$(select_type planned_change .)" = '' ]
	stream 0 refresh -json
	[ "$(select_type change_summary .changes.operation | tr '\n' ' ')" = 'plan apply ' ]
	[ "$(jq '.accounts.a85e105f4ecef8ad9ca31a8372d0c353.stores | has("gone")' "$state")" = false ]
	stream 0 plan -json -refresh-only
	[ "$(select_type change_summary '."@message"')" = 'No changes. The state matches Cloudflare.' ]
}

# ---- the stream: applies --------------------------------------------------------------------

@test "an apply: starts, completes with ids, and the summary" {
	start_logged
	manifest a b
	stream 0 apply -json -auto-approve
	[ "$(jq -r .type out | sort | uniq -c | tr -s ' \n' ' ')" = \
		' 2 apply_complete 2 apply_start 2 change_summary 2 planned_change 1 version ' ]
	[ "$(select_type apply_complete '"\(.hook.resource.resource_name) \(.hook.id_value)"' |
		LC_ALL=C sort)" = "$(live)" ]
	jq -es 'all(.[] | select(.type == "apply_complete") | .hook;
		.action == "create" and .id_key == "id" and (.elapsed_seconds | type == "number"))' out
	[ "$(tail -1 out | jq -r '."@message"')" = \
		'Apply complete! Resources: 2 added, 0 changed, 0 destroyed.' ]
	[ "$(tail -1 out | jq -r .changes.operation)" = apply ]
	agree 2
}

@test "a destroy says so" {
	start_logged
	manifest a b
	good apply -auto-approve
	recorded >before
	stream 0 destroy -json -auto-approve -allow-store-destroy
	[ "$(select_type planned_change '"\(.change.action) \(.change.reason)"' | uniq)" = \
		'delete null' ]
	[ "$(select_type apply_start '"\(.hook.resource.resource_name) \(.hook.id_value)"')" = \
		"$(cat before)" ]
	[ "$(tail -1 out | jq -rc '[."@message", .changes.operation, .changes.remove]')" = \
		'["Destroy complete! Resources: 2 destroyed.","destroy",2]' ]
}

@test "what fails: errored, and a diagnostic with the address" {
	start_logged
	manifest bad good
	sim_faults '{"method":"POST","times":1,"status":400}'
	stream 1 apply -json -auto-approve -parallelism=1
	[ "$(select_type apply_errored '"\(.hook.resource.addr) \(.hook.action) \(."@level")"')" = \
		'default/bad create error' ]
	[ "$(select_type diagnostic '"\(.diagnostic.severity) \(.diagnostic.address)"' | head -1)" = \
		'error default/bad' ]
	[ "$(select_type apply_complete .hook.resource.addr)" = default/good ]
	[ "$(select_type change_summary .changes.operation)" = plan ]
	tail -1 out | jq -e '.type == "diagnostic" and .diagnostic.severity == "error" and
		(.diagnostic.summary | startswith("Apply incomplete: 1 added")) and
		(."@message" | startswith("Error: Apply incomplete"))'
	agree 1
}

@test "nobody is asked: consent comes in advance, or the run ends before it begins" {
	start_logged
	manifest a
	stream 1 apply -json
	out_types version diagnostic
	jq -es '.[1].diagnostic.detail | contains("-auto-approve")' out
	[ "$(requests)" = 0 ]
	stream 1 apply -json -input=false
	out_types version planned_change change_summary diagnostic
	[ "$(posts)" = 0 ]
	stream 1 destroy -json
	out_types version diagnostic
	good plan -out=saved
	stream 0 apply -json saved
	[ "$(select_type planned_change .change.resource.addr)" = default/a ]
	[ "$(select_type change_summary .changes.operation)" = apply ]
	stream 0 apply -json -input=false
}

@test "errors before there is a plan are diagnostics, with their place" {
	start_logged
	stream 1 plan -json
	out_types version diagnostic
	printf 'account_id: a85e105f4ecef8ad9ca31a8372d0c353\nstores:\n  - name: a\n    adopts: true\n  - b: 1\n' >cfprov.yaml
	stream 1 plan -json
	[ "$(select_type diagnostic .diagnostic.severity | uniq)" = error ]
	[ "$(jq -s '[.[] | select(.type == "diagnostic")] | length' out)" -ge 2 ]
	[ "$(select_type diagnostic '.diagnostic | "\(.range.filename) \(.range.start.line)"' |
		head -1)" = 'cfprov.yaml 4' ]
	select_type diagnostic .diagnostic.snippet | jq -es \
		'.[0].code[.[0].highlight_start_offset:.[0].highlight_end_offset] | startswith("adopts")'
	manifest a
	export CLOUDFLARE_API_TOKEN=
	stream 1 plan -json
	stream 1 apply -json -auto-approve
	export CLOUDFLARE_API_TOKEN=wrong
	stream 1 plan -json
	echo '{' >"$state"
	stream 1 plan -json
	[ "$(select_type diagnostic .diagnostic.range.filename)" = "$state" ]
}

@test "a command line that is wrong is told in the stream, too" {
	local wrong
	for wrong in '-bogus -json' '-json -bogus' '-json=true -bogus' '--json surplus' \
		'-json -format=json' '-json -max-bytes=600' '-json -parallelism=none'; do
		# shellcheck disable=SC2086 # words
		stream 1 plan $wrong
		out_types version diagnostic
	done
	bad plan -json=maybe
	bad plan -json=false -bogus
	bad export -json
}

@test "waits and retries are log lines" {
	start_logged
	manifest a
	sim_faults '{"method":"GET","nth":1,"status":503}'
	stream 0 plan -json
	jq -es '[.[] | select(.type == "log")] | length > 0' out
}

# ---- the representation of a plan -----------------------------------------------------------

# changes ACTIONS: the addresses of the changes with exactly these actions.
changes()
{
	jq -r --argjson wanted "$1" '.resource_changes[] | select(.change.actions == $wanted) |
		.address' out
}

@test "a plan: changes by action, as people of Terraform ask for them" {
	a_life
	good plan -format=json -replace=default/kept
	[ "$(jq -r '.resource_changes[] | select(.change.actions | index("delete")) | .address' \
		out | tr '\n' ' ')" = 'default/kept default/left ' ]
	[ "$(jq -r '.resource_changes[] | select(.change.actions[] | contains("create")) | .address' \
		out | tr '\n' ' ')" = 'default/gone default/kept default/new ' ]
	[ "$(changes '["delete","create"]')" = default/kept ]
	[ "$(changes '["delete"]')" = default/left ]
	[ "$(changes '["forget"]')" = default/away ]
	[ "$(changes '["no-op"]')" = default/old ]
	[ "$(jq -r '.resource_changes[] | select(.change.importing) | .change.importing.id' out)" = \
		"$(live | sed -n 's/^old //p')" ]
	[ "$(jq -c '[.resource_changes[].change.actions[]] | group_by(.) | map({(.[0]): length}) |
		add' out)" = '{"create":3,"delete":2,"forget":1,"no-op":1}' ]
	[ "$(jq -r '.resource_changes[] | select(.action_reason) | .action_reason' out |
		tr '\n' ' ')" = 'replace_by_request delete_because_no_resource_config ' ]
	[ "$(jq -r '.resource_drift[] | "\(.address) \(.change.actions[0])"' out)" = \
		'default/gone delete' ]
	# A pipeline that fails on deletions.
	[ "$(jq '[.resource_changes[] | select(.change.actions | index("delete"))] | length == 0' out)" = false ]
	jq -e '[.resource_changes[] | select((.change.actions | index("delete")) and
		.type != "cloudflare_secrets_store")] | length == 0' out
}

@test "a plan: the document" {
	a_life
	good plan -format=json
	[ "$(wc -l <out)" = 1 ]
	jq -e '.format_version == "1.2" and (.terraform_version | type == "string") and
		.applyable and .complete and (.errored | not) and .configuration == {}' out
	jq -e '[.resource_changes[], .resource_drift[]] | all(.[]; .mode == "managed" and
		.type == "cloudflare_secrets_store" and
		.provider_name == "registry.terraform.io/cloudflare/cloudflare" and
		(.address == "default/" + .name) and
		(.change | has("before") and has("after") and has("after_unknown") and
			has("before_sensitive") and has("after_sensitive")))' out
	[ "$(jq -c '.resource_changes[] | select(.name == "new") | .change' out)" = \
		'{"actions":["create"],"before":null,"after":{"account_id":"a85e105f4ecef8ad9ca31a8372d0c353","name":"new"},"after_unknown":{"created":true,"id":true,"modified":true},"before_sensitive":false,"after_sensitive":{}}' ]
	[ "$(jq -c '.resource_changes[] | select(.name == "left") | .change |
		[.before.id, .after, .after_unknown, .before_sensitive, .after_sensitive]' out)" = \
		"[\"$(store_id left)\",null,{},{},false]" ]
	[ "$(jq -r '.planned_values.root_module.resources[].address' out | tr '\n' ' ')" = \
		'default/gone default/kept default/new default/old ' ]
	[ "$(jq -r '.prior_state.values.root_module.resources[].values |
		"\(.name) \(.id)"' out)" = "$(recorded | grep -v '^gone ')" ]
	jq -e '.prior_state.format_version == "1.0"' out
}

@test "a plan: the same each time, and the same when it was saved" {
	a_life
	good plan -format=json
	cp out first
	good plan -format=json
	cmp out first
	good plan -out=saved
	good show -json saved
	cmp out first
	good show -format=json saved
	cmp out first
	good plan -out=saved -target=default/new
	good show -json saved
	jq -e '.complete | not' out
	[ "$(jq -r '.resource_changes[].address' out)" = default/new ]
}

@test "a plan of nothing, and of an account that can't be read" {
	start_logged
	manifest a
	good apply -auto-approve
	good plan -format=json
	jq -e '(.applyable | not) and .complete and .resource_drift == [] and
		[.resource_changes[].change | .actions == ["no-op"] and .before == .after] == [true]' out
	cat >cfprov.yaml <<-'END'
		accounts:
		  default: {account_id: a85e105f4ecef8ad9ca31a8372d0c353}
		  other: {account_id: acc_2}
		stores: [a]
	END
	sim_faults '{"path":"/accounts/acc_2","status":403}'
	prov plan -format=json
	[ "$status" = 1 ]
	jq -e '.errored and (.complete | not) and (.applyable | not)' out
}

@test "order is by address, whatever the manifest's" {
	start_logged
	cat >cfprov.yaml <<-'END'
		accounts:
		  zed: {account_id: a85e105f4ecef8ad9ca31a8372d0c353}
		  Alf: {account_id: acc_2}
		stores: [b, B, a-c, a, a.b]
	END
	stream 0 plan -json
	select_type planned_change .change.resource.addr >streamed
	LC_ALL=C sort -c streamed
	[ "$(wc -l <streamed)" = 10 ]
	good plan -format=json
	jq -r '.resource_changes[].address' out | cmp - streamed
	jq -r '.planned_values.root_module.resources[].address' out | cmp - streamed
}

# ---- the representation of the state --------------------------------------------------------

@test "the state: resources with their ids" {
	start_logged
	good show -json
	[ "$(jq -c .values out)" = '{"root_module":{"resources":[]}}' ]
	manifest b a
	good apply -auto-approve
	good show -json
	err_is ''
	[ "$(wc -l <out)" = 1 ]
	jq -e '.format_version == "1.0"' out
	[ "$(jq -r '.values.root_module.resources[] | "\(.values.name) \(.values.id)"' out)" = \
		"$(recorded)" ]
	jq -e 'all(.values.root_module.resources[]; .mode == "managed" and .schema_version == 0 and
		.type == "cloudflare_secrets_store" and .address == "default/" + .name and
		.provider_name == "registry.terraform.io/cloudflare/cloudflare" and
		.values.account_id == "a85e105f4ecef8ad9ca31a8372d0c353" and .sensitive_values == {} and
		(.values | has("created") and has("modified")))' out
	cp out first
	good show -format=json
	cmp out first
	bad show -format=markdown
	bad show -json absent
}

# ---- what others send, and what others read -------------------------------------------------

@test "hostile names and messages stay what they are, in valid JSON" {
	local odd='n"\\|`<b>@me]]>é'
	jq -n --arg name "$odd"$'\x1b[31m\x7f' \
		'{accounts: [{id: "a85e105f4ecef8ad9ca31a8372d0c353", stores: [{name: $name}]}]}' >seed.json
	start_logged --seed seed.json
	manifest a
	good apply -auto-approve
	# A name that no manifest could give, but that somebody wrote into the state.
	jq --arg name "$odd"$'\x1b\n' '.accounts.a85e105f4ecef8ad9ca31a8372d0c353.stores[$name] = .accounts.a85e105f4ecef8ad9ca31a8372d0c353.stores.a |
		.accounts.a85e105f4ecef8ad9ca31a8372d0c353.stores[$name].id = "0123" | .accounts.a85e105f4ecef8ad9ca31a8372d0c353.stores |= del(.a)' \
		"$state" >changed
	cp changed "$state"
	stream 0 plan -json
	[ "$(jq -s --arg name "$odd"$'\x1b\n' '[.[] | select(.type == "resource_drift") |
		.change.resource.resource_name] == [$name]' out)" = true ]
	harmless <(jq -r '."@message"' out | tr -d '\303\251')
	good show -json
	jq -e --arg name "$odd"$'\x1b\n' '.values.root_module.resources[0].name == $name' out
	sim_faults "$(jq -nc --arg text $'a "b" \\ | `c` ]]> \x1b[2J\n\u202e' \
		'{method: "GET", status: 400, code: 1, message: $text}')"
	stream 1 plan -json
	harmless <(jq -r '."@message"' out | tr -d '\303\251')
}

@test "a path that is not UTF-8 makes no broken JSON" {
	stream 1 plan -json -f $'no\xff.yaml'
	iconv -f UTF-8 -t UTF-8 out >/dev/null
}

@test "a reader who goes away is an error" {
	have head
	start_logged
	manifest_of 2000
	status=0
	(
		trap '' PIPE
		"$cfprov" plan -json 2>err || echo $? >code
	) | head -c 100 >/dev/null
	[ "$(cat code)" = 1 ]
}

@test "a package of others reads our plans: terraform-unidiff, from npm" {
	have node
	need_npm
	a_life
	good plan -format=json -replace=default/kept
	# It refuses what is not of Terraform's schema.
	node "$npm/node_modules/@ahmadnassri/terraform-unidiff/bin.js" out >unidiff
	[ "$(tail -1 unidiff)" = 'Plan: 3 to add, 0 to change, 2 to destroy' ]
	[ "$(sed -n 's/^Index: //p' unidiff | tr '\n' ' ')" = \
		'default/away default/gone default/kept default/left default/new ' ]
}
