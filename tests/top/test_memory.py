# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory stays flat, however long the view runs."""
import re

import listenq
import rig
import screen
import terminal

MANY = 20000


class Memory(screen.Case):
    def begin(self, *args, count):
        """The program on a terminal, with its first sample drawn."""
        found = self.terminal(*args, "--peak-rate=0", rows=40, cols=140)
        found.await_output(rf"[^\d]{count} listeners".encode(), deadline=60)
        return found

    def refreshes(self, found, count):
        """Wait until there were so many: between two of them it sleeps once."""
        def seen():
            found.read()
            with open(f"/proc/{found.pid}/status", encoding="ascii") as file:
                return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", file.read(),
                                     re.MULTILINE)[1]) >= count
        rig.wait_for(seen, f"{count} refreshes", deadline=60)

    def assertFlat(self, found, first, last, most):
        """In KiB, between two numbers of refreshes. What sanitizers hold back does not count."""
        self.refreshes(found, first)
        before = terminal.resident_kib(found.pid)
        self.refreshes(found, last)
        grown = terminal.resident_kib(found.pid) - before
        if not listenq.sanitized():
            self.assertLess(grown, most, f"{before} KiB before")

    def test_few(self):
        self.sick()
        for i in range(10):
            self.listener(f"127.0.0.{i + 2}", backlog=9)
        self.assertFlat(self.begin("-d", "0.002", count=11), 200, 1000, 1 << 10)

    def test_many(self):
        """Past samples are kept within bounds, whatever the number of listeners."""
        self.own(rig.Crowd(MANY))
        self.assertFlat(self.begin("-d", "0.01", count=MANY), 60, 120, 8 << 10)
