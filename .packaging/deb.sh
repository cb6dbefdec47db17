#!/bin/sh
# BUILD/deb/*.deb: the packages cfprov and cfsim. sh deb.sh BUILD VERSION
#
# They are made of the sources of the last commit, or of the tarball that this is in. dpkg's
# changelog is written here, so that the version is in the Makefile only.
set -eu
# Variables of this make are not for those that it starts in other folders.
unset MAKEFLAGS MAKELEVEL
build=$1/deb
name=cfprov-$2
# To dpkg, 1.2.3~dev is before 1.2.3.
upstream=$(echo "$2" | tr - '~')
# shellcheck disable=SC2086 # no programs are missing: the list is empty
for program in dpkg-buildpackage dh fakeroot; do
	command -v $program >/dev/null || {
		echo "$program is missing: sh tests/setup.sh package" >&2
		exit 1
	}
done
rm -rf "$build"
mkdir -p "$build"
if [ -e .git ]; then
	sh .packaging/dist.sh "$1" "$2" >&2
	tar -xzf "$1/$name.tar.gz" -C "$build"
else
	mkdir "$build/$name"
	tar -c --exclude="./${1#./}" . | tar -x -C "$build/$name"
fi
cd "$build/$name"
cp -r .packaging/debian debian
seconds=${SOURCE_DATE_EPOCH:-$(cut -d' ' -f2 .commit 2>/dev/null || date +%s)}
cat >debian/changelog <<END
cfprov ($upstream-1) unstable; urgency=medium

  * See changelog.gz for what changed.

 -- $(sed -n 's/^Maintainer: //p' debian/control)  $(date -u -R -d "@$seconds")
END
export SOURCE_DATE_EPOCH="$seconds"
log=../build.log
DEB_BUILD_OPTIONS="noautodbgsym nocheck ${DEB_BUILD_OPTIONS-}" \
	dpkg-buildpackage -b -us -uc >$log 2>&1 || {
	tail -n 30 $log >&2
	exit 1
}
cd ..
rm -rf "$name"
ls -d "$PWD"/*.deb
