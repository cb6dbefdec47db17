"""What the rows of the benchmarks share: timed processes, servers, and manifests."""
import collections
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request

BUILD = os.path.abspath(sys.argv[1])
CFPROV, CFSIM = BUILD + '/cfprov', BUILD + '/cfsim'
BARE, LINKED = BUILD + '/tests/bench/bare', BUILD + '/tests/bench/linked'
ACCOUNT = '985e105f4ecef8ad9ca31a8372d0c353'
STORES = f'/client/v4/accounts/{ACCOUNT}/secrets_store/stores'
TOKEN = 'cfsim-token'
CPUS = sorted(os.sched_getaffinity(0))


class Skip(Exception):
    pass


class Run:
    """A program and all that it starts: wall and CPU time in seconds.

    With cpus, it runs only on these. With memory=True also the peak in bytes, of its largest
    process or of all together as they are seen 20 times a second, whichever is more. The kernel
    counts what a process was before it became the program, which here would be Python: hence
    time(1), which is small.
    """

    def __init__(self, *words, env=None, memory=False, cpus=None):
        if memory:
            if not shutil.which('time'):
                raise Skip('there is no time(1)')
            words = ('time', '--quiet', '--format=%M', '--output=peak', *words)
        begin = time.monotonic()
        with open('out', 'wb') as out:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                       env={**os.environ, **(env or {})},
                                       preexec_fn=only_on(cpus))
            watch = Watch(process.pid) if memory else contextlib.nullcontext()
            with watch:
                _, status, usage = os.wait4(process.pid, 0)
        self.wall = time.monotonic() - begin
        self.cpu = usage.ru_utime + usage.ru_stime
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            with open('out', encoding='utf-8', errors='replace') as out:
                sys.exit(f'{words}: exit status {process.returncode}\n{out.read()[-2000:]}')
        if memory:
            with open('peak', encoding='ascii') as peak:
                self.memory = max(int(peak.read()) * 1024, watch.peak)


def only_on(cpus):
    """What lets a child run only on these; None: anywhere."""
    return cpus and (lambda: os.sched_setaffinity(0, cpus))


class Watch(threading.Thread):
    """Adds up the memory of a process and its descendants; what they share counts once."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.ended = pid, 0, threading.Event()

    def __enter__(self):
        self.start()

    def __exit__(self, *_):
        self.ended.set()
        self.join()

    def run(self):
        while not self.ended.wait(0.05):
            self.peak = max(self.peak, sum(map(share, descendants(self.pid))))


def descendants(pid):
    with contextlib.suppress(OSError):
        for task in os.listdir(f'/proc/{pid}/task'):
            with open(f'/proc/{pid}/task/{task}/children', encoding='ascii') as children:
                for child in children.read().split():
                    yield int(child)
                    yield from descendants(int(child))


def share(pid):
    with contextlib.suppress(OSError), open(f'/proc/{pid}/smaps_rollup', encoding='ascii') as file:
        for line in file:
            if line.startswith('Pss:'):
                return int(line.split()[1]) * 1024
    return 0


class Server:
    """A simulator, with nghttpx in front of it if it is to speak HTTP/2.

    With apart=True, it has a core of its own, if there is more than one: a server elsewhere takes
    no time from its client, while Linux likes to run the two ends of a connection on one core.
    """

    def __init__(self, *options, http2=False, apart=False):
        self.options, self.http2 = options, http2
        self.cpus, self.clients = None, None
        if apart and len(CPUS) > 1:
            self.cpus, self.clients = CPUS[:1], CPUS[1:]
        self.env = {'CLOUDFLARE_API_TOKEN': TOKEN}
        self.processes = []

    def __enter__(self):
        with contextlib.suppress(FileNotFoundError):
            os.remove('port')
        self.start(CFSIM, '--port', '0', '--port-file', 'port', '--max-secrets', '0', *self.options)
        wait_until(lambda: os.path.exists('port') and os.path.getsize('port') > 0)
        with open('port', encoding='ascii') as port:
            self.port = int(port.read())
        self.root = self.url = f'http://127.0.0.1:{self.port}'
        if self.http2:
            self.start_proxy()
        self.env['CLOUDFLARE_BASE_URL'] = self.url + '/client/v4'
        return self

    def __exit__(self, failure, *_):
        for process in self.processes:
            process.terminate()
            process.wait()
        if self.http2 and not failure:
            with open('protocols', encoding='ascii') as log:
                spoken = collections.Counter(log.read().split())
            if list(spoken) != ['h2']:
                sys.exit(f'not all requests came over HTTP/2: {dict(spoken)}')

    def start(self, *words):
        self.processes.append(subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=only_on(self.cpus)))

    def start_proxy(self):
        if not shutil.which('nghttpx'):
            raise Skip('there is no nghttpx ("sh tests/setup.sh bench" installs it)')
        with contextlib.suppress(FileNotFoundError):
            os.remove('protocols')
        if not os.path.exists('cert.pem'):
            subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                            'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj',
                            '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1',
                            '-keyout', 'key.pem', '-out', 'cert.pem'],
                           check=True, capture_output=True)
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        self.start('nghttpx', '--no-ocsp', '--conf=/dev/null',
                   '--accesslog-file=protocols', '--accesslog-format=$alpn',
                   '--backend-connections-per-host=64', '--workers=1',
                   f'--frontend=127.0.0.1,{port}', f'--backend=127.0.0.1,{self.port}',
                   'key.pem', 'cert.pem')
        self.url = f'https://127.0.0.1:{port}'
        self.env['SSL_CERT_FILE'] = os.path.abspath('cert.pem')

        def answers():
            with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port)):
                return True
        wait_until(answers)

    def operations(self):
        """How many requests of each operation were answered; a Counter."""
        with urllib.request.urlopen(self.root + '/_cfsim/stats') as answer:
            return collections.Counter(json.load(answer)['operations'])

    def cfprov(self, *words, env=None, **options):
        return Run(CFPROV, *words, env={**self.env, **(env or {})}, cpus=self.clients, **options)

    def apply(self, parallel=10, **options):
        return self.cfprov('apply', '-auto-approve', f'-parallelism={parallel}', **options)

    def bare(self, what, parallel, count, **options):
        """The loop over libcurl alone; it must have made as many requests as it should."""
        operation = {'post': 'stores_create', 'get': 'stores_list'}[what]
        before = self.operations()[operation]
        run = Run(BARE, what, self.url + STORES, str(parallel), str(count), env=self.env,
                  cpus=self.clients, **options)
        if self.operations()[operation] - before != count:
            sys.exit(f'the bare loop did not {what} what it should')
        return run


def wait_until(is_so):
    for _ in range(1000):
        if is_so():
            return
        time.sleep(0.01)
    sys.exit('a server does not start')


def manifest(count):
    """A manifest of that many stores, and no state."""
    for name in os.listdir('.'):
        if name.startswith(('cfprov.state', '.cfprov.state')):
            os.remove(name)
    with open('cfprov.yaml', 'w', encoding='ascii') as file:
        file.write(f'account_id: {ACCOUNT}\nstores:\n')
        file.writelines(f'  - store_{i}\n' for i in range(1, count + 1))
