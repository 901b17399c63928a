-- SPDX-License-Identifier: Apache-2.0
-- Calls, tables, strings and floating point in a small interpreter.
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end

local function sieve(limit)
  local composite, primes = {}, 0
  for i = 2, limit do
    if not composite[i] then
      primes = primes + 1
      for j = i * i, limit, i do composite[j] = true end
    end
  end
  return primes
end

local function mandelbrot(size)
  local inside = 0
  for y = 0, size - 1 do
    for x = 0, size - 1 do
      local cr, ci, zr, zi, n = 2.0 * x / size - 1.5, 2.0 * y / size - 1.0, 0.0, 0.0, 0
      while n < 40 and zr * zr + zi * zi < 4.0 do
        zr, zi, n = zr * zr - zi * zi + cr, 2.0 * zr * zi + ci, n + 1
      end
      if n == 40 then inside = inside + 1 end
    end
  end
  return inside
end

local parts = {}
for i = 1, 20000 do parts[i] = string.format("%d:%s", i * 31 % 1009, ("x"):rep(i % 7)) end
table.sort(parts)
print(fib(29), sieve(700000), mandelbrot(260), #table.concat(parts, ","):gsub("x+", "y"))
