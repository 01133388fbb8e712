# SPDX-License-Identifier: Apache-2.0
"""cases_admin.py - the admin container: uid 1000, no added groups, compose through the gate, and no way beyond it."""
import hashlib
import os
import re
import shutil
import subprocess

from compare import Failed
from engine import wait_for

CONFIG = '''# The drop-in of the README, for this folder and image.
[policy]
preset = compose
[scope]
projects = openpalm
[container.create]
images = bb
bind-mounts = %(folder)s
networks = openpalm_*
volumes = openpalm_*
ports = 127.0.0.1:8100-8199
users = non-root
require = no-new-privileges drop-all-capabilities
[limits]
idle-exit = 0
'''
SAFE = '''
    user: "1000:1000"
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    stop_signal: SIGKILL
'''
MAIN = '''
services:
  assistant:
    image: bb:latest
    command: sh -c 'echo assistant up; exec sleep 600'
    healthcheck: {test: ["CMD", "true"], interval: 1s}
    restart: unless-stopped
    env_file: [assistant.env]
    volumes: ["./state:/state", "data:/data"]
    ports: ["127.0.0.1:8125:80"]
    networks: [default, back]
''' + SAFE + '''
volumes: {data: {}}
networks: {back: {}}
'''
CHANNEL = '''
services:
  discord:
    image: bb:latest
    command: sh -c 'echo discord up; exec sleep 600'
    depends_on: [assistant]
''' + SAFE
# What a hostile overlay asks for, and the field that the answer names.
DANGERS = (
    ('privileged', 'privileged: true', '/HostConfig/Privileged'),
    ('the engine socket', 'volumes: ["/var/run/docker.sock:/s"]', '/HostConfig/Binds/0'),
    ('a bind outside', 'volumes: ["/etc:/e:ro"]', '/HostConfig/Binds/0'),
    ('a bind outside in the long form', 'volumes: [{type: bind, source: /etc, target: /e}]', '/HostConfig/'),
    ('host network', 'network_mode: host', '/HostConfig/NetworkMode'),
    ('another container\'s network', 'network_mode: "container:admin"', '/HostConfig/NetworkMode'),
    ('an added capability', 'cap_add: [SYS_ADMIN]', '/HostConfig/CapAdd'),
    ('a device', 'devices: ["/dev/null:/dev/n"]', '/HostConfig/Devices/0'),
    ('host pids', 'pid: host', '/HostConfig/PidMode'),
    ('host ipc', 'ipc: host', '/HostConfig/IpcMode'),
    ('host users', 'userns_mode: host', '/HostConfig/UsernsMode'),
    ('no seccomp', 'security_opt: ["no-new-privileges:true", "seccomp=unconfined"]', '/HostConfig/SecurityOpt'),
    ('root', 'user: "0"', '/User'),
    ('a sysctl', 'sysctls: {net.ipv4.ip_forward: "1"}', '/HostConfig/Sysctls'),
    ('volumes of another container', 'volumes_from: ["container:admin"]', '/HostConfig/VolumesFrom'),
    ('a port that is not listed', 'ports: ["127.0.0.1:9000:80"]', '/HostConfig/PortBindings'),
    ('all addresses', 'ports: ["8126:80"]', '/HostConfig/PortBindings'),
    ('another image', 'image: admin', '/Image'),
)


def image_rootfs(folder, base, docker, compose):
    """busybox, the docker command line, compose as its plugin, and the libraries they name."""
    shutil.copytree(base, folder, symlinks=True)
    plugins = folder + '/usr/libexec/docker/cli-plugins'
    for path in (folder + '/usr/bin', plugins, folder + '/home/web'):
        os.makedirs(path, exist_ok=True)
    shutil.copy(docker, folder + '/usr/bin/docker')
    shutil.copy(compose, plugins + '/docker-compose')
    for binary in (docker, compose):
        listed = subprocess.run(['ldd', binary], stdout=subprocess.PIPE, text=True, check=False).stdout
        for library in re.findall(r'(/\S+) \(0x', listed):
            os.makedirs(folder + os.path.dirname(library), exist_ok=True)
            shutil.copy(library, folder + library)
    os.chown(folder + '/home/web', 1000, 1000)
    return folder


class Admin:
    """One admin container and what its operator sees of it."""

    def __init__(self, world, gate, kind):
        self.world, self.gate, self.kind = world, gate, kind
        self.folder = os.path.join(world.folder, 'admin-' + kind)
        os.makedirs(self.folder)
        os.chown(self.folder, 1000, 1000)
        for name, text in (('compose.yml', MAIN), ('assistant.env', 'NAME=web\n'), ('Dockerfile', 'FROM bb\nRUN true\n')):
            self.write(name, text)
        os.makedirs(self.folder + '/state')
        os.chown(self.folder + '/state', 1000, 1000)
        host = ['-e', 'DOCKER_HOST=unix:///run/sockgate/admin/docker.sock', '-v', gate.socket_dir + ':/run/sockgate/admin']
        if kind == 'TCP':
            host = ['-e', 'DOCKER_HOST=tcp://host.docker.internal:2375', '--add-host', 'host.docker.internal:host-gateway']
        self.id = self.engine('run', '-d', '--name', 'admin', '-u', '1000:1000', '--stop-signal', 'KILL', *host,
                              '-e', 'HOME=/home/web', '-e', 'DOCKER_BUILDKIT=0', '-e', 'DOCKER_CONFIG=/home/web/.docker',
                              '-v', self.folder + ':' + self.folder, '-w', self.folder, 'admin', 'sleep', '900')
        self.address = self.engine('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'admin')

    def write(self, name, text):
        with open(os.path.join(self.folder, name), 'w', encoding='ascii') as f:
            f.write(text)

    def engine(self, *args):
        done = subprocess.run([self.world.docker, '-H', 'unix://' + self.world.engine.socket, *args],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        if done.returncode:
            raise Failed('%s: %s' % (' '.join(args), done.stderr))
        return done.stdout.strip()

    def inside(self, *args):
        done = subprocess.run([self.world.docker, '-H', 'unix://' + self.world.engine.socket, 'exec', 'admin', *args],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        return done.returncode, done.stdout

    def compose(self, *args, overlay=False):
        files = ['-f', 'compose.yml'] + (['-f', 'discord.yml'] if overlay else [])
        code, out = self.inside('docker', 'compose', *files, '-p', 'openpalm', *args)
        if code:
            raise Failed('compose %s: exit %d: %s' % (' '.join(args), code, out))
        return out

    def running(self):
        out = self.engine('ps', '--filter', 'label=com.docker.compose.project=openpalm', '--format', '{{.Names}}')
        return sorted(out.split())

    def expect_running(self, *names):
        if self.running() != sorted(names):
            raise Failed('running are %s, not %s' % (self.running(), sorted(names)))

    def is_nobody(self):
        code, out = self.inside('id')
        if code or 'uid=1000' not in out or 'gid=1000' not in out or 'groups=0' in out:
            raise Failed('the admin is %s' % out)

    def compose_all(self):
        one, two = 'openpalm-assistant-1', 'openpalm-discord-1'
        self.compose('up', '-d')
        self.expect_running(one)
        if 'assistant' not in self.compose('ps'):
            raise Failed('compose ps does not show its container')
        wait_for('line in the log', lambda: 'assistant up' in self.compose('logs'))
        self.compose('restart')
        self.expect_running(one)
        self.write('discord.yml', CHANNEL)
        self.compose('up', '-d', overlay=True)
        self.expect_running(one, two)
        os.unlink(os.path.join(self.folder, 'discord.yml'))
        self.compose('up', '-d', '--remove-orphans')
        self.expect_running(one)

    def refused(self, endpoint, *command):
        mark = self.gate.journal.mark()
        code, out = self.inside(*command)
        if not code or 'sockgate: denied' not in out:
            raise Failed('%s: exit %d: %s' % (' '.join(command), code, out))
        records = wait_for('audit record', lambda: self.gate.journal.find(mark, verdict='deny', endpoint=endpoint))
        if self.kind == 'TCP':
            if self.address not in records[0].get('SOCKGATE_PEER', ''):
                raise Failed('the record does not hold the address %s: %r' % (self.address, records[0]))
        elif records[0].get('SOCKGATE_CONTAINER') != self.id or records[0].get('SOCKGATE_UID') != '1000':
            raise Failed('the record does not name container %s and uid 1000: %r' % (self.id, records[0]))

    def danger(self, text, field):
        """An overlay that asks for too much: refused with the field's name, and nothing of it is left."""
        before = self.everything()
        service = "services:\n  evil:\n    image: bb:latest\n    command: sleep 600\n" + SAFE
        key = text.split(':')[0]
        lines = [line for line in service.split('\n') if not line.startswith('    %s:' % key)]
        self.write('evil.yml', '\n'.join(lines) + '\n    ' + text + '\n')
        mark = self.gate.journal.mark()
        code, out = self.inside('docker', 'compose', '-f', 'compose.yml', '-f', 'evil.yml', '-p', 'openpalm', 'up', '-d', 'evil')
        os.unlink(os.path.join(self.folder, 'evil.yml'))
        if not code or 'sockgate: denied' not in out or field not in out:
            raise Failed('exit %d, no denial that names %s: %s' % (code, field, out))
        records = wait_for('audit record', lambda: self.gate.journal.find(mark, verdict='deny', endpoint='container.create'))
        if not records[0].get('SOCKGATE_FIELD', '').startswith(field):
            raise Failed('the record names %r' % records[0].get('SOCKGATE_FIELD'))
        if self.everything() != before:
            raise Failed('it leaves %s, before %s' % (self.everything(), before))

    def everything(self):
        return sorted(self.engine('ps', '-a', '--format', '{{.Names}}').split())

    def bystander(self):
        """A container of somebody else: neither seen into nor touched."""
        self.engine('run', '-d', '--name', 'bystander', '--stop-signal', 'KILL', 'bb', 'sleep', '600')
        for command in (('logs',), ('stop',), ('rm', '-f'), ('kill',), ('rename', 'bystander', 'x'), ('inspect',)):
            args = command if 'bystander' in command else (*command, 'bystander')
            code, out = self.inside('docker', *args)
            if not code or 'bystander' not in self.everything():
                raise Failed('docker %s: exit %d: %s' % (' '.join(args), code, out))
        self.engine('rm', '-f', 'bystander')

    def link_escape(self):
        """A link to / below a bind root that the admin may write: mounted it is, but used it can't be."""
        link = os.path.join(self.folder, 'state', 'root')
        os.symlink('/', link)
        try:
            direct = self.engine('run', '--rm', '-v', link + ':/h', 'bb', 'cat', '/h/etc/shadow')
            if 'root:' not in direct:
                raise Failed('the escape does not work direct: %r' % direct)
            self.write('link.yml', 'services:\n  link:\n    image: bb:latest\n    command: cat /h/etc/shadow\n'
                       '    volumes: ["./state/root:/h"]\n')
            code, out = self.inside('docker', 'compose', '-f', 'compose.yml', '-f', 'link.yml', '-p', 'openpalm', 'up', '-d', 'link')
            if not code or 'sockgate: denied' not in out:
                raise Failed('as root it is not refused: %s' % out)
        finally:
            os.unlink(link)

    def down(self):
        self.compose('down')
        self.expect_running()


def file_hash(path):
    with open(path, 'rb') as f:
        return hashlib.sha256(f.read()).hexdigest()


def run(world, gate, kind):
    check = world.results.check
    name = 'admin over %s: ' % kind
    if not world.results.wants(name):
        return
    before, mark = file_hash(gate.config), gate.journal.mark()
    try:
        admin = Admin(world, gate, kind)
        check(name + 'it is uid 1000 without groups', admin.is_nobody)
        check(name + 'compose up, ps, logs, restart, an overlay comes and goes', admin.compose_all)
        check(name + 'exec is refused, and audited with who asked', admin.refused, 'exec.create',
              'docker', 'exec', 'openpalm-assistant-1', 'true')
        check(name + 'build is refused, and audited with who asked', admin.refused, 'build.image',
              'docker', 'build', '-t', 'x', '.')
        check(name + 'commit is refused, and audited with who asked', admin.refused, 'container.commit',
              'docker', 'commit', 'openpalm-assistant-1', 'x')
        check(name + 'a container of somebody else is out of reach', admin.bystander)
        check(name + 'a link out of a bind root is no way to the host', admin.link_escape)
        for what, text, field in DANGERS if kind != 'TCP' else DANGERS[:3]:
            check(name + 'an overlay cannot have ' + what, admin.danger, text, field)
        check(name + 'compose down leaves nothing', admin.down)
        check(name + 'the configuration did not change', unchanged, gate, before, mark)
    finally:
        world.engine.clean()


def unchanged(gate, before, mark):
    hashes = {r['SOCKGATE_CONFIG_SHA256'] for r in gate.journal.since(mark) if 'SOCKGATE_CONFIG_SHA256' in r}
    if file_hash(gate.config) != before or len(hashes) > 1:
        raise Failed('file or policy changed: %s' % hashes)
    if gate.journal.find(mark, event='reload'):
        raise Failed('the policy was read again')
