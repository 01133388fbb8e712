#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""network.py SUITE ROOT FILTER - who reaches a gate that listens by TCP; network starts it.

Five clients ask the same question at the same time: a container on the network of the example, one on
another network, one on Docker's default bridge, one on an internal network, and the host itself. For
each IPAddressAllow= it is known who gets which answer, and who gets none.
"""
import concurrent.futures
import os
import re
import sys
import tarfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
for folder in ('tests/packages', 'tests/systemd', 'tests/engine'):
    sys.path.insert(0, os.path.join(TOP, folder))
import checklist                                            # noqa: E402 (the folders above come first)
import engine                                               # noqa: E402
from box import expect, wait_for                            # noqa: E402
from checklist import check                                 # noqa: E402
from machine import AS_HOST, DIR, FILES, Machine            # noqa: E402

EXAMPLE = os.path.join(TOP, 'conf/examples/tcp')
SOCKET, SERVICE = 'sockgate@watch.socket', 'sockgate@watch.service'
SOCKET_CONF = '/etc/systemd/system/sockgate@watch.socket.d/socket.conf'
GATE, OTHER, INTERNAL, BRIDGE = '172.30.41.0/24', '172.30.42.0/24', '172.30.43.0/24', '172.17.0.0/16'
ON_BRIDGE, ON_INTERNAL, ON_LOOPBACK = '172.17.0.1', '172.30.43.1', '127.0.0.1'
CONTAINERS = {'gate': 'watch-dashboard-1', 'other': 'other', 'internal': 'internal', 'bridge': 'bridge'}
NOBODY = dict.fromkeys(list(CONTAINERS) + ['host'], 'nothing')
# Docker 26.1 gives containers on an internal network no route beyond it; 20.10 does.
NO_WAY = ('trixie',)
# A client that is to get nothing is given up soon; one that is to get an answer may wait for it on a busy machine.
SECONDS_NOTHING, SECONDS_ANSWER = 3, 30
# busybox's wget cannot look up names where it is linked statically.
CLIENT = r'printf "%s %s HTTP/1.1\r\nHost: %s:2375\r\nConnection: close\r\n\r\n" $1 $2 $3 | nc -w $4 $3 2375'
# What the clients say, in the words of nc and of curl. "no way": there is not even a route.
OUTCOMES = ((r'HTTP/1\.1 ([0-9]{3})', None), ('timed out', 'nothing'), ('unreachable', 'no way'),
            ('refused|Failed to connect|Could not connect', 'refused'))


def read(name):
    with open(os.path.join(EXAMPLE, name), encoding='utf-8') as f:
        return f.read()


def replaced(text, before, after):
    expect(before in text, 'the example does not say ' + before)
    return text.replace(before, after)


class World:
    def __init__(self, suite, root):
        os.makedirs(DIR + '/var-lib-docker')    # Docker's storage wants a file system that is no overlay
        image = engine.rootfs_busybox(DIR + '/image')
        with tarfile.open(FILES + '/image.tar', 'w') as tar:
            tar.add(image, arcname='.')
        self.suite = suite
        self.box = Machine('%s-network-%d' % (suite, os.getpid()), root,
                           AS_HOST + ['--bind=%s/var-lib-docker:/var/lib/docker' % DIR])
        self.machines = [self.box]

    def furnish(self):
        box = self.box
        box.sh('mkdir -p /usr/libexec/docker/cli-plugins; cp /opt/files/docker-compose /usr/libexec/docker/cli-plugins/')
        image = re.search(r'image: docker\.io/(\S+)', read('compose.yaml')).group(1)
        box.run('docker', 'import', '-c', 'CMD ["sleep", "100000"]', '/opt/files/image.tar', image)
        box.run('docker', 'network', 'create', '--subnet', OTHER, 'other')
        box.run('docker', 'network', 'create', '--internal', '--subnet', INTERNAL, 'internal')
        for name in ('bridge', 'other', 'internal'):
            box.run('docker', 'run', '-d', '--name', name, '--stop-signal', 'KILL', '--network', name, image)
        box.install('1')

    def client(self, name, address, seconds, method='GET', target='/v1.41/containers/json', more=()):
        """What this client gets: a status, or in one word why none."""
        if name == 'host':
            command = ['curl', '-sS', '-i', '-m', str(seconds), *more, 'http://%s:2375%s' % (address, target)]
        else:
            command = ['docker', 'exec', CONTAINERS[name], 'sh', '-c', CLIENT, 'sh', method, target, address, str(seconds)]
        text = self.box.run('sh', '-c', 'exec 2>&1; exec "$@"', 'sh', *command, check=False)[1]
        for pattern, outcome in OUTCOMES:
            found = re.search(pattern, text)
            if found:
                return outcome or found.group(1)
        return text

    def expect_reached(self, address=ON_BRIDGE, **answers):
        """Those named get this answer, and all others nothing."""
        wanted = {**NOBODY, **answers}
        if self.suite in NO_WAY and address == ON_BRIDGE:
            wanted['internal'] = 'no way'
        seconds = {name: SECONDS_NOTHING if what == 'nothing' else SECONDS_ANSWER for name, what in wanted.items()}
        with concurrent.futures.ThreadPoolExecutor(len(wanted)) as pool:
            tasks = {name: pool.submit(self.client, name, address, seconds[name]) for name in wanted}
        got = {name: task.result() for name, task in tasks.items()}
        wrong = ['%s gets %s, not %s' % (name, got[name], wanted[name]) for name in wanted if got[name] != wanted[name]]
        expect(not wrong, '; '.join(wrong))

    def listen(self, allow, address=ON_BRIDGE, peers=GATE):
        """The example with another line or two in it."""
        socket = replaced(read('socket.conf'), '\nIPAddressAllow=' + GATE, '\nIPAddressAllow=' + allow)
        self.box.write(SOCKET_CONF, replaced(socket, 'ListenStream=%s:' % ON_BRIDGE, 'ListenStream=%s:' % address))
        self.box.configure('watch', replaced(read('watch.conf'), '\naddresses = ' + GATE, '\naddresses = ' + peers))
        self.box.reload_units()
        self.box.systemctl('stop', SERVICE)
        self.box.systemctl('restart', SOCKET)

    def last_record(self, peer):
        """What the audit says of the last client in this subnet."""
        start = peer.rpartition('.')[0] + '.'
        return wait_for(lambda: [r for r in self.box.records('SOCKGATE_EVENT=request') if start in r['SOCKGATE_PEER']],
                        'a record of ' + peer)[-1]


@check()
def the_example_is_applied_as_its_readme_says(world):
    box = world.box
    box.boot()
    world.furnish()
    box.sh('mkdir /root/tcp')
    for name in ('compose.yaml', 'socket.conf', 'watch.conf'):
        box.write('/root/tcp/' + name, read(name))
    commands = [line for line in read('README').splitlines() if re.match(' {4}(install|systemctl|docker) ', line)]
    expect(len(commands) == 5, 'commands: %s' % commands)
    box.sh('exec 2>&1; cd /root/tcp\n' + '\n'.join(commands))
    address = box.run('docker', 'exec', CONTAINERS['gate'], 'sh', '-c', 'echo $DOCKER_HOST').strip()
    expect(address == 'tcp://host.docker.internal:2375', 'DOCKER_HOST: ' + address)
    # By the name that the container knows, in its Host line too.
    got = world.client('gate', 'host.docker.internal', SECONDS_ANSWER)
    expect(got == '200', 'the dashboard gets ' + got)
    record = world.last_record(GATE)
    expect(record['SOCKGATE_VERDICT'] == 'allow' and record.get('SOCKGATE_UID') is None, 'record: %s' % record)
    got = world.client('gate', 'host.docker.internal', SECONDS_ANSWER, 'POST', '/v1.41/containers/other/stop')
    expect(got == '403', 'a change gets ' + got)


@check('the_example_is_applied_as_its_readme_says')
def only_the_network_of_the_example_is_answered(world):
    world.listen(GATE)
    world.expect_reached(gate='200')
    # Docker masquerades what leaves the network's addresses, those of the host among them.
    got = world.client('host', ON_BRIDGE, SECONDS_NOTHING, more=('--interface', '172.30.41.1'))
    expect(got == 'nothing', 'the host gets %s from its address in that network' % got)


@check('the_example_is_applied_as_its_readme_says')
def another_network_is_answered_if_it_is_allowed(world):
    world.listen(OTHER, peers=OTHER)
    world.expect_reached(other='200')


@check('the_example_is_applied_as_its_readme_says')
def the_default_bridge_is_answered_if_it_is_allowed_and_the_host_from_its_address_there(world):
    world.listen(BRIDGE, peers=BRIDGE)
    world.expect_reached(bridge='200', host='200')


@check('the_example_is_applied_as_its_readme_says')
def an_internal_network_is_answered_if_it_is_allowed_and_has_a_way(world):
    world.listen(INTERNAL, peers=INTERNAL)
    world.expect_reached(internal='200')


@check('the_example_is_applied_as_its_readme_says')
def an_internal_network_is_answered_at_its_own_gateway_if_it_is_allowed(world):
    world.listen(INTERNAL, ON_INTERNAL, INTERNAL)
    # The gateway is the host, whose own packets to it come from it.
    world.expect_reached(ON_INTERNAL, internal='200', host='200')


@check('the_example_is_applied_as_its_readme_says')
def the_host_is_not_answered_at_that_gateway_if_the_container_s_address_alone_is_allowed(world):
    form = '{{.NetworkSettings.Networks.internal.IPAddress}}'
    address = world.box.run('docker', 'inspect', '-f', form, CONTAINERS['internal']).strip() + '/32'
    world.listen(address, ON_INTERNAL, address)
    world.expect_reached(ON_INTERNAL, internal='200')


@check('the_example_is_applied_as_its_readme_says')
def an_internal_network_gets_nothing_at_its_own_gateway_unless_it_is_allowed(world):
    world.listen(GATE, ON_INTERNAL)
    world.expect_reached(ON_INTERNAL, gate='200')


@check('the_example_is_applied_as_its_readme_says')
def without_an_allowed_address_nobody_is_answered_and_no_daemon_starts(world):
    world.listen('')
    world.expect_reached()
    expect(world.box.show(SERVICE, 'ActiveState') == 'inactive', 'a packet that was dropped has started the daemon')


@check('the_example_is_applied_as_its_readme_says')
def loopback_is_the_host_s_alone(world):
    world.listen('localhost', ON_LOOPBACK, '127.0.0.0/8')
    world.expect_reached(ON_LOOPBACK, host='200', gate='refused', other='refused', bridge='refused', internal='refused')
    world.expect_reached(host='refused', gate='refused', other='refused', bridge='refused', internal='refused')


@check('the_example_is_applied_as_its_readme_says')
def the_policy_turns_away_whom_systemd_lets_through(world):
    world.listen('any')
    world.expect_reached(gate='200', other='403', bridge='403', internal='403', host='403')
    for peer in (OTHER, BRIDGE) if world.suite in NO_WAY else (OTHER, BRIDGE, INTERNAL):
        record = world.last_record(peer)
        expect((record['SOCKGATE_VERDICT'], record['SOCKGATE_REASON']) == ('deny', 'peer-not-allowed'), 'record: %s' % record)


def main():
    suite, root, filter_text = sys.argv[1:]
    return checklist.run(suite, World(suite, root), filter_text)


if __name__ == '__main__':
    sys.exit(main())
