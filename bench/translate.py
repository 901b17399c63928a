#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the parts of translation over all code of Debian's kernel, its C library and
busybox.

Each runs bench_translate (see bench/README.md for what one item of each line is); the kernel is
translated as for CPL 0. The notes say which share of the instructions is copied, and how many
bytes of host code one of the guest's becomes, and how many an instruction takes in tables beside
it. The C library is measured if `scripts/fetch-guests --programs` has fetched one.
"""

import argparse
import json
import lzma
import pathlib
import struct
import subprocess
import sys
import tempfile

import turns
from turns import guest

PROGRAM = turns.BUILD / 'bench' / 'bench_translate'
SUBJECTS = (turns.VERBATIM,)


def kernel_elf(path):
    """The ELF file in a bzImage (Documentation/x86/boot.rst: setup_sects, payload_offset)."""
    image = path.read_bytes()
    begin, length = struct.unpack_from('<II', image, 0x248)
    begin += (image[0x1F1] + 1) * 512
    try:
        # Behind the compressed data stands its length when unpacked.
        return lzma.decompress(image[begin:begin + length - 4])
    except lzma.LZMAError as error:
        raise turns.BenchError(f'{path}: expected a kernel compressed by xz: {error}') from error


def texts(scratch):
    """{name: (ELF file, CPL)}"""
    directory = guest.require_guests()
    kernel = scratch / 'vmlinux'
    kernel.write_bytes(kernel_elf(directory / 'vmlinuz-686'))
    found = {'kernel': (kernel, 0), 'busybox': (directory / 'busybox', 3)}
    library = directory / 'programs' / 'lib' / 'i386-linux-gnu' / 'libc.so.6'
    if library.is_file():
        found['libc'] = (library, 3)
    return found


def measure(name, path, cpl, notes):
    """A Sample of cycles an item."""
    result = subprocess.run([PROGRAM, f'--program={path}', f'--cpl={cpl}',
                             '--benchmark_format=json', '--benchmark_min_time=0.1'],
                            capture_output=True, text=True)
    if result.returncode != 0:
        raise turns.BenchError(f'bench_translate {path}: {result.stderr.strip()}')
    sample = turns.Sample()
    for line in json.loads(result.stdout)['benchmarks']:
        case = f'{name}.{line["name"]}'
        sample.add(case, 1, line['cycles/item'])
        if 'copied' in line:
            notes[case] = (f'{line["copied"]:.1%} copied,'
                           f' {line["host/guest bytes"]:.2f} host bytes for one,'
                           f' {line["table bytes"]:.0f} in tables')
    return sample


def main():
    parser = argparse.ArgumentParser(prog='scripts/bench translate', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    turns.add_options(parser, SUBJECTS)
    arguments = parser.parse_args()
    costs, notes = {}, {}
    try:
        turns.chosen(arguments, SUBJECTS)
        if not PROGRAM.is_file():
            raise turns.BenchError(f'no {PROGRAM}: build the release preset first')
        with tempfile.TemporaryDirectory() as directory:
            for name, (path, cpl) in texts(pathlib.Path(directory)).items():
                costs |= turns.take_turns(
                    {turns.VERBATIM: lambda: measure(name, path, cpl, notes)}, arguments.runs)
    except (turns.BenchError, guest.GuestError) as error:
        sys.exit(f'translate: {error}')
    turns.publish(arguments, 'translate', costs, list(SUBJECTS), unit='cycles', notes=notes)


if __name__ == '__main__':
    main()
