# SPDX-License-Identifier: Apache-2.0
"""Bodies and targets for the differential test: recorded requests of real clients, changed in every
way that two readers of JSON or of a query could disagree about, with something dangerous planted in
many of them. The same seed makes the same requests.

    mutate.py bodies|targets POLICY SEED N FILE
"""
import json
import random
import struct
import sys
from urllib.parse import quote

DATA = __file__.rsplit('/', 2)[0] + '/data/'


class Obj(list):
    """The members of an object, [key as JSON text, value]: in order, duplicates and all."""


def tree(value):
    """Obj, list, or the JSON text of a scalar."""
    if isinstance(value, dict):
        return Obj([json.dumps(k), tree(v)] for k, v in value.items())
    if isinstance(value, list):
        return [tree(v) for v in value]
    return json.dumps(value)


def text(node):
    if isinstance(node, Obj):
        return '{' + ','.join([k + ':' + text(v) for k, v in node]) + '}'
    if isinstance(node, list):
        return '[' + ','.join([text(v) for v in node]) + ']'
    return node


def copy(node):
    if isinstance(node, Obj):
        return Obj([k, copy(v)] for k, v in node)
    if isinstance(node, list):
        return [copy(v) for v in node]
    return node


# ---- what an engine must never get from these policies, and what stands next to what it may get

MASKED = ['/proc/asound', '/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list',
          '/proc/timer_stats', '/proc/sched_debug', '/proc/scsi', '/sys/firmware']
HOST_DANGERS = [
    ('Privileged', True), ('Binds', ['/:/h']), ('Binds', ['/etc:/etc:ro']), ('PidMode', 'host'), ('NetworkMode', 'host'),
    ('IpcMode', 'host'), ('UTSMode', 'host'), ('UsernsMode', 'host'), ('CgroupnsMode', 'host'), ('CapAdd', ['ALL']),
    ('CapAdd', 'SYS_ADMIN'), ('CapAdd', ['cap_sys_admin']), ('SecurityOpt', ['seccomp=unconfined']),
    ('SecurityOpt', ['no-new-privileges:false']), ('SecurityOpt', ['apparmor=unconfined', 'no-new-privileges']),
    ('SecurityOpt', ['label:disable']), ('SecurityOpt', ['systempaths=unconfined']),
    ('Devices', [{'PathOnHost': '/dev/sda', 'PathInContainer': '/dev/sda', 'CgroupPermissions': 'rwm'}]),
    ('Devices', [{'PathOnHost': '/dev/snd/../mem'}]), ('Devices', [{'PathOnHost': '/dev/fuse', 'CgroupPermissions': 'rwma'}]),
    ('DeviceCgroupRules', ['a *:* rwm']), ('DeviceRequests', [{'Driver': 'nvidia', 'Count': -1, 'Capabilities': [['gpu']]}]),
    ('VolumesFrom', ['other']), ('MaskedPaths', []), ('ReadonlyPaths', []), ('MaskedPaths', MASKED[1:]), ('MaskedPaths', MASKED),
    ('CgroupParent', '/'), ('Runtime', 'evil'), ('Sysctls', {'kernel.core_pattern': '|/x'}), ('Sysctls', {'net.ipv4.ip_forward': '1'}),
    ('Mounts', [{'Type': 'bind', 'Source': '/', 'Target': '/h'}]), ('Mounts', [{'Type': 'Bind', 'Source': '/etc', 'Target': '/h'}]),
    ('Mounts', [{'Type': 'volume', 'Target': '/h', 'VolumeOptions': {'DriverConfig': {'Options': {'type': 'none', 'o': 'bind', 'device': '/'}}}}]),
    ('Mounts', [{'Type': 'bind', 'Source': '/srv/app', 'Target': '/h', 'BindOptions': {'Propagation': 'rshared'}}]),
    ('Mounts', [{'Type': 'tmpfs', 'Target': '/t', 'TmpfsOptions': {'Options': [['exec']]}}]),
    ('Mounts', [{'Type': 'volume', 'Source': 'app_v', 'Target': '/v', 'VolumeOptions': {'Subpath': '../..'}}]),
    ('Mounts', [{'Type': 'image', 'Source': 'x', 'Target': '/v'}]), ('Mounts', [{'Type': 'npipe', 'Source': 'x', 'Target': '/v'}]),
    ('Mounts', [{'Target': '/v'}]), ('Mounts', [{'Type': 'volume', 'Target': '/v'}]),
    ('PortBindings', {'80/tcp': [{'HostIp': '', 'HostPort': '22'}]}), ('PortBindings', {'80/tcp': None}), ('PortBindings', {'80/tcp': []}),
    ('PortBindings', {'80/tcp': [{}]}), ('PortBindings', {'80/tcp': [{'HostPort': '8100-9000'}]}), ('PublishAllPorts', True),
    ('PortBindings', {'80': [{'HostIp': '127.0.0.1', 'HostPort': '8100'}, {'HostPort': '8100'}]}),
    ('OomKillDisable', True), ('OomScoreAdj', -1000), ('Annotations', {'run.oci': 'x'}), ('StorageOpt', {'size': '9'}),
    ('Links', ['secret:s']), ('GroupAdd', ['0']), ('GroupAdd', ['docker']), ('Isolation', 'hyperv'), ('Cgroup', 'container:x'),
    ('VolumeDriver', 'evil'), ('LogConfig', {'Type': 'syslog', 'Config': {'syslog-address': 'udp://1.2.3.4'}}),
    ('LogConfig', {'Type': 'json-file', 'Config': {'evil': '1'}}), ('LogConfig', {'Config': {'gelf-address': 'x'}}),
    ('RestartPolicy', {'Name': 'always'}), ('RestartPolicy', {'Name': 'sometimes'}), ('Capabilities', ['ALL']), ('InitPath', '/x'),
    ('BlkioWeightDevice', [{'Path': '/dev/sda', 'Weight': 10}]), ('BlkioDeviceReadBps', [{'Path': '/dev/sda', 'Rate': 1}]),
    ('CpuRealtimeRuntime', 950000), ('KernelMemory', 1), ('Tmpfs', {'/t': 'suid,dev'}), ('Tmpfs', {'/t': 'rw,uid=0,size=1m'}),
    ('Ulimits', [{'Name': 'nofile', 'Soft': -2, 'Hard': -2}]), ('Memory', -1), ('ShmSize', -1), ('MemorySwappiness', 101),
    ('NetworkMode', 'container:x'), ('NetworkMode', 'ns:/proc/1/ns/net'), ('NetworkMode', 'cafe'), ('NetworkMode', 'none'),
    ('NetworkMode', 'app_net'), ('PidMode', 'container:x'), ('CapDrop', []), ('Memory', 0), ('PidsLimit', -1), ('ReadonlyRootfs', True),
]
TOP_DANGERS = [
    ('Image', 'evil.example/x'), ('Image', 'sha256:' + 'a' * 64), ('Image', 'deadbeef'), ('Image', 'docker.io/library/x/y'),
    ('Image', 'ghcr.io/acme/../evil'), ('Image', 'localhost:5999/x/bb:2'), ('User', '0'), ('User', '00'), ('User', '+0'),
    ('User', '1000:0'), ('User', 'root'), ('User', ''), ('Volumes', {'/anonymous': {}}), ('OnBuild', ['RUN x']),
    ('MacAddress', '02:42:ac:11:00:02'), ('Labels', {'traefik.enable': 'true'}), ('Cpuset', '0'),
    ('NetworkingConfig', {'EndpointsConfig': {'host': {}}}), ('NetworkingConfig', {'EndpointsConfig': {'cafe': None}}),
    ('NetworkingConfig', {'EndpointsConfig': {'secret_net': {}}}),
    ('NetworkingConfig', {'EndpointsConfig': {'bridge': {'IPAMConfig': {'IPv4Address': '172.17.0.9'}}}}),
    ('NetworkingConfig', {'EndpointsConfig': {'bridge': {'DriverOpts': {'x': 'y'}}}}),
    ('NetworkingConfig', {'EndpointsConfig': {'bridge': {'NetworkID': 'x', 'IPPrefixLen': 16}}}),
    ('NetworkingConfig', {'EndpointsConfig': {'bridge': {'Links': ['secret:s']}}}),
    ('HostConfig', {'Privileged': True}), ('HostConfig', {'Binds': ['/:/h']}), ('HostConfig', None), ('HostConfig', {}),
    ('Config', {'Privileged': True}), ('hostConfig', {'Privileged': True}), ('HostConfig', {'Resources': {'CgroupParent': '/'}}),
]
DANGERS = {
    'container.update': [('CpuShares', 5), ('Memory', -1), ('Memory', 99), ('PidsLimit', 0), ('PidsLimit', -1), ('CpusetCpus', '0'),
                         ('RestartPolicy', {'Name': 'always'}), ('RestartPolicy', {'Name': 'sometimes'}), ('Devices', [{'PathOnHost': '/dev/sda'}]),
                         ('DeviceCgroupRules', ['a']), ('BlkioWeightDevice', []), ('BlkioDeviceReadBps', []), ('MemorySwap', -1), ('CgroupParent', '/'),
                         ('CpuQuota', -1), ('KernelMemory', 1), ('OomKillDisable', True), ('BlkioWeight', 70000), ('NanoCpus', 1)],
    'exec.create': [('Privileged', True), ('User', '0'), ('User', 'root'), ('User', '1000'), ('Env', ['LD_PRELOAD=/x']), ('Cmd', ['/evil']), ('Cmd', []),
                    ('Cmd', 'sh'), ('Cmd', None), ('WorkingDir', '/proc/self/fd/8'), ('WorkingDir', '/data/../x'), ('WorkingDir', '/data/x')],
    'exec.start': [('Detach', True), ('Tty', 1), ('ConsoleSize', [1, 2]), ('ConsoleSize', [-1, 2]), ('ConsoleSize', [1]), ('hijack', 1)],
    'volume.create': [('Driver', 'evil'), ('DriverOpts', {'type': 'none', 'o': 'bind', 'device': '/'}), ('Name', 'secret'), ('Name', ''),
                      ('DriverOpts', {'device': '/etc'}), ('DriverOpts', {'type': 'none', 'o': 'bind', 'device': '/srv/x'}),
                      ('DriverOpts', {'type': 'tmpfs', 'device': 'tmpfs', 'o': 'size=1m'}), ('DriverOpts', {'type': 'ext4', 'device': '/dev/sda'}),
                      ('DriverOpts', {'type': 'overlay', 'device': 'x', 'o': 'lowerdir=/etc'}), ('DriverOpts', {'type': 'nfs', 'device': ':/x', 'o': 'addr=1.2.3.4'}),
                      ('DriverOpts', {'type': 'none', 'o': 'rbind', 'device': '/srv/../etc'}), ('ClusterVolumeSpec', {'Group': 'x'}), ('ClusterVolumeSpec', {})],
    'network.create': [('Driver', 'macvlan'), ('Driver', 'host'), ('Scope', 'swarm'), ('Ingress', True), ('ConfigOnly', True), ('Name', 'host'),
                       ('Name', 'cafe'), ('Name', 'secret'), ('Options', {'com.docker.network.bridge.name': 'eth0'}), ('IPAM', {'Driver': 'evil'}),
                       ('IPAM', {'Config': [{'Subnet': '10.0.0.0/8'}]}), ('IPAM', {'Config': [{'Subnet': '172.30.1.0/24', 'Gateway': '10.0.0.1'}]}),
                       ('IPAM', {'Config': [{'Subnet': '172.30.1.0/24', 'Gateway': '172.30.1.1'}]}), ('IPAM', {'Config': [{'Subnet': '172.30.0.0/8'}]}),
                       ('ConfigFrom', {'Network': 'x'}), ('ConfigFrom', {}), ('IPAM', {'Options': {'x': 'y'}})],
    'network.connect': [('EndpointConfig', {'IPAMConfig': {'IPv4Address': '1.2.3.4'}}), ('EndpointConfig', {'DriverOpts': {'x': 'y'}}),
                        ('EndpointConfig', {'MacAddress': '02:42:ac:11:00:02'}), ('EndpointConfig', {'GwPriority': 1}),
                        ('EndpointConfig', {'Links': ['secret']}), ('EndpointConfig', {'NetworkID': 'x'})],
    'network.disconnect': [('Force', True), ('Force', 1), ('Container', None)],
}
STRINGS = [
    '/srv/app:/d', '/srv/app/x:/d:ro', '/srv/app/../../etc:/d', '/srv/app/./x:/d', '/srv/app//x:/d', '/srv/appx:/d', '/srv/app:/d:rw,shared',
    '/srv/app:/d:rslave', '/srv/shown:/d', '/srv/shown:/d:ro', '/srv/shown/a:/d:rw,ro', '/srv/shown:/d:ro,rw', '/etc/localtime:/etc/localtime:ro',
    '/etc/localtime/x:/d:ro', '/etc/localtime:/etc/localtime', 'app_x:/d', 'app_x:/d:nocopy', 'secret:/d', '/d', 'app_/../x:/d', ':/d', '/srv/app:', '/srv/app::ro',
    '/srv/app:d', '/srv/app:/d:', 'C:\\x:/d', '/srv/app\n:/d', ' /srv/app:/d', '/SRV/app:/d', '/srv/app:/d:RO', '/srv/app/\u017f:/d', '/home/web/a:/b:z', '~:/d',
    '/srv/app/x', '/srv', '/', '..', '.', 'host', 'Host', 'none', 'default', 'private', 'bridge', 'container:x', 'app_net', 'APP_net', 'a', 'ab', '12', 'f00',
    '0', '1000', '1000:1000', '01', '-1', '1e3', '8100', '8100-8199', '8099', '9000', '7000-7001', '127.0.0.1', '0.0.0.0', '::', 'alpine', 'alpine:3', 'docker.io/library/alpine',
    'index.docker.io/library/alpine', 'docker.io/alpine', 'evil/alpine', 'localhost/alpine', 'library/alpine', 'ghcr.io/acme/a/b:1', 'ghcr.io/acmex/a', 'GHCR.io/acme/a',
    'ghcr.io:443/acme/a', 'alpine@sha256:' + 'b' * 64, 'sha256:abc', 'cafe', 'cafe:latest', 'json-file', 'JSON-FILE', 'runc', 'Runc', 'no-new-privileges', 'no-new-privileges:true',
    'no-new-privileges:false', 'no-new-privileges=false', 'no-new-privileges:0', 'NO-NEW-PRIVILEGES', 'ALL', 'all', 'cap_all', 'CHOWN', 'cap_chown', 'Net_Admin', '',
    'bind', 'volume', 'tmpfs', 'BIND', 'shared', 'rprivate', 'always', 'no', 'local', 'sh', 'echo', '/bin/sh', '\ud83d\ude00', '\u212a', 'x' * 300, 'tcp', '80/tcp', '80/TCP', '80/icmp',
    'swarm', '172.30.1.0/24', '172.30.1.5', '10.0.0.0/8', 'size=1m', 'bind,ro', 'rbind', 'nfs', 'traefik.enable', 'Traefik.Enable',
]
RAW = ['null', 'true', 'false', '0', '-0', '1', '-1', '1.0', '1e0', '1E400', '-1e-1', '9223372036854775807', '9223372036854775808', '18446744073709551615',
       '65536', '4294967296', '01', '+1', '.5', 'NaN', '""', '"true"', '"0"', '"1"', '[]', '{}', '[null]', '[[]]', '[{}]', '{"a":null}', '[""]', '["x"]', '[0]', '[true]',
       '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\/"', '"a\tb"', "'x'", '"\\x41"', '0x10', 'TRUE', 'nul']


def load_bases():
    found = {}
    with open(DATA + 'recorded-requests.jsonl', encoding='utf-8') as f:
        for line in f:
            r = json.loads(line)
            path = r['target'].split('?')[0]
            end = path.rsplit('/', 1)[1]
            endpoint = {'create': {'containers': 'container.create', 'volumes': 'volume.create', 'networks': 'network.create'},
                        'update': {'containers': 'container.update'}, 'exec': {'containers': 'exec.create'}, 'start': {'exec': 'exec.start'},
                        'connect': {'networks': 'network.connect'}, 'disconnect': {'networks': 'network.disconnect'}}.get(end, {})
            endpoint = next((v for k, v in endpoint.items() if '/%s/' % k in path), None)
            if endpoint and r['method'] == 'POST' and r['body'].strip().startswith('{'):
                found.setdefault(endpoint, []).append((r['target'], json.loads(r['body'])))
    return found


def adapt_create(policy, body, rng):
    """Makes a recorded body one that the policy allows."""
    host = body.setdefault('HostConfig', {}) or {}
    body['HostConfig'] = host
    for key in ('Binds', 'Mounts', 'PortBindings', 'Links', 'Devices', 'CapAdd', 'SecurityOpt', 'Sysctls', 'GroupAdd', 'ExtraHosts', 'PublishAllPorts',
                'RestartPolicy', 'Memory', 'PidsLimit', 'Privileged', 'MaskedPaths', 'ReadonlyPaths', 'LogConfig', 'Tmpfs', 'NetworkMode', 'PidMode', 'IpcMode'):
        if key in host and rng.random() < 0.8:
            del host[key]
    body.pop('NetworkingConfig', None)
    body['Volumes'] = {}
    if policy == 'admin':
        body.update(Image=rng.choice(['alpine', 'docker.io/library/alpine:3', 'ghcr.io/acme/a/b']), User='1000:1000')
        host.update(CapDrop=['ALL'], SecurityOpt=['no-new-privileges:true'], NetworkMode='app_net')
        if rng.random() < 0.5:
            host.update(Binds=['/srv/app/data:/data:rw', 'app_x:/v', '/etc/localtime:/etc/localtime:ro'],
                        PortBindings={'80/tcp': [{'HostIp': '127.0.0.1', 'HostPort': '8100'}]}, Init=True,
                        Mounts=[{'Type': 'bind', 'Source': '/srv/shown', 'Target': '/s', 'ReadOnly': True, 'BindOptions': {'NonRecursive': True}},
                                {'Type': 'tmpfs', 'Target': '/t', 'TmpfsOptions': {'SizeBytes': 1, 'Mode': 1023}}],
                        LogConfig={'Type': 'json-file', 'Config': {'max-size': '1m'}}, RestartPolicy={'Name': 'on-failure', 'MaximumRetryCount': 3})
            body['Volumes'] = {'/data': {}}
        if rng.random() < 0.5:
            body['NetworkingConfig'] = {'EndpointsConfig': {'app_net': {'Aliases': ['a'], 'IPAMConfig': {}}}}
    else:
        body['Image'] = rng.choice(['busybox', 'local/x:1', 'bb' if policy == 'loose' else 'bb:latest'])
        host['NetworkMode'] = 'default'
    if policy == 'loose':
        host.update(Memory=99999999, PidsLimit=10)
        if rng.random() < 0.5:
            host.update(Binds=['/srv/x:/x', 'v:/v', '/anon'], PidMode='host', CapAdd=['NET_ADMIN'], PublishAllPorts=True, Sysctls={'net.core.somaxconn': '9'},
                        Devices=[{'PathOnHost': '/dev/fuse', 'PathInContainer': '/dev/fuse', 'CgroupPermissions': 'rwm'}], Links=['dbx:db'],
                        PortBindings={'80/tcp': [{'HostIp': '', 'HostPort': ''}], '81/udp': None}, MaskedPaths=MASKED + ['/x'])
            body['NetworkingConfig'] = {'EndpointsConfig': {'n1': {'IPAMConfig': {'IPv4Address': '10.9.8.7'}, 'NetworkID': 'n1', 'IPPrefixLen': 8}}}


def adapt(policy, endpoint, target, body, rng):
    network = {'strict': 'bridge'}.get(policy, 'app_net')
    if endpoint == 'container.create':
        adapt_create(policy, body, rng)
    elif endpoint in ('network.connect', 'network.disconnect'):
        target = '/v1.41/networks/%s/%s' % (network, endpoint.rsplit('.', 1)[1])
        config = body.get('EndpointConfig') or {}
        for key in list(config):
            if key not in ('Aliases', 'IPAMConfig'):
                del config[key]
        config['IPAMConfig'] = {}
    elif endpoint == 'container.update':
        body = {'Memory': 67108864, 'PidsLimit': 7} if policy != 'strict' else {}
        body.update(CpuShares=0, NanoCpus=0, RestartPolicy={'Name': '', 'MaximumRetryCount': 0}, BlkioWeightDevice=None)
    elif endpoint in ('volume.create', 'network.create'):
        body['Name'] = 'app_thing'
        body.pop('Options', None)
        if policy == 'admin' and endpoint == 'network.create' and rng.random() < 0.5:
            body['IPAM'] = {'Driver': 'default', 'Config': [{'Subnet': '172.30.1.0/24', 'Gateway': '172.30.1.1'}]}
        elif endpoint == 'network.create':
            body.pop('IPAM', None)
    elif endpoint == 'exec.create':
        body.update(Cmd=['sh', '-c', 'x'], User='1000' if policy == 'admin' else '')
        if policy == 'loose':
            body.update(Env=['A=b'], WorkingDir='/data/x')
    return target, body


# ---- spellings of a key

def escaped(key, rng):
    return '"' + ''.join('\\u%04x' % ord(c) if rng.random() < 0.3 else c for c in key) + '"'


def respell(key, rng):
    """JSON text of a key that Go takes for this one (and now and then of one that it does not)."""
    way = rng.randrange(9)
    if way == 0:
        return json.dumps(key.lower())
    if way == 1:
        return json.dumps(key.upper())
    if way == 2:
        return json.dumps(''.join(c.swapcase() if rng.random() < 0.3 else c for c in key))
    if way in (3, 4):
        folded = key.replace('s', '\u017f').replace('S', '\u017f') if way == 3 else key.replace('k', '\u212a').replace('K', '\u212a')
        return json.dumps(folded, ensure_ascii=rng.random() < 0.5)
    if way == 5:
        return escaped(key, rng)
    if way == 6:
        return escaped(''.join(c.swapcase() if rng.random() < 0.3 else c for c in key), rng)
    if way == 7:
        return json.dumps(key.replace('i', '\u0131').replace('I', '\u0130'))
    return json.dumps(key + rng.choice([' ', '\u200b', '.', '_', 'x']))


def key_of(member):
    try:
        return json.loads(member[0])
    except ValueError:
        return member[0].strip('"')


# ---- places in a tree

def places(node, found, depth=0):
    """(container, index, is_member) of each value below node."""
    for i, child in enumerate(node):
        value = child[1] if isinstance(node, Obj) else child
        found.append((node, i))
        if isinstance(value, list):
            places(value, found, depth + 1)
    return found


def get(place):
    node, i = place
    return node[i][1] if isinstance(node, Obj) else node[i]


def put(place, value):
    node, i = place
    if isinstance(node, Obj):
        node[i][1] = value
    else:
        node[i] = value


def objects(node, found):
    if isinstance(node, Obj):
        found.append(node)
    if isinstance(node, list):
        for child in node:
            objects(child[1] if isinstance(node, Obj) else child, found)
    return found


# ---- mutators: each changes the tree in place

def find_member(root, key):
    for member in root:
        if key_of(member) == key:
            return member
    return None


def plant(root, endpoint, rng):
    home = root
    if endpoint == 'container.create':
        if rng.random() < 0.65:
            key, value = rng.choice(HOST_DANGERS)
            host = find_member(root, 'HostConfig')
            if rng.random() < 0.75 and host and isinstance(host[1], Obj):
                home = host[1]
            elif rng.random() < 0.3 and host:
                root.remove(host)
        else:
            key, value = rng.choice(TOP_DANGERS)
    else:
        key, value = rng.choice(DANGERS[endpoint])
    spelling = json.dumps(key) if rng.random() < 0.4 else respell(key, rng)
    old = find_member(home, key)
    if old and rng.random() < 0.5:
        old[0], old[1] = spelling, tree(value)
    else:
        home.insert(rng.choice([0, len(home), rng.randrange(len(home) + 1)]), [spelling, tree(value)])


def mutate_key(root, endpoint, rng):
    where = [o for o in objects(root, []) if o]
    if where:
        member = rng.choice(rng.choice(where))
        member[0] = respell(key_of(member), rng)


def mutate_duplicate(root, endpoint, rng):
    where = [o for o in objects(root, []) if o]
    if not where:
        return
    home = rng.choice(where)
    member = rng.choice(home)
    value = rng.choice([copy(member[1]), rng.choice(RAW), Obj(), []])
    spelling = member[0] if rng.random() < 0.5 else respell(key_of(member), rng)
    home.insert(rng.choice([0, len(home)]), [spelling, value])


def mutate_value(root, endpoint, rng):
    where = places(root, [])
    if where:
        put(rng.choice(where), rng.choice(RAW))


def mutate_string(root, endpoint, rng):
    where = [p for p in places(root, []) if isinstance(get(p), str) and get(p).startswith('"')]
    if not where:
        return
    place = rng.choice(where)
    value = rng.choice(STRINGS)
    if rng.random() < 0.25:
        put(place, escaped(value.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace'), rng) if value.isascii() and '\\' not in value
            and '\n' not in value else json.dumps(value))
    else:
        put(place, json.dumps(value, ensure_ascii=rng.random() < 0.5) if not any('\ud800' <= c < '\ue000' for c in value) else json.dumps(value))


def mutate_wrap(root, endpoint, rng):
    where = places(root, [])
    if not where:
        return
    place = rng.choice(where)
    value = get(place)
    put(place, rng.choice([[value], Obj([['"x"', value]]), json.dumps(text(value)), [value, value], ['null', value], [value, 'null']]))


def mutate_unwrap(root, endpoint, rng):
    where = [p for p in places(root, []) if isinstance(get(p), list) and get(p)]
    if where:
        place = rng.choice(where)
        child = rng.choice(get(place))
        put(place, child[1] if isinstance(get(place), Obj) else child)


def mutate_order(root, endpoint, rng):
    where = [o for o in objects(root, []) if len(o) > 1]
    if where:
        rng.shuffle(rng.choice(where))


def mutate_delete(root, endpoint, rng):
    where = places(root, [])
    if where:
        node, i = rng.choice(where)
        del node[i]


def mutate_split(root, endpoint, rng):
    """One object in two halves, the way that Go merges them."""
    where = [(home, m) for home in objects(root, []) for m in home if isinstance(m[1], Obj) and len(m[1]) > 1]
    if where:
        home, member = rng.choice(where)
        cut = rng.randrange(1, len(member[1]))
        second = Obj(member[1][cut:])
        del member[1][cut:]
        home.append([member[0] if rng.random() < 0.5 else respell(key_of(member), rng), second])


def mutate_move(root, endpoint, rng):
    """A member to another object: HostConfig's to the top, and the like."""
    where = [o for o in objects(root, []) if o]
    if len(where) > 1:
        source, home = rng.sample(where, 2)
        member = rng.choice(source)
        if member[1] is not home and all(o is not home for o in objects(member[1], [])):
            source.remove(member)
            home.append(member)


def mutate_element(root, endpoint, rng):
    where = [get(p) for p in places(root, []) if isinstance(get(p), list) and not isinstance(get(p), Obj)]
    if where:
        home = rng.choice(where)
        value = rng.choice([json.dumps(rng.choice(STRINGS)), rng.choice(RAW)] + [copy(e) for e in home[:3]])
        home.insert(rng.randrange(len(home) + 1), value)


MUTATORS = [plant] * 6 + [mutate_string] * 4 + [mutate_key] * 2 + [mutate_duplicate] * 2 + [mutate_value] * 2 + [
    mutate_wrap, mutate_unwrap, mutate_order, mutate_order, mutate_delete, mutate_split, mutate_move, mutate_element, mutate_element]


def spoil(raw, rng):
    """Changes of the bytes themselves."""
    way = rng.randrange(8)
    at = rng.randrange(len(raw))
    if way == 0:
        return raw + rng.choice([b' ', b'\n', b'{}', b'{"HostConfig":{"Privileged":true}}', b'x', b'\0', b','])
    if way == 1:
        return rng.choice([b'\xef\xbb\xbf', b' \n\t', b'\x0c', b'\0', b'[', b'{}']) + raw
    if way == 2:
        return raw[:at] + bytes([rng.randrange(256)]) + raw[at + 1:]
    if way == 3:
        return raw[:at] + rng.choice([b'\xc0\x80', b'\xed\xa0\x80', b'\xff', b'\xe2\x84\xaa', b'\xc5\xbf', b'\\u0000', b'/*x*/']) + raw[at:]
    if way == 4:
        return raw[:at]
    if way == 5:
        return raw.replace(b':', b' :\n ').replace(b',', b' ,\t')
    if way == 6:
        return raw.replace(b'/', b'\\/')
    return raw[:at] + raw[at:at + 9] + raw[at:]


def make_body(policy, bases, rng):
    endpoint = 'container.create' if rng.random() < 0.6 else rng.choice(sorted(bases))
    target, base = rng.choice(bases[endpoint])
    body = json.loads(json.dumps(base))
    if rng.random() < 0.92:
        target, body = adapt(policy, endpoint, target, body, rng)
    root = tree(body)
    for _ in range(rng.choice([0, 1, 1, 1, 1, 2, 2, 3])):
        rng.choice(MUTATORS)(root, endpoint, rng)
    raw = text(root).encode('utf-8', 'surrogatepass')
    if rng.random() < 0.08:
        raw = spoil(raw, rng)
    return target, raw


# ---- targets

def load_targets(policy):
    found = set()
    with open(DATA + 'recorded-requests.jsonl', encoding='utf-8') as f:
        for line in f:
            r = json.loads(line)
            found.add((r['method'], r['target']))
    for name, column in (('endpoints.tsv', 3), ('libpod.tsv', 4))[:2 if policy == 'podman' else 1]:
        with open(DATA + name, encoding='utf-8') as f:
            for line in f:
                cells = line.rstrip('\n').split('\t')
                if line.startswith('#') or len(cells) <= column or not cells[column].startswith('/'):
                    continue
                path = cells[column]
                while '{' in path:
                    path = path[:path.index('{')] + 'web' + path[path.index('}') + 1:]
                method = cells[column - 1]
                if method in ('GET', 'POST', 'PUT', 'DELETE', 'HEAD'):
                    found.add((method, ('/v4.0.0' if name == 'libpod.tsv' else '') + path))
    keys = []
    with open(DATA + 'query-fields.tsv', encoding='utf-8') as f:
        for line in f:
            cells = line.split('\t')
            if not line.startswith('#') and len(cells) > 1 and cells[1] not in ('key', '-'):
                keys.append(cells[1])
    return sorted(found), keys


PATHS = ['%2e%2e', '..', '.', '//', '%2f', '%2F', '%3A', '%3a', '%40', '%2B', '%00', '%', '%zz', ';x', '\\', '#x', '+', '%20', '/', 'json', 'web', 'a:b', 'a@b', '~', '*', '!', "'", '(', '%C5%BF',
         'localhost:5000/x', 'sha256:' + 'a' * 64, '/v1.41', '/v1.24', '/v9', '/V1.41', '/json', '/start', '/images', '/get', '/search', 'libpod/', '?', '=', '&']
VALUES = ['', '0', '1', 'true', 'false', 'KILL', '-1', '%00', '%', '%zz', '%2', '+', '%20', '%26', '%3D', '%3d', '%25', '%0a', '%C5%BF', '%E2%84%AA', '%ff', ';', '%3B', 'a=b', 'a+b', '/etc', '../x', '%2e%2e',
          '{%22a%22:1}', '{"a":["b"]}', 'alpine', 'alpine:3', 'evil.example/x', 'docker.io/library/x', 'ghcr.io/acme/x', 'ghcr.io%2Facme%2Fx', 'deadbeef', 'sha256:' + 'c' * 64, 'latest', '?', '#', '&', '~', '1e3']


def make_target(targets, keys, rng):
    method, target = rng.choice(targets)
    if rng.random() < 0.1:
        method, target = 'POST', '/v1.41/images/create?fromImage=alpine&tag=3'
    if rng.random() < 0.03:
        method = rng.choice(['GET', 'POST', 'DELETE', 'HEAD', 'PUT'])
    path, _, query = target.partition('?')
    pairs = [p for p in query.split('&') if p]
    for _ in range(rng.choice([0, 1, 1, 2, 3])):
        way = rng.randrange(12)
        if way in (0, 1):
            at = rng.randrange(len(path) + 1)
            path = path[:at] + rng.choice(PATHS) + path[at + rng.choice([0, 0, 1]):]
        elif way == 2:
            parts = path.split('/')
            parts[rng.randrange(len(parts))] = rng.choice(PATHS)
            path = '/'.join(parts)
        elif way in (3, 4) and pairs:
            i = rng.randrange(len(pairs))
            pairs[i] = pairs[i].partition('=')[0] + '=' + rng.choice(VALUES)
        elif way == 5 and pairs:
            key, _, value = rng.choice(pairs).partition('=')
            key = rng.choice([key, key, key.upper(), key.capitalize(), key.replace('s', '%C5%BF'), key.replace('s', '\u017f'), '%' + '%02x' % ord(key[0]) + key[1:] if key else key, key + '%00', key + ' '])
            pairs.insert(rng.randrange(len(pairs) + 1), key + '=' + rng.choice([value, rng.choice(VALUES)]))
        elif way in (6, 7, 8):
            pairs.insert(rng.randrange(len(pairs) + 1), rng.choice(keys) + '=' + rng.choice(VALUES))
        elif way == 9:
            pairs.insert(rng.randrange(len(pairs) + 1), rng.choice(['', '=', 'x', '=x', 'x=', 'a;b=c', 'x=y=z', '%', '&', '?x=1', 'unknown=1']))
        elif way == 10 and pairs:
            rng.shuffle(pairs)
        elif pairs:
            i = rng.randrange(len(pairs))
            key, _, value = pairs[i].partition('=')
            pairs[i] = key + '=' + quote(value, safe='')
    target = path + ('?' + '&'.join(pairs) if pairs or rng.random() < 0.02 else '')
    return method, target.encode()


def frame(*parts):
    return b''.join(struct.pack('<I', len(p)) + p for p in parts)


def main():
    what, policy, seed, n, path = sys.argv[1:]
    rng = random.Random('%s %s %s' % (what, policy, seed))
    bases, (targets, keys) = load_bases(), load_targets(policy)
    with open(path, 'wb') as out:
        for _ in range(int(n)):
            if what == 'bodies':
                target, body = make_body(policy, bases, rng)
                out.write(frame(b'POST', target.encode(), body))
            else:
                method, target = make_target(targets, keys, rng)
                out.write(frame(method.encode(), target, b''))


if __name__ == '__main__':
    main()
