# SPDX-License-Identifier: Apache-2.0
"""machine.py - a booted system that packages are installed on: it can be rebooted, and compared with what it was.

Boxes are those of tests/systemd (sdbox.sh makes them, box.py talks to them); lifecycle set $SDBOX_DIR
and takes them away, however this process ends.
"""
import os
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, 'tests/systemd'))
from box import WAIT, Box, expect, wait_for     # noqa: E402 (the folder above comes first)

SDBOX = os.path.join(TOP, 'tests/systemd/sdbox.sh')
DIR = os.environ['SDBOX_DIR']
FILES = os.path.join(DIR, 'files')
# What a container manager may do: dockerd and rootless Podman run inside.
AS_HOST = ['--capability=all', '--system-call-filter=@keyring bpf add_key keyctl request_key']
# Not of packages: what runs by itself leaves it, or it holds what is compared in another way.
UNWATCHED = ('/dev /proc /sys /opt/files /root /var/cache /var/log /var/lib/dpkg /var/lib/docker /var/lib/systemd/timers '
             '/var/lib/systemd/catalog/database /var/lib/systemd/random-seed /var/lib/apt '
             '/run/log /run/systemd/dynamic-uid /run/systemd/journal /run/systemd/transient /run/systemd/units /run/udev').split()
UNIT_GLOB = 'sockgate*'


class Machine(Box):
    """NAME over ROOT, booted. The folder FILES is copied to /opt/files."""

    def __init__(self, name, root, args=()):
        self.name, self.args = name, list(args)
        super().__init__(0, os.path.join(DIR, name, 'root'))
        self._sdbox('sdbox_new', name, root)
        shutil.copytree(FILES, self.root + '/opt/files')
        for unit in ('apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer', 'e2scrub_all.timer', 'fstrim.timer'):
            os.symlink('/dev/null', self.root + '/etc/systemd/system/' + unit)
        # The checks start the engine more often than three times a minute, which its unit takes for a fault.
        self.drop_in('docker.service', '[Unit]\nStartLimitIntervalSec=0\n')

    @staticmethod
    def _sdbox(*command):
        subprocess.run(['bash', '-euc', '. "$0"; "$@"', SDBOX, *command], stdin=subprocess.DEVNULL, check=True, timeout=3 * WAIT)

    def boot(self):
        self._sdbox('sdbox_boot', self.name, '--private-network', *self.args)
        with open(os.path.join(DIR, self.name, 'leader'), encoding='ascii') as f:
            self.leader = int(f.read())

    def power_off(self):
        self._sdbox('sdbox_stop', self.name)

    def down(self):
        self._sdbox('sdbox_down', self.name)

    def sh(self, text, *args, **options):
        """Commands as somebody types them, stopping at the first that fails."""
        return self.run('sh', '-euc', text, *args, **options)

    # packages

    def dpkg(self, *args, seconds=2 * WAIT):
        """Returns what it said. Both streams, since a maintainer script's complaint is what we look for."""
        code, text = self.run('sh', '-c', 'exec 2>&1; exec env DEBIAN_FRONTEND=noninteractive dpkg "$@"', 'sh', *args,
                              seconds=seconds, check=False)
        expect(not code, 'dpkg %s: exit code %d: %s' % (' '.join(args), code, text[-900:]))
        return text

    def install(self, which):
        return self.dpkg('-i', '/opt/files/%s.deb' % which)

    def version(self):
        return self.run('dpkg-query', '-W', '-f', '${Version} ${db:Status-Status}', 'sockgate', check=False)[1]

    # what is there

    def sockets(self):
        """The paths below /run that somebody listens at for us."""
        lines = self.run('cat', '/proc/1/net/unix').splitlines()
        return sorted(line.split()[-1] for line in lines if 'sockgate' in line)

    def processes(self):
        found = self.run('sh', '-c', 'for p in /proc/[0-9]*; do readlink $p/exe; done 2>/dev/null; true').splitlines()
        return [exe for exe in found if 'sockgate' in exe]

    def units(self):
        """Loaded units of ours, of the system."""
        lines = self.systemctl('list-units', '--all', '--plain', '--no-legend', UNIT_GLOB).splitlines()
        return sorted(line.split()[0] for line in lines if line.split())

    def failed(self):
        return [line.split()[0] for line in self.systemctl('list-units', '--failed', '--plain', '--no-legend').splitlines()]

    def is_enabled(self, unit):
        return self.run('systemctl', 'is-enabled', unit, check=False)[1].strip()

    def accounts(self):
        return sorted(self.sh('cat /etc/passwd /etc/group; getent shadow | cut -d: -f1; cut -d: -f1 /etc/gshadow').splitlines())

    def files(self):
        """Every path with type, mode, owner and target; the content too where administrators write."""
        skip = ' -o '.join("-path '%s'" % path for path in UNWATCHED)
        listed = self.sh("find / /run /tmp -xdev \\( %s \\) -prune -o -printf '%%p %%M %%U:%%G %%l\\n'; "
                         "find /etc -type f -exec sha256sum {} +" % skip).splitlines()
        return set(line for line in listed if not is_noise(line))


def is_noise(line):
    """Copies that tools keep of a file of accounts before their last change to it."""
    return any(name in line for name in ('/etc/passwd-', '/etc/group-', '/etc/shadow-', '/etc/gshadow-', '/etc/.pwd.lock'))
