# SPDX-License-Identifier: GPL-2.0-or-later
# runs-long
"""The same screen on every terminal and at every size: each is compared with what an xterm of 256
colours shows, and whatever it cannot do is done otherwise."""
import re
import time
import unicodedata

import netns
import rig
import screen

TERMS = ["vt100", "screen", "tmux-256color", "xterm", "screen-256color"]
SIZES = [(80, 24), (20, 3), (20, 24), (45, 12), (80, 10), (100, 30), (140, 40), (200, 60),
         (300, 80), (300, 5), (80, 24)]


def steady(lines):
    """All down to the panel, and the bar. What the panel says depends on when one looks."""
    rule = next((n for n, line in enumerate(lines) if re.match("(──|--) ", line)), len(lines) - 2)
    return [*lines[:rule + 1], lines[-1]]


def words(lines):
    """All but meters, lines and marks, which have two forms."""
    text = re.sub(r"…|(?<=\w)>", "~", "\n".join(screen.masked(lines)))  # where a text is cut
    text = re.sub(r"(?m)(?<=STATE)v\b|^v(?= +(LOCAL )?ADDRESS)", "", text)  # the mark of the sort
    around = re.compile(r"^[^\w!\[(-]+|[^\w!\])~]+$")
    return [[word for word in (around.sub("", part) for part in line.split())
             if any(map(str.isalnum, word))] for line in text.split("\n")]


class Matrix(screen.Case):
    def setUp(self):
        super().setUp()
        netns.established_hash(1 << 10)  # what a walk finds is never older than the rest
        # This process forks, and what it holds would have two owners for a moment.
        ill = rig.Listener(backlog=2)
        self.fill(ill, 2)
        self.ill = self.own(rig.Sleeper("gunicorn", ill))  # never seen to run
        for i in range(2, 6):
            self.own(rig.Server("nginx", rig.Listener(f"127.0.0.{i}", backlog=20), accepts=True))

    def begin(self, *args, **kwargs):
        return self.screen("-d", "600", *args, **kwargs)

    def assertWhole(self, terminal, view):
        """Lines as long as the screen at most, nothing but what can be printed, and where there is
        room for a list, rows that can be read, with the worst first and the cursor on it."""
        self.assertEqual(len(view.lines), terminal.rows)
        for line in view.lines:
            self.assertLessEqual(sum(screen.cells.width(char) for char in line), terminal.cols)
            self.assertEqual([char for char in line if unicodedata.category(char)[0] == "C"], [])
            self.assertNotIn("\ufffd", line)
        mine = [n for n, line in enumerate(view.lines)
                if re.match(r"! +\S", line) and self.is_ill(line)]
        self.assertEqual(len(mine), 1, "rows of the sick one")
        self.assertEqual(terminal.pane("cursor_flag"), "1")
        self.assertEqual(view.cursor, (mine[0], 0))
        ink = view.ink(mine[0])
        self.assertTrue(ink.reverse or ink.bg is not None, ink.words)

    def is_ill(self, line):
        """An address may be cut in the middle."""
        return re.search(rf"{self.ill.port}(?!\d)", line)

    def compare(self, one, other, sizes=SIZES):
        for terminal in one, other:
            terminal.see(f":{self.ill.port}")
        # A window shorter than 0.2 s proves nothing, and a sum of less than a second is not shown.
        rig.wait_until(time.monotonic() + 1.5)
        for terminal in one, other:
            terminal.keys("Space")
            terminal.shows(lambda view: self.assertRegex(view.title, r"\b4 ok\b"))
        for size in sizes:
            with self.subTest(size="x".join(map(str, size))):
                for terminal in one, other:
                    terminal.resize(*size)

                def same(view, size=size):
                    expected = other.view()
                    self.assertWhole(other, expected)
                    self.assertWhole(one, view)
                    self.assertEqual(self.letters(view), self.letters(expected))
                one.shows(same, deadline=3)
        for terminal in one, other:
            terminal.keys("q")
            self.assertEqual(terminal.ended(), 0)

    def letters(self, view):
        """The windows of two programs that began one after the other have as many cells of the map
        of time as they are long. All else is compared as it is."""
        return [re.sub(r"([·▁-█])\1+", r"\1", line) if line.endswith(" now") else line
                for line in screen.masked(steady(view.lines))]

    def test_terms(self):
        for term in TERMS:
            with self.subTest(term=term):
                one, other = self.begin(term=term), self.begin(term="xterm-256color")
                self.compare(one, other)
                one.close()
                other.close()

    def test_no_color(self):
        self.compare(self.begin(NO_COLOR="1"), self.begin())

    def test_no_color_on_a_vt100(self):
        self.compare(self.begin(NO_COLOR="1", term="vt100"), self.begin())

    def test_mouse(self):
        one, other = self.begin("--mouse"), self.begin()
        self.assertEqual(one.pane("mouse_any_flag"), "1")
        self.assertEqual(other.pane("mouse_any_flag"), "0")
        self.compare(one, other)


class Ascii(Matrix):
    """Without other letters meters and lines look otherwise; what is said is the same."""

    def letters(self, view):
        return words(steady(view.lines))

    def ascii(self, *args, **kwargs):
        one = self.begin(*args, **kwargs)
        self.compare(one, self.begin())
        one.close()

    def test_option(self):
        self.ascii("--ascii")

    def test_locale(self):
        self.ascii(locale="C")

    def test_terms(self):
        for term in TERMS:
            with self.subTest(term=term):
                self.ascii("--ascii", term=term)

    def test_linux(self):
        """The fonts of its console lack most of the blocks."""
        self.ascii(term="linux")

    def assertWhole(self, terminal, view):
        super().assertWhole(terminal, view)
        if terminal.ascii:
            self.assertTrue(view.text.isascii(), [c for c in view.text if not c.isascii()])

    test_no_color = test_no_color_on_a_vt100 = test_mouse = None
