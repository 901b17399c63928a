# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: subjects that run the same cases by turns, timed from outside.

A subject is a way to run the same cases: natively, here, under QEMU. It prints, on its standard
output or its COM1, for each case

  NAME COUNT            the case begins, of COUNT (hexadecimal) events
  done                  it has ended; `wrong`: it computed something else than it should
  result NAME VALUE     what it computed, which must be the same for every subject
  cycles NAME COUNT CYCLES  instead of the first two: measured in the guest, in time stamps

and the time between the first two is taken on the host. The case `nothing`, if there is one, is the
time that the two lines themselves take and is subtracted from the others'. Subjects take turns, so
that whatever else the host does meets each; what is to be compared is compared within one run.
"""

import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
BUILD = REPOSITORY / 'build' / 'release'
sys.path.insert(0, str(REPOSITORY / 'scripts'))
import guest  # noqa: E402,F401  (found only after the line above; others import it from here)

NOTHING = 'nothing'
NATIVE = 'native'
VERBATIM = 'verbatim'
QEMU = 'qemu'
WITH = 'with'
WITHOUT = 'without'
WITH_AND_WITHOUT = (WITH, WITHOUT)
TIMEOUT_SECONDS = 300
# A line may be underway for some milliseconds.
SHORTEST_NS = 20_000_000

_BEGIN = re.compile(r'([\w.+-]+) ([0-9A-Fa-f]+)')
_RESULT = re.compile(r'result ([\w.+-]+) (.*)')
_CYCLES = re.compile(r'cycles ([\w.+-]+) ([0-9A-Fa-f]+) ([0-9A-Fa-f]+)')


class BenchError(Exception):
    """A subject did not do what it should; the message says which and what."""


class Sample:
    """One run of one subject: cost of an event, and results, by name of the case."""

    def __init__(self):
        self._elapsed = {}
        self.results = {}

    def add(self, case, count, elapsed):
        self._elapsed[case] = (count, elapsed)

    def costs(self):
        """Nanoseconds (or cycles) an event, less what the lines take."""
        lines = self._elapsed.get(NOTHING, (1, 0))[1]
        return {case: max(elapsed - lines, 0) / count
                for case, (count, elapsed) in self._elapsed.items() if case != NOTHING}


def _wall_ns(_process):
    return time.monotonic_ns()


def _processor_ns(process):
    """What the process and its children that have ended have used of the processor, to 10 ms."""
    fields = pathlib.Path(f'/proc/{process.pid}/stat').read_text().rpartition(')')[2].split()
    return sum(map(int, fields[11:15])) * 1_000_000_000 // os.sysconf('SC_CLK_TCK')


# What time is: that of the clock on the wall, or, on a host that is busy with other things, that
# which the subject had the processor.
CLOCKS = {'wall': _wall_ns, 'processor': _processor_ns}


def run(command, status=0, timeout=TIMEOUT_SECONDS, clock='wall', **options):
    """The Sample that `command` yields, which must end with `status`."""
    read_clock = CLOCKS[clock]
    sample = Sample()
    name = pathlib.Path(command[0]).name
    case = None
    last = ''
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True, errors='replace', **options)
    timer = threading.Timer(timeout, process.kill)
    timer.start()
    try:
        for line in process.stdout:
            now = read_clock(process)
            line = line.strip()
            last = line or last
            if line == 'done' and case is not None:
                if case != NOTHING and now - begin < SHORTEST_NS:
                    print(f'{name}: {case} took {(now - begin) / 1e6:.1f} ms, too little for its'
                          ' lines to be timed well', file=sys.stderr)
                sample.add(case, count, now - begin)
                case = None
            elif line == 'wrong':
                process.kill()
                raise BenchError(f'{name} computed something else in {case}')
            elif match := _CYCLES.fullmatch(line):
                sample.add(match[1], int(match[2], 16), int(match[3], 16))
            elif match := _RESULT.fullmatch(line):
                sample.results[match[1]] = match[2]
            elif match := _BEGIN.fullmatch(line):
                case, count, begin = match[1], int(match[2], 16), now
        process.wait()
    finally:
        timer.cancel()
        process.stdout.close()
    if case is not None or process.returncode != status or not sample.costs():
        raise BenchError(f'{name} ended with status {process.returncode}, not {status},'
                         f' in {case or "no case"}; its last line: {last}')
    return sample


def take_turns(subjects, runs):
    """Runs each of {name: function that returns a Sample} `runs` times.

    Returns {case: {name: [cost of each run]}}, and fails if results differ.
    """
    costs = {}
    expected = {}
    for number in range(runs):
        for name, take in subjects.items():
            sample = take()
            print(f'run {number + 1} of {runs}: {name}', file=sys.stderr, flush=True)
            for case, value in sample.results.items():
                first, wanted = expected.setdefault(case, (name, value))
                if value != wanted:
                    raise BenchError(f'{case}: {name} computed {value}, {first} {wanted}')
            for case, cost in sample.costs().items():
                costs.setdefault(case, {}).setdefault(name, []).append(cost)
    for case, taken in costs.items():
        if missing := set(subjects) - set(taken):
            raise BenchError(f'{case}: not run by {", ".join(sorted(missing))}')
    return costs


def add_options(parser, names, runs=5):
    parser.add_argument('--runs', type=int, default=runs,
                        help='runs of each subject (default: %(default)s)')
    parser.add_argument('--only', choices=names, action='append',
                        help='measure this subject; may be given more than once')
    parser.add_argument('--json', type=pathlib.Path, metavar='FILE',
                        help='where to keep all samples (default: build/bench/NAME.json, where'
                        ' scripts/bench report finds them)')


def chosen(arguments, names):
    """Those of `names` that are asked for and that this host has."""
    if arguments.runs < 1:
        raise BenchError('--runs must be at least 1')
    wanted = [name for name in names if not arguments.only or name in arguments.only]
    if QEMU in wanted and shutil.which('qemu-system-i386') is None:
        if arguments.only:
            raise BenchError('no qemu-system-i386 (scripts/setup --reference)')
        print('no qemu-system-i386 (scripts/setup --reference): nothing to compare with',
              file=sys.stderr)
        wanted.remove(QEMU)
    return wanted


def ratio(taken, name, base):
    """How many times as long `name` takes as `base`, or None if either took no time at all."""
    mine, other = statistics.median(taken[name]), statistics.median(taken[base])
    return mine / other if mine > 0 and other > 0 else None


def spread(values):
    """Half of the range from the least to the greatest, as a share of the median."""
    median = statistics.median(values)
    return (max(values) - min(values)) / 2 / median if median > 0 else 0.0


def geometric_mean(values):
    return statistics.geometric_mean(values) if values else None


def _column(value):
    return f'{value:17.2f}' if value is not None else f'{"-":>17}'


def mean_of_least(cases, name, base):
    """The geometric mean of the least times' ratios: what else the host did counts less."""
    least = [(min(taken[name]), min(taken[base])) for taken in cases.values()]
    return geometric_mean([mine / other for mine, other in least if mine > 0 and other > 0])


def ratios_of(names):
    """The pairs (of, base) that a table compares, of the subjects that were measured."""
    pairs = ((VERBATIM, NATIVE), (QEMU, NATIVE), (QEMU, VERBATIM), (WITHOUT, WITH))
    return [pair for pair in pairs if set(pair) <= set(names)]


def table(report):
    """The lines of a report's table: medians with their spread, ratios, and geometric means.

    With the rate of the time-stamp counter (`ghz`) in the report, its cycles also in nanoseconds.
    The `notes` of cases end their lines.
    """
    cases, names, ghz = report['cases'], report['subjects'], report.get('ghz')
    notes = report.get('notes', {})
    pairs = ratios_of(names)
    width = max(len(case) for case in cases) + 2
    lines = [f'{"median " + report["unit"]:{width}}' +
             ''.join(f'{name:>19}' + (f'{"ns":>10}' if ghz else '') for name in names) +
             ''.join(f'{of + "/" + base:>17}' for of, base in pairs)]
    products = {pair: [] for pair in pairs}
    for case, taken in cases.items():
        line = f'{case:{width}}'
        for name in names:
            median = statistics.median(taken[name])
            line += f'{median:12.2f} ±{spread(taken[name]):4.0%} '
            line += f'{median / ghz:10.2f}' if ghz else ''
        for pair in pairs:
            value = ratio(taken, *pair)
            if value is not None:
                products[pair].append(value)
            line += _column(value)
        lines.append(f'{line}  {notes.get(case, "")}'.rstrip())
    if pairs and len(cases) > 1:
        blank = ' ' * (29 if ghz else 19) * len(names)
        lines.append(f'{"geometric mean":{width}}' + blank +
                     ''.join(_column(geometric_mean(products[pair])) for pair in pairs))
        lines.append(f'{"  of the least times":{width}}' + blank +
                     ''.join(_column(mean_of_least(cases, *pair)) for pair in pairs))
    return lines


def _processor():
    for line in pathlib.Path('/proc/cpuinfo').read_text().splitlines():
        if line.startswith('model name'):
            return line.partition(':')[2].strip()
    return 'unknown'


def _first_line(*command, **options):
    if shutil.which(command[0]) is None:
        return 'none'
    output = subprocess.run(command, capture_output=True, text=True, check=False, **options).stdout
    return output.strip().partition('\n')[0]


def circumstances():
    """Where and when: what every report says."""
    return {'date': datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%d %H:%M UTC'),
            'host': _processor(), 'host_cores': os.cpu_count(), 'host_kernel': platform.release(),
            'load_average': os.getloadavg(), 'qemu': _first_line('qemu-system-i386', '--version'),
            'compiler': _first_line('gcc', '--version'),
            'commit': _first_line('git', 'describe', '--always', '--dirty', cwd=REPOSITORY)}


def write_json(path, report):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + '\n')


def in_milliseconds(costs):
    """What take_turns found, which is in nanoseconds."""
    return {case: {name: [cost / 1e6 for cost in taken] for name, taken in by_name.items()}
            for case, by_name in costs.items()}


def publish(arguments, benchmark, costs, names, unit='ns', **more):
    """Prints the table and keeps the samples."""
    report = {'benchmark': benchmark, 'unit': unit, 'runs': arguments.runs, 'subjects': names,
              **circumstances(), **more, 'cases': costs}
    write_json(arguments.json or REPOSITORY / 'build' / 'bench' / f'{benchmark}.json', report)
    print('\n'.join(table(report)))


def pc_command(name, kernel=None, floppy=None, memory=16):
    """Starts a multiboot kernel or a boot sector that ends by port F4h (status 1 for 0)."""
    if name == QEMU:
        image = (['-kernel', str(kernel)] if kernel else
                 ['-drive', f'file={floppy},format=raw,snapshot=on'])
        return ['qemu-system-i386', *image, '-m', str(memory), '-serial', 'stdio', '-display',
                'none', '-no-reboot', '-device', 'isa-debug-exit,iobase=0xf4,iosize=1']
    image = ['--kernel', str(kernel)] if kernel else ['--disk', f'{floppy},readonly']
    return [str(BUILD / 'cli' / 'verbatim'), 'run', *image, '--memory', f'{memory}M', '--serial',
            'stdio']
