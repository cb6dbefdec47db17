#!/bin/sh
# Installs what the tests of examples/ci need besides what the others need, into tests/ci of the build
# folder ($1; default: build): actionlint and OPA, as Go modules, and the Python packages of
# requirements.txt. What can't be had is said, and its tests are skipped. Building OPA takes minutes,
# once. The clients of the registries fetch them, from where and how this machine has it configured.
set -u
cd "$(dirname "$0")/../.." || exit 2

mkdir -p "${1:-build}/tests/ci" || exit 2
folder=$(cd "${1:-build}/tests/ci" && pwd)
wanted=$PWD/tests/ci
status=0

# get NAME STAMP COMMAND...: runs the command unless STAMP says that it has been run.
get()
{
	name=$1
	stamp=$2
	shift 2
	[ "$(cat "$folder/$name.stamp" 2>/dev/null)" != "$stamp" ] || return 0
	if "$@" >"$folder/$name.log" 2>&1 </dev/null; then
		echo "$stamp" >"$folder/$name.stamp"
	else
		cat "$folder/$name.log" >&2
		echo "$name can't be had here." >&2
		status=1
	fi
}

# shellcheck disable=SC2317 # they run by get
# go_module MODULE VERSION: the program of that module. Two cores may have other work, too.
go_module()
{
	command -v go >/dev/null || {
		echo 'go is not installed' >&2
		return 1
	}
	GOBIN=$folder/bin GOTOOLCHAIN=local go install -p 2 "$1@$2"
}

# shellcheck disable=SC2317
python_packages()
{
	python3 -m venv --clear "$folder/python" &&
		"$folder/python/bin/pip" install --quiet --disable-pip-version-check -r "$wanted/requirements.txt"
}

get actionlint v1.7.7 go_module github.com/rhysd/actionlint/cmd/actionlint v1.7.7
get opa v1.4.2 go_module github.com/open-policy-agent/opa v1.4.2
get python "$(cat "$wanted/requirements.txt")" python_packages
[ $status -eq 0 ] || echo 'Tests of pipelines that need them are skipped.' >&2
exit $status
