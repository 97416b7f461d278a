# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory stays flat, however long the view runs."""
import re

import listenq
import rig
import screen
import terminal


class Memory(screen.Case):
    def refreshes(self, found, count):
        """Wait until there were so many: between two of them it sleeps once."""
        def seen():
            found.read()
            with open(f"/proc/{found.pid}/status", encoding="ascii") as file:
                return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", file.read(),
                                     re.MULTILINE)[1]) >= count
        rig.wait_for(seen, f"{count} refreshes", deadline=60)

    def assertFlat(self, count, first, last, most, **queues):
        """With that many listeners, in KiB, between two numbers of refreshes. Past samples have
        filled their room at the first."""
        self.own(rig.Crowd(count, **queues))
        found = self.terminal("-d", "0.002", "--peak-rate=0", rows=40, cols=140)
        found.await_output(rf"[^\d]{count} ".encode(), deadline=60)
        self.refreshes(found, first)
        grown = []
        # What leaks does so every time. The history grows until it has all its windows. What a
        # sanitizer holds back does not count.
        rounds = 1 if listenq.sanitized() else 8
        while len(grown) < rounds and (not grown or grown[-1] >= most):
            before = terminal.resident_kib(found.pid)
            self.refreshes(found, first + (len(grown) + 1) * (last - first))
            grown.append(terminal.resident_kib(found.pid) - before)
            print(f"# {grown[-1]} KiB more than {before} KiB")
        if not listenq.sanitized():
            self.assertLess(grown[-1], most, f"{before} KiB before")

    def test_many_refreshes(self):
        self.assertFlat(1000, 800, 1800, 1 << 10)

    def test_many_listeners(self):
        self.assertFlat(20000, 30, 60, 4 << 10)

    def test_many_full_queues(self):
        self.assertFlat(50000, 10, 14, 4 << 10, backlog=0, clients=1)
