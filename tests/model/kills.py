"""kill -9 right before a chosen call of cfprov, by the library of tests/crash/worst, preloaded.

    library, why = build(folder)        None, and why there is none
    command(library, "send:3")          what is put before cfprov: it dies before its third send

The calls that are counted come as often in every run of the same steps: how often poll, socket and
connect come depends on time. So a seed says where its kills fall.
"""

import os
import re
import shutil
import signal
import subprocess

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "crash/worst/meddle.c")
# The most of them that an apply makes in a life: with a journal to fold in, and a new key.
CALLS = {"send": 20, "recv": 20, "write": 12, "fdatasync": 10, "fsync": 14, "rename": 9, "unlink": 23}


def build(folder, cfprov):
    compiler = os.environ.get("CC", "cc").split()
    if not shutil.which(compiler[0]):
        return None, f"there is no {compiler[0]}"
    library = os.path.join(folder, "meddle.so")
    done = subprocess.run([*compiler, "-O1", "-shared", "-fPIC", "-w", "-o", library, SOURCE],
                          capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        return None, f"meddle.c can't be built: {done.stderr}"
    # AddressSanitizer wants to be the first.
    linked = subprocess.run(["ldd", cfprov], capture_output=True, text=True).stdout
    library = ":".join(re.findall(r"=> (/\S*/libasan\S*)", linked) + [library])
    probe = subprocess.run(["env", f"LD_PRELOAD={library}", "MEDDLE=kill:1", cfprov, "version"],
                           capture_output=True)
    if probe.returncode != -signal.SIGKILL:
        return None, "nothing can be preloaded into this cfprov"
    return library, None


def highest_descriptor(log):
    """Of a run that had MEDDLE_LOG. Not each call has a descriptor there; poll has their number."""
    with open(log, encoding="ascii") as file:
        calls = [line.split() for line in file]
    return max(int(call[1]) for call in calls if call[0] in ("connect", "fstat", "recv", "send"))


def command(library, kill):
    name, number = kill.split(":")
    return ["env", f"LD_PRELOAD={library}", f"MEDDLE=kill:{number}:0:{name}"]
