#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exit statuses, messages, files and pipes of the command, without a terminal."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

from driver import (PATIENCE_SECONDS, TALKER, VERBATIM, WITHOUT_SECCOMP, expect_ready, finish, run,
                    start, talk)


class BadInput(unittest.TestCase):
    """Each is one line on standard error and status 2, and no guest starts."""

    def check(self, arguments, *parts):
        result = run(*arguments)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertEqual(result.stdout, '')
        self.assertRegex(result.stderr, r'\Averbatim: [^\n]+\n\Z')
        for part in parts:
            self.assertIn(part, result.stderr)

    def check_run(self, arguments, *parts):
        self.check(['run', '--kernel', TALKER, *arguments], *parts)

    def test_commands_and_options(self):
        self.check([], 'expected run, block, trace, explore, stats, bench or doctor')
        self.check(['rum'], "did you mean 'run'?")
        self.check(['run'], '--kernel')
        self.check(['run', '--kernal', TALKER], "unknown option '--kernal'",
                   "did you mean '--kernel'?")
        self.check_run(['--memory'], '--memory')
        self.check_run(['superfluous'], 'superfluous')

    def test_values(self):
        for size in ('0', '3M', '5G', 'nonsense'):
            self.check_run(['--memory', size], '--memory', size, '4M to 3584M')
        self.check_run(['--code-cache', '512K'], '--code-cache', '512K', '1M to 1G')
        self.check_run(['--timeout', 'soon'], '--timeout', 'soon')
        self.check_run(['--cpu', 'z80'], '--cpu', 'z80', 'core2')
        self.check_run(['--sandbox', 'maybe'], '--sandbox', 'maybe', 'on or off')
        self.check_run(['--serial', 'tcp:1'], '--serial', 'tcp:1', 'stdio')

    def test_files(self):
        self.check(['run', '--kernel', '/nonexistent'], '--kernel', '/nonexistent')
        self.check(['run', '--kernel', '/tmp'], '/tmp', 'not a regular file')
        self.check_run(['--initrd', '/nonexistent'], '--initrd', '/nonexistent')
        self.check_run(['--serial', 'file:/nonexistent/log'], '--serial', '/nonexistent/log')
        self.check_run(['--stats=/nonexistent/stats'], '--stats', '/nonexistent/stats')
        self.check(['run', '--kernel', __file__], __file__)

    def test_a_fifo_is_not_waited_for(self):
        with tempfile.TemporaryDirectory() as scratch:
            fifo = os.path.join(scratch, 'fifo')
            os.mkfifo(fifo)
            self.check(['run', '--kernel', fifo], fifo, 'not a regular file')


class Information(unittest.TestCase):
    def test_help_and_version(self):
        for arguments in (['--help'], ['run', '--help'], ['doctor', '--help'], ['--version']):
            result = run(*arguments)
            self.assertEqual((result.returncode, result.stderr), (0, ''))
        self.assertIn('Exit status', run('run', '--help').stdout)

    def test_doctor_finds_this_host_fit(self):
        result = run('doctor')
        self.assertEqual(result.returncode, 0, result.stdout)
        *checks, verdict = result.stdout.splitlines()
        self.assertEqual(verdict, 'This host can run guests.')
        for line in checks:
            self.assertRegex(line, r'^(ok  |warn) [^:]+: .+')
        self.assertIn('executable memory', result.stdout)

    def test_a_host_without_address_space_is_unfit(self):
        limited = ['bash', '-c', 'ulimit -v 50000000; exec "$@"', 'bash', VERBATIM]
        doctor = subprocess.run([*limited, 'doctor'], capture_output=True, text=True, check=False,
                                timeout=PATIENCE_SECONDS)
        self.assertEqual(doctor.returncode, 3, doctor.stderr)
        self.assertRegex(doctor.stdout, r'(?m)^FAIL address space: .*ulimit')
        started = subprocess.run([*limited, 'run', '--kernel', TALKER], capture_output=True,
                                 text=True, check=False, timeout=PATIENCE_SECONDS)
        self.assertEqual(started.returncode, 3)
        self.assertRegex(started.stderr, r'\Averbatim: this host cannot run guests: [^\n]+\n\Z')

    def test_a_host_whose_files_may_not_grow_is_unfit(self):
        limited = ['bash', '-c', 'ulimit -f 1; exec "$@"', 'bash', VERBATIM]
        doctor = subprocess.run([*limited, 'doctor'], capture_output=True, text=True, check=False,
                                timeout=PATIENCE_SECONDS)
        self.assertEqual(doctor.returncode, 3, doctor.stderr)
        started = subprocess.run([*limited, 'run', '--kernel', TALKER], capture_output=True,
                                 text=True, check=False, timeout=PATIENCE_SECONDS)
        self.assertEqual(started.returncode, 3)
        self.assertRegex(started.stderr, r'\Averbatim: this host cannot run guests: [^\n]+\n\Z')

    def test_help_that_cannot_be_written_is_an_error(self):
        with open('/dev/full', 'wb') as full:
            result = subprocess.run([VERBATIM, 'run', '--help'], stdout=full, check=False,
                                    stderr=subprocess.PIPE, timeout=PATIENCE_SECONDS)
        self.assertEqual(result.returncode, 2)
        self.assertIn(b'standard output', result.stderr)


class Guests(unittest.TestCase):
    def test_debug_exit_gives_the_status(self):
        self.assertEqual(talk('q').returncode, 1)
        self.assertEqual(talk('v').returncode, 11)

    def test_bytes_pass_unchanged(self):
        result = talk('a\x01xb\x01q')
        self.assertEqual(result.stdout, 'a\x01xb\x01')
        self.assertEqual(result.returncode, 1)

    def test_a_dead_guest_is_reported(self):
        result = talk('d')
        self.assertEqual(result.returncode, 1)
        self.assertIn('the guest died', result.stderr)
        self.assertRegex(result.stderr.lower(), r'eip')

    def test_no_reboot_ends_the_run_at_a_reset(self):
        self.assertEqual(talk('r', '--no-reboot').returncode, 0)

    def test_a_reset_starts_the_guest_again(self):
        with start() as process:
            process.stdin.write(b'r')
            expect_ready(process)
            self.assertEqual(finish(process, 'v').returncode, 11)

    def test_timeout(self):
        begin = time.monotonic()
        result = talk('', '--timeout', '0.5')
        self.assertEqual((result.returncode, result.stdout), (124, ''))
        self.assertRegex(result.stderr, r'\Averbatim: --timeout: [^\n]*0\.5 s\n\Z')
        self.assertLess(time.monotonic() - begin, 5)

    def test_output_is_complete_and_in_order(self):
        expected = ''.join(f'{line:08X}\n' for line in range(20000))
        self.assertEqual(talk('fq').stdout, expected)

    def test_no_serial_line(self):
        result = run('run', '--kernel', TALKER, '--serial', 'none', '--timeout', '0.5')
        self.assertEqual((result.returncode, result.stdout), (124, ''))

    def test_closed_standard_descriptors(self):
        closed = subprocess.run(
            ['sh', '-c', 'exec "$@" <&- >&- 2>&-', 'sh', VERBATIM, 'run', '--kernel', TALKER,
             '--timeout', '0.3'], check=False, timeout=PATIENCE_SECONDS)
        self.assertEqual(closed.returncode, 124)


class Sandbox(unittest.TestCase):
    @staticmethod
    def statuses(process):
        """For each thread: no_new_privs and the seccomp mode, 2 being a filter."""
        found = []
        for task in pathlib.Path(f'/proc/{process.pid}/task').iterdir():
            fields = dict(line.split(':', 1) for line in (task / 'status').read_text().splitlines())
            found.append((int(fields['NoNewPrivs']), int(fields['Seccomp'])))
        return found

    def test_all_threads_are_confined(self):
        with start() as process:
            statuses = self.statuses(process)
            self.assertGreaterEqual(len(statuses), 2)
            self.assertEqual(set(statuses), {(1, 2)})
            self.assertEqual(finish(process, 'q').returncode, 1)

    def test_off_leaves_it_out(self):
        before = dict(line.split(':', 1)
                      for line in pathlib.Path('/proc/self/status').read_text().splitlines())
        with start('--sandbox=off') as process:
            self.assertEqual(set(self.statuses(process)),
                             {(int(before['NoNewPrivs']), int(before['Seccomp']))})
            self.assertEqual(finish(process, 'q').returncode, 1)

    def test_a_stopped_process_can_continue(self):
        # The kernel takes poll and futex up again by a system call of their own.
        with start('--timeout', '60') as process:
            for _ in range(3):
                process.send_signal(signal.SIGSTOP)
                os.waitid(os.P_PID, process.pid, os.WSTOPPED)
                process.send_signal(signal.SIGCONT)
            self.assertEqual(finish(process, 'v').returncode, 11)

    def test_without_seccomp_nothing_runs_unless_asked_for(self):
        def attempt(*arguments):
            return subprocess.run([WITHOUT_SECCOMP, VERBATIM, *arguments],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  check=False, timeout=PATIENCE_SECONDS)
        refused = attempt('run', '--kernel', TALKER, '--timeout', '0.3')
        self.assertEqual((refused.returncode, refused.stdout), (3, ''))
        self.assertRegex(refused.stderr, r'\Averbatim: sandbox: [^\n]+--sandbox=off[^\n]+\n\Z')
        self.assertEqual(attempt('run', '--kernel', TALKER, '--timeout', '0.3',
                                 '--sandbox=off').returncode, 124)
        self.assertRegex(attempt('doctor').stdout, r'(?m)^warn sandbox: .*--sandbox=off')


class Outputs(unittest.TestCase):
    def test_serial_file(self):
        with tempfile.TemporaryDirectory() as scratch:
            log = pathlib.Path(scratch) / 'log'
            result = run('run', '--kernel', TALKER, '--serial', f'file:{log}', '--timeout', '0.5')
            self.assertEqual((result.returncode, result.stdout), (124, ''))
            self.assertEqual(log.read_text(), 'ready\n')

    def test_a_full_disk_ends_the_run(self):
        result = run('run', '--kernel', TALKER, '--serial', 'file:/dev/full', '--timeout', '10')
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stderr, r'\Averbatim: /dev/full: [^\n]+\n'
                                        r'verbatim: \d+ bytes [^\n]+\n\Z')

    def test_a_reader_that_leaves_ends_the_run(self):
        with start() as process:
            process.stdout.close()
            process.stdin.write(b'f')
            self.assertEqual(process.wait(PATIENCE_SECONDS), 2)
            self.assertIn(b'standard output', process.stderr.read())

    def test_verbose_says_how_the_guest_ended(self):
        result = talk('v', '--verbose')
        self.assertRegex(result.stderr, r'wrote to the debug-exit port after \d+\.\d+ s')

    def test_statistics(self):
        table = talk('q', '--stats')
        self.assertRegex(table.stderr, r'(?m)^  wall_seconds +\d')
        with tempfile.TemporaryDirectory() as scratch:
            path = pathlib.Path(scratch) / 'stats.json'
            result = talk('q', f'--stats={path}')
            self.assertEqual((result.returncode, result.stderr), (1, ''))
            statistics = json.loads(path.read_text())
        self.assertEqual(statistics['version'], 1)
        self.assertEqual(statistics['run']['serial_bytes'], len('ready\n'))


class Signals(unittest.TestCase):
    def test_termination_signals_end_the_command_by_themselves(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with start() as process:
                process.send_signal(number)
                self.assertEqual(process.wait(PATIENCE_SECONDS), -number)
                self.assertIn(b'ended by signal', process.stderr.read())

    def test_an_ignored_signal_stays_ignored(self):
        ignore = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with start(preexec_fn=ignore) as process:
            process.send_signal(signal.SIGHUP)
            time.sleep(0.2)
            process.stdin.write(b'v')
            self.assertEqual(process.wait(PATIENCE_SECONDS), 11)


if __name__ == '__main__':
    unittest.main()
