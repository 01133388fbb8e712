# SPDX-License-Identifier: Apache-2.0
"""cases_libs.py - programs: docker-py, dockerode and testcontainers, each task once direct and once through."""
import os
import shutil

from compare import Skip

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON_TASKS = (
    ('looks at everything, and at what is missing', ('looks',)),
    ('runs, execs, stops, renames, updates', ('runs',)),
    ('follows logs, attaches, reads events and stats', ('streams',)),
    ('archives, export, commit, save, load, build', ('files',)),
    ('pushes and pulls with a local registry', ('registry', '127.0.0.1:5000/py/bb')),
    ('networks, volumes, prune', ('objects',)),
)


def python_case(version, task):
    def function(c):
        if task[0] == 'registry':
            c.world.registry.reset()
        env = {} if version == 5 else {'PYTHONPATH': c.world.trixie + '/usr/lib/python3/dist-packages'}
        c.run('/usr/bin/python3', '-B', '-W', 'ignore', HERE + '/clients_python.py', *task, env=env, must=True)
        if not c.transcript[-1].splitlines()[2].startswith('%d.' % version):
            raise AssertionError('this is not docker-py %d: %s' % (version, c.transcript[-1]))
    return function


def node_case(task):
    def function(c):
        modules = c.world.npm
        if not modules:
            raise Skip('npm gave no dockerode and testcontainers')
        env = {'NODE_PATH': modules, 'TESTCONTAINERS_RYUK_DISABLED': 'true', 'TESTCONTAINERS_HOST_OVERRIDE': '127.0.0.1'}
        c.run(shutil.which('node') or 'node', HERE + '/clients_node.js', task, env=env, must=True)
    return function


def cases(version):
    listed = [('docker-py %d %s' % (version, name), python_case(version, task)) for name, task in PYTHON_TASKS]
    listed.append(('dockerode runs, attaches, execs, follows, restarts', node_case('dockerode')))
    listed.append(('testcontainers starts, waits, execs, copies, stops', node_case('testcontainers')))
    return listed
