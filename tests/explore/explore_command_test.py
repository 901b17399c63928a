#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`verbatim explore` with files that are no traces, or not whole, and with no place for the page."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

VERBATIM = os.environ['VERBATIM']
GUEST = os.path.join(os.environ['GUESTS'], 'hello.elf')
PATIENCE_SECONDS = 60


def run(*arguments):
    return subprocess.run([VERBATIM, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE_SECONDS, check=False)


class ExploreCommand(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.trace = os.path.join(cls.folder.name, 'trace')
        result = run('run', '--kernel', GUEST, '--serial', 'none', '--trace', 'explore=' + cls.trace)
        assert result.returncode == 1, result.stderr

    def setUp(self):
        self.copy = os.path.join(self.folder.name, self.id().rsplit('.', 1)[-1])
        self.page = self.copy + '.html'
        shutil.copy(self.trace, self.copy)

    def fails(self, *arguments):
        """The one line that it says."""
        result = run('explore', *arguments)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertEqual(result.stdout, '')
        self.assertRegex(result.stderr, r'\Averbatim: [^\n]+\n\Z')
        return result.stderr

    def test_a_page_needs_nothing_from_elsewhere(self):
        self.assertEqual(run('explore', self.copy).returncode, 0)
        with open(self.page, encoding='ascii', errors='surrogateescape') as file:
            text = file.read()
        self.assertIsNone(re.search(r'(?i)(src|href)="?http|@import|\burl\((?!#)', text))
        self.assertIn("default-src 'none'", text)

    def test_a_trace_that_was_cut_off_is_shown_as_far_as_it_goes(self):
        os.truncate(self.copy, os.path.getsize(self.copy) - 3)
        line = self.fails(self.copy)
        self.assertIn('cut off', line)
        self.assertIn(self.page, line)
        self.assertGreater(os.path.getsize(self.page), 10000)

    def test_a_trace_without_blocks_makes_no_page(self):
        os.truncate(self.copy, 16)
        self.fails(self.copy)
        self.assertEqual(run('run', '--kernel', GUEST, '--serial', 'none',
                             '--trace', 'exits,format=binary=' + self.copy).returncode, 1)
        self.assertIn('holds no blocks', self.fails(self.copy))
        self.assertFalse(os.path.exists(self.page))

    def test_foreign_and_newer_files(self):
        self.assertIn('not a binary trace', self.fails(GUEST, '-o', self.page))
        with open(self.copy, 'r+b') as file:
            file.seek(8)
            file.write(b'\x63')
        self.assertIn('version 99', self.fails(self.copy))
        for path in ('/nonexistent', self.folder.name):
            self.assertIn(path, self.fails(path, '-o', self.page))
        self.assertFalse(os.path.exists(self.page))
        self.assertIn('--symbols', self.fails(self.copy, '--symbols', '/nonexistent'))
        self.fails()

    def test_no_place_for_the_page(self):
        self.assertIn('/nonexistent/page', self.fails(self.copy, '-o', '/nonexistent/page'))
        self.assertIn('No space left', self.fails(self.copy, '-o', '/dev/full'))
        self.assertTrue(os.path.exists('/dev/full'))

    def test_of_a_page_that_could_not_be_finished_nothing_stays(self):
        limited = ['sh', '-c', 'ulimit -f 20; exec "$@"', 'sh', VERBATIM, 'explore', self.copy]
        result = subprocess.run(limited, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=PATIENCE_SECONDS, check=False)
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stderr, r'\Averbatim: [^\n]*cannot be written: File too large\n\Z')
        self.assertFalse(os.path.exists(self.page))


if __name__ == '__main__':
    unittest.main()
