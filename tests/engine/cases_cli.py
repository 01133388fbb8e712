# SPDX-License-Identifier: Apache-2.0
"""cases_cli.py - what people type: the docker command line, each command once or more."""
import functools
import io
import os
import tarfile

from compare import INTERRUPT, Failed, case

CASES = []
cli = functools.partial(case, CASES)
KILL = ('--stop-signal', 'KILL')
# Steps of a pull that docker names only when they last.
STEPS = [(r'(?m)^<id>: (Verifying Checksum|Download complete|Waiting|Pulling fs layer)\n', '')]
SLEEP = ('bb', 'sleep', '600')
SIZES = [(r'\b[\d.]+ ?[kMG]?i?B\b', '<size>')]
NUMBERS = [(r'\b\d+(\.\d+)?', '<n>'), (r'<n>(%|[kMG]?i?B)', '<n>')]


def payload(size):
    """Bytes that are neither constant nor periodic with any power of two."""
    block = b''.join((i * 2654435761 % 4294967291).to_bytes(4, 'big') for i in range(25013))
    return (block * (size // len(block) + 1))[:size]


def tar_of(**files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w') as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1700000000
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def tar_names(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return sorted('%s %d %o' % (m.name, m.size, m.mode) for m in tar.getmembers())


# --- looking ---

@cli('docker version shows client and engine')
def _(c):
    c.works('version')


@cli('docker info is the same')
def _(c):
    c.works('info', loose=[(r'(?m)^ *Runtimes:.*', ''), (r'(?m)^ *(System Time|Name|ID|Total Memory|CPUs):.*', ''), (r'(Goroutines|File Descriptors): \d+', '')])


@cli('docker ps lists with and without filters and formats')
def _(c):
    c.setup('run', '-d', '--name', 'one', *KILL, '--label', 'a=b', *SLEEP)
    c.setup('create', '--name', 'two', 'bb', 'true')
    c.works('ps')
    c.works('ps', '-a', '-q', '--no-trunc')
    c.works('ps', '-a', '--filter', 'label=a=b', '--format', '{{json .}}')
    c.works('ps', '-as', loose=SIZES)
    c.docker('ps', '--filter', 'nosuch=1')


@cli('docker inspect of containers, images, networks, volumes and of nothing')
def _(c):
    c.setup('volume', 'create', 'vol')
    c.setup('network', 'create', 'net1')
    c.setup('create', '--name', 'one', '-v', 'vol:/v', 'bb', 'true')
    c.works('inspect', 'one', '--format', '{{.Name}} {{.Path}} {{json .Mounts}} {{json .HostConfig}}')
    c.works('inspect', '-s', 'one', loose=SIZES)
    c.works('image', 'inspect', 'bb', '--format', '{{.RepoTags}} {{.Config.Cmd}}')
    c.works('network', 'inspect', 'net1', '--format', '{{.Name}} {{.Driver}} {{.Scope}}')
    c.works('volume', 'inspect', 'vol', '--format', '{{.Name}} {{.Driver}}')
    c.works('inspect', 'bb:latest', '--format', '{{.Os}}')
    c.docker('inspect', 'there-is-no-such-thing')


@cli('docker images, history, tag and rmi')
def _(c):
    c.works('images')
    c.works('history', 'bb')
    c.works('tag', 'bb', 'other:1')
    c.works('images', '--format', '{{.Repository}}:{{.Tag}}', sort=True)
    c.works('rmi', 'other:1')
    c.docker('rmi', 'other:1')


@cli('docker system df')
def _(c):
    c.works('system', 'df', loose=SIZES)


@cli('docker stats --no-stream of a running container')
def _(c):
    c.setup('run', '-d', '--name', 'one', *KILL, *SLEEP)
    c.works('stats', '--no-stream', '--format', '{{.Name}} {{.PIDs}} {{.MemPerc}}', loose=NUMBERS)


@cli('docker top with and without ps options')
def _(c):
    c.setup('run', '-d', '--name', 'one', *KILL, *SLEEP)
    loose = NUMBERS + [(r'<n>:<n>(:<n>)?', '<n>'), (r'\w\w\w<n>', '<n>')]
    c.works('top', 'one', loose=loose)
    c.works('top', 'one', '-o', 'pid,comm', loose=loose)


@cli('docker diff and port')
def _(c):
    c.setup('run', '-d', '--name', 'one', *KILL, '-p', '127.0.0.1:8123:80', *SLEEP)
    c.setup('exec', 'one', 'touch', '/tmp/new')
    c.works('diff', 'one', sort=True)
    c.works('port', 'one')


# --- running ---

@cli('docker run gives output, errors and exit code')
def _(c):
    c.works('run', '--name', 'one', 'bb', 'echo', 'hello')
    c.docker('run', '--name', 'two', 'bb', 'sh', '-c', 'echo out; echo err >&2; exit 42')
    c.works('run', '--rm', '--name', 'three', '-e', 'A=b c', '-w', '/tmp', 'bb', 'sh', '-c', 'pwd; echo $A')
    c.works('ps', '-a', '--format', '{{.Names}}', sort=True)


@cli('docker run of what does not exist fails the same')
def _(c):
    c.docker('run', '--name', 'one', 'bb', '/no/such/program')
    c.docker('run', '--pull', 'never', '--name', 'two', 'no/such/image:1')
    c.setup('create', '--name', 'three', 'bb')
    c.docker('run', '--name', 'three', 'bb', 'true')


@cli('docker run -d, start, stop, restart, kill, rm')
def _(c):
    c.works('run', '-d', '--name', 'one', *KILL, *SLEEP)
    for verb in ('stop', 'start', 'restart', 'kill'):
        c.works(verb, 'one')
        c.works('inspect', 'one', '--format', '{{.State.Running}} {{.State.ExitCode}}')
    c.docker('kill', 'one')
    c.works('rm', 'one')
    c.docker('rm', 'one')


@cli('docker run -i with piped stdin sees its end')
def _(c):
    c.works('run', '--rm', '-i', 'bb', 'cat', stdin=b'one\ntwo\n')
    c.works('run', '--rm', '-i', 'bb', 'cat', stdin=b'')
    c.works('run', '--rm', '-i', 'bb', 'sh', '-c', 'cat >/dev/null; echo after the end', stdin=b'data')


@cli('docker run -i carries 16 MiB in and 16 MiB out unchanged')
def _(c):
    data = payload(16 << 20)
    c.works('run', '--rm', '-i', 'bb', 'sha256sum', stdin=data)
    done = c.works('run', '--rm', '-i', 'bb', 'cat', stdin=data, raw=True)
    if done.stdout != data:
        raise Failed('the bytes came back changed')


@cli('docker run whose container ends before all stdin was sent')
def _(c):
    c.docker('run', '--rm', '-i', 'bb', 'sh', '-c', 'read line; echo "got $line"; exit 9',
             stdin=b'first\n' + payload(1 << 18))


@cli('docker run -it in a terminal: size, typing, exit code')
def _(c):
    client = c.docker_spawn('run', '-it', '--name', 'one', 'bb', 'sh', '-c',
                            'until [ "$(stty size 2>/dev/null)" = "33 101" ]; do sleep 0.1; done; '
                            'echo sized; read x; echo "got <$x>"; exit 5', terminal=True)
    client.expect('sized').send(b'typed\r').expect('got <typed>')
    client.end('run -it')


@cli('docker run -it: the interrupt key reaches the container')
def _(c):
    client = c.docker_spawn('run', '-it', '--rm', 'bb', 'sh', '-c',
                            "trap 'echo caught; exit 6' INT; echo ready; while :; do sleep 0.1; done", terminal=True)
    client.expect('ready').send(b'\x03').expect('caught')
    client.end('run -it and the interrupt key')


@cli('docker run -it: detach keys leave the container running, attach comes back')
def _(c):
    client = c.docker_spawn('run', '-it', '--name', 'one', 'bb', 'sh', '-c',
                            'echo ready; while read x; do echo "got <$x>"; [ "$x" = end ] && exit 4; done',
                            terminal=True)
    client.expect('ready').send(b'\x10\x11')
    code, out, _ = client.finish()
    c.note('detached', '%d %s' % (code, 'ready' in out))
    c.works('inspect', 'one', '--format', '{{.State.Running}}')
    client = c.docker_spawn('attach', 'one', terminal=True)
    client.send(b'again\r').expect('got <again>').send(b'end\r').expect('got <end>')
    code, out, _ = client.finish()
    c.note('attached', '%d %s' % (code, out.count('got <')))


@cli('docker exec: output, exit code, stdin, user, environment, detached')
def _(c):
    c.setup('run', '-d', '--name', 'one', *KILL, *SLEEP)
    c.works('exec', 'one', 'echo', 'hello')
    c.docker('exec', 'one', 'sh', '-c', 'echo out; echo err >&2; exit 3')
    c.works('exec', '-i', 'one', 'cat', stdin=b'through stdin\n')
    c.works('exec', '-i', 'one', 'sha256sum', stdin=payload(4 << 20))
    c.works('exec', '-u', '1000', '-w', '/tmp', '-e', 'A=b', 'one', 'sh', '-c', 'id -u; pwd; echo $A')
    c.works('exec', '-d', 'one', 'true')
    c.docker('exec', 'one', 'no-such-program')
    c.docker('exec', 'nobody', 'true')


@cli('docker exec -it in a terminal')
def _(c):
    c.setup('run', '-d', '--name', 'one', *KILL, *SLEEP)
    client = c.docker_spawn('exec', '-it', 'one', 'sh', '-c',
                            'until [ "$(stty size 2>/dev/null)" = "33 101" ]; do sleep 0.1; done; '
                            'echo sized; read x; echo "got <$x>"; exit 8', terminal=True)
    client.expect('sized').send(b'typed\r').expect('got <typed>')
    client.end('exec -it')


@cli('docker attach: output, stdin, exit code')
def _(c):
    c.setup('run', '-d', '-i', '--name', 'one', 'bb', 'sh', '-c',
            'while read x; do echo "got $x"; echo "err $x" >&2; [ "$x" = quit ] && exit 7; done')
    client = c.docker_spawn('attach', 'one', stdin=True)
    client.send(b'a\n').expect('got a').send(b'b\n').expect('got b').send(b'quit\n').expect('got quit')
    client.end('attach')


@cli('docker attach passes signals on to the container')
def _(c):
    c.setup('run', '-d', '--name', 'one', 'bb', 'sh', '-c',
            "trap 'echo told; exit 11' TERM; while :; do echo tick; sleep 0.1; done")
    client = c.docker_spawn('attach', 'one')
    client.expect('tick').signal(15).expect('told')
    code, out, _ = client.finish()
    c.note('attach with a signal', '%d %s' % (code, 'told' in out))


@cli('docker start -a and start -ai')
def _(c):
    c.setup('create', '--name', 'one', 'bb', 'sh', '-c', 'echo started; exit 2')
    c.docker('start', '-a', 'one')
    c.setup('create', '-i', '--name', 'two', 'bb', 'cat')
    c.works('start', '-ai', 'two', stdin=b'to the start\n')


@cli('docker logs, with times, tail, both streams and follow to the end')
def _(c):
    c.setup('run', '-d', '--name', 'one', 'bb', 'sh', '-c',
            'for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; sleep 0.2; done')
    c.works('logs', '-f', 'one')
    c.works('logs', '--tail', '2', 'one')
    c.works('logs', '-t', 'one')
    c.works('logs', '--since', '2000-01-01T00:00:00Z', '--details', 'one')
    c.docker('logs', 'nobody')


@cli('docker logs of 5 MiB arrives whole')
def _(c):
    c.setup('run', '--name', 'one', 'bb', 'sh', '-c', 'seq 1 700000')
    c.works('logs', 'one', raw=True)


@cli('docker logs -f ends with its client, the container goes on')
def _(c):
    c.setup('run', '-d', '--name', 'one', *KILL, 'bb', 'sh', '-c', 'while :; do echo tick; sleep 0.1; done')
    client = c.docker_spawn('logs', '-f', 'one')
    client.expect('tick', times=3).signal(INTERRUPT)
    code, _, err = client.finish()
    c.note('interrupted', '%d %s' % (code, err))
    c.works('inspect', 'one', '--format', '{{.State.Running}}')


@cli('docker events, live and between two times')
def _(c):
    since = c.setup('info', '--format', '{{.SystemTime}}')
    client = c.docker_spawn('events', '--since', since, '--filter', 'container=one',
                            '--format', '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}')
    c.setup('run', '-d', '--name', 'one', *KILL, *SLEEP)
    client.expect('container start one')
    c.setup('rm', '-f', 'one')
    client.expect('container destroy one').signal(INTERRUPT)
    code, out, err = client.finish()
    c.record('events', code, out, err, sort=True)
    until = c.setup('info', '--format', '{{.SystemTime}}')
    c.works('events', '--since', since, '--until', until, '--filter', 'container=one', '--filter', 'type=container',
            '--format', '{{.Action}}', sort=True)


@cli('docker wait gives the exit code when it comes')
def _(c):
    c.setup('run', '-d', '--name', 'one', '-i', 'bb', 'sh', '-c', 'read x; exit 12')
    client = c.docker_spawn('wait', 'one')
    release(c, 'one')
    client.end('wait')
    c.works('wait', 'one')


def release(c, name):
    """Gives a container that reads its stdin one line, straight at the engine."""
    client = c.spawn(c.world.docker, '-H', 'unix://' + c.engine.socket, 'attach', name, stdin=True)
    client.send(b'go\n').finish()


@cli('docker rename, update, pause, unpause')
def _(c):
    c.setup('run', '-d', '--name', 'one', *KILL, *SLEEP)
    c.works('rename', 'one', 'two')
    c.works('update', '--restart', 'on-failure:3', 'two')
    c.works('inspect', 'two', '--format', '{{.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}')
    c.docker('pause', 'two')
    c.works('inspect', 'two', '--format', '{{.State.Status}}')
    c.docker('unpause', 'two')
    c.docker('rename', 'one', 'three')


# --- files ---

@cli('docker cp into and out of a container, files, folders and streams')
def _(c):
    data = payload(8 << 20)
    c.write('in/a.bin', data)
    c.write('in/sub/b.txt', 'small\n')
    c.setup('run', '-d', '--name', 'one', *KILL, *SLEEP)
    loose = [(r'(?s)^.*(Successfully copied)', r'\1')] + SIZES
    c.works('cp', 'in/.', 'one:/tmp', loose=loose)
    c.works('exec', 'one', 'sha256sum', '/tmp/a.bin', '/tmp/sub/b.txt')
    c.works('cp', 'one:/tmp/a.bin', 'out.bin', loose=loose)
    with open(os.path.join(c.folder, 'out.bin'), 'rb') as f:
        if f.read() != data:
            raise Failed('the file came back changed')
    c.works('cp', 'one:/tmp', 'outdir', loose=loose)
    c.note('copied folder', sorted(os.listdir(os.path.join(c.folder, 'outdir'))))
    c.works('cp', '-', 'one:/tmp', stdin=tar_of(piped=b'piped in'))
    c.works('exec', 'one', 'cat', '/tmp/piped')
    done = c.works('cp', 'one:/tmp/piped', '-', raw=True)
    c.note('copied as a stream', tar_names(done.stdout))
    c.docker('cp', 'one:/no/such/file', '.')
    c.docker('cp', 'in', 'nobody:/tmp')


@cli('docker save and load bring an image back')
def _(c):
    c.works('tag', 'bb', 'saved:1')
    c.works('save', '-o', 'image.tar', 'saved:1')
    with open(os.path.join(c.folder, 'image.tar'), 'rb') as f:
        saved = f.read()
    c.note('saved', len([n for n in tar_names(saved) if n.endswith('644')]) > 2)
    c.works('rmi', 'saved:1')
    c.works('load', '-i', 'image.tar')
    c.works('run', '--rm', 'saved:1', 'echo', 'loaded')
    c.works('rmi', 'saved:1')
    c.works('load', '-q', stdin=saved)
    done = c.docker('save', 'saved:1', raw=True)
    c.note('saved again', len(done.stdout) == len(saved))
    c.docker('load', stdin=b'this is no image')


@cli('docker import, from stdin and with a change')
def _(c):
    data = tar_of(hello=b'hello file')
    c.works('import', '-', 'imported:1', stdin=data)
    c.write('fs.tar', data)
    c.works('import', '-c', 'CMD ["/hello"]', '-m', 'a message', 'fs.tar', 'imported:2')
    c.works('image', 'inspect', 'imported:2', '--format', '{{.Config.Cmd}} {{.Comment}}')


@cli('docker export gives the whole file system')
def _(c):
    c.setup('create', '--name', 'one', 'bb')
    c.works('export', '-o', 'fs.tar', 'one')
    with open(os.path.join(c.folder, 'fs.tar'), 'rb') as f:
        c.note('exported', tar_names(f.read()))


@cli('docker commit makes an image of a container')
def _(c):
    c.setup('run', '--name', 'one', 'bb', 'sh', '-c', 'echo kept > /tmp/kept')
    c.works('commit', '-m', 'message', '-a', 'author', '-c', 'ENV A=b', 'one', 'committed:1')
    c.works('run', '--rm', 'committed:1', 'sh', '-c', 'cat /tmp/kept; echo $A')


@cli('docker build, classic builder: steps, context, arguments, failure')
def _(c):
    c.write('ctx/Dockerfile', 'FROM bb\nARG WHO\nCOPY file /file\nRUN echo "built for $WHO" && cat /file\n'
                              'LABEL made=here\nCMD ["cat", "/file"]\n')
    c.write('ctx/file', 'from the context\n')
    c.write('ctx/big', payload(4 << 20))
    c.works('build', '--no-cache', '-t', 'built:1', '--build-arg', 'WHO=me', 'ctx')
    c.works('run', '--rm', 'built:1')
    c.works('build', '-q', '-t', 'built:2', '-', stdin=b'FROM bb\nRUN true\n')
    c.write('bad/Dockerfile', 'FROM bb\nRUN echo before; exit 7\n')
    c.docker('build', '--no-cache', '-t', 'built:3', 'bad')


# --- the registry ---

@cli('docker push and pull with a local registry')
def _(c):
    c.world.registry.reset()
    name = '127.0.0.1:%d/team/bb:1' % c.world.registry.port
    c.setup('tag', 'bb', name)
    c.works('push', name, sort=True)
    c.works('rmi', name)
    c.works('pull', name, sort=True, loose=STEPS)
    c.works('run', '--rm', name, 'echo', 'pulled')
    c.works('rmi', name)
    c.works('run', '--rm', name, 'echo', 'pulled by run', sort=True)
    c.docker('pull', name + '-missing')
    c.docker('push', '127.0.0.1:%d/team/none:1' % c.world.registry.port)


@cli('docker login, push and pull with a registry that asks for a password')
def _(c):
    registry = c.world.private_registry
    registry.reset()
    name = '127.0.0.1:%d/secret/bb:1' % registry.port
    c.setup('tag', 'bb', name)
    c.docker('push', name, sort=True)
    c.docker('--config', 'cfg', 'login', '-u', 'tester', '--password-stdin', '127.0.0.1:%d' % registry.port, stdin=b'wrong\n')
    c.works('--config', 'cfg', 'login', '-u', 'tester', '--password-stdin', '127.0.0.1:%d' % registry.port,
            stdin=b'secret\n')
    c.works('--config', 'cfg', 'push', name, sort=True)
    c.works('rmi', name)
    c.docker('pull', name, sort=True, loose=STEPS)
    c.works('--config', 'cfg', 'pull', name, sort=True, loose=STEPS)


# --- networks, volumes, pruning ---

@cli('docker network create, connect, disconnect, ls, rm')
def _(c):
    c.works('network', 'create', '--subnet', '10.77.0.0/24', '--label', 'a=b', 'net1')
    c.setup('run', '-d', '--name', 'one', *KILL, *SLEEP)
    c.works('network', 'connect', '--alias', 'uno', '--ip', '10.77.0.9', 'net1', 'one')
    c.works('inspect', 'one', '--format', '{{json .NetworkSettings.Networks.net1.IPAddress}}')
    c.works('run', '--rm', '--network', 'net1', 'bb', 'ping', '-c', '1', '-W', '5', 'uno',
            loose=[(r'(?s)time=.*', '')])
    c.docker('network', 'rm', 'net1', loose=[(r'bridge id \S+', '')])
    c.works('network', 'disconnect', 'net1', 'one')
    c.works('network', 'ls', '--format', '{{.Name}} {{.Driver}} {{.Scope}}', sort=True)
    c.works('network', 'rm', 'net1')


@cli('docker volume create, ls, use, rm')
def _(c):
    c.works('volume', 'create', '--label', 'a=b', 'vol')
    c.works('run', '--rm', '-v', 'vol:/v', 'bb', 'sh', '-c', 'echo kept > /v/f')
    c.works('run', '--rm', '-v', 'vol:/v:ro', 'bb', 'cat', '/v/f')
    c.works('volume', 'ls', '-q')
    c.works('volume', 'rm', 'vol')
    c.docker('volume', 'rm', 'vol')


@cli('docker prune of containers, networks, volumes, images, everything')
def _(c):
    c.setup('create', '--name', 'one', 'bb')
    c.setup('network', 'create', 'net1')
    c.setup('volume', 'create', 'vol')
    c.works('container', 'prune', '-f', loose=SIZES)
    c.works('network', 'prune', '-f')
    c.works('volume', 'prune', '-f', '--filter', 'label!=keep', loose=SIZES)
    c.works('image', 'prune', '-f', loose=SIZES)
    c.setup('create', '--name', 'two', 'bb')
    c.works('system', 'prune', '-f', loose=SIZES)
    c.works('ps', '-aq')


@cli('a bind mount, a published port, limits and a health check')
def _(c):
    c.write('bound/file', 'on the host\n')
    c.works('run', '-d', '--name', 'one', *KILL, '-v', os.path.join(c.folder, 'bound') + ':/b:ro',
            '-p', '127.0.0.1:8124:8080', '-m', '64m', '--pids-limit', '50', '--health-cmd', 'true',
            '--health-interval', '200ms', 'bb', 'sh', '-c', 'cat /b/file; exec httpd -f -p 8080 -h /b')
    c.run('/bin/busybox', 'sh', '-c', 'for i in $(seq 100); do wget -q -O - http://127.0.0.1:8124/file && exit 0; '
          'sleep 0.1; done; exit 1', must=True, loose=[(r"(?m)^wget:.*\n?", '')])
    c.works('inspect', 'one', '--format', '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.Binds}}')
    c.works('logs', 'one')


OVER_TCP = ('docker run gives output, errors and exit code', 'docker run -i with piped stdin sees its end',
            'docker run -it in a terminal: size, typing, exit code', 'docker attach: output, stdin, exit code',
            'docker logs -f ends with its client, the container goes on',
            'docker cp into and out of a container, files, folders and streams')
