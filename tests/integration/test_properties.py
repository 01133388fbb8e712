# SPDX-License-Identifier: Apache-2.0
"""Properties over many generated inputs: the seed is fixed and every failure names its input."""
import base64
import json
import os
import random
import re
import threading

from harness import ALL, TREE, WAIT, Fail, Gate, check, check_both, chunked, expect, expect_equal, head

LOOKS = '[allow]\nendpoints = container.list container.inspect container.logs container.stats container.top container.changes\n'
ALLOWED = re.compile(r'(/v1\.[1-9][0-9]{1,2})?(/_ping|/version|/containers/json|'
                     r'/containers/[A-Za-z0-9][A-Za-z0-9_.-]{0,254}/(json|logs|stats|top|changes))')
SPICE = [b'\r\n', b'\n', b'\r', b' ', b'\t', b'\0', b':', b';', b'%2e', b'%2f', b'/', b'//', b'..', b'?', b'&', b'=', b'\xff', b'\x80',
         b'Content-Length: 5\r\n', b'Transfer-Encoding: chunked\r\n', b'0\r\n\r\n', b'GET /images/json HTTP/1.1\r\nHost: d\r\n\r\n',
         b'HTTP/1.1', b'HTTP/1.0', b'Host: x\r\n', b'Connection: upgrade\r\nUpgrade: tcp\r\n', b'Expect: 100-continue\r\n', b'\x0b', b'chunked']
N_MUTATIONS = 250


def seeds():
    """The attacks, and as many plain requests: a mutation of those is nearer to what passes."""
    found = []
    with open(os.path.join(TREE, 'tests', 'adversarial', 'corpus.jsonl'), encoding='utf-8') as f:
        for line in f:
            data = b''.join(base64.b64decode(s.get('send_b64', '')) for s in json.loads(line)['steps'])
            if 0 < len(data) < 4000:
                found.append(data)
    plain = [head('GET', t) for t in ('/_ping', '/version', '/containers/json?all=1', '/v1.41/containers/web-1/json',
                                      '/containers/web-1/logs?stdout=1')]
    return found + plain * (len(found) // len(plain))


def mutate(data, rng, all_seeds):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(6)
        if kind == 0 and data:
            data[min(at, len(data) - 1)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at:at] = rng.choice(SPICE)
        elif kind == 2:
            del data[at:at + rng.randint(1, 8)]
        elif kind == 3:
            data[at:at] = data[at:at + rng.randint(1, 40)]
        elif kind == 4:
            data[at:] = rng.choice(all_seeds)[rng.randrange(60):]
        else:
            lines = bytes(data).split(b'\r\n')
            rng.shuffle(lines)
            data = bytearray(b'\r\n'.join(lines))
    return bytes(data)


@check_both
def no_mutation_of_an_attack_gets_past_a_policy_of_looks(run):
    all_seeds = seeds()
    rng = random.Random('mutations ' + run.transport)
    with Gate(LOOKS, listen=(run.transport,)) as gate:
        gate.engine.on('/(logs|stats)', b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
        n_forwarded = 0
        for number in range(N_MUTATIONS):
            data = mutate(rng.choice(all_seeds), rng, all_seeds)
            cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randrange(3)))
            gate.engine.clear()
            with gate.connect() as client:
                for start, end in zip([0] + cuts, cuts + [len(data)]):
                    client.send_gently(data[start:end])
                try:
                    client.half_close()
                except OSError:
                    pass
                try:
                    client.rest()
                except Fail:
                    raise Fail('mutation %d hangs: %r' % (number, data)) from None
            for request in gate.engine.seen():
                expect(not request.defects and request.method in ('GET', 'HEAD') and ALLOWED.fullmatch(request.path)
                       and request.body == b'' and b';' not in request.head.split(b'\r\n')[0],
                       lambda r=request, d=data: 'the engine got %r of %r' % (r.head, d))
            n_forwarded += len(gate.engine.seen())
        expect_equal(gate.ask('GET', '/_ping').status, 200)
        gate.stop()
        expect(n_forwarded > 5, 'hardly anything passes: %d' % n_forwarded)
        expect_equal(len([r for r in gate.journal.requests() if r.upstream_status]), n_forwarded + 1, 'records of forwarded requests')


def random_request(rng, number):
    """An allowed upload or look: (method, target, headers, body, framing bytes)."""
    body = rng.randbytes(rng.choice((0, 1, 10, 1000, 20000, 70000)))
    target = '/v1.%d/images/load?quiet=%d' % (rng.randint(24, 50), number)
    headers = [('Content-Type', 'application/x-tar'), ('X-Meta-N', str(number))]
    if rng.random() < 0.5:
        parts, at = [], 0
        while at < len(body):
            size = rng.choice((1, 7, 500, 5000, 40000))
            parts.append(body[at:at + size])
            at += size
        return target, headers + [('Transfer-Encoding', 'chunked')], body, chunked(*parts)
    return target, headers + [('Content-Length', str(len(body)))], body, body


@check_both
def allowed_requests_arrive_equal_however_they_are_cut(run):
    rng = random.Random('cuts ' + run.transport)
    with Gate(ALL, listen=(run.transport,)) as gate:
        client = gate.connect()
        for number in range(80):
            target, headers, body, framed = random_request(rng, number)
            data = head('POST', target, headers) + framed
            for _ in range(rng.randrange(6)):
                cut = rng.randrange(len(data) + 1)
                client.send(data[:cut])
                data = data[cut:]
            client.send(data)
            response = client.read()
            expect_equal(response.status, 200, 'status of request %d' % number)
            if response.closes():
                client.close()
                client = gate.connect()
            request = gate.engine.seen()[-1]
            expect_equal((request.target, request.get('x-meta-n'), request.defects, request.complete), (target, str(number), [], True))
            expect(request.body == body, 'the body of request %d changed' % number)
        client.close()
        expect_equal(len(gate.engine.seen()), 80)


@check_both
def answers_arrive_equal_however_they_are_cut(run):
    rng = random.Random('answers ' + run.transport)
    with Gate(ALL, listen=(run.transport,)) as gate, gate.connect() as client:
        state = {}

        def reply(x):
            x.body()
            data = state['data']
            for cut in state['cuts']:
                x.send(data[:cut])
                data = data[cut:]
            x.send(data)

        gate.engine.on('^/images/get', reply)
        for number in range(80):
            body = rng.randbytes(rng.choice((0, 1, 100, 5000, 70000, 300000)))
            if rng.random() < 0.5:
                step = rng.choice((1, 100, 8000)) if len(body) < 6000 else 9000
                framed = chunked(*[body[i:i + step] for i in range(0, len(body), step)])
                data = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-N: %d\r\n\r\n' % number + framed
            else:
                data = b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-N: %d\r\n\r\n' % (len(body), number) + body
            state['data'] = data
            state['cuts'] = [rng.randrange(1, 300) for _ in range(rng.randrange(5))]
            response = client.ask('GET', '/images/get?names=a')
            expect_equal((response.status, response.get('x-n')), (200, str(number)))
            expect(response.body == body, 'the body of answer %d changed' % number)


@check_both
def reloads_under_load_judge_each_request_by_one_policy(run):
    """Both policies allow a look; only one allows a restart, and a bad file must never widen anything."""
    wide, narrow, bad = LOOKS + 'ALLOW_RESTARTS = yes\n', LOOKS, LOOKS + 'ALLOW_RESTARTS = perhaps\n'
    with Gate(narrow, listen=(run.transport,)) as gate:
        stop = threading.Event()
        errors, counts = [], {}

        def load():
            while not stop.is_set():
                try:
                    with gate.connect() as client:
                        for method, target, wanted in (('GET', '/containers/json', (200,)), ('POST', '/containers/web/restart', (204, 403)),
                                                       ('POST', '/containers/web/start', (403,))):
                            status = client.ask(method, target).status
                            counts[status] = counts.get(status, 0) + 1
                            if status not in wanted:
                                errors.append('%s %s: %d' % (method, target, status))
                except (Fail, OSError) as e:
                    if 'ended' not in str(e):       # a reload closes idle connections
                        errors.append(str(e))

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        for text in (wide, bad, narrow, bad, wide, narrow):
            gate.write_config(text)
            gate.reload()
        stop.set()
        for thread in threads:
            thread.join(2 * WAIT)
        expect(not errors, lambda: '; '.join(errors[:3]))
        expect(counts.get(200), 'no request was made')
        # the last good policy is the narrow one
        expect_equal(gate.ask('POST', '/containers/web/restart').status, 403)


@check_both
def tunnels_open_for_no_other_answer_than_the_one_agreed(run):
    upgrade = [('Connection', 'Upgrade'), ('Upgrade', 'tcp')]
    cases = []
    for route, is_hijack in (('/containers/web/attach?stream=1', True), ('/containers/web/kill', False)):
        for asks in (True, False):
            for status, text in ((101, b'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'),
                                 (101, b'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'),
                                 (200, b'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n'),
                                 (200, b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'),
                                 (409, b'HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n{}')):
                is_raw = b'raw-stream' in text or status == 101 and b'h2c' not in text
                opens = is_hijack and is_raw and (status == 200 or asks)
                cases.append((route, asks, status, text, opens))
    with Gate(ALL, listen=(run.transport,)) as gate:
        for number, (route, asks, status, text, opens) in enumerate(cases):
            name = '%02d_%s_%s_%d_%s' % (number, 'hijack' if 'attach' in route else 'plain', 'asked' if asks else 'unasked', status,
                                         'opens' if opens else 'stays_shut')
            with run.case(name, gate), gate.connect() as client:
                got = []

                def answer(x, text=text):
                    x.body()
                    x.send(text)
                    if x.request.method == 'POST':
                        try:
                            while True:
                                data = x.recv(WAIT)
                                if not data:
                                    break
                                got.append(data)
                        except (OSError, ValueError):
                            pass
                    return False

                gate.engine.on(re.escape(route), answer)
                client.send(head('POST', route, (upgrade if asks else []) + [('Content-Length', '0')]))
                response = client.read_head()
                expect(response.status in (status, 502), 'status %d' % response.status)
                client.send_gently(b'TUNNEL BYTES\r\n\r\n')
                try:
                    client.half_close()
                except OSError:
                    pass
                client.rest()
                expect(gate.engine.wait_connections(0), 'the engine side stays')
                expect_equal(b'TUNNEL' in b''.join(got), opens, 'tunnel bytes at the engine')
