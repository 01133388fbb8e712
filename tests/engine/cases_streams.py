# SPDX-License-Identifier: Apache-2.0
"""cases_streams.py - streams that say nothing for longer than any timer of the daemon, and slow readers.

The daemon of this suite has every timer at 100 ms. The pauses below are the stimulus, no waiting for something.
"""
import functools
import io
import os
import socket
import tarfile
import threading
import time

from cases_cli import KILL, SLEEP, STEPS, payload, tar_of
from compare import INTERRUPT, Failed, case, read_slowly

CASES = []
stream = functools.partial(case, CASES)
PAUSE = 1.5
STOP = 2


@stream('logs -f that is silent')
def _(c):
    c.setup('run', '-d', '--name', 'one', 'bb', 'sh', '-c', 'echo a; sleep 1.5; echo b; sleep 1.5; echo c')
    c.works('logs', '-f', 'one')


@stream('events that are silent')
def _(c):
    c.setup('create', '--name', 'one', 'bb')
    since = c.setup('info', '--format', '{{.SystemTime}}')
    client = c.docker_spawn('events', '--since', since, '--filter', 'container=one', '--format', '{{.Action}}')
    for verb, action in (('start', 'start'), ('rm', 'destroy')):
        time.sleep(PAUSE)
        c.setup(verb, *(('-f',) if verb == 'rm' else ()), 'one')
        client.expect(action)
    out = client.signal(INTERRUPT).finish()[1]
    c.note('events', [w for w in ('start', 'destroy') if w in out])


@stream('stats that come once a second')
def _(c):
    c.setup('run', '-d', '--name', 'one', *KILL, *SLEEP)
    client = c.docker_spawn('stats', '--format', '{{.Name}}', 'one')
    client.expect('one', times=4).signal(INTERRUPT)
    c.note('stats', client.finish()[1].count('one') >= 4)


@stream('attach that is silent, and typed to late')
def _(c):
    c.setup('run', '-d', '-i', '--name', 'one', 'bb', 'sh', '-c', 'read x; sleep 1.5; echo got $x; exit 7')
    client = c.docker_spawn('attach', 'one', stdin=True)
    time.sleep(PAUSE)
    client.send(b'late\n').expect('got late')
    client.end('attach')


@stream('exec -it that is silent, and typed to late')
def _(c):
    c.setup('run', '-d', '--name', 'one', *KILL, *SLEEP)
    client = c.docker_spawn('exec', '-it', 'one', 'sh', '-c', 'echo ready; read x; sleep 1.5; echo "got <$x>"; exit 8',
                            terminal=True)
    client.expect('ready')
    time.sleep(PAUSE)
    client.send(b'late\r').expect('got <late>')
    client.end('exec -it')


@stream('wait that takes long')
def _(c):
    c.setup('run', '-d', '--name', 'one', 'bb', 'sh', '-c', 'sleep 2; exit 12')
    c.works('wait', 'one')


@stream('run -i whose stdin pauses and stays open')
def _(c):
    client = c.docker_spawn('run', '-i', '--name', 'one', 'bb', 'cat', stdin=True)
    for word in (b'first\n', b'second\n'):
        client.send(word).expect(word.decode())
        time.sleep(PAUSE)
    client.close_stdin()
    client.end('run -i')


@stream('run that is silent while its client has closed its own direction')
def _(c):
    c.works('run', '--name', 'one', 'bb', 'sh', '-c', 'sleep 2; echo late')


class SlowWire(threading.Thread):
    """A wire to the registry on which each piece of an image's layer comes late."""

    def __init__(self, port, target):
        super().__init__(daemon=True)
        self.target, self.paused = target, 0
        self.listening = socket.create_server(('127.0.0.1', port))

    def run(self):
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, socket.create_connection(('127.0.0.1', self.target)) as registry:
            threading.Thread(target=self.pump, args=(registry, client), daemon=True).start()
            self.pump(client, registry)

    def pump(self, source, sink):
        try:
            while data := source.recv(65536):
                if b'GET ' in data[:4] and b'/blobs/' in data:
                    self.paused += 1
                    time.sleep(PAUSE)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()


@stream('pull from a registry that pauses')
def _(c):
    c.world.registry.reset()
    wire = SlowWire(5002, c.world.registry.port)
    wire.start()
    try:
        c.setup('import', '-', '127.0.0.1:5000/slow/bb:1', stdin=tar_of(layer=payload(1 << 20)))
        c.setup('push', '127.0.0.1:5000/slow/bb:1')
        c.setup('rmi', '127.0.0.1:5000/slow/bb:1')
        c.works('pull', '127.0.0.1:5002/slow/bb:1', sort=True, loose=STEPS)
    finally:
        wire.close()
    if not wire.paused:
        raise Failed('the wire never paused')


def half_and_half(c, title, data, *args, **how):
    """An upload that stops in the middle of its bytes."""
    client = c.docker_spawn(*args, stdin=True)
    client.send(data[:len(data) // 2])
    time.sleep(PAUSE)
    client.send(data[len(data) // 2:]).close_stdin()
    code, out, err = client.finish()
    c.record(title, code, out, err, **how)
    if code:
        raise Failed('%s: exit %d: %s' % (title, code, err))


@stream('build whose upload pauses and whose step is silent')
def _(c):
    context = tar_of(Dockerfile=b'FROM bb\nCOPY big /big\nRUN sleep 1.5; sha256sum /big\n', big=payload(4 << 20))
    half_and_half(c, 'build', context, 'build', '--no-cache', '-')


@stream('cp whose upload pauses')
def _(c):
    c.setup('run', '-d', '--name', 'one', *KILL, *SLEEP)
    half_and_half(c, 'cp', tar_of(big=payload(4 << 20)), 'cp', '-', 'one:/tmp')
    c.works('exec', 'one', 'sha256sum', '/tmp/big')


@stream('load whose upload pauses')
def _(c):
    c.setup('tag', 'bb', 'saved:1')
    c.setup('save', '-o', 'image.tar', 'saved:1')
    c.setup('rmi', 'saved:1')
    with open(os.path.join(c.folder, 'image.tar'), 'rb') as f:
        half_and_half(c, 'load', f.read(), 'load', '-q')


def slow_reader(c, *args, last=None):
    """What a client prints into a pipe whose reader stops for two seconds, then goes on to the end (or to last)."""
    read, write = os.pipe()
    client = c.spawn('/bin/sh', '-c', 'exec "$@" >&%d' % write, 'sh', c.world.docker, *args, pass_fds=(write,))
    os.close(write)
    try:
        return read_slowly(read, 4096, STOP, lambda data: last and data.endswith(last))
    finally:
        os.close(read)
        if last:
            client.kill()
        else:
            client.finish()


@stream('logs -f into a reader that stops for two seconds')
def _(c):
    c.setup('run', '-d', '--name', 'one', 'bb', 'sh', '-c', 'seq 1 400000; exec sleep 600')
    data = slow_reader(c, 'logs', '-f', 'one', last=b'\n400000\n')
    if data != b''.join(b'%d\n' % i for i in range(1, 400001)):
        raise Failed('%d bytes came, not those that were written' % len(data))
    c.note_hash('logs -f', data)


@stream('run into a reader that stops for two seconds')
def _(c):
    data = slow_reader(c, 'run', '--name', 'one', 'bb', 'seq', '1', '400000')
    if data != b''.join(b'%d\n' % i for i in range(1, 400001)):
        raise Failed('%d bytes came, not those that were written' % len(data))
    c.note_hash('run', data)


@stream('cp out of a container into a reader that stops for two seconds')
def _(c):
    big = payload(8 << 20)
    c.write('big', big)
    c.setup('create', '--name', 'one', 'bb')
    c.setup('cp', os.path.join(c.folder, 'big'), 'one:/tmp/big')
    data = slow_reader(c, 'cp', 'one:/tmp/big', '-')
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        if tar.extractfile('big').read() != big:
            raise Failed('the file came out changed')
    c.note('cp', len(big))


@stream('save into a reader that stops for two seconds')
def _(c):
    data = slow_reader(c, 'save', 'bb')
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        c.note('save', len(tar.getnames()) > 2)
