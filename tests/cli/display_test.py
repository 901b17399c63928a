#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The guest's screen: pictures in every kind of mode, scripts, the terminal as a display."""

import pathlib
import tempfile
import time
import unittest

from driver import SCREEN, TALKER, Terminal, run
from png import Picture

DISK = ('--disk', SCREEN + ',readonly', '--memory', '16M')
COLOURS = (0x000000, 0x0000AA, 0x00AA00, 0x00AAAA, 0xAA0000, 0xAA00AA, 0xAA5500, 0xAAAAAA,
           0x555555, 0x5555FF, 0x55FF55, 0x55FFFF, 0xFF5555, 0xFF55FF, 0xFFFF55, 0xFFFFFF)
STAGES = ('text', 'planar', 'bytes', 'linear', 'moved')


def steps(*stages):
    """Goes through the stages."""
    return [argument for stage in stages
            for argument in ('--expect', stage + '\n', '--send', 'x')]


class Pictures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as scratch:
            paths = {stage: pathlib.Path(scratch, stage + '.png') for stage in STAGES}
            shots = [argument for stage, path in paths.items()
                     for argument in ('--screenshot-at', f'{stage}\n={path}')]
            cls.result = run('run', *DISK, *shots, *steps(*STAGES), '--exit-on', 'done',
                             '--timeout', '15')
            cls.pictures = {stage: Picture(path) for stage, path in paths.items()
                            if path.stat().st_size != 0}

    def test_the_script_runs_to_its_end(self):
        self.assertEqual(self.result.returncode, 0, self.result.stderr)

    def test_text(self):
        picture = self.pictures['text']
        self.assertEqual((picture.width, picture.height), (720, 400))
        # The H of Hello: two strokes and what is between them.
        row = [picture[x, 4] for x in range(9)]
        self.assertEqual(row.count(0xAAAAAA) + row.count(0), 9)
        self.assertIn(0xAAAAAA, row)
        cell = {picture[x, y] for x in range(9) for y in range(32, 48)}
        self.assertEqual(cell, {0x0000AA, 0xFFFF55})

    def test_planes(self):
        picture = self.pictures['planar']
        self.assertEqual((picture.width, picture.height), (640, 480))
        for colour, expected in enumerate(COLOURS):
            for x, y in ((0, colour * 30), (639, colour * 30 + 29)):
                self.assertEqual(picture[x, y], expected, (x, y))

    def test_a_byte_for_each_pixel(self):
        picture = self.pictures['bytes']
        self.assertEqual((picture.width, picture.height), (640, 400))
        for y, expected in enumerate(COLOURS):
            self.assertEqual(picture[639, 2 * y + 1], expected, y)

    def test_linear_frame_buffer(self):
        picture = self.pictures['linear']
        self.assertEqual((picture.width, picture.height), (640, 480))
        for x, y in ((0, 0), (639, 0), (0, 479), (639, 479), (123, 45)):
            self.assertEqual(picture[x, y], x + y * 256)

    def test_a_frame_buffer_that_moved_keeps_its_contents(self):
        picture = self.pictures['moved']
        self.assertEqual([picture[x, 0] for x in (0, 639)], [0xFFFFFF, 0xFFFFFF])
        self.assertEqual(picture[5, 1], 5 + 256)

    def test_at_a_time(self):
        with tempfile.TemporaryDirectory() as scratch:
            path = pathlib.Path(scratch, 'x.png')
            result = run('run', *DISK, '--screenshot-at', f'0.5={path}', '--timeout', '1')
            self.assertEqual(result.returncode, 124, result.stderr)
            self.assertEqual(Picture(path).width, 720)


class Scripts(unittest.TestCase):
    def test_text_of_the_screen_alone_is_seen(self):
        result = run('run', *DISK, '--expect', 'Hello ', '--exit-on', ' A ', '--timeout', '1')
        self.assertEqual(result.returncode, 4, result.stdout + result.stderr)
        self.assertIn("verbatim: --exit-on ' A ': not seen\n", result.stderr)
        result = run('run', *DISK, '--expect', 'Hello ', '--exit-on', 'A  ', '--timeout', '10')
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_keys_go_where_text_was_found(self):
        result = run('run', '--kernel', TALKER, '--expect', 'ready\n', '--send', 'ab<ctrl-c>',
                     '--expect', 'ab\3', '--send', 'v', '--serial', 'none')
        self.assertEqual(result.returncode, 11, result.stderr)

    def test_what_never_comes_has_a_status_of_its_own(self):
        with tempfile.TemporaryDirectory() as scratch:
            shot = f'9={scratch}/x.png'
            result = run('run', '--kernel', TALKER, '--expect', 'ready', '--send', 'v',
                         '--screenshot-at', shot, '--exit-on', 'nothing')
        self.assertEqual(result.returncode, 4)
        self.assertIn("verbatim: --exit-on 'nothing': not seen\n", result.stderr)
        self.assertIn(f'verbatim: --screenshot-at {shot}: not taken', result.stderr)

    def test_the_last_words_of_a_guest_count(self):
        result = run('run', '--kernel', TALKER, '--send', 'q', '--expect', 'ready', '--send', 'q',
                     '--exit-on', 'x')
        self.assertEqual(result.returncode, 4)
        result = run('run', '--kernel', TALKER, '--expect', 'ready', '--send', 'q')
        self.assertEqual(result.returncode, 1)

    def test_files_that_cannot_be_written(self):
        result = run('run', '--kernel', TALKER, '--screenshot-at', '1=/nonexistent/x.png')
        self.assertEqual(result.returncode, 2)
        self.assertIn('/nonexistent/x.png', result.stderr)
        result = run('run', *DISK, '--screenshot-at', '0.1=/dev/full', '--timeout', '5')
        self.assertEqual(result.returncode, 2)
        self.assertIn('--screenshot-at 0.1=/dev/full: cannot be written: No space left',
                      result.stderr)

    def test_the_terminal_display_needs_a_terminal(self):
        result = run('run', *DISK, '--display', 'terminal')
        self.assertEqual(result.returncode, 2)
        self.assertIn('--display terminal: standard input and standard output', result.stderr)


class TerminalDisplay(unittest.TestCase):
    def display(self, *arguments, **size):
        return Terminal('--display', 'terminal', *arguments, guest=DISK, **size)

    def test_text_colours_and_the_way_back(self):
        with self.display() as terminal:
            terminal.expect(b'Hello')
            self.assertTrue(terminal.is_raw())
            self.assertIn(b'\x1b[?1049h', terminal.seen)
            terminal.expect(b'\x1b[0;93;44mA')
            terminal.type(b'\x01x')
            self.assertEqual(terminal.wait(), 0)
            terminal.expect(b'\x1b[?1049l')
            terminal.expect(b'quit by Ctrl-A x')
            self.assertTrue(terminal.is_restored())

    def test_a_killed_command_leaves_the_terminal_as_it_was(self):
        with self.display() as terminal:
            terminal.expect(b'Hello')
            terminal.process.kill()
            self.assertEqual(terminal.wait(), -9)
            self.assertTrue(terminal.is_restored(5))
            terminal.expect(b'\x1b[?1049l')

    def test_a_graphics_mode_is_one_line_that_says_so(self):
        with self.display(*steps('text'), '--serial', 'file:/dev/null') as terminal:
            terminal.expect(b'The guest shows graphics, 640 by 480')

    def test_a_resized_terminal_is_drawn_anew(self):
        with self.display() as terminal:
            terminal.expect(b'Hello')
            terminal.seen = b''
            terminal.resize(10, 40)
            terminal.expect(b'Hello')

    def test_a_screen_that_stands_still_costs_nothing(self):
        with tempfile.TemporaryDirectory() as scratch:
            path = pathlib.Path(scratch, 'statistics')
            with self.display(f'--stats={path}', '--timeout', '2') as terminal:
                terminal.expect(b'Hello')
                terminal.seen = b''
                time.sleep(0.5)
                self.assertEqual(terminal.wait(), 124)
            text = path.read_text(encoding='utf-8')
        views = int(text.split('"views": ')[1].split(',')[0].rstrip())
        # Of 60 looks in two seconds.
        self.assertLess(views, 10, text)

    def test_help_is_shown_until_a_key_is_typed(self):
        with self.display() as terminal:
            terminal.expect(b'Hello')
            terminal.type(b'\x01h')
            terminal.expect(b'Ctrl-A x  quit')
            terminal.seen = b''
            terminal.type(b'k')
            terminal.expect(b'Hello')


if __name__ == '__main__':
    unittest.main()
