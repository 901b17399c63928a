# SPDX-License-Identifier: Apache-2.0
"""Boot media made of what scripts/fetch-guests obtains and of Debian's boot loaders."""

import pathlib
import shutil
import struct
import subprocess
import tempfile

from media import fetched, guest, image

SYSLINUX = pathlib.Path('/usr/lib/syslinux')
ISOLINUX = pathlib.Path('/usr/lib/ISOLINUX')
SECTOR = 512
DISK_BYTES = 32 << 20
HEADS, TRACK = 16, 63
FAT16_LBA = 0x0E
BOOTABLE = 0x80
LINUX = ('/k/vmlinuz', 'console=ttyS0 quiet', '/k/initrd.gz')

# Of isolinux and syslinux. Labels that have a name of their own in the menu appear there.
LABELS = f"""\
label linux
  menu label Linux kernel
  kernel {LINUX[0]}
  append initrd={LINUX[2]} {LINUX[1]}
label floppy
  menu label Floppy disk in memory
  kernel /k/memdisk
  append initrd=/k/floppy.img
label game
  menu label A game
  com32 mboot.c32
  append /k/invaders.exec
label ipxe
  menu label iPXE
  kernel /k/ipxe.lkrn
"""
MENU = 'menu title Boot media\n' + LABELS
PROMPT = 'prompt 1\n' + LABELS + """\
label text
  com32 menu.c32
  append menu.cfg
label graphics
  com32 vesamenu.c32
  append menu.cfg
"""


def call(*command):
    try:
        subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise guest.GuestError(f'no {command[0]}: run scripts/setup first') from None
    except subprocess.CalledProcessError as error:
        raise guest.GuestError(f'{command[0]}: {error.stdout}{error.stderr}') from None


def make_el_torito(path, boot_image, *files):
    """A CD that boots `boot_image`, with `files` of the form NAME=SOURCE."""
    call('xorriso', '-as', 'mkisofs', '-quiet', '-R', '-o', path, '-b', 'boot/loader',
         '-no-emul-boot', '-boot-load-size', '4', '-boot-info-table', '-graft-points',
         f'boot/loader={boot_image}', *files)
    return path


class MadeMedia:
    """A folder of boot media, which `remove` takes away."""

    def __init__(self):
        self._scratch = tempfile.TemporaryDirectory()
        self._folder = pathlib.Path(self._scratch.name)
        self._kernels = self._folder / 'k'
        self._kernels.mkdir()
        for name, source in {
                'vmlinuz': guest.kernel_path('686'), 'gnumach': fetched('media/gnumach'),
                'tboot.gz': fetched('media/tboot.gz'), 'invaders.exec': image('invaders.exec'),
                'ipxe.lkrn': image('ipxe.lkrn'), 'memtest': image('memtest86+ia32.bin'),
                'floppy.img': image('grub-rescue-floppy.img'),
                'memdisk': SYSLINUX / 'memdisk'}.items():
            shutil.copy(source, self._kernels / name)
        guest.make_initrd(self._kernels / 'initrd.gz')
        self.grub_cd = self._make_grub_cd()
        self.grub_legacy_cd = self._make_grub_legacy_cd()
        self.grub_legacy_floppy = self._make_grub_legacy_floppy()
        self.isolinux_cd = self._make_isolinux_cd()
        self.syslinux_disk = self._make_syslinux_disk()

    def remove(self):
        self._scratch.cleanup()

    def _make_grub_cd(self):
        cd = self._folder / 'grub.iso'
        call('grub-mkrescue', '-d', '/usr/lib/grub/i386-pc', '--fonts=', '--locales=', '--themes=',
             '-o', cd, f'k={self._kernels}')
        return cd

    def _make_grub_legacy_cd(self):
        return make_el_torito(self._folder / 'grub-legacy.iso', fetched('media/stage2_eltorito'),
                              f'k={self._kernels}')

    def _make_grub_legacy_floppy(self):
        floppy = self._folder / 'grub-legacy.img'
        loader = fetched('media/stage1').read_bytes() + fetched('media/stage2').read_bytes()
        floppy.write_bytes(loader.ljust(1440 << 10, b'\0'))
        return floppy

    def _configuration(self):
        """The files that isolinux and syslinux read beside themselves."""
        for name, text in (('syslinux.cfg', PROMPT), ('menu.cfg', MENU)):
            (self._folder / name).write_text(text)
        return [*sorted((SYSLINUX / 'modules/bios').glob('*.c32')),
                self._folder / 'syslinux.cfg', self._folder / 'menu.cfg']

    def _make_isolinux_cd(self):
        return make_el_torito(
            self._folder / 'isolinux.iso', ISOLINUX / 'isolinux.bin', f'k={self._kernels}',
            *(f'isolinux/{path.name}={path}' for path in self._configuration()))

    def _make_syslinux_disk(self):
        """A disk with one FAT16 partition on a track boundary, as DOS would make it."""
        disk = self._folder / 'syslinux.img'
        sectors = DISK_BYTES // SECTOR - TRACK
        record = bytearray(SECTOR)
        code = (SYSLINUX / 'mbr/mbr.bin').read_bytes()
        record[:len(code)] = code
        record[446:462] = struct.pack('<B3sB3sII', BOOTABLE, b'\1\1\0', FAT16_LBA,
                                      b'\x0F\x3F\x40', TRACK, sectors)
        record[510:] = b'\x55\xAA'
        with open(disk, 'wb') as file:
            file.write(record)
            file.truncate(DISK_BYTES)
        partition = f'{disk}@@{TRACK * SECTOR}'
        call('mformat', '-i', partition, '-T', sectors, '-h', HEADS, '-s', TRACK, '-H', TRACK, '::')
        call('mcopy', '-i', partition, '-s', self._kernels, *self._configuration(), '::')
        call('syslinux', '--offset', TRACK * SECTOR, '--install', disk)
        return disk
