# SPDX-License-Identifier: GPL-2.0-or-later
"""Bursts that two samples alone would miss."""
import time

import listenq
import rig


class Peaks(rig.Case):
    def test_burst_is_seen(self):
        """One fills its queue and one most of it, both for some fast samples, and drain."""
        full, high = self.listener(backlog=7), self.listener(backlog=9)

        def burst(child):
            for listener in full, high:
                self.queue(listener, 8)
            child.wait_looks()
            for listener in full, high:
                for _ in range(8):
                    self.own(listener.accept())
        report = self.during(burst, "--peak-rate=200")
        row = self.row(report, full)
        queue = row["accept_queue"]
        self.assertEqual((queue["length"], queue["full"]), (0, False))
        self.assertEqual((queue["peak_length"], queue["peak_fill"]), (8, 1.0))
        self.assertGreater(queue["samples"], 1)
        self.assertGreater(queue["full_seconds"], 0)
        self.assertLess(queue["full_seconds"], report["window_seconds"])
        self.assertEqual(row["state"], "full")
        self.assertIn("accepting-slowly", row["reasons"])
        self.assertNotIn("not-accepting", row["reasons"])
        row = self.row(report, high)
        queue = row["accept_queue"]
        self.assertEqual((queue["peak_length"], queue["peak_fill"], queue["full_seconds"]),
                         (8, 0.8, 0.0))
        self.assertEqual(row["state"], "high")

    def test_pause(self):
        """One that took nothing for a while, and then all that waited, is not slow."""
        listener = self.listener(backlog=7)

        def pause():
            self.queue(listener, 8)
            rig.wait_until(time.monotonic() + 1.2)
            for _ in range(8):
                self.own(listener.accept())
        row = self.row(self.during(pause), listener)
        self.assertEqual(row["state"], "full")
        self.assertEqual(row["reasons"], ["limit-from-listen"])

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
