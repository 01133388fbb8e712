#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples.py [FILTER] - the examples for administrators, each held against the program that reads it.

A file says where it goes by a comment "Copy to PATH"; by that it is known what reads it. Each folder has a check of its
own below, too: one without is a failure, so that a new example cannot be forgotten. Started by tests/packages/examples.
"""
import concurrent.futures
import glob
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TREE, 'tests', 'integration'))
from harness import SOCKGATED, Fail, Gate, expect, expect_equal                     # noqa: E402
from test_consumers import consumer_requests, engine_prepare, expect_forwarded, expect_refused  # noqa: E402

EXAMPLES = os.path.join(TREE, 'conf', 'examples')
JSON = [('Content-Type', 'application/json')]
CREATE = '/v1.41/containers/create?name='
LABEL = 'com.docker.compose.project'
SECONDS = 60            # what no single program here takes, on a machine with other work, too
WORKERS = 3             # most of the time is spent by programs that are waited for
FOLDERS = {}


def read(*path):
    with open(os.path.join(EXAMPLES, *path), encoding='utf-8') as f:
        return f.read()


def files(folder):
    return sorted(os.listdir(os.path.join(EXAMPLES, folder)))


def copied_to(text):
    found = re.search(r'^[#;] Copy to (\S+?),?(?: |$)', text, re.M)
    return found.group(1) if found else None


def run(*command, env=None, check=True, cwd=None):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=SECONDS, check=False, cwd=cwd, env=dict(os.environ, **(env or {})))
    expect(not check or done.returncode == 0, lambda: '%s: exit %d: %s' % (' '.join(command), done.returncode, done.stdout))
    return done.stdout if check else (done.returncode, done.stdout)


def scratch():
    return tempfile.TemporaryDirectory(prefix='sockgate-examples-')


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)


# ---- by kind of file

def gate(text, instance=None, **more):
    """The daemon with this policy before an engine that streams nothing for ever."""
    started = Gate(text, args=['--instance=' + instance] if instance else [], **more)
    engine_prepare(started)
    return started


def check_policy(text, target):
    """The daemon takes it without a warning and judges by it: a ping passes, a build does not."""
    parts = {'dropins': {'10-example.conf': text}} if '.conf.d/' in target else {}
    instance = re.search(r'/sockgate/([a-z]+)\.conf', target)
    shadow = 'mode = shadow' in text
    with gate('[policy]\npreset = ping\n' if parts else text, instance=instance and instance.group(1), **parts) as g:
        status = 'shadow: nothing is enforced' if shadow else 'ready'
        expect('STATUS=' + status in g.notify.all(), lambda: 'status: %s' % g.notify.all())
        expect(shadow or g.process.log() == '', lambda: 'the daemon warns: ' + g.process.log())
        expect_equal(g.ask('GET', '/_ping').status, 403 if re.search('^addresses =', text, re.M) else 200, 'status of a ping')
        expect_equal(g.ask('POST', '/v1.41/build').status, 200 if shadow else 403, 'status of a build')


def unit_path(where, target, name):
    """A folder with the units of the tree, and the drop-in over the instance that the example is for."""
    manager = 'user' if '/systemd/user/' in target else 'system'
    for source in glob.glob(os.path.join(TREE, 'units', '' if manager == 'system' else manager, '*.in')):
        with open(source, encoding='utf-8') as f:
            write(os.path.join(where, os.path.basename(source)[:-3]), f.read().replace('@sbindir@', os.path.dirname(SOCKGATED)))
    unit = os.path.basename(target.rstrip('/'))[:-2].replace('@NAME', '@example')
    if not unit.startswith('sockgate@'):
        shutil.copy('/lib/systemd/%s/%s' % (manager, unit), where)
    return os.path.join(where, unit), os.path.join(where, unit + '.d', name)


def verify(unit, where, target):
    manager = '--user' if '/systemd/user/' in target else '--system'
    env = {'SYSTEMD_UNIT_PATH': where + ':', 'XDG_RUNTIME_DIR': where, 'HOME': where}
    return run('systemd-analyze', 'verify', manager, '--man=no', '--recursive-errors=no', unit, env=env, check=False)


def check_dropin(text, target, name):
    """systemd takes the unit with the drop-in, and would not take it with a mistake in that place."""
    with scratch() as where:
        unit, dropin = unit_path(where, target, name)
        write(dropin, text)
        code, said = verify(unit, where, target)
        expect((code, said) == (0, ''), lambda: said or 'exit %d' % code)
        write(dropin, text + '\nNoSuchKey=1\n')
        expect('NoSuchKey' in verify(unit, where, target)[1], 'the drop-in is not read')


COMPOSE_ENV = {'XDG_RUNTIME_DIR': '/run/user/1000', 'COMPOSE_PROJECT_NAME': 'example'}
# One process for all files: starting compose 1 takes a second.
COMPOSE1 = '''import sys
from compose.cli import main
for name in sys.argv[1:]:
    sys.argv = ["docker-compose"] + [x for part in name.split(",") for x in ("-f", part)] + ["config", "-q"]
    main.main()
    print("read", name)
'''


def compose(*names):
    """The model that compose 2 makes of these files."""
    args = [x for name in names for x in ('-f', os.path.join(EXAMPLES, name))]
    return json.loads(run(os.environ['COMPOSE2'], *args, 'config', '--format', 'json', env=COMPOSE_ENV))


def with_base(name):
    return [os.path.join(os.path.dirname(name), 'stack.yaml'), name] if name.endswith('/overlay.yaml') else [name]


def check_compose1():
    names = [n for n in glob.glob(EXAMPLES + '/*/*.yaml') if 'services:' in read(n)]
    said = run('/usr/bin/python3', '-c', COMPOSE1, *(','.join(with_base(n)) for n in names), env=COMPOSE_ENV)
    expect_equal(said.count('read /'), len(names), 'files that compose 1 reads (%s)' % said)
    expect(len(names) > 10, 'too few files')


def check_compose(name):
    """compose 2 reads it; the engine's own socket is nowhere, the gate's by its directory."""
    for service in compose(*with_base(name))['services'].values():
        if name == 'migrating/before.yaml':
            continue
        expect('no-new-privileges:true' in service.get('security_opt', []) or 'user' in service or 'traefik' in name,
               'a service with all privileges')
        sources = [v['source'] for v in service.get('volumes', []) if v['type'] == 'bind']
        expect(not [s for s in sources if s.endswith('.sock')], 'a socket is mounted, not its directory')
        check_docker_host(service, [v for v in service.get('volumes', []) if 'sockgate' in v.get('source', '')])


def check_docker_host(service, mounts):
    """What the client is told lies below the directory that it gets."""
    said = json.dumps([service.get('environment'), service.get('command')])
    for path in re.findall(r'unix://(/[^"]*)/docker\.sock', said):
        expect_equal([m['target'] for m in mounts], [path], 'mounted directories')
        expect(mounts[0].get('read_only'), 'the directory is writable inside')


def check_file(folder, name):
    text = read(folder, name)
    target = copied_to(text)
    expect('SPDX-License-Identifier: Apache-2.0' in text.split('\n', 1)[0], 'no license')
    expect(target or name.endswith('.yaml'), 'does not say where it goes')
    if target and '/sockgate/' in target and name.endswith('.conf'):
        check_policy(text, target)
    elif target and re.search(r'\.(service|socket)\.d/', target):
        check_dropin(text, target, name)
    elif 'services:' in text:
        check_compose(folder + '/' + name)


def check_readme(folder):
    """Each file is named; what is installed is there, and goes where it says itself that it goes."""
    text = read(folder, 'README')
    for name in files(folder):
        expect(name == 'README' or name in text, 'does not name ' + name)
    joined = re.sub(r'\\\n\s+', '', text)
    for line in re.findall(r'^ +(install -m 644 -D -t .*)$', joined, re.M):
        target, *names = shlex.split(line, comments=True)[5:]
        for name in names:
            check_installed(folder, name, target)


def check_installed(folder, name, target):
    path = os.path.normpath(os.path.join(folder, name))
    said = copied_to(read(path)).rstrip('/')
    if said.endswith(os.path.basename(name)):
        said = os.path.dirname(said)
    want = re.sub(r'@[a-z]+\.', '@NAME.', target) if 'NAME' in said else target
    want = re.sub(r'/[a-z]+\.conf\.d$', '/NAME.conf.d', want) if 'NAME.conf.d' in said else want
    expect_equal(said, want, 'place of ' + name)


# ---- by example

def example(function):
    """Registers the check of a folder: its name, or what stands before two underscores."""
    FOLDERS.setdefault(function.__name__.partition('__')[0].replace('_', '-'), []).append(function)
    return function


def replay(consumer, text, preset, beyond='nothing else'):
    """Every request that the consumer was recorded with; what the pattern names is refused here."""
    requests = [r for r in consumer_requests() if (r['consumer'], r['preset']) == (consumer, preset)]
    expect(len(requests) > 3, 'no requests of ' + consumer)
    with gate(text) as g:
        for request in requests:
            passes = request['passes'] and not re.search(beyond, request['method'] + ' ' + request['target'])
            (expect_forwarded if passes else expect_refused)(g, request)


def create_of(service, project, networks=('default',)):
    """The container that compose asks for, by what the compose file says of it."""
    binds = ['%s:%s%s' % (v['source'], v['target'], ':ro' if v.get('read_only') else '')
             for v in service.get('volumes', []) if v['type'] == 'bind']
    volumes = ['%s_%s:%s' % (project, v['source'], v['target']) for v in service.get('volumes', []) if v['type'] == 'volume']
    ports = {'%d/tcp' % p['target']: [{'HostIp': p['host_ip'], 'HostPort': p['published']}] for p in service.get('ports', [])}
    host = {'Binds': binds + volumes, 'PortBindings': ports, 'NetworkMode': '%s_%s' % (project, networks[0]),
            'RestartPolicy': {'Name': service['restart']}, 'CapDrop': service.get('cap_drop'),
            'SecurityOpt': service.get('security_opt')}
    return {'Image': service['image'], 'User': service.get('user', ''), 'Labels': {LABEL: project}, 'HostConfig': host}


def create(g, body, name='x'):
    return g.ask('POST', CREATE + name, JSON, json.dumps(body).encode())


def of_project(g, kind, name, project):
    body = json.dumps({'Name': name, 'Id': 'd' * 64, 'Labels': {LABEL: project}}).encode()
    g.engine.on('^(/v[0-9.]+)?/%s/%s$' % (kind, name), b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'
                b'Content-Length: %d\r\n\r\n' % len(body) + body)


@example
def admin():
    """The stack and its overlay pass as they are; what they leave out of their confinement does not."""
    services = compose('admin/stack.yaml', 'admin/overlay.yaml')['services']
    owner = re.search(r'SocketUser=(\d+)', read('admin', 'uid.conf')).group(1)
    expect_equal(compose('admin/compose.yaml')['services']['admin']['user'].split(':')[0], owner, 'uid of the admin')
    with gate(read('admin', 'admin.conf'), 'admin') as g:
        of_project(g, 'networks', 'openpalm_default', 'openpalm')
        of_project(g, 'volumes', 'openpalm_data', 'openpalm')
        for name, service in services.items():
            body = create_of(service, 'openpalm')
            answer = create(g, body, name)
            expect_equal(answer.status, 201, '%s: %s' % (name, answer.body))
            for spoil in (lambda b: b.update(User='0'), lambda b: b['HostConfig'].pop('CapDrop'),
                          lambda b: b['HostConfig'].update(Privileged=True), lambda b: b.update(Image='docker.io/library/x'),
                          lambda b: b['Labels'].clear(), lambda b: b['HostConfig'].update(Binds=['/etc:/etc'])):
                worse = json.loads(json.dumps(body))
                spoil(worse)
                expect_equal(create(g, worse, name).status, 403, 'status of %s' % worse)


@example
def traefik():
    for consumer in ('Traefik', 'docker-gen'):
        replay(consumer, read('traefik', 'traefik.conf'), 'events')


@example
def watchtower():
    """As recorded, with the names of the recording; cleaning up wants the README's line; without own lines nothing is created."""
    text = read('watchtower', 'watchtower.conf').replace('registry.example.org', 'registry.test')
    replay('Watchtower', text, 'update', 'DELETE /v[0-9.]+/images/')
    expect('`image-ids = yes`' in read('watchtower', 'README'), 'the README does not say image-ids')
    replay('Watchtower', text + 'image-ids = yes\n', 'update')
    made = next(r for r in consumer_requests() if r['consumer'] == 'Watchtower' and 'create?name=%2Fapp' in r['target'])
    with gate('[policy]\npreset = update\n[container.create]\nimages = registry.other/**\n') as g:
        expect_refused(g, made)


@example
def dozzle():
    replay('Dozzle', read('dozzle', 'dozzle.conf'), 'logs')


@example
def portainer():
    replay('Portainer', read('portainer', 'portainer.conf'), 'read-only')
    with gate(read('portainer', 'portainer.conf') + '[allow]\nendpoints = container.restart container.stop\n') as g:
        expect_equal(g.ask('POST', '/containers/web/restart').status, 204, 'status of the button of the README')


@example
def homepage():
    requests = [r for r in consumer_requests() if r['consumer'] == 'Homepage']
    with gate(read('homepage', 'homepage.conf')) as g:
        for request in requests:
            swarm = re.match('/(services|tasks)', request['target'])
            (expect_refused if swarm else expect_forwarded)(g, request)
        expect_equal(g.ask('GET', '/images/json').status, 403, 'status of a list of images')


@example
def ci_runner():
    """The README's docker run passes; each option that it drops, and a build, do not."""
    host = {'Memory': 1 << 30, 'NanoCpus': 2 * 10**9, 'PidsLimit': 512, 'CapDrop': ['ALL'], 'AutoRemove': True,
            'SecurityOpt': ['no-new-privileges'], 'NetworkMode': 'default', 'RestartPolicy': {'Name': 'no'}}
    body = {'Image': 'docker.io/library/debian:12', 'User': '1000:1000', 'Cmd': ['make', 'test'], 'HostConfig': host}
    with gate(read('ci-runner', 'ci.conf')) as g:
        answer = create(g, body, 'ci-1')
        expect_equal(answer.status, 201, str(answer.body))
        expect_equal(create(g, body, 'web').status, 403, 'status under a name of others')
        for key in ('Memory', 'NanoCpus', 'PidsLimit', 'CapDrop', 'SecurityOpt'):
            worse = dict(body, HostConfig={k: v for k, v in host.items() if k != key})
            expect_equal(create(g, worse, 'ci-1').status, 403, 'status without ' + key)
        for worse in (dict(body, User=''), dict(body, HostConfig=dict(host, Binds=['/srv:/srv']))):
            expect_equal(create(g, worse, 'ci-1').status, 403, 'status of %s' % worse)
        for method, target in (('POST', '/build'), ('POST', '/containers/ci-1/exec'), ('GET', '/containers/ci-1/archive?path=/')):
            expect_equal(g.ask(method, target).status, 403, 'status of ' + target)
    for option in ('--memory', '--cpus', '--pids-limit', '--cap-drop', '--security-opt', '--user'):
        expect(option in read('ci-runner', 'README'), 'the README does not say ' + option)


@example
def rootless_docker():
    replay('Dozzle', read('rootless-docker', 'dozzle.conf'), 'logs')


@example
def rootless_podman():
    """Docker's requests pass; Podman's own routes are known to exist, and not granted."""
    text = read('rootless-podman', 'dozzle.conf')
    replay('Dozzle', text, 'logs')
    with gate(text) as g:
        answer = g.ask('GET', '/v4.0.0/libpod/containers/json')
        expect(answer.status == 403 and b'not allowed by the policy' in answer.body, lambda: 'libpod: %s' % answer.body)


@example
def tcp():
    """One subnet in three files; the policy turns away whoever is not in it."""
    text = read('tcp', 'watch.conf')
    subnet = compose('tcp/compose.yaml')['networks']['gate']['ipam']['config'][0]['subnet']
    for name in files('tcp'):
        expect(subnet in read('tcp', name), '%s does not say %s' % (name, subnet))
    for policy, status in ((text, 403), (text.replace(subnet, '127.0.0.0/8'), 200)):
        with gate(policy, listen=('tcp',)) as g:
            expect_equal(g.ask('GET', '/containers/json', host='host.docker.internal').status, status, 'status from loopback')


@example
def engine():
    """The path is the one that the daemon connects to."""
    with scratch() as where, Gate('[policy]\npreset = ping\n') as elsewhere:
        text = read('engine', 'upstream.conf').replace('/run/other-engine/docker.sock', where + '/docker.sock')
        expect(where in text, 'no path of a socket')
        os.symlink(os.path.join(elsewhere.folder, 'engine.sock'), where + '/docker.sock')
        with Gate('[policy]\npreset = ping\n' + text, start=False) as g:
            start_without_upstream(g)
            expect_equal(g.ask('GET', '/_ping').status, 200)
        expect_equal(len(elsewhere.engine.seen()), 1, 'requests at that engine')


def start_without_upstream(g):
    from harness import Process
    args = ['--config=' + g.config_path, '--journal=' + os.path.join(g.folder, 'journal.sock')]
    g.process = Process(g.folder, [s.fileno() for s in g.listeners], args, None, None, g.notify.path)
    g.wait_ready()


@example
def desktop():
    text = read('desktop', 'desktop.conf')
    expect('/.docker/desktop/docker.sock' in text, 'no path of Docker Desktop')
    with gate(text) as g:
        expect_equal(g.ask('GET', '/containers/json').status, 200)
        expect_equal(g.ask('POST', '/containers/web/stop').status, 403)


POLICY_STUB = '''(handleunknown allow)(mls false)(class process (transition))(class dir (getattr open read search))
(class sock_file (getattr write))(class unix_stream_socket (connectto))(classorder (process dir sock_file unix_stream_socket))
(sid kernel)(sidorder (kernel))(user u)(role r)(roletype r t)(userrole u r)(type t)(type var_run_t)(type unconfined_service_t)
(sensitivity s0)(sensitivityorder (s0))(category c0)(categoryorder (c0))(sensitivitycategory s0 (c0))(userlevel u (s0))
(userrange u ((s0)(s0)))(sidcontext kernel (u r t ((s0)(s0))))(allow t t (process (transition)))
(block container (blockabstract container)(type process)(roletype r process))(block net_container (blockabstract net_container)
(typeattribute dummy))
'''


@example
def confinement():
    """The module compiles with the two templates that it names, and not without them."""
    with scratch() as where:
        write(where + '/stub.cil', POLICY_STUB)
        args = ('secilc', '-o', where + '/policy', '-f', where + '/contexts')
        module = os.path.join(EXAMPLES, 'confinement', 'sockgate_client.cil')
        run(*args, where + '/stub.cil', module)
        expect(os.path.getsize(where + '/policy') > 100, 'no policy')
        expect(run(*args, module, check=False)[0] != 0, 'secilc takes anything')


@example
def fleet__policies():
    """The playbook, run on this host into another folder, with a systemctl that writes down what it was asked."""
    with scratch() as where:
        run_playbook(where)


def run_playbook(where):
    write(where + '/bin/systemctl', '#!/bin/sh\necho "$*" >>%s/said\ncat %s/status 2>/dev/null\n' % (where, where))
    os.chmod(where + '/bin/systemctl', 0o755)
    shutil.copytree(os.path.join(EXAMPLES, 'fleet'), where + '/fleet')
    write(where + '/fleet/files/sockgate/dozzle.conf', read('dozzle', 'dozzle.conf'))
    env = {'PATH': where + '/bin:' + os.environ['PATH'], 'HOME': where, 'ANSIBLE_PIPELINING': '1', 'LC_ALL': 'C.UTF-8'}
    args = ('ansible-playbook', '-i', 'localhost,', '-c', 'local', '-e', 'ansible_become=false config=%s/etc instance=dozzle' % where,
            '-e', 'ansible_python_interpreter=/usr/bin/python3', 'sockgate.yaml')
    write(where + '/status', 'ready\n')
    run(*args, env=env, cwd=where + '/fleet')
    with open(where + '/etc/dozzle.conf', encoding='utf-8') as f:
        expect_equal(f.read(), read('dozzle', 'dozzle.conf'), 'file at the host')
    expect_equal(os.stat(where + '/etc/dozzle.conf').st_mode & 0o777, 0o644, 'mode')
    with open(where + '/said', encoding='utf-8') as f:
        expect_equal(f.read().splitlines()[:2], ['enable --now sockgate@dozzle.socket', 'try-reload-or-restart sockgate@dozzle.service'])
    write(where + '/status', 'reload refused, the policy from before stays: x.conf:1: no\n')
    write(where + '/fleet/files/sockgate/dozzle.conf', '[nonsense]\n')
    expect(run(*args, env=env, cwd=where + '/fleet', check=False)[0] != 0, 'a refused policy is not reported')


CERTIFICATES = '''set -e; cd "$0"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem
for name in upload remote; do
        openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout $name.key -out $name.req
        openssl x509 -req -in $name.req -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -copy_extensions copy -out $name.pem
done'''
# Both ends of the transport with the example's own configuration, in a network and an /etc/systemd of their own.
TRANSPORT = '''set -e; cd "$0"; ip link set lo up; mount -t tmpfs tmpfs /etc/systemd
mkdir -p /etc/systemd/journal-upload.conf.d /etc/systemd/journal-remote.conf.d collected
cp journal-upload.conf /etc/systemd/journal-upload.conf.d; cp journal-remote.conf /etc/systemd/journal-remote.conf.d
/lib/systemd/systemd-journal-remote --listen-https=127.0.0.1:19532 --output=collected/ & remote=$!
sleep 0.5
/lib/systemd/systemd-journal-upload -D journal --save-state=state & upload=$!
for i in $(seq 50); do sleep 0.1; journalctl -q -D collected | grep -q . && break; done
kill $upload; wait $upload || true; kill $remote; wait $remote || true'''


@example
def fleet__audit():
    """Records of the daemon go over TLS to the collector, and the README's line tells who changed what where."""
    with scratch() as where:
        gather_journal(where)
        ask_journal(where)


def gather_journal(where):
    with gate('[allow]\nendpoints = container.*\n') as g:
        for method, target in (('POST', '/containers/web/restart'), ('GET', '/containers/json'), ('GET', '/images/json')):
            g.ask(method, target)
        g.journal.wait_records(3)
        records = g.journal.requests()
    now = int(time.time() * 1e6)
    fields = [b'__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%s\n_MACHINE_ID=%s\n_HOSTNAME=host7\n%s\n'
              % (now + i, i, b'1' * 32, b'2' * 32, r.raw) for i, r in enumerate(records)]
    write(where + '/journal/.keep', '')
    subprocess.run(['/lib/systemd/systemd-journal-remote', '-o', where + '/journal/host7.journal', '-'], input=b''.join(fields),
                   check=True, timeout=SECONDS, capture_output=True)
    transport(where)


def ask_journal(where):
    line = re.search(r'^ +(journalctl -D .*METHOD=POST.*)$', read('fleet', 'README'), re.M).group(1)
    said = run(*line.replace('/var/log/journal/remote', where + '/collected').split(), '-q')
    found = [json.loads(x) for x in said.splitlines()]
    expect_equal([(r['_HOSTNAME'], r['SOCKGATE_UID'], r['SOCKGATE_ENDPOINT'], r['SOCKGATE_PATH']) for r in found],
                 [('host7', str(os.getuid()), 'container.restart', '/containers/web/restart')], 'who changed what where')
    line = re.search(r'^ +(journalctl -D .*VERDICT=deny.*)$', read('fleet', 'README'), re.M).group(1)
    said = run(*line.replace('/var/log/journal/remote', where + '/collected').split(), '-q')
    expect('host7' in said and len(said.splitlines()) == 1, 'what was refused: ' + said)


def transport(where):
    run('bash', '-c', CERTIFICATES, where)
    for name, own in (('journal-upload.conf', 'upload'), ('journal-remote.conf', 'remote')):
        text = read('fleet', name).replace('journal.example.org', '127.0.0.1')
        text = re.sub('(?m)^(ServerKeyFile)=.*', r'\1=%s/%s.key' % (where, own), text)
        text = re.sub('(?m)^(ServerCertificateFile)=.*', r'\1=%s/%s.pem' % (where, own), text)
        write(where + '/' + name, re.sub('(?m)^(TrustedCertificateFile)=.*', r'\1=%s/ca.pem' % where, text))
    expect_equal(os.geteuid(), 0, 'uid of this test: the transport needs root')
    said = run('unshare', '--net', '--mount', '--propagation', 'private', 'bash', '-c', TRANSPORT, where)
    expect(os.listdir(where + '/collected'), 'nothing was collected: ' + said)


@example
def migrating():
    """The same grants in both words; the shadow forwards and records; the manual page shows the same pair."""
    variables = compose('migrating/before.yaml')['services']['docker-socket-proxy']['environment']
    granted = {k for k, v in re.findall(r'^([A-Z]+) = (yes|read)$', read('migrating', 'proxy.conf'), re.M)}
    expect_equal(granted, set(variables) | {'EVENTS'}, 'sections')
    services = compose('migrating/after.yaml')['services']
    expect(list(services) == ['admin'] and 'entrypoint' in services['admin'] and services['admin']['entrypoint'] is None
           and 'group_add' not in services['admin'], 'the admin still has an entrypoint or groups')
    with gate(read('admin', 'admin.conf'), 'admin', dropins={'shadow.conf': read('migrating', 'shadow.conf')}) as g:
        expect_equal(g.ask('GET', '/images/web/history').status, 200, 'status of what the policy denies')
        g.journal.wait_records(1, verdict='would-deny')
    page_says()


# What the manual page says of variables: the policy that stands for them, what it lets through, what not.
WORDS = (
    ('CONTAINERS = yes', 'GET containers/json, GET containers/w/logs, GET containers/w/top, GET containers/w/changes',
     'GET containers/w/export, GET containers/w/archive, POST containers/w/stop, GET events, GET info'),
    ('CONTAINERS = yes\nPOST = yes', 'POST containers/w/stop, POST containers/w/kill, DELETE containers/w',
     'POST containers/w/exec, POST containers/w/attach, PUT containers/w/archive, GET containers/w/export'),
    ('ALLOW_RESTARTS = yes', 'POST containers/w/stop, POST containers/w/restart, POST containers/w/kill', 'POST containers/w/start'),
    ('ALLOW_START = yes\nALLOW_PAUSE = yes', 'POST containers/w/start, POST containers/w/pause', 'POST containers/w/unpause'),
    ('INFO = yes', 'GET info, GET _ping, GET version', 'GET infosec, GET events, GET system/df'),
    ('BUILD = yes\nCOMMIT = yes\nSECRETS = yes\nSWARM = yes\nDISTRIBUTION = yes\nPOST = yes', 'GET version',
     'POST build, POST commit, GET secrets, GET swarm, GET distribution/x/json'),
    ('SECRETS = full\nDISTRIBUTION = full', 'GET secrets, GET distribution/x/json', 'GET configs'))


def page_says():
    for policy, passes, refused in WORDS:
        with gate('[allow]\n' + policy + '\n') as g:
            for want, requests in ((True, passes), (False, refused)):
                for request in requests.split(', '):
                    method, target = request.split(' ')
                    status = g.ask(method, '/' + target).status
                    expect(status < 300 if want else status == 403, lambda: '%s: %s is answered %d' % (policy, request, status))
    with open(os.path.join(TREE, 'man', 'sockgate-migrating.7'), encoding='utf-8') as f:
        page = f.read()
    for name in ('before.yaml', 'after.yaml'):
        shown = read('migrating', name).partition('services:')[2].rstrip().replace('\\', '\\e')
        expect(shown in page, 'sockgate-migrating(7) does not show %s as it is' % name)


# ---- all of it

def has_no_check():
    """A folder without a check of its own below."""
    raise Fail('write one')


def checks():
    folders = sorted(os.listdir(EXAMPLES))
    for folder in folders:
        yield folder + '/README', lambda folder=folder: check_readme(folder)
        for name in files(folder):
            if name != 'README':
                yield folder + '/' + name, lambda folder=folder, name=name: check_file(folder, name)
        for function in FOLDERS.get(folder, [has_no_check]):
            yield '%s: %s' % (folder, (function.__doc__ or 'does what its consumer needs, and no more').split('\n')[0]), function
    yield 'compose 1 reads every compose file, too', check_compose1
    yield 'each check has its example', lambda: expect_equal(sorted(FOLDERS), folders, 'examples')


def judge(check):
    """Runs one check: its name, and what is wrong."""
    name, function = check
    start, why = time.monotonic(), ''
    try:
        function()
    except Fail as e:
        why = str(e)
    except Exception:                       # pylint: disable=broad-except
        why = traceback.format_exc()
    return name, why, time.monotonic() - start


def main():
    n_failed = n = 0
    wanted = [c for c in checks() if len(sys.argv) < 2 or re.search(sys.argv[1], c[0])]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for name, why, seconds in pool.map(judge, wanted):
            print('FAIL %s: %s' % (name, why) if why else 'ok ' + name, flush=True)
            if os.environ.get('TIMES'):
                print('time %s: %.1f s' % (name, seconds))
            n, n_failed = n + 1, n_failed + bool(why)
    print('%d passed, %d failed' % (n - n_failed, n_failed))
    return 0 if n and not n_failed else 1


if __name__ == '__main__':
    sys.exit(main())
