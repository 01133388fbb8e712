# SPDX-License-Identifier: Apache-2.0
"""box.py - what the checks of this suite do with a booted box: commands, files, units, requests.

The box is another mount, pid and network namespace of this machine (sdbox.sh). Commands run in it by
nsenter; its unix sockets are opened from here through /proc/LEADER/root, so that a request costs no
process. Every command and every wait has an end.
"""
import http.client
import json
import os
import socket
import subprocess
import time

WAIT = 60               # seconds that a condition may take on a loaded machine
PROMPT = 20             # seconds within which an answer counts as "not delayed": far below any real hang
ENVIRONMENT = ['/usr/bin/env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LANG=C.UTF-8']


class Fail(Exception):
    """The check failed, and why."""


class Skip(Exception):
    """The check cannot run here, and what is missing."""


def expect(is_true, why):
    if not is_true:
        raise Fail(why)


def wait_for(condition, what, seconds=WAIT, pause=0.05):
    """Wait until condition() returns something true, and return that."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Fail('not within %d s: %s' % (seconds, what))
        time.sleep(pause)


class Connection(http.client.HTTPConnection):
    """HTTP over a unix socket of the box. connect() asserts nothing: it raises what the kernel says."""

    def __init__(self, path, timeout=WAIT):
        super().__init__('docker', timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def ask(self, method, target, body=None):
        """Returns (status, text, seconds). The seconds hold the connect, if one was needed."""
        start = time.monotonic()
        headers = {'Content-Type': 'application/json'} if body else {}
        self.request(method, target, body=body, headers=headers)
        answer = self.getresponse()
        text = answer.read().decode('latin1')
        return answer.status, text, time.monotonic() - start


class Box:
    """One booted system."""

    def __init__(self, leader, root):
        self.leader = leader
        self.root = root        # of its overlay, as seen from here: good for everything but /run and /tmp

    def run(self, *command, seconds=WAIT, check=True, user=None):
        """Run it in the box, in no unit; returns its standard output."""
        if user is not None:
            command = ('setpriv', '--reuid=%d' % user, '--regid=%d' % user, '--clear-groups') + command
        done = subprocess.run(['nsenter', '-t', str(self.leader), '-a', '--'] + ENVIRONMENT + list(command),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=seconds, check=False)
        if check and done.returncode:
            raise Fail('%s: exit code %d: %s' % (' '.join(command), done.returncode,
                                                (done.stderr or done.stdout).decode(errors='replace').strip()[-600:]))
        return done.stdout.decode(errors='replace') if check else (done.returncode, done.stdout.decode(errors='replace'))

    def kill(self, name, pid):
        """By the shell: a small system has no program for it."""
        self.run('sh', '-c', 'kill -$1 $2', 'sh', name, str(pid))

    def systemctl(self, *args, **options):
        return self.run('systemctl', '--no-pager', '--quiet', *args, **options)

    def show(self, unit, name):
        return self.systemctl('show', '-p', name, '--value', unit).strip()

    def wait_show(self, unit, name, value):
        wait_for(lambda: self.show(unit, name) == value, '%s=%s of %s' % (name, value, unit))

    def main_pid(self, unit):
        return int(self.show(unit, 'MainPID') or 0)

    def is_active(self, unit):
        return self.run('systemctl', 'is-active', unit, check=False)[1].strip() == 'active'

    def write(self, path, text, mode=0o644):
        """Write a file of the box's disk, whole or not at all."""
        full = self.root + path
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full + '.new', 'w', encoding='utf-8') as f:
            f.write(text)
        os.chmod(full + '.new', mode)
        os.rename(full + '.new', full)

    def read(self, path):
        with open(self.root + path, encoding='utf-8', errors='replace') as f:
            return f.read()

    def drop_in(self, unit, text, name='test.conf'):
        self.write('/etc/systemd/system/%s.d/%s' % (unit, name), text)

    def reload_units(self):
        self.systemctl('daemon-reload')

    # instances

    def configure(self, instance, text):
        self.write('/etc/sockgate/%s.conf' % instance, text)

    def socket_path(self, instance, base='/run/sockgate'):
        return '/proc/%d/root%s/%s/docker.sock' % (self.leader, base, instance)

    def connection(self, instance, timeout=WAIT):
        return Connection(self.socket_path(instance), timeout)

    def ask(self, instance, method='GET', target='/v1.41/containers/json', body=None):
        """One request on a connection of its own."""
        connection = self.connection(instance)
        try:
            return connection.ask(method, target, body)
        finally:
            connection.close()

    def curl(self, *args, seconds=WAIT, **options):
        return self.run('curl', '-sS', '-m', str(seconds - 5), *args, seconds=seconds, **options)

    # journal

    def sync_journal(self):
        self.run('journalctl', '--sync')

    def records(self, *matches):
        """The records of the journal that match, oldest first, each a dictionary of its fields."""
        self.sync_journal()
        lines = self.run('journalctl', '--no-pager', '--all', '-o', 'json', *matches).splitlines()
        return [json.loads(line) for line in lines if line.startswith('{')]

    def wait_record(self, *matches):
        """Wait for at least one such record; returns the last."""
        return wait_for(lambda: self.records(*matches), 'a record with ' + ' '.join(matches), pause=0.2)[-1]
