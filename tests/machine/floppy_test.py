#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guest that drives its floppy controller by DMA and by port, and the option --floppy."""

import os
import pathlib
import struct
import subprocess
import tempfile
import unittest

VERBATIM = os.environ['VERBATIM']
GUESTS = pathlib.Path(os.environ['GUESTS'])
PATIENCE_SECONDS = 60
SECTOR = 512
FACTOR = 0x9E3779B1
TRACK = (40 * 2 + 1) * 18  # cylinder 40, head 1


def pattern(sectors, first=0):
    words = range(first * 128, (first + sectors) * 128)
    return b''.join(struct.pack('<I', n * FACTOR & 0xFFFFFFFF) for n in words)


def run(*arguments):
    return subprocess.run(
        [VERBATIM, 'run', '--kernel', GUESTS / 'floppy.elf', '--memory', '16M', '--no-reboot',
         '--timeout', '20', *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_SECONDS,
        check=False)


class Floppy(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.image = pathlib.Path(scratch.name) / 'floppy.img'
        self.original = pattern(2880)
        self.image.write_bytes(self.original)

    def check_passes(self, *arguments):
        result = run(*arguments)
        self.assertEqual(result.stdout, 'floppy: all passed\n', result.stderr)
        self.assertEqual(result.returncode, 1)

    def check_refused(self, arguments, *parts):
        result = run(*arguments)
        self.assertEqual((result.returncode, result.stdout), (2, ''))
        self.assertRegex(result.stderr, r'\Averbatim: [^\n]+\n\Z')
        for part in parts:
            self.assertIn(part, result.stderr)

    def test_what_the_guest_writes_is_in_the_image(self):
        self.check_passes('--floppy', self.image)
        written = (TRACK + 16) * SECTOR
        expected = (self.original[:written] + pattern(2, TRACK) +
                    self.original[written + 2 * SECTOR:])
        self.assertEqual(self.image.read_bytes(), expected)

    def test_a_snapshot_leaves_the_image_alone(self):
        self.image.chmod(0o444)
        self.check_passes('--floppy', f'{self.image},snapshot=on')
        self.assertEqual(self.image.read_bytes(), self.original)

    def test_a_read_only_disk_is_protected(self):
        result = run('--floppy', f'{self.image},readonly')
        self.assertEqual(result.stdout, 'bad status of a write\nbad data after a write\n')
        self.assertEqual(self.image.read_bytes(), self.original)

    def test_what_is_no_floppy_disk_is_refused(self):
        large = self.image.with_name('large.img')
        large.write_bytes(bytes(2880 * 1024 + 1))
        self.check_refused(['--floppy', large], str(large), 'not a floppy disk', '2.88 MB')
        self.check_refused(['--floppy', '/nonexistent'], '/nonexistent', 'No such file')
        self.check_refused(['--floppy', f'{self.image},unit=2'], 'unit=2', 'unit=0|1')
        three = [f'--floppy={self.image},readonly'] * 3
        self.check_refused(three, 'no place is left')
        same = [f'--floppy={self.image},readonly,unit=1'] * 2
        self.check_refused(same, 'unit=1 is taken')


if __name__ == '__main__':
    unittest.main()
