# SPDX-License-Identifier: Apache-2.0
"""Each refusal: its code, its message, its request id, what happens to the connection, no byte upstream."""
import json
import re

from harness import ALL, READ, Gate, check, check_both, expect, expect_equal, head

JSON = ('Content-Type', 'application/json')
TAR = ('Content-Type', 'application/x-tar')
OPEN, CLOSED, ANY = 'open', 'closed', 'any'


def line(text, *headers):
    return (text + '\r\nHost: docker\r\n' + ''.join(h + '\r\n' for h in headers) + '\r\n').encode('latin1')


def bare(target, method='GET'):
    return head(method, target)


# name, bytes, status, what becomes of the connection
MALFORMED = (
    ('bare_lf', b'GET /_ping HTTP/1.1\nHost: docker\n\n', 400, CLOSED),
    ('bare_lf_in_the_head', b'GET /_ping HTTP/1.1\r\nHost: docker\nX: y\r\n\r\n', 400, CLOSED),
    ('bare_cr', b'GET /_ping HTTP/1.1\r\nHost: docker\rX: y\r\n\r\n', 400, CLOSED),
    ('folded_line', b'GET /_ping HTTP/1.1\r\nHost: docker\r\nX: y\r\n z\r\n\r\n', 400, CLOSED),
    ('nul_in_a_value', line('GET /_ping HTTP/1.1', 'X: a\0b'), 400, CLOSED),
    ('control_in_a_value', line('GET /_ping HTTP/1.1', 'User-Agent: a\x01b'), 400, CLOSED),
    ('del_in_a_value', line('GET /_ping HTTP/1.1', 'User-Agent: a\x7fb'), 400, CLOSED),
    ('8_bit_in_a_value', line('GET /_ping HTTP/1.1', 'User-Agent: a\xe9b'), 400, CLOSED),
    ('8_bit_in_a_name', line('GET /_ping HTTP/1.1', 'X\xe9: b'), 400, CLOSED),
    ('blank_before_colon', line('GET /_ping HTTP/1.1', 'X : b'), 400, CLOSED),
    ('empty_name', line('GET /_ping HTTP/1.1', ': b'), 400, CLOSED),
    ('no_colon', line('GET /_ping HTTP/1.1', 'Xb'), 400, CLOSED),
    ('two_leading_crlf', b'\r\n\r\n' + bare('/_ping'), 400, CLOSED),
    ('two_blanks_in_the_request_line', line('GET  /_ping HTTP/1.1'), 400, CLOSED),
    ('tab_in_the_request_line', line('GET\t/_ping HTTP/1.1'), 400, CLOSED),
    ('no_version', line('GET /_ping'), 400, CLOSED),
    ('version_2', line('GET /_ping HTTP/2.0'), 505, CLOSED),
    ('version_1_2', line('GET /_ping HTTP/1.2'), 505, CLOSED),
    ('h2_preface', b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', None, CLOSED),
    ('version_in_lower_case', line('GET /_ping http/1.1'), 400, CLOSED),
    ('no_host', b'GET /_ping HTTP/1.1\r\n\r\n', 400, CLOSED),
    ('two_hosts', line('GET /_ping HTTP/1.1', 'Host: docker'), 400, CLOSED),
    ('host_with_a_slash', b'GET /_ping HTTP/1.1\r\nHost: a/b\r\n\r\n', 400, CLOSED),
    ('absolute_form', bare('http://docker/_ping'), 400, CLOSED),
    ('asterisk_form', bare('*'), 400, CLOSED),
    ('authority_form', bare('docker:80'), 400, CLOSED),
    ('two_leading_slashes', bare('//_ping'), 400, CLOSED),
    ('empty_segment', bare('/containers//json'), 400, CLOSED),
    ('dot_segment', bare('/./_ping'), 400, CLOSED),
    ('dot_dot_segment', bare('/x/../_ping'), 400, CLOSED),
    ('encoded_dot_dot', bare('/x/%2e%2e/_ping'), 400, CLOSED),
    ('trailing_slash', bare('/_ping/'), 400, CLOSED),
    ('encoded_letter', bare('/%5fping'), 400, CLOSED),
    ('encoded_slash_in_a_container', bare('/containers/a%2fb/json'), 400, ANY),
    ('semicolon_in_path', bare('/_ping;x'), 400, CLOSED),
    ('backslash_in_path', bare('/containers\\json'), 400, CLOSED),
    ('fragment', bare('/_ping#x'), 400, CLOSED),
    ('8_bit_in_path', bare('/_p\xeeng'), 400, CLOSED),
    ('version_too_old', bare('/v1.23/info'), 400, CLOSED),
    ('version_with_a_zero', bare('/v1.041/info'), 400, CLOSED),
    ('version_2_of_the_api', bare('/v2/info'), 400, CLOSED),
    ('libpod_on_docker', bare('/v4.0.0/libpod/info'), 400, CLOSED),
    ('semicolon_in_query', bare('/events?since=1;x'), 400, CLOSED),
    ('bad_escape_in_query', bare('/events?since=%zz'), 400, CLOSED),
    ('nul_in_query', bare('/events?since=%00'), 400, CLOSED),
    ('control_in_query', bare('/events?since=%0a'), 400, CLOSED),
    ('encoded_key', bare('/events?s%69nce=1'), 400, CLOSED),
    ('empty_pair', bare('/events?since=1&&until=2'), 400, CLOSED),
    ('duplicate_key', bare('/events?since=1&since=2'), 400, ANY),
    ('key_in_another_case', bare('/events?Since=1'), 400, ANY),
    ('two_lengths', head('POST', '/images/load', [('Content-Length', '0'), ('Content-Length', '0')]), 400, CLOSED),
    ('length_list', head('POST', '/images/load', [('Content-Length', '0, 0')]), 400, CLOSED),
    ('length_with_sign', head('POST', '/images/load', [('Content-Length', '+0')]), 400, CLOSED),
    ('empty_length', head('POST', '/images/load', [('Content-Length', '')]), 400, CLOSED),
    ('length_and_coding', head('POST', '/images/load', [('Content-Length', '0'), ('Transfer-Encoding', 'chunked')]), 400, CLOSED),
    ('coding_list', head('POST', '/images/load', [('Transfer-Encoding', 'gzip, chunked')]), 400, CLOSED),
    ('coding_twice', head('POST', '/images/load', [('Transfer-Encoding', 'chunked')] * 2), 400, CLOSED),
    ('coding_on_1_0', head('POST', '/images/load', [('Transfer-Encoding', 'chunked')], version='HTTP/1.0'), 400, CLOSED),
    ('two_content_types', head('POST', '/images/load', [TAR, TAR, ('Content-Length', '1')]) + b'x', 400, CLOSED),
    ('odd_upgrade_on_attach', head('POST', '/containers/web/attach?stdin=1', [('Connection', 'upgrade'), ('Upgrade', 'websocket')]),
     400, ANY),
    ('body_on_get', head('GET', '/info', [('Content-Length', '2')]) + b'{}', 400, CLOSED),
    ('body_on_delete', head('DELETE', '/containers/web', [('Content-Length', '1')]) + b'x', 400, CLOSED),
    ('body_on_start', head('POST', '/containers/web/start', [JSON, ('Content-Length', '20')]) + b'{"Privileged": true}', None, CLOSED),
    ('bad_container_name', bare('/containers/-x/json'), 400, ANY),
)

POLITE = (
    ('unknown_endpoint', bare('/nowhere'), 403, OPEN),
    ('debug_endpoint', bare('/debug/vars'), 403, OPEN),
    ('websocket_attach', bare('/containers/web/attach/ws'), 403, OPEN),
    ('unlisted_method', head('PATCH', '/info'), 403, ANY),
    ('options', head('OPTIONS', '/info'), 403, ANY),
    ('lower_case_method', head('get', '/info'), 403, ANY),
    ('upper_case_path', bare('/INFO'), 403, OPEN),
    ('image_name_as_a_container', bare('/v1.41/containers/alpine:3/json'), 404, OPEN),
    ('form_body', head('POST', '/images/load', [('Content-Type', 'application/x-www-form-urlencoded'), ('Content-Length', '1')]) + b'x',
     415, ANY),
    ('multipart_body', head('POST', '/images/load', [('Content-Type', 'multipart/form-data'), ('Content-Length', '1')]) + b'x', 415, ANY),
    ('text_for_json', head('POST', '/containers/create', [('Content-Type', 'text/plain'), ('Content-Length', '2')]) + b'{}', 415, ANY),
    ('foreign_charset', head('POST', '/containers/create', [('Content-Type', 'application/json; charset=utf-16'),
                                                         ('Content-Length', '2')]) + b'{}', 415, ANY),
    ('other_expectation', head('POST', '/images/load', [TAR, ('Expect', 'wonders'), ('Content-Length', '1')]) + b'x', 417, ANY),
    ('unknown_key_on_a_change', head('POST', '/containers/web/stop?nonsense=1'), 403, ANY),
)


def check_message(response, raw, status):
    """The shape of every refusal, and the request id it names."""
    expect_equal(response.status, status, 'status')
    expect_equal(response.all('content-type'), ['application/json'], 'Content-Type')
    expect_equal(int(response.get('content-length')), len(response.body), 'Content-Length')
    message = json.loads(response.body)
    expect_equal(list(message), ['message'], 'members')
    expect(response.body.endswith(b'}\n'), 'the body does not end with a newline')
    expect(message['message'].startswith('sockgate: '), lambda: message['message'])
    match = re.search(r'\[id ([0-9A-Z]{10,40})\]$', message['message'])
    expect(match, lambda: 'no request id in %r' % message['message'])
    expect(raw, 'raw')
    return match.group(1)


def run_table(run, gate, table):
    for name, raw, status, fate in table:
        with run.case(name, gate), gate.connect() as client:
            gate.engine.clear()
            client.send_gently(raw)
            response = client.read()
            request_id = check_message(response, raw, status or response.status)
            expect(400 <= response.status < 600, 'status')
            if fate == OPEN:
                expect(not response.closes(), 'the connection is given up')
                expect_equal(client.ask('GET', '/_ping').body, b'OK', 'the next request')
            elif fate == CLOSED or response.closes():
                expect(response.closes(), 'no Connection: close')
                client.closed()
            expect_equal([r for r in gate.engine.seen() if r.path != '/_ping'], [], 'requests at the engine')
            records = gate.journal.wait_records(1, req_id=request_id)
            expect_equal(len(records), 1, 'records')
            expect_equal(records[0].status, str(response.status), 'status in the audit')
            want = ('deny', 'reject') if response.status == 403 else ('reject', 'fault')
            expect(records[0].verdict in want and records[0].reason, lambda: 'audit %s %s' % (records[0].verdict, records[0].reason))


@check_both
def malformed_requests_are_refused_and_closed(run):
    with Gate(ALL, listen=(run.transport,)) as gate:
        run_table(run, gate, MALFORMED)


@check_both
def requests_with_certain_framing_are_refused_politely(run):
    with Gate(ALL, listen=(run.transport,)) as gate:
        run_table(run, gate, POLITE)


@check_both
def denied_request_leaves_the_connection_usable(run):
    with Gate(READ, listen=(run.transport,)) as gate, gate.connect() as client:
        for i in range(3):
            response = client.ask('POST', '/v1.41/containers/web/restart?t=%d' % i, [('Content-Length', '0')])
            request_id = check_message(response, b'x', 403)
            message = json.loads(response.body)['message']
            expect('denied: POST ' in message and '/containers/web/restart' in message, lambda: message)
            records = gate.journal.wait_records(1, req_id=request_id)
            expect_equal((records[0].verdict, records[0].endpoint, records[0].get('PRIORITY')), ('deny', 'container.restart', '4'))
            expect(records[0].hint, 'no hint')
            expect_equal(client.ask('GET', '/_ping').body, b'OK')
        expect_equal({r.conn for r in gate.engine.seen()}, {1}, 'engine connections')


@check_both
def refused_head_request_gets_no_body(run):
    with Gate('', listen=(run.transport,)) as gate, gate.connect() as client:
        response = client.ask('HEAD', '/containers/web/archive?path=/')
        expect_equal((response.status, response.body), (403, b''))
        expect_equal(client.ask('GET', '/_ping').body, b'OK')


@check_both
def refused_upload_reads_its_message_rather_than_a_reset(run):
    with Gate(READ, listen=(run.transport,)) as gate:
        for name, size in (('small', 10), ('48_KiB', 48 << 10), ('1_MiB', 1 << 20)):
            with run.case(name, gate), gate.connect() as client:
                client.send_gently(head('POST', '/images/load', [TAR, ('Content-Length', str(size))]))
                client.send_gently(b'x' * size)
                response = client.read()
                check_message(response, b'x', 403)
                expect(response.closes(), 'no Connection: close')
                client.closed()
        expect_equal([r.path for r in gate.engine.seen() if r.path != '/_ping'], [])


@check_both
def bytes_behind_a_malformed_request_are_never_read_as_a_request(run):
    with Gate(ALL, listen=(run.transport,)) as gate, gate.connect() as client:
        client.send_gently(head('POST', '/containers/web/start', [('Content-Length', '5'), ('Transfer-Encoding', 'chunked')])
                           + b'0\r\n\r\n' + head('POST', '/containers/web/kill', [('Content-Length', '0')]))
        expect_equal(client.read().status, 400)
        client.closed()
        expect_equal(gate.engine.seen(), [])


@check_both
def client_text_in_a_message_is_escaped_and_cut(run):
    with Gate(READ, listen=(run.transport,)) as gate:
        for name, target in (('quotes', '/containers/web/"<b>\'/x'), ('long', '/' + 'a' * 2000)):
            with run.case(name, gate), gate.connect() as client:
                response = client.ask('GET', target)
                expect(response.status in (400, 403), 'status')
                check_message(response, b'x', response.status)
                expect(len(response.body) < 1500, lambda: '%d bytes' % len(response.body))


@check_both
def json_of_a_judged_body_is_read_strictly(run):
    good = b'{"Image":"a"}'
    cases = (('duplicate_member', b'{"Image":"a","Image":"a"}', 400), ('trailing_bytes', good + b'x', 400), ('two_values', good + good, 400),
             ('bom', b'\xef\xbb\xbf' + good, 400), ('bad_utf8', b'{"Image":"\xff"}', 400), ('lone_surrogate', b'{"Image":"\\ud800"}', 400),
             ('nul', b'{"Image":"\\u0000"}', 400), ('list', b'["Image"]', 400), ('comment', b'{"Image":"a"/**/}', 400),
             ('deep', b'{"Image":' + b'[' * 40 + b']' * 40 + b'}', 400), ('empty', b'', None),
             ('good', good, 201))
    with Gate(ALL, listen=(run.transport,)) as gate:
        for name, body, want in cases:
            with run.case(name, gate), gate.connect() as client:
                gate.engine.clear()
                response = client.ask('POST', '/containers/create?Image=a', [JSON], body)
                if want:
                    expect_equal(response.status, want)
                expect_equal(len(gate.engine.seen()), 1 if want == 201 else 0, 'requests at the engine')
