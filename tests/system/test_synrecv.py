# SPDX-License-Identifier: GPL-2.0-or-later
"""Half-open connections, given to their listener by the kernel's own rules."""
import collections
import socket

import listenq
import netns
import oracle
import rig


class SynRecv(rig.Case):
    def half(self, listener, count, **kwargs):
        """Silent clients under TCP_DEFER_ACCEPT stay half-open."""
        before = len(oracle.syn_recv())
        clients = self.connected(listener, count, **kwargs)
        self.assertEqual(len(oracle.syn_recv()), before + count)
        return clients

    def assertCounts(self, expected, orphans=0):
        """{listener: SYN_RECV children}, between two looks by ss."""
        def look():
            return sorted(oracle.syn_recv())
        for _ in range(20):
            before = look()
            report = listenq.instant()
            if before == look():
                break
        else:
            self.fail("SYN_RECV never at rest")
        seen = {self.row(report, one)["cookie"]:
                self.row(report, one)["syn_queue"]["length"] for one in expected}
        self.assertEqual(seen, {one.cookie: count
                                for one, count in expected.items()})
        ledger = report["namespaces"][0]["ledger"]
        self.assertEqual(ledger["unattributed_syn_recv"], orphans)
        self.assertEqual(sum(expected.values()) + orphans, len(before))
        return report

    def test_lookup(self):
        """Each pair: listeners of one port, and how many clients connect to which address of which
        listener. In the end the kernel says whose they are."""
        dual, only = {"v6only": False}, {"v6only": True}
        cases = (
            ([("127.0.0.1", {})], [(0, 7, None)]),
            ([("::1", {})], [(0, 4, None)]),
            ([("::", only)], [(0, 5, None)]),
            ([("::", dual)], [(0, 3, "127.0.0.1"), (0, 2, "::1")]),
            ([("::ffff:127.0.0.2", {})], [(0, 3, "127.0.0.2")]),
            ([("127.0.0.2", {}), ("127.0.0.3", {})], [(0, 3, None), (1, 4, None)]),
            # What is bound to the address before wildcards.
            ([("0.0.0.0", {}), ("127.0.0.2", {})], [(0, 3, "127.0.0.1"), (1, 4, None)]),
            ([("::", dual), ("::1", {}), ("127.0.0.2", {})],
             [(0, 1, "127.0.0.1"), (1, 2, None), (2, 3, None)]),
            ([("::", only), ("0.0.0.0", {})], [(0, 2, "::1"), (1, 3, "127.0.0.1")]),
            # A wildcard of the client's own family before [::].
            ([("::", dual), ("0.0.0.0", {})], [(0, 2, "::1"), (1, 3, "127.0.0.1")]),
        )
        expected, clients = collections.Counter(), []
        for places, connects in cases:
            listeners, port = [], 0
            for address, options in places:
                listeners.append(self.listener(address, port, 9, defer=True, reuseport=True,
                                               **options))
                port = listeners[0].port
            for number, count, address in connects:
                clients += self.half(listeners[number], count, address=address)
                expected[listeners[number]] += count
        self.assertCounts(expected)
        for client in clients:
            client.send(b"x")
        rig.wait_for(lambda: all(listener.length == count for listener, count in expected.items()),
                     "the kernel to say whose they are")

    def test_bound_device(self):
        options = {"backlog": 9, "defer": True, "reuseport": True}
        netns.device("other")
        free = self.listener("0.0.0.0", **options)
        bound = self.listener("0.0.0.0", free.port, device="lo", **options)
        away = self.listener("0.0.0.0", free.port, device="other", **options)
        self.half(bound, 3, address="127.0.0.1")
        report = self.assertCounts({free: 0, bound: 3, away: 0})
        self.assertEqual(self.row(report, bound)["interface"], "lo")
        self.assertEqual(self.row(report, away)["interface"], "other")
        self.assertIsNone(self.row(report, free)["interface"])

    def test_link_local_clients_carry_an_interface(self):
        netns.address("fe80::1/64")
        wild = self.listener("::", backlog=9, defer=True)
        client = self.own(socket.socket(socket.AF_INET6))
        client.setblocking(False)
        client.connect_ex(("fe80::1", wild.port, 0, socket.if_nametoindex("lo")))
        rig.wait_for(lambda: len(oracle.syn_recv()) == 1, "a request")
        self.assertIn("%lo", oracle.syn_recv()[0][0])
        self.assertCounts({wild: 1})

    def test_orphans_of_a_closed_listener(self):
        here = self.listener(backlog=9, defer=True)
        self.half(here, 2)
        for _ in range(10):
            gone = self.listener(backlog=9, defer=True)
            self.half(gone, 3)
            gone.close()
            report = listenq.instant()
            if len(oracle.syn_recv()) == 5:
                break
            # Their timer was faster: a second after the SYN they go.
            rig.wait_for(lambda: len(oracle.syn_recv()) == 2, "their end")
        else:
            self.fail("orphans never lived for as long as a report takes")
        ledger = report["namespaces"][0]["ledger"]
        self.assertEqual(ledger["unattributed_syn_recv"], 3)
        self.assertEqual(self.row(report, here)["syn_queue"]["length"], 2)

    def test_orphans_fall_to_the_next_listener(self):
        """To the kernel's dump they are the new listener's, and so to us."""
        for _ in range(10):
            gone = self.listener(backlog=9, defer=True)
            self.half(gone, 3)
            gone.close()
            heir = self.listener(port=gone.port)
            report = listenq.instant()
            if len(oracle.syn_recv()) == 3:
                break
            rig.wait_for(lambda: not oracle.syn_recv(), "their end")
            heir.close()
        else:
            self.fail("orphans never lived for as long as a report takes")
        self.assertEqual(self.row(report, heir)["syn_queue"]["length"], 3)

    def test_silent_peers(self):
        listener = self.listener(backlog=50)
        self.half_open(listener, 40)
        report = self.assertCounts({listener: 40})
        queue = self.row(report, listener)["syn_queue"]
        self.assertEqual(queue["limit"], 50)
        self.assertAlmostEqual(queue["fill"], 0.8, places=3)

    def test_retransmitted_syn_acks(self):
        listener = self.listener(backlog=9)
        self.half_open(listener, 3)
        timeouts = "TcpExtTCPTimeouts"
        rig.wait_for(lambda: netns.counter(timeouts) >= 3, "SYN-ACK timers")
        row = self.row(listenq.instant(), listener)
        self.assertEqual(row["syn_queue"]["length"], 3)
        self.assertEqual(row["syn_queue"]["retransmitted"], 3)

    def test_fast_open_children_are_no_requests(self):
        netns.sysctl("net.ipv4.tcp_fastopen", 0x207)
        listener = self.listener(backlog=9, fastopen=5)
        raw = self.raw()
        for i in range(2):
            raw.send(rig.SILENT + str(i + 1), listener.address, listener.port,
                     payload=b"hello")
        rig.wait_for(lambda: listener.length == 2, "Fast Open children")
        self.assertEqual(len(oracle.syn_recv()), 2)
        report = listenq.instant()
        row = self.row(report, listener)
        self.assertEqual(row["accept_queue"]["length"], 2)
        self.assertEqual(row["syn_queue"]["length"], 0)
        self.assertEqual(report["namespaces"][0]["ledger"]["unattributed_syn_recv"], 0)
