# SPDX-License-Identifier: Apache-2.0
"""oracle.py - what a policy promises, checked on what an engine says it made.

The rules are read from the policy's text and the manual; the values are those of the engine's inspect answers. No
request body is looked at, so a field that the gate takes for one thing and the engine for another is seen here. A
field that no rule speaks of must be as the engine gives it to a container that asks for nothing.
"""
import ipaddress
import os
import re

PLAIN_NUMBER = re.compile(r'[1-9][0-9]{0,8}$')
NON_ROOT = re.compile(r'[1-9][0-9]{0,8}(:[1-9][0-9]{0,8})?$')
ANONYMOUS = re.compile(r'[0-9a-f]{64}$')
DEFAULTS = {
    ('container.create', 'images'): ['*'], ('container.create', 'networks'): ['default', 'bridge', 'none'],
    ('container.create', 'runtimes'): ['runc'], ('container.create', 'users'): ['any'],
    ('container.create', 'restart-policies'): ['no', 'always', 'unless-stopped', 'on-failure'],
    ('container.create', 'log-drivers'): ['json-file', 'local', 'journald', 'none'],
    ('container.create', 'tmpfs'): ['yes'], ('exec.create', 'commands'): ['*'],
    ('volume.create', 'names'): ['*'], ('volume.create', 'drivers'): ['local'],
    ('network.create', 'names'): ['*'], ('network.create', 'drivers'): ['bridge'],
}
# Podman's own kinds of network: a star among networks is for networks that somebody made.
OWN_MODES = ('host', 'none', 'slirp4netns', 'pasta', 'private', 'pod')
POOLS = [ipaddress.ip_network(n) for n in ('172.16.0.0/12', '192.168.0.0/16', '10.88.0.0/13')]


class Rules:
    """One policy as its text says it, by section and key."""

    def __init__(self, text):
        self.words = {}
        section = ''
        for line in text.splitlines():
            line = re.sub(r'(^|\s)[#;].*', '', line).strip()
            if line.startswith('['):
                section = line.strip('[]')
            elif '=' in line:
                key, _, value = line.partition('=')
                self.words.setdefault((section, key.strip()), []).extend(value.split())

    def get(self, key, section='container.create'):
        return self.words.get((section, key), DEFAULTS.get((section, key), []))

    def says(self, key, word='yes', section='container.create'):
        return word in self.get(key, section)

    def matches(self, key, text, section='container.create'):
        return any(glob(word, text) for word in self.get(key, section))


def glob(pattern, text, star='.*'):
    parts = [star if p == '*' else '.*' if p == '**' else re.escape(p) for p in re.split(r'(\*\*?)', pattern)]
    return re.fullmatch(''.join(parts), text, re.DOTALL) is not None


def image_full(name):
    first, slash, rest = name.partition('/')
    if first in ('docker.io', 'index.docker.io') and slash:
        return 'docker.io/' + (rest if '/' in rest else 'library/' + rest)
    if not slash:
        return 'docker.io/library/' + name
    return name if re.search('[.:A-Z]', first) or first == 'localhost' else 'docker.io/' + name


def image_cut(name):
    name, _, digest = name.partition('@')
    colon = name.rfind(':')
    return (name[:colon], name[colon + 1:], digest) if colon > name.rfind('/') else (name, '', digest)


def image_allowed(rules, image):
    if re.fullmatch('(sha256:)?[0-9a-f]+', image):
        return rules.says('image-ids')
    name, tag, digest = image_cut(image)
    for word in rules.get('images'):
        asked, asked_tag, asked_digest = image_cut(word)
        if word == '*' or (glob(image_full(asked), image_full(name), '[^/]*') and (
                not asked_tag or not digest and glob(asked_tag, tag or 'latest')) and asked_digest in ('', digest)):
            return True
    return False


def root_covers(rules, source, read_only):
    source = os.path.normpath(source)
    for word in rules.get('bind-mounts'):
        exact, path = word.startswith('exact:'), word.removeprefix('exact:')
        needs_ro, path = path.endswith(':ro'), path.removesuffix(':ro')
        if (source == path or not exact and source.startswith(path.rstrip('/') + '/')) and (read_only or not needs_ro):
            return True
    return False


class Container:
    """One inspect answer against one policy. `plain` is the answer for a container that asked for nothing."""

    def __init__(self, rules, kind, view, plain, volumes):
        self.rules, self.kind, self.view, self.plain, self.volumes = rules, kind, view, plain, volumes
        self.host, self.config = view['HostConfig'], view['Config']
        self.found = []

    def bad(self, field, value):
        self.found.append('%s: %r' % (field, value))

    def unless(self, good, field, value):
        if not good:
            self.bad(field, value)

    def complaints(self):
        for field, value in self.host.items():
            check = HOST.get(field)
            if check:
                check(self, field, value)
            elif field not in FREE and value and value != self.plain['HostConfig'].get(field):
                self.bad('HostConfig.' + field, value)
        for mount in self.view.get('Mounts') or []:
            self.mount(mount)
        self.networks()
        self.rest()
        self.required()
        return self.found

    def mount(self, mount):
        what, source = 'Mounts %s' % mount['Type'], mount.get('Source', '')
        if mount['Type'] == 'bind':
            self.unless(root_covers(self.rules, source, not mount['RW']), what, source)
        elif mount['Type'] == 'volume':
            self.volume(mount.get('Name', ''))
        else:
            self.unless(mount['Type'] == 'tmpfs' and self.rules.says('tmpfs'), what, mount)
        self.unless(mount.get('Propagation') in ('', None, 'private', 'rprivate'), what + ' Propagation', mount.get('Propagation'))

    def volume(self, name):
        anonymous = ANONYMOUS.match(name) and self.rules.says('anonymous-volumes')
        self.unless(anonymous or self.rules.matches('volumes', name), 'Mounts volume', name)
        inspected = self.volumes.get(name) or {}
        self.unless(inspected.get('Driver', 'local') in ('', 'local'), 'Volume Driver', inspected.get('Driver'))
        self.unless(not inspected.get('Options'), 'Volume Options', inspected.get('Options'))

    def network_allowed(self, name):
        words = self.rules.get('networks')
        return name in words if name in OWN_MODES else any(glob(w, name) for w in words)

    def networks(self):
        for name, endpoint in (self.view['NetworkSettings'].get('Networks') or {}).items():
            if name == 'podman':
                name = 'bridge'                         # what Podman calls its default network
            if name == self.host['NetworkMode'] == 'host' and self.rules.says('namespaces', 'network'):
                continue
            self.unless(self.network_allowed(name) or name == 'bridge' and self.network_allowed('default'), 'Networks', name)
            self.endpoint(endpoint or {})

    def endpoint(self, endpoint):
        addresses = {k: v for k, v in (endpoint.get('IPAMConfig') or {}).items() if v}
        self.unless(not addresses or self.rules.says('static-addresses'), 'Endpoint IPAMConfig', addresses)
        self.unless(not endpoint.get('DriverOpts'), 'Endpoint DriverOpts', endpoint.get('DriverOpts'))
        for link in endpoint.get('Links') or []:
            self.unless(self.rules.matches('links', link.split(':')[0].lstrip('/')), 'Endpoint Links', link)

    def rest(self):
        user, image = self.config.get('User') or '', self.config['Image']
        users = self.rules.get('users')
        self.unless('any' in users or user in users or 'non-root' in users and NON_ROOT.match(user), 'User', user)
        self.unless(image_allowed(self.rules, image), 'Image', image)
        for label in self.config.get('Labels') or {}:
            self.unless(not any(glob(w.lower(), label.lower()) for w in self.rules.get('deny-labels')), 'Labels', label)
        mac = self.config.get('MacAddress')
        self.unless(not mac or self.rules.says('static-addresses'), 'MacAddress', mac)
        self.unless(not self.config.get('OnBuild'), 'OnBuild', self.config.get('OnBuild'))
        self.unless(not any('oracle-secret' in e for e in self.config.get('Env') or []), 'Env', 'of the engine itself')
        for field in ('AppArmorProfile', 'ProcessLabel'):
            value = self.view.get(field)
            self.unless(value == self.plain.get(field) or self.rules.says('privileged'), field, value)
        self.annotations()

    def annotations(self):
        """Where Podman keeps what its inspect answer has no field for."""
        plain, free = self.plain['Config'].get('Annotations') or {}, ('TTY', 'autoremove', 'init')
        for key, value in (self.config.get('Annotations') or {}).items():
            if value == plain.get(key) or key.split('.')[-1] in free:
                continue
            published = key.endswith('.publish-all') and {'ephemeral', 'any'} & set(self.rules.get('ports'))
            self.unless(published, 'Annotations', (key, value))

    def required(self):
        host = self.host
        caps = {c.removeprefix('CAP_') for c in self.view.get('BoundingCaps') or []}
        allowed = {c.upper().removeprefix('CAP_') for c in self.rules.get('capabilities')}
        met = {
            'no-new-privileges': ([o for o in host['SecurityOpt'] or [] if o.startswith('no-new')] or ['none'])[-1] in (
                'no-new-privileges', 'no-new-privileges:true', 'no-new-privileges=true'),
            'drop-all-capabilities': 'ALL' in [c.upper() for c in host['CapDrop'] or []] or
                                     self.kind == 'podman' and caps <= allowed,
            'read-only': host['ReadonlyRootfs'], 'memory-limit': (host['Memory'] or 0) > 0,
            'cpu-limit': (host['NanoCpus'] or 0) > 0 or (host['CpuQuota'] or 0) > 0,
            'pids-limit': (host['PidsLimit'] or 0) > 0,
        }
        for word in self.rules.get('require'):
            self.unless(met[word], 'require', word)
        if self.kind == 'podman' and 'BoundingCaps' in self.view and not host['Privileged']:
            plain = {c.removeprefix('CAP_') for c in self.plain['BoundingCaps'] or []}
            self.unless(caps <= allowed | plain, 'BoundingCaps', sorted(caps - allowed - plain))


# ---- one function per kind of field of HostConfig

def as_plain(c, field, value):
    c.unless(not value or value == c.plain['HostConfig'].get(field), 'HostConfig.' + field, value)


def number_from(low, high=2 ** 63):
    def check(c, field, value):
        c.unless(value is None or low <= value <= high, 'HostConfig.' + field, value)
    return check


def flag(key):
    def check(c, field, value):
        c.unless(not value or c.rules.says(key), 'HostConfig.' + field, value)
    return check


def namespace(word, *harmless):
    def check(c, field, value):
        good = value in ('', 'private') + harmless or value == c.plain['HostConfig'].get(field)
        joined = str(value).partition('container:')[2]
        good = good or value == 'host' and c.rules.says('namespaces', word) or joined and c.rules.matches('join-containers', joined)
        c.unless(good, 'HostConfig.' + field, value)
    return check


def check_network_mode(c, field, value):
    joined = value.startswith('container:') and c.rules.get('join-containers')
    shared = value == 'host' and c.rules.says('namespaces', 'network')
    # Podman says bridge for all networks of that kind; the names are in NetworkSettings.
    same = c.kind == 'podman' and value == 'bridge'
    c.unless(joined or shared or same or c.network_allowed(value), 'HostConfig.' + field, value)


def check_binds(c, field, value):
    for bind in value or []:
        source, _, rest = bind.partition(':')
        options = rest.partition(':')[2].split(',')
        if source.startswith('/') and rest:
            c.unless(root_covers(c.rules, source, 'ro' in options), 'HostConfig.Binds', bind)
        elif rest:
            anonymous = ANONYMOUS.match(source) and c.rules.says('anonymous-volumes')
            c.unless(anonymous or c.rules.matches('volumes', source), 'HostConfig.Binds', bind)
        else:
            c.unless(c.rules.says('anonymous-volumes'), 'HostConfig.Binds', bind)
        c.unless(not {'shared', 'rshared', 'slave', 'rslave', 'z', 'Z', 'U', 'O', 'dev', 'suid'} & set(options),
                 'HostConfig.Binds options', bind)


def check_mounts(c, field, value):
    """Docker alone says the mounts as they were asked; where they lead is said by Mounts of the container."""
    for mount in value or []:
        volume, bind, tmpfs = (mount.get(k) or {} for k in ('VolumeOptions', 'BindOptions', 'TmpfsOptions'))
        c.unless(mount['Type'] in ('bind', 'volume', 'tmpfs'), 'HostConfig.Mounts Type', mount)
        driver = volume.get('DriverConfig') or {}
        c.unless(not driver.get('Options') and driver.get('Name') in (None, '', 'local'), 'HostConfig.Mounts DriverConfig', driver)
        c.unless(not volume.get('Subpath') and not tmpfs.get('Options'), 'HostConfig.Mounts options', mount)
        c.unless(bind.get('Propagation') in (None, '', 'private', 'rprivate'), 'HostConfig.Mounts Propagation', bind)


def check_tmpfs(c, field, value):
    known = '(ro|rw|noexec|exec|nosuid|nodev|(size|mode|uid|gid)=[^,]*|)'
    if c.kind == 'podman':
        known = known[:-1] + 'rprivate|tmpcopyup|)'
    for path, options in (value or {}).items():
        c.unless(c.rules.says('tmpfs'), 'HostConfig.Tmpfs', path)
        c.unless(all(re.fullmatch(known, o) for o in options.split(',')), 'HostConfig.Tmpfs options', (path, options))


def check_caps(c, field, value):
    allowed = [w.upper().removeprefix('CAP_') for w in c.rules.get('capabilities')]
    for cap in value or []:
        c.unless(cap.upper().removeprefix('CAP_') in allowed or 'ALL' in allowed, 'HostConfig.CapAdd', cap)


def check_security(c, field, value):
    for option in value or []:
        # The engine adds this by itself to a container that shares the host's pids or ipc.
        own = option == 'label=disable' and 'host' in (c.host['PidMode'], c.host['IpcMode'])
        good = option in ('no-new-privileges', 'no-new-privileges:true', 'no-new-privileges=true')
        c.unless(good or own or c.rules.matches('security-options', option.replace('=', ':', 1)), 'HostConfig.SecurityOpt', option)


def check_devices(c, field, value):
    for device in value or []:
        path = os.path.normpath(device['PathOnHost'])
        c.unless(c.rules.matches('devices', path), 'HostConfig.Devices', device)


def check_ports(c, field, value):
    for key, bindings in (value or {}).items():
        protocol = key.partition('/')[2] or 'tcp'
        # Docker publishes what has no binding on a port of its choice, Podman shows an exposed port that way.
        for binding in bindings or ([{}] if c.kind == 'docker' else []):
            c.unless(port_allowed(c.rules, binding, protocol), 'HostConfig.PortBindings', (key, binding))


def port_allowed(rules, binding, protocol):
    address, port = binding.get('HostIp') or '', binding.get('HostPort') or '0'
    words = rules.get('ports')
    if 'any' in words or port == '0':
        return 'any' in words or 'ephemeral' in words
    low, _, high = port.partition('-')
    ranges = [r for r in map(port_word, words) if r and r[0] in ('', '*', address) and r[3] in ('', protocol)]
    return all(any(r[1] <= p <= r[2] for r in ranges) for p in range(int(low), int(high or low) + 1))


def port_word(word):
    found = re.fullmatch(r'(?:(.*):)?(\d+)(?:-(\d+))?(?:/(\w+))?', word)
    return found and (found[1] or '', int(found[2]), int(found[3] or found[2]), found[4] or '')


def check_log(c, field, value):
    known = {'max-size', 'max-file', 'compress', 'mode', 'labels', 'labels-regex', 'env', 'env-regex', 'tag'}
    options = {'journald': {'labels', 'env'}, 'none': set()}.get(value['Type'], known)
    plain = c.plain['HostConfig']['LogConfig']['Type']
    c.unless(value['Type'] in c.rules.get('log-drivers') + [plain], 'HostConfig.LogConfig', value['Type'])
    c.unless(set(value.get('Config') or {}) <= options, 'HostConfig.LogConfig', value.get('Config'))
    path = value.get('Path') or ''
    good = not path or os.path.dirname(os.path.dirname(os.path.dirname(path))) == os.path.dirname(os.path.dirname(
        os.path.dirname(c.plain['HostConfig']['LogConfig'].get('Path') or '')))
    c.unless(good, 'HostConfig.LogConfig', path)


def check_restart(c, field, value):
    c.unless((value.get('Name') or 'no') in c.rules.get('restart-policies'), 'HostConfig.RestartPolicy', value)


def check_runtime(c, field, value):
    c.unless(value in c.rules.get('runtimes') + [c.plain['HostConfig']['Runtime']], 'HostConfig.Runtime', value)


def check_sysctls(c, field, value):
    for name in value or {}:
        c.unless(c.rules.matches('sysctls', name), 'HostConfig.Sysctls', name)


def check_links(c, field, value):
    for link in value or []:
        c.unless(c.rules.matches('links', link.split(':')[0].lstrip('/')), 'HostConfig.Links', link)


def check_groups(c, field, value):
    for group in value or []:
        c.unless(PLAIN_NUMBER.match(group), 'HostConfig.GroupAdd', group)


def check_hidden(c, field, value):
    missing = set(c.plain['HostConfig'].get(field) or []) - set(value or [])
    c.unless(not missing, 'HostConfig.' + field, sorted(missing))


def check_cid_file(c, field, value):
    """Docker stores it; later versions of Podman delete that file of the host with the container."""
    c.unless(not value or c.kind != 'podman', 'HostConfig.' + field, value)


def check_publish(c, field, value):
    c.unless(not value or c.rules.says('ports', 'ephemeral') or c.rules.says('ports', 'any'), 'HostConfig.PublishAllPorts', value)


HOST = {
    'Privileged': flag('privileged'), 'Binds': check_binds, 'Mounts': check_mounts, 'Tmpfs': check_tmpfs, 'CapAdd': check_caps,
    'SecurityOpt': check_security, 'Devices': check_devices, 'DeviceRequests': flag('device-requests'),
    'NetworkMode': check_network_mode, 'PidMode': namespace('pid'), 'IpcMode': namespace('ipc', 'none', 'shareable'),
    'UTSMode': namespace('uts'), 'UsernsMode': namespace('user'), 'CgroupnsMode': namespace('cgroup'),
    'CgroupMode': namespace('cgroup'), 'PortBindings': check_ports, 'PublishAllPorts': check_publish, 'Runtime': check_runtime,
    'Sysctls': check_sysctls, 'Links': check_links, 'GroupAdd': check_groups, 'MaskedPaths': check_hidden,
    'ReadonlyPaths': check_hidden, 'RestartPolicy': check_restart, 'LogConfig': check_log, 'ContainerIDFile': check_cid_file,
    'OomScoreAdj': number_from(0, 1000), 'VolumeDriver': lambda c, f, v: c.unless(v in ('', 'local'), 'HostConfig.' + f, v),
    'CpuShares': number_from(0), 'Memory': number_from(0), 'NanoCpus': number_from(0), 'BlkioWeight': number_from(0, 1000),
    'CpuPeriod': number_from(0), 'CpuQuota': number_from(-1), 'MemoryReservation': number_from(0), 'MemorySwap': number_from(-1),
    'MemorySwappiness': number_from(-1, 100), 'PidsLimit': number_from(-1), 'ShmSize': number_from(0), 'CapDrop': lambda *_: None,
}
# What every policy leaves to the client.
FREE = {'AutoRemove', 'ConsoleSize', 'ReadonlyRootfs', 'Dns', 'DnsOptions', 'DnsSearch', 'ExtraHosts', 'CpusetCpus', 'CpusetMems',
        'Ulimits', 'Init'}


def container_complaints(rules, kind, view, plain, volumes):
    return Container(rules, kind, view, plain, volumes).complaints()


def update_complaints(rules, before, after):
    found = []
    for field in after:
        if after[field] == before.get(field):
            continue
        # The engine derives the limit of swap from that of memory.
        derived = field == 'MemorySwap' and rules.says('fields', 'Memory', 'container.update')
        value = after[field]
        positive = not isinstance(value, int) or value > 0 or rules.says('unlimited', 'yes', 'container.update')
        if not derived and not (rules.says('fields', field, 'container.update') and positive):
            found.append('HostConfig.%s: %r' % (field, value))
    return found


def exec_complaints(rules, view):
    process, found = view['ProcessConfig'], []
    user, users = process.get('user') or '', rules.get('users', 'exec.create')
    if process.get('privileged') and not rules.says('privileged', 'yes', 'exec.create'):
        found.append('privileged')
    if user and user not in users and 'any' not in users:
        found.append('user: %r' % user)
    if not rules.matches('commands', process['entrypoint'], 'exec.create'):
        found.append('entrypoint: %r' % process['entrypoint'])
    return found


def volume_complaints(rules, view):
    options, found = view.get('Options') or {}, []
    if view['Driver'] not in rules.get('drivers', 'volume.create'):
        found.append('Driver: %r' % view['Driver'])
    if not rules.matches('names', view['Name'], 'volume.create'):
        found.append('Name: %r' % view['Name'])
    flags, kind = options.get('o', '').split(','), options.get('type', '').lower()
    if {'bind', 'rbind'} & set(flags) or kind in ('none', 'bind'):
        if not root_covers(rules, options.get('device', ''), 'ro' in flags):
            found.append('Options: %r' % options)
        return found
    if set(options) - set(rules.get('options', 'volume.create')):
        found.append('Options: %r' % options)
    if ('device' in options or kind) and kind not in ('tmpfs', 'nfs', 'nfs4', 'cifs'):
        found.append('Options: %r' % options)
    return found


def network_complaints(rules, view, plain):
    found = []
    for field in ('Ingress', 'ConfigOnly', 'Scope'):
        if view.get(field) != plain.get(field):
            found.append('%s: %r' % (field, view.get(field)))
    if view['Driver'] not in rules.get('drivers', 'network.create'):
        found.append('Driver: %r' % view['Driver'])
    if not rules.matches('names', view['Name'], 'network.create'):
        found.append('Name: %r' % view['Name'])
    for option in set(view.get('Options') or {}) - set(plain.get('Options') or {}):
        if not rules.matches('options', option, 'network.create'):
            found.append('Options: %r' % option)
    return found + ipam_complaints(rules, view.get('IPAM') or {})


def ipam_complaints(rules, ipam):
    found = []
    if ipam.get('Driver') not in ('default', 'host-local') or {k: v for k, v in (ipam.get('Options') or {}).items() if k != 'driver'}:
        found.append('IPAM: %r' % ipam)
    allowed = [ipaddress.ip_network(n) for n in rules.get('subnets', 'network.create')]
    for config in ipam.get('Config') or []:
        subnet = ipaddress.ip_network(config['Subnet'])
        if not any(subnet.version == n.version and subnet.subnet_of(n) for n in allowed + POOLS) and subnet.version == 4:
            found.append('IPAM: %r' % config)
    return found
