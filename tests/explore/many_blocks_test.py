#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page of 100,000 blocks (BLOCKS): what there is in it does not grow with them, however it is
scrolled and searched. How long frames and tasks take is printed, not judged."""

import os
import subprocess
import tempfile
import unittest

import synthetic_trace
from browser import Browser

VERBATIM = os.environ['VERBATIM']
BLOCKS = int(os.environ.get('BLOCKS', '100000'))
PATIENCE_SECONDS = 120
ROW = 38  # BlockList.ROW of page/list.js

# Scrolls by `step` rows a frame, and looks at each frame at what is there.
SCROLL = '''
const [from, step, frames, done] = arguments;
const list = document.getElementById('list');
const deltas = [], rows = [], tops = [];
let before = null;
function frame(now) {
  if (before !== null) deltas.push(now - before);
  before = now;
  const found = [...list.querySelectorAll('.row')];
  rows.push(found.length);
  const top = list.getBoundingClientRect().top;
  const first = found.find(row => Math.abs(row.getBoundingClientRect().top - top) < 1);
  tops.push([list.scrollTop, first ? Number(first.dataset.block) : null]);
  if (deltas.length === frames) return done({deltas, rows, tops});
  list.scrollTop = ROW * (from + step * rows.length);
  requestAnimationFrame(frame);
}
list.scrollTop = ROW * from;
requestAnimationFrame(() => requestAnimationFrame(frame));
'''.replace('ROW', str(ROW))

LONG_TASKS = '''
const done = arguments[0];
new PerformanceObserver(list => done(list.getEntries().map(entry => Math.round(entry.duration))))
    .observe({type: 'longtask', buffered: true});
setTimeout(() => done([]), 500);
'''


def spread(deltas):
    ordered = sorted(deltas)
    return (f'{len(ordered)} frames, median {ordered[len(ordered) // 2]:.1f} ms, '
            f'longest {ordered[-1]:.1f} ms')


class ManyBlocks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        trace = os.path.join(folder.name, 'trace')
        synthetic_trace.write(trace, BLOCKS)
        subprocess.run([VERBATIM, 'explore', trace], timeout=PATIENCE_SECONDS, check=True)
        cls.browser = cls.enterClassContext(Browser())
        cls.browser.open(f'file://{trace}.html')
        print(f'{BLOCKS} blocks: page of {os.path.getsize(trace + ".html") / 1e6:.1f} MB; tasks of '
              f'more than 50 ms while it opened, in ms: {cls.browser.run_async(LONG_TASKS)}')
        # In the order of their numbers, which is that of translation.
        cls.browser.run('const order = document.getElementById("order"); order.value = "born";'
                        'order.dispatchEvent(new Event("change"))')

    def scroll(self, first, step, frames=100):
        seen = self.browser.run_async(SCROLL, first, step, frames)
        print(f'scrolled by {step} rows a frame: {spread(seen["deltas"])}')
        height = self.browser.run('return document.getElementById("list").clientHeight')
        self.assertGreaterEqual(min(seen['rows']), height // ROW)
        self.assertLessEqual(max(seen['rows']), height // ROW + 10)
        # The row at the top is the one that belongs there.
        for frame, (top, block) in enumerate(seen['tops']):
            self.assertEqual((top, block), (ROW * (first + step * frame), first + step * frame))

    def test_rows_exist_while_they_are_in_sight(self):
        self.scroll(0, 3)
        self.scroll(7, BLOCKS // 110)

    def test_the_last_block_can_be_seen(self):
        self.browser.run('const list = document.getElementById("list");'
                         'list.scrollTop = list.scrollHeight')
        self.browser.wait('return [...document.querySelectorAll(".row")]'
                          f'.some(row => row.dataset.block === "{BLOCKS - 1}")')

    def test_a_block_is_found_and_shown_among_all(self):
        block = BLOCKS * 3 // 4
        address = f'{synthetic_trace.address_of(block):08x}'
        self.browser.type('#search', address)
        self.browser.wait('return document.getElementById("shown").dataset.query === arguments[0]',
                          address)
        self.assertEqual(self.browser.run('return document.querySelectorAll(".row").length'), 1)
        self.browser.click('.row')
        self.browser.wait('return document.querySelector("#lines").innerText.includes(arguments[0])',
                          f'mov eax, 0x{block:x}')
        self.browser.type('#search', ' ')
        self.browser.wait('return document.getElementById("shown").dataset.query === " "')
        self.assertEqual(self.browser.complaints(), [])


if __name__ == '__main__':
    unittest.main()
