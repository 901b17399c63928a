# SPDX-License-Identifier: Apache-2.0
"""The entries of a binary trace (docs/trace-format.md) by the hundred million: decoded with NumPy where
that can be done at once, and counted as they come, so that memory does not grow with the trace.

A boot of Linux is some 450 million entries, of which one in seven was not foreseen. Numbers are unpacked
for many chunks at once. What is foreseen must be followed step by step, but a loop of the guest is a
cycle of the prediction too: once a state comes again, the rest of the run is copied.
"""

import array

import numpy

import read_trace

FIRST, SECOND = 0x9E3779B1, 0x85EBCA6B  # of the hash that predicts
TABLE = 1 << 16
LONG_RUN = 96        # from here on it pays to look for a cycle
HIGHEST_ENTRY = 1 << 24
SUCCESSORS = 4       # of an entry that are counted without sorting


def numbers(data):
    """All numbers of seven bits a byte."""
    data = numpy.frombuffer(data, numpy.uint8)
    ends = numpy.flatnonzero(data < 0x80)
    if len(ends) == 0 or ends[-1] != len(data) - 1:
        raise ValueError('a number is cut off')
    begins = numpy.concatenate(([0], ends[:-1] + 1))
    values = (data[begins] & 0x7F).astype(numpy.int64)
    longer = numpy.flatnonzero(begins < ends)
    shift = 0
    while len(longer):
        shift += 7
        if shift > 28:
            raise ValueError('a number of more than 32 bits')
        at = begins[longer] + shift // 7
        values[longer] |= (data[at] & 0x7F).astype(numpy.int64) << shift
        longer = longer[at < ends[longer]]
    return values.tolist()


def entries_of(chunk):
    """How many there are in it."""
    count = read_trace.Contents(chunk).number()
    if count > read_trace.MAX_ENTRIES:
        raise ValueError(f'{count} entries, expected at most {read_trace.MAX_ENTRIES}')
    return count


class EntryDecoder:
    """The entries of chunks, which must come in order."""

    def __init__(self):
        self.first = []   # by entry, the two halves of the hash: what it and the next one add to it
        self.second = []
        self.table = [0] * TABLE
        self.index = 0
        self.before = 0
        self.allow(0)

    def allow(self, highest):
        """There are entries up to this number."""
        if highest > HIGHEST_ENTRY:
            raise ValueError(f'entry {highest}: expected at most {HIGHEST_ENTRY}')
        if highest < len(self.first):
            return
        entries = numpy.arange(len(self.first), 2 * highest + 1, dtype=numpy.uint64)
        self.first += ((entries * FIRST & 0xFFFFFFFF) >> 16).tolist()
        self.second += ((entries * SECOND & 0xFFFFFFFF) >> 16).tolist()

    def decode(self, chunks):
        """The entries that the contents of these chunks hold, as an array."""
        try:
            return self.walk(iter(numbers(b''.join(chunks))))
        except (IndexError, StopIteration):
            raise ValueError('entries that make no sense') from None

    def walk(self, packed):
        # Names of the function are faster than members, and this is where the time goes.
        table, first, second = self.table, self.first, self.second
        index, before = self.index, self.before
        entries = []
        for left in packed:
            while left:
                foreseen = next(packed)
                left -= foreseen
                if left < 0:
                    raise IndexError
                if foreseen < LONG_RUN:
                    for _ in range(foreseen):
                        entry = table[index]
                        entries.append(entry)
                        index = first[entry] ^ before
                        before = second[entry]
                else:
                    index, before = self.follow(foreseen, index, before, entries)
                if left:
                    entry = next(packed)
                    left -= 1
                    entries.append(entry)
                    table[index] = entry
                    index = first[entry] ^ before
                    before = second[entry]
        self.index, self.before = index, before
        return numpy.frombuffer(array.array('I', entries), numpy.uint32)

    def follow(self, foreseen, index, before, entries):
        """Appends a long run of foreseen entries, as a cycle once it is one. The state that later ones
        are compared with is taken anew after 1, 2, 4 ... steps (R. P. Brent's way)."""
        table, first, second = self.table, self.first, self.second
        marked_index, marked_before, length, limit = index, before, 0, 1
        while foreseen:
            entry = table[index]
            entries.append(entry)
            index = first[entry] ^ before
            before = second[entry]
            foreseen -= 1
            length += 1
            if index == marked_index and before == marked_before:
                entries += entries[-length:] * (foreseen // length)
                foreseen %= length  # these are walked: they lead to the state that is to be known
            if length == limit:
                marked_index, marked_before, length, limit = index, before, 0, 2 * limit
        return index, before


class PairCounter:
    """How often each entry came behind each other. Nearly always it is one of an entry's few usual
    successors, which are learnt as they are met; the rest is sorted."""

    def __init__(self):
        self.successors = numpy.zeros((SUCCESSORS, 0), numpy.int64)
        self.counts = numpy.zeros((SUCCESSORS, 0), numpy.int64)
        self.rest = {}
        self.last = None

    def add(self, entries):
        entries = entries.astype(numpy.int64)
        if self.last is not None:
            entries = numpy.concatenate(([self.last], entries))
        if len(entries) == 0:
            return
        self.last = entries[-1]
        self.grow(int(entries.max()) + 1)
        before, behind = entries[:-1], entries[1:]
        for successors, counts in zip(self.successors, self.counts):
            unknown = successors[before] < 0
            successors[before[unknown]] = behind[unknown]
            usual = successors[before] == behind
            counts += numpy.bincount(before[usual], minlength=len(counts))
            before, behind = before[~usual], behind[~usual]
        for pair, count in zip(*numpy.unique(before << 32 | behind, return_counts=True)):
            self.rest[int(pair)] = self.rest.get(int(pair), 0) + int(count)

    def grow(self, size):
        more = size - self.counts.shape[1]
        if more > 0:
            more += size  # seldom
            wider = ((0, 0), (0, more))
            self.successors = numpy.pad(self.successors, wider, constant_values=-1)
            self.counts = numpy.pad(self.counts, wider)

    def items(self):
        """((entry, the one behind it), count) of each pair."""
        for successors, counts in zip(self.successors, self.counts):
            for entry in numpy.flatnonzero(counts):
                yield (int(entry), int(successors[entry])), int(counts[entry])
        for pair, count in self.rest.items():
            yield (pair >> 32, pair & 0xFFFFFFFF), count
