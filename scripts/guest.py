# SPDX-License-Identifier: Apache-2.0
"""What the scripts that boot a guest have in common: where its files are and how it is started.

Two emulators are known: this project's own, and qemu-system-i386 with its TCG translator, which is
the reference that boots are recorded from and compared with.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
KERNELS = ('686', '686-pae')
# The first thing that /init in the initrd prints.
INIT_MARKER = b'verbatim-guest: init reached'
PROMPT = b'guest:/# '

# Without a local APIC, like the machine that verbatim makes.
_QEMU_CPUS = {'core2': 'core2duo,-apic', 'pentium3': 'pentium3,-apic'}


class GuestError(Exception):
    """A file or program that is needed is not there; the message says how to get it."""


class Failure(Exception):
    """The guest or the emulator did not do what was expected."""


def judge(program, session):
    """Gives `session` a directory for its files; the exit status of `program`."""
    try:
        with tempfile.TemporaryDirectory() as scratch:
            session(pathlib.Path(scratch))
    except GuestError as error:
        sys.exit(f'{program}: {error}')
    except Failure as failure:
        print(f'FAILED: {failure}')
        return 1
    return 0


def guest_directory():
    default = pathlib.Path.home() / '.cache/verbatim/guests'
    return pathlib.Path(os.environ.get('VERBATIM_GUEST_DIR') or default)


def require_guests():
    """The directory that scripts/fetch-guests fills, known to be complete."""
    directory = guest_directory()
    if not (directory / 'manifest').is_file():
        raise GuestError(f'no guest kernels in {directory}: run scripts/fetch-guests first')
    return directory


def kernel_path(name):
    """A kernel by its short name (686, 686-pae) or as the path of a bzImage."""
    if name in KERNELS:
        return require_guests() / f'vmlinuz-{name}'
    path = pathlib.Path(name)
    if not path.is_file():
        raise GuestError(f'no kernel {name}: expected one of {", ".join(KERNELS)} or a bzImage')
    return path


def make_initrd(output, programs=None):
    """Builds the initrd; with `programs`, also leaves its i386 programs in that directory."""
    command = [REPOSITORY / 'scripts/make-initrd', '--output', output]
    if programs is not None:
        command += ['--programs', programs]
    result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if result.returncode != 0:
        raise GuestError(result.stderr.strip())


def add_emulator_options(parser):
    parser.add_argument('--emulator', choices=('verbatim', 'qemu'), default='verbatim',
                        help='what runs the guest (default: %(default)s)')
    add_machine_options(parser)


def add_machine_options(parser):
    parser.add_argument('--verbatim', type=pathlib.Path,
                        default=REPOSITORY / 'build/release/cli/verbatim', metavar='FILE',
                        help='the verbatim command (default: build/release/cli/verbatim)')
    parser.add_argument('--memory', type=int, default=256, metavar='MIB',
                        help='guest memory (default: %(default)s)')
    parser.add_argument('--cpu', choices=tuple(_QEMU_CPUS), default='core2',
                        help='processor model (default: %(default)s)')
    parser.add_argument('--apic', action='store_true',
                        help='have verbatim give the machine APICs and an HPET')
    parser.add_argument('--validate', action='store_true',
                        help='have verbatim prove that translated code is confined')


def emulator_command(emulator, kernel, initrd, append, *, verbatim=None, memory=256, cpu='core2',
                     terminal=False, validate=False, apic=False):
    """The command line that boots `kernel` with COM1 on stdin and stdout.

    A reboot ends it, as a power-off does. With `terminal`, stdin is a terminal and Ctrl-A x ends
    the emulator.
    """
    if emulator == 'qemu':
        program = shutil.which('qemu-system-i386')
        if program is None:
            raise GuestError('no qemu-system-i386 (Debian package qemu-system-x86)')
        return [program, '-accel', 'tcg', '-machine', 'pc', '-cpu', _QEMU_CPUS[cpu],
                '-m', f'{memory}M', '-nodefaults', '-no-user-config', '-display', 'none',
                '-vga', 'none', '-no-reboot', '-serial', 'mon:stdio' if terminal else 'stdio',
                '-kernel', str(kernel), '-initrd', str(initrd), '-append', append]
    if not verbatim.is_file():
        raise GuestError(f'no {verbatim}: build it first '
                         '(cmake --preset release && cmake --build --preset release)')
    return [str(verbatim), 'run', '--kernel', str(kernel), '--initrd', str(initrd),
            '--append', append, '--memory', f'{memory}M', '--cpu', cpu, '--no-reboot',
            '--serial', 'stdio', *(['--validate'] if validate else []),
            *(['--apic'] if apic else [])]
