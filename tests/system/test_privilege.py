# SPDX-License-Identifier: GPL-2.0-or-later
"""No privilege is needed for anything in the report."""
import listenq
import netns
import nobody
from nobody import NOBODY


class Unprivileged(nobody.Case):
    def test_same_numbers(self):
        full = self.listener(backlog=2)
        half = self.listener("::", backlog=9, defer=True)
        self.fill(full, 2)
        self.overflow(full, 5)
        self.connected(half, 4, address="127.0.0.1")
        mine = listenq.instant()
        theirs = listenq.instant(prefix=NOBODY)
        self.assertSameAsKernel(theirs)
        for report in mine, theirs:
            for row in report["listeners"]:
                row.pop("mptcp")
                age = row["accept_queue"].pop("oldest_wait_seconds")
                self.assertEqual(age is None, row["cookie"] != full.cookie)
        self.assertEqual(mine["listeners"], theirs["listeners"])
        self.assertEqual(self.row(theirs, half)["syn_queue"]["length"], 4)
        for part in "netns", "sysctl", "counters", "ledger":
            self.assertEqual(mine["namespaces"][0][part],
                             theirs["namespaces"][0][part])

    def test_table_and_window(self):
        listener = self.listener(backlog=2)
        self.fill(listener, 2)
        report = listenq.report("-d", "0.2", prefix=NOBODY)
        self.assertEqual(self.row(report, listener)["drops"]["delta"], 0)
        self.assertEqual(report["namespaces"][0]["netns"], netns.inode())
        result = listenq.run("-d", "0.2", prefix=NOBODY)
        self.assertIn(f"127.0.0.1:{listener.port}", result.out)
        self.assertEqual(result.err, "")
