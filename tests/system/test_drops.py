# SPDX-License-Identifier: GPL-2.0-or-later
"""A drop is neither an overflow nor a loss: packets discarded while the queue has room."""
import listenq
import netns
import oracle
import rig


class Dropping(rig.Case):
    def assertDrops(self, listener, action, drops, losses=0):
        report = self.during(action)
        self.assertSameAsKernel(report)
        row = self.row(report, listener)
        self.assertEqual(row["state"], "dropping" if losses else "ok")
        self.assertEqual(row["drops"]["delta"], drops)
        self.assertEqual(row["losses"], {"min": losses, "max": losses})
        self.assertEqual(row["overflows"], {"min": 0, "max": 0})
        space = report["namespaces"][0]
        self.assertEqual(space["counters"][netns.LO]["delta"], 0)
        self.assertEqual(space["ledger"]["overflows"], 0)
        self.assertEqual(space["ledger"]["listener_drops"], drops)
        return space["counters"]

    def test_bare_ack_under_defer_accept(self):
        listener = self.listener(backlog=9, defer=True)
        counters = self.assertDrops(
            listener, lambda: self.connected(listener, 3), 3)
        name = "TcpExtTCPDeferAcceptDrop"
        self.assertEqual(netns.counter(name), 3)
        self.assertEqual(counters[name]["delta"], 3)

    def test_stray_resets(self):
        listener = self.listener(backlog=9)

        def send():
            for i in range(4):
                self.raw().send(rig.SILENT + "1", listener.address, listener.port,
                                flags=rig.Raw.RST)
            rig.wait_for(lambda: oracle.listener(listener.port).drops == 4, "drops")
        self.assertDrops(listener, send, 4)

    def test_no_route_back(self):
        listener = self.listener(backlog=9)

        def send():
            self.raw().send("10.77.0.1", listener.address, listener.port)
            rig.wait_for(lambda: netns.counter(netns.LD) == 1, "ListenDrops")
        counters = self.assertDrops(listener, send, 1, losses=1)
        self.assertEqual(counters[netns.LD]["delta"], 1)

    def test_beside_an_overflow_elsewhere(self):
        """The quiet dropper must not be called overflowing for certain."""
        full = self.listener(backlog=1)
        self.fill(full, 1)
        other = self.listener(backlog=9, defer=True)

        def both():
            self.overflow(full, 6)
            self.connected(other, 2)
        report = self.during(both)
        self.assertSameAsKernel(report)
        self.assertEqual(self.row(report, full)["overflows"], {"min": 4, "max": 6})
        self.assertEqual(self.row(report, other)["overflows"], {"min": 0, "max": 2})
        self.assertEqual(self.row(report, full)["state"], "overflowing")
        self.assertEqual(self.row(report, other)["state"], "ok")
        # Before any window a drop is only a number.
        row = self.row(listenq.instant(), other)
        self.assertEqual((row["state"], row["drops"]["total"]), ("ok", 2))
