# SPDX-License-Identifier: GPL-2.0-or-later
"""tcp_abort_on_overflow: clients are told, by a reset."""
import errno
import socket

import listenq
import netns
import rig
from netns import LD, LO

RESETS = "TcpExtEmbryonicRsts"


def error_of(client):
    """SO_ERROR is read once: it forgets."""
    return client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


class Resets(rig.Case):
    def setUp(self):
        super().setUp()
        netns.sysctl("net.ipv4.tcp_abort_on_overflow", 1)

    def test_client_reads_econnreset(self):
        listener = self.listener(backlog=5, defer=True)
        late = self.primed(listener, 5, 3)
        before = netns.counters()

        def send():
            for client in late:
                client.send(b"x")
            rig.wait_for(lambda: netns.counter(RESETS) == before[RESETS] + 3,
                         "EmbryonicRsts")
        report = self.during(send)
        self.assertEqual([error_of(client) for client in late],
                         [errno.ECONNRESET] * 3)
        self.assertSameAsKernel(report)
        space = report["namespaces"][0]
        self.assertEqual(space["sysctl"]["tcp_abort_on_overflow"], 1)
        for name in (LO, LD, RESETS, "TcpOutRsts"):
            self.assertEqual(space["counters"][name]["delta"], 3, name)
        row = self.row(report, listener)
        self.assertEqual(row["drops"]["delta"], 6)
        self.assertEqual(row["overflows"], {"min": 3, "max": 3})
        self.assertEqual(row["state"], "overflowing")
        self.assertIn("resets-clients", row["reasons"])
        self.assertEqual(row["accept_queue"]["length"], 6)
        self.assertEqual(row["syn_queue"]["length"], 0)

    def test_syns_are_never_reset(self):
        listener = self.listener(backlog=1)
        self.fill(listener, 1)
        clients = self.connect(listener, 2)
        rig.wait_for(lambda: netns.counter(LO) >= 2, "two overflows")
        self.assertEqual({rig.tcp_state(c) for c in clients}, {rig.SYN_SENT})
        for client in clients:
            client.close()
        self.overflow(listener, 4)
        report = listenq.instant()
        self.assertSameAsKernel(report)
        self.assertEqual(report["namespaces"][0]["counters"][RESETS]["total"], 0)

    def test_no_reason_without_the_sysctl(self):
        netns.sysctl("net.ipv4.tcp_abort_on_overflow", 0)
        listener = self.listener(backlog=1)
        self.fill(listener, 1)
        row = self.row(listenq.instant(), listener)
        self.assertEqual(row["state"], "full")
        self.assertNotIn("resets-clients", row["reasons"])

    def test_kept_requests_without_the_sysctl(self):
        """With 0 the request lives on and data overflows again and again."""
        netns.sysctl("net.ipv4.tcp_abort_on_overflow", 0)
        listener = self.listener(backlog=5, defer=True)
        late = self.primed(listener, 5, 2)
        before = netns.counters()
        for client in late:
            client.send(b"x")
        rig.wait_for(lambda: netns.counter(LO) >= 2, "overflows")
        row = self.row(listenq.instant(), listener)
        self.assertEqual(row["syn_queue"]["length"], 2)
        self.assertEqual(row["accept_queue"]["length"], 6)
        self.assertEqual(netns.counter(RESETS), before[RESETS])
