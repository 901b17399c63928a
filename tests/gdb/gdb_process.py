# SPDX-License-Identifier: Apache-2.0
"""The real gdb, command by command."""

import re
import select
import signal
import subprocess
import time

PATIENCE_SECONDS = 60
_SETTINGS = ('set confirm off', 'set pagination off', 'set width 0', 'set height 0',
             'set remotetimeout 20')


class Gdb:
    """gdb with its standard input and output as pipes; all that it prints collects in `seen`."""

    def __init__(self):
        self.process = subprocess.Popen(
            ['gdb', '-q', '-nx', '-nh'], bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.seen = b''
        self._taken = 0
        self._commands = 0
        for setting in _SETTINGS:
            self.run(setting)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def start(self, command):
        """Begins a command, the end of which `result` waits for."""
        self._commands += 1
        line = f'{command}\necho \\n<<{self._commands}>>\\n\n'
        self.process.stdin.write(line.encode())

    def result(self):
        return self.wait_for(f'\n<<{self._commands}>>\n').replace('(gdb) ', '').strip()

    def run(self, command):
        """What the command printed."""
        self.start(command)
        return self.result()

    def number(self, expression):
        """The value of an expression."""
        text = self.run(f'printf "%u\\n", (unsigned int)({expression})')
        if not re.fullmatch(r'\d+', text):
            raise AssertionError(f'{expression}: {text}')
        return int(text)

    def wait_for(self, text):
        """What was printed since last time, up to the text."""
        wanted = text.encode()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (at := self.seen.find(wanted, self._taken)) < 0:
            wait = deadline - time.monotonic()
            if wait <= 0 or not select.select([self.process.stdout], [], [], wait)[0]:
                raise AssertionError(f'gdb: no {text!r} after {self.seen[-800:].decode()}')
            got = self.process.stdout.read(65536)
            if not got:
                raise AssertionError(f'gdb ended: {self.seen[-800:].decode()}')
            self.seen += got
        taken = self.seen[self._taken:at].decode(errors='replace')
        self._taken = at + len(wanted)
        return taken

    def resume(self):
        """Begins `continue`; returns once gdb waits for the guest, so that Ctrl-C reaches it.

        Only what gdb says of its packets tells that: one that comes earlier gdb may forget.
        """
        self.run('set debug remote 1')
        self.start('continue')
        self.wait_for('Sending packet: $vCont;c')
        self.wait_for('wait: exit')

    def interrupt(self):
        """Ctrl-C after `resume`; what gdb printed."""
        self.process.send_signal(signal.SIGINT)
        printed = self.result()
        self.run('set debug remote 0')
        return printed
