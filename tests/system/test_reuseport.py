# SPDX-License-Identifier: GPL-2.0-or-later
"""SO_REUSEPORT: one SYN queue for all members, many accept queues."""
import listenq
import netns
import oracle
import rig
import table


class Reuseport(rig.Case):
    def test_members_share_the_syn_queue(self):
        members = self.group([9] * 3, defer=True)
        single = self.listener(backlog=9, defer=True)
        self.connected(members[0], 7)
        self.connected(single, 2)
        self.assertEqual(len(oracle.syn_recv()), 9)
        report = listenq.instant()
        for member in members:
            row = self.row(report, member)
            self.assertEqual(row["syn_queue"]["length"], 7)
            self.assertEqual(row["reuseport"]["sockets"], 3)
        row = self.row(report, single)
        self.assertEqual(row["syn_queue"]["length"], 2)
        self.assertEqual(row["reuseport"]["sockets"], 1)
        self.assertEqual(report["namespaces"][0]["ledger"]["unattributed_syn_recv"], 0)

    def test_group_is_not_full_before_its_members_are(self):
        """One each for eight members with a limit of four is no SYN flood."""
        members = self.group([4] * 8, defer=True)
        self.connected(members[0], 8)
        report = listenq.instant()
        for member in members:
            row = self.row(report, member)
            self.assertEqual(row["syn_queue"]["length"], 8)
            self.assertEqual(row["syn_queue"]["fill"], 8 / 32)
            self.assertEqual(row["state"], "ok")

    def test_groups_by_address_family_and_device(self):
        """Another address, v6only or another device is another group."""
        first = self.listener("0.0.0.0", reuseport=True)
        port = first.port
        twin = self.listener("0.0.0.0", port, reuseport=True)
        exact = self.listener("127.0.0.2", port, reuseport=True)
        bound = self.listener("0.0.0.0", port, reuseport=True, device="lo")
        six = [self.listener("::", port, reuseport=True, v6only=True)
               for _ in range(2)]
        report = listenq.instant()
        sockets = {listener: self.row(report, listener)["reuseport"]["sockets"]
                   for listener in (first, twin, exact, bound, *six)}
        self.assertEqual(sockets, {first: 2, twin: 2, exact: 1, bound: 1,
                                   six[0]: 2, six[1]: 2})
        self.assertSameAsKernel(report)


class Group(rig.Case):
    """-g: what ss shows, added up."""

    def test_sums_as_in_ss(self):
        members = self.group([50] * 5)
        self.queue_any(members, 40)
        alone = self.listener(backlog=7)
        report = listenq.instant("-g")
        self.assertEqual(len(report["listeners"]), 2)
        row, = [row for row in report["listeners"] if row["port"] == members[0].port]
        real = [one for one in oracle.listeners() if one.port == members[0].port]
        longest = max(one.length for one in real)
        queue = row["accept_queue"]
        self.assertEqual(queue["length"], sum(one.length for one in real))
        self.assertEqual(queue["limit"], sum(one.limit for one in real))
        self.assertEqual(queue["capacity"], sum(one.limit + 1 for one in real))
        self.assertAlmostEqual(queue["fill"], longest / 51, 5)
        self.assertEqual(row["drops"]["total"], sum(one.drops for one in real))
        self.assertEqual(row["reuseport"], {
            "sockets": 5, "length": 40, "limit": 250, "fill_max": queue["fill"],
            "imbalance": longest / 8})
        self.assertEqual((row["inode"], row["cookie"]), (None, None))
        self.assertEqual(row["uid"], 0)
        lone = self.row(report, alone)
        self.assertEqual(lone["reuseport"], {"sockets": 1, "length": 0, "limit": 7,
                                             "fill_max": 0.0, "imbalance": None})
        # Without -g each row keeps its own numbers, with those of the group beside them.
        unfolded = listenq.instant()
        self.assertSameAsKernel(unfolded)
        for member in members:
            one = self.row(unfolded, member)
            self.assertEqual(one["accept_queue"]["length"], member.length)
            self.assertEqual(one["reuseport"], row["reuseport"])

    def test_one_member_starves_its_clients(self):
        """All but one accept: the group is far from full, and refuses clients."""
        members = self.group([3] * 4)
        stuck = members[0]

        self.queue_in(stuck, members, 4)
        for member in members[1:]:
            while member.length:
                self.own(member.accept())
        row, = listenq.instant("-g")["listeners"]
        queue = row["accept_queue"]
        self.assertEqual((queue["length"], queue["limit"], queue["fill"], queue["full"]),
                         (4, 12, 1.0, True))
        self.assertEqual(row["reuseport"]["imbalance"], 4)
        self.assertEqual(row["state"], "full")
        shown, _ = table.parse(listenq.run("-g", "-d", "0").out)
        self.assertEqual([(r["SOCKETS"], r["QUEUED"], r["LIMIT"], r["FILL"], r["IMBALANCE"])
                          for r in shown], [("4", "4", "12", "100%", "4.0")])
        # -f, -s and -o see the folded rows.
        idle = self.group([30] * 2)
        self.queue_any(idle, 10)
        full = listenq.instant("-g", "-f100")["listeners"]
        self.assertEqual([r["port"] for r in full], [stuck.port])
        order = listenq.run("-g", "-d0", "-H", "-o", "port,length,sockets", "-s-length").out
        self.assertEqual([line.split() for line in order.splitlines()],
                         [[str(idle[0].port), "10", "2"], [str(stuck.port), "4", "4"]])

    def test_group_overflows_for_sure(self):
        """Two members drop, and which of them overflowed is unknown; the group did, exactly."""
        members = self.group([0] * 2)
        while not all(member.length for member in members):
            queued, refused = sum(m.length for m in members), netns.counter(netns.LO)
            client = rig.connect("127.0.0.1", members[0].port)
            rig.wait_for(lambda: sum(m.length for m in members) > queued or
                         netns.counter(netns.LO) > refused, "a client to be queued or refused")
            if netns.counter(netns.LO) > refused:
                client.close()
            else:
                self.own(client)

        def drops():
            return {one.inode: one.drops for one in oracle.listeners()}
        before = drops()

        def both():
            while any(drops()[m.inode] == before[m.inode] for m in members):
                self.overflow(members[0], 4)
        result = self.during(both, "-g")
        row, = result["listeners"]
        overflows = result["namespaces"][0]["ledger"]["overflows"]
        self.assertEqual(row["overflows"], {"min": overflows, "max": overflows})
        self.assertGreaterEqual(overflows, 4)
        self.assertEqual(row["state"], "overflowing")

    def test_peak_is_that_of_a_member(self):
        """Queues that were full one after the other were never full together."""
        members = self.group([3] * 2)

        def burst(child):
            for member in members:
                self.queue_in(member, members, 4)
                child.wait_looks(3)
                while member.length:
                    self.own(member.accept())
        row, = self.during(burst, "-g")["listeners"]
        queue = row["accept_queue"]
        self.assertEqual((queue["peak_length"], queue["peak_fill"], queue["limit"]), (4, 1.0, 6))
        self.assertEqual(row["state"], "full")

    def test_unix_and_many(self):
        """Folding leaves alone what is no group."""
        groups = [self.group([4] * 3) for _ in range(20)]
        self.unix(b"\0one")
        rows = listenq.instant("-gx")["listeners"]
        self.assertEqual(sorted(row["port"] for row in rows if row["port"]),
                         sorted(group[0].port for group in groups))
        self.assertEqual([row["path"] for row in rows if not row["port"]], ["@one"])
        self.assertEqual({row["reuseport"]["sockets"] for row in rows}, {1, 3})
