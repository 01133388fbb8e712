# SPDX-License-Identifier: Apache-2.0
"""[scope] by project and by id: the engine is asked first, and its word decides; execs belong to their maker."""
import json

from harness import Gate, check, check_both, expect, expect_equal

JSON = [('Content-Type', 'application/json')]
ID = {name: digit * 64 for name, digit in (('web', 'a'), ('mail', 'b'), ('bare', 'c'))}
PROJECT = {'web': 'shop', 'mail': 'other', 'bare': None}
NETWORK_ID = 'd' * 64
GRANTS = '[allow]\nCONTAINERS = full\nNETWORKS = write\nVOLUMES = write\nEXEC = write\n'
OURS = 'sockgate'


def reply(x, status, body):
    x.body()
    x.answer(status, json.dumps(body).encode())
    return True


def engine_knows(gate):
    """The engine answers inspects of three containers, a network and a volume, by name, id or prefix."""
    def inspect(x):
        asked = x.request.path.split('/')[2]
        for name, full in ID.items():
            if asked in (name, full) or len(asked) > 1 and full.startswith(asked):
                labels = {'com.docker.compose.project': PROJECT[name]} if PROJECT[name] else {}
                return answer(x, 200, {'Id': full, 'Name': '/' + name, 'Config': {'Labels': labels}})
        return answer(x, 404, {'message': 'No such container: ' + asked})

    def answer(x, status, body):
        x.body()
        if x.request.method != 'GET':
            x.send(b'HTTP/1.1 204 No Content\r\n\r\n')
            return True
        data = json.dumps(body).encode()
        x.answer(status, data)
        return True

    gate.engine.on('^/containers/[^/]+/json$', inspect)
    gate.engine.on('^/networks/(shop_default|%s)$' % NETWORK_ID, lambda x: answer(x, 200, {
        'Id': NETWORK_ID, 'Name': 'shop_default', 'Labels': {'com.docker.compose.project': 'shop'}}))
    gate.engine.on('^/volumes/shop_data$', lambda x: answer(x, 200, {
        'Name': 'shop_data', 'Labels': {'com.docker.compose.project': 'shop'}}))


def asked_by_client(gate):
    return [(r.method, r.path) for r in gate.engine.seen() if r.get('user-agent') != OURS]


@check_both
def projects_reach_their_own_objects_alone(run):
    stop = 'POST', '/containers/%s/stop'
    with Gate(GRANTS + '[scope]\nprojects = shop\n', listen=(run.transport,)) as gate:
        engine_knows(gate)
        for name, (method, target), asked, want, forwarded in (
                ('own_by_name', stop, 'web', 204, '/containers/%s/stop' % ID['web']),
                ('own_by_id', stop, ID['web'], 204, '/containers/%s/stop' % ID['web']),
                ('own_by_short_id', stop, 'aaaaaaaaaaaa', 204, '/containers/%s/stop' % ID['web']),
                ('own_with_version', ('POST', '/v1.41/containers/%s/stop'), 'web', 204, '/v1.41/containers/%s/stop' % ID['web']),
                ('other_project', stop, 'mail', 403, None), ('other_project_by_id', stop, ID['mail'], 403, None),
                ('no_project', stop, 'bare', 403, None), ('missing', stop, 'nobody', 404, None),
                ('logs_of_another', ('GET', '/containers/%s/logs?stdout=1'), 'mail', 403, None),
                ('remove_another', ('DELETE', '/containers/%s'), 'mail', 403, None),
                ('attach_another', ('POST', '/containers/%s/attach?stream=1'), 'mail', 403, None),
                ('exec_in_another', ('POST', '/containers/%s/exec'), 'mail', 403, None),
                ('own_network', ('DELETE', '/networks/%s'), 'shop_default', 204, '/networks/' + NETWORK_ID),
                ('own_volume', ('DELETE', '/volumes/%s'), 'shop_data', 204, '/volumes/shop_data')):
            with run.case(name, gate):
                gate.engine.clear()
                body = b'{"Cmd":["x"]}' if target.endswith('/exec') else None
                response = gate.ask(method, target % asked, JSON if body else (), body)
                expect_equal(response.status, want, 'status (%s)' % response.body[:300])
                expect_equal([p for _, p in asked_by_client(gate)], [forwarded] if forwarded else [], 'forwarded')
        for target in ('/containers/json', '/networks'):
            expect_equal(gate.ask('GET', target).status, 200)


@check_both
def a_create_under_projects_takes_what_is_of_the_project(run):
    config = GRANTS + '[container.create]\nvolumes = *\nnetworks = *\n[scope]\nprojects = shop\nvolumes = old_*\n'
    label = '"com.docker.compose.project":"shop"'
    mount = '"Mounts":[{"Type":"volume","Source":"none_such","Target":"/a"%s}]'
    with Gate(config, listen=(run.transport,)) as gate:
        engine_knows(gate)
        gate.engine.on('^/volumes/mail_data$', lambda x: reply(x, 200, {'Name': 'mail_data', 'Labels': {'com.docker.compose.project': 'mail'}}))
        gate.engine.on('^/networks/mail_net$', lambda x: reply(x, 200, {'Id': 'e' * 64, 'Name': 'mail_net', 'Labels': {}}))
        gate.engine.on('^/volumes/none_such$', lambda x: reply(x, 404, {'message': 'no such volume'}))
        for name, host, want in (
                ('own_volume', '"Binds":["shop_data:/a"]', 201), ('own_volume_and_network', '"Binds":["shop_data:/a"],"NetworkMode":"shop_default"', 201),
                ('volume_by_name', '"Binds":["old_data:/a"]', 201), ('volume_of_another', '"Binds":["mail_data:/a"]', 403),
                ('missing_volume', '"Binds":["none_such:/a"]', 403), ('missing_volume_in_a_mount', mount % '', 403),
                ('missing_volume_with_the_label', mount % (',"VolumeOptions":{"Labels":{%s}}' % label), 201),
                ('network_of_another', '"NetworkMode":"mail_net"', 403)):
            with run.case(name, gate):
                gate.engine.clear()
                body = ('{"Image":"alpine:3","Labels":{%s},"HostConfig":{%s}}' % (label, host)).encode()
                response = gate.ask('POST', '/v1.41/containers/create?name=shop-1', JSON, body)
                expect_equal(response.status, want, 'status (%s)' % response.body[:300])
                expect_equal([r.body for r in gate.engine.seen() if r.method == 'POST'], [body] if want == 201 else [])


@check()
def an_id_is_asked_about_once_and_a_name_each_time(run):
    with Gate(GRANTS + '[scope]\nprojects = shop\n') as gate:
        engine_knows(gate)
        for asked, want in ((ID['web'], 1), ('web', 3)):
            with run.case(asked[:3], gate):
                gate.engine.clear()
                for _ in range(3):
                    expect_equal(gate.ask('POST', '/containers/%s/stop' % asked).status, 204)
                n = sum(r.get('user-agent') == OURS for r in gate.engine.seen())
                expect_equal(n, want if asked == 'web' else n if n <= 1 else 1, 'own inspects')


@check()
def own_inspects_are_in_the_audit_as_ours(run):
    with Gate(GRANTS + '[scope]\nprojects = shop\n') as gate:
        engine_knows(gate)
        expect_equal(gate.ask('POST', '/containers/web/stop').status, 204)
        gate.stop()
        lookups = [r for r in gate.journal.all() if r.event == 'lookup']
        expect_equal([(r.reason, r.req_id) for r in lookups], [('own-inspect', gate.journal.requests()[-1].req_id)], 'records')


@check()
def names_in_scope_need_no_question_and_ids_are_resolved_on_request(run):
    scope = '[scope]\ncontainers = web\n'
    for name, text, asked, want, n_asked in (
            ('name', scope, 'web', 204, 0), ('other_name', scope, 'mail', 403, 0), ('id', scope, ID['web'], 403, 0),
            ('resolved_id', scope + 'resolve-ids = yes\n', ID['web'], 204, 1),
            ('resolved_id_of_another', scope + 'resolve-ids = yes\n', ID['mail'], 403, 1)):
        with run.case(name), Gate(GRANTS + text) as gate:
            engine_knows(gate)
            expect_equal(gate.ask('POST', '/containers/%s/stop' % asked).status, want)
            expect_equal(sum(r.get('user-agent') == OURS for r in gate.engine.seen()), n_asked, 'own inspects')


@check()
def an_engine_that_does_not_say_is_no_reason_to_go_on(run):
    answers = (('error', b'HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\n{}'), ('no_json', b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nxx'),
               ('no_id', b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'), ('half', b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}'),
               ('malformed', b'HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\n{}'))
    for name, data in answers:
        with run.case(name), Gate(GRANTS + '[scope]\nprojects = shop\n') as gate:
            def reply(x, data=data):
                x.body()
                x.send(data)
                return False
            gate.engine.on('^/containers/web/json$', reply)
            expect_equal(gate.ask('POST', '/containers/web/stop').status, 502)
            expect_equal(asked_by_client(gate), [])


@check()
def an_exec_belongs_to_the_instance_and_peer_that_made_it(run):
    with Gate(GRANTS + '[exec.create]\njudge = yes\ncommands = *\n') as gate:
        made = gate.ask('POST', '/containers/web/exec', JSON, b'{"Cmd":["true"]}')
        expect_equal(made.status, 201, 'status (%s)' % made.body[:200])
        full = json.loads(made.body)['Id']
        expect_equal(gate.ask('GET', '/exec/%s/json' % full).status < 300, True)
        expect_equal(gate.ask('POST', '/exec/%s/resize?h=1&w=1' % full).status < 300, True)
        expect_equal(gate.ask('GET', '/exec/%s/json' % ('e' * 64)).status, 403)
        expect(b'exec' in gate.ask('POST', '/exec/%s/start' % ('e' * 64), JSON, b'{}').body, 'no reason')
