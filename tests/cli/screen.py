#!/usr/bin/python3
"""Runs a command on a pseudo-terminal and shows what its screen would show.

    screen.py [--columns N] [--raw FILE] [--wait TEXT --send KEYS]... -- COMMAND [ARGUMENT...]

After each TEXT (in what came since the last KEYS) the KEYS are typed; they may hold Python's
escapes, as \\n, \\x03 (Ctrl-C) and \\x04 (end of input). Without --wait, nothing is typed.

Prints the lines of the screen, all that ever stood on it, as a person sees them: unfolded, since
a line that is too wide is something to find. --raw keeps the bytes. Exits as the command does,
128 + N for signal N, 98 if there are no pseudo-terminals here, 99 if a TEXT never came or the screen got a control that it does not know,
or if something else went wrong here.
"""
import argparse
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

LIMIT_SECONDS = 60


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--raw")
    parser.add_argument("--wait", action="append", default=[])
    parser.add_argument("--send", action="append", default=[])
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def start(args):
    pid, fd = pty.fork()
    if pid == 0:
        # The size has to be there before the program looks.
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, args.columns, 0, 0))
        os.execvp(args.command[0], args.command)
    return pid, fd


def read_some(fd, deadline):
    """Gives bytes, or None at the end."""
    left = deadline - time.monotonic()
    if left <= 0 or not select.select([fd], [], [], left)[0]:
        raise TimeoutError("nothing more came")
    try:
        return os.read(fd, 65536) or None
    except OSError:  # how Linux says that the other side is gone
        return None


def converse(args, fd):
    steps = list(zip(args.wait, args.send))
    deadline = time.monotonic() + LIMIT_SECONDS
    seen, mark = b"", 0
    while True:
        some = read_some(fd, deadline)
        if some is None:
            break
        seen += some
        while steps and steps[0][0].encode() in seen[mark:]:
            mark = len(seen)
            os.write(fd, steps.pop(0)[1].encode().decode("unicode_escape").encode("latin-1"))
    if steps:
        sys.stderr.write(f"screen.py: never came: {steps[0][0]}\n")
    return seen, not steps


CONTROL = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|[\r\n]|[\x00-\x1f\x7f]")


def screen(text):
    """The lines, after every carriage return and erasure; and the controls that are unknown."""
    lines, line, column, unknown, at = [], [], 0, [], 0
    while at < len(text):
        found = CONTROL.match(text, at)
        if not found:
            line[column:column + 1] = [text[at]]
            column += 1
            at += 1
            continue
        control = found.group(0)
        if control == "\n":
            lines.append("".join(line))
            line = []  # as the terminal does it, "\r\n" comes for "\n"
        elif control == "\r":
            column = 0
        elif found.group(2) == "K" and found.group(1) in ("", "0"):
            del line[column:]
        elif found.group(2) != "m":
            unknown.append(control)
        at = found.end()
    lines.append("".join(line))
    return lines, unknown


def main():
    args = arguments()
    pid, fd = start(args)
    seen, is_whole = converse(args, fd)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if args.raw:
        with open(args.raw, "wb") as file:
            file.write(seen)
    lines, unknown = screen(seen.decode("utf-8", "replace"))
    print("\n".join(lines))
    if unknown:
        sys.stderr.write(f"screen.py: controls that the screen does not know: {unknown}\n")
    if unknown or not is_whole:
        sys.exit(99)
    sys.exit(status if status >= 0 else 128 - status)


try:
    for end in os.openpty():
        os.close(end)
except OSError as error:  # a chroot without /dev/pts, for one
    sys.stderr.write(f"screen.py: no pseudo-terminals: {error!r}\n")
    sys.exit(98)
try:
    main()
except Exception as error:  # never to be taken for the command's own failure
    sys.stderr.write(f"screen.py: {error!r}\n")
    sys.exit(99)
