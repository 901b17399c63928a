#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--profile: the stacks of a guest whose calls and shares of time are known."""

import os
import re
import subprocess
import tempfile
import unittest

VERBATIM = os.environ['VERBATIM']
GUESTS = os.environ['GUESTS']
PATIENCE_SECONDS = 60
GUEST = os.path.join(GUESTS, 'recursion.elf')
RUN = [VERBATIM, 'run', '--kernel', GUEST, '--serial', 'none', '--memory', '16M']
DEPTH = 6  # of Recurse


def run(*arguments):
    return subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE_SECONDS, check=False)


class Profile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, 'folded')

    def functions(self):
        """The guest's symbols without its local labels, as a System.map."""
        path = self.path + '.map'
        with open(path, 'w', encoding='ascii') as file:
            file.writelines(line + '\n' for line in run('nm', GUEST).stdout.splitlines()
                            if '.' not in line.split()[-1] and line.split()[1] in 'tT')
        return path

    def stacks(self):
        with open(self.path, encoding='ascii') as file:
            lines = [re.fullmatch(r'(.+) (\d+)\n', line) for line in file]
        self.assertTrue(all(lines))
        return {match[1]: int(match[2]) for match in lines}

    def test_stacks_and_shares_are_those_of_the_guest(self):
        result = run(*RUN, f'--profile={self.path},hz=2000', '--symbols', self.functions())
        self.assertEqual((result.returncode, result.stderr), (1, ''))
        stacks = self.stacks()
        total = sum(stacks.values())
        self.assertGreater(total, 200)
        callers = 'kernel;Start;' + 'Recurse;' * DEPTH
        quarter = stacks.get(callers + 'QuarterLeaf', 0)
        rest = stacks.get(callers + 'RestLeaf', 0)
        self.assertGreater(quarter + rest, 0.9 * total, stacks)
        self.assertGreater(rest, 2 * quarter, stacks)
        self.assertLess(rest, 4.5 * quarter, stacks)
        # Nothing deeper than the guest goes.
        self.assertFalse([stack for stack in stacks if stack.count('Recurse') > DEPTH])

    def test_without_symbols_frames_are_addresses(self):
        result = run(*RUN, f'--profile={self.path}')
        self.assertEqual(result.returncode, 1, result.stderr)
        deepest = max(self.stacks(), key=len)
        self.assertRegex(deepest, r'\Akernel(;\[[0-9a-f]{8} kernel\])+\Z')
        self.assertEqual(deepest.count(';'), DEPTH + 2)

    def test_a_halted_guest_is_said_to_be(self):
        guest = os.path.join(GUESTS, 'ring3.elf')
        result = run(VERBATIM, 'run', '--kernel', guest, '--serial', 'none', '--symbols', guest,
                     f'--profile={self.path}')
        self.assertEqual(result.returncode, 1, result.stderr)
        stacks = self.stacks()
        self.assertTrue(any(stack.endswith(';halted') for stack in stacks), stacks)
        self.assertTrue(any(stack.startswith('user cr3=') for stack in stacks), stacks)

    def test_mistakes_and_full_disks_are_one_line(self):
        for value in ('', ',hz=5', 'x,hz=0', 'x,hz=10001', 'x,hz=', 'x,hz=5x', 'x,y',
                      '/nonexistent/x'):
            result = run(*RUN, '--profile', value)
            self.assertEqual(result.returncode, 2, value)
            self.assertRegex(result.stderr, r'\Averbatim: --profile[^\n]+\n\Z')
        result = run(*RUN, '--profile=/dev/full')
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stderr, r'\Averbatim: --profile: /dev/full: cannot be written: [^\n]+\n\Z')


if __name__ == '__main__':
    unittest.main()
