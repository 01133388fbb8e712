# SPDX-License-Identifier: Apache-2.0
"""cases_policy_libs.py - docker-py, dockerode and testcontainers, each under a policy written for it: its usual
calls work without one refusal, and what is dangerous is refused in words that reach the program's exception."""
import os
import shutil

from compare import Failed, Skip

HERE = os.path.dirname(os.path.abspath(__file__))

DOCKER_PY = '''
[allow]
endpoints = system.info system.events system.df container.* exec.* image.* network.* volume.*
endpoints = container.attach container.archive-read container.archive-write container.export container.commit
endpoints = image.save image.load build.image
[container.create]
images = bb py-* 127.0.0.1:5000/py/*
image-ids = yes
volumes = py-*
[container.update]
fields = Memory MemorySwap
[network.connect]
networks = py-*
[container.archive]
paths = /tmp
'''
DOCKERODE = '''
[allow]
endpoints = container.* exec.* image.* network.* container.attach container.archive-read
[container.create]
images = bb
[image.pull]
images = 127.0.0.1:9/none
[container.archive]
paths = /etc/passwd
'''
TESTCONTAINERS = '''
[allow]
endpoints = system.info system.events container.* exec.* image.* network.* container.archive-write
[container.create]
images = bb docker.io/testcontainers/*
ports = ephemeral
[container.archive]
paths = /
'''
PYTHON_TASKS = (('looks',), ('runs',), ('streams',), ('files',), ('registry', '127.0.0.1:5000/py/bb'), ('objects',))
RYUK = {'TESTCONTAINERS_RYUK_DISABLED': 'false', 'RYUK_CONTAINER_IMAGE': 'testcontainers/ryuk:1'}


def python(c, *task):
    if task[0] == 'registry':
        c.world.registry.reset()
    return c.run('/usr/bin/python3', '-B', '-W', 'ignore', HERE + '/clients_python.py', *task, must=True).stdout.decode()


def node(c, task, env=None):
    if not c.world.npm:
        raise Skip('npm gave no dockerode and testcontainers')
    env = dict({'NODE_PATH': c.world.npm, 'TESTCONTAINERS_RYUK_DISABLED': 'true',
                'TESTCONTAINERS_HOST_OVERRIDE': '127.0.0.1'}, **(env or {}))
    return c.run(shutil.which('node') or 'node', HERE + '/clients_node.js', task, env=env, must=True).stdout.decode()


def danger(c, _, client, task, env, fields):
    """Each dangerous call fails, its error names the field, and no container came of it."""
    c.setup('tag', 'bb', RYUK['RYUK_CONTAINER_IMAGE'])
    out = client(c, task, env) if env else client(c, task)
    lines = [line for line in out.splitlines() if 'sockgate: denied' in line]
    if 'was allowed' in out or len(lines) != len(fields):
        raise Failed('%d of %d were refused: %s' % (len(lines), len(fields), out))
    for line, field in zip(lines, fields):
        if '/HostConfig/' + field not in line or '403' not in line:
            raise Failed('no denial that names %s: %s' % (field, line))
    if c.setup('ps', '-a', '-q'):
        raise Failed('a container is left: %s' % c.setup('ps', '-a'))


CLIENTS = (
    ('docker-py', DOCKER_PY, python, PYTHON_TASKS, (
        ('dangers', None, ('Privileged', 'Binds/0', 'NetworkMode', 'PidMode', 'CapAdd', 'Devices/0')),)),
    ('dockerode', DOCKERODE, node, (('dockerode',),), (
        ('dockerodeDangers', None, ('Privileged', 'Binds/0', 'NetworkMode', 'PidMode', 'CapAdd')),)),
    ('testcontainers', TESTCONTAINERS, node, (('testcontainers',),), (
        ('testcontainersDangers', None, ('Privileged', 'Binds/0', 'NetworkMode', 'CapAdd')),
        ('testcontainersRyuk', RYUK, ('Binds/0',)))),
)


def task_run(c, gate, suite, client, task):
    mark = gate.journal.mark()
    client(c, *task)
    suite.nothing_refused(gate, mark)


def run(suite):
    for name, config, client, tasks, dangers in CLIENTS:
        for task in tasks:
            suite.results.check('policy: %s: %s works under a policy of its own' % (name, task[0]), suite.inside,
                                (name, config), task_run, suite, client, task)
        for task, env, fields in dangers:
            suite.results.check('policy: %s: %s are refused by the names of the fields' % (name, task), suite.inside,
                                (name, config), danger, client, task, env, fields)
