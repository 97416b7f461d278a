# SPDX-License-Identifier: GPL-2.0-or-later
"""The ledger at ten thousand SYNs a second, window by window, against whoever sent them."""
import collections
import time

import listenq
import netns
import oracle
import rig
from netns import LD, LO

BATCH = 100
PERIOD = 0.01
WINDOW = 0.7

Batch = collections.namedtuple("Batch", "begin end sent")


class Torrent:
    """SYNs to listeners whose queue is full: each is one overflow and one drop. log has when each
    batch began to be sent and was discarded to the last SYN, and {listener: SYNs so far}."""

    def __init__(self, raw, shares, stray=None):
        """shares: {listener: SYNs of it in each batch}; stray: who gets a RST with each batch,
        which is a drop and nothing else."""
        self.raw = raw
        self.sent = dict.fromkeys(shares, 0)
        self.stray, self.strays = stray, 0
        self.log = []
        self.shares = shares
        # What is built anew for each would be most of the work.
        self.batch = [raw.segment(rig.SILENT + str(i + 1), listener.address, listener.port)
                      for listener, count in shares.items() for i in range(count)]
        if stray:
            self.batch.insert(0, raw.segment(rig.SILENT + "1", stray.address, stray.port,
                                             flags=rig.Raw.RST))
        self.first, self.begin = netns.counter(LO), time.monotonic()

    @property
    def total(self):
        return sum(self.sent.values())

    def step(self):
        """One batch, when its time has come. All of it is discarded when this returns: what is
        sent faster would be lost before TCP, in the backlog of the device."""
        rig.wait_until(self.begin + len(self.log) * PERIOD)
        begin = time.monotonic()
        for segment in self.batch:
            self.raw.sock.sendto(segment, ("127.0.0.1", 0))
        self.strays += bool(self.stray)
        for listener, count in self.shares.items():
            self.sent[listener] += count
        rig.wait_for(lambda: netns.counter(LO) == self.first + self.total,
                     f"{self.total} overflows")
        self.log.append(Batch(begin, time.monotonic(), dict(self.sent)))

    def drops(self, listener):
        return self.sent.get(listener, 0) + (self.strays if listener is self.stray else 0)

    def begun(self, listener, moment):
        """SYNs of batches that had begun then, at most what the listener had been sent."""
        return max((batch.sent[listener] for batch in self.log if batch.begin <= moment),
                   default=0)

    def discarded(self, listener, moment):
        """SYNs of batches that had ended then, at least what the listener had discarded."""
        return max((batch.sent[listener] for batch in self.log if batch.end <= moment), default=0)


class Load(rig.Case):
    def setUp(self):
        super().setUp()
        self.full = [self.listener(backlog=n) for n in range(4)]
        for backlog, listener in enumerate(self.full):
            self.fill(listener, backlog)
        self.healthy = self.listener(backlog=9)
        self.addCleanup(lambda: self.child.process.returncode is None and self.child.kill())
        self.documents = []
        self.start()
        # What each has been sent in all, and how many drops that was.
        self.sent, self.drops = (dict.fromkeys([*self.full, self.healthy], 0) for _ in range(2))

    def start(self):
        """Begin another program. Between two of them nothing is sent, so that sums go on."""
        self.first = len(self.documents)  # of this program
        self.child = listenq.Running("--watch", "-d", str(WINDOW), "--json")

    def document(self):
        """The report of the window that is open, when it has closed."""
        self.documents.append(listenq.parse(self.child.process.stdout.readline()))

    def end(self):
        """Interrupt the program, which closes its last window."""
        self.child.interrupt()
        self.documents += map(listenq.parse, self.child.process.stdout)
        self.child.finish()

    def closes(self, number):
        """Not before this moment that window is closed; later, if the program is late."""
        first = self.documents[self.first]
        opened = first["monotonic_seconds"] - first["window_seconds"]
        return opened + (number + 1 - self.first) * WINDOW

    def assertTelescopes(self):
        """Sums of all windows are the totals of the kernel, and of what was sent."""
        total = sum(self.sent.values())
        spaces = [document["namespaces"][0] for document in self.documents]
        kernel = oracle.nstat()
        for name in LO, LD:
            self.assertEqual(sum(space["counters"][name]["delta"] for space in spaces), total)
            self.assertEqual(spaces[-1]["counters"][name]["total"], kernel[name])
            self.assertEqual(kernel[name], total)
        drops = {row.cookie: row.drops for row in oracle.listeners()}
        for listener, count in self.drops.items():
            rows = [self.row(document, listener) for document in self.documents]
            self.assertEqual(sum(row["drops"]["delta"] for row in rows), count)
            self.assertEqual(rows[-1]["drops"]["total"], count)
            self.assertEqual(drops[listener.cookie], count)
            least, most = (sum(row["overflows"][end] for row in rows) for end in ("min", "max"))
            self.assertLessEqual(least, self.sent[listener])
            self.assertLessEqual(self.sent[listener], most + len(rows))

    def assertExact(self, document, torrent):
        """The report of a window whose reads met nothing of it."""
        drops = {listener.cookie: torrent.drops(listener)
                 for listener in [*self.full, self.healthy]}
        bounds, _ = oracle.ledger(torrent.total, drops)
        ledger = document["namespaces"][0]["ledger"]
        for name, value in (("overflows", torrent.total), ("listen_drops", torrent.total),
                            ("listener_drops", sum(drops.values())),
                            ("unattributed_overflows", 0)):
            self.assertEqual(ledger[name], value, name)
        for listener in [*self.full, self.healthy]:
            row, truth = self.row(document, listener), torrent.sent.get(listener, 0)
            self.assertEqual(row["drops"]["delta"], drops[listener.cookie])
            self.assertEqual(row["overflows"], bounds[listener.cookie])
            self.assertLessEqual(row["overflows"]["min"], truth)
            self.assertLessEqual(truth, row["overflows"]["max"])
            if not torrent.strays:
                self.assertEqual(row["overflows"], {"min": truth, "max": truth})
            self.assertEqual(row["state"] == "overflowing", truth > 0)

    def burst(self, *args):
        """A torrent that lasts for less than a window, and its documents. On a busy machine these
        are several."""
        self.child.wait_window()
        torrent, first = Torrent(self.raw(), *args), len(self.documents)
        while torrent.total < 4000:
            torrent.step()
        self.settle(torrent)
        return torrent, self.documents[first:]

    def settle(self, torrent):
        """Read the report of the window that is open, and those after it that something of the
        torrent may be in."""
        self.document()
        while self.closes(len(self.documents) - 1) <= torrent.log[-1].end:
            self.child.wait_window()
            self.document()
        for listener in [*self.full, self.healthy]:
            self.drops[listener] += torrent.drops(listener)
            self.sent[listener] += torrent.sent.get(listener, 0)

    def test_bursts(self):
        """One after the other and four at once. Nothing comes while the program reads, so that the
        bounds are those of the formula, and equal where every drop is an overflow."""
        four = dict(zip(self.full, (10, 20, 30, 40)))
        turns = [({listener: 100},) for listener in self.full]
        turns += [(four,), (four, self.healthy), (four, self.full[0])]
        end = time.monotonic() + listenq.TIMEOUT
        for turn in turns:
            torrent, documents = self.burst(*turn)
            while len(documents) > 1:
                self.assertLess(time.monotonic(), end, "no burst lies within a window")
                self.end()
                self.start()
                torrent, documents = self.burst(*turn)
            self.assertExact(documents[0], torrent)
        self.end()
        self.assertTelescopes()

    def test_torrents(self):
        """Without a pause, the reads included: of one listener, and of four while one more drops
        what is harmless."""
        for shares, stray in (dict(zip(self.full, (10, 20, 30, 40))), self.healthy), \
                ({self.full[3]: 100}, None):
            self.child.wait_window()
            torrent, first = Torrent(self.raw(), shares, stray), len(self.documents)
            sender = rig.Worker(torrent.step)
            try:
                for _ in range(5):
                    self.document()
                    self.child.wait_window()
            finally:
                sender.close()
            self.settle(torrent)
            self.assertContained(torrent, first)
        self.end()
        self.assertTelescopes()

    def assertContained(self, torrent, first):
        """Reports of windows with SYNs all the time, by the log of who sent them."""
        rate = torrent.total / (torrent.log[-1].end - torrent.begin)
        self.assertGreater(rate, BATCH / PERIOD / 2)
        sure = 0
        for number, document in enumerate(self.documents[first:], first):
            opened = document["monotonic_seconds"] - document["window_seconds"]
            # A sample reads not before it is due, and its time is when it has read the listeners.
            open_, close = (self.closes(number - 1), opened), (
                self.closes(number), document["monotonic_seconds"])
            for listener in torrent.shares:
                row = self.row(document, listener)
                bounds, dropped = row["overflows"], row["drops"]["delta"]
                self.assertLessEqual(dropped, torrent.begun(listener, close[1]) -
                                     torrent.discarded(listener, open_[0]))
                self.assertGreaterEqual(dropped, torrent.discarded(listener, close[0]) -
                                        torrent.begun(listener, open_[1]))
                # The kernel counts the overflow a moment before the drop.
                self.assertIn(dropped - bounds["max"], (0, 1))
                self.assertLessEqual(bounds["min"], dropped)
                sure += bounds["min"]
            row = self.row(document, self.healthy)
            self.assertEqual(row["overflows"]["min"], 0)
            self.assertNotEqual(row["state"], "overflowing")
            ledger = document["namespaces"][0]["ledger"]
            self.assertEqual(ledger["listener_drops"], sum(
                row["drops"]["delta"] for row in document["listeners"]))
            self.assertLessEqual(ledger["unattributed_overflows"], 1)
        print(f"# {torrent.total} SYNs, {rate:.0f} a second, {sure} of them certain")
        # In doubt is what came during the reads, and as many as were harmless, for each.
        self.assertGreater(sure, torrent.total / 2)
