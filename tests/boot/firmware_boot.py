#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Firmware of others as it stands: SeaBIOS boots disks, CDs and floppy disks and Linux, the BIOS of Bochs a disk,
U-Boot comes to its prompt.

The files come from scripts/fetch-guests; the boot sector checks what the firmware found out.
"""

import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / 'scripts'))
import guest  # noqa: E402

VERBATIM = os.environ['VERBATIM']
SECTOR = pathlib.Path(os.environ['SECTOR'])
PATIENCE_SECONDS = 60
PASSED = 0x2A * 2 + 1
CD_SECTOR = 2048


def firmware(name, folder='firmware'):
    path = guest.guest_directory() / folder / name
    if not path.is_file():
        raise guest.GuestError(f'no {path}: run scripts/fetch-guests first')
    return path


def cd_image(boot):
    """A disc that boots `boot` without emulation (El Torito 1.0) and holds nothing else."""
    def descriptor(kind, identifier, rest=b''):
        return (bytes([kind]) + b'CD001\1' + identifier.ljust(64, b'\0') +
                rest).ljust(CD_SECTOR, b'\0')
    catalog = bytearray(struct.pack('<BBH24sHBB', 1, 0, 0, b'', 0, 0x55, 0xAA))
    catalog[28:30] = struct.pack('<H', -sum(struct.unpack('<16H', catalog)) & 0xFFFF)
    catalog += struct.pack('<BBHBBHI20s', 0x88, 0, 0, 0, 0, 4, 20, b'')
    return (bytes(16 * CD_SECTOR) + descriptor(1, b'') +
            descriptor(0, b'EL TORITO SPECIFICATION', struct.pack('<I', 19)) +
            descriptor(255, b'') + bytes(catalog).ljust(CD_SECTOR, b'\0') +
            boot.ljust(CD_SECTOR, b'\0'))


class SeaBios(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        self.disk = self.scratch / 'disk.img'
        self.disk.write_bytes(SECTOR.read_bytes().ljust(1 << 20, b'\0'))
        self.cdrom = self.scratch / 'cd.iso'
        self.cdrom.write_bytes(cd_image(SECTOR.read_bytes()))
        self.blank = self.scratch / 'blank.img'
        self.blank.write_bytes(bytes(1 << 20))

    def boot(self, *arguments):
        log = self.scratch / 'firmware.log'
        result = subprocess.run(
            [VERBATIM, 'run', '--memory', '16M', '--timeout', str(PATIENCE_SECONDS),
             '--firmware', f'{firmware("bios-256k.bin")},vgabios={firmware("vgabios-stdvga.bin")}',
             '--firmware-log', log, *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, PASSED, result.stdout + result.stderr)
        return result.stdout, log.read_text(errors='replace')

    def test_a_disk_boots_and_boots_again_after_a_reset(self):
        serial, log = self.boot('--disk', self.disk)
        self.assertEqual(serial, 'DD')
        self.assertEqual(log.count('Booting from Hard Disk...'), 2)

    def test_a_cd_boots(self):
        serial, log = self.boot('--cdrom', self.cdrom)
        self.assertEqual(serial, 'CC')
        self.assertIn('Booting from DVD/CD...', log)

    def test_a_floppy_disk_boots_by_the_controller(self):
        floppy = self.scratch / 'floppy.img'
        floppy.write_bytes(SECTOR.read_bytes().ljust(1440 << 10, b'\0'))
        serial, log = self.boot('--floppy', floppy, '--disk', self.disk)
        self.assertEqual(serial, 'FF')
        self.assertEqual(log.count('Booting from Floppy...'), 2)

    def test_it_boots_a_machine_with_apics(self):
        serial, log = self.boot('--apic', '--disk', self.disk)
        self.assertEqual(serial, 'DD')
        self.assertIn('Found 1 cpu(s)', log)

    def test_the_disk_named_first_is_booted_wherever_it_hangs(self):
        serial, _ = self.boot('--disk', f'{self.disk},bus=1', '--disk', f'{self.blank},bus=0')
        self.assertEqual(serial, 'DD')

    def test_a_disk_that_does_not_boot_leaves_it_to_the_cd(self):
        serial, log = self.boot('--disk', self.blank, '--cdrom', self.cdrom)
        self.assertEqual(serial, 'CC')
        self.assertIn('not a bootable disk', log)

    def test_a_linux_kernel_boots_by_its_option_rom(self):
        rom = firmware('linuxboot_dma.bin', 'optionroms')
        initrd = self.scratch / 'initrd'
        # An archive in cpio format that ends at once.
        initrd.write_bytes((b'070701' + b'0' * 88 + b'0000000B' + b'0' * 8 + b'TRAILER!!!\0')
                           .ljust(512, b'\0'))
        bios = f'{firmware("bios-256k.bin")},vgabios={firmware("vgabios-stdvga.bin")}'
        result = subprocess.run(
            [VERBATIM, 'run', '--memory', '64M', '--timeout', str(PATIENCE_SECONDS),
             '--firmware', f'{bios},linuxboot={rom}', '--disk', self.disk,
             '--kernel', firmware('vmlinuz-686', '.'), '--initrd', initrd,
             '--append', 'console=ttyS0 said=by-fw_cfg', '--exit-on', 'Freeing initrd memory'],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn('Kernel command line: console=ttyS0 said=by-fw_cfg', result.stdout)
        self.assertIn('DMI: Verbatim Standard PC', result.stdout)


class BochsBios(unittest.TestCase):
    """It expects a VGA BIOS at C0000h when it starts, so there is nothing on the screen."""

    def test_a_disk_boots(self):
        with tempfile.TemporaryDirectory() as scratch:
            disk = pathlib.Path(scratch) / 'disk.img'
            log = pathlib.Path(scratch) / 'firmware.log'
            passes = b'\xB0\x2A\xE6\xF4'  # mov al, 2Ah; out F4h, al
            disk.write_bytes((passes.ljust(510, b'\x90') + b'\x55\xAA').ljust(1 << 20, b'\0'))
            result = subprocess.run(
                [VERBATIM, 'run', '--memory', '16M', '--timeout', str(PATIENCE_SECONDS), '--firmware',
                 firmware('BIOS-bochs-latest', 'media'), '--firmware-log', log, '--disk', disk],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, PASSED, log.read_text() + result.stderr)


class UBoot(unittest.TestCase):
    def test_it_comes_to_its_prompt_and_takes_commands(self):
        with subprocess.Popen(
                [VERBATIM, 'run', '--memory', '64M', '--timeout', str(PATIENCE_SECONDS),
                 '--no-reboot', '--firmware', firmware('u-boot.rom')],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
            self.addCleanup(process.kill)
            self.output = b''
            self.wait_for(process, rb'DRAM:  64 MiB')
            self.wait_for(process, rb'autoboot')
            process.stdin.write(b'\n')
            self.wait_for(process, rb'\n=> ')
            process.stdin.write(b'pci header 0.0.0\n')
            self.wait_for(process, rb'0x8086(?s:.*)0x1237')
            process.stdin.write(b'reset\n')
            self.assertEqual(process.wait(PATIENCE_SECONDS), 0)

    def wait_for(self, process, pattern):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not re.search(pattern, self.output):
            self.assertLess(time.monotonic(), deadline, self.output)
            data = os.read(process.stdout.fileno(), 4096)
            self.assertNotEqual(data, b'', self.output)
            self.output += data
        self.output = b''


if __name__ == '__main__':
    unittest.main()
