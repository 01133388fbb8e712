# SPDX-License-Identifier: Apache-2.0
"""Many clients, an engine that misbehaves, mutated answers: no answer of another, nothing left behind."""
import os
import random
import threading

from harness import ALL, WAIT, Fail, Gate, check, check_both, chunked, count_dropped, expect, expect_equal, fakeengine, head, wait_until

SEED = os.environ.get('SEED', '1')


def moody(seed):
    """An engine handler: mostly a right answer that repeats the request's tag, sometimes an accident."""
    rng = random.Random(seed)
    lock = threading.Lock()

    def answer(x):
        tag = x.request.path.split('/')[-2].encode()
        with lock:
            mood, size, at = rng.randrange(12), rng.choice((0, 10, 3000, 100000)), rng.randrange(1, 60)
        answer.moods[tag.decode()] = mood
        if mood == 0:
            return False                                # no answer
        if mood == 1:
            x.reset()
            return False
        x.body()
        body = (tag + b'.') * (size // (len(tag) + 1) + 1)
        if mood == 2:
            x.send(x.head(200, length=len(body))[:at])  # half a head
            return False
        if mood == 3:
            x.send(x.head(200, length=len(body) + 5) + body)
            return False                                # half a body
        if mood < 7:
            x.start_chunked()
            for i in range(0, len(body), 7000):
                x.chunk(body[i:i + 7000])
            x.end_chunks()
            return True
        if mood == 7:                                   # delimited by close
            x.send(b'HTTP/1.1 200 OK\r\n\r\n' + body)
            return False
        x.answer(200, body)
        return mood != 8

    answer.moods = {}
    return answer


class Crowd:
    """Client threads that ask, abort, half-close, and check what they get."""

    def __init__(self, gate, seed, answer):
        self.gate = gate
        self.answer = answer
        self.seed = seed
        self.errors = []
        self.n_complete = 0
        self.lock = threading.Lock()

    def run(self, n_threads, n_rounds):
        threads = [threading.Thread(target=self.client, args=(n, n_rounds)) for n in range(n_threads)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(4 * WAIT)
            expect(not thread.is_alive(), 'a client hangs')

    def client(self, number, n_rounds):
        rng = random.Random('%s %d' % (self.seed, number))
        conn = None
        try:
            for i in range(n_rounds):
                conn = conn or self.gate.connect()
                conn = self.one(conn, rng, 't%dx%d' % (number, i))
        except Exception as e:      # pylint: disable=broad-except
            with self.lock:
                self.errors.append('client %d: %s: %s' % (number, type(e).__name__, e))
        finally:
            if conn:
                conn.close()

    def one(self, conn, rng, tag):
        """One request; returns the connection when it may go on."""
        kind = rng.randrange(10)
        body = tag.encode() * rng.choice((1, 500, 9000))
        if kind < 6:
            data = head('GET', '/containers/%s/json' % tag)
        elif kind < 8:
            data = head('PUT', '/containers/%s/archive?path=/x' % tag, [('Content-Length', str(len(body)))]) + body
        else:
            data = head('PUT', '/containers/%s/archive?path=/x' % tag, [('Transfer-Encoding', 'chunked')]) + chunked(body[:7], body[7:])
        accident = rng.randrange(12)
        if accident == 0:           # leave in the middle of the request
            conn.send_gently(data[:rng.randrange(len(data))])
            conn.reset() if rng.random() < 0.5 else conn.close()
            return None
        conn.send_gently(data)
        if accident == 1:           # leave before the answer
            conn.reset() if rng.random() < 0.5 else conn.close()
            return None
        try:
            response = conn.read_head()
            conn.read_body(response)
        except Fail as e:
            if 'ended' not in str(e):
                seen = [r for r in self.gate.engine.seen() if tag + '/' in r.path]
                raise Fail('%s of kind %d: %s; mood %s, the engine saw %s' % (tag, kind, e, self.answer.moods.get(tag), seen)) from None
            conn.close()
            return None
        if response.status == 200:
            whole = response.body.replace(tag.encode() + b'.', b'')
            expect(not whole or not response.all('content-length') and not response.all('transfer-encoding')
                   and (tag + '.').encode().startswith(whole), lambda: '%s got %r' % (tag, whole[:60]))
            with self.lock:
                self.n_complete += 1
        else:
            expect(response.status in (502, 503), lambda: 'status %d' % response.status)
        if response.closes() or conn.at_end:
            conn.close()
            return None
        return conn


@check_both
def crowd_before_a_moody_engine_gets_no_answer_of_another(run):
    with Gate(ALL, listen=(run.transport,)) as gate:
        answer = moody(SEED)
        gate.engine.on('/(json|archive)', answer)
        gate.ask('GET', '/_ping')
        expect(gate.engine.wait_connections(0), 'engine connections')
        before = gate.process.n_fds()
        crowd = Crowd(gate, SEED, answer)
        crowd.run(16, 25)
        expect(not crowd.errors, lambda: '; '.join(crowd.errors[:3]))
        expect(crowd.n_complete > 50, lambda: 'only %d answers' % crowd.n_complete)
        expect(gate.engine.wait_connections(0), 'engine connections stay')
        wait_until(lambda: gate.process.n_fds() <= before, 'descriptors go back to %d' % before)
        for request in gate.engine.seen():
            expect(all(d in ('incomplete body', 'incomplete head') for d in request.defects), lambda r=request: repr(r))
        expect_equal(gate.ask('GET', '/_ping').status, 200)
        gate.journal.wait_records(2, path='/_ping')          # the journal is slow: what came before is there, too
        gate.stop()
        check_records(gate)


def check_records(gate):
    """Each request that the engine got has exactly one record, with its own path, or is in the count of lost ones."""
    records = {}
    for record in gate.journal.requests():
        records[record.path] = records.get(record.path, 0) + 1
    paths = [r.path for r in gate.engine.seen() if r.path != '/_ping']
    expect_equal([p for p in paths if records.get(p, 0) > 1], [], 'paths with more than one record')
    expect_equal(len(paths), len(set(paths)), 'different paths at the engine')
    missing = [p for p in paths if p not in records]
    expect(len(missing) <= count_dropped(gate.journal.all()), lambda: 'requests without a record: %s' % missing)


GOOD_ANSWERS = (
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\nServer: Docker\r\n\r\n{"a":"b c d"}'[:-1],
    b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nApi-Version: 1.41\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n',
    b'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}',
    b'HTTP/1.1 204 No Content\r\n\r\n',
    b'HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"message":"x"}',
    b'HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\n\r\nuntil close')
SPICE = [b'\r\n', b'\n', b'\r', b' ', b'\t', b'\0', b':', b'\xff', b'0', b'1', b'5', b'-', b'+', b',', b'chunked', b'Content-Length: 3\r\n',
         b'Transfer-Encoding: chunked\r\n', b'HTTP/1.1 200 OK\r\n\r\n', b'Connection: upgrade\r\nUpgrade: tcp\r\n', b'\r\n\r\n', b';x=y']


def mutate(data, rng):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(len(data))
        kind = rng.randrange(4)
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at:at] = rng.choice(SPICE)
        elif kind == 2 and len(data) > 12:
            del data[at:at + rng.randint(1, 5)]
        else:
            data[at:at] = data[at:at + rng.randint(1, 30)]
    return bytes(data)


@check_both
def no_mutation_of_an_answer_breaks_the_gate_or_reaches_the_client_malformed(run):
    rng = random.Random('answers ' + SEED + run.transport)
    with Gate(ALL, listen=(run.transport,)) as gate:
        state, kinds = {}, {}

        def reply(x):
            x.body()
            try:
                x.send(state['data'])
            except OSError:
                pass
            return False

        gate.engine.on('^/info$', reply)
        for number in range(300):
            state['data'] = mutate(rng.choice(GOOD_ANSWERS), rng)
            with gate.connect() as client:
                client.send(head('GET', '/info'))
                try:
                    response = client.read_head()
                    while response.status in (102, 103) or 100 <= response.status < 200 and response.status != 101:
                        response = client.read_head()
                    kinds[response.status] = kinds.get(response.status, 0) + 1
                    expect(response.status != 101, 'an upgrade that nobody asked for')
                    client.read_body(response)
                    client.half_close()
                    rest = client.rest()
                    expect(not rest, lambda: 'more bytes: %r' % rest)
                except (Fail, OSError, fakeengine.Closed) as e:
                    if 'ended' not in str(e):
                        raise Fail('answer %d %r: %s' % (number, state['data'], e)) from None
        expect(kinds.get(502, 0) > 50 and kinds.get(200, 0) > 50, lambda: 'statuses %s' % kinds)
        expect_equal(gate.ask('GET', '/_ping').status, 200)


@check()
def requests_of_every_kind_follow_each_other_on_one_connection(run):
    rng = random.Random('sequence ' + SEED)
    with Gate(ALL) as gate:
        gate.engine.on('^/info$', lambda x: x.body() and False or x.start_chunked() or x.chunk(b'i' * 5000) or x.end_chunks())
        client = gate.connect()
        for number in range(200):
            kind = rng.randrange(8)
            if kind == 0:
                ok = client.ask('GET', '/info').body == b'i' * 5000
            elif kind == 1:
                ok = client.ask('HEAD', '/_ping').status == 200
            elif kind == 2:
                ok = client.ask('POST', '/containers/web/start', (), b'').status == 204
            elif kind == 3:
                ok = client.ask('GET', '/nowhere').status == 403
            elif kind == 4:
                ok = client.ask('PUT', '/containers/web/archive?path=/x', [('Transfer-Encoding', 'chunked')],
                                chunked(b'a' * rng.randrange(1, 30000))).status == 200
            elif kind == 5:
                ok = client.ask('POST', '/containers/create?Image=a', [('Content-Type', 'application/json')],
                                b'{"Image":"a","Pad":"%s"}' % (b'p' * rng.randrange(20000))).status == 201
            elif kind == 6:
                ok = client.ask('GET', '/containers/alpine:3/json').status == 404
            else:
                ok = client.ask('PUT', '/containers/web/archive?path=/x', [('Expect', '100-continue')], b'b' * rng.randrange(1, 90000)).status == 200
            expect(ok, 'request %d of kind %d' % (number, kind))
        client.close()
        expect(all(not r.defects for r in gate.engine.seen()), 'defects')
        expect_equal(gate.engine.n_conns, 1, 'engine connections')


@check_both
def tunnels_that_end_at_any_moment_leave_nothing_behind(run):
    """Echo tunnels, opened with and without Upgrade, ended by either side in every way; each echoes its own bytes alone."""
    rng = random.Random('tunnels ' + SEED + run.transport)
    engine_rng = random.Random('engine ' + SEED)
    lock = threading.Lock()

    def echo_for_a_while(x):
        with lock:
            left, reset = engine_rng.choice((1 << 30, 1 << 30, 500, 20000)), engine_rng.random() < 0.3
        x.upgrade()
        while left > 0:
            data = x.recv(60)
            if not data:
                break
            x.send(data[:left])
            left -= len(data)
        if reset and left <= 0:
            x.reset()
        return False

    with Gate(ALL, listen=(run.transport,)) as gate:
        gate.engine.on('/attach', echo_for_a_while)
        gate.ask('GET', '/_ping')
        expect(gate.engine.wait_connections(0), 'engine connections')
        before = gate.process.n_fds()
        plans = [(n, rng.random() < 0.5, rng.randrange(1, 60000), rng.randrange(4)) for n in range(60)]
        errors = []

        def one(number, asks, size, end):
            data = (b'%d:' % number) * (size // 3 + 1)
            with gate.connect() as client:
                headers = [('Connection', 'Upgrade'), ('Upgrade', 'tcp')] if asks else []
                client.send(head('POST', '/containers/c%d/attach?stream=1&stdin=1&stdout=1' % number, headers + [('Content-Length', '0')]))
                if end == 0:
                    client.reset()
                    return
                expect_equal(client.read_head().status, 101 if asks else 200)
                client.send_gently(data)
                if end == 1:
                    client.reset()
                    return
                if end == 2:
                    try:
                        client.half_close()
                    except OSError:
                        pass
                    got = client.rest()
                else:
                    while len(client.buf) < min(len(data), 400) and client.more():
                        pass
                    got = client.buf
                expect(data.startswith(got), lambda: 'tunnel %d got bytes of another: %r' % (number, got[:80]))

        def safely(plan):
            try:
                one(*plan)
            except Exception as e:      # pylint: disable=broad-except
                errors.append('tunnel %s: %s: %s' % (plan, type(e).__name__, e))

        threads = [threading.Thread(target=safely, args=(p,)) for p in plans]
        for i in range(0, len(threads), 12):
            for thread in threads[i:i + 12]:
                thread.start()
            for thread in threads[i:i + 12]:
                thread.join(4 * WAIT)
        expect(not errors, lambda: '; '.join(errors[:3]))
        expect(gate.engine.wait_connections(0), 'engine connections stay')
        wait_until(lambda: gate.process.n_fds() <= before, 'descriptors go back to %d' % before)
