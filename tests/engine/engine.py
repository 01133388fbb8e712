# SPDX-License-Identifier: Apache-2.0
"""engine.py - real engines, a registry, the gate and its audit records, for the engine suite.

Everything here runs inside the namespaces that tests/engine/run made (net, mount, pid): whatever is
left over dies with them. All files lie below one temporary folder. It trusts the machine's root and
nothing that an engine or a client prints.
"""
import http.client
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tarfile
import threading
import time

DEADLINE = 60


def wait_for(what, check, seconds=DEADLINE):
    """Waits until check() is true; the condition is asked again and again, nothing sleeps blindly."""
    end = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError('no %s within %d s' % (what, seconds))
        time.sleep(0.05)


def process_stop(proc, seconds=20):
    """Ends one process that we started: TERM, then KILL."""
    if proc is None or proc.poll() is not None:
        return
    proc.terminate()
    try:
        proc.wait(seconds)
    except subprocess.TimeoutExpired:
        proc.kill()
        proc.wait()


def file_tail(path, lines=15):
    try:
        with open(path, errors='replace') as f:
            return ''.join(f.readlines()[-lines:])
    except OSError as e:
        return '(%s)\n' % e


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=DEADLINE):
        super().__init__('docker', timeout=timeout)
        self.unix_path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.unix_path)


class Engine:
    """One engine on one socket. The test's own requests (setting up, cleaning) go to it directly."""

    def __init__(self, kind, folder, trixie):
        self.kind, self.folder, self.trixie = kind, os.path.join(folder, 'engine'), trixie
        self.socket = os.path.join(self.folder, 'docker.sock')
        self.log = os.path.join(folder, 'engine.log')
        self.proc = None
        self.base_images = set()

    def command(self):
        if self.kind == 'podman':
            return ['podman', '--root', self.folder + '/root', '--runroot', self.folder + '/runroot',
                    '--tmpdir', self.folder + '/tmp', 'system', 'service', '--time=0', 'unix://' + self.socket]
        dockerd = '/usr/sbin/dockerd' if self.kind == 'bookworm' else self.trixie + '/usr/sbin/dockerd'
        return [dockerd, '--data-root', self.folder + '/data', '--exec-root', self.folder + '/exec',
                '-H', 'unix://' + self.socket, '-p', self.folder + '/pid']

    def start(self):
        os.makedirs(self.folder, exist_ok=True)
        env = dict(os.environ)
        if self.kind == 'trixie':
            env['PATH'] = '%s/usr/sbin:%s/usr/bin:%s' % (self.trixie, self.trixie, env['PATH'])
        with open(self.log, 'ab') as log:
            self.proc = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)
        try:
            wait_for('answer of the engine', self.answers)
        except (TimeoutError, ChildProcessError) as e:
            raise RuntimeError('the engine does not start: %s\n%s' % (e, file_tail(self.log)))

    def answers(self):
        if self.proc.poll() is not None:
            raise ChildProcessError('it ended with %d' % self.proc.returncode)
        try:
            return self.api('GET', '/_ping')[0] == 200
        except OSError:
            return False

    def api(self, method, path, body=None, content_type='application/json'):
        conn = UnixConnection(self.socket)
        try:
            data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
            conn.request(method, path, data, {'Content-Type': content_type} if data else {})
            answer = conn.getresponse()
            text = answer.read()
        finally:
            conn.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    def image_import(self, name, rootfs):
        path = rootfs + '.tar'
        with tarfile.open(path, 'w') as tar:
            tar.add(rootfs, arcname='.')
        repo, _, tag = name.partition(':')
        with open(path, 'rb') as f:
            status, answer = self.api('POST', '/images/create?fromSrc=-&repo=%s&tag=%s&changes=CMD+sh' % (repo, tag or 'latest'),
                                      f.read(), 'application/x-tar')
        os.unlink(path)
        if status != 200:
            raise RuntimeError('importing %s: %s %s' % (name, status, answer))
        self.base_images = self.tags()

    def tags(self):
        return {t for i in self.api('GET', '/images/json')[1] for t in i.get('RepoTags') or [i['Id']]}

    def clean(self):
        """Takes the engine back to its base images and nothing else."""
        for c in self.api('GET', '/containers/json?all=1')[1]:
            self.api('DELETE', '/containers/%s?force=1&v=1' % c['Id'])
        for n in self.api('GET', '/networks')[1]:
            if n['Name'] not in ('bridge', 'host', 'none', 'podman'):
                self.api('DELETE', '/networks/' + n['Id'])
        for v in self.api('GET', '/volumes')[1].get('Volumes') or []:
            self.api('DELETE', '/volumes/%s?force=1' % v['Name'])
        for tag in self.tags() - self.base_images:
            name = tag if not tag.startswith('<none>') else None
            if name:
                self.api('DELETE', '/images/%s?force=1' % name)
        self.api('POST', '/images/prune?filters=%7B%22dangling%22%3A%5B%22true%22%5D%7D')

    def stop(self):
        if self.proc and self.proc.poll() is None:
            try:
                self.clean()
            except (OSError, ValueError, http.client.HTTPException):
                pass
        process_stop(self.proc)


def rootfs_busybox(folder):
    """A root file system of busybox alone: no registry is needed for it."""
    os.makedirs(folder + '/bin')
    for name in ('etc', 'tmp', 'root', 'proc', 'dev', 'sys', 'home/web'):
        os.makedirs(os.path.join(folder, name))
    os.chmod(folder + '/tmp', 0o1777)
    os.chown(folder + '/home/web', 1000, 1000)
    for applet in subprocess.run(['/bin/busybox', '--list'], stdout=subprocess.PIPE, check=True,
                                 text=True).stdout.split():
        if applet != 'busybox':
            os.symlink('busybox', os.path.join(folder, 'bin', applet))
    shutil.copy('/bin/busybox', folder + '/bin/busybox')
    with open(folder + '/etc/passwd', 'w') as f:
        f.write('root:x:0:0::/root:/bin/sh\nweb:x:1000:1000::/home/web:/bin/sh\n')
    with open(folder + '/etc/group', 'w') as f:
        f.write('root:x:0:\nweb:x:1000:\n')
    return folder


class Registry:
    """Debian's docker-registry on a loopback port of this network namespace."""

    def __init__(self, folder, port, htpasswd=None):
        self.folder, self.port, self.htpasswd = folder, port, htpasswd
        self.proc = None

    def reset(self):
        """A registry without any image."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        config = ('version: 0.1\nlog: {level: warn}\nstorage: {filesystem: {rootdirectory: %s/data}}\n'
                  'http: {addr: "127.0.0.1:%d"}\n') % (self.folder, self.port)
        if self.htpasswd:
            with open(self.folder + '/htpasswd', 'w') as f:
                f.write(self.htpasswd + '\n')
            config += 'auth: {htpasswd: {realm: test, path: %s/htpasswd}}\n' % self.folder
        with open(self.folder + '/config.yml', 'w') as f:
            f.write(config)
        with open(self.folder + '/log', 'wb') as log:
            self.proc = subprocess.Popen(['docker-registry', 'serve', self.folder + '/config.yml'],
                                         stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for('registry', self.listens)

    def listens(self):
        try:
            socket.create_connection(('127.0.0.1', self.port), 5).close()
            return True
        except OSError:
            return False

    def stop(self):
        process_stop(self.proc)
        self.proc = None


class Journal:
    """A datagram socket in the place of journald's: keeps every record, decoded."""

    def __init__(self, path):
        self.path, self.records, self.lock = path, [], threading.Lock()
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.sock.bind(path)
        os.chmod(path, 0o666)
        threading.Thread(target=self.drain, daemon=True).start()

    def drain(self):
        while True:
            try:
                data = self.sock.recv(1 << 18)
            except OSError:
                return
            with self.lock:
                self.records.append(self.decode(data))

    @staticmethod
    def decode(data):
        fields = {}
        while data:
            line, _, rest = data.partition(b'\n')
            name, equals, value = line.partition(b'=')
            if not equals:
                (size,) = struct.unpack('<Q', rest[:8])
                value, rest = rest[8:8 + size], rest[8 + size + 1:]
            fields[name.decode()] = value.decode('utf-8', 'replace')
            data = rest
        return fields

    def mark(self):
        with self.lock:
            return len(self.records)

    def since(self, mark):
        with self.lock:
            return self.records[mark:]

    def find(self, mark, **want):
        """The records after mark whose SOCKGATE_ fields have these values."""
        return [r for r in self.since(mark)
                if all(r.get('SOCKGATE_' + k.upper(), '') == v for k, v in want.items())]

    def close(self):
        self.sock.close()


SECTIONS = ('AUTH BUILD COMMIT CONFIGS CONTAINERS DISTRIBUTION EVENTS EXEC GRPC IMAGES INFO NETWORKS NODES PING '
            'PLUGINS SECRETS SERVICES SESSION SWARM SYSTEM TASKS VERSION VOLUMES').split()
JUDGED = ('container.create container.update image.pull volume.create network.create network.connect '
          'container.archive build service.create').split()


LIBPOD = ('BUILD COMMIT CONTAINERS EVENTS EXEC GENERATE IMAGES INFO KUBE NETWORKS PING PLAY PODS SECRETS SWAGGER '
          'SYSTEM VERSION VOLUMES').split()
# Every timer of the daemon but that of its idle exit, which ends no stream.
SHORT = '\n'.join('%s-timeout = 100ms' % name for name in ('head', 'keep-alive', 'body', 'drain'))


def config_everything(limits='', engine='docker'):
    """A configuration that allows all that can be allowed, bodies unread."""
    lines = ['[upstream]', 'engine = ' + engine, '[allow]', 'POST = yes']
    lines += ['%s = full' % s for s in SECTIONS]
    if engine == 'podman':
        lines += ['LIBPOD_%s = full' % s for s in LIBPOD]
    for section in JUDGED:
        lines += ['[%s]' % section, 'judge = no']
    lines += ['[exec.create]', 'judge = no', 'foreign-ids = yes']
    lines += ['[limits]', 'idle-exit = 0', limits]
    return '\n'.join(lines) + '\n'


class Gate:
    """sockgated with listening sockets that it is handed the way systemd hands them."""

    def __init__(self, daemon, folder, upstream, config, tcp=None, owner=None):
        self.folder = os.path.join(folder, 'gate')
        os.makedirs(self.folder, mode=0o755)
        self.socket_dir = self.folder + '/socket'
        os.makedirs(self.socket_dir, mode=0o755)
        self.socket = self.socket_dir + '/docker.sock'
        self.log = folder + '/gate.log'
        self.config = self.folder + '/gate.conf'
        with open(self.config, 'w') as f:
            f.write(config)
        os.chmod(self.config, 0o644)
        self.journal = Journal(self.folder + '/journal.sock')
        self.listening = [self.listen_unix(owner)]
        if tcp:
            self.listening.append(self.listen_tcp(tcp))
        self.command = [daemon, '--config=' + self.config, '--upstream=' + upstream,
                        '--journal=' + self.journal.path]
        self.proc = None
        self.start()

    def listen_unix(self, owner):
        s = socket.socket(socket.AF_UNIX)
        s.bind(self.socket)
        os.chmod(self.socket, 0o600)
        if owner is not None:
            os.chown(self.socket_dir, owner, owner)
            os.chown(self.socket, owner, owner)
        s.listen(4096)
        return s

    @staticmethod
    def listen_tcp(address):
        s = socket.socket(socket.AF_INET)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(address)
        s.listen(4096)
        return s

    def start(self):
        """The process that becomes sockgated numbers the descriptors from 3 on and names itself in LISTEN_PID."""
        fds = [s.fileno() for s in self.listening]
        env = dict(os.environ, LISTEN_FDS=str(len(fds)))
        shell = 'LISTEN_PID=$$ exec "$@"'
        env['LISTEN_FDNAMES'] = ':'.join(['engine'] * len(fds))

        def place():
            # Above every number that is wanted first, so that no copy overwrites a source.
            high = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
            for i, fd in enumerate(high):
                os.dup2(fd, 3 + i)
                os.close(fd)
        with open(self.log, 'ab') as log:
            self.proc = subprocess.Popen(['/bin/sh', '-c', shell, 'sh'] + self.command, stdin=subprocess.DEVNULL,
                                         stdout=log, stderr=log, env=env, preexec_fn=place, close_fds=False)
        time.sleep(0)

    def alive(self):
        return self.proc.poll() is None

    def stop(self):
        """Ends the daemon; its exit code must be 0 (a sanitizer that found something makes it another)."""
        code = 0
        if self.proc:
            if self.alive():
                self.proc.send_signal(signal.SIGTERM)
            try:
                code = self.proc.wait(30)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()
                code = 'not within 30 s'
        for s in self.listening:
            s.close()
        self.journal.close()
        return code
