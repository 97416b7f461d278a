# SPDX-License-Identifier: GPL-2.0-or-later
"""Walks of the established hash are made less often where they are dear; the screen shows ages."""
import re
import time

import netns
import rig
import screen

# As large as the kernel allows: a walk of it pays for a second of others and more, and the screen
# shows ages from a second on.
DEAR = 1 << 24


class SynRecv(screen.Case):
    def test_taken_less_often_when_it_is_dear(self):
        """A dump of half-open connections is a walk. The column says how old it is."""
        netns.established_hash(DEAR)
        listener = self.listener(backlog=50)
        self.half_open(listener, 3)
        view = self.screen("-d", "0.005", "--peak-rate=0", "-o", "+syn-age", cols=140)
        view.wait("an older number", lambda lines: is_old(lines, "SYNAGE"))
        # It is taken again all the same.
        self.half_open(listener, 2)
        view.settle(lambda lines: self.assertEqual(syn(lines), "5"))

    def test_known_where_nothing_comes(self):
        """No segment since a walk that found none: there is none now, and it has no age."""
        netns.established_hash(DEAR)
        listener = self.listener(backlog=50)
        view = self.screen("-d", "0.005", "--peak-rate=0", "-o", "+syn-age", cols=140)
        # The first walk is too soon after the first look at the counter.
        view.wait("an older number", lambda lines: is_old(lines, "SYNAGE"))
        view.wait("another walk", lambda lines: not is_old(lines, "SYNAGE"))
        end = time.monotonic() + 3
        while time.monotonic() < end:
            lines = view.lines()
            self.assertFalse(is_old(lines, "SYNAGE"), lines)
            self.assertEqual(syn(lines), "0", lines)
        self.half_open(listener, 2)
        view.settle(lambda lines: self.assertEqual(syn(lines), "2"))


class Waiting(screen.Case):
    """Who waits at a full listener is another walk."""

    def begin(self, *args):
        full = self.listener(backlog=4)
        self.clients = self.fill(full, 4)
        self.half_open(self.listener(backlog=50), 3)
        return self.screen(*args, cols=200, rows=40)

    def test_looked_at_less_often_when_it_is_dear(self):
        netns.established_hash(DEAR)
        view = self.begin("-d", "0.005", "--peak-rate=0", "-o", "+oldest-wait,wait-age")
        view.wait("an older age", lambda lines: is_old(lines, "WAITAGE"))
        lines = view.wait("one in the panel", lambda lines: re.search(
            r"oldest [^.]*\b[\d.]+s ago|[\d.]+s ago[^.]*\boldest", "\n".join(lines)))
        # It is looked again all the same.
        before = oldest(lines)
        view.wait("another look", lambda lines: oldest(lines) > before + 0.2)

    def test_words_stay_between_two_looks(self):
        netns.established_hash(DEAR)
        view = self.begin("-d", "0.005", "--peak-rate=0", "-o", "+wait-age")
        for client in self.clients:
            client.close()
        view.see("dead-clients")
        looks = []

        def enough():
            lines = view.lines()
            # After three seconds it is not-accepting as well.
            self.assertRegex(screen.parse_list(lines)[0].why, r"^(d|not-accepting(,d| \+))", lines)
            looks.append(is_old(lines, "WAITAGE"))
            return len(looks) >= 40 and any(looks)
        rig.wait_for(enough, "words that are older than the sample", deadline=60)

    def test_detail(self):
        netns.established_hash(DEAR)
        view = self.begin("-d", "0.005", "--peak-rate=0")
        view.keys("Enter")
        view.wait("how old they are", lambda lines: re.search(
            r"Who waits \(5, seen [\d.]+s ago\)", "\n".join(lines)))

    def test_both_every_time_when_it_is_cheap(self):
        netns.established_hash(1 << 10)
        view = self.begin("-d", "1", "-o", "+oldest-wait")
        for _ in range(3):
            clock = view.lines()[0]
            lines = view.wait("another sample", lambda lines: lines[0] != clock)
            self.assertRegex(lines[screen.find_header(lines)], r" SYN QUEUE .* OLDEST\b(?!-)")
        self.assertNotIn(" ago", "\n".join(lines))


def oldest(lines):
    """How long the oldest connection of the first row has waited, whatever the header says."""
    cells = screen.parse_list(lines)[0].cells
    return float(next(cell for head, cell in cells.items() if head.startswith("OLDEST")))


def is_old(lines, column):
    """Headers have ages from a second on, whatever a walk costs on this machine."""
    rows = screen.parse_list(lines)
    return bool(rows) and any(key.startswith(column) and cell not in ("-", "0.0")
                              for key, cell in rows[0].cells.items())


def syn(lines):
    """Half-open connections of the only listener."""
    row, = screen.parse_list(lines)
    return row.pairs[1][0]
