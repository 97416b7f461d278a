# SPDX-License-Identifier: GPL-2.0-or-later
"""Where no segment comes, nothing is looked for; what does come is in the very next sample."""
import time

import listenq
import netns
import oracle
import rig

WINDOW = 0.2
QUIET = 5  # windows without a segment: from the fourth on, no walk is made
MARGIN = 0.03  # for how long a sample may last


class Watch(rig.Case):
    def begin(self):
        child = listenq.Running("--watch", "-d", str(WINDOW), "--json")

        def end():
            child.interrupt()
            child.finish()
        self.addCleanup(end)
        return lambda: listenq.parse(child.process.stdout.readline())

    def quiet(self, report, check=lambda document: None):
        """Reads reports until no segment has come for some windows."""
        windows = 0
        while windows < QUIET:
            document = report()
            check(document)
            moved = document["namespaces"][0]["counters"]["TcpInSegs"]["delta"]
            windows = 0 if moved else windows + 1
        return document

    def next(self, report):
        """The first report whose sample began after now."""
        now = time.monotonic()
        document = report()
        while document["monotonic_seconds"] - MARGIN < now:
            document = report()
        return document

    def half(self, document, listener):
        queue = self.row(document, listener)["syn_queue"]
        self.assertEqual(document["namespaces"][0]["ledger"]["unattributed_syn_recv"], 0)
        return queue["length"]

    def test_the_very_next_sample(self):
        """Of clients on loopback and in another namespace, of both families."""
        client = self.own(netns.Inhabited())
        netns.ip("link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns",
                 str(client.pid))
        netns.ip("link", "set", "v0", "up")
        for place in "10.77.0.1/24", "fd77::1/64":
            netns.address(place, "v0")
        with client:
            netns.ip("link", "set", "v1", "up")
            for place in "10.77.0.2/24", "fd77::2/64":
                netns.address(place, "v1")
        here, there = self, client
        dual = self.listener("::", backlog=9, defer=True, v6only=False)
        paths = ((here, "127.0.0.1", self.listener(backlog=9, defer=True)),
                 (here, "::1", self.listener("::1", backlog=9, defer=True)),
                 (here, "127.0.0.1", dual), (here, "::1", dual),
                 (there, "10.77.0.1", self.listener("0.0.0.0", backlog=9, defer=True)),
                 (there, "fd77::1", dual))
        report = self.begin()
        expected = dict.fromkeys([listener for _, _, listener in paths], 0)
        for where, address, listener in paths:
            document = self.quiet(report)
            self.assertEqual({one: self.half(document, one) for one in expected}, expected)
            if where is there:
                with client:
                    self.connect(listener, address=address)
            else:
                self.connect(listener, address=address)
            expected[listener] += 1
            rig.wait_for(lambda: len(oracle.syn_recv()) == sum(expected.values()), "a request")
            document = self.next(report)
            self.assertEqual({one: self.half(document, one) for one in expected}, expected)

    def test_until_it_expires(self):
        """Nothing is received when a SYN-ACK times out for the last time."""
        netns.sysctl("net.ipv4.tcp_synack_retries", 1)
        listener = self.listener(backlog=9)
        report = self.begin()
        self.quiet(report)
        self.half_open(listener, 3)
        self.assertEqual(self.half(self.next(report), listener), 3)
        while oracle.syn_recv():
            document = report()
            if oracle.syn_recv():
                self.assertEqual(self.half(document, listener), 3)
        self.assertEqual(self.half(self.next(report), listener), 0)
        self.quiet(report, lambda document: self.assertEqual(self.half(document, listener), 0))

    def test_a_stuck_queue(self):
        """Who has stopped accepting is named, though nobody comes any more."""
        stuck, well = self.listener(backlog=50), self.listener(backlog=50)
        since = rig.Span(lambda: self.queue(stuck, 2))
        report = self.begin()
        document = report()
        while self.row(document, stuck)["state"] == "ok":
            document = report()
        for _ in range(QUIET):
            row = self.row(document, stuck)
            self.assertEqual((row["state"], row["reasons"]), ("stalled", ["not-accepting"]))
            self.assertEqual(row["accept_queue"]["length"], 2)
            now = document["monotonic_seconds"]
            waits = row["accept_queue"]["oldest_wait_seconds"]
            self.assertGreaterEqual(waits, now - since.end - 0.05)
            self.assertLessEqual(waits, now - since.begin + 0.05 + WINDOW)
            self.assertEqual(self.row(document, well)["state"], "ok")
            document = report()
        # One of the two is accepted: no segment tells of that either.
        self.own(stuck.accept())
        row = self.row(self.next(report), stuck)
        self.assertEqual(row["accept_queue"]["length"], 1)
        self.assertEqual(row["state"], "ok")
