#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What --perf-map and --jitdump write: read here, and by perf itself where the host lets it record."""

import os
import re
import struct
import subprocess
import tempfile
import unittest

VERBATIM = os.environ['VERBATIM']
GUESTS = os.environ['GUESTS']
PATIENCE_SECONDS = 60
GUEST = os.path.join(GUESTS, 'recursion.elf')
RUN = [VERBATIM, 'run', '--kernel', GUEST, '--serial', 'none', '--memory', '16M', '--symbols', GUEST]
PERF = ['perf', 'record', '--quiet', '-k', 'mono', '-e', 'cpu-clock:u', '-F', '1000', '-o']
LOAD, CLOSE = 0, 3


def run(*arguments, **options):
    return subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE_SECONDS, check=False, **options)


def read_map(path):
    """(start, size, name) of each line."""
    with open(path, encoding='ascii') as file:
        fields = [line.rstrip('\n').split(' ', 2) for line in file]
    return [(int(start, 16), int(size, 16), name) for start, size, name in fields]


def read_dump(path):
    """(type, time, contents) of each record; Linux: jitdump-specification.txt."""
    with open(path, 'rb') as file:
        data = file.read()
    magic, version, at, machine, _, pid, time, flags = struct.unpack_from('<IIIIIIQQ', data)
    if (magic, version, at, machine, flags) != (0x4A695444, 1, 40, 62, 0):
        raise ValueError('not a jitdump header of x86-64')
    records = []
    while at < len(data):
        kind, size, when = struct.unpack_from('<IIQ', data, at)
        if size < 16 or at + size > len(data) or when < time:
            raise ValueError(f'a record of {size} bytes at {at}')
        records.append((kind, when, data[at + 16:at + size]))
        at, time = at + size, when
    return pid, records


def read_load(contents):
    pid, _, address, where, size, index = struct.unpack_from('<IIQQQQ', contents)
    end = contents.index(b'\0', 40)
    return {'pid': pid, 'address': address, 'where': where, 'index': index,
            'name': contents[40:end].decode(), 'code': contents[end + 1:], 'size': size}


class Perf(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        probe = run(*PERF, self.path('probe'), 'true')
        # A container may forbid it; a host with it must report the right names.
        self.may_record = probe.returncode == 0
        if not self.may_record:
            self.assertRegex(probe.stderr, r'ermission|perf_event|No such file|not permitted')

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *options, data='perf.data'):
        """Runs the guest under perf, or without; the process id of the run."""
        command = [*RUN, '--stats=' + self.path('stats.json'), *options]
        if self.may_record:
            command = [*PERF, self.path(data), *command]
        with subprocess.Popen(['sh', '-c', 'exec "$@"', 'sh', *command], cwd=self.folder,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(process.returncode, 1, errors)

    def names_in_report(self, data):
        report = run('perf', 'report', '--stdio', '-F', 'overhead,sym', '-i', self.path(data))
        self.assertEqual(report.returncode, 0, report.stderr)
        found = {}
        for share, name in re.findall(r'^ *([\d.]+)% +\[\.\] (.+?) *$', report.stdout, re.M):
            found[name] = found.get(name, 0) + float(share)
        return found

    def check_report(self, data):
        shares = self.names_in_report(data)
        in_leaf = {leaf: sum(share for name, share in shares.items() if name.startswith(leaf))
                   for leaf in ('QuarterLeaf', 'RestLeaf')}
        # The guest's own count is 1 to 3; start-up code takes its part of the rest.
        self.assertGreater(in_leaf['QuarterLeaf'], 5, shares)
        self.assertGreater(in_leaf['RestLeaf'], 1.5 * in_leaf['QuarterLeaf'], shares)

    def test_the_map_names_blocks_by_symbol_and_address(self):
        before = set(os.listdir('/tmp'))
        self.start('--perf-map')
        added = [name for name in set(os.listdir('/tmp')) - before
                 if re.fullmatch(r'perf-\d+\.map', name)]
        maps = [name for name in added
                if any(symbol.startswith('QuarterLeaf') for _, _, symbol in read_map('/tmp/' + name))]
        self.assertEqual(len(maps), 1, added)
        path = '/tmp/' + maps[0]
        self.addCleanup(os.remove, path)
        entries = read_map(path)
        for (start, size, _), (following, _, _) in zip(entries, entries[1:]):
            self.assertLessEqual(start + size, following)
        names = [name for _, _, name in entries]
        self.assertIn('verbatim:dispatch', names)
        symbols = dict(reversed(line.split(' T ' if ' T ' in line else ' t '))
                       for line in run('nm', GUEST).stdout.splitlines() if ' t ' in line.lower())
        address = symbols['RestLeaf']
        self.assertIn(f'RestLeaf [{address} kernel]', names)
        if self.may_record:
            self.check_report('perf.data')

    def test_the_dump_holds_names_and_code_in_the_order_of_time(self):
        self.start('--jitdump')
        dumps = [name for name in os.listdir(self.folder) if re.fullmatch(r'jit-\d+\.dump', name)]
        self.assertEqual(len(dumps), 1)
        pid, records = read_dump(self.path(dumps[0]))
        self.assertEqual(dumps[0], f'jit-{pid}.dump')
        self.assertEqual([kind for kind, _, _ in records], [LOAD] * (len(records) - 1) + [CLOSE])
        loads = [read_load(contents) for _, _, contents in records[:-1]]
        self.assertEqual([load['index'] for load in loads], list(range(1, len(loads) + 1)))
        for load in loads:
            self.assertEqual((load['pid'], load['where']), (pid, load['address']))
            self.assertEqual(len(load['code']), load['size'], load['name'])
        # The code of the block is a copy of the guest's: mov ecx, 60000.
        leaf = [load for load in loads if load['name'].startswith('RestLeaf [')]
        self.assertEqual(len(leaf), 1)
        self.assertIn(bytes([0xB9]) + struct.pack('<I', 60000), leaf[0]['code'])
        if self.may_record:
            injected = run('perf', 'inject', '--jit', '-i', self.path('perf.data'), '-o',
                           self.path('injected.data'), cwd=self.folder)
            self.assertEqual(injected.returncode, 0, injected.stderr)
            self.check_report('injected.data')

    def test_a_link_in_the_place_of_the_dump_is_not_followed(self):
        victim = self.path('victim')
        with open(victim, 'w', encoding='ascii') as file:
            file.write('precious')
        with subprocess.Popen(['sh', '-c', 'ln -s victim jit-$$.dump; exec "$@"', 'sh', *RUN,
                               '--jitdump'], cwd=self.folder, stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True) as process:
            _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(process.returncode, 2)
        self.assertRegex(errors, r'\Averbatim: --jitdump: [^\n]+: cannot be created: [^\n]+\n\Z')
        with open(victim, encoding='ascii') as file:
            self.assertEqual(file.read(), 'precious')

    def test_what_cannot_be_written_is_one_line(self):
        for option in ('--jitdump=/nonexistent', '--jitdump=' + GUEST):
            result = run(*RUN, option, cwd=self.folder)
            self.assertEqual(result.returncode, 2, option)
            self.assertRegex(result.stderr, r'\Averbatim: --jitdump[^\n]+\n\Z')


if __name__ == '__main__':
    unittest.main()
