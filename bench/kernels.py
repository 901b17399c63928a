#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures small loops that each isolate one cost: on this host, in a guest, and under QEMU's TCG.

The program is bench/kernels, the same static i386 file for each subject. What each loop computed
is compared. Time is measured in the guest, in cycles of the time-stamp counter, which is the
host's in all three: how long one takes is found on the host, for each.
"""

import argparse
import pathlib
import sys
import tempfile

import linux
import turns

SUBJECTS = (turns.NATIVE, turns.VERBATIM, turns.QEMU)


def main():
    parser = argparse.ArgumentParser(prog='scripts/bench kernels', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('kernels', nargs='*', metavar='PREFIX',
                        help='the loops whose names begin so (default: all)')
    parser.add_argument('--milliseconds', type=int, default=50,
                        help='how long each loop runs (default: %(default)s)')
    turns.add_options(parser, SUBJECTS)
    linux.add_options(parser)
    arguments = parser.parse_args()
    words = [str(arguments.milliseconds), *arguments.kernels]
    try:
        names = turns.chosen(arguments, SUBJECTS)
        with tempfile.TemporaryDirectory() as directory:
            program = pathlib.Path(directory) / 'kernels'
            linux.compile_c(program, 'kernels/*.c')
            image = pathlib.Path(directory) / 'initrd.gz'
            linux.make_initrd(image, f'exec /bin/kernels {" ".join(words)}\n',
                              files={'bin/kernels': program})

            def take(name):
                if name == turns.NATIVE:
                    return turns.run([str(program), *words])
                return linux.run_guest(name, image, arguments)

            costs = turns.take_turns({name: lambda name=name: take(name) for name in names},
                                     arguments.runs)
    except (turns.BenchError, turns.guest.GuestError) as error:
        sys.exit(f'kernels: {error}')
    linux.publish_stamps(arguments, 'kernels', costs, names)


if __name__ == '__main__':
    main()
