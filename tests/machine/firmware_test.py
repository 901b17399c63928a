#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A ROM that the user brings starts at the reset vector, with shadow RAM, INIT and resets as on a PC."""

import os
import pathlib
import subprocess
import tempfile
import unittest

VERBATIM = os.environ['VERBATIM']
ROM = pathlib.Path(os.environ['ROM'])
PATIENCE_SECONDS = 60
PASSED = 0x2A * 2 + 1
BEFORE_RESET = 'power-on\ninit\ntriple fault\n'


def run(firmware, *arguments):
    return subprocess.run(
        [VERBATIM, 'run', '--firmware', firmware, '--memory', '16M', *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_SECONDS,
        check=False)


class Firmware(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)

    def check_refused(self, rom, *parts):
        result = run(rom)
        self.assertEqual((result.returncode, result.stdout), (2, ''))
        self.assertRegex(result.stderr, r'\Averbatim: [^\n]+\n\Z')
        for part in parts:
            self.assertIn(part, result.stderr)

    def test_a_rom_runs_from_the_reset_vector(self):
        result = run(ROM)
        self.assertEqual(result.stdout, BEFORE_RESET + 'reset\n', result.stderr)
        self.assertEqual(result.returncode, PASSED)

    def test_without_reboots_a_reset_of_all_ends_the_run_and_a_way_back_to_real_mode_does_not(self):
        result = run(ROM, '--no-reboot')
        self.assertEqual(result.stdout, BEFORE_RESET, result.stderr)
        self.assertEqual(result.returncode, 0)

    def test_the_end_of_a_large_rom_is_seen_below_1_mib(self):
        large = self.scratch / 'large'
        large.write_bytes(bytes((8 << 20) - ROM.stat().st_size) + ROM.read_bytes())
        result = run(large)
        self.assertEqual(result.stdout, BEFORE_RESET + 'reset\n', result.stderr)

    def test_what_is_no_rom_is_refused(self):
        odd = self.scratch / 'odd'
        odd.write_bytes(bytes((64 << 10) + 1))
        self.check_refused(odd, str(odd), 'not a firmware image', 'multiple of 4096')
        odd.write_bytes(bytes(60 << 10))
        self.check_refused(odd, str(odd), 'not a firmware image')
        odd.write_bytes(bytes((8 << 20) + 4096))
        self.check_refused(odd, str(odd))
        self.check_refused('/nonexistent', '/nonexistent', 'cannot be read')
        self.check_refused(f'{ROM},vgabios=/nonexistent', '/nonexistent', 'cannot be read')
        self.check_refused(f'{ROM},vgabois=x', 'vgabios=PATH')


if __name__ == '__main__':
    unittest.main()
