# SPDX-License-Identifier: Apache-2.0
"""What a transparent proxy must do: bytes, ends of streams and interim answers pass as without us."""
import os
import socket
import threading

from harness import (WAIT, Gate, check, check_both, chunked, expect, expect_equal, head, wait_until)

ATTACH = '/v1.41/containers/web/attach?stderr=1&stdin=1&stdout=1&stream=1'
UPGRADE = [('Connection', 'Upgrade'), ('Upgrade', 'tcp'), ('Content-Length', '0')]
MIB = 1 << 20


def gate_for(run, **more):
    return Gate(listen=(run.transport,), **more)


def still_works(client):
    """Keep-alive: the same connection serves another request."""
    expect_equal(client.ask('GET', '/_ping').body, b'OK', 'answer to the next request')


@check_both
def plain_requests_pass_and_the_connection_stays(run):
    with gate_for(run) as gate, gate.connect() as client:
        for _ in range(3):
            still_works(client)
        response = client.ask('HEAD', '/_ping')
        expect_equal((response.status, response.body), (200, b''))
        expect_equal(client.ask('GET', '/v1.41/containers/json?all=1').status, 200)
        expect_equal([(r.method, r.target, r.conn) for r in gate.engine.seen()][-1], ('GET', '/v1.41/containers/json?all=1', 1))
        expect(all(r.complete and not r.defects for r in gate.engine.seen()), 'defects at the engine')


@check_both
def answer_headers_pass_in_their_order(run):
    with gate_for(run) as gate, gate.connect() as client:
        gate.engine.on('^/info$', b'HTTP/1.1 200 Fine\r\nApi-Version: 1.41\r\nX-Two: a\r\nX-Two: b\r\nServer: Docker/1 (linux)\r\n'
                                  b'Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nEmpty:\r\nContent-Length: 2\r\n'
                                  b'Docker-Experimental: false\r\n\r\n{}')
        response = client.ask('GET', '/info')
        expect_equal([h for h in response.headers if h[0].lower() not in ('content-length', 'connection')],
                     [('Api-Version', '1.41'), ('X-Two', 'a'), ('X-Two', 'b'), ('Server', 'Docker/1 (linux)'), ('Empty', ''),
                      ('Docker-Experimental', 'false')], 'headers')
        expect_equal((response.status, response.reason, response.body), (200, 'Fine', b'{}'))
        still_works(client)


@check_both
def answer_head_passes_before_its_body(run):
    with gate_for(run) as gate, gate.connect() as client:
        go = threading.Event()

        def wait_like(x):
            x.start_chunked()
            go.wait(WAIT)
            x.chunk(b'{"StatusCode":0}')
            x.end_chunks()

        gate.engine.on('/wait$', wait_like)
        client.send(head('POST', '/v1.41/containers/web/wait', [('Content-Length', '0')]))
        response = client.read_head()
        expect_equal(response.status, 200)
        go.set()
        client.read_body(response)
        expect_equal(response.body, b'{"StatusCode":0}')
        still_works(client)


@check_both
def each_byte_of_a_stream_passes_as_it_comes(run):
    with gate_for(run) as gate, gate.connect() as client:
        got = threading.Semaphore(0)

        def drip(x):
            x.start_chunked()
            for i in range(20):
                x.chunk(b'%d' % (i % 10))
                if not got.acquire(timeout=WAIT):
                    return False
            x.end_chunks()
            return True

        gate.engine.on('^/events', drip)
        client.send(head('GET', '/events'))
        response = client.read_head()
        for i in range(20):
            data = b''
            while not data:
                data = client.read_chunk()
            expect_equal(data, b'%d' % (i % 10))
            got.release()
        expect_equal(client.read_chunk(), b'')
        expect_equal(response.status, 200)
        still_works(client)


@check_both
def single_bytes_of_a_chunked_answer_pass_before_the_chunk_is_complete(run):
    with gate_for(run) as gate, gate.connect() as client:
        go = threading.Event()

        def half_chunk(x):
            x.start_chunked()
            x.send(b'4\r\nab')
            go.wait(WAIT)
            x.send(b'cd\r\n')
            x.end_chunks()

        gate.engine.on('^/events', half_chunk)
        client.send(head('GET', '/events'))
        client.read_head()
        client.until(b'ab')
        go.set()
        client.until(b'cd')
        client.until(b'0\r\n\r\n')
        still_works(client)


@check_both
def request_written_byte_by_byte_arrives_whole(run):
    with gate_for(run) as gate, gate.connect() as client:
        data = head('POST', '/v1.41/containers/create?name=a', [('Content-Type', 'application/json'), ('Content-Length', '2')]) + b'{}'
        for i in range(len(data)):
            client.send(data[i:i + 1])
        expect_equal(client.read().status, 201)
        request = gate.engine.seen()[0]
        expect_equal((request.method, request.target, request.body, request.defects),
                     ('POST', '/v1.41/containers/create?name=a', b'{}', []))
        still_works(client)


@check_both
def answer_head_cut_anywhere_arrives_whole(run):
    with gate_for(run) as gate, gate.connect() as client:
        def dribble(x):
            x.body()
            for byte in x.head(200, length=2) + b'{}':
                x.send(bytes([byte]))

        gate.engine.on('^/info$', dribble)
        response = client.ask('GET', '/info')
        expect_equal((response.status, response.body, response.get('ostype')), (200, b'{}', 'linux'))
        still_works(client)


@check_both
def head_answers_have_no_body_though_they_say_a_length(run):
    with gate_for(run) as gate, gate.connect() as client:
        gate.engine.on('/archive', b'HTTP/1.1 200 OK\r\nContent-Length: 77\r\nX-Docker-Container-Path-Stat: eyJ9\r\n\r\n')
        response = client.ask('HEAD', '/containers/web/archive?path=/x')
        expect_equal((response.status, response.get('content-length'), response.get('x-docker-container-path-stat')),
                     (200, '77', 'eyJ9'))
        still_works(client)


@check_both
def answers_without_a_body_are_complete_at_their_head(run):
    with gate_for(run) as gate, gate.connect() as client:
        for status in (204, 304):
            with run.case(str(status), gate):
                gate.engine.on('/start$', b'HTTP/1.1 %d X\r\n\r\n' % status)
                response = client.ask('POST', '/containers/web/start')
                expect_equal((response.status, response.body), (status, b''))
                still_works(client)
        with run.case('200_with_length_0', gate):
            gate.engine.on('/start$', b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
            expect_equal(client.ask('POST', '/containers/web/start').get('content-length'), '0')
            still_works(client)


@check_both
def answer_delimited_by_close_arrives_whole(run):
    with gate_for(run) as gate, gate.connect() as client:
        body = os.urandom(300000)

        def until_close(x):
            x.body()
            x.send(b'HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\n\r\n' + body)
            return False

        gate.engine.on('/export$', until_close)
        response = client.ask('GET', '/containers/web/export')
        expect_equal(response.body, body, 'body')
        if not response.closes() and response.all('transfer-encoding'):
            still_works(client)
        else:
            client.closed()


@check_both
def interim_answers_are_not_the_final_one(run):
    with gate_for(run) as gate, gate.connect() as client:
        gate.engine.on('^/info$', b'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'
                                  b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
        response = client.ask('GET', '/info')
        expect_equal((response.status, response.body), (200, b'{}'))
        still_works(client)


@check_both
def expect_continue_is_answered_when_a_body_is_due(run):
    with gate_for(run) as gate, gate.connect() as client:
        client.send(head('PUT', '/containers/web/archive?path=/x', [('Content-Length', '3'), ('Expect', '100-continue'),
                                                                 ('Content-Type', 'application/x-tar')]))
        expect_equal(client.read_head().status, 100)
        client.send(b'tar')
        expect_equal(client.read().status, 200)
        expect_equal([r.body for r in gate.engine.seen()], [b'tar'])
        still_works(client)


@check_both
def refused_request_gets_no_100_continue(run):
    with Gate(listen=(run.transport,), config='[allow]\nCONTAINERS = read\n') as gate, gate.connect() as client:
        client.send(head('PUT', '/containers/web/archive?path=/x', [('Content-Length', '3'), ('Expect', '100-continue')]))
        expect_equal(client.read_head().status, 403)
        expect_equal(gate.engine.seen(), [])


@check_both
def hijack_without_upgrade_becomes_a_tunnel_at_the_200(run):
    with gate_for(run) as gate, gate.connect() as client:
        client.send(head('POST', ATTACH, [('Content-Length', '0')]))
        response = client.read_head()
        expect_equal((response.status, response.get('content-type')), (200, 'application/vnd.docker.raw-stream'))
        expect(not response.all('transfer-encoding') and not response.all('content-length'), 'the tunnel is framed')
        client.send(b'in\x00\r\n')
        expect_equal(client.exactly(5), b'in\x00\r\n')
        client.half_close()
        client.closed()
        expect(not gate.engine.seen()[0].wants_upgrade(), 'an Upgrade nobody asked for')


@check_both
def hijack_with_upgrade_becomes_a_tunnel_at_the_101(run):
    with gate_for(run) as gate, gate.connect() as client:
        client.send(head('POST', ATTACH, UPGRADE + [('Content-Type', 'text/plain')]))
        response = client.read_head()
        expect_equal((response.status, response.reason, response.get('upgrade'), response.get('connection').lower()),
                     (101, 'UPGRADED', 'tcp', 'upgrade'))
        client.send(b'hello')
        expect_equal(client.exactly(5), b'hello')
        client.half_close()
        client.closed()
        request = gate.engine.seen()[0]
        expect_equal((request.get('upgrade'), request.get('connection'), request.get('content-type')), ('tcp', 'Upgrade', None))


@check_both
def exec_start_sends_its_body_and_then_tunnels(run):
    with gate_for(run) as gate, gate.connect() as client:
        body = b'{"Detach":false,"Tty":false}\n'
        client.send(head('POST', '/v1.41/exec/%s/start' % ('f' * 64),
                         [('Connection', 'Upgrade'), ('Upgrade', 'tcp'), ('Content-Type', 'application/json'),
                          ('Content-Length', str(len(body)))]) + body)
        expect_equal(client.read_head().status, 101)
        client.send(b'x')
        expect_equal(client.exactly(1), b'x')
        expect_equal(gate.engine.seen()[0].body, body)


@check_both
def client_bytes_wait_for_the_101(run):
    with gate_for(run) as gate, gate.connect() as client:
        go = threading.Event()
        early = []

        def slow_upgrade(x):
            x.body()
            go.wait(WAIT)
            early.append(bytes(x.conn.buf))
            x.upgrade()
            x.echo()
            return False

        gate.engine.on('/attach', slow_upgrade)
        client.send(head('POST', ATTACH, UPGRADE) + b'EARLY')
        gate.engine.wait(lambda r: r)
        client.send(b'LATER')
        expect(client.is_quiet(0.3), 'an answer before the 101')
        expect_equal(gate.engine.conns[1].received, len(gate.engine.seen()[0].head), 'bytes at the engine before the 101')
        go.set()
        expect_equal(client.read_head().status, 101)
        expect_equal(client.exactly(10), b'EARLYLATER')
        expect_equal(early, [b''])


@check_both
def engine_bytes_behind_the_101_are_not_lost(run):
    with gate_for(run) as gate, gate.connect() as client:
        def talkative(x):
            x.body()
            x.send(b'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\n'
                   b'Upgrade: tcp\r\n\r\n\x01\0\0\0\0\0\0\2hi')
            x.echo()
            return False

        gate.engine.on('/attach', talkative)
        client.send(head('POST', ATTACH, UPGRADE))
        client.read_head()
        expect_equal(client.exactly(10), b'\x01\0\0\0\0\0\0\2hi')


@check_both
def client_half_close_reaches_the_engine_and_output_goes_on(run):
    with gate_for(run) as gate, gate.connect() as client:
        def cat(x):
            x.upgrade()
            data = b''
            while True:
                part = x.recv()
                if not part:
                    break
                data += part
            for i in range(5):
                x.send(b'%d:' % i + data)
            return False

        gate.engine.on('/attach', cat)
        client.send(head('POST', ATTACH, UPGRADE))
        client.read_head()
        client.send(b'stdin')
        client.half_close()
        expect_equal(client.rest(), b''.join(b'%d:stdin' % i for i in range(5)))


@check_both
def engine_half_close_reaches_the_client_and_input_goes_on(run):
    with gate_for(run) as gate, gate.connect() as client:
        got = []

        def deaf_output(x):
            x.upgrade()
            x.send(b'bye')
            x.shut()
            while True:
                part = x.recv()
                if not part:
                    break
                got.append(part)
            return False

        gate.engine.on('/attach', deaf_output)
        client.send(head('POST', ATTACH, UPGRADE))
        client.read_head()
        expect_equal(client.rest(), b'bye')
        client.send(b'still here')
        client.half_close()
        wait_until(lambda: b''.join(got) == b'still here', 'the engine gets the input')
        expect(gate.engine.wait_connections(0), 'the tunnel does not end')


@check_both
def client_reset_in_a_tunnel_ends_the_engine_side(run):
    with gate_for(run) as gate:
        client = gate.connect()
        client.send(head('POST', ATTACH, UPGRADE))
        client.read_head()
        client.send(b'x')
        client.exactly(1)
        client.reset()
        expect(gate.engine.wait_connections(0), 'the engine side of the tunnel stays open')


@check_both
def failed_hijack_is_an_ordinary_answer(run):
    with gate_for(run) as gate:
        def refuse(x):
            x.body()
            x.send(b'HTTP/1.1 409 Conflict\r\nContent-Type: text/plain\r\n\r\ncontainer is not running')
            return False

        gate.engine.on('/attach', refuse)
        with run.case('delimited_by_close', gate), gate.connect() as client:
            client.send(head('POST', ATTACH, UPGRADE))
            response = client.read()
            expect_equal((response.status, response.body), (409, b'container is not running'))
        gate.engine.on('/attach', b'HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}')
        with run.case('with_a_length_the_next_request_is_judged', gate), gate.connect() as client:
            client.send(head('POST', ATTACH, UPGRADE))
            response = client.read()
            expect_equal((response.status, response.body), (404, b'{}'))
            if not response.closes():
                expect_equal(client.ask('GET', '/nowhere').status, 403)


@check_both
def upgrade_that_was_not_asked_for_is_a_bad_gateway(run):
    with gate_for(run) as gate, gate.connect() as client:
        gate.engine.on('^/info$|/attach', b'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nSECRET')
        for name, method, target in (('plain_route', 'GET', '/info'), ('hijack_route_without_upgrade', 'POST', ATTACH)):
            with run.case(name, gate), gate.connect() as client:
                response = client.ask(method, target)
                expect_equal(response.status, 502)
                expect(b'SECRET' not in response.body + client.buf, 'tunnel bytes reach the client')


@check_both
def upgrade_elsewhere_is_dropped_and_the_request_is_plain(run):
    with gate_for(run) as gate, gate.connect() as client:
        response = client.ask('GET', '/info', [('Connection', 'Upgrade'), ('Upgrade', 'h2c'), ('HTTP2-Settings', 'x')])
        expect_equal(response.status, 200)
        expect_equal([n for n in gate.engine.seen()[0].names() if n in ('upgrade', 'http2-settings')], [])
        still_works(client)


@check_both
def answer_during_the_upload_passes_at_once(run):
    with gate_for(run) as gate, gate.connect() as client:
        def build(x):
            x.recv_until(b'first')
            x.start_chunked()
            x.chunk(b'step 1')
            x.recv_until(b'second')
            x.chunk(b'step 2')
            x.recv_until(b'0\r\n\r\n')
            x.end_chunks()
            x.body_read = True

        gate.engine.on('/build', build)
        client.send(head('POST', '/v1.41/build?t=x', [('Content-Type', 'application/x-tar'), ('Transfer-Encoding', 'chunked')])
                    + b'5\r\nfirst\r\n')
        response = client.read_head()
        expect_equal(response.status, 200)
        client.until(b'step 1')
        client.send(b'6\r\nsecond\r\n')
        client.until(b'step 2')
        client.send(b'0\r\n\r\n')
        client.until(b'0\r\n\r\n')
        still_works(client)


@check_both
def error_before_the_end_of_an_upload_reaches_the_client(run):
    with gate_for(run) as gate, gate.connect() as client:
        def fail_early(x):
            x.recv_until(b'first')
            x.send(b'HTTP/1.1 400 Bad Request\r\nContent-Length: 17\r\nContent-Type: application/json\r\n\r\n{"message":"bad"}')
            x.wait_gone(WAIT)
            return False

        gate.engine.on('/build', fail_early)
        client.send(head('POST', '/v1.41/build?t=x', [('Content-Type', 'application/x-tar'), ('Transfer-Encoding', 'chunked')])
                    + b'5\r\nfirst\r\n')
        response = client.read()
        expect_equal((response.status, response.body), (400, b'{"message":"bad"}'))


@check_both
def big_uploads_and_downloads_arrive_unchanged(run):
    with gate_for(run) as gate:
        data = os.urandom(1 << 16) * 64
        parts = [data[i:i + 100003] for i in range(0, len(data), 100003)]

        def download(x):
            x.body()
            x.start_chunked(ctype='application/x-tar')
            for part in parts:
                x.chunk(part)
            x.end_chunks()

        gate.engine.on('/images/get', download)
        with run.case('download_chunked', gate), gate.connect() as client:
            expect_equal(client.ask('GET', '/images/get?names=a').body, data, 'body')
            still_works(client)
        for name, headers, body in (
                ('upload_with_length', [('Content-Length', str(len(data)))], data),
                ('upload_chunked', [('Transfer-Encoding', 'chunked')], chunked(*parts))):
            with run.case(name, gate), gate.connect() as client:
                gate.engine.clear()
                expect_equal(client.ask('POST', '/images/load?quiet=1', headers + [('Content-Type', 'application/x-tar')],
                                        body).status, 200)
                expect_equal(gate.engine.seen()[0].body, data, 'body')
                expect_equal(gate.engine.seen()[0].defects, [])
                still_works(client)


def push_until_blocked(send, limit):
    """Send until the other side takes no more for a while; returns how much went."""
    sent = 0
    block = b'x' * 65536
    while sent < limit:
        try:
            sent += send(block)
        except (BlockingIOError, socket.timeout):
            break
    return sent


@check_both
def reader_that_stops_holds_the_engine_back_without_growth(run):
    with gate_for(run) as gate, gate.connect(rcvbuf=65536) as client:
        state = {'sent': 0}
        total = 96 * MIB

        def pour(x):
            x.body()
            x.send(x.head(200, length=total, ctype='application/x-tar'))
            block = b'y' * 65536
            while state['sent'] < total:
                x.send(block)
                state['sent'] += len(block)

        gate.engine.on('/export$', pour)
        client.send(head('GET', '/containers/web/export'))
        response = client.read_head()
        before = gate.process.rss_kib()
        last = -1
        while state['sent'] != last:        # until nothing moves for a while
            last = state['sent']
            threading.Event().wait(0.4)
        expect(state['sent'] < 16 * MIB, lambda: 'the engine could send %d MiB to nobody' % (state['sent'] // MIB))
        expect(gate.process.rss_kib() - before < 4096, lambda: 'grew by %d KiB' % (gate.process.rss_kib() - before))
        left = int(response.get('content-length')) - len(client.take(len(client.buf)))
        while left:
            expect(client.more(), 'the stream ends early')
            left -= len(client.take(len(client.buf)))
        expect_equal(left, 0)
        still_works(client)


@check_both
def engine_that_does_not_read_holds_the_client_back_without_growth(run):
    with gate_for(run) as gate, gate.connect() as client:
        go = threading.Event()

        def sleepy(x):
            go.wait(3 * WAIT)
            x.answer(200, b'{}')

        gate.engine.on('/images/load', sleepy)
        total = 64 * MIB
        client.send(head('POST', '/images/load', [('Content-Type', 'application/x-tar'), ('Content-Length', str(total))]))
        gate.engine.wait(lambda r: r)
        before = gate.process.rss_kib()
        client.sock.settimeout(1)
        sent = push_until_blocked(client.sock.send, total)
        expect(sent < 16 * MIB, lambda: 'the client could send %d MiB to nobody' % (sent // MIB))
        expect(gate.process.rss_kib() - before < 4096, lambda: 'grew by %d KiB' % (gate.process.rss_kib() - before))
        go.set()
        client.sock.settimeout(WAIT)
        block = b'x' * 65536
        while sent < total:
            sent += client.sock.send(block[:total - sent])
        expect_equal(client.read().status, 200)
        expect_equal(gate.engine.seen()[0].body_length, total)
        still_works(client)


@check_both
def client_that_goes_away_ends_the_engine_side_at_once(run):
    with gate_for(run) as gate:
        gone = []

        def endless(x):
            x.body()
            x.start_chunked()
            try:
                x.chunk(b'{}')
                gone.append(x.wait_gone(WAIT))
            except OSError:         # gone already
                gone.append(True)
            return False

        gate.engine.on('^/events|/logs|/wait', endless)
        for name, method, target, leave in (('close_of_events', 'GET', '/events', 'close'),
                                            ('reset_of_events', 'GET', '/events', 'reset'),
                                            ('close_of_logs', 'GET', '/containers/web/logs?follow=1&stdout=1', 'close'),
                                            ('close_of_wait', 'POST', '/containers/web/wait', 'close')):
            with run.case(name, gate):
                gone.clear()
                client = gate.connect()
                client.send(head(method, target, [('Content-Length', '0')] if method == 'POST' else []))
                client.read_head()
                getattr(client, leave)()
                wait_until(lambda: gone, 'the engine side ends')
                expect_equal(gone, [True], 'end of the engine side')
                expect(gate.engine.wait_connections(0), 'engine connections stay')


@check_both
def client_that_goes_away_before_the_answer_ends_the_engine_side(run):
    with gate_for(run) as gate:
        gone = []

        def silent(x):
            x.body()
            gone.append(x.wait_gone(WAIT))
            return False

        gate.engine.on('/wait', silent)
        client = gate.connect()
        client.send(head('POST', '/containers/web/wait', [('Content-Length', '0')]))
        gate.engine.wait(lambda r: r)
        client.close()
        wait_until(lambda: gone, 'the engine side ends')
        expect_equal(gone, [True])


@check_both
def client_that_goes_away_in_an_upload_leaves_no_complete_request(run):
    with gate_for(run) as gate:
        for name, headers, part in (('with_length', [('Content-Length', '100')], b'only this'),
                                    ('chunked', [('Transfer-Encoding', 'chunked')], b'4\r\nonly\r\n')):
            with run.case(name, gate):
                gate.engine.clear()
                client = gate.connect()
                client.send(head('POST', '/images/load', headers + [('Content-Type', 'application/x-tar')]) + part)
                gate.engine.wait(lambda r: r and r[0].body_length >= 4)
                client.close()
                expect(gate.engine.wait_connections(0), 'the engine side stays')
                expect_equal([(r.complete, r.defects) for r in gate.engine.seen()], [(False, ['incomplete body'])])


@check_both
def half_closed_plain_request_is_answered_and_the_end_is_passed_on(run):
    with gate_for(run) as gate, gate.connect() as client:
        ends = []

        def answer_after_end(x):
            x.body()
            ends.append(x.recv())
            x.answer(200, b'{}')
            return False

        gate.engine.on('^/info$', answer_after_end)
        client.send(head('GET', '/info', version='HTTP/1.0'))
        client.half_close()
        response = client.read()
        expect_equal((response.status, response.body), (200, b'{}'))
        client.closed()
        expect_equal(ends, [b''])


@check_both
def http_1_0_is_answered_and_closed(run):
    with gate_for(run) as gate, gate.connect() as client:
        client.send(b'GET /_ping HTTP/1.0\r\n\r\n')
        expect_equal(client.read().body, b'OK')
        client.closed()
        expect_equal(gate.engine.seen()[0].defects, [])


@check_both
def connection_close_of_the_client_is_honoured(run):
    with gate_for(run) as gate, gate.connect() as client:
        response = client.ask('GET', '/_ping', [('Connection', 'close')])
        expect_equal(response.body, b'OK')
        client.closed()
        expect(gate.engine.wait_connections(0), 'the engine connection stays')


@check_both
def engine_that_closes_after_an_answer_costs_no_request(run):
    with gate_for(run) as gate, gate.connect() as client:
        gate.engine.on('^/info$', lambda x: x.answer(200, b'{}', [('Connection', 'close')]) or False)
        for _ in range(5):
            expect_equal(client.ask('GET', '/info').status, 200)
        expect_equal(gate.engine.n_conns, 5, 'engine connections')
        gate.engine.on('^/info$', lambda x: x.answer(200, b'{}'))
        for _ in range(5):
            expect_equal(client.ask('GET', '/info').status, 200)
            gate.engine.drop_connections()
            expect(gate.engine.wait_connections(0), 'engine connections stay')


@check_both
def pipelined_requests_are_answered_in_order(run):
    with gate_for(run) as gate, gate.connect() as client:
        gate.engine.on('^/v1.41/containers/n[0-9]+/json$',
                       lambda x: x.answer(200, x.request.path.split('/')[3].encode()))
        client.send(b''.join(head('GET', '/v1.41/containers/n%d/json' % i) for i in range(50)))
        for i in range(50):
            expect_equal(client.read().body, b'n%d' % i)
        expect_equal([r.path for r in gate.engine.seen()], ['/v1.41/containers/n%d/json' % i for i in range(50)])


@check_both
def pipelined_request_behind_an_allowed_one_is_judged(run):
    with Gate(listen=(run.transport,), config='[allow]\nCONTAINERS = read\n') as gate, gate.connect() as client:
        client.send(head('GET', '/containers/json') + head('POST', '/containers/web/kill', [('Content-Length', '0')])
                    + head('GET', '/_ping'))
        expect_equal([client.read().status for _ in range(3)], [200, 403, 200])
        expect_equal([r.path for r in gate.engine.seen()], ['/containers/json', '/_ping'])


@check_both
def second_answer_nobody_asked_for_never_reaches_the_client(run):
    with gate_for(run) as gate, gate.connect() as client:
        def twice(x):
            x.answer(200, b'{"n":1}')
            x.send(x.head(200, length=7) + b'{"n":2}')

        gate.engine.on('^/info$', twice)
        for _ in range(4):
            expect_equal(client.ask('GET', '/info').body, b'{"n":1}')
            # bytes while no request is in flight: the gate gives that engine connection up
            expect(gate.engine.wait_connections(0), 'the gate keeps a connection that speaks unasked')
            expect_equal(client.ask('GET', '/_ping').body, b'OK')
            gate.engine.drop_connections()
            gate.engine.wait_connections(0)


@check_both
def concurrent_clients_get_their_own_answers(run):
    with gate_for(run) as gate:
        gate.engine.on('/json$', lambda x: x.answer(200, x.request.path.encode()))
        errors = []

        def ask(number):
            try:
                with gate.connect() as client:
                    for i in range(20):
                        path = '/containers/c%dx%d/json' % (number, i)
                        expect_equal(client.ask('GET', path).body, path.encode())
            except Exception as e:      # pylint: disable=broad-except
                errors.append(e)

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(4 * WAIT)
        expect(not errors, lambda: str(errors[:3]))
        expect_equal(len(gate.engine.seen()), 600)


@check()
def streams_outlive_every_shortened_timer(run):
    limits = {'head-timeout': '100ms', 'keep-alive-timeout': '100ms', 'body-timeout': '100ms', 'idle-exit': '100ms',
              'drain-timeout': '100ms'}
    with Gate(limits=limits, listen=('unix', 'tcp'), start=False) as gate:
        go = threading.Event()

        def late_chunk(x):
            x.body()
            x.start_chunked()
            x.chunk(b'a')
            go.wait(WAIT)
            x.chunk(b'b')
            x.end_chunks()

        gate.engine.on('^/events|/logs|/wait|/stats', late_chunk)
        # everything is sent before the start: no timer but those of streams can meet it
        streams, tunnels = [], []
        for which in (0, 1):
            for method, target in (('GET', '/events'), ('GET', '/containers/web/logs?follow=1'), ('POST', '/containers/web/wait'),
                                   ('GET', '/containers/web/stats')):
                streams.append(gate.connect(which).send(head(method, target, [('Content-Length', '0')] if method == 'POST' else [])))
            tunnels.append(gate.connect(which).send(head('POST', ATTACH, UPGRADE)))
        upload = gate.connect()
        upload.send(head('POST', '/images/load', [('Content-Type', 'application/x-tar'), ('Content-Length', '4')]) + b'ab')
        gate.start()
        streams = [(c, c.read_head()) for c in streams]
        for client in tunnels:
            expect_equal(client.read_head().status, 101)
        gate.engine.wait(lambda r: any(x.path == '/images/load' and x.body_length == 2 for x in r))
        threading.Event().wait(1.5)             # many times every timer
        upload.send(b'cd')
        expect_equal(upload.read().status, 200)
        go.set()
        for client, response in streams:
            client.read_body(response)
            expect_equal(response.body, b'ab')
        for client in tunnels:
            client.send(b'alive')
            expect_equal(client.exactly(5), b'alive')
            client.close()


@check_both
def forwarded_request_is_written_anew(run):
    with gate_for(run) as gate, gate.connect() as client:
        client.ask('GET', '/v1.41/info', [('User-Agent', 'ua  x'), ('X-Forwarded-For', '1.2.3.4'), ('Cookie', 'c'), ('accept', 'a/b'),
                                        ('X-Registry-Auth', 'e30='), ('X-Meta-A', '1'), ('Connection', 'keep-alive'),
                                        ('Authorization', 'Basic x'), ('X-HTTP-Method-Override', 'DELETE'),
                                        ('If-None-Match', '"x"'), ('X-Docker-Foo', ''), ('Traceparent', '00-1')])
        request = gate.engine.seen()[0]
        expect_equal(request.head[:27], b'GET /v1.41/info HTTP/1.1\r\nH')
        expect_equal([(k.lower(), v) for k, v in request.headers if k.lower() != 'connection'],
                     [('host', 'docker'), ('user-agent', 'ua  x'), ('accept', 'a/b'), ('x-registry-auth', 'e30='),
                      ('x-meta-a', '1'), ('if-none-match', '"x"'), ('x-docker-foo', '')], 'headers at the engine')
