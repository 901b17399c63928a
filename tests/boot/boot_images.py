#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boot media of others as Debian ships them, started by the virtual BIOS, up to where they can be
used. The files come from scripts/fetch-guests.

With --long memtest86+ goes through a whole pass, which takes some six minutes.
"""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / 'scripts'))
import guest  # noqa: E402

VERBATIM = os.environ['VERBATIM']
PATIENCE_SECONDS = 60
LONG_SECONDS = 1800
GRUB_SESSION = ('--expect', 'GNU GRUB', '--send', 'c', '--expect', 'grub>')

long = '--long' in sys.argv


def image(name):
    path = guest.guest_directory() / 'images' / name
    if not path.is_file():
        raise guest.GuestError(f'no {path}: run scripts/fetch-guests first')
    return path


class BootImages(unittest.TestCase):
    def check_comes_to(self, text, *arguments, seconds=PATIENCE_SECONDS):
        """The guest says `text`, after the steps among the arguments."""
        result = subprocess.run(
            [VERBATIM, 'run', '--memory', '64M', '--timeout', str(seconds), *map(str, arguments),
             '--exit-on', text],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + 10,
            check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def grub(self, drive, *arguments):
        self.check_comes_to(f'({drive})', *arguments, *GRUB_SESSION, '--send', 'ls<ret>')

    def test_grub_comes_to_its_prompt_from_a_cd(self):
        self.grub('cd', image('grub-rescue-cdrom.iso'))

    def test_grub_comes_to_its_prompt_from_the_same_image_as_a_disk(self):
        self.grub('hd0', '--disk', f'{image("grub-rescue-cdrom.iso")},readonly')

    def test_grub_comes_to_its_prompt_from_a_floppy_disk(self):
        self.grub('fd0', '--floppy', f'{image("grub-rescue-floppy.img")},readonly')

    def test_grub_reads_another_disk(self):
        self.check_comes_to('boot.catalog', '--floppy', f'{image("grub-rescue-floppy.img")},readonly',
                            '--disk', f'{image("grub-rescue-cdrom.iso")},readonly',
                            *GRUB_SESSION, '--send', 'ls (hd0)/<ret>')

    def test_isolinux_starts_ipxe(self):
        self.check_comes_to('iPXE initialising devices...ok', image('ipxe.iso'))

    def test_memtest_starts_as_a_kernel(self):
        self.check_comes_to('Press <F1> to configure', image('memtest86+ia32.bin'))

    def test_memtest_starts_from_a_cd(self):
        self.check_comes_to('Press <F1> to configure', image('memtest86+ia32.iso'))

    @unittest.skipUnless(long, 'takes six minutes: --long')
    def test_memtest_finds_memory_without_errors(self):
        self.check_comes_to('Pass:  1', image('memtest86+ia32.bin'), seconds=LONG_SECONDS)

    def test_a_game_that_grub_could_start_starts(self):
        self.check_comes_to('-*-', image('invaders.exec'))


if __name__ == '__main__':
    sys.argv = [argument for argument in sys.argv if argument != '--long']
    unittest.main()
