#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what an operating system does for programs: on this host, in a guest, under QEMU's TCG.

Processes, system calls, page faults and files, by the static program of bench/system, which
counts time stamps. The host's kernel is another than the guests' (64 bits, another version), so
the column `native` says what such a thing costs here, not what the guest's kernel would take on
the bare processor.
"""

import stamps

if __name__ == '__main__':
    stamps.measure('system', __doc__, ['kernels/main.c', 'system/*.c'], of='case',
                   milliseconds=200)
