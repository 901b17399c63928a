#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the command with SIGKILL while its guest writes, again and again: whatever the guest had
reported as kept must be in the image, and no sector may hold anything else than one whole write.

    VERBATIM=build/release/cli/verbatim WRITER=build/release/tests/durability/writer.img \\
        tests/durability/kill_test.py --kills 200

The guest (writer.asm) writes in a way that changes from kill to kill. What it reports: with a
flush, the writes before it; without a cache, each write; without a flush, each write too, since
what the drive has taken is the host's by then and outlives the process.
"""

import argparse
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile

VERBATIM = os.environ['VERBATIM']
WRITER = pathlib.Path(os.environ['WRITER'])
MODES = ('PIO, FLUSH CACHE', 'DMA, FLUSH CACHE', 'PIO, no cache', 'DMA', 'int 13h, reset',
         'floppy disk, int 13h', 'floppy disk, 82077')
FIRST_FLOPPY_MODE = 5
MODE_BYTE = 0x1FC
SECTOR = 512
SLOTS = 64
SLOT_SECTORS = 8
FIRST_SECTOR = 64
FLOPPY_SECTORS = 2880
CYLINDER_SECTORS = 36
FACTOR = 0x9E3779B1
MOST_SECONDS = 0.5
PATIENCE_SECONDS = 60


def contents(number, sector):
    words = [number, sector] + [number * FACTOR + sector + k & 0xFFFFFFFF for k in range(2, 128)]
    return struct.pack('<128I', *words)


def run_and_kill(mode, folder, rng):
    """The medium that was written, and the last number that the guest reported; 0: none."""
    disk = folder / 'disk.img'
    floppy = folder / 'floppy.img'
    boot = bytearray(WRITER.read_bytes())
    boot[MODE_BYTE] = mode
    disk.write_bytes(boot.ljust((FIRST_SECTOR + SLOTS * SLOT_SECTORS) * SECTOR, b'\0'))
    floppy.write_bytes(bytes(FLOPPY_SECTORS * SECTOR))
    with subprocess.Popen([VERBATIM, 'run', '--memory', '16M', '--boot', 'c', '--disk', disk,
                           '--floppy', floppy],
                          bufsize=0, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        first = process.stdout.readline()  # nothing is learnt from a guest that has not begun
        try:
            process.communicate(timeout=rng.uniform(0, MOST_SECONDS))
        except subprocess.TimeoutExpired:
            pass
        process.kill()
        rest, errors = process.communicate(timeout=PATIENCE_SECONDS)
    output = (first + rest).decode()
    # The last line may have been cut off.
    lines = output.split('\n')[:-1]
    for line in lines:
        if not re.fullmatch('[0-9A-F]{8}', line):
            sys.exit(f'kill_test: the guest said {line!r}; {errors.decode()}')
    if not lines:
        sys.exit(f'kill_test: the guest never began; {errors.decode()}')
    return (disk if mode < FIRST_FLOPPY_MODE else floppy).read_bytes(), int(lines[-1], 16)


def slot_offset(mode, slot):
    if mode < FIRST_FLOPPY_MODE:
        return (FIRST_SECTOR + slot * SLOT_SECTORS) * SECTOR
    return (slot + 1) * CYLINDER_SECTORS * SECTOR


def faults(mode, image, kept):
    """What is wrong with the image, if writes up to number `kept` are."""
    for slot in range(SLOTS):
        # The last kept write of this slot; not positive: there is none.
        least = kept - (kept - slot) % SLOTS
        for sector in range(SLOT_SECTORS):
            at = slot_offset(mode, slot) + sector * SECTOR
            data = image[at:at + SECTOR]
            number = struct.unpack_from('<I', data)[0]
            where = f'slot {slot} sector {sector}'
            if number < least:
                yield f'{where}: holds write {number}, but {least} was kept'
            if number == 0:
                if any(data):
                    yield f'{where}: is neither blank nor a write'
            elif number % SLOTS != slot or data != contents(number, sector):
                yield f'{where}: is not all of write {number}'


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--kills', type=int, default=200, help='(default: %(default)s)')
    parser.add_argument('--seed', type=int, default=random.SystemRandom().randrange(1 << 32),
                        help='of the moments (default: any)')
    arguments = parser.parse_args()
    print(f'seed {arguments.seed}')
    rng = random.Random(arguments.seed)
    reported = [0] * len(MODES)
    bad = 0
    with tempfile.TemporaryDirectory() as scratch:
        for kill in range(arguments.kills):
            mode = kill % len(MODES)
            image, kept = run_and_kill(mode, pathlib.Path(scratch), rng)
            reported[mode] += kept
            for fault in faults(mode, image, kept):
                print(f'kill {kill} ({MODES[mode]}): {fault}')
                bad += 1
    for mode, count in zip(MODES, reported):
        print(f'{mode}: {count} writes kept')
    print(f'{arguments.kills} kills, {bad} faults')
    sys.exit(bad != 0)


if __name__ == '__main__':
    main()
