# SPDX-License-Identifier: GPL-2.0-or-later
"""The classic experiment with everything that can be asked for at once, on a machine with nothing
else on it: what is said of it is what ss and nstat say there, and nothing is left out."""
import os
import pathlib
import re
import subprocess
import sys

import listenq
import netns
import oracle
import rig
import table
from netns import LD, LO

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import test_detail
import test_unix

ALL = ("-A", "-D", "-p", "-x", "--strict")
SENT = "TcpExtSyncookiesSent"
RELEASE = tuple(map(int, re.findall(r"\d+", os.uname().release)[:2]))
# JSON keys and counters that are null where the kernel does not have what they are made of.
UNKNOWN = {"open_fds": (6, 2), "TcpExtTCPMigrateReqSuccess": (5, 14),
           "TcpExtTCPMigrateReqFailure": (5, 14)}


def unknown(name):
    return RELEASE < UNKNOWN.get(name, (0,))


class Case(rig.Case):
    def setUp(self):
        super().setUp()
        netns.own_names(self)

    def assertCounters(self, space):
        """As nstat has them in the namespace that this process is in."""
        kernel, repeats = oracle.nstat(), bool(oracle.syn_recv())
        for name, value in space["counters"].items():
            self.assertEqual(value is None, unknown(name), name)
            if value is None:
                self.assertNotIn(name, kernel)
            elif repeats and name in rig.REPEATED:
                self.assertLessEqual(value["total"], kernel[name])
            else:
                self.assertEqual(value["total"], kernel[name], name)

    def assertListeners(self, report, inode, drops_before):
        """Those of the namespace that this process is in, as ss has them."""
        rows = {row["cookie"]: row for row in report["listeners"]
                if row["netns"] == inode and row["protocol"] == "tcp"}
        kernel = oracle.listeners()
        self.assertEqual(set(rows), {real.cookie for real in kernel})
        for real in kernel:
            row = rows[real.cookie]
            full = real.length > real.limit
            self.assertEqual((row["local"], row["port"], row["inode"]),
                             (real.local, real.port, real.inode))
            self.assertEqual({**row["accept_queue"], "length": real.length, "limit": real.limit,
                              "capacity": real.limit + 1, "full": full,
                              "fill": round(real.length / (real.limit + 1), 6)},
                             row["accept_queue"])
            delta = real.drops - drops_before[real.cookie]
            self.assertEqual((row["drops"]["total"], row["drops"]["delta"]), (real.drops, delta))
            half_open = oracle.syn_recv_timers(real.port)
            self.assertEqual(row["syn_queue"]["length"], len(half_open))
            self.assertEqual({test_detail.peer(entry) for entry in row["half_open"]},
                             set(half_open))
            waiting = {(peer, port): queued for _, queued, peer, port in oracle.waiting(real.port)}
            self.assertEqual({test_detail.peer(entry): entry["unread_bytes"] + entry["peer_closed"]
                              for entry in row["waiting"]}, waiting)
        return rows

    def assertTable(self, text, report):
        """The table of another run says the same of what did not move since."""
        rows, _ = table.parse(re.sub(r"(?m)^    .*\n", "", text))
        self.assertEqual(
            sorted((row["LOCAL_ADDRESS"], row["QUEUED"], row["LIMIT"], row["PROCESS"], row["PID"])
                   for row in rows),
            sorted((row["local"], str(row["accept_queue"]["length"]),
                    str(row["accept_queue"]["limit"]), row["processes"][0]["comm"],
                    str(row["processes"][0]["pid"])) for row in report["listeners"]))


class Everything(Case):
    def full(self, name, backlog):
        """A process of that name holds a listener and never accepts; clients fill it."""
        listener = self.listener(backlog=backlog)
        cookie, clients = listener.cookie, rig.Span(lambda: self.fill(listener, backlog))
        clients.result[0].send(b"hello")
        server = self.own(rig.Sleeper(name, listener))
        server.sock, server.cookie, server.filled = listener.sock, cookie, clients
        return server

    def test_two_namespaces(self):
        blue = self.own(netns.Named("blue"))
        home = netns.inode()
        stuck = self.full("stuck", 2)
        with self.within(blue):
            netns.sysctl("net.core.somaxconn", 7)
            other = self.full("other", 0)
            idle = self.listener(backlog=100)
            before_blue = {row.cookie: row.drops for row in oracle.listeners()}
            lost_before_blue = oracle.nstat()[LO]
        # No process that was forked has these.
        half = self.listener("::", backlog=9, defer=True)
        self.connected(half, 2, address="127.0.0.1")
        self.connected(half, 1)
        app = self.unix(b"\0app", backlog=1, queued=2)
        before = {row.cookie: row.drops for row in oracle.listeners()}
        lost_before = oracle.nstat()[LO]

        def overflow():
            self.overflow(stuck, 4)
            with self.within(blue):
                self.overflow(other, 3)

        seen = rig.Span(lambda: self.during(overflow, *ALL, least=0.3, looks=2))
        report = seen.result
        self.assertEqual(report["warnings"], [])
        spaces = {space["netns"]: space for space in report["namespaces"]}
        names = {space["name"] for space in report["namespaces"]}
        self.assertIn("blue", names)
        self.assertEqual(spaces[blue.inode]["name"], "blue")
        # The third is that of the first process.
        self.assertEqual(set(spaces), {home, blue.inode, os.stat("/proc/1/ns/net").st_ino})

        rows = self.assertListeners(report, home, before)
        self.assertCounters(spaces[home])
        self.assertEqual(oracle.nstat()[LO] - lost_before, 4)
        row = rows[stuck.cookie]
        self.assertEqual((row["state"], row["reasons"]),
                         ("overflowing", ["not-accepting", "limit-from-listen"]))
        self.assertEqual(row["overflows"], {"min": 4, "max": 4})
        self.assertEqual(row["losses"], {"min": 0, "max": 0})
        self.assertEqual([(owner["pid"], owner["comm"]) for owner in row["processes"]],
                         [(stuck.pid, "stuck")])
        for owner in row["processes"]:
            self.assertEqual(owner["open_fds"] is None, unknown("open_fds"))
            self.assertEqual((owner["state"], owner["frozen"]), ("S", False))
        for entry in row["waiting"]:
            self.assertAge(entry["wait_seconds"], stuck.filled, seen)
        self.assertEqual(len(row["waiting"]), 3)
        self.assertEqual(row["cgroup"], "/")
        self.assertIs(row["mptcp"], False)
        row = rows[half.cookie]
        self.assertEqual((row["state"], row["overflows"]["max"], row["v6only"]), ("ok", 0, False))
        self.assertEqual(row["syn_queue"]["length"], 3)
        self.assertEqual(sorted(entry["peer_address"] for entry in row["half_open"]),
                         ["::1", "::ffff:127.0.0.1", "::ffff:127.0.0.1"])
        self.assertEqual({owner["pid"] for owner in row["processes"]}, {os.getpid()})

        with self.within(blue):
            rows = self.assertListeners(report, blue.inode, before_blue)
            self.assertCounters(spaces[blue.inode])
            self.assertEqual(oracle.nstat()[LO] - lost_before_blue, 3)
            for name, value in spaces[blue.inode]["sysctl"].items():
                path = "net.core." if name == "somaxconn" else "net.ipv4."
                self.assertEqual(value, netns.sysctl(path + name), name)
        row = rows[other.cookie]
        self.assertEqual((row["state"], row["namespace"]), ("overflowing", "blue"))
        self.assertEqual(row["overflows"], {"min": 3, "max": 3})
        self.assertEqual([owner["comm"] for owner in row["processes"]], ["other"])
        row = rows[idle.cookie]
        self.assertEqual((row["accept_queue"]["limit"], row["state"]), (7, "ok"))
        self.assertEqual(spaces[blue.inode]["ledger"]["unattributed_overflows"], 0)

        row, = (row for row in report["listeners"] if row["protocol"] == "unix")
        self.assertEqual((row["path"], row["cookie"], row["state"]), ("@app", app.cookie, "full"))
        self.assertEqual({row["inode"]: (row["accept_queue"]["length"],
                                         row["accept_queue"]["limit"], row["type"])},
                         test_unix.ss())
        result = listenq.run(*ALL, "-d", "0")
        self.assertEqual(result.err, "")
        self.assertTable(result.out, report)

    def test_instant(self):
        """Each format at once, and the exit status that says that nothing was missing."""
        listener = self.listener(backlog=0)
        self.fill(listener, 0)
        self.overflow(listener, 2)
        report = listenq.instant(*ALL)
        self.assertEqual(report["warnings"], [])
        row = self.row(report, listener)
        self.assertEqual((row["state"], row["drops"]["total"]), ("full", 2))
        self.assertEqual(row["overflows"], {"min": None, "max": None})
        text = listenq.run("-H", "-d", "0", "-o", "local,length,limit,drops").out
        real = oracle.listener(listener.port)
        self.assertEqual(text.split(), [real.local, "1", "0", str(real.drops)])


class Flood(Case):
    def rounds(self, counter, cookies):
        """SYNs without an end, some rounds of them: the SYN queue takes what the kernel lets in,
        which was one less until 2025. What it lets in is in ss, and what not is counted."""
        netns.sysctl("net.ipv4.tcp_syncookies", cookies)
        listener = self.listener(backlog=3)
        self.syns(listener, 10, drops=False)
        rig.wait_for(lambda: netns.counter(counter) >= 6, "a full SYN queue")
        room = len(oracle.syn_recv())
        self.assertIn(room, (3, 4))
        for _ in range(3):
            before, drops = oracle.nstat(), oracle.listener(listener.port).drops

            def flood():
                self.syns(listener, 20, drops=False)
                rig.wait_for(lambda: netns.counter(counter) == before[counter] + 20, counter)

            report = self.during(flood, *ALL[1:], looks=2)
            self.assertSameAsKernel(report)
            row = self.row(report, listener)
            self.assertEqual(row["syn_queue"]["length"], room)
            self.assertEqual((row["syn_queue"]["limit"], len(row["half_open"])), (3, room))
            self.assertEqual(row["overflows"], {"min": 0, "max": 0})
            self.assertEqual(row["drops"]["delta"],
                             oracle.listener(listener.port).drops - drops)
            counters = report["namespaces"][0]["counters"]
            self.assertEqual(counters[counter]["delta"], 20)
            yield row, counters

    def test_with_cookies(self):
        for row, counters in self.rounds(SENT, 1):
            self.assertEqual((row["state"], row["reasons"]),
                             ("syn-full", ["syn-flood", "limit-from-listen"]))
            self.assertEqual((counters[LD]["delta"], row["losses"]["max"]), (0, 0))

    def test_without_cookies(self):
        for row, counters in self.rounds("TcpExtTCPReqQFullDrop", 0):
            self.assertEqual((row["state"], row["reasons"]), ("dropping", ["limit-from-listen"]))
            self.assertEqual((counters[LD]["delta"], counters[LO]["delta"]), (20, 0))
            self.assertEqual(row["losses"], {"min": 20, "max": 20})
