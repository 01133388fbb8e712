# SPDX-License-Identifier: Apache-2.0
"""What moves unread through pipes, while splice(2) falls short, finds no room or is refused in every pattern:
each byte arrives once and in its order, and what follows unread bytes is judged as ever."""
import hashlib
import os
import select
import signal
import struct
import tempfile
import threading
import time

from harness import ALL, WAIT, Gate, check, check_both, expect, expect_equal, head, wait_until

KIB, MIB = 1 << 10, 1 << 20
LOAD = '/v1.41/images/load'
SAVE = '/v1.41/images/web/get'
ATTACH = head('POST', '/v1.41/containers/web/attach?stderr=1&stdin=1&stdout=1&stream=1',
              [('Connection', 'Upgrade'), ('Upgrade', 'tcp'), ('Content-Length', '0')])
UNJUDGED = '[allow]\nIMAGES = full\nPING = full\nCONTAINERS = read\n'
COUNTS = ('n_in', 'n_out', 'bytes_in', 'bytes_out', 'n_short', 'n_again', 'n_pauses', 'n_refused', 'n_pipes', 'n_pipes_refused',
          'n_empty', 'n_full', 'n_ends')

# every call short, sinks that seem full before every second call, and mixtures that drift against each other
PATTERNS = (
    ('none', {}),
    ('short', {'SHORT_EACH': 1}),
    ('again', {'AGAIN_EACH': 2}),
    ('short_again', {'SHORT_EACH': 1, 'AGAIN_EACH': 3}),
    ('short_again_pause', {'SHORT_EACH': 2, 'AGAIN_EACH': 5, 'PAUSE_EACH': 7}),
    ('refused_at_1', {'ERRNO': 22, 'ERRNO_AT': 1}),         # EINVAL
    ('refused_at_2', {'ERRNO': 38, 'ERRNO_AT': 2}),         # ENOSYS, bytes are in the pipe
    ('refused_at_9', {'ERRNO': 1, 'ERRNO_AT': 9, 'SHORT_EACH': 2}),     # EPERM
    ('refused_at_12', {'ERRNO': 12, 'ERRNO_AT': 12, 'SHORT_EACH': 1}),  # ENOMEM
    ('refused_at_15', {'ERRNO': 95, 'ERRNO_AT': 15, 'AGAIN_EACH': 1}),  # EOPNOTSUPP
    ('no_pipes', {'PIPES_REFUSED': 1 << 40}),
)


class PatternGate(Gate):
    """A gate whose splice() follows a pattern; count('n_short') tells how often it did."""

    def __init__(self, run, pattern=None, config=ALL, **more):
        self.file = tempfile.TemporaryFile()        # pylint: disable=consider-using-with
        self.file.truncate(8 * len(COUNTS))
        env = {'FAULT_PATTERN_' + name: str(value) for name, value in (pattern or {}).items()}
        env.update(LD_PRELOAD=os.environ['FAULT_PATTERN'],
                   FAULT_PATTERN_COUNTS='/proc/%d/fd/%d' % (os.getpid(), self.file.fileno()),
                   ASAN_OPTIONS='detect_leaks=1:exitcode=99:abort_on_error=0:verify_asan_link_order=0')
        super().__init__(config, listen=(run.transport,), env=env, **more)

    def count(self, name):
        return struct.unpack('%dQ' % len(COUNTS), os.pread(self.file.fileno(), 8 * len(COUNTS), 0))[COUNTS.index(name)]

    def clean(self):
        super().clean()
        self.file.close()

    def n_pipes_open(self):
        names = []
        for fd in os.listdir('/proc/%d/fd' % self.process.pid):
            try:
                names.append(os.readlink('/proc/%d/fd/%s' % (self.process.pid, fd)))
            except FileNotFoundError:
                pass
        return sum(name.startswith('pipe:') for name in names)

    def expect_followed(self, pattern, spliced):
        """The pattern was met, and where pipes were to be had they were used."""
        for setting, counted in (('SHORT_EACH', 'n_short'), ('AGAIN_EACH', 'n_again'), ('PAUSE_EACH', 'n_pauses'),
                                 ('PIPES_REFUSED', 'n_pipes_refused'), ('ERRNO', 'n_refused')):
            expect(setting not in pattern or self.count(counted) > 0, '%s did not happen' % setting)
        expect(self.count('n_refused') <= 2, 'splice() is tried again')
        if 'ERRNO' not in pattern and 'PIPES_REFUSED' not in pattern:
            expect(self.count('bytes_in') >= spliced, 'only %d bytes were spliced' % self.count('bytes_in'))
            expect_equal(self.count('bytes_out'), self.count('bytes_in'), 'bytes out of pipes')


def make_bytes(n, seed):
    return hashlib.shake_128(b'%d' % seed).digest(n)


BULK = make_bytes(3 * MIB + 77, 1), make_bytes(3 * MIB + 5, 2)


def in_background(function, *args):
    thread = threading.Thread(target=function, args=args, daemon=True)
    thread.start()
    return thread


def expect_same(got, want, what):
    """As expect_equal(), but says where they differ."""
    if got != want:
        at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
        expect(False, '%s: %d bytes, want %d; they differ at %d' % (what, len(got), len(want), at))


def upload_head(n):
    return head('POST', LOAD, [('Content-Length', str(n))])


def expect_upload(gate, body, which=-1):
    request = [r for r in gate.engine.seen() if r.path == LOAD][which]
    expect_same(request.body, body, 'body at the engine')
    expect_equal((request.complete, request.defects), (True, []), 'framing at the engine')


# ---- every pattern

def check_transfers(gate):
    """A body up, an answer down, and a tunnel both ways at once with half-closes; all on the audit."""
    up, down = BULK
    gate.engine.on('/get$', lambda x: x.answer(200, down, ctype='application/x-tar'))
    with gate.connect() as client:
        thread = in_background(client.send, upload_head(len(up)) + up)
        expect_equal(client.read().status, 200)
        thread.join(WAIT)
        expect_upload(gate, up)
        expect_same(client.ask('GET', SAVE).body, down, 'answer')
        expect_equal(client.ask('GET', '/_ping').body, b'OK')
    records = gate.journal.wait_records(3)
    expect_equal([int(r.bytes_in) for r in records], [len(up), 0, 0], 'bytes in on the audit')
    # a record does not wait for a client that reads slowly: then only a part had gone out
    expect(int(records[1].bytes_out) < len(down) + KIB, 'bytes of an answer are counted twice')
    check_tunnel(gate, up, down)


def check_tunnel(gate, up, down):
    got = []

    def both_ways(x):
        x.upgrade()
        thread = in_background(x.send, down)
        got.append(b''.join(iter(lambda: x.recv(WAIT), b'')))       # up to the client's end
        thread.join(WAIT)
        x.send(b'and after your end')
        return False

    gate.engine.on('/attach', both_ways)
    with gate.connect() as client:
        client.send(ATTACH)
        expect_equal(client.read_head().status, 101)
        in_background(lambda: (client.send(up), client.half_close()))
        expect_same(client.rest(), down + b'and after your end', 'bytes of a tunnel at the client')
    expect_same(got[0], up, 'bytes of a tunnel at the engine')
    record = tunnel_end(gate)
    expect_equal(int(record.bytes_in), len(up), 'bytes in of a tunnel')
    expect(0 <= int(record.bytes_out) - len(down) - 18 < KIB, lambda: 'bytes out of a tunnel: %s' % record.bytes_out)


def tunnel_end(gate):
    """The record of the end of the one tunnel there was."""
    return wait_until(lambda: [r for r in gate.journal.events('tunnel-end') if '/attach' in r['MESSAGE']], 'the end')[0]


@check_both
def every_byte_arrives_once_whatever_pattern_splice_follows(run):
    for name, pattern in PATTERNS:
        with run.case(name), PatternGate(run, pattern) as gate:
            check_transfers(gate)
            gate.expect_followed(pattern, 4 * MIB)
            if not pattern:
                wait_until(lambda: gate.n_pipes_open() == 0, 'pipes are closed when nothing moves', 5)


@check_both
def slow_sides_find_pipes_full_and_sources_empty(run):
    def read_slowly(x):
        n = 0
        while n < len(BULK[0]):
            x.conn.buf += x.conn.sock.recv(20000)
            n = len(x.conn.buf)
            time.sleep(0.0005)
        x.answer(200, b'{}')

    with PatternGate(run, {'SHORT_EACH': 3}) as gate, gate.connect() as client:
        gate.engine.on('/load$', read_slowly)
        in_background(client.send, upload_head(len(BULK[0])) + BULK[0])
        expect_equal(client.read().status, 200)
        expect_upload(gate, BULK[0])
        expect(gate.count('n_full') > 3, 'the sink was never full')

        gate.engine.handlers.clear()
        client.send(upload_head(MIB))
        for at in range(0, MIB, 32 * KIB):
            client.send(BULK[1][at:at + 32 * KIB])
            time.sleep(0.001)
        expect_equal(client.read().status, 200)
        expect_upload(gate, BULK[1][:MIB])
        expect(gate.count('n_empty') > 3, 'the source was never empty')


@check_both
def no_pipe_is_tried_for_a_while_when_none_can_be_made(run):
    with PatternGate(run, {'PIPES_REFUSED': 1}) as gate:
        for spliced in (False, True):
            expect_equal(gate.ask('POST', LOAD, body=BULK[0]).status, 200)
            expect_upload(gate, BULK[0])
            expect_equal((gate.count('bytes_in') > MIB, gate.count('n_pipes_refused')), (spliced, 1), 'pipes')
            time.sleep(0 if spliced else 1.3)
        wait_until(lambda: gate.n_pipes_open() == 0, 'pipes are closed', 5)


@check_both
def error_that_is_no_refusal_ends_the_upload_and_nothing_follows(run):
    with PatternGate(run, {'ERRNO': 5, 'ERRNO_AT': 7, 'SHORT_EACH': 1}) as gate, gate.connect() as client:
        client.send_gently(upload_head(len(BULK[0])) + BULK[0] + head('GET', '/_ping'))
        expect(b'HTTP/1.1 200' not in client.rest(), 'an answer to a body that was cut')
        request = gate.engine.wait(lambda got: got and got[0].defects)[0]
        expect(BULK[0].startswith(request.body) and request.defects == ['incomplete body'], 'body at the engine')
        expect_equal(len(gate.engine.seen()), 1, 'requests at the engine')


# ---- what follows unread bytes is judged

BOUNDARIES = (64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 64 * KIB + 2, 128 * KIB, 256 * KIB - 1, 256 * KIB, 256 * KIB + 1, 2 * MIB)


@check_both
def request_behind_a_spliced_body_is_judged(run):
    denied = head('DELETE', '/v1.41/containers/web')
    patterns = ('whole', {}), ('short', {'SHORT_EACH': 2}), ('refused', {'ERRNO': 22, 'ERRNO_AT': 4, 'SHORT_EACH': 1})
    for name, pattern in patterns:
        with PatternGate(run, pattern, UNJUDGED) as gate:
            for n in BOUNDARIES:
                for at_once in (True, False):
                    with run.case('%s_%d_%s' % (name, n, 'in_one_segment' if at_once else 'at_the_boundary'), gate):
                        check_next_is_judged(gate, n, denied, at_once)
            expect(gate.count('bytes_in') > 0, 'nothing was spliced')


def check_next_is_judged(gate, n, denied, at_once):
    """The body ends with what would be requests too, were they not of the body."""
    body = BULK[0][:n - 2 * len(denied)] + denied * 2
    gate.engine.clear()
    with gate.connect() as client:
        def talk():
            client.send(upload_head(n) + body + (denied if at_once else b''))
            if not at_once:
                client.send(denied)

        thread = in_background(talk)
        expect_equal([client.read().status for _ in range(2)], [200, 403], 'answers')
        thread.join(WAIT)
        expect_equal(client.ask('GET', '/_ping').body, b'OK')
    expect_upload(gate, body)
    expect_equal([r.path for r in gate.engine.seen()], [LOAD, '/_ping'], 'requests at the engine')


@check()
def body_that_is_judged_never_goes_through_a_pipe(run):
    config = '[allow]\nCONTAINERS = full\nALLOW_START = yes\n[container.create]\nimages = alpine:*\n'
    with PatternGate(run, config=config) as gate:
        body = b'{"Image":"alpine:3","HostConfig":{"Privileged":true},"Labels":{"a":"%s"}}' % (b'x' * 200 * KIB)
        for text, status in ((body, 403), (body.replace(b'true', b'false'), 201)):
            response = gate.ask('POST', '/v1.41/containers/create', [('Content-Type', 'application/json')], text)
            expect_equal(response.status, status, repr(response.body))
        expect_equal((gate.count('n_in'), gate.count('n_pipes')), (0, 0), 'calls of splice() and pipe2()')
        expect_equal(gate.ask('GET', '/_ping').status, 200)


BAD_ENDS = (('no_line_end', b'XX0\r\n\r\n'), ('bare_lf', b'\n0\r\n\r\n'), ('extension', b'\r\n5;a=b\r\nhello\r\n0\r\n\r\n'),
            ('size', b'\r\n-5\r\nhello\r\n0\r\n\r\n'), ('trailer', b'\r\n0\r\nA: b\r\n\r\n'))


@check_both
def chunk_behind_a_spliced_one_is_framed_as_strictly(run):
    payload = BULK[0][:144 * KIB]
    with PatternGate(run, {'PAUSE_EACH': 1}) as gate:
        for name, end in BAD_ENDS:
            with run.case(name, gate), gate.connect() as client:
                gate.engine.clear()
                client.send(head('POST', LOAD, [('Transfer-Encoding', 'chunked')]) + b'%x\r\n' % len(payload))
                gate.engine.wait(lambda got: got)
                client.send_gently(payload + end)       # so that its last byte is spliced, too
                expect_equal(client.read().status, 400)
                request = gate.engine.wait(lambda got: got and got[0].defects)[0]
                expect_same(request.body, payload, 'payload at the engine')
                expect_equal(request.defects, ['incomplete body'], 'what the engine saw')
        expect(gate.count('bytes_in') > len(BAD_ENDS) * 64 * KIB, 'chunks are copied')
        body = [BULK[0][:64 * KIB + 1], BULK[1][:3], BULK[1][:MIB], b'z', BULK[0][:64 * KIB]]
        with run.case('well_formed', gate), gate.connect() as client:
            in_background(client.send, head('POST', LOAD, [('Transfer-Encoding', 'chunked')])
                          + b''.join(b'%x\r\n%s\r\n' % (len(p), p) for p in body) + b'0\r\n\r\n' + head('GET', '/_ping'))
            expect_equal([client.read().status, client.read().body], [200, b'OK'])
            expect_upload(gate, b''.join(body))


# ---- ends while bytes are in a pipe

HOLDING = {'PAUSE_EACH': 1}     # sources fill up meanwhile, so that it stays worth a pipe


def hold_tunnel(gate, client, engine_reads):
    """A tunnel that both ends fill until bytes are in a pipe. Each time both read while the daemon stands still: when it
    goes on it has more in its sources than its sinks take. Returns how many bytes the client sent."""
    def wait_held(x):
        x.upgrade()
        x.n_read = 0
        tunnels.append(x)
        held.wait(WAIT)
        return engine_reads(x)

    tunnels, held, n = [], threading.Event(), 0
    gate.engine.on('/attach', wait_held)
    client.send(ATTACH)
    expect_equal(client.read_head().status, 101)
    engine = wait_until(lambda: tunnels, 'a tunnel')[0]
    client.n_read, client.n_due = len(client.take(len(client.buf))), 0
    for _ in range(30):
        gate.process.kill(signal.SIGSTOP)
        engine.n_read += drain(engine.conn.sock)
        client.n_read += drain(client.sock)
        n += fill(client.sock)
        client.n_due += fill(engine.conn.sock)
        gate.process.kill(signal.SIGCONT)
        n += fill(client.sock, 0.2)
        if gate.count('bytes_in') > gate.count('bytes_out'):
            break
    expect(gate.count('bytes_in') > gate.count('bytes_out'), 'no bytes are in a pipe')
    held.set()
    return n


def drain(sock):
    """Reads until nothing came for a while; returns how many bytes there were."""
    n = 0
    while select.select([sock], [], [], 0.05)[0]:
        n += len(sock.recv(256 * KIB))
    return n


def fill(sock, seconds=0.0):
    """Sends for so long, and until there is no room; returns how many bytes went."""
    n, end, timeout = 0, time.monotonic() + seconds, sock.gettimeout()
    sock.setblocking(False)
    while True:
        try:
            n += sock.send(BULK[0][:256 * KIB])
        except BlockingIOError:
            if time.monotonic() >= end:
                break
            time.sleep(0.0002)
    sock.settimeout(timeout)
    return n


def expect_over(gate):
    expect(gate.engine.wait_connections(0), 'the engine connection stays')
    gate.engine.handlers.clear()
    expect_equal(gate.ask('POST', LOAD, body=BULK[1]).status, 200)      # at once: the same pipes may be lent again
    expect_upload(gate, BULK[1])
    wait_until(lambda: gate.n_pipes_open() == 0, 'pipes stay', 5)


@check_both
def tunnel_that_is_cut_leaves_its_bytes_to_nobody(run):
    for name in ('client_closes', 'client_resets', 'engine_closes', 'engine_resets'):
        go = threading.Event()

        def end(x, go=go, name=name):
            go.wait(WAIT)
            if name == 'engine_resets':
                x.reset()
            return name.startswith('client') and x.wait_gone() and False

        with run.case(name), PatternGate(run, HOLDING) as gate:
            client = gate.connect()
            hold_tunnel(gate, client, end)
            if name == 'client_resets':
                client.reset()
            elif name == 'client_closes':
                client.close()
            go.set()
            if name.startswith('engine'):
                client.rest()
                client.close()
            expect_over(gate)
            expect(tunnel_end(gate).reason in (('engine-died', 'ended') if name.startswith('engine') else ('client-gone',)),
                   lambda gate=gate: tunnel_end(gate).reason)


@check_both
def end_behind_bytes_in_a_pipe_comes_after_them(run):
    for name in ('client', 'engine'):
        go, got = threading.Event(), []

        def read_all(x, go=go, got=got, name=name):
            if name == 'engine':
                x.shut()
            go.wait(WAIT)
            got.append(x.n_read + sum(len(data) for data in iter(lambda: x.recv(WAIT), b'')))
            return False

        with run.case(name), PatternGate(run, HOLDING) as gate, gate.connect() as client:
            n = hold_tunnel(gate, client, read_all)
            if name == 'client':
                client.half_close()
            go.set()
            received = len(client.rest()) if name == 'engine' else 0
            client.half_close() if name == 'engine' else None
            received = client.n_read + (received or len(client.rest()))
            wait_until(lambda: got, 'the engine saw the end')
            expect_equal(got[0], n, 'bytes before the end at the engine')
            expect_equal(received, client.n_due, 'bytes before the end at the client')
            record = tunnel_end(gate)
            expect_equal(int(record.bytes_in), n, 'bytes in')
            expect(0 <= int(record.bytes_out) - received < KIB, lambda: 'bytes out %s' % record.bytes_out)


@check_both
def stop_with_bytes_in_pipes_ends_in_time(run):
    def stay(x):
        x.wait_gone()
        return False

    go = threading.Event()
    with run.case('tunnel'), PatternGate(run, HOLDING) as gate, gate.connect() as client:
        hold_tunnel(gate, client, lambda x: go.wait(WAIT) and stay(x))
        gate.process.kill(signal.SIGTERM)
        go.set()
        client.rest()
        gate.stop()
    go = threading.Event()
    with run.case('upload'), PatternGate(run, limits={'drain-timeout': '300ms'}) as gate, gate.connect() as client:
        gate.engine.on('/load$', lambda x: go.wait(WAIT) and stay(x))
        client.send(upload_head(1 << 30))
        fill(client.sock, 0.2)
        expect_equal(gate.n_pipes_open(), 2, 'ends of pipes')
        gate.process.kill(signal.SIGTERM)
        gate.process.wait()
        go.set()
