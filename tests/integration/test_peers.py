# SPDX-License-Identifier: Apache-2.0
"""Who may talk at all: uids, gids, addresses, Host and Origin."""
import os
import subprocess
import sys

from harness import ALL, Gate, Skip, check, check_both, expect, expect_equal, head

ASK = '''
import os, socket, sys
uid, gid, groups = int(sys.argv[2]), int(sys.argv[3]), [int(g) for g in sys.argv[4:]]
os.setgroups(groups); os.setresgid(gid, gid, gid); os.setresuid(uid, uid, uid)
s = socket.socket(socket.AF_UNIX); s.settimeout(20); s.connect(sys.argv[1])
s.sendall(b"GET /_ping HTTP/1.1\\r\\nHost: docker\\r\\nConnection: close\\r\\n\\r\\n")
data = b""
while True:
    try:
        part = s.recv(65536)
    except ConnectionError:
        break
    if not part:
        break
    data += part
sys.stdout.write(data.split(b" ", 2)[1].decode())
'''


def ask_as(gate, uid, gid, groups=()):
    """The status that a client with these credentials gets."""
    done = subprocess.run([sys.executable, '-c', ASK, gate.addresses[0]] + [str(x) for x in (uid, gid, *groups)],
                          capture_output=True, text=True, timeout=60, check=False)
    expect(done.returncode == 0, done.stderr)
    return int(done.stdout)


@check()
def uids_and_gids_come_from_the_kernel(run):
    if os.getuid() != 0:
        raise Skip('needs root')
    for name, peers, cases in (
            ('uids', 'uids = 1000 1001', (((1000, 1000), 200), ((1001, 5), 200), ((1002, 1000), 403), ((0, 0), 403))),
            ('gids', 'gids = 2000', (((1000, 2000), 200), ((1000, 1000), 403), ((1000, 1000, (2000, 7)), 200))),
            ('both', 'uids = 1000\ngids = 2000', (((1000, 2000), 200), ((1000, 1), 403), ((1001, 2000), 403))),
            ('none', '', (((1000, 1000), 200),))):
        with Gate(ALL + '[peers]\n%s\n' % peers) as gate:
            for who, want in cases:
                with run.case('%s/%s' % (name, '_'.join(str(x) for x in who).translate({ord(c): None for c in '(), '})), gate):
                    gate.engine.clear()
                    gate.journal.clear()
                    expect_equal(ask_as(gate, *who), want)
                    expect_equal(len(gate.engine.seen()), 1 if want == 200 else 0)
                    record = gate.journal.wait_records(1)[0]
                    expect_equal((record.uid, record.gid, record.verdict),
                                 (str(who[0]), str(who[1]), 'allow' if want == 200 else 'deny'))


@check()
def refused_peer_is_told_and_its_connection_is_closed(run):
    with Gate(ALL + '[peers]\nuids = 12345\n') as gate, gate.connect() as client:
        client.send_gently(head('GET', '/_ping'))
        response = client.read()
        expect_equal(response.status, 403)
        expect(response.closes(), 'no Connection: close')
        client.closed()
        expect_equal(gate.journal.wait_records(1)[0].reason, 'peer-not-allowed')
        expect_equal(gate.engine.seen(), [])


@check()
def peers_of_a_new_policy_hold_after_a_reload(run):
    with Gate(ALL) as gate:
        expect_equal(gate.ask('GET', '/_ping').status, 200)
        gate.write_config(ALL + '[peers]\nuids = 12345\n')
        gate.reload()
        expect_equal(gate.ask('GET', '/_ping').status, 403)


@check()
def tcp_peers_are_filtered_by_address(run):
    for listen, cases in (('tcp', (('127.0.0.0/8', 200), ('127.0.0.1', 200), ('10.0.0.0/8', 403), ('10.0.0.0/8 127.0.0.1/32', 200),
                                   ('::1/128', 403))),
                          ('tcp6', (('::1/128', 200), ('::/0', 200), ('127.0.0.1', 403), ('fe80::/10', 403)))):
        for addresses, want in cases:
            with run.case('%s/%s' % (listen, addresses.replace(' ', '_'))), Gate(ALL + '[peers]\naddresses = %s\n' % addresses,
                                                                                listen=(listen,)) as gate:
                expect_equal(gate.ask('GET', '/_ping').status, want)


@check()
def a_tcp_peer_never_meets_a_uid(run):
    with Gate(ALL + '[peers]\nuids = 0\n', listen=('unix', 'tcp')) as gate:
        expect_equal((gate.ask('GET', '/_ping').status, gate.ask('GET', '/_ping', which=1).status), (200 if os.getuid() == 0 else 403, 403))


@check()
def hosts_on_tcp_are_a_list_against_rebinding(run):
    with Gate(ALL + '[peers]\nhosts = my-proxy\n', listen=('tcp', 'tcp6', 'unix')) as gate:
        port = gate.addresses[0][1]
        for host, want in (('localhost', 200), ('LOCALHOST:%d' % port, 200), ('127.0.0.1', 200), ('127.0.0.1:%d' % port, 200), ('[::1]', 200),
                           ('[::1]:99', 200), ('host.docker.internal:2375', 200), ('api.moby.localhost', 200), ('docker', 200),
                           ('my-proxy', 200), ('my-proxy:1', 200), ('', 200), ('evil.example', 403), ('localhost.evil.example', 403),
                           ('127.0.0.2', 403), ('my-proxy.evil', 403), ('10.0.0.1:%d' % port, 403)):
            with run.case('tcp/' + (host or 'empty').replace(str(port), 'PORT'), gate), gate.connect(0) as client:
                expect_equal(client.ask('GET', '/_ping', host=host).status, want)
            with run.case('unix/' + (host or 'empty').replace(str(port), 'PORT'), gate), gate.connect(2) as client:
                expect_equal(client.ask('GET', '/_ping', host=host).status, 200)
        with run.case('address_connected_to', gate), gate.connect(1) as client:
            expect_equal(client.ask('GET', '/_ping', host='[::1]:%d' % gate.addresses[1][1]).status, 200)


@check()
def origins_on_tcp_must_be_listed(run):
    with Gate(ALL + '[peers]\norigins = http://good.example\n', listen=('tcp', 'unix')) as gate:
        for header, want in ((('Origin', 'http://evil.example'), 403), (('Origin', 'http://good.example'), 200), (('Origin', 'null'), 403),
                             (('Origin', 'http://good.example.evil'), 403), (('Sec-Fetch-Site', 'cross-site'), 403),
                             (('Sec-Fetch-Site', 'same-site'), 403), (('Sec-Fetch-Site', 'same-origin'), 200), (('Sec-Fetch-Site', 'none'), 200)):
            name = '_'.join(header).replace('/', '_').replace(':', '')
            with run.case('tcp/' + name, gate):
                gate.engine.clear()
                expect_equal(gate.ask('GET', '/_ping', [header]).status, want)
                expect_equal([n for r in gate.engine.seen() for n in r.names() if n in ('origin', 'sec-fetch-site')], [])
            with run.case('unix/' + name, gate):
                expect_equal(gate.ask('GET', '/_ping', [header], which=1).status, 200)


@check_both
def refused_peer_with_a_big_upload_reads_its_message(run):
    peers = 'uids = 12345' if run.transport == 'unix' else 'addresses = 10.0.0.0/8'
    with Gate(ALL + '[peers]\n%s\n' % peers, listen=(run.transport,)) as gate, gate.connect() as client:
        client.send_gently(head('POST', '/images/load', [('Content-Type', 'application/x-tar'), ('Content-Length', '40000')]) + b'x' * 40000)
        expect_equal(client.read().status, 403)
        client.closed()
