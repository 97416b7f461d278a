# SPDX-License-Identifier: GPL-2.0-or-later
"""What a report does not show and is not well: UNIX listeners without -x, and other namespaces
without -A. Other tests may overflow at the same time, in namespaces of theirs: where exact numbers
count, the program runs where it sees only processes of the test."""
import contextlib
import re
import socket
import sys
import threading

import listenq
import netns
import nobody
import rig
from nobody import NOBODY

LINE = re.compile(r"^Not looked at: (.*)\.$", re.M)

# Processes in so many namespaces of their own, and a command that sees just these.
CROWD = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
ready, told = os.pipe()
for _ in range(int(sys.argv[1])):
    if not os.fork():
        if libc.unshare(0x40000000):
            os._exit(1)
        os.write(told, b".")
        libc.pause()
os.close(told)
seen = b""
while len(seen) < int(sys.argv[1]):
    seen += os.read(ready, 1) or sys.exit("not every namespace could be made")
os.close(ready)
pid = os.fork() # whatever its parent is, it is seen by itself
if not pid:
    os.execvp(sys.argv[2], sys.argv[2:])
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def crowd(namespaces):
    return ("unshare", "-pf", "--mount-proc", sys.executable, "-c", CROWD, str(namespaces))


class Elsewhere(nobody.Case):
    def unix(self, waiting, backlog=1):
        """A UNIX listener with clients that wait."""
        listener = self.own(socket.socket(socket.AF_UNIX))
        listener.bind("")
        listener.listen(backlog)
        for _ in range(waiting):
            self.unix_client(listener)
        return listener

    def unix_client(self, listener):
        client = self.own(socket.socket(socket.AF_UNIX))
        client.connect(listener.getsockname())
        return client

    @contextlib.contextmanager
    def within(self, other):
        mine, self._raw = self._raw, getattr(other, "raw", None)
        with other:
            yield other
        other.raw, self._raw = self._raw, mine

    def other(self):
        """Another namespace, with a full listener. What overflows it is called."""
        other = self.own(netns.Inhabited())
        with self.within(other):
            listener = self.listener(backlog=1)
            self.fill(listener, 1)

        def overflow():
            with self.within(other):
                self.overflow(listener, 3)
        return overflow

    def line(self, out):
        found = LINE.search(out)
        return found[1] if found else None


class Namespaces(Elsewhere):
    def test_one_line(self):
        """Both in one line below the table, and what is shown is none of it."""
        self.listener()
        self.unix(2)
        overflow = self.other()
        result = listenq.during(overflow)
        self.assertRegex(self.line(result.out),
                         r"^1 UNIX listener is full \(-x shows it\); "
                         r"\d+ other namespaces? overflows? \(-A shows (it|them)\)")
        self.assertEqual(result.out.count("ot looked at"), 1)
        self.assertNotRegex(result.out, "all .*well")
        shown = self.during(overflow)["not_shown"]
        self.assertEqual((shown["unix_listeners"], shown["unix_full"], shown["unix_stalled"]),
                         (1, 1, 0))
        self.assertGreaterEqual(shown["namespaces_overflowing"], 1)
        self.assertGreaterEqual(shown["namespaces_looked_at"], shown["namespaces_overflowing"])
        everything = self.during(overflow, "-x", "-A")
        self.assertEqual(set(everything["not_shown"].values()), {0})

    def test_no_privilege(self):
        """Whose namespaces they are does not matter."""
        overflow = self.other()
        self.assertRegex(self.line(listenq.during(overflow, prefix=NOBODY).out),
                         r"\d+ other namespaces? overflows? \(-A")
        shown = listenq.during(overflow, "--json", prefix=NOBODY).json["not_shown"]
        self.assertGreaterEqual(shown["namespaces_overflowing"], 1)

    def test_who_names_namespaces_has_chosen(self):
        other = self.own(netns.Inhabited())
        shown = listenq.report("-d", "0.1", "-N", str(other.pid))["not_shown"]
        self.assertEqual((shown["namespaces"], shown["namespaces_looked_at"],
                          shown["namespaces_overflowing"]), (None, None, None))
        self.assertEqual((shown["unix_listeners"], shown["unix_full"]), (0, 0))

    def test_many(self):
        """All of them are looked at, by anybody, as long as that is cheap."""
        for prefix in crowd(60), (*crowd(60), *NOBODY):
            shown = listenq.report("-d", "3", prefix=prefix)["not_shown"]
            self.assertEqual((shown["namespaces"], shown["namespaces_looked_at"],
                              shown["namespaces_overflowing"]), (60, 60, 0))

    def test_too_many(self):
        """Who looks a hundred times a second has no time for them. Then it is said, and nothing
        else is."""
        watch = "--watch", "-d", "0.01", "--count", "40"
        documents = listenq.run("--json", *watch, prefix=crowd(60)).documents
        shown = [document["not_shown"] for document in documents]
        self.assertLess(shown[-1]["namespaces_looked_at"], 60)
        self.assertEqual({of["namespaces_overflowing"] for of in shown}, {0})
        lines = LINE.findall(listenq.run(*watch, prefix=crowd(60)).out)
        self.assertRegex(lines[-1], r"^[1-9]\d* of 60 other namespaces \(-A looks at all\)$")

    def test_quiet(self):
        """Where all is well nothing is said."""
        self.listener()
        self.unix(1)
        result = listenq.run("-d", "1", prefix=crowd(3))
        self.assertIsNone(self.line(result.out))
        shown = listenq.report("-d", "1", prefix=crowd(3))["not_shown"]
        self.assertEqual(list(shown.values()), [1, 0, 0, 3, 3, 0])

    def test_instant(self):
        """Without a window no counter tells, but a queue is full at any moment."""
        self.listener()
        self.unix(2)
        self.assertEqual(self.line(listenq.run("-d", "0").out),
                         "1 UNIX listener is full (-x shows it)")
        self.assertEqual(list(listenq.instant()["not_shown"].values()),
                         [1, 1, 0, None, None, None])


class Unix(Elsewhere):
    def test_full(self):
        """As a php-fpm whose workers all are busy."""
        self.listener()
        self.unix(0)
        self.unix(1)
        busy = [self.unix(6, backlog=5), self.unix(2)]
        for prefix in (), NOBODY:
            result = listenq.run("-d", "0.2", prefix=prefix)
            self.assertRegex(self.line(result.out),
                             r"^2 UNIX listeners are full \(-x shows them\)")
            self.assertNotIn("UNIX", self.line(listenq.run("-x", "-d", "0.2").out) or "")
        for listener in busy:
            self.own(listener.accept()[0])
        self.assertNotIn("UNIX", self.line(listenq.run("-d", "0.2").out) or "")

    def test_no_footer_no_dump(self):
        """Who names columns, or wants no header, wants nothing else."""
        self.unix(2)
        for args in ["-o", "address,length"], ["-H", "-d", "0"]:
            self.assertNotIn("ot looked at", listenq.run(*args).out)

    def test_stalled(self):
        """A queue far from full, of which nobody takes any, for longer than an ordinary server
        lets one wait."""
        self.listener()
        self.unix(2, backlog=100)
        for delay, stalled in ("0.5", 0), ("3", 1):
            shown = listenq.report("-d", delay)["not_shown"]
            self.assertEqual((shown["unix_full"], shown["unix_stalled"]), (0, stalled))
        self.assertRegex(self.line(listenq.run("-d", "3").out),
                         r"^1 UNIX listener is stalled \(-x shows it\)")

    def test_stalled_over_several_windows(self):
        self.unix(2, backlog=100)
        documents = listenq.run("--json", "--watch", "-d", "0.5", "--count", "8").documents
        stalled = [document["not_shown"]["unix_stalled"] for document in documents]
        self.assertEqual(stalled[:4] + stalled[-2:], [0, 0, 0, 0, 1, 1])

    def test_slow_is_not_stalled(self):
        """Its queue is never empty and at both ends of the window as long; but it moves."""
        listener = self.unix(3, backlog=100)
        ended = threading.Event()

        def serve():
            while not ended.wait(0.25):
                listener.accept()[0].close()
                ended.wait(0.25)
                self.unix_client(listener)
        server = threading.Thread(target=serve)
        server.start()
        try:
            shown = listenq.report("-d", "4")["not_shown"]
        finally:
            ended.set()
            server.join()
        self.assertEqual((shown["unix_listeners"], shown["unix_stalled"]), (1, 0))
