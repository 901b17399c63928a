#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what self-modifying code costs, here and under QEMU's TCG, by turns.

The guest is tests/guests/smc.asm: it names each of its cases when it begins and when it has ended,
and the time between the two lines is taken on the host. One event is a change and the execution of
what was changed, or, in the cases named counter and stack, a store.
"""

import argparse
import pathlib
import shutil
import statistics
import subprocess
import sys
import threading
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
BUILD = REPOSITORY / 'build' / 'release'
TIMEOUT_SECONDS = 300


def commands(image):
    return {
        'verbatim': [str(BUILD / 'cli' / 'verbatim'), 'run', '--kernel', image, '--memory', '16M'],
        'qemu': ['qemu-system-i386', '-kernel', image, '-m', '16', '-serial', 'stdio', '-display',
                 'none', '-no-reboot', '-device', 'isa-debug-exit,iobase=0xf4,iosize=1'],
    }


def run(command):
    """Nanoseconds an event by name of the case; ends the program if the guest does not do well."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True, errors='replace')
    timer = threading.Timer(TIMEOUT_SECONDS, process.kill)
    timer.start()
    results = {}
    case = None
    for line in process.stdout:
        now = time.monotonic_ns()
        words = line.split()
        if len(words) == 2:
            case, count, begin = words[0], int(words[1], 16), now
        elif case is not None and words == ['done']:
            results[case] = (now - begin) / count
            case = None
        elif words == ['wrong']:
            sys.exit(f'smc: {command[0]} computed something else in {case}')
    process.wait()
    timer.cancel()
    if not results or case is not None or process.returncode != 1:
        sys.exit(f'smc: {command[0]} ended with status {process.returncode} in {case}')
    return results


def main():
    parser = argparse.ArgumentParser(prog='scripts/bench smc', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=3, help='runs of each (default: %(default)s)')
    parser.add_argument('--only', choices=('verbatim', 'qemu'), help='measure one emulator')
    arguments = parser.parse_args()
    image = BUILD / 'tests' / 'guests' / 'smc.elf'
    if not image.exists():
        sys.exit(f'smc: {image} is not there: build the target test_guests first')
    chosen = [arguments.only] if arguments.only else ['verbatim', 'qemu']
    if 'qemu' in chosen and shutil.which('qemu-system-i386') is None:
        print('smc: no qemu-system-i386 (scripts/setup --reference): nothing to compare with',
              file=sys.stderr)
        chosen.remove('qemu')
    samples = {name: [] for name in chosen}
    for _ in range(arguments.runs):
        for name in chosen:
            samples[name].append(run(commands(str(image))[name]))
    print(f'{"median ns an event":24}' + ''.join(f'{name:>12}' for name in chosen))
    for case in samples[chosen[0]][0] if chosen else []:
        medians = [statistics.median(sample[case] for sample in samples[name]) for name in chosen]
        print(f'{case:24}' + ''.join(f'{median:12.1f}' for median in medians))


if __name__ == '__main__':
    main()
