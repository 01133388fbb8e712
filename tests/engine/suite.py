#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""suite.py SUITE FOLDER DAEMON TRIXIE NPM FILTER - one suite of tests/engine/run, inside its namespaces."""
import os
import signal
import sys

import cases_admin
import cases_cli
import cases_compose
import cases_libs
import cases_oracle
import cases_podman
import cases_policy
import cases_streams
import engine as e
from compare import Results, World

SECRET = 'tester:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a'      # the password is "secret"


class Setup:
    """Engine, registries and gate of one suite, with their ends in the right order."""

    def __init__(self, argv):
        self.suite, self.folder, self.daemon, self.trixie, self.npm, self.filter = argv
        self.results = Results(self.suite, self.filter)
        self.ends = []

    def engine(self, kind):
        engine = e.Engine(kind, self.folder, self.trixie)
        self.ends.append(engine.stop)
        engine.start()
        engine.image_import('bb:latest', e.rootfs_busybox(self.folder + '/rootfs'))
        return engine

    def gate(self, engine, config, **how):
        gate = e.Gate(self.daemon, self.folder, engine.socket, config, **how)
        self.ends.append(lambda: self.gate_end(gate))
        return gate

    def gate_end(self, gate):
        code = gate.stop()
        if code:
            self.results.fail('the gate ends well', '%s\n%s' % (code, e.file_tail(gate.log, 60)))

    def world(self, engine, gate, docker):
        world = World(self.folder, engine, gate, docker, self.results)
        os.makedirs(world.home)
        for name, port, htpasswd in (('registry', 5000, None), ('private_registry', 5001, SECRET)):
            registry = e.Registry('%s/%s' % (self.folder, name), port, htpasswd)
            self.ends.append(registry.stop)
            setattr(world, name, registry)
        return world

    def compose(self, world):
        """compose 2 and buildx of Debian 13 as plugins of the docker command line, compose 1 of Debian 12 as itself."""
        plugins = world.home + '/.docker/cli-plugins'
        os.makedirs(plugins)
        for name in ('docker-compose', 'docker-buildx'):
            os.symlink('%s/usr/libexec/docker/cli-plugins/%s' % (self.trixie, name), '%s/%s' % (plugins, name))
        world.trixie, world.npm = self.trixie, self.npm
        world.compose1 = '/usr/bin/docker-compose'
        world.env['PATH'] = os.path.dirname(world.docker) + ':/usr/sbin:/usr/bin:/sbin:/bin'

    def end(self):
        for end in reversed(self.ends):
            end()


def suite_docker(s):
    """docker CLI, compose, docker-py and the node clients against one dockerd."""
    cases_oracle.prepare()
    engine = s.engine(s.suite)
    gate = s.gate(engine, e.config_everything(), tcp=('127.0.0.1', 2375))
    docker = '/usr/bin/docker' if s.suite == 'bookworm' else s.trixie + '/usr/bin/docker'
    world = s.world(engine, gate, docker)
    s.compose(world)
    for name, function in cases_cli.CASES:
        world.compare(name, function)
    for name, function in cases_compose.cases((1, 2) if s.suite == 'bookworm' else (2,)):
        world.compare(name, function)
    for name, function in cases_libs.cases(5 if s.suite == 'bookworm' else 7):
        world.compare(name, function)
    over_tcp(world)
    cases_policy.run(s, world)
    cases_oracle.run(s, engine)


def over_tcp(world):
    """The kinds of stream once more over TCP."""
    for name, function in cases_cli.CASES:
        if name in cases_cli.OVER_TCP:
            world.compare('over TCP: ' + name, function, host='tcp://127.0.0.1:2375')


def suite_streams(s):
    """Every kind of stream, idle for longer than any timer of the daemon; readers that stop for a while."""
    engine = s.engine('bookworm')
    gate = s.gate(engine, e.config_everything(limits=e.SHORT))
    world = s.world(engine, gate, '/usr/bin/docker')
    for name, function in cases_streams.CASES:
        world.compare(name, function)


def suite_podman(s):
    cases_oracle.prepare()
    engine = s.engine('podman')
    gate = s.gate(engine, e.config_everything(engine='podman'))
    world = s.world(engine, gate, '/usr/bin/docker')
    for name, function in cases_podman.CASES:
        world.compare(name, function)
    cases_oracle.run(s, engine)


def suite_admin(s):
    engine = s.engine('bookworm')
    engine.image_import('admin:latest', cases_admin.image_rootfs(
        s.folder + '/admin-rootfs', s.folder + '/rootfs', '/usr/bin/docker',
        s.trixie + '/usr/libexec/docker/cli-plugins/docker-compose'))
    gate = s.gate(engine, cases_admin.CONFIG % {'folder': s.folder}, tcp=('0.0.0.0', 2375), owner=1000)
    world = s.world(engine, gate, '/usr/bin/docker')
    cases_admin.run(world, gate, 'a unix socket')
    cases_admin.run(world, gate, 'TCP')


SUITES = {'admin': suite_admin, 'bookworm': suite_docker, 'trixie': suite_docker, 'streams': suite_streams, 'podman': suite_podman}


def main():
    setup = Setup(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.SIG_DFL)        # a shell starts its background jobs deaf to it
    try:
        SUITES[setup.suite](setup)
    finally:
        setup.end()
    return 1 if setup.results.failed else 0


if __name__ == '__main__':
    sys.exit(main())
