# SPDX-License-Identifier: GPL-2.0-or-later
"""The view and --watch for many minutes, among listeners that are replaced all the time: what they
hold stays as it is. SOAK_SECONDS says how long, 720 without it."""
import fcntl
import itertools
import json
import os
import pathlib
import re
import time

import listenq
import netns
import rig
import screen
import terminal

SECONDS = int(os.environ.get("SOAK_SECONDS", 720))
LISTENERS = 150
GENERATIONS = 5  # a second
SICK = 5  # of each generation
ABROAD = 25  # one generation in so many has a namespace of its own

# The past fills its room within the first ten minutes.
PLATEAU = 720

# MiB that are held, and with what is free until it is trimmed. The view holds 32 of past samples
# and history, see listenq-top(8), and what the program, two reports and the screen take; --watch
# all but the past.
TOP_MOST = 48, 64
WATCH_MOST = 10, 10

# What a user tries in turn; each page is left again.
KEYS = (b"?", b"\033", b"c", b"c", b"e", b"\r", b"\033OS", b"\033", b"p", b"p", b"/", b"web\r", b"n",
        b"\\", b"length > 0\r", b"\\", b"\x15\r", b"j", b"k", b"G", b"g", b"F", b"F", b"s", b"s",
        b"u", b"u", b"x", b"x", b"\r", b"\t", b"\t", b"\033", b"i", b"\033", b"t", b"t",
        b"\033[5~", b"\033[6~", b"[", b"]", b"T", b"\033[20~", b">", b"<", b"I", b"I", b"o", b"o",
        b"+", b"-", b"a", b"a", b"r", b"\x0c")
SIZES = ((24, 80), (40, 140), (60, 220), (10, 40), (50, 100))


class Generation(rig.Child):
    """A process with listeners, one half of them at ports that the next generation has again."""

    def __init__(self, number):
        self.number = number
        super().__init__(self._begin)

    def _begin(self, _):
        pathlib.Path("/proc/self/comm").write_text(f"web-{self.number}", encoding="ascii")
        if self.number % ABROAD == ABROAD - 1:
            netns.enter()
        self.held = [rig.Listener("127.0.0.1", 10000 + i if i % 2 else 0, backlog=0)
                     for i in range(LISTENERS)]
        self.held += [rig.connect(listener.address, listener.port)
                      for listener in self.held[:SICK] for _ in range(3)]


class Watched:
    """What a process holds, once a second."""

    def __init__(self, name, pid, most):
        self.name, self.pid, self.most = name, pid, most
        self.series = []  # (moment, KiB resident, descriptors, threads, seconds of CPU)

    def look(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        self.series.append((time.monotonic(), terminal.resident_kib(self.pid),
                            len(os.listdir(f"/proc/{self.pid}/fd")),
                            int(re.search(r"^Threads:\s*(\d+)", status, re.MULTILINE)[1]),
                            terminal.cpu_seconds(self.pid)))

    def say(self):
        every = max(1, len(self.series) // 24)
        print(f"# {self.name}: MiB resident, descriptors, threads, seconds of CPU")
        for moment, kib, files, threads, cpu in self.series[::every]:
            print(f"#   {moment - self.series[0][0]:4.0f} s  {kib / 1024:5.1f}  {files:2d}  "
                  f"{threads}  {cpu:6.2f}", flush=True)

    def third(self, number):
        """Of the time: MiB resident at the least and at the most, descriptors and threads."""
        each = len(self.series) // 3
        _, kib, files, threads, _ = zip(*self.series[number * each:(number + 1) * each])
        return min(kib) / 1024, max(kib) / 1024, min(files), min(threads)


class Soak(screen.Case):
    def setUp(self):
        super().setUp()
        self.numbers, self.presses = itertools.count(), itertools.count()
        self.generation = Generation(next(self.numbers))
        self.addCleanup(lambda: self.generation.close())
        self.view = self.terminal("-A", "-p", "-d", "1", rows=40, cols=140)
        self.watch = listenq.Running("--watch", "--json", "-A", "-p", "-d", "1")
        self.addCleanup(lambda: self.watch.process.returncode is None and self.watch.kill())
        # One document is longer than a pipe is by default.
        fcntl.fcntl(self.watch.process.stdout, fcntl.F_SETPIPE_SZ, 1 << 20)
        os.set_blocking(self.watch.process.stdout.fileno(), False)
        self.documents, self.rest, self.seen = [], b"", 0

    def replace(self):
        self.generation.close()
        self.generation = Generation(next(self.numbers))

    def use(self):
        """One key of the view, and at times another size of its terminal."""
        number = next(self.presses)
        self.view.press(KEYS[number % len(KEYS)])
        if number % 7 == 0:
            self.view.resize(*SIZES[number // 7 % len(SIZES)])

    def read(self):
        """What both have written."""
        self.view.read()
        self.view.output = self.view.output[-65536:]
        self.rest += self.watch.process.stdout.read() or b""
        *lines, self.rest = self.rest.split(b"\n")
        self.documents += lines

    def test_soak(self):
        both = (Watched("--top", self.view.pid, TOP_MOST),
                Watched("--watch", self.watch.pid, WATCH_MOST))
        begun = due = time.monotonic()
        while due < begun + SECONDS:
            for _ in range(GENERATIONS):
                rig.wait_until(due)
                due = max(due + 1 / GENERATIONS, time.monotonic())
                self.replace()
                self.use()
                self.read()
            for program in both:
                program.look()
            # The last ones are looked at.
            self.seen += len(self.documents[:-8])
            del self.documents[:-8]
        for program in both:
            program.say()
            self.assertEqual(screen.children(program.pid), [])
        self.view.press(b"\033")
        self.view.read(1)
        self.view.press(b"q")
        self.assertEqual(self.view.ended(), 0)
        self.watch.interrupt()
        os.set_blocking(self.watch.process.stdout.fileno(), True)
        result = self.watch.finish(0)
        self.assertEqual(result.err, "")
        last = self.rest.decode() + result.out
        for line in [*self.documents, *last.splitlines()]:
            self.assertGreater(len(listenq.parse(line)["listeners"]), 0)
        self.assertGreater(self.seen + len(self.documents), SECONDS / 2)
        for program in both:
            self.assertHeld(program)

    def assertHeld(self, program):
        """Memory has grown to its plateau, and all else is as it was."""
        with self.subTest(program.name):
            first, middle, last = map(program.third, range(3))
            held, most = program.most
            self.assertLess(last[0], held)
            self.assertLess(max(first[1], middle[1], last[1]), most)
            if SECONDS >= PLATEAU:
                self.assertLess(last[0], 1.2 * middle[0])
            self.assertEqual(last[2:], middle[2:])
