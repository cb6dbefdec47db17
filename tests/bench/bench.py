#!/usr/bin/env python3
"""Measures cfprov against its limits, beside a bare loop over libcurl, and writes the report.

    python3 tests/bench/bench.py BUILD [ROUNDS [ROW...]]

Every round runs every row once, so that other load affects all rows alike. A figure is the median
of the rounds; a ratio is taken in each round before the median. ROW is the name of a row's
function. The report and its plot replace those in this folder only if all rows were measured, in
five rounds or more; else they are written to BUILD/bench. "make bench" builds what is needed and
calls this.
"""
import argparse
import contextlib
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import compare
import plot
from harness import BUILD, CFPROV, LINKED, Run, Server, Skip, manifest

ROUNDS = 5  # of a report that is kept
HERE = os.path.dirname(os.path.abspath(__file__))


# ---- the rows: each returns figures, {what: (value, limit, unit)} ------------------------------

def side_by_side(parallel, http2=False):
    manifest(10000)
    with Server(http2=http2) as server:
        ours = server.apply(parallel)
    with Server(http2=http2) as server:
        floor = server.bare('post', parallel, 10000)
    return {'wall / bare': (ours.wall / floor.wall, 1.5, '×'),
            'CPU / bare': (ours.cpu / floor.cpu, 2.0, '×'),
            'wall': (ours.wall, None, 's'), 'CPU': (ours.cpu, None, 's'),
            'wall, bare': (floor.wall, None, 's'), 'CPU, bare': (floor.cpu, None, 's')}


def apply10():
    return side_by_side(10)


def apply50():
    return side_by_side(50)


def tls10():
    return side_by_side(10, http2=True)


def tls50():
    return side_by_side(50, http2=True)


def latency():
    manifest(1000)
    with Server('--latency', '50', apart=True) as server:
        ours = server.apply(50)
        again = server.cfprov('plan')
    with Server('--latency', '50', apart=True) as server:
        floor = server.bare('post', 50, 1000)
    ideal = 1000 / 50 * 0.05
    return {'wall': (ours.wall, 1.05 * ideal + 0.05, 's'), 'wall, bare': (floor.wall, None, 's'),
            # One for the first page, one for the others side by side, one for the process itself.
            'wall, second plan (10 pages)': (again.wall / 0.05, 3, 'round trips')}


def plan():
    manifest(10000)
    with Server() as server:
        server.apply(50)
        before = server.operations()
        ours = server.cfprov('plan')
        requests = (server.operations() - before).total()
        floor = server.bare('get', 10, 100)
    return {'requests': (requests, 100, ''), 'wall / bare': (ours.wall / floor.wall, 2.0, '×'),
            'CPU / bare': (ours.cpu / floor.cpu, None, '×'),
            'wall': (ours.wall, None, 's'), 'wall, bare': (floor.wall, None, 's')}


def scale():
    runs = {}
    for count in 10000, 100000:
        manifest(count)
        with Server() as server:
            runs[count] = server.apply(memory=True), server.cfprov('plan', memory=True)
    (small_apply, small_plan), (apply, again) = runs[10000], runs[100000]
    per_store = (max(apply.memory, again.memory) -
                 max(small_apply.memory, small_plan.memory)) / 90000
    return {'CPU, apply, 100,000 / 10,000': (apply.cpu / small_apply.cpu, 11, '×'),
            'CPU, plan, 100,000 / 10,000': (again.cpu / small_plan.cpu, 11, '×'),
            'memory per store': (per_store, 1500, 'B'),
            'wall, apply': (apply.wall, None, 's'), 'wall, plan': (again.wall, None, 's')}


def accounts():
    manifest(0)
    ids = [f'{i:032x}' for i in range(1, 1001)]
    with open('cfprov.yaml', 'w', encoding='ascii') as file:
        file.write('accounts:\n')
        file.writelines(f'  a{i}: {{account_id: {id}}}\n' for i, id in enumerate(ids))
        file.write('stores:\n  - name: shop\n    secrets:\n')
        file.writelines(f'      - {{name: S{i}, value: {{env: V{i}}}}}\n' for i in range(20))
    values = {f'V{i}': f'value number {i}' for i in range(20)}
    values['CFPROV_KEY'] = 32 * '5a'  # without a key, each fingerprint is deliberately slow
    with Server() as server:
        ours = server.cfprov('apply', '-auto-approve', '-parallelism=50', env=values)
        applied = server.operations()
        again = server.cfprov('plan', env=values)
        planned = server.operations() - applied
    creates = applied['stores_create'] + applied['secrets_create']
    wrong = difference(applied, {'stores_list': 1000, 'quota': 1000, 'stores_create': 1000,
                                 'secrets_create': 1000})
    wrong += difference(planned, {'stores_list': 1000, 'secrets_list': 1000})
    return {'creates per account': (creates / 1000, 2, ''),
            'lists and quotas per account': ((applied.total() - creates) / 1000, 2, ''),
            'requests per account, second plan': (planned.total() / 1000, 2, ''),
            'requests too many or too few': (wrong, 0, ''),
            'wall, apply': (ours.wall, None, 's'), 'wall, plan': (again.wall, None, 's')}


def difference(operations, expected):
    """How many requests there were too many or too few, over all operations."""
    return sum(abs(operations[name] - expected.get(name, 0)) for name in {*operations, *expected})


def start():
    manifest(3)
    programs = (LINKED,), (CFPROV, 'version'), (CFPROV, 'validate')
    runs = [[Run(*words).wall * 1000 for words in programs] for _ in range(40)]
    floor, version, validate = map(statistics.median, zip(*runs))
    return {'version / linked only': (version / floor, 1.3, '×'),
            'validate / linked only': (validate / floor, 1.3, '×'),
            'version': (version, None, 'ms'), 'validate': (validate, None, 'ms'),
            'linked only': (floor, None, 'ms')}


def budget():
    manifest(399)  # and one request for the list
    with contextlib.suppress(FileNotFoundError):
        os.remove('log')
    with Server('--rate-limit', '100/2', '--log', 'log') as server:
        ours = server.apply()
        wrong = difference(server.operations(), {'stores_list': 1, 'stores_create': 399})
    with open('log', encoding='utf-8') as log:
        refused = sum(json.loads(line).get('status') == 429 for line in log)
    # The first 100 may be sent at once, the last when three windows have passed.
    return {'answers 429': (refused, 0, ''), 'requests too many or too few': (wrong, 0, ''),
            'wall / budget': (ours.wall / 6, 1.1, '×'), 'wall': (ours.wall, None, 's')}


ROWS = {
    apply10: 'apply 10,000 stores, parallelism 10',
    apply50: 'apply 10,000 stores, parallelism 50',
    tls10: 'the same over TLS and HTTP/2, parallelism 10',
    tls50: 'the same over TLS and HTTP/2, parallelism 50',
    latency: 'apply 1,000 stores, parallelism 50, 50 ms latency, server on another core',
    plan: 'second plan of 10,000 stores',
    scale: '100,000 stores',
    accounts: '1,000 accounts with a store and 20 secrets each, with a key',
    start: '`version` and `validate`',
    budget: '400 requests at 100 in 2 s',
    compare.compare: 'beside other tools',
}


# ---- the report -------------------------------------------------------------------------------

def measure(rounds, rows):
    figures, skipped = {row: {} for row in rows}, {}
    for n in range(rounds):
        for row in rows:
            if row in skipped:
                continue
            try:
                found = row()
            except Skip as why:
                skipped[row] = str(why)
                continue
            for what, (value, limit, unit) in found.items():
                figures[row].setdefault(what, (limit, unit, []))[2].append(value)
            print(f'round {n + 1}, {row.__name__}: ' + ', '.join(
                f'{what} {shown(value, unit)}' for what, (value, _, unit) in found.items()),
                file=sys.stderr, flush=True)
    return figures, skipped


def number(value):
    return f'{value:.0f}' if value >= 100 or value == int(value) else f'{value:.3g}'


def plural(rounds):
    return '1 round' if rounds == 1 else f'{rounds} rounds'


def shown(value, unit):
    return f'{number(value)} {unit}'.strip()


def first_line(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).partition('\n')[0].strip()


def machine():
    with open('/proc/cpuinfo', encoding='utf-8') as file:
        cpu = [line.partition(':')[2].strip() for line in file if line.startswith('model name')]
    load = ', '.join(f'{x:.1f}' for x in os.getloadavg())
    libraries = subprocess.run([CFPROV, 'version'], capture_output=True, text=True, check=True)
    return [f'{len(cpu)} × {cpu[0] if cpu else platform.machine()}, Linux {platform.release()}',
            f'load average at the start: {load}' + (
                '. The machine was busy: wall times, and their ratios, are worse than on a quiet '
                'one.' if os.getloadavg()[0] > len(cpu) / 2 else ''),
            *libraries.stdout.strip().splitlines(),
            *([first_line('nghttpx', '--version')] if shutil.which('nghttpx') else [])]


def report(about, rounds, figures, skipped):
    lines = ['# Results', '',
             f'Medians of {plural(rounds)} of `make bench`, {time.strftime("%-d %B %Y")}.',
             '', *(f'- {line}' for line in about), '',
             '| case | figure | median | range | limit | |',
             '| --- | --- | --- | --- | --- | --- |']
    for row, title in ((row, ROWS[row]) for row in figures):
        if row in skipped:
            lines.append(f'| {title} | | | | | skipped: {skipped[row]} |')
        elif row is compare.compare:
            continue
        for what, (limit, unit, values) in figures[row].items():
            median = statistics.median(values)
            verdict = '' if limit is None else 'met' if median <= limit else '**missed**'
            lines.append(f'| {title} | {what} | {shown(median, unit)} | {number(min(values))} to '
                         f'{number(max(values))} | {"" if limit is None else shown(limit, unit)} '
                         f'| {verdict} |')
            title = ''
    if figures.get(compare.compare):
        lines += compare.table(figures[compare.compare], number, plural)
    return '\n'.join(lines) + '\n'


def arguments():
    parser = argparse.ArgumentParser(usage='%(prog)s BUILD [ROUNDS [ROW...]]')
    parser.add_argument('build')  # harness.py takes it
    parser.add_argument('rounds', nargs='?', type=int, default=ROUNDS)
    parser.add_argument('rows', nargs='*')
    found = parser.parse_args()
    names = [row.__name__ for row in ROWS]
    for name in found.rows:
        if name not in names:
            parser.error(f'no row {name}; the rows are {", ".join(names)}')
    if found.rounds < 1:
        parser.error('at least 1 round is needed')
    return found.rounds, [row for row in ROWS if not found.rows or row.__name__ in found.rows]


def main():
    rounds, rows = arguments()
    about = machine()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ends the servers, too
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ['XDG_STATE_HOME'] = folder + '/state-home'
        figures, skipped = measure(rounds, rows)
        os.chdir('/')
    is_full = rounds >= ROUNDS and len(rows) == len(ROWS) and not skipped
    target = HERE if is_full else f'{BUILD}/bench'
    os.makedirs(target, exist_ok=True)
    with open(f'{target}/RESULTS.md', 'w', encoding='utf-8') as file:
        file.write(report(about, rounds, figures, skipped))
    if figures.get(compare.compare):
        tools = compare.medians(figures[compare.compare])
        with open(f'{target}/results.svg', 'w', encoding='utf-8') as file:
            file.write(plot.draw(tools, compare.captions(tools)))
    print(f'wrote {target}/RESULTS.md', file=sys.stderr)


main()
