# Rules for a plan: `cfprov show -json FILE`, or `cfprov plan -format=json`. They see what would
# change; cfprov's own policy (../../policy.yaml) limits what may be read, run and destroyed.
#
#   opa eval -d policy -i plan.json data.main.deny
#   conftest test -p policy plan.json
package main

import rego.v1

# What may be destroyed by one plan.
max_deletes := 3

# Where secrets may be used.
allowed_scopes := {"workers", "ai_gateway"}

is_store(change) if change.type == "cloudflare_secrets_store"

is_secret(change) if change.type == "cloudflare_secrets_store_secret"

creates(change) if "create" in change.change.actions

updates(change) if "update" in change.change.actions

writes(change) if creates(change)

writes(change) if updates(change)

deletes(change) if "delete" in change.change.actions

deny contains msg if {
	some change in input.resource_changes
	is_store(change)
	deletes(change)
	msg := sprintf("%s: stores are not destroyed by a pipeline", [change.address])
}

deny contains msg if {
	addresses := {change.address | some change in input.resource_changes; deletes(change)}
	count(addresses) > max_deletes
	msg := sprintf("the plan destroys %d objects (limit: %d)", [count(addresses), max_deletes])
}

deny contains msg if {
	some change in input.resource_changes
	is_secret(change)
	creates(change)
	not regex.match(`^[A-Z][A-Z0-9_]*$`, change.change.after.name)
	msg := sprintf("%s: the name of a secret is in capital letters", [change.address])
}

deny contains msg if {
	some change in input.resource_changes
	is_secret(change)
	writes(change)
	not has_comment(change)
	msg := sprintf("%s: a comment has to say who owns the secret", [change.address])
}

has_comment(change) if {
	is_string(change.change.after.comment)
	change.change.after.comment != ""
}

deny contains msg if {
	some change in input.resource_changes
	is_secret(change)
	writes(change)
	some scope in change.change.after.scopes
	not scope in allowed_scopes
	msg := sprintf("%s: scope %s is not allowed", [change.address, scope])
}

# An incomplete plan, and a document that is not a plan, are denied.
deny contains "the plan is not complete" if not is_complete

is_complete if {
	input.complete == true
	is_array(input.resource_changes)
}
