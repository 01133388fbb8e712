# SPDX-License-Identifier: Apache-2.0
"""The tools themselves: a strict engine that is not strict proves nothing."""
import os
import shutil
import subprocess
import sys
import tempfile

from harness import DATA, HERE, Client, Engine, Skip, check, chunked, expect, expect_equal, head, journal_fields, wait_until


@check()
def fake_engine_notes_every_defect_of_framing(run):
    cases = {
        'bare LF': b'GET /x HTTP/1.1\nHost: docker\n\n',
        'Content-Length twice': head('POST', '/x', [('Content-Length', '0'), ('Content-Length', '0')]),
        'Content-Length and Transfer-Encoding': head('POST', '/x', [('Content-Length', '0'), ('Transfer-Encoding', 'chunked')])
        + b'0\r\n\r\n',
        'Transfer-Encoding syntax': head('POST', '/x', [('Transfer-Encoding', 'gzip, chunked')]) + b'0\r\n\r\n',
        '0 Host lines': head('GET', '/x', host=None),
        'folded line': b'GET /x HTTP/1.1\r\nHost: docker\r\n more\r\n\r\n',
        'header name': b'GET /x HTTP/1.1\r\nHost: docker\r\nA : b\r\n\r\n',
        'request line': b'GET  /x HTTP/1.1\r\nHost: docker\r\n\r\n',
        'trailer': head('POST', '/x', [('Transfer-Encoding', 'chunked')]) + b'0\r\nA: b\r\n\r\n',
        "chunk line b'1;x\\r\\n'": head('POST', '/x', [('Transfer-Encoding', 'chunked')]) + b'1;x\r\n',
    }
    folder = tempfile.mkdtemp(prefix='sockgate-test-')
    try:
        with Engine(os.path.join(folder, 's')) as engine:
            for defect, data in cases.items():
                with run.case(defect.split(" b'")[0].replace(' ', '_')):
                    engine.clear()
                    with Client(engine.path) as client:
                        client.send(data)
                        engine.wait(lambda r, d=defect: r and d in r[0].defects, 5)
                    expect_equal([d for r in engine.seen() for d in r.defects if d == defect], [defect], 'defects')
            engine.clear()
            with Client(engine.path) as client:
                client.ask('POST', '/x', [('Transfer-Encoding', 'chunked')], chunked(b'ab', b'c'))
                expect_equal(client.ask('GET', '/_ping').body, b'OK')
            expect_equal([(r.body, r.defects, r.complete, r.conn == engine.n_conns) for r in engine.seen()],
                         [(b'abc', [], True, True), (b'', [], True, True)])
    finally:
        shutil.rmtree(folder)


@check()
def fake_journal_decodes_both_forms_of_a_field(run):
    expect_equal(journal_fields(b'A=b\nTEXT\n\x04\0\0\0\0\0\0\0a\nb=\nC=\n'), [('A', b'b'), ('TEXT', b'a\nb='), ('C', b'')])


@check()
def fake_engine_is_enough_for_a_docker_client(run):
    docker = shutil.which('docker')
    if not docker:
        raise Skip('no docker client')
    folder = tempfile.mkdtemp(prefix='sockgate-test-')
    path = os.path.join(folder, 'engine.sock')
    engine = subprocess.Popen([sys.executable, os.path.join(HERE, 'fakeengine.py'), '--socket', path])
    try:
        wait_until(lambda: os.path.exists(path), 'the engine listens')
        env = dict(os.environ, DOCKER_HOST='unix://' + path, HOME=folder)
        for words, wanted in ((['version'], 'fake engine'), (['ps'], 'alpine:3'), (['restart', 'web'], 'web'), (['logs', 'web'], 'hello')):
            with run.case(words[0]):
                done = subprocess.run([docker] + words, env=env, capture_output=True, text=True, timeout=60, check=False)
                expect(done.returncode == 0 and wanted in done.stdout, lambda: done.stdout + done.stderr)
    finally:
        engine.terminate()
        expect_equal(engine.wait(20), 0, 'exit code of the engine')
        shutil.rmtree(folder)


@check()
def shared_data_is_present(run):
    for name in ('endpoints.tsv', 'libpod.tsv', 'query-fields.tsv', 'recorded-requests.jsonl'):
        expect(os.path.getsize(os.path.join(DATA, name)) > 1000, name)
