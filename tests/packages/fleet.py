#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fleet.py SUITE ROOT FILTER - policies out to two hosts, their audit in at a third; fleet starts it.

Everything is the example's own: files, commands and the addresses and names in them. The hosts come by
those names through /etc/hosts, the certificates are of a CA made here, and what Ansible takes for ssh is a
script that enters the box.
"""
import concurrent.futures
import json
import os
import re
import shutil
import socket
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
for folder in ('tests/packages', 'tests/systemd'):
    sys.path.insert(0, os.path.join(TOP, folder))
import checklist                                            # noqa: E402 (the folders above come first)
from box import WAIT, expect, wait_for                      # noqa: E402
from checklist import check                                 # noqa: E402
from machine import DIR, FILES, Machine                     # noqa: E402

EXAMPLES = os.path.join(TOP, 'conf/examples')
COLLECTED = '/var/log/journal/remote'
COLLECTOR, UID = 'journal', {'alpha': 1000, 'beta': 1001}
ADDRESS = {'journal': '192.0.2.10', 'alpha': '192.0.2.11', 'beta': '192.0.2.12'}
INSIDE, OUTSIDE = '192.0.2.9', '198.51.100.9'               # of this process: one that the example allows, and one that not
# The second playbook has to find it running, however slow this machine is.
POLICY = '[policy]\npreset = restart\n[limits]\nidle-exit = 0\n'
RESTART, CREATE = '/v1.41/containers/%s/restart', '/v1.41/containers/create'
CERTIFICATES = '''cd "$0"
for ca in ca other; do
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=$ca -keyout $ca.key -out $ca.pem
done
for name in journal alpha beta; do
        openssl req -newkey rsa:2048 -nodes -subj /CN=$name.example.org -addext subjectAltName=DNS:$name.example.org \\
                -keyout $name.key -out $name.req
        openssl x509 -req -in $name.req -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -copy_extensions copy -out $name.pem
done
openssl x509 -req -in journal.req -CA other.pem -CAkey other.key -CAcreateserial -days 2 -copy_extensions copy -out foreign.pem'''
ENGINE = '''systemd-run -q --unit=docker.service -p Group=docker \\
        /usr/bin/python3 /opt/integration/fakeengine.py --socket /run/docker.sock
until [ -S /run/docker.sock ]; do sleep 0.05; done
chgrp docker /run/docker.sock; chmod 0660 /run/docker.sock'''
SSH = '''#!/bin/sh
# ssh [OPTION...] HOST COMMAND, with the pid of the host's first process in a file named like the host
while [ $# -gt 2 ]; do shift; done
exec nsenter -t "$(cat %s/"$1")" -a -- /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 sh -c "$2"
'''
HOSTS = '''[all]
alpha
beta
[all:vars]
ansible_ssh_executable=%s/ssh
ansible_ssh_transfer_method=piped
ansible_python_interpreter=/usr/bin/python3
ansible_become=false
'''


def read(name):
    with open(os.path.join(EXAMPLES, 'fleet', name), encoding='utf-8') as f:
        return f.read()


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)
    os.chmod(path, mode)


def local(*command, check_code=True, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=3 * WAIT, check=False, **options)
    expect(not check_code or not done.returncode, '%s: exit code %d: %s' % (command[0], done.returncode, done.stdout[-900:]))
    return done.stdout if check_code else (done.returncode, done.stdout)


def readme_block(title):
    """The indented commands below this line of the README."""
    found = re.search(r'^%s\n\n((?: {4}.*\n)+)' % re.escape(title), read('README'), re.M)
    expect(found, 'the README has no commands below "%s"' % title)
    return re.sub('(?m)^ {4}', '', found.group(1))


class World:
    def __init__(self, suite, root):
        self.control = DIR + '/control'         # the machine that Ansible runs on
        self.certificates = DIR + '/certificates'
        self.changed = []                       # what changes() is to say
        args = ['--network-bridge=br0', '--system-call-filter=bpf', '--bind-ro=%s/tests/integration:/opt/integration' % TOP]
        self.named = {name: Machine('%s-%s-%d' % (suite, name, os.getpid()), root, args) for name in ADDRESS}
        self.machines = list(self.named.values())
        self.collector = self.named[COLLECTOR]

    def boot(self):
        local('sh', '-euc', 'ip link set lo up; ip link add br0 type bridge; ip link set br0 up; '
              'ip address add %s/24 dev br0; ip address add %s/24 dev br0' % (INSIDE, OUTSIDE))
        os.makedirs(self.certificates)
        local('sh', '-euc', CERTIFICATES, self.certificates)
        with concurrent.futures.ThreadPoolExecutor(len(self.machines)) as pool:
            list(pool.map(self.boot_one, self.named))

    def boot_one(self, name):
        machine = self.named[name]
        machine.write('/etc/hostname', name + '\n')
        machine.boot()
        write('%s/%s' % (self.control, name), '%d\n' % machine.leader)
        machine.sh('ip address add %s/24 dev host0; ip link set host0 up; ip route add default dev host0' % ADDRESS[name])
        machine.write('/etc/hosts', '127.0.0.1 localhost\n%s journal.example.org\n' % ADDRESS[COLLECTOR])
        shutil.copytree(EXAMPLES + '/fleet', machine.root + '/root/fleet')
        if name != COLLECTOR:
            machine.run('useradd', '--uid', str(UID[name]), '--no-create-home', 'web')
            if os.path.exists(FILES + '/0.deb'):
                machine.install('0')
            machine.install('1')
            machine.sh(ENGINE)

    def certify(self, name, own, certificate=None):
        """The key (once) and the certificates where the example looks for them."""
        ssl = self.named[name].root + '/etc/ssl'
        if not os.path.exists('%s/private/%s.pem' % (ssl, own)):
            shutil.copy('%s/%s.key' % (self.certificates, name), '%s/private/%s.pem' % (ssl, own))
        shutil.copy('%s/%s.pem' % (self.certificates, certificate or name), '%s/certs/%s.pem' % (ssl, own))
        shutil.copy(self.certificates + '/ca.pem', ssl + '/certs/journal-ca.pem')

    def playbook(self, policy):
        """As the README has it; returns the exit code and what was said."""
        fleet = self.control + '/fleet'
        if not os.path.exists(fleet):
            shutil.copytree(EXAMPLES + '/fleet', fleet)
            write(self.control + '/ssh', SSH % self.control, 0o755)
            write(fleet + '/hosts.ini', HOSTS % self.control)
        write(fleet + '/files/sockgate/web.conf', policy)
        command = re.search('^ +(ansible-playbook .*)$', read('README'), re.M).group(1).replace('=dozzle', '=web')
        env = dict(os.environ, HOME=self.control, ANSIBLE_PIPELINING='1', LC_ALL='C.UTF-8')
        return local(*command.split(), check_code=False, cwd=fleet, env=env)

    def ask(self, name, method, target):
        """The status that a user of the host gets who is in the group of the sockets."""
        command = ('setpriv', '--reuid=%d' % UID[name], '--regid=%d' % UID[name], '--groups=sockgate',
                   'curl', '-s', '-m', '30', '-X', method, '-o', '/dev/null', '-w', '%{http_code}',
                   '--unix-socket', '/run/sockgate/web/docker.sock', 'http://docker' + target)
        return self.named[name].run(*command, check=False)[1]

    def restart(self, name, what):
        got = self.ask(name, 'POST', RESTART % what)
        expect(got == '204', 'a restart on %s is answered %s' % (name, got))
        self.changed.append((name, str(UID[name]), 'container.restart', RESTART % what, got))

    def answer(self, word):
        """What the one line of the README with this word in it says on the collector."""
        line = re.search('^ +(journalctl -D .*%s.*)$' % word, read('README'), re.M).group(1)
        return self.collector.sh(line + ' -q')

    def changes(self):
        """Who changed what on which host: (host, uid, operation, path, status)."""
        fields = ('_HOSTNAME', 'SOCKGATE_UID', 'SOCKGATE_ENDPOINT', 'SOCKGATE_PATH', 'SOCKGATE_STATUS')
        return sorted(tuple(json.loads(line).get(f, '') for f in fields) for line in self.answer('METHOD=POST').splitlines())


def is_reached(source):
    """Whether the port of the collector lets somebody with this address connect."""
    try:
        socket.create_connection((ADDRESS[COLLECTOR], 19532), 3, (source, 0)).close()
        return True
    except TimeoutError:
        return False


@check()
def the_playbook_brings_policies_to_each_host(world):
    world.boot()
    code, text = world.playbook(POLICY)
    expect(code == 0, 'the playbook: ' + text[-900:])
    for name in UID:
        expect(world.named[name].read('/etc/sockgate/web.conf') == POLICY, 'another policy on ' + name)
        world.restart(name, 'web')
        got = world.ask(name, 'POST', CREATE)
        expect(got == '403', 'a create on %s is answered %s' % (name, got))


@check('the_playbook_brings_policies_to_each_host')
def the_playbook_reports_a_refused_policy_and_the_old_one_stays(world):
    code, text = world.playbook('[policy]\npreset = no-such\n')
    expect(code and text.count('web.conf:2') >= 2, 'the playbook: exit code %d: %s' % (code, text[-900:]))
    for name in UID:
        world.restart(name, 'again')
        expect(world.ask(name, 'POST', CREATE) == '403', 'the policy of %s is another' % name)
        world.named[name].write('/etc/sockgate/web.conf', POLICY)
        by_hand = re.findall('^ +ssh root@host (systemctl .*)$', read('README'), re.M)
        text = world.named[name].sh('\n'.join(by_hand).replace('dozzle', 'web'))
        expect(text == 'StatusText=ready\n', 'corrected by hand: ' + text)


@check('the_playbook_brings_policies_to_each_host')
def one_line_at_the_collector_says_who_changed_what_on_which_host(world):
    world.certify(COLLECTOR, 'journal-remote')
    world.collector.sh('\n'.join(re.findall('chown .*|adduser [a-z -]+', read('journal-remote.conf'))))
    world.collector.sh('cd /root/fleet\n' + readme_block('On the collector:'))
    for name in UID:
        world.certify(name, 'journal-upload')
        world.named[name].sh('cd /root/fleet\n' + readme_block('On each host:'))
    wait_for(lambda: set(world.changed) <= set(world.changes()), 'the changes of both hosts', pause=0.5)
    expect(world.changes() == sorted(world.changed), 'other changes, too: %s' % world.changes())


@check('one_line_at_the_collector_says_who_changed_what_on_which_host')
def another_says_what_was_refused_on_all_hosts(world):
    lines = [line for line in world.answer('VERDICT=deny').splitlines() if 'POST ' + CREATE in line]
    expect({line.split()[1] for line in lines} == set(UID), 'refused: %s' % lines)


@check('one_line_at_the_collector_says_who_changed_what_on_which_host')
def each_host_has_a_file_of_its_own_at_the_collector(world):
    names = [name for name in os.listdir(world.collector.root + COLLECTED) if '@' not in name]
    expect(len(names) == len(UID), 'files: %s' % names)
    for name in names:
        hosts = world.collector.sh('journalctl -q --file=%s/%s -F _HOSTNAME' % (COLLECTED, name)).split()
        expect(len(hosts) == 1 and ADDRESS[hosts[0]] in name, '%s has the records of %s' % (name, hosts))


@check('one_line_at_the_collector_says_who_changed_what_on_which_host')
def the_collector_is_reached_from_allowed_addresses_alone(_):
    expect(is_reached(INSIDE), 'an allowed address gets no connection')
    expect(not is_reached(OUTSIDE), 'any address gets a connection')


@check('one_line_at_the_collector_says_who_changed_what_on_which_host')
def a_host_sends_nothing_to_a_stranger_and_later_what_was_missed(world):
    world.certify(COLLECTOR, 'journal-remote', 'foreign')
    world.collector.systemctl('restart', 'systemd-journal-remote.service')
    world.restart('alpha', 'missed')
    uploader = ('journalctl', '-q', '-u', 'systemd-journal-upload.service', '-o', 'cat')
    wait_for(lambda: re.search('failed: .*certificate', world.named['alpha'].run(*uploader)), 'the uploader says what is wrong')
    expect(world.changed[-1] not in world.changes(), 'a collector with a foreign certificate was told')
    world.certify(COLLECTOR, 'journal-remote')
    world.collector.systemctl('restart', 'systemd-journal-remote.service')
    wait_for(lambda: world.changed[-1] in world.changes(), 'the record that was missed', pause=0.5)


def main():
    suite, root, filter_text = sys.argv[1:]
    return checklist.run(suite, World(suite, root), filter_text)


if __name__ == '__main__':
    sys.exit(main())
