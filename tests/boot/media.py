# SPDX-License-Identifier: Apache-2.0
"""What the tests of boot media have in common: rows of tables that become tests under both BIOSes,
and the run of a guest from text to text."""

import dataclasses
import os
import pathlib
import subprocess
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / 'scripts'))
import guest  # noqa: E402

VERBATIM = os.environ['VERBATIM']
PATIENCE_SECONDS = 60
# Set to anything but 0, it adds what takes minutes, or a few seconds and is much like another test.
LONG = os.environ.get('VERBATIM_LONG_BOOTS', '0') != '0'


def fetched(name):
    """A file of scripts/fetch-guests."""
    path = guest.guest_directory() / name
    if not path.is_file():
        raise guest.GuestError(f'no {path}: run scripts/fetch-guests first')
    return path


def image(name):
    return fetched(f'images/{name}')


def virtual_bios():
    return ()


def sea_bios():
    return ('--firmware', f'{fetched("firmware/bios-256k.bin")},'
                          f'vgabios={fetched("firmware/vgabios-stdvga.bin")}')


BIOSES = {'virtual_bios': virtual_bios, 'sea_bios': sea_bios}


@dataclasses.dataclass(frozen=True)
class Boot:
    """A medium and a talk with what it boots.

    The talk begins with a text of the guest, and texts and keys take turns; the guest is done when it
    says the last text. `memory` is the guest's.
    """
    medium: object  # a function that gives the arguments
    talk: tuple
    memory: str = '64M'
    seconds: int = PATIENCE_SECONDS
    long: bool = False


def talk_arguments(talk):
    arguments = []
    for number, words in enumerate(talk[:-1]):
        arguments += ['--expect' if number % 2 == 0 else '--send', words]
    assert len(talk) % 2 == 1, 'a talk ends with a text of the guest'
    return [*arguments, '--exit-on', talk[-1]]


def run(*arguments, memory='64M', seconds=PATIENCE_SECONDS):
    return subprocess.run(
        [VERBATIM, 'run', '--memory', memory, '--timeout', str(seconds), *map(str, arguments)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors='replace',
        timeout=seconds + 10, check=False)


def test_of(boot, bios):
    def test(self):
        if boot.long and not LONG:
            self.skipTest('by hand: VERBATIM_LONG_BOOTS=1')
        result = run(*bios(), *boot.medium(), *talk_arguments(boot.talk), memory=boot.memory,
                     seconds=boot.seconds)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
    return test


def boots(table, bioses=BIOSES):
    """Gives a class of tests one for each row of the table (a name and a Boot) under each BIOS."""
    def add(test_case):
        for name, boot in table.items():
            for bios_name, bios in bioses.items():
                setattr(test_case, f'test_{name}_with_{bios_name}', test_of(boot, bios))
        return test_case
    return add
