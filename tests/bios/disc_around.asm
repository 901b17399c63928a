; SPDX-License-Identifier: Apache-2.0
; A disc with a volume descriptor (block 16), an El Torito boot record (17), a catalogue (19) and the boot image IMAGE (20).
kBlockBytes equ 2048

times 16 * kBlockBytes - ($ - $$) db 0
  db 1, 'CD001', 1
times 17 * kBlockBytes - ($ - $$) db 0
  db 0, 'CD001', 1, 'EL TORITO SPECIFICATION'
  times 17 * kBlockBytes + 0x47 - ($ - $$) db 0
  dd 19
times 19 * kBlockBytes - ($ - $$) db 0
  db 1, 0                       ; validation entry, PC; its words add up to zero
  times 26 db 0
  dw 0x55AA, 0xAA55
  db 0x88, 0                    ; bootable, no emulation
  dw 0, 0, 4                    ; at 7C0:0, four sectors
  dd 20
times 20 * kBlockBytes - ($ - $$) db 0
  incbin IMAGE
times 24 * kBlockBytes - ($ - $$) db 0
