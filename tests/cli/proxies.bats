#!/usr/bin/env bats
# Proxies: HTTPS_PROXY, ALL_PROXY, NO_PROXY. Their failures name them, and never their password.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	have python3
	export CLOUDFLARE_API_TOKEN=some-token
	# A name that no resolver knows: what arrives came through the proxy.
	export CLOUDFLARE_BASE_URL=https://api.cloudflare.invalid/client/v4
	manifest_of 2
}

teardown()
{
	stop_all
}

# start_proxy STATUS|PORT: a proxy, $proxy is its HOST:PORT; the file connects has its log.
start_proxy()
{
	rm -f proxy.port
	: >connects
	later "$top/tests/cli/proxy.py" proxy.port connects "$1"
	port_said() { [[ -s proxy.port ]]; }
	wait_until port_said
	proxy=127.0.0.1:$(<proxy.port)
}

stop_proxy()
{
	kill -KILL "$later_pid"
	wait "$later_pid" || true
	later_pid=
}

# names_nothing: the user and the password of the proxy are in no file here.
names_nothing()
{
	! grep -rlE 'hush|somebody' . >&2
}

@test "fault B7: requests go through the proxy of the environment" {
	have openssl
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=test \
		-days 1 -addext subjectAltName=DNS:api.cloudflare.invalid 2>/dev/null
	start_logged --tls-cert cert.pem --tls-key key.pem
	sim_ca=
	export SSL_CERT_FILE=$PWD/cert.pem CLOUDFLARE_BASE_URL=https://api.cloudflare.invalid/client/v4
	start_proxy "${sim_root##*:}"
	local name
	for name in https_proxy HTTPS_PROXY all_proxy ALL_PROXY; do
		: >connects
		prov_proxy "$name=http://some%62ody:hu%73h@$proxy" good apply -auto-approve
		grep -qx "api.cloudflare.invalid:443 Basic $(printf somebody:hush | base64)" connects
	done
	# An excluded host is reached without it, and not found.
	: >connects
	prov_proxy HTTPS_PROXY="$proxy" NO_PROXY=.cloudflare.invalid bad plan
	[ ! -s connects ]
	err_lacks "$proxy"
	# A certificate that is not trusted is not the proxy's failure.
	unset SSL_CERT_FILE
	prov_proxy HTTPS_PROXY="$proxy" bad plan
	err_has SSL_CERT_FILE
}

# prov_proxy VARIABLE=VALUE... COMMAND...: with these variables.
prov_proxy()
{
	local settings=()
	while [[ $1 == *=* ]]; do
		settings+=("$1")
		shift
	done
	local -x "${settings[@]}"
	"$@"
}

@test "fault B7: what a proxy refuses is not tried again, and said with its name" {
	start_proxy 407
	HTTPS_PROXY=$proxy bad apply -auto-approve
	err_has "proxy $proxy: it requires a user and password (HTTP 407)" \
		"Set HTTPS_PROXY to a URL such as http://USER:PASSWORD@$proxy."
	err_lacks 'retrying in'
	[ "$(wc -l <connects)" = 1 ]
	all_proxy=http://somebody:hush@$proxy bad plan
	err_has "proxy $proxy: the user and password were not accepted (HTTP 407)" \
		'Check the user and password in all_proxy.'
	[ "$(wc -l <connects)" = 2 ]
	stop_proxy
	local status_wanted
	for status_wanted in 403 405; do
		start_proxy "$status_wanted"
		HTTPS_PROXY=http://somebody:hush@$proxy bad plan
		err_has "proxy $proxy: it " "(HTTP $status_wanted)" HTTPS_PROXY
		err_lacks 'retrying in'
		[ "$(wc -l <connects)" = 1 ]
		stop_proxy
	done
	# 502 may pass.
	start_proxy 502
	HTTPS_PROXY=http://somebody:hush@$proxy bad plan
	err_has "proxy $proxy: it could not connect to the host (HTTP 502)" 'retrying in'
	[ "$(wc -l <connects)" = 4 ]
	rm connects
	names_nothing
	tidy
}

@test "fault B8: a proxy's password is shown nowhere" {
	start_proxy 407
	stop_proxy # nobody listens there now
	local value command
	export CFPROV_LOG=trace
	for value in http://somebody:hush@127.0.0.1:99999 somebody:hush@127.0.0.1:99999 \
		ftp://somebody:hush@127.0.0.1:1 http://somebody:hu/sh@127.0.0.1:1 \
		http://somebody:hu@hush@127.0.0.1:1 "http://somebody:hu sh@$proxy" \
		"http://somebody:hush@$proxy" "somebody:hush@$proxy" "socks5h://somebody:hush@$proxy" \
		"https://somebody:hush@$proxy" http://somebody:hush@proxy.invalid:8080; do
		export HTTPS_PROXY=$value
		for command in 'plan' 'plan -format=json' 'apply -json -auto-approve' doctor \
			'doctor -json' 'apply -auto-approve'; do
			# shellcheck disable=SC2086 # words
			CFPROV_LOG_PATH=log prov $command
			((status == 1))
			run ! grep -E 'hush|hu/?sh|hu sh|somebody' out err log
		done
		[[ $value != *99999* && $value != ftp* ]] ||
			err_has 'Error: HTTPS_PROXY is not a valid proxy URL'
		[[ $value != *"$proxy" ]] || err_has "proxy $proxy"
	done
	# Where some hosts are excluded, the error says more only if the proxy was used.
	NO_PROXY=nowhere HTTPS_PROXY=http://somebody:hush@$proxy bad plan
	err_has "proxy $proxy: "
	names_nothing
}

@test "a proxy that does not answer is named, also where other hosts are excluded" {
	start_proxy silent
	export CFPROV_REQUEST_TIMEOUT=1 HTTPS_PROXY=http://somebody:hush@$proxy
	NO_PROXY=example.com,.internal bad plan
	err_has "proxy $proxy: " HTTPS_PROXY
	bad plan
	err_has "proxy $proxy: "
	rm connects
	names_nothing
}
