#!/usr/bin/env bats
# What is given to others: the source tarball, the Debian packages, the release and its signature.

# shellcheck disable=SC2094,SC2154,SC2030,SC2031
bats_require_minimum_version 1.5.0
load ../cli/helper

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	version=$(sed -n 's/^VERSION = //p' "$top/Makefile")
	unset MAKEFLAGS MAKELEVEL SSL_CERT_FILE SSL_CERT_DIR
}

# have PROGRAM...: skips, and says so, where one is missing.
have()
{
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null || skip "$program is not installed (sh tests/setup.sh package)"
	done
}

# static_out: the folder of the static programs; building their libraries takes minutes.
static_out()
{
	static=$build/static
	[ -x "$static/out/cfprov" ] || skip "there are no static programs (make static)"
}

# debs: the packages are built once for all tests.
debs()
{
	have dpkg-buildpackage dh fakeroot git
	debs=$BATS_FILE_TMPDIR/made/deb
	[ -e "$debs" ] || make -s -C "$top" BUILD="$BATS_FILE_TMPDIR/made" deb
}

@test "the version is in the Makefile only" {
	[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-dev)?$ ]]
	"$cfprov" version | grep -qx "cfprov $version"
	# What changed since the last release is not that release.
	newest=$(sed -n 's/^## \([0-9.]*\)$/\1/p' "$top/.github/CHANGELOG.md" | head -n 1)
	if grep -qx '## Unreleased' "$top/.github/CHANGELOG.md"; then
		[[ $version == *-dev && ${version%-dev} != "$newest" ]]
		printf '%s\n' "$newest" "${version%-dev}" | sort -VC
	else
		[[ ${version%-dev} != "$version" || $version == "$newest" ]]
	fi
	cd "$top"
	run ! grep -rnF "$version" .packaging .github/workflows examples/ci
}

@test "make dist: the same bytes for everybody, and they build alone" {
	have git make gcc
	make -s -C "$top" BUILD="$PWD/one" dist
	(
		umask 077
		export TZ=Asia/Tokyo LC_ALL=C HOME=$PWD
		git config --global tar.umask 0077
		git config --global --add safe.directory "$top"
		make -s -C "$top" BUILD="$PWD/two" dist
	)
	cmp "one/cfprov-$version.tar.gz" "two/cfprov-$version.tar.gz"
	# All that git has is in it.
	tar -tzf "one/cfprov-$version.tar.gz" | sed -n "s|^cfprov-$version/||p" | grep -vE '/$|^$|^\.commit$' | sort >in
	git -C "$top" ls-tree -r --name-only HEAD | sort | diff - in
	# Inside of another repository it does not take that one's commit.
	git init -q .
	tar -xzf "one/cfprov-$version.tar.gz"
	make -s -j2 -C "cfprov-$version" CFLAGS=-O0 all
	"cfprov-$version/build/cfprov" version >version
	grep -qx "commit     $(git -C "$top" rev-parse --short=12 HEAD)" version
	grep -qx "built      $(TZ=UTC0 git -C "$top" log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd)" version
}

@test "make deb: lintian finds no errors" {
	debs
	have lintian
	# Its warning is about the changelog, which closes no bug of Debian's.
	lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$debs"/*.changes
	packaged=$(dpkg-deb -f "$debs"/cfprov_*.deb Version)
	[ "$packaged" = "$(echo "$version" | tr - '~')-1" ]
	# The release replaces what came before it.
	[[ $version != *-dev ]] || dpkg --compare-versions "$packaged" lt "${version%-dev}-1"
	# The libraries are the system's, and are named.
	for name in libcurl4 libyaml-0-2 libcjson1 libsodium23; do
		dpkg-deb -f "$debs"/cfprov_*.deb Depends | grep -qw "$name"
	done
}

@test "make deb: installed, run and removed in an empty Debian" {
	debs
	have debootstrap unshare chroot
	[ "$(id -u)" = 0 ] || skip "only root may make a Debian"
	grep -q '^ID=debian' /etc/os-release || skip "this is not Debian"
	# The empty Debian is kept for the next time.
	sh "$top/tests/package/install.sh" "$debs" "$build/tests/debian" >said || {
		cat said >&2
		return 1
	}
	grep -qx "cfprov $version" said
	grep -qx -- '- removed, with nothing left' said
}

@test "make static: hardened, and needs nothing of the system" {
	static_out
	local program
	for program in "$static"/out/cfprov "$static"/out/cfsim; do
		readelf -hW "$program" | grep -q 'Type: *DYN'
		readelf -lW "$program" >segments
		run ! grep -E 'INTERP|RWE' segments
		grep -q GNU_RELRO segments
		readelf -dW "$program" >dynamic
		run ! grep -E 'NEEDED|TEXTREL|RPATH' dynamic
		grep -qE 'FLAGS_1.* PIE' dynamic
	done
}

@test "make static: runs in an empty folder, and trusts the certificates of each kind of system" {
	static_out
	have openssl chroot node
	[ "$(id -u)" = 0 ] || skip "only root may chroot"
	mkdir -p empty/tmp
	cp "$static/out/cfprov" "$static/out/cfsim" empty
	chroot empty /cfprov version | grep -qx "cfprov $version"
	# A server of TLS; cfsim of this build, because the static one has none.
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
		-addext subjectAltName=IP:127.0.0.1 -keyout key -out cert 2>/dev/null
	start_sim --tls-cert="$PWD/cert" --tls-key="$PWD/key"
	printf 'account_id: 985e105f4ecef8ad9ca31a8372d0c353\nstores: [{name: payments}]\n' >empty/cfprov.yaml
	run -1 chroot empty /cfprov plan
	[[ $output == *certificate* ]]
	local path
	for path in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem \
		/etc/pki/tls/cacert.pem /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem /etc/ssl/cert.pem; do
		install -D -m 644 cert "empty$path"
		run -0 chroot empty /cfprov plan
		[[ $output == *'Plan: 1 to add'* ]]
		rm "empty$path"
	done
	stop_sim
}

@test "make static: a plan and an apply against its own simulator, with HTTP/2's library and names" {
	static_out
	cfsim=$static/out/cfsim start_sim
	printf 'account_id: 985e105f4ecef8ad9ca31a8372d0c353\nstores: [{name: payments}]\n' >cfprov.yaml
	# A name, which needs the resolver: localhost.
	CLOUDFLARE_BASE_URL=${CLOUDFLARE_BASE_URL/127.0.0.1/localhost}
	"$static/out/cfprov" apply -auto-approve | grep -q 'Resources: 1 added'
	"$static/out/cfprov" plan -detailed-exitcode
	stop_sim
}

@test "make static: its SBOM names what is linked in" {
	static_out
	have jq python3 readelf
	python3 "$top/cmd/cfprov/sbom.py" "$static/out/cfprov" "$version" 1700000000 "$static/sources" >bom
	[ "$(jq -r '[.components[].name] | join(" ")' bom)" = 'cjson curl libsodium libyaml musl nghttp2 openssl uthash' ]
	"$static/out/cfprov" version >said
	for name in curl openssl libsodium libyaml; do
		grep -qF "$(jq -r --arg n $name '.components[] | select(.name == $n).version' bom)" said
	done
	# Neither kind passes for the other.
	run ! python3 "$top/cmd/cfprov/sbom.py" "$static/out/cfprov" "$version"
	run ! python3 "$top/cmd/cfprov/sbom.py" "$cfprov" "$version" 1700000000 "$static/sources"
}

@test "make release signs the checksums, of what several machines made" {
	have minisign
	mkdir -p made/release
	for file in a.tar.gz b.cdx.json c.deb; do
		echo "$file" >"made/release/$file"
	done
	minisign -G -W -p public -s secret >/dev/null
	MINISIGN_KEY=$PWD/secret SIGN_ONLY=1 make -s -C "$top" BUILD="$PWD/made" release
	(cd made/release && sha256sum -c --strict SHA256SUMS)
	minisign -V -p public -m made/release/SHA256SUMS | grep -q "cfprov $version"
	echo >>made/release/SHA256SUMS
	run ! minisign -V -p public -m made/release/SHA256SUMS
	# Without a key it says that nothing is signed.
	run -0 env SIGN_ONLY=1 make -s -C "$top" BUILD="$PWD/made" release
	[[ $output == *'not signed'* ]]
	[ ! -e made/release/SHA256SUMS.minisig ]
}

@test "release.yml: actions are pinned by commit, and actionlint has nothing to say" {
	local file=$top/.github/workflows/release.yml
	run -0 grep uses: "$file"
	run ! grep -vE 'uses: [a-z-]+/[a-z-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$' <<<"$output"
	have actionlint
	actionlint "$file"
}

# No registry of images is needed for this: what the file copies is put in place by hand.
@test "Containerfile: what it copies exists, and its user can work with it" {
	have chroot
	local release=$build/release file=$top/examples/ci/Containerfile source target
	[ -e "$release/SHA256SUMS" ] || skip "there is no release (make release)"
	[ "$(id -u)" = 0 ] || skip "only root may chroot"
	local tarball
	tarball=$(cd "$release" && ls cfprov-*-linux-*.tar.gz)
	(cd "$release" && sha256sum -c --strict --ignore-missing SHA256SUMS)
	mkdir -p files/release files/work image
	tar -xzf "$release/$tarball" -C files/release --strip-components=1
	install -D -m 644 /etc/hosts files/etc/ssl/certs/ca-certificates.crt
	chmod 755 image
	awk '$1 == "COPY" && $2 == "--from=files" {
		first = $3 ~ /^--/ ? 4 : 3
		for (i = first; i < NF; i++)
			print $i, $NF
	}' "$file" >copies
	grep -qx '/release/bin/cfprov /usr/bin/cfprov' copies
	while read -r source target; do
		[[ $target != */cfprov/ ]] || mkdir -p "image$target"
		mkdir -p "image$(dirname "$target")"
		cp -r "files$source" "image$target"
	done <copies
	chown 65532:65532 image/work
	grep -qx 'USER 65532:65532' "$file"
	start_sim
	printf 'account_id: 985e105f4ecef8ad9ca31a8372d0c353\nstores: [{name: payments}]\n' >image/work/cfprov.yaml
	run -0 chroot --userspec=65532:65532 image /usr/bin/cfprov -chdir=/work apply -auto-approve
	[[ $output == *'Resources: 1 added'* ]]
	[ "$(stat -c %u image/work/cfprov.state.json)" = 65532 ]
	stop_sim
}
