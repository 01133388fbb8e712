# SPDX-License-Identifier: Apache-2.0
"""What real clients sent passes a gate that allows everything; each preset passes its clients and nothing else."""
import json
import os
import re
import urllib.parse

from harness import ALL, DATA, TREE, Gate, check, check_both, chunked, expect, expect_equal
from routes import find, query_keys, rows

FORWARDED = re.compile('^(user-agent|accept|accept-encoding|x-registry-auth|x-registry-config|x-docker-.*|x-meta-.*|if-none-match)$')
EVERYTHING = ALL.replace('[allow]\n', '[allow]\nGRPC = full\nSESSION = full\n')

# recorded requests that do not pass, and why: (client, pattern on method and target, status, reason)
EXCEPTIONS = (
    ('curl', r'^POST ', 415, 'curl -d sends a form content type; a form body would override the query in the engine'),
)


def recorded():
    with open(os.path.join(DATA, 'recorded-requests.jsonl'), encoding='utf-8') as f:
        return [json.loads(line) for line in f]


def exception_for(request):
    content_type = dict((k.lower(), v) for k, v in request['headers']).get('content-type', '')
    for client, pattern, status, _ in EXCEPTIONS:
        if request['client'] == client and re.search(pattern, '%(method)s %(target)s' % request) and 'form' in content_type:
            return status
    return None


def bare_path(target):
    return re.sub(r'^/v1\.[0-9]+(?=/)', '', urllib.parse.unquote(target.partition('?')[0]))


def expected(request, table, keys):
    """Target, body, content type as POLICY section 2 says they are forwarded."""
    path, _, query = request['target'].partition('?')
    path = urllib.parse.unquote(path)
    body = request['body'].encode('utf-8')
    headers = dict((k.lower(), v) for k, v in request['headers'])
    content_type = headers.get('content-type') if body or headers.get('transfer-encoding') else None
    row = find(request['method'], bare_path(request['target']), table)
    pairs = query.split('&') if query else []
    name = row.name if row else ''
    known = keys.get('image.pull' if name == 'image.import' else name, set()) | keys.get('image.import' if 'fromSrc' in query else name, set())
    if name and row.method in ('POST', 'PUT'):
        try:
            value = json.loads(body) if body else None
        except ValueError:
            value = None
        if takes_json(name) and isinstance(value, dict):
            pairs = [p for p in pairs if p.split('=')[0] in known or p.split('=')[0] not in value]
        elif isinstance(value, dict):
            body, content_type = b'', None
        pairs = [p for p in pairs if p != 'authconfig=']
    if content_type and not takes_json(name):
        content_type = None if name == 'container.archive-write' else 'application/x-tar'
    return path + ('?' + '&'.join(pairs) if pairs else ''), body, content_type


def takes_json(name):
    from routes import JSON_BODIES
    return name in JSON_BODIES


def send_recorded(client, request):
    headers = [tuple(h) for h in request['headers']]
    names = {k.lower(): v for k, v in headers}
    body = request['body'].encode('utf-8')
    if 'content-length' in names and 'upgrade' not in names:       # paths in bodies were changed after the recording
        headers = [(k, str(len(body)) if k.lower() == 'content-length' else v) for k, v in headers]
    data = ('%s %s HTTP/1.1\r\n' % (request['method'], request['target'])
            + ''.join('%s: %s\r\n' % h for h in headers) + '\r\n').encode('latin1')
    if 'transfer-encoding' in names:
        body = chunked(body[:7], body[7:]) if body else chunked(b'tar bytes')
    client.send(data + body)
    return names


@check_both
def every_recorded_request_passes_a_gate_that_allows_everything(run):
    table, keys, requests = rows(), query_keys(), recorded()
    with Gate(EVERYTHING, listen=(run.transport,)) as gate:
        gate.engine.on('^/(grpc|session)$', h2c)
        for number, request in enumerate(requests):
            name = '%03d_%s_%s_%s' % (number, request['client'].replace(' ', '-'), request['method'],
                                      re.sub(r'[0-9a-f]{20,}', 'ID', request['target'].partition('?')[0]))
            with run.case(name, gate), gate.connect() as client:
                gate.engine.clear()
                names = send_recorded(client, request)
                response = client.read_head()
                status = exception_for(request)
                if status:
                    expect_equal(response.status, status, 'status of a listed exception')
                    continue
                expect(response.status < 300, lambda: 'answer %d %r' % (response.status, client.more() and client.buf[:300]))
                expect_equal(response.status == 101, 'upgrade' in names, 'upgraded')
                seen = gate.engine.wait(lambda r: r and (r[0].complete or r[0].wants_upgrade()))
                expect_equal(len(seen), 1, 'requests at the engine')
                if request['body'] and names.get('upgrade') == 'h2c':      # bytes of the tunnel
                    client.exactly(len(request['body'].encode()))
                    request = dict(request, body='')
                compare(request, names, seen[0], *expected(request, table, keys))


def h2c(x):
    x.body()
    x.send(b'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
    x.echo()
    return False


def compare(request, names, seen, target, body, content_type):
    expect_equal(seen.defects, [])
    expect_equal((seen.method, seen.target), (request['method'], target), 'method and target')
    if 'transfer-encoding' in names:
        expect_equal(seen.body, body or b'tar bytes', 'body')
    else:
        expect_equal(seen.body, body, 'body')
    expect_equal(seen.get('host'), 'docker')
    expect_equal(seen.get('content-type'), content_type, 'Content-Type')
    expect_equal(seen.get('upgrade'), names.get('upgrade'), 'Upgrade')
    want = [(k.lower(), v) for k, v in request['headers'] if FORWARDED.match(k.lower())]
    expect_equal([(k.lower(), v) for k, v in seen.headers if FORWARDED.match(k.lower())], want, 'headers')
    extra = [k for k in seen.names() if not FORWARDED.match(k)
             and k not in ('host', 'content-length', 'transfer-encoding', 'content-type', 'connection', 'upgrade')]
    expect_equal(extra, [], 'headers that must not pass')


# ---- presets

# what each preset grants: operations, and clients whose recorded requests must all pass (None: no such client recorded)
PRESETS = {
    'ping': ({'system.ping', 'system.version'}, ()),
    'events': ({'system.ping', 'system.version', 'system.info', 'system.events', 'container.list', 'container.inspect',
                'network.list', 'service.list', 'service.inspect', 'task.list', 'task.inspect', 'node.list', 'node.inspect'},
               ('docker ps --filter',)),
    'logs': ({'system.ping', 'system.version', 'container.list', 'container.inspect', 'container.logs', 'system.events',
              'container.stats', 'system.info', 'network.list'}, ('docker ps --filter', 'docker logs')),
    'restart': ({'system.ping', 'system.version', 'container.list', 'container.inspect', 'system.events', 'container.start',
                 'container.stop', 'container.restart', 'container.kill'}, ('docker ps --filter',)),
    'read-only': ({'system.ping', 'system.version', 'system.info', 'system.events', 'system.df', 'container.list',
                   'container.inspect', 'container.logs', 'container.stats', 'container.top', 'image.list', 'image.inspect',
                   'image.history', 'network.list', 'network.inspect', 'volume.list', 'volume.inspect', 'service.list',
                   'service.inspect', 'service.logs', 'node.list', 'node.inspect', 'task.list', 'task.inspect', 'task.logs'},
                  ('docker ps --filter', 'docker logs', 'compose 2.26 images')),
}
COMPOSE = {'system.ping', 'system.version', 'system.info', 'system.events', 'container.list', 'container.inspect', 'container.logs',
           'container.stats', 'container.top', 'container.create', 'container.start', 'container.stop', 'container.restart',
           'container.kill', 'container.pause', 'container.unpause', 'container.rename', 'container.remove', 'container.wait',
           'image.list', 'image.inspect', 'image.pull', 'image.remove', 'network.list', 'network.inspect', 'network.create',
           'network.connect', 'network.disconnect', 'network.remove', 'volume.list', 'volume.inspect', 'volume.create', 'volume.remove'}
UP_AND_DOWN = tuple('compose ' + x for x in ('2.26 up', '2.26 overlay', '2.26 recreate', '2.26 down', '2.26 pull', '2.26 images', '1.29 up',
                                             '1.29 recreate', '1.29 down'))
PRESETS.update({
    'compose': (COMPOSE, UP_AND_DOWN),
    'compose-attach': (COMPOSE | {'container.attach', 'container.resize', 'exec.create', 'exec.start', 'exec.inspect', 'exec.resize'},
                       UP_AND_DOWN + ('compose 2.26 exec', 'run docker 20.10', 'run docker 26.1', 'run docker 28.2')),
    # the updater itself: test_consumers.py
    'update': ({'system.ping', 'system.version', 'system.info', 'system.events', 'container.list', 'container.inspect',
                'container.create', 'container.start', 'container.stop', 'container.restart', 'container.kill', 'container.rename',
                'container.remove', 'container.wait', 'image.list', 'image.inspect', 'image.pull', 'image.remove', 'network.list', 'network.inspect',
                'network.connect', 'network.disconnect'}, ('compose 2.26 pull', 'docker ps --filter', 'docker rm -f')),
})
# what the user's own file adds: which objects, never which operations
OWN_LINES = {name: '''[policy]
accept-writable-roots = yes
[container.create]
image-ids = yes
bind-mounts = /srv/app
volumes = op_data o1_data
networks = default web-1 op_* o1_*
ports = 127.0.0.1:8100
''' for name in ('compose', 'compose-attach', 'update')}
JUDGED_BODIES = {'container.create': b'{"Image":"alpine:3"}', 'network.create': b'{"Name":"n"}', 'volume.create': b'{"Name":"v"}',
                 'network.connect': b'{"Container":"web-1"}', 'network.disconnect': b'{"Container":"web-1"}', 'exec.create': b'{"Cmd":["id"]}'}
EXEC_ID = 'f' * 64


@check()
def each_preset_grants_what_it_is_for_and_nothing_else(run):
    for preset, (granted, _) in sorted(PRESETS.items()):
        with Gate('[policy]\npreset = %s\n' % preset + OWN_LINES.get(preset, '')) as gate:
            gate.engine.on('^/(events|.*/stats|.*/logs|.*/attach|exec/.*/start)', b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
            if 'exec.create' in granted:
                expect_equal(gate.ask('POST', '/containers/web/exec', [('Content-Type', 'application/json')], JUDGED_BODIES['exec.create']).status, 201)
            for row in rows():
                if row.template.endswith('/') or row.method not in ('GET', 'HEAD', 'POST', 'PUT', 'DELETE'):
                    continue
                with run.case('%s/%s_%s' % (preset, row.method, row.template), gate):
                    gate.engine.clear()
                    method, target, headers, body = row.sample()
                    body = JUDGED_BODIES.get(row.name, body)
                    target = target.replace('/exec/web-1/', '/exec/%s/' % EXEC_ID)
                    response = gate.ask(method, target, headers, body)
                    if row.name in granted:
                        expect(response.status < 300, lambda: 'status %d: %s' % (response.status, response.body))
                        expect_equal([r.target for r in gate.engine.seen()], [target])
                    else:
                        expect(response.status == 403 or 'h2c' in row.kind and response.status == 400, lambda: 'status %d' % response.status)
                        expect_equal(gate.engine.seen(), [])


@check()
def each_preset_passes_the_recorded_requests_of_its_clients(run):
    requests = recorded()
    for preset, (_, clients) in sorted(PRESETS.items()):
        if not clients:
            continue
        with Gate('[policy]\npreset = %s\n' % preset + OWN_LINES.get(preset, '')) as gate:
            for number, request in enumerate(r for r in requests if r['client'] in clients):
                made = re.search('/exec/([0-9a-f]{64})/', request['target'])
                if made:        # an exec belongs to who made it: the gate has to see it made
                    answer = b'{"Id":"%s"}' % made.group(1).encode()
                    gate.engine.on('/containers/web/exec$', b'HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s' % (len(answer), answer))
                    gate.ask('POST', '/containers/web/exec', [('Content-Type', 'application/json')], JUDGED_BODIES['exec.create'])
                with run.case('%s/%02d_%s' % (preset, number, request['client'].replace(' ', '-')), gate), gate.connect() as client:
                    send_recorded(client, request)
                    expect(client.read_head().status < 300, 'refused: %(method)s %(target)s' % request)


@check()
def presets_grant_nothing_dangerous(run):
    folder = os.path.join(TREE, 'conf', 'presets')
    for name in sorted(os.listdir(folder)):
        with run.case(name):
            with open(os.path.join(folder, name), encoding='utf-8') as f:
                lines = [re.sub(r'(^|\s)[#;].*', '', x).strip() for x in f]
            words = set(' '.join(lines).replace('=', ' ').split())
            bad = {w for w in words if re.search(r'archive-(read|write)|export|commit|load|build|session|grpc|plugin|swarm|secret|'
                                                 r'config\.|auth|debug|\*', w)}
            expect_equal(bad, set(), 'words')
            expect('judge' not in words, 'judge')


@check_both
def every_endpoint_that_can_be_granted_passes_with_its_sample(run):
    with Gate(EVERYTHING, listen=(run.transport,)) as gate:
        gate.engine.on('^/(events|.*/stats|.*/logs)', b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
        for row in rows():
            if not row.is_grantable() or 'h2c' in row.kind:
                continue
            with run.case('%s_%s' % (row.method, row.template), gate):
                gate.engine.clear()
                method, target, headers, body = row.sample()
                if row.kind == 'hijack':
                    gate.engine.on(re.escape(row.path()), b'HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n{}')
                response = gate.ask(method, target, headers, body)
                expect(response.status < 300 or response.status == 409, lambda: 'status %d: %s' % (response.status, response.body))
                seen = gate.engine.seen()
                expect_equal([(r.method, r.target, r.body, r.defects) for r in seen], [(method, target, body or b'', [])])


@check()
def endpoints_that_cannot_be_granted_are_refused_by_a_gate_that_allows_everything(run):
    with Gate(EVERYTHING) as gate:
        for row in rows():
            if row.level != 'never' or not row.template.startswith('/'):
                continue
            for method in ('GET', 'POST') if row.method.startswith('ANY') else (row.method,):
                with run.case('%s_%s' % (method, row.template), gate):
                    target = row.path().rstrip('/')
                    if (method, target) == ('POST', '/images/alpine:3/insert'):
                        target = '/images/alpine/insert'
                    expect(gate.ask(method, target).status in (400, 403), 'status')
                    expect_equal(gate.engine.seen(), [])
