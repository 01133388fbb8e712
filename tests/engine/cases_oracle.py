# SPDX-License-Identifier: Apache-2.0
"""cases_oracle.py - the real engine as the oracle: what the gate lets through is made, inspected, and held to the policy.

Bodies of the adversarial corpus, of recorded clients and of the differential test's generator go through the gate to
an engine. What the engine made of each is judged by oracle.py on the engine's own words; what the gate refused must
not be there. A list of dangerous bodies goes to the engine directly: each must be flagged, else the judge sees nothing.
"""
import base64
import collections
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import engine as e
import oracle
from compare import Failed, Skip

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.append(os.path.join(TESTS, 'differential'))
import mutate                                           # pylint: disable=wrong-import-position

CREATE = re.compile(r'(/v1\.\d+)?/containers/create$')
BUILT_IN = {'', 'default', 'bridge', 'none', 'host', 'podman', 'slirp4netns', 'pasta', 'private'}
POLICIES = {name: 'adversarial/confs/' + name for name in ('create-srv', 'create-img', 'compose')}
POLICIES.update({name: 'differential/confs/%s.conf' % name for name in ('strict', 'admin', 'loose')})
# How many bodies of the generator each policy gets, and how many containers must come of all of its bodies.
MUTATED = {'strict': 400, 'admin': 700, 'loose': 700}
SECRET = 'oracle-secret'


def prepare():
    """Before the engine starts, in the suite's own mount namespace: bind roots, and a secret of the engine's own."""
    os.environ['SOCKGATE_ORACLE'] = SECRET
    subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', '/srv'], check=True)
    for name in ('app/data', 'shown', 'web', 'x'):
        os.makedirs('/srv/' + name)


def networks_of_podman(folder):
    """Podman keeps its networks in /etc: a copy takes that place."""
    for path in ('/etc/containers', '/etc/cni'):
        if os.path.isdir(path):
            copy = folder + path
            shutil.copytree(path, copy, symlinks=True)
            subprocess.run(['mount', '--bind', copy, path], check=True)


# ---- bodies

def body_of(case):
    """Target and body of a case that is one plain create."""
    if len(case['steps']) != 1 or 'send_b64' not in case['steps'][0] or 'repeat' in case['steps'][0]:
        return None
    head, _, body = base64.b64decode(case['steps'][0]['send_b64']).partition(b'\r\n\r\n')
    words = head.split(b'\r\n')[0].decode('latin1').split(' ')
    if len(words) != 3 or words[0] != 'POST' or b'chunked' in head.lower() or not CREATE.match(words[1].split('?')[0]):
        return None
    return words[1], body


def corpus():
    """The creates of the adversarial cases, by their policy."""
    found = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        siblings = folder + '/siblings.jsonl'
        subprocess.run([sys.executable, '-B', TESTS + '/adversarial/siblings.py', siblings], check=True)
        for path in (TESTS + '/adversarial/corpus.jsonl', siblings):
            with open(path, encoding='utf-8') as f:
                for case in map(json.loads, f):
                    body = body_of(case)
                    if body:
                        found[case['policy']].append(body)
    return found


def recorded():
    with open(mutate.DATA + 'recorded-requests.jsonl', encoding='utf-8') as f:
        requests = [r for r in map(json.loads, f) if r['method'] == 'POST']
    return [(r['target'], r['body'].encode()) for r in requests if CREATE.match(r['target'].split('?')[0])]


def bases():
    """What the generator starts from, with the objects of this suite in the place of those that clients had."""
    found = mutate.load_bases()
    for target, body in found['network.connect'] + found['network.disconnect']:
        body['Container'] = 'oracle-join'
    for endpoint, path in (('exec.create', '/v1.41/containers/oracle-box/exec'), ('container.update', '/v1.41/containers/oracle-box/update')):
        found[endpoint] = [(path, body) for _, body in found[endpoint]]
    found.pop('exec.start', None)
    return found


def mutated(policy, n):
    rng = random.Random('oracle ' + policy)
    start = bases()
    return [mutate.make_body(policy, start, rng) for _ in range(n)]


def bodies(policy, created):
    """Each create that a policy gets, once: its own of the corpus first."""
    found = created[policy] + (created['create-srv'] if policy != 'create-img' else []) + recorded()
    found += [b for b in mutated(policy, MUTATED.get(policy, 0)) if CREATE.match(b[0].split('?')[0])]
    once = {}
    for target, body in found:
        body = body.replace(b'/home/web', b'/srv/web')
        once.setdefault((target.split('?')[0], body), None)
    return list(once)


def parsed(body):
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def names_of(all_bodies):
    """Images and networks that bodies name, in so far as they can be names."""
    images, networks = set(), set()
    for _, body in all_bodies:
        value = parsed(body)
        host, net = value.get('HostConfig'), value.get('NetworkingConfig')
        images.add(str(value.get('Image')))
        networks.add(str(host.get('NetworkMode')) if isinstance(host, dict) else '')
        endpoints = net.get('EndpointsConfig') if isinstance(net, dict) else None
        networks.update(endpoints if isinstance(endpoints, dict) else ())
    return ({i for i in images if re.fullmatch('[A-Za-z0-9./:_-]{1,80}', i) and i != 'None'},
            {n for n in networks if re.fullmatch('[a-z][a-z0-9]*_[a-z0-9_]+|n1', n)} - BUILT_IN)


# ---- dangerous bodies: HostConfig members, then top-level ones; the words that the judge must say

def host(**members):
    return {'Image': 'alpine', 'HostConfig': members}


DANGERS = [
    ('HostConfig.Privileged', host(Privileged=True)), ('HostConfig.Binds', host(Binds=['/etc:/x'])),
    ('Mounts bind', host(Binds=['/:/x:ro'])), ('HostConfig.Binds', host(Binds=['secret:/x'])),
    ('Mounts bind', host(Mounts=[{'Type': 'bind', 'Source': '/etc', 'Target': '/x'}])),
    ('Mounts volume', host(Mounts=[{'Type': 'volume', 'Source': 'secret', 'Target': '/x'}])),
    ('Mounts volume', {'Image': 'alpine', 'Volumes': {'/anonymous': {}}}),
    ('HostConfig.CapAdd', host(CapAdd=['SYS_ADMIN'])), ('HostConfig.SecurityOpt', host(SecurityOpt=['seccomp=unconfined'])),
    ('HostConfig.Devices', host(Devices=[{'PathOnHost': '/dev/null', 'PathInContainer': '/dev/x', 'CgroupPermissions': 'rwm'}])),
    ('HostConfig.NetworkMode', host(NetworkMode='host')), ('Networks', host(NetworkMode='secret_net')),
    ('HostConfig.NetworkMode', host(NetworkMode='container:other')),
    ('HostConfig.PidMode', host(PidMode='host')), ('HostConfig.UTSMode', host(UTSMode='host')),
    ('HostConfig.CgroupParent', host(CgroupParent='/x')), ('HostConfig.OomKillDisable', host(OomKillDisable=True)),
    ('HostConfig.PortBindings', host(PortBindings={'80/tcp': [{'HostIp': '', 'HostPort': '8080'}]})),
    ('HostConfig.VolumesFrom', host(VolumesFrom=['other'])), ('HostConfig.GroupAdd', host(GroupAdd=['0'])),
    ('HostConfig.OomScoreAdj', host(OomScoreAdj=-500)),
    ('HostConfig.Tmpfs options', host(Tmpfs={'/t': 'suid'})), ('User', {'Image': 'alpine', 'User': '0'}),
    ('HostConfig.RestartPolicy', host(RestartPolicy={'Name': 'always'})),
    ('Labels', {'Image': 'alpine', 'Labels': {'Secret.Label': 'x'}}), ('Image', {'Image': 'evil.example/x'}),
    ('HostConfig.BlkioDeviceReadBps', host(BlkioDeviceReadBps=[{'Path': '/dev/null', 'Rate': 1048576}])),
    ('require', host(Memory=0)),
]
DOCKER_DANGERS = [
    ('Volume Options', host(Mounts=[{'Type': 'volume', 'Source': 'app_evil', 'Target': '/x', 'VolumeOptions': {
        'DriverConfig': {'Name': 'local', 'Options': {'type': 'none', 'o': 'bind', 'device': '/'}}}}])),
    ('HostConfig.Mounts DriverConfig', host(Mounts=[{'Type': 'volume', 'Source': 'app_evil', 'Target': '/x', 'VolumeOptions': {
        'DriverConfig': {'Name': 'local', 'Options': {'type': 'none', 'o': 'bind', 'device': '/'}}}}])),
    ('HostConfig.Mounts Propagation', host(Mounts=[{'Type': 'bind', 'Source': '/srv/app', 'Target': '/x', 'BindOptions': {
        'Propagation': 'rshared'}}])),
    ('HostConfig.UsernsMode', host(UsernsMode='host')), ('HostConfig.IpcMode', host(IpcMode='host')),
    ('HostConfig.Sysctls', host(Sysctls={'net.ipv4.ip_forward': '1'})),
    ('HostConfig.Cgroup', host(Cgroup='container:other')),
    ('HostConfig.Runtime', host(Runtime='io.containerd.runc.v2')), ('HostConfig.Links', host(Links=['other:x'])),
    ('HostConfig.MaskedPaths', host(MaskedPaths=[])), ('HostConfig.ReadonlyPaths', host(ReadonlyPaths=['/proc/bus'])),
    ('HostConfig.LogConfig', host(LogConfig={'Type': 'syslog', 'Config': {'syslog-address': 'udp://127.0.0.1:514'}})),
    ('HostConfig.DeviceCgroupRules', host(DeviceCgroupRules=['a *:* rwm'])),
    ('HostConfig.DeviceRequests', host(DeviceRequests=[{'Driver': 'nvidia', 'Count': -1, 'Capabilities': [['gpu']]}])),
    ('HostConfig.PublishAllPorts', host(PublishAllPorts=True)), ('HostConfig.PortBindings', host(PortBindings={'80/tcp': [{}]})),
    ('Networks', {'Image': 'alpine', 'NetworkingConfig': {'EndpointsConfig': {'secret_net': {}}}}),
    ('Endpoint IPAMConfig', {'Image': 'alpine', 'HostConfig': {'NetworkMode': 'secret_net'}, 'NetworkingConfig': {
        'EndpointsConfig': {'secret_net': {'IPAMConfig': {'IPv4Address': '172.31.200.9'}}}}}),
    ('Endpoint DriverOpts', {'Image': 'alpine', 'NetworkingConfig': {'EndpointsConfig': {'bridge': {'DriverOpts': {'x': 'y'}}}}}),
    ('MacAddress', {'Image': 'alpine', 'MacAddress': '02:42:ac:11:00:02'}),
    ('OnBuild', {'Image': 'alpine', 'OnBuild': ['RUN x']}),
]
# Its answers say nothing of ipc and sysctls. It joins some fields to words of its command line and cuts those apart
# again: what is a path to Docker is a path and more to Podman.
PODMAN_DANGERS = [
    ('HostConfig.LogConfig', host(LogConfig={'Type': 'json-file', 'Config': {'path': '/srv/log'}})),
    ('Annotations', host(PublishAllPorts=True)),
    ('Mounts bind', host(Mounts=[{'Type': 'bind', 'Source': '/srv/app', 'Target': '/x,src=/etc'}])),
    ('Mounts bind', host(Mounts=[{'Type': 'bind', 'Source': '/srv/app,source=/etc', 'Target': '/x'}])),
    ('Mounts bind Propagation', host(Mounts=[{'Type': 'bind', 'Source': '/srv/app', 'Target': '/x,bind-propagation=rshared'}])),
    ('Mounts volume', host(Mounts=[{'Type': 'volume', 'Source': 'app_x', 'Target': '/x,source=secret'}])),
    ('HostConfig.Tmpfs options', host(Mounts=[{'Type': 'tmpfs', 'Target': '/x,suid,dev,exec'}])),
    ('HostConfig.Tmpfs options', host(Tmpfs={'/x:suid,dev,exec': ''})),
    ('Mounts bind', {'Image': 'alpine', 'Volumes': {'/etc:/x': {}}}),
    ('Mounts bind', {'Image': 'alpine', 'Volumes': {'/etc:/x': {}}, 'HostConfig': {'Mounts': [{'Type': 'tmpfs', 'Target': '/etc:/x/'}]}}),
    ('Env', {'Image': 'alpine', 'Env': ['SOCKGATE_ORACLE']}), ('Env', {'Image': 'alpine', 'Env': ['SOCKGATE_OR*']}),
    ('HostConfig.ContainerIDFile', host(ContainerIDFile='/etc/hostname')),
    ('HostConfig.NetworkMode', host(NetworkMode='slirp4netns')),
    ('Labels', {'Image': 'alpine', 'Labels': {'Secret.Label=x': 'y'}}),
]


def acceptable(body):
    """A dangerous body that in all else keeps to each policy."""
    members = {'CapDrop': ['ALL'], 'SecurityOpt': ['no-new-privileges'], 'Memory': 67108864, 'PidsLimit': 10}
    return json.dumps({'User': '1000:1000', **body, 'HostConfig': {**members, **body.get('HostConfig', {})}}).encode()


# Under this policy each of them is one.
NOTHING = oracle.Rules('[container.create]\nimages = alpine\nbind-mounts = /srv/app\nvolumes = app_*\nrestart-policies = no\n'
                       'users = non-root\nrequire = memory-limit\ndeny-labels = secret.label\n')


def named_in_full(body):
    """With engine = podman a short name is refused wherever only some images are allowed: the registry is put before it."""
    def full(match):
        return match[1] + oracle.image_full(match[2].decode()).encode() + match[3]
    return re.sub(rb'("Image"\s*:\s*")(?![0-9a-f]+"|sha256:)([a-z0-9][a-z0-9._/:-]*)(")', full, body)


class Oracle:
    """One engine, the gates before it, and what was counted."""

    def __init__(self, setup, engine):
        self.setup, self.engine, self.results = setup, engine, setup.results
        self.kind = 'podman' if engine.kind == 'podman' else 'docker'
        self.number, self.counts = 0, collections.Counter()
        self.plain = {}

    # ---- the engine's side

    def inspect_paths(self, name):
        paths = ['/v1.41/containers/%s/json' % name if self.kind == 'podman' else '/containers/%s/json' % name]
        return paths + (['/v4.3.1/libpod/containers/%s/json' % name] if self.kind == 'podman' else [])

    def views(self, name):
        views = []
        for path in self.inspect_paths(name):
            status, view = self.engine.api('GET', path)
            if status != 200:
                raise Failed('inspecting %s: %d %s' % (path, status, view))
            views.append(view)
        return views

    def volumes(self, view):
        names = [m.get('Name') for m in view.get('Mounts') or [] if m['Type'] == 'volume']
        return {name: self.engine.api('GET', '/volumes/' + name)[1] for name in names if name}

    def judge(self, rules, name):
        """What the engine made, against the rules; then it is taken away, volumes and all."""
        views = self.views(name)
        found, volumes = [], self.volumes(views[0])
        for view, plain in zip(views, self.plain):
            found += oracle.container_complaints(rules, self.kind, view, plain, volumes)
        self.remove(name, volumes)
        return found

    def remove(self, name, volumes=()):
        self.engine.api('DELETE', '/containers/%s?force=1&v=1' % name)
        for volume in volumes:
            self.engine.api('DELETE', '/volumes/%s?force=1' % volume)

    def start(self, everything):
        """Images and networks that the bodies name, and containers that some of them refer to."""
        images, networks = names_of(everything)
        for image in sorted(images | {'alpine', 'evil.example/x'}):
            name, tag, _ = oracle.image_cut(image)
            self.engine.api('POST', '/images/bb/tag?repo=%s&tag=%s' % (name, tag or 'latest'))
        self.engine.base_images = self.engine.tags()
        for network in {'app_net', 'secret_net', 'proj_net', 'box_net', *sorted(networks)[:8]}:
            subnet = {'IPAM': {'Config': [{'Subnet': '172.31.200.0/24'}]}} if network == 'secret_net' else {}
            self.engine.api('POST', '/networks/create', {'Name': network, **subnet})
        for name in ('plain', 'other', 'dbx'):
            self.must('POST', '/containers/create?name=' + name, {'Image': 'alpine', 'HostConfig': {}})
        self.must('POST', '/containers/create?name=oracle-box', {'Image': 'alpine', 'Cmd': ['sleep', '900'], 'HostConfig': {
            'Memory': 67108864, 'MemorySwap': 268435456}})
        self.must('POST', '/containers/create?name=oracle-join', JOINS)
        self.plain = self.views('plain')

    def must(self, method, path, body=None):
        status, answer = self.engine.api(method, path, body)
        if status >= 400:
            raise Failed('%s %s: %d %s' % (method, path, status, answer))
        return answer

    # ---- through the gate

    def gate(self, policy):
        with open(os.path.join(TESTS, POLICIES[policy]), encoding='utf-8') as f:
            text = f.read().replace('/home/web', '/srv/web') + '[limits]\nidle-exit = 0\n'
        self.number += 1
        folder = os.path.join(self.setup.folder, 'oracle-%d' % self.number)
        os.makedirs(folder)
        engine = '[upstream]\nengine = podman\n' if self.kind == 'podman' else ''
        gate = e.Gate(self.setup.daemon, folder, self.engine.socket, text + engine)
        conn = e.UnixConnection(gate.socket, 10)
        try:
            conn.request('GET', '/_ping')
            if conn.getresponse().status != 200:
                raise Failed('the gate does not answer: ' + e.file_tail(gate.log))
        finally:
            conn.close()
        return gate, oracle.Rules(text)

    def send(self, gate, target, body):
        conn = e.UnixConnection(gate.socket, 60)
        try:
            conn.request('POST', target, body, {'Content-Type': 'application/json'})
            answer = conn.getresponse()
            data = answer.read()
        finally:
            conn.close()
        try:
            answer_body = json.loads(data) if data else {}
        except ValueError:
            answer_body = {}
        by_gate = str(answer_body.get('message', '')).startswith('sockgate:')
        self.counts['refused by the gate' if by_gate else 'made' if answer.status < 300 else 'refused by the engine'] += 1
        if by_gate and answer.status >= 500:
            raise Failed('%s: %d %s' % (target, answer.status, answer_body))
        return answer.status, answer_body

    def create(self, gate, rules, target, body):
        """One create through the gate; what is wrong with what came of it."""
        self.number += 1
        name = 'oracle-%d' % self.number
        status, _ = self.send(gate, '%s?name=%s' % (target, name), named_in_full(body) if self.kind == 'podman' else body)
        return self.judge(rules, name) if status == 201 else []

    def creates(self, policy, all_bodies, least):
        gate, rules = self.gate(policy)
        self.counts.clear()
        try:
            wrong = [(body, found) for target, body in all_bodies for found in [self.create(gate, rules, target, body)] if found]
        finally:
            code = gate.stop()
        self.over('creates under ' + policy, gate, code, wrong, least)
        left = [n for c in self.engine.api('GET', '/containers/json?all=1')[1] for n in c['Names'] if re.match('/oracle-[0-9]', n)]
        if left:
            raise Failed('refused, and there all the same: %s' % left)

    def over(self, what, gate, code, wrong, least):
        print('    %s: %s' % (what, ', '.join('%d %s' % (n, k) for k, n in sorted(self.counts.items()))), flush=True)
        if code:
            raise Failed('the gate ended with %s\n%s' % (code, e.file_tail(gate.log, 40)))
        if wrong:
            raise Failed('%d bodies that the gate lets through give more than the policy:\n%s' % (
                len(wrong), '\n'.join('%s\n  of %s' % ('; '.join(found), body.decode('utf-8', 'replace')) for body, found in wrong[:12])))
        if self.counts['made'] < least or not self.counts['refused by the gate']:
            raise Failed('this proves little: %s, at least %d should be made' % (dict(self.counts), least))

    # ---- the judge itself

    def dangers(self):
        return DANGERS + (PODMAN_DANGERS if self.kind == 'podman' else DOCKER_DANGERS)

    def bites(self):
        missed = []
        for field, body in self.dangers():
            self.number += 1
            name = 'oracle-%d' % self.number
            status, answer = self.engine.api('POST', '/v1.41/containers/create?name=' + name, body)
            if status != 201:
                missed.append('%s: the engine does not make it: %d %s %s' % (field, status, answer, json.dumps(body)))
                continue
            found = self.judge(NOTHING, name)
            if not any(f.startswith(field) for f in found):
                missed.append('%s is not seen, only %s, of %s' % (field, found, json.dumps(body)))
        self.harmless()
        if missed:
            raise Failed('\n'.join(missed))

    def harmless(self):
        """And of a container that keeps to the policy nothing is said."""
        name = 'oracle-harmless'
        body = {'Image': 'alpine', 'User': '1000:1000', 'Labels': {'a': 'b'}, 'HostConfig': {
            'Memory': 67108864, 'Binds': ['/srv/app/data:/d', 'app_v:/v'], 'Tmpfs': {'/t': 'size=1m'}}}
        self.must('POST', '/v1.41/containers/create?name=' + name, body)
        found = self.judge(NOTHING, name)
        if found:
            raise Failed('the judge finds fault with a harmless container: %s' % found)


# ---- requests other than create: each returns what is wrong

def judge_exec(o, rules, _, answer):
    return oracle.exec_complaints(rules, o.must('GET', '/exec/%s/json' % answer['Id']))


def judge_update(o, rules, before, _):
    return oracle.update_complaints(rules, before, o.views('oracle-box')[0]['HostConfig'])


def judge_volume(o, rules, _, answer):
    view = o.must('GET', '/volumes/' + answer['Name'])
    o.engine.api('DELETE', '/volumes/%s?force=1' % answer['Name'])
    return oracle.volume_complaints(rules, view)


def judge_network(o, rules, _, answer):
    view = o.must('GET', '/networks/' + answer['Id'])
    o.engine.api('DELETE', '/networks/' + answer['Id'])
    return oracle.network_complaints(rules, view, o.must('GET', '/networks/app_net'))


def judge_connect(o, rules, _, answer):
    view = o.views('oracle-join')[0]
    view['NetworkSettings']['Networks'].pop('box_net')
    c = oracle.Container(rules, o.kind, view, o.plain[0], {})
    c.networks()
    o.remove('oracle-join')
    o.must('POST', '/containers/create?name=oracle-join', JOINS)
    return c.found


JOINS = {'Image': 'alpine', 'HostConfig': {'NetworkMode': 'box_net'}}
JUDGES = {'exec': judge_exec, 'update': judge_update, 'volumes/create': judge_volume, 'networks/create': judge_network,
          'connect': judge_connect}


def box_start(o):
    """Commands run in a container that runs; not every machine lets Podman run one here."""
    status, answer = o.engine.api('POST', '/containers/oracle-box/start')
    if status >= 400:
        raise Skip('no container runs: %s' % answer)


def judge_of(target):
    return next((judge for end, judge in JUDGES.items() if target.split('?')[0].endswith('/' + end)), None)


def others(o, policy, least):
    """Commands, limits, volumes and networks of the generator's bodies."""
    box_start(o)
    gate, rules = o.gate(policy)
    o.counts.clear()
    wrong = []
    try:
        for target, body in mutated(policy, MUTATED[policy] * 2):
            judge = judge_of(target)
            if not judge:
                continue
            before = o.views('oracle-box')[0]['HostConfig'] if judge is judge_update else None
            status, answer = o.send(gate, target, body.replace(b'/home/web', b'/srv/web'))
            found = judge(o, rules, before, answer) if status < 300 else []
            if found:
                wrong.append((body, found))
    finally:
        code = gate.stop()
    o.over('other requests under ' + policy, gate, code, wrong, least)


def others_bite(o):
    """What must be flagged of requests other than create, each sent to the engine directly."""
    box_start(o)
    rules, missed = oracle.Rules('[container.create]\nbind-mounts = /srv/app\n[volume.create]\nnames = app_*\n'), []
    asked = [
        ('/volumes/create', {'Name': 'app_a', 'DriverOpts': {'type': 'none', 'o': 'bind', 'device': '/etc'}}, 'Options'),
        ('/volumes/create', {'Name': 'app_b', 'DriverOpts': {'type': 'ext4', 'device': '/dev/sda'}}, 'Options'),
        ('/volumes/create', {'Name': 'secret'}, 'Name'),
        ('/networks/create', {'Name': 'app_d', 'Options': {'com.docker.network.bridge.name': 'app0'} if o.kind == 'docker' else {
            'mtu': '1400'}}, 'Options'),
        ('/networks/create', {'Name': 'app_e', 'IPAM': {'Config': [{'Subnet': '10.1.0.0/24'}]}}, 'IPAM'),
        ('/networks/secret_net/connect', {'Container': 'oracle-join'}, 'Networks'),
        ('/containers/oracle-box/exec', {'Cmd': ['sh'], 'Privileged': True}, 'privileged'),
        ('/containers/oracle-box/exec', {'Cmd': ['sh'], 'User': '7'}, 'user'),
    ]
    if o.kind == 'docker':                              # Podman 4.3 has no such route
        asked.append(('/containers/oracle-box/update', {'Memory': 33554432}, 'HostConfig.Memory'))
    for target, body, word in asked:
        before = o.views('oracle-box')[0]['HostConfig']
        status, answer = o.engine.api('POST', '/v1.41' + target, body)
        found = judge_of(target)(o, rules, before, answer) if status < 300 else ['%d %s' % (status, answer)]
        if not any(f.startswith(word) for f in found):
            missed.append('%s is not seen, only %s, of %s' % (word, found, json.dumps(body)))
    if missed:
        raise Failed('\n'.join(missed))


# What the bodies of each policy come to at least: containers, then other things. Podman takes fewer of them.
LEAST = {
    'docker': {'create-srv': 20, 'create-img': 5, 'compose': 20, 'strict': 60, 'admin': 60, 'loose': 60},
    'podman': {'create-srv': 20, 'create-img': 5, 'compose': 20, 'strict': 50, 'admin': 30, 'loose': 45},
}
LEAST_OTHERS = {'docker': {'strict': 30, 'admin': 60, 'loose': 100}, 'podman': {'strict': 30, 'admin': 50, 'loose': 80}}


def checks(o, plan):
    yield 'oracle: the judge of containers sees every danger that an engine takes', o.bites, ()
    for policy, some in plan.items():
        yield 'oracle: what is created under %s keeps to it' % policy, o.creates, (policy, some, LEAST[o.kind][policy])
    yield 'oracle: the judge of commands, limits, volumes and networks sees every danger', others_bite, (o,)
    for policy in MUTATED:
        yield 'oracle: commands, limits, volumes and networks under %s keep to it' % policy, others, (
            o, policy, LEAST_OTHERS[o.kind][policy])


def run(setup, engine):
    """All checks of one engine."""
    o = Oracle(setup, engine)
    if not any(setup.results.wants(name) for name, _, _ in checks(o, POLICIES)):
        return
    created = corpus()
    plan = {policy: bodies(policy, created) for policy in POLICIES}
    for policy in plan:
        plan[policy] += [('/v1.41/containers/create', acceptable(body)) for _, body in o.dangers()]
    if o.kind == 'podman':
        networks_of_podman(setup.folder)
    o.start([b for some in plan.values() for b in some])
    for name, function, args in checks(o, plan):
        setup.results.check(name, function, *args)
