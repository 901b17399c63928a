#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check.sh             in the guest, as part of its initrd: everything below
# check.sh --portable  anywhere: only what must come out the same on every i386 Linux
#
# The host runs the portable part with the same busybox and the same programs, and compares.
# Output, one result a line:
#   check: NAME VALUE     must equal what the host computes
#   measure: NAME VALUE   judged by tests/boot/run_boot.py
#   dmesg: LINE           the kernel's log, with the priority of each line
# `BIN` is the directory of busybox and the programs; `MIB` is the amount of data.

BIN=${BIN:-/bin}
MIB=${MIB:-64}
PATH=$BIN
export PATH

check() { echo "check: $*"; }
sum() { sha256sum | cut -d ' ' -f 1; }
uptime_now() { cut -d ' ' -f 1 /proc/uptime; }

compression() {
  datagen "$MIB" >data
  check data.sha256 "$(sum <data)"
  gzip -c <data >data.gz
  check gzip.sha256 "$(sum <data.gz)"
  gunzip -c <data.gz >copy
  check gunzip.sha256 "$(sum <copy)"
  cmp data copy && check gunzip.cmp equal
  check md5 "$(md5sum <data | cut -d ' ' -f 1)"
  rm data data.gz copy
}

pipes() {
  check pipe.sort "$(seq 1 20000 | sort -rn | tail -n 5000 | sort -n | sum)"
  check pipe.sed "$(seq 1 20000 | sed -e 's/7/seven/g' | grep -c seven)"
  check pipe.xargs "$(seq 1 500 | xargs -n 5 echo | wc -l)"
  check pipe.broken "$(yes | head -n 3 | tr '\n' ' ')"
}

floating_point() {
  fpmath exact
  fpmath hardware
  for process in 1 2 3 4; do
    fpmath churn 10000000 >"churn.$process" &
  done
  wait
  for process in 1 2 3 4; do
    sed "s/fp.churn/fp.churn.$process/" "churn.$process"
  done
  awk 'BEGIN {
    for (i = 1; i <= 2000; i++) harmonic += 1 / i
    for (x = 2, i = 0; i < 40; i++) x = (x + 2 / x) / 2
    for (term = 1, i = 1; i < 30; i++) { e += term; term /= i }
    printf "check: awk.harmonic %.17g\ncheck: awk.newton %.17g\n", harmonic, x
    printf "check: awk.exponential %.17g\ncheck: awk.format %e %g\n", e, 1e-5 / 3, 1e17 + 0.25
    printf "check: awk.integers %d %d\n", 2147483647 * 3 / 3, -7 % 3
  }'
}

signals() {
  sh -c 'trap "exit 7" TERM; while :; do sleep 1; done' &
  sleep 1
  kill -TERM $!
  wait $!
  check signal.trap $?
  sleep 100 &
  kill -KILL $!
  wait $! 2>/dev/null
  check signal.kill $?
  check signal.self $(sh -c 'trap "echo caught" USR1; kill -USR1 $$; echo done')
  timeout 1 sleep 50
  check signal.timeout $?
  for child in 1 2 3 4 5; do (exit "$child") & eval "pid$child=$!"; done
  statuses=
  for child in 1 2 3 4 5; do eval "wait \$pid$child"; statuses="$statuses $?"; done
  check fork.wait $statuses
}

files() {
  mkdir -p a/b/c && echo text >a/b/c/file && mv a/b a/d && ln -s d/c/file a/link
  check file.link "$(cat a/link)"
  dd if=/dev/zero of=a/hole bs=1 count=1 seek=1048575 2>/dev/null
  check file.size "$(stat -c %s a/hole)"
  chmod 640 a/hole
  check file.mode "$(stat -c %a a/hole)"
  check file.list "$(find a | sort | tr '\n' ' ')"
  rm -r a
  [ -e a ] || check file.removed yes
}

execs() {
  count=0
  while [ "$count" -lt 1000 ]; do
    "$BIN/true" || break
    count=$((count + 1))
  done
  check exec.count "$count"
}

timed() {
  begin=$(uptime_now)
  "$@"
  echo "measure: seconds.$1 $(awk -v a="$begin" -v b="$(uptime_now)" 'BEGIN { print b - a }')"
}

portable() {
  timed files
  timed pipes
  timed signals
  timed processes
  timed floating_point
  timed execs
  timed compression
}

system() {
  echo "measure: cpu $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo)"
  echo "measure: flags $(sed -n 's/^flags[^:]*: //p' /proc/cpuinfo)"
  echo "measure: kernel $(uname -r) $(uname -m)"
  echo "measure: memory_kib $(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)"
  echo "measure: clocksource $(cat /sys/devices/system/clocksource/*/current_clocksource)"
  echo "measure: date $(date +%s)"
  timed sleep 2
}

work=$(mktemp -d)
cd "$work" || exit 1
if [ "$1" = --portable ]; then
  portable
else
  # Kernel messages would mix with the results; they are all in the log that is printed last.
  dmesg -n 1
  system
  portable
  sed 's/^/info: /' /proc/interrupts
  dmesg -r | sed 's/^/dmesg: /'
fi
cd / && rm -rf "$work"
echo "check: end reached"
