# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the limit comes from, and limits at their edges."""
import listenq
import netns
import rig
import table

SOMAXCONN = "net.core.somaxconn"


class Limits(rig.Case):
    def test_listen_again_with_less(self):
        listener = self.listener(backlog=9)
        self.queue(listener, 8)
        listener.listen(2)
        report = listenq.instant()
        self.assertSameAsKernel(report)
        row = self.row(report, listener)
        queue = row["accept_queue"]
        self.assertEqual((queue["length"], queue["limit"], queue["capacity"]),
                         (8, 2, 3))
        self.assertTrue(queue["full"])
        self.assertAlmostEqual(queue["fill"], 8 / 3, places=3)
        self.assertEqual(row["state"], "full")
        rows, _ = table.parse(listenq.run("-d", "0").out)
        self.assertEqual((rows[0]["QUEUED"], rows[0]["LIMIT"], rows[0]["FILL"]),
                         ("8", "2", "266%"))

    def test_somaxconn_clamps(self):
        netns.sysctl(SOMAXCONN, 7)
        listener = self.listener(backlog=1000)
        below = self.listener(backlog=6)
        self.fill(listener, 7)
        self.fill(below, 6)
        report = listenq.instant()
        self.assertSameAsKernel(report)
        self.assertEqual(report["namespaces"][0]["sysctl"]["somaxconn"], 7)
        row = self.row(report, listener)
        self.assertEqual(row["accept_queue"]["limit"], 7)
        self.assertEqual(row["accept_queue"]["capacity"], 8)
        self.assertEqual(row["state"], "full")
        self.assertIn("limit-from-somaxconn", row["reasons"])
        self.assertNotIn("limit-from-listen", row["reasons"])
        self.assertIn("limit-from-listen", self.row(report, below)["reasons"])

    def test_listen_reads_somaxconn(self):
        """The kernel does so in listen(2) alone: a limit is what it was until then."""
        netns.sysctl(SOMAXCONN, 7)
        listener = self.listener(backlog=1000)
        netns.sysctl(SOMAXCONN, 500)
        for limit in 7, 500:
            report = listenq.instant()
            self.assertSameAsKernel(report)
            self.assertEqual(report["namespaces"][0]["sysctl"]["somaxconn"], 500)
            self.assertEqual(self.row(report, listener)["accept_queue"]["limit"], limit)
            listener.listen(1000)

    def test_negative_backlog_means_somaxconn(self):
        """Python's listen() would turn it into 0."""
        listener = self.listener(backlog=3)
        rig.checked(rig.LIBC.listen(listener.sock.fileno(), -1))
        report = listenq.instant()
        self.assertSameAsKernel(report)
        self.assertEqual(self.row(report, listener)["accept_queue"]["limit"],
                         netns.sysctl(SOMAXCONN))

    def test_nobody_listens(self):
        report = listenq.instant()
        self.assertEqual(report["listeners"], [])
        self.assertEqual(len(report["namespaces"]), 1)
        self.assertEqual(report["namespaces"][0]["netns"], netns.inode())
        self.assertEqual(listenq.run("-d", "0", "-H").out, "")
        listenq.run("-d", "0")
