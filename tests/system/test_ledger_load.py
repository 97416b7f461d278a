# SPDX-License-Identifier: GPL-2.0-or-later
"""The ledger at ten thousand SYNs a second, window by window, against whoever sent them."""
import collections
import itertools
import json
import time

import listenq
import netns
import oracle
import rig
from netns import LD, LO

BATCH = 100
PERIOD = 0.01
WINDOW = 0.6

Batch = collections.namedtuple("Batch", "begin end sent")


class Torrent:
    """SYNs to listeners whose queue is full: each is one overflow and one drop. log has when each
    batch began to be sent and was discarded to the last SYN, and {listener: SYNs so far}."""

    def __init__(self, raw, shares, stray=None):
        """shares: {listener: SYNs of it in each batch}; stray: who gets a RST with each batch, a drop."""
        self.raw = raw
        self.sent = dict.fromkeys(shares, 0)
        self.strays = 0
        self.log = []
        self.shares = shares
        # What is built anew for each would be most of the work.
        self.batch = [segment for listener, count in shares.items() for segment in
                      (raw.segment(rig.SILENT + str(i + 1), listener.address, listener.port)
                       for i in range(count))]
        self.stray = stray and raw.segment(rig.SILENT + "1", stray.address, stray.port,
                                           flags=rig.Raw.RST)
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
        if self.stray:
            self.raw.sock.sendto(self.stray, ("127.0.0.1", 0))
            self.strays += 1
        for listener, count in self.shares.items():
            self.sent[listener] += count
        rig.wait_for(lambda: netns.counter(LO) == self.first + self.total,
                     f"{self.total} overflows")
        self.log.append(Batch(begin, time.monotonic(), dict(self.sent)))

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
        self.child = listenq.Running("--watch", "-d", str(WINDOW), "--json")
        self.addCleanup(lambda: self.child.process.returncode is None and self.child.kill())
        self.documents = []

    def document(self):
        """The report of the window that is open, when it has closed."""
        self.documents.append(json.loads(self.child.process.stdout.readline()))
        return self.documents[-1]

    def end(self):
        """Interrupt the program; all documents, valid ones."""
        self.child.interrupt()
        self.documents += self.child.finish().documents
        for document in self.documents:
            listenq.parse(json.dumps(document))

    def closes(self, number):
        """Not before this moment a window is closed."""
        first = self.documents[0]
        opened = first["monotonic_seconds"] - first["window_seconds"]
        return opened + (number + 1) * WINDOW

    def assertTelescopes(self, sent):
        """Sums of all windows are the totals of the kernel, and of {listener: SYNs}."""
        total = sum(sent.values())
        spaces = [document["namespaces"][0] for document in self.documents]
        kernel = oracle.nstat()
        for name in LO, LD:
            self.assertEqual(sum(space["counters"][name]["delta"] for space in spaces), total)
            self.assertEqual(spaces[-1]["counters"][name]["total"], kernel[name])
            self.assertEqual(kernel[name], total)
        drops = {row.cookie: row.drops for row in oracle.listeners()}
        for listener, count in sent.items():
            rows = [self.row(document, listener) for document in self.documents]
            self.assertEqual(sum(row["drops"]["delta"] for row in rows), count)
            self.assertEqual(rows[-1]["drops"]["total"], count)
            self.assertEqual(drops[listener.cookie], count)
            self.assertLessEqual(sum(row["overflows"]["min"] for row in rows), count)

    def assertExact(self, document, truth):
        """{listener: overflows} of a window whose reads met no SYN."""
        ledger = document["namespaces"][0]["ledger"]
        for name in "overflows", "listen_drops", "listener_drops":
            self.assertEqual(ledger[name], sum(truth.values()), name)
        self.assertEqual(ledger["unattributed_overflows"], 0)
        for listener in [*self.full, self.healthy]:
            row, count = self.row(document, listener), truth.get(listener, 0)
            self.assertEqual(row["overflows"], {"min": count, "max": count})
            self.assertEqual(row["drops"]["delta"], count)
            self.assertEqual(row["state"] == "overflowing", count > 0)
        self.assertEqual(row["state"], "ok")

    def test_one_after_the_other(self):
        """Nothing comes while the program reads: the bounds are equal, and are what was sent."""
        sent, exact = dict.fromkeys(self.full, 0), []
        turns = itertools.cycle(self.full)
        end = time.monotonic() + listenq.TIMEOUT
        while len(exact) < 8 and time.monotonic() < end:
            self.child.wait_window()
            listener = next(turns)
            torrent = Torrent(self.raw(), {listener: BATCH})
            while torrent.total < 4000:
                torrent.step()
            sent[listener] += torrent.total
            number = len(self.documents)
            self.document()
            if torrent.log[-1].end < self.closes(number):
                self.assertExact(self.documents[number], {listener: torrent.total})
                exact.append(listener)
            # On a busy machine it went on in windows after that.
            while self.closes(len(self.documents) - 1) <= torrent.log[-1].end:
                self.child.wait_window()
                self.document()
        self.end()
        self.assertEqual(len(exact), 8)
        self.assertTelescopes(sent)

    def test_four_at_once(self):
        """SYNs all the time, the reads included, and one more listener drops what is harmless."""
        shares = dict(zip(self.full, (10, 20, 30, 40)))
        self.child.wait_window()
        torrent = Torrent(self.raw(), shares, stray=self.healthy)
        sender = self.own(rig.Worker(torrent.step))
        for _ in range(8):
            self.document()
            self.child.wait_window()
        sender.close()
        while self.closes(len(self.documents) - 1) <= torrent.log[-1].end:
            self.document()
        self.end()
        seconds = torrent.log[-1].end - torrent.begin
        print(f"# {torrent.total} SYNs, {torrent.total / seconds:.0f} a second")
        self.assertGreater(torrent.total / seconds, BATCH / PERIOD / 2)
        self.assertTelescopes(torrent.sent)

        sure = 0
        for number, document in enumerate(self.documents):
            opened = document["monotonic_seconds"] - document["window_seconds"]
            begin = self.closes(number - 1), opened
            end = self.closes(number), document["monotonic_seconds"]
            space = document["namespaces"][0]
            harmless = self.row(document, self.healthy)
            self.assertEqual(harmless["overflows"]["min"], 0)
            self.assertIn(harmless["state"], ("ok", "dropping"))
            for listener in self.full:
                row = self.row(document, listener)
                bounds, dropped = row["overflows"], row["drops"]["delta"]
                # A sample reads not before it is due, and its time is that of what it has read.
                self.assertLessEqual(dropped, torrent.begun(listener, end[1]) -
                                     torrent.discarded(listener, begin[0]))
                self.assertGreaterEqual(dropped, torrent.discarded(listener, end[0]) -
                                        torrent.begun(listener, begin[1]))
                self.assertLessEqual(bounds["min"], dropped)
                self.assertEqual(bounds["max"], dropped)
                sure += bounds["min"]
            self.assertEqual(space["ledger"]["listener_drops"], sum(
                row["drops"]["delta"] for row in document["listeners"]))
        # What came during the reads is in doubt, and as many as were harmless.
        self.assertGreater(sure, torrent.total / 2)
        self.assertEqual(self.row(document, self.healthy)["drops"]["total"], torrent.strays)
