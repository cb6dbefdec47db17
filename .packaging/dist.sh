#!/bin/sh
# BUILD/cfprov-VERSION.tar.gz: the sources of the last commit, the same bytes for everybody.
# sh dist.sh BUILD VERSION
set -eu
[ -e .git ] || {
	echo 'make dist needs the git repository' >&2
	exit 1
}
[ -z "$(git status --porcelain)" ] || echo 'make dist: changes that are not committed are left out' >&2
name=cfprov-$2
mkdir -p "$1"
# .commit tells the Makefile what it would ask git.
git -c tar.umask=0022 archive --prefix="$name/" --format=tar \
	--add-virtual-file="$name/.commit:$(git log -1 --format='%H %ct' --abbrev=12 | sed 's/^\(.\{12\}\)[^ ]*/\1/')" \
	HEAD | gzip -9n >"$1/$name.tar.gz.new"
mv "$1/$name.tar.gz.new" "$1/$name.tar.gz"
echo "$1/$name.tar.gz"
