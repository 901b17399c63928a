# SPDX-License-Identifier: Apache-2.0
"""What a person does with the real gdb, on a small guest with symbols."""

import os
import unittest

from gdb_process import Gdb
from remote import Guest, symbols

STEPS = os.environ['STEPS']
REALMODE = os.environ['REALMODE']
AT = symbols(STEPS)


class Session(unittest.TestCase):
    def setUp(self):
        self.guest = self.enterContext(Guest('--kernel', STEPS))
        self.gdb = self.enterContext(Gdb())
        self.gdb.run(f'file {STEPS}')
        attached = self.gdb.run(f'target remote {self.guest.socket}')
        self.assertRegex(attached, r'0x[0-9a-f]+ in Start \(\)')

    def test_registers_have_their_names_and_their_flags(self):
        self.assertRegex(self.gdb.run('info registers'), r'eip +0x\w+ +0x\w+ <Start>')
        self.assertRegex(self.gdb.run('info registers cr0'), r'cr0 +0x11 +\[ PE ET \]')
        self.gdb.run('break FirstStep')
        self.gdb.run('continue')
        self.assertRegex(self.gdb.run('print $cr0'), r'\[ PE ET .*PG \]')
        self.assertRegex(self.gdb.run('print $eflags'), r'\[.* PF.* \]|\[ .*IOPL=0.* \]')
        self.gdb.run('set $st0 = 2.5')
        self.assertRegex(self.gdb.run('print $st0'), r'= 2\.5')
        self.gdb.run('set $xmm3.v4_int32[2] = 77')
        self.assertRegex(self.gdb.run('print $xmm3.v4_int32'), r'\{0, 0, 77, 0\}')
        self.gdb.run('set $eax = 5')
        self.assertEqual(self.gdb.number('$eax'), 5)

    def test_breakpoints_steps_and_watchpoints_by_name(self):
        gdb = self.gdb
        gdb.run('break InLoop')
        self.assertIn('Breakpoint 1, 0x', gdb.run('continue'))
        self.assertEqual(gdb.number('*(int *)&Counter'), 1)
        self.assertIn('InLoop', gdb.run('x/i $pc'))
        self.assertIn('Breakpoint 1, 0x', gdb.run('continue'))
        self.assertEqual(gdb.number('*(int *)&Counter'), 2)
        self.assertIn('will ignore next 6', gdb.run('continue 7').lower())
        self.assertEqual(gdb.number('*(int *)&Counter'), 9)
        gdb.run('stepi 2')
        self.assertEqual(gdb.number('$pc'), AT['Leaf'])
        gdb.run('delete')
        gdb.run('hbreak AfterLoop')
        self.assertIn('Breakpoint 2, 0x', gdb.run('continue'))
        # Its own watchpoint, not single steps of gdb's.
        self.assertIn('Hardware watchpoint 3', gdb.run('watch *(int *)&Pair'))
        stop = gdb.run('continue')
        self.assertIn('Old value = 17', stop)
        self.assertIn('New value = 0', stop)
        self.assertEqual(gdb.number('$pc'), AT['AfterExchange'])
        gdb.run('delete')
        self.assertIn('Hardware access (read/write) watchpoint 4', gdb.run('awatch *(int *)&Ticks'))
        self.assertRegex(gdb.run('continue'), r'Old value = 0\nNew value = 1\n.* in OnTimer')
        gdb.run('delete')
        # Out of HLT and on.
        gdb.run('set *(int *)&Variable = 0xe0d')
        gdb.run('break Busy')
        self.assertIn('Breakpoint 5, 0x', gdb.run('continue'))
        gdb.run('set *(int *)&Variable = 0xe0e')
        self.assertIn('exited with code 07', gdb.run('continue'))
        self.assertEqual(self.guest.finish()[:2], (7, 'done\n'))

    def test_a_running_guest_is_interrupted_and_left_and_found_again(self):
        gdb = self.gdb
        gdb.run('break OnTimer')
        gdb.run('continue')
        gdb.run('continue')
        gdb.run('delete')
        gdb.resume()
        self.assertIn('Program received signal SIGINT', gdb.interrupt())
        self.assertIn('Detaching', gdb.run('detach'))
        self.assertRegex(gdb.run(f'target remote {self.guest.socket}'), r'0x\w+ in ')
        self.assertGreaterEqual(gdb.number('*(int *)&Ticks'), 1)
        self.assertIn('info tlb', gdb.run('monitor help'))
        gdb.run('monitor reset')
        gdb.run('maintenance flush register-cache')
        self.assertEqual(gdb.number('$pc'), AT['Start'])
        gdb.run('kill')
        self.assertEqual(self.guest.finish()[0], 0)


class RealMode(unittest.TestCase):
    def test_a_boot_sector_is_stopped_at_its_first_instruction(self):
        with Guest('--disk', f'{REALMODE},readonly') as guest, Gdb() as gdb:
            gdb.run(f'target remote {guest.socket}')
            gdb.run('break *0x7c00')
            gdb.run('continue')
            self.assertEqual(gdb.number('$cs * 16 + $eip'), 0x7C00)
            self.assertRegex(gdb.run('x/i $cs_base + $eip'), r'ljmp +\$0x7a0,\$0x205')
            gdb.run('stepi')
            self.assertEqual((gdb.number('$cs'), gdb.number('$eip')), (0x7A0, 0x205))
            self.assertEqual(gdb.number('$cs_base'), 0x7A00)
            gdb.run('kill')


if __name__ == '__main__':
    unittest.main()
