# SPDX-License-Identifier: Apache-2.0
"""Each preset passes every request of the programs it is for, byte for byte, and refuses what they may send beyond it.

tests/data/consumer-requests.jsonl holds one request a line: consumer, preset, whether it passes, method, target, headers,
body, source. `how` is `run` where the program, or its own code, ran and was recorded; `client` where its client library
made the calls that the named source makes; `source` where the request was written down from the named source.
Watchtower's bodies come from what dockerd 20.10 and 26.1 said of real containers.
docker compose, the consumer of the presets compose and compose-attach, was recorded too: see test_replay.py. That no other
operation passes is said there for every endpoint, by each_preset_grants_what_it_is_for_and_nothing_else.
"""
import json
import os
import re
import shutil
import subprocess

from harness import DATA, TREE, WAIT, Gate, Skip, check, expect, expect_equal
from test_replay import send_recorded

# What the instance's own file has to say beside the preset: what the updated containers use.
OWN_LINES = {'update': '''[container.create]
images = registry.test/**
image-ids = yes
bind-mounts = exact:/srv/app:ro
volumes = app_data
networks = default bridge app_*
ports = 127.0.0.1:8100
static-addresses = yes
'''}
OURS = 'sockgate'        # who asks the engine for the name of an id
STREAMS = '^/(v[0-9.]+/)?(events|.*/stats|.*/logs)'


def consumer_requests():
    with open(os.path.join(DATA, 'consumer-requests.jsonl'), encoding='utf-8') as f:
        return [json.loads(line) for line in f]


def consumers():
    """The requests of each (preset, consumer)."""
    found = {}
    for request in consumer_requests():
        found.setdefault((request['preset'], request['consumer']), []).append(request)
    return found


def network_names():
    """The name of each network by the id that Watchtower sends back beside it."""
    names = {}
    for request in consumer_requests():
        body = json.loads(request['body']) if 'NetworkID' in request['body'] else {}
        endpoints = (body.get('NetworkingConfig') or {}).get('EndpointsConfig') or {}
        if 'EndpointConfig' in body:
            endpoints[request['target'].split('/')[3]] = body['EndpointConfig']
        names.update({e['NetworkID']: name for name, e in endpoints.items() if e.get('NetworkID')})
    return names


def preset_gate(preset, own=None):
    gate = Gate('[policy]\npreset = %s\n' % preset + (OWN_LINES.get(preset, '') if own is None else own))
    engine_prepare(gate)
    return gate


def engine_prepare(gate):
    """Streams end at once, and networks are known by their ids."""
    gate.engine.on(STREAMS, b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
    names = network_names()

    def inspect(x):
        found = x.request.path.rpartition('/')[2]
        x.body()
        x.answer(200, json.dumps({'Id': found, 'Name': names[found], 'Labels': {}}).encode())
        return True
    gate.engine.on('^/networks/(%s)$' % '|'.join(names), inspect)


def send(gate, request):
    """Sends one request on a connection of its own; returns the answer and what reached the engine."""
    gate.engine.clear()
    with gate.connect() as client:
        send_recorded(client, request)
        response = client.read(request['method'])
    return response, [r for r in gate.engine.seen() if r.get('user-agent') != OURS]


def expect_forwarded(gate, request):
    """As it came; but a bare question mark, which go-dockerclient sends for an empty query, is left out."""
    response, seen = send(gate, request)
    expect(response.status < 300, lambda: 'status %d: %s' % (response.status, response.body))
    target = re.sub(r'\?$', '', request['target'])
    expect_equal([(r.method, r.target, r.body, r.defects) for r in seen],
                 [(request['method'], target, request['body'].encode(), [])], 'at the engine')
    login = dict(request['headers']).get('X-Registry-Auth')
    expect_equal((seen[0].get('x-registry-auth'), seen[0].get('cookie')), (login, None), 'login, cookie')


def expect_refused(gate, request):
    response, seen = send(gate, request)
    expect_equal((response.status, seen), (403, []), 'status and requests at the engine')


def case_name(number, request):
    path = re.sub('[0-9a-f]{64}', 'ID', request['target'].partition('?')[0])
    return '%02d_%s_%s' % (number, request['method'], path)


@check()
def each_preset_passes_every_request_of_its_consumers_and_refuses_what_goes_beyond(run):
    for (preset, consumer), requests in sorted(consumers().items()):
        with preset_gate(preset) as gate:
            for number, request in enumerate(requests):
                with run.case('%s/%s/%s' % (preset, consumer.replace(' ', '-'), case_name(number, request)), gate):
                    (expect_forwarded if request['passes'] else expect_refused)(gate, request)


@check()
def every_preset_has_a_consumer(run):
    presets = {name.rpartition('.')[0] for name in os.listdir(os.path.join(TREE, 'conf', 'presets'))}
    expect_equal({preset for preset, _ in consumers()} | {'compose', 'compose-attach'}, presets)


@check()
def no_other_preset_lets_an_updater_work(run):
    """Of Watchtower's changes, those that only the preset for updaters grants are refused by the others."""
    changes = re.compile('/(create|connect|disconnect|rename)')
    requests = [r for r in consumers()['update', 'Watchtower'] if changes.search(r['target'])]
    expect(len(requests) >= 8, 'too few requests')
    for preset in ('ping', 'events', 'logs', 'restart', 'read-only'):
        with run.case(preset), preset_gate(preset) as gate:
            for request in requests:
                expect_refused(gate, request)


@check()
def an_updater_gets_no_more_than_the_own_file_names(run):
    """Each line that the example of own lines holds is needed: without it one of Watchtower's requests is refused."""
    requests = consumers()['update', 'Watchtower']
    lines = OWN_LINES['update'].splitlines(keepends=True)
    for line in lines[3:]:
        with run.case(line.split()[0]), preset_gate('update', ''.join(x for x in lines if x != line)) as gate:
            refused = [r for r in requests if r['passes'] and send(gate, r)[0].status == 403]
            expect(0 < len(refused) < len(requests), '%d refused' % len(refused))
            expect_equal({r['method'] for r in refused}, {'POST'}, 'methods of what is refused')


def curl(gate, *args):
    """As autoheal's shell script calls it: brackets and braces behind backslashes, quotes as they are."""
    if not shutil.which('curl'):
        raise Skip('there is no curl')
    command = ['curl', '--max-time', str(WAIT), '--no-buffer', '-sS', '--fail', '--unix-socket', gate.addresses[0], *args]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=2 * WAIT, check=False)
    expect_equal(done.returncode, 0, 'exit code of curl (%s)' % done.stderr.decode())


@check()
def the_curl_of_autoheal_passes_with_unescaped_braces_and_quotes(run):
    recorded = {(r['method'], r['target']) for r in consumers()['restart', 'autoheal']}
    with preset_gate('restart') as gate:
        curl(gate, r'http://localhost/containers/json?filters=\{"health":\["unhealthy"\],"label":\["autoheal=true"\]\}')
        ill = re.search('[0-9a-f]{64}', str(recorded)).group(0)
        curl(gate, '-X', 'POST', 'http://localhost/containers/%s/restart?t=10' % ill)
        expect_equal(len(gate.engine.seen()), 2, 'requests')
        expect({(r.method, r.target) for r in gate.engine.seen()} <= recorded, 'curl sends something else than what was recorded')
