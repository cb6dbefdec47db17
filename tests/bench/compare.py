"""cfprov beside other tools: each creates 1,000 stores, ten at a time."""
import os
import shutil
import statistics
import sys

from harness import ACCOUNT, BUILD, Server, Run, Skip, manifest

STORES = 1000
ONE_BY_ONE = 20  # stores that a tool creates which needs a process for each
FASTER, SMALLER = 20, 10  # the goal, times; table() calls the second a tenth
HERE = os.path.dirname(os.path.abspath(__file__)) + '/peers'
PEERS = BUILD + '/peers'
NODE = PEERS + '/node'


class Peer:
    """A tool in PEERS: its name as shown, its folder, and how it creates that many stores.

    The report says the note; the caption is below the plot.
    """

    def __init__(self, name, folder, words, note, prepare=None, stores=STORES, caption=None):
        self.name, self.folder, self.words = name, f'{PEERS}/{folder}', words
        self.note, self.caption, self.prepare, self.stores = note, caption, prepare, stores

    def version(self):
        """None if it is not installed: its installation ends by writing this file."""
        try:
            with open(self.folder + '/version', encoding='ascii') as file:
                return file.read().strip()
        except FileNotFoundError:
            return None

    def run(self):
        shutil.rmtree('peer', ignore_errors=True)
        os.mkdir('peer')
        os.chdir('peer')
        try:
            with Server() as server:
                env = {**server.env, **ENVIRONMENT, 'HOME': os.getcwd(),
                       'CLOUDFLARE_API_BASE_URL': server.env['CLOUDFLARE_BASE_URL']}
                if self.prepare:
                    self.prepare(self.folder, env)
                run = Run(*(word.format(peer=self.folder, stores=self.stores)
                            for word in self.words), env=env, memory=True)
                made = server.operations()['stores_create']
        finally:
            os.chdir('..')
        if made != self.stores and self is not OPENTOFU:
            sys.exit(f'{self.name} created {made} stores')
        run.wall *= STORES / self.stores
        run.cpu *= STORES / self.stores
        return run


# The account, and no word to anybody else: no telemetry, and no look for updates.
ENVIRONMENT = {'CLOUDFLARE_ACCOUNT_ID': ACCOUNT, 'ALCHEMY_TELEMETRY_DISABLED': '1',
               'WRANGLER_SEND_METRICS': 'false', 'WRANGLER_HIDE_BANNER': 'true',
               'CHECKPOINT_DISABLE': '1', 'DO_NOT_TRACK': '1',
               'ALCHEMY_CI_STATE_STORE_CHECK': 'false'}


def tofu_init(folder, env):
    shutil.copy(HERE + '/main.tf', '.')
    Run(folder + '/tofu', 'init', '-no-color', env=env)


def beside_packages(script):
    """Node looks for packages beside the script."""
    def copy(folder, _):
        shutil.copy(f'{HERE}/{script}', folder)
    return copy


OPENTOFU = Peer(
    'OpenTofu, no provider', 'opentofu',
    ['{peer}/tofu', 'apply', '-auto-approve', '-input=false', '-no-color', '-parallelism=10',
     '-var=stores={stores}'],
    'OpenTofu sends no requests here, so this is less than it would need: it applies\n'
    f'  {STORES:,} `terraform_data`, which need no provider.', tofu_init,
    caption='OpenTofu sent no requests: its built-in resource needs no provider.')
ALL = [
    Peer('official Go SDK', 'sdk-go', ['{peer}/sdk', '{stores}'],
         'From the Go SDK, only its service for stores is used; it starts faster than the full\n'
         '  client.'),
    Peer('official TypeScript SDK', 'sdk-typescript', [NODE, '{peer}/sdk.mjs', '{stores}'],
         'From the TypeScript SDK, only its resource for stores is used; it starts faster than\n'
         '  the full client.',
         beside_packages('sdk.mjs')),
    Peer('official Python SDK', 'sdk-python', ['{peer}/bin/python', HERE + '/sdk.py', '{stores}'],
         'The Python SDK uses aiohttp, which is faster than its default.'),
    Peer('alchemy', 'alchemy', [NODE, '{peer}/alchemy.mjs', '{stores}'],
         'alchemy keeps its state in files, as it does by default.',
         beside_packages('alchemy.mjs')),
    OPENTOFU,
    Peer('wrangler', 'wrangler',
         ['sh', '-c', 'seq {stores} | xargs -P 10 -I @ "$@"', 'sh', NODE,
          '{peer}/node_modules/wrangler/bin/wrangler.js', 'secrets-store', 'store', 'create',
          'store_@', '--remote'],
         f'wrangler has no command for several stores. {ONE_BY_ONE} processes, ten at a time, created\n'
         f'  one each; its times are extrapolated (× {STORES // ONE_BY_ONE}), its memory is not.',
         stores=ONE_BY_ONE, caption=f"wrangler's time is extrapolated from {ONE_BY_ONE} stores; "
         'its memory is not.'),
]
NOTES = f'''
Every tool creates {STORES:,} stores in an empty account of the simulator, over plain HTTP, ten at
a time. The time is from start to end of its process; memory is the peak of all its processes.
cfprov also reads the manifest, lists what exists, plans, and keeps a journal and a state.

- libcurl and the SDKs only send the requests: each takes a few lines, in [peers](peers).
- Cloudflare's provider for OpenTofu was not available: the latest version published as a Go module
  is 1.18.1, which has no Secrets Store.
'''


def compare():
    """Figures, {what: (value, limit, unit)}: three for cfprov, libcurl and each peer."""
    manifest(STORES)
    with Server() as server:
        ours = server.apply(memory=True)
    with Server() as server:
        runs = {'cfprov': ours, 'libcurl alone': server.bare('post', 10, STORES, memory=True)}
    runs |= {peer.name: peer.run() for peer in ALL if peer.version()}
    if len(runs) == 2:
        raise Skip('no other tool is installed ("make peers" does it)')
    figures = {}
    for name, run in runs.items():
        figures |= {f'wall, {name}': (run.wall, None, 's'), f'CPU, {name}': (run.cpu, None, 's'),
                    f'memory, {name}': (run.memory / 1e6, None, 'MB'),
                    f'wall / cfprov, {name}': (run.wall / ours.wall, None, '×'),
                    f'memory / cfprov, {name}': (run.memory / ours.memory, None, '×')}
    return figures


def medians(figures):
    """{tool: {what: value}} of the figures of some rounds."""
    found = {}
    for key, (_, _, values) in figures.items():
        what, _, name = key.partition(', ')
        found.setdefault(name, {})[what] = statistics.median(values)
    return found


def captions(tools):
    """What a reader of the plot has to know of these tools."""
    return [peer.caption for peer in ALL if peer.caption and peer.name in tools]


def table(figures, number, plural):
    """The lines of the report."""
    def ratio(value, limit, name):
        text = f'{number(value)} ×'
        return '' if name == 'cfprov' else text if value >= limit or name not in versions \
            else f'**{text}**'

    rounds = len(next(iter(figures.values()))[2])
    versions = {peer.name: peer.version() for peer in ALL}
    lines = ['', f'## Beside other tools: {STORES:,} stores', '',
             f'Medians of {plural(rounds)}. Goal: at least {FASTER} times faster, with a '
             'tenth of the memory. Ratios in bold miss it.', '',
             "| tool | wall | × cfprov's wall time | CPU | memory | × cfprov's memory |",
             '| --- | --- | --- | --- | --- | --- |']
    for name, of in medians(figures).items():
        lines.append(f'| {name} {versions.get(name, "")}'.rstrip() +
                     f' | {number(of["wall"])} s | {ratio(of["wall / cfprov"], FASTER, name)} '
                     f'| {number(of["CPU"])} s | {number(of["memory"])} MB '
                     f'| {ratio(of["memory / cfprov"], SMALLER, name)} |')
    absent = [name for name, version in versions.items() if not version]
    return lines + NOTES.rstrip('\n').split('\n') + (
        [f'- {peer.note}' for peer in ALL if peer.version()]) + (
        [f'- Not installed, so not measured: {", ".join(absent)}.'] if absent else [])
