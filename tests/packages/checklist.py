# SPDX-License-Identifier: Apache-2.0
"""checklist.py - checks on booted machines, each one line: in the order they are written, with what they build on.

A check is a function of one argument, the world; its name is the name of the check. When one fails, the
end of each machine's journal is shown below its line.
"""
import os
import re
import subprocess
import sys
import time
import traceback

from box import Fail, Skip      # who imports this has set the path

CHECKS = {}


def check(*needs):
    def register(function):
        CHECKS[function.__name__] = (function, needs)
        return function
    return register


def wanted(filter_text):
    names = [name for name in CHECKS if re.search(filter_text, name)]
    for name in names:
        names += [need for need in CHECKS[name][1] if need not in names]
    return [name for name in CHECKS if name in names]


def judge(name, world, done):
    """Returns ('ok', 'FAIL' or 'skip', why)."""
    broken = [need for need in CHECKS[name][1] if done[need] != 'ok']
    if broken:
        return 'FAIL', 'not run: %s is not ok' % broken[0]
    try:
        CHECKS[name][0](world)
    except Skip as e:
        return 'skip', str(e)
    except Fail as e:
        return 'FAIL', str(e)
    except Exception:           # pylint: disable=broad-except
        return 'FAIL', traceback.format_exc()
    return 'ok', ''


def show_journals(machines):
    for machine in machines:
        try:
            text = machine.run('journalctl', '--no-pager', '-n', '20', '-o', 'short-monotonic', seconds=20)
        except (Fail, OSError, subprocess.SubprocessError) as e:
            text = 'no journal: %s' % e
        print(''.join('   | %s: %s\n' % (machine.name, line) for line in text.splitlines()), end='')


def run(prefix, world, filter_text=''):
    """Returns the exit status. The world has a list, machines."""
    done = {}
    for name in wanted(filter_text):
        start = time.monotonic()
        done[name], why = judge(name, world, done)
        print('%s %s_%s%s' % (done[name], prefix, name, ': ' + ' '.join(why.split()) if why else ''))
        if done[name] == 'FAIL' and not why.startswith('not run'):
            show_journals(world.machines)
        if os.environ.get('TIMES'):
            print('   %.1f s' % (time.monotonic() - start))
        sys.stdout.flush()
    count = [list(done.values()).count(said) for said in ('ok', 'FAIL', 'skip')]
    print('%d passed, %d failed' % tuple(count[:2]) + (', %d skipped' % count[2] if count[2] else ''))
    return 1 if count[1] or not count[0] else 0
