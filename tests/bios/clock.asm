; SPDX-License-Identifier: Apache-2.0
; Int 1Ah: ticks, time, date and alarm of the real-time clock; the tone of BEL, which ticks end.
%include "bios.inc"
%include "load.inc"

start:
  LOAD_REST
  mov ah, 2
  int 0x1A
  EXPECT nc, "1Ah/02h: failed"
  mov [Time], cx
  cmp ch, 0x23
  EXPECT be, "1Ah/02h: no such hour"
  mov ah, 4
  int 0x1A
  EXPECT nc, "1Ah/04h: failed"
  cmp ch, 0x20
  EXPECT e, "1Ah/04h: not this century"
  cmp dh, 0x12
  EXPECT be, "1Ah/04h: no such month"

  mov cx, 0x1999                 ; a second before the year 2000
  mov dx, 0x1231
  mov ah, 5
  int 0x1A
  EXPECT nc, "1Ah/05h: failed"
  mov cx, 0x2359
  mov dx, 0x5900
  mov ah, 3
  int 0x1A
  EXPECT nc, "1Ah/03h: failed"
  mov word [0x4A * 4], Alarm
  mov word [0x4A * 4 + 2], 0
  xor cx, cx                     ; the alarm at midnight
  xor dx, dx
  mov ah, 6
  int 0x1A
  EXPECT nc, "1Ah/06h: failed"
  mov ah, 6
  int 0x1A
  EXPECT c, "1Ah/06h: two alarms"
  sti
.wait:
  hlt
  cmp byte [Alarms], 0
  je .wait
  mov ah, 4
  int 0x1A
  cmp cx, 0x2000
  EXPECT e, "1Ah/04h: not the year 2000"
  cmp dx, 0x0101
  EXPECT e, "1Ah/04h: not the first of January"
  mov ah, 7
  int 0x1A
  mov ah, 6
  int 0x1A
  EXPECT nc, "1Ah/07h: the alarm is still set"

  mov cx, 0x18                   ; ticks pass midnight
  mov dx, 0x00AF
  mov ah, 1
  int 0x1A
.midnight:
  hlt
  cmp byte [0x470], 0
  je .midnight
  xor ah, ah
  int 0x1A
  cmp al, 1
  EXPECT e, "1Ah/00h: midnight unseen"
  or cx, cx
  EXPECT z, "1Ah/00h: ticks go on past midnight"
  xor ah, ah
  int 0x1A
  cmp al, 0
  EXPECT e, "1Ah/00h: midnight seen twice"
  mov ah, 0x0F
  int 0x1A
  EXPECT c, "1Ah/0Fh: not refused"

  cli                            ; BEL: the tone begins, and nobody waits for its end
  in al, 0x61
  test al, 3
  EXPECT z, "the speaker sounds unasked"
  mov ax, 0x0E07
  xor bx, bx
  int 0x10
  in al, 0x61
  and al, 3
  cmp al, 3
  EXPECT e, "10h/0Eh: BEL does not switch the speaker on"
  xor di, di                     ; the output of counter 2 swings: port 61h, bit 5
  mov cx, 20000
.swing:
  in al, 0x61
  and al, 0x20
  cmp al, 0x20
  jne .low
  or di, 1
  jmp .next
.low:
  or di, 2
.next:
  loop .swing
  cmp di, 3
  EXPECT e, "10h/0Eh: BEL has no tone"
  mov ebp, [0x46C]
  sti
.silence:
  hlt
  in al, 0x61
  test al, 3
  jz .silent
  mov eax, [0x46C]
  sub eax, ebp
  cmp eax, 20
  jb .silence
  PRINT "bad 10h/0Eh: BEL never ends", 10
  mov byte [Verdict], 1
.silent:
  mov eax, [0x46C]
  sub eax, ebp
  cmp eax, 3
  EXPECT a, "10h/0Eh: BEL is too short"
  push cs
  pop es
  mov bp, Bell                   ; in a string: the same
  mov ax, 0x1301
  mov bx, 0x0007
  mov cx, 3
  mov dx, 0x0505
  int 0x10
  in al, 0x61
  and al, 3
  cmp al, 3
  EXPECT e, "10h/13h: BEL does not switch the speaker on"
  mov ah, 3
  xor bh, bh
  int 0x10
  cmp dx, 0x0507
  EXPECT e, "10h/13h: BEL takes a place"
  VERDICT "clock"

Bell: db "a", 7, "b"

Alarm:
  inc byte [cs:Alarms]
  iret

Time: dw 0
Alarms: db 0
END_OF_IMAGE
