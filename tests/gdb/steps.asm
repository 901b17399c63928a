; SPDX-License-Identifier: Apache-2.0
; A guest for debuggers: straight lines whose effects are known, a loop, memory to be watched, a
; fault with its handler, and idleness until an interrupt comes. steps_test.py knows the labels.
%include "common.inc"
