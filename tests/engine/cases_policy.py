# SPDX-License-Identifier: Apache-2.0
"""cases_policy.py - real clients under policies that a user would write: what they need works, what is dangerous
is refused with the name of the field, and nothing of it is left.

The rest of the suite runs its clients with everything allowed. Here each has a gate of its own, and what it
does must not meet a single refusal that the case does not ask for.
"""
import os
import shutil
import urllib.request

import cases_admin
import cases_policy_libs
import engine as e
from compare import INTERRUPT, Context, Failed
from engine import wait_for

HERE = os.path.dirname(os.path.abspath(__file__))

# The drop-in of the README for an admin of one project, for this folder and these images.
COMPOSE = '''
[policy]
preset = compose
[scope]
projects = openpalm
[container.create]
images = bb 127.0.0.1:5000/openpalm/*
bind-mounts = %(folder)s
networks = openpalm_*
volumes = openpalm_*
ports = 127.0.0.1:8100-8199
users = non-root
require = no-new-privileges drop-all-capabilities
'''
POLICIES = {
    'compose': COMPOSE,
    # `run` of compose 1 links the container to its siblings
    'compose-attach': COMPOSE.replace('= compose', '= compose-attach') + 'links = openpalm_*\n',
    'compose-external': COMPOSE + 'networks = shared\n[scope]\nnetworks = openpalm_* shared\n',
}
STAY = '''
[limits]
idle-exit = 0
'''
SAFE = cases_admin.SAFE
VERSION = 'version: "2.4"\n'           # what compose 1 wants to see
MAIN = '''
services:
  db:
    image: bb:latest
    command: sh -c 'echo db up; exec sleep 600'
    healthcheck: {test: ["CMD", "true"], interval: 1s, retries: 30}
    restart: always
    env_file: [stack.env]
    volumes: ["data:/data"]
    networks: [back]
''' + SAFE + '''
  web:
    image: 127.0.0.1:5000/openpalm/web:1
    command: sh -c 'echo web up; exec httpd -f -p 8080 -h /site'
    restart: unless-stopped
    environment: {COLOUR: blue}
    depends_on: {db: {condition: service_healthy}}
    volumes: ["./site:/site:ro", "cache:/cache"]
    ports: ["127.0.0.1:8125:8080"]
    networks: {default: {}, back: {aliases: [www]}}
''' + SAFE + '''
volumes: {data: {}, cache: {}}
networks: {back: {}}
'''
CHANNEL = '''
services:
  channel:
    image: bb:latest
    command: sh -c 'echo channel up; exec sleep 600'
    depends_on: [web]
    restart: on-failure
''' + SAFE
JOB = '''
services:
  job:
    image: bb:latest
    command: sh -c 'echo working; exit 3'
''' + SAFE
BUILT = '''
services:
  built:
    build: .
''' + SAFE
# Compose looks for what it is about to make: the gate itself says that there is no such thing.
MISSING = ('object-missing', 'name-cannot-exist')
SHARED = '''
services:
  guest:
    image: bb:latest
    command: sleep 600
    networks: [default, shared]
''' + SAFE + '''
networks: {shared: {external: true, name: shared}}
'''
KEEPS = '''
services:
  keeps:
    image: %s
    command: sleep 600
''' + SAFE
IMAGE = '127.0.0.1:5000/openpalm/web:1'

# More that a hostile overlay may ask for: what, the service's line, what stands beside the services, the
# operation that is refused, and what the answer names. Of somebody else are a container, a network, a volume.
OTHERS = (
    ('a volume that is a bind', 'volumes: ["evil:/e"]',
     'volumes: {evil: {driver_opts: {type: none, o: bind, device: /etc}}}', 'volume.create', '/DriverOpts'),
    ('a volume of a network file system', 'volumes: ["evil:/e"]',
     'volumes: {evil: {driver_opts: {type: nfs, o: addr=10.0.0.1, device: ":/"}}}', 'volume.create', '/DriverOpts'),
    ('a volume of another driver', 'volumes: ["evil:/e"]', 'volumes: {evil: {driver: flocker}}', 'volume.create', '/Driver'),
    ('a network of the host\'s', 'networks: [evil]', 'networks: {evil: {driver: macvlan}}', 'network.create', '/Driver'),
    ('a network of somebody else', 'networks: [out]', 'networks: {out: {external: true, name: other}}', 'network', ''),
    ('a network of somebody else by its id', 'networks: [out]', 'networks: {out: {external: true, name: "%(network)s"}}',
     'network.inspect', '%(network)s'),
    ('a network mode of somebody else\'s network', 'network_mode: "other"', '', 'container.create', '/HostConfig/NetworkMode'),
    ('a network mode of an id', 'network_mode: "%(network)s"', '', 'container.create', '/HostConfig/NetworkMode'),
    ('a volume of somebody else', 'volumes: ["out:/e"]', 'volumes: {out: {external: true, name: other_data}}',
     'volume.inspect', 'other_data'),
    ('ipc of another container', 'ipc: "container:admin"', '', 'container.create', '/HostConfig/IpcMode'),
    ('pids of another container', 'pid: "container:admin"', '', 'container.create', '/HostConfig/PidMode'),
    ('capabilities kept', 'cap_drop: [NET_RAW]', '', 'container.create', '/HostConfig/CapDrop'),
    ('new privileges', 'security_opt: ["no-new-privileges:false"]', '', 'container.create', '/HostConfig/SecurityOpt'),
    ('a link to another container', 'external_links: ["admin:db"]', '', 'container.create', '/HostConfig/Links'),
)
DANGERS = tuple((what, text, '', 'container.create', field) for what, text, field in cases_admin.DANGERS) + OTHERS

# Compose 1 looks at the other container first and, when it may not, says this in its own words.
HIDDEN = {
    'another container\'s network': 'which does not exist',
    'volumes of another container': 'which is not the name of a service or container',
    'ipc of another container': 'which does not exist',
    'pids of another container': 'which does not exist',
}


class Stack:
    """One project of compose, 1 or 2, through one gate."""

    def __init__(self, c, gate, major):
        self.c, self.gate, self.major = c, gate, major
        self.files, self.done = ['main.yml'], set()
        c.write('site/index.html', 'hello site\n')
        c.write('stack.env', 'NAME=openpalm\n')
        c.write('Dockerfile', 'FROM bb\nRUN true\n')
        for name, text in (('main', MAIN), ('channel', CHANNEL), ('job', JOB), ('built', BUILT)):
            self.write(name + '.yml', text)

    def write(self, name, text):
        self.c.write(name, (VERSION if self.major == 1 else '') + text)

    def argv(self, *args):
        tool = [self.c.world.compose1] if self.major == 1 else [self.c.world.docker, 'compose']
        return [*tool, *(w for name in self.files for w in ('-f', name)), '-p', 'openpalm', *args]

    def __call__(self, *args, row=None, must=True, **how):
        """A command; row: the name that the table of operations has for it."""
        self.done.add(row or args[0])
        done = self.c.run(*self.argv(*args), must=must, **how)
        return (done.stdout + done.stderr).decode('utf-8', 'replace')

    def spawn(self, *args, row=None, **how):
        self.done.add(row or args[0])
        return self.c.spawn(*self.argv(*args), **how)

    def shows(self, *args, want, **how):
        out = self(*args, **how)
        for word in want:
            if word not in out:
                raise Failed('%s does not show %r: %s' % (' '.join(args), word, out))

    def refused(self, *args, endpoint, names, says='sockgate: denied', **how):
        """It fails, the user reads why, and the audit has it."""
        mark = self.gate.journal.mark()
        done = self.c.run(*self.argv(*args), **how)
        out = (done.stdout + done.stderr).decode('utf-8', 'replace')
        if not done.returncode or says not in out or names not in out:
            raise Failed('%s: exit %d, no denial that names %s: %s' % (' '.join(args), done.returncode, names, out))
        try:
            wait_for('audit record', lambda: self.gate.journal.find(mark, verdict='deny', endpoint=endpoint), 10)
        except TimeoutError as why:
            raise Failed('%s: %s' % (why, [r.get('MESSAGE') for r in self.gate.journal.since(mark)])) from why

    def name(self, service, number=1):
        return ('openpalm_%s_%d' if self.major == 1 else 'openpalm-%s-%d') % (service, number)

    def expect(self, **want):
        """The states of the project's containers, by service: the engine says a killed one runs until it has seen it."""
        want = {service: states.split() for service, states in want.items()}
        try:
            wait_for('such states', lambda: self.states() == want, 10)
        except TimeoutError as why:
            raise Failed('the containers are %s, not %s' % (self.states(), want)) from why

    def states(self):
        out = self.c.setup('ps', '-a', '--filter', 'label=com.docker.compose.project=openpalm',
                           '--format', '{{.Label "com.docker.compose.service"}} {{.State}}')
        have = {}
        for line in out.splitlines():
            service, state = line.split()
            have.setdefault(service, []).append(state)
        return have


def everything(c):
    """All that the engine holds, by kind: ids and names."""
    def asked(path):
        return c.engine.api('GET', path)[1]
    return {'container': sorted((o['Id'], o['Names']) for o in asked('/containers/json?all=1')),
            'network': sorted((o['Id'], o['Name']) for o in asked('/networks')),
            'volume': sorted(o['Name'] for o in asked('/volumes')['Volumes'] or []),
            'image': sorted((o['Id'], o['RepoTags']) for o in asked('/images/json?all=1'))}


def image_provide(c):
    """The image of the stack's web service lies in the registry and nowhere else."""
    c.world.registry.reset()
    c.setup('tag', 'bb', IMAGE)
    c.setup('push', IMAGE)
    c.setup('rmi', IMAGE)


CASES = []              # (policy, name, function)


def case(policy, name):
    def add(function):
        CASES.append((policy, name, function))
        return function
    return add


@case('compose', 'config, pull, create, up, ps, images, port, top, logs, stats, down')
def looks(p):
    p.c.docker('version', must=True)
    p.done.add('(docker version)')
    p.shows('config', want=('openpalm', 'NAME', 'service_healthy'))
    p('pull', 'web', row='pull (no registry)')
    p('up', '-d', row='up -d --build (first, creates everything)')
    p.expect(db='running', web='running')
    p('up', '-d', row='up -d (no change)')
    p.expect(db='running', web='running')
    page = wait_for('page', page_get, 20)
    if page != b'hello site\n':
        raise Failed('the page is %r' % page)
    p.shows('ps', want=(p.name('db'), p.name('web'), '127.0.0.1:8125'))
    p.shows('ps', '-a', want=(p.name('db'), p.name('web')), row='ps -a')
    p.shows('images', want=('127.0.0.1:5000/openpalm/web',))
    p.shows('port', 'web', '8080', want=('127.0.0.1:8125',))
    p.shows('top', want=('sleep 600', 'httpd'))
    wait_for('lines in the log', lambda: {'db up', 'web up'} <= {w for w in ('db up', 'web up') if w in p('logs')}, 20)
    if p.major == 2:
        p.shows('stats', '--no-stream', want=(p.name('web'),), row='stats_nostream')
        p.shows('ls', want=('openpalm',))
        p('watch', row='watch (no develop section)', must=False)
    p('down')
    p.expect()


def page_get():
    try:
        with urllib.request.urlopen('http://127.0.0.1:8125/', timeout=5) as answer:
            return answer.read()
    except OSError:
        return None


@case('compose', 'stop, start, restart, kill, pause, unpause, rm, down -v')
def changes(p):
    p('up', '-d')
    for step, state in (('restart', 'running'), ('stop', 'exited'), ('start', 'running'), ('kill', 'exited'),
                        ('start', 'running')):
        p(step)
        p.expect(db=state, web=state)
    for step in ('pause', 'unpause'):       # not every machine can freeze a container; one with a health check may hang
        p(step, 'web', must=False)
    p('rm', '-f', '-s', 'web')
    p.expect(db='running')
    p('create')         # up --no-start of compose 1 attaches, and needs compose-attach
    p.expect(db='running', web='created')
    p('down', '-v', '--rmi', 'local', row='down -v --rmi local')
    p.expect()


@case('compose', 'an overlay comes, is scaled and goes, --remove-orphans')
def overlay(p):
    p('up', '-d')
    p.files.append('channel.yml')
    p('up', '-d')
    p.expect(db='running', web='running', channel='running')
    p('up', '-d', '--scale', 'channel=2', row='up -d --scale chan=2')
    p.expect(db='running', web='running', channel='running running')
    p('up', '-d', '--force-recreate', '--no-deps', 'channel')
    p.expect(db='running', web='running', channel='running')
    p.files.pop()
    p('up', '-d', '--remove-orphans', row='up -d --remove-orphans (recreate removed app)')
    p.expect(db='running', web='running')
    p('down', '-v', '--remove-orphans')
    p.expect()


@case('compose', 'a container whose image has a volume is made anew with up -V')
def keeps(p):
    image = '127.0.0.1:5000/openpalm/keeps:1'
    exported = p.c.setup('create', 'bb:latest').strip()
    p.c.setup('commit', '-c', 'VOLUME /keeps', exported, image)
    p.c.setup('rm', exported)
    p.write('keeps.yml', KEEPS % image)
    p.files = ['keeps.yml']
    p('up', '-d')
    p('up', '-d', '--force-recreate', '-V')
    p.expect(keeps='running')
    p('down', '-v')
    p.expect()
    p.c.setup('rmi', image)


@case('compose', 'logs -f, events, wait follow to the end')
def follow(p):
    p('up', '-d')
    heard = p.spawn('events')
    logs = p.spawn('logs', '-f', 'db', row='logs -f').expect('db up')
    waiting = [p.spawn('wait', 'db')] if p.major == 2 else []
    # compose hears only of what happens after it subscribed, and it says nothing then: said until it is heard
    for _ in range(200):
        p.c.setup('exec', p.name('web'), 'true')
        with heard.changed:
            if heard.changed.wait_for(lambda: b'exec' in heard.output, 0.2):
                break
    heard.expect('exec', seconds=1).signal(INTERRUPT)
    heard.finish()
    p.c.setup('update', '--restart', 'no', p.name('db'))
    p.c.setup('kill', p.name('db'))
    for client in [logs] + waiting:
        client.finish()
    p('down', '-v')
    p.expect()


@case('compose', 'build, cp, exec and a foreground up are refused, and say so')
def beyond(p):
    p('up', '-d')
    files, p.files = p.files, ['built.yml']
    p.refused('build', endpoint='build.image', names='/build', env={'DOCKER_BUILDKIT': '0'})
    p.refused('up', '-d', endpoint='build.image', names='/build', env={'DOCKER_BUILDKIT': '0'})
    p.files = files
    p.refused('exec', '-T', 'db', 'true', endpoint='exec.create', names='/exec')
    if p.major == 2:
        p.refused('cp', 'stack.env', 'db:/tmp/x', endpoint='container.archive-write', names='/archive')
        p.refused('cp', 'db:/etc/passwd', 'x', endpoint='container.archive-read', names='/archive')
    p.done |= {'build', 'cp in (HEAD archive only: target missing)', 'cp out'}
    if p.major == 1:
        p.refused('run', '--rm', '-T', 'db', 'true', endpoint='container.create', names='/HostConfig/Links')
    else:               # the words of an answer that is no upgrade do not reach the user
        p.refused('run', '--rm', '-T', 'db', 'true', endpoint='container.attach', names='403', says='unable to upgrade to tcp')
    p('down', '-v', '--remove-orphans')
    p.expect()


@case('compose-attach', 'up in the foreground, run and exec with the preset compose-attach')
def attached(p):
    p('up', '-d')
    p.shows('exec', '-T', 'web', 'cat', '/site/index.html', want=('hello site',), row='exec -T')
    p('exec', '-T', 'web', 'sh', '-c', 'exit 4', must=False)
    p.shows('run', '--rm', '-T', '--no-deps', 'db', 'echo', 'from run', want=('from run',))
    p.shows('run', '--rm', '-T', '--no-deps', 'db', 'cat', want=('to run',), stdin=b'to run\n')
    p(*(('create',) if p.major == 2 else ('up', '--no-start')))
    p('down', '-v')
    p.files = ['job.yml']
    done = p.c.run(*p.argv('up', '--exit-code-from', 'job'))
    if done.returncode != 3 or b'working' not in done.stdout + done.stderr:
        raise Failed('up says %d: %s' % (done.returncode, done.stdout + done.stderr))
    p('down')
    p.expect()


@case('compose-external', 'an external network that is listed')
def external(p):
    p.c.setup('network', 'create', 'shared')
    p.write('shared.yml', SHARED)
    p.files.append('shared.yml')
    p('up', '-d')
    p.expect(db='running', web='running', guest='running')
    p.shows('ps', want=(p.name('guest'),))
    p('down', '-v')
    p.expect()
    p.c.setup('network', 'rm', 'shared')


def somebody_else(c):
    """A container, a network and a volume that are not the project's."""
    label = 'com.docker.compose.project=other'
    c.setup('tag', 'bb', 'admin')
    c.setup('volume', 'create', '--label', label, 'other_data')
    c.setup('run', '-d', '--name', 'admin', '--label', label, '--stop-signal', 'KILL', '-v', 'other_data:/d',
            'bb', 'sleep', '600')
    return {'network': c.setup('network', 'create', '--label', label, 'other')}


def danger(p, ids, what, text, beside, endpoint, names):
    """An overlay that asks for too much: refused by name, and the engine holds what it held."""
    key = text.split(':')[0]
    safe = [line for line in SAFE.splitlines() if not line.startswith('    %s:' % key)]
    service = 'services:\n  evil:\n    image: bb:latest\n    command: sleep 600'
    if key == 'image':
        service = service.replace('    image: bb:latest\n', '')
    p.write('evil.yml', (service + '\n'.join(safe) + '\n    ' + text + '\n' + beside + '\n') % ids)
    before = everything(p.c)
    p.files = ['main.yml', 'evil.yml']
    if p.major == 1 and what in HIDDEN:
        p.refused('up', '-d', '--no-deps', 'evil', endpoint='container.inspect', names='admin', says=HIDDEN[what])
    elif endpoint == 'network':     # compose 1 inspects it, compose 2 finds it in the list and creates by its id
        how = ('network.inspect', '/networks/other') if p.major == 1 else ('container.create', '/HostConfig/NetworkMode')
        p.refused('up', '-d', '--no-deps', 'evil', endpoint=how[0], names=how[1])
    else:
        p.refused('up', '-d', '--no-deps', 'evil', endpoint=endpoint, names=names % ids)
    after = everything(p.c)
    if after != before:
        raise Failed('it leaves %s, before there was %s' % (after, before))


class Suite:
    """The gates of one engine, one for each policy."""

    def __init__(self, s, world):
        self.s, self.world, self.results = s, world, world.results
        self.folder, self.gates = os.path.join(world.folder, 'policy'), {}
        os.makedirs(self.folder)

    def gate(self, name, config):
        """The gate of that policy, started by the first case that needs it."""
        if name not in self.gates:
            folder = os.path.join(self.folder, name)
            os.makedirs(folder)
            gate = self.gates[name] = e.Gate(self.s.daemon, folder, self.world.engine.socket,
                                             config % {'folder': self.folder + '/srv'} + STAY)
            self.s.ends.append(lambda: self.s.gate_end(gate))
            self.refusals(gate, gate.journal.mark())
        return self.gates[name]

    def inside(self, policy, function, *args):
        """One case in a fresh folder below the bind root, through the gate of that policy; the engine is clean again then."""
        gate = self.gate(*policy)
        folder = os.path.join(self.folder, 'srv')
        c = Context(self.world, 'unix://' + gate.socket, folder)
        try:
            return function(c, gate, *args)
        finally:
            c.over()
            self.world.engine.clean()
            shutil.rmtree(folder, ignore_errors=True)

    @staticmethod
    def refusals(gate, mark):
        """What was refused up to now: a request of our own comes last in the journal."""
        last = gate.journal.mark()
        conn = e.UnixConnection(gate.socket)
        conn.request('GET', '/v1.30/_ping')
        conn.getresponse().read()
        conn.close()
        wait_for('record of the last request', lambda: gate.journal.find(last, path='/v1.30/_ping'), 20)
        return [r for r in gate.journal.since(mark) if r.get('SOCKGATE_VERDICT') in ('deny', 'reject', 'fault')
                and r.get('SOCKGATE_REASON') not in MISSING]

    def nothing_refused(self, gate, mark):
        refused = self.refusals(gate, mark)
        if refused:
            raise Failed('refused: ' + '; '.join(r.get('MESSAGE', '') for r in refused[:8]))

    def compose(self, major):
        done = set()
        for policy, name, function in CASES:
            self.results.check('policy: compose %d: %s' % (major, name), self.inside, (policy, POLICIES[policy]),
                               self.operations, function, major, done, policy)
        self.results.check('policy: compose %d: every operation of the table was run' % major, table_covered, done, major)
        self.dangers(major)

    def operations(self, c, gate, function, major, done, policy):
        image_provide(c)
        p = Stack(c, gate, major)
        before = everything(c)
        mark = gate.journal.mark()
        function(p)
        if function is not beyond:
            self.nothing_refused(gate, mark)
        after = everything(c)
        for kind in ('container', 'network'):
            if after[kind] != before[kind]:
                raise Failed('it leaves %s, before there was %s' % (after, before))
        done.update(p.done)

    def dangers(self, major):
        names = ['policy: compose %d: an overlay cannot have %s' % (major, d[0]) for d in DANGERS]
        if not any(map(self.results.wants, names)):
            return

        def body(c, gate):
            image_provide(c)
            p = Stack(c, gate, major)
            ids = somebody_else(c)
            before = everything(c)
            p('up', '-d')
            for name, how in zip(names, DANGERS):
                self.results.check(name, danger, p, ids, *how)
            p.files = ['main.yml']
            p('down', '-v')
            after = everything(c)
            if any(after[kind] != before[kind] for kind in ('container', 'network', 'volume')):
                raise Failed('it leaves %s, before there was %s' % (after, before))
        title = 'policy: compose %d: down leaves nothing of what overlays asked for' % major
        try:
            self.inside(('compose', POLICIES['compose']), body)
        except (Failed, TimeoutError) as why:
            self.results.fail(title, str(why))
        else:
            self.results.ok(title)


def table_covered(done, major):
    rows = set()
    with open(os.path.join(HERE, '../data/compose-needs.tsv'), encoding='utf-8') as f:
        for line in f:
            client, _, rest = line.partition('\t')
            if client.startswith('compose-v%d.' % major):
                rows.add(rest.split('\t')[0])
    missing = rows - done
    if missing or not rows:
        raise Failed('not run: %s' % sorted(missing))


def run(s, world):
    suite = Suite(s, world)
    for major in (1, 2) if s.suite == 'bookworm' else (2,):
        suite.compose(major)
    if s.suite == 'bookworm':
        cases_policy_libs.run(suite)
