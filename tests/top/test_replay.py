# SPDX-License-Identifier: GPL-2.0-or-later
"""The view shows a recording as it shows a live host, and never as if it were now."""
import datetime
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile

import listenq
import screen
from source import key

SECOND = 10**9
MODES = r"REPLAY (1x|20x|PAUSED|END)"


class Stretched:
    """A recording of any length, made of two samples that a real host gave: one of it well, one of
    it with a full queue that overflows. It has a sample a second."""

    def __init__(self, header, well, sick):
        self.header, self.samples = header, {False: well, True: sick}
        # The last one is a while ago, so no clock time of it is of today by chance.
        self.start = (well["wall"] - 10 * 86400 * SECOND) // (86400 * SECOND) * 86400 * SECOND
        self.lines, self.drops = [], 0

    def wall(self, second):
        return datetime.datetime.fromtimestamp(self.start // SECOND + second, datetime.timezone.utc)

    def clock(self, second):
        return self.wall(second).strftime("%H:%M:%S")

    def run(self, begin, parts, boot="a"):
        """parts: (seconds, sick)"""
        self.lines.append(dict(self.header, boot_id=f"00000000-0000-0000-0000-00000000000{boot}"))
        second, previous = begin, 0
        for seconds, sick in parts:
            for _ in range(seconds):
                previous = self.add(second, sick, previous, boot)
                second += 1
        return self

    def add(self, second, sick, previous, boot):
        sample = json.loads(json.dumps(self.samples[sick]))
        monotonic = (1000 + second) * SECOND
        by = monotonic - sample["monotonic_ns"]
        self.drops += 10 * sick

        def shift(value):
            for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
                if isinstance(inner, (dict, list)):
                    shift(inner)
                elif name in ("dump_begin_ns", "dump_end_ns", "syn_recv_ns", "waiting_ns"):
                    value[name] = inner + by
        shift(sample)
        sample.update(wall=self.start + second * SECOND, monotonic_ns=monotonic,
                      boot_id=f"00000000-0000-0000-0000-00000000000{boot}")
        if previous:
            sample["previous_ns"] = previous  # its place in the line stays
        else:
            sample.pop("previous_ns")
        for reading in ("before", "after"):
            for counter in ("TcpExtListenOverflows", "TcpExtListenDrops"):
                sample["netns"][0][reading][counter] = self.drops
        for listener in sample["netns"][0]["listeners"]:
            listener["drops"] = self.drops if listener["port"] == 8001 else 0
        self.lines.append(sample)
        return monotonic

    def write(self, path, cut=False):
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in self.lines)
        path = os.path.join(path, "recording")
        with open(path, "w", encoding="ascii") as file:
            file.write(text[:-20] if cut else text)
        return path


class Case(screen.Case):
    def setUp(self):
        super().setUp()
        self.directory = tempfile.mkdtemp(prefix="listenq-replay-")
        self.addCleanup(shutil.rmtree, self.directory)

    def record(self):
        """A real recording: first all is well, then a queue is full."""
        path = os.path.join(self.directory, "real")
        self.listener("127.0.0.2", 8002, backlog=20)
        listener = self.listener("127.0.0.1", 8001, backlog=2)
        args = ("--watch", "-d", "0.2", "--count", "3", "-p", f"--record={path}", "--json")
        listenq.run(*args)
        self.fill(listener, 2)
        listenq.run(*args)
        return path

    def stretched(self):
        with open(self.record(), encoding="ascii") as file:
            lines = [json.loads(line) for line in file]
        return Stretched(lines[0], lines[2], lines[-1])

    def play(self, path, *args, **kwargs):
        return self.screen(f"--replay={path}", *args, **kwargs)

    def time(self, terminal):
        """The time of what is on the screen."""
        return re.search(r"(\d\d:\d\d:\d\d)Z " + MODES, terminal.lines()[0])[1]

    def await_title(self, terminal, *words, deadline=10):
        terminal.settle(lambda lines: [self.assertRegex(lines[0], word) for word in words],
                        deadline=deadline)

    def await_time(self, terminal, clock, mode="PAUSED", deadline=10):
        self.await_title(terminal, f"{clock}Z REPLAY {mode}", deadline=deadline)

    def last(self, terminal, text):
        terminal.settle(lambda lines: self.assertEqual(lines[-1], text))


class Plays(Case):
    def test_real_recording(self):
        """What it shows is what --json says of that window."""
        path = self.record()
        windows = [json.loads(line) for line in
                   listenq.run(f"--replay={path}", "--json").out.splitlines()]
        terminal = self.play(path, cols=120)
        terminal.keys("p")
        terminal.see("PAUSED")
        terminal.keys("End")  # of the list
        self.await_title(terminal, "PAUSED")
        terminal.keys("F8", "End")
        self.await_title(terminal, windows[-1]["host"], "REPLAY END", "1 overflowing|1 full")
        shown = {row.address: row.length for row in terminal.list()}
        self.assertEqual(shown, {f"{l['address']}:{l['port']}": str(l["accept_queue"]["length"])
                                 for l in windows[-1]["listeners"]})
        terminal.keys("q")
        self.assertEqual(terminal.ended(), 0)

    def test_runs(self):
        r = self.stretched()
        path = r.run(0, [(150, False)]).write(self.directory)
        terminal = self.play(path, cols=120)
        self.await_title(terminal, f"every 1s +{r.wall(1):%Y-%m-%d} ", "REPLAY 1x")
        self.assertNotIn("cpu", terminal.lines()[0])
        self.assertNotIn("LIVE", terminal.text())
        self.await_time(terminal, r.clock(3), "1x")
        terminal.keys(*key("toggle_speed"))
        self.await_title(terminal, "REPLAY 20x")
        self.await_title(terminal, r.clock(60)[:-1], deadline=5)
        terminal.keys("f")
        self.await_title(terminal, "REPLAY 1x")
        for hold in ("Space", *key("toggle_pause")):
            terminal.keys(hold)
            self.await_title(terminal, "REPLAY PAUSED")
            terminal.see("F9Play")
            terminal.keys("Enter")  # the page of a listener says so too
            self.await_title(terminal, "REPLAY PAUSED")
            terminal.wait("its keys", lambda lines: lines[-1].startswith("Esc Back"))
            self.assertTrue(terminal.lines()[-1].endswith("F9Play"), terminal.lines()[-1])
            terminal.keys("Escape")
            terminal.see("F10Quit")
            terminal.keys("Escape", "Enter")  # nothing is live that one could return to
            self.await_title(terminal, "REPLAY PAUSED")
            terminal.wait("its keys", lambda lines: lines[-1].startswith("Esc Back"))
            terminal.keys("Escape")
            terminal.see("F10Quit")
            self.await_title(terminal, "REPLAY PAUSED")
            terminal.keys(hold)
            self.await_title(terminal, "REPLAY 1x")
            terminal.see("F9Pause")
        terminal.keys("f")
        self.await_time(terminal, r.clock(149), "END", deadline=30)
        self.last(terminal, "The recording ends here.")
        terminal.keys("p")
        self.last(terminal, "The recording ends here.")

    def test_steps(self):
        r = self.stretched()
        path = r.run(0, [(2000, False)]).write(self.directory)
        terminal = self.play(path)
        terminal.keys("F7")  # it stands, at its beginning
        self.await_time(terminal, r.clock(1))
        self.last(terminal, "The recording begins here.")
        for pressed in ("F8", "T"):
            terminal.keys(pressed)
        self.await_time(terminal, r.clock(3))
        terminal.keys("PgDn")
        self.await_time(terminal, r.clock(63))
        terminal.keys(*["PgDn"] * 20)
        self.await_time(terminal, r.clock(63 + 20 * 60))
        # Beyond the ten minutes that are kept.
        terminal.keys(*["PgUp"] * 15)
        self.await_time(terminal, r.clock(63 + 5 * 60))
        terminal.keys("t")
        self.await_time(terminal, r.clock(62 + 5 * 60))
        terminal.keys("End")
        self.await_time(terminal, r.clock(1999), "END")
        terminal.keys("PgDn")
        self.last(terminal, "The recording ends here.")
        terminal.keys("Home")
        self.await_time(terminal, r.clock(1))

    def test_ends(self):
        """One key goes to the beginning, and one to the end, whether it stands or runs."""
        r = self.stretched()
        path = r.run(0, [(2000, False)]).write(self.directory)
        terminal = self.play(path)
        (first,), (last,) = key("travel_to_first"), key("travel_to_last")
        terminal.keys(last)  # it ran
        self.await_time(terminal, r.clock(1999), "END")
        terminal.keys(last)
        self.last(terminal, "The recording ends here.")
        terminal.keys(first)
        self.await_time(terminal, r.clock(1))
        terminal.keys(first)
        self.last(terminal, "The recording begins here.")
        terminal.keys("p")
        self.await_title(terminal, "REPLAY 1x")
        terminal.keys("p", last)
        self.await_time(terminal, r.clock(1999), "END")
        # Home and End are of the list, where no time was gone through.
        terminal.keys(first, "p")
        self.await_title(terminal, "REPLAY 1x")
        terminal.keys("p", "End")
        terminal.settle(lambda lines: self.assertIn("127.0.0.2:8002", terminal.selected()))
        self.await_title(terminal, "REPLAY PAUSED")

    def test_events(self):
        """Over more than the ten minutes that are kept, in both directions."""
        r = self.stretched()
        path = r.run(0, [(100, False), (20, True), (3000, False), (1200, True),
                         (200, False)]).write(self.directory)
        terminal = self.play(path)
        # It overflows, then is seen to accept nothing, then recovers.
        events = [100, 101, 120, 3120, 3121, 4320]
        for second in events:
            terminal.keys("]")
            self.await_time(terminal, r.clock(second))
        terminal.keys("]")
        self.last(terminal, "The recording has no newer event.")
        for second in events[-2::-1]:
            terminal.keys("[")
            self.await_time(terminal, r.clock(second))
        self.await_title(terminal, "1 overflowing", "PAUSED")
        self.assertIn("127.0.0.1:8001", terminal.selected())
        terminal.keys("[")
        self.last(terminal, "The recording has no older event.")

    def test_worst_first_at_an_event(self):
        """An order that was held is of another moment."""
        self.listener("127.0.0.1", 8000, backlog=20)
        r = self.stretched()
        path = r.run(0, [(100, False), (20, True), (100, False)]).write(self.directory)

        def order(*ports):
            terminal.settle(lambda lines: self.assertEqual(
                [text for line in lines for text in re.findall(r"127\.0\.0\.\d:(80\d+) ", line)
                 ][:len(ports)], list(ports)), deadline=3)
        terminal = self.play(path, rows=12)
        terminal.keys("p", "j")
        self.await_title(terminal, "PAUSED")
        order("8000", "8001", "8002")
        terminal.keys("]")
        self.await_time(terminal, r.clock(100))
        order("8001")
        self.assertIn("127.0.0.1:8001", terminal.selected())

    def test_search_ends_with_a_key(self):
        """The key is there before the search begins."""
        path = self.stretched().run(0, [(12000, False)]).write(self.directory)
        terminal = self.terminal(f"--replay={path}")
        terminal.await_output(b"REPLAY.*F10")
        os.kill(terminal.pid, signal.SIGSTOP)
        terminal.press(b"]j")
        os.kill(terminal.pid, signal.SIGCONT)
        terminal.await_output(rb"The search has ended here\.")
        terminal.read()
        self.assertNotIn(b"END", terminal.output)

    def test_goes_to_a_time(self):
        r = self.stretched()
        path = r.run(3 * 3600, [(4000, False)]).write(self.directory)
        terminal = self.play(path, TZ="UTC")
        for text, second in (("03:20", 3 * 3600 + 1200), ("-10m", 3 * 3600 + 600),
                             (f"{r.wall(0):%Y-%m-%d} 03:40:07", 3 * 3600 + 2407),
                             (f"{r.wall(0):%Y-%m-%d}T03:05:00Z", 3 * 3600 + 300)):
            terminal.keys(*key("ask_for_time"))
            terminal.see("Go to time: ")
            terminal.answer(text)
            self.await_time(terminal, r.clock(second))
        terminal.keys("@")
        terminal.see(f"Go to time: {r.wall(0):%Y-%m-%d}T03:05:00Z")
        terminal.answer("12:00")
        terminal.see("It is from ")
        terminal.answer("soon")
        terminal.see("Go to time: soon")
        terminal.keys("Escape")
        self.await_time(terminal, "03:05:00")

    def test_speed_while_it_stands(self):
        r = self.stretched()
        path = r.run(0, [(20, False)]).write(self.directory)
        terminal = self.play(path)
        terminal.keys("F7", "f")
        self.last(terminal, "It stands; when it goes on, then at 20x.")
        terminal.keys("f")
        self.last(terminal, "It stands; when it goes on, then at 1x.")

    def test_goes_over_a_gap(self):
        r = self.stretched()
        path = r.run(3600, [(20, False)]).run(3660, [(20, False)]).write(self.directory)
        terminal = self.play(path, cols=120)
        terminal.keys("@")
        terminal.answer(f"{r.wall(3630):%Y-%m-%dT%H:%M:%S}Z")
        self.await_time(terminal, r.clock(3661))
        terminal.see(f"Nothing was recorded from {r.wall(3619):%Y-%m-%dT%H:%M:%S}Z to "
                     f"{r.wall(3660):%Y-%m-%dT%H:%M:%S}Z: this is the next window.")
        terminal.keys("@")
        terminal.answer(f"{r.wall(3670):%Y-%m-%dT%H:%M:%S}Z")
        self.await_time(terminal, r.clock(3670))
        terminal.gone("Nothing was recorded")

    def test_goes_to_a_time_of_a_zone(self):
        """The screen is in UTC, and who slept through it speaks of local time."""
        r = self.stretched()
        path = r.run(3 * 3600, [(4000, False)]).write(self.directory)
        terminal = self.play(path, TZ="XYZ-1")
        for text, clock in ("03:20Z", "03:20:00"), ("04:10", "03:10:00"), ("05:05+02:00", "03:05:00"):
            terminal.keys("@")
            terminal.see("Go to time (03:00Z, or local 03:00): ")
            terminal.answer(text)
            self.await_time(terminal, clock)

    def test_begin_and_end(self):
        r = self.stretched()
        path = r.run(3 * 3600, [(1000, False)]).write(self.directory)
        day = f"{r.wall(0):%Y-%m-%d}"
        terminal = self.play(path, f"--begin={day}T03:05:00Z", f"--end={day}T03:06:00Z")
        terminal.keys("F7")
        self.await_time(terminal, "03:05:00")
        self.last(terminal, "The recording begins here.")
        terminal.keys("PgDn", "PgDn", "F8", "End")
        self.await_time(terminal, "03:06:00", "END")
        terminal.keys("Home")
        self.await_time(terminal, "03:05:00")

    def test_begins_late(self):
        """The first window says what is missed before it."""
        r = self.stretched()
        path = r.run(3 * 3600, [(10, False)]).write(self.directory)
        shutil.copy(path, path + ".1")
        terminal = self.play(path, cols=200)
        terminal.keys("F7")
        self.last(terminal, f"The recording begins here; older samples are in {path}.1.")
        asked = f"{r.wall(0):%Y-%m-%d}T02:50:00Z"
        terminal = self.play(path, f"--begin={asked}", cols=200)
        terminal.keys("F7")
        self.last(terminal, "The recording begins here; nothing is known from "
                  f"{asked} to {asked[:10]}T03:00:00Z, and --begin asks for it.")

    def test_two_runs(self):
        """Another boot, a quarter of a minute after the first: no window spans both."""
        r = self.stretched()
        path = r.run(0, [(60, False)]).run(75, [(60, True)], boot="b").write(self.directory)
        terminal = self.play(path, rows=40, cols=120)
        terminal.keys("]")
        self.await_time(terminal, r.clock(75))
        terminal.see("other boot, 16s unknown")
        terminal.keys("e")
        terminal.see("a new run begins, of another boot; nothing is known of the 16s before")
        terminal.keys("e")
        self.await_title(terminal, "no window")
        terminal.keys("F7")
        self.await_time(terminal, r.clock(59))
        terminal.keys("F8", "F8")
        self.await_time(terminal, r.clock(76))
        self.await_title(terminal, "1 overflowing")
        # The map has a hole there.
        terminal.keys("End")
        self.await_title(terminal, "END")
        self.assertRegex(terminal.lines()[1], r"^10m ·+[▁▂]+·+[▃▄▅▆▇█]+▲ ")

    def test_clock_is_set(self):
        """Its clock was ten minutes ahead; and later the program was stopped for a while."""
        r = self.stretched()
        r.run(3600, [(90, False)])
        for sample in r.lines[1:]:
            late = sample["monotonic_ns"] - 4630 * SECOND
            if late < 0:
                sample["wall"] += 600 * SECOND
            if late == 30 * SECOND:
                sample["blind_ns"] = 3 * SECOND
        terminal = self.play(r.write(self.directory), TZ="UTC", cols=120)
        terminal.keys("]")
        self.await_time(terminal, r.clock(3630))
        terminal.keys("e")
        terminal.see(f"{r.clock(3630)} host ")
        terminal.see(" the clock was set back by 10m")
        terminal.keys("e", "?")
        terminal.see("in the window that ends here the clock was set back by 10m")
        terminal.keys("Escape", "]")
        self.await_time(terminal, r.clock(3660))
        terminal.keys("e")
        terminal.see(f"{r.clock(3660)} listenq ")
        terminal.see(" no fast sample for 3s: peaks are unknown")
        terminal.keys("e")
        # Both clocks have a way to their times.
        for text, clock in (("01:10:10", "01:10:10"), ("01:01:10", "01:01:10")):
            terminal.keys(*key("ask_for_time"))
            terminal.see("Go to time: ")
            terminal.answer(text)
            self.await_time(terminal, clock)
        terminal.keys(*key("ask_for_time"))
        terminal.see("Go to time: ")
        terminal.answer("01:05")
        terminal.see(f"It is from {r.wall(0):%Y-%m-%d}T01:00:30Z to {r.wall(0):%Y-%m-%d}T01:10:29Z")

    def test_keys_that_a_recording_does_not_have(self):
        path = self.record()
        terminal = self.play(path)
        terminal.keys("p")
        for pressed in ("d", "+", "-"):
            terminal.keys(pressed)
            self.last(terminal, "A recording has the windows that it was made with.")
            terminal.keys("r")
            self.last(terminal, "All sums begin anew.")
        terminal.keys("x")
        terminal.see("The recording has no UNIX listeners")

    def test_live_has_no_other_times(self):
        terminal = self.screen("-d", "0.2")
        terminal.keys("f")
        terminal.see("Only a recording (--replay) runs faster.")
        terminal.keys("@")
        terminal.see("Only a recording (--replay) has other times")

    def test_remedies_name_the_time(self):
        """-5min would be before now."""
        r = self.stretched()
        path = r.run(0, [(30, False), (10, True), (60, False)]).write(self.directory)
        terminal = self.play(path, cols=120, rows=40)
        terminal.keys("p", "F8", "End")
        terminal.see(f"--since @{r.start // SECOND}")


class Saved(Case):
    """Key w writes the report that --incident gives, and says the same of what is unknown."""

    def saved(self, path, *args, keys=(), name="it.md", **kwargs):
        terminal = self.play(path, *args, **kwargs)
        terminal.keys("p", "F8", *keys)
        terminal.keys(key("ask_for_file")[0])
        terminal.see("Save JSON (incident as .md) to: ")
        terminal.answer(name)
        terminal.see(f"Written to {name}.")
        with open(os.path.join(terminal.directory, name), encoding="utf-8") as file:
            return file.read()

    def incident(self, path, *args, code=0):
        run = listenq.run("--incident", f"--replay={path}", *args, code=code)
        return run.out

    # Through all of a recording: a jump to its end reads as much as it has time for.
    STEPS = ["F8"] * 40

    def test_all_of_it(self):
        r = self.stretched()
        path = r.run(3 * 3600, [(5, False), (15, True), (20, False)]).write(self.directory)
        whole = self.incident(path)
        self.assertIn("overflowing", whole.splitlines()[0])
        self.assertEqual(self.saved(path, keys=self.STEPS), whole)

    def test_asked_for_more(self):
        """More than the recording has, at both ends; and a file that has the older samples."""
        r = self.stretched()
        path = r.run(3 * 3600, [(5, False), (15, True), (20, False)]).write(self.directory)
        shutil.copy(path, path + ".1")
        day = f"{r.wall(0):%Y-%m-%d}"
        args = [f"--begin={day}T02:50:00Z", f"--end={day}T03:10:00Z"]
        whole = self.incident(path, *args)
        self.assertEqual(len(re.findall("Nothing is known from ", whole)), 2)
        self.assertIn(f"older samples are in `{path}.1`", whole)
        self.assertEqual(self.saved(path, *args, keys=self.STEPS), whole)

    def test_damaged(self):
        r = self.stretched()
        path = r.run(0, [(5, False), (15, True)]).write(self.directory)
        with open(path, encoding="ascii") as file:
            lines = file.readlines()
        lines[15] = lines[15].replace('"port":8001', '"port":x')
        with open(path, "w", encoding="ascii") as file:
            file.writelines(lines)
        whole = self.incident(path, code=1)
        self.assertIn("Line 16 of the recording is damaged", whole)
        self.assertEqual(self.saved(path, keys=["F8"] * 15), whole)

    def test_a_part(self):
        """The view keeps ten minutes, and the report says that it is of a part."""
        r = self.stretched()
        path = r.run(0, [(30, True), (1200, False)]).write(self.directory)
        part = "- Only a part of the recording is in this report: --incident reports the whole\n"
        whole = self.saved(path, keys=["End"])
        self.assertIn(part, whole)
        self.assertIn(": no listener was sick\n", whole.splitlines(True)[0])
        self.assertNotIn("Nothing is known from", whole)
        self.assertIn(f"listenq --top --replay={path} ", whole)
        self.assertIn(part, self.saved(path, keys=["F8"]))

    def test_another_run_before(self):
        """What the ten minutes lack is unknown, and no more than that."""
        r = self.stretched()
        path = r.run(0, [(30, False)]).run(40, [(60, False)], boot="b").write(self.directory)
        whole = self.saved(path, keys=["End"], TZ="UTC")
        day = f"{r.wall(0):%Y-%m-%d}"
        self.assertIn(f"- Nothing is known from {day} {r.clock(29)} UTC to {day} {r.clock(40)} UTC\n",
                      whole)
        path = r.run(10000, [(60, False)], boot="b").write(self.directory)
        whole = self.saved(path, keys=["End"], TZ="UTC")
        self.assertIn(f"- Nothing is known from {day} {r.clock(10059 - 600)} UTC to "
                      f"{day} {r.clock(10000)} UTC\n", whole)


class Files(Case):
    def refused(self, path, pattern, *args):
        terminal = self.play(path, *args, start=False, cols=140)
        terminal.begin()
        self.assertEqual(terminal.ended(), 1)
        self.assertRegex(terminal.text(), pattern)

    def test_no_recording(self):
        path = os.path.join(self.directory, "none")
        self.refused(path, f"cannot open {path}: No such file")
        with open(path, "w", encoding="ascii"):
            pass
        self.refused(path, f"{path} is empty")
        with open(path, "w", encoding="ascii") as file:
            file.write("web3\n")
        self.refused(path, f"{path}, line 1, byte 1: a recording of listenq begins with a header")

    def test_no_window(self):
        r = self.stretched()
        path = r.run(0, [(1, False)]).write(self.directory)
        self.refused(path, "has one sample, and a window takes two")
        path = r.run(2, [(10, False)]).write(self.directory)
        self.refused(path, "has no window that ends since .*; it is from", "--begin=-1m")

    def test_cut(self):
        """As a crash leaves it."""
        r = self.stretched()
        path = r.run(0, [(5, False)]).write(self.directory, cut=True)
        terminal = self.play(path)
        terminal.keys("F8", "End", "p")
        self.await_time(terminal, r.clock(3), "END")
        self.last(terminal, "The recording ends here; its last line is cut, and left out.")

    def test_damaged(self):
        """It plays up to there, and says where."""
        r = self.stretched()
        path = r.run(0, [(20, False)]).write(self.directory)
        with open(path, encoding="ascii") as file:
            lines = file.readlines()
        lines[10] = lines[10].replace('"port":8001', '"port":x')
        with open(path, "w", encoding="ascii") as file:
            file.writelines(lines)
        terminal = self.play(path)
        terminal.keys("f")
        self.await_time(terminal, r.clock(8))
        terminal.see("recording: line 11 is damaged, byte ")
        self.await_title(terminal, "DAMAGED .*REPLAY ")

    def test_damaged_time(self):
        """What follows is never shown, which is said at once and at the end."""
        r = self.stretched()
        path = r.run(0, [(20, False)]).write(self.directory)
        with open(path, encoding="ascii") as file:
            lines = file.readlines()
        lines[10] = "\0" * 100 + "\n"
        with open(path, "w", encoding="ascii") as file:
            file.writelines(lines)
        terminal = self.play(path, start=False)
        terminal.begin()
        terminal.see("line 11 is damaged, byte 1: ")
        self.await_title(terminal, "DAMAGED .*REPLAY ")
        terminal.keys("F8", "End", "p")
        terminal.see("The recording ends here: the file is damaged at line 11, and what follows is")

    def test_standard_input(self):
        """Keys come from the terminal all the same."""
        path = self.record()
        for feed in (f"cat {path} |", f"< {path}"):
            command = f"{feed} ./listenq --top --replay=-"
            terminal = self.screen(command=command)
            terminal.keys("p")
            terminal.see("REPLAY PAUSED")
            terminal.keys("F8", "F8", "End")
            terminal.see("REPLAY END")
            terminal.keys("q")
            self.assertEqual(terminal.ended(), 0)

    def test_no_terminal(self):
        path = self.record()
        with open(path, "rb") as file:
            done = subprocess.run([listenq.program(), "--top", "--replay=-"], stdin=file,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  start_new_session=True, timeout=listenq.TIMEOUT, check=False)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("takes keys from the terminal", done.stderr)
