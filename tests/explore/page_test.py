#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page of `verbatim explore`, in a browser: what it shows of a real guest, and by which clicks."""

import os
import re
import subprocess
import tempfile
import unittest
import urllib.parse

from browser import Browser

VERBATIM = os.environ['VERBATIM']
GUEST = os.path.join(os.environ['GUESTS'], 'ring3.elf')
PATIENCE_SECONDS = 60

# What Capstone and objdump call otherwise.
OTHER_NAMES = {'pusha': 'pushal', 'popa': 'popal', 'pushf': 'pushfd', 'popf': 'popfd',
               'iret': 'iretd', 'lods': 'lodsb', 'ret': 'ret'}


def run(*arguments):
    return subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE_SECONDS, check=False)


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.trace = trace = os.path.join(cls.folder.name, 'ring3.trace')
        result = run(VERBATIM, 'run', '--kernel', GUEST, '--serial', 'none',
                     '--trace', 'explore=' + trace)
        assert result.returncode == 1, result.stderr
        result = run(VERBATIM, 'explore', trace, '--symbols', GUEST)
        assert result.returncode == 0, result.stderr
        cls.browser = cls.enterClassContext(Browser())
        cls.url = 'file://' + trace + '.html'

    def setUp(self):
        self.browser.open(self.url)

    def tearDown(self):
        self.assertEqual(self.browser.complaints(), [], 'the page itself is at fault')

    def search(self, text):
        """The number of blocks found."""
        self.browser.type('#search', text)
        shown = self.browser.wait('const shown = document.getElementById("shown");'
                                  'return shown.dataset.query === arguments[0] && shown.textContent',
                                  text)
        return int(shown.split(' of ')[0].replace(',', ''))

    def choose_first(self):
        """Chooses the first block of the list, and gives its address."""
        address = self.browser.run('return document.querySelector(".row .a").textContent')
        self.browser.click('.row')
        self.browser.wait('return document.querySelector("#block h2").textContent === arguments[0]'
                          ' && document.querySelector("#lines .pair")', address)
        return address

    def guest_lines(self):
        """(address, bytes, mnemonic) of the block that is shown."""
        rows = self.browser.run(
            'return [...document.querySelectorAll("#lines .pair[data-linear] .gi")].map('
            'row => [...row.children].map(part => part.textContent))')
        return [(int(address, 16), code, text.split()[0]) for address, code, text, _ in rows]

    def test_the_guest_side_is_what_objdump_says(self):
        listing = run('objdump', '-d', '-M', 'intel', '--insn-width=15', GUEST).stdout
        pattern = re.compile(r'^ +([0-9a-f]+):\t((?:[0-9a-f]{2} )+) *\t(\S+)', re.M)
        expected = {int(address, 16): (code.replace(' ', ''), mnemonic)
                    for address, code, mnemonic in pattern.findall(listing)}
        compared = 0
        for symbol in ('PrintText', 'SetGate', 'User'):
            self.assertGreater(self.search(symbol), 0)
            self.choose_first()
            for address, code, mnemonic in self.guest_lines():
                code_there, name_there = expected[address]
                self.assertEqual(code, code_there, hex(address))
                self.assertEqual(mnemonic, OTHER_NAMES.get(name_there, name_there), hex(address))
                compared += 1
        self.assertGreater(compared, 10)

    def test_search_by_address_symbol_instruction_and_number(self):
        everything = self.search('e')
        self.assertGreater(everything, self.search('out dx, al'))
        address = int(self.choose_first(), 16)
        self.assertIn('out', [mnemonic for _, _, mnemonic in self.guest_lines()])
        inside = self.guest_lines()[-1][0]
        self.assertGreater(self.search(f'{inside:x}'), 0)
        self.assertEqual(int(self.choose_first(), 16), address)
        self.assertEqual(self.search('#1'), 1)
        self.assertEqual(self.search('no such thing'), 0)

    def test_guest_and_host_are_linked_both_ways(self):
        self.search('out dx, al')
        self.choose_first()
        linear = self.browser.run(
            'return [...document.querySelectorAll("#lines .pair[data-linear]")]'
            '.find(pair => pair.textContent.includes("out dx, al")).dataset.linear')
        pair = f'#lines .pair[data-linear="{linear}"]'
        color = ('return getComputedStyle(document.querySelector(arguments[0])'
                 '.querySelector(arguments[1])).backgroundColor')
        before = [self.browser.run(color, pair, side) for side in ('.guest', '.host')]
        self.browser.click(pair + ' .guest .gi')
        after = [self.browser.run(color, pair, side) for side in ('.guest', '.host')]
        self.assertNotEqual(before[0], after[0])
        self.assertNotEqual(before[1], after[1])
        self.assertEqual(after[0], after[1])
        text = self.browser.run('return document.querySelector(arguments[0]).innerText', pair)
        self.assertIn('simulated', text)
        self.assertIn('A callout: the virtual processor checks IOPL', text)
        self.assertRegex(text, r'callout: out ×\d+, [\d.]+ .?s each')
        # Another one, by its host code.
        other = f'#lines .pair[data-linear]:not([data-linear="{linear}"])'
        self.browser.click(other + ' .host .hi')
        self.assertEqual(self.browser.run(
            'return document.querySelectorAll(".pinned").length'), 1)
        self.assertNotEqual(self.browser.run(
            'return document.querySelector(".pinned").dataset.linear'), linear)

    def test_what_is_out_of_line_belongs_to_its_jump(self):
        self.search('jne')
        self.choose_first()
        linear = self.browser.run(
            'return [...document.querySelectorAll("#lines .pair[data-linear]")]'
            '.find(pair => pair.textContent.includes("jne")).dataset.linear')
        self.browser.click(f'#lines .pair[data-linear="{linear}"] .guest .tag')
        linked = self.browser.run(
            'return [...document.querySelectorAll(".part .linked")].map(line => line.innerText)')
        self.assertIn('link', linked[-1].split())

    def test_the_graph_leads_to_the_blocks_around(self):
        self.search('PrintCharacter')
        here = self.choose_first()
        nodes = self.browser.wait(
            'const nodes = document.querySelectorAll("#graph .node"); return nodes.length > 1 &&'
            '[...nodes].map(node => node.querySelector("text").textContent)')
        self.assertIn(here, nodes)
        there = self.browser.run(
            'const node = document.querySelector("#graph .node:not(.on)");'
            'node.dispatchEvent(new MouseEvent("click"));'
            'return node.querySelector("text").textContent')
        self.browser.wait('return document.querySelector("#block h2").textContent === arguments[0]',
                          there)

    def test_exits_lead_to_where_they_happen(self):
        self.browser.click('#tabs [data-tab="exits"]')
        self.browser.run('[...document.querySelectorAll("#exits tr.go")]'
                         '.find(row => row.textContent.startsWith("callout: out")).click()')
        self.browser.run('[...document.querySelectorAll("#exits table")].at(-1)'
                         '.querySelector("tr.go").click()')
        self.browser.wait('return document.querySelector("#lines .pinned")?.textContent'
                          '.includes("out dx, al")')

    def test_the_timeline_adds_up_and_chooses(self):
        figures = self.browser.run('return document.getElementById("phases").textContent')
        unit = {'s': 1, 'ms': 1e-3, 'µs': 1e-6, 'ns': 1e-9}
        spent = sum(float(value) * unit[name] for value, name
                    in re.findall(r'([\d.]+) (s|ms|µs|ns)', figures))
        whole, name = re.search(r'([\d.]+) (s|ms) traced',
                                self.browser.run('return document.body.innerText')).groups()
        self.assertAlmostEqual(spent, float(whole) * unit[name], delta=0.01 * spent)

    def test_names_are_text_whatever_they_hold(self):
        name = os.path.join(self.folder.name, 'a "trace" of <b>\'&amp;')
        os.link(self.trace, name)
        symbols = os.path.join(self.folder.name, 'symbols')
        hostile = '</script><img/src=x/onerror=document.title=1>"\'&lt;'
        with open(symbols, 'w', encoding='ascii') as file:
            file.write(f'00100000 T {hostile}\n')
        result = run(VERBATIM, 'explore', name, '--symbols', symbols)
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        self.browser.open('file://' + urllib.parse.quote(name + '.html'))
        self.assertGreater(self.search(hostile), 0)
        self.choose_first()
        self.assertIn(hostile, self.browser.run('return document.body.innerText'))
        self.assertIn(os.path.basename(name), self.browser.run('return document.title'))
        self.assertEqual(self.browser.run('return document.querySelectorAll("img").length'), 0)

    def test_only_rows_in_sight_exist(self):
        self.assertLess(self.browser.run('return document.querySelectorAll(".row").length'), 60)


if __name__ == '__main__':
    unittest.main()
