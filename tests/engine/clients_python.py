#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""clients_python.py TASK - what a program with docker-py does; prints what it got, without ids and times."""
import io
import itertools
import sys
import tarfile

import docker

client = docker.from_env(timeout=60)


def forget(name):
    try:
        client.containers.get(name).remove(force=True)
    except docker.errors.NotFound:
        pass


def looks():
    print(client.ping(), client.version()['ApiVersion'], client.info()['Driver'])
    print([i.tags for i in client.images.list()], client.images.get('bb').attrs['Os'])
    print(sorted(n.name for n in client.networks.list()), [v.name for v in client.volumes.list()])
    print(sorted(client.df()))
    for wrong in (client.containers.get, client.images.get, client.networks.get, client.volumes.get):
        try:
            wrong('no-such-thing')
        except docker.errors.APIError as e:
            print(type(e).__name__, e.response.status_code, e.explanation)


def runs():
    print(client.containers.run('bb:latest', ['echo', 'hello'], remove=True))
    try:
        client.containers.run('bb:latest', ['sh', '-c', 'echo bad >&2; exit 3'], remove=True)
    except docker.errors.ContainerError as e:
        print(e.exit_status, e.stderr)
    c = client.containers.run('bb:latest', ['sleep', '600'], name='py', detach=True, labels={'a': 'b'},
                              stop_signal='KILL')
    print(c.status, [x.name for x in client.containers.list(filters={'label': 'a=b'})])
    print(c.exec_run('echo executed'))
    print(c.exec_run(['sh', '-c', 'echo out; echo err >&2; exit 4'], demux=True))
    print(list(c.exec_run(['sh', '-c', 'echo streamed'], stream=True)[1]))
    print(c.top()['Titles'], c.diff() or [], sorted(c.stats(stream=False))[:3])
    c.rename('py2')
    c.update(mem_limit='64m', memswap_limit='128m')
    for verb in (c.restart, c.stop, c.start, c.kill):
        verb()
        c.reload()
        print(verb.__name__, c.status)
    c.remove()


def streams():
    c = client.containers.run('bb:latest', ['sh', '-c', 'for i in 1 2 3; do echo line $i; sleep 0.2; done'], detach=True,
                              name='py')
    print(b''.join(c.logs(stream=True, follow=True)))
    print(c.wait()['StatusCode'], c.logs(tail=1))
    c.remove()
    c = client.containers.create('bb:latest', ['sh', '-c', 'while read x; do echo got $x; [ $x = end ] && exit 5; done'],
                                 stdin_open=True, name='py')
    sock = client.api.attach_socket(c.id, {'stdin': 1, 'stream': 1})
    out = client.api.attach(c.id, stdout=True, stderr=True, stream=True)
    c.start()
    raw = getattr(sock, '_sock', sock)
    raw.sendall(b'one\nend\n')
    print(b''.join(out), c.wait()['StatusCode'])
    sock.close()
    c.remove()
    since = client.info()['SystemTime']
    events = client.events(decode=True, filters={'container': 'py'}, since=int(seconds(since)))
    client.containers.run('bb:latest', ['true'], name='py', remove=True)
    seen = sorted(itertools.islice((e['Action'] for e in events if e['Action'] in ('start', 'die')), 2))
    print(seen[-2:])
    c = client.containers.run('bb:latest', ['sleep', '600'], name='py', detach=True)
    stats = c.stats(stream=True, decode=True)
    print([sorted(next(stats))[:2] for _ in range(2)])
    c.remove(force=True)


def seconds(text):
    import datetime
    return datetime.datetime.fromisoformat(text[:19] + '+00:00').timestamp()


def files():
    c = client.containers.run('bb:latest', ['sleep', '600'], name='py', detach=True)
    data = bytes(range(256)) * 4096
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode='w') as tar:
        info = tarfile.TarInfo('file')
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    print(c.put_archive('/tmp', packed.getvalue()))
    chunks, stat = c.get_archive('/tmp/file')
    with tarfile.open(fileobj=io.BytesIO(b''.join(chunks))) as tar:
        print(stat['size'], tar.extractfile('file').read() == data)
    print(len(b''.join(c.export())) > len(data))
    print(c.commit('py-commit', '1').tags)
    c.remove(force=True)
    saved = b''.join(client.images.get('py-commit:1').save(named=True))
    client.images.remove('py-commit:1')
    print([i.tags for i in client.images.load(saved)])
    image, logs = client.images.build(fileobj=io.BytesIO(b'FROM bb\nRUN echo from the build\n'), tag='py-built:1',
                                      nocache=True)
    print(image.tags, [x['stream'] for x in logs if 'from the build' in x.get('stream', '')])
    print(client.containers.run('py-commit:1', ['sha256sum', '/tmp/file'], remove=True))


def registry(name):
    client.images.get('bb').tag(name, '1')
    print(sorted({x.get('status', x.get('error', '')).split(':')[0] for x in
                  client.images.push(name, '1', stream=True, decode=True)}))
    client.images.remove(name + ':1')
    print(client.images.pull(name, '1').tags)
    try:
        client.images.pull(name, 'missing')
    except docker.errors.NotFound as e:
        print(e.response.status_code)


def objects():
    net = client.networks.create('py-net', driver='bridge', labels={'a': 'b'})
    c = client.containers.run('bb:latest', ['sleep', '600'], name='py', detach=True)
    net.connect(c, aliases=['x'])
    net.reload()
    print([x.name for x in net.containers])
    net.disconnect(c)
    c.remove(force=True)
    net.remove()
    client.volumes.create('py-vol', labels={'a': 'b'})
    print(client.containers.run('bb:latest', ['sh', '-c', 'echo kept > /v/f; cat /v/f'], volumes={'py-vol': {'bind': '/v'}},
                                remove=True))
    client.volumes.get('py-vol').remove()
    print(client.containers.prune()['ContainersDeleted'], client.volumes.prune()['VolumesDeleted'])


def dangers():
    """What a policy of its own refuses this program: the words that its exceptions have."""
    for what in ({'privileged': True}, {'volumes': {'/etc': {'bind': '/e', 'mode': 'ro'}}}, {'network_mode': 'host'},
                 {'pid_mode': 'host'}, {'cap_add': ['SYS_ADMIN']}, {'devices': ['/dev/null:/dev/n']}):
        try:
            client.containers.run('bb:latest', ['true'], name='py', **what)
            print(sorted(what), 'was allowed')
        except docker.errors.APIError as e:
            print(type(e).__name__, e.response.status_code, e.explanation)


print(docker.__version__)
forget('py')
{'looks': looks, 'runs': runs, 'streams': streams, 'files': files, 'registry': registry,
 'objects': objects, 'dangers': dangers}[sys.argv[1]](*sys.argv[2:])
