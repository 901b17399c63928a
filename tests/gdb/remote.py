# SPDX-License-Identifier: Apache-2.0
"""A client of gdb's remote serial protocol for tests, and guests that wait for it."""

import os
import pathlib
import re
import select
import socket
import struct
import subprocess
import tempfile
import time

VERBATIM = os.environ['VERBATIM']
PATIENCE_SECONDS = 20

NUMBERS = {name: number for number, name in enumerate(
    'eax ecx edx ebx esp ebp esi edi eip eflags cs ss ds es fs gs'.split())}


class Guest:
    """`verbatim run` with a socket for debuggers in a directory of its own."""

    def __init__(self, *arguments, stdin=subprocess.DEVNULL):
        self._directory = tempfile.TemporaryDirectory()
        self.socket = str(pathlib.Path(self._directory.name) / 'gdb')
        self.process = subprocess.Popen(
            [VERBATIM, 'run', '--gdb', f'unix:{self.socket}', *arguments], bufsize=0,
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # The address follows once debuggers may come.
        self.notice = self.process.stderr.readline().decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self._directory.cleanup()

    def connect(self, **options):
        return Remote(self.socket, **options)

    def finish(self):
        """Exit status, standard output and standard error of a guest that ends by itself."""
        stdout, stderr = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, stdout.decode(), stderr.decode()


def frame(payload):
    if isinstance(payload, str):
        payload = payload.encode()
    return b'$%s#%02x' % (payload, sum(payload) % 256)


class Remote:
    """One connection. `ask` sends a packet and returns the payload of the answer."""

    def __init__(self, path, acknowledge=False):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self._read = b''
        self.acknowledges = True
        if not acknowledge:
            assert self.ask('QStartNoAckMode') == 'OK'
            self.socket.sendall(b'+')
            self.acknowledges = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self, pattern):
        """Takes what matches the pattern off the front; the match."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (match := re.match(pattern, self._read, re.DOTALL)):
            wait = deadline - time.monotonic()
            if wait <= 0 or not select.select([self.socket], [], [], wait)[0]:
                raise AssertionError(f'no {pattern!r} in {self._read!r}')
            got = self.socket.recv(65536)
            if not got:
                raise ConnectionError(f'closed after {self._read!r}')
            self._read += got
        self._read = self._read[match.end():]
        return match

    def answer(self):
        match = self.receive(rb'\+?\$([^#]*)#([0-9a-f]{2})')
        assert sum(match[1]) % 256 == int(match[2], 16), match[0]
        if self.acknowledges:
            self.send(b'+')
        return re.sub(rb'}(.)', lambda m: bytes([m[1][0] ^ 0x20]), match[1],
                      flags=re.DOTALL).decode('latin-1')

    def ask(self, payload):
        self.send(frame(payload))
        return self.answer()

    def is_closed(self):
        """Waits until the other side closes; false if it does not."""
        self.socket.settimeout(PATIENCE_SECONDS)
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        except TimeoutError:
            return False
        return True

    # ---- What the packets mean.

    def register(self, name):
        number = NUMBERS.get(name, name)
        return int.from_bytes(bytes.fromhex(self.ask(f'p{number:x}')), 'little')

    def set_register(self, name, value, size=4):
        number = NUMBERS.get(name, name)
        return self.ask(f'P{number:x}={value.to_bytes(size, "little").hex()}')

    def memory(self, address, size):
        return bytes.fromhex(self.ask(f'm{address:x},{size:x}'))

    def word(self, address):
        return struct.unpack('<I', self.memory(address, 4))[0]

    def monitor(self, command):
        """What it printed."""
        answer = self.ask('qRcmd,' + command.encode().hex())
        text = ''
        while answer.startswith('O') and answer != 'OK':
            text += bytes.fromhex(answer[1:]).decode()
            answer = self.answer()
        assert answer == 'OK', answer
        return text

    def run_to(self, address):
        """Runs to a breakpoint that is there for this alone."""
        assert self.ask(f'Z0,{address:x},1') == 'OK'
        stop = self.ask('c')
        assert self.ask(f'z0,{address:x},1') == 'OK'
        return stop


def symbols(path):
    """The addresses of an ELF file's global symbols."""
    listing = subprocess.run(['nm', '-g', path], capture_output=True, text=True, check=True).stdout
    return {name: int(address, 16) for address, _, name in map(str.split, listing.splitlines())}
