# SPDX-License-Identifier: GPL-2.0-or-later
"""Time that is not what it seems: windows in which the program did not run, and clocks that are
set."""
import datetime
import fcntl
import itertools
import os
import pathlib
import re
import select
import signal
import struct
import tempfile
import termios
import time

import listenq
import rig

STOPPED = 1.6  # seconds; from one second on nobody can call it a loaded machine
CODE = "peaks-unavailable"


def row_of(document, listener):
    return next(row for row in document["listeners"] if row["port"] == listener.port)


def is_blind(document):
    return any(warning["code"] == CODE for warning in document["warnings"])


class Blind(rig.Case):
    """What Running records is replayed at its end, and has to be the same."""

    def stopped(self, child, meanwhile=lambda: None):
        """The program stands for a while."""
        child.wait_window(later=True)
        child.wait_looks(2)
        os.kill(child.pid, signal.SIGSTOP)
        try:
            meanwhile()
            time.sleep(STOPPED)
        finally:
            os.kill(child.pid, signal.SIGCONT)
        child.wait_window(later=True)
        child.wait_window()
        child.interrupt()
        return child.finish()

    def only(self, documents):
        """The one window of which the peaks are unknown, and not the others."""
        blind = [document for document in documents if is_blind(document)]
        self.assertEqual(len(blind), 1)
        self.assertGreater(blind[0]["window_seconds"], STOPPED)
        return blind[0]

    def test_stopped(self):
        listener = self.listener(backlog=2)

        def burst():
            clients = [rig.connect("127.0.0.1", listener.port) for _ in range(3)]
            for _ in clients:
                listener.accept().close()
            for client in clients:
                client.close()
        run = self.stopped(listenq.Running("--watch", "--json", "-d", "0.2"), burst)
        document = self.only(run.documents)
        queue = row_of(document, listener)["accept_queue"]
        for key in ("peak_length", "peak_fill", "full_seconds", "samples"):
            self.assertIsNone(queue[key], key)
        message = next(each["message"] for each in document["warnings"] if each["code"] == CODE)
        self.assertRegex(message, r"\Ano fast sample was taken for [1-9][.0-9]*s of a window of ")
        for other in run.documents:
            if other["time"] != document["time"]:
                self.assertIsNotNone(row_of(other, listener)["accept_queue"]["peak_length"])

    def test_table(self):
        listener = self.listener(backlog=2)
        run = self.stopped(listenq.Running("--watch", "-d", "0.2", "-o", "local,peak"))
        self.assertEqual(run.err.count("no fast sample was taken for "), 1)
        peaks = re.findall(rf"^127.0.0.1:{listener.port} +(\S+)$", run.out, re.M)
        self.assertEqual(peaks.count("-"), 1, run.out)
        self.assertEqual(peaks.count("0%"), len(peaks) - 1)

    def test_full(self):
        """That it was full is known; not that it was so while nobody looked."""
        listener = self.listener(backlog=2)
        self.fill(listener, 2)
        run = self.stopped(listenq.Running("--watch", "--json", "-d", "0.2"))
        row = row_of(self.only(run.documents), listener)
        self.assertEqual(row["state"], "full")
        self.assertEqual(row["accept_queue"]["peak_length"], 3)
        self.assertLess(row["accept_queue"]["full_seconds"], STOPPED / 2)

    def test_slow_reader(self):
        self.listener()
        child = listenq.Running("--watch", "--json", "-d", "0.05")
        child.wait_window()
        fcntl.fcntl(child.process.stdout, fcntl.F_SETPIPE_SZ, 4096)

        def unread():
            text = fcntl.ioctl(child.process.stdout, termios.FIONREAD, b"\0" * 4)
            return struct.unpack("i", text)[0]
        since, before, end = time.monotonic(), unread(), time.monotonic() + listenq.TIMEOUT
        while time.monotonic() < since + STOPPED:
            self.assertLess(time.monotonic(), end)
            if select.select([child.windows], [], [], 0.05)[0]:
                child.windows.read(1)
                since, before = time.monotonic(), unread()
        self.assertEqual(unread(), before)
        out = b""
        while CODE.encode() not in out:
            self.assertLess(time.monotonic(), end)
            out += os.read(child.process.stdout.fileno(), 65536)
        child.interrupt()
        child.finish()

    def test_little_late(self):
        """A machine with much to do is no news."""
        self.listener()
        child = listenq.Running("--watch", "--json", "-d", "0.2")
        for _ in range(3):
            child.wait_window(later=True)
            os.kill(child.pid, signal.SIGSTOP)
            time.sleep(0.4)
            os.kill(child.pid, signal.SIGCONT)
        child.wait_window(later=True)
        child.interrupt()
        self.assertFalse(any(map(is_blind, child.finish().documents)))


HOUR = 3600


def moment(document):
    text = document["time"].replace("Z", "+00:00")
    return datetime.datetime.fromisoformat(text).timestamp()


class Clock(rig.Case):
    """The clock of this machine may not be set, as other programs go by it, and no namespace has a
    wall clock of its own. So a recording gets the times that a host would have written."""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="listenq-time-")
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "file"
        self.listener()
        listenq.run("--watch", "--json", "-d", "0.05", "--count=9", f"--record={self.file}")
        self.calm = self.replay("--json").documents

    def replay(self, *args, **kwargs):
        return listenq.run(f"--replay={self.file}", *args, **kwargs)

    def set(self, steps):
        """The clock is set by so many seconds at the samples with these numbers, from 0."""
        header, *samples = self.file.read_text().splitlines(keepends=True)
        by = 0
        for i, line in enumerate(samples):
            by += round(steps.get(i, 0) * 1e9)
            samples[i] = re.sub(r'(?<="wall":)\d+', lambda m: str(int(m[0]) + by), line, count=1)
        self.file.write_text("".join([header, *samples]))

    def steps(self):
        """The numbers of the windows that warn."""
        return [i for i, document in enumerate(self.replay("--json").documents)
                if "clock-step" in [warning["code"] for warning in document["warnings"]]]

    def test_windows(self):
        for seconds, said in ((-HOUR, "set back by 1h"), (-1.5, "set back by 1.5s"),
                              (90, "set forward by 1m30s, or the host was suspended")):
            self.set({4: seconds})
            self.assertEqual(self.steps(), [3])
            run = self.replay()
            self.assertEqual(run.err.count("clock"), 1)
            self.assertIn(f"listenq: warning: in the window that ends here the clock was {said}",
                          run.err)
            documents = self.replay("--json").documents
            self.assertEqual([document["window_seconds"] for document in documents],
                             [document["window_seconds"] for document in self.calm])
            self.assertAlmostEqual(moment(documents[3]) - moment(self.calm[3]), seconds, places=3)
            self.set({4: -seconds})

    def test_no_news(self):
        """A leap second, and what two clocks differ by as one is read after the other."""
        for seconds in (0, 1, -1, 0.5):
            self.set({4: seconds})
            self.assertEqual(self.steps(), [])
            self.assertNotIn("clock", self.replay("--incident").out)
            self.set({4: -seconds})

    def test_again(self):
        self.set({2: -HOUR, 6: 2 * HOUR})
        self.assertEqual(self.steps(), [1, 5])
        lines = self.file.read_text().splitlines(keepends=True)
        # One that is left out has its step in the window over it.
        self.file.write_text("".join(lines[:3] + lines[4:]))
        self.assertEqual(self.steps(), [1, 4])
        self.replay("--strict", code=1)
        self.assertNotIn("UNKNOWN", self.replay("--check", code=None).out)

    def test_times(self):
        """--begin and --end choose by what the clock showed."""
        self.set({4: -HOUR})
        times = [document["time"] for document in self.replay("--json").documents]
        for begin, end in itertools.combinations_with_replacement(sorted(times), 2):
            run = self.replay("--json", f"--begin={begin}", f"--end={end}")
            self.assertEqual([document["time"] for document in run.documents],
                             [time for time in times if begin <= time <= end])

    def test_incident(self):
        self.set({4: -HOUR, 7: 2 * HOUR})
        report = self.replay("--incident").out
        timeline = re.search(r"\n## Timeline\n\n```text\n(.*?)\n```\n", report, re.S)[1]
        said = [line.partition("  ")[2].partition(";")[0] for line in timeline.splitlines()]
        self.assertEqual(said, ["the first sample", "the clock was set back by 1h",
                                "the clock was set forward by 2h, or the host was suspended",
                                "the last sample"])
        unknown = report[report.index("## What was not looked at"):]
        self.assertEqual(unknown.count("the clock was set "), 2)
        self.assertNotIn("-1", re.sub(r"\d{4}-[-\d]+ ", "", timeline))
        length = sum(document["window_seconds"] for document in self.calm)
        looked = re.search(r"- 9 windows .*, ([\d.]+)s in all", report)
        self.assertAlmostEqual(float(looked[1]), length, delta=0.06)
