# SPDX-License-Identifier: Apache-2.0
"""Every limit one below, at, and one above. A limit that is reached passes, one more is refused."""
import json
import select

from harness import ALL, SOCKGATED, WAIT, Fail, Gate, check, check_both, expect, expect_equal, head, wait_until

KIB = 1024
START = 'GET %s HTTP/1.1\r\nHost: docker\r\n'


def is_sanitized():
    with open(SOCKGATED, 'rb') as f:
        return b'__asan_init' in f.read()


def padded_head(size):
    """A request head of exactly this size, no line longer than 4 KiB."""
    data = (START % '/_ping').encode()
    number = 0
    while size - len(data) - 2 > 4096:
        name = b'X-Pad-%d: ' % number
        data += name + b'p' * (2048 - len(name) - 2) + b'\r\n'
        number += 1
    left = size - len(data) - 2
    if left > 2050:
        data += b'X-A: ' + b'p' * (1024 - 7) + b'\r\n'
        left -= 1024
    data += b'X-Last: ' + b'p' * (left - 10) + b'\r\n\r\n'
    assert len(data) == size
    return data


def lines_head(n):
    """A head with n header lines, Host among them."""
    return (START % '/_ping').encode() + b''.join(b'X-%d: v\r\n' % i for i in range(n - 1)) + b'\r\n'


def line_head(name, length):
    return (START % '/_ping').encode() + name + b': ' + b'v' * (length - len(name) - 2) + b'\r\n\r\n'


def target_head(length):
    return (START % ('/events?filters=' + 'a' * (length - 16))).encode() + b'\r\n'


def path_head(length):
    path, n = '', 14
    for i in range(n):
        part = length // n if i < n - 1 else length - len(path)
        path += '/' + 'a' * (part - 1)
    assert len(path) == length
    return (START % path).encode() + b'\r\n'


def segments_head(n):
    return (START % ('/a' * n)).encode() + b'\r\n'


def pairs_head(n):
    return (START % ('/images/get?' + '&'.join('names=i%d' % i for i in range(n)))).encode() + b'\r\n'


def name_head(length):
    return (START % ('/containers/%s/changes' % ('n' * length))).encode() + b'\r\n'


# name, bytes at the limit - 1, at it, one above; answer up to the limit, answer above
HEAD_LIMITS = (
    ('head_of_128_KiB', padded_head, 128 * KIB, 200, 431),
    ('large_head_begins_at_16_KiB', padded_head, 16 * KIB, 200, 200),
    ('header_lines_256', lines_head, 256, 200, 431),
    ('line_of_8_KiB', lambda n: line_head(b'X-Any', n), 8 * KIB, 200, 431),
    ('registry_line_of_64_KiB', lambda n: line_head(b'X-Registry-Config', n), 64 * KIB, 200, 431),
    ('target_of_64_KiB', target_head, 64 * KIB, 200, 414),
    ('path_of_2048_bytes', path_head, 2048, 403, 400),
    ('path_of_16_segments', segments_head, 16, 403, 400),
    ('query_of_1024_pairs', pairs_head, 1024, 200, 400),
    ('name_of_255_bytes', name_head, 255, 200, 400),
)


@check_both
def request_heads_are_limited(run):
    with Gate(ALL, listen=(run.transport,)) as gate:
        gate.engine.on('^/events', b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
        for name, make, limit, good, bad in HEAD_LIMITS:
            for size, want in ((limit - 1, good), (limit, good), (limit + 1, bad)):
                with run.case('%s/%d' % (name, size), gate), gate.connect() as client:
                    gate.engine.clear()
                    client.send_gently(make(size))
                    response = client.read()
                    expect_equal(response.status, want, 'status')
                    expect_equal(len(gate.engine.seen()), 1 if want == 200 else 0, 'requests at the engine')
                    if want in (200, 403):
                        expect_equal(client.ask('GET', '/_ping').body, b'OK')


@check_both
def heads_without_an_end_are_refused_before_they_end(run):
    with Gate(ALL, listen=(run.transport,)) as gate:
        for name, data, want in (
                ('line', (START % '/_ping').encode() + b'X-A: ' + b'v' * (140 * KIB), 431),
                ('lines', (START % '/_ping').encode() + b'X-A: v\r\n' * 20000, 431),
                ('request_line', b'GET /_ping?' + b'a' * (130 * KIB), 414)):
            with run.case(name, gate), gate.connect() as client:
                client.send_gently(data)
                expect(client.read().status in (want, 400, 431), 'status')
                expect_equal(gate.engine.seen(), [])


@check_both
def judged_bodies_are_limited(run):
    # a query key that only the body can excuse makes the body a judged one
    with Gate(ALL, listen=(run.transport,), limits={'judged-body': '8K'}) as gate:
        for size, want in ((8 * KIB - 1, 201), (8 * KIB, 201), (8 * KIB + 1, 413)):
            with run.case('json_with_length/%d' % size, gate), gate.connect() as client:
                gate.engine.clear()
                body = b'{"Image":"alpine"' + b' ' * (size - 18) + b'}'
                response = client.ask('POST', '/containers/create?Image=alpine', [('Content-Type', 'application/json')], body)
                expect_equal(response.status, want)
                expect_equal([(r.body, r.query) for r in gate.engine.seen()], [(body, '')] if want == 201 else [])
            with run.case('json_chunked/%d' % size, gate), gate.connect() as client:
                gate.engine.clear()
                body = b'{"Image":"alpine"' + b' ' * (size - 18) + b'}'
                response = client.ask('POST', '/containers/create?Image=alpine',
                                      [('Content-Type', 'application/json'), ('Transfer-Encoding', 'chunked')],
                                      b''.join(b'%x\r\n%s\r\n' % (len(body[i:i + 1000]), body[i:i + 1000])
                                               for i in range(0, size, 1000)) + b'0\r\n\r\n')
                expect_equal(response.status, want)
                expect_equal([r.body for r in gate.engine.seen()], [body] if want == 201 else [])
        for size, want in ((4 * KIB - 1, 204), (4 * KIB, 204), (4 * KIB + 1, 413)):
            with run.case('echo/%d' % size, gate), gate.connect() as client:
                gate.engine.clear()
                body = b'{"t":1' + b' ' * (size - 7) + b'}'
                response = client.ask('POST', '/containers/web/stop?t=1', [('Content-Type', 'application/json')], body)
                expect_equal(response.status, want)
                expect_equal([(r.body, r.query) for r in gate.engine.seen()], [(b'', 't=1')] if want == 204 else [])


@check_both
def a_body_too_large_is_refused_before_it_is_read(run):
    with Gate(ALL, listen=(run.transport,), limits={'judged-body': '8K'}) as gate, gate.connect() as client:
        client.send(head('POST', '/containers/create?Image=a', [('Content-Type', 'application/json'),
                                                             ('Content-Length', '8193')]))
        expect_equal(client.read().status, 413)


@check_both
def lengths_and_chunk_sizes_are_limited(run):
    with Gate(ALL, listen=(run.transport,)) as gate:
        tar = ('Content-Type', 'application/x-tar')
        with run.case('content_length_of_15_digits', gate), gate.connect() as client:
            gate.engine.clear()
            client.send_gently(head('POST', '/images/load', [tar, ('Content-Length', '9' * 15)]) + b'abc')
            expect_equal([r.get('content-length') for r in gate.engine.wait(lambda r: r)], ['9' * 15])
        with run.case('content_length_of_16_digits', gate), gate.connect() as client:
            gate.engine.clear()
            client.send_gently(head('POST', '/images/load', [tar, ('Content-Length', '1' + '0' * 15)]) + b'abc')
            expect_equal(client.read().status, 400)
            expect_equal(gate.engine.seen(), [])
        for name, line, is_good in (('8_digits', b'00000003', True), ('8_zeros_more', b'000000003', True),
                                    ('17_digits', b'00000000000000003', False), ('9_digits_of_value', b'100000000', False),
                                    ('extension', b'3;a=b', False), ('blank', b'3 ', False), ('sign', b'+3', False),
                                    ('none', b'', False)):
            with run.case('chunk_size/' + name, gate), gate.connect() as client:
                gate.engine.clear()
                client.send_gently(head('POST', '/images/load', [tar, ('Transfer-Encoding', 'chunked')]) + line
                                   + b'\r\nabc\r\n0\r\n\r\n')
                if is_good:
                    expect_equal(client.read().status, 200)
                    expect_equal([(r.body, r.defects) for r in gate.engine.seen()], [(b'abc', [])])
                else:
                    data = client.rest()
                    expect(not data or data.startswith(b'HTTP/1.1 400'), lambda: 'answer %r' % data[:100])
                    gate.engine.wait_connections(0)
                    expect(not any(r.complete for r in gate.engine.seen()), 'the engine got a complete request')


def answer_of(size=None, lines=None, interim=0):
    data = b'HTTP/1.1 102 Processing\r\n\r\n' * interim
    final = b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n'
    if lines:
        final += b''.join(b'X-%d: v\r\n' % i for i in range(lines - 1))
    while size and size - len(final) > 6000:
        final += b'X-Pad: ' + b'p' * 4000 + b'\r\n'
    if size:
        final += b'X-Last: ' + b'p' * (size - len(final) - 12) + b'\r\n'
    final += b'\r\n'
    assert not size or len(final) == size
    return data + final + b'{}'


@check_both
def answer_heads_are_limited(run):
    with Gate(ALL, listen=(run.transport,)) as gate:
        for name, key, limit in (('head_of_64_KiB', 'size', 64 * KIB), ('lines_256', 'lines', 256), ('interim_answers_8', 'interim', 8)):
            for n, want in ((limit - 1, 200), (limit, 200), (limit + 1, 502)):
                with run.case('%s/%d' % (name, n), gate), gate.connect() as client:
                    gate.engine.on('^/info$', answer_of(**{key: n}))
                    client.send(head('GET', '/info'))
                    response = client.read()
                    expect_equal(response.status, want)
                    if want == 200:
                        expect_equal(response.body, b'{}')
                        expect_equal(client.ask('GET', '/_ping').body, b'OK')


@check_both
def idle_connections_make_room_at_the_connection_cap(run):
    with Gate(ALL, listen=(run.transport,), limits={'connections': 3}) as gate:
        clients = [gate.connect() for _ in range(3)]
        for client in clients:
            expect_equal(client.ask('GET', '/_ping').status, 200)
        with gate.connect() as fourth:
            expect_equal(fourth.ask('GET', '/_ping').status, 200)
            clients[0].closed()
            for client in clients[1:]:
                expect_equal(client.ask('GET', '/_ping').status, 200)
                client.close()


@check_both
def streams_are_never_closed_for_the_connection_cap(run):
    with Gate(ALL, listen=(run.transport,), limits={'connections': 3}) as gate:
        streams = [gate.connect() for _ in range(3)]
        for stream in streams:
            stream.send(head('GET', '/events'))
            expect_equal(stream.read_head().status, 200)
        with gate.connect() as fourth:
            fourth.send_gently(head('GET', '/_ping'))
            waits = fourth.is_quiet(0.5)
            expect(all(s.is_quiet(0.01) for s in streams), 'a stream was touched')
            if waits:           # the kernel's queue holds it until there is room
                streams[0].close()
                expect_equal(fourth.read().status, 200)
            else:
                expect_equal(fourth.read().status, 503)
        for stream in streams:
            stream.close()


@check_both
def connections_of_one_peer_are_limited(run):
    with Gate(ALL, listen=(run.transport,), limits={'connections-per-peer': 3}) as gate:
        streams = [gate.connect() for _ in range(3)]
        for stream in streams:
            stream.send(head('GET', '/events'))
            expect_equal(stream.read_head().status, 200)
        with gate.connect() as fourth:
            fourth.send_gently(head('GET', '/_ping'))
            response = fourth.read()
            expect_equal(response.status, 503)
            expect(json.loads(response.body)['message'], 'message')
            fourth.closed()
        streams[0].close()
        wait_until(lambda: try_status(gate) == 200, 'room again')
        for stream in streams[1:]:
            stream.close()


def try_status(gate):
    try:
        return gate.ask('GET', '/_ping').status
    except (Fail, OSError):
        return 0


@check_both
def slow_heads_are_closed_silently(run):
    with Gate(ALL, listen=(run.transport,), limits={'head-timeout': '300ms'}) as gate:
        with run.case('half_a_head', gate), gate.connect() as client:
            client.send(b'GET /_ping HT')
            client.closed()
        with run.case('drops_do_not_extend_it', gate), gate.connect() as client:
            data = head('GET', '/_ping', [('X-A', 'v' * 4000)])
            for i in range(0, len(data) - 4):
                client.send_gently(data[i:i + 1])
                if not client.is_quiet(0.01):
                    break
            client.closed()
        with run.case('second_head_on_a_connection', gate), gate.connect() as client:
            client.ask('GET', '/_ping')
            client.send(b'GET /_p')
            client.closed()


@check_both
def idle_connections_are_closed_silently(run):
    with Gate(ALL, listen=(run.transport,), limits={'keep-alive-timeout': '2s'}) as gate:
        with run.case('after_a_request', gate), gate.connect() as client:
            client.ask('GET', '/_ping')
            client.closed()
        with run.case('before_the_first_request', gate), gate.connect() as client:
            client.closed()


@check_both
def slow_judged_bodies_are_answered_408(run):
    with Gate(ALL, listen=(run.transport,), limits={'body-timeout': '300ms'}) as gate, gate.connect() as client:
        client.send(head('POST', '/containers/create?Image=a', [('Content-Type', 'application/json'), ('Content-Length', '100')])
                    + b'{"Image"')
        response = client.read()
        expect_equal(response.status, 408)
        expect(response.closes(), 'no Connection: close')
        client.closed()
        expect_equal(gate.engine.seen(), [])


@check()
def bodies_under_judgement_share_a_budget_and_wait_for_it(run):
    with Gate(ALL, limits={'judged-body': '64K', 'judged-bytes': '128K'}) as gate:
        body = b'{"Image":"a"' + b' ' * 60000 + b'}'
        request = head('POST', '/containers/create?Image=a', [('Content-Type', 'application/json'),
                                                           ('Content-Length', str(len(body)))])
        clients = [gate.connect() for _ in range(12)]
        for client in clients:
            client.send(request + body[:-1])
        # All of them, before any answer is waited for: who comes first is the kernel's to say.
        for client in clients:
            client.send(body[-1:])
        for client in clients:
            expect_equal(client.read().status, 201)
            client.close()


@check()
def idle_connections_cost_little(run):
    with Gate(ALL) as gate:
        gate.ask('GET', '/_ping')
        before = gate.process.rss_kib()
        clients = [gate.connect() for _ in range(400)]
        for client in clients:
            expect_equal(client.ask('GET', '/nowhere').status, 403)
        grown = gate.process.rss_kib() - before
        # A sanitizer keeps freed memory back, and red zones around what is held.
        each = 64 if is_sanitized() else 16
        expect(grown < 400 * each, lambda: '%d KiB for 400 idle connections' % grown)
        for client in clients:
            client.close()
        wait_until(lambda: gate.process.n_fds() < 30, 'descriptors go back')


@check()
def api_versions_have_a_floor(run):
    for text, cases in (('', ((23, 400), (24, 200), (999, 200), (1000, 400))),
                        ('[policy]\napi-min = 1.40\n', ((39, 400), (40, 200), (41, 200)))):
        with Gate(ALL + text) as gate:
            for minor, want in cases:
                with run.case('v1.%d%s' % (minor, '_with_api_min_1.40' if text else ''), gate), gate.connect() as client:
                    expect_equal(client.ask('GET', '/v1.%d/info' % minor).status, want)
            expect_equal(gate.ask('GET', '/info').status, 200)


@check_both
def large_heads_share_a_pool_and_small_ones_never_wait_for_it(run):
    with Gate(ALL, listen=(run.transport,), limits={'head-timeout': '60s'}) as gate:
        half = (START % '/_ping').encode() + b'X-A: ' + b'v' * 7000 + b'\r\nX-B: ' + b'v' * 7000 + b'\r\nX-C: ' + b'v' * 7000
        holders = [gate.connect() for _ in range(65)]
        for holder in holders:
            holder.send(half)
        refused = select.select([h.sock for h in holders], [], [], WAIT)[0]
        expect_equal(len(refused), 1, 'refused heads')
        first = next(h for h in holders if h.sock is refused[0])
        expect_equal(first.read().status, 503)
        holders.remove(first)
        first.close()
        with run.case('small_heads', gate):
            expect_equal(gate.ask('GET', '/_ping').status, 200)
        with run.case('those_that_hold_a_place_go_on', gate):
            holders[0].send(b'\r\n\r\n')
            expect_equal(holders[0].read().status, 200)
        for holder in holders:
            holder.close()
        with run.case('room_again', gate):
            wait_until(lambda: gate.process.n_fds() < 30, 'the connections end')
            holders = [gate.connect() for _ in range(64)]
            for holder in holders:
                holder.send(half)
            for holder in holders:
                holder.send_gently(b'\r\n\r\n')
                expect_equal(holder.read().status, 200)
                holder.close()


@check_both
def streams_without_a_byte_end_only_when_a_stall_timeout_is_set(run):
    with Gate(ALL, listen=(run.transport,), limits={'stall-timeout': '2s'}) as gate, gate.connect() as client:
        client.send(head('GET', '/events'))
        expect_equal(client.read_head().status, 200)
        client.rest()
        expect(gate.engine.wait_connections(0), 'the engine side stays')
