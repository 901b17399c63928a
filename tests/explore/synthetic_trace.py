# SPDX-License-Identifier: Apache-2.0
"""A binary trace (docs/trace-format.md) of as many blocks as wanted, each with seven instructions, the
same bytes as host code, and a share of the executions that falls with its number."""

import struct

LENGTHS = (5, 2, 3, 3, 3, 2, 2)
BASE = 0xC0000000
STRIDE = 32


def number(value):
    """As the format has them."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def text(value):
    return number(len(value)) + value


def chunk(kind, contents):
    return struct.pack('<cI', kind, len(contents)) + contents


def address_of(block):
    return BASE + STRIDE * block


def code_of(block):
    """mov eax, block; add eax, ecx; mov [ebp-4], eax; mov ecx, [ebp+8]; add ecx, n; cmp ecx, eax; jne."""
    return struct.pack('<BI', 0xB8, block) + bytes.fromhex('01c8 8945fc 8b4d08 83c1') + \
        bytes([block & 0x7F]) + bytes.fromhex('39c1 75f0')


def write(path, blocks, executed=1000):
    """Blocks are numbered from 1; the first `executed` of them were."""
    places = b''.join(number(length) + b'\0' for length in LENGTHS)
    host = b''.join(number(length) + b'\0' + number(length) for length in LENGTHS)
    with open(path, 'wb') as file:
        file.write(b'VBTRACE\n' + struct.pack('<II', 2, 0))
        for block in range(1, blocks + 1):
            address = address_of(block)
            code = code_of(block)
            place = b''.join(map(number, (block, address, address, address - BASE, 0, 32)))
            file.write(chunk(b'B', place + text(code) + number(len(LENGTHS)) + places + number(0)))
            translated = place + b'\0' + number(7) + text(b'CPL 0') + text(code) + \
                number(0x40000000 + 64 * block) + text(code) + number(0) + number(len(LENGTHS)) + \
                host + b'\0\0'
            file.write(chunk(b'E', b'\0' + text(b'translated') + number(1000 * block) +
                             number(address) + b'\0\0\0' + b'\1' + translated))
        entries = [block for block in range(1, executed + 1) for _ in range(executed // block)]
        file.write(chunk(b'X', number(len(entries)) +
                         b''.join(b'\0' + number(entry) for entry in entries)))
        file.write(chunk(b'Z', number(len(entries)) + number(blocks)))
