# SPDX-License-Identifier: GPL-2.0-or-later
"""Bursts that two samples alone would miss."""
import table
import listenq
import rig


class Peaks(rig.Case):
    def burst(self, listener, count):
        """Fill, hold for some fast samples of the program, drain."""
        def action(child):
            self.queue(listener, count)
            seen = child.sleeps()
            rig.wait_for(lambda: child.sleeps() >= seen + 4, "fast samples")
            for _ in range(count):
                self.own(listener.accept())
            rig.wait_for(lambda: listener.length == 0, "an empty queue")
        return action

    def test_burst_is_seen(self):
        listener = self.listener(backlog=7)
        report = listenq.during(self.burst(listener, 8), "--json",
                                "--peak-rate=200", delay=1.5).json
        row = self.row(report, listener)
        queue = row["accept_queue"]
        self.assertEqual((queue["length"], queue["full"]), (0, False))
        self.assertEqual((queue["peak_length"], queue["peak_fill"]), (8, 1.0))
        self.assertGreater(queue["samples"], 3)
        self.assertGreater(queue["full_seconds"], 0)
        self.assertLess(queue["full_seconds"], report["window_seconds"])
        self.assertEqual(row["state"], "full")
        self.assertIn("accepting-slowly", row["reasons"])
        self.assertNotIn("not-accepting", row["reasons"])

    def test_part_of_a_queue(self):
        listener = self.listener(backlog=9)
        row = self.row(listenq.during(self.burst(listener, 8), "--json",
                                      "--peak-rate=200", delay=1.5).json, listener)
        queue = row["accept_queue"]
        self.assertEqual((queue["peak_length"], queue["full_seconds"]), (8, 0.0))
        self.assertAlmostEqual(queue["peak_fill"], 0.8, places=3)
        self.assertEqual(row["state"], "high")

    def test_table(self):
        listener = self.listener(backlog=7)
        out = listenq.during(self.burst(listener, 8), "--peak-rate=200",
                             "-o", "local,length,peak,peak-length,state",
                             delay=1.5).out
        row = table.parse(out)[0][0]
        self.assertEqual((row["QUEUED"], row["PEAK"], row["PEAKLEN"], row["STATE"]),
                         ("0", "100%", "8", "full"))

    def test_off(self):
        listener = self.listener(backlog=7)
        self.queue(listener, 2)
        row = self.row(listenq.report("-d", "0.3", "--peak-rate=0"), listener)
        queue = row["accept_queue"]
        for name in "peak_length", "peak_fill", "full_seconds":
            self.assertIsNone(queue[name], name)
        self.assertFalse(queue["samples"])

    def test_default_rate(self):
        """50 a second, never more; a slow machine takes fewer and says so."""
        listener = self.listener()
        report = listenq.report("-d", "0.5")
        samples = self.row(report, listener)["accept_queue"]["samples"]
        self.assertGreater(samples, 0)
        self.assertLessEqual(samples, 50 * report["window_seconds"] + 2)

    def test_listener_born_in_the_window(self):
        self.listener()
        born = []

        def action():
            born.append(self.listener(backlog=3))
            self.queue(born[0], 2)
        report = self.during(action)
        self.assertEqual(self.row(report, born[0])["accept_queue"]["peak_length"], 2)
