# SPDX-License-Identifier: Apache-2.0
"""Judged bodies seen from outside: what passes arrives byte for byte, what does not is named, and nothing of it is sent."""
import hashlib
import json
import re

from harness import Gate, check, check_both, chunked, expect, expect_equal, head
from test_replay import compare, expected, recorded, send_recorded
from routes import find, query_keys, rows

JSON = ('Content-Type', 'application/json')
CHUNKED = ('Transfer-Encoding', 'chunked')
KIB = 1024
CREATE = '/v1.41/containers/create?name=web-1'
POLICY = '''[policy]
accept-writable-roots = yes
[allow]
endpoints = container.create container.update exec.* network.create network.connect
endpoints = network.disconnect volume.create image.pull container.list
[container.create]
images = docker.io/library/*
bind-mounts = /srv/app
restart-policies = no
'''
GOOD = b' {"Image" : "alpine:3",\n"Cmd":["echo","\\u00e4\\/\xc3\xa4"],"Labels":{"b":"1","a":"2"},"HostConfig":{"Binds":["/srv/app/x:/x:ro"]}}\n'


def create(text):
    """A create that is allowed but for what text says."""
    return b'{"Image":"alpine:3",' + (text if isinstance(text, bytes) else text.encode()) + b'}'


def line_of(config, pattern):
    return 1 + next(i for i, x in enumerate(config.split('\n')) if re.search(pattern, x))


# ---- what passes

@check_both
def an_allowed_body_arrives_byte_for_byte_with_our_length(run):
    pieces = [GOOD[:1], GOOD[1:40], GOOD[40:41], GOOD[41:]]
    with Gate(POLICY, listen=(run.transport,)) as gate:
        for name, headers, parts in (
                ('length', [('Content-Length', str(len(GOOD)))], [GOOD]),
                ('length_in_pieces', [('Content-Length', str(len(GOOD)))], pieces),
                ('one_chunk', [CHUNKED], [chunked(GOOD)]), ('chunks', [CHUNKED], [chunked(*pieces)]),
                ('chunks_of_one_byte', [CHUNKED], [chunked(*[GOOD[i:i + 1] for i in range(len(GOOD))])]),
                ('expect_continue', [('Content-Length', str(len(GOOD))), ('Expect', '100-continue')], [GOOD])):
            with run.case(name, gate), gate.connect() as client:
                gate.engine.clear()
                gate.journal.clear()
                client.send(head('POST', CREATE, [('Content-Type', 'application/json; charset=utf-8')] + headers))
                if name == 'expect_continue':
                    expect_equal(client.read_head().status, 100)
                for part in parts:
                    client.send(part)
                expect_equal(client.read().status, 201)
                seen = [r for r in gate.engine.seen() if r.method == 'POST']
                expect_equal([(r.target, r.body, r.defects, r.all('content-length'), r.all('transfer-encoding')) for r in seen],
                             [(CREATE, GOOD, [], [str(len(GOOD))], [])])
                record = gate.journal.wait_records(1, endpoint='container.create')[-1]
                expect_equal((record.verdict, record.endpoint, record.body_sha256), ('allow', 'container.create', hashlib.sha256(GOOD).hexdigest()))
                expect_equal((record.field, record.hint), (None, None))
                expect_equal(client.ask('GET', '/containers/json').status, 200)
                gate.journal.wait_records(1, endpoint='container.list')


@check_both
def judged_requests_follow_each_other_on_one_connection(run):
    bad = create('"HostConfig":{"Privileged":true}')
    with Gate(POLICY, listen=(run.transport,)) as gate, gate.connect() as client:
        for body, status in ((GOOD, 201), (bad, 403), (GOOD, 201)):
            if client.at_end:
                break
            response = client.ask('POST', CREATE, [JSON], body)
            expect_equal(response.status, status)
            if response.closes():
                client.closed()
                client = gate.connect()     # pylint: disable=redefined-argument-from-local
        expect_equal([r.body for r in gate.engine.seen()], [GOOD, GOOD])


@check_both
def a_pipelined_request_behind_a_judged_body_is_judged_on_its_own(run):
    bad = create('"HostConfig":{"Privileged":true}')
    with Gate(POLICY, listen=(run.transport,)) as gate, gate.connect() as client:
        client.send(head('POST', CREATE, [JSON, ('Content-Length', str(len(GOOD)))]) + GOOD
                    + head('POST', CREATE, [JSON, ('Content-Length', str(len(bad)))]) + bad)
        expect_equal([client.read().status, client.read().status], [201, 403])
        expect_equal([r.body for r in gate.engine.seen()], [GOOD])


# ---- what does not

# name, what is added, reason, field, value (None: absent), hint, pattern of the line that ruled (None: no line)
REFUSALS = (
    ('privileged', '"HostConfig":{"Privileged":true}', 'privileged', '/HostConfig/Privileged', None, '[container.create] privileged = yes', None),
    ('bind', '"HostConfig":{"Binds":["/srv/app/a:/a","/opt/data:/e"]}', 'bind-not-allowed', '/HostConfig/Binds/1', '/opt/data',
     '[container.create] bind-mounts = /opt/data', '^bind-mounts'),
    ('bind_beside_a_root', '"HostConfig":{"Binds":["/srv/application:/a"]}', 'bind-not-allowed', '/HostConfig/Binds/0', '/srv/application',
     '[container.create] bind-mounts = /srv/application', '^bind-mounts'),
    ('mount', '"HostConfig":{"Mounts":[{"Type":"bind","Source":"/opt/data","Target":"/e"}]}', 'bind-not-allowed', '/HostConfig/Mounts/0/Source', '/opt/data',
     '[container.create] bind-mounts = /opt/data', '^bind-mounts'),
    ('image', '"Image":"evil.example/x"', 'image-not-allowed', '/Image', 'evil.example/x', '[container.create] images = evil.example/x', '^images'),
    ('capability', '"HostConfig":{"CapAdd":["SYS_ADMIN"]}', None, '/HostConfig/CapAdd/0', 'SYS_ADMIN',
     '[container.create] capabilities = SYS_ADMIN', None),
    ('restart', '"HostConfig":{"RestartPolicy":{"Name":"always"}}', None, '/HostConfig/RestartPolicy/Name', 'always',
     '[container.create] restart-policies = always', '^restart-policies'),
    ('network', '"HostConfig":{"NetworkMode":"host"}', None, '/HostConfig/NetworkMode', 'host', '[container.create] namespaces = network', None),
    ('port', '"HostConfig":{"PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}]}}', None,
     '/HostConfig/PortBindings/80~1tcp/0/HostPort', '8080', '[container.create] ports = 127.0.0.1:8080', None),
    ('unknown_member', '"HostConfig":{"NewThing":{"a":[1]}}', None, '/HostConfig/NewThing', None, None, None),
    ('unknown_top_member', '"NewThing":"x"', None, '/NewThing', None, None, None),
)


def refusal_body(text):
    return b'{' + text.encode() + b'}' if '"Image"' in text else create(text)


@check_both
def a_refusal_names_its_field_and_the_record_the_line_that_would_allow_it(run):
    with Gate(POLICY, listen=(run.transport,)) as gate:
        for name, text, reason, field, value, hint, pattern in REFUSALS:
            with run.case(name, gate):
                gate.engine.clear()
                gate.journal.clear()
                response = gate.ask('POST', CREATE, [JSON], refusal_body(text))
                expect_equal(response.status, 403, 'status (%s)' % response.body[:300])
                expect_equal(response.get('content-type'), 'application/json')
                message = json.loads(response.body)['message']
                record = gate.journal.wait_records(1, verdict='deny')[0]
                expect(re.match(r'sockgate: denied: POST /v1[.]41/containers/create: .*\[id [^\]]+\]$', message), lambda: 'message %r' % message)
                for part in (field, record.req_id):
                    expect(part in message, lambda p=part: '%r is not in %r' % (p, message))
                expect_equal(gate.engine.seen(), [])
                expect_equal((record.verdict, record.endpoint, record.status, record.upstream_status, record.field),
                             ('deny', 'container.create', '403', None, field), 'record')
                expect(re.fullmatch('[a-z][a-z0-9-]+', record.reason) and reason in (None, record.reason), lambda: 'reason %r' % record.reason)
                expect(value is None or record.value == value, lambda: 'value %r' % record.value)
                expect_equal(record.hint, hint, 'hint')
                if pattern:
                    expect_equal(record.rule, '%s:%d' % (gate.config_path, line_of(POLICY, pattern)), 'rule')
                else:
                    expect_equal(record.rule, None, 'rule')
                expect_equal(record['PRIORITY'], '4')


@check()
def the_line_of_a_hint_allows_what_was_refused(run):
    for name, text, _, _, _, hint, _ in REFUSALS:
        if not hint:
            continue
        with run.case(name), Gate(POLICY + hint.replace('] ', ']\n') + '\n') as gate:       # a list that is given goes on
            response = gate.ask('POST', CREATE, [JSON], refusal_body(text))
            expect_equal(response.status, 201, 'status (%s) with %s' % (response.body[:300], hint))


@check_both
def values_of_secrets_are_never_told(run):
    secret = 'PLANTEDSECRET'
    cases = (
        ('env_of_create', POLICY, CREATE, create('"Env":["TOKEN=%s"],"HostConfig":{"Privileged":true}' % secret)),
        ('bad_type_of_env', POLICY, CREATE, create('"Env":{"TOKEN":"%s"}' % secret)),
        ('null_in_env', POLICY, CREATE, create('"Env":["%s",null]' % secret)),
        ('labels', POLICY + 'deny-labels = traefik.*\n', CREATE, create('"Labels":{"traefik.x":"%s"}' % secret)),
        ('bad_type_of_labels', POLICY, CREATE, create('"Labels":["%s"]' % secret)),
        ('env_of_exec', POLICY, '/containers/a/exec', b'{"Cmd":["x"],"Env":["TOKEN=%s"]}' % secret.encode()),
        ('labels_of_a_network', POLICY, '/networks/create', b'{"Name":"n","Driver":"x","Labels":{"a":"%s"}}' % secret.encode()),
        ('not_json', POLICY, CREATE, b'{"Env":["%s"' % secret.encode()),
    )
    for name, config, target, body in cases:
        with run.case(name), Gate(config, listen=(run.transport,)) as gate:
            response = gate.ask('POST', target, [JSON, ('X-Registry-Auth', secret)], body)
            expect(response.status in (400, 403), lambda: 'status %d' % response.status)
            expect(secret.encode() not in response.body, lambda: 'in the answer %r' % response.body)
            record = gate.journal.wait_records(1)[0]
            expect(secret.encode() not in record.raw, lambda: 'in the record %r' % record.raw)
            expect_equal(gate.engine.seen(), [])
            gate.stop()


@check()
def a_long_value_is_cut_and_escaped_wherever_it_is_told(run):
    with Gate(POLICY) as gate:
        for name, value in (('long', '/etc/' + 'x' * 5000), ('newlines', '/etc/\\nFAKE=1\\r\\n\\u001b[31m'), ('quotes', '/etc/\\"},{\\"a'),
                            ('wide', '/etc/' + '\u00e4' * 2000)):
            with run.case(name, gate):
                gate.journal.clear()
                response = gate.ask('POST', CREATE, [JSON], create('"HostConfig":{"Binds":["%s:/e"]}' % value))
                expect_equal(response.status, 403)
                message = json.loads(response.body)['message']
                expect(len(message.encode()) < 2048 and not re.search('[\x00-\x1f\x7f]', message), lambda: 'message %r' % message)
                record = gate.journal.wait_records(1)[0]
                expect(len(record.raw) <= 8 * KIB and len(record.value.encode()) <= KIB + 16, lambda: 'record of %d bytes' % len(record.raw))
                expect(not re.search('[\x00-\x1f\x7f]', record.value) and 'FAKE' not in record, lambda: 'value %r' % record.value)


# ---- bodies that can be read in two ways, or not at all

MALFORMED = (
    ('no_json', b'{"Image":', 'json-invalid'), ('trailing_bytes', GOOD + b'x', 'json-invalid'), ('two_values', GOOD + GOOD, 'json-invalid'),
    ('list', b'["Image"]', 'json-not-object'), ('text', b'"Image"', 'json-not-object'), ('null', b'null', 'json-not-object'),
    ('comment', create('"Cmd":[]/**/'), 'json-invalid'), ('bom', b'\xef\xbb\xbf' + GOOD, None), ('bad_utf8', create(b'"Cmd":["\xff"]'), 'json-not-utf8'),
    ('overlong_utf8', create(b'"Cmd":["\xc0\xaf"]'), 'json-not-utf8'), ('lone_surrogate', create('"Cmd":["\\ud800"]'), 'json-not-utf8'),
    ('escaped_nul', create('"Cmd":["\\u0000"]'), 'json-nul'), ('raw_nul', create(b'"Cmd":["\x00"]'), None),
    ('too_deep', create('"Labels":' + '{"a":' * 40 + '1' + '}' * 40), 'json-too-deep'),
    ('too_many_members', create('"Labels":{%s}' % ','.join('"%d":""' % i for i in range(5000))), 'json-too-many'),
    ('too_many_values', create('"Cmd":[%s]' % ','.join(['""'] * 17000)), 'json-too-many'),
    ('too_long_text', create('"Cmd":["%s"]' % ('x' * (256 * KIB + 1))), 'json-too-long'),
    ('empty', b'', 'body-missing'), ('blanks', b' \r\n', 'body-missing'),
    ('duplicate_member', create('"HostConfig":{},"HostConfig":{"Privileged":true}'), 'json-duplicate-key'),
    ('duplicate_after_null', create('"HostConfig":null,"HostConfig":{"Privileged":true}'), 'json-duplicate-key'),
    ('duplicate_escaped', create('"HostConfig":{"Privileged":false,"\\u0050rivileged":true}'), 'json-duplicate-key'),
    ('duplicate_label', create('"Labels":{"a":"1","a":"2"}'), 'json-duplicate-key'),
    ('other_case', create('"HOSTCONFIG":{"Privileged":true}'), 'key-spelling'), ('other_case_below', create('"HostConfig":{"privileged":true}'), 'key-spelling'),
    ('other_case_of_the_harmless', create('"hostconfig":{}'), 'key-spelling'), ('both_cases', create('"HostConfig":{},"hostConfig":{"Privileged":true}'), None),
    ('kelvin_sign', create('"HostConfig":{"Networ\u212aMode":"host"}'), None),
    ('kelvin_sign_escaped', create('"HostConfig":{"Networ\\u212aMode":"host"}'), None),
    ('long_s', create('"Ho\u017ftConfig":{"Privileged":true}'), None), ('long_s_escaped', create('"Ho\\u017ftConfig":{"Privileged":true}'), None),
    ('key_that_is_not_ascii', create('"\u00e4":null'), None),
    ('text_for_a_boolean', create('"HostConfig":{"Privileged":"true"}'), 'json-type'), ('number_for_a_boolean', create('"HostConfig":{"Privileged":1}'), 'json-type'),
    ('number_for_a_text', create('"User":0'), 'json-type'), ('fraction_for_a_number', create('"HostConfig":{"Memory":1.5}'), 'json-type'),
    ('exponent_for_a_number', create('"HostConfig":{"Memory":1e9}'), 'json-type'), ('huge_number', create('"HostConfig":{"Memory":9223372036854775808}'), None),
    ('list_for_an_object', create('"HostConfig":[]'), 'json-type'), ('object_for_a_list', create('"HostConfig":{"Binds":{}}'), 'json-type'),
    ('null_in_a_list', create('"HostConfig":{"Binds":["/srv/app:/a",null]}'), 'json-null'), ('null_in_binds', create('"HostConfig":{"Binds":[null]}'), 'json-null'),
)


@check_both
def bodies_that_could_be_read_in_two_ways_are_malformed(run):
    with Gate(POLICY, listen=(run.transport,)) as gate:
        for name, body, reason in MALFORMED:
            for form in ('length', 'chunks'):
                with run.case('%s/%s' % (name, form), gate):
                    gate.engine.clear()
                    gate.journal.clear()
                    if form == 'length':
                        response = gate.ask('POST', CREATE, [JSON], body)
                    else:
                        response = gate.ask('POST', CREATE, [JSON, CHUNKED], chunked(body[:5], body[5:]))
                    expect_equal(response.status, 400, 'status (%s)' % response.body[:300])
                    record = gate.journal.wait_records(1)[0]
                    expect_equal((record.verdict, record.status), ('reject', '400'))
                    expect(reason in (None, record.reason), lambda: 'reason %r, want %r' % (record.reason, reason))
                    expect_equal(gate.engine.seen(), [])


@check_both
def a_body_that_is_not_received_whole_reaches_no_engine(run):
    with Gate(POLICY, listen=(run.transport,), limits={'judged-body': '8K', 'body-timeout': '2s'}) as gate:
        length = head('POST', CREATE, [JSON, ('Content-Length', str(len(GOOD)))])
        for name, data, end in (
                ('half_closed', length + GOOD[:-1], 'half-close'), ('reset', GOOD[:-1], 'reset'),
                ('half_closed_chunks', head('POST', CREATE, [JSON, CHUNKED]) + b'%x\r\n%s\r\n' % (len(GOOD), GOOD), 'half-close'),
                ('half_closed_before_the_last_end', head('POST', CREATE, [JSON, CHUNKED]) + chunked(GOOD)[:-2], 'half-close')):
            with run.case(name, gate), gate.connect() as client:
                if end == 'reset':      # the head is known to be read, else nobody has to know of it
                    client.send(head('POST', CREATE, [JSON, ('Content-Length', str(len(GOOD))), ('Expect', '100-continue')]))
                    expect_equal(client.read_head().status, 100)
                client.send(data)
                if end == 'reset':
                    client.reset()
                else:
                    client.half_close()
                    rest = client.rest()
                    expect(b' 201 ' not in rest, lambda: 'answer %r' % rest)
                gate.journal.wait_records(1)
                gate.journal.clear()
                expect_equal(gate.engine.seen(), [])
        for name, bad in (('chunk_size', b'zz\r\n'), ('chunk_end', b'1\r\n{x\r\n'), ('extension', b'1;a=b\r\n{\r\n'), ('trailer', b'2\r\n{}\r\n0\r\nA: b\r\n\r\n'),
                          ('bare_newline', b'2\n{}\n0\n\n'), ('long_size', b'000000000000002\r\n{}\r\n0\r\n\r\n')):
            with run.case('malformed_' + name, gate), gate.connect() as client:
                client.send(head('POST', CREATE, [JSON, CHUNKED]) + bad)
                response = client.read()
                expect_equal(response.status, 400)
                expect(response.closes(), 'no Connection: close')
                expect_equal(gate.engine.seen(), [])
        with run.case('slow', gate), gate.connect() as client:
            client.send(length + GOOD[:-1])
            response = client.read()
            expect_equal((response.status, response.closes()), (408, True))
            client.closed()
            expect_equal(gate.engine.seen(), [])


@check_both
def a_judged_body_has_its_largest_size(run):
    with Gate(POLICY, listen=(run.transport,), limits={'judged-body': '8K'}) as gate:
        for size, want in ((8 * KIB - 1, 201), (8 * KIB, 201), (8 * KIB + 1, 413), (200 * KIB, 413)):
            body = GOOD + b' ' * (size - len(GOOD))
            for name, headers, data in (('length', [('Content-Length', str(size))], body),
                                        ('chunks', [CHUNKED], chunked(*[body[i:i + 1000] for i in range(0, size, 1000)]))):
                with run.case('%s/%d' % (name, size), gate), gate.connect() as client:
                    gate.engine.clear()
                    client.send_gently(head('POST', CREATE, [JSON] + headers) + data)
                    expect_equal(client.read().status, want)
                    expect_equal([r.body for r in gate.engine.seen()], [body] if want == 201 else [])
        with run.case('announced', gate), gate.connect() as client:
            gate.engine.clear()
            client.send(head('POST', CREATE, [JSON, ('Content-Length', '8193'), ('Expect', '100-continue')]))
            expect_equal(client.read_head().status, 413)
            expect_equal(gate.engine.seen(), [])


@check()
def judged_bodies_share_their_bytes_and_wait_in_turn(run):
    with Gate(POLICY, limits={'judged-body': '64K', 'judged-bytes': '128K'}) as gate:
        body = GOOD + b' ' * (60 * KIB)
        request = head('POST', CREATE, [JSON, ('Content-Length', str(len(body)))])
        clients = [gate.connect() for _ in range(12)]
        for client in clients:
            client.send(request + body[:-1])
        bystander = gate.connect()
        expect_equal(bystander.ask('GET', '/containers/json').status, 200)      # who needs no share never waits
        bystander.close()
        for client in clients:
            client.send(body[-1:])
        for client in clients:
            expect_equal(client.read().status, 201)
            client.close()
        expect_equal([r.body == body for r in gate.engine.seen() if r.method == 'POST'], [True] * 12)


@check()
def a_client_that_leaves_gives_its_share_back(run):
    with Gate(POLICY, limits={'judged-body': '64K', 'judged-bytes': '64K'}) as gate:
        request = head('POST', CREATE, [JSON, ('Content-Length', str(60 * KIB))])
        for _ in range(5):
            holder, waiter = gate.connect(), gate.connect()
            holder.send(request + b'{')
            waiter.send(head('POST', CREATE, [JSON, ('Content-Length', str(len(GOOD)))]) + GOOD)
            holder.reset()
            expect_equal(waiter.read().status, 201)
            waiter.close()


# ---- judge = no, shadow

@check()
def a_judge_that_is_switched_off_forwards_unread_and_says_so(run):
    body = create('"HostConfig":{"Privileged":true}')
    with Gate(POLICY + 'judge = no\n') as gate:
        expect_equal(gate.ask('POST', CREATE, [JSON], body).status, 201)
        expect_equal([(r.body, r.defects) for r in gate.engine.seen()], [(body, [])])
        with run.case('others_stay_judged', gate):
            expect_equal(gate.ask('POST', '/volumes/create', [JSON], b'{"Name":"v","Driver":"evil"}').status, 403)
        said = gate.process.log() + ''.join(r.get('MESSAGE', '') for r in gate.journal.all())
        expect(re.search(r'judge = no in \[container\.create\]', said), lambda: 'no warning in %r' % said[:600])


@check()
def shadow_mode_forwards_a_body_that_it_would_deny_but_no_malformed_one(run):
    denied = create('"HostConfig":{"Binds":["/opt/data:/e"]}')
    with Gate(POLICY.replace('[policy]\n', '[policy]\nmode = shadow\n')) as gate:
        expect_equal(gate.ask('POST', CREATE, [JSON], denied).status, 201)
        expect_equal([(r.body, r.defects) for r in gate.engine.seen()], [(denied, [])])
        request = gate.journal.wait_records(1)[0]
        decision = gate.journal.wait_records(1, ('decision',))[0]
        expect_equal((request.verdict, request.reason, request.status, request.req_id),
                     ('would-deny', 'bind-not-allowed', '201', decision.req_id))
        expect_equal((decision.verdict, decision.reason, decision.field, decision.value, decision.hint),
                     ('would-deny', 'bind-not-allowed', '/HostConfig/Binds/0', '/opt/data', '[container.create] bind-mounts = /opt/data'))
        for name, body, _ in MALFORMED:
            with run.case(name, gate):
                gate.engine.clear()
                expect_equal(gate.ask('POST', CREATE, [JSON], body).status, 400)
                expect_equal(gate.engine.seen(), [])


# ---- the other operations, each with what passes and what does not

OTHERS = (
    ('volume', '/volumes/create', b'{"Name":"v","Driver":"local","DriverOpts":null,"Labels":{"a":"b"}}', b'{"Name":"v","DriverOpts":{"type":"none","o":"bind","device":"/etc"}}',
     '/DriverOpts'),
    ('network', '/networks/create', b'{"CheckDuplicate":true,"Name":"n","Driver":"bridge"}', b'{"Name":"n","Driver":"macvlan"}', '/Driver'),
    ('connect', '/networks/bridge/connect', b'{"Container":"web-1","EndpointConfig":{"Aliases":["a"]}}',
     b'{"Container":"web-1","EndpointConfig":{"DriverOpts":{"a":"b"}}}', '/EndpointConfig/DriverOpts'),
    ('disconnect', '/networks/bridge/disconnect', b'{"Container":"web-1","Force":true}', b'{"Container":"web-1","X":1}', '/X'),
    ('exec', '/containers/web-1/exec', b'{"Cmd":["id"],"AttachStdout":true,"Tty":false,"Env":null}', b'{"Cmd":["id"],"Privileged":true}', '/Privileged'),
    ('update', '/containers/web-1/update', b'{"Memory":1048576}', b'{"Memory":1048576,"Devices":[{"PathOnHost":"/dev/mem"}]}', '/Devices'),
    ('update_unlimited', '/containers/web-1/update', b'{"Memory":1048576}', b'{"Memory":-1}', '/Memory'),
)


@check_both
def every_judged_operation_passes_and_refuses_by_its_own_section(run):
    config = POLICY + '[container.update]\nfields = Memory\n[network.connect]\nnetworks = bridge\n'
    with Gate(config, listen=(run.transport,)) as gate:
        for name, target, good, bad, field in OTHERS:
            with run.case(name + '_passes', gate):
                gate.engine.clear()
                response = gate.ask('POST', target, [JSON], good)
                expect(response.status < 300, lambda: 'status %d: %s' % (response.status, response.body))
                expect_equal([(r.target, r.body, r.defects) for r in gate.engine.seen()], [(target, good, [])])
            with run.case(name + '_refuses', gate):
                gate.engine.clear()
                gate.journal.clear()
                response = gate.ask('POST', target, [JSON], bad)
                expect_equal(response.status, 403, 'status (%s)' % response.body[:300])
                record = gate.journal.wait_records(1, verdict='deny')[0]
                expect(record.field.startswith(field), lambda: 'field %r' % record.field)
                expect_equal(gate.engine.seen(), [])


# ---- scope by project: what is created carries the label

@check_both
def what_is_created_under_a_project_carries_its_label(run):
    label = '"Labels":{"com.docker.compose.project":"%s"}'
    config = POLICY + '[scope]\nprojects = shop*\n'
    with Gate(config, listen=(run.transport,)) as gate:
        for kind, target, rest in (('container', CREATE, b'"Image":"alpine:3"'), ('network', '/networks/create', b'"Name":"shop_n"'),
                                   ('volume', '/volumes/create', b'"Name":"shop_v"')):
            for name, labels, want in (('own', label % 'shop', 201), ('own_by_glob', label % 'shop2', 201), ('other', label % 'mail', 403),
                                       ('empty', label % '', 403), ('none', '"Labels":{}', 403), ('null', '"Labels":null', 403), ('absent', None, 403),
                                       ('other_case', '"Labels":{"com.docker.compose.Project":"shop"}', 403)):
                with run.case('%s_%s' % (kind, name), gate):
                    gate.engine.clear()
                    body = b'{' + rest + (b',' + labels.encode() if labels else b'') + b'}'
                    response = gate.ask('POST', target, [JSON], body)
                    expect_equal(response.status, want, 'status (%s)' % response.body[:300])
                    expect_equal([r.body for r in gate.engine.seen() if r.method == 'POST'], [body] if want == 201 else [])


# ---- what real clients sent passes a policy of at most 15 lines

CLI = '''[policy]
preset = compose-attach
accept-writable-roots = yes
[container.create]
images = docker.io/library/*
image-ids = yes
bind-mounts = /srv/app
volumes = op_data o1_data
networks = default op_* o1_*
ports = 127.0.0.1:8100 127.0.0.1:9000 ephemeral
'''
UPDATES = '''[policy]
preset = compose-attach
[allow]
endpoints = container.update
[container.create]
image-ids = yes
links = nosuch
ports = ephemeral
[container.update]
fields = Memory MemorySwap
[network.connect]
networks = cx
'''
POLICIES = (
    ('compose_2', '^compose 2', CLI), ('compose_1', '^compose 1', CLI), ('docker_cli', '^(run docker|docker .*run|docker .*exec|docker rm)', CLI +
     '[exec.create]\nenv = yes\nworking-dirs = /tmp\n'),
    ('docker_py', '^docker-py', CLI + '[image.pull]\nimages = localhost:5999/** local/*\n[allow]\nendpoints = image.tag\n'),
    ('dockerode', '^dockerode', CLI + '[image.pull]\nimages = localhost:5999/** local/* docker.io/library/*\n[allow]\nendpoints = image.tag container.prune\n'),
    ('testcontainers', '^testcontainers', CLI),
    ('updates_and_networks', '^netcreate', UPDATES),
)
# recorded requests that no judge of a body reads, and that these policies do not grant
UNGRANTED = {'system.auth', 'container.archive-read', 'container.archive-write', 'container.archive-stat', 'build.image'}


def fake_ids(gate):
    """An exec belongs to who made it: ids of recordings have to be made first."""
    made = []

    def on_exec(x):
        x.body()
        x.answer(201, json.dumps({'Id': made[-1]}).encode(), reason='Created')
        return True
    gate.engine.on('^(/v1[.][0-9]+)?/containers/[^/]+/exec$', on_exec)
    return made


def replay(gate, request, table, keys):
    names = {k.lower(): v for k, v in request['headers']}
    with gate.connect() as client:
        gate.engine.clear()
        send_recorded(client, request)
        response = client.read_head()
        expect(response.status < 300, lambda: 'answer %d %r to %s %s' % (response.status, client.more() and client.buf[:400], request['target'][:80], request['body'][:800]))
        seen = gate.engine.wait(lambda r: r and (r[-1].complete or r[-1].wants_upgrade()))
        expect_equal(len(seen), 1, 'requests at the engine')
        compare(request, names, seen[0], *expected(request, table, keys))


@check()
def every_body_that_a_client_was_recorded_with_passes_a_small_policy(run):
    table, keys, requests = rows(), query_keys(), recorded()
    for name, pattern, config in POLICIES:
        expect(config.strip().count('\n') < 15, '%s has more than 15 lines' % name)
        with Gate(config) as gate:
            made = fake_ids(gate)
            n = 0
            for request in requests:
                path = re.sub(r'^/v1\.[0-9]+(?=/)', '', request['target'].partition('?')[0])
                row = find(request['method'], path, table)
                if not re.search(pattern, request['client']) or not row or row.name in UNGRANTED:
                    continue
                n += 1
                with run.case('%s/%02d_%s' % (name, n, row.name), gate):
                    if row.name.startswith('exec.') and row.name != 'exec.create':
                        made.append(path.split('/')[2])
                        expect_equal(gate.ask('POST', '/containers/web/exec', [JSON], b'{"Cmd":["id"]}').status, 201)
                    if row.name == 'exec.create':
                        made.append('f' * 64)
                    replay(gate, request, table, keys)
            expect(n > 0, 'no request of %s' % name)


@check()
def each_line_of_the_small_policy_is_needed(run):
    """Without it something recorded is refused: no line is there that nobody uses."""
    requests = [r for r in recorded() if re.search('/containers/create', r['target']) and re.search('^(compose|run|docker)', r['client'])]
    for line in ('images = docker.io/library/*', 'image-ids = yes', 'bind-mounts = /srv/app', 'volumes = op_data o1_data', 'networks = default op_* o1_*',
                 'ports = 127.0.0.1:8100 127.0.0.1:9000 ephemeral'):
        if line.startswith('images'):
            config = CLI.replace(line, 'images = docker.io/acme/*')
        else:
            config = CLI.replace(line + '\n', '')
        expect(config != CLI, line)
        with run.case(line.split(' ')[0]), Gate(config) as gate:
            refused = 0
            for request in requests:
                with gate.connect() as client:
                    send_recorded(client, request)
                    refused += client.read_head().status == 403
            expect(0 < refused, 'nothing is refused without it')


# ---- an updater sends back what inspect said

INSPECTED = {'Image': 'alpine:3', 'Cmd': ['sleep', '1d'], 'HostConfig': {'NetworkMode': 'app_net', 'CgroupnsMode': 'host'},
             'NetworkingConfig': {'EndpointsConfig': {'app_net': {
                 'IPAMConfig': None, 'Links': None, 'Aliases': ['web'], 'NetworkID': 'd' * 64, 'EndpointID': 'e' * 64, 'Gateway': '172.18.0.1',
                 'IPAddress': '172.18.0.2', 'IPPrefixLen': 16, 'IPv6Gateway': '', 'GlobalIPv6Address': '', 'GlobalIPv6PrefixLen': 0,
                 'MacAddress': '', 'DriverOpts': None}}}}


def network_is_called(gate, name):
    """What the engine says of the network of INSPECTED's NetworkID."""
    def inspect(x):
        x.body()
        x.answer(200, json.dumps({'Id': 'd' * 64, 'Name': name, 'Labels': {}}).encode())
        return True
    gate.engine.on('^/networks/d{64}$', inspect)


def created(gate):
    return [r.body for r in gate.engine.seen() if r.method == 'POST']


@check()
def the_preset_of_updaters_takes_back_what_inspect_said_and_others_do_not(run):
    body = json.dumps(INSPECTED).encode()
    for preset, want in (('update', 201), ('compose', 403), ('compose-attach', 403)):
        with run.case(preset), Gate('[policy]\npreset = %s\n[container.create]\nnetworks = app_net\n' % preset) as gate:
            network_is_called(gate, 'app_net')
            response = gate.ask('POST', '/v1.41/containers/create?name=/web', [JSON], body)
            expect_equal(response.status, want, 'status (%s)' % response.body[:300])
            expect_equal(created(gate), [body] if want == 201 else [])
    with run.case('the_id_of_another_network'), Gate('[policy]\npreset = update\n[container.create]\nnetworks = app_net\n') as gate:
        network_is_called(gate, 'mail_net')
        response = gate.ask('POST', '/v1.41/containers/create?name=/web', [JSON], body)
        expect_equal(response.status, 403, 'status')
        expect(b'/NetworkingConfig/EndpointsConfig/app_net/NetworkID' in response.body, response.body)
        expect(b'mail_net' not in response.body, 'the name of the other network is told to the client')
        expect_equal(created(gate), [])
    with run.case('own_lines_replace_those_of_the_preset'), \
            Gate('[policy]\npreset = update\n[container.create]\nnetworks = app_net\nnamespaces =\n') as gate:
        expect_equal(gate.ask('POST', '/v1.41/containers/create?name=/web', [JSON], body).status, 403)
