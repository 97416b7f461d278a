# SPDX-License-Identifier: GPL-2.0-or-later
# runs-long
"""Real servers: a healthy mix is ok in every window, and each sick one is named within three."""
import collections
import errno
import itertools
import os
import signal
import socket

import listenq
import netns
import rig
import servers

GET = b"GET / HTTP/1.1\r\nHost: "


class Healthy(rig.Case):
    def test_healthy_mix(self):
        """Sixty windows, with twenty clients a second of each server."""
        mix = [self.own(servers.Apache()), self.own(servers.Gunicorn(workers=4)),
               self.own(servers.Nginx()), self.own(servers.PhpFpm(children=4)),
               self.own(servers.Postgres()), self.own(servers.Redis()),
               self.own(servers.Apache(mpm="prefork"))]
        mix.append(self.own(servers.Haproxy(behind=mix[2])))
        served = collections.Counter()

        def load(server):
            def once():
                server.once()
                served[server] += 1
            once()
            return self.own(rig.Worker(once, every=1 / 20))
        workers = [load(server) for server in mix]
        windows = listenq.run("--watch", "--json", "-x", "-d", "0.5", "--count=60").documents
        for worker in workers:
            worker.close()
        self.assertEqual(len(windows), 60)

        wrong = collections.Counter(
            (row["port"] or row["path"], row["state"], *row["reasons"])
            for window in windows for row in window["listeners"] if row["state"] != "ok")
        self.assertEqual(wrong, {}, {server.port: server.BINARY for server in mix})
        for window in windows:
            there = {row["port"] or row["path"] for row in window["listeners"]}
            self.assertLessEqual({str(server.path or "") or server.port for server in mix}, there)
        for server in mix:
            self.assertGreater(served[server], len(windows), server.BINARY)


class Sick(rig.Case):
    def named(self):
        """How the last of three windows names each, by its port or path."""
        windows = listenq.run("--watch", "--json", "-x", "-d", "1", "--count=3").documents
        return {row["path"] or row["port"]: row for row in windows[-1]["listeners"]}

    def clients(self, server, count, request=GET):
        """Clients whose request is sent as soon as they are connected."""
        made = [self.own(rig.connect(server.address, server.port)) for _ in range(count)]
        rig.wait_for(lambda: all(rig.tcp_state(client) == rig.ESTABLISHED for client in made),
                     f"{count} clients to be connected")
        for client in made:
            client.send(request)

    def holders(self, server, count):
        """Clients that hold count workers, each of which has taken one."""
        for _ in range(count):
            self.own(server.hold())
        rig.wait_for(lambda: not self.length(server), "workers to take their clients")

    @staticmethod
    def length(server):
        return rig.oracle.listener(server.port).length

    def test_each_is_named(self):
        # Its workers are stuck, with twenty clients of 2049 that would get in.
        gunicorn = self.own(servers.Gunicorn(workers=2))
        self.holders(gunicorn, 2)
        self.clients(gunicorn, 20)
        # The same, and it overflows.
        small = self.own(servers.Gunicorn(workers=1, backlog=5))
        self.holders(small, 1)
        self.clients(small, 6)
        self.own(rig.connect(small.address, small.port))
        rig.wait_for(lambda: netns.counter(netns.LO), "an overflow")
        # Its workers are held by requests that never end; it has its default AcceptFilter.
        apache = self.own(servers.Apache(mpm="prefork", workers=2))
        apache.once()
        for _ in range(2):
            self.own(apache.hold())
        self.clients(apache, 10)
        rig.wait_for(lambda: self.length(apache) == 10, "ten clients to wait")
        postgres = self.own(servers.Postgres())
        postgres.once()
        os.kill(postgres.pid, signal.SIGSTOP)
        self.clients(postgres, 3, b"\0")
        nginx = self.own(servers.Nginx(workers=1, files=40))
        self.clients(nginx, 60)
        rig.wait_for(lambda: "Too many open files" in nginx.said(), "nginx to run out")
        # At its maxconn.
        haproxy = self.own(servers.Haproxy(behind=self.own(servers.Nginx()), maxconn=4))
        self.clients(haproxy, 20)
        rig.wait_for(lambda: self.length(haproxy) == 16, "the rest to wait")
        php = self.own(servers.PhpFpm(children=1, backlog=5))
        php.once()
        self.own(php.hold())
        rig.wait_for(lambda: not rig.oracle.unix_length(php.path), "the worker to take it")
        code = 0
        while code != errno.EAGAIN:
            client = self.own(socket.socket(socket.AF_UNIX))
            client.setblocking(False)
            code = client.connect_ex(str(php.path))
            self.assertIn(code, (0, errno.EAGAIN))
        # In a long script.
        redis = self.own(servers.Redis())
        self.holders(redis, 1)
        self.clients(redis, 5, b"PING\r\n")

        rows = self.named()
        for server, state, reason in (
                (gunicorn, "stalled", "not-accepting"), (apache, "stalled", "not-accepting"),
                (postgres, "stalled", "stopped"), (nginx, "stalled", "fd-limit"),
                (haproxy, "stalled", "not-accepting"), (redis, "stalled", "not-accepting")):
            row = rows[server.port]
            self.assertEqual((row["state"], row["reasons"][:1]), (state, [reason]), row)
        row = rows[small.port]
        self.assertIn(row["state"], ("overflowing", "full"), row)
        self.assertEqual(row["reasons"][0], "not-accepting")
        row = rows[str(php.path)]
        self.assertEqual(row["state"], "full", row)
        self.assertIn("blocks-clients", row["reasons"])
        self.assertFalse(row["reasons"][0].startswith("limit-"), row)
        self.assertEqual(listenq.instant()["not_shown"]["unix_full"], 1)

        process, = rows[postgres.port]["processes"]
        self.assertEqual((process["pid"], process["state"]), (postgres.pid, "T"))
        self.assertIn((40, 40), [(each["open_fds"], each["fd_limit"])
                                 for each in rows[nginx.port]["processes"]])
        named = [line for line in listenq.run("-d", "0.3").out.splitlines()
                 if "stopped" in line and str(postgres.pid) in line]
        self.assertTrue(named, "no sentence names the process")

    def test_nginx_under_a_syn_flood(self):
        """Whom nobody answers: real clients come through, by their cookies."""
        netns.sysctl("net.ipv4.tcp_syncookies", 1)
        server, raw = self.own(servers.Nginx(backlog=64)), self.raw()
        numbers = itertools.cycle(range(1, 251))
        flood = self.own(rig.Worker(lambda: raw.send(
            f"{rig.SILENT}{next(numbers)}", server.address, server.port), every=1 / 300))
        rig.wait_for(lambda: netns.counter("TcpExtSyncookiesSent") > 20, "cookies")
        server.once()
        row = self.named()[server.port]
        flood.close()
        self.assertEqual((row["state"], row["reasons"][0]), ("syn-full", "syn-flood"), row)
