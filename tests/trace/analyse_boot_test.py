#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/analyse_boot.py agrees with `verbatim trace --summary`, and draws what it says."""

import collections
import importlib.util
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest

VERBATIM = os.environ['VERBATIM']
GUEST = os.environ['GUEST']
ANALYSER = os.environ['ANALYSER']
sys.path.insert(0, os.path.dirname(ANALYSER))
import read_trace  # noqa: E402
import trace_entries  # noqa: E402

PATIENCE_SECONDS = 60
PNG = b'\x89PNG\r\n\x1a\n'


def run(*arguments):
    return subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE_SECONDS, check=False)


def analyse(*arguments):
    return run(sys.executable, '-B', ANALYSER, *arguments)


def packed(number):
    """A number of the format."""
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + packed(number >> 7)


class AnalyseBoot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.trace = os.path.join(cls.folder.name, 'trace')
        run(VERBATIM, 'run', '--kernel', GUEST, '--memory', '16M', '--trace',
            f'exec,exits={cls.trace}')

    def analyse(self, *arguments):
        return analyse(self.trace, *arguments)

    def test_its_figures_are_those_of_the_summary(self):
        result = self.analyse('--top', '100')
        self.assertEqual(result.returncode, 0, result.stderr)
        figures = json.loads(result.stdout)
        summary = run(VERBATIM, 'trace', self.trace, '--summary').stdout
        blocks, entries = map(int, re.search(r'(\d+) blocks, entered (\d+) times', summary).groups())
        self.assertGreater(blocks, 10)
        self.assertEqual((figures['blocks'], figures['entries']), (blocks, entries))
        self.assertTrue(figures['complete'])
        self.assertEqual(figures['instructions'],
                         int(re.search(r'instructions, some (\d+)', summary).group(1)))
        for name, count in figures['outcomes'].items():
            self.assertRegex(summary, rf'(?m)^ +{count} +\d+\.\d %  {name}$')
        for name, count in figures['exits'].items():
            self.assertRegex(summary, rf'(?m)^ +{count}  exits +{name}$')
        hottest = figures['hottest_blocks'][0]
        self.assertRegex(summary, rf'hottest entries\n +{hottest["entries"]} .*{hottest["linear"]}')

    def test_what_there_is_of_a_damaged_trace_is_counted(self):
        whole = json.loads(self.analyse().stdout)
        with open(self.trace, 'rb') as file:
            content = file.read()
        middle = len(content) * 3 // 4
        for name, damaged, reason in (
                ('cut', content[:middle], 'cut off'),
                ('mixed', content[:middle] + b'\xff' * 64, 'a chunk of|makes no sense|unknown type'),
                ('nowhere', content[:content.rindex(b'Z')] + b'X\3\0\0\0\1\0\0', 'entry 0 of no block')):
            path = os.path.join(self.folder.name, name)
            with open(path, 'wb') as file:
                file.write(damaged)
            result = analyse(path)
            self.assertEqual(result.returncode, 1)
            self.assertRegex(result.stderr, rf'\Aanalyse_boot.py: {path}: .*({reason}).*\n\Z')
            figures = json.loads(result.stdout)
            self.assertFalse(figures['complete'])
            self.assertGreater(figures['entries'], 0)
            self.assertLessEqual(figures['entries'], whole['entries'])

    def test_loops_of_any_length_are_followed(self):
        """A run of foreseen entries is copied once it is a cycle; a plain reader walks each step."""
        decoder, plain = trace_entries.EntryDecoder(), read_trace.Predictor()
        decoder.allow(300)
        pairs, expected = trace_entries.PairCounter(), collections.Counter()
        before = []
        paths = [list(range(1, length + 1)) for length in (1, 2, 7, 96, 97, 250)]
        # Entries with many successors, and entry numbers of two bytes.
        paths.append(random.Random(1).choices(range(1, 300), k=3000))
        for path in paths:
            for foreseen in (0, 95, 96, 97, 1000, 5001):
                # Twice around by surprises, none foreseen between, so that the table knows the way.
                numbers = [2 * len(path) + foreseen] + [n for entry in 2 * path for n in (0, entry)]
                chunk = b''.join(map(packed, numbers + ([foreseen] if foreseen else [])))
                entries = read_trace.read_entries(read_trace.Contents(chunk), plain)
                self.assertEqual(trace_entries.entries_of(chunk), len(entries))
                decoded = decoder.decode([chunk])
                self.assertEqual(decoded.tolist(), entries)
                pairs.add(decoded)
                expected.update(zip(before + entries, (before + entries)[1:]))
                before = entries[-1:]
        counted = collections.Counter()
        for pair, count in pairs.items():
            counted[pair] += count
        self.assertEqual(counted, expected)

    def test_plots_are_drawn_or_the_reason_is_told(self):
        plots = os.path.join(self.folder.name, 'plots')
        result = self.analyse('--plots', plots)
        if importlib.util.find_spec('matplotlib') is None:
            self.assertNotEqual(result.returncode, 0)
            self.assertRegex(result.stderr, r"^analyse_boot.py: --plots: .*matplotlib.*\n$")
            return
        self.assertEqual(result.returncode, 0, result.stderr)
        names = sorted(os.listdir(plots))
        self.assertEqual(names, ['exits.png', 'hot_blocks.png', 'instruction_mix.png',
                                 'on_the_way.png'])
        for name in names:
            with open(os.path.join(plots, name), 'rb') as file:
                self.assertEqual(file.read(8), PNG)

    def test_what_is_no_trace_of_executions_is_one_line(self):
        events = os.path.join(self.folder.name, 'events')
        run(VERBATIM, 'run', '--kernel', GUEST, '--memory', '16M', '--trace',
            f'exits,format=binary={events}')
        for path in (GUEST, '/nonexistent', events):
            result = analyse(path)
            self.assertNotEqual(result.returncode, 0)
            self.assertEqual(result.stderr.count('\n'), 1, result.stderr)


if __name__ == '__main__':
    unittest.main()
