#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""libverbatim.so from Python: what it exports, and a guest that is driven through it."""

import ctypes
import os
import subprocess
import unittest

LIBRARY = os.environ['LIBRARY']
TALKER = os.environ['TALKER'].encode()
HEADER = os.environ['HEADER']

OK = 0
DEBUG_EXIT = 4

SerialFunction = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint8),
                                  ctypes.c_size_t)


class Config(ctypes.Structure):
    _fields_ = [('struct_size', ctypes.c_uint32), ('flags', ctypes.c_uint32),
                ('memory_bytes', ctypes.c_uint64), ('code_cache_bytes', ctypes.c_uint64),
                ('kernel_path', ctypes.c_char_p), ('initrd_path', ctypes.c_char_p),
                ('command_line', ctypes.c_char_p), ('image_path', ctypes.c_char_p),
                ('image_read_only', ctypes.c_uint32), ('image_snapshot', ctypes.c_uint32),
                ('cpu_model', ctypes.c_char_p), ('on_serial', SerialFunction),
                ('user', ctypes.c_void_p)]


class Outcome(ctypes.Structure):
    _fields_ = [('struct_size', ctypes.c_uint32), ('end', ctypes.c_uint32),
                ('debug_value', ctypes.c_uint32)]


class Library(unittest.TestCase):
    def setUp(self):
        self.lib = ctypes.CDLL(LIBRARY)
        self.lib.verbatim_last_error.restype = ctypes.c_char_p
        self.lib.verbatim_version.restype = ctypes.c_char_p
        self.lib.verbatim_send_serial.restype = ctypes.c_size_t
        self.lib.verbatim_send_serial.argtypes = [ctypes.c_void_p, ctypes.c_char_p,
                                                  ctypes.c_size_t]
        for name in ('verbatim_run', 'verbatim_destroy'):
            getattr(self.lib, name).argtypes = [ctypes.c_void_p, ctypes.c_void_p][
                :2 if name == 'verbatim_run' else 1]

    def test_a_guest_answers(self):
        heard = []

        @SerialFunction
        def listener(_, data, count):
            heard.append(bytes(data[:count]))
            if b''.join(heard) == b'ready\n':
                self.assertEqual(self.lib.verbatim_send_serial(machine, b'hiv', 3), 3)

        config = Config()
        self.assertEqual(self.lib.verbatim_config_init(ctypes.byref(config),
                                                       ctypes.sizeof(config)), OK)
        config.kernel_path = TALKER
        config.memory_bytes = 16 << 20
        config.on_serial = listener
        machine = ctypes.c_void_p()
        status = self.lib.verbatim_create(ctypes.byref(config), ctypes.byref(machine))
        self.assertEqual(status, OK, self.lib.verbatim_last_error())
        outcome = Outcome(struct_size=ctypes.sizeof(Outcome))
        self.assertEqual(self.lib.verbatim_run(machine, ctypes.byref(outcome)), OK)
        self.assertEqual((outcome.end, outcome.debug_value), (DEBUG_EXIT, 5))
        self.assertEqual(b''.join(heard), b'ready\nhi')
        self.assertEqual(self.lib.verbatim_destroy(machine), OK)

    def test_it_exports_what_the_header_declares_and_nothing_else(self):
        listing = subprocess.run(['nm', '-D', '--defined-only', LIBRARY], capture_output=True,
                                 text=True, check=True).stdout
        exported = {line.split()[2].split('@')[0] for line in listing.splitlines()}
        exported.discard('VERBATIM_1')
        # The file declares each function at the beginning of a line.
        with open(HEADER, encoding='utf-8') as file:
            declared = {word.lstrip('*').split('(')[0] for line in file
                        if not line.startswith((' ', '#', 'typedef', '}')) for word in line.split()
                        if word.lstrip('*').startswith('verbatim_') and '(' in word}
        self.assertGreater(len(declared), 12)
        self.assertEqual(exported, declared)


if __name__ == '__main__':
    unittest.main()
