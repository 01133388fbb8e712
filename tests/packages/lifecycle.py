#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""lifecycle.py SUITE HOST_ROOT PLAIN_ROOT FILTER - the checks of the package's life; lifecycle starts it.

Two machines: one with Docker and rootless Podman, one with neither. The checks run in the order of
this file and each leaves the machine as it found it, but for what others build on (`needs`).
"""
import contextlib
import os
import re
import subprocess
import sys
import tarfile
import time
import traceback

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
for folder in ('tests/packages', 'tests/systemd', 'tests/engine'):
    sys.path.insert(0, os.path.join(TOP, folder))
import cases_admin          # noqa: E402 (the folders above come first)
import engine               # noqa: E402
import readme               # noqa: E402
from box import WAIT, Fail, Skip, expect, wait_for      # noqa: E402
from load import Clients, Stream                        # noqa: E402
from machine import AS_HOST, DIR, FILES, Machine        # noqa: E402

EXAMPLES = '/usr/share/doc/sockgate/examples/'
NEW, OLD = 'new', 'old'
LOOK = ('GET', '/v1.41/containers/json')
CHECKS = {}


def check(*needs):
    def register(function):
        CHECKS[function.__name__] = (function, needs)
        return function
    return register


class World:
    """The two machines, each booted when the first check wants it."""

    def __init__(self, suite, host_root, plain_root):
        self.suite, self.roots = suite, {'host': host_root, 'plain': plain_root}
        self.machines = {}
        self.before = {}

    def machine(self, name):
        if name not in self.machines:
            self.machines[name] = self.make(name)
        return self.machines[name]

    @property
    def host(self):
        return self.machine('host')

    @property
    def plain(self):
        return self.machine('plain')

    def make(self, name):
        args = []
        if name == 'host':
            # Docker's storage wants a file system that is no overlay.
            os.makedirs(DIR + '/var-lib-docker')
            args = AS_HOST + ['--bind=%s/var-lib-docker:/var/lib/docker' % DIR]
        machine = Machine('%s-%s-%d' % (self.suite, name, os.getpid()), self.roots[name], args)
        machine.boot()
        machine.run('useradd', '--uid', '1000', '--create-home', '--home-dir', '/home/web', 'web')
        machine.run('useradd', '--uid', '1500', '--create-home', '--home-dir', '/home/rootless', 'rootless')
        if name == 'host':
            import_images(machine)
        return machine

    def down(self):
        for machine in self.machines.values():
            machine.down()


# ---- images: a busybox under the names of the examples, and the admin with docker and compose in it

def pack(folder, name):
    with tarfile.open(os.path.join(FILES, name), 'w') as tar:
        tar.add(folder, arcname='.')


def make_images():
    base = engine.rootfs_busybox(DIR + '/images/bb')
    pack(base, 'bb.tar')
    pack(cases_admin.image_rootfs(DIR + '/images/admin', base, '/usr/bin/docker', FILES + '/docker-compose'), 'admin.tar')


def import_images(machine):
    machine.sh('mkdir -p /usr/libexec/docker/cli-plugins; cp /opt/files/docker-compose /usr/libexec/docker/cli-plugins/')
    for name in ('assistant', 'channel-discord'):
        command = 'CMD ["sh", "-c", "trap exit TERM; echo %s is up; while :; do date; sleep 0.2; done"]' % name
        machine.run('docker', 'import', '-c', command, '/opt/files/bb.tar', 'openpalm/%s:1' % name)
    machine.run('docker', 'import', '/opt/files/admin.tar', 'openpalm/admin:1')
    machine.sh('rm /opt/files/admin.tar')


# ---- helpers

def status_of(answer, status):
    expect(answer[0] == status, 'status %d instead of %d: %s' % (answer[0], status, answer[1][:300]))


def service_of(name):
    return 'sockgate@%s.service' % name


@contextlib.contextmanager
def enabled(machine, name, policy, listener=''):
    """An instance as an administrator makes it; gone again at the end, files and all."""
    machine.configure(name, policy)
    if listener:
        machine.drop_in('sockgate@%s.socket' % name, listener)
        machine.reload_units()
    machine.systemctl('enable', '--now', 'sockgate@%s.socket' % name)
    try:
        yield name
    finally:
        machine.systemctl('disable', '--now', 'sockgate@%s.socket' % name, check=False)
        machine.systemctl('stop', service_of(name), check=False)
        machine.sh('rm -rf /etc/sockgate/%s.conf* /etc/systemd/system/sockgate@%s.*.d' % (name, name))
        machine.reload_units()


def expect_uid_alone(machine, name, uid, other):
    path = '/run/sockgate/%s/docker.sock' % name
    args = ('-o', '/dev/null', '-w', '%{http_code}', '--unix-socket', path, 'http://docker/_ping')
    expect(machine.curl(*args, user=uid) == '200', 'uid %d is not let in' % uid)
    expect(machine.curl(*args, user=other, check=False)[0], 'uid %d is let in' % other)


# ---- 1: the installation

@check()
def installed_nothing_listens_and_nothing_failed(world):
    host = world.host
    world.before['failed'] = host.failed()
    expect(not host.version().startswith('0'), 'it is there already')
    host.sh('exec 2>&1; DEBIAN_FRONTEND=noninteractive apt-get -q install -y /opt/files/new.deb')
    expect(host.version().endswith(' installed'), host.version())
    expect(not host.sockets() and not host.processes(), 'running: %s %s' % (host.sockets(), host.processes()))
    expect(not host.units(), 'loaded: %s' % host.units())
    expect(host.failed() == world.before['failed'], 'failed: %s' % host.failed())
    for group in ('sockgate', 'docker'):
        host.run('getent', 'group', group)
    for scope in ('--system', '--global'):
        lines = host.systemctl('list-unit-files', scope, '--plain', '--no-legend', 'sockgate*').splitlines()
        states = {line.split()[0]: line.split()[1:] for line in lines}
        expect(len(states) == 4, 'units of %s: %s' % (scope, states))
        for unit in ('sockgate.socket', 'sockgate@.socket'):
            expect(states[unit][:2] == ['disabled', 'disabled'], '%s of %s: %s' % (unit, scope, states[unit]))
    expect(host.run('journalctl', '--list-catalog').count('sockgate:') >= 10, 'the catalog is not compiled')


# ---- 2, 3: the README

@check('installed_nothing_listens_and_nothing_failed')
def readme_one_instance_for_each_consumer(world):
    host = world.host
    blocks = readme.blocks('One instance for each consumer')
    expect([b.kind for b in blocks] == ['commands', 'commands', 'file'], 'blocks: %s' % [b.kind for b in blocks])
    host.sh(blocks[0].text)
    expect('CONTAINER ID' in host.sh(blocks[1].text), 'docker ps shows no table')
    text = host.sh('exec 2>&1; setpriv --reuid=1000 --regid=1000 --groups sockgate ' + blocks[1].text)
    expect('CONTAINER ID' in text, 'a member of the group: ' + text)
    code, text = host.run('sh', '-c', 'exec 2>&1; ' + blocks[1].text.replace(' ps', ' run openpalm/assistant:1'), check=False)
    expect(code and 'sockgate: denied' in text, 'docker run through a gate to read: %d %s' % (code, text))
    # The third block grants restart to it, by a file beside its own, and takes a part of images away.
    expect(host.ask('watch', 'POST', '/v1.41/containers/none/restart')[0] == 403, 'restart was granted before')
    host.write('/etc/sockgate/watch.conf.d/restart.conf', blocks[2].text)
    host.systemctl('reload', service_of('watch'))
    wait_for(lambda: host.ask('watch', 'POST', '/v1.41/containers/none/restart')[0] == 404, 'the added grant')
    status_of(host.ask('watch', 'DELETE', '/v1.41/images/none'), 403)


def write_example(host, name, folder):
    host.sh('install -o 1000 -g 1000 -m 644 -D -t %s %sadmin/%s' % (folder, EXAMPLES, name))


ADMIN_FOLDERS = ('/home/web/.config/openpalm', '/home/web/.local/state/openpalm', '/home/web/.local/share/openpalm')
# What the README leaves to its reader: an image, and the folders at the paths that they have on the host.
ADMIN_MORE = '''
services:
  admin:
    image: openpalm/admin:1
    command: sleep 100000
    restart: unless-stopped
    stop_signal: SIGKILL
    cap_drop: [ALL]
    working_dir: /home/web/.config/openpalm
    environment: {HOME: /home/web, DOCKER_CONFIG: /tmp/docker}
    volumes: [%s]
''' % ', '.join('"%s:%s"' % (f, f) for f in ADMIN_FOLDERS)
ADMIN_ID = ('docker', 'inspect', '-f', '{{.Id}}', 'host-admin-1')


def in_admin(host, *command, check=True):
    code, text = host.run('sh', '-c', 'exec docker exec host-admin-1 "$@" 2>&1', 'sh', *command, check=False)
    expect(not check or not code, '%s: exit code %d: %s' % (' '.join(command), code, text[-600:]))
    return text if check else (code, text)


def compose(host, *command, overlay=False):
    files = ['-f', 'stack.yaml'] + ['-f', 'overlay.yaml'] * overlay
    return in_admin(host, 'docker', 'compose', '-p', 'openpalm', *files, *command)


def running(host):
    text = host.run('docker', 'ps', '--filter', 'label=com.docker.compose.project=openpalm', '--format', '{{.Names}}')
    return sorted(text.split())


@check('installed_nothing_listens_and_nothing_failed')
def readme_admin_container_runs_compose_with_an_overlay(world):
    host = world.host
    blocks = readme.blocks('The admin container')
    expect([b.kind for b in blocks] == ['file', 'file', 'commands', 'compose', 'answer'], 'blocks: %s' % [b.kind for b in blocks])
    for block in blocks[:2]:
        host.write(block.path, block.text)
    host.sh(blocks[2].text)
    host.sh('install -o 1000 -g 1000 -m 755 -d /home/web/.config /home/web/.local %s' % ' '.join(ADMIN_FOLDERS))
    for name in ('stack.yaml', 'overlay.yaml'):
        write_example(host, name, ADMIN_FOLDERS[0])
    host.write('/root/admin.yaml', blocks[3].text)
    host.write('/root/more.yaml', ADMIN_MORE)
    host.sh('exec 2>&1; docker compose -p host -f /root/admin.yaml -f /root/more.yaml up -d')
    expect('uid=1000' in in_admin(host, 'id'), 'the admin is somebody else')
    compose(host, 'up', '-d')
    expect(running(host) == ['openpalm-assistant-1'], 'running: %s' % running(host))
    expect('assistant' in compose(host, 'ps'), 'compose ps does not show it')
    wait_for(lambda: 'assistant is up' in compose(host, 'logs'), 'its line in the log')
    compose(host, 'restart')
    compose(host, 'up', '-d', overlay=True)
    expect(running(host) == ['openpalm-assistant-1', 'openpalm-discord-1'], 'running: %s' % running(host))
    compose(host, 'up', '-d', '--remove-orphans')
    expect(running(host) == ['openpalm-assistant-1'], 'running: %s' % running(host))
    compose(host, 'down')
    expect(not running(host), 'running after down: %s' % running(host))


@check('readme_admin_container_runs_compose_with_an_overlay')
def denied_exec_is_recorded_with_the_container_that_asked(world):
    host = world.host
    compose(host, 'up', '-d')
    code, text = in_admin(host, 'docker', 'exec', 'openpalm-assistant-1', 'true', check=False)
    expect(code and 'sockgate: denied: POST' in text, 'exit code %d: %s' % (code, text))
    admin = host.run(*ADMIN_ID).strip()
    record = host.wait_record('SOCKGATE_CONTAINER=' + admin, 'SOCKGATE_ENDPOINT=exec.create', 'SOCKGATE_VERDICT=deny')
    expect(record['SOCKGATE_UID'] == '1000' and record['_SYSTEMD_UNIT'] == 'sockgate@admin.service', '%s' % record)
    expect(record['SOCKGATE_REQ_ID'] in text, 'the client was shown another id: ' + text)
    compose(host, 'down')


@check('readme_one_instance_for_each_consumer', 'readme_admin_container_runs_compose_with_an_overlay')
def instances_of_two_uids_keep_their_policies_at_the_same_time(world):
    host = world.host
    with enabled(host, 'ping', '[policy]\npreset = ping\n', '[Socket]\nSocketUser=1500\nSocketMode=0600\n'):
        expect_uid_alone(host, 'ping', 1500, 1000)
        expect_uid_alone(host, 'admin', 1000, 1500)
        status_of(host.ask('ping', *LOOK), 403)
        status_of(host.ask('admin', *LOOK), 200)
        status_of(host.ask('watch', 'GET', '/v1.41/volumes'), 200)
        pids = [host.main_pid(service_of(name)) for name in ('ping', 'admin', 'watch')]
        uids = {host.run('stat', '-c', '%u', '/proc/%d' % pid).strip() for pid in pids}
        expect(len(set(pids)) == len(uids) == 3 and '0' not in uids, 'pids %s, uids %s' % (pids, uids))


# ---- 4: the reboot

@check('readme_one_instance_for_each_consumer', 'readme_admin_container_runs_compose_with_an_overlay')
def enabled_instances_come_back_with_the_machine(world):
    host = world.host
    host.power_off()
    host.boot()
    for name in ('watch', 'admin'):
        expect(host.is_active('sockgate@%s.socket' % name), 'the socket of %s is not active' % name)
        expect(not host.main_pid(service_of(name)) or name == 'admin', 'a daemon runs before anybody asked')
        status_of(host.ask(name, *LOOK), 200)
    wait_for(lambda: in_admin(host, 'id', check=False)[0] == 0, 'the admin container')
    compose(host, 'up', '-d')
    compose(host, 'down')
    expect(host.failed() == world.before['failed'], 'failed: %s' % host.failed())


# ---- 5: upgrades

LOAD = '[policy]\npreset = compose\n[limits]\nidle-exit = 0\ndrain-timeout = 3s\n'
N_STREAMS = 20
N_HALF = 1000           # requests before, and as many after it


def socket_identity(host, name):
    """A restarted socket unit makes another file, at another time."""
    stat = os.stat(host.socket_path(name))
    return stat.st_ino, stat.st_ctime_ns, host.show('sockgate@%s.socket' % name, 'ActiveEnterTimestampMonotonic')


def open_streams(host, container):
    targets = ('/v1.41/events', '/v1.41/containers/%s/logs?stdout=1&follow=1&tail=1' % container)
    streams = [Stream(host.socket_path('load'), targets[i % 2]) for i in range(N_STREAMS)]
    wait_for(lambda: all(s.is_open() for s in streams), 'the head of each stream')
    return streams


def replace_under_load(host, which, version):
    """Install another version while clients work; returns what a reader of the log wants to know."""
    container = host.run('docker', 'run', '-d', 'openpalm/assistant:1').strip()
    pid, identity = host.main_pid(service_of('load')), socket_identity(host, 'load')
    try:
        streams = open_streams(host, container)
        with Clients(host.socket_path('load'), container) as clients:
            wait_for(lambda: clients.n_answers >= N_HALF or clients.wrong, '%d answers before' % N_HALF, 2 * WAIT)
            expect(all(s.is_open() for s in streams), 'a stream ended before the restart')
            start = time.monotonic()
            host.install(which)
            took = time.monotonic() - start
            n_during = clients.n_answers
            wait_for(lambda: clients.n_answers >= n_during + N_HALF or clients.wrong, '%d answers after' % N_HALF, 2 * WAIT)
        expect(not clients.wrong, '%d of %d went wrong: %s' % (len(clients.wrong), clients.n_answers, clients.wrong[:3]))
        expect(host.version() == version + ' installed', host.version())
        expect(socket_identity(host, 'load') == identity, 'the socket was made anew')
        expect(host.main_pid(service_of('load')) not in (0, pid), 'the same process as before')
        expect_nothing_done_twice(host, clients)
        expect_streams_drained(host, streams, pid, start)
        again = open_streams(host, container)
        for stream in streams + again:
            stream.close()
        print('   %d answers (%d sent again, after the gate closed an idle connection), slowest %.1f s; dpkg took %.1f s' % (
            clients.n_answers, clients.n_again, clients.slowest, took))
    finally:
        host.run('docker', 'rm', '-f', container)


def expect_nothing_done_twice(host, clients):
    """Every change that was answered is in force, and no other is."""
    names = host.run('docker', 'volume', 'ls', '-q').split()
    expect(sorted(n for n in names if n.startswith('load-')) == sorted(clients.volumes), 'volumes and answers differ')
    made = host.records('_SYSTEMD_UNIT=' + service_of('load'), 'SOCKGATE_EVENT=request', 'SOCKGATE_ENDPOINT=volume.create')
    expect(len(made) >= len(clients.volumes), '%d records of %d changes' % (len(made), len(clients.volumes)))
    host.sh('docker volume ls -q | grep ^load- | xargs docker volume rm >/dev/null')


def expect_streams_drained(host, streams, pid, start):
    """They go on until drain-timeout, then their connections end within the body, and each leaves its second record."""
    wait_for(lambda: all(s.ended for s in streams), 'the end of each stream')
    expect(all(s.is_cut() for s in streams), 'a stream ended as if nothing more were to come: %s' % [s.error for s in streams])
    logs = [s for i, s in enumerate(streams) if i % 2]
    expect(all(s.last - start > 2 for s in logs), 'a log was cut before drain-timeout')
    ends = wait_for(lambda: end_records(host, pid), 'the second record of each stream', pause=0.3)
    expect(all(r['SOCKGATE_REASON'] == 'stopped' for r in ends), 'reasons %s' % {r['SOCKGATE_REASON'] for r in ends})


def end_records(host, pid):
    """Of the streams alone: statistics count as one too, even if only one answer was asked for."""
    ends = [r for r in host.records('_PID=%d' % pid, 'SOCKGATE_EVENT=tunnel-end') if not r['SOCKGATE_PATH'].endswith('/stats')]
    return ends if len(ends) >= N_STREAMS else None


@contextlib.contextmanager
def load_instance(host):
    with enabled(host, 'load', LOAD):
        status_of(host.ask('load', *LOOK), 200)
        yield


@check('installed_nothing_listens_and_nothing_failed')
def downgrade_under_load_loses_no_request_and_keeps_the_socket(world):
    with load_instance(world.host):
        replace_under_load(world.host, OLD, '0.0.9-1')


@check('downgrade_under_load_loses_no_request_and_keeps_the_socket')
def upgrade_under_load_loses_no_request_and_keeps_the_socket(world):
    with load_instance(world.host):
        replace_under_load(world.host, NEW, '0.1.0-1')


@check('installed_nothing_listens_and_nothing_failed')
def bad_drop_in_at_an_upgrade_is_answered_with_its_file_and_line(world):
    host = world.host
    with enabled(host, 'bad', '[policy]\npreset = logs\n'):
        status_of(host.ask('bad', *LOOK), 200)
        host.write('/etc/sockgate/bad.conf.d/10-more.conf', '[allow]\nendpoints = container.frobnicate\n')
        host.install(NEW)
        answer = host.ask('bad', *LOOK)
        status_of(answer, 503)
        expect(service_of('bad') in answer[1], 'the answer does not say where to look: ' + answer[1])
        told = host.run('sh', '-c', 'systemctl status --no-pager "$1"; true', 'sh', service_of('bad'))
        expect('10-more.conf:2' in told and 'container.frobnicate' in told, 'systemctl status: ' + told)
        expect(host.failed() == world.before['failed'], 'failed: %s' % host.failed())
        host.sh('rm /etc/sockgate/bad.conf.d/10-more.conf')
        host.systemctl('reload', service_of('bad'))
        wait_for(lambda: host.ask('bad', *LOOK)[0] == 200, 'the cured configuration')


# ---- 7: units of users

UID = 1500
USER_SOCKET = '/run/user/%d/sockgate/dozzle/docker.sock' % UID


def as_user(host, *command, **options):
    who = ('setpriv', '--reuid=%d' % UID, '--regid=%d' % UID, '--init-groups', 'env', 'HOME=/home/rootless', 'USER=rootless')
    return host.run(*who, 'XDG_RUNTIME_DIR=/run/user/%d' % UID, 'sh', '-euc', 'cd; exec "$@"', 'sh', *command, **options)


def start_user_manager(host):
    """By the file that loginctl writes: in a container that has no devices its logind does not."""
    host.sh('mkdir -p /var/lib/systemd/linger; touch /var/lib/systemd/linger/rootless')
    code, text = host.run('sh', '-c', 'exec 2>&1; systemctl start user@%d.service' % UID, check=False)
    if code:
        raise Skip('no user manager: ' + text)
    wait_for(lambda: as_user(host, 'systemctl', '--user', 'is-system-running', check=False)[1].strip() in ('running', 'degraded'),
             'the user manager')


# A box has no controllers of cgroups for users and no tun device for them, and its own disk is an overlay.
PODMAN_FILES = {
    'containers.conf': '[containers]\ncgroups = "disabled"\nnetns = "none"\nlog_driver = "k8s-file"\n',
    'storage.conf': '[storage]\ndriver = "vfs"\n',
}


def start_rootless_container(host):
    for name, text in PODMAN_FILES.items():
        host.write('/home/rootless/.config/containers/' + name, text)
    host.sh('chown -R rootless: /home/rootless/.config')
    as_user(host, 'podman', 'import', '/opt/files/bb.tar', 'bb')
    as_user(host, 'podman', 'run', '-d', '--name', 'mine', 'bb', 'sh', '-c', 'echo said in a rootless container; sleep 1000')


def user_pid(host):
    return int(as_user(host, 'systemctl', '--user', 'show', '-p', 'MainPID', '--value', service_of('dozzle')) or 0)


def ask_user_instance(host, target):
    return host.curl('-w', '\n%{http_code}', '--unix-socket', USER_SOCKET, 'http://docker' + target, user=UID).rsplit('\n', 1)


@check('installed_nothing_listens_and_nothing_failed')
def user_unit_serves_rootless_podman_and_upgrades_restart_it(world):
    """It runs on: the removal has to end it."""
    host = world.host
    start_user_manager(host)
    start_rootless_container(host)
    as_user(host, 'install', '-m', '644', '-D', '-t', '/home/rootless/.config/sockgate', EXAMPLES + 'rootless-podman/dozzle.conf')
    as_user(host, 'install', '-m', '644', '-D', '-t', '/home/rootless/.config/systemd/user/sockgate@dozzle.service.d',
            EXAMPLES + 'rootless-podman/podman.conf')
    as_user(host, 'systemctl', '--user', 'daemon-reload')
    as_user(host, 'systemctl', '--user', 'enable', '--now', 'podman.socket', 'sockgate@dozzle.socket')
    text, status = ask_user_instance(host, '/v1.41/version')
    expect(status == '200' and 'Podman' in text, '%s: %s' % (status, text))
    text = as_user(host, 'docker', '-H', 'unix://' + USER_SOCKET, 'logs', 'mine')
    expect('said in a rootless container' in text, 'docker logs: ' + text)
    expect(ask_user_instance(host, '/v1.41/secrets')[1] == '403', 'secrets are shown')
    for verdict in ('allow', 'deny'):
        record = host.wait_record('_SYSTEMD_USER_UNIT=' + service_of('dozzle'), 'SOCKGATE_VERDICT=' + verdict)
        expect(record['SOCKGATE_UID'] == str(UID), '%s' % record)
    pid = user_pid(host)
    said = host.install(NEW)
    expect(user_pid(host) not in (0, pid), 'the daemon of the user is still the old one: ' + said)
    expect(ask_user_instance(host, LOOK[1])[1] == '200', 'no answer after the upgrade')


@check('user_unit_serves_rootless_podman_and_upgrades_restart_it')
def stopped_manager_of_a_user_does_not_keep_an_upgrade_from_its_end(world):
    host = world.host
    manager = host.show('user@%d.service' % UID, 'MainPID')
    host.kill('STOP', manager)
    try:
        start = time.monotonic()
        said = host.install(NEW)
        print('   dpkg took %.1f s' % (time.monotonic() - start))
        expect('user %d' % UID in said, 'nobody is told: ' + said)
    finally:
        host.kill('CONT', manager)
    expect(host.version().endswith(' installed'), host.version())


# ---- 8: what can go wrong

READ = '[policy]\npreset = read-only\n'


@check('installed_nothing_listens_and_nothing_failed')
def stopped_engine_is_named_and_found_again_without_any_action(world):
    host = world.host
    with enabled(host, 'away', READ):
        host.systemctl('stop', 'docker.socket', 'docker.service')
        host.sh('rm -f /run/docker.sock')
        answer = host.ask('away', *LOOK)
        status_of(answer, 502)
        try:
            expect('does the engine run' in answer[1], 'the answer does not say what to look at: ' + answer[1])
            told = host.sh('journalctl --sync; journalctl --no-pager -x -u "$1"', 'sh', service_of('away'))
            expect('systemctl status docker.service' in told, 'the catalog does not say what to do: ' + told)
        finally:
            host.systemctl('start', 'docker.service')
        status_of(host.ask('away', *LOOK), 200)
        expect(host.failed() == world.before['failed'], 'failed: %s' % host.failed())


@check('installed_nothing_listens_and_nothing_failed')
def missing_group_of_the_engine_is_told_and_cured_by_sysusers(world):
    """As long as one instance runs, systemd remembers the number for all: none does here."""
    host = world.host
    host.systemctl('stop', 'sockgate@*.service')
    host.run('groupdel', 'docker')
    try:
        with enabled(host, 'nogroup', READ):
            answer = host.ask('nogroup', *LOOK)
            status_of(answer, 502)
            expect('Group=' in answer[1], 'the answer does not speak of a group: ' + answer[1])
            expect(host.is_active('sockgate@nogroup.socket'), 'the socket failed')
            host.systemctl('stop', service_of('nogroup'))
            host.run('systemd-sysusers')
            host.systemctl('restart', 'docker.socket', 'docker.service')
            status_of(host.ask('nogroup', *LOOK), 200)
    finally:
        host.run('systemd-sysusers')
        host.systemctl('restart', 'docker.socket', 'docker.service')


@check('installed_nothing_listens_and_nothing_failed')
def folder_in_the_place_of_the_socket_is_named_by_systemd(world):
    """Docker makes one when a container mounts the socket file before it is there."""
    host = world.host
    host.sh('mkdir -p /run/sockgate/taken/docker.sock')
    with enabled_late(host, 'taken', READ):
        code, text = host.run('sh', '-c', 'exec 2>&1; systemctl start sockgate@taken.socket', check=False)
        expect(code, 'it started: ' + text)
        told = host.run('journalctl', '--no-pager', '-o', 'cat', '-u', 'sockgate@taken.socket')
        expect('/run/sockgate/taken/docker.sock' in told, 'the journal does not name the path: ' + told)
        host.sh('rmdir /run/sockgate/taken/docker.sock')
        host.systemctl('start', 'sockgate@taken.socket')
        status_of(host.ask('taken', *LOOK), 200)


@contextlib.contextmanager
def enabled_late(host, name, policy):
    """Enabled, and not started."""
    host.configure(name, policy)
    host.systemctl('enable', 'sockgate@%s.socket' % name)
    try:
        yield
    finally:
        host.systemctl('disable', '--now', 'sockgate@%s.socket' % name, check=False)
        host.systemctl('stop', service_of(name), check=False)
        host.sh('rm -rf "/etc/sockgate/$1.conf" "/run/sockgate/$1"', 'sh', name)
        host.systemctl('reset-failed', 'sockgate@*', check=False)


@check('installed_nothing_listens_and_nothing_failed')
def file_in_the_place_of_the_socket_is_replaced(world):
    """So systemd does it: whatever lies in /run/sockgate lies there by somebody who is root."""
    host = world.host
    host.sh('mkdir -p /run/sockgate/stale; echo x >/run/sockgate/stale/docker.sock')
    with enabled(host, 'stale', READ):
        status_of(host.ask('stale', *LOOK), 200)


@check('installed_nothing_listens_and_nothing_failed')
def read_only_etc_is_no_obstacle_to_an_enabled_instance(world):
    host = world.host
    with enabled(host, 'rofs', READ):
        host.sh('mount --bind /etc /etc; mount -o remount,bind,ro /etc')
        try:
            expect(host.run('touch', '/etc/x', check=False)[0], '/etc can be written')
            status_of(host.ask('rofs', *LOOK), 200)
            host.systemctl('restart', 'sockgate@rofs.socket')
            status_of(host.ask('rofs', *LOOK), 200)
            code, text = host.run('sh', '-c', 'exec 2>&1; systemctl enable sockgate@other.socket', check=False)
            expect(code and 'Read-only file system' in text, 'enable: %d %s' % (code, text))
        finally:
            host.run('umount', '/etc')


JOURNAL_UNITS = ('systemd-journald.socket', 'systemd-journald-dev-log.socket', 'systemd-journald-audit.socket')


@check('installed_nothing_listens_and_nothing_failed')
def without_a_journal_only_changes_that_must_be_recorded_are_refused(world):
    host = world.host
    change = ('POST', '/v1.41/containers/none/restart')
    with enabled(host, 'nolog', '[policy]\npreset = restart\n[audit]\nrequired = changes\n'):
        host.systemctl('stop', *JOURNAL_UNITS, 'systemd-journald.service')
        host.sh('rm -f /run/systemd/journal/socket')
        try:
            status_of(host.ask('nolog', *LOOK), 200)
            answer = host.ask('nolog', *change)
            status_of(answer, 503)
            expect('cannot be recorded' in answer[1], answer[1])
            host.install(NEW)
            status_of(host.ask('nolog', *LOOK), 200)
        finally:
            host.systemctl('start', JOURNAL_UNITS[0], JOURNAL_UNITS[1], 'systemd-journald.service')
        wait_for(lambda: host.ask('nolog', *change)[0] == 404, 'changes that are recorded again')


# ---- 9: the test of the package itself

def run_autopkgtest(machine):
    for name in ('activation', 'engine.py'):
        with open(os.path.join(TOP, 'debian/tests', name), encoding='utf-8') as f:
            machine.write('/opt/files/autopkgtest/' + name, f.read(), 0o755)
    code, text = machine.run('sh', '-c', 'exec 2>&1; /opt/files/autopkgtest/activation', check=False)
    expect(not code, 'exit code %d: %s' % (code, text[-600:]))
    expect(not [path for path in machine.sockets() if 'autopkgtest' in path], 'it leaves its socket')


@check('installed_nothing_listens_and_nothing_failed')
def autopkgtest_passes_with_the_engine_of_the_host(world):
    run_autopkgtest(world.host)


# ---- 6: the end

@check('readme_one_instance_for_each_consumer', 'user_unit_serves_rootless_podman_and_upgrades_restart_it')
def removal_stops_and_disables_every_instance_and_keeps_the_configuration(world):
    host = world.host
    with enabled(host, 'gone', READ):
        status_of(host.ask('watch', *LOOK), 200)
        status_of(host.ask('gone', *LOOK), 200)
        host.dpkg('-r', 'sockgate')
        expect(not host.processes() and not host.sockets(), 'left: %s %s' % (host.processes(), host.sockets()))
        expect(host.run('test', '-e', '/run/sockgate/watch/docker.sock', check=False)[0], 'the socket file is left')
        left = host.sh('find /etc/systemd -name "sockgate*" -path "*.wants/*"')
        expect(not left, 'still enabled: ' + left)
        expect(not host.units(), 'units: %s' % host.units())
        expect('preset = read-only' in host.read('/etc/sockgate/watch.conf'), 'the configuration is gone')
        host.install(NEW)
        expect(not host.sockets(), 'something listens after the installation')
        host.systemctl('enable', '--now', 'sockgate@watch.socket')
        status_of(host.ask('watch', *LOOK), 200)


@check('removal_stops_and_disables_every_instance_and_keeps_the_configuration')
def purge_beside_an_engine_leaves_the_engine_alone(world):
    host = world.host
    host.dpkg('--purge', 'sockgate')
    expect(not host.processes() and not host.sockets() and not host.units(), 'something is left')
    expect(host.run('test', '-e', '/etc/sockgate', check=False)[0], '/etc/sockgate is left')
    expect(host.run('getent', 'group', 'sockgate', check=False)[0], 'the group is left')
    host.run('getent', 'group', 'docker')
    host.run('docker', 'ps')
    expect(host.failed() == world.before['failed'], 'failed: %s' % host.failed())


@check()
def purge_leaves_a_host_without_an_engine_as_it_was(world):
    plain = world.plain
    if world.suite == 'trixie':
        plain.sh('exec 2>&1; dpkg -i /opt/files/libllhttp*.deb')
    before = plain.files(), plain.accounts(), plain.failed(), plain.run('journalctl', '--list-catalog')
    expect(plain.run('getent', 'group', 'docker', check=False)[0], 'a group docker without an engine')
    plain.install(NEW)
    live_without_an_engine(plain)
    plain.dpkg('--purge', 'sockgate')
    after = plain.files(), plain.accounts(), plain.failed(), plain.run('journalctl', '--list-catalog')
    expect(not plain.sockets() and not plain.processes() and not plain.units(), 'something is left')
    for what, was, now in zip(('files', 'accounts', 'failed units'), before, after):
        expect(was == now, '%s: new %s, missing %s' % (what, sorted(set(now) - set(was))[:9], sorted(set(was) - set(now))[:9]))
    expect(before[3] == after[3], 'the catalog is another one')


def live_without_an_engine(plain):
    """Instances in every way that leaves something on disk; the engine comes after them."""
    listener = '[Socket]\nSocketUser=1000\n'
    for name in ('one', 'two'):
        plain.configure(name, READ)
        plain.drop_in('sockgate@%s.socket' % name, listener)
    plain.configure('default', READ)
    plain.drop_in('sockgate.service', '[Service]\nNice=5\n')
    plain.reload_units()
    plain.systemctl('enable', '--now', 'sockgate@one.socket', 'sockgate@two.socket', 'sockgate.socket')
    plain.systemctl('--global', 'enable', 'sockgate.socket')
    answer = plain.ask('one', *LOOK)
    status_of(answer, 502)
    expect('does the engine run' in answer[1], 'the answer does not say what to look at: ' + answer[1])
    run_autopkgtest(plain)
    plain.run('systemd-run', '-q', '--unit=late-engine', '/usr/bin/python3', '/opt/files/autopkgtest/engine.py', '/run/docker.sock')
    wait_for(lambda: plain.ask('one', *LOOK)[0] == 200, 'the engine that came later')
    for name in ('two', 'default'):
        status_of(plain.ask(name, *LOOK), 200)
    plain.systemctl('stop', 'late-engine.service')
    plain.sh('rm -f /run/docker.sock')


# ---- the run

def wanted(filter_text):
    names = [name for name in CHECKS if re.search(filter_text, name)]
    for name in names:
        names += [need for need in CHECKS[name][1] if need not in names]
    return [name for name in CHECKS if name in names]


def run_check(world, name):
    """Returns 'ok', 'FAIL' or 'skip'."""
    start, why, said = time.monotonic(), '', 'ok'
    try:
        CHECKS[name][0](world)
    except Skip as e:
        said, why = 'skip', str(e)
    except Fail as e:
        said, why = 'FAIL', str(e)
    except Exception:       # pylint: disable=broad-except
        said, why = 'FAIL', traceback.format_exc()
    line = '%s %s_%s' % (said, world.suite, name)
    print(line + (': ' + ' '.join(why.split()) if why else ''))
    if said == 'FAIL':
        show_journals(world)
    if os.environ.get('TIMES'):
        print('   %.1f s' % (time.monotonic() - start))
    sys.stdout.flush()
    return said


def show_journals(world):
    for machine in world.machines.values():
        try:
            text = machine.run('journalctl', '--no-pager', '-n', '25', '-o', 'short-monotonic', seconds=20)
        except (Fail, OSError, subprocess.SubprocessError) as e:
            text = 'no journal: %s' % e
        print(''.join('   | %s\n' % line for line in text.splitlines()), end='')


def main():
    suite, host_root, plain_root, filter_text = sys.argv[1:]
    world = World(suite, host_root, plain_root)
    count = {'ok': 0, 'FAIL': 0, 'skip': 0}
    done = {}
    names = wanted(filter_text)
    if any(name != 'purge_leaves_a_host_without_an_engine_as_it_was' for name in names):
        make_images()
    try:
        for name in names:
            broken = [need for need in CHECKS[name][1] if done.get(need) == 'FAIL']
            if broken:
                print('FAIL %s_%s: not run, %s failed' % (suite, name, broken[0]))
                done[name] = 'FAIL'
            else:
                done[name] = run_check(world, name)
            count[done[name]] += 1
    finally:
        world.down()
    print('%d passed, %d failed%s' % (count['ok'], count['FAIL'], ', %d skipped' % count['skip'] if count['skip'] else ''))
    return 1 if count['FAIL'] or not count['ok'] else 0


if __name__ == '__main__':
    sys.exit(main())
