# SPDX-License-Identifier: GPL-2.0-or-later
# runs-long
"""SO_REUSEPORT groups in the list: folded into a row, unfolded in place, each socket for itself."""
import re

import screen
from source import key


def limit(row):
    """Of its accept queue: of the fullest socket, if it is a group."""
    return str(int(row.capacity) - 1) if row.capacity else row.cells["LIMIT"]


class Groups(screen.Case):
    """Two groups and a listener that is alone. Each socket is known by its limit."""

    def setUp(self):
        super().setUp()
        self.first = self.group([9, 19, 29], "127.0.0.1", 8001)
        self.second = self.group([39, 49], "127.0.0.2", 8002)
        self.alone = self.listener("127.0.0.3", 8003, 5)

    def begin(self, *args, cols=120, **kwargs):
        terminal = self.screen("-d", kwargs.pop("delay", "0.2"), *args, cols=cols, **kwargs)
        self.shows(terminal, "+8001 +8002 5")
        return terminal

    def tree(self, lines):
        """Groups by their ports, sockets by their limits."""
        marks = {"folded": "+", "unfolded": "-", "member": "|", "last": "`", None: ""}
        return " ".join(
            marks[row.tree] +
            (row.address.split(":")[1] if row.tree in ("folded", "unfolded") else limit(row))
            for row in screen.parse_list(lines) if row.mark != "x")

    def shows(self, terminal, tree):
        return terminal.settle(lambda lines: self.assertEqual(self.tree(lines), tree))

    def selected(self, terminal, mark, wanted):
        """The row under the cursor: of a group by its port, of a socket by its limit."""
        terminal.shows(lambda view: self.assertEqual(
            (view.selected.tree, view.selected.address.split(":")[1] if wanted > 1000
             else limit(view.selected)), (mark, str(wanted))))

    def go(self, terminal, place):
        terminal.keys("Home", *(place * ["Down"]))

    def let_go(self, terminal):
        """To freeze the order and not ends the hold at once."""
        terminal.keys("o", "o")


class Unfolding(Groups):
    def test_enter(self):
        terminal = self.begin()
        self.shows(terminal, "+8001 +8002 5")
        for name in key("key_choose"):
            self.go(terminal, 0)
            terminal.see("Enter Unfold")
            terminal.keys(name)
            self.shows(terminal, "-8001 |9 |19 `29 +8002 5")
            terminal.see("Enter Fold ")
            self.selected(terminal, "unfolded", 8001)
            terminal.keys("Down")
            self.selected(terminal, "member", 9)
            terminal.see("Enter Detail")
            self.go(terminal, 4)
            terminal.keys(name)
            self.shows(terminal, "-8001 |9 |19 `29 -8002 |39 `49 5")
            # Samples come and go, and it stays so.
            self.queue(self.alone, 1)
            self.let_go(terminal)
            self.shows(terminal, "5 -8001 |9 |19 `29 -8002 |39 `49")
            # What was sick stays above the well.
            self.own(self.alone.accept())
            terminal.see("was !")
            self.shows(terminal, "5 -8001 |9 |19 `29 -8002 |39 `49")
            self.selected(terminal, "unfolded", 8002)
            terminal.keys(name)
            self.shows(terminal, "5 -8001 |9 |19 `29 +8002")
            self.go(terminal, 1)
            terminal.keys(name)
            self.shows(terminal, "5 +8001 +8002")

    def test_rows_are_whole(self):
        """Each socket has its own numbers, a group those of its fullest socket, and how many of its
        sockets are sick."""
        self.queue_in(self.first[1], self.first, 18)
        terminal = self.begin(cols=140)
        self.go(terminal, 0)
        terminal.keys("Enter")
        self.shows(terminal, "-8001 |19 |9 `29 +8002 5")
        rows = terminal.list()
        self.assertEqual([(row.length, row.capacity) for row in rows[:4]],
                         [("18", "20"), ("18", "20"), ("0", "10"), ("0", "30")])
        self.assertEqual([row.mark != "." for row in rows[:4]], [True, True, False, False])

    def test_arrows(self):
        terminal = self.begin()
        right, left = key("unfold")[0], key("fold")[0]
        self.go(terminal, 0)
        terminal.keys(right, right)
        self.shows(terminal, "-8001 |9 |19 `29 +8002 5")
        self.selected(terminal, "unfolded", 8001)
        # From one of its sockets as well.
        terminal.keys("Down", "Down", right)
        self.selected(terminal, "member", 19)
        terminal.keys(left)
        self.shows(terminal, "+8001 +8002 5")
        self.selected(terminal, "folded", 8001)
        terminal.keys(left)
        self.shows(terminal, "+8001 +8002 5")
        # Who is alone has nothing to unfold.
        terminal.keys("End", right, left)
        self.selected(terminal, None, 5)
        self.shows(terminal, "+8001 +8002 5")

    def test_pages(self):
        """Enter opens that of a socket, i that of the group."""
        self.queue_in(self.first[1], self.first, 4)
        terminal = self.begin(rows=60)
        terminal.see("stalled")
        cookie = self.first[1].cookie
        for name in key("toggle_detail"):
            self.go(terminal, 0)
            terminal.keys(name)
            lines = terminal.see("Sockets of the group")
            begin = next(n for n, line in enumerate(lines) if "Sockets of the group" in line)
            self.assertEqual(sorted(re.findall(r" (\d+/\d+) ", "\n".join(
                lines[begin + 1:begin + 4]))), ["0/10", "0/30", "4/20"])
            terminal.see("Who waits (4)")
            terminal.keys("Escape")
            self.shows(terminal, "+8001 +8002 5")
        terminal.keys("Enter", "Down")
        self.selected(terminal, "member", 19)
        for name in (*key("key_choose"), *key("toggle_detail")):
            terminal.keys(name)
            lines = terminal.see("Who waits (4)")
            self.assertNotIn("Sockets of the group", "\n".join(lines))
            terminal.see(cookie)
            terminal.keys("Escape")
            self.shows(terminal, "-8001 |19 |9 `29 +8002 5")
            self.selected(terminal, "member", 19)

    def test_history(self):
        """Of a socket from before it was unfolded, of a group from before it was folded."""
        self.queue_in(self.first[0], self.first, 5)
        for unfold, keys in (True, ["Enter"]), (False, ["u"]):
            terminal = self.screen("-d", "0.2", cols=140)
            if not unfold:
                terminal.keys("u")
                self.shows(terminal, "9 19 29 39 49 5")

            def pasts(lines):
                """The longest of the first two rows."""
                return [row.line.count("▄") for row in screen.parse_list(lines)[:2]]
            terminal.settle(lambda lines: self.assertGreater(pasts(lines)[0], 5))
            terminal.keys("p", "Home", *keys)
            terminal.see(" PAUSED")
            lines = terminal.wait("the tree", lambda lines, unfold=unfold: screen.parse_list(
                lines)[0].tree == ("unfolded" if unfold else "folded"))
            found = pasts(lines)
            self.assertGreater(found[0], 5)
            if unfold:
                self.assertEqual(found[0], found[1])
            terminal.close()

    def test_mouse(self):
        """A second click does what Enter does."""
        terminal = self.begin("--mouse", term="xterm-256color")
        first = terminal.list()[0].number
        terminal.mouse(first + 1, 10)
        self.selected(terminal, "folded", 8002)
        terminal.mouse(first + 1, 10)
        self.shows(terminal, "+8001 -8002 |39 `49 5")
        terminal.mouse(first + 3, 10)
        self.selected(terminal, "last", 49)
        terminal.mouse(first + 1, 10)
        self.selected(terminal, "unfolded", 8002)
        terminal.mouse(first + 1, 10)
        self.shows(terminal, "+8001 +8002 5")


class Grouping(Groups):
    def heads(self, terminal):
        lines = terminal.lines()
        return [head for _, _, head in screen.split_header(lines[screen.find_header(lines)])]

    def test_key(self):
        """The columns hold still."""
        terminal = self.begin(cols=140)
        before = self.heads(terminal)
        for name in key("toggle_groups"):
            terminal.keys(name)
            self.shows(terminal, "9 19 29 39 49 5")
            self.assertEqual(self.heads(terminal), before)
            terminal.keys("Home", "Down", name)
            self.shows(terminal, "+8001 +8002 5")
            self.selected(terminal, "folded", 8001)
            self.assertEqual(self.heads(terminal), before)
            terminal.keys("Down", "Enter")
            self.shows(terminal, "+8001 -8002 |39 `49 5")
            terminal.keys("Down", name)
            self.shows(terminal, "9 19 29 39 49 5")
            self.selected(terminal, None, 39)
            # What was unfolded is so again.
            terminal.keys(name)
            self.shows(terminal, "+8001 -8002 |39 `49 5")
            self.selected(terminal, "member", 39)
            terminal.keys("Up", "Enter")
            self.shows(terminal, "+8001 +8002 5")

    def test_columns_that_were_named(self):
        """Groups are folded as well."""
        terminal = self.screen("-d", "0.2", "-o", "severity,local,limit", cols=120)
        terminal.settle(lambda lines: self.assertEqual(
            [row.tree for row in screen.parse_list(lines)], ["folded", "folded", None]))
        self.assertEqual(self.heads(terminal), ["SEV", "LOCAL ADDRESS", "LIMIT"])

    def test_of_the_past(self):
        """While the screen is held, and step by step."""
        terminal = self.begin(delay="60")
        self.go(terminal, 0)
        terminal.keys("Enter", "o")
        self.shows(terminal, "-8001 |9 |19 `29 +8002 5")

        def queued(count):
            terminal.settle(lambda lines: self.assertEqual(
                {limit(row): row.length for row in screen.parse_list(lines)
                 if row.tree in ("member", "last")}["29"], str(count)))
        for count in 1, 2:
            self.queue_in(self.first[2], self.first, count)
            terminal.keys("Space")
            queued(count)
        terminal.keys("t")
        queued(1)
        terminal.keys("t")
        queued(0)
        # Of then as well: all for themselves, and another group unfolded.
        terminal.keys("u")
        self.shows(terminal, "9 19 29 39 49 5")
        terminal.keys("u")
        self.go(terminal, 4)
        terminal.keys("Enter")
        self.shows(terminal, "-8001 |9 |19 `29 -8002 |39 `49 5")
        terminal.keys("o", "T")
        queued(1)
        terminal.keys("p")
        terminal.see(" LIVE")
        queued(2)


class Choosing(Groups):
    def test_filter(self):
        """Each row has to match by itself, and a member is below its row or nowhere."""
        self.queue_in(self.first[1], self.first, 17)
        terminal = self.begin()
        terminal.keys("\\")
        terminal.answer("sockets > 1")
        self.shows(terminal, "+8001 +8002")
        terminal.keys("Home", "Enter")
        self.shows(terminal, "-8001 |19 |9 `29 +8002")
        terminal.keys("\\")
        terminal.answer("length > 10")
        self.let_go(terminal)
        self.shows(terminal, "-8001 `19")
        terminal.keys("\\")
        terminal.answer("limit > 50")
        self.shows(terminal, "-8001 +8002")
        terminal.keys("Home", "Left")
        self.shows(terminal, "+8001 +8002")
        terminal.keys("Right")
        terminal.see("The filter, or s, hides all of its 3 sockets.")
        terminal.keys("Escape")
        terminal.gone("filter:")
        self.let_go(terminal)
        self.shows(terminal, "-8001 |19 |9 `29 +8002 5")

    def test_columns(self):
        terminal = self.begin(cols=140)
        terminal.keys("Home", "Enter", "c", "End")
        terminal.see(" Setup ")
        while "] inode " not in terminal.selected():
            terminal.keys("Up")
        terminal.keys("Space", "c")
        terminal.settle(lambda lines: self.assertEqual(
            [row.cells.get("INODE") for row in screen.parse_list(lines)],
            ["-", *(str(member.inode) for member in self.first), "-", str(self.alone.inode)]))


class Vanishing(Groups):
    def test_page_of_a_group(self):
        """It goes on with those that are left, and with the one."""
        terminal = self.begin(rows=60)
        terminal.keys("Home", "i")
        terminal.see("Sockets of the group")
        self.first[0].close()
        terminal.see(" 2 sockets")
        self.first[1].close()
        terminal.see(self.first[2].cookie)

    def test_page_of_a_member(self):
        """It is of this socket, also when its row is not there any more, but not of another."""
        alone = self.listener("127.0.0.9", 8009, 99, reuseport=True)
        terminal = self.screen("-d", "0.2", cols=120, rows=60)
        terminal.see("127.0.0.9:8009")
        terminal.keys("End", "Enter")
        cookie = alone.cookie
        terminal.see(cookie)
        other = self.listener("127.0.0.9", 8009, 98, reuseport=True)
        terminal.see(" 2 ")
        terminal.see(cookie)
        alone.close()
        terminal.gone(cookie)
        self.assertNotIn(other.cookie, terminal.text())
