#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that are given to `verbatim run`: what they are taken for, and what becomes of images that
end early, are huge, shrink while they are in use, or are no images at all."""

import os
import pathlib
import subprocess
import tempfile
import unittest

VERBATIM = os.environ['VERBATIM']
GUESTS = pathlib.Path(os.environ['GUESTS'])
MULTIBOOT = pathlib.Path(os.environ['MULTIBOOT'])
PATIENCE_SECONDS = 60
SECTOR = 512
HEAD_SECTORS = 128  # 64 KiB
WAIT_FLAG = 0x1FC  # of the guest `sectors`
NOT_FOUND = 4
BAD_DATA = 16


def command(*arguments):
    return [VERBATIM, 'run', '--memory', '8M', '--no-reboot', *map(str, arguments)]


def run(*arguments):
    return subprocess.run(command(*arguments), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE_SECONDS, check=False)


class Images(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.image = self.folder / 'image'
        self.guest = (GUESTS / 'sectors.img').read_bytes()

    def check_counts(self, result, sectors, status):
        self.assertEqual(result.stdout,
                         f'{sectors} sectors, then status {status}\nsectors: all passed\n',
                         result.stderr)

    def check_refused(self, path, *parts):
        result = run(path)
        self.assertEqual((result.returncode, result.stdout), (2, ''))
        self.assertRegex(result.stderr, r'\Averbatim: [^\n]+\n\Z')
        for part in (str(path), *parts):
            self.assertIn(part, result.stderr)

    def test_a_disk_cut_off_anywhere_ends_there_for_the_guest(self):
        with open(self.image, 'wb') as image:
            image.write(self.guest)
            image.truncate(HEAD_SECTORS * SECTOR)
        for sectors in range(HEAD_SECTORS, 0, -1):
            os.truncate(self.image, sectors * SECTOR)
            self.check_counts(run(self.image), sectors, NOT_FOUND)

    def test_a_disc_cut_off_anywhere_starts_or_is_told_to_be_none(self):
        disc = (GUESTS / 'disc.iso').read_bytes()
        for sectors in (64, 65, 67, 68, 71, 72, 75, 76, 77, 79, 80):
            self.image.write_bytes(disc[:sectors * SECTOR])
            result = run('--cdrom', self.image, '--timeout', '0.2')
            self.assertEqual((result.returncode, result.stdout), (124, ''), sectors)
            self.assertIn('no bootable device: diskette: none; disk: none; CD 1: ', result.stderr)
        self.image.write_bytes(disc[:84 * SECTOR])
        self.assertEqual(run('--cdrom', self.image).stdout, 'disc: all passed\n')

    def test_a_huge_sparse_disk_starts(self):
        with open(self.image, 'wb') as image:
            image.write(self.guest)
            image.truncate(1 << 43)
        self.check_counts(run(self.image), 200, 0)

    def test_an_image_that_shrinks_under_the_guest_has_bad_sectors(self):
        guest = bytearray(self.guest)
        guest[WAIT_FLAG] = 1
        self.image.write_bytes(guest + bytes(99 * SECTOR))
        with subprocess.Popen(command(self.image), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            self.assertEqual(process.stdout.readline(), 'waiting\n')
            os.truncate(self.image, 10 * SECTOR)
            out, err = process.communicate('x', timeout=PATIENCE_SECONDS)
        self.assertEqual(out, f'10 sectors, then status {BAD_DATA}\nsectors: all passed\n')
        self.assertIn('became shorter than it was', err)

    def test_kinds_are_told_by_contents(self):
        self.image.write_bytes((GUESTS / 'disc.iso').read_bytes())
        self.assertEqual(run(self.image).stdout, 'disc: all passed\n')
        self.assertEqual(run(MULTIBOOT / 'hello.elf').stdout, 'hello from ring 0\n')

    def test_the_image_comes_before_other_disks_of_its_kind(self):
        self.image.write_bytes(self.guest)
        other = self.folder / 'other'
        other.write_bytes(self.guest + bytes(7 * SECTOR))
        self.check_counts(run(self.image, '--disk', other), 1, NOT_FOUND)

    def test_the_image_is_booted_first_and_boot_says_otherwise(self):
        disc = GUESTS / 'disc.iso'
        self.image.write_bytes(self.guest)
        self.assertEqual(run(disc, '--disk', self.image).stdout, 'disc: all passed\n')
        self.check_counts(run(disc, '--disk', self.image, '--boot', 'cd'), 1, NOT_FOUND)

    def test_what_is_no_image_is_refused(self):
        self.image.touch()
        self.check_refused(self.image, 'is empty')
        self.image.write_bytes(bytes(SECTOR + 1))
        self.check_refused(self.image, 'nothing that starts', '513 bytes')
        self.check_refused(self.folder, 'is a directory')
        self.check_refused(self.folder / 'nonexistent', 'No such file')
        os.mkfifo(self.folder / 'fifo')
        self.check_refused(self.folder / 'fifo', 'neither a regular file nor a block device')
        self.check_refused(pathlib.Path(VERBATIM), 'is an ELF file without a multiboot header')


if __name__ == '__main__':
    unittest.main()
