# SPDX-License-Identifier: GPL-2.0-or-later
"""Listeners that come, go and are replaced between the two samples."""
import os
import signal
import time

import listenq
import netns
import rig


class Window(rig.Case):
    def test_new_listener_counts_from_zero(self):
        old = self.listener(backlog=1)
        self.fill(old, 1)
        new = []

        def appear():
            new.append(self.listener(backlog=0))
            self.fill(new[0], 0)
            self.overflow(new[0], 4)
        report = self.during(appear)
        self.assertSameAsKernel(report)
        row = self.row(report, new[0])
        self.assertEqual((row["drops"]["total"], row["drops"]["delta"]), (4, 4))
        self.assertEqual(row["overflows"], {"min": 4, "max": 4})
        self.assertEqual(row["state"], "overflowing")
        self.assertEqual(self.row(report, old)["overflows"], {"min": 0, "max": 0})

    def test_vanished_listener_takes_the_proof_along(self):
        here, gone = self.listener(backlog=1), self.listener(backlog=1)
        idle = self.listener(backlog=1)
        self.fill(here, 1)
        self.fill(gone, 1)

        def vanish():
            self.overflow(here, 3)
            self.overflow(gone, 2)
            gone.close()
        cookie = gone.cookie
        report = self.during(vanish)
        self.assertSameAsKernel(report)
        self.assertEqual([(row["cookie"], row["gone"]) for row in report["listeners"]][2:],
                         [(cookie, True)])
        row = self.row(report, here)
        self.assertEqual(row["drops"]["delta"], 3)
        self.assertEqual(row["overflows"], {"min": 0, "max": 3})
        self.assertEqual(row["state"], "overflowing", "max > 0 and seen full")
        self.assertEqual(self.row(report, idle)["overflows"], {"min": 0, "max": 0})
        ledger = report["namespaces"][0]["ledger"]
        self.assertEqual(ledger["overflows"], 5)
        self.assertEqual(ledger["unattributed_overflows"], 2)

    def test_replaced_on_the_same_port(self):
        first = self.listener(backlog=1)
        self.fill(first, 1)
        self.overflow(first, 5)
        second = []

        def replace():
            first.close()
            second.append(self.listener(port=first.port, backlog=1))
            self.fill(second[0], 1)
            self.overflow(second[0], 2)
        cookie = first.cookie
        report = self.during(replace)
        self.assertSameAsKernel(report)
        self.assertEqual([(row["cookie"], row["gone"]) for row in report["listeners"]],
                         [(second[0].cookie, False), (cookie, True)])
        row = self.row(report, second[0])
        self.assertNotEqual(row["cookie"], cookie)
        self.assertEqual((row["drops"]["total"], row["drops"]["delta"]), (2, 2))
        self.assertEqual(row["overflows"], {"min": 0, "max": 2})
        self.assertEqual(report["namespaces"][0]["counters"][netns.LO],
                         {"total": 7, "delta": 2,
                          "rate": report["namespaces"][0]["counters"]
                          [netns.LO]["rate"]})

    def test_window_seconds(self):
        """One second is the default."""
        self.listener()
        for args, delay in (["-d", "0.2"], 0.2), ([], 1):
            begin = time.monotonic()
            seconds = listenq.report(*args)["window_seconds"]
            self.assertGreaterEqual(seconds, delay - 0.001)
            self.assertLessEqual(seconds, time.monotonic() - begin)
        self.assertIsNone(listenq.instant()["window_seconds"])

    def test_stopped_in_the_window(self):
        """^Z and fg: the window is as long as it was, and nothing is lost."""
        listener = self.listener(backlog=1)
        self.fill(listener, 1)

        child = listenq.Running("--json", "-d", "0.2")
        child.wait_window()
        begin = time.monotonic()
        child.process.send_signal(signal.SIGSTOP)
        self.overflow(listener, 3)
        rig.wait_until(begin + 0.4)
        self.overflow(listener, 2)
        child.process.send_signal(signal.SIGCONT)
        report = child.finish().json
        self.assertGreaterEqual(report["window_seconds"], 0.4)
        row = self.row(report, listener)
        self.assertEqual(row["overflows"], {"min": 5, "max": 5})

    def test_says_when_it_opens(self):
        """To a descriptor that was open before; what names none is ignored."""
        self.listener()
        child, opened = listenq.Running("--json", "-d", "0.2", "--count=2"), []
        for _ in range(2):
            child.wait_window()
            opened.append(time.monotonic())
        self.assertEqual(child.windows.read(1), b"")
        for at, document in zip(opened, child.finish().documents):
            self.assertGreaterEqual(at, document["monotonic_seconds"] - document["window_seconds"])
        for wrong in "", "x", "-1", "3", "3x", "1000000", "99999999999":
            env = {**os.environ, "LISTENQ_WINDOW_FD": wrong}
            self.assertEqual(len(listenq.report("-d", "0.01", env=env)["listeners"]), 1)

    def test_interrupt_is_ignored_in_the_background(self):
        """Where a shell ignores it for what it starts with &."""
        self.listener()
        for options in ["-d", "0.2"], ["-d", "0.2", "--count=2"]:
            child = listenq.Running("--json", *options, preexec_fn=lambda: signal.signal(
                signal.SIGINT, signal.SIG_IGN))
            child.wait_window()
            child.interrupt()
            result = child.finish()
            documents = result.documents if "--count=2" in options else [result.json]
            self.assertEqual(len(documents), 2 if "--count=2" in options else 1)
            # Windows follow a schedule: when this one ends late, the next is shorter.
            self.assertGreaterEqual(documents[0]["window_seconds"], 0.199)

    def test_instant_knows_no_deltas(self):
        listener = self.listener(backlog=1)
        self.fill(listener, 1)
        self.overflow(listener, 2)
        report = listenq.instant()
        row = self.row(report, listener)
        self.assertEqual(row["drops"], {"total": 2, "delta": None, "rate": None})
        self.assertEqual(row["overflows"], {"min": None, "max": None})
        queue = row["accept_queue"]
        for name in "peak_length", "peak_fill", "full_seconds":
            self.assertIsNone(queue[name], name)
        space = report["namespaces"][0]
        for name, value in space["counters"].items():
            if value:
                self.assertIsNone(value["delta"], name)
                self.assertIsNone(value["rate"], name)
        for name in "overflows", "listen_drops", "listener_drops", \
                    "unattributed_overflows":
            self.assertIsNone(space["ledger"][name], name)
