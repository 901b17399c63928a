# SPDX-License-Identifier: Apache-2.0
"""A Linux guest that runs one script and powers off, and the same script on this host.

The script is for busybox's shell and runs in a directory of its own, where the files of the tree
lie as below / in the guest; it prints the lines that turns.py reads.
"""

import gzip
import os
import pathlib
import stat

import turns
from turns import guest

import initrd  # in scripts/, which turns put on the path

# On a busy host the kernel may come to doubt the time-stamp counter and take a slow clock, which is
# not to be measured.
APPEND = 'console=ttyS0 quiet panic=-1 tsc=reliable'
INIT = '''\
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs -o size=75% tmpfs /tmp
export PATH=/bin:/usr/bin:/usr/games HOME=/root LC_ALL=C
cd /
sh /bench.sh || echo wrong
poweroff -f
'''


def compile_c(output, *sources):
    """Compiles C files, paths below bench/, into one static program."""
    files = [path for source in sources
             for path in sorted((turns.REPOSITORY / 'bench').glob(source))]
    initrd.compile_program(files, output, guest.require_guests() / 'sysroot')


def make_initrd(output, script, trees=(), files=()):
    """An initrd with busybox, `script`, the contents of the directories `trees`, and `files`
    ({path in the guest: path here})."""
    archive = initrd.Archive()
    known = set()

    def add_parents(name):
        for parent in reversed(pathlib.PurePosixPath(name).parents):
            if str(parent) not in known | {'.'}:
                known.add(str(parent))
                archive.add_directory(str(parent))

    def add(name, path):
        add_parents(name)
        if name in known:
            return
        known.add(name)
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            archive.add_link(name, os.readlink(path))
        elif stat.S_ISDIR(mode):
            archive.add_directory(name)
        else:
            archive.add_file(name, path.read_bytes(), stat.S_IMODE(mode))

    for name in ('dev', 'proc', 'sys', 'root', 'bin'):
        add_parents(f'{name}/x')
    archive.add_directory('tmp', 0o1777)
    known.add('tmp')
    # The kernel opens /dev/console for /init before devtmpfs is mounted.
    archive.add_character_device('dev/console', 5, 1)
    archive.add_character_device('dev/null', 1, 3, 0o666)
    archive.add_file('init', INIT.encode(), 0o755)
    archive.add_file('bench.sh', script.encode())
    for name, path in dict(files).items():
        add(name, pathlib.Path(path))
    for tree in trees:
        for path in sorted(tree.rglob('*')):
            add(str(path.relative_to(tree)), path)
    busybox = guest.require_guests() / 'busybox'
    add('bin/busybox', busybox)
    for applet in initrd.run([busybox, '--list']).split():
        if f'bin/{applet}' not in known:
            archive.add_link(f'bin/{applet}', 'busybox')
    output.write_bytes(gzip.compress(archive.finish(), compresslevel=1, mtime=0))


def run_guest(name, image, arguments, clock='wall', options=()):
    """The Sample of the guest under the emulator `name`, which takes `options` too."""
    command = guest.emulator_command(name, guest.kernel_path(arguments.kernel), image, APPEND,
                                     verbatim=arguments.verbatim, memory=arguments.memory,
                                     cpu=arguments.cpu, validate=arguments.validate,
                                     apic=arguments.apic)
    command += options
    return turns.run(command, timeout=arguments.timeout, clock=clock)


def add_options(parser, memory=256, timeout=turns.TIMEOUT_SECONDS):
    guest.add_machine_options(parser)
    parser.set_defaults(memory=memory)
    parser.add_argument('--kernel', default='686',
                        help='686, 686-pae or a bzImage (default: %(default)s)')
    parser.add_argument('--timeout', type=int, default=timeout, metavar='SECONDS',
                        help='the longest that one run may take (default: %(default)s)')


def machine_of(arguments):
    """What of the machine a report states."""
    return {'kernel': arguments.kernel, 'cpu': arguments.cpu, 'memory_mib': arguments.memory}
