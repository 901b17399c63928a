#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""This folder as a user has it: built against an installed verbatim, not within its tree."""

import os
import subprocess
import tempfile
import unittest

BUILD = os.environ['BUILD']
GUEST = os.environ['GUEST']
HERE = os.path.dirname(os.path.abspath(__file__))


def run(*arguments, **more):
    result = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            check=False, **more)
    return result.returncode, result.stdout + result.stderr


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.build = os.path.join(folder.name, 'build')
        cls.prefix = os.path.join(folder.name, 'prefix')
        code, text = run('cmake', '--install', BUILD, '--prefix', cls.prefix)
        assert code == 0, text

    def test_a_cmake_project_finds_it_for_c_and_for_cpp(self):
        code, text = run('cmake', '-S', HERE, '-B', self.build, '-G', 'Ninja',
                         f'-DCMAKE_PREFIX_PATH={self.prefix}', '-DCMAKE_CXX_FLAGS=-Wall -Werror')
        self.assertEqual(code, 0, text)
        code, text = run('cmake', '--build', self.build)
        self.assertEqual(code, 0, text)
        self.assertEqual(run(os.path.join(self.build, 'embed'), GUEST), (0, '  1  hello from ring 3\n'))
        code, text = run(os.path.join(self.build, 'embed_c'), GUEST)
        self.assertEqual(code, 0, text)
        self.assertRegex(text, r'^hello from ring 3\nend 4 at eip 001000[0-9a-f]{2}, 10 blocks')

    def test_an_older_minor_version_is_refused(self):
        script = os.path.join(self.prefix, 'CMakeLists.txt')
        with open(script, 'w', encoding='ascii') as file:
            file.write('cmake_minimum_required(VERSION 3.25)\nproject(old LANGUAGES C CXX)\n'
                       'find_package(verbatim 0.2 REQUIRED)\n')
        code, text = run('cmake', '-S', self.prefix, '-B', self.build + '-old',
                         f'-DCMAKE_PREFIX_PATH={self.prefix}')
        self.assertNotEqual(code, 0)
        self.assertIn('compatible with requested version "0.2"', ' '.join(text.split()))

    def test_a_compiler_finds_it_by_pkg_config(self):
        folders = [os.path.join(path, name) for path, names, _ in os.walk(self.prefix)
                   for name in names if name == 'pkgconfig']
        self.assertEqual(len(folders), 1)
        environment = {**os.environ, 'PKG_CONFIG_PATH': folders[0]}
        _, flags = run('pkg-config', '--cflags', '--libs', 'verbatim', env=environment)
        program = os.path.join(self.prefix, 'program')
        code, text = run('gcc', '-std=c11', '-Wall', '-Wextra', '-Wpedantic', '-Werror',
                         os.path.join(HERE, 'main.c'), '-o', program, *flags.split())
        self.assertEqual(code, 0, text)
        libraries = os.path.dirname(folders[0])
        code, text = run(program, GUEST, env={**os.environ, 'LD_LIBRARY_PATH': libraries})
        self.assertEqual(code, 0, text)

    def test_headers_are_few(self):
        headers = [name for _, _, names in os.walk(os.path.join(self.prefix, 'include'))
                   for name in names]
        self.assertLessEqual(len(headers), 12, headers)


if __name__ == '__main__':
    unittest.main()
