#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Uses the guest's shell through a pseudo-terminal, as a person would.

Checks echo and output, Ctrl-C, a resized window, that an idle guest leaves the host's processor
alone, with APICs that the HPET serves as clock and timer, that Ctrl-A x ends the emulator, and that the terminal is afterwards as it was before.
"""

import argparse
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / 'scripts'))
import guest  # noqa: E402  (found only after the line above)

ANSWER_SECONDS = 30
IDLE_SECONDS = 10
# Of a core. QEMU's device loop alone takes more than the limit set for this project's engine.
IDLE_SHARE = {'verbatim': 0.05, 'qemu': 0.15}
INTERRUPT_SECONDS = 5
HPET_ERROR_SECONDS = 0.5  # how late the output of one of the two readings may be


class Terminal:
    """The emulator on a pseudo-terminal of its own; what it prints collects in `seen`."""

    def __init__(self, command, log):
        self.controller, self.terminal = pty.openpty()
        self.resize(24, 80)
        self.settings = termios.tcgetattr(self.terminal)
        self._log = log
        self.seen = b''
        self._read_to = 0
        self.process = subprocess.Popen(
            command, stdin=self.terminal, stdout=self.terminal, stderr=self.terminal,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def resize(self, rows, columns):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.controller, keys)

    def expect(self, pattern, what, seconds=ANSWER_SECONDS):
        """Waits for the regular expression in what was printed since the last match."""
        deadline = time.monotonic() + seconds
        while True:
            match = re.search(pattern, self.seen[self._read_to:])
            if match:
                self._read_to += match.end()
                return match
            if not self._read(deadline - time.monotonic()):
                ended = self.process.poll()
                why = f'within {seconds} s' if ended is None else f'before exit status {ended}'
                tail = self.seen[-400:].decode(errors='replace')
                raise guest.Failure(f'{what}: not seen {why}; the last output was:\n{tail}')

    def expect_prompt(self, what, seconds=ANSWER_SECONDS):
        self.expect(re.escape(guest.PROMPT), what, seconds)

    def drain(self, seconds):
        deadline = time.monotonic() + seconds
        while self._read(deadline - time.monotonic()):
            pass

    def processor_seconds(self):
        """User and system time of the emulator, all threads."""
        stat = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text()
        fields = stat.rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def _read(self, seconds):
        """False once the time is up or the emulator has gone and left nothing more to read."""
        if seconds <= 0:
            return False
        step = min(seconds, 0.5)
        if select.select([self.controller], [], [], step)[0]:
            data = os.read(self.controller, 65536)
            # Whether a terminal's driver adds one more carriage return is not of interest.
            self.seen += data.replace(b'\r', b'')
            self._log.write(data)
            self._log.flush()
            return True
        return self.process.poll() is None


def check_command(terminal):
    terminal.type(b'echo 6 times 7 is $((6 * 7))\r')
    terminal.expect(rb'echo 6 times 7 is \$\(\(6 \* 7\)\)\n', 'the echo of what was typed')
    terminal.expect(rb'6 times 7 is 42\n', 'the output of a command')
    terminal.expect_prompt('the prompt after a command')
    terminal.type(b'echo wrongs\x7f | tr a-z A-Z\r')
    terminal.expect(rb'WRONG\n', 'a line that was corrected with backspace')
    terminal.expect_prompt('the prompt after a pipe')


def check_interrupt(terminal):
    for command in (b'sleep 100', b'cat', b'while :; do :; done'):
        terminal.type(command + b'\r')
        terminal.expect(re.escape(command) + rb'\n', 'the echo of what was typed')
        terminal.drain(1)
        terminal.type(b'\x03')
        terminal.expect_prompt(f'the prompt after Ctrl-C in "{command.decode()}"',
                               INTERRUPT_SECONDS)
    terminal.type(b'echo status $?\r')
    terminal.expect(rb'status 130\n', 'the status of an interrupted command')
    terminal.expect_prompt('the prompt')


def check_resize(terminal):
    terminal.resize(50, 132)
    os.kill(terminal.process.pid, signal.SIGWINCH)
    terminal.type(b'stty -F /dev/ttyS0 rows 50 columns 132; stty size\r')
    terminal.expect(rb'50 132\n', 'a command after the window was resized')
    terminal.expect_prompt('the prompt after the window was resized')


def check_bulk(terminal):
    terminal.type(b'seq 1 3000\r')
    terminal.expect(rb'\n1\n', 'the first of 3000 lines')
    lines = b''.join(b'%d\n' % number for number in range(2, 3001))
    terminal.expect(re.escape(lines), '3000 lines, none lost')
    terminal.expect_prompt('the prompt after 3000 lines')


def check_idle(terminal, limit):
    terminal.drain(2)
    begin = terminal.processor_seconds()
    terminal.drain(IDLE_SECONDS)
    share = (terminal.processor_seconds() - begin) / IDLE_SECONDS
    print(f'idle: {share:.1%} of a core', flush=True)
    if share >= limit:
        raise guest.Failure(f'an idle guest takes {share:.1%} of a core, expected < {limit:.0%}')


def check_hpet(terminal):
    """The HPET takes the place of the 8254 and keeps time, and the RTC has its alarms."""
    terminal.type(b'grep Device: /proc/timer_list\r')
    terminal.expect(rb'Clock Event Device: hpet\n', 'the HPET as source of timer interrupts')
    terminal.expect_prompt('the prompt')
    terminal.type(b'cd /sys/devices/system/clocksource/clocksource0; '
                  b'echo hpet > current_clocksource; cat current_clocksource\r')
    terminal.expect(rb'\nhpet\n', 'the HPET as clock source')
    terminal.expect_prompt('the prompt')
    terminal.type(b'echo +1 > /sys/class/rtc/rtc0/wakealarm; '
                  b'cat /proc/uptime; sleep 3; cat /proc/uptime\r')
    uptime = rb'\n([0-9.]+) [0-9.]+\n'
    before = float(terminal.expect(uptime, 'the time by the HPET')[1])
    begin = time.monotonic()
    after = float(terminal.expect(rb'([0-9.]+) [0-9.]+\n', 'the time after three seconds')[1])
    host = time.monotonic() - begin
    print(f'{after - before:.2f} s by the HPET, {host:.2f} s here', flush=True)
    if abs(after - before - host) > HPET_ERROR_SECONDS:
        raise guest.Failure(f'{host:.2f} s are {after - before:.2f} s by the HPET')
    terminal.expect_prompt('the prompt')
    # IRQ 8 is the HPET's: the alarm comes by the power management.
    terminal.type(b'cat /sys/firmware/acpi/interrupts/ff_rt_clk\r')
    terminal.expect(rb'\n +1 ', 'the event of the alarm')
    terminal.expect_prompt('the prompt')
    terminal.type(b'echo tsc > current_clocksource; cd /\r')
    terminal.expect_prompt('the prompt')


def check_leaving(terminal):
    if termios.tcgetattr(terminal.terminal) == terminal.settings:
        raise guest.Failure('the terminal was not in raw mode while the guest ran')
    terminal.type(b'\x01x')
    try:
        terminal.process.wait(ANSWER_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise guest.Failure('Ctrl-A x did not end the emulator') from error
    if termios.tcgetattr(terminal.terminal) != terminal.settings:
        raise guest.Failure('the terminal\'s settings were not restored')


def run(arguments, scratch):
    initrd = scratch / 'initrd.cpio.gz'
    kernel = guest.kernel_path(arguments.kernel)
    guest.make_initrd(initrd)
    command = guest.emulator_command(
        arguments.emulator, kernel, initrd, 'console=ttyS0 quiet', verbatim=arguments.verbatim,
        memory=arguments.memory, cpu=arguments.cpu, terminal=True,
        apic=arguments.apic)
    with open(arguments.log, 'wb') as log:
        terminal = Terminal(command, log)
        try:
            terminal.expect(re.escape(guest.INIT_MARKER), 'the start of /init', arguments.timeout)
            terminal.expect_prompt('the first prompt')
            check_command(terminal)
            print('passed: echo, output, editing, a pipe', flush=True)
            check_interrupt(terminal)
            print('passed: Ctrl-C', flush=True)
            check_resize(terminal)
            print('passed: a resized window', flush=True)
            check_bulk(terminal)
            print('passed: 3000 lines of output', flush=True)
            if arguments.apic:
                check_hpet(terminal)
                print('passed: the HPET as a clock', flush=True)
            check_idle(terminal, IDLE_SHARE[arguments.emulator])
            check_leaving(terminal)
            print('passed: Ctrl-A x and the terminal\'s settings', flush=True)
        finally:
            terminal.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    guest.add_emulator_options(parser)
    parser.add_argument('--kernel', default='686', help='which kernel (default: %(default)s)')
    parser.add_argument('--timeout', type=float, default=120, metavar='SECONDS',
                        help='how long the boot may take (default: %(default)s)')
    parser.add_argument('--log', type=pathlib.Path, default=pathlib.Path('interactive.log'),
                        metavar='FILE', help='where the output goes (default: %(default)s)')
    arguments = parser.parse_args()
    return guest.judge('interactive', lambda scratch: run(arguments, scratch))


if __name__ == '__main__':
    sys.exit(main())
