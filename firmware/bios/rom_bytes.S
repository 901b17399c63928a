// SPDX-License-Identifier: Apache-2.0
// The assembled ROM as data of the program.
        .section .rodata
        .global verbatim_bios_rom_begin, verbatim_bios_rom_end
verbatim_bios_rom_begin:
        .incbin VERBATIM_BIOS_ROM
verbatim_bios_rom_end:
        .section .note.GNU-stack, "", @progbits
