# SPDX-License-Identifier: Apache-2.0
"""compare.py - runs every client command twice, direct and through the gate, and compares.

A case is a function that gets a Context and runs client commands with it. What the clients printed,
their exit codes, and facts the case notes make a transcript; ids, times and addresses in it are
normalised, everything else must be equal. The engine is brought back to its base images in between.
A case whose transcripts differ may be run once more, both ways; it must then be equal.
"""
import difflib
import fcntl
import hashlib
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import traceback

from engine import wait_for

TIMEOUT = 60

NORMAL = [(re.compile(p), r) for p, r in (
    (r'\x1b\[[0-9;?]*[A-Za-z]', ''),                                    # colours, cursor movements
    (r'\b[0-9a-f]{64}\b', '<id>'),
    (r'\b[0-9a-f]{25}\b', '<id25>'),
    (r'\b[0-9a-f]{12}\b', '<id>'),
    (r'\b[0-9a-f]{10}\b', '<id10>'),
    (r'\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|[+-]\d\d:?\d\d)( \w+)?)?', '<time>'),
    (r'(Less than a|About an?|\b\d+) (second|minute|hour|day)s?( ago)?', '<ago>'),
    (r'\b\d+\.\d+s\b', '<seconds>'),
    (r'\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b', '<mac>'),
    (r'\b172\.\d+\.\d+\.\d+', '<ip>'),
    (r'-{5,}', '-----'),
    (r'[ \t]+(?=\n|$)', ''),
    (r'[ \t]{2,}', '  '),
)]


def normalise(text):
    for pattern, word in NORMAL:
        text = pattern.sub(word, text)
    return text


class Failed(Exception):
    """A step that has to work did not."""


class Background:
    """A client that runs beside the case: its output is collected as it comes."""

    def __init__(self, context, argv, terminal=False, stdin=False, size=(33, 101), pass_fds=()):
        self.context, self.argv, self.output, self.errors = context, argv, bytearray(), bytearray()
        self.master, self.changed = None, threading.Condition()
        self.readers = []
        if terminal:
            self.open_terminal(size)
        else:
            self.proc = subprocess.Popen(argv, stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=context.env,
                                         cwd=context.folder, start_new_session=True, pass_fds=pass_fds)
            self.read(self.proc.stdout.fileno(), self.output)
            self.read(self.proc.stderr.fileno(), self.errors)

    def open_terminal(self, size):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', size[0], size[1], 0, 0))
        self.proc = subprocess.Popen(
            self.argv, stdin=slave, stdout=slave, stderr=slave, env=dict(self.context.env, TERM='xterm'),
            cwd=self.context.folder, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.read(self.master, self.output)

    def read(self, fd, into):
        def loop():
            while True:
                try:
                    data = os.read(fd, 65536)
                except OSError:         # a terminal without a slave reports EIO
                    data = b''
                with self.changed:
                    into.extend(data)
                    self.changed.notify_all()
                if not data:
                    return
        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        self.readers.append(thread)

    def expect(self, text, times=1, seconds=TIMEOUT, stream=None):
        data, want = self.output if stream is None else stream, text.encode()
        with self.changed:
            if not self.changed.wait_for(lambda: data.count(want) >= times, seconds):
                self.kill()
                raise Failed('%r did not come within %d s; there was %r, errors %r' % (
                    text, seconds, bytes(data[-400:]), bytes(self.errors[-400:])))
        return self

    def send(self, data):
        if self.master is not None:
            os.write(self.master, data)
        else:
            self.proc.stdin.write(data)
            self.proc.stdin.flush()
        return self

    def close_stdin(self):
        self.proc.stdin.close()
        return self

    def signal(self, number):
        """To the client and its helpers, as a terminal's keys are: compose is a child of docker."""
        os.killpg(self.proc.pid, number)
        return self

    def kill(self):
        if self.proc.poll() is None:
            os.killpg(self.proc.pid, signal.SIGKILL)
        self.proc.wait()

    def finish(self, seconds=TIMEOUT):
        """Waits for the client's own end; gives exit code, output and errors as text."""
        try:
            self.proc.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed('%s did not end within %d s; output %r' % (
                ' '.join(self.argv), seconds, bytes(self.output[-400:])))
        for thread in self.readers:
            thread.join(10)
        if self.master is not None:
            os.close(self.master)
        return (self.proc.returncode, self.output.decode('utf-8', 'replace'),
                self.errors.decode('utf-8', 'replace'))

    def end(self, title, **how):
        """finish() and into the transcript."""
        self.context.record(title, *self.finish(), **how)


class Context:
    """What a case works with: client commands against one of the two sockets."""

    def __init__(self, world, host, folder):
        self.world, self.host, self.folder = world, host, folder
        self.engine = world.engine
        self.transcript, self.started = [], []
        self.env = dict(world.env, DOCKER_HOST=host, HOME=world.home, TMPDIR=folder)
        os.makedirs(folder)

    def record(self, title, code, out, err, sort=False, loose=None, unique=False):
        both = []
        for text in (out, err):
            text = normalise(text)
            for pattern, word in loose or ():
                text = re.sub(pattern, word, text)
            lines = text.splitlines()
            if unique:
                lines = set(lines)
            both.append('\n'.join(sorted(lines) if sort or unique else lines))
        title = normalise(title)
        self.transcript.append('$ %s\nexit %d\n%s\n--- errors\n%s' % (title, code, both[0], both[1]))

    def note(self, name, value):
        """A fact that is no output: the hash of a file that arrived, a list of names."""
        self.transcript.append('%s: %s' % (name, value))

    def note_hash(self, name, data):
        self.note(name, '%d bytes %s' % (len(data), hashlib.sha256(data).hexdigest()[:16]))

    def run(self, *argv, stdin=None, timeout=TIMEOUT, env=None, raw=False, cwd=None, must=False, **how):
        """One client command into the transcript. raw: the output is data, only its hash is kept."""
        try:
            done = subprocess.run(argv, input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(self.env, **(env or {})),
                                  cwd=cwd or self.folder, timeout=timeout)
        except subprocess.TimeoutExpired as e:
            raise Failed('%s did not end within %d s; output %r, errors %r' % (
                ' '.join(argv), timeout, (e.stdout or b'')[-400:], (e.stderr or b'')[-400:]))
        out = done.stdout
        if raw:
            out = b'%d bytes %s' % (len(out), hashlib.sha256(out).hexdigest().encode())
        self.record(' '.join(a.replace(self.folder, '<folder>') for a in argv), done.returncode,
                    out.decode('utf-8', 'replace').replace(self.folder, '<folder>'),
                    done.stderr.decode('utf-8', 'replace').replace(self.folder, '<folder>'), **how)
        if must and done.returncode:
            raise Failed('%s: exit %d: %s' % (' '.join(argv), done.returncode, done.stderr.decode()[-600:]))
        return done

    def docker(self, *args, **how):
        return self.run(self.world.docker, *args, **how)

    def works(self, *args, **how):
        """A docker command that must succeed in both runs: a case must not compare two failures."""
        return self.docker(*args, must=True, **how)

    def spawn(self, *argv, **how):
        client = Background(self, list(argv), **how)
        self.started.append(client)
        return client

    def docker_spawn(self, *args, **how):
        return self.spawn(self.world.docker, *args, **how)

    def setup(self, *args, stdin=None):
        """Preparation, straight to the engine and not compared."""
        done = subprocess.run([self.world.docker, *args], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=dict(self.env, DOCKER_HOST='unix://' + self.engine.socket), timeout=TIMEOUT,
                              cwd=self.folder)
        if done.returncode:
            raise Failed('preparing with %s: %s' % (' '.join(args), done.stderr.decode()))
        return done.stdout.decode().strip()

    def write(self, name, data, mode=0o644):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        os.chmod(path, mode)
        os.utime(path, (1700000000, 1700000000))
        return path

    def over(self):
        for client in self.started:
            client.kill()


class Skip(Exception):
    """The case needs something this machine does not have."""


class Results:
    """The lines that the suite prints; tests/engine/run counts them."""

    def __init__(self, suite, filter_text):
        self.suite, self.filter, self.failed = suite, filter_text, 0

    def wants(self, name):
        return self.filter in name

    def ok(self, name, more=''):
        print('ok %s: %s%s' % (self.suite, name, more), flush=True)

    def fail(self, name, why):
        self.failed += 1
        print('FAIL %s: %s: %s' % (self.suite, name, why.strip().replace('\n', '\n    ')), flush=True)

    def skip(self, name, why):
        print('skip %s: %s: %s' % (self.suite, name, why), flush=True)

    def check(self, name, function, *args):
        """A check that compares nothing: it passes, skips or raises."""
        if not self.wants(name):
            return
        try:
            function(*args)
        except Skip as e:
            self.skip(name, str(e))
        except Exception as e:                          # pylint: disable=broad-except
            self.fail(name, '%s: %s' % (type(e).__name__, e) if isinstance(e, (Failed, AssertionError, TimeoutError))
                      else traceback.format_exc())
        else:
            self.ok(name)


class World:
    """All that the cases of one suite share."""

    def __init__(self, folder, engine, gate, docker, results):
        self.folder, self.engine, self.gate, self.docker, self.results = folder, engine, gate, docker, results
        self.home = os.path.join(folder, 'home')
        self.env = {'PATH': os.environ['PATH'], 'LANG': 'C.UTF-8', 'DOCKER_BUILDKIT': '0',
                    'DOCKER_CLI_HINTS': 'false', 'COMPOSE_STATUS_STDOUT': '', 'BUILDX_NO_DEFAULT_ATTESTATIONS': '1'}
        self.runs = 0

    def once(self, function, host):
        self.runs += 1
        context = Context(self, host, os.path.join(self.folder, 'run%d' % self.runs))
        try:
            function(context)
        finally:
            context.over()
            self.engine.clean()
        return '\n'.join(context.transcript).replace(context.folder, '<folder>').replace(host, '<host>')

    def both(self, function, host):
        try:
            direct = self.once(function, 'unix://' + self.engine.socket)
        except Failed as e:
            if self.engine.kind != 'podman':
                raise
            raise Skip('the engine itself cannot on this machine: ' + str(e).splitlines()[0][-200:]) from e
        mark = self.gate.journal.mark()
        through = self.once(function, host)
        if not self.gate.alive():
            raise Failed('the gate ended')
        journal = self.gate.journal
        try:
            wait_for('record of something that went through the gate', lambda: journal.find(mark, verdict='allow'), 20)
        except TimeoutError as e:
            raise Failed(str(e)) from e
        records = journal.since(mark)
        return direct, through, [r for r in records if r.get('SOCKGATE_VERDICT') in ('deny', 'reject', 'fault')]

    def compare(self, name, function, host=None):
        if not self.results.wants(name):
            return
        host = host or 'unix://' + self.gate.socket
        why = ''
        start = time.monotonic()
        for attempt in ('', ' (second try)'):
            try:
                direct, through, refused = self.both(function, host)
            except Skip as e:
                self.results.skip(name, str(e))
                return
            except Failed as e:
                why = str(e)
            except Exception:                           # pylint: disable=broad-except
                why = traceback.format_exc()
            else:
                if direct == through:
                    self.results.ok(name, attempt)
                    if attempt:
                        print('first try of %s: %s' % (name, why), file=sys.stderr)
                    if os.environ.get('SOCKGATE_SHOW'):
                        print('%s\n(%.1f s)' % (through, time.monotonic() - start), file=sys.stderr)
                    return
                lines = difflib.unified_diff(direct.splitlines(), through.splitlines(), 'direct', 'through',
                                             lineterm='', n=2)
                why = '\n'.join(list(lines)[:80])
                for r in refused[:8]:
                    why += '\nrefused: %s %s: %s' % (r.get('SOCKGATE_METHOD'), r.get('SOCKGATE_PATH'), r.get('MESSAGE'))
        self.results.fail(name, why)


def case(registry, name):
    """Puts a function into a list of cases under a name that reads as a specification."""
    def add(function):
        registry.append((name, function))
        return function
    return add


def read_slowly(fd, pause_after, seconds, done):
    """Reads fd, stops once for some seconds after the first bytes, then goes on to the end."""
    data = bytearray()
    paused = False
    while not done(data):
        ready, _, _ = select.select([fd], [], [], TIMEOUT)
        if not ready:
            raise Failed('no byte for %d s after %d bytes' % (TIMEOUT, len(data)))
        part = os.read(fd, 65536)
        if not part:
            break
        data += part
        if not paused and len(data) >= pause_after:
            paused = True
            time.sleep(seconds)
    return bytes(data)


INTERRUPT = signal.SIGINT
