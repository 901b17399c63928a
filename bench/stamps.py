# SPDX-License-Identifier: Apache-2.0
"""Programs that count time stamps themselves (bench/kernels/main.c): the same static i386 file on
this host, in a Linux guest, and under QEMU's TCG."""

import argparse
import pathlib
import statistics
import sys
import tempfile

import linux
import turns

SUBJECTS = (turns.NATIVE, turns.VERBATIM, turns.QEMU)


def measure(benchmark, description, sources, of, milliseconds):
    """`scripts/bench BENCHMARK`: compiles the sources (below bench/), and runs what the words of the
    command line ask for; `of` says what one of its measurements is called."""
    parser = argparse.ArgumentParser(prog=f'scripts/bench {benchmark}', description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('prefixes', nargs='*', metavar='PREFIX',
                        help=f'the {of}s whose names begin so (default: all)')
    parser.add_argument('--milliseconds', type=int, default=milliseconds,
                        help=f'how long each {of} runs (default: %(default)s)')
    turns.add_options(parser, SUBJECTS)
    linux.add_options(parser)
    arguments = parser.parse_args()
    words = [str(arguments.milliseconds), *arguments.prefixes]
    try:
        names = turns.chosen(arguments, SUBJECTS)
        with tempfile.TemporaryDirectory() as directory:
            program = pathlib.Path(directory) / benchmark
            linux.compile_c(program, *sources)
            image = pathlib.Path(directory) / 'initrd.gz'
            linux.make_initrd(image, f'exec /bin/{benchmark} {" ".join(words)}\n',
                              files={f'bin/{benchmark}': program})

            def take(name):
                if name == turns.NATIVE:
                    return turns.run([str(program), *words])
                return linux.run_guest(name, image, arguments)

            costs = turns.take_turns({name: lambda name=name: take(name) for name in names},
                                     arguments.runs)
    except (turns.BenchError, turns.guest.GuestError) as error:
        sys.exit(f'{benchmark}: {error}')
    publish(arguments, benchmark, costs, names)


def publish(arguments, benchmark, costs, names):
    """Publishes what bench/kernels/main.c has measured in time stamps, with what one was worth."""
    periods = {name: statistics.median(taken) for name, taken in costs.pop('time-stamp').items()}
    turns.publish(arguments, benchmark, costs, names, unit='cycles', ghz=1 / periods[names[0]],
                  time_stamp_ns=periods, **linux.machine_of(arguments))
    print('ns between two time stamps: ' +
          ', '.join(f'{name} {period:.4f}' for name, period in periods.items()))
