#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that are given to `verbatim run`: what they are taken for, and what becomes of images that
end early, are huge, shrink while they are in use, or are no images at all."""

import os
import pathlib
import struct
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
DRIVE = 0x1FD
FLOPPY = 0x00
CD = 0xE0
NOT_FOUND = 4
SEEK_FAILED = 64
BAD_DATA = 16
DISC_BOOTS = 80  # fewer sectors of disc.iso do not start
DISC_READABLE = 84  # as far as its guest reads
HELLO_SECTORS = 9  # of hello.elf, up to the end of its segments


def command(*arguments):
    return [VERBATIM, 'run', '--memory', '8M', '--no-reboot', *map(str, arguments)]


def run(*arguments):
    return subprocess.run(command(*arguments), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE_SECONDS, check=False)


def linux_kernel():
    """A bzImage whose setup code ends the run with status 1."""
    setup_sectors = 4
    image = bytearray(HEAD_SECTORS * SECTOR + SECTOR)
    struct.pack_into('<BHI', image, 0x1F1, setup_sectors, 0,
                     (len(image) - (setup_sectors + 1) * SECTOR) // 16)
    struct.pack_into('<HBB4sH', image, 0x1FE, 0xAA55, 0xEB, 0x6E, b'HdrS', 0x0206)
    struct.pack_into('<BHI', image, 0x211, 1, 0, 0x100000)  # loaded high
    struct.pack_into('<I', image, 0x22C, 0x37FFFFFF)  # initrd_addr_max
    image[0x270:0x274] = bytes([0xB0, 0, 0xE6, 0xF4])  # mov al, 0; out 0F4h, al
    return bytes(image)


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

    def check_refused(self, path, *parts, option=None):
        result = run(path) if option is None else run(option, path)
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

    def test_a_floppy_disk_cut_off_anywhere_is_blank_from_there_on(self):
        self.image.write_bytes(self.guest + bytes(range(1, 256)) * 1024)
        for sectors in range(HEAD_SECTORS, 0, -1):
            os.truncate(self.image, sectors * SECTOR)
            self.check_counts(run('--floppy', self.image), 200, 0)

    def test_a_disc_cut_off_anywhere_starts_or_is_told_to_be_none(self):
        disc = (GUESTS / 'disc.iso').read_bytes()
        for sectors in range(1, len(disc) // SECTOR):
            self.image.write_bytes(disc[:sectors * SECTOR])
            if sectors <= DISC_BOOTS:
                result = run('--cdrom', self.image, '--exit-on', 'No bootable device')
                self.assertEqual((result.returncode, result.stdout), (0, ''), sectors)
                self.assertIn('no bootable device: diskette: none; disk: none; CD 1: ',
                              result.stderr)
            elif sectors < DISC_READABLE:
                result = run('--cdrom', self.image, '--exit-on', 'bad disc: extended read')
                self.assertEqual(result.returncode, 0, sectors)
            else:
                self.assertEqual(run('--cdrom', self.image).stdout, 'disc: all passed\n', sectors)

    def test_a_linux_kernel_cut_off_anywhere_is_refused(self):
        kernel = linux_kernel()
        self.image.write_bytes(kernel)
        self.assertEqual(run('--kernel', self.image).returncode, 1)
        for sectors in range(1, HEAD_SECTORS + 1):
            self.image.write_bytes(kernel[:sectors * SECTOR])
            self.check_refused(self.image, option='--kernel')
            if sectors >= 2:  # before, it could be a disk
                self.check_refused(self.image, 'setup header')

    def test_a_multiboot_kernel_cut_off_in_its_segments_is_refused(self):
        kernel = (MULTIBOOT / 'hello.elf').read_bytes()
        for sectors in range(1, HELLO_SECTORS):
            self.image.write_bytes(kernel[:sectors * SECTOR])
            self.check_refused(self.image)
        self.image.write_bytes(kernel[:HELLO_SECTORS * SECTOR])
        self.assertEqual(run(self.image).stdout, 'hello from ring 0\n')

    def test_a_huge_sparse_disk_starts(self):
        with open(self.image, 'wb') as image:
            image.write(self.guest)
            image.truncate(1 << 43)
        self.check_counts(run(self.image), 200, 0)

    def count_after(self, change, *arguments, drive=None, all_sectors=False):
        """What the guest counts, once `change` was made while it ran; and the messages."""
        guest = bytearray(self.guest)
        guest[WAIT_FLAG] = 3 if all_sectors else 1
        if drive is not None:
            guest[DRIVE] = drive
        boot = self.folder / 'boot'
        boot.write_bytes(guest + bytes(99 * SECTOR))
        with subprocess.Popen(command('--disk', boot, '--boot', 'c', *arguments),
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            self.assertEqual(process.stdout.readline(), 'waiting\n')
            change(boot if drive is None else self.image)
            out, err = process.communicate('x', timeout=PATIENCE_SECONDS)
        self.assertEqual(process.returncode, 1)
        return out.splitlines()[0], err

    def test_an_image_that_shrinks_under_the_guest_has_bad_sectors(self):
        shrink = lambda image: os.truncate(image, 10 * SECTOR)
        counted, err = self.count_after(shrink)
        self.assertEqual(counted, f'10 sectors, then status {BAD_DATA}')
        self.assertIn('boot: became shorter than it was', err)
        # Two blocks, and half of the third.
        self.image.write_bytes(bytes(100 * SECTOR))
        counted, err = self.count_after(shrink, '--cdrom', self.image, drive=CD)
        self.assertEqual(counted, f'2 sectors, then status {BAD_DATA}')
        self.assertIn('image: became shorter than it was', err)
        self.image.write_bytes(bytes(2880 * SECTOR))
        counted, err = self.count_after(shrink, '--floppy', self.image, drive=FLOPPY)
        self.assertEqual(counted, f'10 sectors, then status {BAD_DATA}')
        self.assertIn('image: became shorter than it was', err)

    def test_an_image_that_grows_under_the_guest_keeps_its_size(self):
        grow = lambda image: os.truncate(image, 1000 * SECTOR)
        self.assertEqual(self.count_after(grow), (f'100 sectors, then status {NOT_FOUND}', ''))
        self.image.write_bytes(bytes(100 * SECTOR))
        self.assertEqual(self.count_after(grow, '--cdrom', self.image, drive=CD),
                         (f'25 sectors, then status {NOT_FOUND}', ''))

    def test_a_floppy_disk_that_grows_under_the_guest_keeps_its_size(self):
        self.image.write_bytes(bytes(2880 * SECTOR))
        grow = lambda image: os.truncate(image, 5760 * SECTOR)
        counted = self.count_after(grow, '--floppy', self.image, drive=FLOPPY, all_sectors=True)
        self.assertEqual(counted, (f'2880 sectors, then status {SEEK_FAILED}', ''))
        self.assertEqual(os.path.getsize(self.image), 5760 * SECTOR)

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
