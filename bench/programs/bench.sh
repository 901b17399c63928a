# SPDX-License-Identifier: Apache-2.0
# Runs each program on the inputs in $D, with its libraries below $R, and prints what bench/turns.py
# reads. The shell is busybox's, here and in the guest. With arguments, those programs only.
#
# Libraries that have code for several processors are held to SSE2, so that all run the same.
R=${R:-} D=${D:-/data}
export LC_ALL=C PYTHONHOME=$R/usr PYTHONHASHSEED=0 OPENSSL_ia32cap=0x7800000:0
export OPENSSL_CONF=/dev/null JSIMD_FORCESSE2=1
cd "$D" || exit 1

# on PROGRAM ARGUMENT...: by the loader of the set, so that the host's libraries are not used.
on() {
  program=$1
  shift
  "$R/lib/ld-linux.so.2" --library-path "$R/lib/i386-linux-gnu:$R/usr/lib/i386-linux-gnu" \
    "$R/$program" "$@"
}

# repeated COUNT COMMAND...: the sum of what it prints each time.
repeated() {
  left=$1
  shift
  while [ "$left" -gt 0 ]; do
    "$@"
    left=$((left - 1))
  done | md5sum
}

gzip_9() { on bin/gzip -9 -n -c text; }
gunzip() { repeated 15 on bin/gzip -d -c text.gz; }
bzip2_9() { on bin/bzip2 -9 -c text; }
xz_2() { on usr/bin/xz -2 -T1 -c text; }
zstd_12() { on usr/bin/zstd -q -12 --single-thread -c text; }
sevenzip() {
  rm -f text.7z
  on usr/lib/p7zip/7zr a -bd -mmt1 -mx3 text.7z text >/dev/null &&
    on usr/lib/p7zip/7zr e -so text.7z
}
openssl_sha256() { on usr/bin/openssl dgst -r -sha256 bytes bytes; }
openssl_aes() {
  on usr/bin/openssl enc -aes-256-cbc -K "$(printf '%064d' 1)" -iv "$(printf '%032d' 2)" -in bytes
}
openssl_rsa() { on usr/bin/openssl rsa -in key.pem -check -noout; }
python3() { on usr/bin/python3.11 -S workload.py; }
perl() { on usr/bin/perl workload.pl text; }
lua() { on usr/bin/lua5.4 workload.lua; }
sqlite3() { on usr/bin/sqlite3 :memory: <workload.sql; }
mawk() { on usr/bin/mawk -f workload.awk text; }
gawk() { on usr/bin/gawk -f workload.awk text; }
sort() { on usr/bin/sort --parallel=1 -S 64M lines; }
bc() { on usr/bin/bc -l workload.bc; }
cc1_O2() { on usr/lib/gcc/i686-linux-gnu/12/cc1 -quiet -O2 source.c -o -; }
gcc_50000_lines() {
  on usr/lib/gcc/i686-linux-gnu/12/cc1 -quiet -O0 lines50000.c -o lines.s &&
    on usr/bin/i686-linux-gnu-as lines.s -o lines.o && md5sum <lines.o
}
tcc() { on usr/bin/tcc -nostdinc -c big.c -o big.o && md5sum <big.o; }
cjpeg() { repeated 8 on usr/bin/cjpeg -quality 90 -optimize picture.ppm; }
djpeg() { repeated 12 on usr/bin/djpeg -dct float picture.jpg; }
fairy_stockfish() { on usr/games/fairy-stockfish bench 16 1 8 2>&1 | grep 'Nodes searched'; }

for name in ${*:-gzip_9 gunzip bzip2_9 xz_2 zstd_12 sevenzip openssl_sha256 openssl_aes openssl_rsa
            python3 perl lua sqlite3 mawk gawk sort bc cc1_O2 gcc_50000_lines tcc cjpeg djpeg
            fairy_stockfish}; do
  echo "$name 1"
  if ! "$name" >output; then
    echo wrong
    exit 1
  fi
  echo "done"
  echo "result $name $(md5sum <output)"
done
