#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a binary trace of `verbatim run --trace exec=FILE`, as docs/trace-format.md describes it.

As a program it prints a line for each entry and event; as a module, `for kind, item in read(path)`
gives ('block', dict), ('entries', [numbers]), ('names', (stubs, fields)) and ('event', dict), in
the order of the file.
"""

import struct
import sys

MAGIC = b'VBTRACE\n'
VERSION = 2
CATEGORIES = ('blocks', 'exec', 'exits', 'faults', 'irq', 'exceptions', 'io', 'mmio', 'bios', 'cr',
              'smc', 'modes', 'resumes')
OUTCOMES = ('ident', 'rewritten', 'software', 'in cache', 'simulated', 'nothing', 'raises')
FORM_TEXT = 3
MAX_ENTRIES = 1 << 20  # of a chunk
MAX_CHUNK = 16 << 20   # bytes


class Contents:
    """The contents of a chunk."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def number(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
            if shift > 63:
                raise ValueError('a number of more than 64 bits')

    def bytes(self):
        length = self.number()
        self.at += length
        if self.at > len(self.data):
            raise IndexError('a text goes on behind the end')
        return self.data[self.at - length:self.at]

    def text(self):
        return self.bytes().decode('latin-1')


class Predictor:
    """What entry followed the two last ones when they were met before."""

    def __init__(self):
        self.table = [0] * 65536
        self.index = 0
        self.before = 0

    def predicted(self):
        return self.table[self.index]

    def follow(self, entry):
        self.table[self.index] = entry
        self.index = ((entry * 0x9E3779B1 & 0xFFFFFFFF) ^ self.before) >> 16
        self.before = entry * 0x85EBCA6B & 0xFFFFFFFF


def read_block(chunk):
    block = {name: chunk.number()
             for name in ('number', 'eip', 'linear', 'physical', 'cpl', 'bits')}
    block['bytes'] = chunk.bytes()
    block['instructions'] = [(chunk.number(), OUTCOMES[chunk.number()])
                             for _ in range(chunk.number())]
    block['return_eips'] = [chunk.number() for _ in range(chunk.number())]
    return block


def read_entries(chunk, predictor):
    count = chunk.number()
    if count > MAX_ENTRIES:
        raise ValueError(f'{count} entries, expected at most {MAX_ENTRIES}')
    entries = []
    while len(entries) < count:
        foreseen = chunk.number()
        if foreseen > count - len(entries):
            raise ValueError(f'{foreseen} foreseen entries of {count - len(entries)}')
        for _ in range(foreseen):
            entries.append(predictor.predicted())
            predictor.follow(entries[-1])
        if len(entries) < count:
            entries.append(chunk.number())
            predictor.follow(entries[-1])
    return entries


def read_event(chunk):
    event = {'category': CATEGORIES[chunk.number()], 'event': chunk.text(),
             'time_ns': chunk.number(), 'address': chunk.number(), 'cr3': chunk.number(),
             'cpl': chunk.number()}
    for _ in range(chunk.number()):
        name = chunk.text()
        event[name] = chunk.text() if chunk.number() == FORM_TEXT else chunk.number()
    if chunk.number():
        event['code'] = read_code(chunk)
    return event


def read_code(chunk):
    """A translation: host_start + body_offset is where the first instruction's host code begins."""
    code = {name: chunk.number()
            for name in ('number', 'eip', 'linear', 'physical', 'cpl', 'bits')}
    code['second_page'] = chunk.number() if chunk.number() else None
    code['copied'] = chunk.number()
    code['mode'] = chunk.text()
    code['guest'] = chunk.bytes()
    code['host_start'] = chunk.number()
    code['host'] = chunk.bytes()
    code['body_offset'] = chunk.number()
    code['instructions'] = [(chunk.number(), OUTCOMES[chunk.number()], chunk.number())
                            for _ in range(chunk.number())]
    code['links'] = [tuple(chunk.number() for _ in range(3)) for _ in range(chunk.number())]
    code['return_sites'] = [chunk.number() for _ in range(chunk.number())]
    return code


def read_names(chunk):
    """({address: name of the stub}, {offset from r15: name of the field})."""
    return tuple({chunk.number(): chunk.text() for _ in range(chunk.number())} for _ in range(2))


def read(path, packed_entries=False):
    """Raises ValueError if the file is no trace, of another version, damaged or cut off. With
    packed_entries it gives ('entries', bytes), the contents of their chunks as they are."""
    predictor = Predictor()
    readers = {b'B': ('block', read_block), b'E': ('event', read_event), b'N': ('names', read_names),
               b'X': ('entries', lambda chunk: chunk.data if packed_entries
                      else read_entries(chunk, predictor))}
    with open(path, 'rb') as file:
        header = file.read(16)
        if header[:8] != MAGIC:
            raise ValueError('not a binary trace')
        if len(header) < 16:
            raise ValueError('cut off')
        version, _ = struct.unpack('<II', header[8:])
        if version != VERSION:
            raise ValueError(f'version {version}, expected {VERSION}')
        while True:
            frame = file.read(5)
            if len(frame) < 5:
                raise ValueError('cut off')
            kind, length = struct.unpack('<cI', frame)
            if length > MAX_CHUNK:
                raise ValueError(f'a chunk of {length} bytes, expected at most {MAX_CHUNK}')
            data = file.read(length)
            if len(data) < length:
                raise ValueError('cut off')
            if kind == b'Z':
                return
            if kind not in readers:
                raise ValueError(f'a chunk of the unknown type {kind}')
            name, reader = readers[kind]
            try:
                item = reader(Contents(data))
            except (IndexError, ValueError) as error:
                raise ValueError(f'a chunk {kind} makes no sense: {error}') from None
            yield name, item


def main():
    if len(sys.argv) != 2:
        sys.exit('usage: read_trace.py FILE')
    addresses = {}
    try:
        for kind, item in read(sys.argv[1]):
            if kind == 'block':
                addresses[item['number']] = item['linear']
                for i, eip in enumerate(item['return_eips']):
                    addresses[item['number'] + 1 + i] = item['linear'] + eip - item['eip']
            elif kind == 'entries':
                for number in item:
                    if number not in addresses:
                        raise ValueError(f'entry {number} of no block')
                    print(f'exec {addresses[number]:08x}')
            elif kind == 'event':
                print(f'{item["category"]} {item["event"]} {item["address"]:08x}')
    except OSError as error:
        sys.exit(f'read_trace.py: {error}')
    except ValueError as error:
        sys.exit(f'read_trace.py: {sys.argv[1]}: {error}')
    except BrokenPipeError:
        pass


if __name__ == '__main__':
    main()
