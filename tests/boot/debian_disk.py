#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An installed Debian 12 on a disk: boots by its own GRUB, is used as a person would, reboots, powers off, and
leaves a clean file system. The disk comes from scripts/make-debian-disk; the test works on a copy.

With --firmware seabios the firmware is SeaBIOS; with --emulator qemu the same session runs in QEMU, which tells
whether a failure is ours or the guest's, and prints how long each part takes there. Without the screen's part, which
needs verbatim.
"""

import argparse
import os
import pathlib
import re
import selectors
import subprocess
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / 'scripts'))
import guest  # noqa: E402

PATIENCE_SECONDS = 150
PARTITION = '?offset=1048576'
PROMPT = rb'root@debian:~# '
PASSWORD = 'root'
CLOCK_SECONDS = 5  # a second is what the hardware clock tells, the rest a busy host's

# What 78498 is: the number of primes below a million. The sum goes through the x87.
PROGRAM = r'''
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
int main(void) {
  enum { kLimit = 1000000 };
  char* composite = calloc(kLimit, 1);
  int primes = 0;
  double roots = 0;
  for (int i = 2; i < kLimit; ++i) {
    if (composite[i]) continue;
    ++primes;
    roots += sqrt(i);
    for (long long j = (long long)i * i; j < kLimit; j += i) composite[j] = 1;
  }
  printf("%d primes, roots %.3f\n", primes, roots);
  return 0;
}
'''


class Phases:
    """Prints what each part took."""

    def __init__(self):
        self._begin = time.monotonic()

    def ends(self, name):
        now = time.monotonic()
        print(f'{name}: {now - self._begin:.1f} s', flush=True)
        self._begin = now


class Serial:
    """The emulator with COM1 on its standard input and output."""

    def __init__(self, command):
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, bufsize=0)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.process.stdout, selectors.EVENT_READ)
        self._unread = b''

    def expect(self, pattern, what):
        """Waits for the regular expression in what was printed since the last match."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (match := re.search(pattern, self._unread)):
            if not self._selector.select(deadline - time.monotonic()):
                self._fail(f'{what}: not seen within {PATIENCE_SECONDS} s')
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                self._fail(f'{what}: not seen before the end, status {self.process.wait()}')
            self._unread += data.replace(b'\r', b'')
        self._unread = self._unread[match.end():]
        return match

    def _fail(self, why):
        raise guest.Failure(f'{why}; the last output was:\n{self._unread[-2000:].decode(errors="replace")}')

    def type(self, text):
        self.process.stdin.write(text.encode())

    def log_in(self):
        self.expect(rb'debian login: ', 'the login on the serial line')
        self.type('root\n')
        self.expect(rb'Password: ', 'the question for the password')
        self.type(f'{PASSWORD}\n')
        self.expect(PROMPT, 'the shell')
        # What the kernel says would come between; and lines as a terminal that does not wrap.
        self.run('export TERM=dumb; dmesg -n 1; stty cols 500; bind "set enable-bracketed-paste off"')

    def run(self, command):
        """Runs a command that must succeed; its output."""
        self.type(f'{command}; echo "status $?."\n')
        self.expect(rb'status \$\?\."\n', f'the echo of {command}')
        match = self.expect(rb'(?s)\A(.*?)status (\d+)\.\n', f'the end of {command}')
        output = match[1].decode(errors='replace')
        if match[2] != b'0':
            raise guest.Failure(f'{command}: status {match[2].decode()}:\n{output}')
        self.expect(PROMPT, 'the prompt')
        return output

    def wait_for_the_end(self):
        """The exit status, once everything was read."""
        while os.read(self.process.stdout.fileno(), 65536):
            pass
        return self.process.wait()


def expect_equal(what, found, expected):
    if found != expected:
        raise guest.Failure(f'{what}: found {found!r}, expected {expected!r}')


def run_tool(*command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                            check=False, env={**os.environ, 'PATH': os.environ['PATH'] + ':/usr/sbin:/sbin'})
    if result.returncode != 0:
        raise guest.Failure(f'{command[0]}: status {result.returncode}: {result.stdout}{result.stderr}')
    return result.stdout


def make_second_disk(scratch):
    """An ext4 without partitions with the package and the program's source."""
    files = scratch / 'files'
    package = scratch / 'package'
    (package / 'DEBIAN').mkdir(parents=True)
    (package / 'DEBIAN/control').write_text(
        'Package: local-greeting\nVersion: 1.0\nArchitecture: i386\nDepends: libc6\n'
        'Maintainer: nobody <nobody@localhost>\nDescription: a greeting\n')
    (package / 'usr/bin').mkdir(parents=True)
    greeting = package / 'usr/bin/local-greeting'
    greeting.write_text('#!/bin/sh\necho greetings from $(dpkg --print-architecture)\n')
    greeting.chmod(0o755)
    files.mkdir()
    run_tool('dpkg-deb', '--root-owner-group', '--build', package, files / 'local.deb')
    (files / 'primes.c').write_text(PROGRAM)
    disk = scratch / 'second.img'
    run_tool('mke2fs', '-q', '-t', 'ext4', '-L', 'second', '-d', files, disk, '8M')
    return disk


def command_for(arguments, disk, second):
    if arguments.emulator == 'qemu':
        return ['qemu-system-i386', '-accel', 'tcg', '-m', '256M', '-display', 'none', '-nic', 'none',
                '-serial', 'stdio', '-drive', f'format=raw,file={disk}',
                '-drive', f'format=raw,file={second}']
    command = [arguments.verbatim, 'run', disk, '--disk', f'{second},readonly', '--serial', 'stdio',
               *arguments.option]
    if arguments.firmware == 'seabios':
        files = guest.guest_directory() / 'firmware'
        command += ['--firmware', f'{files / "bios-256k.bin"},vgabios={files / "vgabios-stdvga.bin"}']
    # The menu, then a login on the screen, whose shell says on the serial line that it is there.
    return [*command, '--expect', 'GNU GRUB', '--expect', 'Debian GNU/Linux', '--send', '<ret>',
            '--expect', 'debian tty1', '--send', 'root<ret>',
            '--expect', 'Password:', '--send', f'{PASSWORD}<ret>',
            '--expect', 'root@debian:~#', '--send', 'echo shell on $(tty) > /dev/ttyS0<ret>']


def use_system(serial, phases):
    expect_equal('failed units', serial.run('systemctl --failed --no-legend --plain'), '')
    expect_equal('state of the system', serial.run('systemctl is-system-running --wait'), 'running\n')
    clock = float(serial.run('date +%s.%N'))
    if abs(clock - time.time()) > CLOCK_SECONDS:
        log = serial.run('dmesg | grep -iE "tsc|clock|jiffies"')
        raise guest.Failure(f'the clock is {clock - time.time():+.1f} s off:\n{log}')
    phases.ends('looking around')
    serial.run('mount -o ro LABEL=second /mnt && cp /mnt/local.deb /mnt/primes.c . && umount /mnt')
    serial.run('apt-get -q -y install ./local.deb')
    expect_equal('the installed program', serial.run('local-greeting'), 'greetings from i386\n')
    phases.ends('apt-get install')
    serial.run('gcc -O2 -Wall -Werror -o primes primes.c -lm')
    phases.ends('gcc')
    expect_equal('the compiled program', serial.run('./primes | tee result'),
                 '78498 primes, roots 50776685.594\n')


def check_disk(disk):
    """What is on the file system afterwards, seen from the host."""
    run_tool('e2fsck', '-fn', f'{disk}{PARTITION}')
    result = run_tool('debugfs', '-R', 'cat /root/result', f'{disk}{PARTITION}')
    expect_equal('the file written in the guest', result, '78498 primes, roots 50776685.594\n')


def session(arguments, scratch):
    image = guest.guest_directory() / 'debian/debian.img'
    if not image.with_name('manifest').is_file():
        raise guest.GuestError(f'no {image}: run scripts/make-debian-disk first')
    phases = Phases()
    disk = scratch / 'debian.img'
    run_tool('cp', '--sparse=always', '--reflink=auto', image, disk)
    second = make_second_disk(scratch)
    phases.ends('copying the disk')
    serial = Serial(command_for(arguments, disk, second))
    try:
        if arguments.emulator == 'verbatim':
            serial.expect(rb'shell on /dev/tty1', 'the shell on the screen')
            phases.ends('boot, login on the screen')
            serial.type('\n')
        serial.log_in()
        phases.ends('login on the serial line')
        use_system(serial, phases)
        phases.ends('the compiled program')
        serial.type('reboot\n')
        serial.log_in()
        phases.ends('reboot, login')
        expect_equal('the compiled program after the reboot', serial.run('./primes | cmp - result'), '')
        serial.run('dpkg --status local-greeting')
        serial.type('poweroff\n')
        expect_equal('exit status', serial.wait_for_the_end(), 0)
        phases.ends('poweroff')
    finally:
        serial.process.kill()
        serial.process.wait()
    check_disk(disk)
    phases.ends('checking the disk')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--verbatim', type=pathlib.Path, metavar='FILE',
                        default=guest.REPOSITORY / 'build/release/cli/verbatim',
                        help='the verbatim command (default: build/release/cli/verbatim)')
    parser.add_argument('--emulator', choices=('verbatim', 'qemu'), default='verbatim',
                        help='what runs the guest (default: %(default)s)')
    parser.add_argument('--firmware', choices=('own', 'seabios'), default='own',
                        help='what boots the disk in verbatim (default: %(default)s)')
    parser.add_argument('--option', action='append', default=[], metavar='OPTION',
                        help='one more for verbatim run, e.g. --option=--apic')
    arguments = parser.parse_args()
    return guest.judge('debian_disk', lambda scratch: session(arguments, scratch))


if __name__ == '__main__':
    sys.exit(main())
