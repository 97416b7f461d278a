# SPDX-License-Identifier: GPL-2.0-or-later
"""What the options select, order and show."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import listenq
import netns
import oracle
import rig
import table


def rows(*args):
    return table.parse(listenq.run("-d", "0", *args).out)[0]


class Select(rig.Case):
    def setUp(self):
        super().setUp()
        self.four = self.listener("127.0.0.1", backlog=4)
        self.six = self.listener("::1", backlog=4)
        self.dual = self.listener("::", backlog=4)
        self.only = self.listener("::", backlog=4, v6only=True)
        self.bound = self.listener("0.0.0.0", backlog=4, device="lo")

    def test_families_as_ss(self):
        for option in ((), ("-4",), ("-6",), ("-l", "-t", "-n"), ("-ltn4",),
                       ("-4", "-6")):
            with self.subTest(option=option):
                shown = sorted(row["LOCAL_ADDRESS"] for row in rows(*option))
                real = option if option != ("-4", "-6") else ()
                self.assertEqual(shown, oracle.locals_(*real))
                report = listenq.instant(*option)
                self.assertEqual(len(report["listeners"]), len(shown))

    def test_ledger_covers_what_is_hidden(self):
        self.fill(self.four, 4)
        report = self.during(lambda: self.overflow(self.four, 3), "-6")
        self.assertEqual({row["family"] for row in report["listeners"]}, {"inet6"})
        ledger = report["namespaces"][0]["ledger"]
        self.assertEqual((ledger["overflows"], ledger["listener_drops"],
                          ledger["unattributed_overflows"]), (3, 3, 0))

    def test_requests_of_one_family(self):
        """One family shown is not one family looked at."""
        dual = self.listener("::", backlog=9, defer=True)
        four = self.listener("127.0.0.1", backlog=9, defer=True)
        self.connected(dual, 2, address="127.0.0.1")
        self.connected(dual, 1, address="::1")
        self.connected(four, 4)
        for option, want in (("-4", {four.port: 4}), ("-6", {dual.port: 3})):
            out = listenq.run("-H", "-o", "port,synrecv", option).out
            seen = {int(port): int(n) for port, n in
                    (line.split() for line in out.splitlines())}
            self.assertEqual({p: n for p, n in seen.items() if n}, want)
            report = listenq.instant(option)
            ledger = report["namespaces"][0]["ledger"]
            self.assertEqual(ledger["unattributed_syn_recv"], 0)

    def test_full(self):
        self.queue(self.four, 3)
        self.queue(self.six, 4)
        self.queue(self.dual, 5)
        port = {one: str(one.port) for one in (self.four, self.six, self.dual)}
        for option, want in (("-f", (self.dual, self.six)),
                             ("--full", (self.dual, self.six)),
                             ("-f100", (self.dual,)), ("--full=100", (self.dual,)),
                             ("--full=60", (self.dual, self.six, self.four)),
                             ("--full=61", (self.dual, self.six))):
            with self.subTest(option=option):
                out = listenq.run("-d", "0", "-H", "-o", "port", option).out
                self.assertEqual(out.split(), [port[one] for one in want])
                self.assertEqual(len(listenq.instant(option)["listeners"]),
                                 len(want))


class Columns(rig.Case):
    def test_choice(self):
        listener = self.listener(backlog=4)
        self.queue(listener, 3)
        out = listenq.run("-d", "0", "-o", "length,address,port,limit").out
        self.assertEqual([line.split() for line in out.splitlines()],
                         [["QUEUED", "ADDRESS", "PORT", "LIMIT"],
                          ["3", "127.0.0.1", str(listener.port), "4"]])
        for header in "-H", "--no-header", "--noheadings":
            out = listenq.run("-d", "0", header, "-o", "length,limit").out
            self.assertEqual(out.split(), ["3", "4"])

    def test_default_columns(self):
        self.listener()
        self.assertEqual(list(rows()[0]), [
            "SEV", "STATE", "LOCAL_ADDRESS", "QUEUED", "LIMIT", "FILL", "PEAK",
            "SYNRECV", "DROPS", "+DROPS", "OVERFLOWS", "PROCESS", "WHY"])
        self.assertEqual(list(rows("-o", "+inode,uid")[0]), list(rows()[0]) + ["INODE", "UID"])

    def test_extended(self):
        self.listener()
        names = list(rows("-e")[0])
        for name in "INODE", "COOKIE", "UID", "CGROUP", "INTERFACE", "V6ONLY":
            self.assertIn(name, names)

    def test_list_columns(self):
        names = listenq.run("--list-columns", "--raw").out.split()
        self.assertEqual(len(names), len(set(names)))
        helped = [line.split()[0] for line in
                  listenq.run("--list-columns").out.splitlines() if line.strip()]
        self.assertLessEqual(set(names), set(helped))
        self.listener()
        shown = list(rows("-O")[0])
        self.assertEqual(len(shown), len(names))
        for name in names:
            with self.subTest(column=name):
                lines = listenq.run("-d", "0", "-o", name).out.splitlines()
                self.assertEqual(len(lines), 2)
                listenq.run("-d", "0", "-s", name)
                listenq.run("-d", "0", "-s", "-" + name)

    def test_resolve(self):
        self.listener(port=80)
        out = listenq.run("-d", "0", "-H", "-r", "-o", "local").out.strip()
        self.assertEqual(out, "127.0.0.1:http")
        out = listenq.run("-d", "0", "-H", "-o", "local").out.strip()
        self.assertEqual(out, "127.0.0.1:80")

    def test_sort(self):
        for backlog, queued in ((5, 3), (50, 1), (7, 2), (1, 0)):
            self.queue(self.listener(backlog=backlog), queued)

        def order(*args):
            out = listenq.run("-d", "0", "-H", "-o", "limit", *args).out
            return [int(word) for word in out.split()]
        self.assertEqual(order("-s", "limit"), [1, 5, 7, 50])
        self.assertEqual(order("-s", "-limit"), [50, 7, 5, 1])
        self.assertEqual(order("--sort=length"), [1, 50, 7, 5])
        self.assertEqual(order("--sort=-length"), [5, 7, 50, 1])
        ports = [row["port"] for row in
                 listenq.instant("-s", "port")["listeners"]]
        self.assertEqual(ports, sorted(ports))

    def test_footer(self):
        listener = self.listener(backlog=1)
        self.fill(listener, 1)
        self.assertTrue(table.parse(listenq.run("-d", "0").out)[1])
        self.assertTrue(table.parse(listenq.run("-d", "0", "-o", "+inode").out)[1])
        self.assertEqual(table.parse(listenq.run("-d", "0", "-o", "state").out)[1],
                         [])
        out = listenq.run("-d", "0", "-H").out
        self.assertEqual(len(out.splitlines()), 1)


class Looks(rig.Case):
    def test_color(self):
        self.fill(self.listener(backlog=1), 1)
        escape = "\x1b["
        self.assertNotIn(escape, listenq.run("-d", "0").out)
        self.assertNotIn(escape, listenq.run("-d", "0", "--color=never").out)
        coloured = listenq.run("-d", "0", "--color=always").out
        self.assertIn(escape, coloured)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
        self.assertEqual(plain, listenq.run("-d", "0").out)
        env = dict(os.environ, NO_COLOR="1", TERM="xterm")
        self.assertNotIn(escape, listenq.run("-d", "0", env=env).out)

    def test_ascii(self):
        self.fill(self.listener(backlog=1), 1)
        self.assertTrue(listenq.run("-d", "0", "--ascii").out.isascii())

    def test_what_was_asked_for_stays(self):
        """On a terminal of 80 columns too."""
        for options, headers in ((["-p"], {"PROCESS", "PID", "FD"}), (["-o", "+pid"], {"PID"}),
                                 (["-e"], {"QUEUED", "UID", "INODE"}),
                                 (["-g"], {"SOCKETS", "QUEUED", "LIMIT"}), (["-o+drops"], {"DROPS"})):
            out = listenq.run("-d0", "--width=80", *options).out
            self.assertLessEqual(headers, set(out.splitlines()[0].split()))

    def test_too_wide_column(self):
        """It is cut, and costs no other its place, in whichever order they were asked for."""
        address = "2001:db8:1111:2222:3333:4444:5555:6666"
        netns.address(f"{address}/128")
        port = self.listener(address).port
        for columns in "address,protocol,family", "family,address,protocol":
            header, row = listenq.run("-d0", "--width=90", "-o",
                                      f"+{columns}").out.splitlines()[:2]
            self.assertRegex(header, r"(?<!LOCAL )ADDRESS")
            self.assertLessEqual({"PROTO", "FAMILY", "QUEUED", "LIMIT", "WHY"},
                                 set(header.split()))
            self.assertRegex(row, rf" \[2001\S+:6666\]:{port} ")
            self.assertRegex(row, r" 2001:\S+:6666 ")

    def test_width(self):
        """Nothing is cut when the output is no terminal, unless asked for."""
        self.fill(self.listener("::1", backlog=1), 1)
        free = listenq.run("-d", "0").out
        self.assertEqual(listenq.run("-d", "0", "--width=0").out, free)
        out = listenq.run("-d", "0", "--width=40").out
        self.assertLessEqual(max(map(len, out.splitlines())), 40)
        for width in range(1, 14): # too narrow to be wrapped
            out = listenq.run("-d", "0", f"--width={width}", timeout=10).out
            self.assertLessEqual(max(map(len, out.splitlines())), width)


class Cheap(rig.Case):
    def trace(self, *args):
        if not shutil.which("strace"):
            raise unittest.SkipTest("strace is not installed")
        with tempfile.NamedTemporaryFile("r") as log:
            # LeakSanitizer, where it is built in, cannot be traced.
            environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
            subprocess.run(["strace", "-f", "-o", log.name, "-e",
                            "trace=open,openat,sendto,sendmsg,clock_nanosleep,"
                            "nanosleep,poll,ppoll,select,pselect6",
                            listenq.program(), *args],
                           check=True, env=environment,
                           stdout=subprocess.DEVNULL, timeout=60)
            return log.read()

    def test_reads_nothing_that_nobody_wants(self):
        self.listener()
        calls = self.trace("-o", "address,length")
        for path in "net/netstat", "net/snmp", "somaxconn", "cgroup":
            self.assertNotIn(path, calls)
        self.assertNotRegex(calls, r"sleep\(|poll\(|select")
        self.assertEqual(len(re.findall(r"send(?:to|msg)\(", calls)), 1)
        self.assertIn("net/netstat", self.trace("-d", "0.1"))
        # What a table shows of the counters is what they did in a window.
        instant = self.trace("-d", "0")
        self.assertNotIn("net/netstat", instant)
        self.assertIn("somaxconn", instant)
        self.assertIn("net/netstat", self.trace("-d", "0", "--json"))
