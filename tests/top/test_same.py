# SPDX-License-Identifier: GPL-2.0-or-later
"""What the screen shows at an instant is what --json says of that instant, field by field."""
import math
import os
import re
import time

import listenq
import netns
import rig
import screen
import source

WIDE = 1000

# Columns that no one key of the JSON stands for.
DERIVED = {
    "severity": lambda row: source.MARKS[row["state"]],
    "local": lambda row: local(row),
    "overflows": lambda row: bounds(row["overflows"]),
    "losses": lambda row: bounds(row["losses"]),
    "process": lambda row: ",".join(owners(row, "comm")) if row["processes"] else unowned(row),
    "pid": lambda row: few(owners(row, "pid")),
    "fd": lambda row: few(owners(row, "fd")),
    "namespace": lambda row: row["namespace"] or "-",
}

# Letters that meters and sparklines are made of.
BARS = "#.:*_|"
DRAWN = "FILL", "LAST", "ACCEPT QUEUE", "SYN QUEUE"

# What the view makes of two numbers: as many as wait and as many as fit.
QUEUES = {
    "ACCEPT QUEUE": lambda row: "{length}/{capacity}".format(**row["accept_queue"]),
    "SYN QUEUE": lambda row: "{length}/{limit}".format(**row["syn_queue"]),
}


def local(row):
    address = {"::": "*"}.get(row["address"], row["address"])
    if ":" in address:
        address = f"[{address}]"
    if row["interface"]:
        address = f"{address}%{row['interface']}"
    return f"{address}:{row['port'] or '*'}"


def bounds(overflows):
    least, most = overflows["min"], overflows["max"]
    if most is None:
        return "-"
    return f"+{most}" if least == most != 0 else f"+{least}..{most}" if most else "0"


def owners(row, key):
    return list(dict.fromkeys(str(owner[key]) for owner in row["processes"] or []))


def unowned(row):
    return "-" if row["processes"] is None else "(none)"


def few(words):
    return ",".join(words if len(words) <= 3 else [*words[:2], f"+{len(words) - 2}"]) or "-"


def list_of(report):
    """Rows in their order, each with the name of its namespace."""
    names = {namespace["netns"]: namespace["name"] for namespace in report["namespaces"]}
    rate = 1 / report["window_seconds"] if report["window_seconds"] else 0
    return [{**row, "namespace": names[row["netns"]],
             "overflows_rate": (row["overflows"] or {"max": 0})["max"] * rate}
            for row in report["listeners"]]


def rows_of(report):
    """{cookie: row}; folded groups, which have no cookie, left out."""
    return {row["cookie"]: row for row in list_of(report) if row["cookie"]}


def squeeze(line):
    """Without what differs between now and then: the widths of columns, and that it is now."""
    return re.sub(" +", " ", re.sub(r"\bnow\b|\d\d:\d\d:\d\d(?= +│)", "NOW", line))


def value_of(field, row):
    """What the JSON has for a column."""
    if field.name == "overflows-rate":
        return row["overflows_rate"]
    if not field.key:
        return DERIVED[field.name](row)
    return (row[field.group] if field.group else row)[field.key]


def agrees(field, cell, value):
    """Is the cell what a table makes of the value?"""
    if field.name == "state" and re.fullmatch(r"\d+/\d+ sick", cell):
        return value not in ("ok", "high")
    if field.name == "process":
        return re.sub(r"\[\d[\d,>…]*\]?$", "", cell) == value
    if not field.key and field.type != "RATE":
        return cell == value
    if value is None:
        return cell == "-"
    if field.type == "RATIO":  # rounded down: 100% is full
        return cell == f"{math.floor(value * 100 + 1e-6)}%"
    # The rate is made of the window's length, of which JSON has whole microseconds.
    unsure = value * 1e-4 if field.name == "overflows-rate" else 0
    if field.name == "overflows-rate" and "." not in cell:
        return abs(int(cell) - value) <= 0.5 + unsure
    if field.type in ("RATE", "SECONDS", "FACTOR"):
        if 0 < value < 0.05:
            return cell == "<0.1"
        return bool(re.fullmatch(r"\d+\.\d", cell)) and abs(float(cell) - value) <= 0.0501 + unsure
    if field.type == "RISE":
        return cell == (f"+{value}" if value else "0")
    if field.type == "BOOL":
        return cell == ("yes" if value else "no")
    if field.type == "LIST":
        return cell in (",".join(value) or "-", ",".join(value))
    return cell == str(value)


class Same(screen.Case):
    def begin(self, *args, **kwargs):
        """Windows are ended by hand, so that the test knows what happened in each."""
        kwargs.setdefault("cols", WIDE)
        kwargs.setdefault("rows", 50)
        return self.screen("-d", "600", *args, **kwargs)

    def refresh(self, terminal, check):
        terminal.keys("Space")
        terminal.settle(check)

    def write(self, terminal, name):
        """The report on the screen, by the key that writes it."""
        path = os.path.join(terminal.directory, name)
        if os.path.exists(path):  # else it is asked whether to replace it
            os.remove(path)
        terminal.keys("w")
        terminal.see("Save JSON (incident as .md) to: ")
        terminal.answer(path)
        terminal.see(f"Written to {path}.")
        terminal.keys("y")  # which means nothing, and ends the message
        terminal.gone("Written to")
        with open(path, encoding="utf-8") as file:
            return listenq.parse(file.read())

    def scene(self):
        """A bit of everything: overflows, a full queue, half-open and dead ones, a device."""
        netns.device("lq0")
        self.critical = self.sick(2)
        self.full = self.sick(4)
        high = self.listener("::", backlog=8)
        clients = self.queue(high, 8)  # 88.9 %
        clients[0].send(b"hello")
        clients[1].close()
        self.half_open(self.listener("127.0.0.3", backlog=20), 3)
        self.listener("0.0.0.0", device="lq0", backlog=77)
        self.listener("::1", v6only=True)
        for _ in range(2):
            self.listener("127.0.0.4", 7777, reuseport=True)

    def cells(self, lines, names=None):
        """[{column: cell}] of the list on a screen in ASCII, without meters and sparklines. names:
        what the columns must be. What only the view has keeps its header."""
        heads = {field.header.upper(): field.name for field in source.fields().values()}
        heads |= {"ACCEPT QUEUE": "ACCEPT QUEUE", "SYN QUEUE": "SYN QUEUE"}
        rows = []
        for row in screen.parse_list(lines):
            cells = {"severity": row.mark}
            for header, text in row.cells.items():
                words = text.split()
                if header in DRAWN:
                    words = [word for word in words if set(word) - set(BARS)]
                if header in ("ACCEPT QUEUE", "SYN QUEUE"):
                    words = words[-1:]  # without the percents
                if header in heads and header != "SEV":
                    cells[heads[header]] = " ".join(words)
            rows.append(cells)
        if names is not None:
            self.assertEqual(set(rows[0]), set(names))
        return rows

    def compare(self, rows, report):
        self.assertGreater(len(rows), 4)
        self.assertEqual([row["cookie"] for row in rows],
                         [row["cookie"] or "-" for row in report["listeners"]],
                         "the same, in order")
        wrong = []
        for row, document in zip(rows, list_of(report)):
            for name, cell in row.items():
                if name in QUEUES:
                    value = QUEUES[name](document)
                    # Of a group they are those of its fullest socket, which the report lacks.
                    good = cell == value if document["cookie"] else re.fullmatch(r"\d+/\d+", cell)
                else:
                    field = source.fields()[name]
                    value = value_of(field, document)
                    good = agrees(field, cell, value)
                if not good:
                    wrong.append(f"{name} of {row['local']}: {cell!r}, but {value!r}")
        self.assertEqual(wrong, [])

    def test_every_cell(self):
        self.scene()
        names = list(source.fields())
        terminal = self.begin("--ascii", "-o", ",".join(names))
        self.overflow(self.critical, 3)
        self.refresh(terminal, lambda lines: self.assertEqual(
            self.cells(lines, names)[0]["overflows"], "+3"))
        terminal.keys("p")
        lines = terminal.see("PAUSED")
        rows = self.cells(lines, names)
        report = self.write(terminal, "report")
        self.compare(rows, report)
        # The scene is not an easy one: most columns have a value.
        seen = {name: {row[name] for row in rows} for name in names}
        self.assertLessEqual({"!!", "!", "~", "."}, seen["severity"])
        filled = [name for name in names if seen[name] - {"0", "-", "no", "0%", "0.0", "."}]
        self.assertGreater(len(filled), len(names) * 2 / 3, set(names) - set(filled))

    def test_all_columns(self):
        """-O asks for the same ones."""
        self.scene()
        names = listenq.run("--list-columns", "--raw").out.split()
        self.assertEqual(set(names), set(source.fields()))
        terminal = self.begin("--ascii", "-O")
        self.refresh(terminal, lambda lines: self.assertNotEqual(
            self.cells(lines)[0]["drops-delta"], "-"))
        terminal.keys("p")
        rows = self.cells(terminal.see("PAUSED"))
        # Those that the view draws stand for the queues.
        self.assertEqual(set(rows[0]), set(names) - {"fill", "synrecv"} |
                         {"ACCEPT QUEUE", "SYN QUEUE"})
        self.compare(rows, self.write(terminal, "report"))

    def test_groups(self):
        """Folded and unfolded, they have the numbers of -g and of a report without it."""
        self.scene()
        group = self.group([2, 30, 40], "127.0.0.5", 7778)
        self.queue_in(group[1], group, 5)
        self.queue_in(group[0], group, 3)
        names = list(source.fields())
        terminal = self.begin("--ascii", "-o", ",".join(names))
        before = netns.counter(netns.LO)

        def overflown():
            self.syns(group[0], 1, drops=False)
            return netns.counter(netns.LO) >= before + 3
        rig.wait_for(overflown, "SYNs for the full one of three")
        self.refresh(terminal, lambda lines: self.assertEqual(
            self.cells(lines, names)[0]["overflows"], "+3"))
        terminal.keys("p")
        lines = terminal.see("PAUSED")
        folded = self.write(terminal, "folded")
        self.compare(self.cells(lines, names), folded)
        # From below, so that those above stay where they are.
        for place, row in reversed(list(enumerate(folded["listeners"]))):
            if row["cookie"] is None:
                terminal.keys("Home", *(place * ["Down"]), "Enter")
        lines = terminal.wait("all groups unfolded", lambda lines: 5 == sum(
            row.tree in ("member", "last") for row in screen.parse_list(lines)))
        unfolded = self.write(terminal, "unfolded")
        self.compare(self.cells(lines, names), unfolded)
        terminal.keys("u")
        terminal.wait("every socket in a row", lambda lines: [
            row.tree for row in screen.parse_list(lines)] == 11 * [None])
        flat = self.write(terminal, "flat")
        self.compare(self.cells(terminal.lines(), names), flat)
        self.assertEqual([row for row in unfolded["listeners"] if not row["cookie"]],
                         [row for row in folded["listeners"] if not row["cookie"]])
        self.assertEqual(rows_of(unfolded), rows_of(flat))
        # Members are behind their group.
        for i, row in enumerate(unfolded["listeners"]):
            if row["cookie"] is None:
                behind = unfolded["listeners"][i + 1:][:row["reuseport"]["sockets"]]
                self.assertEqual({member["port"] for member in behind}, {row["port"]})
                self.assertNotIn(None, [member["cookie"] for member in behind])
        # The scene is not an easy one.
        row, = (row for row in folded["listeners"] if row["port"] == 7778)
        self.assertEqual(row["accept_queue"]["length"], 8)
        self.assertEqual(row["state"], "overflowing")

    def test_detail(self):
        """The numbers of the page of one listener, and what is in its queues."""
        self.scene()
        terminal = self.begin(cols=140, rows=90)
        self.overflow(self.critical, 2)
        self.refresh(terminal, lambda lines: self.assertRegex(lines[0], r"\b1 overflowing\b"))
        for _ in range(3):
            terminal.keys("Enter")
            lines = terminal.wait("what is in the queues", lambda lines: any(
                re.search(r"Who waits \(\d+\)", line) for line in lines) and any(
                "All values" in line for line in lines))
            terminal.keys("p")
            lines = terminal.see("PAUSED")
            report = self.write(terminal, "report")
            number = next(n for n, line in enumerate(lines) if "All values" in line)
            found = {}
            for line in lines[number + 1:-1]:
                words = line.split()
                found.update(zip(words[::2], words[1::2]))
            self.assertEqual(set(found), set(source.fields()))
            row = rows_of(report)[found["cookie"]]
            self.assertTrue(lines[1].startswith(f"── {local(row)}  "), lines[1])
            # A state of a moment ago is held while the queue does not empty.
            self.assertRegex(lines[2], rf"│ ({row['state']}|overflowing): ")
            for name, field in source.fields().items():
                value = value_of(field, row)
                self.assertTrue(agrees(field, found[name], value),
                                f"{name}: {found[name]!r}, but {value!r}")
            text = "\n".join(lines)
            self.assertEqual(int(re.search(r"Who waits \((\d+)\)", text)[1]),
                             row["accept_queue"]["length"])
            half = re.search(r"Half-open \((\d+)\)|Half-open: none", text)
            self.assertEqual(int(half[1] or 0), row["syn_queue"]["length"])
            terminal.keys("p", "Escape")
            terminal.see("F10Quit")
            terminal.keys("Down")

    def test_counters(self):
        """Rates and sums against the kernel's own counters, by hand."""
        self.scene()
        names = {"ListenOverflows": netns.LO, "ListenDrops": netns.LD}
        terminal = self.begin(cols=140)
        # Sums of less than a second are not shown. Nothing moves counters but the test.
        rig.wait_until(time.monotonic() + 1.1)
        before = netns.counters()
        for count in 3, 4, 0:
            if count:
                self.overflow(self.critical, count)
            window = netns.counters()
            total = window[netns.LO] - before[netns.LO]

            def check(lines, count=count, total=total):
                self.assertRegex("\n".join(lines), rf"ListenOverflows .* {total}/")
                # The total of a window without any is that of the one before it.
                self.assertEqual(bool(re.search(r"ListenOverflows +0/s", "\n".join(lines))),
                                 not count)
            self.refresh(terminal, check)
            terminal.keys("p")
            lines = terminal.see("PAUSED")
            report = self.write(terminal, f"report{count}")
            counters = report["namespaces"][0]["counters"]
            now = netns.counters()
            for shown, name in names.items():
                match = re.search(rf"\b{shown} +(\S+)/s [ {screen.BLOCKS}]*(\d+)/",
                                  "\n".join(lines))
                self.assertTrue(match, shown)
                self.assertEqual(int(match[2]), now[name] - before[name], shown)
                rate = counters[name]["rate"]
                self.assertEqual(match[1], "0" if not rate else f"{max(rate, 0.1):.1f}"
                                 if rate < 9.95 and rate != int(rate) else f"{rate:.0f}")
                self.assertEqual(counters[name]["total"], now[name])
            self.assertEqual(counters[netns.LO]["delta"], count)
            terminal.keys("p")
            terminal.see("LIVE")

    def test_stepping_back(self):
        """A moment with an overflow is the same, whether it is now or was before."""
        self.scene()
        terminal = self.begin(cols=200)
        # Not in the first frame, before which there is no window.
        self.refresh(terminal, lambda lines: self.assertRegex(lines[0], r"\b2 full\b.*\bok\b"))
        self.overflow(self.critical, 5)
        self.refresh(terminal, lambda lines: self.assertRegex(lines[0], r"\b1 overflowing"))
        then = self.write(terminal, "then")
        seen = terminal.lines()
        self.assertRegex(seen[0], r"LIVE *$")
        for _ in range(3):
            terminal.end_window()
        terminal.settle(lambda lines: self.assertRegex(lines[3], "ListenOverflows +0/s"))
        for _ in range(3):
            terminal.keys("t")
        terminal.settle(lambda lines: (self.assertRegex(lines[0], r"\b1 overflowing.*PAUSED -"),
                                       self.assertRegex(lines[3], "ListenOverflows +[1-9]")))
        lines = terminal.lines()
        self.assertEqual(self.write(terminal, "now"), then)
        # But for the title, the time map and the bar, every line is what it was.
        self.assertEqual([squeeze(line) for line in lines[3:-1]],
                         [squeeze(line) for line in seen[3:-1]])
        # And the live screen goes on from where it was.
        terminal.keys("p")
        terminal.see("LIVE")
        terminal.settle(lambda lines: self.assertRegex(lines[3], "ListenOverflows +0/s"))


class Burst(screen.Case):
    def burst(self, listener, seconds):
        """Full for so long, and then empty."""
        self.fill(listener, 7)
        rig.wait_until(time.monotonic() + seconds)
        for _ in range(8):
            self.own(listener.accept())
        self.assertEqual(listener.length, 0)

    def test_shorter_than_the_window(self):
        """The queue is empty whenever the screen is made, and still one sees. The window is ended
        by hand; a burst in which a busy machine never let the program run is tried again,
        longer."""
        listener = self.listener(backlog=7)
        terminal = self.screen("-d", "60", cols=140)
        rig.wait_until(time.monotonic() + 1.1)  # sums of less than a second are not shown
        terminal.keys("Space")
        terminal.settle(lambda lines: self.assertEqual(screen.parse_list(lines)[0].mark, "."))
        for opened, seconds in (8, 0.05), (16, 0.3), (24, 2):
            self.burst(listener, seconds)
            terminal.keys("Space")
            lines = terminal.wait("a new window", lambda lines: passive_opens(lines) == opened)
            row, = screen.parse_list(lines)
            if row.mark != ".":
                break
        self.assertEqual((row.mark, row.length, row.capacity), ("!", "0", "8"))
        self.assertRegex(lines[0], r"\b1 full\b")
        self.assertRegex(row.last, "█$")
        # It is seen for a while, as what was.
        terminal.keys("Space")
        lines = terminal.settle(lambda lines: (
            self.assertEqual(screen.parse_list(lines)[0].mark, "v"), lines)[1])
        self.assertRegex(screen.parse_list(lines)[0].last, r"█▁$")
        self.assertRegex(lines[0], r"\b1 recovered\b")


def passive_opens(lines):
    """Those since the view began, by the screen; None: it shows none."""
    found = re.search(rf"PassiveOpens +\S+/s [ {screen.BLOCKS}]*(\d+)/",
                      "\n".join(lines))
    return int(found[1]) if found else None
