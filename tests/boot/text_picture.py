# SPDX-License-Identifier: Apache-2.0
"""The guest's text screen as `--display terminal` draws it: the few escape sequences that it uses."""

import re

_PIECE = re.compile(r'\x1B\[(\d+);(\d+)H|(\x1B\[2J)|\x1B\[[?\d;]*[A-Za-z]|([^\x1B])')


class TextPicture:
    def __init__(self, rows=25, columns=80):
        self.rows = [[' '] * columns for _ in range(rows)]
        self._row = self._column = 0
        self._rest = ''

    def feed(self, text):
        """Takes what was printed; a sequence may be cut anywhere."""
        text = self._rest + text
        position = 0
        while match := _PIECE.match(text, position):
            position = match.end()
            row, column, clear, character = match.groups()
            if row:
                self._row, self._column = int(row) - 1, int(column) - 1
            elif clear:
                self.rows = [[' '] * len(row) for row in self.rows]
            elif character and character >= ' ' and self._column < len(self.rows[0]):
                self.rows[self._row][self._column] = character
                self._column += 1
        self._rest = text[position:]

    def lines(self):
        return [''.join(row) for row in self.rows]
