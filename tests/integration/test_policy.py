# SPDX-License-Identifier: Apache-2.0
"""Grants, query rules, the echo rule, scope by name and shadow mode, seen from outside."""
from harness import ALL, READ, Gate, check, expect, expect_equal

JSON = [('Content-Type', 'application/json')]


def statuses(gate, requests):
    with gate.connect() as client:
        return [client.ask(m, t, JSON if b else (), b).status for m, t, b in requests]


def table(run, config, cases):
    """cases: name, method, target, body, status."""
    with Gate(config) as gate:
        for name, method, target, body, want in cases:
            with run.case(name, gate):
                gate.engine.clear()
                response = gate.ask(method, target, JSON if body else (), body)
                expect_equal(response.status, want, 'status (%s)' % response.body[:300])
                expect_equal(len(gate.engine.seen()), 1 if want < 400 else 0, 'requests at the engine')


ACTIONS = ('start', 'stop', 'restart', 'kill', 'pause', 'unpause')


@check()
def single_actions_are_granted_one_by_one(run):
    for key, granted in (('ALLOW_START', ('start',)), ('ALLOW_STOP', ('stop',)), ('ALLOW_RESTARTS', ('stop', 'restart', 'kill')),
                         ('ALLOW_PAUSE', ('pause',)), ('ALLOW_UNPAUSE', ('unpause',))):
        with run.case(key), Gate('[allow]\nCONTAINERS = yes\n%s = yes\n' % key) as gate:
            got = [a for a in ACTIONS if gate.ask('POST', '/containers/web/' + a).status < 300]
            expect_equal(tuple(got), tuple(a for a in ACTIONS if a in granted), 'allowed')


@check()
def levels_grant_reads_then_changes_then_the_rest(run):
    requests = (('GET', '/containers/json', None), ('POST', '/containers/web/start', b''), ('GET', '/containers/web/export', None))
    for text, want in (('CONTAINERS = no', [403, 403, 403]), ('CONTAINERS = read', [200, 403, 403]), ('CONTAINERS = write', [200, 204, 403]),
                       ('CONTAINERS = full', [200, 204, 200]), ('CONTAINERS = yes', [200, 403, 403]),
                       ('CONTAINERS = yes\nPOST = yes', [200, 204, 403]), ('POST = yes', [403, 403, 403]),
                       ('containers = READ', None), ('endpoints = container.list', [200, 403, 403]),
                       ('endpoints = container.*', [200, 204, 403]), ('endpoints = container.* container.export', [200, 204, 200]),
                       ('CONTAINERS = full\n[deny]\nendpoints = container.*', [403, 403, 403]),
                       ('CONTAINERS = full\n[deny]\nendpoints = container.start', [200, 403, 200])):
        with run.case(text.replace('\n', ' ').replace(' ', '_')), Gate('[allow]\n%s\n' % text) as gate:
            got = statuses(gate, requests)
            expect(want is None or got == want, lambda: 'statuses %s, want %s' % (got, want))


@check()
def an_operation_with_a_judge_is_judged_unless_that_is_switched_off(run):
    creates = [('POST', '/containers/create', b'{"Image":"alpine:3"%s}' % more)
               for more in (b'', b',"HostConfig":{"Privileged":true}', b',"Nothing":"known"')]
    for text, want in (('[allow]\nCONTAINERS = write\n', [201, 403, 403]),
                       ('[allow]\nCONTAINERS = write\n[container.create]\njudge = no\n', [201, 201, 201])):
        with run.case('judge_no' if 'judge' in text else 'judge_absent'), Gate(text) as gate:
            expect_equal(statuses(gate, creates), want)


@check()
def query_keys_are_judged(run):
    table(run, ALL, (
        ('known_key_of_a_change', 'POST', '/containers/web/stop?t=3', b'', 204),
        ('unknown_key_of_a_change', 'POST', '/containers/web/stop?t=3&x=1', b'', 403),
        ('unknown_key_of_a_read', 'GET', '/containers/json?x=1', None, 200),
        ('unknown_key_twice', 'GET', '/containers/json?x=1&x=2', None, 400),
        ('known_key_in_another_case', 'POST', '/containers/web/kill?Signal=TERM', b'', 400),
        ('repeatable_key_twice', 'GET', '/images/get?names=a&names=b', None, 200),
        ('checkpoint_of_start', 'POST', '/containers/web/start?checkpoint=c', b'', 403),
        ('empty_checkpoint_of_start', 'POST', '/containers/web/start?checkpoint=', b'', 204),
        ('ps_args_aux', 'GET', '/containers/web/top?ps_args=aux', None, 200),
        ('ps_args_with_environment', 'GET', '/containers/web/top?ps_args=-eo+pid,environ', None, 403),
        ('ps_args_with_a_path', 'GET', '/containers/web/top?ps_args=/etc', None, 403),
        ('plus_and_escapes_pass', 'GET', '/containers/json?filters=%7B%22a%22%3A%5B%22b+c%22%5D%7D', None, 200),
        ('key_without_value', 'GET', '/containers/json?all', None, 400),
    ))


@check()
def the_query_is_forwarded_as_it_came(run):
    with Gate(ALL) as gate:
        for query in ('filters=%7B%22a%22%3A%5B%22b+c%22%5D%7D&since=1', 'until=%31&since=', 'x=%e2%82%ac'):
            with run.case(query, gate):
                gate.engine.clear()
                gate.engine.on('^/events', b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
                expect_equal(gate.ask('GET', '/events?' + query).status, 200)
                expect_equal(gate.engine.seen()[0].query, query)


@check()
def options_in_query_and_body_alike_are_an_echo(run):
    table(run, ALL, (
        ('member_repeated_in_the_query', 'POST', '/containers/create?Image=a&name=b', b'{"Image":"a"}', 201),
        ('member_spelled_otherwise', 'POST', '/containers/create?image=a', b'{"Image":"a"}', 403),
        ('no_such_member', 'POST', '/containers/create?Nope=a', b'{"Image":"a"}', 403),
        ('body_that_repeats_the_query', 'POST', '/containers/web/stop?t=3', b'{"t":3}', 204),
        ('body_with_another_value', 'POST', '/containers/web/stop?t=3', b'{"t":4}', 400),
        ('body_with_another_key', 'POST', '/containers/web/stop?t=3', b'{"signal":"KILL"}', 400),
        ('body_with_a_list', 'POST', '/containers/web/stop?t=3', b'{"t":[3]}', 400),
        ('empty_object', 'POST', '/containers/web/stop?t=3', b'{}', 204),
        ('empty_object_on_start', 'POST', '/containers/web/start', b'{}', 204),
        ('anything_else_on_start', 'POST', '/containers/web/start', b'{"a":1}', 413),
    ))
    with Gate(ALL) as gate:
        with run.case('echo_keys_are_not_forwarded', gate):
            gate.ask('POST', '/containers/create?Image=a&name=b', JSON, b'{"Image":"a"}')
            expect_equal((gate.engine.seen()[0].query, gate.engine.seen()[0].body), ('name=b', b'{"Image":"a"}'))
        with run.case('echo_bodies_are_not_forwarded', gate):
            gate.engine.clear()
            gate.ask('POST', '/containers/web/stop?t=3', JSON, b'{"t":3}')
            request = gate.engine.seen()[0]
            expect_equal((request.query, request.body, request.get('content-type')), ('t=3', b'', None))
        with run.case('empty_authconfig_is_dropped', gate):
            gate.engine.clear()
            gate.ask('POST', '/images/create?fromImage=a&tag=1&authconfig=', (), b'')
            expect_equal(gate.engine.seen()[0].query, 'fromImage=a&tag=1')
        with run.case('authconfig_with_a_value_is_refused', gate):
            expect_equal(gate.ask('POST', '/images/create?fromImage=a&tag=1&authconfig=x', (), b'').status, 403)


@check()
def scope_limits_the_objects_by_name(run):
    scope = ALL + '[scope]\ncontainers = web-*\nnetworks = net_*\nvolumes = vol_*\n'
    table(run, scope, (
        ('container_in_scope', 'GET', '/containers/web-1/json', None, 200),
        ('container_out_of_scope', 'GET', '/containers/db/json', None, 403),
        ('change_in_scope', 'POST', '/containers/web-1/stop', b'', 204),
        ('change_out_of_scope', 'POST', '/containers/db/stop', b'', 403),
        ('full_id', 'POST', '/containers/%s/stop' % ('a' * 64), b'', 403),
        ('short_id', 'POST', '/containers/abc123/stop', b'', 403),
        ('two_digits', 'GET', '/containers/ab/json', None, 403),
        ('remove_out_of_scope', 'DELETE', '/containers/db', None, 403),
        ('rename_into_scope', 'POST', '/containers/db/rename?name=web-2', b'', 403),
        ('rename_out_of_scope', 'POST', '/containers/web-1/rename?name=db', b'', 403),
        ('rename_within_scope', 'POST', '/containers/web-1/rename?name=web-2', b'', 204),
        ('create_whose_body_is_not_judged', 'POST', '/containers/create?name=web-3', b'{"Image":"alpine:3"}', 403),
        ('create_out_of_scope', 'POST', '/containers/create?name=db', b'{"Image":"alpine:3"}', 403),
        ('create_without_a_name', 'POST', '/containers/create', b'{"Image":"alpine:3"}', 403),
        ('commit_out_of_scope', 'POST', '/commit?container=db&repo=x', b'{}', 403),
        ('commit_in_scope', 'POST', '/commit?container=web-1&repo=x', b'{}', 201),
        ('network_in_scope', 'GET', '/networks/net_a', None, 200),
        ('network_out_of_scope', 'GET', '/networks/bridge', None, 403),
        ('network_by_id', 'DELETE', '/networks/' + 'e' * 64, None, 403),
        ('volume_in_scope', 'GET', '/volumes/vol_a', None, 200),
        ('volume_out_of_scope', 'DELETE', '/volumes/data', None, 403),
        ('lists_name_no_object', 'GET', '/containers/json', None, 200),
    ))


@check()
def scope_limits_what_a_judged_body_names(run):
    scope = '[allow]\nendpoints = container.create network.connect network.create volume.create\n[container.create]\nvolumes = *\nnetworks = *\n' \
        'join-containers = web-* db\nlinks = *\n[scope]\ncontainers = web-*\nnetworks = net_*\nvolumes = vol_*\n'
    named = '/containers/create?name=web-3'

    def body(text):
        return ('{"Image":"alpine:3","HostConfig":{"NetworkMode":"net_a"%s}}' % (',' + text if text else '')).encode()

    table(run, scope, (
        ('create_in_scope', 'POST', named, body(''), 201),
        ('create_out_of_scope', 'POST', '/containers/create?name=db', body(''), 403),
        ('create_without_a_name', 'POST', '/containers/create', body(''), 403),
        ('leading_slash_of_the_name', 'POST', '/containers/create?name=/web-3', body(''), 201),
        ('joined_in_scope', 'POST', named, body('"PidMode":"container:web-1"'), 201),
        ('joined_out_of_scope', 'POST', named, body('"PidMode":"container:db"'), 403),
        ('volume_in_scope', 'POST', named, body('"Binds":["vol_a:/a"]'), 201),
        ('volume_out_of_scope', 'POST', named, body('"Binds":["data:/a"]'), 403),
        ('mounted_volume_out_of_scope', 'POST', named, body('"Mounts":[{"Type":"volume","Source":"data","Target":"/a"}]'), 403),
        ('link_out_of_scope', 'POST', named, body('"Links":["db:db"]'), 403),
        ('volumes_from', 'POST', named, body('"VolumesFrom":["web-1"]'), 403),
        ('connect_in_scope', 'POST', '/networks/net_a/connect', b'{"Container":"web-1"}', 200),
        ('connect_another_container', 'POST', '/networks/net_a/connect', b'{"Container":"db"}', 403),
        ('connect_to_another_network', 'POST', '/networks/bridge/connect', b'{"Container":"web-1"}', 403),
        ('network_create_in_scope', 'POST', '/networks/create', b'{"Name":"net_b"}', 201),
        ('network_create_out_of_scope', 'POST', '/networks/create', b'{"Name":"other"}', 403),
        ('volume_create_in_scope', 'POST', '/volumes/create', b'{"Name":"vol_b"}', 201),
        ('volume_create_out_of_scope', 'POST', '/volumes/create', b'{"Name":"other"}', 403),
        ('volume_create_without_a_name', 'POST', '/volumes/create', b'{}', 403),
    ))


@check()
def a_scope_that_hex_digits_could_match_is_no_configuration(run):
    for glob in ('*', 'a*', 'abc123'):
        with run.case(glob), Gate(ALL + '[scope]\ncontainers = %s\n' % glob) as gate:
            expect_equal(gate.ask('GET', '/_ping').status, 503)


@check()
def shadow_mode_forwards_what_the_policy_denies_and_says_so(run):
    with Gate('[policy]\nmode = shadow\n[peers]\nhosts =\n' + READ) as gate:
        expect_equal([gate.ask(*r).status for r in (('POST', '/containers/web/restart'), ('GET', '/containers/json'), ('GET', '/x/../_ping'),
                                                    ('GET', '/no/such/endpoint'))],
                     [204, 200, 400, 403])
        expect('shadow' in gate.process.log(), 'nothing is said')
        gate.notify.wait(lambda got: any('shadow: nothing is enforced' in g for g in got), 'a status')
        gate.stop()
        records = [(r.verdict, r.event) for r in gate.journal.all() if r.path == '/containers/web/restart']
        expect_equal(sorted(records), [('would-deny', 'decision'), ('would-deny', 'request')], 'records')


@check()
def podman_routes_need_engine_podman(run):
    podman = '[upstream]\nengine = podman\n[allow]\nLIBPOD_CONTAINERS = read\nLIBPOD_PING = read\nCONTAINERS = read\n'
    with Gate(podman) as gate:
        for name, method, target, want in (
                ('versioned', 'GET', '/v4.0.0/libpod/containers/json', 200), ('ping', 'GET', '/libpod/_ping', 200),
                ('versioned_ping', 'GET', '/v4.3.1/libpod/_ping', 200),
                ('not_granted', 'GET', '/v4.0.0/libpod/info', 403), ('docker_route', 'GET', '/v1.41/containers/json', 200),
                ('unknown_key_of_a_read', 'GET', '/v1.41/containers/json?x=1', 403)):
            with run.case(name, gate):
                expect_equal(gate.ask(method, target).status, want)


@check()
def exec_ids_of_others_are_refused(run):
    config = '[allow]\nEXEC = write\nCONTAINERS = read\n[exec.create]\njudge = no\nforeign-ids = %s\n'
    for value, want in (('yes', 200),):
        with run.case('foreign_ids_' + value), Gate(config % value) as gate:
            expect_equal(gate.ask('GET', '/exec/%s/json' % ('a' * 64)).status, want)
    with run.case('without_judge_no'), Gate('[allow]\nEXEC = write\n') as gate:
        expect_equal(gate.ask('POST', '/exec/%s/start' % ('a' * 64), JSON, b'{}').status, 403)
        expect_equal(gate.ask('GET', '/exec/%s/json' % ('a' * 64)).status, 403)
