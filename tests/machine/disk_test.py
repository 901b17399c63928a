#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guest that drives its disk by PIO and DMA: what it reads is the image, what it writes gets there.

The command runs with its sandbox, so the calls of the I/O thread are tried in it too.
"""

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


def pattern(sectors, first=0):
    words = range(first * 128, (first + sectors) * 128)
    return b''.join(struct.pack('<I', n * FACTOR & 0xFFFFFFFF) for n in words)


def run(guest, *arguments):
    return subprocess.run(
        [VERBATIM, 'run', '--kernel', GUESTS / f'{guest}.elf', '--memory', '16M', '--no-reboot',
         *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_SECONDS,
        check=False)


class Disk(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.image = pathlib.Path(scratch.name) / 'disk.img'
        self.original = pattern(300)
        self.image.write_bytes(self.original)

    def check_passes(self, *arguments):
        result = run('disk', *arguments)
        self.assertEqual(result.stdout, 'disk: all passed\n', result.stderr)
        self.assertEqual(result.returncode, 1)

    def check_refused(self, arguments, *parts):
        result = run('disk', *arguments)
        self.assertEqual((result.returncode, result.stdout), (2, ''))
        self.assertRegex(result.stderr, r'\Averbatim: [^\n]+\n\Z')
        for part in parts:
            self.assertIn(part, result.stderr)

    def test_what_the_guest_writes_is_in_the_image(self):
        self.check_passes('--disk', self.image)
        after = self.image.read_bytes()
        self.assertEqual(len(after), len(self.original))
        self.assertEqual(after[5 * SECTOR:5 * SECTOR + 4], bytes([0x90, 0xFF, 0xC0, 0xC3]))
        self.assertEqual(after[16 * SECTOR:32 * SECTOR], pattern(16, 17))
        for first, last in ((0, 5), (6, 16), (32, 300)):
            self.assertEqual(after[first * SECTOR:last * SECTOR], pattern(last - first, first))

    def test_a_snapshot_leaves_the_image_alone(self):
        self.image.chmod(0o444)
        self.check_passes('--disk', f'{self.image},snapshot=on')
        self.assertEqual(self.image.read_bytes(), self.original)

    def test_a_read_only_disk_refuses_writes(self):
        result = run('disk', '--disk', f'{self.image},readonly')
        self.assertIn('bad status of a write', result.stdout)
        self.assertNotIn('bad read', result.stdout)
        self.assertEqual(self.image.read_bytes(), self.original)

    def test_a_large_disk_is_read_to_its_odd_end(self):
        sectors = 40000
        data = pattern(sectors)
        self.image.write_bytes(data[:-100])
        result = run('disk_sum', '--disk', f'{self.image},readonly')
        total = sum(n * 128 * FACTOR for n in range(sectors)) & 0xFFFFFFFF
        self.assertEqual(result.stdout, f'{sectors:08X} sectors, sum {total:08X}\n', result.stderr)

    def test_an_image_in_use_is_refused(self):
        holder = ('import fcntl, struct, sys\n'
                  'file = open(sys.argv[1], "r+b")\n'
                  'lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)\n'
                  'fcntl.fcntl(file, 37, lock)\n'  # F_OFD_SETLK
                  'print("locked", flush=True)\n'
                  'sys.stdin.read()\n')
        with subprocess.Popen(['python3', '-c', holder, self.image], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as other:
            self.assertEqual(other.stdout.readline(), b'locked\n')
            self.check_refused(['--disk', self.image], str(self.image),
                               f'is in use by process {other.pid} (python3)')
            self.check_refused(['--disk', f'{self.image},readonly'], 'is being written by')
        self.check_passes('--disk', self.image)

    def test_what_is_no_disk_is_refused(self):
        empty = self.image.with_name('empty')
        empty.touch()
        self.check_refused(['--disk', empty], str(empty), 'is empty')
        self.check_refused(['--disk', '/tmp'], '/tmp', 'neither a regular file nor a block device')
        self.check_refused(['--disk', '/nonexistent'], '/nonexistent', 'No such file')
        self.check_refused(['--disk', f'{self.image},snapshpt=on'], 'snapshpt=on', 'snapshot=on')
        five = [f'--disk={self.image},readonly'] * 5
        self.check_refused(five, 'no place is left')
        same = [f'--disk={self.image},readonly,bus=1'] * 2
        self.check_refused(same, 'bus=1,unit=0 is taken')


if __name__ == '__main__':
    unittest.main()
