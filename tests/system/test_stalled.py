# SPDX-License-Identifier: GPL-2.0-or-later
"""Who has stopped accepting is named at any fill, and who merely works slowly never is."""
import socket
import struct
import threading
import time

import listenq
import rig
import screen
import table

LONG = 3.0  # below that a busy server is ordinary
IPPROTO_MPTCP = 262


class Unix:
    """A UNIX listener."""
    cookie = rig.Listener.cookie

    def __init__(self, name, backlog, kind):
        self.sock = socket.socket(socket.AF_UNIX, kind)
        self.sock.bind(name)
        self.sock.listen(backlog)
        self.name, self.kind = name, kind

    def accept(self):
        return self.sock.accept()[0]

    def close(self):
        self.sock.close()


class Server(threading.Thread):
    """Accepts all that comes, or one connection in so many seconds. It holds one at a time, as a
    server without threads does. replace: another client comes for each one accepted."""

    def __init__(self, listener, every=0.0, replace=None):
        super().__init__(daemon=True)
        self.listener, self.every, self.replace = listener, every, replace
        self.accepted, self.failure = [], None
        self.end = threading.Event()
        listener.sock.setblocking(True)
        listener.sock.settimeout(0.1)
        self.start()

    def run(self):
        held = None
        try:
            while not self.end.is_set():
                try:
                    sock = self.listener.accept()
                except TimeoutError:
                    continue
                if held:
                    held.close()
                held = sock
                self.accepted.append(time.monotonic())
                if self.replace:
                    self.replace()
                self.end.wait(self.every)
        except OSError as error:
            self.failure = error
        if held:
            held.close()

    def close(self):
        self.end.set()
        self.join()
        if self.failure:
            raise self.failure

    def most_seconds_between(self, begin, end):
        """The longest time in which it accepted none."""
        moments = [begin, *(at for at in self.accepted if begin < at < end), end]
        return max(later - earlier for earlier, later in zip(moments, moments[1:]))


class Load(threading.Thread):
    """Clients one after the other, that wait until they are served."""

    def __init__(self, listener, kind=socket.AF_INET):
        super().__init__(daemon=True)
        self.end = threading.Event()
        self.address = (getattr(listener, "name", None) if kind == socket.AF_UNIX
                        else (listener.address, listener.port))
        self.kind, self.served = kind, 0
        self.start()

    def run(self):
        while not self.end.is_set():
            with socket.socket(self.kind, socket.SOCK_STREAM) as sock:
                sock.settimeout(10)
                sock.connect(self.address)
                self.served += 1
            time.sleep(0.01)

    def close(self):
        self.end.set()
        self.join()


class Arrivals(threading.Thread):
    """A client each 10 ms, which nobody takes."""

    def __init__(self, case, listener):
        super().__init__(daemon=True)
        self.case, self.listener, self.end = case, listener, threading.Event()
        self.start()

    def run(self):
        while not self.end.wait(0.01):
            self.case.connect(self.listener)

    def close(self):
        self.end.set()
        self.join()


class Case(rig.Case):
    def unix(self, name, backlog, queued=0, kind=socket.SOCK_STREAM):
        listener = self.own(Unix(name, backlog, kind))
        for _ in range(queued):
            self.own(socket.socket(socket.AF_UNIX, kind)).connect(name)
        return listener

    def close_clients(self, clients, how):
        for client in clients:
            if how == "reset":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()

    def assertStalled(self, row, *others):
        self.assertEqual((row["state"], row["reasons"]),
                         ("stalled", ["not-accepting", *others]), row["port"])

    def mptcp(self, count):
        """The port of an MPTCP listener with so many in its queue; None: not in this kernel."""
        try:
            sock = self.own(socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP))
        except OSError:
            return None
        sock.bind(("127.0.0.1", 0))
        sock.listen(50)
        for _ in range(count):
            self.own(socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)).connect(
                sock.getsockname())
        return sock.getsockname()[1]


class Stuck(Case):
    def test_any_fill_and_family(self):
        """Named by the first report that begins three seconds after the last accept, without any
        option; the healthy ones beside them are well."""
        fills = {self.listener(f"127.0.1.{percent}", backlog=99): percent
                 for percent in (1, 2, 10, 50, 79)}
        crowded = self.listener("127.0.1.80", backlog=99), self.listener("127.0.1.99", backlog=99)
        full = self.listener("127.0.1.100", backlog=99)
        families = [(self.listener("::1", backlog=50), {}),
                    (self.listener("::", backlog=50, v6only=True), {"address": "::1"}),
                    (self.listener("::", backlog=50), {"address": "127.0.0.1"}),
                    (self.listener("::", backlog=50), {"address": "::1"}),
                    (self.listener("::ffff:127.0.0.2", backlog=50), {"address": "127.0.0.2"}),
                    (self.listener("0.0.0.0", backlog=50), {"address": "127.0.0.3"})]
        closed, half_reset = self.listener(backlog=50), self.listener(backlog=50)
        talking, deferred = self.listener(backlog=50), self.listener(backlog=50, defer=True)
        empty, working = self.listener(backlog=50), self.listener(backlog=50)
        server = self.own(Server(working))
        load = self.own(Load(working))
        # Each has accepted before: that is why its drops, and ages, begin in the past.
        for listener in [*fills, *crowded, full]:
            self.queue(listener, 1)
            self.own(listener.accept())
        for listener, percent in fills.items():
            self.queue(listener, percent)
        for listener, count in zip(crowded, (80, 99)):
            self.queue(listener, count)
        self.fill(full, 99)
        for listener, where in families:
            self.queue(listener, 2, **where)
        self.close_clients(self.queue(closed, 5), "close")
        self.close_clients(self.queue(half_reset, 6)[2:], "reset")
        for client in (*self.queue(talking, 3), *self.connected(deferred, 3)):
            client.send(b"hello?")
        mptcp = self.mptcp(2)
        rig.wait_for(lambda: deferred.length == 3, "their data")
        since = time.monotonic()
        rig.wait_until(since + LONG)
        reports = [listenq.Running(*args) for args in (
            ("--json",), ("--json", "-d", "0.3"), (), ("-o", "port,state", "-H", "state = stalled"),
            ("--json", "-d", "2.5"), ("--json", "-6"))]
        results = [running.finish() for running in reports]
        for result in (results[0], results[1], results[4]):
            report = result.json
            for listener in [*fills, talking, deferred, *(one for one, _ in families)]:
                self.assertStalled(self.row(report, listener))
            # What fills a queue is told by its state, and the cause is the same.
            self.assertStalled(self.row(report, closed), "dead-clients")
            self.assertStalled(self.row(report, half_reset), "dead-clients")
            for listener in crowded:
                self.assertStalled(self.row(report, listener), "limit-from-listen")
            row = self.row(report, full)
            self.assertEqual((row["state"], row["reasons"]),
                             ("full", ["not-accepting", "limit-from-listen"]))
            for row in report["listeners"]:
                if row["port"] == mptcp:
                    self.assertStalled(row)
            for listener in (empty, working):
                row = self.row(report, listener)
                self.assertEqual((row["state"], row["reasons"]), ("ok", []))
            self.assertGreater(
                self.row(report, list(fills)[0])["accept_queue"]["oldest_wait_seconds"], LONG - 0.1)
        stuck = [row["port"] for row in results[0].json["listeners"] if row["state"] == "stalled"]
        rows, _ = table.parse(results[2].out)
        self.assertEqual(sorted(int(row["LOCAL_ADDRESS"].rpartition(":")[2]) for row in rows
                                if row["STATE"] == "stalled"), sorted(stuck))
        self.assertEqual({row["SEV"] for row in rows if row["STATE"] == "stalled"}, {"!"})
        lines = results[3].out.partition("\n\n")[0].splitlines()
        self.assertEqual(sorted(int(line.split()[0]) for line in lines), sorted(stuck))
        self.assertIn("a larger backlog will not help", results[2].out)
        self.assertEqual({row["state"] for row in results[5].json["listeners"]}, {"stalled"})
        self.assertGreater(load.served, 10)
        self.assertFalse(server.failure)
        # One accept in the window, and it is not stalled; not then, and not again for 3 s.
        woken = list(fills)[2]

        def accept_one():
            rig.wait_until(time.monotonic() + 0.1)
            self.own(woken.accept())
        report = self.during(accept_one, delay=0.6)
        row = self.row(report, woken)
        self.assertEqual((row["state"], row["reasons"]), ("ok", []))
        self.assertStalled(self.row(report, list(fills)[1]))

    def test_before_three_seconds(self):
        """That is ordinary."""
        listener = self.listener(backlog=50)
        self.queue(listener, 20)
        since = time.monotonic()
        reports = listenq.run("--watch", "--json", "-d", "0.3", "--count", "6").documents
        if time.monotonic() > since + LONG:
            raise listenq.Late("they have waited for long")
        for report in reports:
            self.assertEqual(self.row(report, listener)["state"], "ok")

    def test_all_reset(self):
        """Nothing tells the age of what no dump shows: that it never gets shorter does."""
        listener, busy = self.listener(backlog=50), self.listener(backlog=50)
        self.close_clients(self.queue(listener, 4), "reset")
        self.own(Server(busy))
        reports = listenq.run("--watch", "--json", "-d", "0.5", "--count", "9").documents
        states = [self.row(report, listener)["state"] for report in reports]
        self.assertEqual(states[:4], ["ok"] * 4)
        self.assertEqual(states[-1], "stalled")
        row = self.row(reports[-1], listener)
        self.assertStalled(row, "dead-clients")
        self.assertIsNone(row["accept_queue"]["oldest_wait_seconds"])
        # A window as long is enough on its own.
        self.assertStalled(self.row(listenq.report("-d", "3.1"), listener), "dead-clients")

    def test_watch_follows(self):
        """In every window from the third second on, as one document a line."""
        listener = self.listener(backlog=2048)
        self.queue(listener, 60)
        since = time.monotonic()
        running = listenq.Running("--watch", "--json", "-d", "0.5", "--count", "10")
        reports = running.finish().documents
        self.assertGreater(time.monotonic(), since + 4.9)
        seen = []
        for report in reports[1:]:
            row = self.row(report, listener)
            waited = row["accept_queue"]["oldest_wait_seconds"]
            if abs(waited - LONG) > 0.05:
                self.assertEqual(row["state"], "stalled" if waited > LONG else "ok", waited)
                seen.append(row["state"])
        self.assertEqual(set(seen), {"ok", "stalled"})

    def test_under_load(self):
        """Beside a busy server, with a hundred new clients a second, from the first report on."""
        stuck, busy = self.listener(backlog=2048), self.listener(backlog=100)
        self.queue(stuck, 5)
        since = time.monotonic()
        self.own(Server(busy))
        load, arrivals = self.own(Load(busy)), self.own(Arrivals(self, stuck))
        rig.wait_until(since + LONG)
        self.assertStalled(self.row(listenq.report(), stuck))
        for report in listenq.run("--watch", "--json", "-d", "0.5", "--count", "3").documents:
            self.assertStalled(self.row(report, stuck))
            self.assertEqual(self.row(report, busy)["state"], "ok")
        self.assertGreater(load.served, 10)
        arrivals.close()
        self.assertGreater(stuck.length, 200)

    def test_reuseport(self):
        """Each member that is stuck, and a group of which all are; a worker beside them is well."""
        stuck = self.group("127.0.0.5", 8005, [39, 39, 39])
        self.queue_in(stuck[0], stuck, 2)
        self.queue_in(stuck[1], stuck, 3)
        mixed = self.group("127.0.0.6", 8006, [19, 19, 19])
        for member in mixed:
            self.queue_in(member, mixed, 1)
        self.queue_in(mixed[2], mixed, 15)
        idle = self.group("127.0.0.7", 8007, [19, 19])
        self.queue_in(idle[0], idle, 1)
        rig.wait_until(time.monotonic() + LONG)

        def serve():
            for _ in range(3):
                rig.wait_until(time.monotonic() + 0.05)
                self.own(mixed[2].accept())
        reports = []
        for args in (), ("-g",):
            # Clients go on to come, and some may be of the window or not, as far as ages tell.
            self.connected(stuck[2], 6)
            reports.append(self.during(serve, *args))
        report, grouped = reports
        for member in stuck[:2]:
            self.assertStalled(self.row(report, member))
        for member in mixed[:2]:
            self.assertStalled(self.row(report, member))
        self.assertEqual(self.row(report, mixed[2])["state"], "ok")
        self.assertStalled(self.row(report, idle[0]))
        self.assertEqual(self.row(report, idle[1])["state"], "ok")
        groups = {row["port"]: row for row in grouped["listeners"]}
        for port in 8005, 8006, 8007:
            self.assertEqual((groups[port]["state"], groups[port]["reasons"]),
                             ("stalled", ["not-accepting"]))

    def test_member_beside_a_slow_one(self):
        """One of a group gives up what waited long, and gets another at once: the old ones of its
        neighbour, which works too, are no proof against it."""
        slow, quick = group = self.group("127.0.0.8", 8008, [39, 39])
        self.queue_in(slow, group, 15)
        self.queue_in(quick, group, 1)
        rig.wait_until(time.monotonic() + LONG + 0.1)

        def serve():
            rig.wait_until(time.monotonic() + 0.1)
            for _ in range(3):
                self.own(slow.accept())
                self.own(quick.accept())
                while not quick.length:
                    self.connected(slow)
        # Few looks see the short queue of the one, and in a long window one sees that of the other.
        report = self.during(serve, "--peak-rate=10", delay=0.6)
        for member in group:
            row = self.row(report, member)
            self.assertEqual((row["state"], row["reasons"]), ("ok", []))


class UnixListeners(Case):
    def test_oldest_is_the_same(self):
        """Who is the first in a queue tells, where its length stays what it is."""
        stuck, full = self.unix(b"\0stuck", 50, 1), self.unix(b"\0full", 1, 2)
        packets = self.unix(b"\0packets", 50, 3, kind=socket.SOCK_SEQPACKET)
        working, slow = self.unix(b"\0working", 50), self.unix(b"\0slow", 50, 20)
        replaced = self.unix(b"\0replaced", 50, 3)
        since = time.monotonic()
        self.own(Server(working))
        load = self.own(Load(working, socket.AF_UNIX))
        self.own(Server(slow, every=0.7))
        self.own(Server(replaced, every=0.05, replace=lambda: self.own(
            socket.socket(socket.AF_UNIX)).connect(replaced.name)))
        watch = listenq.Running("-x", "--watch", "--json", "-d", "1", "--count", "5")
        long = listenq.Running("-x", "-d", "3.2")
        text, reports = long.finish().out, watch.finish().documents
        self.assertGreater(load.served, 10)
        rows = [{row["cookie"]: row for row in report["listeners"]} for report in reports]
        for number, row in enumerate(rows):
            for listener in working, slow, replaced:
                self.assertEqual(row[listener.cookie]["state"], "ok", row[listener.cookie])
            if number < 2:
                self.assertEqual(row[stuck.cookie]["state"], "ok")
        for listener in stuck, packets:
            self.assertEqual(rows[-1][listener.cookie]["state"], "stalled")
            self.assertEqual(rows[-1][listener.cookie]["reasons"], ["not-accepting"])
        self.assertEqual(rows[-1][full.cookie]["state"], "full")
        shown, _ = table.parse(text)
        self.assertEqual({row["LOCAL_ADDRESS"]: row["STATE"] for row in shown},
                         {"@stuck": "stalled", "@packets": "stalled", "@full": "full",
                          "@working": "ok", "@slow": "ok", "@replaced": "ok"})
        self.assertLess(since, time.monotonic())


class Working(Case):
    def test_one_accept_a_window(self):
        """Slow, but at work: whatever waits for how long. So is who replaces each at once."""
        window, windows = 1.0, 6
        slow = [self.listener(f"127.0.0.{i}", backlog=b) for i, b in ((2, 40), (3, 22), (4, 20))]
        for listener in slow:
            self.queue(listener, 20)
        replaced = self.listener("127.0.0.5", backlog=40)
        dual = self.listener("::", backlog=40)
        self.queue(replaced, 20)
        self.queue(dual, 20, address="127.0.0.1")
        group = self.group("127.0.0.6", 8006, [40, 40])
        for member in group:
            self.queue_in(member, group, 20)
        # Here who comes hides from every look that somebody is taken.
        crowd = self.group("127.0.0.7", 8007, [2000, 2000])
        for member in crowd:
            self.queue_in(member, crowd, 10)
        port = self.mptcp(12)
        rig.many_files(4096)
        rig.wait_until(time.monotonic() + LONG)
        self.own(Arrivals(self, crowd[0]))
        servers = [self.own(Server(listener, every=0.45)) for listener in (*slow, dual, *group, *crowd)]
        servers.append(self.own(Server(replaced, every=0.45,
                                       replace=lambda: self.queue(replaced, 1))))
        begin = time.monotonic()
        watched = [listenq.Running("--watch", "--json", "-d", str(window), "--count", str(windows),
                                   *args) for args in ((), ("--peak-rate=0",), ("-g",))]
        results = [running.finish().documents for running in watched]
        end = time.monotonic()
        for server in servers:
            if server.most_seconds_between(begin, end) > window - 0.1:
                raise listenq.Late("a server accepted none in a window")
        for reports in results:
            for report in reports[1:]:
                for row in report["listeners"]:
                    if row["port"] == port:
                        self.assertEqual(row["state"], "stalled")
                        continue
                    self.assertIn(row["state"], ("ok", "high"), row)
                    self.assertNotIn("not-accepting", row["reasons"])
        row = self.row(results[0][-1], replaced)
        self.assertEqual(row["accept_queue"]["length"], 20)
        self.assertGreater(row["accept_queue"]["oldest_wait_seconds"], LONG)

    def test_under_load(self):
        """Busy servers with ordinary queues: ok in every window."""
        pairs = []
        for host, every in ((2, 0), (3, 0.01), (4, 0.05)):
            listener = self.listener(f"127.0.0.{host}", backlog=40)
            pairs.append((self.own(Server(listener, every)), self.own(Load(listener)), listener))
        rig.wait_for(lambda: all(load.served > 5 for _, load, _ in pairs), "load")
        begin = time.monotonic()
        reports = listenq.run("--watch", "--json", "-d", "0.5", "--count", "9").documents
        for server, _, _ in pairs:
            if server.most_seconds_between(begin, time.monotonic()) > 1:
                raise listenq.Late("a server had no time to work")
        for report in reports:
            for _, _, listener in pairs:
                row = self.row(report, listener)
                self.assertIn(row["state"], ("ok", "high", "full", "overflowing")
                              if listener is pairs[2][2] else ("ok",))


class Top(screen.Case):
    def test_named(self):
        """On the screen without a key, once its clients have waited for three seconds."""
        listener, well = self.listener(backlog=2048), self.listener(backlog=9)
        self.queue(listener, 60)
        since = time.monotonic()
        terminal = self.screen("-d", "0.5", cols=120)
        terminal.see(f"127.0.0.1:{well.port}")
        lines = terminal.wait("the stalled one", lambda lines: any(
            line.startswith("! ") and f":{listener.port} " in line for line in lines))
        self.assertGreaterEqual(time.monotonic(), since + LONG - 0.1)
        row, = [row for row in screen.parse_list(lines)
                if row["LOCAL"] == f"127.0.0.1:{listener.port}"]
        self.assertEqual((row["ST"], row["Q"], row["WHY"]), ("!", "60", "not-accepting"))
        self.assertNotIn("are well", "\n".join(lines))
        for _ in range(60):
            self.own(listener.accept())
        terminal.see("are well")
