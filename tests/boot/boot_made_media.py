#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boot media made here with the boot loaders of Debian: what they boot, under both BIOSes, up to the
text that says that it runs."""

import pathlib
import sys
import tempfile
import unittest

from made_media import LINUX, MadeMedia
from media import BIOSES, Boot, boots, guest, run

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'cli'))
from png import Picture  # noqa: E402

TIMED_OUT = 124

INIT = guest.INIT_MARKER.decode()
GAME = '-*-'
MACH = 'No bootstrap code loaded'  # the rest is in the next row
IPXE = 'iPXE initialising devices...ok'

made = None


def setUpModule():
    global made
    made = MadeMedia()
    unittest.addModuleCleanup(made.remove)


def grub_cd():
    return '--cdrom', made.grub_cd


def legacy_cd():
    return '--cdrom', made.grub_legacy_cd


def isolinux():
    return '--cdrom', made.isolinux_cd


def syslinux():
    return '--disk', f'{made.syslinux_disk},readonly'


def at_prompt(prompt, *commands, then):
    """Commands typed one by one: while the guest works, its BIOS keeps 15 keys only."""
    talk = [prompt]
    for command in commands[:-1]:
        talk += [command + '<ret>', prompt]
    return (*talk, commands[-1] + '<ret>', then)


def grub(*commands, then):
    return at_prompt('grub>', *commands, 'boot', then=then)


def boot(label, then):
    return at_prompt('boot:', label, then=then)


KERNEL, PARAMETERS, INITRD = LINUX
FLOPPY_IN_MEMORY = ('GNU GRUB', 'c', 'grub>', 'ls<ret>', '(fd0)')

GRUB = {
    'grub_boots_linux': Boot(
        grub_cd, grub(f'linux {KERNEL} {PARAMETERS}', f'initrd {INITRD}', then=INIT),
        memory='128M'),
    'grub_boots_memtest': Boot(grub_cd, grub('linux16 /k/memtest', then='Press <F1> to configure')),
    'grub_boots_ipxe': Boot(grub_cd, grub('linux16 /k/ipxe.lkrn', then=IPXE), long=True),
    'grub_boots_a_floppy_in_memory': Boot(
        grub_cd, (*grub('linux16 /k/memdisk', 'initrd16 /k/floppy.img', then='GNU GRUB'),
                  *FLOPPY_IN_MEMORY[1:])),
    'grub_boots_the_game': Boot(grub_cd, grub('multiboot /k/invaders.exec', then=GAME)),
    'grub_boots_mach_until_it_misses_its_servers': Boot(
        grub_cd, grub('multiboot /k/gnumach', then=MACH)),
    'grub_boots_linux_by_tboot': Boot(
        grub_cd, grub('multiboot /k/tboot.gz', f'module {KERNEL} {PARAMETERS}',
                      f'module {INITRD}', then=INIT), memory='128M'),
}

GRUB_LEGACY = {
    'grub_legacy_boots_linux': Boot(
        legacy_cd, grub(f'kernel {KERNEL} {PARAMETERS}', f'initrd {INITRD}', then=INIT),
        memory='128M', long=True),
    'grub_legacy_starts_a_disk_from_a_floppy_disk': Boot(
        lambda: ('--floppy', f'{made.grub_legacy_floppy},readonly', *syslinux()),
        grub('rootnoverify (hd0)', 'chainloader +1', then='boot:')),
}

SYSLINUX = {
    'isolinux_boots_linux_from_its_menu': Boot(
        isolinux, (*boot('text', 'Boot media'), '<ret>', INIT), memory='128M'),
    'isolinux_boots_a_floppy_in_memory_from_its_menu': Boot(
        isolinux, (*boot('text', 'Boot media'), '<down><ret>', *FLOPPY_IN_MEMORY)),
    'isolinux_boots_the_game': Boot(isolinux, boot('game', GAME)),
    # The keys wait in the BIOS until the menu has drawn itself.
    'isolinux_boots_ipxe_from_its_graphics_menu': Boot(
        isolinux, boot('graphics<ret><down><down><down>', IPXE)),
    'isolinux_runs_modules_that_look_at_the_machine': Boot(isolinux, (
        *boot('cpuidtest.c32', 'Stepping'), 'meminfo.c32<ret>', 'DOS RAM: 639K (0x9fc00)',
        'dmitest.c32<ret>', 'DMI 2.4 present', 'exit<ret>', 'boot:', 'vesainfo.c32<ret>',
        'VBE version 3.0')),
    'isolinux_runs_the_hardware_detection_tool': Boot(isolinux, boot('hdt.c32', 'PCI Devices( 5)')),
    'syslinux_runs_a_module_that_looks_at_disks': Boot(
        syslinux, boot('disk.c32', 'Host bus: PCI ATA')),
    'syslinux_boots_linux_from_a_disk': Boot(syslinux, boot('linux', INIT), memory='128M'),
    'syslinux_boots_a_floppy_in_memory': Boot(
        syslinux, (*boot('floppy', FLOPPY_IN_MEMORY[0]), *FLOPPY_IN_MEMORY[1:])),
    'syslinux_boots_ipxe': Boot(syslinux, boot('ipxe', IPXE)),
}


@boots(GRUB)
class Grub(unittest.TestCase):
    pass


@boots(GRUB_LEGACY)
class GrubLegacy(unittest.TestCase):
    pass


@boots(SYSLINUX)
class Syslinux(unittest.TestCase):
    pass


class GraphicsMenu(unittest.TestCase):
    def picture(self, bios, seconds):
        """Colours of all pixels of the screen after that time."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'screen.png'
            result = run(*bios(), *isolinux(), '--expect', 'boot:', '--send', 'graphics<ret>',
                         '--screenshot-at', f'{seconds}={path}', seconds=seconds + 1)
            self.assertEqual(result.returncode, TIMED_OUT, result.stderr)
            picture = Picture(path)
            return [picture[x, y] for y in range(picture.height) for x in range(picture.width)]

    def test_is_drawn_alike_by_both_bioses(self):
        for seconds in (3, 10, 30):  # the shortest in which this host draws it
            one, other = (self.picture(bios, seconds) for bios in BIOSES.values())
            if len(one) == len(other) == 480 * 640:
                break
        self.assertEqual((len(one), len(other)), (480 * 640, 480 * 640))
        # Each BIOS has a font of its own, but the background of many shades is the same.
        self.assertLess(sum(a != b for a, b in zip(one, other)), len(one) // 50)
        self.assertGreater(len(set(one)), 100)


if __name__ == '__main__':
    unittest.main()
