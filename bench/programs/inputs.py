# SPDX-License-Identifier: Apache-2.0
"""Makes the inputs of the programs that `scripts/bench programs` runs, always the same."""

import pathlib
import random
import shutil

HERE = pathlib.Path(__file__).resolve().parent
TEXT_BYTES = 2_000_000
LINES = 300_000
WIDTH, HEIGHT = 1024, 768


def text(source):
    """Prose of made-up words whose frequencies fall off as those of a language do, and numbers."""
    syllables = 'ka le mi no ru ta sen der ing pro con ver st al tion ar e i o'.split()
    words = [''.join(source.choices(syllables, k=source.randint(1, 4))) for _ in range(4000)]
    words[:3] = ['the', 'of', 'and']
    weights = [1 / (rank + 1) for rank in range(len(words))]
    lines, size = [], 0
    while size < TEXT_BYTES:
        line = ' '.join(source.choices(words, weights, k=source.randint(4, 14)))
        if source.random() < 0.3:
            line += f' {source.randrange(100000)}'
        lines.append(line)
        size += len(line) + 1
    return '\n'.join(lines) + '\n'


def function(source, number):
    """A C function with loops, a switch, floating point and calls of the one before."""
    callee = f'f{number - 1}(v, n - 1)' if number else 'n'
    cases = '\n'.join(f'      case {case}: s ^= v[(i + {source.randrange(64)}) & 63] * '
                      f'{source.randrange(1, 9999)}; break;' for case in range(8))
    return f'''
static int f{number}(int* v, int n) {{
  int s = {source.randrange(1000)};
  double d = {source.randrange(1, 100)}.5;
  for (int i = 0; i < n; ++i) {{
    switch ((v[i & 63] + i) & 7) {{
{cases}
    }}
    d = d * 0.75 + s;
    if (s > {source.randrange(100000)}) v[i & 63] = (s >> {source.randrange(1, 9)}) + (int)d;
  }}
  return n > 0 ? s + {callee} : s;
}}
'''


def program(source, functions):
    """C without headers, so that a compiler alone can read it."""
    body = ''.join(function(source, number) for number in range(functions))
    return f'{body}\nint table[64];\nint entry(int n) {{ return f{functions - 1}(table, n); }}\n'


def picture(source):
    """Gradients with noise, as a PPM file."""
    rows = bytearray(f'P6 {WIDTH} {HEIGHT} 255\n'.encode())
    noise = source.randbytes(WIDTH * HEIGHT)
    for y in range(HEIGHT):
        for x in range(WIDTH):
            grain = noise[y * WIDTH + x] >> 4
            rows += bytes(((x * 255 // WIDTH) ^ grain, (y * 255 // HEIGHT + grain) & 255,
                           (x * y >> 11) & 255))
    return bytes(rows)


def make(directory):
    """Fills `directory` with the inputs and the workloads that lie here."""
    source = random.Random(2006)
    prose = text(source)
    (directory / 'text').write_text(prose)
    (directory / 'bytes').write_bytes(source.randbytes(24_000_000))
    (directory / 'lines').write_text(''.join(f'{source.random():.12f} {source.randrange(999)}\n'
                                             for _ in range(LINES)))
    (directory / 'source.c').write_text(program(source, 36))
    (directory / 'big.c').write_text(program(source, 8000))
    (directory / 'lines50000.c').write_text(program(source, 2900))
    (directory / 'picture.ppm').write_bytes(picture(source))
    for path in HERE.glob('workload.*'):
        shutil.copy(path, directory)
