# SPDX-License-Identifier: Apache-2.0
"""gdb holds Debian's kernel: breakpoints by the addresses of /proc/kallsyms, steps, watchpoints on
what the kernel reads and writes for a process, the memory of that process, Ctrl-C, and a guest that
goes on as if nothing had been."""

import os
import pathlib
import re
import select
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'scripts'))
import guest as guests  # noqa: E402  (found only after the line above)
from gdb_process import Gdb  # noqa: E402
from remote import Guest  # noqa: E402

BOOT_SECONDS = 100
KERNEL_START = 0xC0000000
SYMBOLS = ('__ia32_sys_mkdir', '__ia32_sys_newuname', 'strncpy_from_user')
# Offsets in the i386 kernel's pt_regs.
EBX, EIP, CS = 0, 48, 52


class Shell:
    """The guest's shell on its serial line."""

    def __init__(self, process):
        self.process = process
        self.seen = b''
        self.taken = 0

    def type(self, command):
        self.process.stdin.write(command.encode() + b'\n')

    def prompt(self, seconds=60):
        """What was printed up to the next prompt."""
        deadline = time.monotonic() + seconds
        while (at := self.seen.find(guests.PROMPT, self.taken)) < 0:
            wait = deadline - time.monotonic()
            ready = wait > 0 and select.select([self.process.stdout], [], [], wait)[0]
            got = os.read(self.process.stdout.fileno(), 65536) if ready else b''
            if not got:
                raise AssertionError(f'no prompt after {self.seen[-400:]!r}')
            self.seen += got.replace(b'\r', b'')
        text = self.seen[self.taken:at].decode(errors='replace')
        self.taken = at + len(guests.PROMPT)
        return text

    def run(self, command):
        self.type(command)
        return self.prompt()


class Kernel(unittest.TestCase):
    def setUp(self):
        directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        initrd = directory / 'initrd'
        guests.make_initrd(initrd)
        self.guest = self.enterContext(Guest(
            '--gdb-continue', '--kernel', str(guests.kernel_path('686')), '--initrd', str(initrd),
            '--append', 'console=ttyS0 quiet nokaslr', stdin=subprocess.PIPE))
        self.shell = Shell(self.guest.process)
        self.shell.prompt(BOOT_SECONDS)
        listing = self.shell.run('grep -E " (' + '|'.join(SYMBOLS) + ')$" /proc/kallsyms')
        self.at = {name: int(address, 16)
                   for address, name in re.findall(r'([0-9a-f]{8}) \w (\w+)', listing)}
        self.assertEqual(set(self.at), set(SYMBOLS))
        self.gdb = self.enterContext(Gdb())
        self.assertRegex(self.gdb.run(f'target remote {self.guest.socket}'), r'0x\w+ in ')

    def saved(self, offset):
        """A register of the process, where the system call's first argument says."""
        return self.gdb.number(f'*(unsigned int *)($eax + {offset})')

    def stop_in(self, symbol, command):
        """The shell runs the command until the kernel gets there."""
        self.gdb.run(f'tbreak *{self.at[symbol]:#x}')
        self.shell.type(command)
        self.assertIn('Temporary breakpoint', self.gdb.run('continue'))
        self.assertEqual(self.gdb.number('$pc'), self.at[symbol])
        self.assertEqual(self.gdb.number('$cpl'), 0)

    def test_a_kernel_and_its_processes_are_held_and_let_go(self):
        gdb = self.gdb
        self.stop_in('__ia32_sys_mkdir', 'mkdir /tmp/made-by-a-process')
        # The process: its argument, its privilege, and int 80h in front of where it goes on.
        path = self.saved(EBX)
        self.assertLess(path, KERNEL_START)
        self.assertIn('"/tmp/made-by-a-process"', gdb.run(f'x/s {path:#x}'))
        self.assertEqual(self.saved(CS) & 3, 3)
        self.assertEqual(gdb.number(f'*(unsigned short *){self.saved(EIP) - 2:#x}'), 0x80CD)
        # The kernel reads that argument, and finds what was put there.
        gdb.run(f'set {{char [4]}}{path + 5:#x} = {{\'d\', \'e\', \'b\', \'u\'}}')
        self.assertIn('Hardware read watchpoint', gdb.run(f'rwatch *(char *){path:#x}'))
        self.assertIn('Hardware read watchpoint', gdb.run('continue'))
        self.assertLess(gdb.number('$pc') - self.at['strncpy_from_user'], 0x400)
        gdb.run('delete')
        for _ in range(20):
            gdb.run('stepi')
            self.assertGreaterEqual(gdb.number('$pc'), KERNEL_START)
            self.assertEqual(gdb.number('$cpl'), 0)

        # What the kernel writes for a process.
        self.stop_in('__ia32_sys_newuname', 'ls /tmp; uname -s')
        name = self.saved(EBX)
        self.assertIn('Hardware watchpoint', gdb.run(f'watch *(char *){name:#x}'))
        self.assertIn("New value = 76 'L'", gdb.run('continue'))
        gdb.run('delete')

        # Idle, interrupted, let go.
        gdb.resume()
        self.shell.prompt()  # behind mkdir
        printed = self.shell.prompt()
        self.assertIn('\ndebu-by-a-process\n', printed)
        self.assertNotIn('made-by-a-process', printed)
        self.assertIn('\nLinux\n', printed)
        self.assertIn('Program received signal SIGINT', gdb.interrupt())
        self.assertRegex(gdb.run('info registers cr0'), r'\[ PE .*PG \]')
        self.assertRegex(gdb.run('monitor info tlb'), r'\nc[0-9a-f]{7}-')
        gdb.run('detach')
        self.assertIn('6 times 7 is 42', self.shell.run('echo 6 times 7 is $((6 * 7))'))
        self.shell.type('poweroff')
        self.assertEqual(self.guest.finish()[0], 0)


if __name__ == '__main__':
    unittest.main()
