# SPDX-License-Identifier: GPL-2.0-or-later
# runs-long
"""SO_REUSEPORT groups in the list: folded into a row, unfolded in place, each socket for itself."""
import re

import listenq
import screen
from source import key


class Groups(screen.Case):
    """Two groups and a listener that is alone. Each socket is known by its limit."""

    def setUp(self):
        super().setUp()
        self.first = self.group([9, 19, 29], "127.0.0.1", 8001)
        self.second = self.group([39, 49], "127.0.0.2", 8002)
        self.alone = self.listener("127.0.0.3", 8003, 5)

    def begin(self, *args, cols=120, **kwargs):
        terminal = self.screen("-g", "-d", kwargs.pop("delay", "0.2"), *args, cols=cols, **kwargs)
        terminal.see("groups")
        return terminal

    def tree(self, lines):
        """Groups by their ports, sockets by their limits."""
        marks = {"folded": "+", "unfolded": "-", "member": "|", "last": "`", None: ""}
        return " ".join(
            marks[row.get("tree")] +
            (row["LOCAL ADDRESS"].split(":")[1] if row.get("tree") in ("folded", "unfolded")
             else row["LIMIT"])
            for row in screen.parse_list(lines))

    def shows(self, terminal, tree):
        return terminal.settle(lambda lines: self.assertEqual(self.tree(lines), tree))

    def selected(self, terminal, mark, limit):
        """The row under the cursor."""
        def check(lines):
            heads = screen.split_header(lines[screen.find_header(lines)])
            row = screen.parse_row(terminal.selected(), heads)
            self.assertEqual((row.get("tree"), row["LIMIT"]), (mark, str(limit)))
        terminal.settle(check)

    def go(self, terminal, place):
        terminal.keys("Home", *(place * ["Down"]))

    def let_go(self, terminal):
        """To freeze the order and not ends the hold at once."""
        terminal.keys("o", "o")


class Unfolding(Groups):
    def test_enter(self):
        terminal = self.begin()
        self.shows(terminal, "+8001 +8002 5")
        for name in key("open_selected"):
            self.go(terminal, 0)
            terminal.see("Enter Unfold")
            terminal.keys(name)
            self.shows(terminal, "-8001 |9 |19 `29 +8002 5")
            terminal.see("Enter Fold ")
            self.selected(terminal, "unfolded", 57)
            terminal.see("3 groups")
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
            self.own(self.alone.accept())
            self.shows(terminal, "-8001 |9 |19 `29 -8002 |39 `49 5")
            self.selected(terminal, "unfolded", 88)
            terminal.keys(name)
            self.shows(terminal, "-8001 |9 |19 `29 +8002 5")
            self.go(terminal, 0)
            terminal.keys(name)
            self.shows(terminal, "+8001 +8002 5")

    def test_rows_are_whole(self):
        """Each socket has its own numbers, and those of its group where the column is of that."""
        self.queue_in(self.first[1], self.first, 16)
        terminal = self.begin("-o", "severity,local,sockets,length,limit,fill,group-length,inode,"
                                    "state")
        self.go(terminal, 0)
        terminal.keys("Enter")
        self.shows(terminal, "-8001 |19 |9 `29 +8002 5")
        rows = screen.parse_list(terminal.lines())
        shown = [[row[head] for head in ("SEV", "SOCKETS", "QUEUED", "LIMIT", "FILL", "GROUPLEN",
                                         "INODE", "STATE")] for row in rows[:4]]
        inodes = [str(member.inode) for member in self.first]
        self.assertEqual(shown, [["~", "3", "16", "57", "80%", "16", "-", "high"],
                                 ["~", "3", "16", "19", "80%", "16", inodes[1], "high"],
                                 [".", "3", "0", "9", "0%", "16", inodes[0], "ok"],
                                 [".", "3", "0", "29", "0%", "16", inodes[2], "ok"]])

    def test_arrows(self):
        terminal = self.begin()
        right, left = key("unfold")[0], key("fold")[0]
        self.go(terminal, 0)
        terminal.keys(right, right)
        self.shows(terminal, "-8001 |9 |19 `29 +8002 5")
        self.selected(terminal, "unfolded", 57)
        # From one of its sockets as well.
        terminal.keys("Down", "Down", right)
        self.selected(terminal, "member", 19)
        terminal.keys(left)
        self.shows(terminal, "+8001 +8002 5")
        self.selected(terminal, "folded", 57)
        terminal.keys(left)
        self.shows(terminal, "+8001 +8002 5")
        # Who is alone has nothing to unfold.
        terminal.keys("End", right, left)
        self.selected(terminal, None, 5)
        self.shows(terminal, "+8001 +8002 5")

    def test_pages(self):
        """Enter opens that of a socket, i that of the group."""
        self.queue_in(self.first[1], self.first, 4)
        terminal = self.begin(rows=40)
        cookies = rf"\bcookie {self.first[1].cookie}\b"
        for name in key("toggle_detail"):
            self.go(terminal, 0)
            terminal.keys(name)
            lines = terminal.see("queued/limit of each socket: 0/29 4/19 0/9")
            self.assertNotIn("cookie", "\n".join(lines))
            terminal.see("4 waiting")
            terminal.keys("Escape")
            self.shows(terminal, "+8001 +8002 5")
        terminal.keys("Enter", "Down")
        self.selected(terminal, "member", 19)
        for name in (*key("open_selected"), *key("toggle_detail")):
            terminal.keys(name)
            lines = terminal.see("4 waiting")
            self.assertRegex("\n".join(lines), cookies)
            self.assertNotIn("of each socket", "\n".join(lines))
            terminal.keys("Escape")
            self.shows(terminal, "-8001 |19 |9 `29 +8002 5")
            self.selected(terminal, "member", 19)

    def test_history(self):
        """Of a socket from before it was unfolded, of a group from before it was folded."""
        self.queue_in(self.first[0], self.first, 5)
        for flags, keys in (["-g"], ["Enter"]), ([], ["u"]):
            terminal = self.screen("-d", "0.2", *flags, cols=140)

            def pasts(lines):
                """The longest of each row."""
                begin = screen.find_header(lines)
                at, end = re.search("LAST( [^ ]*)?", lines[begin]).span()
                return [line[at:at + 16].count("▄") for line in lines[begin + 1:begin + 3]]
            terminal.settle(lambda lines: self.assertGreater(pasts(lines)[0], 5))
            terminal.keys("p", "Home", *keys)
            terminal.see("[PAUSED")
            lines = terminal.wait("the tree", lambda lines: "- " in lines[screen.find_header(
                lines) + 1] if flags else "+ " in lines[screen.find_header(lines) + 1])
            found = pasts(lines)
            self.assertGreater(found[0], 5)
            if flags:
                self.assertEqual(found[0], found[1])
            terminal.close()

    def test_mouse(self):
        """A second click does what Enter does."""
        terminal = self.begin("--mouse", term="xterm-256color")
        first = terminal.header() + 1
        terminal.mouse(first + 1, 10)
        self.selected(terminal, "folded", 88)
        terminal.mouse(first + 1, 10)
        self.shows(terminal, "+8001 -8002 |39 `49 5")
        terminal.mouse(first + 3, 10)
        self.selected(terminal, "last", 49)
        terminal.mouse(first + 1, 10)
        self.selected(terminal, "unfolded", 88)
        terminal.mouse(first + 1, 10)
        self.shows(terminal, "+8001 +8002 5")


class Grouping(Groups):
    def heads(self, terminal):
        """How long the history lasts is no part of the name."""
        lines = terminal.lines()
        return [re.sub("^LAST .*", "LAST", head) for _, _, head in
                screen.split_header(lines[screen.find_header(lines)])]

    def test_key(self):
        terminal = self.screen("-d", "0.2", cols=120)
        self.shows(terminal, "9 19 29 39 49 5")
        terminal.see("6 listeners")
        before = self.heads(terminal)
        for name in key("toggle_groups"):
            terminal.keys("Home", "Down", name)
            self.shows(terminal, "+8001 +8002 5")
            terminal.see("3 groups")
            self.selected(terminal, "folded", 57)
            self.assertEqual(set(self.heads(terminal)), {*before, "SOCKETS", "IMBALANCE"})
            terminal.keys("Down", "Enter")
            self.shows(terminal, "+8001 -8002 |39 `49 5")
            terminal.keys("Down", name)
            self.shows(terminal, "9 19 29 39 49 5")
            self.selected(terminal, None, 39)
            self.assertEqual(self.heads(terminal), before)
            # What was unfolded is so again.
            terminal.keys(name)
            self.shows(terminal, "+8001 -8002 |39 `49 5")
            self.selected(terminal, "member", 39)
            terminal.keys("Up", "Enter", name)

    def test_columns_that_were_named(self):
        terminal = self.screen("-d", "0.2", "-o", "severity,local,limit", cols=120)
        terminal.keys("u")
        self.shows(terminal, "+8001 +8002 5")
        self.assertEqual(self.heads(terminal), ["SEV", "LOCAL ADDRESS", "LIMIT"])

    def test_of_the_past(self):
        """While the screen is held, and step by step."""
        terminal = self.begin(delay="60")
        self.go(terminal, 0)
        terminal.keys("Enter", "o")
        self.shows(terminal, "-8001 |9 |19 `29 +8002 5")

        def queued(count):
            terminal.settle(lambda lines: self.assertEqual(
                {row["LIMIT"]: row["QUEUED"] for row in screen.parse_list(lines)}["29"],
                str(count)))
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
        terminal.see("[LIVE]")
        queued(2)


class Choosing(Groups):
    def test_filter(self):
        """Each row has to match by itself, and a member is below its row or nowhere."""
        self.queue_in(self.first[1], self.first, 17)
        terminal = self.begin()
        terminal.keys("\\")
        terminal.answer("limit > 25")
        self.shows(terminal, "+8001 +8002")
        terminal.see("2 of 3 groups")
        terminal.keys("Home", "Enter")
        self.shows(terminal, "-8001 `29 +8002")
        terminal.see("2 of 3 groups")
        terminal.keys("\\")
        terminal.answer("limit < 60")
        self.let_go(terminal)
        self.shows(terminal, "-8001 |19 |9 `29 5")
        terminal.keys("\\")
        terminal.answer("sockets > 2 and limit > 50")
        self.shows(terminal, "-8001")
        terminal.keys("Left")
        self.shows(terminal, "+8001")
        terminal.keys("Right")
        terminal.see("The filter, or f, hides all of its 3 sockets.")
        self.shows(terminal, "-8001")
        terminal.keys("Escape")
        terminal.gone("[FILTER]")
        self.shows(terminal, "-8001 |19 |9 `29 +8002 5")
        terminal.keys("f")
        self.shows(terminal, "-8001 `19")
        terminal.see("1 of 3 groups")

    def test_columns(self):
        terminal = self.begin(cols=140)
        terminal.keys("Home", "Enter", "c")
        terminal.see("Setup")
        names = listenq.run("--list-columns", "--raw").out.split()
        terminal.keys("Home", *(names.index("inode") * ["Down"]), "Space", "c")
        terminal.settle(lambda lines: self.assertEqual(
            [row["INODE"] for row in screen.parse_list(lines)],
            ["-", *(str(member.inode) for member in self.first), "-", str(self.alone.inode)]))


class Vanishing(Groups):
    def test_page_of_a_group(self):
        """It goes on with those that are left, and with the one."""
        terminal = self.begin(rows=40)
        terminal.keys("Home", "i")
        terminal.see("of each socket: 0/29 0/19 0/9")
        self.first[0].close()
        terminal.see("of each socket: 0/29 0/19")
        self.first[1].close()
        terminal.see(f"cookie {self.first[2].cookie}")
        self.first[2].close()
        terminal.see("This listener is gone.")

    def test_page_of_a_member(self):
        """It is of this socket, also when its row is not there any more, but not of another."""
        alone = self.listener("127.0.0.9", 8009, 99, reuseport=True)
        terminal = self.begin(rows=40)
        terminal.keys("End", "Enter")
        terminal.see(f"cookie {alone.cookie}")
        other = self.listener("127.0.0.9", 8009, 98, reuseport=True)
        terminal.see("sockets 2")
        terminal.see(f"cookie {alone.cookie}")
        alone.close()
        terminal.see("This listener is gone.")
        terminal.keys("Escape")
        terminal.see(f" {other.address}:8009 ")
