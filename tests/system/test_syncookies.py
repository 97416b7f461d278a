# SPDX-License-Identifier: GPL-2.0-or-later
"""The SYN queue under tcp_syncookies 0, 1 and 2."""
import listenq
import netns
import oracle
import rig

COOKIES = "net.ipv4.tcp_syncookies"
SENT = "TcpExtSyncookiesSent"
DO_COOKIES = "TcpExtTCPReqQFullDoCookies"
QFULL = "TcpExtTCPReqQFullDrop"


class Syncookies(rig.Case):
    def flood(self, listener, count, name, expected):
        """count SYNs; wait until the counter of their fate has moved."""
        before = netns.counter(name)
        self.syns(listener, count, drops=False)
        rig.wait_for(lambda: netns.counter(name) == before + expected,
                     f"{name} +{expected}")

    def deltas(self, report):
        return {name: value["delta"] for name, value in
                report["namespaces"][0]["counters"].items()
                if value and value["delta"]}

    def test_one_sends_cookies_when_full(self):
        netns.sysctl(COOKIES, 1)
        listener = self.listener(backlog=3)
        report = self.during(lambda: self.flood(listener, 10, SENT, 6))
        self.assertSameAsKernel(report)
        deltas = self.deltas(report)
        self.assertEqual((deltas[SENT], deltas[DO_COOKIES]), (6, 6))
        self.assertNotIn(netns.LD, deltas)
        row = self.row(report, listener)
        self.assertEqual((row["syn_queue"]["length"], row["syn_queue"]["limit"]),
                         (4, 3))
        self.assertEqual(len(oracle.syn_recv()), 4)
        self.assertEqual(row["drops"]["delta"], 0)
        self.assertEqual(row["state"], "syn-full")
        self.assertEqual(row["reasons"], ["syn-flood", "limit-from-listen"])

    def test_zero_drops_when_full(self):
        netns.sysctl(COOKIES, 0)
        listener = self.listener(backlog=3)
        report = self.during(lambda: self.flood(listener, 10, QFULL, 6), looks=2)
        self.assertSameAsKernel(report)
        deltas = self.deltas(report)
        self.assertEqual((deltas[QFULL], deltas[netns.LD]), (6, 6))
        self.assertNotIn(netns.LO, deltas)
        row = self.row(report, listener)
        self.assertEqual(row["syn_queue"]["length"], 4)
        self.assertEqual(row["drops"]["delta"], 6)
        self.assertEqual(row["overflows"], {"min": 0, "max": 0})
        self.assertEqual(row["losses"], {"min": 6, "max": 6})
        self.assertEqual(row["state"], "dropping")
        self.assertEqual(row["reasons"], ["limit-from-listen"])
        self.assertEqual(self.row(listenq.instant(), listener)["state"], "syn-full")

    def test_two_always_sends_cookies(self):
        netns.sysctl(COOKIES, 2)
        listener = self.listener(backlog=9)
        report = self.during(lambda: self.flood(listener, 10, SENT, 10))
        self.assertSameAsKernel(report)
        row = self.row(report, listener)
        self.assertEqual(row["syn_queue"]["length"], 0)
        self.assertEqual(row["drops"]["delta"], 0)
        self.assertEqual(row["state"], "ok")
        self.assertEqual(self.deltas(report)[SENT], 10)
        self.assertEqual(report["namespaces"][0]["sysctl"]["tcp_syncookies"], 2)

    def test_valid_cookies_fill_the_accept_queue(self):
        netns.sysctl(COOKIES, 2)
        listener = self.listener(backlog=4)
        self.fill(listener, 4)
        report = listenq.instant()
        self.assertSameAsKernel(report)
        counters = report["namespaces"][0]["counters"]
        self.assertEqual(counters["TcpExtSyncookiesRecv"]["total"], 5)
        self.assertEqual(counters["TcpPassiveOpens"]["total"], 5)
        self.assertEqual(self.row(report, listener)["state"], "full")

    def test_syn_limit(self):
        """The accept limit, but with cookies off 3/4 of max_syn_backlog."""
        listeners = [self.listener(backlog=n) for n in (3, 100, 4000)]
        for most in (8, 15, 128, 2048):
            netns.sysctl("net.ipv4.tcp_max_syn_backlog", most)
            for cookies in (0, 1, 2):
                netns.sysctl(COOKIES, cookies)
                report = listenq.instant()
                for listener, limit in zip(listeners, (3, 100, 4000)):
                    if cookies == 0:
                        limit = min(limit, most - (most >> 2))
                    row = self.row(report, listener)
                    self.assertEqual(row["syn_queue"]["limit"], limit,
                                     (most, cookies))
                sysctl = report["namespaces"][0]["sysctl"]
                self.assertEqual(sysctl["tcp_max_syn_backlog"], most)
                self.assertEqual(sysctl["tcp_syncookies"], cookies)
