# SPDX-License-Identifier: Apache-2.0
# Fields, associative arrays and numbers over a text.
{
  for (i = 1; i <= NF; i++) {
    count[$i]++
    if ($i ~ /^[0-9]+$/) { sum += $i * 0.5; square += $i * $i % 1000 }
    letters += length($i)
  }
  if (match($0, /the [a-z]+ of/)) of[substr($0, RSTART, RLENGTH)]++
}
END {
  for (word in count) if (count[word] > best) best = count[word]
  n = 0
  for (phrase in of) n++
  printf "%d %d %.1f %d %d\n", best, n, sum, square, letters
}
