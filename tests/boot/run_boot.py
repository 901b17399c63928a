#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boots a Debian kernel, runs the checks in the guest, powers off, and judges the result.

What the guest prints is compared with what this host computes by running the same i386 programs
natively. The guest's kernel log may hold no warning that the reference machine's does not hold.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / 'scripts'))
import guest  # noqa: E402  (found only after the line above)

HERE = pathlib.Path(__file__).resolve().parent
APPEND = 'console=ttyS0 panic=-1 check'

# How far a measurement made in the guest may be off.
SLEEP_SECONDS = (1.95, 2.6)
CLOCK_TOLERANCE_SECONDS = 5
LOG_TAIL_LINES = 15

# The kernel's priorities 0 to 4: emergency to warning. Some problems are logged below those.
WARNING_PRIORITY = 4
SUSPICIOUS = re.compile(
    r'\b(bad|bug|oops|warning|unhandled|unexpected|nobody cared|stall|call trace|'
    r'segfault|general protection|trap (invalid opcode|divide)|unstable|kernel panic)\b', re.IGNORECASE)

# QEMU computes the x87's transcendental functions in its own way and the reciprocal estimates
# exactly, so these differ from any processor; and it does not set the denormal flag on a load.
NOT_IN_QEMU = re.compile(r'fp\.((fsin|fcos|fptan|fpatan|fyl2x|f2xm1|rcpps)\.|fsw\.3$)')


def results(text, kind):
    """The lines of one kind, as {name: value}; a name that comes twice becomes one value."""
    found = {}
    for line in text.splitlines():
        match = re.match(rf'{kind}: (\S+) ?(.*)', line.rstrip())
        if match:
            name, value = match.groups()
            found[name] = f'{found[name]} | {value}' if name in found else value
    return found


def normalise(message):
    """A kernel message without what differs between two boots of the same machine."""
    message = re.sub(r'^\[[^]]*\] ', '', message)
    message = re.sub(r'0x[0-9a-f]+|\b[0-9a-f]{8,}\b', 'N', message, flags=re.IGNORECASE)
    message = re.sub(r'\d+', 'N', message)
    return re.sub(r'\bN[a-fN]*\b', 'N', message).strip()  # hexadecimal without a prefix


def kernel_log(text):
    """(priority, normalised message) for each line of the guest's kernel log."""
    log = []
    for line in text.splitlines():
        match = re.match(r'dmesg: <(\d+)>(.*)', line.rstrip())
        if match:
            log.append((int(match.group(1)) & 7, normalise(match.group(2))))
    return log


def read_reference(path):
    if not path.is_file():
        raise guest.GuestError(f'no reference kernel log {path}')
    lines = path.read_text().splitlines()
    return {line for line in lines if line and not line.startswith('#')}


class NativeRun:
    """The portable checks on this host, computed while the guest boots."""

    def __init__(self, programs, mib):
        script = HERE / 'guest/check.sh'
        try:
            self._process = subprocess.Popen(
                [programs / 'busybox', 'sh', script, '--portable'],
                env={'BIN': str(programs), 'MIB': str(mib)}, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        except OSError as error:
            raise guest.GuestError(f'this host cannot run i386 programs: {error}') from error
        self._output = ''
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        self._output = self._process.stdout.read()

    def stop(self):
        self._process.kill()
        self._reader.join()
        self._process.wait()

    def output(self):
        self._reader.join()
        if self._process.wait() != 0 or 'check: end reached' not in self._output:
            raise guest.GuestError('the native run of the checks did not finish')
        return self._output


class Boot:
    """One run of the emulator: its output, exit status and when things happened."""

    def __init__(self, command, timeout, log, verbose):
        self.text = ''
        self.status = None
        self.timed_out = False
        self.init_seconds = None
        self.clock_offset = None
        self._run(command, timeout, log, verbose)

    def _run(self, command, timeout, log, verbose):
        begin = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        timer = threading.Timer(timeout, self._end, [process])
        timer.start()
        lines = []
        try:
            with open(log, 'wb') as file:
                for line in process.stdout:
                    file.write(line)
                    text = line.decode(errors='replace').rstrip()
                    lines.append(text)
                    self._note(text, time.monotonic() - begin, verbose)
            self.status = process.wait()
        finally:
            timer.cancel()
            process.kill()
            process.wait()
        self.text = '\n'.join(lines)

    def _end(self, process):
        self.timed_out = True
        process.kill()

    def _note(self, line, seconds, verbose):
        if guest.INIT_MARKER.decode() in line and self.init_seconds is None:
            self.init_seconds = seconds
            print(f'[{seconds:6.1f} s] /init runs', flush=True)
        elif line.startswith('measure: date '):
            self.clock_offset = int(line.split()[2]) - time.time()
        if verbose or line.startswith('measure: '):
            print(f'[{seconds:6.1f} s] {line}', flush=True)


def judge_end(boot):
    if boot.timed_out:
        yield 'the guest did not power off in time'
    elif boot.status != 0:
        yield f'exit status {boot.status}, expected 0 for a guest that powered off'
    if boot.init_seconds is None:
        yield 'the kernel did not reach /init'
    elif 'check: end reached' not in boot.text:
        yield 'the checks did not run to their end'
    panic = re.search(r'Kernel panic - not syncing: .*', boot.text)
    if panic:
        yield panic.group(0).strip()


def judge_results(boot, expected, emulator):
    actual = results(boot.text, 'check')
    for name, value in expected.items():
        if emulator == 'qemu' and NOT_IN_QEMU.match(name):
            continue
        if name not in actual:
            yield f'{name}: no result, expected {value}'
        elif actual[name] != value:
            yield f'{name}: the guest says {actual[name]}, this host {value}'


def judge_measurements(boot):
    measured = results(boot.text, 'measure')
    slept = float(measured.get('seconds.sleep', 0))
    if not SLEEP_SECONDS[0] <= slept <= SLEEP_SECONDS[1]:
        yield f'sleep 2 took {slept} s of guest time'
    if boot.clock_offset is None or abs(boot.clock_offset) > CLOCK_TOLERANCE_SECONDS:
        yield f'the guest\'s clock is off by {boot.clock_offset} s'


def judge_kernel_log(log, reference):
    if not log:
        yield 'the guest printed no kernel log'
    for priority, message in log:
        bad = priority <= WARNING_PRIORITY or SUSPICIOUS.search(message)
        if bad and message not in reference:
            yield f'the kernel says: {message}'


def record_reference(path, arguments, boot):
    log = [message for _, message in kernel_log(boot.text)]
    release = results(boot.text, 'measure').get('kernel', 'unknown')
    version = subprocess.run(['qemu-system-i386', '--version'], capture_output=True, text=True,
                             check=True).stdout.splitlines()[0]
    path.write_text(
        f'# The kernel log of {release} on {version}, timestamps and numbers taken out.\n'
        f'# Made by: tests/boot/run_boot.py --emulator qemu --kernel {arguments.kernel}'
        f' --record-reference {path.name}\n' + '\n'.join(log) + '\n')
    print(f'recorded {len(log)} lines in {path}')


def run(arguments, scratch):
    initrd = scratch / 'initrd.cpio.gz'
    programs = scratch / 'programs'
    kernel = guest.kernel_path(arguments.kernel)
    guest.make_initrd(initrd, programs)
    command = guest.emulator_command(
        arguments.emulator, kernel, initrd, f'{APPEND} MIB={arguments.mib}',
        verbatim=arguments.verbatim, memory=arguments.memory, cpu=arguments.cpu,
        validate=arguments.validate)
    reference_path = HERE / f'reference-dmesg-{arguments.kernel}.txt'
    reference = set() if arguments.record_reference else read_reference(reference_path)
    native = NativeRun(programs, arguments.mib)
    try:
        boot = Boot(command, arguments.timeout, arguments.log, arguments.verbose)
        failures = list(judge_end(boot))
        if boot.init_seconds is not None:
            expected = results(native.output(), 'check')
            failures += judge_results(boot, expected, arguments.emulator)
            failures += judge_measurements(boot)
            if not arguments.record_reference:
                failures += judge_kernel_log(kernel_log(boot.text), reference)
            print(f'{len(expected)} results compared with those of this host')
    finally:
        native.stop()
    if 'check: end reached' not in boot.text:
        print('the end of the serial output:')
        print('\n'.join(f'  {line}' for line in boot.text.splitlines()[-LOG_TAIL_LINES:]))
    if arguments.record_reference and not failures:
        record_reference(arguments.record_reference, arguments, boot)
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    guest.add_emulator_options(parser)
    parser.add_argument('--kernel', choices=guest.KERNELS, default='686',
                        help='which kernel (default: %(default)s)')
    parser.add_argument('--timeout', type=float, default=600, metavar='SECONDS',
                        help='how long the guest may take (default: %(default)s)')
    parser.add_argument('--mib', type=int, default=64,
                        help='MiB of data to compress and sum (default: %(default)s)')
    parser.add_argument('--log', type=pathlib.Path, default=pathlib.Path('boot.log'),
                        metavar='FILE', help='where the serial output goes (default: %(default)s)')
    parser.add_argument('--verbose', action='store_true', help='print it as it arrives, too')
    parser.add_argument('--record-reference', type=pathlib.Path, metavar='FILE',
                        help='write the normalised kernel log instead of judging it')
    arguments = parser.parse_args()
    if arguments.record_reference and arguments.emulator != 'qemu':
        parser.error('the reference is recorded with --emulator qemu')
    try:
        with tempfile.TemporaryDirectory() as scratch:
            failures = run(arguments, pathlib.Path(scratch))
    except guest.GuestError as error:
        sys.exit(f'run_boot: {error}')
    for failure in failures:
        print(f'FAILED: {failure}')
    print(f'{arguments.kernel} on {arguments.emulator}: '
          f'{f"{len(failures)} failures, see {arguments.log}" if failures else "all passed"}')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
