# SPDX-License-Identifier: GPL-2.0-or-later
"""From 20x3 to 300x100: the sick listener is on the screen, and nothing lies over something else."""
import re
import socket
import unicodedata

import netns
import screen

SIZES = [(80, 24), (140, 40), (200, 60), (45, 12), (20, 3)]
TINY = (1, 1)
HUGE = (300, 100)


def width(line):
    return sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in line)


class Sizes(screen.Case):
    def setUp(self):
        super().setUp()
        self.ill = self.sick()
        self.well = [self.listener(f"127.0.0.{i}", backlog=20) for i in range(2, 6)]

    def check(self, terminal):
        """What has to be true of every size; returns the rows of the list, None without one."""
        return terminal.settle(lambda lines: self.check_lines(lines, terminal.cols, terminal.rows))

    def check_lines(self, lines, cols, rows):
        where = screen.at(self.ill)
        self.assertEqual(len(lines), rows)
        if rows >= 8:
            self.assertTrue(lines[0].endswith("[LIVE]") and width(lines[0]) == cols, lines[0])
        for line in lines:
            self.assertLessEqual(width(line), cols, line)
        mine = [line for line in lines if re.match(rf"!!? +{re.escape(where)}( |$)", line)]
        self.assertEqual(len(mine), 1, "lines of the sick listener")
        if rows < 5:
            return None
        table = screen.parse_list(lines)
        self.assertEqual((table[0]["SEV"], table[0]["LOCAL ADDRESS"]), ("!", where))
        self.assertEqual({row["LOCAL ADDRESS"] for row in table[1:]},
                         {screen.at(listener) for listener in self.well})
        return table

    def await_tiny(self, terminal):
        """What was there is gone: nothing is useful, and curses cannot do with one column."""
        terminal.wait("an empty screen", lambda lines: not lines[0].strip())

    def test_each_from_its_start(self):
        for cols, rows in SIZES:
            with self.subTest(size=f"{cols}x{rows}"):
                terminal = self.screen("-d", "0.2", cols=cols, rows=rows)
                self.check(terminal)
                terminal.keys("q")
                self.assertEqual(terminal.ended(), 0)
                terminal.close()

    def test_size_is_that_of_the_terminal(self):
        """A shell may have exported that of another one."""
        terminal = self.screen("-d", "0.2", COLUMNS="60", LINES="15")
        self.check(terminal)
        terminal.resize(100, 30)
        self.check(terminal)

    def test_more_room_shows_more(self):
        terminal = self.screen("-d", "0.2", cols=20, rows=3)
        seen = {}
        for cols, rows in sorted(SIZES)[1:]:
            terminal.resize(cols, rows)
            seen[cols] = set(self.check(terminal)[0])
        self.assertLess(seen[45], seen[80])
        self.assertLess(seen[80], seen[140])
        self.assertLessEqual(seen[140], seen[200])
        for columns in seen.values():
            self.assertLessEqual({"SEV", "LOCAL ADDRESS", "QUEUED", "LIMIT", "WHY"}, columns)
        self.assertLessEqual({"PROCESS", "FILL", "DROPS/S"}, seen[80])
        self.assertLessEqual({"PEAK", "SYNRECV", "OVERFLOWS"}, seen[140])

    def test_resized_while_running(self):
        terminal = self.screen("-d", "0.2")
        pid = terminal.pid()
        for size in [*SIZES, *reversed(SIZES), HUGE, TINY, SIZES[0], TINY, HUGE, SIZES[-1],
                     SIZES[0]]:
            terminal.resize(*size)
            if size == TINY:
                self.await_tiny(terminal)
            else:
                self.check(terminal)
            self.assertEqual(terminal.pid(), pid)
        terminal.keys("q")
        self.assertEqual(terminal.ended(), 0)

    def test_every_page_at_every_size(self):
        """Help, columns and detail: no crash, and within the screen."""
        terminal = self.screen("-d", "0.2", cols=20, rows=3)
        for keys in (["?"], ["c"], ["Enter"], ["Enter", "Tab"], ["/"], ["d"]):
            with self.subTest(keys=keys):
                terminal.keys(*keys)
                for size in [*SIZES, TINY, HUGE, SIZES[0]]:
                    terminal.resize(*size)
                    terminal.keys("Down", "PPage", "End", "Home")
                    if size == TINY:
                        self.await_tiny(terminal)
                    else:
                        terminal.wait("something", lambda lines: "".join(lines).strip())
                terminal.keys("Escape")
                self.check(terminal)
        terminal.keys("q")
        self.assertEqual(terminal.ended(), 0)

    def test_too_wide_column(self):
        """It costs no other its place."""
        address = "2001:db8:1111:2222:3333:4444:5555:6666"
        netns.ip("addr", "add", f"{address}/128", "dev", "lo", "nodad")
        self.listener(address)
        terminal = self.screen("-d", "0.2", "-o", "+address,protocol,family", cols=84)
        terminal.settle(lambda lines: self.assertLessEqual(
            {"ADDRESS", "QUEUED", "LIMIT", "PROTO", "FAMILY"},
            set(lines[screen.find_header(lines)].split())))

    def test_more_listeners_than_lines(self):
        """The list ends where the screen does, and scrolls with the cursor."""
        many = [self.ill, *self.well, *(self.listener("127.0.1.1") for _ in range(30))]
        terminal = self.screen("-d", "0.2", cols=45, rows=12)
        terminal.see(screen.at(self.ill))
        places = {screen.at(listener) for listener in many}
        page = len(terminal.list())
        self.assertIn(page, range(3, 12))
        seen = set()
        terminal.keys("Home")
        while seen != places:
            rows = [row["LOCAL ADDRESS"] for row in terminal.list()]
            self.assertEqual(len(rows), page)
            self.assertTrue(set(rows) - seen, "nothing new on the next page")
            seen.update(rows)
            if seen != places:
                terminal.keys("NPage")
                terminal.wait("the next page",
                              lambda lines: set(rows) != {r["LOCAL ADDRESS"] for r in
                                                          screen.parse_list(lines)})


class LongNames(screen.Case):
    """Names as long as they can be cost neither a column nor a line."""

    def test_paths(self):
        long, padded = "\0" + "very/long/" * 10 + "app", "\0alpha" + "\0" * 90
        for name in long, padded:
            listener = self.own(socket.socket(socket.AF_UNIX))
            listener.bind(name)
            listener.listen(0)
            if name == long:
                self.own(socket.socket(socket.AF_UNIX)).connect(name)
        terminal = self.screen("-x", "-d", "0.2")
        terminal.settle(self.check)
        # The page of a listener is where its name is whole.
        terminal.keys("Home", "Enter")
        lines = terminal.see("Esc back")
        self.assertRegex(lines[1], r"^@very\S+…\S+long/app [^:]+: full")
        text = "".join(line.strip() for line in lines)
        self.assertIn("@" + long[1:], text)

    def check(self, lines):
        rows = {row["LOCAL ADDRESS"]: row for row in screen.parse_list(lines)}
        name, = (name for name in rows if re.match(r"@very.*….*long/app$", name))
        self.assertEqual((rows[name]["QUEUED"], rows[name]["LIMIT"]), ("1", "0"))
        self.assertIn("@alpha@{90}", rows)
        self.assertRegex("\n".join(lines), r"! 1 full: @very\S+…\S+long/app")
