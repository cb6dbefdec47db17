#!/bin/sh
# What a pipeline does with cfprov: plan, look at the plan, carry out exactly that.
#
#   CFPROV=/usr/local/bin/cfprov sh examples/pipeline.sh [PLAN OPTIONS]
#
# In the folder of the manifest, with the token in the environment. It needs jq. Exit status:
#   0  everything is as the manifest says, now
#   1  an error; cfprov has told which
#   3  the plan destroys something: a person should look at it first
set -u
cfprov=${CFPROV:-cfprov}
plan=$(mktemp) || exit 1
trap 'rm -f "$plan"' EXIT

"$cfprov" plan -no-color -detailed-exitcode -out="$plan" "$@"
case $? in
0)
	echo 'pipeline: nothing to do'
	exit 0
	;;
2) ;;
*)
	exit 1
	;;
esac

destroyed=$("$cfprov" show -json "$plan" |
	jq -r '.resource_changes[] | select(.change.actions | index("delete")) | .address') || exit 1
if [ -n "$destroyed" ]; then
	printf 'pipeline: stopped, for this would be destroyed:\n%s\n' "$destroyed" >&2
	exit 3
fi

"$cfprov" apply -no-color "$plan" || exit 1
