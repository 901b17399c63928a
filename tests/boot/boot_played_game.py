#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A game that needs no operating system, from Debian's package grub-invaders, is played on a terminal:
the ship follows the keys, its shots take invaders away, a pause stops everything. And keys are what was
typed, however seldom the host lets the guest run."""

import codecs
import os
import pathlib
import select
import signal
import sys
import tempfile
import time
import unittest

from made_media import make_el_torito
from media import PATIENCE_SECONDS, fetched, image, sea_bios
from text_picture import TextPicture

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'cli'))
from driver import Terminal  # noqa: E402

LEFT, RIGHT, FIRE, PAUSE = b'\x1B[D', b'\x1B[C', b' ', b'p'
SHIP = '/ \\'
INVADER = '-*-'
TYPING_SECONDS = 0.03  # between two keys, as a keyboard repeats them
PLAY_SECONDS = 10


class Player:
    def __init__(self, terminal):
        self._terminal = terminal
        self._picture = TextPicture()
        self._decoder = codecs.getincrementaldecoder('utf-8')()

    def watch(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self._terminal.controller], [], [], left)[0]:
                self._picture.feed(self._decoder.decode(
                    os.read(self._terminal.controller, 1 << 16)))

    def play(self, keys, until=lambda: False, seconds=PATIENCE_SECONDS):
        """Types the keys one after the other, over and over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            for key in keys:
                self._terminal.type(key)
                self.watch(TYPING_SECONDS)

    def shows(self, text):
        return any(text in line for line in self._picture.lines())

    def wait_for(self, text):
        self.play((), until=lambda: self.watch(TYPING_SECONDS) or self.shows(text))
        assert self.shows(text), self._picture.lines()

    def ship(self):
        return self._picture.lines()[-1].find(SHIP)

    def invaders(self):
        return sum(line.count('*') for line in self._picture.lines())

    def screen(self):
        return self._picture.lines()


class PlayedGame(unittest.TestCase):
    def check_is_played(self, player):
        player.wait_for(INVADER)
        started = time.monotonic()
        player.wait_for(SHIP)
        middle = player.ship()
        all_invaders = player.invaders()

        player.play([LEFT], until=lambda: player.ship() <= middle - 10)
        self.assertLessEqual(player.ship(), middle - 10)
        player.play([RIGHT], until=lambda: player.ship() >= middle + 10)
        self.assertGreaterEqual(player.ship(), middle + 10)

        player.play([FIRE, LEFT, FIRE, LEFT, FIRE, RIGHT],
                    until=lambda: time.monotonic() >= started + PLAY_SECONDS and
                    player.invaders() < all_invaders - 3)
        self.assertLess(player.invaders(), all_invaders - 3)

        player.play([PAUSE], seconds=TYPING_SECONDS)
        player.wait_for('PAUSE')
        player.watch(0.2)
        before = player.screen()
        player.watch(1)
        self.assertEqual(player.screen(), before)

    def test_as_a_kernel(self):
        with Terminal('--display', 'terminal', '--memory', '16M',
                      guest=('--kernel', str(image('invaders.exec')))) as terminal:
            self.check_is_played(Player(terminal))

    def test_with_sea_bios_and_grub_from_a_cd(self):
        with tempfile.TemporaryDirectory() as folder:
            cd = make_el_torito(pathlib.Path(folder) / 'game.iso', fetched('media/stage2_eltorito'),
                                f'game={image("invaders.exec")}')
            with Terminal('--display', 'terminal', '--memory', '16M',
                          guest=(*sea_bios(), '--cdrom', str(cd))) as terminal:
                player = Player(terminal)
                player.wait_for('grub>')
                terminal.type(b'kernel /game\rboot\r')
                self.check_is_played(player)

    def test_keys_that_were_released_do_not_repeat_on_a_host_that_stops(self):
        with Terminal(guest=('--floppy', f'{image("grub-rescue-floppy.img")},readonly')) as terminal:
            player = Player(terminal)
            player.wait_for('GNU GRUB')
            terminal.type(b'c')
            player.wait_for('grub>')
            for key in b'abcd':
                terminal.type(bytes([key]))
                time.sleep(0.004)  # a stroke takes 10 ms: amid it
                terminal.process.send_signal(signal.SIGSTOP)
                time.sleep(0.7)  # a key that is held repeats after 0.5 s
                terminal.process.send_signal(signal.SIGCONT)
                player.watch(0.1)
            player.wait_for('grub> abcd ')


if __name__ == '__main__':
    unittest.main()
