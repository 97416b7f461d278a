# SPDX-License-Identifier: GPL-2.0-or-later
"""How long the oldest connection waits, and clients that gave up."""
import socket
import time

import listenq
import oracle
import rig


class Waiting(rig.Case):
    def assertWait(self, listener, since, *args):
        seen = rig.Span(lambda: listenq.report(*args))
        self.assertAge(self.row(seen.result, listener)["accept_queue"]["oldest_wait_seconds"],
                       since, seen)

    def test_talking_clients_are_as_old(self):
        listener = self.listener("::", backlog=1)
        queued = rig.Span(lambda: self.queue(listener, 2, address="127.0.0.1"))
        rig.wait_until(queued.end + 0.3)
        for client in queued.result:
            client.send(b"hello?")
        self.assertWait(listener, queued, "-d", "0")

    def test_each_listener_its_own(self):
        """In a window and without one; who was accepted does not count."""
        one = self.listener("127.0.0.2", backlog=1)
        two = self.listener("127.0.0.3", one.port, backlog=1)
        self.queue(two, 1)
        self.own(two.accept())
        first = rig.Span(lambda: self.fill(one, 1))
        rig.wait_until(first.end + 0.3)
        second = rig.Span(lambda: self.fill(two, 1))
        for delay in "0", "0.2":
            self.assertWait(one, first, "-d", delay)
            self.assertWait(two, second, "-d", delay)

    def test_column_asks_for_it(self):
        """Below 80 % nobody looks, unless the column is wanted."""
        listener = self.listener(backlog=9)
        self.queue(listener, 1)
        queue = self.row(listenq.instant(), listener)["accept_queue"]
        self.assertIsNone(queue["oldest_wait_seconds"])
        out = listenq.run("-d", "0", "-H", "-o", "oldest-wait").out.strip()
        self.assertNotEqual(out, "-")

    def gone(self, listener, clients, close):
        for client in clients:
            close(client)
        rig.wait_until(time.monotonic() + 0.3)
        row = self.row(listenq.report("-d", "0.2"), listener)
        self.assertEqual((row["state"], row["accept_queue"]["length"]), ("full", 4))
        return row

    def test_peers_that_closed(self):
        listener = self.listener(backlog=3)
        row = self.gone(listener, self.fill(listener, 3), socket.socket.close)
        self.assertIn("dead-clients", row["reasons"])
        self.assertIn("not-accepting", row["reasons"])

    def test_peers_that_reset(self):
        """No dump shows them: the length does. Some, and then all of them."""
        listener = self.listener(backlog=3)
        clients = self.fill(listener, 3)
        row = self.gone(listener, clients[:2], rig.reset)
        self.assertIn("dead-clients", row["reasons"])
        row = self.gone(listener, clients[2:], rig.reset)
        self.assertIsNone(row["accept_queue"]["oldest_wait_seconds"])
        self.assertIn("dead-clients", row["reasons"])

    def test_living_peers(self):
        listener = self.listener(backlog=3)
        self.fill(listener, 3)
        self.assertNotIn("dead-clients", self.gone(listener, [], None)["reasons"])


class Accepting(rig.Case):
    """Stuck or slow: a queue of the same length at every look may be either."""

    def reasons(self, listener, action):
        begun = time.monotonic()
        listenq.instant()
        # A report without a window: the walk, and little else.
        self.walk = time.monotonic() - begun
        rig.wait_until(begun + 0.1)
        report = self.during(action, "--peak-rate=0", least=0.3)
        row = self.row(report, listener)
        self.assertGreater(row["accept_queue"]["oldest_wait_seconds"], report["window_seconds"])
        return row["reasons"]

    def test_one_in_for_one_out(self):
        listener = self.listener(backlog=9)
        self.fill(listener, 9)

        def replace():
            # Ages are in clock ticks, and the walk takes its time: what comes so soon in the
            # window may have been there before it.
            rig.wait_until(time.monotonic() + 0.1 + self.walk)
            for _ in range(3):
                self.own(listener.accept())
                self.queue(listener, 1)

        reasons = self.reasons(listener, replace)
        self.assertIn("accepting-slowly", reasons)
        self.assertNotIn("not-accepting", reasons)

    def test_stuck_beside_a_busy_listener(self):
        stuck = self.listener("127.0.0.2", backlog=9)
        busy = self.listener("127.0.0.3", stuck.port, backlog=9)
        self.fill(stuck, 9)
        reasons = self.reasons(stuck, lambda: self.queue(busy, 5))
        self.assertIn("not-accepting", reasons)
        self.assertNotIn("accepting-slowly", reasons)

    def test_stuck_with_resets_beside_a_busy_listener(self):
        """Who was reset is in no dump: the queue's order and EstabResets are the proof."""
        stuck, busy = self.listener(backlog=5), self.listener(backlog=5)
        clients = self.fill(stuck, 5)
        rig.reset(clients[0])
        rig.wait_for(lambda: len(oracle.waiting(stuck.port)) == 5, "the reset to arrive")

        def serve():
            for _ in range(5):
                client, = self.queue(busy, 1)
                busy.accept().close()
                client.close()
        reasons = self.reasons(stuck, serve)
        self.assertIn("not-accepting", reasons)
        self.assertIn("dead-clients", reasons)

    def test_burst_into_an_empty_queue(self):
        """Nothing was accepted, but nobody has waited for a window either."""
        listener = self.listener(backlog=9)
        report = self.during(lambda: self.fill(listener, 9))
        reasons = self.row(report, listener)["reasons"]
        self.assertNotIn("not-accepting", reasons)
        self.assertNotIn("accepting-slowly", reasons)
