#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""checks.py LEADER ROOT SUITE [FILTER...] - the checks of a booted box; run starts it.

Each check has an instance of its own, so that none depends on another. FILTER is a regular
expression on the name. One line a check; counted by run.
"""
import contextlib
import glob
import http.client
import os
import random
import re
import subprocess
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from box import PROMPT, WAIT, Box, Fail, Skip, expect, wait_for     # noqa: E402 (the folder above comes first)

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLES = '/usr/share/doc/sockgate/examples/'
EXPOSURE_MAX = 0.5

LOOK = ('GET', '/v1.41/containers/json')
CHANGE = ('POST', '/v1.41/containers/web/restart')
DENIED = ('POST', '/v1.41/containers/web/kill')
POLICY = '[allow]\nCONTAINERS = read\nendpoints = container.restart\n'
STAY = '[limits]\nidle-exit = 0\n'

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def message_id(name):
    with open(os.path.join(TREE, 'src/audit/message-ids.h'), encoding='utf-8') as f:
        return re.search(r'MESSAGE_ID_%s\s+"([0-9a-f]+)"' % name, f.read()).group(1)


@contextlib.contextmanager
def instance(box, name, policy=POLICY, service='', listener=''):
    """A template instance with these drop-ins, its socket started; stopped again at the end."""
    box.configure(name, policy)
    if service:
        box.drop_in('sockgate@%s.service' % name, service)
    if listener:
        box.drop_in('sockgate@%s.socket' % name, listener)
    if service or listener:
        box.reload_units()
    box.systemctl('start', 'sockgate@%s.socket' % name)
    try:
        yield name
    finally:
        box.systemctl('stop', 'sockgate@%s.socket' % name, 'sockgate@%s.service' % name, check=False)


def service_of(name):
    return 'sockgate@%s.service' % name


def expect_status(answer, status):
    expect(answer[0] == status, 'status %d instead of %d: %s' % (answer[0], status, answer[1][:300]))


@contextlib.contextmanager
def frozen_journal(box):
    pid = box.show('systemd-journald.service', 'MainPID')
    box.kill('STOP', pid)
    try:
        yield
    finally:
        box.kill('CONT', pid)
        box.sync_journal()


JOURNAL_UNITS = ('systemd-journald.socket', 'systemd-journald-dev-log.socket', 'systemd-journald-audit.socket')


@contextlib.contextmanager
def stopped_journal(box):
    """No journald, and nobody behind its socket either."""
    box.systemctl('stop', *JOURNAL_UNITS, 'systemd-journald.service')
    try:
        yield
    finally:
        box.systemctl('start', 'systemd-journald.socket', 'systemd-journald-dev-log.socket', 'systemd-journald.service')


class Load:
    """Clients that ask again and again until stopped, each on its own connections."""

    def __init__(self, box, name, target, n_clients=3, is_kept=True, burst=0, pause=0.0):
        self.box, self.name, self.target = box, name, target
        self.is_kept, self.burst, self.pause = is_kept, burst, pause     # a pause of up to so many seconds after a burst
        self.lock = threading.Lock()
        self.n_answers, self.slowest, self.wrong = 0, 0.0, []
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self._client, args=(i,), daemon=True) for i in range(n_clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join(2 * WAIT)
        if any(thread.is_alive() for thread in self.threads):
            self.wrong.append('a client hangs')

    def _client(self, seed):
        chance = random.Random(seed)
        connection, n_asked = None, 0
        while not self.is_over.is_set():
            connection = connection or self.box.connection(self.name)
            try:
                status, text, seconds = connection.ask('GET', self.target)
                with self.lock:
                    self.n_answers += 1
                    self.slowest = max(self.slowest, seconds)
                    if status != 200:
                        self.wrong.append('%d %s' % (status, text[:200]))
            except (OSError, http.client.HTTPException) as e:
                with self.lock:
                    self.wrong.append('request %d: %r' % (self.n_answers, e))
            if not self.is_kept:
                connection.close()
                connection = None
            n_asked += 1
            if self.burst and n_asked % self.burst == 0:
                time.sleep(chance.random() * self.pause)

    def wait_answers(self, n_more, seconds=2 * WAIT):
        goal = self.n_answers + n_more
        wait_for(lambda: self.n_answers >= goal or self.wrong, '%d more answers' % n_more, seconds)

    def expect_all_answered(self):
        expect(not self.wrong, '%d of %d requests went wrong, first: %s' % (len(self.wrong), self.n_answers, self.wrong[:1]))


def recorded_and_dropped(box, name, target, is_nameless_ours=False):
    """How many requests for this target the journal knows, and how many records it was told are lost.

    What is sent between bind() of a new journal socket and SO_PASSCRED on it comes without
    credentials, and journald cannot name its unit. The report of what was lost is the first record
    sent there: is_nameless_ours counts such a report too."""
    unit = service_of(name)
    n_recorded = len(box.records('_SYSTEMD_UNIT=' + unit, 'SOCKGATE_EVENT=request', 'SOCKGATE_PATH=' + target))
    reports = box.records('MESSAGE_ID=' + message_id('DROPPED'))
    ours = [r for r in reports if r.get('_SYSTEMD_UNIT', unit if is_nameless_ours else '') == unit]
    return n_recorded, sum(int(r['SOCKGATE_DROPPED']) for r in ours)


# ---- units

@check
def units_pass_verify(box):
    units = [p[len(box.root):] for p in glob.glob(box.root + '/usr/lib/systemd/system/sockgate*')]
    expect(len(units) == 4, 'four system units, not %s' % units)
    names = [os.path.basename(u).replace('@.', '@verify.') for u in units]
    code, text = box.run('sh', '-c', 'systemd-analyze verify --man=no "$@" 2>&1', 'sh', *names, check=False)
    complaints = [line for line in text.splitlines() if 'sockgate' in line]
    expect(not code and not complaints, 'exit code %d: %s' % (code, complaints[:3]))


@check
def exposure_is_at_most_0_5(box):
    for unit in ('sockgate.service', 'sockgate@any.service'):
        text = box.run('systemd-analyze', 'security', '--no-pager', unit)
        exposure = float(re.search(r'Overall exposure level for .*: ([0-9.]+)', text).group(1))
        print('   exposure of %s: %.1f' % (unit, exposure))
        expect(exposure <= EXPOSURE_MAX, 'exposure %.1f of %s' % (exposure, unit))


@check
def sysusers_makes_the_groups(box):
    for group in ('sockgate', 'docker'):
        box.run('getent', 'group', group)
    expect(box.run('getent', 'passwd', 'sockgate', check=False)[0], 'a static user sockgate')


@check
def catalog_is_compiled_with_each_kind(box):
    known = box.run('journalctl', '--list-catalog')
    kinds = ('ALLOW', 'DENY', 'WOULD_DENY', 'REJECT', 'FAULT', 'END', 'START', 'RELOAD', 'CONFIG_BROKEN', 'DROPPED', 'AUDIT_UNAVAILABLE')
    missing = [kind for kind in kinds if message_id(kind) not in known]
    expect(not missing, 'not in the catalog: %s' % missing)


SANDBOXED = """
import errno, os, socket
def refused(name, errors, function, *args):
    try:
        function(*args)
    except OSError as e:
        assert e.errno in errors, '%s: %s' % (name, e)
    else:
        raise AssertionError(name + ' is possible')
refused('a socket of the internet', [errno.EAFNOSUPPORT], socket.socket, socket.AF_INET)
refused('a file', [errno.EROFS], open, '/var/lib/x', 'w')
refused('chroot', [errno.EPERM], os.chroot, '/')
refused('a look into home', [errno.EACCES, errno.ENOENT], os.listdir, '/home/web')
refused('another priority', [errno.EPERM], os.setpriority, os.PRIO_PROCESS, 0, 5)
assert os.getuid() and os.getgroups() == [os.getgid()], 'more groups than one'
"""


@check
def service_can_do_no_more_than_it_needs(box):
    box.write('/opt/sandboxed.py', SANDBOXED)
    run_instead = '[Service]\nType=oneshot\nRestart=no\nExecStart=\nExecStart='
    with instance(box, 'sand', service=run_instead + '/usr/bin/python3 /opt/sandboxed.py\n'):
        code, _ = box.systemctl('start', service_of('sand'), check=False)
        expect(not code, box.run('journalctl', '-o', 'cat', '-n', '8', '-u', service_of('sand')))


# ---- activation

@check
def first_connection_starts_the_daemon(box):
    box.configure('default', POLICY)
    box.systemctl('start', 'sockgate.socket')
    try:
        expect(not box.is_active('sockgate.service'), 'the service runs before anybody connected')
        expect_status(box.ask('default'), 200)
        expect(box.is_active('sockgate.service'), 'the service is not active')
        expect_status(box.ask('default', *DENIED), 403)
        expect(box.run('stat', '-c', '%U %G %a', '/run/sockgate/default/docker.sock').split() == ['root', 'sockgate', '660'],
               'owner, group or mode of the socket')
    finally:
        box.systemctl('stop', 'sockgate.socket')


NOTHING_WORKS_WITHOUT = 'first_connection_starts_the_daemon'


@check
def quick_start_of_the_readme_works(box):
    box.configure('watch', '[policy]\npreset = read-only\n')
    box.systemctl('enable', '--now', 'sockgate@watch.socket')
    try:
        expect_status(box.ask('watch'), 200)
        expect_status(box.ask('watch', *CHANGE), 403)
        curl = ('curl', '-sS', '-m', '50', '-o', '/dev/null', '-w', '%{http_code}', '--unix-socket', '/run/sockgate/watch/docker.sock',
                'http://docker/_ping')
        member = ('setpriv', '--reuid=1000', '--regid=1000', '--groups')
        expect(box.run(*member, 'sockgate', *curl) == '200', 'a member of the group is not let in')
        expect(box.run(*member, '1500', *curl, check=False)[0], 'somebody else is let in')
    finally:
        box.systemctl('disable', '--now', 'sockgate@watch.socket')


@check
def unix_and_tcp_sockets_are_served_side_by_side(box):
    urls = ['http://127.0.0.1:2376/_ping'] + ['http://[::1]:2376/_ping'] * bool(box.run('cat', '/proc/1/net/if_inet6'))
    lines = ''.join('ListenStream=%s\n' % re.search('//(.*?)/', url).group(1) for url in urls)
    with instance(box, 'many', POLICY + STAY, listener='[Socket]\n' + lines):
        for url in urls:
            expect(box.curl('-o', '/dev/null', '-w', '%{http_code}', url) == '200', 'no answer from ' + url)
        expect_status(box.ask('many'), 200)
        print('   one unix socket and %d of TCP' % len(urls))


@check
def started_alone_the_service_pulls_its_socket_in(box):
    box.configure('alone', POLICY)
    box.systemctl('start', service_of('alone'))
    try:
        expect_status(box.ask('alone'), 200)
    finally:
        box.systemctl('stop', 'sockgate@alone.socket')


@check
def instances_have_uids_and_policies_of_their_own(box):
    with instance(box, 'own-a'), instance(box, 'own-b', '[allow]\n'):
        expect_status(box.ask('own-a'), 200)
        expect_status(box.ask('own-b'), 403)
        uids = [box.run('stat', '-c', '%u', '/proc/%d' % box.main_pid(service_of(n))).strip() for n in ('own-a', 'own-b')]
        expect(uids[0] != uids[1] and '0' not in uids, 'uids %s' % uids)


@check
def idle_exits_lose_no_request(box):
    policy = POLICY + '[limits]\nidle-exit = 5ms\n'
    started = ['_SYSTEMD_UNIT=sockgate@idle.service', 'MESSAGE_ID=' + message_id('START')]
    with instance(box, 'idle', policy):
        with Load(box, 'idle', '/v1.41/containers/json?idle=1', is_kept=False, burst=4, pause=0.2) as load:
            wait_for(lambda: load.wrong or load.n_answers >= 500 and len(box.records(*started)) > 50,
                     '500 requests over 50 idle exits', 2 * WAIT, pause=1)
        load.expect_all_answered()
        n_starts = len(box.records(*started))
        print('   %d requests over %d idle exits, slowest %.0f ms' % (load.n_answers, n_starts - 1, load.slowest * 1000))
        expect(box.is_active('sockgate@idle.socket'), 'the socket failed')
        wait_for(lambda: not box.is_active(service_of('idle')), 'the last idle exit')
        expect(box.show(service_of('idle'), 'Result') == 'success', 'an exit that is no success')
        n_recorded, n_dropped = recorded_and_dropped(box, 'idle', '/v1.41/containers/json')
        expect(n_recorded + n_dropped == load.n_answers, '%d recorded, %d dropped' % (n_recorded, n_dropped))


# ---- reload

@check
def good_reload_puts_a_new_policy_in_force(box):
    with instance(box, 'good', POLICY + STAY):
        expect_status(box.ask('good', *DENIED), 403)
        pid = box.main_pid(service_of('good'))
        box.configure('good', POLICY + 'endpoints = container.kill\n' + STAY)
        box.systemctl('reload', service_of('good'))
        wait_for(lambda: box.ask('good', *DENIED)[0] == 204, 'the new policy')
        expect(box.main_pid(service_of('good')) == pid, 'another process')
        box.wait_record('_SYSTEMD_UNIT=sockgate@good.service', 'MESSAGE_ID=' + message_id('RELOAD'))


@check
def bad_reload_keeps_the_policy_and_says_so(box):
    with instance(box, 'bad', POLICY + STAY):
        expect_status(box.ask('bad'), 200)
        pid = box.main_pid(service_of('bad'))
        box.configure('bad', '[allow]\nCONTAINRES = read\n')
        box.systemctl('reload', service_of('bad'))
        status = wait_for(lambda: re.search('bad.conf:2', box.show(service_of('bad'), 'StatusText')), 'file:line in the status')
        expect(status, 'no status')
        expect_status(box.ask('bad'), 200)
        expect_status(box.ask('bad', *DENIED), 403)
        expect(box.main_pid(service_of('bad')) == pid, 'another process')
        record = box.wait_record('_SYSTEMD_UNIT=sockgate@bad.service', 'MESSAGE_ID=' + message_id('CONFIG_BROKEN'))
        expect('bad.conf:2' in record['MESSAGE'] and 'CONTAINRES' in record['MESSAGE'], record['MESSAGE'])
        box.configure('bad', POLICY + STAY)
        box.systemctl('reload', service_of('bad'))
        wait_for(lambda: 'bad.conf' not in box.show(service_of('bad'), 'StatusText'), 'a status without the error')


@check
def bad_configuration_at_start_answers_503_until_a_reload(box):
    with instance(box, 'broken', '[allow]\nCONTAINRES = read\n'):
        answer = box.ask('broken')
        expect_status(answer, 503)
        expect('sockgate@broken.service' in answer[1], 'the answer does not name the unit to look at: ' + answer[1][:200])
        expect('broken.conf:2' in box.show(service_of('broken'), 'StatusText'), 'the status does not say file:line')
        box.wait_record('_SYSTEMD_UNIT=sockgate@broken.service', 'MESSAGE_ID=' + message_id('CONFIG_BROKEN'))
        expect(box.is_active('sockgate@broken.socket') and box.is_active(service_of('broken')), 'a unit failed')
        pid = box.main_pid(service_of('broken'))
        box.configure('broken', POLICY + STAY)
        box.systemctl('reload', service_of('broken'))
        wait_for(lambda: box.ask('broken')[0] == 200, 'the cure')
        expect(box.main_pid(service_of('broken')) == pid, 'another process')


# ---- faults

@check
def stopped_daemon_is_killed_by_the_watchdog_and_replaced(box):
    with instance(box, 'dog', POLICY + STAY, service='[Service]\nWatchdogSec=2\nRestartSec=100ms\n'):
        expect_status(box.ask('dog'), 200)
        pid = box.main_pid(service_of('dog'))
        box.kill('STOP', pid)
        expect_status(box.ask('dog'), 200)
        expect(box.main_pid(service_of('dog')) not in (0, pid), 'the stopped process lives')
        expect(box.is_active('sockgate@dog.socket'), 'the socket failed')


@check
def killed_daemon_is_replaced(box):
    with instance(box, 'killed', POLICY + STAY, service='[Service]\nRestartSec=100ms\n'):
        for _ in range(8):      # more often than any default start limit allows
            expect_status(box.ask('killed'), 200)
            pid = box.main_pid(service_of('killed'))
            box.kill('KILL', pid)
            wait_for(lambda: box.main_pid(service_of('killed')) not in (0, pid), 'a new process')  # noqa: B023
        expect_status(box.ask('killed'), 200)
        expect(box.is_active('sockgate@killed.socket'), 'the socket failed')


@check
def socket_can_be_stopped_started_and_restarted(box):
    with instance(box, 'again', POLICY + STAY):
        unit, folder = 'sockgate@again.socket', '/run/sockgate/again'
        inode = box.run('stat', '-c', '%i', folder)
        expect_status(box.ask('again'), 200)
        box.systemctl('stop', unit)
        wait_for(lambda: not box.is_active(service_of('again')), 'the service stopped with its socket')
        expect(box.run('test', '-e', folder + '/docker.sock', check=False)[0], 'the socket file is still there')
        box.systemctl('start', unit)
        expect_status(box.ask('again'), 200)
        box.systemctl('restart', unit)
        expect_status(box.ask('again'), 200)
        box.systemctl('restart', service_of('again'))
        expect_status(box.ask('again'), 200)
        expect(box.run('stat', '-c', '%i', folder) == inode, 'the directory is another one: who mounted it is lost')


@check
def restart_of_the_service_under_load_loses_no_new_connection(box):
    with instance(box, 'rest', POLICY + STAY):
        with Load(box, 'rest', LOOK[1], is_kept=False) as load:
            load.wait_answers(20)
            for _ in range(3):
                box.systemctl('restart', service_of('rest'))
                load.wait_answers(20)
        load.expect_all_answered()


@check
def engine_restarted_underneath_is_found_again(box):
    with instance(box, 'under', POLICY + STAY):
        kept = box.connection('under')
        expect_status(kept.ask(*LOOK), 200)
        inode = box.run('stat', '-c', '%i', '/run/docker.sock')
        box.systemctl('stop', 'docker.service')
        try:
            expect_status(box.ask('under'), 502)
        finally:
            box.systemctl('start', 'docker.service')
        expect(box.run('stat', '-c', '%i', '/run/docker.sock') != inode, 'the same inode: nothing was tested')
        expect_status(kept.ask(*LOOK), 200)
        expect_status(box.ask('under'), 200)
        kept.close()
        box.wait_record('_SYSTEMD_UNIT=sockgate@under.service', 'SOCKGATE_VERDICT=fault')


# ---- journal

@check
def journal_shows_requests_by_unit_field_and_explanation(box):
    with instance(box, 'show', POLICY + STAY):
        expect_status(box.ask('show'), 200)
        expect_status(box.ask('show', *DENIED), 403)
        unit = service_of('show')
        denied = box.wait_record('_SYSTEMD_UNIT=' + unit, 'SOCKGATE_VERDICT=deny')
        want = {'SOCKGATE_METHOD': 'POST', 'SOCKGATE_PATH': DENIED[1], 'SOCKGATE_ENDPOINT': 'container.kill', 'SOCKGATE_UID': '0',
                'SOCKGATE_STATUS': '403', 'SOCKGATE_POLICY': 'show', 'MESSAGE_ID': message_id('DENY'), 'PRIORITY': '4',
                'SYSLOG_IDENTIFIER': 'sockgated', 'SOCKGATE_EVENT': 'request'}
        wrong = {k: (denied.get(k), v) for k, v in want.items() if denied.get(k) != v}
        expect(not wrong, 'fields (is, should be): %s' % wrong)
        allowed = box.wait_record('_SYSTEMD_UNIT=' + unit, 'SOCKGATE_VERDICT=allow')
        expect(allowed['MESSAGE_ID'] == message_id('ALLOW') and allowed['PRIORITY'] == '6', 'the record of the allowed request')
        text = box.run('journalctl', '--no-pager', '-u', unit, '-o', 'cat')
        expect(text.count(LOOK[1]) == 1 and text.count(DENIED[1]) == 1, 'journalctl -u: ' + text)
        text = box.run('journalctl', '--no-pager', '-x', '-u', unit, 'SOCKGATE_VERDICT=deny')
        expect('Denied: POST ' + DENIED[1] in text and 'does not allow the request' in text, 'journalctl -x: ' + text)
        expect('endpoints = container.kill' in text, 'no line that would allow it: ' + text)
        shown = re.search(r'\[id (\w+)\]', box.ask('show', *DENIED)[1])
        expect(shown, 'the refused client is shown no id')
        record = box.wait_record('SOCKGATE_REQ_ID=' + shown.group(1))
        expect(record['SOCKGATE_PATH'] == DENIED[1] and record['SOCKGATE_VERDICT'] == 'deny', 'its record: %s' % record)
        paths = [r['SOCKGATE_PATH'] for r in box.records('SOCKGATE_ENDPOINT=container.kill', 'SOCKGATE_POLICY=show')]
        expect(paths == [DENIED[1]] * 2, 'by endpoint: %s' % paths)


@check
def journal_names_the_unit_and_the_container_of_the_peer(box):
    container = '0123456789abcdef' * 4
    curl = ['curl', '-sS', '-m', '50', '-o', '/dev/null', '--unix-socket', '/run/sockgate/peer/docker.sock']
    with instance(box, 'peer', POLICY + STAY):
        box.run('systemd-run', '-q', '--wait', '--collect', '--unit=consumer', *curl, 'http://docker/v1.41/containers/json?of=unit')
        record = box.wait_record('_SYSTEMD_UNIT=sockgate@peer.service', 'SOCKGATE_UNIT=consumer.service')
        expect(record.get('SOCKGATE_VERDICT') == 'allow', 'the record: %s' % record)
        box.run('systemd-run', '-q', '--scope', '--collect', '--unit=docker-%s.scope' % container, *curl, 'http://docker/_ping')
        record = box.wait_record('_SYSTEMD_UNIT=sockgate@peer.service', 'SOCKGATE_CONTAINER=' + container)
        expect(record.get('SOCKGATE_PATH') == '/_ping', 'the record: %s' % record)


def freeze_under_load(box, name, n_requests):
    """Freeze the journal for that many requests; returns the load, finished."""
    target = LOOK[1]
    with Load(box, name, target) as load:
        load.wait_answers(30)
        with frozen_journal(box):
            load.wait_answers(n_requests)
            load.stop()
    load.expect_all_answered()
    expect(load.slowest < PROMPT, 'a request took %.1f s' % load.slowest)
    return load


@check
def frozen_journal_delays_no_request_and_each_lost_record_is_counted(box):
    with instance(box, 'frozen', POLICY + STAY):
        load = freeze_under_load(box, 'frozen', 1500)
        expect_status(box.ask('frozen'), 200)
        n_answers = load.n_answers + 1

        def all_accounted():
            n_recorded, n_dropped = recorded_and_dropped(box, 'frozen', LOOK[1])
            return (n_recorded, n_dropped) if n_recorded + n_dropped == n_answers else None
        n_recorded, n_dropped = wait_for(all_accounted, 'a record or a count for each of %d requests, now %s' % (
            n_answers, (recorded_and_dropped(box, 'frozen', LOOK[1]),)), pause=0.5)
        print('   %d requests: %d recorded, %d counted as lost, slowest %.0f ms' % (n_answers, n_recorded, n_dropped,
                                                                                  load.slowest * 1000))
        expect(n_dropped > 0, 'nothing was dropped: the freeze was too short to test anything')


@check
def stopped_journal_delays_no_request_and_is_found_again(box):
    with instance(box, 'halted', POLICY + STAY), instance(box, 'strict', POLICY + STAY + '[audit]\nrequired = changes\n'):
        expect_status(box.ask('strict', *CHANGE), 204)
        with Load(box, 'halted', LOOK[1]) as load:
            load.wait_answers(30)
            with stopped_journal(box):
                load.wait_answers(500)
                expect_status(box.ask('strict', *LOOK), 200)
                expect_status(box.ask('strict', *CHANGE), 503)
            load.wait_answers(30)
        load.expect_all_answered()
        expect(load.slowest < PROMPT, 'a request took %.1f s' % load.slowest)
        expect_status(box.ask('halted', target='/v1.41/containers/after/json'), 200)
        # What lay in the journal's own queue when its socket was closed is gone without a trace: no equality here.
        wait_for(lambda: recorded_and_dropped(box, 'halted', LOOK[1], True)[1], 'the count of lost records', pause=0.5)
        wait_for(lambda: box.records('_SYSTEMD_UNIT=sockgate@halted.service', 'SOCKGATE_PATH=/v1.41/containers/after/json'),
                 'the record of a request after it', pause=0.5)
        n_recorded, n_dropped = recorded_and_dropped(box, 'halted', LOOK[1], True)
        expect(n_recorded + n_dropped <= load.n_answers, 'more records than requests')
        print('   %d requests: %d recorded, %d counted as lost, slowest %.0f ms' % (load.n_answers, n_recorded, n_dropped,
                                                                                  load.slowest * 1000))
        wait_for(lambda: box.ask('strict', *CHANGE)[0] == 204, 'changes that are recorded again')


@check
def restarted_journal_delays_no_request(box):
    with instance(box, 'back', POLICY + STAY):
        with Load(box, 'back', LOOK[1]) as load:
            for _ in range(3):
                load.wait_answers(50)
                box.systemctl('restart', 'systemd-journald.service')
            load.wait_answers(50)
        load.expect_all_answered()
        expect(load.slowest < PROMPT, 'a request took %.1f s' % load.slowest)
        expect_status(box.ask('back'), 200)
        wait_for(lambda: sum(recorded_and_dropped(box, 'back', LOOK[1])) == load.n_answers + 1,
                 'a record or a count for each request', pause=0.5)


@check
def changes_that_cannot_be_recorded_are_refused_while_reads_go_on(box):
    target = '/v1.41/containers/req/restart'
    with instance(box, 'req', POLICY + STAY + '[audit]\nrequired = changes\n'):
        connection = box.connection('req')
        n_done = n_refused = 0
        expect_status(connection.ask('POST', target), 204)
        with frozen_journal(box):
            for _ in range(4000):
                expect_status(connection.ask(*LOOK), 200)
                status, text, _ = connection.ask('POST', target)
                if status == 503:
                    n_refused += 1
                    expect('cannot be recorded' in text, text)
                else:
                    n_done += 1
                    expect(status == 204, 'status %d: %s' % (status, text))
                if n_refused == 20:
                    break
        expect(n_refused == 20, 'no change was refused')
        n_seen = box.read('/var/log/engine.log').count('POST ' + target)
        expect(n_seen == n_done + 1, '%d changes reached the engine, %d were answered as done' % (n_seen, n_done + 1))
        wait_for(lambda: connection.ask('POST', target)[0] == 204, 'changes that are recorded again')
        connection.close()


# ---- the examples

@check
def example_socket_uid_1000(box):
    box.run('getent', 'passwd', '1000')
    with instance(box, 'uid', POLICY, listener=box.read(EXAMPLES + 'admin/uid.conf')):
        expect_uid_alone(box, 'uid', 1000)


@check
def example_socket_uid_without_user(box):
    text = box.read(EXAMPLES + 'admin/uid-without-user.conf')
    expect('chown 1000 ' in text, 'no uid 1000 in the example')
    expect(box.run('getent', 'passwd', '12345', check=False)[0], 'uid 12345 has a user')
    with instance(box, 'nouser', POLICY, listener=text.replace('chown 1000 ', 'chown 12345 ')):
        expect_uid_alone(box, 'nouser', 12345)


def expect_uid_alone(box, name, uid):
    """The socket lets this uid in, and only it; and the gate knows who it is."""
    args = ('-o', '/dev/null', '-w', '%{http_code}', '--unix-socket', '/run/sockgate/%s/docker.sock' % name,
            'http://docker/v1.41/containers/json')
    expect(box.curl(*args, user=uid) == '200', 'uid %d is not let in' % uid)
    expect(box.curl(*args, user=uid + 1, check=False)[0] != 0, 'uid %d is let in' % (uid + 1))
    box.wait_record('_SYSTEMD_UNIT=' + service_of(name), 'SOCKGATE_UID=%d' % uid, 'SOCKGATE_VERDICT=allow')


@check
def example_engine_group(box):
    policy = '[upstream]\nsocket = /run/other.sock\n' + POLICY
    box.run('systemd-run', '-q', '--unit=other-engine', '/usr/bin/python3', '/opt/integration/fakeengine.py', '--socket',
            '/run/other.sock')
    try:
        wait_for(lambda: not box.run('sh', '-c', 'chgrp 999 /run/other.sock && chmod 0660 /run/other.sock', check=False)[0],
                 'the other engine')
        with instance(box, 'nogroup', policy):
            expect_status(box.ask('nogroup'), 502)
        with instance(box, 'group', policy, service=box.read(EXAMPLES + 'engine/group.conf')):
            expect_status(box.ask('group'), 200)
    finally:
        box.systemctl('stop', 'other-engine.service')


@check
def example_tcp(box):
    address, client = '172.17.0.1', '172.30.41.2'
    args = ('-o', '/dev/null', '-w', '%{http_code}', '--resolve', 'host.docker.internal:2375:' + address)
    url = 'http://host.docker.internal:2375/v1.41/containers/json'
    with instance(box, 'tcp', box.read(EXAMPLES + 'tcp/watch.conf'), listener=box.read(EXAMPLES + 'tcp/socket.conf')):
        for own in (address + '/16', client + '/24'):
            subprocess.run(['nsenter', '-t', str(box.leader), '-n', 'ip', 'address', 'add', own, 'dev', 'lo'], check=True, timeout=WAIT)
        expect(box.curl(*args, '--interface', client, url) == '200', 'no answer by TCP')
        record = box.wait_record('_SYSTEMD_UNIT=sockgate@tcp.service', 'SOCKGATE_VERDICT=allow')
        expect(client in record['SOCKGATE_PEER'], 'the peer is called ' + record['SOCKGATE_PEER'])
        expect(box.run('test', '-e', '/run/sockgate/tcp/docker.sock', check=False)[0], 'the unix socket is still there')
        said = box.run('journalctl', '--no-pager', '-o', 'cat', '-u', 'sockgate@tcp.socket')
        if 'IP firewall' in said:
            raise Skip('systemd cannot filter addresses here (no BPF): the refused neighbour')
        code, text = box.curl(*args, '--interface', address, url, seconds=8, check=False)
        expect(code in (7, 28) and text == '000', 'an address outside IPAddressAllow= was answered: %d %s' % (code, text))


# ---- user units

USER = 1500


def user_run(box, *command, **options):
    return box.run('env', 'HOME=/home/rootless', 'XDG_RUNTIME_DIR=/run/user/%d' % USER, *command, user=USER, **options)


@check
def user_units_serve_the_rootless_engine(box):
    box.run('touch', '/var/lib/systemd/linger/rootless')
    code, _ = box.systemctl('start', 'user@%d.service' % USER, check=False)
    if code or not wait_user_manager(box):
        raise Skip('no user manager in this box')
    box.run('systemd-run', '-q', '--uid=%d' % USER, '--unit=rootless-engine', '/usr/bin/python3', '/opt/integration/fakeengine.py',
            '--socket', '/run/user/%d/docker.sock' % USER)
    box.write('/home/rootless/.config/sockgate/default.conf', POLICY)
    box.write('/home/rootless/.config/sockgate/second.conf', '[allow]\n')
    box.run('chown', '-R', 'rootless:', '/home/rootless')
    wait_for(lambda: not box.run('test', '-S', '/run/user/%d/docker.sock' % USER, check=False)[0], 'the rootless engine')
    user_run(box, 'systemctl', '--user', 'enable', '--now', 'sockgate.socket', 'sockgate@second.socket')
    args = ('-o', '/dev/null', '-w', '%{http_code}', 'http://docker/v1.41/containers/json')
    for name, status in (('default', '200'), ('second', '403')):
        got = box.curl('--unix-socket', '/run/user/%d/sockgate/%s/docker.sock' % (USER, name), *args, user=USER)
        expect(got == status, 'instance %s: %s instead of %s' % (name, got, status))
    box.wait_record('_SYSTEMD_USER_UNIT=sockgate.service', 'SOCKGATE_VERDICT=allow', 'SOCKGATE_UID=%d' % USER)
    pid = user_run(box, 'systemctl', '--user', 'show', '-p', 'MainPID', '--value', 'sockgate.service').strip()
    expect(box.run('stat', '-c', '%u', '/proc/' + pid).strip() == str(USER), 'the daemon runs as somebody else')


def wait_user_manager(box):
    try:
        return wait_for(lambda: user_run(box, 'systemctl', '--user', 'is-system-running', check=False)[1].strip() in ('running', 'degraded'),
                        'the user manager')
    except Fail:
        return False


# ---- the run

@check
def no_unit_failed_and_nothing_was_killed_by_the_system_call_filter(box):
    failed = [line.split()[0] for line in box.run('systemctl', '--no-pager', '--plain', '--no-legend', '--failed').splitlines()]
    expect(not [u for u in failed if 'sockgate' in u], 'failed: %s' % failed)
    said = box.run('journalctl', '--no-pager', '-o', 'cat', '_PID=1')
    expect('status=31/SYS' not in said, 'a daemon was killed by SIGSYS')
    expect('DynamicUser' not in said, 'systemd complains about the user')


def run_check(box, suite, function):
    """Returns whether it did not fail."""
    name = '%s_%s' % (suite, function.__name__)
    try:
        function(box)
        print('ok ' + name)
    except Skip as e:
        print('skip %s: %s' % (name, e))
        return True
    except Fail as e:
        print('FAIL %s: %s' % (name, ' '.join(str(e).split())))
        show_journal(box)
    except Exception:       # pylint: disable=broad-except
        print('FAIL %s: %s' % (name, ' '.join(traceback.format_exc().split())))
        show_journal(box)
    else:
        return True
    finally:
        sys.stdout.flush()
    return False


def show_journal(box):
    """The newest lines of the box's journal, so that a failure can be understood where it happened."""
    try:
        text = box.run('journalctl', '--no-pager', '-n', '25', '-o', 'short-monotonic', seconds=20)
    except (Fail, subprocess.SubprocessError) as e:
        text = 'no journal: %s' % e
    print(''.join('   | %s\n' % line for line in text.splitlines()), end='')


def main():
    leader, root, suite, filters = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
    box = Box(leader, root)
    for function in CHECKS:
        if not filters or any(re.search(f, function.__name__) for f in filters):
            start = time.monotonic()
            is_fine = run_check(box, suite, function)
            if not is_fine and function.__name__ == NOTHING_WORKS_WITHOUT:
                print('FAIL %s_the_other_checks: not run, each would wait for a daemon that does not come' % suite)
                return
            if os.environ.get('TIMES'):
                print('   %.1f s' % (time.monotonic() - start))


if __name__ == '__main__':
    main()
