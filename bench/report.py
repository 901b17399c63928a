#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/performance.md from the reports that the other benchmarks left in build/bench."""

import argparse
import importlib
import json
import pathlib
import sys

import turns

REPORTS = turns.REPOSITORY / 'build' / 'bench'
PAGE = turns.REPOSITORY / 'docs' / 'performance.md'
# In the order of the page.
BENCHMARKS = ('boot', 'programs', 'system', 'scale', 'scale-boots', 'kernels', 'nano', 'translate',
              'smc', 'pc', 'optimisations')

INTRODUCTION = '''\
# Performance

Written by `scripts/bench report`; do not edit. Each table is the output of `scripts/bench NAME`
from one session, in which the bare host (`native`), Verbatim and QEMU's TCG took turns. Figures are
medians with half of their range; what compares is the ratios within one table, not figures of
different ones. [bench/README.md](../bench/README.md) says what is measured and how.

'''


def circumstances(report):
    load = ', '.join(f'{value:.1f}' for value in report['load_average'])
    machine = [f'{name.replace("_", " ")} {report[name]}'
               for name in ('kernel', 'cpu', 'memory_mib') if name in report]
    machine += [f'{report["clock"]} time'] if 'clock' in report else []
    return (f'{report["date"]}, commit {report["commit"]}; {report["host"]},'
            f' {report["host_cores"]} cores, Linux {report["host_kernel"]}, load {load};'
            f' {report["qemu"]}; {report["compiler"]}; {report["runs"]} runs' +
            (f'; guest: {", ".join(machine)}' if machine else '') + '.')


def section(name, report):
    program = name.partition('-')[0]
    about = (importlib.import_module(program).__doc__.strip() if program == name
             else f'More of `{program}`.')
    table = '\n'.join(turns.table(report))
    return f'## {name}\n\n{about}\n\n{circumstances(report)}\n\n```\n{table}\n```\n'


def main():
    parser = argparse.ArgumentParser(prog='scripts/bench report', description=__doc__)
    parser.add_argument('--output', type=pathlib.Path, default=PAGE, metavar='FILE',
                        help='the page (default: docs/performance.md)')
    parser.add_argument('--reports', type=pathlib.Path, default=REPORTS, metavar='DIR',
                        help='where the reports are (default: build/bench)')
    arguments = parser.parse_args()
    found = {name: arguments.reports / f'{name}.json' for name in BENCHMARKS}
    missing = [name for name, path in found.items() if not path.is_file()]
    if len(missing) == len(found):
        sys.exit(f'report: no reports in {arguments.reports}: run scripts/bench'
                 f' {", ".join(BENCHMARKS)} first')
    if missing:
        print(f'report: without {", ".join(missing)}, which have left nothing', file=sys.stderr)
    sections = [section(name, json.loads(path.read_text())) for name, path in found.items()
                if name not in missing]
    arguments.output.write_text(INTRODUCTION + '\n'.join(sections))
    print(f'report: {arguments.output}')


if __name__ == '__main__':
    main()
