#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A host that has no room for what the guest writes, here by a limit on the size of files: the guest
is paused with a message, goes on when there is room, loses nothing, and can be ended meanwhile."""

import os
import pathlib
import resource
import select
import signal
import subprocess
import tempfile
import unittest

from kill_test import (FIRST_FLOPPY_MODE, FIRST_SECTOR, FLOPPY_SECTORS, MODE_BYTE, MODES, SECTOR,
                       SLOT_SECTORS, SLOTS, VERBATIM, WRITER, faults)

PATIENCE_SECONDS = 60
# Within the slots of disk and floppy disk, and amid a sector.
LIMIT_BYTES = (FIRST_SECTOR + 100 * SLOT_SECTORS // 3) * SECTOR + 100
UNLIMITED = resource.RLIM_INFINITY


class Numbers:
    """The lines of a guest, by what the pipe has at once."""

    def __init__(self, pipe):
        self.pipe = pipe
        self.rest = b''
        self.last = 0

    def take(self):
        self.rest += os.read(self.pipe.fileno(), 1 << 16)
        *lines, self.rest = self.rest.split(b'\n')
        if lines:
            self.last = int(lines[-1], 16)

    def take_what_is_there(self):
        while select.select([self.pipe], [], [], 0.1)[0]:
            self.take()


class FullHost(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.disk = pathlib.Path(scratch.name) / 'disk.img'
        self.floppy = pathlib.Path(scratch.name) / 'floppy.img'
        self.disk_bytes = (FIRST_SECTOR + SLOTS * SLOT_SECTORS) * SECTOR

    def start(self, mode):
        boot = bytearray(WRITER.read_bytes())
        boot[MODE_BYTE] = mode
        self.disk.write_bytes(boot.ljust(self.disk_bytes, b'\0'))
        self.floppy.write_bytes(bytes(FLOPPY_SECTORS * SECTOR))
        process = subprocess.Popen(
            [VERBATIM, 'run', '--memory', '16M', '--boot', 'c', '--disk', self.disk, '--floppy',
             self.floppy],
            bufsize=0, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertNotEqual(process.stdout.readline(), b'')
        # From now on: the guest's memory is a file too, and larger.
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (LIMIT_BYTES, UNLIMITED))
        path = self.disk if mode < FIRST_FLOPPY_MODE else self.floppy
        self.assertRegex(process.stderr.readline().decode(),
                         rf'{path}: the host has no space, .*: the guest is paused')
        return process, path

    def test_the_guest_waits_and_goes_on(self):
        for mode, name in enumerate(MODES):
            with self.subTest(name):
                process, path = self.start(mode)
                numbers = Numbers(process.stdout)
                numbers.take_what_is_there()
                paused_at = numbers.last
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))
                self.assertIn(f'{path}: the guest goes on', process.stderr.readline().decode())
                # Until every slot has been written since.
                while numbers.last <= paused_at + 2 * SLOTS:
                    numbers.take()
                process.kill()
                process.wait(PATIENCE_SECONDS)
                self.assertEqual(list(faults(mode, path.read_bytes(), numbers.last)), [])

    def test_a_paused_guest_can_be_ended(self):
        process, path = self.start(0)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE_SECONDS), -signal.SIGTERM)
        self.assertIn("the host's disk is full: what the guest wrote last is lost",
                      process.stderr.read().decode())
        self.assertLessEqual(path.stat().st_size, self.disk_bytes)


if __name__ == '__main__':
    unittest.main()
