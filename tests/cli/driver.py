# SPDX-License-Identifier: Apache-2.0
"""Runs the real command on the guest `talker`, with pipes or on a pseudo-terminal."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

VERBATIM = os.environ['VERBATIM']
# Not there in tests that bring guests of their own.
TALKER = os.environ.get('TALKER')
SCREEN = os.environ.get('SCREEN')
WITHOUT_SECCOMP = os.environ.get('WITHOUT_SECCOMP')
PATIENCE_SECONDS = 20


def run(*arguments):
    """The finished process of `verbatim` with `arguments`; what it prints as text."""
    return subprocess.run([VERBATIM, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE_SECONDS, check=False)


def start(*arguments, **options):
    """A process that runs the guest and has printed that it is ready.

    Earlier it would lose what it is sent: setting up a serial port empties its FIFO.
    """
    # Unbuffered: nothing that was printed may stay behind in this process.
    process = subprocess.Popen([VERBATIM, 'run', '--kernel', TALKER, *arguments], bufsize=0,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, **options)
    expect_ready(process)
    return process


def expect_ready(process):
    line = process.stdout.readline()
    if line != b'ready\n':
        raise AssertionError(f'{line!r} instead of "ready"; {process.stderr.read()!r}')


def talk(keys, *arguments):
    """The finished process of a guest that was sent `keys`, without its "ready"."""
    with start(*arguments) as process:
        return finish(process, keys)


def finish(process, keys):
    try:
        stdout, stderr = process.communicate(keys.encode(), timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, stdout.decode(),
                                       stderr.decode())


class Terminal:
    """`verbatim run` on a pseudo-terminal of its own; what it prints collects in `seen`."""

    def __init__(self, *arguments, guest=('--kernel', TALKER), rows=25, columns=80):
        self.controller, self.terminal = pty.openpty()
        self.resize(rows, columns)
        self.settings = termios.tcgetattr(self.terminal)
        self.seen = b''
        self.process = subprocess.Popen(
            [VERBATIM, 'run', *guest, *arguments],
            stdin=self.terminal, stdout=self.terminal, stderr=self.terminal,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for descriptor in (self.controller, self.terminal):
            if descriptor >= 0:
                os.close(descriptor)

    def resize(self, rows, columns):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.controller, keys)

    def expect(self, text):
        """Waits until `text` was printed."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in self.seen:
            if select.select([self.controller], [], [], 0.2)[0]:
                self.seen += os.read(self.controller, 65536)
            elif self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f'{text!r} not seen in {self.seen!r}')

    def wait(self):
        """The exit status; negative for a signal. Takes in what is printed meanwhile."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError('verbatim did not end')
            if select.select([self.controller], [], [], 0.05)[0]:
                self.seen += os.read(self.controller, 65536)
        return self.process.returncode

    def is_raw(self):
        return not termios.tcgetattr(self.terminal)[3] & (termios.ICANON | termios.ECHO)

    def is_restored(self, seconds=0.0):
        """Whether the settings are those of before, within `seconds`."""
        deadline = time.monotonic() + seconds
        while termios.tcgetattr(self.terminal) != self.settings:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def release(self):
        """Gives up our own hold of the terminal; true if then nobody else holds it."""
        os.close(self.terminal)
        self.terminal = -1
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                if select.select([self.controller], [], [], 0.1)[0]:
                    self.seen += os.read(self.controller, 65536)
            except OSError:  # EIO: the last one has closed it
                return True
        return False
