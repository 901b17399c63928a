// SPDX-License-Identifier: Apache-2.0
// The assembled part of the video ROM as data of the program.
        .section .rodata
        .global verbatim_video_rom_begin, verbatim_video_rom_end
verbatim_video_rom_begin:
        .incbin VERBATIM_VIDEO_ROM
verbatim_video_rom_end:
        .section .note.GNU-stack, "", @progbits
