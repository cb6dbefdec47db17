#!/bin/sh
# Each outside library is met in one place, and so is what makes files durable. Which kind of backend
# keeps the state is known to the backends, to the location, and to what decodes it.
cd "$(dirname "$0")/../.." || exit 2

find lib cmd tests -name '*.[ch]' -exec awk -f tests/lint/code.awk {} + | awk '
	BEGIN {
		home["yaml.h"] = "lib/adapter/yaml.c"
		home["cjson/"] = "lib/adapter/json.c"
		home["curl/"] = "lib/adapter/http" # and http_memory.c
		home["sodium"] = "lib/adapter/crypt.c"
		home["uthash.h"] = "lib/adapter/table.c"
		home["spawn.h"] = "lib/adapter/process.c"
		home["microhttpd.h"] = "cmd/cfsim/"
		durable = "(^|[^a-zA-Z0-9_])(fsync|fdatasync|syncfs|rename|renameat|renameat2)[ \t]*\\("
		kind = "(^|[^a-zA-Z0-9_])(LOCATION_(LOCAL|S3|HTTP|KINDS)|backend_(local|s3|http)|" \
			"LOCATION_(ACCESS_KEY|SECRET_KEY|SESSION_TOKEN|PASSWORD))($|[^a-zA-Z0-9_])|location(->|\\.)kind"
		knows = "^(lib/state/backend|lib/model/location|lib/manifest/location|" \
			"lib/source/backend_env|tests/)"
	}

	{
		split($0, field, ":")
		where = field[1] ":" field[2]
		code = substr($0, length(where) + 2)
		if (code ~ durable && field[1] != "lib/adapter/fs.c") {
			print where ": only lib/adapter/fs.c may call fsync, fdatasync or rename"
			failed = 1
		}
		if (field[1] !~ knows && match(code, kind)) {
			print where ": only backends and location may name a kind of backend: " \
				substr(code, RSTART, RLENGTH)
			failed = 1
		}
		if (code !~ /^[ \t]*#[ \t]*include/)
			next
		for (header in home)
			if (code ~ "[<\"]" header && index(field[1], home[header]) != 1 &&
				field[1] != "tests/bench/bare.c" && # it is what libcurl alone needs
				field[1] != "tests/fuzz/shared/mutate.c") { # it changes trees
				print where ": only " home[header] " may include " header
				failed = 1
			}
	}

	END { exit failed }'
