"""What must be true of the accounts, whatever happened on the way.

The model knows two things: what the manifest wants, and what somebody else has made. When the
faults are over and an apply has ended well, the accounts hold exactly these two.
"""

import hashlib

ALIASES = {"one": "1" * 32, "two": "2" * 32}


def checksum(value):
    """The checksum of a value that the simulator shows."""
    return hashlib.blake2b(value.encode(), digest_size=16).hexdigest()[:16]


def shape(secret):
    """What counts of a secret: all but its id and times."""
    return {
        "value": secret["value_checksum"],
        "comment": secret.get("comment") or "",
        "scopes": sorted(secret["scopes"]),
    }


class Model:
    def __init__(self):
        self.wanted = {}  # {(alias, store): {secret: {"value", "comment", "scopes", "version"}}}
        self.moved = []  # [(from, to)] addresses, until an apply has ended well
        self.foreign_stores = {}  # {id: (account, name)}
        self.foreign_secrets = {}  # {id: (store's id, shape)}
        self.any_value = set()  # {(alias, store, secret)} whose foreign value was accepted
        self.patched = set()  # the same, of which a foreign value has not been seen yet

    # What the author of the manifest does. Each is harmless where it does not fit.

    def put_store(self, alias, store):
        self.wanted.setdefault((alias, store), {})

    def drop_store(self, alias, store, holds_foreign):
        if not holds_foreign:
            self.wanted.pop((alias, store), None)
            self.moved = [m for m in self.moved if not m[1].startswith(f"{alias}/{store}/")]

    def put_secret(self, alias, store, secret, value, comment, scopes):
        secrets = self.wanted.get((alias, store))
        if secrets is None or any(m[0] == f"{alias}/{store}/{secret}" for m in self.moved):
            return
        secrets[secret] = {"value": value, "comment": comment, "scopes": scopes}
        # A value that was accepted once may stay if the manifest names the old one again.
        self.moved = [m for m in self.moved if m[1] != f"{alias}/{store}/{secret}"]

    def drop_secret(self, alias, store, secret):
        self.wanted.get((alias, store), {}).pop(secret, None)
        self.moved = [m for m in self.moved if m[1] != f"{alias}/{store}/{secret}"]

    def rename_secret(self, alias, store, secret, name):
        secrets = self.wanted.get((alias, store), {})
        if secret not in secrets or name in secrets or self.moved:
            return
        secrets[name] = secrets.pop(secret)
        self.moved.append((f"{alias}/{store}/{secret}", f"{alias}/{store}/{name}"))
        for known in (self.any_value, self.patched):
            if (alias, store, secret) in known:
                known.add((alias, store, name))

    # What somebody else does.

    def foreign_store(self, account, store_id, name):
        self.foreign_stores[store_id] = (account, name)

    def foreign_secret(self, store_id, secret_id, secret):
        self.foreign_secrets[secret_id] = (store_id, secret)

    def foreign_value(self, alias, store, secret, is_pending):
        """Activation may change `modified`, too: what came before it can't be told from it."""
        (self.any_value if is_pending else self.patched).add((alias, store, secret))

    def store_is_gone(self, store_id):
        """Somebody else has deleted a store with what it held."""
        self.foreign_secrets = {
            i: s for i, s in self.foreign_secrets.items() if s[0] != store_id
        }

    # What cfprov did.

    def refreshed(self):
        """A refresh accepts values that somebody else has written."""
        self.any_value |= self.patched

    def applied(self):
        """An apply has ended well."""
        self.moved = []

    def wrong(self, world, recorded):
        """Lines about what is not as it should be. recorded: {address: id} of the state."""
        found, seen = [], {}
        aliases = {account: alias for alias, account in ALIASES.items()}
        for account in world["accounts"]:
            alias = aliases[account["id"]]
            for store in account["stores"]:
                at = f"{alias}/{store['name']}"
                wanted = self.wanted.get((alias, store["name"]))
                if store["id"] in self.foreign_stores:
                    wanted = {}
                elif wanted is None or at in seen:
                    found.append(f"{at}: a store that nobody wants")
                    continue
                else:
                    seen[at] = store["id"]
                for secret in store["secrets"]:
                    found += self._wrong_secret(alias, store, secret, wanted, seen)
        found += self._missing(world, seen)
        for at in sorted(seen.keys() | recorded.keys()):
            if seen.get(at) != recorded.get(at):
                found.append(f"{at}: lives as {seen.get(at)}, recorded as {recorded.get(at)}")
        return found

    def _wrong_secret(self, alias, store, secret, wanted, seen):
        at = f"{alias}/{store['name']}/{secret['name']}"
        is_shape = shape(secret)
        if secret["id"] in self.foreign_secrets:
            want = self.foreign_secrets[secret["id"]][1]
        elif secret["name"] in wanted and at not in seen:
            want = dict(wanted[secret["name"]], value=checksum(wanted[secret["name"]]["value"]))
            seen[at] = secret["id"]
            if (alias, store["name"], secret["name"]) in self.any_value:
                want["value"] = is_shape["value"]
        else:
            return [f"{at}: a secret that nobody wants"]
        return [] if is_shape == want else [f"{at}: is {is_shape}, should be {want}"]

    def _missing(self, world, seen):
        stores = [s for a in world["accounts"] for s in a["stores"]]
        ids = {s["id"] for s in stores} | {x["id"] for s in stores for x in s["secrets"]}
        found = [f"{i}: a foreign store is gone" for i in self.foreign_stores if i not in ids]
        found += [f"{i}: a foreign secret is gone" for i in self.foreign_secrets if i not in ids]
        for (alias, store), secrets in self.wanted.items():
            for at in [f"{alias}/{store}"] + [f"{alias}/{store}/{s}" for s in secrets]:
                if at not in seen:
                    found.append(f"{at}: is missing")
        return found
