# SPDX-License-Identifier: GPL-2.0-or-later
"""Which reason stands first: causes, then what clients feel, then limits; and who gives advice."""
import time

import listenq
import netns
import rig
import source
import table

COOKIES = "net.ipv4.tcp_syncookies"
DO_COOKIES = "TcpExtTCPReqQFullDoCookies"
SENT, RECEIVED = "TcpExtSyncookiesSent", "TcpExtSyncookiesRecv"
# Seconds of a window that is long enough to call a program stuck.
PROOF = 0.2
LIMITS = {"limit-from-listen", "limit-from-somaxconn", "limit-from-syn-backlog"}


class Reasons(rig.Case):
    def assertAdvice(self, out, reason):
        """One line of the footer says what to do: that of the reason, or of the state alone."""
        _, footer = table.parse(out)
        advice = {name: entry.advice for name, entry in source.verdicts().items()}
        saying = [line.partition(":")[0].partition(" ")[0] for line in footer
                  for text in [advice.get(line.partition(":")[0].partition(" ")[0])]
                  if text and line.endswith(text)]
        self.assertEqual(saying, [reason], out)

    def flood(self, listener, count):
        """SYNs of nobody, until each was queued or answered with a cookie."""
        raw = self.raw()
        before = netns.counter("TcpInSegs")
        for i in range(count):
            raw.send(f"10.99.{i >> 8}.{i & 255}", listener.address, listener.port)
        rig.wait_for(lambda: netns.counter("TcpInSegs") >= before + count, "the flood")

    def cookied(self, listener, count):
        """Clients that a full SYN queue answers with cookies, which come back."""
        before = netns.counter(RECEIVED)
        for _ in range(count):
            self.connected(listener)
            self.own(listener.accept())
        self.assertEqual(netns.counter(RECEIVED), before + count)

    def test_flood(self):
        """A flood is named first, not the limit that it meets; and how many cookies came back."""
        netns.sysctl("net.core.somaxconn", 32)
        listener = self.listener(backlog=511)
        report = self.during(lambda: self.flood(listener, 300))
        row = self.row(report, listener)
        self.assertEqual((row["state"], row["reasons"]),
                         ("syn-full", ["syn-flood", "limit-from-somaxconn"]))
        counters = report["namespaces"][0]["counters"]
        self.assertEqual((counters[SENT]["delta"], counters[RECEIVED]["delta"]), (300 - 33, 0))
        out = listenq.during(lambda: self.flood(listener, 300)).out
        self.assertRegex(out, r"SyncookiesSent +\+300 ")
        self.assertRegex(out, r"SyncookiesRecv +\+0 ")
        self.assertAdvice(out, "syn-flood")
        # A few clients get through: it is a flood still.

        def with_clients():
            self.flood(listener, 300)
            self.cookied(listener, 20)
        row = self.row(self.during(with_clients), listener)
        self.assertEqual(row["reasons"][0], "syn-flood")

    def test_burst(self):
        """The cookies of real clients come back: there it is the backlog."""
        listener = self.listener(backlog=4)
        self.half_open(listener, 5)
        report = self.during(lambda: self.cookied(listener, 12))
        row = self.row(report, listener)
        self.assertEqual((row["state"], row["reasons"]),
                         ("syn-full", ["syn-burst", "limit-from-listen"]))
        self.assertAdvice(listenq.during(lambda: self.cookied(listener, 12)).out, "syn-burst")

        def mixed():
            self.flood(listener, 10)
            self.cookied(listener, 11)
        self.assertEqual(self.row(self.during(mixed), listener)["reasons"][0], "syn-burst")

    def test_both_queues_full(self):
        """No cookie goes out where the accept queue is full: the same packets are overflows."""
        netns.sysctl(COOKIES, 2)
        listener = self.listener(backlog=4)
        self.fill(listener, 4)
        report = self.during(lambda: self.overflow(listener, 40), least=PROOF)
        row = self.row(report, listener)
        self.assertEqual((row["state"], row["overflows"]), ("overflowing", {"min": 40, "max": 40}))
        self.assertEqual(row["losses"], {"min": 0, "max": 0})
        self.assertEqual(row["reasons"], ["not-accepting", "limit-from-listen"])
        counters = report["namespaces"][0]["counters"]
        self.assertEqual((counters[DO_COOKIES]["delta"], counters[SENT]["delta"]), (40, 0))
        out = listenq.during(lambda: self.overflow(listener, 40), least=PROOF).out
        self.assertRegex(out, r"TCPReqQFullDoCookies +\+40 ")
        self.assertNotRegex(out, r"not a loss|\n +SyncookiesSent")
        self.assertAdvice(out, "not-accepting")

    def test_unknown_cause(self):
        """Is it stuck or slow? Where that is unknown, the limit gives no advice."""
        listener = self.listener(backlog=4)
        out = listenq.during(lambda: self.fill(listener, 4)).out
        self.assertEqual([row["WHY"] for row in table.parse(out)[0]], ["limit-from-listen"])
        self.assertAdvice(out, "full")
        out = listenq.run("-d0").out
        self.assertEqual([row["WHY"] for row in table.parse(out)[0]], ["limit-from-listen"])
        self.assertAdvice(out, "full")
        # Once it is proved, that is what counts.
        self.assertAdvice(listenq.run("-d", str(PROOF)).out, "not-accepting")

    def test_limit_alone(self):
        """Here it is the cause."""
        netns.sysctl(COOKIES, 0)
        netns.sysctl("net.ipv4.tcp_max_syn_backlog", 8)
        listener = self.listener(backlog=100)
        out = listenq.during(lambda: self.flood(listener, 20)).out
        self.assertEqual([(row["STATE"], row["WHY"]) for row in table.parse(out)[0]],
                         [("dropping", "limit-from-syn-backlog")])
        self.assertAdvice(out, "limit-from-syn-backlog")

    def test_order(self):
        """What clients feel stands behind the cause and before the limit."""
        netns.sysctl("net.ipv4.tcp_abort_on_overflow", 1)
        netns.sysctl("net.core.somaxconn", 8)
        dead, slow = self.listener(backlog=100), self.listener(backlog=3)
        for client in self.fill(dead, 8):
            client.close()
        self.fill(slow, 3)
        self.unix(b"\0full", 0, queued=1)
        rig.wait_until(time.monotonic() + 0.1)  # surely before the window: ages are in clock ticks

        def work():
            rig.wait_until(time.monotonic() + 0.1)
            self.own(slow.accept())
            self.queue(slow, 1)
        report = self.during(work, "-x", least=PROOF)
        self.assertEqual(self.row(report, dead)["reasons"],
                         ["not-accepting", "dead-clients", "resets-clients",
                          "limit-from-somaxconn"])
        row = self.row(report, slow)
        self.assertEqual(row["reasons"],
                         ["accepting-slowly", "resets-clients", "limit-from-listen"])
        row, = [row for row in report["listeners"] if row["path"] == "@full"]
        self.assertEqual(row["reasons"],
                         ["not-accepting", "blocks-clients", "limit-from-listen"])
        # The documents have the table's order, which is that of causes, effects, limits.
        order = [name for name, entry in source.verdicts().items() if entry.kind == "REASON"]
        self.assertEqual({name for name in order[-3:]}, LIMITS)
        for row in report["listeners"]:
            places = [order.index(name) for name in row["reasons"]]
            self.assertEqual(places, sorted(places))
