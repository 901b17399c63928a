#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boot media of others as Debian ships them, under the virtual BIOS and SeaBIOS, up to where they can be
used. The files come from scripts/fetch-guests.

VERBATIM_LONG_BOOTS=1 adds a whole pass of memtest86+, some six minutes for each BIOS.
"""

import unittest

from media import Boot, boots, fetched, image, virtual_bios

LONG_SECONDS = 1800


def cd(name):
    return lambda: ('--cdrom', image(name))


def disk(name):
    return lambda: ('--disk', f'{image(name)},readonly')


def floppy(name):
    return lambda: ('--floppy', f'{image(name)},readonly')


def grub(*talk):
    return ('GNU GRUB', 'c', 'grub>', *talk)


IPXE_SHELL = ('Ctrl-B', '<ctrl-b>', 'iPXE>', 'help<ret>', 'Available commands', 'show net<ret>',
              'iPXE>')

MEDIA = {
    'grub_lists_drives_from_a_cd': Boot(
        cd('grub-rescue-cdrom.iso'), grub('ls<ret>', '(cd)')),
    # As it lies on a USB stick, which BIOSes show as a disk.
    'grub_lists_drives_from_the_same_image_as_a_disk': Boot(
        disk('grub-rescue-cdrom.iso'), grub('ls<ret>', '(hd0)')),
    'grub_lists_drives_from_a_floppy_disk': Boot(
        floppy('grub-rescue-floppy.img'), grub('ls<ret>', '(fd0)')),
    'grub_lists_memory': Boot(
        floppy('grub-rescue-floppy.img'),
        grub('lsmmap<ret>', 'base_addr = 0x100000, length = 0x3')),
    'grub_reads_another_disk': Boot(
        lambda: (*floppy('grub-rescue-floppy.img')(), *disk('grub-rescue-cdrom.iso')()),
        grub('ls (hd0)/<ret>', 'boot.catalog')),
    'ipxe_comes_to_its_shell': Boot(cd('ipxe.iso'), IPXE_SHELL),
    'memtest_starts': Boot(cd('memtest86+ia32.iso'), ('Press <F1> to configure',)),
    'memtest_finds_memory_without_errors': Boot(
        cd('memtest86+ia32.iso'), ('Pass:  1',), seconds=LONG_SECONDS, long=True),
}

# What the command loads itself, so that the virtual BIOS alone is there.
KERNELS = {
    'ipxe_comes_to_its_shell': Boot(lambda: ('--kernel', image('ipxe.lkrn')), IPXE_SHELL),
    'memtest_starts': Boot(lambda: ('--kernel', image('memtest86+ia32.bin')),
                           ('Press <F1> to configure',)),
    'mach_misses_its_servers': Boot(lambda: ('--kernel', fetched('media/gnumach')),
                                    ('No bootstrap code loaded',)),
}


@boots(MEDIA)
class Media(unittest.TestCase):
    pass


@boots(KERNELS, {'virtual_bios': virtual_bios})
class Kernels(unittest.TestCase):
    pass


if __name__ == '__main__':
    unittest.main()
