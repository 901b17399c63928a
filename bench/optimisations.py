#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what each optimisation of the translator gains: programs in a guest without it and with all.

The programs are those of `scripts/bench programs`; an event is all of them together. Each
optimisation is taken away alone (`verbatim run --disable-opt NAME`), and runs without it take turns
with runs that have all.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import linux
import programs
import turns

PROGRAMS = ('python3', 'perl', 'lua', 'cjpeg', 'cc1_O2')


def names_of(verbatim):
    """What the command says that --disable-opt takes."""
    complaint = subprocess.run([str(verbatim), 'run', '--kernel', 'none', '--disable-opt', '?'],
                               capture_output=True, text=True, check=False).stderr
    _, found, names = complaint.strip().partition('expected one of ')
    if not found:
        raise turns.BenchError(f'{verbatim} does not name its optimisations: {complaint}')
    return names.split(', ')


def measure(case, image, arguments, options=()):
    """A Sample with one event, named `case`: all programs."""
    parts = linux.run_guest(turns.VERBATIM, image, arguments, arguments.clock, options)
    sample = turns.Sample()
    sample.add(case, 1, sum(parts.costs().values()))
    return sample


def main():
    parser = argparse.ArgumentParser(prog='scripts/bench optimisations', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME',
                        help='optimisations to do without (default: each)')
    parser.add_argument('--clock', choices=tuple(turns.CLOCKS), default='wall',
                        help='time on the wall, or that the guest had the processor'
                        ' (default: %(default)s)')
    parser.add_argument('--programs', nargs='+', default=PROGRAMS, metavar='PROGRAM',
                        help=f'what to run (default: {" ".join(PROGRAMS)})')
    turns.add_options(parser, turns.WITH_AND_WITHOUT)
    linux.add_options(parser, memory=programs.MEMORY_MIB)
    arguments = parser.parse_args()
    costs = {}
    try:
        names = turns.chosen(arguments, turns.WITH_AND_WITHOUT)
        with tempfile.TemporaryDirectory() as scratch:
            image = pathlib.Path(scratch) / 'initrd.gz'
            programs.make_image(image, pathlib.Path(scratch) / 'data', arguments.programs)
            for case in arguments.names or names_of(arguments.verbatim):
                options = {turns.WITH: (), turns.WITHOUT: ('--disable-opt', case)}
                print(case, file=sys.stderr)
                costs |= turns.take_turns(
                    {name: lambda name=name, case=case, options=options: measure(
                        case, image, arguments, options[name]) for name in names},
                    arguments.runs)
    except (turns.BenchError, turns.guest.GuestError) as error:
        sys.exit(f'optimisations: {error}')
    turns.publish(arguments, 'optimisations', turns.in_milliseconds(costs), names, unit='ms',
                  clock=arguments.clock, **linux.machine_of(arguments))


if __name__ == '__main__':
    main()
