#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/analyse_boot.py agrees with `verbatim trace --summary`, and draws what it says."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

VERBATIM = os.environ['VERBATIM']
GUEST = os.environ['GUEST']
ANALYSER = os.environ['ANALYSER']
PATIENCE_SECONDS = 60
PNG = b'\x89PNG\r\n\x1a\n'


def run(*arguments):
    return subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE_SECONDS, check=False)


class AnalyseBoot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.trace = os.path.join(cls.folder.name, 'trace')
        run(VERBATIM, 'run', '--kernel', GUEST, '--memory', '16M', '--trace',
            f'exec,exits={cls.trace}')

    def analyse(self, *arguments):
        return run(sys.executable, '-B', ANALYSER, self.trace, *arguments)

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

    def test_it_stops_where_it_is_told(self):
        figures = json.loads(self.analyse('--entries', '100').stdout)
        self.assertEqual(figures['entries'], 100)
        self.assertFalse(figures['complete'])

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
            result = run(sys.executable, '-B', ANALYSER, path)
            self.assertNotEqual(result.returncode, 0)
            self.assertEqual(result.stderr.count('\n'), 1, result.stderr)


if __name__ == '__main__':
    unittest.main()
