#!/usr/bin/python3
"""Makes the README's picture of a run: real output of a terminal, as SVG on standard output.

    picture.py BUILD

Starts a simulator, runs cfprov on a pseudo-terminal, and draws what the screen shows. Ids, which
differ from run to run, are replaced by fixed ones, so the same program makes the same picture.
"""
import html
import os
import re
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(sys.argv[1])
SCREEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "screen.py")
COLUMNS, WIDTH, HEIGHT, MARGIN = 92, 8.4, 19, 18
MANIFEST = """\
account_id: 985e105f4ecef8ad9ca31a8372d0c353
stores:
  - name: payments
    secrets:
      - name: DB_PASSWORD
        value: {env: DB_PASSWORD}
      - name: SESSION_KEY
        value: {generate: {bytes: 32}}
"""
RUN = r"""
prompt() { printf '\033[32m$\033[0m \033[1m%s\033[0m\n' "$*"; }
prompt cat cfprov.yaml; cat cfprov.yaml; echo
prompt cfprov apply; cfprov apply; echo
prompt cfprov plan; cfprov plan
"""
IDS = ["9eec6ed3df694c4fa9d8d8ba6cbabb59", "3a67f3ab09814e8db83aebf6a4ba29ce",
       "2be4dbd2ee394f7fa86b18a8b0f2b3c4"]
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "36": "#79c0ff"}


def run():
    with tempfile.TemporaryDirectory() as folder:
        raw, port = os.path.join(folder, "raw"), os.path.join(folder, "port")
        with open(os.path.join(folder, "cfprov.yaml"), "w") as file:
            file.write(MANIFEST)
        start = (f'"{BUILD}/cfsim" --port 0 --port-file {port} >/dev/null & trap "kill $!" EXIT\n'
                 f"until [ -s {port} ]; do sleep 0.05; done\n"
                 f"export CLOUDFLARE_BASE_URL=http://127.0.0.1:$(cat {port})/client/v4\n")
        # Nothing from outside changes the picture.
        env = {"PATH": BUILD + ":/usr/bin:/bin", "TERM": "xterm-256color", "HOME": folder,
               "LC_ALL": "C.UTF-8", "CLOUDFLARE_API_TOKEN": "cfsim-token",
               "DB_PASSWORD": "sample"}
        subprocess.run(
            [sys.executable, SCREEN, "--columns", str(COLUMNS), "--raw", raw, "--wait",
             "accepted", "--send", "yes\\n", "--", "sh", "-c", start + RUN],
            cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
        with open(raw, encoding="utf-8", newline="") as file:
            return file.read()


def replace_ids(text):
    known = {}

    def fixed(found):
        name = found.group(0)
        if name in MANIFEST:
            return name
        return known.setdefault(name, IDS[len(known)])

    return re.sub(r"\b[0-9a-f]{32}\b", fixed, text)


def lines_of(text):
    """Gives the lines of the screen, as lists of (attributes, text)."""
    lines, attributes = [], ()
    for line in text.replace("\r\n", "\n").split("\n"):
        line = line.split("\r")[-1]  # a status line is drawn over
        parts = []
        for number, part in enumerate(re.split(r"\x1b\[([0-9;]*)[mK]", line)):
            if number % 2 == 0:
                parts.append((attributes, part))
            elif part:
                codes = tuple(it for it in part.split(";") if it != "0")
                attributes = codes if part.startswith("0") else attributes + codes
        lines.append([it for it in parts if it[1]])
    while lines and not lines[-1]:
        lines.pop()
    return lines


def span(attributes, text):
    colour = next((COLOURS[it] for it in attributes if it in COLOURS), None)
    look = (f' fill="{colour}"' if colour else "") + \
        (' font-weight="bold"' if "1" in attributes else "") + \
        (' opacity="0.65"' if "2" in attributes else "")
    shown = html.escape(text, quote=False)
    return f"<tspan{look}>{shown}</tspan>" if look else shown


def draw(lines):
    columns = max(sum(len(text) for _, text in line) for line in lines)
    width, height = columns * WIDTH + 2 * MARGIN, len(lines) * HEIGHT + 2 * MARGIN
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
           f'viewBox="0 0 {width:.0f} {height:.0f}" role="img">')
    yield "<title>cfprov plans and applies a store with two secrets</title>"
    yield '<rect width="100%" height="100%" rx="8" fill="#0d1117"/>'
    yield ('<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" '
           'font-size="14" fill="#e6edf3" xml:space="preserve">')
    for number, line in enumerate(lines):
        if line:
            y = MARGIN + (number + 0.75) * HEIGHT
            yield (f'<text x="{MARGIN}" y="{y:.0f}">' +
                   "".join(span(*part) for part in line) + "</text>")
    yield "</g></svg>"


print("\n".join(draw(lines_of(replace_ids(run())))))
