# SPDX-License-Identifier: Apache-2.0
"""Runs the differential test: differ.py JUDGE ORACLE. JUDGE is build/.../judge-stdin, ORACLE the built
Go program. SOCKGATE_SEED gives another seed, SOCKGATE_BODIES another number of bodies."""
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import mutate

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = os.environ.get('SOCKGATE_SEED', '1')
BODIES = int(os.environ.get('SOCKGATE_BODIES', 126000))
TARGETS = BODIES // 3
CHUNK = 7000
LIMIT = 120             # seconds for one program on one chunk
SHOWN = 12              # counterexamples printed in full
LEAST_ALLOWED = 40      # of each endpoint and policy: fewer would prove nothing
POLICIES = {'bodies': ('strict', 'admin', 'loose'), 'targets': ('strict', 'admin', 'podman')}
# What [container.create] refuses by default but for its spelling; each must be seen by the oracle.
FINE = [('MaskedPaths', mutate.MASKED), ('RestartPolicy', {'Name': 'always'}), ('CapDrop', []), ('Memory', 0), ('PidsLimit', -1),
        ('ReadonlyRootfs', True), ('NetworkMode', 'none'), ('Tmpfs', {'/t': 'rw,uid=0,size=1m'}), ('LogConfig', {'Type': 'json-file', 'Config': {}})]

failed = passed = 0


def result(name, why=''):
    global failed, passed
    if why:
        failed += 1
        print('FAIL %s: %s' % (name, why), flush=True)
    else:
        passed += 1
        print('ok %s' % name, flush=True)


def frames(path):
    with open(path, 'rb') as f:
        while True:
            parts = []
            for _ in range(3):
                size = f.read(4)
                if not size:
                    return
                parts.append(f.read(int.from_bytes(size, 'little')))
            yield parts


class Chunk:
    """Some requests of one kind for one policy, judged and compared."""

    def __init__(self, folder, what, policy, number, n):
        self.what, self.policy, self.n = what, policy, n
        self.seed = '%s.%d' % (SEED, number)
        self.path = os.path.join(folder, '%s-%s-%d' % (what, policy, number))
        self.wrong, self.counts, self.error = [], {}, ''

    def oracle(self, oracle):
        data = [] if self.what == 'bodies' else [os.path.join(HERE, '..', 'data')]
        run = subprocess.run([oracle, self.what, self.policy, *data, self.path, self.path + '.verdicts'], timeout=LIMIT, check=True,
                             stdout=subprocess.PIPE, encoding='utf-8', errors='replace')
        for line in run.stdout.splitlines():
            word, rest = line.split(' ', 1)
            if word == 'wrong':
                index, why = rest.split(' ', 1)
                self.wrong.append((int(index), why))
            else:
                endpoint, allowed, n = rest.rsplit(' ', 2)
                self.counts[endpoint] = (int(allowed), int(n))

    def run(self, judge, oracle):
        try:
            subprocess.run([sys.executable, os.path.join(HERE, 'mutate.py'), self.what, self.policy, self.seed, str(self.n), self.path],
                           timeout=LIMIT, check=True)
            with open(self.path, 'rb') as cases, open(self.path + '.verdicts', 'wb') as verdicts:
                subprocess.run([judge, os.path.join(HERE, 'confs', self.policy + '.conf')], stdin=cases, stdout=verdicts, timeout=LIMIT, check=True)
            self.oracle(oracle)
            self.keep()
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            self.error = '%s of seed %s: %s' % (os.path.basename(self.path), self.seed, error)
        return self

    def keep(self):
        """The requests of the counterexamples; the rest is of no use any more."""
        if self.wrong:
            wanted = {index for index, _ in self.wrong[:SHOWN]}
            self.shown = [(i, parts) for i, parts in enumerate(frames(self.path)) if i in wanted]
        for path in (self.path, self.path + '.verdicts'):
            os.unlink(path)

    def show(self):
        why = dict(self.wrong)
        for index, (method, target, body) in self.shown:
            print('%s seed %s request %d: %s\n    %s %s\n    %s' % (self.policy, self.seed, index, why[index], method.decode(),
                                                                    ascii(target.decode('utf-8', 'replace')), ascii(body)[2:-1]), flush=True)


def report(what, policy, chunks):
    name = '%s_that_%s_allows_keep_its_rules_as_go_reads_them' % (what, policy)
    errors = [c.error for c in chunks if c.error]
    wrong = sum(len(c.wrong) for c in chunks)
    totals = {}
    for chunk in chunks:
        for endpoint, (allowed, n) in chunk.counts.items():
            old = totals.get(endpoint, (0, 0))
            totals[endpoint] = (old[0] + allowed, old[1] + n)
    for chunk in [c for c in chunks if c.wrong][:4]:
        chunk.show()
    n, allowed = sum(c.n for c in chunks), sum(t[0] for t in totals.values())
    print('%s: %d of %d %s allowed, seed %s' % (policy, allowed, n, what, SEED), flush=True)
    result(name, errors[0] if errors else '%d counterexamples' % wrong if wrong else '')
    if what == 'bodies':
        few = ['%s %d of %d' % (e, *totals[e]) for e in sorted(totals) if e and totals[e][0] < LEAST_ALLOWED]
        missing = [e for e in ['container.create', *mutate.DANGERS] if e not in totals]
        result('%s_allows_enough_bodies_to_compare' % policy, ', '.join(few + missing))
    else:
        known = [e for e in totals if e]
        result('%s_accepts_enough_targets_to_compare' % policy, '' if len(known) > 50 else 'only %d endpoints' % len(known))


def allowed_by_force(chunk, oracle, bodies):
    """What the oracle says when everything is allowed: it must not be blind."""
    with open(chunk.path, 'wb') as cases, open(chunk.path + '.verdicts', 'w', encoding='ascii') as verdicts:
        for endpoint, target, body in bodies:
            cases.write(mutate.frame(b'POST', target, body))
            slot = b'bridge'.hex() if endpoint.startswith('network.') else ''
            verdicts.write('allow\t\t\t%s\t%s\t%s\t\n' % (endpoint, slot, target.hex()))
    chunk.oracle(oracle)
    return {index for index, _ in chunk.wrong}


def oracle_sees_dangers(folder, oracle):
    bodies = []
    for number, (key, value) in enumerate(d for d in mutate.HOST_DANGERS if d not in FINE):
        kelvin = key.replace('k', '\u212a').replace('s', '\u017f').lower()
        host = {(key, kelvin)[number % 2]: value}
        bodies.append(('container.create', b'/containers/create', json.dumps({'Image': 'busybox', 'HostConfig': host}).encode()))
        bodies.append(('container.create', b'/containers/create', json.dumps({'Image': 'busybox', 'HO\u017fTCONFIG': {}, 'hostconfig': host}).encode()))
        bodies.append(('container.create', b'/containers/create', json.dumps({'Image': 'busybox', **host}).encode()))
    harmless = [('container.create', b'/containers/create', json.dumps({'Image': 'busybox', 'HostConfig': {key: value}}).encode()) for key, value in FINE]
    seen = allowed_by_force(Chunk(folder, 'bodies', 'strict', 0, 0), oracle, bodies)
    blind = [bodies[i] for i in range(len(bodies)) if i not in seen]
    result('the_oracle_sees_every_danger_in_any_spelling', ascii(blind[0][2]) if blind else '')
    seen = allowed_by_force(Chunk(folder, 'bodies', 'strict', 1, 0), oracle, harmless)
    result('the_oracle_sees_no_danger_where_there_is_none', ascii(harmless[min(seen)][2]) if seen else '')


def main():
    judge, oracle = sys.argv[1:]
    print('seed %s' % SEED, flush=True)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        oracle_sees_dangers(folder, oracle)
        groups = []
        for what, total in (('bodies', BODIES), ('targets', TARGETS)):
            for policy in POLICIES[what]:
                n = -(-total // len(POLICIES[what]) // CHUNK)
                groups.append((what, policy, [pool.submit(Chunk(folder, what, policy, i, CHUNK).run, judge, oracle) for i in range(n)]))
        for what, policy, futures in groups:
            report(what, policy, [f.result() for f in futures])
    print('%d passed, %d failed' % (passed, failed))
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
