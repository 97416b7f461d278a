# SPDX-License-Identifier: GPL-2.0-or-later
"""UNIX listeners: both types, names of any bytes, and what clients of a full one see."""
import errno
import os
import re
import socket
import subprocess
import tempfile

import listenq
import netns
import nobody
import rig
import table

STREAM, SEQPACKET = socket.SOCK_STREAM, socket.SOCK_SEQPACKET
def ss():
    """{inode: (length, limit, type)} of ss -xl; names may hold anything, so that
    they are left alone."""
    text = subprocess.run(["ss", "-Hxl"], check=True, stdout=subprocess.PIPE).stdout
    found = {}
    for match in re.finditer(rb"^u_(str|seq) +LISTEN +(\d+) +(\d+) (.*?) (\d+) +\* 0\b", text,
                             re.M | re.S):
        found[int(match[5])] = (int(match[2]), int(match[3]),
                                {b"str": "stream", b"seq": "seqpacket"}[match[1]])
    return found


class Case(rig.Case):
    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(directory.name)
        self.path = os.fsencode(directory.name)

    def fill_unix(self, listener, count):
        return [self.own(listener.connect()) for _ in range(count)]

    def unix_rows(self, report):
        return [row for row in report["listeners"] if row["family"] == "unix"]


class Rows(Case):
    def test_only_when_asked(self):
        self.unix(b"app.sock")
        tcp = self.listener()
        self.assertEqual([row["port"] for row in listenq.instant()["listeners"]], [tcp.port])
        report = listenq.instant("-x")
        self.assertEqual(len(report["listeners"]), 2)
        self.row(report, tcp)
        # One family of TCP, and UNIX as before.
        self.assertEqual([row["family"] for row in listenq.instant("-x", "-6")["listeners"]],
                         ["unix"])

    def test_both_types_as_ss_sees_them(self):
        listeners = [self.unix(b"stream", 3), self.unix(b"\0packets", 0, kind=SEQPACKET),
                     self.unix(b"\0", 7), self.unix(b"", 9)]
        self.fill_unix(listeners[0], 2)
        self.fill_unix(listeners[1], 1)
        for left in (self.own(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)),
                     self.own(socket.socket(socket.AF_UNIX, STREAM))):
            left.bind(f"left{left.fileno()}")
        rows = self.unix_rows(listenq.instant("-x"))
        self.assertEqual({row["inode"]: (row["accept_queue"]["length"],
                                         row["accept_queue"]["limit"], row["type"])
                          for row in rows}, ss())
        self.assertEqual({row["inode"] for row in rows}, {l.inode for l in listeners})
        self.assertEqual({row["cookie"] for row in rows}, {l.cookie for l in listeners})
        for row in rows:
            self.assertEqual(row["protocol"], "unix")
            self.assertEqual(row["uid"], os.getuid())
            self.assertEqual(row["netns"], netns.inode())
            for key in "address", "port", "interface", "v6only", "mptcp":
                self.assertIsNone(row[key], key)
            for key in "syn_queue", "drops", "overflows":
                self.assertEqual(set(row[key].values()), {None}, key)

    def test_names(self):
        full_path = self.path + b"/" + b"x" * (108 - len(self.path) - 1)
        expected = {
            b"relative": "relative",
            full_path: full_path.decode(),
            b"\0abstract": "@abstract",
            b"\0" + b"y" * 107: "@" + "y" * 107,
            b"\0with\0nul\0": "@with@nul@",
            b"@no abstract": "./@no abstract",
            b"cut\0off": "cut",
            b"new\nline\x1b[31m": "new\nline\x1b[31m",
            b"\xff\xc3\xbc\\": "\\xff\u00fc\\\\",
            b"\0\n! full @fake 9": "@\n! full @fake 9",
        }
        listeners = {name: self.unix(name) for name in expected}
        rows = {row["inode"]: row for row in self.unix_rows(listenq.instant("-x"))}
        for name, listener in listeners.items():
            self.assertEqual(rows[listener.inode]["path"], expected[name], name)
        # In the table each is one word of one line, and nothing moves the cursor.
        text = listenq.run("-x", "-d0", env=dict(os.environ, LC_ALL="C.UTF-8")).out
        self.assertNotIn("\x1b", text)
        shown, _ = table.parse(text)
        self.assertEqual(sorted(row["LOCAL_ADDRESS"] for row in shown), sorted(
            name.replace("\n", "\\x0a").replace("\x1b", "\\x1b").replace(" ", "\\x20")
            for name in expected.values()))

    def test_the_locale_decides_what_is_shown(self):
        """Beyond ASCII only where the locale is UTF-8, also in the mark of a cut name."""
        self.unix("\0für".encode())
        shown = []
        for locale, option in ("C.UTF-8", []), ("C", []), ("C.UTF-8", ["--ascii"]):
            text = listenq.run("-x", "-d0", "-H", "-o", "local", *option,
                               env=dict(os.environ, LC_ALL=locale)).out
            shown.append(text.strip())
        self.assertEqual(shown, ["@für", "@f\\u{fc}r", "@f\\u{fc}r"])

    def test_long_names_leave_room(self):
        """On a terminal all else stays, whatever was asked for; what is piped is whole."""
        name = b"\0" + b"very/long/" * 10 + b"app"
        self.fill_unix(self.unix(name, 0), 1)
        for options in [], ["-o", "local,length,limit,fill,state"], \
                ["-o", "path,length,limit,fill,state"]:
            text = listenq.run("-x", "-d0", "--width=80", *options).out
            narrow, _ = table.parse(text)
            shown = narrow[0].get("LOCAL_ADDRESS") or narrow[0]["PATH"]
            self.assertEqual((narrow[0]["STATE"], narrow[0]["QUEUED"], narrow[0]["LIMIT"],
                              narrow[0]["FILL"]), ("full", "1", "0", "100%"))
            # Its middle is what goes: where it belongs and what it is stay.
            self.assertRegex(shown, r"^@very.+long/app$")
            self.assertLess(len(shown), 80)
            self.assertLessEqual(max(map(len, text.splitlines()[:2])), 80)
            wide, _ = table.parse(listenq.run("-x", "-d0", *options).out)
            self.assertEqual(wide[0].get("LOCAL_ADDRESS") or wide[0]["PATH"],
                             "@" + name[1:].decode())
        # Nor does it cost the sentence below.
        text = listenq.run("-x", "-d0", "--width=80").out
        self.assertRegex(" ".join(text.split()), r"full \(@very\S+long/app\): the accept queue")
        self.assertIn(f"full (@{name[1:].decode()}): the accept queue",
                      listenq.run("-x", "-d0").out)

    def test_runs_of_nul(self):
        """Names that fill all bytes with NULs can be distinguished; JSON has every byte."""
        alpha, beta = (self.unix(name + b"\0" * 90) for name in (b"\0alpha", b"\0beta"))
        for options in [], ["--width=80"], ["-o", "local"], ["--width=80", "-o", "local"]:
            text = listenq.run("-x", "-d0", *options).out
            self.assertEqual(re.findall(r"@(?:alpha|beta)\S*", text),
                             ["@alpha@{90}", "@beta@{90}"])
        rows = {row["inode"]: row for row in self.unix_rows(listenq.instant("-x"))}
        for listener, name in (alpha, "@alpha"), (beta, "@beta"):
            self.assertEqual(rows[listener.inode]["path"], name + "@" * 90)
            self.assertEqual(rows[listener.inode]["local"], name + "@" * 90)

    def test_two_of_one_path(self):
        """The older one can no longer be reached, and is there all the same."""
        old = self.unix(b"app.sock", 1)
        os.unlink("app.sock")
        new = self.unix(b"app.sock", 2)
        rows = self.unix_rows(listenq.instant("-x"))
        self.assertEqual({row["inode"]: row["path"] for row in rows},
                         {old.inode: "app.sock", new.inode: "app.sock"})
        self.assertEqual([row["reuseport"]["sockets"] for row in rows], [1, 1])

    def test_namespace(self):
        """Those of another network namespace are not shown, whatever the file system says."""
        self.unix(b"there")
        netns.enter()
        here = self.unix(b"here")
        self.assertEqual([row["inode"] for row in self.unix_rows(listenq.instant("-x"))],
                         [here.inode])

    def test_many(self):
        """More than fit into a datagram, each once."""
        listeners = [self.unix(b"\0" + b"%d" % i, i) for i in range(1500)]
        rows = self.unix_rows(listenq.instant("-x"))
        self.assertEqual(sorted((row["inode"], row["accept_queue"]["limit"]) for row in rows),
                         sorted((l.inode, i) for i, l in enumerate(listeners)))

    def test_thousands_that_wait(self):
        """Where a dump with their names would come back empty."""
        listener = self.unix(b"\0crowd", 2000)
        self.fill_unix(listener, 1500)
        rows = self.unix_rows(listenq.instant("-x"))
        self.assertEqual([row["accept_queue"]["length"] for row in rows], [1500])

    def test_every_user(self):
        """No privilege: another user sees the same."""
        listener = self.unix(b"\0root's", 0)
        self.fill_unix(listener, 1)
        nobody.let_all_run(self)
        rows = self.unix_rows(listenq.instant("-x", prefix=nobody.NOBODY))
        self.assertEqual([(row["path"], row["accept_queue"]["length"]) for row in rows],
                         [("@root's", 1)])

    def test_sort_and_columns(self):
        self.unix(b"\0b", 4)
        self.unix(b"\0a", 2, kind=SEQPACKET)
        tcp = self.listener(backlog=3)
        rows = [line.split() for line in listenq.run(
            "-x", "-d0", "-H", "-o", "local,protocol,type,family,path,limit",
            "-s", "local").out.splitlines()]
        self.assertEqual(rows, [
            [f"127.0.0.1:{tcp.port}", "tcp", "stream", "inet", "-", "3"],
            ["@a", "unix", "seqpacket", "unix", "@a", "2"],
            ["@b", "unix", "stream", "unix", "@b", "4"]])


class Filter(Case):
    def test_paths_as_ss(self):
        """The same expressions show the same sockets; listeners of TCP are none of them."""
        self.listener()
        path = self.path.decode()
        for name in (b"app.sock", b"App.sock", b"other", b"\0app", b"\0app\0\0\0",
                     b"./under", self.path + b"/whole.sock"):
            self.unix(name)
        counts = []
        for expression in ("app.sock", "other", "*", "app*", "@app", "@app*", "@app@@@", "./*",
                           f"{path}/*", f"{path}/whole.sock", "*.sock", "no-such"):
            for form in f"src unix:{expression}", f"src = unix:{expression}", \
                    f"not src unix:{expression}":
                self.agrees(form, counts)
            if expression[0] in "/@":
                self.agrees(f"src {expression}", counts)
        # Not a lot of expressions that show nothing or everything.
        self.assertGreater(sum(0 < n < 7 for n in counts), len(counts) / 2)

    def agrees(self, expression, counts):
        inodes = lambda text: {int(line.split()[-1]) for line in text.splitlines()}
        theirs = subprocess.run(["ss", "-Hxl", expression], check=True, text=True,
                                stdout=subprocess.PIPE).stdout
        want = {int(re.search(r" (\d+) +\* 0\b", line)[1]) for line in theirs.splitlines()}
        for options in [], ["-x"]:
            out = listenq.run("-d0", "-H", "-o", "local,inode", *options, expression).out
            self.assertEqual(inodes(out), want, expression)
        counts.append(len(want))

    def test_pasted_from_the_table(self):
        listener = self.unix(b"\0app" + b"\0" * 90)
        self.unix(b"\0app" + b"\0" * 89)
        for local in listenq.run("-x", "-d0", "-H", "-o", "local").out.split():
            report = listenq.instant(local)
            self.assertEqual(len(report["listeners"]), 1, local)
        self.assertEqual(listenq.instant("@app@{90}")["listeners"][0]["inode"], listener.inode)


class Full(Case):
    def test_clients_see_eagain(self):
        for kind in STREAM, SEQPACKET:
            listener = self.unix(b"\0app%d" % kind, 2, kind=kind)
            self.fill_unix(listener, 3)
            with self.assertRaises(BlockingIOError) as refused:
                listener.connect()
            self.assertEqual(refused.exception.errno, errno.EAGAIN)
            row, = [row for row in self.unix_rows(listenq.instant("-x"))
                    if row["inode"] == listener.inode]
            self.assertEqual(row["accept_queue"]["fill"], 1.0)
            self.assertEqual(row["state"], "full")
            self.assertEqual(row["reasons"], ["blocks-clients", "limit-from-listen"])
            # Nor do the words say that anything is refused which waits.
            text = listenq.run("-d0", "-x").out
            self.assertIn("clients wait in connect(2)", text)
            self.assertNotIn("refused", text)

    def test_one_below_is_high(self):
        listener = self.unix(b"\0app", 4)
        self.fill_unix(listener, 4)
        row, = self.unix_rows(listenq.instant("-x"))
        self.assertEqual((row["state"], row["accept_queue"]["fill"]), ("high", 0.8))
        self.assertEqual(row["reasons"], ["limit-from-listen"])
        self.fill_unix(listener, 1)
        row, = self.unix_rows(listenq.instant("-x"))
        self.assertEqual(row["state"], "full")

    def test_somaxconn_of_the_namespace(self):
        netns.sysctl("net.core.somaxconn", 3)
        listener = self.unix(b"\0app", 100)
        self.fill_unix(listener, 4)
        row, = self.unix_rows(listenq.instant("-x"))
        self.assertEqual(row["accept_queue"]["limit"], 3)
        self.assertEqual(row["reasons"], ["blocks-clients", "limit-from-somaxconn"])
        # As with TCP, only listen(2) reads it.
        netns.sysctl("net.core.somaxconn", 9)
        row, = self.unix_rows(listenq.instant("-x"))
        self.assertEqual(row["reasons"], ["blocks-clients", "limit-from-listen"])
        listener.sock.listen(100)
        row, = self.unix_rows(listenq.instant("-x"))
        self.assertEqual(row["accept_queue"]["limit"], 9)

    def test_stuck_is_proved(self):
        """Whose connection is the oldest says so; TCP's counters say nothing of it."""
        listener = self.unix(b"\0app", 2)
        self.fill_unix(listener, 3)
        row, = self.unix_rows(listenq.report("-x", "-d", "0.2"))
        self.assertEqual(row["reasons"],
                         ["not-accepting", "blocks-clients", "limit-from-listen"])

    def test_short_window(self):
        """It cannot show whether a listener is stalled, and the table says so."""
        self.fill_unix(self.unix(b"\0one", 50), 3)
        self.unix(b"\0idle", 50)
        self.assertIn("None was accepted in this window at @one, where 3 wait: a longer window "
                      "(-d 3) ", listenq.run("-x", "-d", "0.2").out)
        self.assertNotIn("a longer window", listenq.run("-d", "0.2").out)

    def test_leaves_tcp_alone(self):
        """TCP's proofs stay exact beside UNIX listeners that come and go."""
        tcp = self.listener(backlog=0)
        self.fill(tcp, 0)
        gone = rig.UnixListener(b"\0gone", 0)

        def act():
            gone.close()
            self.unix(b"\0new", 0)
            self.overflow(tcp, 3)
        report = self.during(act, "-x")
        self.assertEqual(self.row(report, tcp)["overflows"], {"min": 3, "max": 3})
        self.assertEqual(report["namespaces"][0]["ledger"]["listener_drops"], 3)

    def test_full_filter(self):
        full = self.unix(b"\0full", 0)
        self.fill_unix(full, 1)
        self.unix(b"\0empty", 0)
        self.assertEqual([row["inode"] for row in listenq.instant("-x", "-f")["listeners"]],
                         [full.inode])


class Window(Case):
    def test_peak(self):
        """A burst between the samples; and that it went shows that somebody accepts."""
        listener = self.unix(b"\0app", 4)

        def burst(child):
            self.fill_unix(listener, 5)
            child.wait_looks()
            for _ in range(5):
                self.own(listener.accept())
        row, = self.unix_rows(self.during(burst, "-x"))
        queue = row["accept_queue"]
        self.assertEqual((queue["length"], queue["peak_length"], queue["peak_fill"]), (0, 5, 1.0))
        self.assertGreater(queue["full_seconds"], 0)
        self.assertGreater(queue["samples"], 2)
        self.assertEqual(row["state"], "full")
        self.assertIn("accepting-slowly", row["reasons"])
        self.assertIn("blocks-clients", row["reasons"])
