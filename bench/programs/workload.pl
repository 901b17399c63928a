# SPDX-License-Identifier: Apache-2.0
# Regular expressions, hashes and sorting over a text.
use strict;
my (%count, %pairs);
my ($numbers, $previous) = (0, '');
while (<>) {
  while (/\b([a-z]+)\b/g) {
    $count{$1}++;
    $pairs{"$previous $1"}++ if length $1 > 6;
    $previous = $1;
  }
  $numbers += $1 while s/(\d+)//;
  tr/a-z/A-Z/;
}
my @most = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
print "$_ $count{$_}\n" for @most[0 .. 20];
print scalar(keys %pairs), " $numbers\n";
