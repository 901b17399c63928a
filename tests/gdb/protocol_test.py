# SPDX-License-Identifier: Apache-2.0
"""Breakpoints, watchpoints, interruption, memory and registers, and what becomes of a guest whose
debugger leaves it, says good-bye or talks rubbish."""

import os
import random
import re
import socket
import struct
import subprocess
import time
import unittest

from remote import PATIENCE_SECONDS, VERBATIM, Guest, frame, symbols

STEPS = os.environ['STEPS']
AT = symbols(STEPS)
# What ends the guest: it looks for these in Variable.
LEAVE_IDLE = struct.pack('<I', 0xE0D)
LEAVE_BUSY = struct.pack('<I', 0xE0E)
DONE = (7, 'done\n')


def write(remote, address, data):
    return remote.ask(f'M{address:x},{len(data):x}:{data.hex()}')


class Stops(unittest.TestCase):
    def setUp(self):
        self.guest = self.enterContext(Guest('--kernel', STEPS))
        self.remote = self.enterContext(self.guest.connect())

    def expect_stop(self, stop, *parts):
        for part in parts:
            self.assertIn(part, stop)

    def release_and_finish(self):
        """The guest runs to its end and tells the debugger."""
        self.remote.run_to(AT['Idle'])
        self.assertEqual(write(self.remote, AT['Variable'], LEAVE_IDLE), 'OK')
        self.remote.run_to(AT['Busy'])
        self.assertEqual(write(self.remote, AT['Variable'], LEAVE_BUSY), 'OK')
        self.assertEqual(self.remote.ask('c'), 'W07')
        self.assertEqual(self.guest.finish()[:2], DONE)

    def test_a_guest_waits_before_its_first_instruction(self):
        self.assertIn('waits for a debugger on unix:', self.guest.notice)
        self.assertEqual(self.remote.ask('?'), 'T05thread:01;')
        self.assertEqual(self.remote.register('eip'), AT['Start'])
        self.assertEqual(self.remote.register('eax'), 0x2BADB002)
        self.release_and_finish()

    def test_a_breakpoint_stops_each_time_in_front_of_its_instruction(self):
        self.remote.run_to(AT['Loop'])
        for kind in (0, 1):
            self.assertEqual(self.remote.ask(f'Z{kind},{AT["InLoop"]:x},1'), 'OK')
        for count in range(1, 11):
            stop = self.remote.ask('c')
            self.expect_stop(stop, 'T05', '08:' + struct.pack('<I', AT['InLoop']).hex())
            self.assertEqual(self.remote.word(AT['Counter']), count)
            self.assertEqual(self.remote.register('ecx'), 11 - count)
            # With one of the two gone the other still stops.
            if count == 5:
                self.assertEqual(self.remote.ask(f'z0,{AT["InLoop"]:x},1'), 'OK')
        self.remote.run_to(AT['AfterLoop'])
        self.assertEqual(self.remote.word(AT['Counter']), 10)
        self.release_and_finish()

    def test_one_that_is_set_amid_the_loop_that_runs_stops_it_too(self):
        # The loop is translated and has gone round by the time its routine gets a breakpoint.
        self.remote.run_to(AT['InLoop'])
        self.remote.run_to(AT['InLoop'])
        self.assertEqual(self.remote.ask(f'Z0,{AT["Leaf"]:x},1'), 'OK')
        for count in range(2, 11):
            self.expect_stop(self.remote.ask('c'), '08:' + struct.pack('<I', AT['Leaf']).hex())
            self.assertEqual(self.remote.word(AT['Counter']), count)
        self.assertEqual(self.remote.ask(f'z0,{AT["Leaf"]:x},1'), 'OK')
        self.release_and_finish()

    def test_the_guest_does_not_see_breakpoints_in_its_code(self):
        self.remote.run_to(AT['Checksum'])
        code = self.remote.memory(AT['Start'], AT['Checksum'] - AT['Start'])
        expected = 0
        for byte in code:
            expected = ((expected << 1 | expected >> 31) + byte) & 0xFFFFFFFF
        for address in range(AT['Start'], AT['Checksum'], 7):
            self.assertEqual(self.remote.ask(f'Z0,{address:x},1'), 'OK')
        self.remote.run_to(AT['Checked'])
        self.assertEqual(self.remote.register('eax'), expected)
        self.assertEqual(self.remote.memory(AT['Start'], len(code)), code)

    def test_watchpoints_stop_behind_reads_and_writes_of_their_kind(self):
        pair = AT['Pair']
        watch, rwatch, awatch = (f'{kind},{pair:x},8' for kind in (2, 3, 4))
        reads = ['AfterRead']
        writes = ['AfterWrite', 'AfterExchange']
        for point, name, stops in ((watch, 'watch', writes), (rwatch, 'rwatch', reads),
                                   (awatch, 'awatch', reads + writes)):
            self.remote.run_to(AT['Watched']) if name == 'watch' else None
            self.remote.set_register('eip', AT['Watched'])
            self.assertEqual(self.remote.ask('Z' + point), 'OK')
            for label in stops:
                self.expect_stop(self.remote.ask('c'), f'{name}:{pair:x};',
                                 '08:' + struct.pack('<I', AT[label]).hex())
            if name != 'rwatch':
                # A repeated store is watched one by one: the first leaves the second to be done.
                self.expect_stop(self.remote.ask('c'), f'{name}:{pair:x};')
                self.assertEqual(self.remote.register('ecx'), 1)
                self.expect_stop(self.remote.ask('c'), f'{name}:{pair:x};')
                self.assertEqual(self.remote.register('ecx'), 0)
            self.assertEqual(self.remote.ask('z' + point), 'OK')
        # Nothing of it was left to the guest's own registers.
        self.assertEqual(self.remote.monitor('info registers').count('dr7'), 0)
        self.release_and_finish()

    def test_a_watchpoint_sees_what_pushes_write_and_not_what_faults(self):
        self.remote.run_to(AT['AfterFill'])
        stack = self.remote.register('esp')
        self.assertEqual(self.remote.ask(f'Z2,{stack - 4:x},4'), 'OK')
        self.expect_stop(self.remote.ask('c'), f'watch:{stack - 4:x};')
        self.assertEqual(self.remote.word(stack - 4), 1)
        self.assertEqual(self.remote.ask(f'z2,{stack - 4:x},4'), 'OK')
        self.assertEqual(self.remote.set_register('eip', AT['PageFault']), 'OK')
        self.assertEqual(self.remote.ask(f'Z4,{AT["Unmapped"]:x},4'), 'OK')
        self.assertEqual(self.remote.ask(f'Z0,{AT["OnPageFault"]:x},1'), 'OK')
        self.expect_stop(self.remote.ask('c'),
                         '08:' + struct.pack('<I', AT['OnPageFault']).hex())

    def test_an_idle_guest_and_a_busy_one_can_be_interrupted(self):
        self.remote.send(frame('c'))
        for _ in range(3):
            self.remote.send(b'\x03')
            self.expect_stop(self.remote.answer(), 'T02')
            self.assertEqual(self.remote.ask('?'), 'T02thread:01;')
            self.remote.send(frame('c'))
        self.remote.send(b'\x03')
        self.expect_stop(self.remote.answer(), 'T02')
        self.remote.run_to(AT['Idle'])
        self.assertEqual(write(self.remote, AT['Variable'], LEAVE_IDLE), 'OK')
        self.remote.send(frame('c'))
        time.sleep(0.05)  # not needed for the result: so that it is busy at least once
        self.remote.send(b'\x03')
        self.expect_stop(self.remote.answer(), 'T02')
        self.assertEqual(write(self.remote, AT['Variable'], LEAVE_BUSY), 'OK')
        self.assertEqual(self.remote.ask('c'), 'W07')

    def test_a_guest_that_dies_is_shown_and_can_be_reset(self):
        for ends in (False, True):
            self.remote.run_to(AT['FirstStep'])
            self.assertEqual(write(self.remote, AT['Idt'], bytes(AT['IdtBytes'])), 'OK')
            self.remote.set_register('eip', AT['Undefined'])
            self.expect_stop(self.remote.ask('c'), 'T06',
                             '08:' + struct.pack('<I', AT['Undefined']).hex())
            if not ends:
                self.remote.monitor('reset')
                self.assertEqual(self.remote.register('eip'), AT['Start'])
        self.assertEqual(self.remote.ask('c'), 'W01')
        status, _, stderr = self.guest.finish()
        self.assertEqual(status, 1)
        self.assertIn('the guest died', stderr)

    def test_a_step_from_halt_ends_in_the_handler_of_the_interrupt(self):
        self.remote.run_to(AT['AfterHalt'] - 2)
        self.remote.ask('s')  # sti
        self.remote.set_register('eip', AT['AfterHalt'] - 1)
        self.expect_stop(self.remote.ask('s'), '08:' + struct.pack('<I', AT['AfterHalt']).hex())
        ticks = self.remote.word(AT['Ticks'])
        self.expect_stop(self.remote.ask('s'), '08:' + struct.pack('<I', AT['OnTimer']).hex())
        self.remote.ask('s')
        self.assertEqual(self.remote.word(AT['Ticks']), ticks + 1)
        self.expect_stop(self.remote.ask('s'), '08:' + struct.pack('<I', AT['AfterHalt']).hex())

    def test_a_range_is_stepped_through_at_once(self):
        self.remote.run_to(AT['Loop'])
        stop = self.remote.ask(f'vCont;r{AT["Loop"]:x},{AT["AfterLoop"]:x}:01')
        # Out of it, into the routine that is called.
        self.expect_stop(stop, '08:' + struct.pack('<I', AT['Leaf']).hex())
        # A breakpoint within ends it.
        self.assertEqual(self.remote.ask(f'Z0,{AT["InLoop"]:x},1'), 'OK')
        self.remote.ask('s')
        stop = self.remote.ask(f'vCont;r{AT["Loop"]:x},{AT["AfterLoop"]:x}:01')
        self.expect_stop(stop, '08:' + struct.pack('<I', AT['InLoop']).hex())


class Values(unittest.TestCase):
    def setUp(self):
        self.guest = self.enterContext(Guest('--kernel', STEPS))
        self.remote = self.enterContext(self.guest.connect())

    def test_registers_can_be_written_where_the_mode_lets_them(self):
        for name, value in (('eax', 0xDEADBEEF), ('esp', 0x1234), ('eip', AT['Loop'])):
            self.assertEqual(self.remote.set_register(name, value), 'OK')
            self.assertEqual(self.remote.register(name), value)
        self.assertEqual(self.remote.set_register('eflags', 0x246), 'OK')
        # Virtual-8086 mode, a reserved bit, another code segment: not by writing a register.
        for name, value in (('eflags', 0x20246), ('eflags', 0x244), ('cs', 0x18), ('cs', 0x10010)):
            before = self.remote.register(name)
            self.assertEqual(self.remote.set_register(name, value), 'E01')
            self.assertEqual(self.remote.register(name), before)
        # x87 and SSE.
        self.assertEqual(self.remote.ask('P10=00000000000000c00040'), 'OK')
        self.assertEqual(self.remote.ask('p10'), '00000000000000c00040')
        self.assertEqual(self.remote.ask('P20=' + '0f' * 16), 'OK')
        self.assertEqual(self.remote.ask('p20'), '0f' * 16)
        self.assertEqual(self.remote.ask('P28=80ff0000'), 'OK')
        self.assertEqual(self.remote.ask('P28=80ff0100'), 'E01')
        self.assertEqual(self.remote.ask('p28'), '80ff0000')

    def test_all_registers_at_once_are_those_one_by_one(self):
        every = self.remote.ask('g')
        single = ''
        number = 0
        while not (value := self.remote.ask(f'p{number:x}')).startswith('E'):
            single += value
            number += 1
        self.assertEqual(every, single)
        self.assertEqual(self.remote.ask('G' + every), 'OK')
        changed = 'efbeadde' + every[8:]
        self.assertEqual(self.remote.ask('G' + changed), 'OK')
        self.assertEqual(self.remote.ask('g'), changed)
        self.assertEqual(self.remote.ask('G' + changed[2:]), 'E01')

    def test_memory_is_the_guests_view_of_it(self):
        self.remote.run_to(AT['FirstStep'])
        variable = AT['Variable']
        self.assertEqual(write(self.remote, variable, b'\x01\x02\x03\x04'), 'OK')
        self.assertEqual(self.remote.memory(variable, 4), b'\x01\x02\x03\x04')
        self.assertEqual(self.remote.ask(b'X%x,4:}\x03}\x04}]a' % variable), 'OK')
        self.assertEqual(self.remote.memory(variable, 4), b'#$}a')
        # Not mapped: nothing is read, nothing written, and what lies in front of it is read.
        unmapped = AT['Unmapped']
        self.assertEqual(self.remote.ask(f'm{unmapped:x},4'), 'E01')
        self.assertEqual(len(self.remote.memory(unmapped - 8, 16)), 8)
        before = self.remote.memory(unmapped - 2, 2)
        self.assertEqual(write(self.remote, unmapped - 2, b'\xAA\xBB\xCC\xDD'), 'E01')
        self.assertEqual(self.remote.memory(unmapped - 2, 2), before)
        self.assertEqual(self.remote.monitor(f'gva2gpa {unmapped:x}'), 'not mapped\n')
        # By physical address there is a page.
        self.assertEqual(self.remote.ask('Qqemu.PhyMemMode:1'), 'OK')
        self.assertEqual(self.remote.ask('qqemu.PhyMemMode'), '1')
        self.assertEqual(write(self.remote, unmapped - 2, b'\xAA\xBB\xCC\xDD'), 'OK')
        self.assertEqual(self.remote.memory(unmapped, 2), b'\xCC\xDD')
        self.assertEqual(self.remote.ask('m1000000000,4'), 'E01')
        # A device: reading it could have effects.
        self.assertEqual(self.remote.ask('mfee00000,4'), 'E01')
        self.assertEqual(self.remote.ask('Qqemu.PhyMemMode:0'), 'OK')
        self.assertIn('000100000  02 b0 ad 1b', self.remote.monitor('xp 100000 10'))

    def test_changed_code_is_what_runs(self):
        self.remote.run_to(AT['InLoop'])
        self.remote.run_to(AT['InLoop'])
        # lea eax, [eax + 1] becomes lea eax, [eax + 16].
        before = self.remote.register('eax')
        self.assertEqual(write(self.remote, AT['InLoop'] + 2, b'\x10'), 'OK')
        self.remote.run_to(AT['AfterLoop'])
        self.assertEqual(self.remote.register('eax'), before + 9 * 16)

    def test_reading_sets_no_accessed_bits(self):
        self.remote.run_to(AT['FirstStep'])
        entry = AT['LowPageTable'] + 4 * 0x3F0
        self.assertEqual(self.remote.word(entry) & 0x60, 0)
        self.remote.memory(0x3F0000, 16)
        write(self.remote, 0x3F0000, b'\x00')
        self.assertEqual(self.remote.word(entry) & 0x60, 0)

    def test_the_monitor_tells_of_the_machine(self):
        self.assertIn('info tlb', self.remote.monitor('help'))
        self.assertIn('eax=2badb002', self.remote.monitor('info registers'))
        self.assertEqual(self.remote.monitor('info tlb'), 'paging is off\n')
        self.remote.run_to(AT['FirstStep'])
        self.assertRegex(self.remote.monitor('info tlb'),
                         r'^00000000-[0-9a-f]{8} -> 000000000 .wx\n')
        self.assertRegex(self.remote.monitor('info blocks'), r'blocks_translated +[1-9]')
        for nonsense in ('', 'inof', 'info', 'xp', 'xp 0 2000', 'xp 1000000000', 'xp z', '\xff\0'):
            self.assertRegex(self.remote.monitor(nonsense), 'no such command|expected')

    def test_the_monitor_resets_the_guest_and_ends_it(self):
        self.remote.run_to(AT['AfterLoop'])
        self.remote.monitor('reset')
        self.assertEqual(self.remote.register('eip'), AT['Start'])
        self.remote.run_to(AT['Loop'])
        self.assertEqual(self.remote.word(AT['Counter']), 0)
        self.remote.monitor('quit')
        status, _, stderr = self.guest.finish()
        self.assertEqual((status, stderr), (0, 'verbatim: ended by the debugger\n'))


class Leaving(unittest.TestCase):
    def setUp(self):
        self.guest = self.enterContext(Guest('--kernel', STEPS))

    def let_it_end(self):
        """A debugger that comes later finds the guest alive, and lets it run to its end."""
        with self.guest.connect() as remote:
            remote.run_to(AT['AfterHalt'])
            write(remote, AT['Variable'], LEAVE_IDLE)
            remote.run_to(AT['Busy'])
            write(remote, AT['Variable'], LEAVE_BUSY)
            self.assertEqual(remote.ask('c'), 'W07')
        self.assertEqual(self.guest.finish()[:2], DONE)

    def test_after_detaching_the_guest_runs_without_breakpoints(self):
        with self.guest.connect() as remote:
            remote.ask(f'Z0,{AT["AfterHalt"]:x},1')
            remote.ask(f'Z2,{AT["Ticks"]:x},4')
            self.assertEqual(remote.ask('D'), 'OK')
            self.assertTrue(remote.is_closed())
        self.let_it_end()

    def test_a_debugger_that_hangs_up_leaves_a_guest_that_runs(self):
        for parting in (b'', b'$', b'$m0,', frame('c')[:-1], frame('c')):
            with self.guest.connect() as remote:
                remote.ask(f'Z0,{AT["AfterHalt"]:x},1')
                remote.send(parting)
        self.let_it_end()

    def test_who_comes_while_another_is_there_waits_for_his_turn(self):
        first = self.guest.connect()
        with self.guest.connect(acknowledge=True) as second:
            first.ask('?')
            first.socket.close()
            self.assertIn('T05', second.ask('?'))
        self.let_it_end()

    def test_k_ends_the_run(self):
        with self.guest.connect() as remote:
            remote.send(frame('k'))
            self.assertTrue(remote.is_closed())
        self.assertEqual(self.guest.finish()[0], 0)

    def test_a_time_limit_ends_a_guest_that_is_held(self):
        with Guest('--kernel', STEPS, '--timeout', '0.2') as guest:
            self.assertEqual(guest.finish()[0], 124)
        with Guest('--kernel', STEPS, '--timeout', '0.2') as guest, guest.connect() as remote:
            self.assertTrue(remote.is_closed())
            self.assertEqual(guest.finish()[0], 124)


class Rubbish(unittest.TestCase):
    def setUp(self):
        self.guest = self.enterContext(Guest('--kernel', STEPS))

    def test_a_bad_checksum_is_told_and_the_packet_not_carried_out(self):
        with self.guest.connect(acknowledge=True) as remote:
            good = frame(f'M{AT["Variable"]:x},4:01020304')
            remote.send(good[:-1] + b'x')
            remote.receive(rb'-')
            remote.send(good[:-2] + b'00')
            remote.receive(rb'-')
            self.assertEqual(remote.ask(f'm{AT["Variable"]:x},4'), '00000000')
            remote.send(good)
            remote.receive(rb'\+')
            # Not understood: once more, but not for ever.
            answer = remote.receive(rb'\$OK#9a')[0]
            for _ in range(8):
                remote.send(b'-')
                self.assertEqual(remote.receive(rb'\$OK#9a')[0], answer)
            remote.send(b'-')
            self.assertTrue(remote.is_closed())

    def test_what_no_packet_should_hold_is_an_error_or_unknown(self):
        with self.guest.connect() as remote:
            for payload in ('m', 'm0', 'm0,', 'm,4', 'mg,4', 'm100000000,4', 'm0,4x', 'M0,4:00',
                            'M0,1:0', 'M0,1:zz', 'X0,4:a', 'M0,1', 'p', 'pff', 'p-1', 'P0', 'P0=',
                            'P0=00', 'P99=00000000', 'G', 'G00', 'Z0', 'Z0,', 'Z0,100000000,1',
                            'Z2,0,0', 'Z2,0,ffffffff', 'Z0,0,1;X1,00', 'z9', 'cx', 's-1',
                            'c100000000', 'vCont', 'vCont;', 'vCont;x', 'vCont;r', 'vCont;r0',
                            'qXfer:features:read:target.xml:', 'qXfer:features:read:target.xml:0',
                            'qXfer:features:read:target.xml:fffffff,1', 'qRcmd,0', 'qRcmd,zz',
                            'Qqemu.PhyMemMode:2', 'm11111111111111111,1'):
                self.assertEqual(remote.ask(payload), 'E01', payload)
            for payload in ('', '!', 'Z5,0,1', 'vMustReplyEmpty', 'v', 'q', 'Q', 'qXfer', 'x0,4',
                            'qXfer:memory-map:read::0,100', 'qSymbol::', 'QNonStop:1', '\x00',
                            'A' * 0x4000):
                self.assertEqual(remote.ask(payload), '', payload[:40])
            self.assertEqual(remote.register('eip'), AT['Start'])

    def test_an_endless_packet_and_endless_noise_leave_the_guest_alone(self):
        with self.guest.connect() as remote:
            remote.send(b'$' + b'm' * 0x4001)
            self.assertTrue(remote.is_closed())
        noise = random.Random(1).randbytes(200_000)
        # Only what would end the guest, or change it, is taken out of it.
        noise = re.sub(rb'[$]', b'', noise)
        with self.guest.connect() as remote:
            remote.send(noise)
            remote.send(frame('D'))
            self.assertTrue(remote.is_closed())
        with self.guest.connect() as remote:
            self.assertEqual(remote.monitor('quit'), '')
        self.assertEqual(self.guest.finish()[0], 0)

    def test_one_who_asks_and_never_reads_is_not_waited_for_by_the_end(self):
        with Guest('--kernel', STEPS, '--timeout', '2') as guest, guest.connect() as remote:
            remote.socket.setblocking(False)
            try:
                for _ in range(20_000):
                    remote.socket.send(frame('m100000,1000'))
            except BlockingIOError:
                pass
            self.assertEqual(guest.finish()[0], 124)

    def test_breakpoints_are_counted(self):
        with self.guest.connect() as remote:
            answers = [remote.ask(f'Z0,{address:x},1') for address in range(1026)]
            self.assertEqual(answers, ['OK'] * 1024 + ['E01'] * 2)
            self.assertEqual(remote.ask('Z0,0,1'), 'OK')
            answers = [remote.ask(f'Z2,{address:x},1') for address in range(66)]
            self.assertEqual(answers, ['OK'] * 64 + ['E01'] * 2)


class Places(unittest.TestCase):
    def test_a_port_is_one_of_the_loopback_unless_an_address_is_given(self):
        for where, shown in (('tcp:0', r'tcp:127\.0\.0\.1:(\d+)'),
                             ('tcp:127.0.0.2:0', r'tcp:127\.0\.0\.2:(\d+)')):
            with subprocess.Popen([VERBATIM, 'run', '--kernel', STEPS, '--gdb', where],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE) as process:
                match = re.search(shown, process.stderr.readline().decode())
                self.assertIsNotNone(match, where)
                host = re.search(r'tcp:([\d.]+):', match[0])[1]
                with socket.create_connection((host, int(match[1])), PATIENCE_SECONDS) as peer:
                    peer.sendall(b'+' + frame('k'))
                self.assertEqual(process.wait(PATIENCE_SECONDS), 0)

    def test_a_socket_that_is_in_use_stays_and_one_that_is_not_is_replaced(self):
        with Guest('--kernel', STEPS) as guest:
            again = [VERBATIM, 'run', '--kernel', STEPS, '--gdb', f'unix:{guest.socket}']
            other = subprocess.run(again, capture_output=True, text=True, check=False,
                                   timeout=PATIENCE_SECONDS)
            self.assertEqual(other.returncode, 2)
            self.assertIn('Address already in use', other.stderr)
            guest.process.kill()
            guest.process.wait()
            third = subprocess.run([*again, '--timeout', '0.1'], capture_output=True, text=True,
                                   check=False, timeout=PATIENCE_SECONDS)
            self.assertEqual(third.returncode, 124, third.stderr)
            self.assertEqual(os.stat(guest.socket).st_mode & 0o777, 0o600)

    def test_a_file_that_is_no_socket_is_not_touched(self):
        with Guest('--kernel', STEPS) as guest:
            path = guest.socket + '.file'
            with open(path, 'w', encoding='utf-8') as file:
                file.write('mine')
            other = subprocess.run([VERBATIM, 'run', '--kernel', STEPS, '--gdb', f'unix:{path}'],
                                   capture_output=True, text=True, check=False,
                                   timeout=PATIENCE_SECONDS)
            self.assertEqual(other.returncode, 2)
            with open(path, encoding='utf-8') as file:
                self.assertEqual(file.read(), 'mine')

    def test_a_guest_need_not_wait(self):
        with Guest('--kernel', STEPS, '--gdb-continue', '--timeout', '20') as guest:
            with guest.connect() as remote:
                remote.run_to(AT['AfterHalt'])
                self.assertGreater(remote.word(AT['Counter']), 0)
                remote.send(frame('k'))
            self.assertEqual(guest.finish()[0], 0)


if __name__ == '__main__':
    unittest.main()
