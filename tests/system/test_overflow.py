# SPDX-License-Identifier: GPL-2.0-or-later
"""The classic experiment: a listener that never accepts, and more clients."""
import listenq
import oracle
import rig
from netns import LD, LO


class Classic(rig.Case):
    def test_backlog_n_lets_n_plus_one_in(self):
        for backlog in (0, 1, 5):
            listener = self.listener(backlog=backlog)
            for length in range(1, backlog + 2):
                self.queue(listener, 1)
                row = self.row(listenq.instant(), listener)
                self.assertEqual(row["accept_queue"], {
                    **row["accept_queue"], "length": length, "limit": backlog,
                    "capacity": backlog + 1, "full": length == backlog + 1,
                    "fill": round(length / (backlog + 1), 6)})
                self.assertEqual(row["state"], "full" if length == backlog + 1 else
                                 "high" if length == 5 else "ok")

    def test_totals_to_the_digit(self):
        listener = self.listener(backlog=4)
        self.fill(listener, 4)
        self.overflow(listener, 6)
        report = listenq.instant()
        self.assertSameAsKernel(report)
        row = self.row(report, listener)
        self.assertEqual(row["drops"], {"total": 6, "delta": None, "rate": None})
        self.assertEqual(row["overflows"], {"min": None, "max": None})
        self.assertEqual(row["state"], "full")
        self.assertIn("limit-from-listen", row["reasons"])
        counters = report["namespaces"][0]["counters"]
        self.assertEqual(counters[LO], {"total": 6, "delta": None, "rate": None})
        self.assertEqual(counters[LD]["total"], 6)
        nstat = oracle.nstat()
        for name, value in counters.items():
            if value and name in nstat:
                self.assertEqual(value["total"], nstat[name], name)

    def test_overflow_in_the_window(self):
        listener = self.listener(backlog=4)
        self.fill(listener, 4)
        self.overflow(listener, 3)
        report = self.during(lambda: self.overflow(listener, 7))
        self.assertSameAsKernel(report)
        row = self.row(report, listener)
        self.assertEqual(row["drops"]["total"], 10)
        self.assertEqual(row["drops"]["delta"], 7)
        self.assertAlmostEqual(row["drops"]["rate"] * report["window_seconds"], 7, places=1)
        self.assertEqual(row["overflows"], {"min": 7, "max": 7})
        self.assertEqual(row["state"], "overflowing")
        self.assertIn("limit-from-listen", row["reasons"])
        self.assertNotIn("limit-from-somaxconn", row["reasons"])
        space = report["namespaces"][0]
        for name in LO, LD:
            self.assertEqual(space["counters"][name]["total"], 10)
            self.assertEqual(space["counters"][name]["delta"], 7)
        ledger = space["ledger"]
        self.assertEqual((ledger["overflows"], ledger["listen_drops"],
                          ledger["listener_drops"],
                          ledger["unattributed_overflows"]), (7, 7, 7, 0))
        self.assertEqual(row["accept_queue"]["peak_length"], 5)
        self.assertEqual(row["accept_queue"]["peak_fill"], 1.0)
        self.assertGreater(row["accept_queue"]["full_seconds"], 0)
