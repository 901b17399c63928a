#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that cannot be what the command line says: whatever it is and whichever option names it, the
answer is one line that names it, status 2, little memory, and no guest."""

import os
import pathlib
import resource
import socket
import subprocess
import tempfile
import unittest

from driver import PATIENCE_SECONDS, TALKER, VERBATIM

MOST_KIB = 256 << 10
# How each option takes its file, by name of the option.
OPTIONS = {
    'image': lambda path: [path],
    '--disk': lambda path: ['--disk', path],
    '--disk readonly': lambda path: ['--disk', f'{path},readonly'],
    '--disk snapshot': lambda path: ['--disk', f'{path},snapshot=on'],
    '--cdrom': lambda path: ['--cdrom', path],
    '--floppy': lambda path: ['--floppy', path],
    '--kernel': lambda path: ['--kernel', path],
    '--initrd': lambda path: ['--kernel', TALKER, '--initrd', path],
    '--firmware': lambda path: ['--firmware', path],
}
WRITERS = ('image', '--disk', '--floppy')
# Takes from root the right to read and write everything.
AS_OTHERS = ['setpriv', '--bounding-set=-dac_override,-dac_read_search']


class BadFiles(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def check(self, path, *parts, options=tuple(OPTIONS), before=()):
        for option in options:
            with self.subTest(option=option):
                arguments = map(str, OPTIONS[option](path))
                result = subprocess.run(
                    [*before, VERBATIM, 'run', '--memory', '16M', *arguments],
                    stdin=subprocess.DEVNULL, capture_output=True, text=True,
                    timeout=PATIENCE_SECONDS, check=False)
                self.assertEqual((result.returncode, result.stdout), (2, ''), result.stderr)
                self.assertRegex(result.stderr, r'\Averbatim: [^\n]+\n\Z')
                for part in (str(path), *parts):
                    self.assertIn(part, result.stderr)

    def test_nothing(self):
        self.check(self.folder / 'nothing', 'No such file or directory')

    def test_a_name_that_cannot_be_one(self):
        self.check('x' * 5000, 'File name too long')

    def test_links_in_a_circle(self):
        link = self.folder / 'link'
        link.symlink_to(link)
        self.check(link, 'Too many levels of symbolic links')

    def test_a_folder(self):
        self.check(self.folder)

    def test_a_pipe(self):
        os.mkfifo(self.folder / 'pipe')
        self.check(self.folder / 'pipe')

    def test_a_socket(self):
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(str(self.folder / 'socket'))
            self.check(self.folder / 'socket')

    def test_devices_without_an_end(self):
        for device in ('/dev/zero', '/dev/null', '/dev/full'):
            self.check(device, 'file')

    def test_an_empty_file(self):
        (self.folder / 'empty').touch()
        self.check(self.folder / 'empty')

    def test_a_file_that_may_not_be_read(self):
        secret = self.folder / 'secret'
        secret.write_bytes(bytes(512))
        secret.chmod(0)
        self.check(secret, 'Permission denied', before=AS_OTHERS if os.geteuid() == 0 else ())

    def test_a_file_that_may_not_be_written(self):
        fixed = self.folder / 'fixed'
        fixed.write_bytes(bytes(512))
        fixed.chmod(0o444)
        self.check(fixed, 'cannot be opened for writing', 'Permission denied', ',readonly',
                   options=WRITERS, before=AS_OTHERS if os.geteuid() == 0 else ())

    def test_a_file_that_is_too_large_is_not_read(self):
        large = self.folder / 'large'
        large.touch()
        os.truncate(large, 1 << 43)
        self.check(large, str(1 << 43), 'expected at most',
                   options=('--floppy', '--kernel', '--initrd', '--firmware'))
        os.truncate(large, 3 << 30)
        self.check(large, str(3 << 30), 'expected at most',
                   options=('--floppy', '--kernel', '--initrd', '--firmware'))

    def test_an_image_in_use_by_another_guest(self):
        image = self.folder / 'image'
        image.write_bytes(bytes(1440 << 10))
        for first, others in (('--disk', ('--disk', '--floppy', '--cdrom', '--disk readonly')),
                              ('--floppy', ('--floppy', '--disk')),
                              ('--cdrom', ('--disk',))):
            with subprocess.Popen([VERBATIM, 'run', '--kernel', TALKER, *OPTIONS[first](image)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) as user:
                self.assertEqual(user.stdout.readline(), b'ready\n')
                self.check(image, f'process {user.pid} (verbatim)', options=others)
                user.communicate(b'q', timeout=PATIENCE_SECONDS)

    def tearDown(self):
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.assertLess(peak, MOST_KIB, 'memory of the largest process')


if __name__ == '__main__':
    unittest.main()
