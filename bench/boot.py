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
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import turns
from turns import guest

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


def measure(arguments, emulators, initrd):
    """Seconds: {'total' or 'kernel': {emulator: [each run]}}, and those of QEMU's start."""
    kernel = guest.kernel_path(arguments.kernel)
    totals = {emulator: [] for emulator in emulators}
    starts = []

    def sample(emulator, append, marker):
        return time_to(guest.emulator_command(emulator, kernel, initrd, append,
                                              verbatim=arguments.verbatim, memory=arguments.memory,
                                              cpu=arguments.cpu, validate=arguments.validate,
                                              apic=arguments.apic), marker)

    for run in range(arguments.runs):
        for emulator in emulators:
            totals[emulator].append(sample(emulator, APPEND, guest.INIT_MARKER))
            if emulator == turns.QEMU:
                starts.append(sample(emulator, f'{APPEND} {EARLY}', b''))
            print(f'run {run + 1} of {arguments.runs}: {emulator} {totals[emulator][-1]:.2f} s',
                  file=sys.stderr, flush=True)
    kernels = {emulator: [total - (statistics.median(starts) if emulator == turns.QEMU else 0)
                          for total in taken] for emulator, taken in totals.items()}
    return {'total': totals, 'kernel': kernels}, starts


def main():
    parser = argparse.ArgumentParser(prog='scripts/bench boot', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--kernel', default='686',
                        help='686, 686-pae or a bzImage (default: %(default)s)')
    turns.add_options(parser, (turns.VERBATIM, turns.QEMU))
    guest.add_machine_options(parser)
    arguments = parser.parse_args()
    try:
        emulators = turns.chosen(arguments, (turns.VERBATIM, turns.QEMU))
        with tempfile.TemporaryDirectory() as scratch:
            initrd = pathlib.Path(scratch) / 'initrd.cpio.gz'
            guest.make_initrd(initrd)
            costs, starts = measure(arguments, emulators, initrd)
    except (turns.BenchError, guest.GuestError) as error:
        sys.exit(f'boot: {error}')
    turns.publish(arguments, 'boot', costs, emulators, unit='s', kernel=arguments.kernel,
                  cpu=arguments.cpu, memory_mib=arguments.memory, append=APPEND,
                  qemu_start_seconds=starts)


if __name__ == '__main__':
    main()
