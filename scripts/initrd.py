# SPDX-License-Identifier: Apache-2.0
"""Initrds for guests, made without root: the archive, and i386 programs to put into it.

The archive (cpio, "newc" format) is written entry by entry, so that device nodes need no root and
equal inputs give equal bytes. Programs are linked statically with the C library that
scripts/fetch-guests obtained, so that no 32-bit development packages are needed on the host.
"""

import shutil
import stat
import subprocess

import guest


class Archive:
    """A cpio archive in the newc format."""

    def __init__(self):
        self._data = bytearray()
        self._inode = 0

    def add(self, name, mode, content=b'', device=(0, 0)):
        self._inode += 1
        encoded = name.encode() + b'\0'
        fields = (self._inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(encoded), 0)
        self._data += b'070701' + b''.join(b'%08X' % field for field in fields) + encoded
        self._pad()
        self._data += content
        self._pad()

    def add_directory(self, name, permissions=0o755):
        self.add(name, stat.S_IFDIR | permissions)

    def add_file(self, name, content, permissions=0o644):
        self.add(name, stat.S_IFREG | permissions, content)

    def add_link(self, name, target):
        self.add(name, stat.S_IFLNK | 0o777, target.encode())

    def add_character_device(self, name, major, minor, permissions=0o600):
        self.add(name, stat.S_IFCHR | permissions, device=(major, minor))

    def finish(self):
        self.add('TRAILER!!!', 0)
        return bytes(self._data)

    def _pad(self):
        self._data += b'\0' * (-len(self._data) % 4)


def run(command):
    try:
        return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                              check=True).stdout
    except OSError as error:
        raise guest.GuestError(f'cannot run {command[0]}: {error.strerror}') from error
    except subprocess.CalledProcessError as error:
        raise guest.GuestError(f'{command[0]} failed: {error.stderr.strip()}') from error


def compile_program(sources, output, sysroot):
    """Compiles C files for i386, taking everything but the compiler from the sysroot."""
    if shutil.which('gcc') is None:
        raise guest.GuestError('no gcc: run scripts/setup first')
    libraries = sysroot / 'usr/lib/i386-linux-gnu'
    compiler_libraries = sysroot / 'usr/lib/gcc/i686-linux-gnu/12'
    own_headers = run(['gcc', '-m32', '-print-file-name=include']).strip()
    run(['gcc', '-m32', '-march=i686', '-msse2', '-O2', '-frounding-math', '-std=gnu11', '-Wall',
         '-Wextra', '-Werror', '-fno-pie', '-s', '-Wl,--build-id=none',
         '-nostdinc', '-isystem', own_headers,
         '-isystem', sysroot / 'usr/include/i386-linux-gnu', '-isystem', sysroot / 'usr/include',
         '-static', '-no-pie', '-nostdlib', f'--sysroot={sysroot}', '-o', output,
         libraries / 'crt1.o', libraries / 'crti.o', compiler_libraries / 'crtbeginT.o', *sources,
         libraries / 'libm.a', '-Wl,--start-group', compiler_libraries / 'libgcc.a',
         compiler_libraries / 'libgcc_eh.a', libraries / 'libc.a', '-Wl,--end-group',
         compiler_libraries / 'crtend.o', libraries / 'crtn.o'])
