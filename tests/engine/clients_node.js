// SPDX-License-Identifier: Apache-2.0
// clients_node.js TASK - what a program with dockerode or testcontainers does; prints what it got.
'use strict';
const { PassThrough } = require('stream');

const say = (...what) => console.log(...what.map((w) => (typeof w === 'string' ? w : JSON.stringify(w))));
const all = (stream) => new Promise((good, bad) => {
        const parts = [];
        stream.on('data', (d) => parts.push(d));
        stream.on('end', () => good(Buffer.concat(parts)));
        stream.on('error', bad);
});

async function dockerode() {
        const Docker = require('dockerode');
        const docker = new Docker();
        say((await docker.ping()).toString(), (await docker.version()).ApiVersion);
        say((await docker.listImages()).map((i) => i.RepoTags));

        const out = new PassThrough();
        const text = all(out);
        const [result, once] = await docker.run('bb:latest', ['sh', '-c', 'echo hello; exit 3'], out, { Tty: true, name: 'node' });
        out.end();
        say('run', result.StatusCode, (await text).toString());
        await once.remove();

        const c = await docker.createContainer({
                Image: 'bb:latest', name: 'node', OpenStdin: true, StdinOnce: true,
                Cmd: ['sh', '-c', 'while read x; do echo got $x; done; echo the end'],
        });
        const attached = await c.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
        const [stdout, stderr] = [new PassThrough(), new PassThrough()];
        c.modem.demuxStream(attached, stdout, stderr);
        const got = all(stdout);
        attached.on('end', () => stdout.end());
        await c.start();
        attached.write('one\n');
        attached.end('two\n');
        say('wait', (await c.wait()).StatusCode, (await got).toString());
        say('logs', (await c.logs({ stdout: true, tail: 1 })).toString('latin1').slice(8));
        await c.remove();

        const d = await docker.createContainer({ Image: 'bb:latest', name: 'node', Cmd: ['sleep', '600'], StopSignal: 'KILL' });
        await d.start();
        const exec = await d.exec({ Cmd: ['cat'], AttachStdin: true, AttachStdout: true });
        const duplex = await exec.start({ hijack: true, stdin: true });
        const echoed = all(duplex);
        duplex.end('into exec');
        say('exec', (await echoed).subarray(8).toString(), (await exec.inspect()).ExitCode);
        const plain = await (await d.exec({ Cmd: ['echo', 'plain'], AttachStdout: true })).start({});
        say('exec', (await all(plain)).subarray(8).toString());
        const follow = await d.logs({ follow: true, stdout: true });
        const ended = all(follow);
        say('stats', Object.keys(await d.stats({ stream: false })).includes('cpu_stats'));
        const archive = await d.getArchive({ path: '/etc/passwd' });
        say('archive', (await all(archive)).includes('root:x:0:0'));
        await d.restart({ t: 0 });
        await d.stop();
        say('follow', (await ended).length);
        await d.remove();

        const net = await docker.createNetwork({ Name: 'node-net', Driver: 'bridge' });
        say((await net.inspect()).Name);
        await net.remove();
        const missing = await docker.getContainer('no-such-thing').inspect().catch((e) => e);
        say(missing.statusCode, missing.json.message);
        await docker.pull('127.0.0.1:9/none:1').catch((e) => say('pull', e.statusCode));
}

// The stream may have said its line before anybody listens: asked for again until it is heard.
async function firstLine(container) {
        for (let i = 0; i < 20; i++) {
                const logs = await container.logs();
                const line = await new Promise((good) => {
                        const timer = setTimeout(() => good(''), 3000);
                        const end = (text) => { clearTimeout(timer); good(text); };
                        logs.once('data', (d) => end(d.toString().trim()));
                        logs.once('end', () => end(''));
                });
                logs.destroy();
                if (line) return line;
        }
        return '';
}

async function testcontainers() {
        const { GenericContainer, Wait } = require('testcontainers');
        const started = await new GenericContainer('bb:latest')
                .withCommand(['sh', '-c', 'echo ready to serve; echo page > /tmp/index.html; exec httpd -f -p 80 -h /tmp'])
                .withCopyContentToContainer([{ content: 'copied\n', target: '/tmp/copied' }])
                .withExposedPorts(80)
                .withWaitStrategy(Wait.forLogMessage('ready to serve'))
                .start();
        say('started');
        say('logs', await firstLine(started));
        const done = await started.exec(['sh', '-c', 'cat /tmp/copied; exit 2']);
        say('exec', done.output, done.exitCode);
        let page = '';
        for (let i = 0; i < 50 && !page; i++) {
                page = await fetch(`http://127.0.0.1:${started.getMappedPort(80)}/`).then((r) => r.text()).catch(() => '');
        }
        say('page', page);
        await started.stop({ timeout: 0 });
        say('stopped');
}

// What a policy of its own refuses these programs: the words that their errors have.
const HOSTS = [{ Privileged: true }, { Binds: ['/etc:/e:ro'] }, { NetworkMode: 'host' }, { PidMode: 'host' }, { CapAdd: ['SYS_ADMIN'] }];

async function dockerodeDangers() {
        const docker = new (require('dockerode'))();
        for (const HostConfig of HOSTS) {
                await docker.createContainer({ Image: 'bb:latest', name: 'node', Cmd: ['true'], HostConfig }).then(
                        () => say(HostConfig, 'was allowed'), (e) => say(e.statusCode, e.message));
        }
}

async function testcontainersDangers() {
        const { GenericContainer } = require('testcontainers');
        for (const ask of [(c) => c.withPrivilegedMode(), (c) => c.withBindMounts([{ source: '/etc', target: '/e' }]),
                (c) => c.withNetworkMode('host'), (c) => c.withAddedCapabilities('SYS_ADMIN')]) {
                await ask(new GenericContainer('bb:latest')).withCommand(['sleep', '600']).start().then(
                        () => say(ask.toString(), 'was allowed'), (e) => say(e.statusCode, e.message));
        }
}

// Without TESTCONTAINERS_RYUK_DISABLED the library starts a helper first that binds the engine's socket.
async function testcontainersRyuk() {
        const { GenericContainer } = require('testcontainers');
        await new GenericContainer('bb:latest').withCommand(['sleep', '600']).start().then(
                () => say('Ryuk was allowed'), (e) => say(e.statusCode, e.message));
}

({ dockerode, testcontainers, dockerodeDangers, testcontainersDangers, testcontainersRyuk })[process.argv[2]]().then(() => process.exit(0), (e) => {
        console.error(e);
        process.exit(1);
});
