# SPDX-License-Identifier: Apache-2.0
"""Faults of the engine, of the journal and of the machine: fail closed, say so, go on."""
import socket

from harness import (ALL, WAIT, Fail, Gate, check, check_both, chunked, count_dropped, expect, expect_equal, head, wait_until)


@check_both
def missing_engine_is_a_bad_gateway_until_it_comes_back(run):
    for name, keep_path in (('no_such_socket', False), ('nobody_listens', True)):
        with run.case(name), Gate(ALL, listen=(run.transport,)) as gate, gate.connect() as client:
            gate.engine.stop(keep_path)
            for _ in range(2):
                response = client.ask('GET', '/info')
                expect_equal(response.status, 502)
                expect(b'sockgate' in response.body, lambda: response.body)
            gate.engine.start()
            client.close() if response.closes() else client.ask('GET', '/_ping')
            expect_equal(gate.ask('GET', '/info').status, 200)
            records = gate.journal.wait_records(2, status='502')
            expect(all(r.verdict == 'fault' and r.reason and r.get('PRIORITY') == '3' for r in records), 'audit of the fault')


@check()
def engine_whose_queue_is_full_is_unavailable(run):
    with Gate(ALL, engine_args={'accepting': False, 'backlog': 0}) as gate:
        fillers = []
        for _ in range(8):
            filler = socket.socket(socket.AF_UNIX)
            filler.setblocking(False)
            fillers.append(filler)
            try:
                filler.connect(gate.engine.path)
            except BlockingIOError:
                break
        expect_equal(gate.ask('GET', '/info').status, 503)
        for filler in fillers:
            filler.close()


@check_both
def engine_that_dies_before_its_answer_is_a_bad_gateway(run):
    with Gate(ALL, listen=(run.transport,)) as gate:
        for name, handler in (('closes', lambda x: bool(x.body())), ('resets', lambda x: x.body() and False or x.reset() or False),
                              ('half_a_head', lambda x: x.body() and False or x.send(b'HTTP/1.1 200 OK\r\nContent-') and False or False)):
            with run.case(name, gate), gate.connect() as client:
                gate.engine.on('^/info$', handler)
                response = client.ask('GET', '/info')
                expect_equal(response.status, 502)
                if not response.closes():
                    expect_equal(client.ask('GET', '/_ping').status, 200)


@check_both
def engine_that_dies_in_its_answer_is_never_a_complete_answer(run):
    with Gate(ALL, listen=(run.transport,)) as gate:
        for name, answer in (('with_length', b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly'),
                             ('chunked', b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nonly\r\n'),
                             ('in_a_chunk', b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nonly')):
            with run.case(name, gate), gate.connect() as client:
                def die(x, answer=answer):
                    x.body()
                    x.send(answer)
                    return False

                gate.engine.on('^/info$', die)
                client.send(head('GET', '/info'))
                response = client.read_head()
                rest = client.rest()
                if response.all('content-length'):
                    expect(len(rest) < int(response.get('content-length')), lambda: 'complete: %r' % rest)
                else:
                    expect(response.all('transfer-encoding') and not rest.endswith(b'0\r\n\r\n'), lambda: 'complete: %r' % rest)


MALFORMED_ANSWERS = (
    ('no_http', b'SSH-2.0-OpenSSH\r\n\r\n'),
    ('http_0_9', b'just text without any head\r\n\r\n'),
    ('version_2', b'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n'),
    ('status_of_two_digits', b'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n'),
    ('status_of_four_digits', b'HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n'),
    ('bare_lf', b'HTTP/1.1 200 OK\nContent-Length: 0\n\n'),
    ('folded_line', b'HTTP/1.1 200 OK\r\nX: y\r\n z\r\nContent-Length: 0\r\n\r\n'),
    ('two_lengths', b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello'),
    ('length_and_coding', b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
    ('odd_coding', b'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx'),
    ('length_with_sign', b'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello'),
    ('blank_before_colon', b'HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: 0\r\n\r\n'),
    ('nul_in_a_value', b'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n'),
    ('bare_cr_in_a_value', b'HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n'),
    ('endless_interim_answers', b'HTTP/1.1 103 Early Hints\r\n\r\n' * 30),
)


@check_both
def malformed_answers_are_a_bad_gateway(run):
    with Gate(ALL, listen=(run.transport,)) as gate:
        for name, answer in MALFORMED_ANSWERS:
            with run.case(name, gate), gate.connect() as client:
                gate.engine.on('^/info$', answer)
                client.send(head('GET', '/info'))
                response = client.read()
                expect_equal(response.status, 502)
                expect(b'sockgate' in response.body, lambda: response.body)
                expect(gate.engine.wait_connections(0), 'the engine connection is kept')


@check_both
def malformed_chunks_cut_the_answer(run):
    with Gate(ALL, listen=(run.transport,)) as gate:
        for name, chunk in (('size', b'zz\r\nhello\r\n0\r\n\r\n'), ('no_end', b'5\r\nhelloX\r\n0\r\n\r\n'),
                            ('huge', b'fffffffffffffffff\r\nhello'), ('negative', b'-5\r\nhello\r\n0\r\n\r\n')):
            with run.case(name, gate), gate.connect() as client:
                gate.engine.on('^/info$', b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n' + chunk)
                client.send(head('GET', '/info'))
                data = client.rest()
                expect(data.startswith((b'HTTP/1.1 200', b'HTTP/1.1 502')), lambda: 'answer %r' % data[:60])
                if data.startswith(b'HTTP/1.1 200'):
                    expect(not data.endswith(b'0\r\n\r\n'), lambda: 'complete: %r' % data)


@check_both
def request_on_a_connection_that_breaks_is_never_sent_twice(run):
    with Gate(ALL, listen=(run.transport,)) as gate:
        def die_at_second(x):
            x.body()
            if x.request.path == '/containers/web/restart':
                return False
            return x.answer(200, b'{}')

        gate.engine.on('^/info$|/restart$', die_at_second)
        for _ in range(5):
            gate.engine.clear()
            with gate.connect() as client:
                expect_equal(client.ask('GET', '/info').status, 200)
                expect_equal(client.ask('POST', '/containers/web/restart').status, 502)
            expect_equal([r.path for r in gate.engine.seen()], ['/info', '/containers/web/restart'])


@check_both
def restart_of_the_engine_costs_an_idle_client_nothing(run):
    with Gate(ALL, listen=(run.transport,)) as gate:
        clients = [gate.connect() for _ in range(5)]
        for client in clients:
            expect_equal(client.ask('GET', '/_ping').status, 200)
        gate.engine.stop()
        expect(gate.engine.wait_connections(0), 'engine connections')
        gate.engine.start()
        for client in clients:
            expect_equal(client.ask('GET', '/_ping').status, 200)
            client.close()


@check_both
def bytes_of_an_idle_engine_connection_touch_no_client(run):
    with Gate(ALL, listen=(run.transport,)) as gate, gate.connect() as client:
        expect_equal(client.ask('GET', '/_ping').status, 200)
        conn = next(iter(gate.engine.conns.values()))
        conn.sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhacked')
        expect(conn.over.wait(WAIT), 'the gate keeps a connection that speaks unasked')
        expect(client.is_quiet(0.05), 'bytes at the client')
        expect_equal(client.ask('GET', '/_ping').body, b'OK')


@check_both
def descriptors_that_run_out_hurt_nobody_for_long(run):
    with Gate(ALL, listen=(run.transport,), n_open=40) as gate:
        clients = []
        for _ in range(80):
            client = gate.connect()
            client.send_gently(head('GET', '/events'))
            clients.append(client)
        wait_until(lambda: len(gate.engine.seen()) >= 3, 'some streams run')
        expect(gate.process.proc.poll() is None, 'the daemon is gone')
        for client in clients:
            client.close()
        wait_until(lambda: try_ping(gate) == 200, 'room again')
        expect(gate.engine.wait_connections(0), 'engine connections stay')


def try_ping(gate):
    try:
        with gate.connect(timeout=3) as client:
            return client.ask('GET', '/_ping').status
    except (Fail, OSError):
        return 0


@check()
def descriptors_go_back_after_every_kind_of_end(run):
    with Gate(ALL) as gate:
        gate.engine.on('^/info$', b'garbage\r\n\r\n')
        gate.engine.on('/logs', lambda x: x.body() and False or x.start_chunked() or x.wait_gone(WAIT) and False)
        gate.ask('GET', '/_ping')
        before = gate.process.n_fds()
        for i in range(20):
            gate.ask('GET', '/info')
            gate.ask('GET', '/x//y')
            client = gate.connect()
            client.send(head('GET', '/containers/web/logs?follow=1'))
            client.read_head()
            client.reset() if i % 2 else client.close()
            client = gate.connect()
            client.send(b'GET /_pi')
            client.close()
        wait_until(lambda: gate.process.n_fds() <= before, 'descriptors go back to %d' % before)


# ---- the journal

def wait_complete(gate, n):
    """Every request has its record, or is in the count of lost ones: never silently lost."""
    wait_until(lambda: len(gate.journal.requests()) + count_dropped(gate.journal.all()) >= n, '%d records, found %d and %d lost'
               % (n, len(gate.journal.requests()), count_dropped(gate.journal.all())))
    expect_equal(len(gate.journal.requests()) + count_dropped(gate.journal.all()), n, 'records and lost ones')


@check()
def frozen_journal_delays_no_request_and_loses_nothing_silently(run):
    with Gate(ALL, journal_rcvbuf=4096) as gate, gate.connect() as client:
        client.ask('GET', '/_ping')
        gate.journal.wait_records(1)
        gate.journal.freeze()
        for _ in range(1200):
            expect_equal(client.ask('GET', '/_ping').status, 200)
        gate.journal.thaw()
        for _ in range(3):
            expect_equal(client.ask('GET', '/_ping').status, 200)
        wait_complete(gate, 1204)
        expect(count_dropped(gate.journal.all()) > 0, 'nothing was lost: the test is too small')


@check()
def missing_journal_delays_no_request_and_is_found_again(run):
    with Gate(ALL) as gate, gate.connect() as client:
        client.ask('GET', '/_ping')
        gate.journal.wait_records(1)
        gate.journal.close()
        for _ in range(400):
            expect_equal(client.ask('GET', '/_ping').status, 200)
        gate.journal.open()
        for _ in range(3):
            expect_equal(client.ask('GET', '/_ping').status, 200)
        wait_complete(gate, 404)


@check()
def journal_missing_at_the_start_is_found_later(run):
    with Gate(ALL, start=False) as gate:
        gate.journal.close()
        gate.start()
        expect_equal(gate.ask('GET', '/_ping').status, 200)
        gate.journal.open()
        gate.ask('GET', '/_ping')
        gate.journal.wait_records(1)


CHANGE = ('POST', '/containers/web/restart')
LOOK = ('GET', '/containers/json')


@check_both
def required_audit_refuses_what_cannot_be_recorded(run):
    for required, change, look in (('no', 204, 200), ('changes', 503, 200), ('all', 503, 503)):
        config = ALL + '[audit]\nrequired = %s\n' % required
        with run.case('journal_gone/required_' + required), Gate(config, listen=(run.transport,)) as gate:
            expect_equal(gate.ask(*CHANGE).status, 204)
            gate.journal.wait_records(1)
            gate.journal.close()
            gate.engine.clear()
            got = gate.ask(*CHANGE)
            expect_equal((got.status, gate.ask(*LOOK).status), (change, look))
            expect_equal(len(gate.engine.seen()), (change == 204) + (look == 200), 'requests at the engine')
            if change == 503:
                expect(b'recorded' in got.body, lambda: got.body)
            gate.journal.open()
            wait_until(lambda: gate.ask(*CHANGE).status == 204, 'the journal is found again')


@check()
def required_audit_refuses_when_a_frozen_journal_is_full(run):
    for required, frozen_look in (('changes', 200), ('all', 503)):
        with run.case('required_' + required), Gate(ALL + '[audit]\nrequired = %s\n' % required) as gate, gate.connect() as client:
            expect_equal(client.ask(*CHANGE).status, 204)
            gate.journal.freeze()
            statuses = []
            while 503 not in statuses and len(statuses) < 2000:
                statuses.append(client.ask(*CHANGE).status)
            expect_equal(set(statuses), {204, 503})
            expect_equal(client.ask(*LOOK).status, frozen_look)
            gate.journal.thaw()
            wait_until(lambda: client.ask(*CHANGE).status == 204, 'the journal takes records again')


@check()
def decision_is_recorded_before_a_change_is_forwarded(run):
    with Gate(ALL + '[audit]\nrequired = changes\n') as gate:
        found = []

        def look_first(x):
            x.body()
            gate.journal.wait(lambda got: any(r.event == 'decision' for r in got), 'decision record', 5)
            found.append(1)
            x.answer(204, ctype=None)

        gate.engine.on('/restart$', look_first)
        expect_equal(gate.ask(*CHANGE).status, 204)
        expect_equal(found, [1], 'decision before the forward')
        record = gate.journal.wait_records(1, endpoint='container.restart')[0]
        decision = gate.journal.events('decision')[0]
        expect_equal((decision.req_id, decision.verdict), (record.req_id, 'allow'))


@check()
def memory_does_not_grow_with_requests(run):
    with Gate(ALL) as gate, gate.connect() as client:
        def round_of(n):
            for i in range(n):
                client.ask('GET', '/containers/web-%d/json?size=1' % i)
                client.ask('GET', '/nowhere/%d' % i)
            return gate.process.rss_kib()

        round_of(300)
        before = round_of(100)
        after = round_of(600)
        # the sanitizer keeps freed memory for a while: growth is bounded, not zero
        expect(after - before < 24 << 10, lambda: 'grew by %d KiB' % (after - before))


@check()
def client_that_passes_descriptors_is_closed_and_they_are_not_kept(run):
    with Gate(ALL) as gate:
        gate.ask('GET', '/_ping')
        before = gate.process.n_fds()
        for _ in range(20):
            with gate.connect() as client:
                socket.send_fds(client.sock, [head('GET', '/_ping')], [0, 1, 2])
                client.rest()
        wait_until(lambda: gate.process.n_fds() <= before, 'descriptors go back')
        expect_equal(gate.ask('GET', '/_ping').status, 200)


@check_both
def engine_socket_that_was_replaced_is_found_by_its_path(run):
    with Gate(ALL, listen=(run.transport,)) as gate, gate.connect() as client:
        expect_equal(client.ask('GET', '/_ping').status, 200)
        gate.engine.stop_listening()
        old = dict(gate.engine.conns)
        gate.engine.start()
        expect_equal(client.ask('GET', '/_ping').status, 200)        # the connection it has still works
        for conn in old.values():
            conn.close()
        expect_equal(gate.ask('GET', '/_ping').status, 200)


@check_both
def many_clients_that_vanish_at_any_moment_leave_nothing_behind(run):
    with Gate(ALL, listen=(run.transport,)) as gate:
        gate.ask('GET', '/_ping')
        wait_until(lambda: gate.engine.open_connections() == 0, 'engine connections')
        before = gate.process.n_fds()
        whole = head('POST', '/images/load', [('Content-Type', 'application/x-tar'), ('Content-Length', '20000')]) + b'x' * 20000
        for number in range(120):
            client = gate.connect()
            client.send_gently(whole[:number * 170])
            client.reset() if number % 3 else client.close()
        wait_until(lambda: gate.process.n_fds() <= before, 'descriptors go back to %d' % before)
        expect(gate.engine.wait_connections(0), 'engine connections stay')
        expect(all(r.complete or r.defects == ['incomplete body'] for r in gate.engine.seen()), 'defects')


@check_both
def request_that_meets_a_closed_engine_connection_is_sent_whole_on_a_new_one(run):
    """The engine closes right after each answer: the next request may find the connection broken, and its body must not be lost."""
    with Gate(ALL, listen=(run.transport,)) as gate:
        gate.engine.on('/archive|/json', lambda x: x.answer(200, b'{}') or False)
        for size in (10, 3000, 45000, 200000):
            body = b'b' * size
            for headers, framed in (([], body), ([('Transfer-Encoding', 'chunked')], chunked(body[:7], body[7:]))):
                with run.case('%s_%d' % ('chunked' if headers else 'length', size), gate), gate.connect() as client:
                    gate.engine.clear()
                    for _ in range(10):
                        # a connection that dies after it took a byte of a request: that one is not sent again
                        status = client.ask('GET', '/containers/a/json').status
                        expect(status in (200, 502), lambda: 'status %d' % status)
                        response = client.ask('PUT', '/containers/a/archive?path=/x', headers, framed)
                        expect(response.status in (200, 502), lambda: 'status %d' % response.status)
                        if response.closes():
                            break
                    for request in gate.engine.seen():
                        expect(not request.complete or request.body_length in (0, size), lambda r=request: repr(r))
                        expect(request.complete or 'incomplete body' in request.defects, lambda r=request: repr(r))
