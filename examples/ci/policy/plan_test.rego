package main_test

import rego.v1

import data.main

secret(actions, changed) := {
	"address": "default/payments/DB_PASSWORD",
	"type": "cloudflare_secrets_store_secret",
	"change": {
		"actions": actions,
		"after": object.union(
			{"name": "DB_PASSWORD", "comment": "owner: payments", "scopes": ["workers"]},
			changed,
		),
	},
}

gone(number) := {
	"address": sprintf("default/payments/OLD_%d", [number]),
	"type": "cloudflare_secrets_store_secret",
	"change": {"actions": ["delete"], "after": null},
}

store(actions) := {
	"address": "default/payments",
	"type": "cloudflare_secrets_store",
	"change": {"actions": actions, "after": null},
}

plan(changes) := {"complete": true, "resource_changes": changes}

test_good_plans if {
	main.deny == set() with input as plan([])
	main.deny == set() with input as plan([store(["create"]), secret(["create"], {})])
	main.deny == set() with input as plan([secret(["update"], {"scopes": ["workers", "ai_gateway"]})])
}

test_store_destroyed if {
	main.deny == {"default/payments: stores are not destroyed by a pipeline"} with input as plan([store(["delete"])])
	count(main.deny) == 1 with input as plan([store(["delete", "create"])])
}

test_many_secrets_destroyed if {
	main.deny == set() with input as plan([gone(n) | some n in numbers.range(1, 3)])
	main.deny == {"the plan destroys 4 objects (limit: 3)"} with input as plan([gone(n) |
		some n in numbers.range(1, 4)
	])
}

test_name if {
	main.deny == {"default/payments/DB_PASSWORD: the name of a secret is in capital letters"} with input as plan([secret(
		["create"],
		{"name": "db-password"},
	)])

	# An old name is not a reason to refuse an update.
	main.deny == set() with input as plan([secret(["update"], {"name": "db-password"})])
}

test_comment if {
	main.deny == {"default/payments/DB_PASSWORD: a comment has to say who owns the secret"} with input as plan([secret(
		["create"],
		{"comment": ""},
	)])
	count(main.deny) == 1 with input as plan([secret(["create"], {"comment": null})])
	bare := json.remove(secret(["update"], {}), ["/change/after/comment"])
	count(main.deny) == 1 with input as plan([bare])
}

test_scope if {
	main.deny == {"default/payments/DB_PASSWORD: scope images is not allowed"} with input as plan([secret(
		["update"],
		{"scopes": ["workers", "images"]},
	)])
}

test_incomplete if {
	main.deny == {"the plan is not complete"} with input as {}
	main.deny == {"the plan is not complete"} with input as {"complete": false, "resource_changes": []}
	main.deny == {"the plan is not complete"} with input as {"complete": true, "resource_changes": null}
}
