"""What must be true of the accounts, whatever happened on the way.

The model knows what the manifest wants, and what is not cfprov's: what somebody else has made, and
what cfprov was told to let go. When the faults are over and an apply has ended well, the accounts
hold exactly these two, and the state has the ids of the first.

An address is `one/store` or `one/store/SECRET`, by the first alias that the account had. A thing is
what lives under an id: (address, shape); a shape has all that counts, and is None of a store.
"""

import fnmatch
import hashlib

ALIASES = {"one": "1" * 32, "two": "2" * 32}


def checksum(value):
    """The checksum of a value that the simulator shows."""
    return hashlib.blake2b(value.encode(), digest_size=16).hexdigest()[:16]


def is_within(at, pattern):
    """Whether -target=PATTERN means the address, by itself or by its store."""
    parts, wanted = at.split("/"), pattern.split("/")
    return len(wanted) <= len(parts) and all(map(fnmatch.fnmatchcase, parts, wanted))


def store_of(at):
    return at.rpartition("/")[0] if at.count("/") == 2 else at


class Model:
    def __init__(self):
        self.wanted = {}  # {store: {name: {"value", "comment", "scopes", "more"}}}
        self.moved = []  # [(from, to)], until an apply has ended well
        self.removed = []  # addresses to forget, as long
        self.others = {}  # {id: thing} that is not cfprov's: it must stay as it is
        self.loose = set()  # addresses, also of stores, at which may be what nobody wants
        self.past = {}  # {address: checksums of all values that it was given}
        self.accepted = set()  # addresses whose value may be one of the past
        self.patched = set()  # the same, of which a foreign value has not been seen yet
        self.generated = set()  # addresses whose value may be any
        self.policies = {}  # {address: keys such as prevent_destroy}, since an apply ended well
        self.firm = {}  # those of them that the state has for certain

    # What the author of the manifest does. Each is harmless where it does not fit.

    def put_store(self, store):
        if store not in self.removed:
            self.wanted.setdefault(store, {})

    def drop_store(self, store, is_plain):
        """Is_plain: all that lives in it is cfprov's, so that it can be destroyed."""
        if is_plain and not any(is_within(at, store) for at in self.bound()):
            self.wanted.pop(store, None)
            self.moved = [m for m in self.moved if store_of(m[1]) != store]

    def put_secret(self, store, secret, **what):
        at, secrets = f"{store}/{secret}", self.wanted.get(store)
        if secrets is None or at in self.removed or any(m[0] == at for m in self.moved):
            return
        secrets[secret] = what
        self.past.setdefault(at, set()).add(checksum(what["value"]))
        self.policies.setdefault(at, set()).update(what["more"])
        self.firm[at] = self.firm.get(at, set()) & what["more"].keys()
        if what["more"].keys() & {"update", "on_drift", "fingerprint"}:
            self.accepted.add(at)
        if "generate" in what["more"]:
            self.generated.add(at)
        # A value that was accepted once may stay if the manifest names the old one again.
        self.moved = [m for m in self.moved if m[1] != at]

    def drop_secret(self, store, secret, ours):
        """Ours: {id: thing} if it lives; None: nobody knows whether it is cfprov's."""
        at = f"{store}/{secret}"
        policies = self.policies.get(at, ())
        if "prevent_destroy" in policies or secret not in self.wanted.get(store, {}):
            return
        if "on_remove" in policies:
            self.let_go(at, ours if "on_remove" in self.firm.get(at, ()) else None)
        del self.wanted[store][secret]
        self.moved = [m for m in self.moved if m[1] != at]

    def rename_secret(self, store, secret, name, is_free):
        secrets, at, to = self.wanted.get(store, {}), f"{store}/{secret}", f"{store}/{name}"
        if secret not in secrets or name in secrets or not is_free or self.moved or self.bound() & {at, to}:
            return
        secrets[name] = secrets.pop(secret)
        self.moved.append((at, to))
        self.past.setdefault(to, set()).update(self.past[at])
        for known in (self.accepted, self.patched, self.generated):
            if at in known:
                known.add(to)

    def forget(self, at, ours):
        """`removed` without `destroy`. Ours: as above, of all in it."""
        owner, name = (self.wanted, at) if at == store_of(at) else (
            self.wanted.get(store_of(at), {}), at.rpartition("/")[2])
        if name not in owner or any(is_within(one, at) for move in self.moved for one in move):
            return
        del owner[name]
        self.removed.append(at)
        self.let_go(at, ours)

    # What somebody else does.

    def foreign_change(self, one, at, shape, is_pending):
        """Activation may change `modified`, too: what came before it can't be told from it."""
        for name in [at] + [new for old, new in self.moved if old == at]:
            self.past.setdefault(name, set()).add(shape["value"])
            if one not in self.others:
                (self.accepted if is_pending else self.patched).add(name)
        if one in self.others:
            self.others[one] = (at, shape)

    def gone(self, ids):
        self.others = {one: thing for one, thing in self.others.items() if one not in ids}

    # Who owns what.

    def targets(self):
        """All that is wanted: {address: secret}, and None of a store."""
        return {f"{store}/{name}": secret for store, secrets in self.wanted.items()
                for name, secret in secrets.items()} | dict.fromkeys(self.wanted)

    def bound(self):
        """Addresses that can't be destroyed or renamed without a word."""
        special = {at for at, keys in self.policies.items() if {"prevent_destroy", "on_remove"} & keys}
        return special | set(self.removed) | self.loose | {at for at, _ in self.others.values()}

    def let_go(self, at, ours):
        """cfprov has lost or forgotten what is at an address, or is told to."""
        if ours is None:
            self.loose.add(at)
        self.others.update(ours or {})

    def offer(self):
        """A run may adopt what is wanted: from then on, it is cfprov's or still somebody else's."""
        targets = self.targets()
        for one, (at, _) in list(self.others.items()):
            if at in targets:
                self.loose.add(at)
                del self.others[one]

    def applied(self, living, recorded):
        """An apply has ended well: what is not recorded now is not cfprov's."""
        for one, (at, shape) in living.items():
            if one not in recorded.values() and {at, store_of(at)} & self.loose:
                self.others[one] = (at, shape)
        self.loose = set()
        self.moved, self.removed = [], []
        self.policies = {at: set(secret["more"]) for at, secret in self.targets().items() if secret}
        self.firm = {at: set(keys) for at, keys in self.policies.items()}

    def refreshed(self):
        """A refresh accepts values that somebody else has written."""
        self.accepted |= self.patched

    def kept(self):
        """Addresses that nothing may destroy."""
        return {at for at, secret in self.targets().items() if secret
                and "prevent_destroy" in secret["more"].keys() & self.firm.get(at, set())}

    def covers(self, at, pattern):
        """Whether a run that is limited to the pattern may change what is at the address."""
        names = {at} | {one for move in self.moved if at in move for one in move}
        return any(is_within(one, pattern) for one in names)

    # The end.

    def wrong(self, living, recorded):
        """Lines about what is not as it should be. recorded: {address: id} of the state."""
        found, seen, targets = [], {}, self.targets()
        for one, (at, shape) in living.items():
            if one in self.others:
                if self.others[one] != (at, shape):
                    found.append(f"{at}: is {shape}, but should be left as {self.others[one][1]}")
            elif at in targets and at not in seen:
                seen[at] = one
                if shape and not self.is_right(at, shape, targets[at]):
                    found.append(f"{at}: is {shape}, should be {targets[at]}")
            elif not {at, store_of(at)} & self.loose:
                found.append(f"{at}: nobody wants it (id {one})")
        found += [f"{at}: is gone" for one, (at, _) in self.others.items() if one not in living]
        found += [f"{at}: is missing" for at in targets if at not in seen]
        return found + [f"{at}: lives as {seen.get(at)}, recorded as {recorded.get(at)}"
                        for at in sorted(seen.keys() | recorded.keys())
                        if seen.get(at) != recorded.get(at)]

    def is_right(self, at, shape, want):
        values = {checksum(want["value"])} | (self.past[at] if at in self.accepted else set())
        return ((shape["value"] in values or at in self.generated)
                and shape["comment"] == want["comment"] and shape["scopes"] == want["scopes"])
