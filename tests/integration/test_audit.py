# SPDX-License-Identifier: Apache-2.0
"""The audit: one record a request, a second at the end of streams and tunnels, true, escaped, without secrets."""
import hashlib
import os
import re

from harness import ALL, READ, WAIT, Gate, check, check_both, expect, expect_equal, head

ATTACH = '/v1.41/containers/web/attach?stderr=1&stdin=1&stdout=1&stream=1'
UPGRADE = [('Connection', 'Upgrade'), ('Upgrade', 'tcp'), ('Content-Length', '0')]
JSON = ('Content-Type', 'application/json')
KNOWN = {'SOCKGATE_' + x for x in (
    'EVENT REQ_ID CONN_ID LISTENER PEER UID GID PID UNIT CONTAINER METHOD PATH QUERY_KEYS API ENDPOINT VERDICT REASON FIELD VALUE '
    'RULE HINT POLICY STATUS UPSTREAM_STATUS BYTES_IN BYTES_OUT DURATION_US BODY_SHA256 CONFIG_SHA256 USER_AGENT DROPPED '
    'QUERY').split()} | {'MESSAGE', 'MESSAGE_ID', 'PRIORITY', 'SYSLOG_IDENTIFIER'}


@check_both
def each_request_has_exactly_one_record(run):
    with Gate(READ, listen=(run.transport,)) as gate:
        requests = [('GET', '/_ping'), ('HEAD', '/_ping'), ('GET', '/containers/json?all=1'), ('POST', '/containers/web/restart'),
                    ('GET', '/nowhere'), ('GET', '/x//y'), ('GET', '/v1.23/info'), ('GET', '/containers/alpine:3/json'),
                    ('GET', '/images/alpine:3/json'), ('DELETE', '/containers/web')] * 3
        for method, target in requests:
            gate.ask(method, target)
        with gate.connect() as client:
            for _ in range(10):
                client.ask('GET', '/_ping')
                client.ask('GET', '/nowhere')
        records = gate.journal.wait_records(len(requests) + 20)
        gate.stop()
        records = gate.journal.requests()
        expect_equal(len(records), len(requests) + 20, 'records')
        expect_equal(len({r.req_id for r in records}), len(records), 'request ids')
        counts = {}
        for record in records:
            counts[record.verdict] = counts.get(record.verdict, 0) + 1
        expect_equal(counts, {'allow': 12 + 10, 'deny': 9 + 10, 'reject': 9}, 'verdicts')


@check_both
def allowed_request_has_all_its_fields(run):
    with Gate(ALL, listen=(run.transport,)) as gate, gate.connect() as client:
        client.ask('GET', '/v1.41/containers/json?all=1&limit=5', [('User-Agent', 'Docker-Client/28.2.2 (linux)')])
        record = gate.journal.wait_records(1)[0]
        for field, want in (('event', 'request'), ('method', 'GET'), ('path', '/v1.41/containers/json'), ('endpoint', 'container.list'),
                            ('verdict', 'allow'), ('status', '200'), ('upstream_status', '200')):
            with run.case(field, gate):
                expect_equal(getattr(record, field), want)
        for field in ('req_id', 'conn_id', 'listener', 'peer', 'policy', 'duration_us', 'config_sha256', 'bytes_out', 'api',
                      'query_keys'):
            with run.case(field, gate):
                expect(getattr(record, field), 'absent or empty')
        with run.case('journal_fields', gate):
            expect_equal((record.get('PRIORITY'), record.get('SYSLOG_IDENTIFIER')), ('6', 'sockgated'))
            expect(re.fullmatch('[0-9a-f]{32}', record.get('MESSAGE_ID', '')), 'MESSAGE_ID')
            expect(record.get('MESSAGE'), 'MESSAGE')
        with run.case('no_other_fields', gate):
            expect_equal(set(record) - KNOWN, set())
        with run.case('peer', gate):
            if run.transport == 'unix':
                expect_equal((record.uid, record.gid, record.pid), (str(os.getuid()), str(os.getgid()), str(os.getpid())))
            else:
                expect('127.0.0.1' in record.peer and record.uid is None, lambda: 'peer %r uid %r' % (record.peer, record.uid))
        with run.case('duration_is_a_number', gate):
            expect(record.duration_us.isdigit(), record.duration_us)
        with run.case('query_keys', gate):
            expect('all' in record.query_keys and 'limit' in record.query_keys, record.query_keys)


@check()
def denied_request_names_the_cure(run):
    with Gate(READ + '[deny]\nendpoints = image.inspect\n') as gate:
        gate.ask('POST', '/v1.41/containers/web/kill?signal=TERM')
        gate.ask('GET', '/images/a/json')
        kill, inspect = gate.journal.wait_records(2)
        with run.case('not_granted', gate):
            expect_equal((kill.verdict, kill.endpoint, kill.status, kill.upstream_status), ('deny', 'container.kill', '403', None))
            expect('container.kill' in kill.hint or 'ALLOW_RESTARTS' in kill.hint, lambda: 'hint %r' % kill.hint)
            expect(re.fullmatch('[a-z0-9-]+', kill.reason), lambda: 'reason %r' % kill.reason)
        with run.case('denied_by_a_line', gate):
            expect_equal(inspect.verdict, 'deny')
            expect((inspect.rule or '').endswith('gate.conf:%d' % (READ.count('\n') + 2)), lambda: 'rule %r' % inspect.rule)


@check()
def query_values_are_recorded_for_listed_keys_alone(run):
    with Gate(ALL) as gate:
        gate.ask('POST', '/images/create?fromImage=alpine&tag=3', (), b'')
        gate.ask('POST', '/containers/web/kill?signal=TERM', (), b'')
        gate.engine.on('^/events', b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
        gate.ask('GET', '/events?filters=SECRETVALUE&since=5')
        pull, kill = gate.journal.wait_records(1, endpoint='image.pull')[0], gate.journal.wait_records(1, endpoint='container.kill')[0]
        events = gate.journal.wait_records(1, endpoint='system.events')[0]
        expect('alpine' in pull.query_keys and 'TERM' in kill.query_keys, lambda: '%r %r' % (pull.query_keys, kill.query_keys))
        expect('filters' in events.query_keys and 'SECRETVALUE' not in events.query_keys, lambda: events.query_keys)


@check_both
def tunnels_have_a_second_record_at_their_end(run):
    with Gate(ALL, listen=(run.transport,)) as gate:
        with gate.connect() as client:
            client.send(head('POST', ATTACH, UPGRADE))
            client.read_head()
            first = gate.journal.wait_records(1)[0]
            expect_equal((first.endpoint, first.status, first.verdict), ('container.attach', '101', 'allow'))
            expect_equal(gate.journal.events('tunnel-end'), [], 'end records before the end')
            client.send(b'x' * 1000)
            client.exactly(1000)
            client.half_close()
            client.closed()
        end = gate.journal.wait_records(1, ('tunnel-end',))[0]
        expect_equal(end.req_id, first.req_id)
        expect(int(end.bytes_in) >= 1000 and int(end.bytes_out) >= 1000, lambda: 'bytes %s %s' % (end.bytes_in, end.bytes_out))
        gate.stop()
        expect_equal((len(gate.journal.requests()), len(gate.journal.events('tunnel-end'))), (1, 1), 'records')


@check_both
def streams_have_a_second_record_at_their_end(run):
    with Gate(ALL, listen=(run.transport,)) as gate:
        for name, target, leave in (('client_leaves', '/events', True), ('engine_ends', '/containers/web/logs?stdout=1', False)):
            with run.case(name, gate):
                gate.journal.clear()
                with gate.connect() as client:
                    client.send(head('GET', target))
                    response = client.read_head()
                    first = gate.journal.wait_records(1)[0]
                    if not leave:
                        client.read_body(response)
                end = gate.journal.wait_records(1, ('tunnel-end',))[0]
                expect_equal((end.req_id, end.endpoint), (first.req_id, first.endpoint))


@check()
def record_of_a_stream_is_written_at_its_head(run):
    with Gate(ALL) as gate, gate.connect() as waiting:
        gate.engine.on('/wait$', lambda x: x.body() and False or x.start_chunked() or x.wait_gone(WAIT) and False)
        waiting.send(head('POST', '/containers/web/wait', [('Content-Length', '0')]))
        waiting.read_head()
        expect_equal(gate.journal.wait_records(1)[0].endpoint, 'container.wait')


@check_both
def client_bytes_are_escaped_and_cut(run):
    with Gate(READ, listen=(run.transport,)) as gate:
        cases = (('newline_in_the_query', b'GET /events?since=%0aSOCKGATE_VERDICT=allow HTTP/1.1\r\nHost: d\r\n\r\n'),
                 ('8_bit_path', b'GET /a\xff\xfe\x80/b HTTP/1.1\r\nHost: d\r\n\r\n'),
                 ('control_bytes', b'GET /a\x01\x1b[31m HTTP/1.1\r\nHost: d\r\n\r\n'),
                 ('bare_newline_in_the_head', b'GET /a\nSOCKGATE_VERDICT=allow HTTP/1.1\r\nHost: d\r\n\r\n'),
                 ('long_path', b'GET /' + b'a' * 30000 + b' HTTP/1.1\r\nHost: d\r\n\r\n'),
                 ('long_method', b'A' * 3000 + b' /x HTTP/1.1\r\nHost: d\r\n\r\n'),
                 ('long_agent', b'GET /nowhere HTTP/1.1\r\nHost: d\r\nUser-Agent: ' + b'u' * 7000 + b'\r\n\r\n'),
                 ('quotes_and_backslashes', b'GET /a"\\\'b HTTP/1.1\r\nHost: d\r\n\r\n'),
                 ('many_keys', b'GET /events?' + b'&'.join(b'k%d=%d' % (i, i) for i in range(1000)) + b' HTTP/1.1\r\nHost: d\r\n\r\n'))
        for name, raw in cases:
            with run.case(name, gate), gate.connect() as client:
                gate.engine.on('^/events', b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
                gate.journal.clear()
                client.send_gently(raw)
                expect(client.read_head().status >= 200, 'no answer')
                record = gate.journal.wait_records(1)[0]
                expect(len(record.raw) <= 8192, lambda: 'a record of %d bytes' % len(record.raw))
                expect(record.verdict in ('reject', 'deny', 'allow'), lambda: record.verdict)
                if name != 'many_keys':
                    expect(record.verdict != 'allow', 'forged verdict')
                expect(re.fullmatch(rb'[\x20-\x7e\n]*', re.sub(rb'\n[A-Z_]+\n.{8}', b'', record.raw, flags=re.S)),
                       lambda: 'odd bytes in %r' % record.raw[:1500])
                for field, value in record.items():
                    expect(len(value) <= 2100, lambda f=field, v=value: '%s holds %d bytes' % (f, len(v)))
                expect_equal(set(record) - KNOWN, set(), 'other fields')


@check_both
def secrets_never_reach_the_journal_or_the_log(run):
    secret = 'PLANTED%dSECRET' % os.getpid()
    auth = [('X-Registry-Auth', secret), ('X-Registry-Config', secret), ('Authorization', 'Basic ' + secret), ('Cookie', secret),
            ('X-Meta-' + secret, 'x'), ('X-Other', secret)]
    body = ('{"Image":"a","Env":["TOKEN=%s"],"Labels":{"l":"%s"},"Data":"%s"}' % (secret, secret, secret)).encode()
    with Gate(ALL, listen=(run.transport,)) as gate:
        gate.engine.on('^/events', ('HTTP/1.1 200 OK\r\nX-Secret: %s\r\nContent-Length: %d\r\n\r\n%s' % (secret, len(secret), secret)).encode())
        for method, target, headers, data in (
                ('POST', '/images/create?fromImage=a', auth, b''),
                ('POST', '/containers/create?name=x', auth + [JSON], body),
                ('POST', '/containers/create?Image=a', auth + [JSON], body),
                ('POST', '/containers/create?Image=a', auth + [JSON], body + b'x'),
                ('POST', '/containers/create?Image=a', auth + [JSON], body[:-1] + b',"Env":[]}'),
                ('POST', '/auth', [JSON], body),
                ('POST', '/build?buildargs=' + secret + '&t=x', auth + [('Content-Type', 'application/x-tar')], secret.encode()),
                ('GET', '/events?filters=' + secret, auth, None),
                ('POST', '/containers/web/stop?x=' + secret, auth, b''),
                ('POST', '/containers/web/stop?t=3', auth + [JSON], b'{"t":"%s"}' % secret.encode())):
            gate.ask(method, target, headers, data)
        with gate.connect() as client:
            client.send(head('POST', ATTACH, UPGRADE))
            client.read_head()
            client.send(secret.encode())
            client.exactly(len(secret))
        gate.journal.wait_records(1, ('tunnel-end',))
        gate.journal.wait_records(11)
        for record in gate.journal.all():
            expect(secret.encode() not in record.raw, lambda r=record: 'in the record %r' % r.raw)
        log = gate.process.log()
        expect(secret not in log, 'in the log of the daemon')


@check()
def sum_of_a_judged_body_is_recorded(run):
    with Gate(ALL) as gate:
        body = b'{"Image":"a"}'
        gate.ask('POST', '/containers/create?Image=a', [JSON], body)
        record = gate.journal.wait_records(1)[0]
        expect_equal(record.body_sha256, hashlib.sha256(body).hexdigest())


@check()
def log_key_chooses_what_is_recorded(run):
    for value, want in (('all', ['container.list', 'container.restart', 'container.start']),
                        ('changes', ['container.restart', 'container.start']), ('denied', ['container.start'])):
        with run.case(value), Gate('[allow]\nCONTAINERS = yes\nALLOW_RESTARTS = yes\n[audit]\nlog = %s\n' % value) as gate:
            with gate.connect() as client:
                for method, target in (('GET', '/containers/json'), ('POST', '/containers/web/restart'),
                                       ('POST', '/containers/web/start')):
                    client.ask(method, target)
            gate.journal.wait_records(1, endpoint='container.start')
            gate.stop()
            expect_equal(sorted(r.endpoint for r in gate.journal.requests()), want)


@check()
def unread_bodies_are_said_at_the_start(run):
    with Gate(ALL) as gate:
        gate.ask('GET', '/_ping')
        text = gate.process.log() + ''.join(r.get('MESSAGE', '') for r in gate.journal.all())
        expect('container.create' in text, lambda: 'no warning about judge = no in %r' % text[:500])


@check()
def request_ids_grow_and_connections_are_told_apart(run):
    with Gate(ALL) as gate:
        with gate.connect() as a, gate.connect() as b:
            for _ in range(3):
                a.ask('GET', '/_ping')
                b.ask('GET', '/_ping')
        records = gate.journal.wait_records(6)
        conns = [r.conn_id for r in records]
        expect_equal(len(set(conns)), 2, 'connection ids')
        expect_equal(sorted(conns.count(c) for c in set(conns)), [3, 3])
        ids = [r.req_id for r in records]
        expect_equal(ids, sorted(ids), 'order of the request ids')


@check()
def records_that_wait_for_a_slow_journal_are_written_before_the_end(run):
    with Gate(ALL) as gate, gate.connect() as client:
        gate.ask('GET', '/_ping')
        gate.journal.wait_records(1)
        gate.journal.freeze()
        for _ in range(120):
            expect_equal(client.ask('GET', '/_ping').status, 200)
        gate.process.kill()
        gate.notify.wait_line('^STOPPING=1$')
        gate.journal.thaw()
        expect_equal(gate.process.wait(), 0)
        gate.journal.sync()
        expect_equal(len(gate.journal.requests()), 121, 'records')
