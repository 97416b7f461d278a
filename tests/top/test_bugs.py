# SPDX-License-Identifier: GPL-2.0-or-later
# runs-long
"""What the screen once got wrong."""
import itertools
import re
import time

import netns
import rig
import screen
from source import key

# A number, and all of a duration behind it. What follows it is no letter of another unit.
TIME = re.compile(r"(?<![\w.:/+-])(\d[\d.]*(?:[dhms]\d*)+)(?![\w/])")
WRITTEN = re.compile(r"\d+(\.\d)?s|\d+m(\d\ds)?|\d+h(\d\dm)?|\d+d(\d\dh)?")


class Title(screen.Case):
    def test_tags_do_not_cut_the_counts(self):
        """Whatever else the first line says, it says how many are sick."""
        self.sick()
        self.listener("127.0.0.2")
        view = self.screen("-d", "0.2")
        counts = r"\b1 full\b.*\b1 ok\b"
        view.shows(lambda view: self.assertRegex(view.title, counts))
        # Not back to the first one, which has no window yet.
        for _ in range(2):
            view.end_window()
        for run in "toggle_freeze", "toggle_pause", "travel_back":
            view.keys(key(run)[0])
        view.shows(lambda view: (self.assertRegex(view.title, counts),
                                 self.assertRegex(view.text, "PAUSED"),
                                 self.assertRegex(view.text, "ORDER")))

    def test_sick_come_first_where_there_is_little_room(self):
        self.sick()
        for i in range(12):
            self.listener(f"127.0.0.{i + 2}")
        for cols in 45, 60, 80:
            view = self.screen("-d", "0.2", cols=cols)
            view.shows(lambda view: self.assertRegex(view.title, r"\b1 full\b"))
            view.close()


class Stopped(screen.Case):
    def test_says_that_it_did_not_look(self):
        """As it was stopped for a while."""
        self.listener()
        view = self.screen("-d", "0.3")
        view.see("LIVE")
        view.keys("e")
        view.see("What happened")
        view.keys("C-z")
        view.see("ended=")
        time.sleep(1.8)
        view.shell("fg")
        view.see(" no fast sample for ")


class FirstFrame(screen.Case):
    def test_says_what_the_next_ones_say(self):
        """Of the same situation, for as long as it lasts."""
        ill = self.sick()
        self.listener("127.0.0.2")
        # Old enough for a proof in the first window.
        rig.wait_until(time.monotonic() + 3.5)
        view = self.screen("-d", "1", cols=140, rows=40, start=False)
        view.begin()
        seen = []

        def another():
            lines = view.lines(deadline=0.2)
            try:
                row = next(row for row in screen.parse_list(lines)
                           if row.address == screen.at(ill))
            except (AssertionError, StopIteration):
                return False
            counts = re.search(r"\b\d+ (full|overflowing|stalled)\b", lines[0])
            causes = {word.rstrip(",") for word in row.why.split()
                      if not re.match(r"limit-|[+\d]", word)}
            found = (counts and counts[0], row.mark, row.state)
            if not seen or seen[-1][:2] != (found, causes):
                seen.append((found, causes, view.text()))
            return passed(view) > 4
        rig.wait_for(another, "four windows", period=0.05)
        text = "\n\n".join(text for *_, text in seen)
        self.assertEqual({found for found, *_ in seen}, {("1 full", "!", "full")}, text)
        # A cause may become known; none is taken back.
        for (_, before, _), (_, after, _) in zip(seen, seen[1:]):
            self.assertLessEqual(before, after, text)


def passed(view):
    """Seconds since the shell began: the view runs for about as long."""
    with open(f"/proc/{view.shell_pid}/stat", encoding="ascii") as file:
        begun = int(file.read().rpartition(")")[2].split()[19]) / 100
    with open("/proc/uptime", encoding="ascii") as file:
        return float(file.read().split()[0]) - begun


class DetailPage(screen.Case):
    def pages(self, view):
        """All lines of the page, from its begin to its end."""
        found = view.lines()
        for _ in range(30):
            before = view.lines()
            view.keys("Down", "Down", "Down")
            try:
                view.wait("the page to scroll", lambda lines, before=before: lines != before, 1)
            except AssertionError:
                return found
            for line in view.lines():
                if line not in found:
                    found.append(line)
        self.fail("it scrolls for ever")

    def test_fields_can_be_reached(self):
        """All of them, on a screen of 80x24."""
        ill = self.sick()
        view = self.screen("-d", "600")
        view.see(screen.at(ill))
        view.keys("Enter")
        view.see("Esc Back")
        view.keys("End")
        view.see(ill.cookie)
        view.keys("Home")
        view.see(screen.at(ill))
        text = "\n".join(self.pages(view))
        for name in "cookie", "inode", "process", "pid", "backlog", "uid", "drops":
            self.assertRegex(text, rf"(?m)(^|\s){name}\s+\S", name)
        # They stand in columns: their values begin where those above begin.
        lines = [line for line in text.split("\n")
                 if re.match(r" *(cookie|inode|uid|pid)\s+\S", line)]
        self.assertEqual(len({re.match(r" *\S+\s+", line).end() for line in lines}), 1, lines)

    def test_unix_listener_has_no_empty_headings(self):
        listener = self.unix(b"\0lq-empty", 3, queued=4)
        for queued in True, False:
            view = self.screen("-x", "-d", "600")
            view.see("lq-empty")
            view.keys(*itertools.chain(["/"], "lq-empty", ["Enter", "Enter"]))
            view.see("Esc Back")
            lines = [line.rstrip() for line in self.pages(view)]
            for line, below in zip(lines, lines[1:]):
                if line.startswith("── "):
                    self.assertTrue(below and not below.startswith("── "),
                                    f"nothing under {line!r}\n" + "\n".join(lines))
            self.assertNotRegex("\n".join(lines), "half-open|SYN queue")
            view.close()
            for _ in range(4 if queued else 0):
                self.own(listener.accept())


class GroupRows(screen.Case):
    def test_numbers_are_those_of_the_fullest_member(self):
        """Length, capacity, fill, meter: none is a sum that another contradicts."""
        group = self.group([2, 30, 40], "127.0.0.5", 7778)
        self.queue_in(group[0], group, 3)
        view = self.screen("-d", "0.2", cols=140, rows=40)

        def check(view):
            row, = view.rows
            self.assertEqual((row.length, row.capacity), ("3", "3"))
            self.assertRegex(row.line, r"100% +3/3\b")
            self.assertEqual(row.group, (1, 3))
            self.assertEqual((row.mark, row.state), ("!", "full"))
        view.shows(check)


class Sparkline(screen.Case):
    def test_header_and_bars_stand_together(self):
        self.sick()
        for cols, rows in (80, 24), (140, 40), (200, 60), (300, 80):
            with self.subTest(cols=cols):
                view = self.screen("-d", "0.1", cols=cols, rows=rows)

                def check(view):
                    word, = re.finditer(r"LAST(?: \d[\d.dhms]*)?(?!\S)", view.lines[view.header])
                    bars = list(re.finditer(rf"[{screen.BLOCKS}]{{6,}}", view.rows[0].line))[-1]
                    # Aligned on one side, and none is apart from the other.
                    self.assertTrue(word.start() == bars.start() or word.end() == bars.end()
                                    or bars.start() <= word.start() and word.end() <= bars.end(),
                                    view.lines[view.header] + "\n" + view.rows[0].line)
                view.shows(check)
                view.close()


class Counters(screen.Case):
    def test_cells_align(self):
        """Rates, bars and sums stand below each other, however long the numbers are."""
        ill = self.sick()
        for cols in 80, 140, 200:
            view = self.screen("-d", "0.5", cols=cols, rows=40)
            view.see(screen.at(ill))
            for losses, total in (1, 1), (120, 121):
                self.overflow(ill, losses)
                view.shows(lambda view, total=total: self.assertRegex(
                    view.text, rf"ListenOverflows.*\b{total}/"))
                lines = [line for line in view.lines() if re.search(r"\d/s\b.*\d/\d*\w", line)]
                self.assertGreater(len(lines), 1)
                for pattern in r"/s\b", r"│", rf"/s +[{screen.BLOCKS}]":
                    ends = [[found.end() for found in re.finditer(pattern, line)]
                            for line in lines]
                    for number in range(min(map(len, ends))):
                        self.assertEqual(len({line[number] for line in ends}), 1,
                                         pattern + "\n" + "\n".join(lines))
            view.close()


class Durations(screen.Case):
    def test_are_written_in_one_way(self):
        """On every page."""
        ill = self.sick()
        rig.wait_until(time.monotonic() + 1.2)
        view = self.screen("-d", "0.2", cols=140, rows=40)
        self.overflow(ill, 2)
        view.shows(lambda view: self.assertRegex(view.panel, TIME))
        texts = [view.text()]
        for run, says in (("toggle_detail", "Esc Back"), ("toggle_events", "Esc Back")):
            view.keys(key(run)[0])
            view.see(says)
            texts.append(view.text())
            view.keys("Escape")
            view.gone(says)
        found = set(TIME.findall("\n".join(texts)))
        self.assertGreater(len(found), 2)
        for text in found:
            self.assertRegex(text, rf"\A({WRITTEN.pattern})\Z")
        for text in texts:
            self.assertNotRegex(text, r"\d (s|sec|seconds|min)\b(?!/)")


class SickOnly(screen.Case):
    def test_full_syn_queue_is_sick(self):
        """With a filter or without one."""
        netns.sysctl("net.ipv4.tcp_syncookies", 1)
        ill = self.listener(backlog=8)
        self.listener("127.0.0.2")
        raw = self.raw()
        source = itertools.count()
        self.own(rig.Worker(lambda: raw.send(
            f"10.99.{next(source) // 250 % 250}.{next(source) % 250 + 1}", ill.address, ill.port),
            0.005))
        view = self.screen("-d", "0.2")
        view.shows(lambda view: self.assertEqual(view.rows[0].state, "syn-full"))
        for expression in "", f"sport = :{ill.port}":
            if expression:
                view.keys("\\")
                view.see("ilter")
                view.answer(expression)
            view.keys("s")
            view.shows(lambda view: (
                self.assertEqual([row.address for row in view.rows], [screen.at(ill)]),
                self.assertEqual(view.rows[0].state, "syn-full")))
            view.keys("s")
