# SPDX-License-Identifier: GPL-2.0-or-later
"""Listeners that were there in the window and are no more: named, and never falsely."""
import json
import socket
import threading
import time

import listenq
import netns
import rig
import table


class Gone(rig.Case):
    def rows_gone(self, report):
        return [row for row in report["listeners"] if row["gone"]]

    def looks(self, child, count=3):
        """Wait for fast samples."""
        seen = child.sleeps()
        rig.wait_for(lambda: child.sleeps() >= seen + count, "fast samples")

    def assertLast(self, row, listener, cookie, length, limit):
        self.assertEqual((row["state"], row["gone"], row["cookie"]), ("gone", True, cookie))
        self.assertEqual((row["address"], row["port"]), (listener.address, listener.port))
        self.assertEqual((row["accept_queue"]["length"], row["accept_queue"]["limit"]),
                         (length, limit))

    def test_closed_in_the_window(self):
        """Its last length is that of a moment before, its drops those of the sample before."""
        sick, well = self.listener(backlog=1), self.listener(backlog=9)
        self.fill(sick, 1)
        for args in ("--json",), ("--json", "--peak-rate=0"), ():
            closed = self.listener(backlog=4)
            self.queue(closed, 2)
            self.stray(closed, 3)
            cookie = closed.cookie

            def close(child):
                self.queue(closed, 1)
                self.looks(child)
                closed.close()
            if not args:
                break
            if "--peak-rate=0" in args:
                report = listenq.during(lambda: closed.close(), *args).json
                length = 2
            else:
                report = listenq.during(close, *args).json
                length = 3
            row, = self.rows_gone(report)
            self.assertLast(row, closed, cookie, length, 4)
            self.assertEqual(row["drops"], {"total": 3, "delta": None, "rate": None})
            # Last of all, and the others are as they were.
            self.assertEqual([row["state"] for row in report["listeners"]], ["full", "ok", "gone"])
            self.assertEqual(self.row(report, well)["reasons"], [])
        rows, footer = table.parse(listenq.during(close).out)
        self.assertEqual([(row["SEV"], row["STATE"]) for row in rows],
                         [("!", "full"), (".", "ok"), ("x", "gone")])
        self.assertEqual((rows[-1]["LOCAL_ADDRESS"], rows[-1]["QUEUED"], rows[-1]["LIMIT"]),
                         (f"127.0.0.1:{closed.port}", "3", "4"))
        self.assertIn(f"gone (127.0.0.1:{closed.port})", "\n".join(footer))
        # The next window knows nothing of it.
        self.assertEqual(self.rows_gone(listenq.report("-d", "0.3")), [])

    def stray(self, listener, count):
        for _ in range(count):
            self.raw().send(rig.SILENT + "1", listener.address, listener.port, flags=rig.Raw.RST)
        self.assertEqual(self.row(listenq.instant(), listener)["drops"]["total"], count)

    def test_born_and_dead_in_the_window(self):
        """Fast samples saw it, and it is where overflows can have been that fell on no other."""
        well, made = self.listener(backlog=9), []

        def flap(child):
            brief = self.listener(backlog=1)
            made.append((brief, brief.cookie))
            self.fill(brief, 1)
            self.overflow(brief, 5)
            self.looks(child)
            brief.close()
        report = listenq.during(flap, "--json", delay=1.0).json
        row, = self.rows_gone(report)
        self.assertLast(row, *made[0], 2, 1)
        self.assertEqual(row["overflows"], {"min": 0, "max": 5})
        self.assertIsNone(row["drops"]["delta"])
        self.assertEqual(report["namespaces"][0]["ledger"]["unattributed_overflows"], 5)
        self.assertEqual(self.row(report, well)["state"], "ok")
        text = listenq.during(flap, delay=1.0).out
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
        stays, = self.group("127.0.0.1", 8000, [64])
        end, failures = threading.Event(), []

        def work(step):
            def run():
                try:
                    while not end.is_set():
                        step()
                except OSError as error:
                    failures.append(error)
            return run

        def accept():
            try:
                stays.accept().close()
            except TimeoutError:
                pass

        def load():
            for _ in range(20):
                rig.connect("127.0.0.1", 8000).close()
            time.sleep(0.02)

        def flap():
            member = rig.Listener("127.0.0.1", 8000, 1, reuseport=True)
            time.sleep(0.1)
            member.close()
            time.sleep(0.1)
        stays.sock.settimeout(0.1)
        threads = [threading.Thread(target=work(step)) for step in (accept, load, flap)]
        for thread in threads:
            thread.start()
        try:
            rig.wait_for(lambda: netns.counter(netns.LO) > 5, "overflows of a member")
            reports = [listenq.Running("--json", "-d", "1.5", *args) for args in ((), ("-g",))]
            reports = [running.finish().json for running in reports]
            text = listenq.run("-d", "1.5").out
        finally:
            end.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])
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
        stays = self.own(socket.socket(socket.AF_UNIX))
        stays.bind(b"\0stays")
        stays.listen(3)
        closed = self.own(socket.socket(socket.AF_UNIX))
        closed.bind(b"\0closed")
        closed.listen(7)
        self.own(socket.socket(socket.AF_UNIX)).connect(b"\0closed")
        report = listenq.during(lambda: closed.close(), "--json", "-x").json
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
        steady = {listener.cookie for listener in self.group(*address, [5] * 300)}
        end, closed = threading.Event(), set()

        def churn():
            while not end.is_set():
                some = [rig.Listener(*address, reuseport=True) for i in range(20)]
                closed.update(listener.cookie for listener in some)
                time.sleep(0.002)
                for listener in some:
                    listener.close()
        threads = [threading.Thread(target=churn) for _ in range(2)]
        for thread in threads:
            thread.start()
        named, missed, rounds = set(), 0, 0
        try:
            # Whether a dump misses any is a matter of luck: until one does, or for long.
            while rounds < 2 or (not missed and rounds < 8):
                out = listenq.run("--watch", "--json", "-d", "0.1", "--count", "15").out
                for line in out.splitlines():
                    gone = {row["cookie"]: row["gone"] for row in json.loads(line)["listeners"]}
                    self.assertEqual([cookie for cookie in steady if gone.get(cookie)], [])
                    missed += len(steady - set(gone))
                    named |= {cookie for cookie in gone if gone[cookie]}
                rounds += 1
        finally:
            end.set()
            for thread in threads:
                thread.join()
        listenq.parse(line)
        self.assertGreater(len(named), 20)
        self.assertLessEqual(named, closed)
