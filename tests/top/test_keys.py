# SPDX-License-Identifier: GPL-2.0-or-later
"""Every key of the key table does what the help says of it."""
import os
import pathlib
import re
import socket
import stat
import time

import listenq
import screen
import source
from source import key


class Case(screen.Case):
    """Six listeners: a full one, one that is high, and four that are well."""

    def setUp(self):
        super().setUp()
        self.listeners = [self.listener(f"127.0.0.{i}", 8000 + i, backlog=10 * i - 1)
                          for i in range(1, 7)]
        self.places = [screen.at(listener) for listener in self.listeners]
        self.fill(self.listeners[2], 29)
        self.queue(self.listeners[4], 42)
        self.usual = [2, 4, 0, 1, 3, 5]

    def begin(self, *args, cols=100, **kwargs):
        terminal = self.screen("-d", kwargs.pop("delay", "0.2"), *args, cols=cols, **kwargs)
        self.await_order(terminal, self.usual)
        return terminal

    def await_order(self, terminal, order):
        wanted = [self.places[i] for i in order]
        terminal.settle(lambda lines: self.assertEqual(
            [row.address for row in screen.parse_list(lines)], wanted))

    def await_selected(self, terminal, number):
        """The cursor is on its row, or in a question; the panel speaks of it."""
        place = re.escape(self.places[number])
        terminal.settle(lambda lines: (
            self.assertRegex(terminal.selected(), rf" {place} |^Find: "),
            len(lines) < 12 or self.assertRegex("\n".join(lines), rf"\n── {place} ")))

    def await_queued(self, terminal, listener):
        terminal.settle(lambda lines: self.assertEqual(
            queued(lines, listener), listener.length))

    def await_header(self, terminal, text):
        terminal.settle(lambda lines: self.assertRegex(
            lines[screen.find_header(lines)], rf"(?<!\S){text}(?!\S)"))

    def await_list(self, terminal):
        """The list page, with its keys."""
        terminal.see("F10Quit")

    def last(self, terminal, text):
        """What the last line says."""
        terminal.settle(lambda lines: self.assertEqual(lines[-1], text))


def queued(lines, listener):
    """Length of its queue, by the screen."""
    found = [row.length for row in screen.parse_list(lines)
             if row.address == screen.at(listener)]
    return int(found[0]) if found else None


class Table(Case):
    def test_every_key_is_pressed(self):
        """Here, or where groups and recordings are."""
        text = "".join(pathlib.Path(__file__).with_name(name).read_text(encoding="utf-8")
                       for name in ("test_keys.py", "test_groups.py", "test_replay.py"))
        pressed = set(re.findall(r'\bkey\("(\w+)"\)', text))
        self.assertEqual({row.run for row in source.keys()} - pressed, set())

    def test_help_has_every_row(self):
        """On one screen of 80x24."""
        for page in key("toggle_help"):
            terminal = self.screen("-d", "0.2")
            terminal.keys(page)
            text = "\n".join(terminal.see("listenq: keys"))
            for section, names, does in source.key_lines():
                self.assertRegex(text, rf"(?m){re.escape(names)} +{re.escape(does)}( |$)")
                self.assertIn(section, text)
            for state, mark in source.MARKS.items():
                self.assertRegex(text, rf"{re.escape(mark)} +.*\b{state}\b")
            # The same key goes back.
            terminal.keys(page)
            self.await_order(terminal, self.usual)
            terminal.close()

    def test_help_scrolls(self):
        terminal = self.screen("-d", "0.2", rows=10)
        terminal.keys(key("toggle_help")[0])
        terminal.see("General")
        down = [*key("move_down"), *key("page_down"), key("move_last")[0]]
        up = [*key("move_up"), *key("page_up"), key("move_first")[0]]
        for names, end in (down, "begin all sums anew"), (up, "General"):
            for name in names:
                before = terminal.text()
                terminal.keys(name)
                terminal.wait(f"{name} to scroll", lambda lines: "\n".join(lines) != before)
            terminal.see(end)

    def test_bar(self):
        """The function keys at 80 columns, more on a wider screen; the most needed on a small one."""
        functions = [f"F{i}" for i in range(1, 11)]
        for cols, wanted in (80, functions), (140, functions), (40, ["F1", "F10"]):
            terminal = self.screen("-d", "0.2", cols=cols)
            bar = terminal.see("F10Quit")[-1]
            found = re.findall(r"(F\d+)[A-Z<>]", bar)
            self.assertEqual([name for name in found if name in wanted], wanted)
            self.assertEqual(found, sorted(found, key=lambda name: int(name[1:])))
            self.assertEqual("Enter Detail" in bar, cols == 140)
            terminal.close()


class Move(Case):
    def test_one(self):
        terminal = self.begin()
        self.await_selected(terminal, 2)
        for down, up in zip(key("move_down"), key("move_up")):
            terminal.keys(down)
            self.await_selected(terminal, 4)
            terminal.keys(down)
            self.await_selected(terminal, 0)
            terminal.keys(up)
            self.await_selected(terminal, 4)
            terminal.keys(up)
            self.await_selected(terminal, 2)

    def test_ends(self):
        terminal = self.begin()
        for first, last in zip(key("move_first"), key("move_last")):
            terminal.keys(last)
            self.await_selected(terminal, 5)
            terminal.keys(first)
            self.await_selected(terminal, 2)

    def test_pages(self):
        terminal = self.screen("-d", "0.2", cols=100, rows=8)
        terminal.see(self.places[2])
        page = len(terminal.list())
        self.assertIn(page, range(2, 6))
        for down, up in zip(key("page_down"), key("page_up")):
            terminal.keys(down)
            self.await_selected(terminal, self.usual[page])
            terminal.keys(up)
            self.await_selected(terminal, 2)

    def test_follow(self):
        terminal = self.begin()
        terminal.see("FOLLOW")
        for name in key("toggle_follow"):
            terminal.keys("End")
            terminal.gone("FOLLOW")
            self.await_selected(terminal, 5)
            terminal.keys(name)
            terminal.see("FOLLOW")
            self.await_selected(terminal, 2)


class Choose(Case):
    def test_sort(self):
        """Along the columns, and around: worst first, then one after the other. The mark and the
        state are worst first: a step to them would show nothing."""
        names = ["local", "length", "limit", "fill"]
        heads = [source.fields()[name] for name in names]
        # Words from A to Z, else the most first.
        marks = {name: "▲" if name == "local" else "▼" for name in names}
        terminal = self.begin("-o", "severity," + ",".join(names) + ",state")
        for name in key("sort_next"):
            for field in heads:
                terminal.keys(name)
                terminal.see(f"sorted by {field.header}")
                self.await_header(terminal, field.header + marks[field.name])
                if field.name == "limit":
                    self.await_order(terminal, [5, 4, 3, 2, 1, 0])
                if field.name == "local":
                    self.await_order(terminal, [0, 1, 2, 3, 4, 5])
            terminal.keys(name)
            terminal.gone("sorted by")
            self.await_order(terminal, self.usual)
        for name in key("sort_previous"):
            for field in reversed(heads):
                terminal.keys(name)
                self.await_header(terminal, field.header + marks[field.name])

    def test_sort_menu(self):
        """Enter chooses; the same again turns the order round; Esc changes nothing."""
        terminal = self.begin("-o", "severity,local,length,limit")
        for name in key("toggle_sort"):
            terminal.keys(name)
            terminal.see(" Sort by ")
            terminal.settle(lambda lines: self.assertIn("[x] worst first", terminal.selected()))
            terminal.keys("End", "Enter")
            self.await_header(terminal, "LIMIT▼")
            self.await_order(terminal, [5, 4, 3, 2, 1, 0])
            terminal.keys(name)
            terminal.settle(lambda lines: self.assertIn("[x] LIMIT", terminal.selected()))
            terminal.keys("Enter")
            self.await_header(terminal, "LIMIT▲")
            self.await_order(terminal, [0, 1, 2, 3, 4, 5])
            for leave in (name, key("go_back")[0], key("quit")[0]):
                terminal.keys(name)
                terminal.see(" Sort by ")
                terminal.keys("Home", leave)
                terminal.gone(" Sort by ")
                self.await_header(terminal, "LIMIT▲")
            terminal.keys(name, "Home", "Enter")
            self.await_order(terminal, self.usual)

    def test_invert(self):
        terminal = self.begin()
        for name in key("invert"):
            terminal.keys(name)
            self.await_header(terminal, "STATE▲")
            terminal.settle(lambda lines: self.assertEqual(
                [row.address for row in screen.parse_list(lines)][-2:],
                [self.places[4], self.places[2]]))
            terminal.keys(name)
            self.await_order(terminal, self.usual)

    def test_freeze(self):
        terminal = self.begin()
        for name in key("toggle_freeze"):
            terminal.keys(name)
            terminal.see("ORDER FROZEN")
            terminal.keys(name)
            terminal.gone("ORDER FROZEN")

    def test_find(self):
        """The cursor goes along while one types, and goes on from there."""
        terminal = self.begin()
        for name in key("ask_for_text"):
            terminal.keys("Home", name)
            self.last(terminal, "Find:")
            terminal.type("127.0.0.")
            self.await_selected(terminal, 2)
            terminal.type("6")
            self.await_selected(terminal, 5)
            terminal.keys("BSpace")
            terminal.type("4")
            self.last(terminal, "Find: 127.0.0.4")
            terminal.keys("Enter")
            self.await_selected(terminal, 3)
            self.await_list(terminal)

    def test_find_is_given_up(self):
        terminal = self.begin()
        terminal.keys(key("ask_for_text")[0])
        terminal.type("nowhere")
        self.last(terminal, "Find: nowhere")
        terminal.keys(key("go_back")[0])
        self.await_list(terminal)
        terminal.keys(key("ask_for_text")[0])
        terminal.type("nowhere")
        terminal.keys("Enter")
        self.last(terminal, "Not found.")

    def test_find_next(self):
        terminal = self.begin()
        terminal.keys(key("ask_for_text")[0])
        terminal.type("ok")
        terminal.keys("Enter")
        self.await_selected(terminal, 0)
        for forward, back in zip(key("find_next"), key("find_previous")):
            terminal.keys(forward)
            self.await_selected(terminal, 1)
            terminal.keys(back)
            self.await_selected(terminal, 0)

    def test_filter(self):
        terminal = self.begin()
        for name in key("ask_for_filter"):
            terminal.keys(name)
            self.last(terminal, "Filter:")
            terminal.type(":8004")
            terminal.keys("Enter")
            self.await_order(terminal, [3])
            # It is on the screen, and hides nothing from the verdict.
            terminal.see("filter: :8004 ")
            terminal.see("2 sick hidden by filter")
            self.assertRegex(terminal.lines()[0], "1 full +1 (high|stalled)")
            terminal.keys(name)
            self.last(terminal, "Filter: :8004")
            # The first character replaces what is there.
            terminal.type("length > 1000")
            terminal.keys("Enter")
            terminal.see("No listener matches.")
            terminal.keys(name)
            terminal.type("state = full or fill > 80")
            terminal.keys("Enter")
            self.await_order(terminal, [2, 4])
            terminal.keys(key("go_back")[0])
            terminal.gone("filter:")
            self.await_order(terminal, self.usual)

    def test_filter_that_is_wrong(self):
        """It stays in its line, with the error above it and the cursor where it is wrong; the one
        in force stays too, and Esc leaves it so."""
        terminal = self.begin()
        name = key("ask_for_filter")[0]
        terminal.keys(name)
        terminal.type(":8004")
        terminal.keys("Enter", name)
        terminal.type("length > many and limit > 1")
        terminal.keys("Enter")
        lines = terminal.see("Filter: length > many and limit > 1")
        self.assertIn("'many'", lines[-2])
        terminal.settle(lambda lines: self.assertEqual(
            terminal.cursor, (23, len("Filter: length > "))))
        # It is mended there; what is wrong is no longer said.
        terminal.type("1")
        self.last(terminal, "Filter: length > 1many and limit > 1")
        terminal.gone("'many'")
        terminal.keys(key("go_back")[0])
        terminal.see("filter: :8004 ")
        self.await_order(terminal, [3])
        terminal.keys(name)
        self.last(terminal, "Filter: :8004")
        terminal.type("length > x5")
        terminal.keys("Enter")
        terminal.settle(lambda lines: self.assertEqual(terminal.cursor[1], len("Filter: length > ")))
        terminal.keys("DC", "Enter")
        terminal.see("filter: length > 5 ")
        self.await_order(terminal, [2, 4])

    def test_text_that_is_pasted(self):
        """With or without the marks that some terminals put around it."""
        terminal = self.begin()
        for text in ":8004", "\033[200~:8004\033[201~":
            terminal.keys(key("ask_for_filter")[0])
            self.last(terminal, "Filter:")
            terminal.type(text)
            self.last(terminal, "Filter: :8004")
            terminal.keys("Enter")
            self.await_order(terminal, [3])
            terminal.keys(key("go_back")[0])
            self.await_order(terminal, self.usual)

    def test_setup(self):
        """Columns, and what else the list can show."""
        terminal = self.begin(cols=180, rows=60)
        for name in key("toggle_setup"):
            terminal.keys(name)
            lines = terminal.see(" Setup ")
            marks = {match[2]: match[1] for line in lines
                     if (match := re.match(r"│ \[([x ])\] (\S+)", line))}
            shown = [column for column, mark in marks.items() if mark == "x"]
            self.assertIn("local", shown)
            self.assertEqual(marks["inode"], " ")
            self.assertEqual(marks["groups"], "x")
            terminal.keys("Home", *(list(marks).index("inode") * ["Down"]))
            terminal.settle(lambda lines: self.assertIn("[ ] inode ", terminal.selected()))
            terminal.keys("Space")
            terminal.see("[x] inode")
            terminal.keys(name)
            self.await_header(terminal, "INODE")
            terminal.settle(lambda lines: self.assertEqual(
                [row.cells["INODE"] for row in screen.parse_list(lines)],
                [str(self.listeners[i].inode) for i in self.usual]))
            # It is taken away as it came.
            terminal.keys(name)
            terminal.see(" Setup ")
            terminal.settle(lambda lines: self.assertIn("[x] inode", terminal.selected()))
            terminal.keys("Enter")
            terminal.see("[ ] inode")
            terminal.keys(key("go_back")[0])
            terminal.settle(lambda lines: self.assertNotIn(
                "INODE", lines[screen.find_header(lines)]))
            terminal.keys(name, "Home", "Down", "Down", "Down")
            terminal.settle(lambda lines: self.assertIn("[x] follow", terminal.selected()))
            terminal.keys("Space")
            terminal.see("[ ] follow")
            terminal.keys("Space")
            terminal.see("[x] follow")
            terminal.keys(name)

    def test_sick_only(self):
        """What is well and was well is hidden, and what was sick is not."""
        terminal = self.begin()
        for name in key("toggle_sick_only"):
            terminal.keys(name)
            terminal.see("SICK ONLY")
            self.await_order(terminal, [2, 4])
            terminal.keys(name)
            terminal.gone("SICK ONLY")
            self.await_order(terminal, self.usual)

    def test_list_alone(self):
        """It takes the lines of the other parts, and gives them back."""
        terminal = self.screen("-d", "0.2", rows=12)
        terminal.see(self.places[2])
        few = len(terminal.list())
        for name in key("toggle_list_only"):
            terminal.keys(name)
            terminal.settle(lambda lines: self.assertGreater(
                len(screen.parse_list(lines)), few))
            self.assertRegex(terminal.lines()[1], "STATE")
            terminal.keys(name)
            terminal.settle(lambda lines: self.assertEqual(len(screen.parse_list(lines)), few))

    def test_unix(self):
        """At run time, on and off."""
        self.unix(b"\0listenq-test-keys")
        terminal = self.begin()
        for name in key("toggle_unix"):
            terminal.keys(name)
            terminal.see("istenq-test-keys")
            terminal.see("shown (x")
            terminal.keys(name)
            terminal.gone("istenq-test-keys")

    def test_column_that_costs(self):
        """What a new column needs is collected from then on."""
        terminal = self.begin("-o", "severity,local,limit", cols=140, rows=40)
        terminal.keys("c", "End")
        terminal.see(" Setup ")
        while "] oldest-wait " not in terminal.selected():
            terminal.keys("Up")
        terminal.keys("Space", "c")
        self.await_header(terminal, "OLDEST")
        terminal.settle(lambda lines: self.assertRegex(
            screen.parse_list(lines)[0].cells["OLDEST"], r"^\d+\.\d$"))


class Time(Case):
    def clock(self, terminal):
        """What the title says of the time."""
        return re.search(r"\d\d:\d\d:\d\dZ", terminal.lines()[0])[0]

    def end_window(self, terminal):
        """One more in the queue of the last listener, so that each window has its own number."""
        self.queue(self.listeners[5], 1)
        terminal.keys(key("refresh_or_choose")[0])
        self.await_queued(terminal, self.listeners[5])

    def shows(self, terminal, count):
        terminal.settle(lambda lines: self.assertEqual(
            queued(lines, self.listeners[5]), count))

    def test_pause(self):
        terminal = self.begin()
        for name in key("toggle_pause"):
            terminal.keys(name)
            terminal.see(" PAUSED")
            terminal.see("F9Live")
            clock = self.clock(terminal)
            rows = [row.line for row in terminal.list()]
            self.queue(self.listeners[0], 1)
            # Sampling does not stop: the age of what is seen grows.
            terminal.settle(lambda lines: self.assertRegex(lines[0], r" PAUSED -[1-9]"))
            self.assertEqual(self.clock(terminal), clock)
            self.assertEqual([row.line for row in terminal.list()], rows)
            terminal.keys(name)
            terminal.see(" LIVE")
            terminal.see("F9Pause")
            self.await_queued(terminal, self.listeners[0])

    def test_steps(self):
        terminal = self.begin(delay="60", cols=140)
        for _ in range(3):
            self.end_window(terminal)
        for back, forward in zip(key("travel_back"), key("travel_forward")):
            for count in 2, 1, 0:
                terminal.keys(back)
                self.shows(terminal, count)
                terminal.see(" PAUSED -")
            terminal.keys(back)
            self.last(terminal, "No older sample is kept.")
            for count in 1, 2, 3:
                terminal.keys(forward)
                self.shows(terminal, count)
            terminal.see(" PAUSED")
            terminal.keys(forward)
            self.last(terminal, "This is the newest sample.")
            terminal.keys(key("toggle_pause")[0])
            terminal.see(" LIVE")

    def test_ends(self):
        terminal = self.begin(delay="60", cols=140)
        for _ in range(3):
            self.end_window(terminal)
        (first,), (last,) = key("travel_to_first"), key("travel_to_last")
        terminal.keys(first)
        self.shows(terminal, 0)
        terminal.see(" PAUSED -")
        terminal.keys(first)
        self.last(terminal, "No older sample is kept.")
        terminal.keys(last)
        self.shows(terminal, 3)
        terminal.keys(last)
        self.last(terminal, "This is the newest sample.")
        terminal.see(" PAUSED")

    def test_minutes(self):
        """In the past PgUp and PgDn move by a minute, or as far as there is something; before and
        after they scroll."""
        terminal = self.begin(delay="60")
        for _ in range(4):
            self.end_window(terminal)
        terminal.keys("PPage")
        terminal.see(" LIVE")
        terminal.keys("t", "t")
        self.shows(terminal, 2)
        terminal.keys("PPage")
        terminal.settle(lambda lines: self.assertLess(queued(lines, self.listeners[5]), 2))
        terminal.keys("PPage")
        self.last(terminal, "No older sample is kept.")
        terminal.keys("NPage")
        self.shows(terminal, 4)
        terminal.keys("NPage")
        self.last(terminal, "This is the newest sample.")
        terminal.keys("p")
        terminal.see(" LIVE")
        terminal.keys("NPage")
        terminal.shows(lambda view: self.assertEqual(view.selected.number, view.rows[-1].number))

    def event(self, terminal):
        """Which window is shown: the second, or the third where that was long."""
        def number(lines):
            found = queued(lines, self.listeners[5])
            self.assertIn(found, (2, 3))
            return found
        terminal.see(" PAUSED -")
        return terminal.settle(number)

    def test_events(self):
        """From one to the other, and from the page of all of them."""
        terminal = self.begin(delay="60", cols=140, rows=40)
        self.end_window(terminal)
        self.fill(self.listeners[0], 9)
        self.end_window(terminal)
        terminal.settle(lambda lines: self.assertRegex("\n".join(lines), r" python3 +queue full"))
        self.end_window(terminal)
        for back, forward in zip(key("travel_event_back"), key("travel_event_forward")):
            # A window of 0.2 s or more also has the event that none was accepted.
            terminal.keys(back)
            if self.event(terminal) > 2:
                terminal.keys(back)
            self.shows(terminal, 2)
            terminal.see(" PAUSED -")
            terminal.keys(forward, forward, forward)
            self.last(terminal, "No newer event is known.")
            terminal.keys("p")
            terminal.see(" LIVE")
        for name in key("toggle_events"):
            terminal.keys(name)
            terminal.see("Go to that moment")
            terminal.keys("Enter")
            self.event(terminal)
            terminal.see(" PAUSED -")
            terminal.keys("p")
            terminal.see(" LIVE")

    def test_no_event(self):
        terminal = self.begin(delay="60")
        terminal.keys(key("travel_event_back")[0])
        self.last(terminal, "No older event is known.")
        terminal.see(" LIVE")

    def test_refresh(self):
        terminal = self.begin(delay="60")
        for name in key("refresh_or_choose"):
            self.queue(self.listeners[5], 1)
            terminal.keys(name)
            self.await_queued(terminal, self.listeners[5])

    def test_nothing_cuts_a_window(self):
        """Neither a page nor the end of a filter: what they need comes with the next sample. And
        the list follows the worst listener again."""
        terminal = self.begin(delay="1", cols=140, rows=40)
        terminal.see("FOLLOW")
        first = self.clock(terminal)
        begin = time.monotonic()
        for name in ("Enter", "Escape", "\\"):
            terminal.keys(name)
        terminal.type("comm = python3")
        terminal.keys("Enter", "Escape")
        terminal.see("FOLLOW")
        terminal.settle(lambda lines: self.assertNotEqual(self.clock(terminal), first))
        windows = 0
        while time.monotonic() < begin + 4:
            clock = self.clock(terminal)
            windows += clock != first
            first = clock
        self.assertLessEqual(windows, 5)

    def test_delay(self):
        terminal = self.begin(delay="60", cols=140)
        for name in key("ask_for_delay"):
            terminal.keys(name)
            self.last(terminal, "Seconds between samples: 60")
            # The first character replaces what is there; a key that moves keeps it.
            terminal.type("5")
            self.last(terminal, "Seconds between samples: 5")
            terminal.keys("Enter")
            terminal.see("every 5s")
            terminal.keys(name, "Home")
            terminal.type("0.")
            self.last(terminal, "Seconds between samples: 0.5")
            terminal.keys("Enter")
            terminal.see("every 0.5s")
            self.queue(self.listeners[5], 1)
            self.await_queued(terminal, self.listeners[5])
            for bad in "0", "1s", "1e9", "":
                terminal.keys(name)
                terminal.see("Seconds between samples: 0.5")
                terminal.answer(bad)
                lines = terminal.see("Not a number of seconds from 0.001 to 86400.")
                self.assertEqual(lines[-1], f"Seconds between samples: {bad}".rstrip())
                self.assertIn("every 0.5s", lines[0])
                terminal.keys(key("go_back")[0])
                self.await_list(terminal)
            terminal.keys(name)
            terminal.answer("60")
            terminal.see("every 1m ")

    def test_slower_and_faster(self):
        terminal = self.begin(delay="1")
        terminal.see("every 1s")
        for slower, faster in zip(key("longer_window"), key("shorter_window")):
            for shown in "2s", "5s":
                terminal.keys(slower)
                terminal.see(f"every {shown} ")
            for shown in "2s", "1s", "0.5s", "0.2s", "0.1s":
                terminal.keys(faster)
                terminal.see(f"every {shown} ")
            terminal.keys(faster, slower, slower, slower)
            terminal.see("every 1s ")

    def test_reset(self):
        terminal = self.begin(delay="0.5")

        def sum_is(count):
            terminal.settle(lambda lines: self.assertRegex(
                next(line for line in lines if line.startswith("ListenOverflows")),
                rf"^ListenOverflows +\S+/s \S* +{count}/"))
        for name in key("reset_sums"):
            self.overflow(self.listeners[2], 3)
            sum_is(3)
            terminal.keys(name)
            self.last(terminal, "All sums begin anew.")
            self.overflow(self.listeners[2], 2)
            sum_is(2)
            terminal.keys(name)


class Pages(Case):
    def clients_on(self, terminal, clients):
        """{port: (wait, unread, whether it has gone)}, as far as they are on the page."""
        ports = {client.getsockname()[1] for client in clients}
        found = re.findall(r"(\S+) +(\d+|-) +127\.0\.0\.1:(\d+)( gone)?", terminal.text())
        return {int(port): (wait, unread, bool(gone))
                for wait, unread, port, gone in found if int(port) in ports}

    def find(self, terminal, listener):
        terminal.keys(key("ask_for_text")[0])
        terminal.type(f":{listener.port}")
        terminal.keys("Enter")

    def test_detail(self):
        listener = self.listener("127.0.0.9", 9000, backlog=9)
        clients = self.fill(listener, 9)
        clients[0].send(b"hello")
        clients[1].send(b"12345678")
        clients[2].close()
        self.places.append(screen.at(listener))
        terminal = self.screen("-d", "0.2", cols=100, rows=50)
        for name in (*key("key_choose"), *key("toggle_detail")):
            self.find(terminal, listener)
            self.await_selected(terminal, 6)
            terminal.keys(name)
            terminal.see("Who waits (10)")
            others = clients[:2] + clients[3:]
            terminal.settle(lambda lines, others=others: self.assertEqual(
                len(self.clients_on(terminal, others)), len(others)))
            found = self.clients_on(terminal, others)
            self.assertEqual([found[client.getsockname()[1]][1] for client in others],
                             ["5", "8"] + 7 * ["0"])
            for wait, _, gone in found.values():
                self.assertRegex(wait, r"^\d+(\.\d)?s$")
                self.assertFalse(gone)
            text = terminal.text()
            self.assertEqual(text.count(" gone"), len(re.findall(r"\d+ gone| gone\b", text)))
            self.assertRegex(text, r"127\.0\.0\.1:\d+ gone")
            self.assertIn("dead-clients: ", text)
            self.assertRegex(terminal.lines()[1], rf"^── {re.escape(self.places[6])} ")
            terminal.keys(key("go_back")[0])
            self.await_list(terminal)

    def test_detail_is_of_one_socket(self):
        """Its page goes on when others change."""
        terminal = self.begin(rows=40)
        terminal.keys("End")
        self.await_selected(terminal, 5)
        terminal.keys(key("key_choose")[0])

        def mine(lines):
            self.assertRegex(lines[1], rf"^── {re.escape(self.places[5])} ")
        terminal.settle(mine)
        self.queue(self.listeners[5], 4)
        terminal.see("Who waits (4)")
        for listener in self.listeners[:5]:
            listener.close()
        terminal.see(" gone")
        mine(terminal.lines())

    def test_detail_keeps_follow(self):
        """While it is open the list does not; afterwards the worst one is selected again."""
        terminal = self.begin()
        terminal.see("FOLLOW")
        terminal.keys("Enter")
        terminal.see("Esc Back")
        self.fill(self.listeners[0], 9)
        self.overflow(self.listeners[0], 3)
        terminal.settle(lambda lines: self.assertRegex(
            lines[1], rf"^── {re.escape(self.places[2])} "))
        terminal.keys("Escape")
        terminal.see("FOLLOW")
        # Who moves the cursor has chosen.
        terminal.keys("End", "Enter")
        terminal.see("Esc Back")
        terminal.keys("Escape")
        self.await_list(terminal)
        terminal.gone("FOLLOW")

    def test_blocks(self):
        """Tab goes from block to block, and the arrows from line to line, to all of them."""
        listener = self.listener("127.0.0.9", 9000, backlog=99)
        clients = self.queue(listener, 80)
        self.half_open(listener, 40)
        terminal = self.screen("-d", "0.2", cols=80, rows=24)
        self.find(terminal, listener)
        terminal.keys(key("key_choose")[0])
        terminal.settle(lambda lines: self.assertRegex(lines[1], r"^── 127.0.0.9:9000 "))
        for name in key("next_section"):
            for title in "Its queue", "Who waits (80)":
                # The connections come with the next sample, and beyond the last block is the first.
                end = time.monotonic() + 20
                while not (before := terminal.lines()[1]).startswith(f"── {title} "):
                    self.assertLess(time.monotonic(), end, before)
                    terminal.keys(name)
                    terminal.wait("Tab to scroll", lambda lines, before=before:
                                  lines[1] != before)
            terminal.keys("Home")
        terminal.keys("p")  # those of one age may change places
        terminal.see(" PAUSED")
        seen = {}
        for _ in range(30):
            seen.update(self.clients_on(terminal, clients))
            before = terminal.text()
            terminal.keys("Down", "Down", "Down", "Down")
            terminal.lines()
            if terminal.text() == before:
                break
        self.assertEqual(len(seen), 80)

    # What opens each page, and what is on it alone.
    OPEN = (("toggle_help", "listenq: keys"), ("toggle_setup", " Setup "),
            ("toggle_sort", " Sort by "), ("toggle_events", "Go to that moment"),
            ("key_choose", "Next block"), ("toggle_detail", "Next block"))

    def test_back(self):
        terminal = self.begin()
        for name in key("go_back"):
            for page, text in self.OPEN:
                terminal.keys(key(page)[0])
                terminal.see(text)
                terminal.keys(name)
                self.await_list(terminal)
                self.await_order(terminal, self.usual)

    def test_quit_goes_back_first(self):
        terminal = self.begin()
        for page, text in self.OPEN:
            for name in key("quit"):
                terminal.keys(key(page)[0])
                terminal.see(text)
                terminal.keys(name)
                self.await_list(terminal)
        terminal.keys(name)
        self.assertEqual(terminal.ended(), 0)

    def test_redraw(self):
        """What another program wrote over it goes away."""
        terminal = self.begin(delay="60")
        for name in key("redraw"):
            with open(terminal.pane("pane_tty"), "w", encoding="ascii") as tty:
                tty.write("\033[1;1Hwall: the system goes down\r\n\033[6;1Hnow")
            terminal.see("wall: the system")
            terminal.keys(name)
            terminal.gone("wall: the system")
            self.await_order(terminal, self.usual)
            self.assertTrue(terminal.lines()[0].startswith(" listenq "))

    def test_write(self):
        terminal = self.begin(delay="60")
        for name in key("ask_for_file"):
            terminal.keys(name)
            terminal.settle(lambda lines: self.assertRegex(
                lines[-1], rf"^Save JSON \(incident as .md\) to: listenq-{re.escape(socket.gethostname())}-"
                           r"\d{8}T\d{6}Z\.json$"))
            default = terminal.lines()[-1].partition(": ")[2]
            terminal.keys("Enter")
            self.last(terminal, f"Written to {default}.")
            with open(os.path.join(terminal.directory, default), encoding="utf-8") as file:
                report = listenq.parse(file.read())
            self.assertEqual({row["cookie"] for row in report["listeners"]},
                             {listener.cookie for listener in self.listeners})
            # It has names of processes and addresses.
            mode = os.stat(os.path.join(terminal.directory, default)).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o600)

    def test_write_to_a_file_that_is_there(self):
        """It is lost only if the user says so, and a key pressed twice says nothing."""
        terminal = self.begin(delay="60")
        path = os.path.join(terminal.directory, "report")

        def text():
            with open(path, encoding="utf-8") as file:
                return file.read()
        with open(path, "w", encoding="ascii") as file:
            file.write("old")
        os.chmod(path, 0o640)
        for no in ("Enter", "n", "x"):
            terminal.keys(key("ask_for_file")[0])
            terminal.answer(path)
            terminal.see("Replace it? (y, n)")
            self.assertIn(f"{path} is there already.", terminal.lines()[-2])
            terminal.keys(no)
            self.last(terminal, f"Save JSON (incident as .md) to: {path}")
            self.assertEqual(text(), "old")
            terminal.keys("Escape")
            self.await_list(terminal)
        terminal.keys(key("ask_for_file")[0])
        terminal.answer(path)
        terminal.see("Replace it? (y, n)")
        terminal.keys("y")
        terminal.see(f"Written to {path}.")
        self.assertEqual(len(listenq.parse(text())["listeners"]), len(self.listeners))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o640)
        self.assertEqual([n for n in os.listdir(terminal.directory) if n.startswith(".listenq")],
                         [])
        # Another name asks nothing; the name that was refused can be edited.
        terminal.keys(key("ask_for_file")[0])
        terminal.answer(path)
        terminal.see("Replace it? (y, n)")
        terminal.keys("n")
        self.last(terminal, f"Save JSON (incident as .md) to: {path}")
        terminal.keys("End")
        terminal.type("2")
        terminal.keys("Enter")
        terminal.see(f"Written to {path}2.")

    def test_write_incident(self):
        """A name that ends in .md: what happened in all samples so far, in Markdown."""
        terminal = self.begin()
        self.overflow(self.listeners[2], 3)
        terminal.see("overflowing")
        path = os.path.join(terminal.directory, "it.md")
        terminal.keys(key("ask_for_file")[0])
        terminal.answer(path)
        terminal.see(f"Written to {path}.")
        with open(path, encoding="utf-8") as file:
            report = file.read()
        self.assertRegex(report, rf"\A# `[^`]+`: `python3` at `{self.places[2]}` ")
        self.assertIn(f"python3 {self.places[2]}  ", report.partition("\n## Timeline\n")[2])
        self.assertIn("- SYNs and final ACKs dropped by the full accept queue: 3\n", report)

    def test_write_that_fails(self):
        """The name stays, with the reason above it."""
        terminal = self.begin()
        for path, why in (("/nowhere/report", "No such file"), ("/dev/full", "No space left"),
                          (terminal.directory, "directory"),
                          ("-", "Standard output is this screen")):
            terminal.keys(key("ask_for_file")[0])
            terminal.answer(path)
            lines = terminal.see(why)
            self.assertIn(why, lines[-2])
            self.assertEqual(lines[-1], f"Save JSON (incident as .md) to: {path}")
            terminal.keys(key("go_back")[0])
            self.await_list(terminal)
        self.assertNotIn("schema_version", terminal.text())
        before = set(os.listdir(terminal.directory))
        terminal.keys(key("ask_for_file")[0])
        terminal.see("Save JSON (incident as .md) to: ")
        terminal.keys(key("go_back")[0])
        self.await_list(terminal)
        self.assertEqual(set(os.listdir(terminal.directory)), before)

    def test_filter_that_needs_more(self):
        """What it asks for is looked for soon, not when a long window is over."""
        mine = self.listener()
        terminal = self.screen("-d", "60", "-o", "severity,local,length")
        terminal.see(screen.at(mine))
        terminal.keys(key("ask_for_filter")[0])
        terminal.answer("comm = python3")
        terminal.see("filter: comm = python3 ")
        terminal.settle(lambda lines: self.assertIn(
            screen.at(mine), [row.address for row in screen.parse_list(lines)]))

    def test_end_of_a_filter_with_a_family(self):
        """That was given on the command line: what it hid comes back, IPv6 too."""
        other = self.listener("::1")
        terminal = self.screen("-d", "0.2", "src 127.0.0.0/8")
        terminal.gone(screen.at(other))
        terminal.keys(key("go_back")[0])
        terminal.see(screen.at(other))

    def test_keys_that_mean_nothing(self):
        terminal = self.begin(delay="60")
        before = [row.line for row in terminal.list()]
        terminal.keys("y", "Y", "9", "C-a", "M-x", "IC", "DC", "F12", "BTab", "C-Left")
        terminal.keys("End", "Home")
        terminal.see("ORDER HELD")
        self.assertEqual([row.line for row in terminal.list()], before)

    def test_keys_of_the_list_alone(self):
        """They do nothing on other pages."""
        terminal = self.begin(delay="60")
        for page, text in self.OPEN:
            terminal.keys(key(page)[0])
            terminal.see(text)
            terminal.keys(*(key(name)[0] for name in ("toggle_list_only", "toggle_freeze",
                                                      "invert", "sort_next", "ask_for_text")))
            terminal.keys(key("go_back")[0])
            self.await_list(terminal)
            self.await_order(terminal, self.usual)
            self.assertNotRegex(terminal.text(), "FROZEN|sorted by")
            self.await_header(terminal, "STATE▼")


class Mouse(Case):
    def begin(self, *args, **kwargs):
        return super().begin("--mouse", *args, term="xterm-256color", **kwargs)

    def first_row(self, terminal):
        """Number of its line."""
        return terminal.list()[0].number

    def test_click_selects(self):
        terminal = self.begin()
        first = self.first_row(terminal)
        for line, number in (3, 1), (5, 5), (0, 2):
            terminal.mouse(first + line, 10)
            self.await_selected(terminal, number)
        # What is no row is left alone.
        terminal.mouse(first + 7, 10)
        terminal.mouse(0, 10)
        self.await_selected(terminal, 2)
        # A click on what is selected opens it.
        terminal.mouse(first, 10)
        terminal.see("Next block")

    def test_bar(self):
        """A label does what its key does."""
        terminal = self.begin(cols=140)
        for label, text in ("Help", "listenq: keys"), ("Setup", " Setup "), ("Sort", " Sort by "), \
                ("Filter", "Filter:"), ("Pause", " PAUSED"), ("Detail", "Next block"):
            terminal.mouse(23, terminal.see("F10Quit")[-1].index(label))
            terminal.see(text)
            terminal.keys("Escape")
            terminal.gone(text)  # else Esc and the click are one sequence
            self.await_list(terminal)
        terminal.mouse(23, terminal.see("F10Quit")[-1].index("Quit"))
        self.assertEqual(terminal.ended(), 0)

    def test_map(self):
        """A click on it goes to that moment."""
        terminal = self.begin()
        terminal.settle(lambda lines: self.assertRegex(lines[0], "LIVE"))
        terminal.mouse(1, terminal.lines()[1].index(" now") - 1)
        terminal.see(" PAUSED")
        terminal.keys("p")
        terminal.see(" LIVE")
        terminal.mouse(1, 10)  # before all, so the oldest
        terminal.see(" PAUSED -")
        terminal.keys("t")
        self.last(terminal, "No older sample is kept.")

    def test_menu(self):
        """A click on a line chooses it, one beside the menu leaves it."""
        terminal = self.begin("-o", "severity,local,length,limit")
        terminal.keys("F6")
        lines = terminal.see(" Sort by ")
        number = next(n for n, line in enumerate(lines) if "] LIMIT" in line)
        terminal.mouse(number, 5)
        terminal.gone(" Sort by ")
        self.await_header(terminal, "LIMIT▼")
        terminal.keys("F6")
        terminal.see(" Sort by ")
        terminal.mouse(0, 5)
        terminal.gone(" Sort by ")
        self.await_header(terminal, "LIMIT▼")

    def test_nothing_waits_for_the_next_key(self):
        """Whichever button, and while it is held down: samples come in."""
        terminal = self.begin()
        self.await_selected(terminal, 2)
        row = self.first_row(terminal) + 1
        for button in 1, 2, 0:
            terminal.type(f"\033[<{button};5;{row + 1}M")
            self.queue(self.listeners[0], 1)
            self.await_queued(terminal, self.listeners[0])
            terminal.type(f"\033[<{button};5;{row + 1}m")
            self.queue(self.listeners[0], 1)
            self.await_queued(terminal, self.listeners[0])
            self.await_selected(terminal, 2 if button else 4)

    def test_press_and_release_at_once(self):
        """As they come from afar."""
        terminal = self.begin("-o", "severity,local,length,limit")
        header = self.first_row(terminal) - 1
        place = f"{terminal.lines()[header].index('LIMIT') + 1};{header + 1}"
        for mark in "▼▲▼":
            terminal.type(f"\033[<0;{place}M\033[<0;{place}m")
            self.await_header(terminal, "LIMIT" + mark)

    def test_wheel_scrolls(self):
        terminal = self.begin()
        terminal.mouse(8, 5, 65)
        self.await_selected(terminal, self.usual[3])
        terminal.mouse(8, 5, 64)
        self.await_selected(terminal, self.usual[0])

    def test_off_unless_asked_for(self):
        """So that one can mark text with it."""
        terminal = screen.Case.screen(self, "-d", "0.2", term="xterm-256color")
        self.await_order(terminal, self.usual)
        self.assertEqual(terminal.pane("mouse_any_flag"), "0")
        terminal.close()
        self.assertEqual(self.begin().pane("mouse_any_flag"), "1")
