#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what an operating system does for programs: on this host, in a guest, under QEMU's TCG.

Processes, system calls, page faults and files, by the static program of bench/system, which
counts time stamps. The host's kernel is another than the guests' (64 bits, another version), so
the column `native` says what such a thing costs here, not what the guest's kernel would take on
the bare processor.
"""

import argparse
import pathlib
import sys
import tempfile

import linux
import turns

SUBJECTS = (turns.NATIVE, turns.VERBATIM, turns.QEMU)


def main():
    parser = argparse.ArgumentParser(prog='scripts/bench system', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cases', nargs='*', metavar='PREFIX',
                        help='the cases whose names begin so (default: all)')
    parser.add_argument('--milliseconds', type=int, default=200,
                        help='how long each case runs (default: %(default)s)')
    turns.add_options(parser, SUBJECTS)
    linux.add_options(parser)
    arguments = parser.parse_args()
    words = [str(arguments.milliseconds), *arguments.cases]
    try:
        names = turns.chosen(arguments, SUBJECTS)
        with tempfile.TemporaryDirectory() as directory:
            program = pathlib.Path(directory) / 'system'
            linux.compile_c(program, 'kernels/main.c', 'system/*.c')
            image = pathlib.Path(directory) / 'initrd.gz'
            linux.make_initrd(image, f'exec /bin/system {" ".join(words)}\n',
                              files={'bin/system': program})

            def take(name):
                if name == turns.NATIVE:
                    return turns.run([str(program), *words])
                return linux.run_guest(name, image, arguments)

            costs = turns.take_turns({name: lambda name=name: take(name) for name in names},
                                     arguments.runs)
    except (turns.BenchError, turns.guest.GuestError) as error:
        sys.exit(f'system: {error}')
    linux.publish_stamps(arguments, 'system', costs, names)


if __name__ == '__main__':
    main()
