# SPDX-License-Identifier: GPL-2.0-or-later
"""The ledger: which of several listeners overflowed, and how sure that is."""
import errno
import itertools
import socket
import time

import listenq
import netns
import oracle
import rig
from netns import LO

RESETS = "TcpExtEmbryonicRsts"


class Ledger(rig.Case):
    def test_two_at_once(self):
        """SYNs raise drops and overflows by one each: the proof is exact."""
        one, two = self.listener(backlog=1), self.listener(backlog=3)
        quiet = self.listener(backlog=9)
        self.fill(one, 1)
        self.fill(two, 3)

        def both():
            self.overflow(one, 5)
            self.overflow(two, 8)
        report = self.during(both)
        self.assertSameAsKernel(report)
        self.assertEqual(self.row(report, one)["overflows"], {"min": 5, "max": 5})
        self.assertEqual(self.row(report, two)["overflows"], {"min": 8, "max": 8})
        self.assertEqual(self.row(report, quiet)["overflows"],
                         {"min": 0, "max": 0})
        self.assertEqual(self.row(report, quiet)["state"], "ok")
        self.assertEqual(report["namespaces"][0]["counters"][LO]["delta"], 13)
        self.assertEqual(report["listeners"][-1]["state"], "ok", "worst first")

    def test_listener_that_nobody_saw(self):
        """Its overflows are not proved to be those of one that dropped."""
        for args, looks in ((), 2), (("--peak-rate=0",), 0):
            dropping = self.listener(backlog=9, defer=True)

            def act(child):
                brief = rig.Listener(backlog=1)
                self.fill(brief, 1)
                self.overflow(brief, 3)
                if looks:
                    child.wait_looks(looks)
                brief.close()
                self.connected(dropping, 4)
                rig.wait_for(lambda: self.drops(dropping) == 4, "four bare ACKs")
            with self.subTest(args=args):
                report = self.during(act, *args)
                self.assertEqual(self.row(report, dropping)["overflows"], {"min": 0, "max": 3})

    def test_unattributed_overflows_spoil_every_proof(self):
        """A full listener that dropped, and more overflows than drops."""
        full = self.listener(backlog=0)
        self.fill(full, 0)

        def act():
            brief = rig.Listener(backlog=1)
            self.fill(brief, 1)
            self.overflow(brief, 5)
            brief.close()
            self.overflow(full, 2)
        report = self.during(act, "--peak-rate=0")
        self.assertEqual(self.row(report, full)["overflows"], {"min": 0, "max": 2})
        self.assertEqual(report["namespaces"][0]["ledger"]["unattributed_overflows"], 5)

    def drops(self, listener):
        return next(row.drops for row in oracle.listeners()
                    if row.cookie == listener.cookie)

    def test_bounds_where_no_proof_is_exact(self):
        """Data that finds the queue full drops twice for one overflow; the client is reset."""
        netns.sysctl("net.ipv4.tcp_abort_on_overflow", 1)
        slow = self.listener(backlog=5, defer=True)
        late = self.primed(slow, 5, 3)
        other = self.listener(backlog=1)
        self.fill(other, 1)
        before = {row.cookie: row.drops for row in oracle.listeners()}

        def both():
            for client in late:
                client.send(b"x")
            rig.wait_for(lambda: netns.counter(RESETS) == 3, "three overflows")
            self.overflow(other, 4)
        report = self.during(both)
        self.assertEqual([client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) for client in late],
                         [errno.ECONNRESET] * 3)
        self.assertSameAsKernel(report)
        drops = {row.cookie: row.drops - before[row.cookie]
                 for row in oracle.listeners()}
        self.assertEqual(drops, {slow.cookie: 6, other.cookie: 4})
        bounds, rest = oracle.ledger(7, drops)
        seen = {row["cookie"]: row["overflows"] for row in report["listeners"]}
        self.assertEqual(seen, bounds)
        self.assertEqual(seen[slow.cookie], {"min": 3, "max": 6})
        self.assertEqual(seen[other.cookie], {"min": 1, "max": 4})
        ledger = report["namespaces"][0]["ledger"]
        self.assertEqual(ledger["overflows"], 7)
        self.assertEqual(ledger["listener_drops"], 10)
        self.assertEqual(ledger["unattributed_overflows"], rest)
        for row in report["listeners"]:
            # And not-accepting, where the window was long.
            self.assertEqual(row["state"], "overflowing")
            self.assertEqual(row["reasons"][-2:], ["resets-clients", "limit-from-listen"])
        self.assertEqual(report["namespaces"][0]["counters"][RESETS]["delta"], 3)

    def test_torrent(self):
        """SYNs all the time, the reads included: bounds still hold."""
        full = [self.listener(backlog=n) for n in (0, 2)]
        self.fill(full[0], 0)
        self.fill(full[1], 2)
        raw, numbers = self.raw(), itertools.count()

        def send():
            for i in itertools.islice(numbers, 50):
                raw.send(rig.SILENT + "1", "127.0.0.1", full[i % 3 > 0].port)
            time.sleep(0.002)
        sender = self.own(rig.Child(serve=send))
        for listener in full:
            rig.wait_for(lambda: oracle.listener(listener.port).drops, "the torrent")
        report = listenq.report("-d", "0.3")
        sender.close()
        space = report["namespaces"][0]
        self.assertGreater(space["counters"][LO]["delta"], 0)
        for listener in full:
            row = self.row(report, listener)
            bounds, truth = row["overflows"], row["drops"]["delta"]
            self.assertEqual(row["state"], "overflowing")
            self.assertGreater(bounds["min"], 0)
            self.assertLessEqual(bounds["min"], bounds["max"])
            # Each SYN is one overflow and one drop; the kernel counts the one a
            # moment before the other, so a packet may be caught in between.
            self.assertIn(truth - bounds["max"], (0, 1))
            self.assertLess(truth, row["drops"]["total"])
        self.assertEqual(space["ledger"]["listener_drops"],
                         sum(row["drops"]["delta"] for row in report["listeners"]))
        self.assertLessEqual(space["ledger"]["unattributed_overflows"], 1)
