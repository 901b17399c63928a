#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where the time of a run went, and `verbatim bench`."""

import json
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import jsonschema

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'scripts'))
import guest as guests  # noqa: E402  (found only after the line above)

VERBATIM = os.environ['VERBATIM']
GUESTS = os.environ['GUESTS']
PATIENCE_SECONDS = 60
NUMBERS = {'type': 'object', 'additionalProperties': {'type': 'number'}}
BENCH = {
    'type': 'object', 'additionalProperties': False,
    'required': ['verbatim_bench', 'arguments', 'runs', 'counted'],
    'properties': {'verbatim_bench': {'const': 1},
                   'arguments': {'type': 'array', 'items': {'type': 'string'}},
                   'runs': {'type': 'array', 'minItems': 1, 'items': NUMBERS},
                   'counted': NUMBERS}}


def run(*arguments):
    return subprocess.run([VERBATIM, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE_SECONDS, check=False)


def guest(name):
    return os.path.join(GUESTS, name + '.elf')


def rows(table):
    """(seconds, number) by the name of the row."""
    found = {}
    for line in table.splitlines():
        match = re.match(r'(\S.*?)  +([\d.]+)(?:  +[\d.]+ %(?:  +([\d,]+))?)?', line)
        if match:
            found[match[1]] = (float(match[2]), int((match[3] or '0').replace(',', '')))
    return found


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def check_mistake(self, *arguments):
        result = run(*arguments)
        self.assertEqual((result.returncode, result.stdout), (2, ''), arguments)
        self.assertRegex(result.stderr, r'\Averbatim: [^\n]+\n\Z')


class Stats(InFolder):
    def test_the_parts_are_the_whole(self):
        figures = self.path('figures')
        result = run('run', '--kernel', guest('ring3'), '--serial', 'none', f'--stats=time,{figures}')
        self.assertEqual(result.returncode, 1, result.stderr)
        with open(figures, encoding='ascii') as file:
            json_figures = json.load(file)
        wall = json_figures['run']['wall_seconds']
        shown = run('stats', figures)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        found = rows(shown.stdout)
        self.assertAlmostEqual(found['sum'][0], wall, delta=0.05 * wall)
        self.assertAlmostEqual(sum(json_figures['time'].values()), wall, delta=0.05 * wall)
        # The guest spins for three ticks at CPL 3, then sleeps for seven, of 10 ms.
        self.assertGreater(found['generated code at CPL 3'][0], 0.01)
        self.assertGreater(found['halted'][0], 0.03)
        self.assertEqual(found['translation'][1], json_figures['cache']['blocks_translated'])

    def test_a_trace_with_resumes_tells_what_exits_cost(self):
        trace = self.path('trace')
        run('run', '--kernel', guest('ring3'), '--serial', 'none', '--trace',
            f'exits,irq,resumes,format=binary={trace}')
        shown = run('stats', trace)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        found = rows(shown.stdout)
        self.assertGreater(found['halted'][0], 0.03)
        self.assertGreater(found['before events at CPL 3'][0], 0.01)
        self.assertGreater(found['exits: callout'][1], 10)

    def test_mistakes_are_one_line(self):
        plain = self.path('plain')
        run('run', '--kernel', guest('hello'), '--serial', 'none', f'--stats={plain}')
        for contents in ('', '{', '[]', '{"version": 2}', '{"version": 1, "time": 3}',
                         '{"version": 1, "time": {"user_code": "x"}}'):
            with open(self.path('bad'), 'w', encoding='ascii') as file:
                file.write(contents)
            self.check_mistake('stats', self.path('bad'))
        for path in (plain, '/nonexistent', self.folder, guest('hello')):
            self.check_mistake('stats', path)
        self.check_mistake('stats')


# mov al, v; out 0xf4, al: a boot sector that ends the machine with status 2v + 1.
def boot_sector(verdict):
    return bytes([0xB0, verdict, 0xE6, 0xF4]).ljust(510, b'\x90') + b'\x55\xaa'


# A process that counts down in a block of two instructions and exits.
TURNS = 400_000_000
PROGRAM = f"""
bits 32
section .text
global _start
_start:
  mov ecx, {TURNS}
.next:
  dec ecx
  jnz .next
  mov eax, 1
  xor ebx, ebx
  int 0x80
"""


class Bench(InFolder):
    def measure(self, name, *more, runs=3):
        output = self.path(name)
        result = run('bench', '--runs', str(runs), '--output', output, '--serial', 'none', *more)
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        with open(output, encoding='ascii') as file:
            report = json.load(file)
        jsonschema.validate(report, BENCH)
        return result.stdout, report

    def test_a_kernel_is_measured_and_compared(self):
        text, report = self.measure('a', '--kernel', guest('recursion'))
        self.assertEqual(len(report['runs']), 3)
        for part in ('wall', 'host bytes for a guest byte', 'returns predicted', 'exit: link'):
            self.assertIn(part, text)
        counted = report['counted']
        # Six returns of Recurse and two of leaves in each of 8000 rounds, all predicted.
        self.assertGreaterEqual(counted['cache.return_hits'], 8 * 8000)
        self.assertLess(counted['cache.return_misses'], 100)
        # Each round of a leaf's loop is a block of its own, reached by a chained jump.
        self.assertGreater(counted['cache.blocks_executed'], 8000 * 70000)
        same = run('bench', '--compare', self.path('a'), self.path('a'))
        self.assertEqual(same.returncode, 0, same.stderr)
        self.assertNotIn(' changed\n', same.stdout)
        # Without prediction returns go by the table.
        _, other = self.measure('b', guest('recursion'), '--disable-opt', 'returns')
        self.assertEqual(other['counted']['cache.return_hits'], 0)
        self.assertGreaterEqual(other['counted']['cache.table_hits'] +
                                other['counted']['engine.exits_lookup'], 8 * 8000)
        compared = run('bench', '--compare', self.path('a'), self.path('b'))
        self.assertEqual(compared.returncode, 0, compared.stderr)
        self.assertIn('different arguments', compared.stdout)
        self.assertNotIn('returns predicted', compared.stdout)

    def test_a_disk_is_measured(self):
        with open(self.path('disk'), 'wb') as file:
            file.write(boot_sector(5).ljust(1 << 20, b'\0'))
        text, report = self.measure('a', self.path('disk') + ',snapshot=on')
        self.assertTrue(text.startswith('3 runs, which ended with status 11\n'), text)
        self.assertGreater(report['counted']['cache.blocks_executed'], 0)
        # The guest is another one from now on, and that is no noise.
        with open(self.path('disk'), 'r+b') as file:
            file.write(boot_sector(7))
        self.assertIn('status 15', self.measure('b', self.path('disk'))[0])

    def test_a_program_is_measured_on_debians_kernel(self):
        with open(self.path('program.asm'), 'w', encoding='ascii') as file:
            file.write(PROGRAM)
        for command in (['nasm', '-f', 'elf32', 'program.asm', '-o', 'program.o'],
                        ['ld', '-m', 'elf_i386', '-o', 'program', 'program.o']):
            subprocess.run(command, cwd=self.folder, check=True)
        text, report = self.measure('a', '--program', self.path('program'), '--kernel',
                                    str(guests.kernel_path('686')), runs=1)
        self.assertTrue(text.startswith('1 run, which ended with status 0\n'), text)
        self.assertGreater(report['counted']['cache.blocks_executed'], TURNS)
        # No processor takes two turns in a cycle, or has 10 GHz; without the program nothing runs there.
        self.assertGreater(report['runs'][0]['time.user_code'], TURNS / 10e9)

    def test_a_guest_ends_with_who_measures_it(self):
        with open(self.path('disk'), 'wb') as file:
            file.write(b'\xeb\xfe'.ljust(510, b'\0') + b'\x55\xaa')  # jmp $
        with subprocess.Popen([VERBATIM, 'bench', self.path('disk')],
                              stderr=subprocess.PIPE, text=True) as bench:
            children = f'/proc/{bench.pid}/task/{bench.pid}/children'
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not (listed := pathlib.Path(children).read_text(encoding='ascii').split()):
                self.assertLess(time.monotonic(), deadline)
            guest_process = os.pidfd_open(int(listed[0]))
            self.addCleanup(os.close, guest_process)
            bench.terminate()
            ended = select.select([guest_process], [], [], PATIENCE_SECONDS)[0]
            if not ended:
                signal.pidfd_send_signal(guest_process, signal.SIGKILL)
            self.assertTrue(ended)

    def test_a_change_is_told_with_its_interval(self):
        # The example of tests/cli/welch_test.cc, and times that do not differ beyond their spread.
        for name, walls, halted in (('a', (16, 18, 20, 22, 24), (1, 2, 3, 4, 5)),
                                    ('b', (31, 32, 33, 34, 35), (2, 3, 4, 5, 6))):
            runs = [{'run.wall_seconds': wall, 'time.halted': rest}
                    for wall, rest in zip(walls, halted)]
            with open(self.path(name), 'w', encoding='ascii') as file:
                json.dump({'verbatim_bench': 1, 'arguments': [], 'runs': runs, 'counted': {}}, file)
        result = run('bench', '--compare', self.path('a'), self.path('b'))
        self.assertEqual(result.returncode, 0, result.stderr)
        # Means of 20 and 33, 13 +- 3.888.
        self.assertRegex(result.stdout,
                         r'\n  wall +20 +33 +\+65\.0 % +\+45\.6 to \+84\.4 % +changed\n')
        self.assertRegex(result.stdout, r'\n  halted +3 +4 +\+33\.3 % +-43\.\d to \+110\.\d %\n')

    def test_mistakes_are_one_line(self):
        bad = self.path('bad')
        for contents in ('', '{}', '{"verbatim_bench": 2}', '{"verbatim_bench": 1, "runs": []}',
                         '{"verbatim_bench": 1, "runs": [{}], "counted": []}'):
            with open(bad, 'w', encoding='ascii') as file:
                file.write(contents)
            self.check_mistake('bench', '--compare', bad, bad)
        for arguments in ([], ['--runs', '0', 'x'], ['--compare', bad], ['x', '--stats'],
                          ['--compare', bad, bad, 'x'], ['--output', '/nonexistent/x', guest('hello')],
                          ['--program', guest('hello')], ['--kernel', 'x', '--program', '/bin/true'],
                          ['--program', '/etc/passwd', '--kernel', 'x']):
            self.check_mistake('bench', *arguments)


if __name__ == '__main__':
    unittest.main()
