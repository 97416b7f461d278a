# SPDX-License-Identifier: GPL-2.0-or-later
"""SO_REUSEPORT: one SYN queue that nobody can tell apart, many accept queues."""
import listenq
import oracle
import rig


class Reuseport(rig.Case):
    def test_members_share_the_syn_queue(self):
        members = [self.listener("127.0.0.1", 0, 9, reuseport=True, defer=True)]
        members += [self.listener("127.0.0.1", members[0].port, 9,
                                  reuseport=True, defer=True) for _ in range(2)]
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
        members = [self.listener("127.0.0.1", 0, 4, reuseport=True, defer=True)]
        members += [self.listener("127.0.0.1", members[0].port, 4,
                                  reuseport=True, defer=True) for _ in range(7)]
        self.connected(members[0], 8)
        report = listenq.instant()
        for member in members:
            row = self.row(report, member)
            self.assertEqual(row["syn_queue"]["length"], 8)
            self.assertEqual(row["syn_queue"]["fill"], 8 / 32)
            self.assertEqual(row["state"], "ok")

    def test_accept_queues_are_their_own(self):
        members = [self.listener("::", 0, 40, reuseport=True)]
        members += [self.listener("::", members[0].port, 40, reuseport=True)
                    for _ in range(3)]
        self.connected(members[0], 20)
        rig.wait_for(lambda: sum(m.length for m in members) == 20, "20 queued")
        report = listenq.instant()
        self.assertSameAsKernel(report)
        for member in members:
            row = self.row(report, member)
            self.assertEqual(row["accept_queue"]["length"], member.length)
            self.assertEqual(row["reuseport"]["sockets"], 4)

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
