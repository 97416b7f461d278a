# SPDX-License-Identifier: GPL-2.0-or-later
"""A host with thousands of listeners: dumps of many batches."""
import collections

import listenq
import netns
import oracle
import rig

COUNT = 3000


class Many(rig.Case):
    def test_same_set_as_ss(self):
        rig.many_files(2 * COUNT)
        netns.sysctl("net.core.somaxconn", 100000)
        listeners = [self.listener("127.0.0.1" if i % 3 else "::1", 0, i)
                     for i in range(COUNT)]
        for i in (0, 1, 1500, COUNT - 1):
            self.queue(listeners[i], 1)
        real = oracle.listeners()
        report = listenq.instant()
        self.assertEqual(len(report["listeners"]), COUNT)
        cookies = collections.Counter(row["cookie"] for row in report["listeners"])
        self.assertEqual(max(cookies.values()), 1)
        seen = {(row["address"], row["port"], row["accept_queue"]["length"],
                 row["accept_queue"]["limit"]) for row in report["listeners"]}
        self.assertEqual(seen, {(row.address, row.port, row.length, row.limit)
                                for row in real})
        self.assertSameAsKernel(report)
        window = listenq.report("-d", "0.2")
        self.assertEqual({row["drops"]["delta"] for row in window["listeners"]}, {0})
        out = listenq.run("-d", "0", "-H", "-o", "local,length,limit").out
        self.assertEqual(
            sorted(tuple(line.split()) for line in out.splitlines()),
            sorted((row.local, str(row.length), str(row.limit)) for row in real))
