#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures how costs grow: here and under QEMU's TCG, and on this host where it can be.

boot-SIZE and start are seconds on the host: from the start of the process to /init of a kernel
with so much memory, and to the end of a multiboot guest that only greets. The others are cycles
in a Linux guest of one event: a write to a page of so much memory, a call of a function out of so
much code (32M, translated, exceeds the default code cache), a switch among so many processes,
which touch 64 KiB each.
"""

import argparse
import pathlib
import sys
import tempfile

import linux
import stamps
import turns
from boot import APPEND, time_to

SUBJECTS = (turns.NATIVE, turns.VERBATIM, turns.QEMU)
BOOTS_MIB = (64, 256, 1024, 3072)
MEMORY_MIB = 1024


def measure_boots(arguments, emulators, directory):
    """{case: {emulator: [seconds]}}"""
    initrd = directory / 'boot.gz'
    turns.guest.make_initrd(initrd)
    hello = turns.BUILD / 'tests' / 'guests' / 'hello.elf'
    if not hello.is_file():
        raise turns.BenchError(f'{hello} is not there: build the target test_guests first')
    kernel = turns.guest.kernel_path(arguments.kernel)
    seconds = {}

    def add(case, emulator, command, marker):
        seconds.setdefault(case, {}).setdefault(emulator, []).append(time_to(command, marker))

    for number in range(arguments.runs):
        for emulator in emulators:
            add('start', emulator, turns.pc_command(emulator, kernel=hello), b'hello from ring 0')
            for mib in BOOTS_MIB:
                command = turns.guest.emulator_command(
                    emulator, kernel, initrd, APPEND, verbatim=arguments.verbatim, memory=mib,
                    cpu=arguments.cpu, validate=arguments.validate, apic=arguments.apic)
                add(f'boot-{mib}M', emulator, command, turns.guest.INIT_MARKER)
        print(f'boots {number + 1} of {arguments.runs}', file=sys.stderr, flush=True)
    return seconds


def main():
    parser = argparse.ArgumentParser(prog='scripts/bench scale', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--milliseconds', type=int, default=300,
                        help='how long each case in the guest runs (default: %(default)s)')
    turns.add_options(parser, SUBJECTS)
    linux.add_options(parser, memory=MEMORY_MIB, timeout=900)
    arguments = parser.parse_args()
    try:
        names = turns.chosen(arguments, SUBJECTS)
        with tempfile.TemporaryDirectory() as scratch:
            directory = pathlib.Path(scratch)
            program = directory / 'scale'
            linux.compile_c(program, 'kernels/main.c', 'system/token.c', 'scale/*.c')
            image = directory / 'initrd.gz'
            linux.make_initrd(image, f'exec /bin/scale {arguments.milliseconds}\n',
                              files={'bin/scale': program})

            def take(name):
                if name == turns.NATIVE:
                    return turns.run([str(program), str(arguments.milliseconds)])
                return linux.run_guest(name, image, arguments)

            costs = turns.take_turns({name: lambda name=name: take(name) for name in names},
                                     arguments.runs)
            emulators = [name for name in names if name != turns.NATIVE]
            boots = measure_boots(arguments, emulators, directory)
    except (turns.BenchError, turns.guest.GuestError) as error:
        sys.exit(f'scale: {error}')
    stamps.publish(arguments, 'scale', costs, names)
    if emulators:
        if arguments.json:
            arguments.json = arguments.json.with_name(f'{arguments.json.stem}-boots.json')
        turns.publish(arguments, 'scale-boots', boots, emulators, unit='s',
                      **linux.machine_of(arguments))


if __name__ == '__main__':
    main()
