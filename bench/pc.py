#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures real-mode code and the virtual BIOS, here and under QEMU's TCG with SeaBIOS, by turns.

The guests are the boot sectors of bench/pc: each prints `NAME COUNT` when a case begins and `done`
when it has ended, and the time between the two lines is taken on the host.
"""

import argparse
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
BUILD = REPOSITORY / 'build' / 'release'
SOURCES = REPOSITORY / 'bench' / 'pc'
FLOPPY_BYTES = 1474560
TIMEOUT_SECONDS = 300


def commands(image):
    return {
        'verbatim': [str(BUILD / 'cli' / 'verbatim'), 'run', '--disk', image + ',readonly',
                     '--memory', '16M', '--serial', 'stdio'],
        'qemu': ['qemu-system-i386', '-drive', f'file={image},format=raw,snapshot=on', '-m', '16',
                 '-serial', 'stdio', '-display', 'none', '-no-reboot', '-device',
                 'isa-debug-exit,iobase=0xf4,iosize=1'],
    }


def assemble(name, directory):
    image = pathlib.Path(directory) / f'{name}.img'
    subprocess.run(['nasm', '-f', 'bin', '-I', f'{SOURCES}/', '-o', str(image),
                    str(SOURCES / f'{name}.asm')], check=True)
    with open(image, 'r+b') as file:
        file.truncate(FLOPPY_BYTES)
    return str(image)


def run(command):
    """Nanoseconds an event by name of the case; ends the program if the guest does not do well."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True, errors='replace')
    timer = threading.Timer(TIMEOUT_SECONDS, process.kill)
    timer.start()
    results = {}
    case = None
    ended = False
    for line in process.stdout:
        now = time.monotonic_ns()
        words = line.split()
        if len(words) == 2:
            case, count, begin = words[0], int(words[1], 16), now
        elif case is not None and words == ['done']:
            results[case] = (now - begin) / count
            case = None
        elif words == ['end']:
            ended = True
    process.wait()
    timer.cancel()
    if not ended:
        sys.exit(f'pc: {command[0]} ended with status {process.returncode} in {case}')
    return results


def main():
    guests = sorted(path.stem for path in SOURCES.glob('*.asm'))
    parser = argparse.ArgumentParser(prog='scripts/bench pc', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('guests', nargs='*', metavar='GUEST', default=guests,
                        help=f'which of {", ".join(guests)} (default: all)')
    parser.add_argument('--runs', type=int, default=3, help='runs of each (default: %(default)s)')
    parser.add_argument('--only', choices=('verbatim', 'qemu'), help='measure one emulator')
    arguments = parser.parse_args()
    if unknown := set(arguments.guests) - set(guests):
        sys.exit(f'pc: no guest {", ".join(sorted(unknown))}: expected {", ".join(guests)}')
    chosen = [arguments.only] if arguments.only else ['verbatim', 'qemu']
    if 'qemu' in chosen and shutil.which('qemu-system-i386') is None:
        print('pc: no qemu-system-i386 (scripts/setup --reference): nothing to compare with',
              file=sys.stderr)
        chosen.remove('qemu')
    print(f'{"median ns an event":24}' + ''.join(f'{name:>12}' for name in chosen))
    with tempfile.TemporaryDirectory() as directory:
        for guest in arguments.guests:
            image = assemble(guest, directory)
            samples = {name: [] for name in chosen}
            for _ in range(arguments.runs):
                for name in chosen:
                    samples[name].append(run(commands(image)[name]))
            for case in samples[chosen[0]][0] if chosen else []:
                medians = [statistics.median(sample[case] for sample in samples[name])
                           for name in chosen]
                print(f'{guest + "." + case:24}' + ''.join(f'{m:12.1f}' for m in medians))


if __name__ == '__main__':
    main()
