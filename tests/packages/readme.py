# SPDX-License-Identifier: Apache-2.0
"""readme.py - the commands and files of README.md, as a reader would take them over.

An indented block is either commands, or a file whose path stands before it, or a part of a compose
file, or an answer. Whoever changes the README changes what is tested.
"""
import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ITEM = re.compile(r'[0-9]+\. ')


class Block:
    def __init__(self, before, text):
        self.text = text
        paths = re.findall(r'`(/etc/[^`]+)`', before)
        self.path = paths[-1] if paths else None
        first = text.split('\n', 1)[0]
        self.kind = ('file' if first.startswith('[') else 'compose' if first.startswith('services:') else
                     'answer' if first.startswith('Error response') else 'commands')


def section(title):
    with open(os.path.join(TOP, 'README.md'), encoding='utf-8') as f:
        text = f.read()
    return re.search(r'^## %s\n(.*?)(?=^## |\Z)' % re.escape(title), text, re.M | re.S).group(1)


def blocks(title):
    """The blocks of a section: four columns deeper than their text, which may be an item of a list."""
    found, before, lines, depth = [], '', [], 0
    for line in section(title).split('\n') + ['end']:
        is_deep = line.startswith(' ' * (depth + 4))
        if lines and (is_deep or not line):
            lines.append(line)
            continue
        if lines:
            found.append(Block(before, '\n'.join(x[depth + 4:] for x in lines).rstrip('\n') + '\n'))
            before, lines = '', []
        if ITEM.match(line):
            depth = 3
        elif line and not line.startswith(' '):
            depth = 0
        if line.startswith(' ' * (depth + 4)):
            lines = [line]
        elif line:
            before += ' ' + line
    return found
