# SPDX-License-Identifier: GPL-2.0-or-later
"""What a report does not show and is not well: UNIX listeners without -x, and other namespaces
without -A. Other tests may overflow at the same time, in namespaces of theirs: where exact numbers
count, the program runs where it sees only processes of the test."""
import re
import sys

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
ready, done = os.pipe()
for _ in range(int(sys.argv[1])):
    if not os.fork():
        if libc.unshare(0x40000000):
            os._exit(1)
        os.write(done, b".")
        libc.pause()
os.close(done)
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


class Case(nobody.Case):
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


class Namespaces(Case):
    def test_one_line(self):
        """Both in one line below the table, and what is shown is none of it."""
        self.listener()
        self.unix(b"\0full", 1, 2)
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
        running = [listenq.Running("-j", "-d", "3", prefix=(*crowd(60), *prefix))
                   for prefix in ((), NOBODY)]
        for each in running:
            shown = each.finish().json["not_shown"]
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
        self.unix(b"\0high", 1, 1)
        result = listenq.run("-d", "0.5", prefix=crowd(3))
        self.assertIsNone(self.line(result.out))
        shown = listenq.report("-d", "0.5", prefix=crowd(3))["not_shown"]
        self.assertEqual(list(shown.values()), [1, 0, 0, 3, 3, 0])

    def test_instant(self):
        """Without a window counters show nothing, but a queue is full at any moment."""
        self.listener()
        self.unix(b"\0full", 1, 2)
        self.assertEqual(self.line(listenq.run("-d", "0").out),
                         "1 UNIX listener is full (-x shows it)")
        self.assertEqual(list(listenq.instant()["not_shown"].values()),
                         [1, 1, 0, None, None, None])


class Unix(Case):
    def test_full(self):
        """As a php-fpm whose workers all are busy."""
        self.listener()
        self.unix(b"\0idle", 1)
        self.unix(b"\0high", 1, 1)
        busy = [self.unix(b"\0busy", 5, 6), self.unix(b"\0full", 1, 2)]
        for prefix in (), NOBODY:
            result = listenq.run("-d", "0.2", prefix=prefix)
            self.assertRegex(self.line(result.out),
                             r"^2 UNIX listeners are full \(-x shows them\)")
            self.assertNotIn("UNIX", self.line(listenq.run("-x", "-d", "0.2").out) or "")
        for listener in busy:
            self.own(listener.accept())
        self.assertNotIn("UNIX", self.line(listenq.run("-d", "0.2").out) or "")

    def test_no_footer_no_dump(self):
        """Who names columns, or wants no header, wants nothing else."""
        self.unix(b"\0full", 1, 2)
        for args in ["-o", "address,length"], ["-H", "-d", "0"]:
            self.assertNotIn("ot looked at", listenq.run(*args).out)

    def test_stalled(self):
        """A queue far from full, of which nobody takes any, for longer than an ordinary server lets
        one wait: in one window or over several. One that moves is none of these, though it is never
        empty, and at both ends of a window as long."""
        self.listener()
        self.unix(b"\0stalled", 100, 2)
        slow = self.unix(b"\0slow", 100, 3)

        def serve():
            slow.accept().close()
            self.own(slow.connect())
        self.own(rig.Worker(serve, every=0.5))
        watch = listenq.Running("--json", "--watch", "-d", "0.5", "--count", "8")
        long = listenq.Running("-d", "3")
        self.assertRegex(self.line(long.finish().out),
                         r"^1 UNIX listener is stalled \(-x shows it\)")
        shown = [document["not_shown"] for document in watch.finish().documents]
        self.assertEqual({each["unix_full"] for each in shown}, {0})
        stalled = [each["unix_stalled"] for each in shown]
        self.assertEqual(stalled[:4] + stalled[-2:], [0, 0, 0, 0, 1, 1])
