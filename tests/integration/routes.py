# SPDX-License-Identifier: Apache-2.0
"""routes.py - the endpoint tables of tests/data as python objects, with a sample request for each row."""
import os
import re

from harness import DATA

JSON_BODIES = {'container.create', 'container.update', 'exec.create', 'exec.start', 'network.create', 'network.connect',
               'network.disconnect', 'volume.create', 'volume.update', 'system.auth', 'swarm.init', 'swarm.join', 'swarm.update',
               'swarm.unlock', 'service.create', 'service.update', 'node.update', 'secret.create', 'secret.update', 'config.create',
               'config.update', 'container.commit', 'plugin.set', 'plugin.pull', 'plugin.upgrade', 'container.checkpoint-create'}
TAR_BODIES = {'container.archive-write', 'image.load', 'build.image', 'plugin.create'}
SAMPLE_QUERY = {'container.archive-read': 'path=/data/x', 'container.archive-write': 'path=/data/x',
                'container.archive-stat': 'path=/data/x', 'image.pull': 'fromImage=alpine&tag=3', 'container.rename': 'name=web-2',
                'container.attach': 'stream=1&stdout=1'}


class Row:
    def __init__(self, columns):
        self.name, self.level, self.method, self.template = columns[:4]
        self.kind = columns[8]
        self.pattern = re.compile('^' + re.sub(r'\\\{[^}]*\\\}', '(?:.+)', re.escape(self.template).replace('\\:', ':')
                                               .replace('\\.', '.')) + '$')

    def is_grantable(self):
        return self.level != 'never' and not self.template.endswith('/')

    def path(self):
        group = self.template.split('/')[1]
        slot = {'images': 'alpine:3', 'distribution': 'alpine:3', 'plugins': 'vieux/sshfs:latest'}.get(group, 'web-1')
        return re.sub(r'\{[^}]*\}', slot, self.template)

    def sample(self):
        """(method, target, headers, body) of a plain request to this row."""
        query = SAMPLE_QUERY.get(self.name, '')
        headers, body = [], None
        if self.name in JSON_BODIES:
            headers, body = [('Content-Type', 'application/json')], b'{}'
        elif self.name in TAR_BODIES:
            headers, body = [('Content-Type', 'application/x-tar')], b'tar'
        elif self.method in ('POST', 'PUT'):
            body = b''
        return self.method, self.path() + ('?' + query if query else ''), headers, body


def rows():
    with open(os.path.join(DATA, 'endpoints.tsv'), encoding='utf-8') as f:
        lines = [x.rstrip('\n').split('\t') for x in f if not x.startswith('#')]
    return [Row(x) for x in lines[1:] if len(x) > 8]


def query_keys():
    """Known query keys of each operation."""
    keys = {}
    with open(os.path.join(DATA, 'query-fields.tsv'), encoding='utf-8') as f:
        for line in f:
            if not line.startswith('#'):
                name, key = line.split('\t')[:2]
                keys.setdefault(name, set()).add(key)
    return keys


def find(method, path, table):
    """The row of a path without its version: literal paths before patterns, as the engine registers them."""
    found = [r for r in table if r.method == method and r.pattern.match(path) and r.level != 'never']
    exact = [r for r in found if '{' not in r.template]
    return (exact or found or [None])[0]
