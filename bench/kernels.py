#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures small loops that each isolate one cost: on this host, in a guest, and under QEMU's TCG.

The program is bench/kernels, the same static i386 file for each subject. What each loop computed
is compared. Time is measured in the guest, in cycles of the time-stamp counter, which is the
host's in all three: how long one takes is found on the host, for each.
"""

import stamps

if __name__ == '__main__':
    stamps.measure('kernels', __doc__, ['kernels/*.c'], of='loop', milliseconds=50)
