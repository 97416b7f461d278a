# SPDX-License-Identifier: GPL-2.0-or-later
"""Real sockets in the test's namespace: listeners, clients, hand-made SYNs; processes, threads."""
import contextlib
import ctypes
import errno
import itertools
import mmap
import os
import pathlib
import resource
import signal
import socket
import struct
import threading
import time
import unittest

import listenq
import netns
import oracle

TCP_DEFER_ACCEPT = socket.TCP_DEFER_ACCEPT
IPPROTO_MPTCP = 262
ESTABLISHED = 1
DEADLINE = 15.0
LIBC = ctypes.CDLL(None, use_errno=True)


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


TICK = 0.02  # the kernel's ages are in clock ticks, of 10 ms at most


class Span:
    """The time that an action took, and its result."""

    def __init__(self, action):
        self.begin = time.monotonic()
        self.result = action()
        self.end = time.monotonic()

    def ages(self, since):
        """Least and most seconds from what happened in the other span to what happened in this."""
        return self.begin - since.end - TICK, self.end - since.begin + TICK


def checked(result):
    """The result of a function of libc that returns -1 for an error."""
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def reset(client):
    """Close a client so that it sends RST."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


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


class UnixListener:
    """One of any name: Python refuses a path of 108 bytes, which the kernel takes."""
    cookie = Listener.cookie
    inode = Listener.inode
    accept = Listener.accept
    close = Listener.close

    def __init__(self, name, backlog=5, kind=socket.SOCK_STREAM):
        self.sock = socket.socket(socket.AF_UNIX, kind)
        self.name, self.kind = name, kind
        address = struct.pack("=H", socket.AF_UNIX) + name
        checked(LIBC.bind(self.sock.fileno(), address, len(address)))
        self.sock.listen(backlog)
        self.sock.setblocking(False)

    def connect(self):
        """A client, connected without waiting."""
        client = socket.socket(socket.AF_UNIX, self.kind)
        client.setblocking(False)
        try:
            client.connect(self.name)
        except OSError:
            client.close()
            raise
        return client


class Child:
    """A forked process that calls begin(child), and then serve(), until it is killed."""

    def __init__(self, begin=lambda child: None, serve=signal.pause):
        ready, done = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            try:
                os.close(ready)
                begin(self)
                os.write(done, b"x")
                os.close(done)
                while True:
                    serve()
            finally:
                os._exit(1)
        os.close(done)
        with open(ready, "rb") as file:
            if not file.read(1):
                self.close()
                raise AssertionError("the child failed")

    def state(self):
        """As proc(5) has it."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0]

    def close(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.pid = 0


class Server(Child):
    """A process of that name, to which a listener now belongs. It accepts when it is told to."""

    def __init__(self, name, listener, accepts=False):
        self.name, self.address, self.port = name, listener.address, listener.port
        self.told = mmap.mmap(-1, 2)  # shared with the child
        self.accepts = accepts
        self.served = []
        self.listener = listener
        super().__init__(self._begin, self._serve)
        listener.close()

    def _begin(self, _):
        pathlib.Path("/proc/self/comm").write_text(self.name, encoding="ascii")

    def _serve(self):
        try:
            while self.accepts:
                self.served = [*self.served[-100:], self.listener.accept()]
                time.sleep(self.told[1] / 1000)
        except BlockingIOError:
            pass
        time.sleep(0.002 if self.accepts else 0.05)

    @property
    def accepts(self):
        return self.told[0] == 1

    @accepts.setter
    def accepts(self, value):
        self.told[0] = value

    def work(self, milliseconds):
        """Take so long for each connection from now on."""
        self.told[1] = milliseconds

    @property
    def length(self):
        """Of its accept queue."""
        return oracle.listener(self.port).length


class Sleeper(Server):
    """One that never accepts, nor does anything else."""

    def _serve(self):
        signal.pause()


class Worker(threading.Thread):
    """Calls step(), so many seconds apart, until it is closed; close() raises what step() raised. A
    step that would block is tried again."""

    def __init__(self, step, every=0.0):
        super().__init__(daemon=True)
        self.step, self.every = step, every
        self.ended, self.failure = threading.Event(), None
        self.start()

    def run(self):
        while not self.failure and not self.ended.is_set():
            try:
                self.step()
            except BlockingIOError:
                self.ended.wait(0.001)
                continue
            except Exception as error:
                self.failure = error
            self.ended.wait(self.every)

    def close(self):
        self.ended.set()
        self.join()
        if self.failure:
            raise self.failure


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

    def segment(self, source, address, port, flags=SYN, payload=b"", sport=None, seq=12345):
        src, dst = socket.inet_aton(source), socket.inet_aton(address)
        tcp = struct.pack("!HHIIBBHHH", sport or next(self.ports), port, seq, 0,
                          5 << 4, flags, 65535, 0, 0) + payload
        pseudo = src + dst + struct.pack("!BBH", 0, 6, len(tcp))
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0,
                             64, 6, 0, src, dst)
        return header + tcp

    def send(self, source, address, *args, **kwargs):
        self.sock.sendto(self.segment(source, address, *args, **kwargs), (address, 0))

    def close(self):
        self.sock.close()


# What a SYN-ACK that a timer repeats raises.
REPEATED = ("TcpExtTCPSynRetrans", "TcpInSegs")

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

    @contextlib.contextmanager
    def within(self, other):
        """The rig works in another namespace, with a raw socket of that."""
        mine, self._raw = self._raw, getattr(other, "raw", None)
        with other:
            yield other
        other.raw, self._raw = self._raw, mine

    def listener(self, *args, **kwargs):
        return self.own(Listener(*args, **kwargs))

    def unix(self, name, backlog=5, queued=0, kind=socket.SOCK_STREAM):
        """A UNIX listener with clients that wait."""
        listener = self.own(UnixListener(name, backlog, kind))
        for _ in range(queued):
            self.own(listener.connect())
        return listener

    def mptcp(self):
        """An MPTCP socket; None where the kernel has none."""
        try:
            return self.own(socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP))
        except OSError:
            return None

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

    def group(self, backlogs, address="127.0.0.1", port=0, **kwargs):
        """Listeners with SO_REUSEPORT on one port, in the order of their cookies, of which each
        CPU has its own in store."""
        cpus = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(cpus)})
        members = []
        try:
            for backlog in backlogs:
                members.append(self.listener(address, port, backlog, reuseport=True, **kwargs))
                port = members[0].port
        finally:
            os.sched_setaffinity(0, cpus)
        return members

    def queue_any(self, members, count):
        """Clients of a group that wait in some queue: the kernel chooses whose each is."""
        before = sum(member.length for member in members)
        clients = self.connected(members[0], count)
        wait_for(lambda: sum(member.length for member in members) == before + count,
                 f"{before + count} connections in some queue")
        return clients

    def queue_in(self, member, group, count):
        """count clients in the accept queue of one member of a group. What others get they
        accept."""
        while member.length < count:
            before = [listener.length for listener in group]
            self.queue_any(group, 1)
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

    def assertAge(self, seconds, since, now):
        """Of what began in one span, as seen in another."""
        least, most = now.ages(since)
        self.assertGreaterEqual(seconds, least)
        self.assertLessEqual(seconds, most)

    def row(self, report, listener):
        """The report's row for this socket."""
        rows = [row for row in report["listeners"]
                if row["cookie"] == listener.cookie]
        self.assertEqual(len(rows), 1, (listener.sock, listener.cookie, report))
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
            if repeating and name in REPEATED:
                self.assertLessEqual(value["total"], kernel[name], name)
            elif name in kernel:
                self.assertEqual(value["total"], kernel[name], name)
            else:
                self.assertIsNone(value["total"] if value else None, name)

    def during(self, action, *args, **kwargs):
        """The JSON report of a window that action() lies wholly inside of."""
        return listenq.during(action, "--json", *args, **kwargs).json


def many_files(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        if hard != resource.RLIM_INFINITY and hard < count:
            raise unittest.SkipTest(f"no more than {hard} open files")
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


class Crowd:
    """Very many listeners, held by processes of their own: none may have so many files.
    grouped: all of them in one SO_REUSEPORT group. clients: so many connect to each and go, and
    stay in its queue."""
    SHARE = 5000

    def __init__(self, count, grouped=False, backlog=128, clients=0):
        self.children = []
        try:
            for first in range(0, count, self.SHARE):
                mine = range(first, min(count, first + self.SHARE))
                self.children.append(Child(lambda child: self._hold(child, mine, grouped, backlog,
                                                                     clients)))
        except BaseException:
            self.close()
            raise

    @staticmethod
    def _hold(child, numbers, grouped, backlog, clients):
        """A hundred ports an address: kernels before 5.19 hash listeners by port alone."""
        many_files(len(numbers) + 64)
        child.held = [
            Listener("127.0.0.1", 10000, backlog=backlog, reuseport=True) if grouped else
            Listener(f"127.0.{i // 25000}.{i // 100 % 250 + 1}", 10000 + i % 100, backlog=backlog)
            for i in numbers]
        for listener in child.held:
            for _ in range(clients):
                socket.create_connection((listener.address, listener.port)).close()

    def close(self):
        for child in self.children:
            child.close()
