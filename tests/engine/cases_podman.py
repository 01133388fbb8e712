# SPDX-License-Identifier: Apache-2.0
"""cases_podman.py - Podman behind the gate: the docker command line as far as Podman answers it, and its own reads."""
import functools
import http.client
import json
import os
import socket

import cases_cli
from compare import Failed, case

CASES = []
podman = functools.partial(case, CASES)

# Cases of the docker command line that Podman 4.3 answers, too.
SHARED = ('docker version shows client and engine', 'docker run gives output, errors and exit code',
          'docker run -i with piped stdin sees its end', 'docker import, from stdin and with a change',
          'docker volume create, ls, use, rm')


@podman('docker info, ps, images, network ls, volume ls')
def _(c):
    c.works('info', '--format', '{{.OSType}} {{.Driver}} {{.Images}}')
    c.works('ps', '-a')
    c.works('images', '--format', '{{.Repository}} {{.Tag}}')
    c.works('network', 'ls', '--format', '{{.Name}} {{.Driver}}')
    c.works('volume', 'create', 'vol')
    c.works('volume', 'ls', '-q')
    c.works('volume', 'rm', 'vol')


@podman('docker create, inspect, rename, rm')
def _(c):
    c.works('create', '--name', 'one', 'bb', 'echo', 'hello')
    c.works('inspect', 'one', '--format', '{{.Name}} {{.Path}} {{.State.Status}}')
    c.works('rename', 'one', 'two')
    c.works('rm', 'two')
    c.docker('rm', 'two')


@podman('docker tag, save, load, rmi')
def _(c):
    c.works('tag', 'bb', 'saved:1')
    c.works('save', '-o', 'image.tar', 'saved:1')
    c.works('rmi', 'saved:1')
    c.works('load', '-i', 'image.tar')
    c.note('saved', os.path.getsize(os.path.join(c.folder, 'image.tar')) > 100000)


@podman('docker create and cp both ways')
def _(c):
    c.write('file', 'into the container\n')
    c.works('create', '--name', 'one', 'bb')
    c.works('cp', 'file', 'one:/tmp/file')
    c.works('cp', 'one:/tmp/file', 'back')
    with open(os.path.join(c.folder, 'back'), encoding='ascii') as f:
        c.note('back', f.read())


@podman('docker start, logs, exec, stop')
def _(c):
    c.works('run', '-d', '--name', 'one', *cases_cli.KILL, 'bb', 'sh', '-c', 'echo up; exec sleep 600')
    c.works('logs', 'one')
    c.works('exec', 'one', 'echo', 'executed')
    c.works('stop', '-t', '0', 'one')


@podman('reads of libpod')
def _(c):
    c.setup('create', '--name', 'one', 'bb')
    for path in ('/libpod/_ping', '/v4.3.1/libpod/info', '/v4.3.1/libpod/version', '/v4.3.1/libpod/containers/json?all=true',
                 '/v4.3.1/libpod/containers/one/json', '/v4.3.1/libpod/containers/one/exists',
                 '/v4.3.1/libpod/images/json', '/v4.3.1/libpod/images/bb/exists', '/v4.3.1/libpod/networks/json',
                 '/v4.3.1/libpod/volumes/json', '/v4.3.1/libpod/pods/json', '/v4.3.1/libpod/containers/nobody/json',
                 '/v4.3.1/libpod/system/df'):
        status, answer = get(c.host[len('unix://'):], path)
        if status >= 400 and 'nobody' not in path:
            raise Failed('%s: %d %r' % (path, status, answer))
        c.note(path, '%d %s' % (status, shape(answer)))


def get(path, target):
    conn = http.client.HTTPConnection('podman', timeout=30)
    conn.sock = socket.socket(socket.AF_UNIX)
    conn.sock.settimeout(30)
    conn.sock.connect(path)
    conn.request('GET', target)
    answer = conn.getresponse()
    data = answer.read()
    conn.close()
    return answer.status, data


def shape(data):
    """The keys and types of an answer: values such as free memory are not the same twice."""
    def walk(value):
        if isinstance(value, dict):
            return {k: walk(v) for k, v in sorted(value.items())}
        if isinstance(value, list):
            return [walk(v) for v in value[:1]]
        return type(value).__name__
    try:
        return json.dumps(walk(json.loads(data)))
    except ValueError:
        return repr(data)


CASES += [(name, function) for name, function in cases_cli.CASES if name in SHARED]
