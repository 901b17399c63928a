# SPDX-License-Identifier: Apache-2.0
# An interpreter at work: objects, dictionaries, strings, integers without bound, floating point.


class Body:
    def __init__(self, position, velocity, mass):
        self.position, self.velocity, self.mass = position, velocity, mass


def orbit(steps):
    bodies = [Body([i * 1.5, 0.5 - i, i * 0.25], [0.1 * i, 0.3, -0.2 * i], 1.0 + i)
              for i in range(5)]
    for _ in range(steps):
        for i, one in enumerate(bodies):
            for other in bodies[i + 1:]:
                apart = [a - b for a, b in zip(one.position, other.position)]
                pull = 0.001 / (sum(a * a for a in apart) + 0.01) ** 1.5
                for axis in range(3):
                    one.velocity[axis] -= apart[axis] * other.mass * pull
                    other.velocity[axis] += apart[axis] * one.mass * pull
        for body in bodies:
            for axis in range(3):
                body.position[axis] += 0.001 * body.velocity[axis]
    return sum(body.position[0] for body in bodies)


def queens(row, columns, left, right, size):
    if row == size:
        return 1
    found = 0
    for column in range(size):
        if column not in columns and row + column not in left and row - column not in right:
            found += queens(row + 1, columns | {column}, left | {row + column},
                            right | {row - column}, size)
    return found


def words(count):
    seen = {}
    for i in range(count):
        word = 'w%x' % (i * 7919 % 5003)
        seen[word] = seen.get(word, 0) + len(word)
    return sorted(seen.items())[:3], ','.join(sorted(seen))[-20:]


print(round(orbit(2500), 6), queens(0, frozenset(), frozenset(), frozenset(), 7), words(150000),
      pow(3, 20000) % 10**40)
