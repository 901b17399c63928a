# SPDX-License-Identifier: Apache-2.0
"""Steps of one instruction, in protected mode with paging and in real mode: each leads where the
guest's own table says and leaves what that says, whatever interrupts wait meanwhile."""

import os
import struct
import unittest

from remote import NUMBERS, Guest, symbols

STEPS = os.environ['STEPS']
REALMODE = os.environ['REALMODE']
NAMES = {number: name for name, number in NUMBERS.items()}
kHeader = 0x7DEE
kBootSector = 0x7C00


def read_table(bytes_):
    """For each eip, what its steps lead to one after the other."""
    table = {}
    for eip, *rest in struct.iter_unpack('<IIII', bytes_):
        table.setdefault(eip, []).append(rest)
    return table


class Steps(unittest.TestCase):
    def walk(self, remote, table, last, resume='s'):
        """Steps from the first entry on until `last`, and through every entry."""
        while (eip := remote.register('eip')) != last:
            self.assertIn(eip, table, f'eip {eip:x} has no step left')
            following, number, value = table[eip].pop(0)
            if not table[eip]:
                del table[eip]
            stop = remote.ask(resume)
            self.assertTrue(stop.startswith('T05'), stop)
            reached = (remote.register('eip'), remote.register(number))
            self.assertEqual(
                reached, (following, value),
                f'after the step at {eip:x}: eip {reached[0]:x} instead of {following:x}, '
                f'{NAMES[number]} {reached[1]:x} instead of {value:x}')
        self.assertEqual(table, {}, 'steps that were not made')

    def test_in_protected_mode_each_does_what_its_instruction_does(self):
        at = symbols(STEPS)
        with Guest('--kernel', STEPS) as guest, guest.connect() as remote:
            remote.run_to(at['FirstStep'])
            table = read_table(remote.memory(at['Steps'], at['StepsEnd'] - at['Steps']))
            self.assertGreater(len(table), 60)
            self.walk(remote, table, at['LastStep'])
            # What has no number of its own: pi and 1 were pushed, pi was popped.
            self.assertEqual(remote.ask('p10'), '0000000000000080ff3f')
            self.assertEqual(remote.ask('p21'), '06' + 15 * '00')

    def test_over_breakpoints_they_are_the_same(self):
        at = symbols(STEPS)
        with Guest('--kernel', STEPS) as guest, guest.connect() as remote:
            remote.run_to(at['FirstStep'])
            table = read_table(remote.memory(at['Steps'], at['StepsEnd'] - at['Steps']))
            for eip in table:
                self.assertEqual(remote.ask(f'Z0,{eip:x},1'), 'OK')
            self.walk(remote, table, at['LastStep'], resume='vCont;s:1;c')

    def test_in_real_mode_breakpoints_are_linear_and_eip_is_an_offset(self):
        with Guest('--disk', f'{REALMODE},readonly') as guest, guest.connect() as remote:
            remote.run_to(kBootSector)
            self.assertEqual(remote.register('eip') + 16 * remote.register('cs'), kBootSector)
            table, end, first, last = struct.unpack('<IIII', remote.memory(kHeader, 16))
            code = 0x7A00  # cs_base
            stop = remote.run_to(code + first)
            self.assertTrue(stop.startswith('T05'), stop)
            self.assertEqual(remote.register('eip'), first)
            self.walk(remote, read_table(remote.memory(table, end - table)), last)
            # Where the stack and the data are.
            self.assertEqual(remote.memory(0x30010, 2), b'\x34\x12')
            self.assertEqual(remote.ask('c'), 'W01')
            self.assertEqual(guest.finish()[0], 1)


if __name__ == '__main__':
    unittest.main()
