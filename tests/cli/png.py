# SPDX-License-Identifier: Apache-2.0
"""Reads the PNG files that the command writes: 8 bits, RGB, not interlaced (RFC 2083)."""

import struct
import zlib

SIGNATURE = b'\x89PNG\r\n\x1a\n'
BYTES_PER_PIXEL = 3


class Picture:
    def __init__(self, path):
        data = path.read_bytes()
        assert data.startswith(SIGNATURE), f'{path} is no PNG'
        compressed = b''
        at = len(SIGNATURE)
        while at < len(data):
            length, kind = struct.unpack_from('>I4s', data, at)
            body = data[at + 8:at + 8 + length]
            if kind == b'IHDR':
                self.width, self.height, *rest = struct.unpack('>IIBBBBB', body)
                assert rest == [8, 2, 0, 0, 0], rest
            elif kind == b'IDAT':
                compressed += body
            at += 12 + length
        self._rows = self._unfilter(zlib.decompress(compressed))

    def __getitem__(self, position):
        """The colour at (x, y) as 0xRRGGBB."""
        x, y = position
        return int.from_bytes(self._rows[y][3 * x:3 * x + 3], 'big')

    def _unfilter(self, data):
        stride = self.width * BYTES_PER_PIXEL
        rows = []
        above = bytearray(stride)
        for y in range(self.height):
            start = y * (stride + 1)
            row = bytearray(data[start + 1:start + 1 + stride])
            predict = PREDICTORS[data[start]]
            for i in range(stride):
                left = row[i - BYTES_PER_PIXEL] if i >= BYTES_PER_PIXEL else 0
                corner = above[i - BYTES_PER_PIXEL] if i >= BYTES_PER_PIXEL else 0
                row[i] = (row[i] + predict(left, above[i], corner)) & 0xFF
            rows.append(row)
            above = row
        return rows


def paeth(left, above, corner):
    estimate = left + above - corner
    return min((left, above, corner), key=lambda value: abs(estimate - value))


PREDICTORS = (lambda left, above, corner: 0,
              lambda left, above, corner: left,
              lambda left, above, corner: above,
              lambda left, above, corner: (left + above) // 2,
              paeth)
