#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures real programs of Debian's i386 packages: on this host, in a guest, and under QEMU's TCG.

The programs, their libraries and their inputs (bench/programs) are the same for each, and so must
be what they print. One event is one program from start to end. `scripts/fetch-guests --programs`
fetches them.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

import linux
import turns

sys.path.insert(0, str(turns.REPOSITORY / 'bench' / 'programs'))
import inputs  # noqa: E402  (found only after the line above)

SOURCES = turns.REPOSITORY / 'bench' / 'programs'
SUBJECTS = (turns.NATIVE, turns.VERBATIM, turns.QEMU)
MEMORY_MIB = 768
# A guest that has just started has no randomness yet; the first that asks for some waits for it.
AWAIT_RANDOMNESS = 'head -c 1 /dev/random >/tmp/random\n'


def programs_directory():
    directory = turns.guest.guest_directory() / 'programs'
    if not (directory / 'manifest').is_file():
        raise turns.guest.GuestError(f'no programs in {directory}: run scripts/fetch-guests'
                                     ' --programs first')
    return directory


def on(programs, *words, **options):
    """Runs a program of the set on this host."""
    libraries = ':'.join(str(programs / path / 'i386-linux-gnu') for path in ('lib', 'usr/lib'))
    return subprocess.run([programs / 'lib/ld-linux.so.2', '--library-path', libraries,
                           programs / words[0], *words[1:]], check=True, capture_output=True,
                          **options).stdout


def make_inputs(programs, directory):
    inputs.make(directory)
    text, picture = directory / 'text', directory / 'picture.ppm'
    (directory / 'text.gz').write_bytes(on(programs, 'bin/gzip', '-9', '-n', '-c', text))
    (directory / 'picture.jpg').write_bytes(
        on(programs, 'usr/bin/cjpeg', '-quality', '90', picture))
    on(programs, 'usr/bin/openssl', 'genrsa', '-out', directory / 'key.pem', '2048',
       env={'OPENSSL_CONF': '/dev/null'})


def make_image(image, data, names):
    """An initrd that runs the programs `names` (none: all), whose inputs it makes in `data`."""
    programs = programs_directory()
    data.mkdir()
    make_inputs(programs, data)
    files = {f'data/{path.name}': path for path in data.iterdir()}
    script = (SOURCES / 'bench.sh').read_text()
    linux.make_initrd(image, f'{AWAIT_RANDOMNESS}set -- {" ".join(names)}\n{script}',
                      trees=[programs], files=files)


def main():
    parser = argparse.ArgumentParser(prog='scripts/bench programs', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('programs', nargs='*', metavar='PROGRAM',
                        help='those to run (default: all that bench/programs/bench.sh has)')
    parser.add_argument('--clock', choices=tuple(turns.CLOCKS), default='wall',
                        help='time on the wall, or that a subject had the processor, which says'
                        ' more while others use it too (default: %(default)s)')
    turns.add_options(parser, SUBJECTS)
    linux.add_options(parser, memory=MEMORY_MIB, timeout=1200)
    arguments = parser.parse_args()
    try:
        names = turns.chosen(arguments, SUBJECTS)
        programs = programs_directory()
        with tempfile.TemporaryDirectory() as scratch:
            data = pathlib.Path(scratch) / 'data'
            image = pathlib.Path(scratch) / 'initrd.gz'
            make_image(image, data, arguments.programs)
            environment = os.environ | {'R': str(programs), 'D': str(data)}

            def take(name):
                if name == turns.NATIVE:
                    return turns.run([str(turns.guest.require_guests() / 'busybox'), 'sh',
                                      str(SOURCES / 'bench.sh'), *arguments.programs],
                                     env=environment, clock=arguments.clock)
                return linux.run_guest(name, image, arguments, arguments.clock)

            costs = turns.take_turns({name: lambda name=name: take(name) for name in names},
                                     arguments.runs)
    except (turns.BenchError, turns.guest.GuestError) as error:
        sys.exit(f'programs: {error}')
    turns.publish(arguments, 'programs', turns.in_milliseconds(costs), names, unit='ms',
                  clock=arguments.clock, **linux.machine_of(arguments))


if __name__ == '__main__':
    main()
