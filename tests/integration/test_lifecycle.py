# SPDX-License-Identifier: Apache-2.0
"""Start, reload, drain, idle exit: what the service manager sees and what clients never notice."""
import os
import random
import signal
import subprocess
import threading
import time

from harness import (ALL, READ, TREE, WAIT, Fail, Gate, Launcher, Skip, check, check_both, expect, expect_equal, head, wait_until)

ATTACH = '/v1.41/containers/web/attach?stderr=1&stdin=1&stdout=1&stream=1'
UPGRADE = [('Connection', 'Upgrade'), ('Upgrade', 'tcp'), ('Content-Length', '0')]
BAD = '[allow]\nCONTAINERS = read\nNONSENSE = yes\n'


@check()
def start_and_stop_are_announced(run):
    with Gate(ALL) as gate:
        gate.notify.wait_line('^STATUS=')
        gate.ask('GET', '/_ping')
        gate.process.kill()
        gate.notify.wait_line('^STOPPING=1$')
        expect_equal(gate.process.wait(), 0, 'exit code')
        gate.process.check_log()
        gate.process = None
        expect(gate.journal.events('start'), 'no start record')


@check()
def reload_is_announced_and_the_new_policy_holds(run):
    with Gate(READ) as gate, gate.connect() as client:
        expect_equal(client.ask('POST', '/containers/web/restart').status, 403)
        gate.write_config(READ + 'ALLOW_RESTARTS = yes\n')
        gate.reload()
        gate.notify.wait_line('^RELOADING=1$')
        gate.notify.wait_line('^MONOTONIC_USEC=[0-9]+$')
        expect_equal(gate.ask('POST', '/containers/web/restart').status, 204)
        gate.journal.wait(lambda got: any(r.event == 'reload' for r in got), 'reload record')
        sums = {r.config_sha256 for r in gate.journal.wait_records(2)}
        expect_equal(len(sums), 2, 'number of config sums')


@check()
def idle_connections_are_closed_after_a_good_reload_and_tunnels_stay(run):
    with Gate(ALL) as gate, gate.connect() as idle, gate.connect() as tunnel, gate.connect() as stream:
        idle.ask('GET', '/_ping')
        tunnel.send(head('POST', ATTACH, UPGRADE))
        tunnel.read_head()
        stream.send(head('GET', '/events'))
        stream.read_head()
        gate.write_config(READ)
        gate.reload()
        idle.closed()
        tunnel.send(b'x')
        expect_equal(tunnel.exactly(1), b'x')
        expect(not stream.at_end and stream.is_quiet(0.05), 'the stream was touched')
        expect_equal(gate.ask('POST', '/containers/web/restart').status, 403)


@check()
def bad_reload_keeps_the_old_policy_and_says_so(run):
    with Gate(READ) as gate, gate.connect() as client:
        expect_equal(client.ask('GET', '/containers/json').status, 200)
        gate.write_config(BAD)
        gate.reload()
        gate.notify.wait_line('^STATUS=.*gate.conf')
        expect_equal(client.ask('GET', '/containers/json').status, 200)
        expect_equal(client.ask('POST', '/containers/web/restart').status, 403)
        record = gate.journal.wait(lambda got: any('gate.conf:3' in r.get('MESSAGE', '') for r in got), 'record with file:line')
        expect(any(r.event in ('fault', 'reload') and r.get('PRIORITY') == '3' for r in record), 'no fault record of priority 3')
        gate.write_config(READ + 'ALLOW_RESTARTS = yes\n')
        gate.reload()
        expect_equal(gate.ask('POST', '/containers/web/restart').status, 204)


@check_both
def bad_configuration_at_start_answers_503_until_a_good_reload(run):
    with Gate(BAD, listen=(run.transport,)) as gate:
        with gate.connect() as client:
            response = client.ask('GET', '/_ping')
            expect_equal(response.status, 503)
            expect(b'sockgate' in response.body, lambda: response.body)
            with run.case('request_with_a_body', gate):
                expect_equal(gate.ask('POST', '/containers/create', [('Content-Type', 'application/json')], b'{}').status, 503)
        gate.notify.wait_line('^STATUS=.*gate.conf')
        gate.journal.wait(lambda got: any('gate.conf:3' in r.get('MESSAGE', '') for r in got), 'record with file:line')
        expect_equal(gate.engine.seen(), [])
        gate.write_config(READ)
        gate.reload()
        expect_equal(gate.ask('GET', '/_ping').status, 200)


@check()
def configurations_that_cannot_be_used_are_refused(run):
    cases = {
        'unknown_section': ({}, '[nonsense]\nx = y\n', 0o644),
        'writable_by_others': ({}, READ, 0o666),
        'bad_drop_in': ({'10.conf': '[limits]\nconnections = many\n'}, READ, 0o644),
        'line_too_long': ({}, READ + '# ' + 'x' * 200 + '\n', 0o644),
        'never_endpoint': ({}, '[allow]\nendpoints = container.attach-ws\n', 0o644),
        'no_utf8': ({}, READ + '# \udcff\n', 0o644),
    }
    for name, (dropins, text, mode) in cases.items():
        with run.case(name), Gate('', start=False) as gate:
            with open(gate.config_path, 'wb') as f:
                f.write(text.encode('utf-8', 'surrogateescape'))
            os.chmod(gate.config_path, mode)
            gate.write_config_dropins(dropins)
            gate.start()
            expect_equal(gate.ask('GET', '/_ping').status, 503)
            expect_equal(gate.engine.seen(), [])


@check()
def a_missing_configuration_file_fails_closed(run):
    with Gate('', start=False) as gate:
        os.unlink(gate.config_path)
        gate.start()
        expect_equal(gate.ask('GET', '/_ping').status, 503)


@check()
def an_empty_policy_allows_ping_and_version_alone(run):
    with Gate('') as gate, gate.connect() as client:
        expect_equal([client.ask('GET', t).status for t in ('/_ping', '/version', '/info', '/containers/json')], [200, 200, 403, 403])


@check()
def drop_ins_are_read_in_the_order_of_their_names(run):
    dropins = {'20.conf': '[limits]\nidle-exit = 0\n[deny]\nendpoints = container.list\n', '10.conf': '[allow]\nIMAGES = read\n',
               'ignored.txt': 'nonsense\n', '.hidden.conf': 'nonsense\n', 'masked.conf': ''}
    with Gate('[allow]\nCONTAINERS = read\n', dropins=dropins) as gate, gate.connect() as client:
        expect_equal([client.ask('GET', t).status for t in ('/images/json', '/containers/web/json', '/containers/json')],
                     [200, 200, 403])


@check_both
def a_stop_finishes_running_requests(run):
    with Gate(ALL, listen=(run.transport,)) as gate, gate.connect() as client:
        go = threading.Event()

        def slow(x):
            x.start_chunked()
            x.chunk(b'half')
            go.wait(WAIT)
            x.chunk(b'whole')
            x.end_chunks()

        gate.engine.on('^/images/get', slow)
        client.send(head('GET', '/images/get?names=a'))
        response = client.read_head()
        gate.process.kill()
        gate.notify.wait_line('^STOPPING=1$')
        go.set()
        client.read_body(response)
        expect_equal(response.body, b'halfwhole')
        client.closed()
        expect_equal(gate.process.wait(), 0)


@check()
def a_stop_closes_tunnels_and_idle_connections(run):
    with Gate(ALL) as gate, gate.connect() as idle, gate.connect() as tunnel:
        idle.ask('GET', '/_ping')
        tunnel.send(head('POST', ATTACH, UPGRADE))
        tunnel.read_head()
        gate.process.kill()
        idle.closed()
        tunnel.closed()
        expect_equal(gate.process.wait(), 0)
        gate.journal.wait_records(1, ('tunnel-end',))


@check()
def a_stop_ends_within_the_drain_timeout_whatever_runs(run):
    with Gate(ALL, limits={'drain-timeout': '300ms'}) as gate, gate.connect() as client:
        client.send(head('GET', '/events'))
        client.read_head()
        gate.process.kill()
        client.rest()
        expect_equal(gate.process.wait(), 0)


@check()
def idle_exit_waits_for_open_connections(run):
    with Gate(ALL, limits={'idle-exit': '100ms'}, start=False) as gate:
        client = gate.connect()         # before the start: it may be idle sooner than we connect
        gate.start()
        client.ask('GET', '/_ping')
        time.sleep(0.7)     # many idle times: an open connection is not idle
        expect(gate.process.proc.poll() is None, 'it ended with a connection open')
        expect_equal(client.ask('GET', '/_ping').status, 200)
        client.close()
        expect_equal(gate.process.wait(), 0, 'exit code')
        gate.notify.wait_line('^STOPPING=1$')


@check()
def idle_exit_0_stays(run):
    with Gate(ALL, limits={'idle-exit': '0'}) as gate:
        gate.ask('GET', '/_ping')
        time.sleep(0.5)
        expect(gate.process.proc.poll() is None, 'it ended')


@check(('unix', 'tcp'), slow=True)
def idle_exit_loses_no_request(run):
    # three clients, a connection a request; between rounds a pause of about the idle time, so that new
    # connections meet every moment of an exit
    rounds, per_round = (20, 15) if run.transport == 'unix' else (10, 10)
    with Gate(ALL, limits={'idle-exit': '20ms'}, listen=(run.transport,), start=False) as gate:
        launcher = Launcher(gate)
        errors, done = [], []
        pauses = random.Random(1)

        def pause():
            if not launcher.codes:
                wait_until(lambda: launcher.codes, 'the first idle exit')
            time.sleep(pauses.uniform(0.01, 0.06))

        barrier = threading.Barrier(3, pause)

        def ask_on(number):
            try:
                for i in range(rounds):
                    for k in range(per_round):
                        expect_equal(gate.ask('GET', '/containers/c%dx%dx%d/json' % (number, i, k)).status, 200)
                        done.append(1)
                    barrier.wait(4 * WAIT)
            except (Fail, OSError, threading.BrokenBarrierError) as e:
                errors.append('client %d: %s %s' % (number, type(e).__name__, e))
                barrier.abort()

        clients = [threading.Thread(target=ask_on, args=(n,)) for n in range(3)]
        for client in clients:
            client.start()
        for client in clients:
            client.join(6 * WAIT)
        launcher.stop()
        expect(not errors, lambda: '; '.join(errors))
        expect_equal(len(done), 3 * rounds * per_round, 'answers')
        expect(launcher.n_starts > 2, 'it never ended in between')
        expect(not any(launcher.codes), lambda: 'exit codes %s' % set(launcher.codes))


@check()
def the_watchdog_is_fed(run):
    with Gate(ALL, env={'WATCHDOG_USEC': '400000'}) as gate:
        gate.notify.wait(lambda got: got.count('WATCHDOG=1') >= 3, 'three signs of life')


@check()
def sigint_and_hangup_storm_do_no_harm(run):
    with Gate(READ) as gate, gate.connect() as client:
        for _ in range(20):
            gate.process.kill(signal.SIGHUP)
        for _ in range(5):
            status = wait_until(lambda: try_ask(gate), 'an answer')
            expect_equal(status, 200)
        expect(client, 'client')


def try_ask(gate):
    """Reloads close idle connections: a client that was just connected may see that."""
    try:
        return gate.ask('GET', '/containers/json').status
    except (Fail, OSError):
        return 0


@check_both
def connections_made_during_a_stop_wait_for_the_next_start(run):
    with Gate(ALL, listen=(run.transport,)) as gate, gate.connect() as client:
        go = threading.Event()

        def slow(x):
            x.start_chunked()
            go.wait(WAIT)
            x.end_chunks()

        gate.engine.on('^/images/get', slow)
        client.send(head('GET', '/images/get?names=a'))
        response = client.read_head()
        gate.process.kill()
        gate.notify.wait_line('^STOPPING=1$')
        with gate.connect() as late:
            late.send(head('GET', '/_ping'))
            expect(late.is_quiet(0.2), 'a connection was accepted during the stop')
            go.set()
            client.read_body(response)
            expect_equal(gate.process.wait(), 0)
            gate.notify.clear()
            gate.start()
            expect_equal(late.read().body, b'OK')


@check()
def killed_daemon_leaves_the_queue_to_the_next(run):
    with Gate(ALL) as gate:
        gate.ask('GET', '/_ping')
        gate.process.kill(signal.SIGKILL)
        gate.process.wait()
        with gate.connect() as client:
            client.send(head('GET', '/_ping'))
            gate.notify.clear()
            gate.start()
            expect_equal(client.read().body, b'OK')


@check()
def it_runs_without_any_privilege(run):
    if os.getuid() != 0:
        raise Skip('needs root to give it up')
    # A clone below a home of mode 0700 is closed to others: as every file of the configuration, presets must be readable.
    nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'test', '-x', os.path.join(TREE, 'conf', 'presets')]
    if subprocess.run(nobody, check=False, timeout=WAIT).returncode:
        raise Skip('a source tree that another user may read')
    with Gate(ALL, uid=65534, listen=('unix', 'tcp')) as gate:
        for which in (0, 1):
            expect_equal(gate.ask('GET', '/_ping', which=which).status, 200)
        with open('/proc/%d/status' % gate.process.pid, encoding='ascii') as f:
            text = f.read()
        expect('Uid:\t65534\t65534' in text and 'CapEff:\t0000000000000000' in text, 'it has privileges')
        gate.reload()
        expect_equal(gate.ask('GET', '/_ping').status, 200)
