#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rpm.py BUILD DEB - what the package for the Fedora family is and what its scriptlets do; run builds it.

BUILD is what build-rpm filled, DEB the Debian package of the same source. Every installation goes into an
empty root of its own. The scriptlets run there with busybox as the shell and with a systemctl and a
systemd-update-helper that write down how they are called: what those do is for systemd's own tests.
"""
import contextlib
import glob
import os
import re
import shutil
import stat
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import deb                                          # noqa: E402 (the folder above comes first)
import report                                       # noqa: E402
from report import expect, expect_same, output      # noqa: E402

BUSYBOX = '/bin/busybox'
HELPER = 'systemd-update-helper'
USERS = ('1000', '1500')
# Where Debian and Fedora differ: the words of the licence, the completion of zsh, and what only Debian has.
MOVED = {'/usr/share/zsh/vendor-completions/_sockgated': '/usr/share/zsh/site-functions/_sockgated'}
DEBIAN_ONLY = {'/usr/share/doc/sockgate/changelog.Debian', '/usr/share/doc/sockgate/copyright',
               '/usr/share/lintian/overrides/sockgate'}
FEDORA_ONLY = {'/usr/share/licenses/sockgate/LICENSE'}


class Build:
    def __init__(self, folder, deb_file):
        self.folder, self.deb = folder, deb_file
        found = [f for f in glob.glob(folder + '/sockgate-*.rpm') if not f.endswith('.src.rpm')]
        expect(len(found) == 1, 'packages: %s' % found)
        self.rpm = found[0]

    def query(self, text):
        return output('rpm', '-qp', '--queryformat', text, self.rpm)


class Root:
    """An empty root with a database of packages."""

    def __init__(self, top):
        self.top = top
        self.rpm('--initdb')
        self.before = self.files()

    def rpm(self, *args, status=0):
        return output('rpm', '--root', self.top, *args, status=status)

    def install(self, *args):
        return self.rpm('--nodeps', '--force-debian', *args)

    def files(self):
        """{path: 'mode uid:gid'} of what is no folder and not the database's."""
        found = {}
        for folder, _, names in os.walk(self.top):
            for name in names:
                path = os.path.join(folder, name)
                what = os.lstat(path)
                found[path[len(self.top):]] = '%s %d:%d' % (stat.filemode(what.st_mode), what.st_uid, what.st_gid)
        return {path: mode for path, mode in found.items() if '/rpm/' not in path}

    def has(self, path):
        return os.path.lexists(self.top + path)

    def write(self, path, text='', mode=0o644):
        os.makedirs(os.path.dirname(self.top + path), exist_ok=True)
        with open(self.top + path, 'w', encoding='utf-8') as f:
            f.write(text)
        os.chmod(self.top + path, mode)

    def link(self, path, target):
        os.makedirs(os.path.dirname(self.top + path), exist_ok=True)
        os.symlink(target, self.top + path)


@contextlib.contextmanager
def root():
    with tempfile.TemporaryDirectory(prefix='sockgate-rpm-') as top:
        os.chmod(top, 0o755)
        yield Root(top)


RECORDS = '#!/bin/sh\necho "${0##*/} $*" >>/calls\n'
LISTS = '[ "$1" != list-units ] || printf "user@%%s.service loaded active running User\\n" %s\n' % ' '.join(USERS)


@contextlib.contextmanager
def host(is_booted=True):
    """A root where scriptlets run and their calls are written down."""
    with root() as r:
        os.makedirs(r.top + '/bin')
        shutil.copy(BUSYBOX, r.top + '/bin/busybox')
        for name in ('sh', 'sed', 'rmdir'):
            r.link('/bin/' + name, 'busybox')
        os.makedirs(r.top + '/dev')
        os.mknod(r.top + '/dev/null', 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        r.write('/usr/bin/systemctl', RECORDS + LISTS, 0o755)
        r.write('/usr/lib/systemd/' + HELPER, RECORDS, 0o755)
        if is_booted:
            os.makedirs(r.top + '/run/systemd/system')
        yield r


def calls(r):
    """What was called since the last time."""
    path = r.top + '/calls'
    if not os.path.exists(path):
        return []
    with open(path, encoding='utf-8') as f:
        lines = f.read().splitlines()
    os.unlink(path)
    return lines


LINK = '/etc/systemd/system/sockets.target.wants/sockgate@web.socket'


def enable(r):
    """What an administrator leaves, and a socket that went."""
    r.link(LINK, '/usr/lib/systemd/system/sockgate@.socket')
    r.write('/etc/sockgate/web.conf', '[policy]\npreset = logs\n')
    os.makedirs(r.top + '/run/sockgate/web')


def expect_calls(r, want):
    got = calls(r)
    expect(got == want, 'calls: %s, should be: %s' % (got, want))


INSTALL = ['%s install-%s-units sockgate.socket sockgate@.socket' % (HELPER, kind) for kind in ('system', 'user')]
UPGRADE = ['%s mark-restart-%s-units sockgate.service sockgate@*.service' % (HELPER, kind) for kind in ('system', 'user')]
REMOVE = ['%s remove-%s-units sockgate.socket sockgate.service' % (HELPER, kind) for kind in ('system', 'user')]
STOP = ['stop sockgate.socket sockgate@*.socket', 'stop sockgate.service sockgate@*.service']
DISABLE = ['systemctl %s disable sockgate@.socket' % how for how in ('--no-reload', '--global')]
LIST = 'systemctl list-units --plain --no-legend --state=running user@*.service'


# ---- the package

def rpmlint_finds_nothing(b):
    with open(b.folder + '/rpmlint', encoding='utf-8') as f:
        text = f.read()
    found = re.findall(r'^\S+: [EW]: .*', text, re.M)
    is_done = re.search(r'^ *2 packages and 1 specfiles checked; 0 errors, 0 warnings', text, re.M)
    expect(is_done and not found, '; '.join(found) or text)


def has_the_version_of_the_deb(b):
    got, want = b.query('%{VERSION}-%{RELEASE}').partition('.fc')[0], output('dpkg-deb', '-f', b.deb, 'Version').strip()
    expect(got == want, 'rpm %s, deb %s' % (got, want))
    newest = b.query('%{CHANGELOGNAME}')
    expect(newest.endswith(' - ' + want), 'the newest entry of its changelog is of ' + newest)


def is_as_described_as_the_deb(b):
    debs = output('dpkg-deb', '-f', b.deb, 'Description').replace('\n .', '\n').split('\n', 1)
    expect(b.query('%{SUMMARY}').lower() == debs[0].lower(), 'the summaries differ')
    expect(b.query('%{DESCRIPTION}').split() == debs[1].split(), 'the descriptions differ')


def needs_libraries_and_systemd_alone(b):
    needs = {re.sub(r'[(. <>=].*', '', line) for line in output('rpm', '-qp', '--requires', b.rpm).splitlines()}
    # Of llhttp there is none where it was linked as sources.
    want = {'/bin/sh', 'libc', 'libinih', 'systemd'} | needs & {'libllhttp'}
    expect_same(needs - {'rpmlib', 'rtld', 'config'}, want, 'Requires')


def was_tested_when_it_was_built(b):
    with open(b.folder + '/build.log', encoding='utf-8') as f:
        log = f.read()
    expect(re.search(r'^Ok:\s+[1-9]', log, re.M), 'no unit test')
    expect(re.search(r'^[1-9]\d* passed, 0 failed', log, re.M), 'no integration test, or one that failed')


# ---- in an empty root

def holds_the_files_of_the_deb_with_their_modes(b):
    want = {MOVED.get(path, path): what.replace(' root/root', ' 0:0') for path, what in deb.contents(b.deb).items()
            if not path.endswith('/') and path not in DEBIAN_ONLY}
    want.update((path, '-rw-r--r-- 0:0') for path in FEDORA_ONLY)
    with root() as r:
        r.install('-i', '--noscripts', b.rpm)
        got = {re.sub(r'\.gz$', '', path): what for path, what in r.files().items() if path not in r.before}
    expect_same(got, want, 'files')


def installed_files_verify_until_one_is_changed(b):
    with root() as r:
        r.install('-i', '--noscripts', b.rpm)
        expect(not r.rpm('-V', '--nodeps', 'sockgate'), 'rpm -V finds something')
        os.chmod(r.top + '/usr/sbin/sockgated', 0o700)
        expect('/usr/sbin/sockgated' in r.rpm('-V', '--nodeps', 'sockgate', status=1), 'rpm -V does not see another mode')


def erased_it_leaves_nothing(b):
    with root() as r:
        folders = {f for f, _, _ in os.walk(r.top)}
        r.install('-i', '--noscripts', b.rpm)
        expect(r.has('/usr/sbin/sockgated'), 'nothing was installed')
        r.rpm('-e', '--nodeps', '--noscripts', 'sockgate')
        expect_same(r.files(), r.before, 'files')
        left = [f[len(r.top):] for f, _, _ in os.walk(r.top) if f not in folders and 'sockgate' in f[len(r.top):]]
        expect(not left, 'folders: %s' % left)


# ---- the scriptlets

def installation_applies_the_presets_and_starts_nothing(b):
    with host() as r:
        r.install('-i', b.rpm)
        expect_calls(r, INSTALL)


def upgrade_restarts_what_runs_and_touches_no_socket(b):
    with host() as r:
        r.install('-i', b.rpm)
        enable(r)
        calls(r)
        r.install('-U', '--replacepkgs', b.rpm)
        expect_calls(r, UPGRADE)
        expect(r.has(LINK), 'an enabled instance is no longer')
        expect(r.has('/run/sockgate/web'), 'the folder of a socket is gone')


def removal_stops_sockets_before_services_and_disables_instances(b):
    with host() as r:
        r.install('-i', b.rpm)
        enable(r)
        calls(r)
        r.rpm('-e', '--nodeps', 'sockgate')
        users = ['systemctl --user -M %s@ %s' % (uid, what) for uid in USERS for what in STOP]
        system = ['systemctl ' + what for what in STOP]
        expect_calls(r, system + [LIST] + users + DISABLE + REMOVE + ['systemctl reset-failed sockgate*'])
        expect(not r.has('/run/sockgate'), '/run/sockgate is still there')
        expect(r.has('/etc/sockgate/web.conf'), 'the policy of the administrator is gone')


def removal_disables_instances_where_systemd_does_not_run(b):
    with host(is_booted=False) as r:
        r.install('-i', b.rpm)
        enable(r)
        calls(r)
        r.rpm('-e', '--nodeps', 'sockgate')
        expect_calls(r, DISABLE + REMOVE)


CHECKS = (rpmlint_finds_nothing, has_the_version_of_the_deb, is_as_described_as_the_deb, needs_libraries_and_systemd_alone,
          was_tested_when_it_was_built, holds_the_files_of_the_deb_with_their_modes, installed_files_verify_until_one_is_changed,
          erased_it_leaves_nothing, installation_applies_the_presets_and_starts_nothing,
          upgrade_restarts_what_runs_and_touches_no_socket, removal_stops_sockets_before_services_and_disables_instances,
          removal_disables_instances_where_systemd_does_not_run)

if __name__ == '__main__':
    sys.exit(report.run('rpm', CHECKS, Build(*sys.argv[1:3])))
