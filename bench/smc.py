#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what self-modifying code costs, here and under QEMU's TCG, by turns.

The guest is tests/guests/smc.asm. One event is a change and the execution of what was changed, or,
in the cases named counter and stack, a store.
"""

import argparse
import sys

import turns

SUBJECTS = (turns.VERBATIM, turns.QEMU)


def main():
    parser = argparse.ArgumentParser(prog='scripts/bench smc', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    turns.add_options(parser, SUBJECTS)
    arguments = parser.parse_args()
    image = turns.BUILD / 'tests' / 'guests' / 'smc.elf'
    try:
        if not image.exists():
            raise turns.BenchError(f'{image} is not there: build the target test_guests first')
        names = turns.chosen(arguments, SUBJECTS)
        costs = turns.take_turns(
            {name: lambda name=name: turns.run(turns.pc_command(name, kernel=image), status=1)
             for name in names}, arguments.runs)
    except turns.BenchError as error:
        sys.exit(f'smc: {error}')
    turns.publish(arguments, 'smc', costs, names)


if __name__ == '__main__':
    main()
