# SPDX-License-Identifier: GPL-2.0-or-later
"""Which terminal it is, what letters and colours it has, and whether it is one at all."""
import os
import pty
import re
import unittest

import listenq
import netns
import screen

# Parameters of SGR that choose a background, and the inks that one background or the other hides.
BACKGROUNDS = {*range(40, 48), 48, *range(100, 108)}
UNREADABLE = {33, 34, 93, 94}


def sgr(text):
    """Every number that the colours and attributes of a screen are made of; what chooses a colour
    by its number stays one."""
    found = []
    for parameters in re.findall(r"\033\[([\d;:]*)m", text):
        found += [int(n) for n in re.split("[;:]", re.sub(r"([34]8)[;:][\d;:]*", r"\1",
                                                          parameters)) if n]
    return found


def colours(numbers):
    """Those of sgr() that are colours, but for the terminal's own."""
    return [n for n in numbers if n >= 30 and n not in (39, 49)]


class Terminals(screen.Case):
    def draws(self, **kwargs):
        """The list stands there; returns the screen."""
        ill = self.sick()
        terminal = self.screen("-d", "0.2", **kwargs)
        terminal.wait("the sick listener", lambda lines: any(
            re.match(rf"! +{re.escape(screen.at(ill))} +\S+ +3 +2 +100% ", line) for line in lines))
        lines = terminal.lines()
        self.assertRegex(lines[0], r"^listenq .*\[LIVE\]$")
        self.assertRegex(lines[screen.find_header(lines)],
                         r"SEV\S? +LOCAL ADDRESS +PROCESS +QUEUED +LIMIT +FILL ")
        self.assertRegex(lines[-1], r"^q Quit \? Help ")
        terminal.keys("?")
        terminal.see("listenq: keys")
        terminal.keys("Escape")
        terminal.see("[LIVE]")
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
        self.assertEqual(colours(sgr(terminal.text(escapes=True))), [])
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


class Letters(screen.Case):
    def ascii_everywhere(self, *args, **kwargs):
        ill = self.sick()
        self.listener("127.0.0.2", backlog=8)
        terminal = self.screen("-d", "0.2", *args, cols=140, rows=40, **kwargs)
        terminal.wait("a full meter", lambda lines: any(re.match(
            rf"! +{screen.at(ill)} +\S+ +3 +2 +100% ######## ", line) for line in lines))
        for keys in ([], [">", "I"], ["/"], ["Escape", "?"], ["End"], ["Escape", "c"],
                     ["Escape", "Enter"]):
            if keys:
                before = terminal.text()
                terminal.keys(*keys)
                terminal.wait("another screen", lambda lines: "\n".join(lines) != before)
            text = terminal.text()
            self.assertTrue(text.isascii(), [c for c in text if not c.isascii()])
        terminal.keys("Escape")
        terminal.see("[LIVE]")
        # What is too long shows where it was cut, in ASCII as well.
        terminal.resize(80, 24)
        terminal.wait("a cut text", lambda lines: any(line.endswith(">") for line in lines))
        self.assertTrue(terminal.text().isascii())

    def test_ascii_option(self):
        self.ascii_everywhere("--ascii")

    def test_c_locale(self):
        self.ascii_everywhere(locale="C")

    def test_utf8(self):
        ill = self.sick()
        terminal = self.screen("-d", "0.2", cols=100)
        terminal.see(screen.at(ill))
        terminal.see("████████")
        terminal.see("SEV▼")
        terminal.see("…")
        self.assertNotIn("####", terminal.text())


class Colours(screen.Case):
    def seen(self, *args, **kwargs):
        """The numbers of colours and attributes on each page, with every severity on it."""
        self.sick()
        high = self.listener("127.0.0.2", backlog=9)
        self.queue(high, 8)
        critical = self.sick(1)
        self.syns(critical, 3)
        terminal = self.screen("-d", "60", *args, cols=140, rows=40, **kwargs)
        self.overflow(critical, 2)
        terminal.keys("Space")
        terminal.settle(lambda lines: self.assertEqual(
            [row["SEV"] for row in screen.parse_list(lines)], ["!!", "!", "~"]))
        found = {}
        for keys in ([], ["?"], ["Escape", "c"], ["Escape", "Enter"], ["Escape", "/"]):
            before = terminal.text()
            terminal.keys(*(keys or ["o"]))
            terminal.wait("another screen", lambda lines: "\n".join(lines) != before)
            found["".join(keys)] = sgr(terminal.text(escapes=True))
        return found

    def test_on(self):
        found = self.seen()
        self.assertIn(31, found[""], "what is critical is red")
        for page, numbers in found.items():
            with self.subTest(page=page):
                self.assertEqual(BACKGROUNDS & set(numbers), set())
                self.assertEqual(UNREADABLE & set(numbers), set())
                self.assertTrue(all(n in range(30, 38) for n in colours(numbers)), numbers)

    def off(self, *args, **environment):
        for page, numbers in self.seen(*args, **environment).items():
            with self.subTest(page=page):
                self.assertEqual(colours(numbers), [])
                # Bold and reversed are not colours, and mark the cursor and titles.
                self.assertTrue({1, 7} & set(numbers))

    def test_no_color(self):
        self.off(NO_COLOR="1")

    def test_never(self):
        self.off("--color=never")

    def test_always_beats_no_color(self):
        self.assertIn(31, self.seen("--color=always", NO_COLOR="1")[""])


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
        for other in (["--json"], ["--watch"], ["--count=2"], ["--output-file=/dev/null"]):
            with self.subTest(other=other):
                why = self.refused("--top", *other, stdin=self.tty)
                self.assertRegex(why, r"\Alistenq: --top excludes .*" + other[0].split("=")[0])
                self.assertIn("--help", why)

    def test_without_a_window(self):
        for delay in "0", "0.0":
            self.assertIn("--delay above 0", self.refused("--top", "-d", delay, stdin=self.tty))

    def test_mouse_alone(self):
        self.assertRegex(self.refused("--mouse"), r"\Alistenq: --mouse goes with --top\n")
