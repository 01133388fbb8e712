# SPDX-License-Identifier: Apache-2.0
"""load.py - clients that go on while a package is replaced: short requests, slow ones, changes, open streams.

They hold the gate to what clients of a server that restarts may expect: a request that was sent on a
new connection is answered once, and so is one on a kept connection unless the gate closed that
connection first, without a byte of an answer (Go and curl then send it again, and so do we).
"""
import http.client
import json
import socket
import threading
import time

from box import WAIT, Connection


class Clients:
    """KINDS is a list of methods of this class, one for each thread; each is called until the end."""

    def __init__(self, path, container):
        self.path, self.container = path, container
        self.lock = threading.Lock()
        self.n_answers, self.n_again, self.slowest, self.wrong, self.volumes = 0, 0, 0.0, [], []
        self.is_over = threading.Event()
        kinds = [self.fresh] * 3 + [self.kept] * 3 + [self.slow] * 2 + [self.change] * 2
        self.threads = [threading.Thread(target=self._client, args=(kind, i), daemon=True) for i, kind in enumerate(kinds)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join(2 * WAIT)
        if any(thread.is_alive() for thread in self.threads):
            self.wrong.append('a client hangs')

    def _client(self, kind, number):
        n = 0
        connection = None
        while not self.is_over.is_set():
            n += 1
            try:
                connection = kind(connection, '%d-%d' % (number, n))
            except (OSError, ValueError, http.client.HTTPException) as e:
                connection = None
                with self.lock:
                    self.wrong.append('%s: %r' % (kind.__name__, e))

    def _ask(self, connection, method, target, status, body=None):
        got, text, seconds = connection.ask(method, target, body)
        with self.lock:
            self.n_answers += 1
            self.slowest = max(self.slowest, seconds)
            if got != status:
                self.wrong.append('%s %s: %d %s' % (method, target, got, text[:200]))

    def _once(self, *request):
        connection = Connection(self.path)
        try:
            self._ask(connection, *request)
        finally:
            connection.close()

    def fresh(self, *_):
        self._once('GET', '/v1.41/containers/json', 200)

    def slow(self, *_):
        """The engine takes a second or two for this answer."""
        self._once('GET', '/v1.41/containers/%s/stats?stream=0' % self.container, 200)

    def change(self, _, name):
        self._once('POST', '/v1.41/volumes/create', 201, json.dumps({'Name': 'load-' + name}))
        self.volumes.append('load-' + name)

    def kept(self, connection, _):
        request = ('GET', '/v1.41/containers/json', 200)
        if connection is None or connection.sock is None:       # the last answer said that it closes
            connection = Connection(self.path)
            self._ask(connection, *request)
            return connection
        try:
            self._ask(connection, *request)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            connection.close()
            with self.lock:
                self.n_again += 1
            return self.kept(None, _)
        return connection


class Stream:
    """One GET whose answer does not end by itself."""

    def __init__(self, path, target):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(2 * WAIT)
        self.sock.connect(path)
        self.sock.sendall(b'GET %s HTTP/1.1\r\nHost: docker\r\n\r\n' % target.encode())
        self.lock = threading.Lock()
        self.data, self.last, self.ended, self.error = b'', 0.0, 0.0, None
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while True:
                data = self.sock.recv(65536)
                if not data:
                    break
                self.data += data
                self.last = time.monotonic()
        except OSError as e:
            self.error = e
        self.ended = time.monotonic()

    def is_open(self):
        return self.data.startswith(b'HTTP/1.1 200') and not self.ended

    def is_cut(self):
        """Ended by the end of the connection, and not by the end of its body: the client knows that there is more."""
        return bool(self.ended) and self.error is None and not self.data.endswith(b'\r\n0\r\n\r\n')

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()
