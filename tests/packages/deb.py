#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""deb.py SUITE BUILD AGAIN - what a Debian package is, seen from outside; run builds it.

BUILD and AGAIN are what build-deb made of the same source in two places. BUILD has the file `lintian`, too:
what lintian says, and its exit status as the last line.
"""
import glob
import os
import re
import sys
import tarfile
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import report                                       # noqa: E402 (the folder above comes first)
from report import expect, expect_same, output      # noqa: E402

SIZE_MAX = 300000
# Everything the daemon needs at run time. `misc` and `shlibs` add what is used: no interpreter among it.
NEEDS = {'bookworm': {'libc6', 'systemd'}, 'trixie': {'libc6', 'libllhttp9.2', 'systemd'}}
UNITS = ['sockgate.service', 'sockgate.socket', 'sockgate@.service', 'sockgate@.socket']
# Path in the package and path in the source. Manual pages, presets and examples follow below.
FILES = {
    '/etc/sockgate/README': 'conf/etc/README',
    '/usr/lib/systemd/catalog/sockgate.catalog': 'conf/catalog/sockgate.catalog',
    '/usr/lib/systemd/system-preset/85-sockgate.preset': 'units/sockgate.preset',
    '/usr/lib/systemd/user-preset/85-sockgate.preset': 'units/sockgate.preset',
    '/usr/lib/sysusers.d/sockgate.conf': 'units/sockgate.sysusers',
    '/usr/sbin/sockgated': None,
    '/usr/share/bash-completion/completions/sockgated': 'conf/completion/sockgated.bash',
    '/usr/share/doc/sockgate/NEWS': 'NEWS',
    '/usr/share/doc/sockgate/README.md': 'README.md',
    '/usr/share/doc/sockgate/changelog.Debian': None,
    '/usr/share/doc/sockgate/copyright': None,
    '/usr/share/lintian/overrides/sockgate': None,
    '/usr/share/zsh/vendor-completions/_sockgated': 'conf/completion/_sockgated',
}
PROGRAMS = {'/usr/sbin/sockgated'}
FOLDERS = {'conf/presets/': '/usr/share/sockgate/presets/', 'conf/examples/': '/usr/share/doc/sockgate/examples/'}


class Build:
    """One folder that build-deb filled."""

    def __init__(self, suite, folder, again):
        self.suite, self.folder, self.again = suite, folder, again
        self.deb = self.only(folder, 'sockgate_*.deb')
        self.root = tempfile.TemporaryDirectory(prefix='sockgate-deb-')
        output('dpkg-deb', '-x', self.deb, self.root.name)
        with tarfile.open(self.only(folder, 'sockgate_*.orig.tar.gz')) as archive:
            self.source = {m.name.partition('/')[2]: archive.extractfile(m).read() for m in archive if m.isfile()}

    @staticmethod
    def only(folder, pattern):
        found = glob.glob(os.path.join(folder, pattern))
        expect(len(found) == 1, '%s in %s: %s' % (pattern, folder, found))
        return found[0]

    def field(self, name):
        return output('dpkg-deb', '-f', self.deb, name).strip()

    def read(self, path):
        with open(self.root.name + path, 'rb') as f:
            return f.read()

    def readelf(self, *what):
        return output('readelf', '--wide', *what, self.root.name + '/usr/sbin/sockgated')


def contents(deb):
    """{path: 'mode owner'} of all but the folders; what debhelper compresses is called as before."""
    found = {}
    for line in output('dpkg-deb', '-c', deb).splitlines():
        mode, owner, _, _, _, path = line.split(None, 5)
        found[re.sub(r'\.gz$', '', path[1:])] = '%s %s' % (mode, owner)
    return found


def expected(source):
    """{path: file of the source, or None}."""
    want = dict(FILES)
    for unit in UNITS:
        want['/usr/lib/systemd/system/' + unit] = 'units/%s.in' % unit
        want['/usr/lib/systemd/user/' + unit] = 'units/user/%s.in' % unit
    for name in source:
        for folder, place in FOLDERS.items():
            if name.startswith(folder):
                want[place + name[len(folder):]] = name
        page = re.fullmatch(r'man/([^/]+\.(\d))', name)
        if page:
            want['/usr/share/man/man%s/%s' % (page.group(2), page.group(1))] = name
    return want


def is_smaller_than_300_kB(b):
    size = os.path.getsize(b.deb)
    print('   %s: %d bytes' % (os.path.basename(b.deb), size))
    expect(size < SIZE_MAX, '%d bytes' % size)


def depends_on_the_c_library_and_systemd_alone(b):
    found = [re.split(r'[ :(]', d)[0] for d in re.split(r'[,|]\s*', b.field('Depends') + ', ' + b.field('Pre-Depends')) if d]
    expect_same(set(found), NEEDS[b.suite], 'Depends')
    expect(not b.field('Recommends'), 'Recommends: ' + b.field('Recommends'))


def holds_these_files_with_these_modes(b):
    want = {path: '%s root/root' % ('-rwxr-xr-x' if path in PROGRAMS else '-rw-r--r--') for path in expected(b.source)}
    got = contents(b.deb)
    folders = {path: what for path, what in got.items() if path.endswith('/')}
    expect_same({path: what for path, what in got.items() if path not in folders}, want, 'files')
    wrong = [path for path, what in folders.items() if what != 'drwxr-xr-x root/root']
    expect(not wrong, 'folders with another mode or owner: %s' % wrong)


def files_are_those_of_the_source(b):
    for path, name in expected(b.source).items():
        if name is None or not os.path.exists(b.root.name + path):      # what is compressed has a name of its own
            continue
        want = b.source[name].replace(b'@sbindir@', b'/usr/sbin')
        expect(b.read(path) == want, '%s is not %s' % (path, name))
    named = [path for path in expected(b.source) if '/systemd/' in path and not os.path.exists(b.root.name + path)]
    expect(not named, 'units that were not compared: %s' % named)


def program_is_hardened(b):
    header, segments, dynamic, symbols = b.readelf('-h'), b.readelf('-l'), b.readelf('-d'), b.readelf('--dyn-syms')
    expect(re.search(r'Type:\s+DYN', header) and re.search(r'FLAGS_1.*\bPIE\b', dynamic), 'no position independent executable')
    expect('GNU_RELRO' in segments and re.search(r'FLAGS_1.*\bNOW\b', dynamic), 'its relocations stay writable')
    expect(re.search(r'GNU_STACK .* RW +0x', segments), 'its stack may be executed')
    expect('__stack_chk_fail' in symbols, 'no stack protector')
    expect(re.search(r'__(?!stack_)\w+_chk\b', symbols), 'no fortified function')
    if b.suite == 'trixie' and b.field('Architecture') == 'amd64':
        # Not the note of the whole program: the start files of Debian's C library have none, so no program has it.
        targets = output('objdump', '-d', b.root.name + '/usr/sbin/sockgated').count('endbr64')
        expect(targets > 100, 'no control-flow protection: %d targets of jumps are marked' % targets)


def program_carries_no_build_path(b):
    expect(b'/build/sockgate' not in b.read('/usr/sbin/sockgated'), 'the path of its build is in the program')


def is_the_same_when_built_elsewhere(b):
    names = sorted(os.path.basename(p) for p in glob.glob(b.folder + '/*.deb'))
    expect(len(names) == 2 and any('dbgsym' in n for n in names), 'packages: %s' % names)
    for name in names:
        sums = [output('sha256sum', os.path.join(folder, name)).split()[0] for folder in (b.folder, b.again)]
        print('   %s: %s' % (name, sums[0]))
        expect(sums[0] == sums[1], '%s: %s and %s' % (name, *sums))


def was_tested_when_it_was_built(b):
    with open(b.folder + '/build.log', encoding='utf-8') as f:
        log = f.read()
    unit = re.search(r'^Ok:\s+(\d+)', log, re.M)
    integration = re.search(r'^(\d+) passed, 0 failed', log, re.M)
    expect(unit and int(unit.group(1)) > 0, 'no unit test')
    expect(integration and int(integration.group(1)) > 0, 'no integration test, or one that failed')


def lintian_finds_nothing(b):
    with open(b.folder + '/lintian', encoding='utf-8') as f:
        lines = f.read().splitlines()
    expect(lines == ['0'], 'lintian, and its exit status: ' + '; '.join(lines))


CHECKS = (is_smaller_than_300_kB, depends_on_the_c_library_and_systemd_alone, holds_these_files_with_these_modes,
          files_are_those_of_the_source, program_is_hardened, program_carries_no_build_path, is_the_same_when_built_elsewhere,
          was_tested_when_it_was_built, lintian_finds_nothing)

if __name__ == '__main__':
    sys.exit(report.run('deb_' + sys.argv[1], CHECKS, Build(*sys.argv[1:4])))
