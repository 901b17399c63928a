#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Media that are changed while a guest runs: by a script and by keys, under the BIOS and the
controllers (media.asm)."""

import os
import pathlib
import pty
import subprocess
import tempfile
import unittest

VERBATIM = os.environ['VERBATIM']
GUESTS = pathlib.Path(os.environ['GUESTS'])
PATIENCE_SECONDS = 60


class Media(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.boot = self.file('boot', (GUESTS / 'media.img').read_bytes().ljust(1440 << 10, b'\0'))
        self.second = self.file('second', b'\x5A' * (720 << 10))
        self.disc = self.file('disc', b'\xA5' * 8192)
        self.second_disc = self.file('second_disc', b'\x5A' * 4096)

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def command(self, *arguments):
        return [VERBATIM, 'run', '--memory', '8M', '--no-reboot', '--floppy',
                f'{self.boot},readonly,next={self.second}', '--cdrom',
                f'{self.disc},next={self.second_disc}', *arguments]

    def test_a_script_changes_them(self):
        result = subprocess.run(
            self.command('--expect', 'change', '--change', 'a', '--change', 'd', '--send', 'x'),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_SECONDS,
            check=False)
        self.assertEqual(result.stdout, 'change\nmedia: all passed\n', result.stderr)
        self.assertEqual(result.returncode, 1)

    def test_keys_change_them(self):
        controller, terminal = pty.openpty()
        self.addCleanup(os.close, controller)
        with subprocess.Popen(self.command('--serial', 'stdio'), stdin=terminal, stdout=terminal,
                              stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
            os.close(terminal)
            seen = b''
            while b'change' not in seen:
                seen += os.read(controller, 4096)
            os.write(controller, b'\x01f\x01d\x01Fx')
            err = process.stderr.read()
            process.wait(PATIENCE_SECONDS)
            seen += os.read(controller, 4096)
        self.assertIn(b'media: all passed', seen)
        self.assertIn(f'{self.second} is in the drive', err)
        self.assertIn(f'{self.second_disc} is in the drive', err)
        self.assertIn('no other medium for this drive was given', err)

    def test_media_that_cannot_wait_are_refused(self):
        large = self.file('large', bytes(1200 << 10))
        for arguments, part in (
                (['--floppy', f'{self.boot},next={large}'], 'another size'),
                (['--floppy', f'{self.boot},next={self.folder}'], 'neither a regular file'),
                (['--cdrom', f'{self.disc},next={self.folder}/none'], 'No such file'),
                (['--disk', f'{self.boot},next={self.disc}'], 'next='),
                ([f'{self.second_disc},next={self.disc}'], 'next= is for floppy disks and CDs'),
                (['--cdrom', f'{self.disc},next={self.disc}'] * 2, 'another one has it')):
            result = subprocess.run([VERBATIM, 'run', *arguments], stdin=subprocess.DEVNULL,
                                    capture_output=True, text=True, timeout=PATIENCE_SECONDS,
                                    check=False)
            self.assertEqual((result.returncode, result.stdout), (2, ''), arguments)
            self.assertRegex(result.stderr, r'\Averbatim: [^\n]+\n\Z')
            self.assertIn(part, result.stderr)


if __name__ == '__main__':
    unittest.main()
