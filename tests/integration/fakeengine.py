#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fakeengine.py - a strict, recording, scriptable Docker engine on a unix socket.

It stands where dockerd would stand. It parses requests as strictly as the gate promises to write
them and notes every defect of their framing, keeps each request as it came (raw head, headers in
order, body, number of the connection), and answers by default like a small engine. A test puts a
handler in front of the default answers: raw bytes, or a function that gets an Exchange.

It trusts the test that scripts it, and nothing that comes over the socket.

From the command line it is a small engine for demonstrations:  fakeengine.py --socket PATH
"""
import argparse
import json
import os
import re
import select
import signal
import socket
import struct
import sys
import threading
import time

MAX_HEAD = 4 << 20
MAX_KEPT = 8 << 20
TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Request:
    """One request as the engine received it."""

    def __init__(self, head, conn):
        self.head = head
        self.conn = conn
        self.body = b''
        self.body_length = 0
        self.complete = False
        self.defects = []
        self._parse(head)

    def _parse(self, head):
        if re.search(rb'(?<!\r)\n', head):
            self.defects.append('bare LF')
        if re.search(rb'\r(?!\n)', head):
            self.defects.append('bare CR')
        lines = head.replace(b'\r\n', b'\n').rstrip(b'\n').split(b'\n')
        words = lines[0].split(b' ')
        if len(words) != 3:
            self.defects.append('request line')
            words = (words + [b'', b'', b''])[:3]
        self.method, self.target, self.version = (w.decode('latin1') for w in words)
        if re.search(rb'[\x00-\x20\x7f-\xff]', words[1]):
            self.defects.append('target bytes')
        if self.version not in ('HTTP/1.1', 'HTTP/1.0'):
            self.defects.append('version')
        self.headers = []
        for line in lines[1:]:
            if line[:1] in (b' ', b'\t'):
                self.defects.append('folded line')
                continue
            name, colon, value = line.partition(b':')
            if not colon or not TOKEN.fullmatch(name):
                self.defects.append('header name')
                continue
            if re.search(rb'[\x00-\x08\x0a-\x1f\x7f]', value):
                self.defects.append('header value')
            self.headers.append((name.decode('latin1'), value.strip(b' \t').decode('latin1')))
        self._check_framing()

    def _check_framing(self):
        length, coding = self.all('content-length'), self.all('transfer-encoding')
        if len(length) > 1:
            self.defects.append('Content-Length twice')
        if length and coding:
            self.defects.append('Content-Length and Transfer-Encoding')
        if len(self.all('host')) != 1:
            self.defects.append('%d Host lines' % len(self.all('host')))
        if length and not re.fullmatch('[0-9]{1,18}', length[0]):
            self.defects.append('Content-Length syntax')
        if coding and coding != ['chunked']:
            self.defects.append('Transfer-Encoding syntax')

    def all(self, name):
        return [v for k, v in self.headers if k.lower() == name.lower()]

    def get(self, name, default=None):
        return (self.all(name) or [default])[0]

    def names(self):
        return [k.lower() for k, _ in self.headers]

    @property
    def path(self):
        return self.target.partition('?')[0]

    @property
    def query(self):
        return self.target.partition('?')[2]

    def wants_upgrade(self):
        return self.get('upgrade') is not None

    def __repr__(self):
        return '<%s %s body=%d conn=%d%s>' % (self.method, self.target, self.body_length, self.conn,
                                              ' DEFECTS ' + ', '.join(self.defects) if self.defects else '')


class Closed(Exception):
    """The other side went away while a script wanted bytes."""


class Exchange:
    """What a handler gets: the request's head is complete, nothing of the body is read yet."""

    def __init__(self, engine, conn, request):
        self.engine = engine
        self.conn = conn
        self.request = request
        self.body_read = False

    # reading

    def body(self):
        """Read the whole body (once) and return it."""
        if not self.body_read:
            self.body_read = True
            self.conn.read_body(self.request)
        return self.request.body

    def recv(self, timeout=20):
        """Raw bytes from the connection: b'' at its end, Closed on reset or when the time is up."""
        return self.conn.recv(timeout)

    def recv_until(self, marker, timeout=20):
        got = b''
        while marker not in got:
            data = self.recv(timeout)
            if not data:
                raise Closed('end before %r, got %r' % (marker, got[-200:]))
            got += data
        return got

    def wait_gone(self, timeout=20):
        """True when the gate closed or reset this connection within the time; bytes are dropped."""
        end = time.monotonic() + timeout
        while True:
            try:
                if not self.conn.recv(max(0.01, end - time.monotonic())):
                    return True
            except (ConnectionError, ValueError):
                return True
            except Closed:
                return False

    # writing

    def send(self, data):
        self.conn.sock.sendall(data)

    def answer(self, status=200, body=b'', headers=(), ctype='application/json', reason='OK'):
        """An answer with Content-Length; the body is read first."""
        self.body()
        self.send(self.head(status, headers, ctype, reason, len(body)))
        if self.request.method != 'HEAD' and body:
            self.send(body)

    def head(self, status=200, headers=(), ctype='application/json', reason='OK', length=None):
        lines = ['HTTP/1.1 %d %s' % (status, reason), 'Api-Version: 1.41', 'Docker-Experimental: false',
                 'Ostype: linux', 'Server: Docker/20.10.24 (linux)']
        if ctype:
            lines.append('Content-Type: ' + ctype)
        if length is not None and status not in (204, 304):
            lines.append('Content-Length: %d' % length)
        lines += ['%s: %s' % h for h in headers]
        return ('\r\n'.join(lines) + '\r\n\r\n').encode('latin1')

    def start_chunked(self, status=200, headers=(), ctype='application/json'):
        self.send(self.head(status, list(headers) + [('Transfer-Encoding', 'chunked')], ctype))

    def chunk(self, data):
        self.send(b'%x\r\n%s\r\n' % (len(data), data))

    def end_chunks(self):
        self.send(b'0\r\n\r\n')

    def upgrade(self, ctype='application/vnd.docker.raw-stream'):
        """101 when an upgrade was asked for, else the 200 raw stream without length."""
        self.body()
        if self.request.wants_upgrade():
            self.send(b'HTTP/1.1 101 UPGRADED\r\nContent-Type: %s\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'
                      % ctype.encode())
        else:
            self.send(b'HTTP/1.1 200 OK\r\nContent-Type: %s\r\n\r\n' % ctype.encode())

    def echo(self, prefix=b''):
        """Send back what comes until the other side's end, then our own end."""
        while True:
            data = self.recv(60)
            if not data:
                break
            self.send(prefix + data)
        self.shut()

    def shut(self):
        self.conn.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        """Close without any ceremony, unread bytes and all."""
        self.conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.conn.close()


class Connection:
    """One accepted connection: a buffer over a socket."""

    def __init__(self, engine, sock, number):
        self.engine = engine
        self.sock = sock
        self.number = number
        self.buf = bytearray()
        self.received = 0
        self.tail = b''
        self.over = threading.Event()

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()
        self.over.set()

    def more(self, timeout=None):
        """Add what comes to the buffer; False at the end."""
        if timeout is not None and not select.select([self.sock], [], [], timeout)[0]:
            raise Closed('nothing came in %s s' % timeout)
        data = self.sock.recv(65536)
        self.received += len(data)
        self.buf += data
        return bool(data)

    def recv(self, timeout):
        if not self.buf:
            self.more(timeout)
        data = bytes(self.buf)
        self.buf.clear()
        return data

    def read_head(self):
        """The bytes up to and with the empty line, or None at a clean end."""
        while True:
            crlf, lf = self.buf.find(b'\r\n\r\n'), self.buf.find(b'\n\n')
            if crlf >= 0 and (lf < 0 or crlf < lf):
                end = crlf + 4
            elif lf >= 0:
                end = lf + 2
            elif len(self.buf) > MAX_HEAD or not self.more():
                if self.buf:
                    request = Request(bytes(self.buf[:200]), self.number)
                    request.defects.append('incomplete head')
                    self.engine.record(request)
                return None
            else:
                continue
            head = bytes(self.buf[:end])
            del self.buf[:end]
            return head

    def read_body(self, request):
        if request.all('transfer-encoding'):
            request.complete = self._read_chunks(request)
        else:
            request.complete = self._read_length(request, int(request.get('content-length') or 0))
        if not request.complete:
            request.defects.append('incomplete body')
            raise Closed('the request body is incomplete')
        self.engine.changed()

    def _keep(self, request, data):
        request.body_length += len(data)
        if len(request.body) < MAX_KEPT:
            request.body += bytes(data)

    def _read_length(self, request, left):
        while left > 0:
            if not self.buf and not self.more():
                return False
            part = bytes(self.buf[:left])
            self._keep(request, part)
            del self.buf[:len(part)]
            left -= len(part)
        return True

    def _read_line(self):
        while b'\n' not in self.buf:
            if not self.more():
                return None
        end = self.buf.find(b'\n') + 1
        line = bytes(self.buf[:end])
        del self.buf[:end]
        return line

    def _read_chunks(self, request):
        while True:
            line = self._read_line()
            if line is None:
                return False
            match = re.fullmatch(rb'([0-9A-Fa-f]{1,16})\r\n', line)
            if not match:
                request.defects.append('chunk line %r' % line[:40])
                return False
            size = int(match.group(1), 16)
            if size == 0:
                break
            if not self._read_length(request, size):
                return False
            line = self._read_line()
            if line != b'\r\n':
                if line is not None:
                    request.defects.append('end of chunk')
                return False
        line = self._read_line()
        if line is not None and line != b'\r\n':
            request.defects.append('trailer')
        return line == b'\r\n'


class Engine:
    """Listens on a unix socket; a thread a connection. Use as a context manager."""

    def __init__(self, path, accepting=True, backlog=512):
        self.path = path
        self.lock = threading.Condition()
        self.requests = []
        self.handlers = []
        self.conns = {}
        self.n_conns = 0
        self.errors = []
        self.sock = None
        self.accepting = accepting
        self.backlog = backlog
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        if self.sock:
            return
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(self.path)
        os.chmod(self.path, 0o666)
        self.sock.listen(self.backlog)
        if self.accepting:
            threading.Thread(target=self._accept, args=(self.sock,), daemon=True).start()

    def stop_listening(self, keep_path=False):
        """New connections fail from now on: no such file, or refused with keep_path."""
        sock, self.sock = self.sock, None
        if not sock:
            return
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        sock.close()
        if not keep_path and os.path.exists(self.path):
            os.unlink(self.path)

    def drop_connections(self):
        with self.lock:
            conns = list(self.conns.values())
        for conn in conns:
            conn.close()

    def stop(self, keep_path=False):
        self.stop_listening(keep_path)
        self.drop_connections()

    # scripts

    def on(self, path, handler, method=None):
        """Newest first: handler is bytes to send after the body was read, or f(Exchange), whose
        False closes the connection afterwards."""
        self.handlers.insert(0, (method, re.compile(path), handler))
        return self

    def record(self, request):
        with self.lock:
            self.requests.append(request)
            self.lock.notify_all()

    def changed(self):
        with self.lock:
            self.lock.notify_all()

    def seen(self):
        with self.lock:
            return list(self.requests)

    def clear(self):
        with self.lock:
            self.requests.clear()

    def wait(self, condition, timeout=20):
        """Wait until condition(requests) holds; returns the requests, whether it holds or not."""
        with self.lock:
            self.lock.wait_for(lambda: condition(self.requests), timeout)
            return list(self.requests)

    def open_connections(self):
        with self.lock:
            return len(self.conns)

    def wait_connections(self, n, timeout=20):
        with self.lock:
            return self.lock.wait_for(lambda: len(self.conns) == n, timeout)

    # serving

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.n_conns += 1
                conn = Connection(self, sock, self.n_conns)
                self.conns[conn.number] = conn
                self.lock.notify_all()
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn):
        try:
            while True:
                head = conn.read_head()
                if head is None:
                    break
                request = Request(head, conn.number)
                self.record(request)
                if not self._answer(Exchange(self, conn, request)):
                    break
        except (OSError, ValueError, Closed):
            pass
        except Exception as e:      # a bug in a script must not vanish with its thread
            self.errors.append('%s: %s' % (type(e).__name__, e))
        finally:
            conn.close()
            with self.lock:
                self.conns.pop(conn.number, None)
                self.lock.notify_all()

    def _answer(self, x):
        request = x.request
        for method, pattern, handler in self.handlers:
            if method in (None, request.method) and pattern.search(request.target):
                break
        else:
            handler = default_answer
        if isinstance(handler, bytes):
            x.body()
            x.send(handler)
            go_on = True
        else:
            go_on = handler(x) is not False
        if not x.body_read:
            x.body()
        wants_close = any('close' in v.lower() for v in request.all('connection'))
        return go_on and not wants_close and request.version != 'HTTP/1.0'


# ---- the default engine

CONTAINER_ID = '4c01db0b339c' + '0' * 52
VERSION = {'Platform': {'Name': 'fake engine'}, 'Version': '20.10.24', 'ApiVersion': '1.41', 'MinAPIVersion': '1.12',
           'GitCommit': 'fake', 'GoVersion': 'none', 'Os': 'linux', 'Arch': 'amd64', 'KernelVersion': '6.1',
           'BuildTime': '2024-01-01T00:00:00.000000000+00:00',
           'Components': [{'Name': 'Engine', 'Version': '20.10.24',
                           'Details': {'ApiVersion': '1.41', 'Arch': 'amd64', 'BuildTime': 'Mon Jan  1 00:00:00 2024',
                                       'Experimental': 'false', 'GitCommit': 'fake', 'GoVersion': 'none',
                                       'KernelVersion': '6.1', 'MinAPIVersion': '1.12', 'Os': 'linux'}}]}
INFO = {'ID': 'FAKE', 'Containers': 1, 'ContainersRunning': 1, 'ContainersPaused': 0, 'ContainersStopped': 0, 'Images': 1,
        'Driver': 'fake', 'Name': 'fake', 'ServerVersion': '20.10.24', 'OSType': 'linux', 'Architecture': 'x86_64',
        'NCPU': 1, 'MemTotal': 1 << 30, 'OperatingSystem': 'fake engine', 'KernelVersion': '6.1', 'Swarm': {}}
LISTED = {'Id': CONTAINER_ID, 'Names': ['/web'], 'Image': 'alpine:3', 'ImageID': 'sha256:' + 'a' * 64, 'Command': 'sleep 1d',
          'Created': 1700000000, 'Ports': [], 'Labels': {}, 'State': 'running', 'Status': 'Up 2 hours',
          'HostConfig': {'NetworkMode': 'default'}, 'NetworkSettings': {'Networks': {}}, 'Mounts': []}
INSPECTED = {'Id': CONTAINER_ID, 'Name': '/web', 'Created': '2024-01-01T00:00:00Z', 'Path': 'sleep', 'Args': ['1d'],
             'State': {'Status': 'running', 'Running': True, 'Pid': 1, 'ExitCode': 0, 'StartedAt': '2024-01-01T00:00:00Z',
                       'FinishedAt': '0001-01-01T00:00:00Z'},
             'Image': 'sha256:' + 'a' * 64, 'Config': {'Image': 'alpine:3', 'Tty': False, 'Cmd': ['sleep', '1d'], 'Labels': {}},
             'HostConfig': {'NetworkMode': 'default', 'LogConfig': {'Type': 'json-file', 'Config': {}}},
             'NetworkSettings': {'Networks': {}}, 'Mounts': []}
IMAGE = {'Id': 'sha256:' + 'a' * 64, 'RepoTags': ['alpine:3'], 'Created': '2024-01-01T00:00:00Z', 'Size': 1, 'Config': {}}
LISTS = {'/containers/json': [LISTED], '/images/json': [], '/networks': [], '/services': [], '/tasks': [], '/nodes': [],
         '/plugins': [], '/secrets': [], '/configs': [], '/volumes': {'Volumes': [], 'Warnings': None}, '/info': INFO,
         '/version': VERSION, '/system/df': {'LayersSize': 0, 'Images': [], 'Containers': [], 'Volumes': [], 'BuildCache': []},
         '/images/search': []}
CREATED = {'/containers/create': {'Id': CONTAINER_ID, 'Warnings': []}, '/networks/create': {'Id': 'e' * 64, 'Warning': ''},
           '/volumes/create': {'Name': 'v', 'Driver': 'local', 'Mountpoint': '/v', 'Labels': None, 'Scope': 'local',
                               'Options': None},
           '/commit': {'Id': 'sha256:' + 'b' * 64}, '/services/create': {'ID': 's' * 25}}
NO_CONTENT = ('/start', '/stop', '/restart', '/kill', '/pause', '/unpause', '/rename')


def default_answer(x):
    """Like a small engine that has one container called web."""
    x.body()
    request = x.request
    path = re.sub(r'^/v[0-9.]+(?=/)', '', request.path)
    if path == '/_ping':
        return answer_ping(x)
    if request.method in ('GET', 'HEAD') and path in LISTS:
        return answer_json(x, 200, LISTS[path])
    if request.method == 'POST' and path in CREATED:
        return answer_json(x, 201, CREATED[path], 'Created')
    if request.method == 'POST' and path.startswith('/containers/') and path.endswith(NO_CONTENT):
        return x.answer(204, ctype=None, reason='No Content')
    if request.method == 'DELETE' and not path.startswith('/images/'):
        return x.answer(204, ctype=None, reason='No Content')
    if request.method == 'POST' and re.search(r'^/containers/[^/]+/attach$|^/exec/[^/]+/start$', path):
        x.upgrade()
        x.echo()
        return False
    return default_object(x, path)


def default_object(x, path):
    if path == '/events' or path.endswith('/stats') and 'stream=0' not in x.request.query:
        x.start_chunked()
        x.wait_gone(3600)
        return False
    if path.endswith('/logs'):
        return answer_logs(x)
    if re.search(r'^/containers/[^/]+/json$', path):
        return answer_json(x, 200, INSPECTED)
    if path.endswith('/wait'):
        return answer_json(x, 200, {'StatusCode': 0})
    if re.search(r'^/containers/[^/]+/exec$', path):
        return answer_json(x, 201, {'Id': 'f' * 64}, 'Created')
    if re.search(r'^/images/.+/json$', path):
        return answer_json(x, 200, IMAGE)
    if path.endswith('/top'):
        return answer_json(x, 200, {'Titles': ['PID', 'CMD'], 'Processes': [['1', 'sleep 1d']]})
    if path.endswith('/archive') and x.request.method == 'HEAD':
        return x.answer(200, headers=[('X-Docker-Container-Path-Stat', 'eyJuYW1lIjoiZGF0YSJ9')], ctype=None)
    return answer_json(x, 200, {})


def answer_ping(x):
    headers = [('Builder-Version', '1'), ('Cache-Control', 'no-cache, no-store, must-revalidate'), ('Pragma', 'no-cache')]
    x.answer(200, b'OK' if x.request.method == 'GET' else b'', headers, 'text/plain; charset=utf-8')


def answer_json(x, status, value, reason='OK'):
    x.answer(status, json.dumps(value).encode() + b'\n', reason=reason)


def answer_logs(x):
    line = b'hello from the fake engine\n'
    x.start_chunked(ctype='application/vnd.docker.raw-stream')
    x.chunk(b'\x01\0\0\0' + struct.pack('>I', len(line)) + line)
    if re.search(r'follow=(1|true)', x.request.query):
        x.wait_gone(3600)
        return False
    x.end_chunks()
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--socket', required=True, help='where to listen')
    parser.add_argument('--log', action='store_true', help='print one line a request')
    args = parser.parse_args()
    engine = Engine(args.socket)
    if args.log:
        def logged(x):
            print(x.request, flush=True)
            return default_answer(x)
        engine.on('', logged)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    engine.stop()
    return 0


if __name__ == '__main__':
    sys.exit(main())
