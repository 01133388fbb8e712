#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The engine of the measurements: engine.py SOCKET CONTROL.

It answers /_ping, takes the bodies of creates, and holds /events open: each datagram that comes to
CONTROL sends one event to every open stream. It does as little as possible, so that it is never
what is measured.
"""
import asyncio
import re
import resource
import socket
import sys

PING = (b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Length: 2\r\n\r\nOK")
CREATED_BODY = b"{\"Id\":\"" + b"5" * 64 + b"\",\"Warnings\":[]}\n"
CREATED = (b"HTTP/1.1 201 Created\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n"
           b"Content-Length: %d\r\n\r\n" % len(CREATED_BODY) + CREATED_BODY)
EVENTS = (b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n"
          b"Transfer-Encoding: chunked\r\n\r\n")
EVENT = b"e\r\n{\"status\":\"x\"}\r\n"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Connection(asyncio.Protocol):
    streams = set()

    def __init__(self):
        self.head = b""
        self.body_left = 0
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        data = self.take_body(data)
        self.head += data
        while not self.body_left and b"\r\n\r\n" in self.head:
            head, rest = self.head.split(b"\r\n\r\n", 1)
            length = re.search(rb"\r\nContent-Length: *(\d+)", head, re.I)
            self.body_left = int(length.group(1)) if length else 0
            self.head = b""
            self.answer(head.split(b" ", 2)[1].split(b"?")[0])
            self.head = self.take_body(rest)

    def take_body(self, data):
        n = min(self.body_left, len(data))
        self.body_left -= n
        if n and not self.body_left:
            self.transport.write(CREATED)
        return data[n:]

    def answer(self, path):
        if self.body_left:      # when it is whole
            return
        if path.endswith(b"/_ping"):
            self.transport.write(PING)
        elif path.endswith(b"/events"):
            self.transport.write(EVENTS)
            self.streams.add(self.transport)
        else:
            self.transport.write(NOT_FOUND)

    def connection_lost(self, exc):
        self.streams.discard(self.transport)


class Control(asyncio.DatagramProtocol):
    def datagram_received(self, data, addr):
        for transport in Connection.streams:
            transport.write(EVENT)


async def main():
    loop = asyncio.get_running_loop()
    control = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    control.bind(sys.argv[2])
    await loop.create_datagram_endpoint(Control, sock=control)
    server = await loop.create_unix_server(Connection, sys.argv[1], backlog=1024)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(main())
