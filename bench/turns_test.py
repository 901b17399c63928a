#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of what the benchmarks share: reading a subject's lines, taking turns, tables."""

import contextlib
import io
import unittest
import unittest.mock

import turns


def printing(*lines, status=0):
    """A command that prints these lines, a tenth of a second after `sleep`."""
    script = ''.join('sleep 0.1\n' if line == 'sleep' else f"echo '{line}'\n" for line in lines)
    return ['/bin/sh', '-c', f'{script}exit {status}']


def quietly(function, *arguments, **options):
    with contextlib.redirect_stderr(io.StringIO()):
        return function(*arguments, **options)


class Run(unittest.TestCase):
    def test_divides_the_time_between_the_lines_by_the_hexadecimal_count(self):
        # The clock goes on by a second each time that it is read, the first line's time included.
        with unittest.mock.patch('turns.time.monotonic_ns', side_effect=range(0, 10**12, 10**9)):
            costs = turns.run(printing('loop 10', 'done')).costs()
        self.assertEqual(costs, {'loop': 10**9 / 16})

    def test_subtracts_what_the_lines_take(self):
        costs = quietly(turns.run, printing('nothing 1', 'sleep', 'done', 'loop 1', 'done')).costs()
        self.assertEqual(costs, {'loop': 0})

    def test_the_time_that_a_subject_had_the_processor_leaves_out_its_sleep(self):
        costs = quietly(turns.run, printing('loop 1', 'sleep', 'done'), clock='processor').costs()
        self.assertLess(costs['loop'], 0.1e9)

    def test_the_time_that_a_subject_had_the_processor_counts_its_children(self):
        spin = 'i=0; while [ $i -lt 60000 ]; do i=$((i + 1)); done'
        costs = quietly(turns.run, ['/bin/sh', '-c', f'echo loop 1; ({spin}; exit); echo done'],
                        clock='processor').costs()
        self.assertGreater(costs['loop'], 0)

    def test_takes_cycles_that_the_guest_measured(self):
        costs = turns.run(printing('cycles in-80h 10 140')).costs()
        self.assertEqual(costs, {'in-80h': 20})

    def test_ignores_other_lines_and_carriage_returns(self):
        sample = turns.run(printing('[    0.1] Linux version 6', 'cycles a 1 2\r', 'result a x y'))
        self.assertEqual((sample.costs(), sample.results), ({'a': 2}, {'a': 'x y'}))

    def test_says_on_standard_error_that_a_case_was_too_short(self):
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            turns.run(printing('loop 1', 'done'))
        self.assertIn('loop', said.getvalue())

    def test_fails_if_the_subject_computed_something_wrong(self):
        with self.assertRaisesRegex(turns.BenchError, 'something else in loop'):
            turns.run(printing('loop 1', 'wrong', 'done'))

    def test_fails_if_the_subject_ends_within_a_case_or_with_another_status_or_without_cases(self):
        for command in (printing('loop 1'), printing('cycles a 1 2', status=3), printing('hello')):
            with self.assertRaises(turns.BenchError):
                turns.run(command)

    def test_ends_a_subject_that_takes_too_long(self):
        with self.assertRaisesRegex(turns.BenchError, 'in loop'):
            turns.run(['/bin/sh', '-c', 'echo loop 1; exec sleep 60'], timeout=0.2)


class Turns(unittest.TestCase):
    def test_subjects_alternate(self):
        order = []

        def subject(name):
            def take():
                order.append(name)
                return turns.run(printing(f'cycles a 1 {len(order)}'))
            return take

        costs = quietly(turns.take_turns, {'one': subject('one'), 'two': subject('two')}, 2)
        self.assertEqual(order, ['one', 'two', 'one', 'two'])
        self.assertEqual(costs, {'a': {'one': [1, 3], 'two': [2, 4]}})

    def test_fails_if_two_computed_different_things(self):
        subjects = {name: lambda name=name: turns.run(printing('cycles a 1 1', f'result a {name}'))
                    for name in ('one', 'two')}
        with self.assertRaisesRegex(turns.BenchError, 'a: two computed two, one one'):
            quietly(turns.take_turns, subjects, 1)

    def test_fails_if_one_leaves_a_case_out(self):
        subjects = {'one': lambda: turns.run(printing('cycles a 1 1', 'cycles b 1 1')),
                    'two': lambda: turns.run(printing('cycles a 1 1'))}
        with self.assertRaisesRegex(turns.BenchError, 'b: not run by two'):
            quietly(turns.take_turns, subjects, 1)


class Table(unittest.TestCase):
    def test_shows_medians_spread_ratios_and_their_geometric_mean(self):
        report = {'unit': 'ns', 'subjects': ['native', 'verbatim'],
                  'cases': {'a': {'native': [1, 2, 3], 'verbatim': [3, 4, 5]},
                            'b': {'native': [1, 1, 1], 'verbatim': [8, 8, 8]}}}
        lines = [line.split() for line in turns.table(report)]
        self.assertEqual(lines[1], ['a', '2.00', '±', '50%', '4.00', '±', '25%', '2.00'])
        self.assertEqual(lines[2][-1], '8.00')
        self.assertEqual(lines[3][-1], '4.00')

    def test_a_case_that_took_no_time_has_no_ratio(self):
        report = {'unit': 'ns', 'subjects': ['verbatim', 'qemu'],
                  'cases': {'a': {'verbatim': [0], 'qemu': [3]}}}
        self.assertEqual(turns.table(report)[1].split()[-1], '-')


if __name__ == '__main__':
    unittest.main()
