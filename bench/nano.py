#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures single privileged operations of a bare guest, here and under QEMU's TCG, by turns.

The guest is bench/nano; it counts time stamps, which are the host's in both. Beside some stands
what K. Adams and O. Agesen measured natively and with VMware's binary translation ("A Comparison
of Software and Hardware Techniques for x86 Virtualization", ASPLOS 2006, section 6.3,
"Virtualization nanobenchmarks"; a Pentium 4 of 3.8 GHz, 64-bit guest). Their cycles are another
processor's: what compares is the ratio of their two columns, not the figures.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import turns

SOURCES = turns.REPOSITORY / 'bench' / 'nano'
COMMON = turns.REPOSITORY / 'tests' / 'guests'
MEMORY_MIB = 64
SUBJECTS = (turns.VERBATIM, turns.QEMU)
PAPER = {
    'syscall-sysenter': 'BT: native + 2000 or so (syscall)',
    'in-80h': 'native 3209, BT a fifteenth of it',
    'cr2-write': 'cr8 write: BT 35, native four times that',
    'call-return': 'native 11, BT 51',
    'page-fault-user': 'native 1093, BT 3927',
    'divide-error-user': 'native 889, BT 3223',
    'pte-store': 'native 1, BT 391',
}


def build(directory):
    """The guest's ELF file, assembled and linked in `directory`."""
    guest = pathlib.Path(directory) / 'nano.elf'
    try:
        subprocess.run(['nasm', '-f', 'elf32', '-Werror', '-I', f'{COMMON}/', '-I', f'{SOURCES}/',
                        '-o', f'{guest}.o', SOURCES / 'nano.asm'], check=True)
        subprocess.run(['ld', '-m', 'elf_i386', '-T', COMMON / 'guest.ld', '-o', guest,
                        f'{guest}.o'], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise turns.BenchError(f'cannot build the guest: {error}') from error
    return guest


def main():
    parser = argparse.ArgumentParser(prog='scripts/bench nano', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    turns.add_options(parser, SUBJECTS)
    arguments = parser.parse_args()
    try:
        names = turns.chosen(arguments, SUBJECTS)
        with tempfile.TemporaryDirectory() as directory:
            guest = build(directory)

            def take(name):
                return turns.run(turns.pc_command(name, kernel=guest, memory=MEMORY_MIB), status=1)

            costs = turns.take_turns({name: lambda name=name: take(name) for name in names},
                                     arguments.runs)
    except turns.BenchError as error:
        sys.exit(f'nano: {error}')
    turns.publish(arguments, 'nano', costs, names, unit='cycles', notes=PAPER)


if __name__ == '__main__':
    main()
