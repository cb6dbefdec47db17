#!/bin/sh
# BUILD/release: what a release consists of. sh release.sh BUILD VERSION
#
#   cfprov-VERSION.tar.gz                   the sources
#   cfprov-VERSION-linux-ARCH.tar.gz        static programs, manual pages, completions, licences
#   cfprov-VERSION-linux-ARCH.cdx.json      what is in the static cfprov
#   *.deb                                   packages for this Debian
#   SHA256SUMS, SHA256SUMS.minisig          the latter if MINISIGN_KEY names a secret key
#
# SIGN_ONLY=1 makes only the last line, of what is in BUILD/release already: files of several
# machines, put together.
set -eu
# Variables of this make are not for those that it starts in other folders.
unset MAKEFLAGS MAKELEVEL
release=$1/release
sign()
{
	cd "$release"
	rm -f SHA256SUMS SHA256SUMS.minisig
	sha256sum -- *.tar.gz *.cdx.json *.deb >SHA256SUMS
	if [ -n "${MINISIGN_KEY-}" ]; then
		# A key without a password asks nothing; of others it asks on the terminal.
		minisign -S -s "$MINISIGN_KEY" -m SHA256SUMS -t "cfprov $1" >&2
	else
		echo 'make release: not signed, because MINISIGN_KEY is not set' >&2
	fi
	ls -l >&2
}
if [ -n "${SIGN_ONLY-}" ]; then
	sign "$2"
	exit
fi

case $(uname -m) in
x86_64) arch=amd64 ;;
aarch64) arch=arm64 ;;
*) arch=$(uname -m) ;;
esac
name=cfprov-$2-linux-$arch
rm -rf "$release"
mkdir -p "$release"
sh .packaging/dist.sh "$1" "$2" >&2
cp "$1/cfprov-$2.tar.gz" "$release"
# Everything is built of the tarball, so that it is known to be whole.
work=$1/release.work
rm -rf "$work"
mkdir -p "$work"
tar -xzf "$1/cfprov-$2.tar.gz" -C "$work"
seconds=$(cut -d' ' -f2 "$work/cfprov-$2/.commit")
export SOURCE_DATE_EPOCH="$seconds"
static=$(mkdir -p "$1/static" && cd "$1/static" && pwd)
make -s -C "$work/cfprov-$2" STATIC="$static" static >&2
make -s -C "$work/cfprov-$2" deb >&2
cp "$work/cfprov-$2"/build/deb/*.deb "$release"

out=$static/out
tree=$work/$name
mkdir -p "$tree/bin" "$tree/licenses"
cp -r "$out/share" "$work/cfprov-$2/LICENSE" "$work/cfprov-$2/README.md" "$work/cfprov-$2/examples" \
	"$tree"
cp "$static"/licenses/* "$tree/licenses"
for program in cfprov cfsim; do
	strip -o "$tree/bin/$program" "$out/$program"
done
python3 "$work/cfprov-$2/cmd/cfprov/sbom.py" "$tree/bin/cfprov" "$2" "$seconds" "$static/sources" \
	>"$release/$name.cdx.json"
chmod -R u=rwX,go=rX "$tree"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$seconds" -C "$work" -c "$name" |
	gzip -9n >"$release/$name.tar.gz"
rm -rf "$work"
sign "$2"
