#!/usr/bin/python3
"""Runs the commands of a Markdown document, and compares what they print with what it shows.

    readmes.py [--update] BUILD DOCUMENT

Each document has a folder of its own, with a copy of examples/ and with BUILD as build/, and a
simulator, which CLOUDFLARE_BASE_URL and CLOUDFLARE_API_TOKEN name. Its blocks share variables and
the working folder:

    ```console   "$ COMMAND" lines are run; what follows each is its whole output. A line "..."
                 stands for any lines. A word after a question is typed.
    ```sh        the block is run, and must succeed
    others       are left alone

A comment before a block says more; it may have several of these, separated by ";":

    <!-- test: file NAME -->       the block is the content of this file
    <!-- test: fails -->           the last command of the block fails
    <!-- test: simulator OPTION... -->  the simulator is started again, with these options
    <!-- test: set NAME=VALUE -->  a variable that the reader is supposed to have
    <!-- test: background -->      what the block starts in the background stays until the end; /tmp
                                   is a folder of the test
    <!-- test: skip WHY -->        the block is not run; WHY is printed

Ids (also of requests), times of day and the numbers of ports differ from run to run and are not compared. --update
writes what the commands print into the document.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VARYING = re.compile(
    r"\b[0-9a-f]{32}\b|\b[0-9a-f]{16}(?=-SIM\b)"
    r"|\d{4}-\d\d-\d\dT[\d:.]+Z|(?<=127\.0\.0\.1:)\d+|/tmp/[\w./-]+")
QUESTION = re.compile(r"^(.*(?:accepted|\?): )(\S+)$")


def same(text):
    return VARYING.sub("~", text)


def kill(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Session:
    def __init__(self, build):
        self.folder = tempfile.mkdtemp(prefix="readmes.")
        self.simulator = None
        self.groups = []
        work = os.path.join(self.folder, "work")
        os.mkdir(work)
        os.symlink(build, os.path.join(work, "build"))
        shutil.copytree(os.path.join(TOP, "examples"), os.path.join(work, "examples"))
        with open(self.path("cwd"), "w") as file:
            file.write(work)
        with open(self.path("env"), "w") as file:
            file.write(f'export PATH="{build}:$PATH"\nexport CLOUDFLARE_API_TOKEN=cfsim-token\n')
        self.start_simulator([])

    def path(self, name):
        return os.path.join(self.folder, name)

    def set(self, assignment):
        with open(self.path("env"), "a") as file:
            file.write(f"export {assignment}\n")

    def start_simulator(self, options):
        self.stop()
        port = self.path("port")
        if os.path.exists(port):
            os.unlink(port)
        self.simulator = subprocess.Popen(
            [os.path.join(BUILD, "cfsim"), "--port", "0", "--port-file", port, *options],
            stdout=subprocess.DEVNULL, cwd=self.cwd())
        while not os.path.exists(port) or not os.path.getsize(port):
            if self.simulator.poll() is not None:
                sys.exit("readmes.py: the simulator did not start")
            time.sleep(0.01)
        with open(port) as file:
            self.set(f"CLOUDFLARE_BASE_URL=http://127.0.0.1:{file.read().strip()}/client/v4")

    def cwd(self):
        with open(self.path("cwd")) as file:
            return file.read().strip()

    def run(self, command, typed="", stays=False):
        """Gives the exit status and the output."""
        if stays:
            command = command.replace("/tmp/", self.folder + "/")
        script = (f'. "{self.path("env")}"\n{command}\n_status=$?\n'
                  f'export -p >"{self.path("env")}"\npwd >"{self.path("cwd")}"\nexit $_status\n')
        # Programs that a block leaves in the background must not keep its output open.
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                ["bash", "-c", script], cwd=self.cwd(), stdin=subprocess.PIPE, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True)
            process.stdin.write(typed.encode())
            process.stdin.close()
            try:
                status = process.wait(120)
            except subprocess.TimeoutExpired:
                status = "a timeout"
            if stays:
                self.groups.append(process.pid)
            elif not command.rstrip().endswith("&"):
                kill(process.pid)
            output.seek(0)
            return status, output.read().decode("utf-8", "replace")

    def stop(self):
        if self.simulator:
            self.simulator.terminate()
            self.simulator.wait()

    def close(self):
        self.stop()
        for group in self.groups:
            kill(group)
        shutil.rmtree(self.folder, ignore_errors=True)


def matches(shown, printed):
    """Compares lines; "..." stands for any number of them."""
    if not shown:
        return not printed
    if shown[0].strip() == "...":
        return any(matches(shown[1:], printed[i:]) for i in range(len(printed) + 1))
    return bool(printed) and shown[0] == printed[0] and matches(shown[1:], printed[1:])


def steps(lines):
    """Gives [command, lines shown] of a console block; a command may go on after a backslash."""
    result = []
    for line in lines:
        if result and result[-1][0].endswith("\\"):
            result[-1][0] += "\n" + line.removeprefix("> ")
        elif line.startswith("$ "):
            result.append([line[2:], []])
        elif result:
            result[-1][1].append(line)
    return result


def run_console(session, lines, fails):
    """Gives the block as it would be written now, and what is wrong with it."""
    fresh, wrong = [], []
    commands = steps(lines)
    for number, (command, shown) in enumerate(commands):
        typed = [QUESTION.match(line) for line in shown]
        answer = "".join(found.group(2) + "\n" for found in typed if found)
        status, output = session.run(command, answer)
        printed = output.rstrip("\n").split("\n") if output.strip("\n") else []
        for found in filter(None, typed):
            printed = [line + found.group(2) if line == found.group(1) else line
                       for line in printed]
        blank = [""] if shown and shown[-1] == "" else []
        while shown and shown[-1] == "":
            shown.pop()
        is_last = number == len(commands) - 1
        if (status != 0) != (fails and is_last):
            wrong.append(f"$ {command}\nended with {status}:\n{output}")
        elif not matches([same(it) for it in shown], [same(it) for it in printed]):
            wrong.append(f"$ {command}\nprints\n" + "\n".join(printed))
            shown = printed
        fresh += [("$ " + command).replace("\\\n", "\\\n> ")] + shown + blank
    return "\n".join(fresh).split("\n"), wrong


def directives(line):
    found = re.match(r"<!-- test: (.*) -->$", line)
    return [it.strip() for it in found.group(1).split(";")] if found else None


def run_block(session, language, lines, orders):
    """Gives the lines as they should be, and what is wrong."""
    fails = "fails" in orders
    for order in orders:
        word, _, rest = order.partition(" ")
        if word == "skip":
            print(f"not run: {rest}")
            return lines, []
        if word == "simulator":
            session.start_simulator(rest.split())
        elif word == "set":
            session.set(rest)
        elif word == "file":
            path = os.path.join(session.cwd(), rest)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write("\n".join(lines) + "\n")
        elif word not in ("fails", "background"):
            return lines, [f"unknown order: {order}"]
    if language == "console":
        return run_console(session, lines, fails)
    if language == "sh":
        status, output = session.run("set -e\n" + "\n".join(lines) + "\nset +e",
                                     stays="background" in orders)
        if (status != 0) != fails:
            return lines, [f"ended with {status}:\n{output}"]
    return lines, []


def main(is_update, document):
    with open(document) as file:
        lines = file.read().split("\n")
    session, result, wrong, orders, at, count = Session(BUILD), [], [], [], 0, 0
    try:
        while at < len(lines):
            line = lines[at]
            fence = re.match(r"^( *)```(\w*)$", line)
            found = directives(line)
            at += 1
            result.append(line)
            if found is not None:
                orders = found
            elif fence:
                indent = fence.group(1)
                end = lines.index(indent + "```", at)
                block = [it.removeprefix(indent) for it in lines[at:end]]
                fresh, bad = run_block(session, fence.group(2), block, orders)
                wrong += [f"{document}:{at}: {it}" for it in bad]
                result += [(indent + it).rstrip() for it in fresh] + [lines[end]]
                count += fence.group(2) in ("console", "sh")
                at, orders = end + 1, []
            elif line and orders and not line.startswith("<!--"):
                wrong.append(f"{document}:{at}: a comment that is not before a block")
                orders = []
    finally:
        session.close()
    if is_update:
        with open(document, "w") as file:
            file.write("\n".join(result))
    print(f"{document}: {count} blocks")
    for it in wrong:
        print(it)
    return not wrong or is_update


if __name__ == "__main__":
    arguments = sys.argv[1:]
    update = "--update" in arguments
    BUILD, name = [it for it in arguments if it != "--update"]
    BUILD = os.path.abspath(BUILD)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ends the simulator, too
    sys.exit(0 if main(update, name) else 1)
