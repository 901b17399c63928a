#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures how soon a boot sector runs and how fast a disk is read, by turns:

  start    milliseconds from the start of the process to what the first instructions at 7C00h print
  disk     MB/s of a guest that reads its disk by IDE bus-master DMA (tests/guests/disk_sum.asm), the
           whole process counted, the image in the host's cache; here alone, since its driver
           relies on a controller that stands as this program's BIOS leaves it

here with this program's BIOS, here with SeaBIOS (scripts/fetch-guests), and under QEMU's TCG with
the SeaBIOS that it brings. Needs the targets verbatim and test_guests.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
BUILD = REPOSITORY / 'build' / 'release'
VERBATIM = BUILD / 'cli' / 'verbatim'
DISK_SUM = BUILD / 'tests' / 'guests' / 'disk_sum.elf'
CACHE = pathlib.Path(os.environ.get('VERBATIM_GUEST_DIR',
                                    pathlib.Path.home() / '.cache' / 'verbatim' / 'guests'))
SEABIOS = CACHE / 'firmware' / 'bios-256k.bin'
VGABIOS = CACHE / 'firmware' / 'vgabios-stdvga.bin'
TIMEOUT_SECONDS = 300
SECTOR = 512
# mov dx, 3F8h; mov al, '7'; out dx, al; mov al, 0; out 0F4h, al; jmp $
FIRST_CODE = bytes.fromhex('ba f803 b037 ee b000 e6f4 ebfe')
PIECE = bytes(range(256)) * 4096


def here(*arguments):
    return [VERBATIM, 'run', '--memory', '16M', '--serial', 'stdio', *arguments]


def qemu(image):
    return ['qemu-system-i386', '-m', '16', '-display', 'none', '-serial', 'stdio', '-no-reboot',
            '-drive', f'file={image},format=raw,snapshot=on', '-device',
            'isa-debug-exit,iobase=0xf4,iosize=1']


def start(command):
    """Milliseconds to the first byte."""
    begin = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, bufsize=0) as process:
        first = b''
        while first != b'7':
            first = process.stdout.read(1)
            if not first:
                sys.exit(f'start: {command[0]} did not come to the boot sector')
        elapsed = time.monotonic() - begin
        process.wait(TIMEOUT_SECONDS)
    return elapsed * 1e3


def disk(command, size_bytes):
    """MB/s."""
    begin = time.monotonic()
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            errors='replace', timeout=TIMEOUT_SECONDS, check=False)
    elapsed = time.monotonic() - begin
    if f'{size_bytes // SECTOR:08X} sectors' not in result.stdout:
        sys.exit(f'start: {command[0]} did not read the disk: {result.stdout}{result.stderr}')
    return size_bytes / elapsed / 1e6


def report(case, unit, subjects, runs, measure):
    samples = {name: [] for name in subjects}
    for _ in range(runs):
        for name, command in subjects.items():
            samples[name].append(measure(command))
    for name, values in samples.items():
        print(f'{case:6} {name:18} median {statistics.median(values):8.1f} {unit:5}'
              f' min {min(values):8.1f}  max {max(values):8.1f}')


def main():
    parser = argparse.ArgumentParser(prog='scripts/bench start', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=5, help='(default: %(default)s)')
    parser.add_argument('--mib', type=int, default=1024, help='of the disk (default: %(default)s)')
    arguments = parser.parse_args()
    has_qemu = shutil.which('qemu-system-i386') is not None
    if not has_qemu:
        print('start: no qemu-system-i386 (scripts/setup --reference): nothing to compare with',
              file=sys.stderr)
    with tempfile.TemporaryDirectory(dir='/var/tmp') as directory:
        sector = pathlib.Path(directory) / 'sector.img'
        sector.write_bytes(FIRST_CODE.ljust(510, b'\0') + b'\x55\xAA' + bytes(1 << 20))
        subjects = {'verbatim': here('--disk', f'{sector},readonly')}
        if SEABIOS.exists():
            subjects['verbatim, SeaBIOS'] = here(
                '--disk', f'{sector},readonly', '--firmware', f'{SEABIOS},vgabios={VGABIOS}')
        if has_qemu:
            subjects['QEMU, SeaBIOS'] = qemu(sector)
        report('start', 'ms', subjects, arguments.runs, start)

        image = pathlib.Path(directory) / 'disk.img'
        with open(image, 'wb') as file:
            for _ in range(arguments.mib):
                file.write(PIECE)
        subjects = {'verbatim': here('--disk', f'{image},readonly', '--kernel', DISK_SUM)}
        size_bytes = arguments.mib << 20
        report('disk', 'MB/s', subjects, arguments.runs, lambda c: disk(c, size_bytes))


if __name__ == '__main__':
    main()
