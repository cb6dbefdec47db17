"""The steps of a life, from a seed: data that run.py shows, shortens and reads from its cases."""

import random

from kills import CALLS
from model import ALIASES

STORES = ["s1", "s2"]
SECRETS = ["A", "B", "C"]
MARK = "hush-"  # every value begins with it: it must be found nowhere


def a_fault(rng):
    fault = {
        "method": rng.choice(["POST", "POST", "POST", "PATCH", "DELETE", "DELETE", "GET"]),
        "after": rng.randrange(4),
        "times": rng.randrange(1, 4),
        "kind": rng.choice(
            ["status", "status_after", "reset_before", "reset_after", "close_after", "cut_short"]
            + ["close_before", "late", "late", "delay", "truncated_json", "html", "garbage"]
        ),
    }
    if rng.random() < 0.3:
        fault["account"] = ALIASES[rng.choice(list(ALIASES))]
    if fault["kind"] in ("status", "status_after"):
        fault["status"] = rng.choice([429, 500, 502, 503, 504, 520])
        if fault["status"] == 429:
            fault["retry_after"] = 0
        fault["body"] = rng.choice(["json", "empty", "html"])
    if fault["kind"] == "late":
        fault["after_ms"] = rng.randrange(20, 120)
        if rng.random() < 0.5:
            fault["answer"] = "reset"
    if fault["kind"] == "delay":
        fault["ms"] = rng.randrange(1, 100)
    return fault


def a_run(rng, at, pattern):
    how = rng.choice(["apply"] * 8 + ["target", "target", "exclude", "account", "replace", "saved", "plan"]
                     + ["few", "policy", "import", "refresh", "destroy"])
    options = rng.choice([[], [], [], ["-parallelism=1"], ["-refresh=false"]])
    call = rng.choice(list(CALLS))
    number = 1 + min(rng.randrange(CALLS[call]), rng.randrange(CALLS[call]))  # most runs make fewer
    kill = rng.choice([None, f"{call}:{number}"])
    at = pattern if how in ("target", "exclude", "replace") else at
    return dict(do="run", how=how, at=at, options=options, kill=kill)


def a_secret(rng):
    return {
        "do": "put_secret",
        "store": f"{rng.choice(list(ALIASES))}/{rng.choice(STORES)}",
        "secret": rng.choice(SECRETS),
        "value": MARK + "%08x" % rng.getrandbits(32),
        "comment": rng.choice(["", "", "note", "other note"]),
        "scopes": rng.choice([["workers"], ["workers"], ["ai_gateway", "workers"]]),
        "more": rng.choice([{}, {}, {}, {"version": rng.randrange(1, 5)}, {"update": "if_absent"},
                            {"on_drift": rng.choice(["warn", "ignore"])}, {"fingerprint": "none"},
                            {"generate": 16}, {"prevent_destroy": True}, {"on_remove": "forget"}]),
    }


def a_step(rng):
    put = a_secret(rng)
    store, secret, alias = put["store"], put["secret"], put["store"][:3]
    at = rng.choice([store, f"{store}/{secret}", f"{store}/{secret}"])
    pattern = rng.choice([at, at, at, f"*/*/{secret}"])
    change = rng.choice(["value", "value", "comment", "scopes"])
    lag = {what: rng.choice([0, 50, 150]) for what in ("create", "change", "delete")}
    return rng.choices(*zip(
        (put, 9),
        (dict(do="put_store", store=store), 3),
        (dict(do="drop_store", store=store), 0.7),
        (dict(do="drop_secret", store=store, secret=secret), 2),
        (dict(do="rename_secret", store=store, secret=secret, name=rng.choice([*SECRETS, "D", "D"])), 3),
        (dict(do="rename_alias", alias=alias, how=rng.choice(["moved", "mv"])), 0.5),
        (dict(do="forget", at=at), 1.5),
        (dict(do="foreign_store", store=rng.choice([store, f"{alias}/f1"])), 1),
        (dict(do="foreign_secret", at=f"{store}/{rng.choice([secret, 'F1', 'F2'])}",
              value=put["value"]), 1.5),
        (dict(do="foreign_change", at=f"{store}/{secret}", change={change: put[change]}), 2),
        (dict(do="foreign_delete", at=rng.choice([at, f"{store}/{secret}"])), 1.5),
        (dict(do="lag", **lag), 3),
        (dict(do="fault", fault=a_fault(rng)), 6),
        (dict(do="state_rm", at=at, is_imported=rng.random() < 0.5), 1),
        (dict(do="lose_state"), 0.3),
        (dict(do="change_key"), 0.6),
        (a_run(rng, at, pattern), 10),
    ))[0]


def steps_of(seed):
    rng = random.Random(seed)
    options = rng.choice([[], [], ["--max-per-page=2"], ["--answer=batch=partial"],
                          ["--answer=activation=bump", "--pending=20"], ["--audit-log=on"],
                          ["--answer=secret-exists-status=409", "--answer=error-details=absent"],
                          ["--answer=total-count=absent", "--answer=total-pages=absent"]])
    # Without a key, fingerprints take most of the time of a life.
    protection = rng.choices(["none", "key", "encrypt"], [5, 90, 5])[0]
    steps = [{"do": "options", "options": options, "protection": protection}]
    steps += [{"do": "put_store", "store": f"{a}/{s}"} for a in ALIASES for s in STORES]
    steps += [a_secret(rng) for _ in range(rng.randrange(10))]
    return steps + [a_step(rng) for _ in range(rng.randrange(10, 40))]
