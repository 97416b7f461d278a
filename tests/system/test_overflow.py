# SPDX-License-Identifier: GPL-2.0-or-later
"""The classic experiment: a listener that never accepts, and more clients."""
import time

import listenq
import netns
import oracle
import rig
import table
from netns import LD, LO


class Classic(rig.Case):
    def test_backlog_n_lets_n_plus_one_in(self):
        for backlog in (1, 2, 5, 16):
            with self.subTest(backlog=backlog):
                listener = self.listener(backlog=backlog)
                for length in range(1, backlog + 2):
                    self.queue(listener, 1)
                    queue = self.row(listenq.instant(), listener)["accept_queue"]
                    self.assertEqual(queue["length"], length)
                    self.assertEqual(queue["limit"], backlog)
                    self.assertEqual(queue["capacity"], backlog + 1)
                    self.assertEqual(queue["full"], length == backlog + 1)
                    self.assertAlmostEqual(queue["fill"],
                                           length / (backlog + 1), places=3)
                self.assertEqual(queue["fill"], 1.0)

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

    def test_clients_that_retransmit(self):
        """Real clients: each SYN counts, and so does each repetition."""
        listener = self.listener(backlog=2)
        self.fill(listener, 2)
        clients = self.connect(listener, 3)
        rig.wait_for(lambda: netns.counter(LO) >= 6, "retransmitted SYNs")
        self.assertTrue(all(rig.tcp_state(c) == rig.SYN_SENT for c in clients))
        for client in clients:
            client.close()
        report = listenq.instant()
        self.assertSameAsKernel(report)
        self.assertEqual(self.row(report, listener)["drops"]["total"],
                         netns.counter(LO))

    def test_overflow_in_the_window(self):
        listener = self.listener(backlog=4)
        self.fill(listener, 4)
        self.overflow(listener, 3)
        report = self.during(lambda: self.overflow(listener, 7))
        self.assertSameAsKernel(report)
        row = self.row(report, listener)
        self.assertEqual(row["drops"]["total"], 10)
        self.assertEqual(row["drops"]["delta"], 7)
        self.assertAlmostEqual(row["drops"]["rate"], 7 / report["window_seconds"],
                               delta=0.1)
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

    def test_not_accepting(self):
        listener = self.listener(backlog=1)
        self.fill(listener, 1)
        filled = time.monotonic()
        rig.wait_until(filled + 0.6)
        row = self.row(listenq.report("-d", "0.3"), listener)
        self.assertEqual(row["state"], "full")
        self.assertIn("not-accepting", row["reasons"])
        self.assertNotIn("accepting-slowly", row["reasons"])
        self.assertGreater(row["accept_queue"]["oldest_wait_seconds"], 0.3)

        def age_is_known():
            self.overflow(listener, 2)
        row = self.row(self.during(age_is_known, delay=0.4), listener)
        self.assertEqual(row["state"], "overflowing")
        self.assertIn("not-accepting", row["reasons"])

    def test_accepting_slowly(self):
        listener = self.listener(backlog=3)
        self.fill(listener, 3)
        rig.wait_until(time.monotonic() + 0.7)

        def one_leaves_one_comes(child):
            self.own(listener.accept())
            seen = child.sleeps()
            rig.wait_for(lambda: child.sleeps() >= seen + 3, "a fast sample")
            self.queue(listener, 1)
            self.overflow(listener, 2)
        row = self.row(self.during(one_leaves_one_comes, delay=1.5), listener)
        self.assertEqual(row["state"], "overflowing")
        self.assertIn("accepting-slowly", row["reasons"])
        self.assertNotIn("not-accepting", row["reasons"])

    def test_high_is_not_full(self):
        listener = self.listener(backlog=4)
        self.queue(listener, 4)
        row = self.row(listenq.instant(), listener)
        self.assertEqual(row["state"], "high")
        self.assertFalse(row["accept_queue"]["full"])
        quiet = self.listener(backlog=4)
        self.queue(quiet, 3)
        row = self.row(listenq.instant(), quiet)
        self.assertEqual((row["state"], row["reasons"]), ("ok", []))

    def test_table_shows_the_same(self):
        listener = self.listener(backlog=4)
        self.fill(listener, 4)
        result = listenq.during(lambda: self.overflow(listener, 7))
        rows, footer = table.parse(result.out)
        self.assertEqual(len(rows), 1)
        row = rows[0]
        self.assertEqual(row["STATE"], "overflowing")
        self.assertEqual(row["SEV"], "!!")
        self.assertEqual(row["LOCAL_ADDRESS"], f"127.0.0.1:{listener.port}")
        self.assertEqual((row["QUEUED"], row["LIMIT"], row["FILL"], row["PEAK"]),
                         ("5", "4", "100%", "100%"))
        self.assertEqual((row["DROPS"], row["+DROPS"], row["OVERFLOWS"]),
                         ("7", "+7", "+7"))
        self.assertIn("limit-from-listen", row["WHY"].split(","))
        text = "\n".join(footer)
        for word in "ListenOverflows", "ListenDrops", "somaxconn", "4096":
            self.assertIn(word, text)
