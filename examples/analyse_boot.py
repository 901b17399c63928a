#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a guest does while it boots, as figures and as plots, from a binary trace.

  verbatim run --kernel vmlinuz --initrd initrd.gz --append console=ttyS0 --trace exec,exits=boot.vbt
  examples/analyse_boot.py boot.vbt --plots plots

Prints as JSON the hottest blocks, the instructions by what became of them and by mnemonic, and what
translated code was left for; of a trace that was cut off what there is, with status 1. --plots also
draws that, and how it changes on the way. A boot of Linux, some 450 million entries into blocks, takes a
minute, and memory does not grow with the trace. Needs NumPy and for the plots matplotlib (Debian:
python3-numpy, python3-matplotlib); mnemonics come from objdump.

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

try:
    import numpy

    import read_trace
    import trace_entries
except ImportError as missing:
    sys.exit(f'analyse_boot.py: {missing} (Debian: python3-numpy)')

SLICES = 100  # of the way, for what changes on it
CELL = 16     # bytes for an instruction, which has 15 at most
# Entries that are counted at once: a small part of what came before, so that the way can be cut
# into slices whatever its length.
BATCH_LEAST, BATCH_MOST, BATCH_SHARE = 4096, 1 << 20, 256


class Boot:
    """Counts of a trace: entries and pairs of them, exits by cause, with batches on the way."""

    def __init__(self, path):
        self.blocks = {}  # by number
        self.owners = {}  # entry to (block number, linear address): return sites have their own
        self.counts = numpy.zeros(0, numpy.int64)   # by entry
        self.met = numpy.zeros(0, numpy.int64)      # by entry: in which batch first
        self.pairs = trace_entries.PairCounter()    # of entries, one behind the other
        self.batches = []                           # (entries, exits)
        self.causes = collections.Counter()
        self.total = 0
        self.error = None                           # why the trace ends before its end
        self.defined = bytearray(1)                 # by entry: whether it has an owner
        self.decoder = trace_entries.EntryDecoder()
        self.waiting, self.waiting_entries, self.waiting_exits = [], 0, 0
        try:
            for kind, item in read_trace.read(path, packed_entries=True):
                if kind == 'block':
                    self.define(item)
                elif kind == 'entries':
                    self.enter(item)
                elif kind == 'event' and item['category'] == 'exits':
                    self.causes[cause(item)] += 1
                    self.waiting_exits += 1
        except ValueError as error:
            self.error = str(error)
        try:
            self.count()
        except ValueError as error:
            self.error = str(error)  # what waited stands before the place where reading ended

    def define(self, block):
        entries = [block['eip']] + block['return_eips']
        self.decoder.allow(block['number'] + len(entries) - 1)
        self.defined.extend(bytes(len(self.decoder.first) - len(self.defined)))
        self.blocks[block['number']] = block
        for i, eip in enumerate(entries):
            self.defined[block['number'] + i] = True
            self.owners[block['number'] + i] = (block['number'],
                                                block['linear'] + eip - block['eip'])

    def enter(self, chunk):
        self.waiting.append(chunk)
        self.waiting_entries += trace_entries.entries_of(chunk)
        if self.waiting_entries >= min(max(BATCH_LEAST, self.total // BATCH_SHARE), BATCH_MOST):
            self.count()

    def count(self):
        if not self.waiting and not self.waiting_exits:
            return
        chunks, self.waiting, self.waiting_entries = self.waiting, [], 0
        entries = self.decoder.decode(chunks)
        known = numpy.frombuffer(bytes(self.defined), bool)[entries]
        good = len(entries) if known.all() else int(known.argmin())
        self.tally(entries[:good])
        if good < len(entries):
            raise ValueError(f'entry {entries[good]} of no block')

    def tally(self, entries):
        counts = numpy.bincount(entries, minlength=len(self.counts))
        more = len(counts) - len(self.counts)
        self.counts = numpy.pad(self.counts, (0, more))
        self.met = numpy.pad(self.met, (0, more))
        self.met[(counts > 0) & (self.counts == 0)] = len(self.batches)
        self.counts += counts
        self.pairs.add(entries)
        self.total += len(entries)
        self.batches.append((len(entries), self.waiting_exits))
        self.waiting_exits = 0

    def entries(self):
        """Entries by block, at its start and behind its calls."""
        entries = collections.Counter()
        for entry in numpy.flatnonzero(self.counts).tolist():
            entries[self.owners[entry][0]] += int(self.counts[entry])
        return entries

    def slices(self):
        """(entries, exits, blocks that are new) of SLICES pieces of about as many entries."""
        met = {}
        for entry in numpy.flatnonzero(self.counts).tolist():
            number = self.owners[entry][0]
            met[number] = min(met.get(number, len(self.batches)), int(self.met[entry]))
        new = numpy.bincount(list(met.values()), minlength=len(self.batches))
        of_batches = numpy.column_stack((self.batches, new))
        # In which slice a batch begins.
        begins = numpy.cumsum(of_batches[:, 0]) - of_batches[:, 0]
        place = numpy.minimum(begins * SLICES // max(1, self.total), SLICES - 1)
        firsts = numpy.flatnonzero(numpy.diff(place, prepend=-1))
        return numpy.add.reduceat(of_batches, firsts).tolist()


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
        'complete': boot.error is None,
        'blocks': len(boot.blocks),
        'blocks_entered': len(entries),
        'instructions': sum(outcomes.values()),
        'hottest_blocks': [{'linear': f'{boot.blocks[number]["linear"]:08x}',
                            'cpl': boot.blocks[number]['cpl'], 'entries': count,
                            'share': round(count / boot.total, 4)}
                           for number, count in entries.most_common(top)],
        'outcomes': dict(outcomes.most_common()),
        'mnemonics': dict(kinds.most_common(top)),
        'exits': dict(boot.causes.most_common()),
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
    new, rates, places, done = [], [], [], 0
    for entries, exits, new_blocks in boot.slices():
        done += entries
        places.append(done / 1e6)
        new.append(new_blocks)
        rates.append(1000 * exits / max(1, entries))
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
    parser.add_argument('--top', type=int, default=20, help='how many of what is hottest')
    parser.add_argument('--plots', metavar='FOLDER', help='draw PNG files there')
    arguments = parser.parse_args()
    try:
        boot = Boot(arguments.trace)
    except OSError as error:
        sys.exit(f'analyse_boot.py: {error}')
    if boot.total == 0:
        reason = boot.error or 'holds no entries: --trace exec writes them'
        sys.exit(f'analyse_boot.py: {arguments.trace}: {reason}')
    figures = report(boot, arguments.top)
    json.dump(figures, sys.stdout, indent=2)
    print()
    if arguments.plots:
        try:
            for path in plot(boot, figures, arguments.plots):
                print(f'analyse_boot.py: {path}', file=sys.stderr)
        except ImportError as error:
            sys.exit(f'analyse_boot.py: --plots: {error}')
    if boot.error:
        sys.exit(f'analyse_boot.py: {arguments.trace}: {boot.error}')


if __name__ == '__main__':
    main()
