#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boot media made here with the boot loaders of Debian: what they boot, under both BIOSes, up to the
text that says that it runs."""

import unittest

from made_media import LINUX, MadeMedia
from media import Boot, boots, guest

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
    'grub_boots_ipxe': Boot(grub_cd, grub('linux16 /k/ipxe.lkrn', then=IPXE)),
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
        memory='128M'),
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


if __name__ == '__main__':
    unittest.main()
