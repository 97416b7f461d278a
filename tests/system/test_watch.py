# SPDX-License-Identifier: GPL-2.0-or-later
"""Repeated reports."""
import json
import threading
import time

import listenq
import netns
import rig
from netns import LO


class Watch(rig.Case):
    def watched(self, *args, step=3):
        """Documents of a watch with overflows all along."""
        listener = self.listener(backlog=1)
        self.fill(listener, 1)
        self.overflow(listener, 2)
        child = listenq.Running("--watch", "--json", *args)
        child.wait_window()
        end = time.monotonic() + 30
        while child.process.poll() is None and time.monotonic() < end:
            self.overflow(listener, step)
            time.sleep(0.02)
        return listener, child.finish().documents

    def test_deltas_add_up(self):
        listener, documents = self.watched("--count=3", "-d", "0.25")
        self.assertEqual(len(documents), 3)
        counters = [d["namespaces"][0]["counters"][LO] for d in documents]
        drops = [self.row(d, listener)["drops"] for d in documents]
        for values in counters, drops:
            for before, after in zip(values, values[1:]):
                self.assertEqual(after["total"] - before["total"], after["delta"])
                self.assertGreater(after["delta"], 0)
        times = [d["monotonic_seconds"] for d in documents]
        for before, after, document in zip(times, times[1:], documents[1:]):
            self.assertAlmostEqual(after - before, document["window_seconds"],
                                   delta=0.05)
            bounds = self.row(document, listener)["overflows"]
            self.assertGreater(bounds["min"], 0)
            self.assertLessEqual(bounds["min"], bounds["max"])

    def test_count_implies_watch(self):
        self.listener()
        out = listenq.run("--count=2", "-d", "0.1", "--json").out
        self.assertEqual(len(out.splitlines()), 2)
        for line in out.splitlines():
            listenq.parse(line)

    def test_tables(self):
        listener = self.listener()
        out = listenq.run("--watch", "--count=3", "-d", "0.1").out
        self.assertEqual(out.count(f"127.0.0.1:{listener.port}"), 3)
        out = listenq.run("--count=3", "-d", "0.1", "-H", "-o", "port").out
        self.assertEqual(out.split(), [str(listener.port)] * 3)

    def test_listener_that_comes_and_goes(self):
        first = self.listener()
        child = listenq.Running("--count=4", "-d", "0.3", "--json")
        lines = []
        lines.append(child.process.stdout.readline())
        second = self.listener()
        lines.append(child.process.stdout.readline())
        first.close()
        lines.append(child.process.stdout.readline())
        rest = child.finish().out
        ports = [[row["port"] for row in listenq.parse(line)["listeners"]]
                 for line in [*lines, *rest.splitlines()]]
        self.assertEqual(len(ports), 4)
        self.assertEqual(ports[0], [first.port])
        self.assertEqual(ports[3], [second.port])

    def test_each_window_starts_afresh(self):
        """A burst in one window is no business of the windows after it."""
        listener = self.listener(backlog=3)
        child = listenq.Running("--count=5", "-d", "0.4", "--json",
                                "--peak-rate=100")
        child.wait_window()
        self.fill(listener, 3)
        self.overflow(listener, 2)
        seen = child.sleeps()
        rig.wait_for(lambda: child.sleeps() >= seen + 4, "fast samples")
        for _ in range(4):
            self.own(listener.accept())
        rows = [self.row(document, listener)
                for document in child.finish().documents]
        self.assertIn("overflowing", [row["state"] for row in rows[:4]])
        last = rows[-1]
        self.assertEqual((last["state"], last["reasons"]), ("ok", []))
        self.assertEqual(last["overflows"], {"min": 0, "max": 0})
        self.assertEqual(last["drops"]["delta"], 0)
        queue = last["accept_queue"]
        self.assertEqual((queue["peak_length"], queue["full_seconds"]), (0, 0.0))
        self.assertLessEqual(queue["samples"], 100 * 0.4 + 10)

    def test_interrupt(self):
        self.listener()
        child = listenq.Running("--watch", "-d", "0.2", "--json")
        reader = child.process.stdout
        guard = threading.Timer(20, child.process.kill)
        guard.start()
        first = reader.readline()
        guard.cancel()
        self.assertTrue(first.endswith(b"\n"), "flushed line by line")
        json.loads(first)
        begin = time.monotonic()
        child.interrupt()
        result = child.finish(0)
        self.assertLess(time.monotonic() - begin, 5)
        self.assertEqual(result.err, "")
        for line in result.out.splitlines():
            listenq.parse(line)

    def test_interrupt_closes_the_window(self):
        """Nothing of what was measured is lost, and nobody waits for it."""
        listener = self.listener(backlog=1)
        self.fill(listener, 1)
        child = listenq.Running("--watch", "-d", "30", "--json")
        child.wait_window()
        self.overflow(listener, 3)
        child.interrupt()
        report = child.finish(0).json
        self.assertLess(report["window_seconds"], 20)
        self.assertEqual(self.row(report, listener)["overflows"],
                         {"min": 3, "max": 3})

    def test_interrupt_of_a_table(self):
        self.listener()
        child = listenq.Running("--watch", "-d", "0.2")
        child.process.stdout.readline()
        child.interrupt()
        child.finish(0)

    def test_closed_pipe(self):
        self.listener()
        child = listenq.Running("--watch", "-d", "0.1", "--json")
        child.process.stdout.readline()
        child.process.stdout.close()
        self.assertEqual(child.process.stderr.read(), b"")
        self.assertEqual(child.process.wait(20), -13)
        child.process.stderr.close()

    def test_namespace_goes_on(self):
        """The counters of each document are this namespace's."""
        listener = self.listener(backlog=1)
        self.fill(listener, 1)
        self.overflow(listener, 4)
        for line in listenq.run("--count=2", "-d", "0.1", "-j").documents:
            self.assertSameAsKernel(line)
            self.assertEqual(line["namespaces"][0]["netns"], netns.inode())
