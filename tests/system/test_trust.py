# SPDX-License-Identifier: GPL-2.0-or-later
"""Believe the kernel alone, and write only where the user may write."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

import listenq
import netns
import nobody
import rig

SENT = 60

# Answers with a listener that does not exist to every sock_diag socket there is, until its standard
# input is closed; says when it has tried often with the same socket. It leaves room in the buffer
# (rmem), or the kernel could not answer, and a dump would be made again on another socket.
FORGE = r"""
import collections, select, socket, struct, sys
def listener(seq, cookie):
    body = (struct.pack("!BBBBHH", 2, 10, 0, 0, 6666, 0) + socket.inet_aton("6.6.6.6") +
            bytes(28) + struct.pack("=III", 0, cookie, 0) + struct.pack("=5I", 0, 5, 1, 0, cookie))
    return struct.pack("=IHHII", 16 + len(body), 20, 2, seq, 0) + body
me = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)
me.bind((0, 0))
me.setblocking(False)
tried = collections.Counter()
said = False
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    with open("/proc/net/netlink") as file:
        rows = [line.split() for line in file][1:]
    for protocol, port, rmem in ((int(row[1]), int(row[2]), int(row[4])) for row in rows):
        if protocol != 4 or port in (0, me.getsockname()[0]) or rmem > 60000:
            continue
        for seq in range(1, 61):
            tried[port] += 1
            try:
                me.sendto(listener(seq, tried[port]), (port, 0))
            except OSError:
                pass
    if not said and tried and max(tried.values()) >= %d:
        said = True
        print("tried", flush=True)
""" % SENT


class Forged(rig.Case):
    """Who has CAP_NET_ADMIN in a namespace, as every user has in one of his own, may send to the
    netlink sockets there."""

    def forger(self):
        """A process that answers in the kernel's place."""
        child = subprocess.Popen([sys.executable, "-c", FORGE], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(child.wait)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.stdin.close)
        self.assertEqual(child.stdout.readline(), "ready\n")
        return child

    def test_replies_of_others(self):
        """A run that repeats has one socket, which is found while it lives. Its requests are so few
        that one who counts them from 1 would have been answered by then."""
        listener = self.listener()
        forger = self.forger()
        run = listenq.Running("--json", "--watch", "-d", "0.3", "--peak-rate", "0")
        self.addCleanup(run.finish, None)
        self.addCleanup(run.interrupt)
        documents = [listenq.parse(run.process.stdout.readline())]
        self.assertEqual(forger.stdout.readline(), "tried\n")
        # By now each sample finds forged ones in its buffer, if anything does.
        while len(documents) < 8:
            documents.append(listenq.parse(run.process.stdout.readline()))
        for report in documents:
            self.assertEqual([row["port"] for row in report["listeners"]],
                             [listener.port])
            self.assertEqual(report["warnings"], [])


class Shared(nobody.Case):
    """A sticky directory, as /tmp, and what another user has put there."""

    def setUp(self):
        super().setUp()
        if "LISTENQ_TESTS_USERNS" in os.environ:
            self.skipTest("this user namespace has one user")
        self.own = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.own)
        os.chmod(self.own, 0o755)
        self.shared = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.shared)
        os.chmod(self.shared, 0o1777)
        self.precious = self.own + "/precious"
        with open(self.precious, "w", encoding="ascii") as file:
            file.write("precious")

    def theirs(self, *command):
        subprocess.run([*nobody.NOBODY, *command], check=True, cwd=self.shared)

    def refused(self, path, **kwargs):
        before = sorted(os.listdir(self.shared)), sorted(os.listdir(self.own))
        result = listenq.run("-d", "0", "--output-file", path, code=1, **kwargs)
        self.assertRegex(result.err, r"\Alistenq: cannot write [^\n]+ belongs to user \d+, in a "
                                     r"sticky directory [^\n]+; [^\n]+\n\Z")
        self.assertIn(path, result.err)
        self.assertEqual((sorted(os.listdir(self.shared)), sorted(os.listdir(self.own))), before)
        with open(self.precious, encoding="ascii") as file:
            self.assertEqual(file.read(), "precious")

    def test_links(self):
        """Theirs, and one of ours that leads through theirs."""
        self.theirs("ln", "-s", self.precious, "report")
        self.refused(self.shared + "/report")
        self.refused("report", cwd=self.shared)
        os.symlink(self.shared + "/report", self.own + "/link")
        self.refused(self.own + "/link")

    def test_what_is_allowed(self):
        """A new file; a link and a file of one's own; and those of the directory's owner."""
        os.symlink(self.shared + "/roots", self.shared + "/of-root")
        with open(self.shared + "/roots", "w", encoding="ascii"):
            os.chmod(self.shared + "/roots", 0o666)
        self.theirs("touch", "theirs")
        self.theirs("ln", "-s", "theirs", "link")
        for name, prefix, target in (("new", (), "new"), ("newer", nobody.NOBODY, "newer"),
                                     ("of-root", (), "roots"),
                                     ("link", nobody.NOBODY, "theirs")):
            with self.subTest(name=name):
                listenq.run("-d", "0", "--output-file", f"{self.shared}/{name}", prefix=prefix)
                with open(f"{self.shared}/{target}", encoding="utf-8") as file:
                    self.assertIn("LOCAL ADDRESS", file.read())
        self.assertTrue(os.path.islink(self.shared + "/link"))
        self.assertTrue(os.path.islink(self.shared + "/of-root"))


FOUL = "\u009b31m\x7f\u0080\u009f"
# C0 but line feed, DEL, C1; and what changes the direction of text.
CONTROL = "[\0-\x09\x0b-\x1f\x7f-\x9f]"
CONTROL_OR_DIRECTION = CONTROL + "|[\u202a-\u202e\u2066-\u2069]"


class Names(rig.Case):
    """What has the name of a control character is none."""

    def setUp(self):
        super().setUp()
        netns.own_names(self)
        comm = pathlib.Path("/proc/self/comm")
        self.addCleanup(comm.write_bytes, comm.read_bytes().rstrip(b"\n"))
        comm.write_bytes(FOUL.encode())
        self.addCleanup(netns.hostname, os.fsencode(socket.gethostname()))
        netns.hostname(("h" + FOUL).encode())
        self.tcp = self.listener(backlog=2)
        self.unix = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.unix.close)
        self.unix.bind(("\0n" + FOUL + "\u202e").encode())
        self.unix.listen()
        self.netns = netns.Named("ns" + FOUL)
        self.addCleanup(self.netns.delete)
        self.both = "-N", "ns" + FOUL, "-N", "/proc/self/ns/net"

    def test_json(self):
        """It is escaped, and whoever parses the document has the very name."""
        args = "-p", "-x", "-d", "0", *self.both
        for text in (listenq.run("--json", *args).out,
                     listenq.run("--json", *args, "--watch", "--count", "1", "-d", "0.1").out):
            self.assertNotRegex(text, CONTROL)
            for escape in r"\u009b", r"\u007f", r"\u0080", r"\u009f":
                self.assertIn(escape, text)
            report = listenq.parse(text)
            self.assertEqual(report["host"], "h" + FOUL)
            self.assertIn("ns" + FOUL, [each["name"] for each in report["namespaces"]])
            row = self.row(report, self.tcp)
            self.assertEqual([process["comm"] for process in row["processes"]], [FOUL])
            self.assertIn("@n" + FOUL + "\u202e", [row["path"] for row in report["listeners"]])

    def test_table(self):
        out = listenq.run(*self.both, "-x", "-d", "0", "-O").out
        self.assertNotRegex(out, CONTROL_OR_DIRECTION)
        self.assertIn(r"\x9b31m\x7f\x80\x9f", out)
        self.assertIn(r"\u{202e}", out)
        self.assertNotRegex(listenq.run("--list-columns").out, CONTROL_OR_DIRECTION)

    def test_messages(self):
        """What was typed, or has a name that was, comes back in them."""
        foul = FOUL + "\u202e\033"
        for args in (["--output-file=/none/" + foul], ["-N", foul], ["-N", "/none/" + foul],
                     ["-o", foul], ["-s", foul], [foul], ["comm =" + foul + " x"],
                     ["state = " + foul], ["src " + foul], ["'" + foul], ["--" + foul],
                     ["-" + foul], ["-d", foul], ["--color=" + foul], ["--peak-rate", foul],
                     ["--count", foul], ["-f" + foul]):
            with self.subTest(args=args):
                result = listenq.run("-d", "0", *args, code=None)
                self.assertNotEqual(result.code, 0)
                self.assertNotRegex(result.err, CONTROL_OR_DIRECTION)
                self.assertTrue(result.err.startswith("listenq: "))
