# SPDX-License-Identifier: Apache-2.0
"""Listening sockets come from the service manager alone; anything else is exit 78 and a plain message."""
import os
import shutil
import socket
import tempfile

from harness import (ALL, READ, Fail, Gate, Process, check, expect, expect_equal, make_listener, write_file)


class Folder:
    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix='sockgate-test-')
        os.chmod(self.path, 0o755)
        write_file(self.path + '/gate.conf', READ)
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path)


def start(folder, fds=(), **more):
    return Process(folder, fds, ['--config=' + folder + '/gate.conf', '--upstream=' + folder + '/engine.sock',
                                 '--journal=' + folder + '/journal.sock'], **more)


def refused(folder, fds=(), **more):
    """The daemon must end with 78; returns what it said."""
    process = start(folder, fds, **more)
    code = process.wait()
    process.check_log()
    if code != 78:
        raise Fail('exit code %s, want 78; it said: %s' % (code, process.log()))
    return process.log()


@check()
def without_sockets_it_says_how_to_try_it_and_exits_78(run):
    with Folder() as folder:
        text = refused(folder)
        expect('systemd-socket-activate' in text, lambda: text)
        with run.case('listen_fds_0'):
            refused(folder, listen_fds=0)
        with run.case('listen_fds_for_another_process'):
            sock, _ = make_listener('unix', folder + '/s')
            text = refused(folder, [sock.fileno()], listen_pid='1')
            sock.close()
            expect('systemd-socket-activate' in text, lambda: text)
        with run.case('listen_fds_is_no_number'):
            refused(folder, listen_fds='x')
        with run.case('fewer_sockets_than_announced'):
            refused(folder, listen_fds=2)


@check()
def wrong_descriptors_exit_78_with_a_message(run):
    with Folder() as folder:
        kinds = {
            'datagram_socket': lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),
            'udp_socket': lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
            'netlink_socket': lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0),
            'stream_socket_that_does_not_listen': lambda: socket.socket(socket.AF_UNIX),
            'tcp_socket_that_does_not_listen': lambda: socket.socket(socket.AF_INET),
            'connected_socket': lambda: pair(),
            'seqpacket_socket': lambda: seqpacket(folder + '/q'),
            'regular_file': lambda: open(folder + '/gate.conf', 'rb'),
            'pipe': lambda: os.fdopen(os.pipe()[0]),
        }
        for name, make in kinds.items():
            with run.case(name):
                thing = make()
                good, _ = make_listener('unix', folder + '/good-' + name)
                text = refused(folder, [thing.fileno()])
                expect(len(text.strip()) > 20, lambda: 'it said %r' % text)
                text = refused(folder, [good.fileno(), thing.fileno()])
                expect(len(text.strip()) > 20, lambda: 'it said %r' % text)
                thing.close()
                good.close()


def pair():
    left, right = socket.socketpair()
    pair.kept = right
    return left


def seqpacket(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.bind(path)
    sock.listen(1)
    return sock


@check()
def several_sockets_of_all_kinds_are_served_at_once(run):
    kinds = ('unix', 'tcp', 'tcp6', 'unix', 'tcp')
    with Gate(ALL, listen=kinds) as gate:
        clients = [gate.connect(i) for i in range(len(kinds))]
        for i, client in enumerate(clients):
            with run.case('%d_%s' % (i, kinds[i]), gate):
                expect_equal(client.ask('GET', '/_ping').body, b'OK')
        for client in clients:
            client.close()
        records = gate.journal.wait_records(len(kinds))
        expect(all(r.listener for r in records), 'a record without its listener')


@check()
def socket_names_are_in_the_audit(run):
    with Gate(ALL, start=False) as gate:
        gate.process = Process(gate.folder, [gate.listeners[0].fileno()],
                               ['--config=' + gate.config_path, '--upstream=' + gate.engine.path, '--journal=' + gate.journal.path],
                               names=['front-door'], notify=gate.notify.path)
        gate.wait_ready()
        gate.ask('GET', '/_ping')
        expect('front-door' in (gate.journal.wait_records(1)[0].listener or ''),
               lambda: 'listener is %r' % gate.journal.requests()[0].listener)


@check()
def connections_that_waited_before_the_start_are_served(run):
    with Gate(ALL, start=False, listen=('unix', 'tcp')) as gate:
        clients = [gate.connect(i % 2) for i in range(6)]
        for client in clients:
            client.send(b'GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n')
        gate.start()
        for client in clients:
            expect_equal(client.read().body, b'OK')
            client.close()


@check()
def options_are_few_and_wrong_ones_are_refused(run):
    with Folder() as folder:
        for option, code in (('--version', 0), ('--help', 0), ('--nonsense', 1), ('--instance=Bad/Name', 1), ('stray', 1)):
            with run.case(option.strip('-').replace('=', '_').replace('/', '_')):
                process = Process(folder, [], [option])
                got = process.wait()
                process.check_log()
                expect(got == 0 if code == 0 else got not in (0, 99, 98) and got > 0, lambda: 'exit code %s: %s' % (got, process.log()))
                expect(process.log().strip(), 'it says nothing')
                os.unlink(process.log_path)


@check()
def the_daemon_opens_no_listening_socket_itself(run):
    with Gate(ALL, listen=('unix', 'tcp')) as gate:
        gate.ask('GET', '/_ping')
        inodes = set()
        for fd in os.listdir('/proc/%d/fd' % gate.process.pid):
            try:
                link = os.readlink('/proc/%d/fd/%s' % (gate.process.pid, fd))
            except FileNotFoundError:       # the connection of the question above, just closed
                continue
            if link.startswith('socket:'):
                inodes.add(link[8:-1])
        listening = []
        for path, column, state in (('/proc/net/tcp', 9, '0A'), ('/proc/net/tcp6', 9, '0A')):
            with open(path, encoding='ascii') as f:
                listening += [w[column] for w in (line.split() for line in f) if w[3] == state and w[column] in inodes]
        expect_equal(len(listening), 1, 'TCP sockets that listen')
