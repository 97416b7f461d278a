# SPDX-License-Identifier: GPL-2.0-or-later
"""Real sockets in the test's namespace: listeners, clients, hand-made SYNs."""
import errno
import itertools
import os
import resource
import signal
import socket
import struct
import time
import unittest

import listenq
import netns
import oracle

TCP_DEFER_ACCEPT = socket.TCP_DEFER_ACCEPT
ESTABLISHED, SYN_SENT = 1, 2
DEADLINE = 15.0


def wait_for(condition, what, deadline=DEADLINE, period=0.002):
    """Poll until condition() is true; its value is returned."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline} s in vain for {what}")
        time.sleep(period)


def wait_until(moment):
    """Let the clock itself be the condition."""
    while time.monotonic() < moment:
        time.sleep(max(0.001, moment - time.monotonic()))


def tcp_state(sock):
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[0]


class Listener:
    """One listening socket; keywords name the socket options of interest."""

    def __init__(self, address="127.0.0.1", port=0, backlog=5, *, defer=False,
                 reuseport=False, device=None, v6only=None, fastopen=0):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.sock = sock = socket.socket(family, socket.SOCK_STREAM)
        self.family = family
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuseport:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            assert self.cookie  # which is given when it is first asked for: now
        if device:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                            os.fsencode(device))
        if v6only is not None:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(v6only))
        if defer:
            sock.setsockopt(socket.IPPROTO_TCP, TCP_DEFER_ACCEPT, 60)
        if fastopen:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, fastopen)
        sock.bind((address, port))
        sock.listen(backlog)
        self.address, self.port = sock.getsockname()[:2]
        sock.setblocking(False)

    @property
    def cookie(self):
        SO_COOKIE = 57
        raw = self.sock.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8)
        return hex(struct.unpack("=Q", raw)[0])

    @property
    def inode(self):
        return os.fstat(self.sock.fileno()).st_ino

    @property
    def length(self):
        """tcpi_unacked of a listener is the accept queue."""
        raw = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 28)
        return struct.unpack_from("=I", raw, 24)[0]

    def listen(self, backlog):
        self.sock.listen(backlog)

    def accept(self):
        return self.sock.accept()[0]

    def close(self):
        self.sock.close()


def connect(address, port, source=None):
    """A non-blocking connect; the SYN is out when this returns."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setblocking(False)
    if source:
        sock.bind((source, 0))
    result = sock.connect_ex((address, port))
    if result not in (0, errno.EINPROGRESS):
        raise OSError(result, os.strerror(result))
    return sock


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Raw:
    """Hand-made IPv4 segments. Nothing here retransmits, so counts are exact."""
    FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10

    def __init__(self):
        try:
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                                      socket.IPPROTO_RAW)
        except PermissionError as error:
            raise unittest.SkipTest(f"raw sockets: {error}")
        self.ports = itertools.cycle(range(20000, 60000))

    def send(self, source, address, port, flags=SYN, payload=b"", sport=None, seq=12345):
        src, dst = socket.inet_aton(source), socket.inet_aton(address)
        tcp = struct.pack("!HHIIBBHHH", sport or next(self.ports), port, seq, 0,
                          5 << 4, flags, 65535, 0, 0) + payload
        pseudo = src + dst + struct.pack("!BBH", 0, 6, len(tcp))
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0,
                             64, 6, 0, src, dst)
        self.sock.sendto(header + tcp, (address, 0))

    def close(self):
        self.sock.close()


# Sources routed to lo but owned by nobody: a SYN-ACK to them is lost.
SILENT = "10.99.0."


class Case(unittest.TestCase):
    """A test in its own namespace; what it opens is closed after it."""
    maxDiff = None

    def setUp(self):
        netns.enter()
        self._raw = None

    def own(self, thing):
        self.addCleanup(thing.close)
        return thing

    def listener(self, *args, **kwargs):
        return self.own(Listener(*args, **kwargs))

    def raw(self):
        if not self._raw:
            self._raw = self.own(Raw())
            netns.ip("route", "add", "10.99.0.0/16", "dev", "lo")
        return self._raw

    def connect(self, listener, count=1, address=None, source=None):
        """Clients whose SYN is out, in whatever state."""
        address = address or {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(
            listener.address, listener.address)
        return [self.own(connect(address, listener.port, source))
                for _ in range(count)]

    def connected(self, listener, count=1, address=None, source=None):
        """Clients that believe they are connected."""
        clients = self.connect(listener, count, address, source)
        wait_for(lambda: all(tcp_state(c) == ESTABLISHED for c in clients),
                 f"{count} clients to be established")
        return clients

    def queue(self, listener, count, **kwargs):
        """Clients that wait in the accept queue, and do so now."""
        before = listener.length
        clients = self.connected(listener, count, **kwargs)
        wait_for(lambda: listener.length == before + count,
                 f"{before + count} connections in the accept queue")
        return clients

    def fill(self, listener, limit):
        """As many clients as the kernel lets in: limit + 1."""
        return self.queue(listener, limit + 1 - listener.length)

    def group(self, address, port, backlogs):
        """Listeners with SO_REUSEPORT on one port, in the order of their cookies, of which each
        CPU has its own in store."""
        cpus = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(cpus)})
        try:
            return [self.listener(address, port, backlog, reuseport=True) for backlog in backlogs]
        finally:
            os.sched_setaffinity(0, cpus)

    def queue_in(self, member, group, count):
        """count clients in the accept queue of one member of a group. The kernel chooses whose
        each is; what others get they accept."""
        while member.length < count:
            before = [listener.length for listener in group]
            self.connected(member)
            wait_for(lambda: sum(listener.length for listener in group) > sum(before),
                     "one more connection in a queue")
            for other, length in zip(group, before):
                if other is not member and other.length > length:
                    self.own(other.accept())

    def syns(self, listener, count, address=None, drops=True):
        """count SYNs that nobody repeats; returns when all were discarded."""
        raw = self.raw()
        address = address or {"0.0.0.0": "127.0.0.1"}.get(
            listener.address, listener.address)
        before = netns.counter(netns.LD)
        for i in range(count):
            raw.send(SILENT + str(i % 250 + 1), address, listener.port)
        if drops:
            wait_for(lambda: netns.counter(netns.LD) == before + count,
                     f"{count} SYNs to be dropped")

    def half_open(self, listener, count):
        """count requests whose SYN-ACK nobody answers."""
        before = len(oracle.syn_recv())
        self.syns(listener, count, drops=False)
        wait_for(lambda: len(oracle.syn_recv()) == before + count,
                 f"{before + count} sockets in SYN_RECV")

    def primed(self, listener, limit, count):
        """Fill a TCP_DEFER_ACCEPT listener, and have count clients more whose
        first data will find it full: the ACK path of an overflow."""
        early = self.connected(listener, limit + 1)
        late, early = early[:count], early[count:]
        for round_ in (early, None):
            if round_ is None:
                round_ = self.connected(listener, count)
            before = listener.length
            for client in round_:
                client.send(b"x")
            wait_for(lambda: listener.length == before + len(round_),
                     "connections to complete")
        return late

    def overflow(self, listener, count):
        """count overflows of a full listener, exactly."""
        before = netns.counter(netns.LO)
        self.syns(listener, count)
        self.assertEqual(netns.counter(netns.LO), before + count)

    def row(self, report, listener):
        """The report's row for this socket."""
        rows = [row for row in report["listeners"]
                if row["cookie"] == listener.cookie]
        self.assertEqual(len(rows), 1, f"rows of port {listener.port}")
        return rows[0]

    def assertSameAsKernel(self, report):
        """Queue, limit and drops against ss, totals against /proc, to the digit.
        Only for a namespace that is at rest, but for SYN-ACKs that a timer repeats."""
        seen = {row["cookie"]: (row["accept_queue"]["length"],
                                row["accept_queue"]["limit"],
                                row["drops"]["total"], row["inode"])
                for row in report["listeners"] if not row["gone"]}
        real = {row.cookie: (row.length, row.limit, row.drops, row.inode)
                for row in oracle.listeners()}
        self.assertEqual(seen, real)
        self.assertEqual(len(report["namespaces"]), 1)
        repeating = bool(oracle.syn_recv())
        kernel = netns.counters()
        for name, value in report["namespaces"][0]["counters"].items():
            if repeating and name == "TcpExtTCPSynRetrans":
                self.assertLessEqual(value["total"], kernel[name], name)
            elif name in kernel:
                self.assertEqual(value["total"], kernel[name], name)
            else:
                self.assertIsNone(value["total"] if value else None, name)

    def during(self, action, *args, delay=0.7):
        """The JSON report of a window that action() lies wholly inside of."""
        return listenq.during(action, "--json", *args, delay=delay).json


def many_files(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        if hard != resource.RLIM_INFINITY and hard < count:
            raise unittest.SkipTest(f"no more than {hard} open files")
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


class Crowd:
    """Very many listeners, held by processes of their own: none may have so many files.
    grouped: all of them in one SO_REUSEPORT group."""
    SHARE = 5000

    def __init__(self, count, grouped=False):
        self.pids = []
        ready, told = os.pipe()
        for first in range(0, count, self.SHARE):
            pid = os.fork()
            if not pid:
                self._hold(first, min(count, first + self.SHARE), told, grouped)
            self.pids.append(pid)
        os.close(told)
        with open(ready, "rb") as file:
            done = file.read(len(self.pids))
        if len(done) < len(self.pids):
            self.close()
            raise AssertionError("not all of the listeners could be made")

    @staticmethod
    def _hold(first, end, told, grouped):
        """A hundred ports an address: kernels before 5.19 hash listeners by port alone."""
        try:
            many_files(end - first + 64)
            held = []
            for i in range(first, end):
                host = i // 100
                if grouped:
                    held.append(Listener("127.0.0.1", 10000, backlog=128, reuseport=True))
                    continue
                held.append(Listener(f"127.0.{host // 250}.{host % 250 + 1}", 10000 + i % 100,
                                     backlog=128))
            os.write(told, b".")
            os.close(told)
            while True:
                signal.pause()
        finally:
            os._exit(1)

    def close(self):
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
