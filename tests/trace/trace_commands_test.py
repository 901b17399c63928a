#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`verbatim block` against objdump; `verbatim trace` against examples/read_trace.py; bad files."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

VERBATIM = os.environ['VERBATIM']
GUESTS = os.environ['GUESTS']
READER = os.environ['READER']
PATIENCE_SECONDS = 60


def run(*arguments):
    return subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE_SECONDS, check=False)


def guest(name):
    return os.path.join(GUESTS, name + '.elf')


class Block(unittest.TestCase):
    def guest_side(self, *arguments):
        """(address, bytes, mnemonic) of the guest's instructions that `verbatim block` shows."""
        result = run(VERBATIM, 'block', *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        pattern = re.compile(r'^  ([0-9a-f]{8})  ((?:[0-9a-f]{2} )+) *(\S+)', re.M)
        return [(int(address, 16), code.split(), mnemonic)
                for address, code, mnemonic in pattern.findall(result.stdout)]

    def test_the_guest_side_is_what_objdump_says(self):
        listing = run('objdump', '-d', '-M', 'intel', '--insn-width=15', guest('hello')).stdout
        pattern = re.compile(r'^ +([0-9a-f]+):\t((?:[0-9a-f]{2} )+) *\t(\S+)', re.M)
        expected = {int(address, 16): (code.split(), mnemonic)
                    for address, code, mnemonic in pattern.findall(listing)}
        shown = []
        for symbol in ('InitSerial', 'PrintText', 'PrintHex', 'Start'):
            shown += self.guest_side('--file', guest('hello'), symbol, '--blocks', '2')
        self.assertGreater(len(shown), 30)
        # What the two call otherwise.
        names = {'pusha': 'pushal', 'popa': 'popal', 'lods': 'lodsb'}
        for address, code, mnemonic in shown:
            code_there, mnemonic_there = expected[address]
            self.assertEqual(code, code_there)
            self.assertEqual(mnemonic, names.get(mnemonic_there, mnemonic_there))

    def test_assembly_is_taken(self):
        shown = self.guest_side('--asm', 'push ebp; mov ebp, esp; cli; rep movsd; iret')
        self.assertEqual([mnemonic for _, _, mnemonic in shown],
                         ['push', 'mov', 'cli', 'rep', 'iretd'])

    def test_mistakes_are_one_line(self):
        for arguments in (['xyz'], [], ['b8', '01'], ['--file', '/nonexistent'],
                          ['--file', guest('hello'), 'Nowhere'], ['--asm', 'nonsense x'],
                          ['--bits', '64', '90'], ['--cpl', '4', '90'], ['--at', 'x', '90'],
                          ['--blocks', '0', '90'], ['--file', guest('hello'), 'ff000000']):
            result = run(VERBATIM, 'block', *arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertEqual(result.stdout, '')
            self.assertRegex(result.stderr, r'verbatim: [^\n]+\n\Z')


class Trace(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, 'trace')

    def record(self, words, *more):
        return run(VERBATIM, 'run', '--kernel', guest('ring3'), '--serial', 'none', '--validate',
                   '--trace', words, *more)

    def test_the_python_reader_sees_what_the_command_shows(self):
        self.assertEqual(self.record(f'exec,irq,exceptions,count=20000={self.path}').returncode, 1)
        shown = run(VERBATIM, 'trace', self.path, '--show', 'exec')
        self.assertEqual(shown.returncode, 0, shown.stderr)
        expected = [line[:13] for line in shown.stdout.splitlines()]
        read = run(sys.executable, READER, self.path)
        self.assertEqual(read.returncode, 0, read.stderr)
        lines = read.stdout.splitlines()
        self.assertEqual([line for line in lines if line.startswith('exec')], expected)
        self.assertGreater(len(expected), 100)
        self.assertTrue(any(line.startswith('exceptions ') for line in lines))
        # Both refuse the same file when it was cut off.
        with open(self.path, 'r+b') as file:
            file.truncate(os.path.getsize(self.path) - 3)
        for result in (run(VERBATIM, 'trace', self.path), run(sys.executable, READER, self.path)):
            self.assertNotEqual(result.returncode, 0)
            self.assertIn('cut off', result.stderr)

    def test_figures(self):
        self.record(f'exec,exits,format=binary={self.path}')
        summary = run(VERBATIM, 'trace', self.path, '--summary', '--symbols', guest('ring3'))
        self.assertEqual(summary.returncode, 0, summary.stderr)
        for part in ('hottest entries', 'PrintCharacter', 'instruction mix', 'ident',
                     'callout out'):
            self.assertIn(part, summary.stdout)

    def test_a_reader_that_goes_away_leaves_the_guest_alone(self):
        fifo = os.path.join(self.folder.name, 'fifo')
        os.mkfifo(fifo)
        with subprocess.Popen(['head', '-c', '100', fifo], stdout=subprocess.DEVNULL):
            result = self.record(f'all,format=json={fifo}')
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stderr, r'\A[^\n]*cannot be written: Broken pipe[^\n]*\n\Z')

    def test_bad_files_are_one_line(self):
        for path in ('/nonexistent', guest('hello'), self.folder.name):
            result = run(VERBATIM, 'trace', path)
            self.assertEqual(result.returncode, 2)
            self.assertRegex(result.stderr, r'\Averbatim: [^\n]+\n\Z')
            self.assertIn(path, result.stderr)
        self.record(f'exec={self.path}')
        for words in ('nonsense', 'exec,cpl=4', 'addr=9-5,exec', 'addr=Nowhere,exec'):
            result = run(VERBATIM, 'trace', self.path, '--show', words)
            self.assertEqual((result.returncode, result.stdout), (2, ''))
            self.assertRegex(result.stderr, r"\Averbatim: --show [^\n]+\n\Z")
        self.assertEqual(self.record('io=/nonexistent/trace').returncode, 2)
        result = self.record('io', '--symbols', '/nonexistent')
        self.assertEqual(result.returncode, 2)
        self.assertIn('--symbols', result.stderr)


if __name__ == '__main__':
    unittest.main()
