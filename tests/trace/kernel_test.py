#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is traced, profiled and shown of a boot of Debian's kernel, against programs that know nothing of
Verbatim: objdump, perf, Chromium, and the kernel's own /proc/kallsyms."""

import bisect
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / folder) for folder in ('scripts', 'examples', 'tests/explore')]
import guest as guests  # noqa: E402  (found only after the line above)
import read_trace  # noqa: E402
import trace_entries  # noqa: E402
from browser import Browser  # noqa: E402

VERBATIM = os.environ['VERBATIM']
PATIENCE_SECONDS = 120
PROMPT = guests.PROMPT.decode()
SYSTEM_CALL = 'entry_INT80_32'  # where the traces begin
CELL = 16  # bytes for an instruction, which has 15 at most

# What Capstone and objdump call otherwise; objdump leaves out what the operands say.
OTHER_NAMES = {'lcall': 'call', 'ljmp': 'jmp', 'pushal': 'pushad', 'popal': 'popad', 'iretd': 'iret',
               'pushfd': 'pushf', 'popfd': 'popf', 'pushfq': 'pushf',
               'popfq': 'popf', 'wait': 'fwait'}
STRINGS = {name + size: name for name in ('movs', 'stos', 'lods', 'scas', 'cmps', 'ins', 'outs')
           for size in 'bwd'}
PREFIXES = r'(?:(?:rep\w*|lock|data16|addr32|notrack|bnd|rex\.?\w*|[c-gs]s) )*'


def run(*arguments, **options):
    return subprocess.run([str(argument) for argument in arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
                          **options)


def mnemonic(text):
    text = re.sub(r'xchg +ax,ax$', 'nop', text)
    name = re.match(PREFIXES + r'(\S+)', text)[1]
    return STRINGS.get(name, OTHER_NAMES.get(name, name))


def objdump(codes, machine, scratch):
    """(length, mnemonic) of each of these encodings."""
    ordered = sorted(codes)
    # NOPs between them, so that each begins where it should, whatever is in front.
    scratch.write_bytes(b''.join(code.ljust(CELL, b'\x90') for code in ordered))
    listing = run('objdump', '-D', '-b', 'binary', '-m', machine, '-M', 'intel',
                  f'--insn-width={CELL}', scratch).stdout
    found = {int(address, 16): (len(code.split()), mnemonic(text)) for address, code, text in
             re.findall(r'^ *([0-9a-f]+):\t((?:[0-9a-f]{2} )+) *\t(.+)$', listing, re.M)}
    return {code: found[i * CELL] for i, code in enumerate(ordered)}


class Kernel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        guests.make_initrd(cls.folder / 'initrd')
        cls.boot = [VERBATIM, 'run', '--kernel', guests.kernel_path('686'), '--initrd',
                    cls.folder / 'initrd', '--append', 'console=ttyS0 quiet nokaslr']
        cls.take_symbols()
        cls.trace = cls.folder / 'trace'
        command = [*cls.boot, '--exit-on', PROMPT, '--symbols', cls.map, '--trace',
                   f'explore,from={SYSTEM_CALL}={cls.trace}']
        cls.data = cls.folder / 'perf.data'
        record = ['perf', 'record', '--quiet', '-k', 'mono', '-e', 'cpu-clock:u', '-F', '1000', '-o',
                  cls.data, '--']
        cls.may_record = run(*record, 'true').returncode == 0  # a container may forbid it
        result = run(*record, *command, '--perf-map') if cls.may_record else run(*command)
        assert result.returncode == 0, result.stderr
        if cls.may_record:
            for process in set(run('perf', 'script', '-F', 'pid', '-i', cls.data).stdout.split()):
                cls.addClassCleanup(pathlib.Path(f'/tmp/perf-{process}.map').unlink, missing_ok=True)

    @classmethod
    def take_symbols(cls):
        """As docs/running.md says."""
        listing = run(*cls.boot, '--expect', PROMPT, '--send',
                      "grep -i ' t ' /proc/kallsyms<ret>", '--exit-on', PROMPT).stdout
        cls.map = cls.folder / 'System.map'
        lines = re.findall(r'^[0-9a-f]{8} [tT] \S+$', listing.replace('\r', ''), re.M)
        cls.map.write_text('\n'.join(lines) + '\n', encoding='ascii')
        cls.names = {}
        for line in lines:
            address, _, name = line.split()
            cls.names.setdefault(int(address, 16), name)
        cls.starts = sorted(cls.names)
        assert SYSTEM_CALL in cls.names.values(), listing[-1000:]

    def name_of(self, address):
        """As 'schedule+4c'; empty in front of the first symbol."""
        place = bisect.bisect_right(self.starts, address)
        if place == 0 or address - self.starts[place - 1] >= 1 << 20:
            return ''
        start = self.starts[place - 1]
        return self.names[start] + (f'+{address - start:x}' if address != start else '')

    def test_guest_and_host_code_is_what_objdump_says(self):
        shown = run(VERBATIM, 'trace', self.trace, '--show',
                    'blocks,format=json,addr=c1000000-c11fffff')
        self.assertEqual((shown.returncode, shown.stderr), (0, ''))
        guest, host = {}, {}
        for line in shown.stdout.splitlines():
            event = json.loads(line)
            if event['event'] != 'translated':
                continue
            code = event['code']
            self.assertIn('32-bit code', code['mode'])
            lines = code['entry'] + code['out_of_line']
            for instruction in code['instructions']:
                if instruction['text'] == '(unknown)':  # to the guest's processor, which has no more
                    self.assertEqual(instruction['outcome'], 'raises')
                    continue
                guest[bytes.fromhex(instruction['bytes'])] = instruction['text']
                lines += instruction['host']
            host.update((bytes.fromhex(line['bytes']), line['text']) for line in lines)
        for machine, codes in (('i386', guest), ('i386:x86-64', host)):
            self.assertGreater(len(codes), 3000)
            known = objdump(codes, machine, self.folder / 'codes')
            wrong = [(code.hex(), text, known[code]) for code, text in codes.items()
                     if known[code] != (len(code), mnemonic(text))]
            self.assertEqual(wrong, [])

    def test_places_have_the_names_that_the_kernel_gives_them(self):
        shown = run(VERBATIM, 'trace', self.trace, '--show', 'exits,cpl=0,count=20000', '--symbols',
                    self.map)
        self.assertEqual((shown.returncode, shown.stderr), (0, ''))
        named = set()
        for line in shown.stdout.splitlines():
            address, name = re.match(r' *[\d.]+  ([0-9a-f]{8}) (?:<(\S+)>)?', line).groups()
            self.assertEqual(name or '', self.name_of(int(address, 16)))
            named.add((name or '').split('+')[0])
        self.assertGreater(len(named), 100)

    def test_processes_have_their_names(self):
        shown = run(VERBATIM, 'trace', self.trace, '--show', 'exits,cpl=3,format=json')
        self.assertEqual((shown.returncode, shown.stderr), (0, ''))
        processes = [json.loads(line).get('process') for line in shown.stdout.splitlines()]
        # What /init of the initrd is, and starts; each event is of one of them.
        self.assertLessEqual({'init', 'mount', 'hostname', 'sh'}, set(processes))
        self.assertNotIn(None, processes)

    def test_covered_blocks_are_those_that_were_entered(self):
        covered = subprocess.run([VERBATIM, 'trace', self.trace, '--format', 'drcov'],
                                 capture_output=True, check=True).stdout
        table = re.search(rb'\nBB Table: (\d+) bbs\n', covered)
        blocks = covered[table.end():]
        self.assertEqual(len(blocks), 8 * int(table[1]))
        # Both modules, of the kernel and of programs, begin at 0.
        starts = {int.from_bytes(blocks[i:i + 4], 'little') for i in range(0, len(blocks), 8)}
        decoder, chunks, places = trace_entries.EntryDecoder(), [], {}
        for kind, item in read_trace.read(self.trace, packed_entries=True):
            if kind == 'block':
                decoder.allow(item['number'] + len(item['return_eips']))
                for i, eip in enumerate([item['eip']] + item['return_eips']):
                    places.setdefault(item['number'] + i, set()).add(
                        item['linear'] + eip - item['eip'])
            elif kind == 'entries':
                chunks.append(item)
        entered = set(decoder.decode(chunks).tolist())
        self.assertGreater(len(entered), 3000)
        # A place that was left at once, by a fault or an interrupt, is not covered.
        missing = [number for number in entered if not places[number] & starts]
        self.assertLess(len(missing), 0.02 * len(entered))
        self.assertLessEqual(starts, set().union(*(places[number] for number in entered)))

    def test_perf_names_blocks_by_the_functions_of_the_kernel(self):
        if not self.may_record:
            self.skipTest('this host lets nobody record')
        report = run('perf', 'report', '--stdio', '-F', 'overhead,sym', '-i', self.data)
        self.assertEqual(report.returncode, 0, report.stderr)
        found = re.findall(r'\[\.\] (\S+) \[([0-9a-f]{8}) kernel\]', report.stdout)
        self.assertGreater(len({name.split('+')[0] for name, _ in found}), 20, report.stdout[:2000])
        for name, address in found:
            self.assertEqual(name, self.name_of(int(address, 16)))

    def test_the_page_shows_the_kernels_functions(self):
        result = run(VERBATIM, 'explore', self.trace, '--symbols', self.map)
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        summary = run(VERBATIM, 'trace', self.trace, '--summary').stdout
        with Browser() as browser:
            browser.open(f'file://{self.trace}.html')
            facts = browser.run('return [...document.querySelectorAll("#facts b")].map('
                                'fact => Number(fact.textContent.replaceAll(",", "")))')
            self.assertEqual(facts[1], int(re.search(r'entered (\d+) times', summary)[1]))
            browser.type('#search', SYSTEM_CALL)
            browser.wait('return document.getElementById("shown").dataset.query === arguments[0]',
                         SYSTEM_CALL)
            browser.click('.row')
            browser.wait('return document.querySelector("#lines .pair")')
            self.assertIn(SYSTEM_CALL, browser.run('return document.querySelector("#block").innerText'))
            self.assertEqual(browser.complaints(), [])


if __name__ == '__main__':
    unittest.main()
