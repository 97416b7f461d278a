# SPDX-License-Identifier: GPL-2.0-or-later
"""Which terminal it is, what letters and colours it has, and whether it is one at all."""
import os
import pty
import re
import subprocess
import unittest

import listenq
import netns
import screen
from terminal import Terminal


def inks(view):
    """All on the screen, in words."""
    return {ink for number in range(len(view.lines)) for ink in view.inks(number)}


def grounds(view):
    """Colours behind letters."""
    return {ink.split(" on ")[1] for ink in inks(view) if " on " in ink}


def colours(view):
    return {ink for ink in inks(view) if set(ink.split()) - {"plain", "bold", "dim", "reverse"}}


class Terminals(screen.Case):
    def draws(self, **kwargs):
        """The list stands there; returns the screen."""
        ill = self.sick()
        terminal = self.screen("-d", "0.2", **kwargs)

        def check(view):
            row = view.row(screen.at(ill))
            self.assertEqual((row.mark, row.state, row.length, row.capacity),
                             ("!", "full", "3", "3"))
            self.assertRegex(view.title, r"^ listenq .*\b1 full\b.*LIVE *$")
            self.assertRegex(view.lines[-1], r"^F1Help .*F10Quit")
        terminal.shows(check)
        terminal.keys("?")
        terminal.see("listenq: keys")
        terminal.keys("Escape")
        terminal.see("LIVE")
        return terminal

    def ends(self, terminal):
        terminal.keys("q")
        self.assertEqual(terminal.ended(), 0)

    def test_xterm_256color(self):
        self.ends(self.draws(term="xterm-256color"))

    def test_screen(self):
        self.ends(self.draws(term="screen"))

    def test_linux(self):
        self.ends(self.draws(term="linux"))

    def test_vt100(self):
        terminal = self.draws(term="vt100")
        self.assertEqual(colours(terminal.view()), set())
        self.ends(terminal)

    def refused(self, term, why):
        terminal = self.screen("-d", "0.2", term=term, start=False)
        terminal.begin()
        self.assertEqual(terminal.ended(), 2)
        said = [line for line in terminal.lines() if line and not line.startswith("$")]
        self.assertRegex(said[0], rf"^listenq: --top .*{why}")
        self.assertIn("listenq --watch", said[1])
        self.assertEqual(len(said), 3, said)

    def test_dumb(self):
        self.refused("dumb", "'dumb': it cannot move its cursor")

    def test_unknown(self):
        self.refused("nothing-like-it", "does not know the terminal 'nothing-like-it'")

    def test_unset(self):
        self.refused(None, "TERM is not set")

    def test_empty(self):
        self.refused("", "TERM is not set")


class WithoutNcurses(screen.Case):
    # A library that is no library stands for one that is not there.
    HIDE = ["unshare", "-m", "sh", "-ec", """
        for library in $(PATH=$PATH:/sbin ldconfig -p | sed -n 's/.*=> \\(.*libncursesw.*\\)/\\1/p')
        do mount --bind /dev/null "$library"
        done
        exec "$@" """, "sh"]

    def test_view(self):
        """It says what it lacks, and what works without it."""
        terminal = Terminal(prefix=self.HIDE)
        self.addCleanup(terminal.close)
        terminal.await_output(rb"\n")
        self.assertRegex(terminal.output, rb"^listenq: --top needs ncurses: [^:]*libncursesw\.so\.\d: "
                         rb"[^\n]*; install it, or use --watch\r\n$")
        self.assertEqual(terminal.process.wait(), 1)

    def test_report(self):
        """Nothing else needs it."""
        self.sick()
        done = subprocess.run([*self.HIDE, listenq.program(), "-d", "0", "-H"],
                              stdout=subprocess.PIPE, check=True, timeout=listenq.TIMEOUT)
        self.assertIn(b"full", done.stdout)


class Letters(screen.Case):
    def ascii_everywhere(self, *args, **kwargs):
        ill = self.sick()
        self.listener("127.0.0.2", backlog=8)
        terminal = self.screen("-d", "0.2", *args, cols=140, rows=40, **kwargs)
        terminal.shows(lambda view: self.assertRegex(
            view.row(screen.at(ill)).line, r"#{5,} +100% +3/3 "))
        for keys in ([], [">", "I"], ["/"], ["Escape", "?"], ["Escape", "c"], ["Escape", "F6"],
                     ["Escape", "e"], ["Escape", "Enter"], ["End"]):
            if keys:
                before = terminal.text()
                terminal.keys(*keys)
                terminal.wait("another screen", lambda lines: "\n".join(lines) != before)
            text = terminal.text()
            self.assertTrue(text.isascii(), [c for c in text if not c.isascii()])
        terminal.keys("Escape")
        terminal.see("LIVE")
        terminal.resize(60, 24)
        terminal.wait("the other size", lambda lines: len(lines[0]) <= 60)
        self.assertTrue(terminal.text().isascii())

    def test_ascii_option(self):
        self.ascii_everywhere("--ascii")

    def test_c_locale(self):
        self.ascii_everywhere(locale="C")

    def test_utf8(self):
        ill = self.sick()
        terminal = self.screen("-d", "0.2", cols=100)
        terminal.shows(lambda view: self.assertRegex(
            view.row(screen.at(ill)).line, r"█{5,} +100% +3/3 "))
        self.assertRegex(terminal.view().lines[terminal.view().header], "▼")
        self.assertNotIn("###", terminal.text())


class Colours(screen.Case):
    """With every severity on the screen, on each page."""
    PAGES = ([], ["?"], ["Escape", "c"], ["Escape", "F6"], ["Escape", "e"], ["Escape", "Enter"],
             ["Escape", "/"])

    def pages(self, *args, **kwargs):
        """{keys: View}"""
        self.sick()
        high = self.listener("127.0.0.2", backlog=9)
        self.queue(high, 8)
        critical = self.sick(1)
        self.syns(critical, 3)
        terminal = self.screen("-d", "60", *args, cols=140, rows=40, **kwargs)
        self.overflow(critical, 2)
        terminal.keys("Space")
        terminal.settle(lambda lines: self.assertEqual(
            [row.mark for row in screen.parse_list(lines)], ["!!", "!", "~"]))
        found = {}
        for keys in self.PAGES:
            before = terminal.text()
            if keys:
                terminal.keys(*keys)
                terminal.wait("another screen", lambda lines: "\n".join(lines) != before)
            found[" ".join(keys)] = terminal.view()
        return found

    def test_of_256(self):
        self.check_on(self.pages())

    def test_of_8(self):
        self.check_on(self.pages(term="screen"))

    def check_on(self, pages):
        rows = pages[""].rows
        self.assertEqual(pages[""].inks(rows[0].number), {"white on red"})
        self.assertEqual({ink.split(" on ")[1] for ink in pages[""].inks(rows[0].number)}, {"red"})
        self.assertIn("cyan", pages[""].inks(rows[2].number, 0, 2).pop())
        for page, view in pages.items():
            with self.subTest(page=page):
                for ink in inks(view):
                    # What neither a dark nor a light screen shows well.
                    self.assertNotRegex(ink, r"blue|^red$|^black$|^white$|on (white|black)")
                    # Grounds have a text of their own.
                    self.assertNotRegex(ink, "^(plain|bold) on ")

    def off(self, *args, **environment):
        for page, view in self.pages(*args, **environment).items():
            with self.subTest(page=page):
                self.assertEqual(colours(view), set())
                # Bold and reversed are not colours, and mark the cursor and titles.
                self.assertTrue({"bold", "reverse"} & inks(view) or any(
                    "bold" in ink for ink in inks(view)))
                if not page:
                    self.assertIn("reverse", " ".join(view.inks(view.rows[0].number)))
                    self.assertNotIn("reverse", " ".join(view.inks(view.rows[1].number)))
                    self.assertNotEqual(view.inks(view.header), view.inks(view.rows[0].number))

    def test_no_color(self):
        self.off(NO_COLOR="1")

    def test_never(self):
        self.off("--color=never")

    def test_vt100(self):
        self.off(term="vt100")

    def test_always_beats_no_color(self):
        self.check_on(self.pages("--color=always", NO_COLOR="1"))


class NoTerminal(unittest.TestCase):
    def setUp(self):
        netns.enter()
        master, self.tty = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, self.tty)

    def refused(self, *args, **streams):
        result = listenq.run(*args, code=2, env=dict(os.environ, TERM="xterm"), **streams)
        self.assertEqual(result.out, "")
        self.assertEqual(len(result.err.splitlines()), 2, result.err)
        return result.err

    def test_input(self):
        for option in "--top", "-T":
            why = self.refused(option, stdout=self.tty)
            self.assertRegex(why, r"\Alistenq: --top needs a terminal on standard input\n"
                                  r".*'listenq --watch'")

    def test_output(self):
        why = self.refused("--top", stdin=self.tty)
        self.assertRegex(why, r"\Alistenq: --top needs a terminal on standard output\n"
                              r".*'listenq --watch'")

    def test_neither(self):
        self.assertIn("listenq --watch", self.refused("--top"))

    def test_excluded(self):
        for other, said in (("--json", "other formats"), ("--watch", "--watch"),
                            ("--count=2", "--count"), ("--output-file=/dev/null", "--output-file")):
            with self.subTest(other=other):
                why = self.refused("--top", other, stdin=self.tty)
                self.assertRegex(why, rf"\Alistenq: --top excludes .*{said}")
                self.assertIn("--help", why)

    def test_without_a_window(self):
        for delay in "0", "0.0":
            self.assertIn("--delay above 0", self.refused("--top", "-d", delay, stdin=self.tty))

    def test_mouse_alone(self):
        self.assertRegex(self.refused("--mouse"), r"\Alistenq: --mouse goes with --top\n")
