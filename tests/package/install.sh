#!/bin/sh
# Installs the packages of DEBS in an empty Debian, uses them as a person would, and removes them.
# What an empty Debian is, debootstrap says. Needs root, and the mirror of this system's apt.
#
#   sh tests/package/install.sh DEBS FOLDER
#
# FOLDER/debian is made if it is not there, and kept, for it takes a minute; FOLDER/root is the copy
# in which everything happens. Says what it does, and exits with 0 if all of it worked.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
debs=$(cd "$1" && pwd)
mkdir -p "$2"
work=$(cd "$2" && pwd)
root=$work/root

if [ "${INSIDE-}" != yes ]; then
	# Mounts and processes end with this namespace.
	INSIDE=yes exec unshare --mount --pid --fork --kill-child sh "$0" "$debs" "$work"
fi

if [ ! -e "$work/debian.ok" ]; then
	rm -rf "$work/debian"
	# shellcheck disable=SC2016 # apt's own variable
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
		head -n 1)
	debootstrap --variant=minbase bookworm "$work/debian" "$mirror" >"$work/bootstrap.log" 2>&1 || {
		tail -n 20 "$work/bootstrap.log" >&2
		exit 1
	}
	touch "$work/debian.ok"
fi
rm -rf "$root"
cp -a "$work/debian" "$root"
mount -t proc proc "$root/proc"
cp /etc/resolv.conf /etc/hosts "$root/etc/"
# A minimal Debian in a container has no manual pages either; this one is somebody's desk.
rm -f "$root"/etc/dpkg/dpkg.cfg.d/*

# inside COMMAND...: in that Debian, with nothing of this one but the way to the network.
inside()
{
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TERM=dumb \
		DEBIAN_FRONTEND=noninteractive ${http_proxy:+"http_proxy=$http_proxy"} \
		chroot "$root" "$@"
}
apt()
{
	inside apt-get -q -y --no-install-recommends "$@" >"$work/apt.log" 2>&1 || {
		tail -n 20 "$work/apt.log"
		return 1
	}
}
step() { echo "- $*"; }

step 'man, and what the tutorial is run with'
apt update
apt install man-db bash-completion python3
inside find / -xdev -not -path '/proc*' -not -path '/var/*' -not -path '/tmp/*' \
	-not -path '/etc/ld.so.cache' | sort >"$work/before"

step 'apt install ./cfprov.deb ./cfsim.deb'
mkdir "$root/debs"
cp "$debs"/*.deb "$root/debs"
inside sh -c 'apt-get -q -y --no-install-recommends install /debs/*.deb' >"$work/apt.log" 2>&1 || {
	tail -n 20 "$work/apt.log"
	exit 1
}
inside cfprov version
inside cfsim --help | head -n 1

step 'man cfprov, cfprov.yaml, cfsim'
inside man cfprov | grep -q 'Secrets Store'
inside man 5 cfprov.yaml | grep -q account_id
inside man cfsim | grep -q Cloudflare
if inside man cfprov 2>&1 >/dev/null | grep .; then
	exit 1
fi

step 'completion'
# shellcheck disable=SC2016 # the inner shell's own
inside bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader cfprov
	complete -p cfprov'

step 'the tutorial'
# That of the package, for a newer one may want a newer program.
mkdir -p "$root/src/tests/cli"
cp -r "$root/usr/share/doc/cfprov/examples" "$root/src/"
cp "$top/tests/cli/readmes.py" "$root/src/tests/cli/"
inside python3 /src/tests/cli/readmes.py /usr/bin /src/examples/README.md
rm -rf "$root/src"

step 'removed, with nothing left'
apt purge cfprov cfsim
apt autoremove --purge
rm -rf "$root/debs"
inside find / -xdev -not -path '/proc*' -not -path '/var/*' -not -path '/tmp/*' \
	-not -path '/etc/ld.so.cache' | sort >"$work/after"
comm -13 "$work/before" "$work/after" >"$work/left"
if [ -s "$work/left" ]; then
	echo 'left behind:'
	cat "$work/left"
	exit 1
fi
