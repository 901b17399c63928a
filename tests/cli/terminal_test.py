#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command on a terminal: keys, and the terminal's settings whatever ends the command."""

import os
import signal
import time
import unittest

from driver import PATIENCE_SECONDS, Terminal


class Keys(unittest.TestCase):
    def test_all_keys_go_to_the_guest(self):
        with Terminal() as terminal:
            terminal.expect(b'ready\n')
            self.assertTrue(terminal.is_raw())
            # Interrupt, end of file, quit, suspend, stop, return: none means anything to the host.
            terminal.type(b'<\x03\x04\x1c\x1a\x13\r>')
            terminal.expect(b'<\x03\x04\x1c\x1a\x13\r>')

    def test_escape_commands(self):
        with Terminal() as terminal:
            terminal.expect(b'ready\n')
            terminal.type(b'\x01h')
            terminal.expect(b'Ctrl-A x  quit\r\n')
            terminal.type(b'\x01z')
            terminal.expect(b'unknown key after Ctrl-A')
            terminal.type(b'[\x01a\x01\x01]')
            terminal.expect(b'[\x01\x01]')
            terminal.type(b'\x01')
            time.sleep(0.1)
            terminal.type(b'x')
            self.assertEqual(terminal.wait(), 0)
            terminal.expect(b'quit by Ctrl-A x')


class Restoration(unittest.TestCase):
    def ended(self, act, status, *arguments):
        """Ends a run by `act` and checks the status and the terminal."""
        with Terminal(*arguments) as terminal:
            terminal.expect(b'ready\n')
            self.assertTrue(terminal.is_raw())
            act(terminal)
            self.assertEqual(terminal.wait(), status)
            # What ended at once is cleaned up by the watcher, which needs a moment.
            self.assertTrue(terminal.is_restored(5 if status < 0 else 0))
            self.assertTrue(terminal.release(), 'a process still holds the terminal')

    def test_after_quit(self):
        self.ended(lambda terminal: terminal.type(b'\x01x'), 0)

    def test_after_the_guest_ended(self):
        self.ended(lambda terminal: terminal.type(b'v'), 11)

    def test_after_the_guest_died(self):
        self.ended(lambda terminal: terminal.type(b'd'), 1)

    def test_after_timeout(self):
        self.ended(lambda terminal: None, 124, '--timeout', '1')

    def test_after_termination_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            self.ended(lambda terminal, n=number: terminal.process.send_signal(n), -number)

    def test_after_fatal_signals(self):
        for number in (signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS):
            def strike(terminal, n=number):
                # The engine may take the first for a fault of the guest's.
                deadline = time.monotonic() + PATIENCE_SECONDS
                while terminal.process.poll() is None and time.monotonic() < deadline:
                    terminal.process.send_signal(n)
                    time.sleep(0.1)
            self.ended(strike, -number)

    def test_after_the_whole_process_group_was_killed(self):
        self.ended(lambda terminal: os.killpg(terminal.process.pid, signal.SIGKILL),
                   -signal.SIGKILL)

    def test_before_the_guest_starts(self):
        with Terminal('--initrd', '/nonexistent') as terminal:
            self.assertEqual(terminal.wait(), 2)
            self.assertTrue(terminal.is_restored())

    def test_a_terminal_that_goes_away_ends_the_run(self):
        with Terminal() as terminal:
            terminal.expect(b'ready\n')
            os.close(terminal.terminal)
            os.close(terminal.controller)
            terminal.terminal = terminal.controller = -1
            self.assertEqual(terminal.process.wait(PATIENCE_SECONDS), -signal.SIGHUP)


if __name__ == '__main__':
    unittest.main()
