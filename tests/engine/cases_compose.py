# SPDX-License-Identifier: Apache-2.0
"""cases_compose.py - compose 1 and 2: every operation of data/compose-needs.tsv, with real containers.

Compose works on several containers at once, so the order of its lines is not fixed: they are compared as
sets. What a project looks like afterwards is asked from docker, in order.
"""
import os

from compare import INTERRUPT, Failed

MAIN = '''
services:
  db:
    image: bb
    command: sh -c 'echo db up; exec sleep 600'
    stop_signal: SIGKILL
    healthcheck: {test: ["CMD", "true"], interval: 2s, retries: 30}
    volumes: ["data:/data"]
  web:
    image: bb
    command: sh -c 'echo web up; exec httpd -f -p 80 -h /site'
    stop_signal: SIGKILL
    depends_on: {db: {condition: service_healthy}}
    volumes: ["./site:/site:ro"]
    ports: ["127.0.0.1:8125:80"]
    networks: [default, back]
  app:
    build: ./app
    image: proj-app:1
    stop_signal: SIGKILL
volumes: {data: {}}
networks: {back: {}}
'''
OVERLAY = '''
services:
  chan:
    image: bb
    command: sh -c 'echo chan up; exec sleep 600'
    stop_signal: SIGKILL
'''
JOB = '''
services:
  job:
    image: bb
    command: sh -c 'echo working; sleep 1; echo done; exit 3'
'''
PLAIN = '''
services:
  one:
    image: bb
    command: sh -c 'echo one up; exec sleep 600'
    stop_signal: SIGKILL
'''
# The old `version` key, which compose 1 wants for parts of this and compose 2 has nothing against.
VERSION = 'version: "2.4"\n'

# BuildKit prints each step with its number and time, some of them only when they take long enough to be seen.
BUILDKIT = [(r'(?m)^#\d+ .*$', ''), (r'(?m)^ *(-|=)> .*$', ''), (r'(?m)^\[\+\] .*$', ''), (r'time="[^"]*" ', '')]


class Compose:
    """compose of one major version in a project folder."""

    def __init__(self, c, major):
        self.c, self.major = c, major
        c.write('site/index.html', 'hello site\n')
        c.write('app/Dockerfile', 'FROM bb\nRUN echo built > /built\nCMD ["sh", "-c", "cat /built; exec sleep 600"]\n')
        for name, text in (('main', MAIN), ('overlay', OVERLAY), ('job', JOB), ('plain', PLAIN)):
            c.write(name + '.yml', (VERSION if major == 1 else '') + text)
        self.files = ['-f', 'main.yml']

    def argv(self, *args):
        tool = [self.c.world.compose1] if self.major == 1 else [self.c.world.docker, 'compose']
        return [*tool, *self.files, '-p', 'proj', *args]

    def __call__(self, *args, **how):
        how.setdefault('unique', True)
        how.setdefault('must', True)
        return self.c.run(*self.argv(*args), **how)

    def try_(self, *args, **how):
        return self(*args, must=False, **how)

    def spawn(self, *args, **how):
        return self.c.spawn(*self.argv(*args), **how)

    def state(self):
        """Names and states as docker shows them, straight from the engine."""
        out = self.c.setup('ps', '-a', '--format', '{{.Names}} {{.State}}')
        self.c.note('state', sorted(out.splitlines()))

    def name(self, service, number=1):
        return ('proj_%s_%d' if self.major == 1 else 'proj-%s-%d') % (service, number)


def looks(c, major):
    p = Compose(c, major)
    p('config')
    p('up', '-d', '--build', 'db', 'web')
    p.state()
    p('ps')
    p('ps', '-a')
    p('ps', '-q')
    p('images')
    p('port', 'web', '80')
    p('top', loose=[(r'\b\d+(:\d+)*\b', '<n>')])
    p('logs')
    p('logs', '--tail', '1', 'web')
    p('exec', '-T', 'web', 'cat', '/site/index.html')
    p.try_('exec', '-T', 'web', 'sh', '-c', 'exit 4')
    if major == 2:
        p('ls')
        p('version')
    p('up', '-d', 'db', 'web')
    p.state()
    p('down')
    p.state()


def changes(c, major):
    p = Compose(c, major)
    p('up', '-d', 'db', 'web')
    for step in ('pause', 'unpause', 'restart', 'stop', 'start', 'kill'):
        if 'pause' in step:             # not every machine can freeze a container; one with a health check may hang
            p.try_(step, 'web')
        else:
            p(step, 'db', 'web')
        p.state()
    p('rm', '-f')
    p.state()
    p(*(('create', 'db') if major == 2 else ('up', '--no-start', 'db')))
    p.state()
    p('start', 'db')
    p('down', '-v')
    p.state()


def overlay(c, major):
    p = Compose(c, major)
    p('up', '-d', 'db', 'web')
    p.files = ['-f', 'main.yml', '-f', 'overlay.yml']
    p('up', '-d', 'db', 'web', 'chan')
    p('up', '-d', '--scale', 'chan=2', 'chan')
    p.state()
    p('up', '-d', '--force-recreate', 'chan')
    p.files = ['-f', 'plain.yml']
    p('up', '-d', '--remove-orphans')
    p.state()
    p('down', '-v', '--rmi', 'local')
    p.state()


def foreground(c, major):
    p = Compose(c, major)
    p('run', '--rm', '-T', 'db', 'echo', 'from run', loose=RUN_NAMES)
    p('run', '--rm', '-T', 'db', 'cat', stdin=b'to run\n', loose=RUN_NAMES)
    p.try_('run', '--rm', '-T', 'db', 'sh', '-c', 'exit 6', loose=RUN_NAMES)
    p('down', '-v')
    p.files = ['-f', 'job.yml']
    p.try_('up', '--exit-code-from', 'job')
    p('down')
    p.files = ['-f', 'plain.yml']
    p('up', '-d')
    if major == 2:
        waiting = p.spawn('wait', 'one')
        client = p.spawn('logs', '-f')
        client.expect('one up')
        c.setup('kill', p.name('one'))
        waiting.end('compose wait', unique=True)
        code, out, err = client.finish()
        c.note('logs -f to the end', '%d %d %s' % (code, out.count('one up'), err))
    else:
        client = p.spawn('logs', '-f')
        client.expect('one up')
        c.setup('kill', p.name('one'))
        client.end('logs -f to the end', unique=True)
    p('down')


RUN_NAMES = [(r'_run_<\w+>|_run_\w+|-run-\w+', '<run>')]


def events(c, major):
    p = Compose(c, major)
    p.files = ['-f', 'plain.yml']
    p('up', '-d')
    client = p.spawn('events')
    # compose subscribes without a start time: what happens before is not told, so say it until it is heard
    for number in range(200):
        c.setup('exec', p.name('one'), 'true')
        with client.changed:
            if client.changed.wait_for(lambda: b'exec' in client.output, 0.2):
                break
    if b'exec' not in client.output:
        raise Failed('no event arrived after %d of them' % number)
    c.setup('rename', p.name('one'), 'renamed')
    client.expect('rename').signal(INTERRUPT)
    _, out, _ = client.finish()
    c.note('event', [w for w in ('rename', 'image=bb') if w in out])
    c.setup('rename', 'renamed', p.name('one'))
    p('down')


def files(c, major):
    p = Compose(c, major)
    p.files = ['-f', 'plain.yml']
    c.write('file', 'to be copied\n')
    p('up', '-d')
    p('cp', 'file', 'one:/tmp/copied')
    p('exec', '-T', 'one', 'cat', '/tmp/copied')
    p('cp', 'one:/tmp/copied', 'back')
    with open(os.path.join(c.folder, 'back'), encoding='ascii') as f:
        c.note('back', f.read())
    p('cp', 'file', 'one:/no/such/folder/file', must=False)
    p('down')


def registry(c, major):
    c.world.registry.reset()
    image = '127.0.0.1:%d/team/one:1' % c.world.registry.port
    p = Compose(c, major)
    c.write('pulled.yml', (VERSION if major == 1 else '') + PLAIN.replace('image: bb', 'image: ' + image))
    c.setup('tag', 'bb', image)
    p.files = ['-f', 'pulled.yml']
    c.setup('push', image)
    p('push')
    c.setup('rmi', image)
    p('pull', loose=PULL)
    c.setup('rmi', image)
    p('up', '-d', loose=PULL)
    p.state()
    p('down', '--rmi', 'all')


PULL = [(r'(?m)^ *<id>.*(Pulling|Waiting|Verifying|Download|Extracting|Pull).*$', '')]


def build(c, major):
    p = Compose(c, major)
    for kit in ('0', '1'):
        env = {'DOCKER_BUILDKIT': kit, 'COMPOSE_DOCKER_CLI_BUILD': kit, 'BUILDKIT_PROGRESS': 'plain'}
        loose = BUILDKIT if kit == '1' else [(r'(?m)^ ---> <id>\n', '')]
        p('build', '--no-cache', 'app', env=env, loose=loose)
        p('up', '-d', 'app', env=env)
        p('logs', 'app')
        p('down')
        c.setup('rmi', 'proj-app:1')


def watch(c, major):
    p = Compose(c, major)
    c.write('watched.yml', PLAIN.replace('    image: bb', '    image: watched:1\n    build: ./app\n    develop:\n      watch:\n'
                                         '        - {action: sync, path: ./site, target: /tmp/site}'))
    p.files = ['-f', 'watched.yml']
    p('up', '-d', '--build')
    client = p.spawn('watch', '--no-up')
    path = c.write('site/new.txt', 'synced\n')
    for number in range(20):
        with open(path, 'w', encoding='ascii') as f:
            f.write('synced %d\n' % number)
        found = c.engine.api('GET', '/containers/%s/archive?path=/tmp/site/new.txt' % p.name('one'))
        if found[0] == 200:
            break
        with client.changed:
            client.changed.wait(2)              # compose waits for half a second of quiet
    else:
        raise Failed('compose watch copied nothing: %r %r' % (bytes(client.output), bytes(client.errors)))
    client.signal(INTERRUPT).finish()
    p('exec', '-T', 'one', 'ls', '/tmp/site')
    p('down', '--rmi', 'all')


OPERATIONS = (
    ('up, ps, images, port, top, logs, exec, config, down', looks, (1, 2)),
    ('pause, unpause, restart, stop, start, kill, rm, create', changes, (1, 2)),
    ('an overlay file comes and goes, scale, recreate, orphans', overlay, (1, 2)),
    ('run, up in the foreground, logs -f, wait', foreground, (1, 2)),
    ('events', events, (1, 2)),
    ('cp', files, (2,)),
    ('push and pull with a local registry', registry, (1, 2)),
    ('build, classic and BuildKit', build, (1, 2)),
    ('watch copies what changes', watch, (2,)),
)


def cases(majors):
    """The cases for these versions of compose: (name, function)."""
    return [('compose %d: %s' % (major, name), lambda c, f=function, m=major: f(c, m))
            for major in majors for name, function, versions in OPERATIONS if major in versions]
