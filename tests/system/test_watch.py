# SPDX-License-Identifier: GPL-2.0-or-later
"""Repeated reports."""
import listenq
import netns
import rig
from netns import LO


class Watch(rig.Case):
    def test_deltas_add_up(self):
        """Overflows all along, and the counters are those of this namespace."""
        listener = self.listener(backlog=1)
        self.fill(listener, 1)
        torrent = self.own(rig.Worker(lambda: self.overflow(listener, 3), every=0.01))
        documents = listenq.run("--count=3", "--json", "-d", "0.2").documents
        torrent.close()
        self.assertEqual(len(documents), 3)
        counters = [d["namespaces"][0]["counters"][LO] for d in documents]
        drops = [self.row(d, listener)["drops"] for d in documents]
        for values in counters, drops:
            for before, after in zip(values, values[1:]):
                self.assertEqual(after["total"] - before["total"], after["delta"])
                self.assertGreater(after["delta"], 0)
        times = [d["monotonic_seconds"] for d in documents]
        for before, after, document in zip(times, times[1:], documents[1:]):
            self.assertAlmostEqual(after - before, document["window_seconds"], places=4)
            self.assertEqual(document["namespaces"][0]["netns"], netns.inode())
            bounds = self.row(document, listener)["overflows"]
            self.assertGreater(bounds["min"], 0)
            self.assertLessEqual(bounds["min"], bounds["max"])

    def test_tables(self):
        listener = self.listener()
        out = listenq.run("--watch", "--count=3", "-d", "0.1").out
        self.assertEqual(out.count(f"127.0.0.1:{listener.port}"), 3)
        out = listenq.run("--count=3", "-d", "0.1", "-H", "-o", "port").out
        self.assertEqual(out.split(), [str(listener.port)] * 3)

    def test_listener_that_comes_and_goes(self):
        first = self.listener()
        child = listenq.Running("--watch", "-d", "0.1", "--json")
        lines = [child.process.stdout.readline()]
        second = self.listener()
        lines += [child.process.stdout.readline() for _ in range(2)]
        first.close()
        lines += [child.process.stdout.readline() for _ in range(2)]
        child.interrupt()
        child.finish()
        ports = [[row["port"] for row in listenq.parse(line)["listeners"]] for line in lines]
        self.assertEqual(ports[0], [first.port])
        self.assertEqual(sorted(ports[2]), sorted([first.port, second.port]))
        self.assertEqual(ports[-1], [second.port])

    def test_each_window_starts_afresh(self):
        """A burst in one window is no business of the windows after it."""
        listener = self.listener(backlog=3)
        child = listenq.Running("--watch", "-d", "0.4", "--json", "--peak-rate=100")
        child.wait_window()
        self.fill(listener, 3)
        self.overflow(listener, 2)
        child.wait_looks()
        for _ in range(4):
            self.own(listener.accept())
        for _ in range(2):
            child.wait_window()
        child.wait_looks()
        child.interrupt()
        rows = [self.row(document, listener) for document in child.finish().documents]
        self.assertIn("overflowing", [row["state"] for row in rows])
        last = rows[-1]
        self.assertEqual((last["state"], last["reasons"]), ("ok", []))
        self.assertEqual(last["overflows"], {"min": 0, "max": 0})
        self.assertEqual(last["drops"]["delta"], 0)
        queue = last["accept_queue"]
        self.assertEqual((queue["peak_length"], queue["full_seconds"]), (0, 0.0))
        self.assertLessEqual(queue["samples"], 100 * 0.4 + 10)

    def test_interrupt(self):
        """It ends without an error; what was reported before was flushed line by line."""
        self.listener()
        for args in ["--json"], []:
            child = listenq.Running("--watch", "-d", "0.1", *args)
            first = child.process.stdout.readline()
            child.interrupt()
            result = child.finish(0)
            self.assertEqual(result.err, "")
            if args:
                for line in [first, *result.out.splitlines()]:
                    listenq.parse(line)

    def test_interrupt_closes_the_window(self):
        """Nothing of what was measured is lost, and nobody waits for the end of it."""
        listener = self.listener(backlog=1)
        self.fill(listener, 1)
        child = listenq.Running("--watch", "-d", "600", "--json")
        child.wait_window()
        self.overflow(listener, 3)
        child.interrupt()
        row = self.row(child.finish(0).json, listener)
        self.assertEqual(row["overflows"], {"min": 3, "max": 3})

    def test_closed_pipe(self):
        self.listener()
        child = listenq.Running("--watch", "-d", "0.1", "--json")
        child.process.stdout.readline()
        child.process.stdout.close()
        self.assertEqual(child.process.stderr.read(), b"")
        self.assertEqual(child.process.wait(20), -13)
        child.process.stderr.close()
