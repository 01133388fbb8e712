# SPDX-License-Identifier: Apache-2.0
"""What passes unread arrives as it was sent, whoever goes, stops or does not read in the middle of it:
bodies with a length, large chunks, tunnels."""
import errno
import hashlib
import os
import random
import signal
import struct
import tempfile
import threading
import time

from harness import ALL, Gate, check_both, expect, expect_equal, head, wait_until

KIB, MIB = 1024, 1024 * 1024
LOAD, PING = '/images/load', '/_ping'
ATTACH = head('POST', '/containers/web/attach?stream=1', [('Connection', 'Upgrade'), ('Upgrade', 'tcp')])
BLOB = random.Random(7).randbytes(16 * MIB)
COUNTS = ('into', 'out', 'bytes_in', 'bytes', 'short', 'again', 'pauses', 'refused', 'pipes', 'pipes_refused', 'empty', 'full',
          'ends')


class Spliced(Gate):
    """A gate with fault-pattern.c before its splice(): calls is what was counted, as of now."""

    def __init__(self, listen=('unix',), faults=None, **more):
        self.count_file = tempfile.TemporaryFile(prefix='sockgate-count-')     # pylint: disable=consider-using-with
        self.count_file.truncate(8 * len(COUNTS))
        env = {'LD_PRELOAD': os.environ['FAULT_PATTERN'],
               'FAULT_PATTERN_COUNTS': '/proc/%d/fd/%d' % (os.getpid(), self.count_file.fileno()),
               'ASAN_OPTIONS': 'detect_leaks=1:exitcode=99:abort_on_error=0:verify_asan_link_order=0'}
        super().__init__(ALL + '[audit]\nlog = all\n', listen=listen, env=dict(env, **(faults or {})), **more)

    @property
    def calls(self):
        return dict(zip(COUNTS, struct.unpack('=%dQ' % len(COUNTS), os.pread(self.count_file.fileno(), 8 * len(COUNTS), 0))))

    def n_pipe_ends(self):
        folder, n = '/proc/%d/fd' % self.process.pid, 0
        for fd in os.listdir(folder):
            try:
                n += os.readlink(os.path.join(folder, fd)).startswith('pipe:')
            except FileNotFoundError:
                pass
        return n


def digest(data):
    return hashlib.sha256(data).hexdigest()


def load_head(n, framing=None):
    return head('POST', LOAD, [framing or ('Content-Length', str(n))])


def in_background(function, *args):
    thread = threading.Thread(target=function, args=args, daemon=True)
    thread.start()
    return thread


def expect_body(gate, body, which=-1):
    """The engine got this body, and its requests are well formed: no byte went astray."""
    seen = [r for r in gate.engine.seen() if r.path == LOAD]
    expect(seen, 'no body at the engine')
    expect_equal((seen[which].body_length, digest(seen[which].body)), (len(body), digest(body)), 'body at the engine')
    expect_equal([r.defects for r in gate.engine.seen() if r.defects], [], 'defects')


def upload_with_next(gate, body, which=0):
    """A body and the next request in one go, on one connection."""
    with gate.connect(which) as client:
        thread = in_background(client.send, load_head(len(body)) + body + head('GET', PING))
        expect_equal(client.read().status, 200)
        expect_equal(client.read().status, 200)
        thread.join(20)
    expect_body(gate, body)
    expect_equal(gate.engine.seen()[-1].path, PING)


def slow_engine(gate, go):
    """The engine reads nothing of a body before go is set."""
    def handler(x):
        go.wait(60)
        x.answer(200, b'{}')
    gate.engine.on('^%s$' % LOAD, handler)


def wait_held(gate):
    """Bytes are in a pipe of the daemon: it is not given back."""
    wait_until(lambda: gate.n_pipe_ends() > 0, 'a pipe is in use')
    time.sleep(0.2)


@check_both
def body_of_any_length_and_the_request_behind_it_arrive_as_sent(run):
    sizes = [n + d for n in (64 * KIB, 128 * KIB, 256 * KIB, 320 * KIB) for d in (-1, 0, 1)] + [3 * MIB + 1, 8 * MIB]
    with Spliced((run.transport,)) as gate:
        for size in sizes:
            with run.case('length_%d' % size, gate):
                gate.engine.clear()
                upload_with_next(gate, BLOB[:size])
    expect(gate.calls['bytes'] > 8 * MIB, lambda: 'hardly anything was spliced: %s' % gate.calls)


@check_both
def small_bodies_take_no_pipe(run):
    with Spliced((run.transport,)) as gate:
        for size in (0, 1, 1000, 64 * KIB):
            upload_with_next(gate, BLOB[:size])
    expect_equal(gate.calls['into'] + gate.calls['pipes'], 0, 'calls')


FAULTS = (
    ('short', {'FAULT_PATTERN_SHORT_EACH': '1'}),
    ('short_in_between', {'FAULT_PATTERN_SHORT_EACH': '3'}),
    ('sink_full', {'FAULT_PATTERN_AGAIN_EACH': '2'}),
    ('source_empty_or_full', {'FAULT_PATTERN_PAUSE_EACH': '3'}),
    ('all_of_it', {'FAULT_PATTERN_SHORT_EACH': '3', 'FAULT_PATTERN_AGAIN_EACH': '5', 'FAULT_PATTERN_PAUSE_EACH': '7'}),
)
# odd calls fill a pipe, even ones empty it
REFUSALS = tuple((error, n) for error in ('EINVAL', 'EPERM', 'ENOSYS', 'ENOMEM') for n in (1, 2, 5, 6, 40))


def echo_through_tunnel(gate, data, which=0):
    """Sends data into a tunnel, half-closes, and expects all of it back and then the end."""
    gate.engine.on('/attach', lambda x: (x.upgrade(), x.echo())[1])
    with gate.connect(which) as client:
        expect_equal(client.send(ATTACH).read_head().status, 101)
        thread = in_background(lambda: (client.send(data), client.half_close()))
        got = client.rest()
        thread.join(20)
    expect_equal((len(got), digest(got)), (len(data), digest(data)), 'echo')


@check_both
def short_counts_and_full_sinks_lose_nothing(run):
    for name, faults in FAULTS:
        with run.case(name), Spliced((run.transport,), faults) as gate:
            upload_with_next(gate, BLOB[:3 * MIB + 5])
            echo_through_tunnel(gate, BLOB[:3 * MIB + 5])
            calls = gate.calls
            expect(calls['short'] + calls['again'] + calls['pauses'] > 5, lambda: 'no faults: %s' % calls)


@check_both
def where_splice_is_refused_all_is_copied_from_then_on(run):
    for name, n in REFUSALS:
        faults = {'FAULT_PATTERN_ERRNO': str(getattr(errno, name)), 'FAULT_PATTERN_ERRNO_AT': str(n)}
        with run.case('%s_at_call_%d' % (name, n)), Spliced((run.transport,), faults) as gate:
            upload_with_next(gate, BLOB[:3 * MIB + 5])
            echo_through_tunnel(gate, BLOB[:12 * MIB])
            # the other direction may have had bytes in its pipe
            expect(1 <= gate.calls['refused'] <= 2, lambda: 'calls %s' % gate.calls)


@check_both
def without_descriptors_for_pipes_all_is_copied(run):
    with Spliced((run.transport,), {'FAULT_PATTERN_PIPES_REFUSED': '1000'}) as gate:
        upload_with_next(gate, BLOB[:8 * MIB])
        echo_through_tunnel(gate, BLOB[:8 * MIB])
    expect_equal(gate.calls['into'], 0, 'calls')
    expect(1 <= gate.calls['pipes_refused'] < 5, lambda: 'calls %s' % gate.calls)


@check_both
def more_uploads_than_pipes_share_them(run):
    go = threading.Event()
    with Spliced((run.transport,)) as gate:
        slow_engine(gate, go)
        bodies = [BLOB[i:i + 2 * MIB] for i in range(24)]
        clients = [gate.connect() for _ in bodies]
        threads = [in_background(c.send, load_head(len(b)) + b) for c, b in zip(clients, bodies)]
        wait_until(lambda: gate.n_pipe_ends() == 32, 'all pipes are in use')
        time.sleep(0.3)
        expect_equal(gate.n_pipe_ends(), 32, 'ends of pipes')
        go.set()
        for client, thread in zip(clients, threads):
            expect_equal(client.read().status, 200)
            thread.join(20)
            client.close()
        got = sorted(digest(r.body) for r in gate.engine.seen())
        expect_equal(got, sorted(map(digest, bodies)), 'bodies')
        wait_until(lambda: gate.n_pipe_ends() == 0, 'pipes are closed when it is quiet')


@check_both
def pipes_are_closed_when_it_is_quiet(run):
    with Spliced((run.transport,)) as gate:
        with gate.connect() as client:
            client.send(load_head(4 * MIB) + BLOB[:4 * MIB])
            expect_equal(client.read().status, 200)
            wait_until(lambda: gate.n_pipe_ends() == 0, 'no pipe is left', 5)
            expect_equal(client.ask('GET', PING).status, 200)
        upload_with_next(gate, BLOB[:4 * MIB])


@check_both
def tunnel_moves_much_both_ways_at_once(run):
    with Spliced((run.transport,)) as gate:
        def handler(x):
            x.upgrade()
            thread = in_background(lambda: (x.send(BLOB[::-1]), x.shut()))
            got = b''.join(iter(lambda: x.recv(30), b''))
            thread.join(30)
            received.append(digest(got))

        received = []
        gate.engine.on('/attach', handler)
        with gate.connect() as client:
            expect_equal(client.send(ATTACH).read_head().status, 101)
            thread = in_background(lambda: (client.send(BLOB), client.half_close()))
            expect_equal(digest(client.rest()), digest(BLOB[::-1]), 'bytes at the client')
            thread.join(30)
        wait_until(lambda: received, 'the engine saw the end')
        expect_equal(received, [digest(BLOB)], 'bytes at the engine')
        record = gate.journal.wait_records(1, ('tunnel-end',))[0]
        expect_equal(int(record.bytes_in), len(BLOB), 'bytes_in')
    expect(gate.calls['bytes'] > 8 * MIB, lambda: 'hardly anything was spliced: %s' % gate.calls)


@check_both
def half_close_waits_for_the_bytes_in_the_pipe(run):
    with Spliced((run.transport,)) as gate:
        def handler(x):
            x.upgrade()
            x.send(BLOB[:6 * MIB])
            x.shut()
            late.append(x.recv_until(b'late', 30))

        late = []
        gate.engine.on('/attach', handler)
        with gate.connect() as client:
            expect_equal(client.send(ATTACH).read_head().status, 101)
            wait_held(gate)
            got = client.rest()
            expect_equal((len(got), digest(got)), (6 * MIB, digest(BLOB[:6 * MIB])), 'bytes before the end')
            client.send(b'late')
            wait_until(lambda: late, 'the other way is still open')


@check_both
def engine_that_ends_first_still_gets_all_that_a_tunnel_was_given(run):
    for name, faults in (('spliced', {}), ('copied', {'FAULT_PATTERN_PIPES_REFUSED': '1000'})):
        def handler(x):
            x.upgrade()
            x.shut()
            go.wait(60)
            received.append(b''.join(iter(lambda: x.recv(30), b'')))

        go, received = threading.Event(), []
        with run.case(name), Spliced((run.transport,), faults) as gate:
            gate.engine.on('/attach', handler)
            with gate.connect() as client:
                expect_equal(client.send(ATTACH).read_head().status, 101)
                client.closed()
                thread = in_background(lambda c=client: (c.send(BLOB[:3 * MIB]), c.half_close()))
                time.sleep(0.3)
                go.set()
                wait_until(lambda: received, 'the engine saw the end')
                thread.join(20)
            expect_equal((len(received[0]), digest(received[0])), (3 * MIB, digest(BLOB[:3 * MIB])), 'bytes at the engine')


@check_both
def client_that_half_closes_is_read_to_its_last_byte(run):
    go = threading.Event()
    with Spliced((run.transport,)) as gate:
        slow_engine(gate, go)
        with gate.connect() as client:
            thread = in_background(lambda: (client.send(load_head(5 * MIB) + BLOB[:5 * MIB]), client.half_close()))
            wait_held(gate)
            go.set()
            expect_equal(client.read().status, 200)
            thread.join(20)
        expect_body(gate, BLOB[:5 * MIB])
        expect_equal(int(gate.journal.wait_records(1)[0].bytes_in), 5 * MIB, 'bytes_in')


@check_both
def engine_that_reads_slowly_gets_everything(run):
    def handler(x):
        for _ in range(40):
            time.sleep(0.005)
            x.conn.buf += x.conn.sock.recv(3000)
        x.answer(200, b'{}')

    with Spliced((run.transport,)) as gate:
        gate.engine.on('^%s$' % LOAD, handler)
        upload_with_next(gate, BLOB[:3 * MIB])


def expect_gone(gate):
    """Nothing is held for the connection any more, and the next one gets no byte of it."""
    expect(gate.engine.wait_connections(0), 'the engine connection stays')
    gate.engine.clear()
    gate.engine.handlers.clear()
    upload_with_next(gate, BLOB[1:3 * MIB])
    wait_until(lambda: gate.n_pipe_ends() == 0, 'a pipe stays', 5)


@check_both
def client_that_goes_with_bytes_in_the_pipe_is_cut(run):
    for name in ('close', 'reset'):
        go = threading.Event()
        with run.case(name), Spliced((run.transport,)) as gate:
            slow_engine(gate, go)
            client = gate.connect()
            thread = in_background(client.send_gently, load_head(8 * MIB) + BLOB[:4 * MIB])
            wait_held(gate)
            getattr(client, name)()
            go.set()
            thread.join(20)
            gate.engine.wait(lambda got: any('incomplete body' in r.defects for r in got))
            expect(gate.engine.seen()[0].body_length < 8 * MIB, 'more arrived than was sent')
            expect(BLOB.startswith(gate.engine.seen()[0].body), 'other bytes than were sent')
            expect_gone(gate)


@check_both
def engine_that_goes_with_bytes_in_the_pipe_is_told_to_the_client(run):
    for name in ('close', 'reset'):
        go = threading.Event()

        def handler(x, go=go, name=name):
            go.wait(60)
            if name == 'reset':
                x.reset()
            return False

        with run.case(name), Spliced((run.transport,)) as gate:
            gate.engine.on('^%s$' % LOAD, handler)
            with gate.connect() as client:
                thread = in_background(client.send_gently, load_head(8 * MIB) + BLOB[:8 * MIB])
                wait_held(gate)
                go.set()
                expect_equal(client.read().status, 502)
                thread.join(20)
            expect_gone(gate)


@check_both
def early_answer_passes_an_upload_that_is_not_read(run):
    for name, closes in (('closing', True), ('open', False)):
        def handler(x, closes=closes):
            x.recv_until(BLOB[1000:1010])
            time.sleep(0.3)
            x.send(x.head(413, [('Connection', 'close')] if closes else [], length=3) + b'big')
            if not closes:
                x.wait_gone()
            return False

        with run.case(name), Spliced((run.transport,)) as gate:
            gate.engine.on('^%s$' % LOAD, handler)
            with gate.connect() as client:
                thread = in_background(client.send_gently, load_head(16 * MIB) + BLOB)
                response = client.read()
                expect_equal((response.status, response.body), (413, b'big'))
                thread.join(20)
            expect_gone(gate)


@check_both
def stop_in_the_middle_lets_an_upload_finish(run):
    go = threading.Event()
    with Spliced((run.transport,)) as gate:
        slow_engine(gate, go)
        with gate.connect() as client:
            thread = in_background(client.send, load_head(8 * MIB) + BLOB[:8 * MIB])
            wait_held(gate)
            gate.process.kill(signal.SIGTERM)
            gate.notify.wait_line('STOPPING=1')
            go.set()
            expect_equal(client.read().status, 200)
            thread.join(20)
        expect_body(gate, BLOB[:8 * MIB])


@check_both
def stalled_upload_is_closed_though_bytes_are_in_its_pipe(run):
    go = threading.Event()
    with Spliced((run.transport,), limits={'stall-timeout': '1s'}) as gate:
        slow_engine(gate, go)
        with gate.connect() as client:
            thread = in_background(client.send_gently, load_head(8 * MIB) + BLOB[:8 * MIB])
            expect_equal(gate.journal.wait_records(1)[0].reason, 'stalled')
            client.rest()
            thread.join(20)
        go.set()
        wait_until(lambda: gate.n_pipe_ends() == 0, 'a pipe stays', 5)


@check_both
def large_chunks_are_framed_as_strictly_as_small_ones(run):
    chunked = ('Transfer-Encoding', 'chunked')
    chunks = (3 * MIB, 64 * KIB + 1, 1, 200 * KIB)
    with Spliced((run.transport,)) as gate:
        body, framed = b'', b''
        for n in chunks:
            framed += b'%x\r\n%s\r\n' % (n, BLOB[len(body):len(body) + n])
            body += BLOB[len(body):len(body) + n]
        with run.case('good', gate), gate.connect() as client:
            thread = in_background(client.send, load_head(0, chunked) + framed + b'0\r\n\r\n' + head('GET', PING))
            expect_equal(client.read().status, 200)
            expect_equal(client.read().status, 200)
            thread.join(20)
            expect_body(gate, body)
        with run.case('bad', gate), gate.connect() as client:
            thread = in_background(client.send_gently, load_head(0, chunked) + b'300000\r\n' + BLOB[:3 * MIB] + b'XX0\r\n\r\n')
            expect_equal(client.read().status, 400)
            thread.join(20)
            expect('incomplete body' in gate.engine.wait(lambda got: got[-1].defects)[-1].defects, 'the body looked whole')
    expect(gate.calls['bytes'] > 3 * MIB, lambda: 'hardly anything was spliced: %s' % gate.calls)
