# SPDX-License-Identifier: GPL-2.0-or-later
"""What `tmux capture-pane -e` writes, as cells: a character and the ink it is in."""
import re
import unicodedata
from typing import NamedTuple, Optional

SGR = re.compile(r"\033\[([\d;:]*)m|\033\(.|[\016\017]|\033\][^\007\033]*(?:\007|\033\\)")

COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]


class Ink(NamedTuple):
    """A colour is None, the terminal's own, or a number of the 256."""
    fg: Optional[int] = None
    bg: Optional[int] = None
    bold: bool = False
    dim: bool = False
    underline: bool = False
    reverse: bool = False

    @property
    def text(self):
        """The colour that the text has on the screen; None: that of the terminal."""
        return self.bg if self.reverse else self.fg

    @property
    def ground(self):
        """The colour behind it."""
        return self.fg if self.reverse else self.bg

    @property
    def marked(self):
        """Does it stand on a ground that is not the terminal's?"""
        return self.reverse or self.bg is not None

    @property
    def words(self):
        """'bright red', 'white on red', 'dim', 'reverse', 'plain': as one would say it."""
        said = []
        if self.text is not None:
            said += [name(self.text, self.bold and self.ground is None)]
        elif self.bold:
            said += ["bold"]
        if self.ground is not None:
            said += ["on", name(self.ground)]
        elif self.reverse:
            said += ["reverse"]
        if self.dim:
            said = ["dim", *said]
        return " ".join(said) or "plain"


def rgb(colour):
    """(red, green, blue) of one of the 256, as an xterm has them."""
    if colour in (7, 8):
        return (229 if colour == 7 else 127,) * 3
    if colour < 16:
        return tuple((255 if colour > 8 else 205) * (colour >> bit & 1) for bit in range(3))
    if colour >= 232:
        return (8 + (colour - 232) * 10,) * 3
    levels = [0, 95, 135, 175, 215, 255]
    return tuple(levels[(colour - 16) // step % 6] for step in (36, 6, 1))


def name(colour, bold=False):
    """A plain word for one of the 256. Bold makes the first eight of them bright, and all easier to
    see."""
    parts = rgb(colour)
    least, most = min(parts), max(parts)
    if most - least < 40:
        return "black" if most < 50 else "grey" if most < 200 else "white"
    word = COLOURS[sum(1 << bit for bit, part in enumerate(parts) if 2 * part > least + most)]
    return f"bright {word}" if most == 255 or bold else word


class Cell(NamedTuple):
    char: str
    ink: Ink


def change(ink, parameters):
    """The ink after an SGR sequence."""
    words = [int(word or 0) for word in re.split("[;:]", parameters)]
    while words:
        word = words.pop(0)
        if word == 0:
            ink = Ink()
        elif word in (1, 2, 4, 7):
            ink = ink._replace(**{{1: "bold", 2: "dim", 4: "underline", 7: "reverse"}[word]: True})
        elif word in (21, 22):
            ink = ink._replace(bold=False, dim=False)
        elif word == 24:
            ink = ink._replace(underline=False)
        elif word == 27:
            ink = ink._replace(reverse=False)
        elif word in (38, 48) and len(words) >= 2 and words[0] == 5:
            ink = ink._replace(**{"fg" if word == 38 else "bg": words[1]})
            del words[:2]
        elif word in (39, 49):
            ink = ink._replace(**{"fg" if word == 39 else "bg": None})
        else:
            for first, target, colour in ((30, "fg", 0), (40, "bg", 0), (90, "fg", 8),
                                          (100, "bg", 8)):
                if first <= word < first + 8:
                    ink = ink._replace(**{target: word - first + colour})
    return ink


def width(char):
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def parse(lines):
    """[[Cell]] of lines with escapes: a list as long as the text of each line. tmux carries the ink
    from one line to the next. Of a wide character the second cell is ''."""
    ink, found = Ink(), []
    for line in lines:
        row, at = [], 0
        while at < len(line):
            escape = SGR.match(line, at)
            if escape:
                if escape[1] is not None:
                    ink = change(ink, escape[1])
                at = escape.end()
                continue
            char = line[at]
            at += 1
            wide = width(char)
            if not wide and row:
                row[-1] = row[-1]._replace(char=row[-1].char + char)
                continue
            row.append(Cell(char, ink))
            if wide == 2:
                row.append(Cell("", ink))
        found.append(row)
    return found
