# SPDX-License-Identifier: Apache-2.0
"""harness.py - starts sockgated the way systemd does and talks to it, python3 standard library only.

A Gate is one daemon in its own temporary folder: listening sockets made here and passed by
LISTEN_FDS, a socket that receives its notifications, a socket that stands for the journal, a fake
engine. Every wait has an end. At the end of a Gate the daemon gets SIGTERM and must exit 0, and its
output must hold no report of a sanitizer: else the check fails, with the daemon's output shown.
"""
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import fakeengine
from fakeengine import Engine

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
DATA = os.path.join(TREE, 'tests', 'data')
SOCKGATED = os.environ.get('SOCKGATED') or os.path.join(TREE, 'build', 'asan', 'sockgated')
WAIT = 20           # seconds that a condition may take on a loaded machine
BOTH = ('unix', 'tcp')

JUDGED = ('container.create', 'container.update', 'exec.create', 'image.pull', 'volume.create', 'network.create',
          'network.connect', 'container.archive', 'build', 'service.create')
SECTIONS = ('AUTH BUILD COMMIT CONFIGS CONTAINERS DISTRIBUTION EVENTS EXEC IMAGES INFO NETWORKS NODES PING PLUGINS SECRETS '
            'SERVICES SWARM SYSTEM TASKS VERSION VOLUMES').split()

# everything that can be granted but the h2c tunnels, no body read
ALL = ('[allow]\n' + ''.join('%s = full\n' % s for s in SECTIONS)
       + ''.join('[%s]\njudge = no\n' % s for s in JUDGED) + '[exec.create]\nforeign-ids = yes\n')
READ = '[allow]\nCONTAINERS = read\nIMAGES = read\nEVENTS = read\nINFO = read\n'


class Fail(Exception):
    """A check found something wrong."""


class Skip(Exception):
    """A check cannot run here."""


def expect(condition, what):
    if not condition:
        raise Fail(what() if callable(what) else what)


def expect_equal(got, want, what='value'):
    if got != want:
        raise Fail('%s is %s, want %s' % (what, shorten(got), shorten(want)))


def shorten(value):
    text = repr(value)
    return text if len(text) < 600 else text[:400] + '...' + text[-150:]


def wait_until(condition, what, timeout=WAIT):
    """Poll a condition that nothing announces."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise Fail('not within %d s: %s' % (timeout, what))


# ---- journal and notifications

def journal_fields(datagram):
    """Decode the journal's native protocol: a list of (name, value bytes)."""
    fields, at = [], 0
    while at < len(datagram):
        end = datagram.find(b'\n', at)
        if end < 0:
            raise ValueError('field without an end: %r' % datagram[at:at + 80])
        line = datagram[at:end]
        if b'=' in line:
            name, _, value = line.partition(b'=')
            at = end + 1
        else:
            name = line
            if len(datagram) < end + 9:
                raise ValueError('no length after %r' % name)
            size = struct.unpack('<Q', datagram[end + 1:end + 9])[0]
            value = datagram[end + 9:end + 9 + size]
            at = end + 9 + size + 1
            if len(value) != size or datagram[at - 1:at] != b'\n':
                raise ValueError('field %r is cut' % name)
        if not re.fullmatch(rb'[A-Z][A-Z0-9_]{0,63}', name):
            raise ValueError('field name %r' % name)
        fields.append((name.decode(), value))
    return fields


class Record(dict):
    """One journal record: field name to text (bytes that are no UTF-8 stay visible)."""

    def __init__(self, datagram):
        super().__init__()
        self.raw = datagram
        self.n_fields = 0
        for name, value in journal_fields(datagram):
            if name in self:
                raise ValueError('field %s twice' % name)
            self[name] = value.decode('utf-8', 'backslashreplace')
            self.n_fields += 1

    def __getattr__(self, name):
        """record.verdict is SOCKGATE_VERDICT; None when absent."""
        return self.get('SOCKGATE_' + name.upper())


class DatagramSink:
    """A datagram socket read by a thread; can be frozen, closed and opened again."""

    def __init__(self, path, reading=True, rcvbuf=None):
        self.path = path
        self.lock = threading.Condition()
        self.got = []
        self.errors = []
        self.n_syncs = self.synced = 0
        self.rcvbuf = rcvbuf
        self.reading = threading.Event()
        self.sock = None
        self.open()
        if reading:
            self.reading.set()

    def open(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        if self.rcvbuf:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.rcvbuf)
        self.sock.bind(self.path)
        os.chmod(self.path, 0o666)
        threading.Thread(target=self._read, args=(self.sock,), daemon=True).start()

    def close(self):
        """As if the receiver had stopped: the path is gone and sends to the old socket fail."""
        sock, self.sock = self.sock, None
        if sock:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()
            os.unlink(self.path)

    def sync(self):
        """Wait until everything that was sent before has been read."""
        if not self.sock or not self.reading.is_set():
            return
        with self.lock:
            self.n_syncs += 1
            number = self.n_syncs
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.settimeout(WAIT)
            sock.sendto(b'SYNC=%d\n' % number, self.path)
        with self.lock:
            expect(self.lock.wait_for(lambda: self.synced >= number, WAIT), 'the sink does not read')

    def freeze(self):
        self.reading.clear()

    def thaw(self):
        self.reading.set()

    def _read(self, sock):
        while sock.fileno() >= 0:
            self.reading.wait()
            try:
                if not select.select([sock], [], [], 0.2)[0] or not self.reading.is_set():
                    continue
                data, anc, _, _ = sock.recvmsg(1 << 20, 4096)
            except (OSError, ValueError):
                return
            for level, kind, fds in anc:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    for (fd,) in struct.iter_unpack('i', fds[:len(fds) // 4 * 4]):
                        data += os.pread(fd, 1 << 22, 0)
                        os.close(fd)
            if not data:
                continue
            with self.lock:
                if data.startswith(b'SYNC='):
                    self.synced = int(data[5:])
                else:
                    self._keep(data)
                self.lock.notify_all()

    def _keep(self, data):
        self.got.append(data)

    def all(self):
        with self.lock:
            return list(self.got)

    def clear(self):
        with self.lock:
            self.got.clear()

    def wait(self, condition, what, timeout=WAIT):
        with self.lock:
            if not self.lock.wait_for(lambda: condition(self.got), timeout):
                raise Fail('%s: not within %d s; last: %s' % (what, timeout, shorten(self.got[-3:])))
            return list(self.got)


class Notify(DatagramSink):
    """NOTIFY_SOCKET: the lines as they came."""

    def _keep(self, data):
        self.got += data.decode().split('\n')

    def wait_line(self, pattern, timeout=WAIT):
        found = self.wait(lambda got: any(re.search(pattern, x) for x in got), 'notification ' + pattern, timeout)
        return next(x for x in found if re.search(pattern, x))


class Journal(DatagramSink):
    """The journal: decoded records."""

    def _keep(self, data):
        try:
            self.got.append(Record(data))
        except ValueError as e:
            self.errors.append('journal record: %s in %r' % (e, data[:300]))

    def events(self, *kinds):
        return [r for r in self.all() if r.event in kinds]

    def requests(self):
        return self.events('request')

    def wait_records(self, n, kinds=('request',), timeout=WAIT, **match):
        """Wait for n records of these events with these fields; returns them."""
        def wanted(got):
            return [r for r in got if r.event in kinds and all(getattr(r, k) == v for k, v in match.items())]
        found = self.wait(lambda got: len(wanted(got)) >= n, '%d record(s) %s %s' % (n, '/'.join(kinds), match), timeout)
        return wanted(found)

    def wait_message(self, pattern, timeout=WAIT):
        found = self.wait(lambda got: any(re.search(pattern, r.get('MESSAGE', '')) for r in got), 'message ' + pattern, timeout)
        return next(r for r in found if re.search(pattern, r.get('MESSAGE', '')))


MESSAGE_ID_DROPPED = '847b06a695e84628ae34d5f6dabc4e28'


def count_dropped(records):
    """How many records the daemon itself says were lost."""
    total = 0
    for record in records:
        if record.get('MESSAGE_ID') == MESSAGE_ID_DROPPED:
            total += int(record.dropped or re.search(r'\d+', record['MESSAGE']).group(0))
    return total


# ---- the daemon

class Process:
    """sockgated with these descriptors passed; its output in a file."""

    def __init__(self, folder, fds, args=(), env=None, names=None, notify=None, n_open=None, uid=None, groups=None,
                 listen_pid='$$', listen_fds=None):
        self.log_path = os.path.join(folder, 'daemon.log')
        copies = []
        try:
            import fcntl
            copies = [fcntl.fcntl(fd, fcntl.F_DUPFD, 64) for fd in fds]
            script = ''
            if fds:
                script += 'exec ' + ' '.join('%d<&%d %d<&-' % (3 + i, c, c) for i, c in enumerate(copies)) + '\n'
            if n_open:
                script += 'ulimit -n %d\n' % n_open
            if fds or listen_fds is not None:
                script += 'export LISTEN_FDS=%s LISTEN_PID=%s\n' % (len(fds) if listen_fds is None else listen_fds, listen_pid)
            if names:
                script += 'export LISTEN_FDNAMES=%s\n' % ':'.join(names)
            script += 'exec "$@"'
            command = ['bash', '-c', script, 'bash']
            if uid is not None:
                command += ['setpriv', '--reuid=%d' % uid, '--regid=%d' % uid, '--clear-groups', '--inh-caps=-all']
            environment = dict(os.environ, ASAN_OPTIONS='detect_leaks=1:exitcode=99:abort_on_error=0',
                               UBSAN_OPTIONS='halt_on_error=1:print_stacktrace=1:exitcode=98')
            for name in ('LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES', 'NOTIFY_SOCKET', 'WATCHDOG_USEC', 'INVOCATION_ID'):
                environment.pop(name, None)
            if notify:
                environment['NOTIFY_SOCKET'] = notify
            environment.update(env or {})
            with open(self.log_path, 'ab') as log:
                self.proc = subprocess.Popen(command + [SOCKGATED] + list(args), stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=log, env=environment, pass_fds=copies, start_new_session=True)
        finally:
            for fd in copies:
                os.close(fd)

    @property
    def pid(self):
        return self.proc.pid

    def log(self):
        with open(self.log_path, 'rb') as f:
            return f.read().decode('utf-8', 'replace')

    def kill(self, number=signal.SIGTERM):
        if self.proc.poll() is None:
            self.proc.send_signal(number)

    def wait(self, timeout=WAIT):
        try:
            return self.proc.wait(timeout)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()
            raise Fail('the daemon does not end within %d s' % timeout) from None

    def check_log(self):
        match = re.search(r'.*(AddressSanitizer|LeakSanitizer|runtime error:|Assertion .* failed).*', self.log())
        expect(not match, lambda: 'the daemon reports: ' + match.group(0).strip())

    def rss_kib(self):
        with open('/proc/%d/status' % self.pid) as f:
            return int(re.search(r'VmRSS:\s+(\d+)', f.read()).group(1))

    def n_fds(self):
        return len(os.listdir('/proc/%d/fd' % self.pid))


class Gate:
    """A configured daemon between clients and a fake engine. Use as a context manager."""

    def __init__(self, config=ALL, dropins=None, listen=('unix',), limits=None, start=True, journal=True, engine=True,
                 args=(), env=None, ready=True, n_open=None, uid=None, journal_rcvbuf=None, engine_args=None, exit_code=0):
        self.folder = tempfile.mkdtemp(prefix='sockgate-test-')
        os.chmod(self.folder, 0o755)
        self.config_path = os.path.join(self.folder, 'gate.conf')
        self.args, self.env, self.n_open, self.uid, self.exit_code = list(args), env, n_open, uid, exit_code
        self.process = None
        self.listeners, self.addresses = [], []
        self.write_config(config, limits, dropins)
        self.engine = Engine(os.path.join(self.folder, 'engine.sock'), **(engine_args or {})) if engine else None
        self.journal = Journal(os.path.join(self.folder, 'journal.sock'), rcvbuf=journal_rcvbuf) if journal else None
        self.notify = Notify(os.path.join(self.folder, 'notify.sock'))
        for kind in listen:
            self.add_listener(kind)
        if start:
            self.start(ready)

    def write_config(self, text, limits=None, dropins=None):
        if limits:
            text += '\n[limits]\n' + ''.join('%s = %s\n' % (k.replace('_', '-'), v) for k, v in limits.items())
        write_file(self.config_path, text)
        if dropins is not None:
            self.write_config_dropins(dropins)

    def write_config_dropins(self, dropins):
        os.makedirs(self.config_path + '.d', exist_ok=True)
        for name, content in dropins.items():
            write_file(os.path.join(self.config_path + '.d', name), content)

    def add_listener(self, kind):
        sock, address = make_listener(kind, os.path.join(self.folder, 'gate%d.sock' % len(self.listeners)))
        self.listeners.append(sock)
        self.addresses.append(address)

    def start(self, ready=True):
        args = ['--config=' + self.config_path, '--upstream=' + os.path.join(self.folder, 'engine.sock'),
                '--journal=' + os.path.join(self.folder, 'journal.sock')] + self.args
        self.process = Process(self.folder, [s.fileno() for s in self.listeners], args, self.env, None, self.notify.path,
                               self.n_open, self.uid)
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self):
        end = time.monotonic() + 2 * WAIT
        while not any(x == 'READY=1' for x in self.notify.all()):
            if self.process.proc.poll() is not None:
                raise Fail('the daemon ended with %s at start: %s' % (self.process.proc.returncode, self.process.log()[-2000:]))
            expect(time.monotonic() < end, 'no READY=1')
            time.sleep(0.005)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        try:
            if kind is None:
                self.stop()
        except Fail as e:
            raise Fail('%s\n%s' % (e, self.show_logs())) from None
        else:
            if kind is not None and issubclass(kind, (Fail, fakeengine.Closed, OSError)):
                raise Fail('%s%s\n%s' % ('' if kind is Fail else kind.__name__ + ': ', value, self.show_logs())) from None
        finally:
            self.clean()
        return False

    def stop(self, code=None):
        """SIGTERM, then everything that must hold at the end of every daemon."""
        if self.process:
            self.process.kill()
            got = self.process.wait()
            self.process.check_log()
            expect_equal(got, self.exit_code if code is None else code, 'exit code of the daemon')
            self.process = None
        if self.engine:
            expect(not self.engine.errors, lambda: 'engine script: ' + '; '.join(self.engine.errors))
        if self.journal:
            self.journal.sync()
            expect(not self.journal.errors, lambda: '; '.join(self.journal.errors))

    def clean(self):
        if self.process:
            if self.process.proc.poll() is None:
                self.process.proc.kill()
            self.process.proc.wait()
            self.process = None
        if self.engine:
            self.engine.stop()
        for sink in (self.journal, self.notify):
            if sink:
                sink.close()
        for sock in self.listeners:
            sock.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def show_logs(self):
        out = []
        try:
            with open(os.path.join(self.folder, 'daemon.log'), 'rb') as f:
                out.append('--- output of the daemon\n' + f.read()[-6000:].decode('utf-8', 'replace'))
        except OSError:
            pass
        out.append('--- notifications\n' + '\n'.join(self.notify.all()[-10:]))
        if self.journal:
            out.append('--- journal\n' + '\n'.join(shorten(dict(r)) for r in self.journal.all()[-8:]))
        if self.engine:
            out.append('--- requests at the engine\n' + '\n'.join(repr(r) for r in self.engine.seen()[-8:]))
        return '\n'.join(out)

    # clients

    def connect(self, which=0, timeout=WAIT, rcvbuf=None):
        return Client(self.addresses[which], timeout, rcvbuf)

    def ask(self, method, target, headers=(), body=None, which=0, **more):
        """One request on its own connection; returns the Response."""
        with self.connect(which) as client:
            return client.ask(method, target, headers, body, **more)

    def reload(self):
        """SIGHUP, and wait until the daemon says that it is done."""
        before = len([x for x in self.notify.all() if x == 'READY=1'])
        self.process.kill(signal.SIGHUP)
        self.notify.wait(lambda got: got.count('READY=1') > before, 'READY=1 after SIGHUP')


def write_file(path, text, mode=0o644):
    with open(path, 'w') as f:
        f.write(text)
    os.chmod(path, mode)


def make_listener(kind, path):
    """A listening socket of this kind and the address that clients use."""
    if kind == 'unix':
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(path)
        os.chmod(path, 0o666)
        address = path
    else:
        sock = socket.socket(socket.AF_INET6 if kind == 'tcp6' else socket.AF_INET)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(('::1' if kind == 'tcp6' else '127.0.0.1', 0))
        address = sock.getsockname()[:2]
    sock.listen(512)
    sock.set_inheritable(True)
    return sock, address


# ---- clients

class Response:
    def __init__(self, head):
        lines = head.split(b'\r\n')
        match = re.fullmatch(rb'(HTTP/1\.[01]) (\d{3})(?: ([^\r\n]*))?', lines[0])
        expect(match, lambda: 'status line %r' % lines[0])
        self.version = match.group(1).decode()
        self.status = int(match.group(2))
        self.reason = (match.group(3) or b'').decode('latin1')
        self.head = head
        self.headers = []
        for line in lines[1:]:
            name, colon, value = line.partition(b':')
            expect(colon and fakeengine.TOKEN.fullmatch(name), lambda: 'header line %r' % line)
            self.headers.append((name.decode(), value.strip(b' \t').decode('latin1')))
        self.body = b''

    def all(self, name):
        return [v for k, v in self.headers if k.lower() == name.lower()]

    def get(self, name, default=None):
        return (self.all(name) or [default])[0]

    def closes(self):
        return any('close' in v.lower() for v in self.all('connection'))

    def __repr__(self):
        return '<%d %s>' % (self.status, shorten(self.body))


def head(method, target, headers=(), host='docker', version='HTTP/1.1'):
    """The bytes of a request's head."""
    lines = ['%s %s %s' % (method, target, version)]
    if host is not None:
        lines.append('Host: ' + host)
    lines += ['%s: %s' % h for h in headers]
    return ('\r\n'.join(lines) + '\r\n\r\n').encode('latin1')


def chunked(*parts):
    return b''.join(b'%x\r\n%s\r\n' % (len(p), p) for p in parts if p) + b'0\r\n\r\n'


class Client:
    """A raw client connection; every operation has the client's timeout."""

    def __init__(self, address, timeout=WAIT, rcvbuf=None):
        self.timeout = timeout
        self.buf = b''
        self.at_end = False
        self.sock = socket.socket(socket.AF_UNIX if isinstance(address, str)
                                  else socket.AF_INET6 if ':' in address[0] else socket.AF_INET)
        if rcvbuf:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.sock.settimeout(timeout)
        self.sock.connect(address)
        if not isinstance(address, str):
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.sock.close()

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def send(self, data):
        self.sock.sendall(data)
        return self

    def send_gently(self, data):
        """Send what may meet a closed connection: that is an answer, too."""
        try:
            self.sock.sendall(data)
        except OSError:
            pass
        return self

    def more(self, timeout=None):
        """Read once into the buffer; False at the end (a reset counts as one)."""
        if self.at_end:
            return False
        self.sock.settimeout(self.timeout if timeout is None else timeout)
        try:
            data = self.sock.recv(262144)
        except ConnectionError:
            data = b''
        except socket.timeout:
            raise Fail('nothing comes within %s s; so far %s' % (timeout or self.timeout, shorten(self.buf[-300:]))) from None
        finally:
            self.sock.settimeout(self.timeout)
        self.at_end = not data
        self.buf += data
        return bool(data)

    def take(self, n):
        data, self.buf = self.buf[:n], self.buf[n:]
        return data

    def exactly(self, n):
        while len(self.buf) < n:
            expect(self.more(), lambda: 'the connection ended with %s, %d bytes wanted' % (shorten(self.buf), n))
        return self.take(n)

    def until(self, marker):
        while marker not in self.buf:
            expect(self.more(), lambda: 'the connection ended before %r, with %s' % (marker, shorten(self.buf)))
        return self.take(self.buf.index(marker) + len(marker))

    def rest(self):
        """Everything up to the end of the connection."""
        while self.more():
            pass
        return self.take(len(self.buf))

    def closed(self):
        """Wait for the end; anything that comes before it is a failure."""
        data = self.rest()
        expect(not data, lambda: 'bytes before the end: %s' % shorten(data))

    def is_quiet(self, seconds):
        """Nothing comes for a while (used only to say that something is held back)."""
        return not self.buf and not select.select([self.sock], [], [], seconds)[0]

    def read_head(self):
        return Response(self.until(b'\r\n\r\n')[:-4])

    def read_chunk(self):
        """One chunk's data; b'' is the last one."""
        line = self.until(b'\r\n')
        expect(re.fullmatch(rb'[0-9A-Fa-f]+\r\n', line), lambda: 'chunk line %r' % line)
        data = self.exactly(int(line, 16))
        expect_equal(self.exactly(2), b'\r\n', 'end of chunk')
        return data

    def read_body(self, response, method='GET'):
        if method == 'HEAD' or response.status in (204, 304) or response.status < 200:
            return
        if [v.lower() for v in response.all('transfer-encoding')] == ['chunked']:
            while True:
                data = self.read_chunk()
                if not data:
                    return
                response.body += data
        lengths = response.all('content-length')
        if lengths:
            response.body = self.exactly(int(lengths[0]))
        else:
            response.body = self.rest()

    def read(self, method='GET'):
        """The next final answer with its body."""
        response = self.read_head()
        while response.status in (100, 102, 103):
            response = self.read_head()
        self.read_body(response, method)
        return response

    def ask(self, method, target, headers=(), body=None, host='docker', **more):
        headers = list(headers)
        if body is not None and not any(k.lower() in ('content-length', 'transfer-encoding') for k, _ in headers):
            headers.append(('Content-Length', str(len(body))))
        self.send_gently(head(method, target, headers, host, **more) + (body or b''))
        return self.read(method)


# ---- launcher with restarts, as the service manager would do it

class Launcher:
    """Holds the listening socket and starts the daemon whenever a connection waits (LIBRARIES: activation)."""

    def __init__(self, gate):
        self.gate = gate
        self.n_starts = 0
        self.codes = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stopping.is_set():
            if not select.select(self.gate.listeners, [], [], 0.1)[0]:
                continue
            self.n_starts += 1
            self.gate.start(ready=False)
            while self.gate.process.proc.poll() is None:
                if self.stopping.is_set():
                    self.gate.process.kill()
                try:
                    self.gate.process.proc.wait(0.05)
                except subprocess.TimeoutExpired:
                    pass
            self.codes.append(self.gate.process.proc.returncode)

    def stop(self):
        self.stopping.set()
        self.thread.join(2 * WAIT)
        expect(not self.thread.is_alive(), 'the daemon does not end')
        if self.gate.process:
            self.gate.process.check_log()
        self.gate.process = None


# ---- registry of checks

CHECKS = []


class Run:
    """What a check gets: its transport, and cases of its own that are counted one by one."""

    def __init__(self, name, transport, report):
        self.name = name
        self.transport = transport
        self.report = report
        self.n_failed = 0

    def case(self, name, gate=None):
        return Case(self, name, gate)


class Case:
    """`with run.case('name'):` one line of its own; a failure does not end the check."""

    def __init__(self, run, name, gate):
        self.run = run
        self.gate = gate
        self.name = '%s/%s' % (run.name, name)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        if kind is None:
            self.run.report('ok', self.name, '')
        elif issubclass(kind, Skip):
            self.run.report('skip', self.name, str(value))
        elif issubclass(kind, (Fail, OSError, ValueError, fakeengine.Closed)):
            self.run.n_failed += 1
            logs = '\n' + self.gate.show_logs() if self.gate else ''
            self.run.report('FAIL', self.name, '%s%s%s' % ('' if kind is Fail else kind.__name__ + ': ', value, logs))
        else:
            return False
        return True


def check(transports=('unix',), slow=False):
    """Register a check: f(run). Over several transports it counts once for each."""
    def register(function):
        for transport in transports:
            name = function.__name__ + ('' if len(transports) == 1 else '_over_' + transport)
            CHECKS.append((name, function, transport, slow))
        return function
    return register


def check_both(function):
    return check(BOTH)(function)
