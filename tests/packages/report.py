# SPDX-License-Identifier: Apache-2.0
"""report.py - what the checks of the packages share: commands with a time limit, and one line for each check."""
import subprocess
import traceback

SECONDS = 120           # what no command here takes, on a machine with other work, too


class Fail(Exception):
    pass


def expect(is_so, why):
    if not is_so:
        raise Fail(why)


def expect_same(got, want, what):
    """Both are mappings or sets: says what is missing, what is too many and what is another."""
    if isinstance(got, dict):
        other = ['%s: %s, should be %s' % (k, got[k], want[k]) for k in sorted(got.keys() & want.keys()) if got[k] != want[k]]
    else:
        other = []
    missing, extra = sorted(set(want) - set(got)), sorted(set(got) - set(want))
    wrong = ['%s is missing' % m for m in missing] + ['%s should not be there' % e for e in extra] + other
    expect(not wrong, '%s: %s' % (what, '; '.join(wrong)))


def output(*command, status=0):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=SECONDS, check=False)
    expect(done.returncode == status, '%s: exit %d: %s%s' % (command[0], done.returncode, done.stdout, done.stderr))
    return done.stdout


def run(prefix, checks, *args):
    """Runs each function; its name is the name of the check. Returns the exit status."""
    n_failed = 0
    for function in checks:
        name, why = '%s_%s' % (prefix, function.__name__), ''
        try:
            function(*args)
        except Fail as e:
            why = str(e)
        except Exception:                       # pylint: disable=broad-except
            why = traceback.format_exc()
        n_failed += bool(why)
        print('FAIL %s: %s' % (name, ' '.join(why.split())) if why else 'ok ' + name, flush=True)
    print('%d passed, %d failed' % (len(checks) - n_failed, n_failed))
    return 1 if n_failed or not checks else 0
