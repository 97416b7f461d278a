# SPDX-License-Identifier: GPL-2.0-or-later
"""Every key of the key table does what the help says of it."""
import os
import pathlib
import re
import socket

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
            [row["LOCAL ADDRESS"] for row in screen.parse_list(lines)], wanted))

    def await_selected(self, terminal, number):
        """The cursor is on its row, or in a question; the hint speaks of it."""
        place = re.escape(self.places[number])
        terminal.settle(lambda lines: (
            self.assertRegex(terminal.selected(), rf"^\S+ +{place} |^Find: "),
            len(lines) < 12 or self.assertRegex("\n".join(lines),
                                                   rf"\n> {place}( [^:]+)?: ")))

    def await_queued(self, terminal, listener):
        terminal.settle(lambda lines: self.assertEqual(
            queued(lines, listener), listener.length))

    def await_header(self, terminal, text):
        terminal.settle(lambda lines: self.assertRegex(
            lines[screen.find_header(lines)], rf"(?<!\S){text}(?!\S)"))

    def last(self, terminal, text):
        """What the last line says."""
        terminal.settle(lambda lines: self.assertEqual(lines[-1], text))


def queued(lines, listener):
    """Length of its queue, by the screen."""
    found = [row["QUEUED"] for row in screen.parse_list(lines)
             if row["LOCAL ADDRESS"] == screen.at(listener)]
    return int(found[0]) if found else None


class Table(Case):
    def test_every_key_is_pressed(self):
        """Here, or where groups are."""
        text = "".join(pathlib.Path(__file__).with_name(name).read_text(encoding="utf-8")
                       for name in ("test_keys.py", "test_groups.py"))
        pressed = set(re.findall(r'\bkey\("(\w+)"\)', text))
        self.assertEqual({row.run for row in source.keys()} - pressed, set())

    def test_help_has_every_row(self):
        for page in key("toggle_help"):
            terminal = self.begin(rows=60, cols=140)
            terminal.keys(page)
            lines = terminal.see("listenq: keys")
            for row in source.keys():
                self.assertIn(f"  {' '.join(row.names):<7} {row.help}", lines)
            text = "\n".join(lines)
            for state, mark in source.MARKS.items():
                self.assertRegex(text, rf"\n  {re.escape(mark)} +{state}: \S")
            # The same key goes back.
            terminal.keys(page)
            self.await_order(terminal, self.usual)
            terminal.close()

    def test_help_scrolls(self):
        terminal = self.begin(rows=10)
        terminal.keys(key("toggle_help")[0])
        terminal.see("General")
        down = [*key("move_down"), *key("page_down"), key("move_last")[0]]
        up = [*key("move_up"), *key("page_up"), key("move_first")[0]]
        for names, end in (down, " ok: nothing to do"), (up, "General"):
            for name in names:
                before = terminal.text()
                terminal.keys(name)
                terminal.wait(f"{name} to scroll", lambda lines: "\n".join(lines) != before)
            terminal.see(end)

    def test_bar_names_keys_of_the_table(self):
        terminal = self.begin(cols=140)
        bar = terminal.lines()[-1]
        names = {name for row in source.keys() for name in row.names} | {"<>"}
        words = bar.split()
        self.assertEqual(set(words[::2]) - names, set())
        self.assertGreater(len(words), 20)


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
        terminal = self.screen("-d", "0.2", cols=100, rows=9)
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
        terminal.see("[FOLLOW]")
        for name in key("toggle_follow"):
            terminal.keys("End")
            terminal.gone("[FOLLOW]")
            self.await_selected(terminal, 5)
            terminal.keys(name)
            terminal.see("[FOLLOW]")
            self.await_selected(terminal, 2)


class Choose(Case):
    def test_sort(self):
        """Along the columns, and around: worst first, then one after the other."""
        names = ["local", "length", "limit", "fill", "state"]
        heads = [source.fields()[name] for name in names]
        # Words from A to Z, else the most and the worst first.
        marks = {name: "▲" if name == "local" else "▼" for name in names}
        terminal = self.begin("-o", "severity," + ",".join(names))
        self.await_header(terminal, "SEV▼")
        for name in key("sort_next"):
            terminal.keys(name)  # by the mark itself
            for field in heads:
                terminal.keys(name)
                self.await_header(terminal, field.header + marks[field.name])
                if field.name == "limit":
                    self.await_order(terminal, [5, 4, 3, 2, 1, 0])
                if field.name == "local":
                    self.await_order(terminal, [0, 1, 2, 3, 4, 5])
            terminal.keys(name)
            self.await_order(terminal, self.usual)
        for name in key("sort_previous"):
            for field in reversed(heads):
                terminal.keys(name)
                self.await_header(terminal, field.header + marks[field.name])

    def test_invert(self):
        terminal = self.begin()
        for name in key("invert"):
            terminal.keys(name)
            self.await_header(terminal, "SEV▲")
            self.await_order(terminal, [0, 1, 3, 5, 4, 2])  # equal ones stay as they were
            terminal.keys(name)
            self.await_order(terminal, self.usual)

    def test_freeze(self):
        terminal = self.begin()
        for name in key("toggle_freeze"):
            terminal.keys(name)
            terminal.see("[ORDER FROZEN]")
            terminal.keys(name)
            terminal.gone("[ORDER FROZEN]")

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
            terminal.see("q Quit")

    def test_find_is_given_up(self):
        terminal = self.begin()
        terminal.keys(key("ask_for_text")[0])
        terminal.type("nowhere")
        self.last(terminal, "Find: nowhere")
        terminal.keys(key("go_back")[0])
        terminal.see("q Quit")
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
            terminal.see("[FILTER]")
            terminal.see("1 of 6 listeners")
            # It stays for samples to come, and hides nothing from the verdict.
            # What waits for three seconds is stalled.
            self.assertRegex(terminal.lines()[1],
                             rf"^! 1 full, 1 (high|stalled); worst {self.places[2]} ")
            terminal.keys(name)
            self.last(terminal, "Filter: :8004")
            terminal.answer("length > 1000")
            terminal.see("No listener matches.")
            # One that is wrong says where; the other one stays, and it can be mended.
            terminal.keys(name)
            terminal.answer("length > many")
            terminal.settle(lambda lines: self.assertRegex(lines[-1], "filter.*10"))
            terminal.see("[FILTER]")
            terminal.keys(name)
            self.last(terminal, "Filter: length > many")
            terminal.answer("state = full or fill >= 80%")
            self.await_order(terminal, [2, 4])
            terminal.keys(key("go_back")[0])
            terminal.gone("[FILTER]")
            self.await_order(terminal, self.usual)

    def test_full_only(self):
        terminal = self.begin()
        for name in key("toggle_full"):
            terminal.keys(name)
            terminal.see("[FULL ONLY]")
            self.await_order(terminal, [2, 4])
            terminal.see("2 of 6 listeners")
            terminal.keys(name)
            terminal.gone("[FULL ONLY]")
            self.await_order(terminal, self.usual)

    def test_columns(self):
        terminal = self.begin(cols=140, rows=40)
        for name in key("toggle_columns"):
            terminal.keys(name)
            lines = terminal.see("Setup")
            listed = [re.match(r"\[([x ])\] (\S+)", line) for line in lines[1:]]
            marks = {match[2]: match[1] for match in listed if match}
            shown = [column for column, mark in marks.items() if mark == "x"]
            self.assertIn("local", shown)
            self.assertEqual(marks["inode"], " ")
            terminal.keys("Home", *(list(marks).index("inode") * ["Down"]))
            terminal.settle(lambda lines: self.assertIn("[ ] inode ", terminal.selected()))
            terminal.keys("Space")
            terminal.see("[x] inode")
            terminal.keys(name)
            self.await_header(terminal, "INODE")
            terminal.settle(lambda lines: self.assertEqual(
                [row["INODE"] for row in screen.parse_list(lines)],
                [str(self.listeners[i].inode) for i in self.usual]))
            # It can be sorted by as any other, and taken away.
            terminal.keys(name)
            terminal.see("Setup")
            terminal.keys("Space")
            terminal.see("[ ] inode")
            terminal.keys(key("go_back")[0])
            terminal.settle(lambda lines: self.assertNotIn(
                "INODE", lines[screen.find_header(lines)]))

    def test_column_that_costs(self):
        """What a new column needs is collected from then on."""
        terminal = self.begin("-o", "severity,local,limit", cols=140, rows=40)
        terminal.keys("c", "Home", *(list(source.fields()).index("oldest-wait") * ["Down"]))
        terminal.settle(lambda lines: self.assertIn("oldest-wait", terminal.selected()))
        terminal.keys("Space", "c")
        self.await_header(terminal, "OLDEST")
        terminal.settle(lambda lines: self.assertRegex(
            screen.parse_list(lines)[0]["OLDEST"], r"^\d+\.\d$"))


class Time(Case):
    def clock(self, terminal):
        """What the title says of the time."""
        return re.search(r"\d\d:\d\d:\d\dZ", terminal.lines()[0])[0]

    def test_pause(self):
        terminal = self.begin()
        for name in key("toggle_pause"):
            terminal.keys(name)
            terminal.see("[PAUSED")
            clock = self.clock(terminal)
            rows = terminal.list()
            self.queue(self.listeners[0], 1)
            # Sampling does not stop: the age of what is seen grows.
            terminal.settle(lambda lines: self.assertRegex(lines[0], r"\[PAUSED -[1-9]"))
            self.assertEqual(self.clock(terminal), clock)
            self.assertEqual(terminal.list(), rows)
            terminal.keys(name)
            terminal.see("[LIVE]")
            self.await_queued(terminal, self.listeners[0])

    def test_steps(self):
        """Windows are ended by hand, so that each has its own number."""
        terminal = self.begin(delay="60", cols=140)
        back, forward = key("step_back")[0], key("step_forward")[0]
        for _ in range(3):
            self.queue(self.listeners[5], 1)
            terminal.keys(key("refresh_or_toggle")[0])
            self.await_queued(terminal, self.listeners[5])

        def shows(count):
            terminal.settle(lambda lines: self.assertEqual(
                queued(lines, self.listeners[5]), count))
        for count in 2, 1, 0:
            terminal.keys(back)
            shows(count)
            terminal.see("[PAUSED -")
        terminal.keys(back)
        self.last(terminal, "No older sample is kept.")
        for count in 1, 2, 3:
            terminal.keys(forward)
            shows(count)
        terminal.see("[PAUSED]")
        terminal.keys(forward)
        self.last(terminal, "This is the newest sample.")
        terminal.keys(key("toggle_pause")[0])
        terminal.see("[LIVE]")

    def test_refresh(self):
        terminal = self.begin(delay="60")
        for name in key("refresh_or_toggle"):
            self.queue(self.listeners[5], 1)
            terminal.keys(name)
            self.await_queued(terminal, self.listeners[5])

    def test_delay(self):
        terminal = self.begin(delay="60")
        for name in key("ask_for_delay"):
            terminal.keys(name)
            self.last(terminal, "Seconds between samples: 60")
            terminal.answer("0.5")
            terminal.see("every 0.5s")
            self.queue(self.listeners[5], 1)
            self.await_queued(terminal, self.listeners[5])
            for bad in "0", "1s", "1e9", "":
                terminal.keys(name)
                terminal.see("Seconds between samples: 0.5")
                terminal.answer(bad)
                terminal.settle(lambda lines, bad=bad: self.assertEqual(
                    lines[-1], f"Not a number of seconds from 0.001 to 86400: {bad}".rstrip()))
                self.assertIn("every 0.5s", terminal.text())
            terminal.keys(name)
            terminal.see("Seconds between samples: 0.5")
            terminal.keys(key("go_back")[0])
            terminal.see("q Quit")
            self.assertIn("every 0.5s", terminal.text())
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
        terminal = self.begin(delay="60")
        terminal.see("ListenOverflows")
        for name in key("reset_sums"):
            self.overflow(self.listeners[2], 3)
            terminal.keys(key("refresh_or_toggle")[0])
            terminal.settle(lambda lines: self.assertRegex(
                lines[2], r"^ListenOverflows .* \+3 in \S"))
            terminal.keys(name)
            self.last(terminal, "The sums of the counters begin anew.")
            terminal.settle(lambda lines: self.assertNotIn("+3", lines[2]))
            self.overflow(self.listeners[2], 2)
            terminal.keys(key("refresh_or_toggle")[0])
            terminal.settle(lambda lines: self.assertRegex(
                lines[2], r"^ListenOverflows .* \+2 in \S"))
            terminal.keys(name)
            terminal.settle(lambda lines: self.assertNotIn("+2", lines[2]))


class Pages(Case):
    def lines_of(self, terminal, listener, clients):
        """The line of each client in the detail."""
        peers = ["%s:%d" % client.getsockname() for client in clients]
        lines = terminal.lines()
        found = [[line for line in lines if re.search(rf" {re.escape(peer)}( |$)", line)]
                 for peer in peers]
        for peer, line in zip(peers, found):
            self.assertEqual(len(line), 1, f"lines of {peer}")
        return [line[0].split(None, 2) for line in found]

    def test_detail(self):
        listener = self.listener("127.0.0.9", 9000, backlog=9)
        clients = self.fill(listener, 9)
        clients[0].send(b"hello")
        clients[1].send(b"12345678")
        clients[2].close()
        self.half_open(self.listeners[0], 2)
        self.places.append(screen.at(listener))
        terminal = self.screen("-d", "0.2", cols=100, rows=50)
        for name in (*key("open_selected"), *key("toggle_detail")):
            terminal.keys(key("ask_for_text")[0])
            terminal.type(":9000")
            terminal.keys("Enter")
            self.await_selected(terminal, 6)
            terminal.keys(name)
            lines = terminal.see("10 waiting")
            terminal.see("closed by the peer")
            terminal.settle(lambda lines: self.lines_of(
                terminal, listener, clients[:2] + clients[3:]))
            rows = self.lines_of(terminal, listener, clients[:2] + clients[3:])
            self.assertEqual([int(row[1]) for row in rows], [5, 8] + 7 * [0])
            for row in rows:
                self.assertRegex(row[0], r"^\d+(\.\d)?s$")
                self.assertNotIn("closed", row[2])
            closed = [line for line in terminal.lines() if "closed by the peer" in line]
            self.assertEqual(len(closed), 1)
            self.assertIn("dead-clients: ", terminal.text())
            self.assertTrue(any(re.match(rf"{re.escape(self.places[6])}( [^:]+)?: full ", line)
                                for line in lines))
            terminal.keys(key("go_back")[0])
            terminal.see("q Quit")

    def test_detail_is_of_one_socket(self):
        """Its page goes on when others change, and says when it is gone."""
        terminal = self.begin(rows=40)
        terminal.keys("End")
        self.await_selected(terminal, 5)
        terminal.keys(key("open_selected")[0])
        def mine(lines):
            self.assertRegex("\n".join(lines), rf"\n{re.escape(self.places[5])}( [^:]+)?: ok")
        terminal.settle(mine)
        self.queue(self.listeners[5], 4)
        terminal.see("4 waiting")
        for listener in self.listeners[:5]:
            listener.close()
        terminal.see("1 listener ")
        mine(terminal.lines())

    def test_sections_and_scrolling(self):
        """Down scrolls the queue that Tab has chosen."""
        listener = self.listener("127.0.0.9", 9000, backlog=99)
        clients = self.queue(listener, 80)
        self.half_open(listener, 40)
        terminal = self.screen("-d", "0.2", cols=100, rows=30)
        terminal.keys(key("ask_for_text")[0])
        terminal.type(":9000")
        terminal.keys("Enter", key("open_selected")[0])
        terminal.see("80 waiting")
        terminal.see("40 half-open")
        terminal.keys("p")  # ages that grow may take a line more
        terminal.see("[PAUSED")
        waiting = {":%d" % client.getsockname()[1] for client in clients}

        def shown(lines):
            """Ports of the waiting ones, addresses of the half-open ones."""
            words = " ".join(lines)
            return (set(re.findall(r"127\.0\.0\.1(:\d+)", words)) & waiting,
                    set(re.findall(r"10\.99\.0\.\d+", words)))
        terminal.settle(lambda lines: self.assertTrue(all(shown(lines))))
        queue, half = shown(terminal.lines())
        terminal.keys("NPage")
        terminal.settle(lambda lines: self.assertFalse(shown(lines)[0] & queue))
        self.assertEqual(shown(terminal.lines())[1], half)
        terminal.keys("Home")
        terminal.settle(lambda lines: self.assertEqual(shown(lines)[0], queue))
        for name in key("next_section"):
            terminal.keys(name)
            terminal.settle(lambda lines: self.assertGreater(len(shown(lines)[1]), len(half)))
            queue, half = shown(terminal.lines())
            terminal.keys("End")
            terminal.settle(lambda lines: self.assertFalse(shown(lines)[1] & half))
            self.assertEqual(shown(terminal.lines())[0], queue)

    def test_back(self):
        terminal = self.begin()
        for name in key("go_back"):
            for page, text in (("toggle_help", "listenq: keys"),
                               ("toggle_columns", "Setup"),
                               ("open_selected", "Esc back"), ("toggle_detail", "Esc back")):
                terminal.keys(key(page)[0])
                terminal.see(text)
                terminal.keys(name)
                self.await_order(terminal, self.usual)

    def test_quit_goes_back_first(self):
        terminal = self.begin()
        for page in "toggle_help", "toggle_columns", "open_selected", "toggle_detail":
            for name in key("quit"):
                terminal.keys(key(page)[0])
                terminal.gone("q Quit")
                terminal.keys(name)
                self.await_order(terminal, self.usual)
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
            self.assertTrue(terminal.lines()[0].startswith("listenq "))

    def test_write(self):
        terminal = self.begin(delay="60")
        for name in key("ask_for_file"):
            terminal.keys(name)
            terminal.settle(lambda lines: self.assertRegex(
                lines[-1], rf"^Write JSON to file: listenq-{re.escape(socket.gethostname())}-"
                           r"\d{8}T\d{6}Z\.json$"))
            default = terminal.lines()[-1].partition(": ")[2]
            terminal.keys("Enter")
            self.last(terminal, f"Written to {default}.")
            with open(os.path.join(terminal.directory, default), encoding="utf-8") as file:
                report = listenq.parse(file.read())
            self.assertEqual({row["cookie"] for row in report["listeners"]},
                             {listener.cookie for listener in self.listeners})
            # Another name, in place of what has it.
            path = os.path.join(terminal.directory, "report")
            with open(path, "w", encoding="ascii") as file:
                file.write("old")
            terminal.keys(name)
            terminal.answer(path)
            terminal.see(f"Written to {path}.")
            with open(path, encoding="utf-8") as file:
                self.assertEqual(listenq.parse(file.read()), report)

    def test_write_that_fails(self):
        terminal = self.begin()
        for path, why in (("/nowhere/report", "No such file"), ("/dev/full", "No space left"),
                          (terminal.directory, "directory")):
            terminal.keys(key("ask_for_file")[0])
            terminal.answer(path)
            terminal.settle(lambda lines, why=why, path=path: self.assertTrue(
                why in lines[-1] and path in lines[-1], lines[-1]))
        terminal.keys(key("ask_for_file")[0])
        terminal.answer("-")
        terminal.see("Standard output is this screen")
        self.assertNotIn("schema_version", terminal.text())
        before = set(os.listdir(terminal.directory))
        terminal.keys(key("ask_for_file")[0])
        terminal.see("Write JSON to file: ")
        terminal.keys(key("go_back")[0])
        terminal.see("q Quit")
        self.assertEqual(set(os.listdir(terminal.directory)), before)

    def test_filter_that_needs_more(self):
        """What it asks for is looked for now, not when a long window is over."""
        mine = self.listener()
        terminal = self.screen("-d", "60", "-o", "severity,local,length")
        terminal.see(screen.at(mine))
        terminal.keys(key("ask_for_filter")[0])
        terminal.answer("comm = python3")
        terminal.see("[FILTER]")
        terminal.settle(lambda lines: self.assertIn(
            screen.at(mine), [row["LOCAL ADDRESS"] for row in screen.parse_list(lines)]))

    def test_end_of_a_filter_with_a_family(self):
        """That was given on the command line: what it hid comes back, IPv6 too."""
        other = self.listener("::1")
        terminal = self.screen("-d", "0.2", "src 127.0.0.0/8")
        terminal.gone(screen.at(other))
        terminal.keys(key("go_back")[0])
        terminal.see(screen.at(other))

    def test_keys_that_mean_nothing(self):
        terminal = self.begin(delay="60")
        before = terminal.lines()[1:]
        terminal.keys("y", "Y", "9", "F9", "C-a", "M-x", "IC", "DC", "F12", "BTab", "C-Left")
        terminal.keys("End", "Home")
        terminal.see("[ORDER HELD]")
        self.assertEqual(terminal.lines()[1:], before)

    def test_keys_of_the_list_alone(self):
        """They do nothing on other pages."""
        terminal = self.begin(delay="60")
        for page in "toggle_help", "toggle_columns", "open_selected":
            terminal.keys(key(page)[0])
            terminal.gone("q Quit")
            terminal.keys(*(key(name)[0] for name in ("toggle_full", "toggle_freeze", "invert",
                                                      "sort_next", "ask_for_text", "go_back")))
            terminal.see("q Quit")
            self.await_order(terminal, self.usual)
            self.assertNotRegex(terminal.lines()[0], "FULL ONLY|FROZEN")
            self.await_header(terminal, "SEV▼")


class Mouse(Case):
    def begin(self, *args, **kwargs):
        return super().begin("--mouse", *args, term="xterm-256color", **kwargs)

    def test_click_selects(self):
        terminal = self.begin()
        first = terminal.header() + 1
        for line, number in (3, 1), (5, 5), (0, 2):
            terminal.mouse(first + line, 10)
            self.await_selected(terminal, number)
        # What is no row is left alone.
        terminal.mouse(first + 8, 10)
        terminal.mouse(0, 10)
        terminal.mouse(23, 10)
        self.await_selected(terminal, 2)
        # A click on what is selected opens it.
        terminal.mouse(first, 10)
        terminal.see("30 waiting")

    def test_nothing_waits_for_the_next_key(self):
        """Whichever button, and while it is held down: samples come in."""
        terminal = self.begin()
        self.await_selected(terminal, 2)
        row = terminal.header() + 2
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
        terminal = self.begin()
        header = terminal.header()
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
