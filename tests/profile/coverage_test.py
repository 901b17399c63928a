#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Coverage in drcov format, read by a reader of its own and compared with what single steps by the
debugger's protocol show; time lines for Perfetto, compared with the trace they are made of."""

import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest

import jsonschema

sys.path.insert(0, os.environ['GDB_TESTS'])
import remote  # noqa: E402  (found only after the line above)
sys.path.insert(0, os.environ['EXAMPLES'])
import read_trace  # noqa: E402

VERBATIM = os.environ['VERBATIM']
GUESTS = os.environ['GUESTS']
PATIENCE_SECONDS = 60

TIME_LINE = {
    'type': 'object', 'required': ['traceEvents', 'displayTimeUnit'],
    'properties': {
        'displayTimeUnit': {'enum': ['ms', 'ns']},
        'traceEvents': {'type': 'array', 'items': {
            'type': 'object', 'required': ['ph', 'name', 'pid'],
            'properties': {'ph': {'enum': ['M', 'X', 'i', 'C']}, 'name': {'type': 'string'},
                           'pid': {'type': 'integer'}, 'tid': {'type': 'integer'},
                           'ts': {'type': 'number', 'minimum': 0},
                           'dur': {'type': 'number', 'exclusiveMinimum': 0},
                           'args': {'type': 'object'}},
            'allOf': [
                {'if': {'properties': {'ph': {'const': 'X'}}},
                 'then': {'required': ['ts', 'dur', 'tid']}},
                {'if': {'properties': {'ph': {'const': 'i'}}},
                 'then': {'required': ['ts', 'tid', 'cat', 's']}},
                {'if': {'properties': {'ph': {'const': 'C'}}},
                 'then': {'required': ['ts', 'args']}}]}}}}


def run(*arguments):
    return subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=PATIENCE_SECONDS, check=False)


def guest(name):
    return os.path.join(GUESTS, name + '.elf')


def read_drcov(data):
    """The modules as (base, end, path) and the blocks as (module, offset, size)."""
    head = rb'DRCOV VERSION: 2\nDRCOV FLAVOR: [^\n]+\nModule Table: version 2, count (\d+)\n'
    match = re.match(head + rb'Columns: id, base, end, entry, checksum, timestamp, path\n', data)
    modules = []
    at = match.end()
    for number in range(int(match[1])):
        end = data.index(b'\n', at)
        fields = [field.strip() for field in data[at:end].decode().split(',')]
        if int(fields[0]) != number:
            raise ValueError('modules out of order')
        modules.append((int(fields[1], 16), int(fields[2], 16), fields[6]))
        at = end + 1
    match = re.compile(rb'BB Table: (\d+) bbs\n').match(data, at)
    table = data[match.end():]
    if len(table) != 8 * int(match[1]):
        raise ValueError('the table of blocks has another size than it says')
    blocks = [(module, offset, size) for offset, size, module in struct.iter_unpack('<IHH', table)]
    if any(module >= len(modules) for module, _, _ in blocks):
        raise ValueError('a block of no module')
    return modules, blocks


def covered_bytes(data):
    modules, blocks = read_drcov(data)
    return {modules[module][0] + offset + i for module, offset, size in blocks
            for i in range(size)}


def instruction_lengths(path):
    listing = run('objdump', '-d', '--insn-width=15', path).stdout.decode()
    return {int(address, 16): len(code.split()) for address, code in
            re.findall(r'^ +([0-9a-f]+):\t((?:[0-9a-f]{2} )+)', listing, re.M)}


def stepped_bytes(path):
    """Of the instructions that the debugger's steps stop in front of."""
    lengths = instruction_lengths(path)
    executed = set()
    with remote.Guest('--kernel', path, '--serial', 'none', '--memory', '16M') as machine:
        with machine.connect() as debugger:
            while True:
                eip = debugger.register('eip')
                # The machine has been switched off by the instruction before.
                if debugger.ask('s').startswith('W'):
                    return executed
                executed.update(range(eip, eip + lengths[eip]))


class Coverage(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, 'file')

    def read(self):
        with open(self.path, 'rb') as file:
            return file.read()

    def cover(self, name, *more):
        result = run(VERBATIM, 'run', '--kernel', guest(name), '--serial', 'none', '--memory', '16M',
                     '--validate', '--coverage', self.path, *more)
        self.assertEqual((result.returncode, result.stderr), (1, b''))
        return self.read()

    def in_image(self, data, path):
        (base, end, name), *_ = read_drcov(data)[0]
        self.assertEqual(name, path)
        return {address for address in covered_bytes(data) if base <= address < end}

    def test_a_run_covers_exactly_what_single_steps_meet(self):
        path = guest('hello')
        self.assertEqual(self.in_image(self.cover('hello'), path), stepped_bytes(path))

    def test_code_that_is_never_reached_is_not_covered(self):
        data = self.cover('recursion', '--append', '1', '--symbols', guest('recursion'))
        covered = self.in_image(data, guest('recursion'))
        symbols = {line.split()[2]: int(line.split()[0], 16)
                   for line in run('nm', guest('recursion')).stdout.decode().splitlines()}
        for name in ('Start', 'Recurse', 'Recurse.bottom', 'QuarterLeaf', 'RestLeaf.spin'):
            self.assertIn(symbols[name], covered, name)
        for name in ('NeverCalled', 'Recurse.negative'):
            self.assertNotIn(symbols[name], covered, name)

    def test_user_and_kernel_code_outside_of_an_image_have_modules(self):
        symbols = self.path + '.map'
        with open(symbols, 'w', encoding='ascii') as file:
            file.write('c0000000 T elsewhere\n')
        modules, blocks = read_drcov(self.cover('ring3', '--symbols', symbols))
        self.assertEqual([name for _, _, name in modules], ['guest-kernel', 'guest-user'])
        for module in (0, 1):
            self.assertGreater(sum(size for number, _, size in blocks if number == module), 20)

    def test_a_trace_covers_what_the_run_covers(self):
        trace = self.path + '.trace'
        for name in ('hello', 'recursion'):
            from_run = self.in_image(self.cover(name, '--append', '1'), guest(name))
            run(VERBATIM, 'run', '--kernel', guest(name), '--serial', 'none', '--memory', '16M',
                '--append', '1', '--trace', f'exec,exits,irq,exceptions={trace}')
            result = run(VERBATIM, 'trace', trace, '--format', 'drcov', '--symbols', guest(name))
            self.assertEqual((result.returncode, result.stderr), (0, b''))
            self.assertEqual(self.in_image(result.stdout, guest(name)), from_run, name)

    def test_mistakes_and_full_disks_are_one_line(self):
        base = [VERBATIM, 'run', '--kernel', guest('hello'), '--serial', 'none', '--coverage']
        for value in ('', '/nonexistent/x', '/dev/full'):
            result = run(*base, value)
            self.assertEqual(result.returncode, 2, value)
            self.assertRegex(result.stderr, rb'\Averbatim: --coverage[^\n]+\n\Z')


class TimeLine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, 'trace')
        run(VERBATIM, 'run', '--kernel', guest('ring3'), '--serial', 'none', '--trace',
            f'exec,exits,irq,exceptions,resumes,format=binary={self.path}')

    def events(self, *options):
        result = run(VERBATIM, 'trace', self.path, '--format', 'chrome', *options)
        self.assertEqual((result.returncode, result.stderr), (0, b''))
        line = json.loads(result.stdout)
        jsonschema.validate(line, TIME_LINE)
        return line['traceEvents']

    def test_it_has_each_event_of_the_trace_at_its_time(self):
        expected = [(item['category'], item['event'], item['time_ns'], f"{item['address']:08x}")
                    for kind, item in read_trace.read(self.path) if kind == 'event']
        shown = [(event['cat'], event['name'], round(event['ts'] * 1000), event['args']['address'])
                 for event in self.events() if event['ph'] == 'i']
        self.assertGreater(len(expected), 100)
        self.assertEqual(shown, expected)

    def test_slices_of_the_processor_follow_each_other(self):
        slices = [event for event in self.events() if event['ph'] == 'X']
        self.assertEqual({piece['name'] for piece in slices}, {'user', 'kernel', 'engine', 'halted'})
        for piece, following in zip(slices, slices[1:]):
            self.assertLessEqual(round((piece['ts'] + piece['dur']) * 1000),
                                 round(following['ts'] * 1000))

    def test_filters_are_those_of_show(self):
        shown = [event for event in self.events('--show', 'irq,cpl=3,count=2') if event['ph'] == 'i']
        self.assertEqual([(event['cat'], event['args']['cpl']) for event in shown], [('irq', 3)] * 2)

    def test_mistakes_are_one_line(self):
        for arguments in (['--format', 'png'], ['--format', 'chrome', '--summary']):
            result = run(VERBATIM, 'trace', self.path, *arguments)
            self.assertEqual((result.returncode, result.stdout), (2, b''))
            self.assertRegex(result.stderr, rb'\Averbatim: [^\n]+\n\Z')
        with open('/dev/full', 'wb') as full:
            status = subprocess.run([VERBATIM, 'trace', self.path, '--format', 'chrome'],
                                    stdout=full, stderr=subprocess.DEVNULL, check=False).returncode
        self.assertEqual(status, 2)


if __name__ == '__main__':
    unittest.main()
