# SPDX-License-Identifier: GPL-2.0-or-later
"""What is in the queues, connection by connection, as ss sees it."""
import collections
import pathlib
import subprocess
import time

import listenq
import netns
import oracle
import rig



def end_of(client):
    """(address, port) of a client, as an IPv4 or IPv6 listener sees it."""
    return client.getsockname()[:2]


def peer(entry):
    return entry["peer_address"], entry["peer_port"]


def details(text):
    """The indented lines of a table, their words."""
    return [line.split() for line in text.splitlines() if line.startswith("    ")]


class Detail(rig.Case):
    def report(self, *args):
        return listenq.instant("-D", *args)

    def waiting(self, listener):
        return self.row(self.report(), listener)["waiting"]

    def assertAsSs(self, listener, entries, address=None):
        """Peers and unread bytes; in CLOSE-WAIT ss counts the FIN."""
        seen = {peer(entry): (entry["unread_bytes"] + entry["peer_closed"],
                              entry["peer_closed"]) for entry in entries}
        real = {(host, port): (queued, state == "CLOSE-WAIT")
                for state, queued, host, port in oracle.waiting(listener.port)}
        self.assertEqual(len(seen), len(entries))
        self.assertEqual(seen, real)
        if address:
            self.assertEqual({host for host, _ in seen}, {address})

    def test_null_without_it(self):
        listener = self.listener(backlog=3)
        self.queue(listener, 2)
        row = self.row(listenq.instant(), listener)
        self.assertIsNone(row["waiting"])
        self.assertIsNone(row["half_open"])

    def test_empty_queues_are_known(self):
        listener = self.listener()
        row = self.row(self.report(), listener)
        self.assertEqual((row["waiting"], row["half_open"]), ([], []))

    def test_ages(self):
        """Oldest first, each since its own handshake, at any fill."""
        listener = self.listener(backlog=50)
        born = {}
        for _ in range(3):
            queued = rig.Span(lambda: self.queue(listener, 1))
            client, = queued.result
            born[end_of(client)] = queued
            rig.wait_until(time.monotonic() + 0.3)
        client.send(b"x")  # talking makes nobody younger
        seen = rig.Span(self.report)
        row = self.row(seen.result, listener)
        self.assertEqual([peer(entry) for entry in row["waiting"]], list(born))
        for entry in row["waiting"]:
            self.assertAge(entry["wait_seconds"], born[peer(entry)], seen)
        self.assertEqual(row["accept_queue"]["oldest_wait_seconds"],
                         row["waiting"][0]["wait_seconds"])

    def test_ages_after_a_window(self):
        listener = self.listener(backlog=50)
        queued = rig.Span(lambda: self.queue(listener, 1))
        seen = rig.Span(lambda: listenq.report("-D", "-d", "0.3"))
        entry, = self.row(seen.result, listener)["waiting"]
        self.assertAge(entry["wait_seconds"], queued, seen)
        self.assertGreaterEqual(entry["wait_seconds"], 0.3 - rig.TICK)

    def test_unread_bytes(self):
        listener = self.listener(backlog=9)
        clients = self.queue(listener, 4)
        sizes = [0, 1, 312, 4096]
        for client, size in zip(clients, sizes):
            client.send(b"x" * size)
        rig.wait_for(lambda: sum(w[1] for w in oracle.waiting(listener.port)) == sum(sizes),
                     "the bytes to arrive")
        entries = self.waiting(listener)
        self.assertEqual({peer(e): (e["unread_bytes"], e["peer_closed"]) for e in entries},
                         {end_of(c): (size, False) for c, size in zip(clients, sizes)})
        self.assertAsSs(listener, entries)

    def test_closed_by_peer(self):
        """A FIN is no byte that can be read."""
        listener = self.listener(backlog=9)
        silent, talking, open_ = self.queue(listener, 3)
        talking.send(b"x" * 85)
        ends = end_of(silent), end_of(talking), end_of(open_)
        silent.close()
        talking.close()
        rig.wait_for(lambda: [w[0] for w in oracle.waiting(listener.port)]
                     .count("CLOSE-WAIT") == 2, "two FINs")
        entries = self.waiting(listener)
        self.assertEqual({peer(e): (e["unread_bytes"], e["peer_closed"]) for e in entries},
                         dict(zip(ends, [(0, True), (85, True), (0, False)])))
        self.assertAsSs(listener, entries)

    def test_reset_by_peer(self):
        """They are in the queue and in no dump: counted, not shown."""
        listener = self.listener(backlog=9)
        clients = self.queue(listener, 5)
        for client in clients[:3]:
            rig.reset(client)
        rig.wait_for(lambda: len(oracle.waiting(listener.port)) == 2, "three RSTs")
        entries = self.waiting(listener)
        self.assertEqual({peer(e) for e in entries}, {end_of(c) for c in clients[3:]})
        self.assertEqual(listener.length, 5)
        lines = details(listenq.run("-D", "-d", "0").out)
        self.assertEqual(len(lines), 3)
        self.assertEqual(lines[2], "waiting 3 reset by peer, not visible".split())

    def test_accepted_connections_are_gone(self):
        listener = self.listener(backlog=9)
        first, second = self.queue(listener, 2)
        self.own(listener.accept())
        self.assertEqual([peer(e) for e in self.waiting(listener)], [end_of(second)])
        self.assertNotEqual(end_of(first), end_of(second))

    def test_addresses_as_ss(self):
        both = self.listener("::", backlog=9, v6only=False)
        self.queue(both, 2, address="127.0.0.1")
        self.assertAsSs(both, self.waiting(both), "::ffff:127.0.0.1")
        self.queue(both, 1, address="::1")
        self.assertAsSs(both, self.waiting(both))
        four = self.listener("127.0.0.2", backlog=9)
        self.queue(four, 1, source="127.0.0.3")
        self.assertAsSs(four, self.waiting(four), "127.0.0.3")

    def test_each_listener_its_own(self):
        one = self.listener("127.0.0.2", backlog=9)
        two = self.listener("127.0.0.3", one.port, backlog=9)
        ends = {listener: {end_of(c) for c in self.queue(listener, n)}
                for listener, n in ((one, 2), (two, 3))}
        report = self.report()
        for listener, expected in ends.items():
            entries = self.row(report, listener)["waiting"]
            self.assertEqual({peer(e) for e in entries}, expected)

    def test_reuseport(self):
        """Whose a connection is, is known where one member alone has a queue."""
        members = self.group([40, 40])
        clients = self.queue_any(members, 1)
        empty, holder = sorted(members, key=lambda member: member.length)
        report = self.report()
        self.assertEqual([peer(e) for e in self.row(report, holder)["waiting"]],
                         [end_of(clients[0])])
        self.assertEqual(self.row(report, empty)["waiting"], [])
        while not empty.length:
            clients += self.queue_any(members, 1)
        report = self.report()
        for member in members:
            entries = self.row(report, member)["waiting"]
            self.assertEqual({peer(e) for e in entries}, {end_of(c) for c in clients})
        lines = details(listenq.run("-D", "-d", "0").out)
        self.assertEqual(len(lines), 2 + len(clients))
        self.assertEqual(lines[-1][-2:], ["listed", "above"])

    def test_many_on_a_screen(self):
        """The oldest, and how many more; elsewhere all, for whoever searches in them."""
        listener = self.listener(backlog=40)
        self.queue(listener, 21)
        found = details(listenq.run("-D", "-d0", "--width=80", f":{listener.port}").out)
        found = [words for words in found if words[0] == "waiting"]
        self.assertEqual(len(found), 21)
        self.assertEqual(" ".join(found[-1]), "waiting and 1 more; --width=0 lists all")
        out = listenq.run("-D", "-d0", f":{listener.port}").out
        self.assertEqual(sum(words[0] == "waiting" for words in details(out)), 21)
        self.assertNotIn("more", out)
        listener.accept().close()
        out = listenq.run("-D", "-d0", "--width=80", f":{listener.port}").out
        self.assertEqual(sum(words[0] == "waiting" for words in details(out)), 20)
        self.assertNotIn("more", out)

    def test_fast_open_children_wait(self):
        netns.sysctl("net.ipv4.tcp_fastopen", 0x207)
        listener = self.listener(backlog=9, fastopen=5)
        self.raw().send(rig.SILENT + "1", listener.address, listener.port, payload=b"hello")
        rig.wait_for(lambda: listener.length == 1, "a Fast Open child")
        row = self.row(self.report(), listener)
        self.assertEqual(row["half_open"], [])
        entry, = row["waiting"]
        self.assertEqual((entry["peer_address"], entry["unread_bytes"], entry["wait_seconds"]),
                         (rig.SILENT + "1", 5, None))
        self.assertNotIn("reset", listenq.run("-D", "-d", "0").out)
        accepted = self.own(listener.accept())
        self.assertEqual(len(oracle.syn_recv()), 1, accepted)
        self.assertEqual(self.waiting(listener), [])


class HalfOpen(rig.Case):
    def half(self, listener):
        return self.row(listenq.instant("-D"), listener)["half_open"]

    def test_silent_peers(self):
        """Retransmits and timers as ss has them just before and after."""
        listener = self.listener(backlog=9)
        self.half_open(listener, 2)
        rig.wait_for(lambda: netns.counter("TcpExtTCPTimeouts") >= 2, "SYN-ACK timers")
        self.half_open(listener, 1)
        for _ in range(20):
            before = oracle.syn_recv_timers(listener.port)
            entries = self.half(listener)
            after = oracle.syn_recv_timers(listener.port)
            if {p: t[1] for p, t in before.items()} == {p: t[1] for p, t in after.items()}:
                break
        else:
            self.fail("timers never at rest")
        self.assertEqual({peer(e): e["retransmits"] for e in entries},
                         {p: retransmits for p, (_, retransmits) in before.items()})
        self.assertEqual([e["retransmits"] for e in entries], [1, 1, 0])
        for entry in entries:
            timer = entry["next_timer_seconds"]
            self.assertLessEqual(timer, before[peer(entry)][0] + 0.02)
            self.assertGreaterEqual(timer, after[peer(entry)][0] - 0.02)
        lines = details(listenq.run("-D", "-d", "0").out)
        self.assertEqual([line[:4:2] for line in lines], [["half-open", "retransmits"]] * 3)

    def test_many_are_summed_up(self):
        """Above 20 it matters where they come from; JSON has each."""
        listener = self.listener(backlog=99)
        self.half_open(listener, 20)
        self.assertEqual(len(details(listenq.run("-D", "-d", "0").out)), 20)
        self.half_open(listener, 10)
        ends = self.half(listener)
        self.assertEqual(len(ends), 30)
        networks = collections.Counter(e["peer_address"].rpartition(".")[0] + ".0/24"
                                       for e in ends)
        lines = details(listenq.run("-D", "-d", "0").out)
        self.assertEqual(lines[0][:3], ["half-open", "30", "from"])
        self.assertEqual({line[1]: int(line[2]) for line in lines[1:]}, dict(networks))

    def test_deferred_clients_wait_from_their_first_data(self):
        listener = self.listener(backlog=9, defer=True)
        client, = self.connected(listener)
        row = self.row(listenq.instant("-D"), listener)
        self.assertEqual([peer(e) for e in row["half_open"]], [end_of(client)])
        self.assertEqual(row["waiting"], [])
        rig.wait_until(time.monotonic() + 0.2)

        def send():
            client.send(b"hello")
            rig.wait_for(lambda: listener.length == 1, "the connection to complete")
        sent = rig.Span(send)
        seen = rig.Span(lambda: listenq.instant("-D"))
        row = self.row(seen.result, listener)
        self.assertEqual(row["half_open"], [])
        entry, = row["waiting"]
        self.assertEqual((peer(entry), entry["unread_bytes"]), (end_of(client), 5))
        self.assertAge(entry["wait_seconds"], sent, seen)

    def test_ipv4_clients_of_dual_stack(self):
        listener = self.listener("::", backlog=9, defer=True, v6only=False)
        four, = self.connected(listener, address="127.0.0.1")
        six, = self.connected(listener, address="::1")
        self.assertEqual(sorted(peer(e) for e in self.half(listener)),
                         sorted([("::ffff:127.0.0.1", end_of(four)[1]), end_of(six)]))
        self.assertEqual({peer(e) for e in self.half(listener)},
                         set(oracle.syn_recv_timers(listener.port)))

    def test_reuseport_members_share_them(self):
        members = self.group([9, 9], defer=True)
        ends = {end_of(c) for c in self.connected(members[0], 3)}
        report = listenq.instant("-D")
        for member in members:
            row = self.row(report, member)
            self.assertEqual({peer(e) for e in row["half_open"]}, ends)
            self.assertEqual(row["syn_queue"]["length"], 3)
        lines = details(listenq.run("-D", "-d", "0").out)
        self.assertEqual([line[1] for line in lines if line[-1] in ("group:", "above")],
                         ["3", "3"])
        self.assertEqual(len(lines), 5)

    def test_each_report_takes_its_own(self):
        listener = self.listener(backlog=9, defer=True)
        self.connected(listener, 2)
        documents = listenq.run("--json", "--count=3", "-d", "0.05", "-D").documents
        self.assertEqual(len(documents), 3)
        for document in documents:
            queue = self.row(document, listener)["syn_queue"]
            self.assertEqual((queue["length"], queue["age_seconds"]), (2, 0.0))


class Walks(rig.Case):
    """Samples that repeat so often that SYN_RECV is too dear for each."""

    def samples(self, share, count=300):
        program = pathlib.Path(listenq.program()).parent.parent / "tests/bench/sampler"
        text = subprocess.run([program, str(share), "1", str(count)], check=True, text=True,
                              stdout=subprocess.PIPE, timeout=listenq.TIMEOUT).stdout
        samples = [tuple(int(word) for word in line.split()) for line in text.splitlines()]
        self.assertEqual(len(samples), count)
        return samples

    def setUp(self):
        super().setUp()
        self.deferring = self.listener("::", backlog=9, defer=True)
        self.connected(self.deferring, 5)

    def test_kept_between_dumps(self):
        """The walk of even an empty hash takes more than 0.01% of a millisecond."""
        samples = self.samples(1e-4)
        fresh = [sample for sample in samples if not sample[0]]
        kept = [sample for sample in samples if sample[0]]
        self.assertFalse(samples[0][0])
        self.assertGreater(len(kept), len(samples) / 2)
        self.assertGreater(len(fresh), 0)
        self.assertEqual({sample[1:3] for sample in samples}, {(5, 5)})
        # Between two dumps the age only grows.
        for before, after in zip(samples, samples[1:]):
            self.assertTrue(after[0] > before[0] or not after[0])

    def test_no_limit(self):
        self.assertEqual({sample[:3] for sample in self.samples(0, 50)}, {(0, 5, 5)})
