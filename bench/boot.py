#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures how long a Debian kernel takes to its /init, here and under QEMU's TCG, by turns.

All times are taken on the host, outside the emulator:
  total   start of the process to the first line that /init prints
  start   QEMU only: start of the process to the first byte from the kernel's set-up code, which
          `earlyprintk` makes it print: the emulator's own start and its firmware. Taken in runs
          of their own, ended at that byte, since early printing slows the rest of the boot
  kernel  kernel entry to /init: total less start for QEMU. Here the kernel is entered without
          firmware and set-up code, and total is taken as it is, which counts against us

The emulators take turns, so that whatever else the host does meets both.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / 'scripts'))
import guest  # noqa: E402  (found only after the line above)

APPEND = 'console=ttyS0 panic=-1'
EARLY = 'earlyprintk=serial,ttyS0,115200'
TIMEOUT_SECONDS = 120


def time_to(command, marker):
    """Seconds from the start of `command` until it has printed `marker` (b'' for any byte)."""
    seen = b''
    begin = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    timer = threading.Timer(TIMEOUT_SECONDS, process.kill)
    timer.start()
    try:
        while data := os.read(process.stdout.fileno(), 65536):
            now = time.monotonic()
            seen = seen[-len(guest.INIT_MARKER):] + data
            if marker in seen:
                return now - begin
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
    tail = seen.decode(errors='replace').strip().rpartition('\n')[2]
    raise guest.GuestError(f'{pathlib.Path(command[0]).name} ended, or ran for {TIMEOUT_SECONDS} s,'
                           f' before "{marker.decode()}"; its last line: {tail}')


def processor():
    for line in pathlib.Path('/proc/cpuinfo').read_text().splitlines():
        if line.startswith('model name'):
            return line.partition(':')[2].strip()
    return 'unknown'


def qemu_version():
    return subprocess.run(['qemu-system-i386', '--version'], capture_output=True, text=True,
                          check=True).stdout.splitlines()[0]


def summarise(samples):
    return {'median_seconds': statistics.median(samples), 'min_seconds': min(samples),
            'max_seconds': max(samples), 'samples_seconds': samples}


def measure(arguments, emulators, initrd):
    kernel = guest.kernel_path(arguments.kernel)
    samples = {emulator: {'total': [], 'start': []} for emulator in emulators}

    def sample(emulator, what, append, marker):
        command = guest.emulator_command(emulator, kernel, initrd, append,
                                         verbatim=arguments.verbatim, memory=arguments.memory,
                                         cpu=arguments.cpu, validate=arguments.validate)
        samples[emulator][what].append(time_to(command, marker))

    for run in range(arguments.runs):
        for emulator in emulators:
            sample(emulator, 'total', APPEND, guest.INIT_MARKER)
            if emulator == 'qemu':
                sample(emulator, 'start', f'{APPEND} {EARLY}', b'')
            print(f'run {run + 1} of {arguments.runs}: {emulator}'
                  f' {samples[emulator]["total"][-1]:.2f} s', file=sys.stderr, flush=True)
    summary = {}
    for emulator, taken in samples.items():
        start = statistics.median(taken['start']) if taken['start'] else 0.0
        taken['kernel'] = [total - start for total in taken['total']]
        summary[emulator] = {what: summarise(values) for what, values in taken.items() if values}
    return summary


def print_table(kernel, summary):
    print(f'\nDebian {kernel} kernel to /init, seconds\n')
    print(f'{"":10} {"":8} {"median":>8} {"min":>8} {"max":>8}')
    for emulator, values in summary.items():
        for what, row in values.items():
            print(f'{emulator:10} {what:8} {row["median_seconds"]:8.3f} {row["min_seconds"]:8.3f}'
                  f' {row["max_seconds"]:8.3f}')
    if len(summary) == 2:
        for what in ('total', 'kernel'):
            print(f'{"ratio":10} {what:8} {ratio(summary, what):8.2f}  (qemu / verbatim)')


def ratio(summary, what):
    return (summary['qemu'][what]['median_seconds'] /
            summary['verbatim'][what]['median_seconds'])


def chosen_emulators(only):
    if only:
        return [only]
    if shutil.which('qemu-system-i386') is None:
        print('no qemu-system-i386 (scripts/setup --reference): nothing to compare with',
              file=sys.stderr)
        return ['verbatim']
    return ['verbatim', 'qemu']


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=5, help='boots of each (default: %(default)s)')
    parser.add_argument('--kernel', default='686',
                        help='686, 686-pae or a bzImage (default: %(default)s)')
    parser.add_argument('--only', choices=('verbatim', 'qemu'), help='measure one emulator')
    parser.add_argument('--json', type=pathlib.Path, metavar='FILE', help='write the samples too')
    guest.add_machine_options(parser)
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error('--runs must be at least 1')
    try:
        emulators = chosen_emulators(arguments.only)
        with tempfile.TemporaryDirectory() as scratch:
            initrd = pathlib.Path(scratch) / 'initrd.cpio.gz'
            guest.make_initrd(initrd)
            summary = measure(arguments, emulators, initrd)
    except guest.GuestError as error:
        sys.exit(f'boot: {error}')
    print_table(arguments.kernel, summary)
    if arguments.json:
        report = {'benchmark': 'boot', 'kernel': arguments.kernel, 'cpu': arguments.cpu,
                  'memory_mib': arguments.memory, 'append': APPEND, 'host': processor(),
                  'host_cores': os.cpu_count(), 'host_kernel': platform.release(),
                  'load_average': os.getloadavg(), 'emulators': summary}
        if 'qemu' in summary:
            report['qemu'] = qemu_version()
        if len(summary) == 2:
            report['ratio_total'] = ratio(summary, 'total')
            report['ratio_kernel'] = ratio(summary, 'kernel')
        arguments.json.write_text(json.dumps(report, indent=2) + '\n')


if __name__ == '__main__':
    main()
