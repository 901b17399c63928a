#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's installer comes to its first question: started as a kernel, with the question on the serial line; and from
a CD by its own menu, which is a graphics mode, with the question on the screen. The files come from
scripts/fetch-guests.
"""

import pathlib
import tempfile
import unittest

from made_media import ISOLINUX, call
from media import Boot, boots, fetched, sea_bios, virtual_bios

# With less it begins with a complaint.
MEMORY = '512M'
QUESTION = 'Select a language'
# Where the menus of the installer look for its files.
FOLDER = 'debian-installer/i386'

# A prompt, which waits, before the menu, which is there at once: texts that pass are not to be waited for.
PROMPT = f'''prompt 1
path {FOLDER}/boot-screens/
include {FOLDER}/boot-screens/txt.cfg
label menu
  com32 {FOLDER}/boot-screens/vesamenu.c32
  append {FOLDER}/boot-screens/syslinux.cfg
'''
# Escape leaves the menu for the prompt, nomodeset leaves the screen in text mode.
AT_PROMPT = ('boot:', 'menu<ret><esc>', 'boot:', 'install vga=normal nomodeset<ret>')


def setUpModule():
    global cd
    scratch = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(scratch.cleanup)
    cd = pathlib.Path(scratch.name) / 'installer.iso'
    prompt = cd.with_name('isolinux.cfg')
    prompt.write_text(PROMPT)
    screens = fetched('installer/linux').parent / 'boot-screens'
    call('xorriso', '-as', 'mkisofs', '-quiet', '-R', '-o', cd, '-b', 'isolinux.bin',
         '-no-emul-boot', '-boot-load-size', '4', '-boot-info-table', '-graft-points',
         f'isolinux.bin={ISOLINUX / "isolinux.bin"}', f'ldlinux.c32={screens / "ldlinux.c32"}',
         f'isolinux.cfg={prompt}', f'{FOLDER}={screens.parent}')


def kernel():
    return ('--kernel', fetched('installer/linux'), '--initrd', fetched('installer/initrd.gz'),
            '--append', 'console=ttyS0 --- quiet')


def cdrom():
    return '--cdrom', cd


@boots({'asks_on_the_serial_line': Boot(kernel, (QUESTION,), memory=MEMORY),
        'asks_on_the_screen_when_its_cd_is_booted': Boot(
            cdrom, (*AT_PROMPT, QUESTION), memory=MEMORY)},
       {'virtual_bios': virtual_bios})
class Installer(unittest.TestCase):
    pass


@boots({'asks_on_the_screen_when_its_cd_is_booted': Boot(
    cdrom, (*AT_PROMPT, QUESTION), memory=MEMORY)}, {'sea_bios': sea_bios})
class InstallerUnderSeaBios(unittest.TestCase):
    pass


if __name__ == '__main__':
    unittest.main()
