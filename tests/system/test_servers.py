# SPDX-License-Identifier: GPL-2.0-or-later
"""Real servers: a healthy mix is ok in every window, and each sick one is named within three."""
import collections
import errno
import os
import signal
import socket
import time

import listenq
import netns
import rig
import servers

WINDOWS = 3


class Healthy(rig.Case):
    def test_a_minute_of_a_healthy_mix(self):
        mix = [self.own(servers.Apache()), self.own(servers.Gunicorn(workers=4)),
               self.own(servers.Nginx()), self.own(servers.PhpFpm(children=4)),
               self.own(servers.Postgres()), self.own(servers.Redis()),
               self.own(servers.Apache(mpm="prefork"))]
        mix.append(self.own(servers.Haproxy(behind=mix[2])))
        for server in mix:
            server.once()

        load = self.own(servers.Load(mix))
        result = listenq.run("--watch", "--json", "-x", "-d", "1", "--count=60", timeout=85)
        load.close()
        self.assertEqual(load.failed, [])
        windows = result.documents
        self.assertEqual(len(windows), 60)

        wrong = collections.Counter(
            (row["port"] or row["path"], row["state"], *row["reasons"])
            for window in windows for row in window["listeners"] if row["state"] != "ok")
        self.assertEqual(wrong, {}, {server.port: server.BINARY for server in mix})
        for window in windows:
            there = {row["port"] or row["path"] for row in window["listeners"]}
            self.assertLessEqual({str(server.path or "") or server.port for server in mix}, there)
        for server, served in load.served.items():
            self.assertGreater(served, 300, server.BINARY)


class Sick(rig.Case):
    def named(self, server, *args):
        """How the last of three windows names it."""
        windows = listenq.run("--watch", "--json", "-d", "1", f"--count={WINDOWS}",
                              *args).documents
        rows = [row for row in windows[-1]["listeners"]
                if (row["path"] == str(server.path) if server.path else row["port"] == server.port)]
        self.assertEqual(len(rows), 1, windows[-1]["listeners"])
        return rows[0]

    def clients(self, server, count, request=b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"):
        """Clients whose request is sent as soon as they are connected."""
        made = []
        for _ in range(count):
            client = self.own(rig.connect(server.address, server.port))
            made.append(client)
        rig.wait_for(lambda: all(rig.tcp_state(client) == rig.ESTABLISHED for client in made),
                     f"{count} clients to be connected")
        for client in made:
            client.send(request)
        return made

    def holders(self, server, count):
        """Clients that hold count workers, each of which has taken one."""
        for _ in range(count):
            self.own(server.hold())
        rig.wait_for(lambda: not self.length(server), "workers to take their clients")

    @staticmethod
    def length(server):
        return rig.oracle.listener(server.port).length

    def assertNamed(self, row, states, first, *more):
        self.assertIn(row["state"], states, row)
        self.assertEqual(row["reasons"][:1], [first], row)
        self.assertLessEqual(set(more), set(row["reasons"]))

    def test_gunicorn_whose_workers_are_stuck(self):
        """Twenty clients of 2049 that would get in."""
        server = self.own(servers.Gunicorn(workers=2))
        self.holders(server, 2)
        self.clients(server, 20)
        self.assertNamed(self.named(server), ["stalled"], "not-accepting")

    def test_gunicorn_that_is_stuck_and_overflows(self):
        server = self.own(servers.Gunicorn(workers=1, backlog=5))
        self.holders(server, 1)
        self.clients(server, 6)
        late = [self.own(rig.connect(server.address, server.port))]
        rig.wait_for(lambda: netns.counter(netns.LO), "an overflow")
        self.assertEqual(len(late), 1)
        self.assertNamed(self.named(server), ["overflowing", "full"], "not-accepting")

    def test_apache_whose_workers_are_held(self):
        """By requests that never end; it has its default AcceptFilter."""
        server = self.own(servers.Apache(mpm="prefork", workers=2))
        server.once()
        for _ in range(2):
            self.own(server.hold())
        self.clients(server, 10)
        rig.wait_for(lambda: self.length(server) == 10, "ten clients to wait")
        self.assertNamed(self.named(server), ["stalled"], "not-accepting")

    def test_php_fpm_whose_queue_is_full(self):
        server = self.own(servers.PhpFpm(children=1, backlog=5))
        server.once()
        self.own(server.hold())
        rig.wait_for(lambda: not rig.oracle.unix_length(server.path), "the worker to take it")
        full = False
        for _ in range(50):
            client = self.own(socket.socket(socket.AF_UNIX))
            client.setblocking(False)
            if client.connect_ex(str(server.path)) == errno.EAGAIN:
                full = True
                break
        self.assertTrue(full)
        row = self.named(server, "-x")
        self.assertEqual(row["state"], "full", row)
        self.assertIn("blocks-clients", row["reasons"])
        self.assertFalse(row["reasons"][0].startswith("limit-"), row)

        not_shown = listenq.report()["not_shown"]
        self.assertEqual((not_shown["unix_listeners"], not_shown["unix_full"]), (1, 1))

    def test_postgres_that_is_stopped(self):
        server = self.own(servers.Postgres())
        server.once()
        os.kill(server.pid, signal.SIGSTOP)
        self.clients(server, 3, b"\0")
        row = self.named(server)
        self.assertNamed(row, ["stalled"], "stopped")
        self.assertEqual([(each["pid"], each["state"]) for each in row["processes"]],
                         [(server.pid, "T")])
        told = [line for line in listenq.run().out.splitlines()
                if "stopped" in line and str(server.pid) in line]
        self.assertTrue(told, "no sentence names the process")

    def test_nginx_out_of_descriptors(self):
        server = self.own(servers.Nginx(workers=1, files=40))
        self.clients(server, 60, b"GET / HTTP/1.1\r\nHost: ")
        rig.wait_for(lambda: "Too many open files" in server.said(), "nginx to run out")
        row = self.named(server)
        self.assertNamed(row, ["stalled"], "fd-limit")
        self.assertIn((40, 40), [(each["open_fds"], each["fd_limit"]) for each in row["processes"]])

    def test_haproxy_at_its_maxconn(self):
        behind = self.own(servers.Nginx())
        server = self.own(servers.Haproxy(behind=behind, maxconn=4))
        self.clients(server, 20, b"GET / HTTP/1.1\r\nHost: ")
        rig.wait_for(lambda: self.length(server) == 16, "the rest to wait")
        self.assertNamed(self.named(server), ["stalled"], "not-accepting")

    def test_redis_in_a_long_script(self):
        server = self.own(servers.Redis())
        self.holders(server, 1)
        self.clients(server, 5, b"PING\r\n")
        self.assertNamed(self.named(server), ["stalled"], "not-accepting")

    def test_nginx_under_a_syn_flood(self):
        """Whom nobody answers: real clients come through, by their cookies."""
        netns.sysctl("net.ipv4.tcp_syncookies", 1)
        server = self.own(servers.Nginx(backlog=64))
        self.raw()
        flood = self.own(Flood(self.raw(), server))
        rig.wait_for(lambda: netns.counter("TcpExtSyncookiesSent") > 20, "cookies")
        server.once()
        row = self.named(server)
        flood.close()
        self.assertEqual(flood.failed, [])
        self.assertNamed(row, ["syn-full"], "syn-flood")


class Flood(servers.Load):
    """Three hundred SYNs a second, each from another, for ten seconds at most."""

    def __init__(self, raw, server):
        self.raw, self.sent = raw, 0
        super().__init__([server], rate=300, seconds=10)

    def _run(self, server, period):
        while time.monotonic() < self.end and not self.stop.wait(period):
            self.sent += 1
            self.raw.send(f"{rig.SILENT}{self.sent % 250 + 1}", server.address, server.port)
