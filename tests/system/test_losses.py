# SPDX-License-Identifier: GPL-2.0-or-later
"""A drop is not a loss: what costs no client anything raises no alarm, alone or beside a loss."""
import socket
import struct
import subprocess
import time

import listenq
import netns
import oracle
import rig
from netns import LD, LO

COOKIES = "net.ipv4.tcp_syncookies"
MAX_SYN_BACKLOG = "net.ipv4.tcp_max_syn_backlog"
QFULL = "TcpExtTCPReqQFullDrop"
BROADCAST = "IpExtInBcastPkts"
UNREACHABLE = "IcmpInDestUnreachs"
NONE = {"min": 0, "max": 0}


def lost():
    """What the kernel counts of the losses of this namespace."""
    counters = oracle.nstat()
    return counters[LD] - counters[LO]


class Case(rig.Case):
    def during(self, action):
        """With a fast sample: only where one saw that no listener came and went there is a lower
        bound."""
        return super().during(action, looks=2)

    def drops(self, listener):
        return next(row.drops for row in oracle.listeners() if row.cookie == listener.cookie)

    def dropped(self, listener, action, count):
        """Returns what does action(), and waits until the listener has count drops more."""
        def act():
            before = self.drops(listener)
            action()
            rig.wait_for(lambda: self.drops(listener) == before + count, f"{count} drops",
                         period=0.01)
        return act

    def raw_from(self, other):
        """Hand-made segments that come from another namespace."""
        with netns.Other(f"/proc/{other.pid}/ns/net"):
            return self.own(rig.Raw())

    def veth(self, address, gateway, *commands):
        """v0 with address here, v1 with gateway in the namespace of somebody else."""
        other = self.own(netns.Inhabited())
        netns.ip("link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns",
                 str(other.pid))
        netns.sysctl("net.ipv6.conf.v0.accept_dad", 0)
        netns.ip("address", "add", address, "dev", "v0")
        netns.ip("link", "set", "v0", "up")
        for command in ("echo 0 >/proc/sys/net/ipv6/conf/v1/accept_dad",
                        f"ip address add {gateway} dev v1", "ip link set v1 up", *commands):
            subprocess.run(["nsenter", "-t", str(other.pid), "-n", "sh", "-c", command], check=True)
        return other

    def full_syn_queue(self):
        """A listener whose SYN queue drops what comes, with no cookies to send instead."""
        netns.sysctl(COOKIES, 0)
        listener = self.listener("127.0.0.3", backlog=1)
        self.half_open(listener, 2)
        return listener

    def syns_lost(self, listener, count):
        """count SYNs more, which that SYN queue drops."""
        before = netns.counter(QFULL)
        self.syns(listener, count, drops=False)
        rig.wait_for(lambda: netns.counter(QFULL) == before + count, f"{count} losses")

    def assertBounds(self, row, truth):
        self.assertLessEqual(row["losses"]["min"], truth, row["losses"])
        self.assertGreaterEqual(row["losses"]["max"], truth, row["losses"])

    def assertWell(self, report, listener):
        row = self.row(report, listener)
        self.assertEqual((row["state"], row["reasons"]), ("ok", []))
        self.assertEqual(row["losses"]["min"], 0)
        self.assertBounds(row, 0)
        return row


class Harmless(Case):
    def check(self, listener, cause, drops, counted=0):
        """cause(): so many drops, of which ListenDrops counts some. Nobody lost anything."""
        act = self.dropped(listener, cause, drops)
        before = lost()
        report = self.during(act)
        self.assertEqual(lost() - before, counted)
        row = self.assertWell(report, listener)
        self.assertEqual(row["drops"]["delta"], drops)
        self.assertEqual(row["losses"], {"min": 0, "max": counted})
        self.assertEqual(row["overflows"], NONE)
        # Beside another listener that loses more than that.
        lossy, real = self.full_syn_queue(), drops + counted + 3

        def both():
            act()
            self.syns_lost(lossy, real)
        report = self.during(both)
        self.assertEqual(lost() - before, real + 2 * counted)
        self.assertWell(report, listener)
        row = self.row(report, lossy)
        self.assertEqual((row["state"], row["drops"]["delta"]), ("dropping", real))
        self.assertBounds(row, real)
        self.assertGreater(row["losses"]["min"], 0)

    def stray(self, listener, flags, count):
        for _ in range(count):
            self.raw().send(rig.SILENT + "1", listener.address, listener.port, flags=flags)

    def test_defer_accept(self):
        """Apache's default: a drop for each healthy connection."""
        listener = self.listener(backlog=99, defer=True)
        self.check(listener, lambda: self.connected(listener, 4), 4)

    def test_half_open_health_check(self):
        """Its host answers the SYN-ACK with a RST, as nobody there has asked for it."""
        listener = self.listener("127.0.0.2", backlog=9)

        def probe():
            resets = netns.counter("TcpExtEmbryonicRsts")
            for _ in range(4):
                self.raw().send("127.0.0.1", listener.address, listener.port)
            rig.wait_for(lambda: netns.counter("TcpExtEmbryonicRsts") == resets + 4, "RSTs")
        self.check(listener, probe, 4)

    def test_repeated_syns(self):
        """The request is there already: what is dropped is its copy."""
        listener = self.listener(backlog=200)

        def repeat():
            sport = next(self.raw().ports)
            for _ in range(4):
                self.raw().send(rig.SILENT + "1", listener.address, listener.port, sport=sport)
        self.check(listener, repeat, 3)

    def test_stray_packets(self):
        listener = self.listener(backlog=9)

        def send():
            answered = netns.counter("TcpOutRsts")
            self.stray(listener, rig.Raw.RST, 2)
            self.stray(listener, rig.Raw.FIN, 2)
            self.stray(listener, rig.Raw.ACK, 3)
            rig.wait_for(lambda: netns.counter("TcpOutRsts") == answered + 3, "answers to ACKs")
        self.check(listener, send, 4)
        # At one that loses some as well.
        lossy = self.full_syn_queue()
        act = self.dropped(lossy, lambda: self.stray(lossy, rig.Raw.RST, 4), 4)

        def mixed():
            act()
            self.syns_lost(lossy, 3)
        row = self.row(self.during(mixed), lossy)
        self.assertEqual((row["drops"]["delta"], row["losses"]), (7, {"min": 3, "max": 3}))

    def test_broadcast(self):
        """The kernel takes no SYN to a broadcast address, and counts it among ListenDrops."""
        listener = self.listener("0.0.0.0", backlog=9)
        self.raw().sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)

        def broadcast():
            before = netns.counter(BROADCAST)
            for i in range(4):
                self.raw().send("127.0.0.9", "127.255.255.255", listener.port)
            self.assertEqual(netns.counter(BROADCAST), before + 4)
        self.check(listener, broadcast, 4, counted=4)

    def test_unreachable_by_a_router(self):
        """An ICMP error ends a half-open connection: its client was never there."""
        router = self.veth("10.77.0.1/24", "10.77.0.2/24",
                           "echo 1 >/proc/sys/net/ipv4/ip_forward",
                           "echo 0 >/proc/sys/net/ipv4/icmp_ratemask",
                           "ip route add unreachable 10.98.0.0/16")
        netns.ip("route", "add", "10.98.0.0/16", "via", "10.77.0.2")
        raw = self.raw_from(router)
        listener = self.listener("10.77.0.1", backlog=9)

        def scan():
            # A router sends five such errors at once, and then one a second.
            before = netns.counter(UNREACHABLE)
            raw.send("10.98.0.1", listener.address, listener.port)
            rig.wait_for(lambda: netns.counter(UNREACHABLE) == before + 1, "an ICMP error")
        self.check(listener, scan, 1, counted=1)

    def test_no_answer_to_arp(self):
        """The same on one's own network, where the host itself finds nobody."""
        router = self.veth("10.77.0.1/24", "10.77.0.2/24")
        for name, value in (("retrans_time_ms", 100), ("mcast_solicit", 1)):
            netns.sysctl(f"net.ipv4.neigh.v0.{name}", value)
        raw = self.raw_from(router)
        listener = self.listener("10.77.0.1", backlog=9)
        hosts = iter(range(10, 250))

        def scan():
            for _ in range(4):
                raw.send(f"10.77.0.{next(hosts)}", listener.address, listener.port)
        self.check(listener, scan, 4, counted=4)

    def test_unreachable_over_ipv6(self):
        """They have a counter of their own, in snmp6."""
        router = self.veth("fd77::1/64", "fd77::2/64",
                           "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding",
                           "echo 0 >/proc/sys/net/ipv6/icmp/ratelimit",
                           "ip route add prohibit fd98::/64")
        netns.ip("route", "add", "fd98::/64", "via", "fd77::2")
        with netns.Other(f"/proc/{router.pid}/ns/net"):
            IPV6_HDRINCL = 36
            raw = self.own(socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW))
            raw.setsockopt(socket.IPPROTO_IPV6, IPV6_HDRINCL, 1)
        listener = self.listener("fd77::1", backlog=9)
        ports = iter(range(3000, 4000))

        def scan():
            for i in range(4):
                source, to = (socket.inet_pton(socket.AF_INET6, text)
                              for text in (f"fd98::{i + 1}", listener.address))
                tcp = struct.pack("!HHIIBBHHH", next(ports), listener.port, 12345, 0, 5 << 4,
                                  rig.Raw.SYN, 65535, 0, 0)
                pseudo = source + to + struct.pack("!II", len(tcp), socket.IPPROTO_TCP)
                tcp = tcp[:16] + struct.pack("!H", rig.checksum(pseudo + tcp)) + tcp[18:]
                raw.sendto(struct.pack("!IHBB", 6 << 28, len(tcp), socket.IPPROTO_TCP, 64) +
                           source + to + tcp, (listener.address, 0))
        # The first one waits until both ends of the link are up.
        self.dropped(listener, scan, 4)()
        self.check(listener, scan, 4, counted=4)

    def test_beside_overflows(self):
        """Strays at a full listener: its overflows are known, and nothing else is lost."""
        full = self.listener(backlog=1)
        self.fill(full, 1)
        stray = self.dropped(full, lambda: self.stray(full, rig.Raw.RST, 5), 5)

        def act():
            stray()
            self.overflow(full, 3)
        row = self.row(self.during(act), full)
        self.assertEqual(row["drops"]["delta"], 8)
        self.assertEqual((row["overflows"], row["losses"]), ({"min": 3, "max": 3}, NONE))

    def test_defer_accept_under_load(self):
        """Servers and clients as they are: ok in every window, and at 90 % high, not dropping."""
        busy = self.listener(backlog=64, defer=True)
        crowded, raw = self.listener("127.0.0.2", backlog=9, defer=True), self.raw()
        queued = self.connected(crowded, 9)
        for client in queued:
            client.send(b"x")
        rig.wait_for(lambda: crowded.length == 9, "a queue of nine")
        answered = []

        def serve():
            with busy.accept() as sock:
                sock.sendall(sock.recv(100))

        def ask():
            with socket.create_connection((busy.address, busy.port), 5) as sock:
                time.sleep(0.005)  # the bare ACK of the handshake is there, and dropped
                sock.sendall(b"x")
                answered.append(sock.recv(10) == b"x")
            raw.send("127.0.0.1", crowded.address, crowded.port)
        server, load = rig.Worker(serve), rig.Worker(ask)
        rig.wait_for(lambda: len(answered) > 5, "load")
        reports = listenq.run("--watch", "--json", "-d", "0.5", "--count", "3").documents
        load.close()
        server.close()
        self.assertTrue(all(answered))
        for report in reports[1:]:
            self.assertGreater(self.assertWell(report, busy)["drops"]["delta"], 0)
            row = self.row(report, crowded)
            self.assertGreater(row["drops"]["delta"], 0)
            self.assertIn(row["state"], ("high", "stalled"))
            self.assertEqual(row["losses"], NONE)
        self.assertEqual(self.row(reports[1], crowded)["state"], "high")
        self.assertEqual(netns.counter(LD), 0)


class Real(Case):
    def test_full_syn_queues(self):
        """Two of them beside a third: each SYN is one drop and one loss, so the proof is exact."""
        one, two = self.full_syn_queue(), self.full_syn_queue()
        well = self.listener(backlog=9)

        def act():
            self.syns_lost(one, 5)
            self.syns_lost(two, 8)
            self.half_open(well, 3)
        before = lost()
        report = self.during(act)
        self.assertEqual(lost() - before, 13)
        for listener, count in ((one, 5), (two, 8)):
            row = self.row(report, listener)
            self.assertEqual((row["state"], row["losses"]),
                             ("dropping", {"min": count, "max": count}))
        self.assertEqual(self.assertWell(report, well)["losses"], NONE)

    def test_beside_broadcasts(self):
        """Those of others hide nothing of what a full SYN queue has lost for sure."""
        lossy = self.full_syn_queue()
        sender = self.own(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)

        def act():
            before = netns.counter(BROADCAST)
            for _ in range(9):
                sender.sendto(b"x", ("127.255.255.255", 9))
            self.assertEqual(netns.counter(BROADCAST), before + 9)
            self.syns_lost(lossy, 4)
        self.assertLost(lossy, act, 4)

    def test_beside_overflows(self):
        """Neither is taken for the other."""
        lossy, full = self.full_syn_queue(), self.listener(backlog=1)
        self.fill(full, 1)

        def act():
            self.syns_lost(lossy, 5)
            self.overflow(full, 7)
        report = self.during(act)
        row = self.row(report, full)
        self.assertEqual((row["state"], row["overflows"]), ("overflowing", {"min": 2, "max": 7}))
        self.assertBounds(row, 0)
        row = self.row(report, lossy)
        self.assertEqual((row["state"], row["overflows"]), ("dropping", {"min": 0, "max": 5}))
        self.assertBounds(row, 5)

    def assertLost(self, listener, act, count):
        row = self.row(self.during(act), listener)
        self.assertEqual((row["drops"]["delta"], row["losses"]),
                         (count, {"min": count, "max": count}))
        self.assertEqual((row["state"], row["overflows"]), ("dropping", NONE))
        return row

    def test_three_quarters(self):
        netns.sysctl(COOKIES, 0)
        netns.sysctl(MAX_SYN_BACKLOG, 8)
        for address in "127.0.0.1", "::":
            listener = self.listener(address, backlog=100)
            before = lost()

            def act():
                self.syns(listener, 20, drops=False, address="127.0.0.1")
                rig.wait_for(lambda: lost() == before + 13, "13 losses")
            row = self.assertLost(listener, act, 13)
            self.assertEqual(row["syn_queue"]["length"], 7)
            self.assertEqual(row["reasons"], ["limit-from-syn-backlog"])

    def test_no_syn_backlog(self):
        """0 and -1 let one in, less lets in none: then the SYN queue is empty, and all is lost."""
        netns.sysctl(COOKIES, 0)
        for backlog, fit in ((0, 1), (-1, 1), (-2, 0), (-100, 0)):
            netns.sysctl(MAX_SYN_BACKLOG, backlog)
            listener = self.listener(backlog=100)
            row = self.assertLost(listener, lambda: self.syns_fit(listener, 6, fit), 6 - fit)
            self.assertEqual((row["syn_queue"]["length"], row["syn_queue"]["limit"]), (fit, 0))
            self.assertEqual(row["reasons"], ["limit-from-syn-backlog"])
        # No proof, where others dropped as much; but then that is evidence.
        other = self.listener(backlog=100)

        def beside_strays():
            for _ in range(6):
                self.raw().send(rig.SILENT + "1", other.address, other.port, flags=rig.Raw.RST)
            self.syns_fit(listener, 6, 0)
        row = self.row(self.during(beside_strays), listener)
        self.assertEqual((row["state"], row["losses"]), ("dropping", {"min": 0, "max": 6}))

    def syns_fit(self, listener, count, fit):
        before = netns.counter(LD)
        self.syns(listener, count, drops=False)
        rig.wait_for(lambda: netns.counter(LD) == before + count - fit, "lost SYNs")

    def test_no_route_back(self):
        """No reason knows the cause: the state says what to look at."""
        listener = self.listener(backlog=9)

        def act():
            before = netns.counter(LD)
            for i in range(3):
                self.raw().send("10.55.0.1", listener.address, listener.port)
            rig.wait_for(lambda: netns.counter(LD) == before + 3, "losses")
        self.assertEqual(self.assertLost(listener, act, 3)["reasons"], [])
        result = listenq.during(act, "-o", "address,port,state,drops-delta,losses,reasons", looks=2)
        self.assertEqual(result.out.splitlines()[1].split(),
                         ["127.0.0.1", str(listener.port), "dropping", "+3", "+3", "-"])
        self.assertIn("look at the counters that moved", listenq.during(act, looks=2).out)

    def test_bounds_hold_in_a_mixture(self):
        """All at once, at four listeners: what the kernel did is within the bounds of each."""
        lossy = [self.full_syn_queue(), self.full_syn_queue()]
        full = self.listener(backlog=1)
        self.fill(full, 1)
        defer = self.listener(backlog=99, defer=True)
        probed = self.listener("127.0.0.2", backlog=9)

        def act():
            for _ in range(3):
                self.overflow(full, 2)
                self.syns_lost(lossy[0], 3)
                self.raw().send("127.0.0.1", probed.address, probed.port)
                self.syns_lost(lossy[1], 4)
                self.connected(defer, 2)
        report = self.during(act)
        truth = {lossy[0]: 9, lossy[1]: 12, full: 0, defer: 0, probed: 0}
        for listener, count in truth.items():
            self.assertBounds(self.row(report, listener), count)
        self.assertEqual([self.row(report, listener)["state"] for listener in truth],
                         ["dropping", "dropping", "overflowing", "ok", "ok"])

    def test_no_route_back_over_ipv6(self):
        """The neighbours may have asked for each other meanwhile, which is taken off."""
        router = self.veth("fd77::1/64", "fd77::2/64",
                           "ip -6 route add default via fd77::1 dev v1",
                           "ip address add fd99::1/64 dev v1 nodad")
        listener = self.listener("fd77::1", backlog=9)
        with netns.Other(f"/proc/{router.pid}/ns/net"):
            for _ in range(20):  # until both ends of the link are up
                client = self.own(socket.socket(socket.AF_INET6))
                client.settimeout(0.1)
                try:
                    client.connect((listener.address, listener.port))
                    break
                except OSError:
                    continue
        self.own(listener.accept())

        def knock():
            with netns.Other(f"/proc/{router.pid}/ns/net"):
                for _ in range(20):
                    client = self.own(socket.socket(socket.AF_INET6))
                    client.bind(("fd99::1", 0))
                    client.setblocking(False)
                    client.connect_ex((listener.address, listener.port))
        row = self.row(self.during(self.dropped(listener, knock, 20)), listener)
        self.assertEqual((row["state"], row["losses"]["max"]), ("dropping", 20))
        self.assertBounds(row, 20)
