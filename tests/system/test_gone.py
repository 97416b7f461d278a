# SPDX-License-Identifier: GPL-2.0-or-later
"""Listeners that were there in the window and are no more: named, and never falsely."""
import json

import listenq
import netns
import rig
import table


class Gone(rig.Case):
    def rows_gone(self, report):
        return [row for row in report["listeners"] if row["gone"]]

    def assertLast(self, row, listener, cookie, length, limit):
        self.assertEqual((row["state"], row["gone"], row["cookie"]), ("gone", True, cookie))
        self.assertEqual((row["address"], row["port"]), (listener.address, listener.port))
        self.assertEqual((row["accept_queue"]["length"], row["accept_queue"]["limit"]),
                         (length, limit))

    def test_closed_in_the_window(self):
        """Its last length is that of a moment before, its drops those of the sample before."""
        sick, well = self.listener(backlog=1), self.listener(backlog=9)
        self.fill(sick, 1)
        for args, length in ((), 3), (("--peak-rate=0",), 2):
            closed, cookie, close = self.closing()
            report = self.during(lambda child: close(child if length == 3 else None), *args)
            row, = self.rows_gone(report)
            self.assertLast(row, closed, cookie, length, 4)
            self.assertEqual(row["drops"], {"total": 3, "delta": None, "rate": None})
            # Last of all, and the others are as they were.
            self.assertEqual([row["state"] for row in report["listeners"]], ["full", "ok", "gone"])
            self.assertEqual(self.row(report, well)["reasons"], [])
        closed, _, close = self.closing()
        rows, footer = table.parse(listenq.during(close).out)
        self.assertEqual([(row["SEV"], row["STATE"]) for row in rows],
                         [("!", "full"), (".", "ok"), ("x", "gone")])
        self.assertEqual((rows[-1]["LOCAL_ADDRESS"], rows[-1]["QUEUED"], rows[-1]["LIMIT"]),
                         (f"127.0.0.1:{closed.port}", "3", "4"))
        self.assertIn(f"gone (127.0.0.1:{closed.port})", "\n".join(footer))
        # The next window knows nothing of it.
        self.assertEqual(self.rows_gone(listenq.report("-d", "0.3")), [])

    def closing(self):
        """A listener that two clients wait at, its cookie, and what closes it in a window."""
        listener = self.listener(backlog=4)
        self.queue(listener, 2)
        for _ in range(3):
            self.raw().send(rig.SILENT + "1", listener.address, listener.port, flags=rig.Raw.RST)
        self.assertEqual(self.row(listenq.instant(), listener)["drops"]["total"], 3)

        def close(child):
            if child:
                self.queue(listener, 1)
                child.wait_looks()
            listener.close()
        return listener, listener.cookie, close

    def test_born_and_dead_in_the_window(self):
        """Fast samples saw it, and it is where overflows can have been that fell on no other."""
        well, made = self.listener(backlog=9), []

        def flap(child):
            brief = self.listener(backlog=1)
            made.append((brief, brief.cookie))
            self.fill(brief, 1)
            self.overflow(brief, 5)
            child.wait_looks()
            brief.close()
        report = self.during(flap)
        row, = self.rows_gone(report)
        self.assertLast(row, *made[0], 2, 1)
        self.assertEqual(row["overflows"], {"min": 0, "max": 5})
        self.assertIsNone(row["drops"]["delta"])
        self.assertEqual(report["namespaces"][0]["ledger"]["unattributed_overflows"], 5)
        self.assertEqual(self.row(report, well)["state"], "ok")
        text = listenq.during(flap).out
        rows, footer = table.parse(text)
        self.assertEqual((rows[-1]["STATE"], rows[-1]["WHY"]), ("gone", "overflowing"))
        self.assertRegex("\n".join(footer),
                         rf"5 of the overflows fell on .*gone.*: 127\.0\.0\.1:{made[1][0].port}\.")
        self.assertNotIn("well", text)
        # Without fast samples nobody saw it; then nothing is made up.
        report = self.during(lambda: self.flap_unseen(), "--peak-rate=0")
        self.assertEqual(self.rows_gone(report), [])
        self.assertEqual(report["namespaces"][0]["ledger"]["unattributed_overflows"], 3)

    def flap_unseen(self):
        brief = rig.Listener(backlog=1)
        self.fill(brief, 1)
        self.overflow(brief, 3)
        brief.close()

    def test_member_of_a_group(self):
        """A member that lives for a moment takes clients along; the group goes on."""
        stays, = self.group([64], port=8000)
        def load():
            for _ in range(20):
                rig.connect("127.0.0.1", 8000).close()

        def flap(child):
            for _ in range(3):
                member = self.listener("127.0.0.1", 8000, 1, reuseport=True)
                before = netns.counter(netns.LO)
                rig.wait_for(lambda: member.length == 2 and netns.counter(netns.LO) > before,
                             "overflows of a member")
                child.wait_looks()
                member.close()
        for step, every in ((lambda: stays.accept().close(), 0), (load, 0.02)):
            self.own(rig.Worker(step, every))
        reports = [self.during(flap, *args) for args in ((), ("-g",))]
        text = listenq.during(flap).out
        for report in reports:
            gone = self.rows_gone(report)
            self.assertGreaterEqual(len(gone), 3)
            self.assertEqual({(row["address"], row["port"], row["accept_queue"]["limit"])
                              for row in gone}, {("127.0.0.1", 8000, 1)})
            self.assertIn(2, {row["accept_queue"]["length"] for row in gone})
            lost = report["namespaces"][0]["ledger"]["unattributed_overflows"]
            self.assertGreater(lost, 0)
            self.assertGreaterEqual(max(row["overflows"]["max"] for row in gone), lost)
        self.assertEqual(self.row(reports[0], stays)["state"], "ok")
        self.assertRegex(text, r"of the overflows fell on .*gone.*: 127\.0\.0\.1:8000\.")

    def test_unix(self):
        self.unix(b"\0stays")
        closed = self.unix(b"\0closed", 7, queued=1)
        report = self.during(lambda: closed.close(), "-x")
        row, = self.rows_gone(report)
        self.assertEqual((row["path"], row["state"]), ("@closed", "gone"))
        self.assertEqual((row["accept_queue"]["length"], row["accept_queue"]["limit"]), (1, 7))

    def test_alerts_leave_it_out(self):
        """Who alerts on what is high or worse is not paged for a restart."""
        closed, named = [self.listener(backlog=4) for _ in range(2)], self.listener(backlog=1)
        self.fill(named, 1)

        def ports(listener, *filter_):
            out = listenq.during(lambda: listener.close(), "-H", "-o", "port", *filter_).out
            return [int(line) for line in out.partition("\n\n")[0].splitlines()]
        self.assertEqual(ports(closed[0], "state >= high"), [named.port])
        self.assertEqual(ports(closed[1], "state = gone"), [closed[1].port])

    def test_never_falsely(self):
        """A dump of 300 listeners is resumed, and misses some while others of their bucket come and
        go. Nobody who is there is ever called gone."""
        address = "127.0.0.9", 9000
        steady = {listener.cookie for listener in self.group([5] * 300, *address)}

        def churn():
            some = [rig.Listener(*address, reuseport=True) for _ in range(60)]
            for listener in some:
                listener.close()
        for _ in range(2):
            self.own(rig.Child(serve=churn))
        named, missed, rounds = set(), 0, 0
        # Whether a dump misses any is a matter of luck: until one does, or for long.
        while rounds < 2 or (not missed and rounds < 8):
            out = listenq.run("--watch", "--json", "-d", "0.1", "--count", "10").out
            for line in out.splitlines():
                gone = {row["cookie"]: row["gone"] for row in json.loads(line)["listeners"]}
                self.assertEqual([cookie for cookie in steady if gone.get(cookie)], [])
                missed += len(steady - set(gone))
                named |= {cookie for cookie in gone if gone[cookie]}
            rounds += 1
        listenq.parse(line)
        self.assertGreater(len(named), 20)
