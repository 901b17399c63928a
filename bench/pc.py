#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures real-mode code and the virtual BIOS, here and under QEMU's TCG with SeaBIOS, by turns.

The guests are the boot sectors of bench/pc.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import turns

SOURCES = turns.REPOSITORY / 'bench' / 'pc'
FLOPPY_BYTES = 1474560
SUBJECTS = (turns.VERBATIM, turns.QEMU)


def assemble(name, directory):
    image = pathlib.Path(directory) / f'{name}.img'
    subprocess.run(['nasm', '-f', 'bin', '-I', f'{SOURCES}/', '-o', str(image),
                    str(SOURCES / f'{name}.asm')], check=True)
    with open(image, 'r+b') as file:
        file.truncate(FLOPPY_BYTES)
    return image


def main():
    guests = sorted(path.stem for path in SOURCES.glob('*.asm'))
    parser = argparse.ArgumentParser(prog='scripts/bench pc', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('guests', nargs='*', metavar='GUEST', default=guests,
                        help=f'which of {", ".join(guests)} (default: all)')
    turns.add_options(parser, SUBJECTS)
    arguments = parser.parse_args()
    try:
        if unknown := set(arguments.guests) - set(guests):
            raise turns.BenchError(f'no guest {", ".join(sorted(unknown))}:'
                                   f' expected {", ".join(guests)}')
        names = turns.chosen(arguments, SUBJECTS)
        costs = {}
        with tempfile.TemporaryDirectory() as directory:
            for guest in arguments.guests:
                image = assemble(guest, directory)
                taken = turns.take_turns(
                    {name: lambda name=name: turns.run(turns.pc_command(name, floppy=image),
                                                       status=1) for name in names},
                    arguments.runs)
                costs |= {f'{guest}.{case}': values for case, values in taken.items()}
    except turns.BenchError as error:
        sys.exit(f'pc: {error}')
    turns.publish(arguments, 'pc', costs, names)


if __name__ == '__main__':
    main()
