#!/usr/bin/env bats
# The state in a bucket, as a user has it: the first apply, a second machine, history, rollback, gc,
# a broken lock, doctor, and moving it there and back. Against R2 as Cloudflare simulates it.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load ../cli/cfprov
load state

setup_file()
{
	start_r2
}

teardown_file()
{
	stop_stores
}

setup()
{
	set_up_cfprov
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/machine
	prefix=$(s3_prefix)
	start_sim
}

teardown()
{
	stop_all
}

# manifest STORE...: cfprov.yaml with these stores, and the state in the bucket
manifest()
{
	local IFS=,
	local names=$*
	cat >cfprov.yaml <<-END
		account_id: $account
		stores: [$names]
		state:
		  backend: s3
		  bucket: $s3_bucket
		  prefix: $prefix
		  endpoint: $s3_url
		  region: auto
	END
}

@test "two machines, and the past" {
	manifest a
	good apply -auto-approve
	[ ! -e "$state" ]
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/other
	good plan
	out_has 'No changes.'
	manifest a b
	good apply -auto-approve
	good state list
	out_is $'default/a\ndefault/b\n'
	good state history
	[ "$(wc -l <out)" = 2 ]
	out_has '     2  20' '(apply)'
	good state history -json
	jq -e '.versions | map(.serial) == [2, 1] and all(.operation == "apply" and .size > 100)' out
	good state pull -serial=1
	jq -e '.serial == 1 and (.accounts[].stores | keys) == ["a"]' out
	bad state pull -serial=7
	err_has 'Run `cfprov state history`'
	# Back to the first: b is then unmanaged.
	status=0
	"$cfprov" state rollback 1 <<<no >out 2>err || status=$?
	told state rollback
	[ "$status" = 1 ]
	out_has 'From serial 2 to the contents of serial 1: 0 objects added to the state, 0 changed, 1 removed from it.'
	err_has 'Do you want to replace the state with the contents of serial 1?' 'Rollback cancelled.'
	good state rollback 1 -auto-approve
	err_has 'The state now has serial 3. Nothing changed in Cloudflare'
	good state list
	out_is $'default/a\n'
	bad state rollback 9 -auto-approve
	bad state rollback x
	err_has 'invalid serial `x`'
	good state rollback 3
	err_has 'The state has serial 3 already.'
	good state rollback 2 -auto-approve
	good plan
	out_has 'No changes.'
	good state history
	[ "$(grep -cE '[0-9]\.[0-9]+Z' out)" = 0 ]
	good state gc -keep=2
	err_has 'Removed '
	good state gc -keep=2
	err_has 'Nothing to remove: there are no more than 2 states.'
	good state history
	[ "$(wc -l <out)" -le 3 ]
	good state gc -keep=1
	good state gc -keep=1
	err_has 'Nothing to remove: only the newest state is kept.'
	good state repair
	err_has 'The newest state has serial 4.'
}

@test "a lock that is left: who holds it, and force-unlock" {
	manifest a
	good apply -auto-approve
	one=11111111-1111-4111-8111-111111111111
	KIND=s3 BUCKET=$s3_bucket ENDPOINT=$s3_url PREFIX=$prefix XDG_STATE_HOME=$BATS_TEST_TMPDIR/dead \
		"$build/tests/tools/backend" lock $one
	manifest a b
	bad apply -auto-approve
	err_has "Error: the state s3://$s3_bucket/$prefix is locked by" "cfprov force-unlock $one"
	prov doctor
	out_has "warn  state: locked by" "Wait until it ends. If it has ended, run \`cfprov force-unlock $one\`."
	bad force-unlock 22222222-2222-4222-8222-222222222222 -force
	err_has 'is locked, but not with this ID' "with the ID $one"
	bad force-unlock 9 </dev/null
	err_has 'is locked, but not with this ID' "with the ID $one"
	err_lacks 'Do you really want to force-unlock?'
	status=0
	"$cfprov" force-unlock $one <<<no >out 2>err || status=$?
	told force-unlock
	[ "$status" = 1 ]
	err_has "is locked by" 'Do you really want to force-unlock?' 'Unlock cancelled.'
	good force-unlock -force $one
	err_has 'is unlocked'
	bad force-unlock -force $one
	err_has 'is not locked'
	good apply -auto-approve
}

@test "an old state that is not signed, once there is a key" {
	manifest a
	good apply -auto-approve
	export CFPROV_KEY='correct horse battery staple, and more'
	good state sign -auto-approve
	manifest a b
	good apply -auto-approve
	bad state rollback 1 -auto-approve
	err_has 'Error: serial 1: the state is not signed' \
		'`cfprov state pull -serial=1 >old.json`' '`cfprov state push -force old.json`'
	err_lacks 'state sign'
	good state pull -serial=1
	err_has 'Warning: serial 1: the state is not signed'
	cp out old.json
	good state push -force old.json
	good state list
	out_is $'default/a\n'
	# With the key replaced, the one before opens what it has written.
	export CFPROV_OLD_KEY=$CFPROV_KEY CFPROV_KEY='another horse battery staple, and more'
	good state rollback 2 -auto-approve
}

@test "doctor" {
	manifest a
	good doctor
	out_has "s3://$s3_bucket/$prefix does not exist yet" 'not locked' \
		'the object store can be reached and honours conditions'
	good apply -auto-approve
	good doctor -json
	jq -e '[.findings[] | select(.what == "backend" and .severity == "ok")] | length == 1' out
	AWS_SECRET_ACCESS_KEY=wrong prov doctor
	[ "$status" = 1 ]
	out_has "fail  state: s3://$s3_bucket/$prefix: the secret access key"
	[ "$(grep -c 'the secret access key' out)" = 1 ]
	err_has '1 problem,'
	AWS_ACCESS_KEY_ID=ROTEST AWS_SECRET_ACCESS_KEY=ROTESTsecret prov doctor
	out_has "s3://$s3_bucket/$prefix has serial 1"
}

@test "one state for each account" {
	cat >cfprov.yaml <<-END
		accounts:
		  one: {account_id: $account}
		  two: {account_id: b85e105f4ecef8ad9ca31a8372d0c353}
		stores: [a]
		state:
		  backend: s3
		  bucket: $s3_bucket
		  prefix: $prefix/\${ACCOUNT_ID}
		  endpoint: $s3_url
		  region: auto
	END
	bad state history
	err_has 'each account has a state of its own, and this command needs one of them' \
		'Pass -account=ALIAS. Accounts: one and two.'
	good apply -auto-approve -account=one
	good state history -account=one
	[ "$(wc -l <out)" = 1 ]
	bad state history -account=two
	err_has "$prefix/b85e105f4ecef8ad9ca31a8372d0c353 has no state yet"
	good apply -auto-approve
	# An ID says whose lock it is.
	id=11111111-1111-4111-8111-11111111111
	for i in 1 2; do
		last=$account
		((i == 1)) || last=b85e105f4ecef8ad9ca31a8372d0c353
		KIND=s3 BUCKET=$s3_bucket ENDPOINT=$s3_url PREFIX=$prefix/$last \
			XDG_STATE_HOME=$BATS_TEST_TMPDIR/dead "$build/tests/tools/backend" lock $id$i
	done
	good doctor
	out_has "one is locked by" "run \`cfprov force-unlock ${id}1\`" \
		"two is locked by" "run \`cfprov force-unlock ${id}2\`"
	bad force-unlock -force ${id}9
	err_has "the state of none of the 2 accounts is locked with this ID" "cfprov doctor"
	good force-unlock -force ${id}2
	err_has "$prefix/b85e105f4ecef8ad9ca31a8372d0c353 is unlocked"
	bad apply -auto-approve
	err_has "cfprov force-unlock ${id}1"
	good force-unlock -force ${id}1 -account=one
	good apply -auto-approve
	good doctor -account=one
	out_has "not locked"
}

@test "with a key, to a file and back into the bucket, whose log goes on" {
	export CFPROV_KEY=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
	manifest a
	good apply -auto-approve
	cp cfprov.yaml old.yaml
	printf 'account_id: %s\nstores: [a]\n' "$account" >cfprov.yaml
	good state migrate -auto-approve -from=old.yaml
	for stores in 'a, b' 'a, b, c' 'a, b, c, d'; do
		sed -i "s/^stores:.*/stores: [$stores]/" cfprov.yaml
		good apply -auto-approve
	done
	[ "$(serial)" = 5 ]
	cp cfprov.yaml local.yaml
	manifest a b c d
	bad plan
	err_has "was moved to $state"
	good state migrate -auto-approve
	err_has 'with serial 3.'
	good plan
	out_has 'No changes.'
	good apply -auto-approve
	bad plan -f local.yaml
	err_has "was moved to s3://$s3_bucket/$prefix"
}

@test "encrypted later: gc leaves nothing in clear" {
	manifest quite-private
	good apply -auto-approve
	s3 GET "$prefix/log/0000000001" | grep -q quite-private
	export CFPROV_KEY=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
	echo '  encrypt: true' >>cfprov.yaml
	good state sign -auto-approve
	err_has "The state s3://$s3_bucket/$prefix was written again with the key." \
		'Older states there are not encrypted: `cfprov state gc -keep=1` removes them.'
	good state gc -keep=1
	err_has 'Removed 1 old state.'
	s3 GET "$prefix/log/0000000001" >first
	[ "$http" = 200 ]
	grep -q removed first
	! grep -q quite-private first || return 1
	s3 GET "$prefix/log/0000000002" >second
	grep -q sealed second
	! grep -q quite-private second || return 1
	good plan
	out_has 'No changes.'
	good state gc -keep=1
	err_has 'Nothing to remove: '
	# Without the hint, the newest state is found over the mark.
	s3 DELETE "$prefix/latest"
	bad plan
	good state repair
	err_has 'The newest state has serial 2.'
	good plan
}

@test "the newest state is damaged: an older one is shown, and can be made the newest" {
	manifest a
	good apply -auto-approve
	manifest a b
	good apply -auto-approve
	s3 GET "$prefix/log/0000000002" | sed 2,99y/b/c/ >damaged
	s3 PUT "$prefix/log/0000000002" --data-binary @damaged
	[ "$http" = 200 ]
	bad plan
	err_has "Error: s3://$s3_bucket/$prefix/log/0000000002 is damaged" \
		'delete it and run `cfprov state repair -serial=1`'
	bad state pull
	bad state pull -serial=2
	good state pull -serial=1
	jq -e '.serial == 1 and (.accounts[].stores | keys) == ["a"]' out
	err_has "Warning: s3://$s3_bucket/$prefix/log/0000000002 is damaged"
	# What keeps it from reading any state is said once.
	AWS_SECRET_ACCESS_KEY=wrong bad state pull -serial=1
	[ "$(grep -c 'the secret access key' err)" = 1 ]
	# As the hint says:
	good state history
	s3 DELETE "$prefix/log/0000000002"
	good state repair -serial=1
	good apply -auto-approve -adopt
	good plan
	out_has 'No changes.'
}

@test "killed before the state has arrived in the bucket: nothing but a migration goes on there" {
	printf 'account_id: %s\nstores: [a]\n' "$account" >cfprov.yaml
	good apply -auto-approve
	cp "$state" before.json
	# The first hint, as `latest` is until the lock is released.
	KIND=s3 BUCKET=$s3_bucket ENDPOINT=$s3_url PREFIX=$prefix "$build/tests/tools/backend" check
	s3 GET "$prefix/latest" >latest
	manifest a
	good state migrate -auto-approve
	cp before.json "$state"
	s3 PUT "$prefix/latest" --data-binary @latest
	[ "$http" = 200 ]
	s3 DELETE "$prefix/log/0000000002"
	s3 DELETE "$prefix/lock/0000000001"
	s3 DELETE "$prefix/lock/0000000001.done"
	s3 GET "$prefix/log/0000000001" | grep -q start
	manifest a b
	for command in plan 'apply -auto-approve' 'state list'; do
		# shellcheck disable=SC2086 # words
		bad $command
		err_has "Error: a move of a state to s3://$s3_bucket/$prefix was interrupted" \
			'Run `cfprov state migrate` again'
	done
	live "$account" >live.txt
	[ "$(wc -l <live.txt)" = 1 ]
	# The old place is still valid, and may have gone on.
	printf 'account_id: %s\nstores: [a, c]\n' "$account" >cfprov.yaml
	good apply -auto-approve
	manifest a c
	good state migrate -auto-approve
	err_has "The state is now at s3://$s3_bucket/$prefix, with serial 3."
	good plan
	out_has 'No changes.'
}

@test "from a file to the bucket, and back" {
	printf 'account_id: %s\nstores: [a]\n' "$account" >cfprov.yaml
	good apply -auto-approve
	manifest a
	good state migrate -auto-approve
	err_has "The state is now at s3://$s3_bucket/$prefix, with serial 2."
	good plan
	out_has 'No changes.'
	cp cfprov.yaml old.yaml
	printf 'account_id: %s\nstores: [a]\n' "$account" >cfprov.yaml
	good state migrate -auto-approve -from=old.yaml
	good plan
	out_has 'No changes.'
	bad plan -f old.yaml
	err_has "the state s3://$s3_bucket/$prefix was moved to $state"
	# The bucket has kept what it was before.
	good state rollback 2 -auto-approve -f old.yaml
	good state list -f old.yaml
}

@test "from a bucket to an encrypted file: the bucket has kept states in clear" {
	manifest quite-private
	good apply -auto-approve
	mv cfprov.yaml old.yaml
	echo 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef >key
	printf 'account_id: %s\nstores: [quite-private]\nstate: {key: {file: key}, encrypt: true}\n' \
		"$account" >cfprov.yaml
	good state migrate -auto-approve -from=old.yaml
	err_has "Warning: the states that s3://$s3_bucket/$prefix has kept are not encrypted" \
		'`cfprov state gc -keep=1`'
	s3 GET "$prefix/log/0000000001" | grep -q quite-private
	good state gc -keep=1 -f old.yaml
	for serial in 1 2; do
		s3 GET "$prefix/log/000000000$serial" >object
		[ "$http" = 200 ]
		! grep -q quite-private object || return 1
	done
}
