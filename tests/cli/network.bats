#!/usr/bin/env bats
# Where requests go: redirects, base URLs, TLS, servers that are not there.
# both builds: system calls

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

# ---- elsewhere ------------------------------------------------------------------------------

@test "redirects are not followed, and the token goes nowhere else" {
	start_logged
	start_other
	manifest_of 1
	local code method
	for code in 301 302 303 307 308; do
		for method in GET POST; do
			control DELETE faults
			sim_faults "{\"method\":\"$method\",\"kind\":\"redirect\",\"status\":$code,
				\"location\":\"$other_url/accounts/acc_1/secrets_store/stores\"}"
			bad apply -auto-approve
			err_has "HTTP $code" redirect
		done
	done
	local location
	for location in file:///etc/passwd //127.0.0.1:1/ http://127.0.0.1:1/ "$other_root" junk; do
		control DELETE faults
		sim_faults "{\"kind\":\"redirect\",\"status\":302,\"location\":\"$location\"}"
		bad plan
		err_has 'HTTP 302'
	done
	[ ! -s "$other_log" ]
	[ "$(live | wc -l)" = 0 ]
	tidy
}

@test "plain http to another machine is refused before anything is sent" {
	manifest_of 1
	export CLOUDFLARE_API_TOKEN=some-token
	local url
	for url in http://192.0.2.1/client/v4 http://api.cloudflare.com/client/v4 \
		http://127.0.0.1.example.com/x http://127.example.com http://localhost.example.com \
		http://127.0.0.1.2.3 http://127.0.0.0.0.1:8080/x \
		HTTP://192.0.2.1/ http://10.0.0.1 'http://[2001:db8::1]/' http://0.0.0.0; do
		# LeakSanitizer can't work under strace.
		ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 CLOUDFLARE_BASE_URL=$url strace -f -qq -e trace=socket,connect,sendto -o calls \
			"$cfprov" plan >out 2>err && status=0 || status=$?
		told plan
		failed_well
		err_has 'plain http'
		# Of a program that is not dumpable only root sees the address, all see the socket.
		run ! grep -q 'AF_INET' calls
	done
}

@test "base URLs that can't be" {
	start_logged
	manifest_of 1
	local url
	for url in "http://user:hush@${sim_url#http://}" "http://user@${sim_url#http://}" \
		"https://:hush@${sim_url#http://}" "${sim_url#http://}" 127.0.0.1 file:///etc/passwd \
		ftp://127.0.0.1/ 'http://' 'http:' '://x' 'javascript:x' "http://127.0.0.1:99999/" \
		"http://127.0.0.1 /x" $'http://127.0.0.1/\r\nX: y' "http://[::1/"; do
		CLOUDFLARE_BASE_URL=$url bad plan
		err_has 'base URL'
		err_lacks hush
		harmless err
	done
	[ "$(requests)" = 0 ]
	# A slash at the end does no harm.
	CLOUDFLARE_BASE_URL=$sim_url// good plan
	[ "$(sim_stats .unrouted)" = 0 ]
}

@test "trust 11: one variable sets the base URL, and the former one is told" {
	start_logged
	start_other
	manifest_of 1
	export CLOUDFLARE_API_BASE_URL=$other_url
	good plan
	[ "$(requests)" -gt 0 ]
	[ ! -s "$other_log" ]
	unset CLOUDFLARE_BASE_URL
	prov validate
	err_has 'unknown environment variable CLOUDFLARE_API_BASE_URL; did you mean CLOUDFLARE_BASE_URL?'
}

@test "nobody listens: an error, soon, that says so" {
	start_logged
	stop_sim
	manifest_of 1
	bad apply -auto-approve
	err_has 'account `default`' 'CLOUDFLARE_BASE_URL'
	[ "$(grep -c Error: err)" = 1 ]
	tidy
}

@test "no such host: said once, and not tried again" {
	manifest_of 1
	# What ends in .invalid never exists (RFC 6761).
	export CLOUDFLARE_API_TOKEN=some-token CLOUDFLARE_BASE_URL=https://cfprov.invalid/client/v4
	bad apply -auto-approve
	err_has 'account `default`' 'resolve host' cfprov.invalid CLOUDFLARE_BASE_URL
	err_lacks 'retrying in'
	[ "$(grep -c Error: err)" = 1 ]
	[ ! -e "$state" ]
	tidy
}

# black_hole: an address that lets every further connection wait; its port comes in the file port.
black_hole()
{
	later python3 -c '
import socket, time
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(0)
waiting = [socket.socket() for _ in range(4)]
for one in waiting:
	one.setblocking(False)
	one.connect_ex(listener.getsockname())
print(listener.getsockname()[1], file=open("port", "w"), flush=True)
time.sleep(600)'
	wait_until test -s port
}

@test "packets that disappear: given up, and nothing is done" {
	have python3
	black_hole
	manifest_of 1
	export CLOUDFLARE_API_TOKEN=some-token CFPROV_REQUEST_TIMEOUT=1
	CLOUDFLARE_BASE_URL=http://127.0.0.1:$(<port) bad apply -auto-approve
	err_has 'account `default`' 'timed out' 'retrying in' CLOUDFLARE_BASE_URL
	[ "$(grep -c Error: err)" = 1 ]
	[ ! -e "$state" ]
	tidy
}

@test "the server goes away midway: what was made is in the state" {
	start_logged --latency 100
	manifest_of 100
	later "$cfprov" apply -auto-approve -parallelism=4
	some_made() { (($(posts) >= 12)); }
	wait_until some_made
	local made
	kill -KILL "$sim_pid"
	wait "$sim_pid" || true
	sim_pid=
	wait_later
	[ "$status" = 1 ]
	made=$(grep -c ': created (id ' later.err)
	((made >= 1))
	# Unresolved ones are known to be that.
	[ "$(jq '[.accounts.acc_1.stores[] | select(.id)] | length' "$state")" = "$made" ]
	[ "$(mode_of "$state")" = 600 ]
	# Each id in the state is one that was shown.
	local id
	for id in $(recorded | cut -d' ' -f2 | grep -v null); do
		grep -qF "(id $id)" later.err
	done
}

# ---- TLS ------------------------------------------------------------------------------------

# certificate DAYS SUBJECT-ALT-NAME: cert.pem and key.pem, signed by itself.
certificate()
{
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=test \
		-days "$1" -addext "subjectAltName=$2" 2>/dev/null
}

@test "a self-signed certificate is refused, and taken with SSL_CERT_FILE" {
	have openssl
	certificate 1 IP:127.0.0.1
	start_logged --tls-cert cert.pem --tls-key key.pem
	sim_ca=cert.pem
	manifest_of 3
	bad plan
	err_has certificate SSL_CERT_FILE
	err_lacks 'retrying in'
	[ "$(grep -c Error: err)" = 1 ]
	[ "$(requests)" = 0 ]
	SSL_CERT_FILE=$PWD/cert.pem good apply -auto-approve
	agree 3
	# A file that is not there, and one that holds no certificate.
	local file
	for file in nowhere.pem key.pem; do
		SSL_CERT_FILE=$PWD/$file bad plan
		err_has "$file" SSL_CERT_FILE
		err_lacks 'retrying in'
	done
}

# looked_up NAME: the paths beneath /etc/ssl/certs that cfprov asks the system for, in NAME.
looked_up()
{
	# LeakSanitizer can't work under strace.
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 strace -f -qq -e trace=%file -o calls \
		"$cfprov" plan >out 2>err && status=0 || status=$?
	told plan
	grep -o '"[^"]*/ssl/certs[^"]*"' calls >"$1" || true
}

@test "fault B9: SSL_CERT_FILE and SSL_CERT_DIR are in place of the system's certificates" {
	have openssl strace
	certificate 1 IP:127.0.0.1
	start_logged --tls-cert cert.pem --tls-key key.pem
	sim_ca=cert.pem
	manifest_of 2
	mkdir trusted other
	cp cert.pem trusted/
	openssl rehash trusted
	# Without them, the system's are asked.
	looked_up system
	[ "$status" = 1 ]
	[ -s system ]
	SSL_CERT_FILE=$PWD/cert.pem looked_up file
	[ "$status" = 0 ]
	[ ! -s file ]
	SSL_CERT_DIR=$PWD/trusted looked_up dir
	[ "$status" = 0 ]
	[ ! -s dir ]
	SSL_CERT_DIR=$PWD/other SSL_CERT_FILE=$PWD/cert.pem looked_up both
	[ "$status" = 0 ]
	[ ! -s both ]
	SSL_CERT_DIR=$PWD/other bad plan
	err_has certificate SSL_CERT_DIR
	err_lacks 'retrying in'
	SSL_CERT_DIR=$PWD/nowhere bad plan
	err_has certificate SSL_CERT_DIR
	# Nor is one of another trusted file enough.
	mv cert.pem mine.pem
	certificate 1 IP:127.0.0.2
	SSL_CERT_FILE=$PWD/cert.pem looked_up file
	[ "$status" = 1 ]
	[ ! -s file ]
}

@test "a certificate for another host is refused" {
	have openssl
	certificate 1 DNS:example.com
	start_logged --tls-cert cert.pem --tls-key key.pem
	sim_ca=cert.pem
	manifest_of 1
	SSL_CERT_FILE=$PWD/cert.pem bad plan
	err_has 127.0.0.1 SSL_CERT_FILE
	err_lacks 'retrying in'
	[ "$(requests)" = 0 ]
}

@test "an expired certificate is refused" {
	have openssl
	openssl req -newkey rsa:2048 -nodes -keyout key.pem -out request.pem -subj /CN=test \
		-addext subjectAltName=IP:127.0.0.1 2>/dev/null
	openssl x509 -req -in request.pem -signkey key.pem -days -1 -copy_extensions copy -out cert.pem \
		2>/dev/null
	start_logged --tls-cert cert.pem --tls-key key.pem
	manifest_of 1
	SSL_CERT_FILE=$PWD/cert.pem bad apply -auto-approve
	err_has 'certificate has expired'
	err_lacks 'retrying in'
	[ "$(requests)" = 0 ]
	tidy
}

# listen_and_close: takes connections and closes them at once; the port comes in the file port.
listen_and_close()
{
	later python3 -c '
import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], file=open("port", "w"), flush=True)
while True:
	connection = listener.accept()[0]
	connection.recv(9)
	connection.close()'
	port_said() { [[ -s port ]]; }
	wait_until port_said
}

@test "a handshake that is cut off is tried again" {
	have python3
	listen_and_close
	manifest_of 1
	CFPROV_LOG=debug CFPROV_LOG_PATH=log \
		CLOUDFLARE_API_TOKEN=some-token CLOUDFLARE_BASE_URL=https://127.0.0.1:$(<port) bad plan
	[ "$(grep -c 'retrying in' err)" = 1 ] # one reason, one line
	[ "$(grep -c ' retrying: ' log)" = 3 ]
}

@test "https where http is spoken, and http where https is spoken" {
	have openssl
	start_logged
	manifest_of 1
	CLOUDFLARE_BASE_URL=${sim_url/http:/https:} bad plan
	err_has 'TLS handshake failed' CLOUDFLARE_BASE_URL
	stop_sim
	certificate 1 IP:127.0.0.1
	start_logged --tls-cert cert.pem --tls-key key.pem
	sim_ca=cert.pem
	CLOUDFLARE_BASE_URL=${sim_url/https:/http:} bad plan
	[ "$(requests)" = 0 ]
}

# An OpenSSL that still speaks old TLS, whatever the machine's own settings say.
old_tls()
{
	cat >openssl.cnf <<-end
		openssl_conf = a
		[a]
		ssl_conf = b
		[b]
		system_default = c
		[c]
		MinProtocol = TLSv1
		CipherString = ALL:@SECLEVEL=0
	end
	export OPENSSL_CONF=$PWD/openssl.cnf
}

@test "TLS 1.0 and 1.1 are refused" {
	have openssl
	certificate 1 IP:127.0.0.1
	old_tls
	export SSL_CERT_FILE=$PWD/cert.pem CLOUDFLARE_API_TOKEN=some-token
	manifest_of 1
	local version port
	for version in tls1 tls1_1 tls1_2; do
		# It picks a free port itself and says which.
		rm -f later.out
		later openssl s_server -accept 0 "-$version" -cert cert.pem -key key.pem -www
		port_said() { grep -qs '^ACCEPT .*:[0-9]' later.out; }
		wait_until port_said
		port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' later.out)
		# That server does speak this version, to whom it may concern.
		# shellcheck disable=SC2094 # it is a subcommand, not the file
		openssl s_client -connect "127.0.0.1:$port" "-$version" </dev/null >s_client 2>&1 ||
			skip "this OpenSSL does not speak $version any more"
		CLOUDFLARE_BASE_URL=https://127.0.0.1:$port bad plan
		case $version in
		tls1_2) err_has 'HTTP 200' ;;
		*)
			err_lacks HTTP 'retrying in'
			err_has 'TLS handshake failed'
			;;
		esac
		kill -TERM "$later_pid"
		wait_later
	done
}

@test "fault C7: where no API answers, the base URL is doubted" {
	start_logged
	manifest_of 1
	local path
	for path in nope client client/v4/client/v4 ''; do
		CLOUDFLARE_BASE_URL=$sim_root/$path bad plan
		err_has 'Check CLOUDFLARE_BASE_URL, if it is set' "Cloudflare's ends with /client/v4."
	done
	# A 404 of the API itself has another cause.
	sim_faults '{"method":"GET","status":404,"code":1003,"message":"store_not_found"}'
	bad plan
	err_lacks CLOUDFLARE_BASE_URL
}
