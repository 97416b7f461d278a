# SPDX-License-Identifier: GPL-2.0-or-later
"""From 20x3 to 300x100: the sick listener is on the screen, and nothing lies over another."""
import re
import socket
import unicodedata

import netns
import screen

SIZES = [(80, 24), (140, 40), (200, 60), (45, 12), (20, 3)]
# Headers have a shorter form where there is little room.
SHORT = {"LOCAL ADDRESS": "ADDRESS", "ACCEPT QUEUE": "QUEUE", "SYN QUEUE": "SYN"}

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
        self.assertEqual(len(lines), rows)
        for line in lines:
            self.assertLessEqual(width(line), cols, line)
        # An address may be cut in its middle.
        mine = [line for line in lines if re.match(rf"!!? .*{self.ill.port}(?!\d)", line)]
        self.assertEqual(len(mine), 1, "lines of the sick listener")
        self.assertRegex(mine[0], r"(?<!\S)3/3\b")
        if rows >= 8:
            self.assertRegex(lines[0], r"\b1 full\b.*LIVE *$")
        if rows < 5:
            return None
        table = screen.parse_list(lines)
        self.assertEqual((table[0].mark, table[0].length, table[0].capacity), ("!", "3", "3"))
        # Those below it that there is room for, none of them twice.
        others = [row.line for row in table[1:]]
        self.assertEqual(len(set(others)), len(others))
        self.assertTrue(others)
        if cols >= 80 and rows >= 24:
            self.assertEqual(table[0].address, screen.at(self.ill))
            self.assertEqual({row.address for row in table[1:]},
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
        """Columns come with width, and none goes; the queue with its numbers is always there, and
        what has happened to it lately is among the last to go."""
        terminal = self.screen("-d", "0.2", cols=20, rows=24)
        seen = []

        def check(lines, cols):
            rows = self.check_lines(lines, cols, 24)
            found = {SHORT.get(header, header) for header in rows[0].cells}
            for least, names in ((20, {"QUEUE"}), (45, {"LAST"}), (60, {"ADDRESS", "PROCESS"}),
                                 (80, {"STATE", "SYN", "OVER/S"}), (140, {"SINCE", "WHY"})):
                if cols >= least:
                    self.assertLessEqual(names, found, cols)
            if cols >= 100:
                self.assertRegex(rows[0].line, "(█+) .*3/3 +░+ +0/", "a meter of the SYN queue")
            if cols >= 140:
                self.assertRegex(rows[0].why, r"^[a-z-]+(,[a-z-]+)*( \+\d)?$", "no word is cut")
                self.assertTrue(rows[0].since)
            return found
        for cols in 20, 32, 45, 60, 80, 100, 120, 140, 160, 200, 300:
            terminal.resize(cols, 24)
            seen.append(terminal.settle(lambda lines, cols=cols: check(lines, cols)))
        for small, large in zip(seen, seen[1:]):
            self.assertLessEqual(small - {""}, large)

    def test_layout_does_not_depend_on_the_data(self):
        """Columns stand where they stand, whatever comes and goes."""
        for cols in 80, 140:
            terminal = self.screen("-d", "0.2", cols=cols, rows=40)
            self.check(terminal)
            headers = [re.sub(r"LAST.*?(?=  |$)", "LAST", line) for line in terminal.lines()
                       if "LOCAL ADDRESS" in line]
            before = [word.start() for word in re.finditer(r"\S+", headers[0])]
            long = self.listener("::", 60000, backlog=4000)
            clients = self.queue(long, 150)
            self.overflow(self.ill, 200)
            terminal.shows(lambda view: self.assertRegex(view.text, r"150/4001"))
            header = next(line for line in terminal.lines() if "LOCAL ADDRESS" in line)
            header = re.sub(r"LAST.*?(?=  |$)", "LAST", header)
            self.assertEqual([word.start() for word in re.finditer(r"\S+", header)], before)
            for client in clients:
                client.close()
            long.close()
            terminal.close()

    def test_big_screens_are_used(self):
        """With five listeners as with fifty."""
        for count in 0, 45:
            for i in range(count):
                self.listener(f"127.0.3.{i + 1}")
            for cols, rows in (140, 40), (200, 60):
                terminal = self.screen("-d", "0.2", cols=cols, rows=rows)
                terminal.see("What happened")
                terminal.see("Who waits")
                lines = [line for line in terminal.lines() if line.strip("│ ")]
                self.assertGreater(len(lines), rows * 3 // 5)
                terminal.close()

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
        for keys in (["?"], ["c"], ["Enter"], ["Enter", "Tab"], ["e"], ["F6"], ["/"], ["d"]):
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
        """It costs no other its place; the address is cut in its middle."""
        address = "2001:db8:1111:2222:3333:4444:5555:6666"
        netns.address(f"{address}/128")
        self.listener(address, 65432)
        terminal = self.screen("-d", "0.2")
        terminal.shows(lambda view: (
            self.assertTrue(any(re.match(r"\[20.*….*:65432$", row.address)
                                for row in view.rows), view.rows),
            self.assertLessEqual({"PROCESS", "ACCEPT QUEUE", "LAST"}, set(view.rows[0].cells))))
        # The whole of it is in the panel.
        terminal.keys("End")
        terminal.see(f"[{address}]:65432")

    def test_more_listeners_than_lines(self):
        """The list ends where the screen does, and scrolls with the cursor."""
        many = [self.ill, *self.well, *(self.listener("127.0.1.1") for _ in range(30))]
        terminal = self.screen("-d", "0.2", cols=45, rows=12)
        terminal.see(screen.at(self.ill))
        places = {str(listener.port) for listener in many}
        page = len(terminal.list())
        self.assertIn(page, range(3, 12))
        seen = set()
        terminal.keys("Home")
        while seen != places:
            rows = [row.address.rpartition(":")[2] for row in terminal.list()]
            self.assertEqual(len(rows), page)
            self.assertTrue(set(rows) - seen, "nothing new on the next page")
            seen.update(rows)
            if seen != places:
                terminal.keys("NPage")
                terminal.wait("the next page",
                              lambda lines: set(rows) != {r.address.rpartition(":")[2] for r in
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

        def check(view):
            rows = {row.address: row for row in view.rows}
            self.assertIn("@alpha@{90}", rows)
            row = view.rows[0]
            self.assertRegex(row.address, r"^(@.*)?….*/app$")
            self.assertEqual((row.mark, row.length, row.capacity), ("!", "1", "1"))
        terminal.shows(check)
        # The page of a listener is where its name is whole.
        terminal.keys("Home", "Enter")
        terminal.see("Esc Back")
        lines = terminal.lines()
        for _ in range(4):
            terminal.keys("NPage")
            lines += terminal.wait("another page", lambda now, lines=lines: now != lines[-24:])
        self.assertIn("@" + long[1:], "".join(line.strip() for line in lines))
