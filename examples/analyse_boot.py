#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a guest does while it boots, as figures and as plots, from a binary trace.

  verbatim run --kernel vmlinuz --initrd initrd.gz --append console=ttyS0 --trace exec,exits=boot.vbt
  examples/analyse_boot.py boot.vbt --entries 20000000 --plots plots

Reads the first so many entries into blocks (Python needs half a second for a million; all, if
--entries is not given) and prints as JSON the hottest blocks, the instructions by what became of them and
by mnemonic, and what translated code was left for. --plots also draws that, and how it changes on the
way; for this it needs matplotlib (Debian: python3-matplotlib). Mnemonics come from objdump.

Of an entry the instructions are counted up to the first that leads to the next entry, or to a call, or
to the block's end. An interrupt or a fault may have left the block before.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

import read_trace

SLICES = 100  # of the way, for what changes on it
CELL = 16     # bytes for an instruction, which has 15 at most


class Boot:
    """Counts of a trace: entries and pairs of them, exits by cause, with batches on the way."""

    def __init__(self, path, limit):
        self.blocks = {}  # by number
        self.owners = {}  # entry to (block number, linear address): return sites have their own
        self.pairs = collections.Counter()  # of entries, one behind the other
        self.batches = []  # Counter of blocks, as the trace has them
        self.exits = []  # Counter of causes, between the batches
        self.total = 0
        self.complete = True
        pending = collections.Counter()
        last = []
        for kind, item in read_trace.read(path):
            if kind == 'block':
                self.blocks[item['number']] = item
                for i, eip in enumerate([item['eip']] + item['return_eips']):
                    self.owners[item['number'] + i] = (item['number'],
                                                       item['linear'] + eip - item['eip'])
            elif kind == 'entries':
                entries = item if limit is None else item[:limit - self.total]
                self.total += len(entries)
                self.pairs.update(zip(last + entries, entries[1 - len(last):]))
                last = entries[-1:]
                counts = collections.Counter()
                for entry, count in collections.Counter(entries).items():
                    counts[self.owners[entry][0]] += count
                self.batches.append(counts)
                self.exits.append(pending)
                pending = collections.Counter()
                if self.total == limit:
                    self.complete = False
                    break
            elif item['category'] == 'exits':
                pending[cause(item)] += 1
        if pending:
            self.batches.append(collections.Counter())
            self.exits.append(pending)

    def entries(self):
        return sum(self.batches, collections.Counter())

    def causes(self):
        return sum(self.exits, collections.Counter())

    def slices(self):
        """(entries by block, exits by cause) for SLICES pieces of about as many entries."""
        size = max(1, -(-self.total // SLICES))
        result = []
        counts, causes = collections.Counter(), collections.Counter()
        for batch, exits in zip(self.batches, self.exits):
            counts.update(batch)
            causes.update(exits)
            if sum(counts.values()) >= size:
                result.append((counts, causes))
                counts, causes = collections.Counter(), collections.Counter()
        # What is left is no slice of its own, unless it is all there is.
        if result:
            result[-1][0].update(counts)
            result[-1][1].update(causes)
        else:
            result.append((counts, causes))
        return result


def cause(event):
    """'callout out', not each port and operand."""
    instruction = event.get('instruction')
    return f'{event["event"]} {instruction.split()[0]}' if instruction else event['event']


def mnemonics(blocks):
    """The mnemonic of each encoding of an instruction, (bits, bytes) to text."""
    encodings = set()
    for block in blocks:
        at = 0
        for length, _ in block['instructions']:
            encodings.add((block['bits'], block['bytes'][at:at + length]))
            at += length
    names = {}
    for bits, machine in ((16, 'i8086'), (32, 'i386')):
        ordered = sorted(code for width, code in encodings if width == bits)
        if not ordered:
            continue
        with tempfile.NamedTemporaryFile() as file:
            # NOPs between them, so that each begins where it should, whatever is in front.
            file.write(b''.join(code.ljust(CELL, b'\x90') for code in ordered))
            file.flush()
            listing = subprocess.run(
                ['objdump', '-D', '-b', 'binary', '-m', machine, '-M', 'intel', '--insn-width=16',
                 file.name], capture_output=True, text=True, check=True).stdout
        found = {int(address, 16): name for address, name in
                 re.findall(r'^ *([0-9a-f]+):\t[0-9a-f ]+\t(?:(?:rep\w*|lock|data16|[c-gs]s) )*(\S+)',
                            listing, re.M)}
        for i, code in enumerate(ordered):
            names[bits, code] = found[i * CELL]
    return names


def branch_target(code, end, bits):
    """Where a relative jump leads that ends at the eip `end`; None for what is no such jump."""
    wide = 2 if bits == 16 else 4
    if code[0] == 0xEB or 0x70 <= code[0] <= 0x7F or 0xE0 <= code[0] <= 0xE3:
        size = 1
    elif (code[0] == 0xE9 and len(code) == 1 + wide) or (
            code[0] == 0x0F and 0x80 <= code[1] <= 0x8F and len(code) == 2 + wide):
        size = wide
    else:
        return None
    return (end + int.from_bytes(code[-size:], 'little', signed=True)) % (1 << 8 * wide)


def instruction_mix(boot, names):
    """Executed instructions by what became of them, and by mnemonic."""
    outcomes, kinds = collections.Counter(), collections.Counter()
    for (entry, following), count in boot.pairs.items():
        number, linear = boot.owners[entry]
        block = boot.blocks[number]
        base = block['linear'] - block['eip']
        goal = boot.owners[following][1] - base
        at = 0
        for length, outcome in block['instructions']:
            code = block['bytes'][at:at + length]
            at += length
            if block['linear'] + at <= linear:
                continue  # in front of the return site
            name = names[block['bits'], code]
            outcomes[outcome] += count
            kinds[name] += count
            if name == 'call' or branch_target(code, block['eip'] + at, block['bits']) == goal:
                break
    return outcomes, kinds


def report(boot, top):
    entries = boot.entries()
    outcomes, kinds = instruction_mix(boot, mnemonics(boot.blocks.values()))
    return {
        'entries': boot.total,
        'complete': boot.complete,
        'blocks': len(boot.blocks),
        'blocks_entered': len(entries),
        'instructions': sum(outcomes.values()),
        'hottest_blocks': [{'linear': f'{boot.blocks[number]["linear"]:08x}',
                            'cpl': boot.blocks[number]['cpl'], 'entries': count,
                            'share': round(count / boot.total, 4)}
                           for number, count in entries.most_common(top)],
        'outcomes': dict(outcomes.most_common()),
        'mnemonics': dict(kinds.most_common(top)),
        'exits': dict(boot.causes().most_common()),
    }


def bars(axes, pairs, title, unit):
    names, values = zip(*pairs) if pairs else ((), ())
    axes.barh(range(len(names)), values, color='#3b6ea5')
    axes.set_yticks(range(len(names)), names, fontsize=8, family='monospace')
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    axes.set_title(title, fontsize=10)


def plot(boot, figures, folder):
    """Four PNG files."""
    import matplotlib
    matplotlib.use('Agg')
    from matplotlib import pyplot

    os.makedirs(folder, exist_ok=True)

    def save(name, width=7.0, height=4.5):
        figure, axes = pyplot.subplots(figsize=(width, height), layout='constrained')

        def finish():
            path = os.path.join(folder, name + '.png')
            figure.savefig(path, dpi=100)
            pyplot.close(figure)
            return path
        return axes, finish

    axes, finish = save('hot_blocks')
    ordered = sorted(boot.entries().values(), reverse=True)
    shares, reached = [], 0
    for count in ordered:
        reached += count
        shares.append(100 * reached / boot.total)
    axes.plot(range(1, len(shares) + 1), shares, color='#3b6ea5')
    axes.set_xscale('log')
    axes.set_ylim(0, 100)
    axes.grid(alpha=0.3)
    axes.set_xlabel('blocks, the hottest first')
    axes.set_ylabel('% of all entries')
    axes.set_title(f'{len(ordered):,} blocks take {boot.total:,} entries', fontsize=10)
    yield finish()

    axes, finish = save('instruction_mix')
    every = figures['instructions']
    bars(axes, [(name, 100 * count / every) for name, count in figures['mnemonics'].items()],
         'Instructions executed, by mnemonic', '% of all')
    yield finish()

    axes, finish = save('exits')
    bars(axes, list(figures['exits'].items())[:20],
         f'What translated code was left for, {sum(figures["exits"].values()):,} times', 'exits')
    axes.set_xscale('log')
    yield finish()

    axes, finish = save('on_the_way', 8.0)
    slices = boot.slices()
    seen = set()
    new, rates, places, done = [], [], [], 0
    for counts, causes in slices:
        done += sum(counts.values())
        places.append(done / 1e6)
        new.append(len(counts.keys() - seen))
        rates.append(1000 * sum(causes.values()) / max(1, sum(counts.values())))
        seen |= counts.keys()
    axes.plot(places, new, color='#3b6ea5')
    axes.set_ylabel('new blocks in a slice')
    axes.set_xlabel('million entries into blocks')
    other = axes.twinx()
    other.plot(places, rates, color='#c2571a')
    other.set_ylabel('exits per 1000 entries')
    axes.set_title('blue: blocks that are new; orange: exits per 1000 entries', fontsize=10)
    yield finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('trace')
    parser.add_argument('--entries', type=int, help='only the first so many')
    parser.add_argument('--top', type=int, default=20, help='how many of what is hottest')
    parser.add_argument('--plots', metavar='FOLDER', help='draw PNG files there')
    arguments = parser.parse_args()
    try:
        boot = Boot(arguments.trace, arguments.entries)
    except (OSError, ValueError) as error:
        sys.exit(f'analyse_boot.py: {error}')
    if boot.total == 0:
        sys.exit(f'analyse_boot.py: {arguments.trace}: holds no entries: --trace exec writes them')
    figures = report(boot, arguments.top)
    json.dump(figures, sys.stdout, indent=2)
    print()
    if arguments.plots:
        try:
            for path in plot(boot, figures, arguments.plots):
                print(f'analyse_boot.py: {path}', file=sys.stderr)
        except ImportError as error:
            sys.exit(f'analyse_boot.py: --plots: {error}')


if __name__ == '__main__':
    main()
