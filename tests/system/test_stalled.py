# SPDX-License-Identifier: GPL-2.0-or-later
# runs-long
"""Who has stopped accepting is named at any fill, and who merely works slowly never is."""
import socket
import time

import listenq
import rig
import screen
import table

LONG = 3.0  # below that a busy server is ordinary


class Server(rig.Worker):
    """Accepts all that comes, or one connection in so many seconds. It holds one at a time, as a
    server without threads does. replace: another client comes for each one accepted."""

    def __init__(self, listener, every=0.0, replace=lambda: None):
        self.listener, self.replace = listener, replace
        self.accepted, self.held = [], None
        super().__init__(self.serve, every)

    def serve(self):
        client = self.listener.accept()
        if self.held:
            self.held.close()
        self.held = client
        self.accepted.append(time.monotonic())
        self.replace()

    def close(self):
        super().close()
        if self.held:
            self.held.close()

    def most_seconds_between(self, begin, end):
        """The longest time in which it accepted none."""
        moments = [begin, *(at for at in self.accepted if begin < at < end), end]
        return max(later - earlier for earlier, later in zip(moments, moments[1:]))


class Case(rig.Case):
    def load(self, listener):
        """Clients one after the other; returns a list that gets an item for each."""
        served = []

        def once():
            if isinstance(listener, rig.UnixListener):
                listener.connect().close()
            else:
                socket.create_connection((listener.address, listener.port), 10).close()
            served.append(None)
        self.own(rig.Worker(once, every=0.01))
        return served

    def assertStalled(self, row, *others):
        self.assertEqual((row["state"], row["reasons"]),
                         ("stalled", ["not-accepting", *others]), row["port"] or row["path"])

    def assertWell(self, row):
        self.assertEqual((row["state"], row["reasons"]), ("ok", []), row["port"] or row["path"])

    def assertAccepts(self, row):
        """It is well; but on a busy machine a queue may have been long for a moment, and is called
        so, and no more."""
        queue = row["accept_queue"]
        if max(queue["fill"], queue["peak_fill"] or 0) < 0.8 and not queue["full_seconds"]:
            self.assertWell(row)
        else:
            self.assertIn(row["state"], ("high", "full"), row)
            self.assertNotIn("not-accepting", row["reasons"], row)

    def mptcp_port(self, count):
        """The port of an MPTCP listener with so many in its queue; None: not in this kernel."""
        sock = self.mptcp()
        if not sock:
            return None
        sock.bind(("127.0.0.1", 0))
        sock.listen(50)
        for _ in range(count):
            self.mptcp().connect(sock.getsockname())
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
        arriving = self.listener(backlog=2048)
        empty, working = self.listener(backlog=50), self.listener(backlog=50)
        self.own(Server(working))
        served = self.load(working)
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
        for client in self.queue(closed, 5):
            client.close()
        for client in self.queue(half_reset, 6)[2:]:
            rig.reset(client)
        for client in (*self.queue(talking, 3), *self.connected(deferred, 3)):
            client.send(b"hello?")
        mptcp = self.mptcp_port(2)
        self.queue(arriving, 5)
        rig.wait_for(lambda: deferred.length == 3, "their data")
        since = time.monotonic()
        # A hundred new clients a second.
        self.own(rig.Worker(lambda: self.connect(arriving), every=0.01))
        rig.wait_until(since + LONG)
        running = [listenq.Running(*args) for args in (
            ["--json"], ["--json", "-d", "0.3"], [], ["-o", "port,state", "-H", "state = stalled"],
            ["--json", "-6"])]
        results = [each.finish() for each in running]
        for report in results[0].json, results[1].json:
            for listener in [*fills, talking, deferred, arriving, *(one for one, _ in families)]:
                self.assertStalled(self.row(report, listener))
            # The state shows what fills a queue, and the cause is the same.
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
            self.assertWell(self.row(report, empty))
            self.assertAccepts(self.row(report, working))
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
        self.assertEqual({row["state"] for row in results[4].json["listeners"]}, {"stalled"})
        self.assertGreater(len(served), 10)
        self.assertGreater(arriving.length, 100)
        # One accept in the window, and it is not stalled; not then, and not again for 3 s.
        woken = list(fills)[2]

        def accept_one():
            rig.wait_until(time.monotonic() + 0.1)
            self.own(woken.accept())
        report = self.during(accept_one, least=0.3)
        self.assertWell(self.row(report, woken))
        self.assertStalled(self.row(report, list(fills)[1]))

    def test_watch_follows(self):
        """In every window from the third second on, in TCP by ages, where no dump shows any by a
        length that never gets shorter, in UNIX by who is the first in the queue."""
        aged, reset, busy = (self.listener(backlog=2048) for _ in range(3))
        stuck, full = self.unix(b"\0stuck", 50, 1), self.unix(b"\0full", 1, 2)
        packets = self.unix(b"\0packets", 50, 3, kind=socket.SOCK_SEQPACKET)
        working, slow = self.unix(b"\0working", 50), self.unix(b"\0slow", 50, 20)
        replaced = self.unix(b"\0replaced", 50, 3)
        servers = [self.own(Server(busy)), self.own(Server(working))]
        served = self.load(working)
        servers += [self.own(Server(slow, every=0.7)), self.own(
            Server(replaced, every=0.05, replace=lambda: self.own(replaced.connect())))]
        for client in self.queue(reset, 4):
            rig.reset(client)
        self.queue(aged, 60)
        begin = time.monotonic()
        watch = listenq.Running("-x", "--watch", "--json", "-d", "0.5", "--count", "9")
        long = listenq.Running("-x", "-d", "3.2")
        reports, text = watch.finish().documents, long.finish().out
        end = time.monotonic()
        # A machine that was busy may have kept one of them from it.
        late = {server.listener for server in servers[1:]
                if server.most_seconds_between(begin, end) > LONG - 0.5}
        self.assertLess(len(late), 2)
        self.assertGreater(len(served), 10)
        opened = reports[0]["monotonic_seconds"] - reports[0]["window_seconds"]
        for number, report in enumerate(reports):
            for listener in {busy, working, slow, replaced} - late:
                self.assertAccepts(self.row(report, listener))
            row = self.row(report, aged)
            waited = row["accept_queue"]["oldest_wait_seconds"]
            if abs(waited - LONG) > 0.05 and number:
                self.assertEqual(row["state"], "stalled" if waited > LONG else "ok", waited)
            for listener in reset, stuck, packets:
                if report["monotonic_seconds"] - opened < LONG - 0.5:
                    self.assertEqual(self.row(report, listener)["state"], "ok")
        self.assertStalled(self.row(report, aged))
        self.assertStalled(self.row(report, reset), "dead-clients")
        self.assertIsNone(self.row(report, reset)["accept_queue"]["oldest_wait_seconds"])
        for listener in stuck, packets:
            self.assertStalled(self.row(report, listener))
        self.assertEqual(self.row(report, full)["state"], "full")
        # A window as long is enough on its own.
        self.assertNotIn("a longer window", text)
        states = {row["LOCAL_ADDRESS"]: row["STATE"] for row in table.parse(text)[0]}
        states.update({"@" + listener.name[1:].decode(): "ok" for listener in late})
        self.assertEqual(states,
                         {"@stuck": "stalled", "@packets": "stalled", "@full": "full",
                          "@working": "ok", "@slow": "ok", "@replaced": "ok",
                          f"127.0.0.1:{aged.port}": "stalled", f"127.0.0.1:{busy.port}": "ok",
                          f"127.0.0.1:{reset.port}": "stalled"})

    def test_reuseport(self):
        """Each member that is stuck, and a group of which all are; a worker beside them is well."""
        stuck = self.group([39, 39, 39], "127.0.0.5", 8005)
        self.queue_in(stuck[0], stuck, 2)
        self.queue_in(stuck[1], stuck, 3)
        mixed = self.group([19, 19, 19], "127.0.0.6", 8006)
        for member in mixed:
            self.queue_in(member, mixed, 1)
        self.queue_in(mixed[2], mixed, 15)
        idle = self.group([19, 19], "127.0.0.7", 8007)
        self.queue_in(idle[0], idle, 1)
        slow, quick = pair = self.group([39, 39], "127.0.0.8", 8008)
        self.queue_in(slow, pair, 15)
        self.queue_in(quick, pair, 1)
        rig.wait_until(time.monotonic() + LONG + 0.1)

        def serve():
            for _ in range(3):
                rig.wait_until(time.monotonic() + 0.05)
                self.own(mixed[2].accept())
        reports = []
        for args in (), ("-g",):
            # Clients go on to come, and some may be of the window or not, as far as ages show.
            self.connected(stuck[2], 6)
            reports.append(self.during(serve, *args, least=0.3))
        report, grouped = reports
        for member in *stuck[:2], *mixed[:2], idle[0]:
            self.assertStalled(self.row(report, member))
        for member in mixed[2], idle[1]:
            self.assertEqual(self.row(report, member)["state"], "ok")
        groups = {row["port"]: row for row in grouped["listeners"]}
        for port in 8005, 8006, 8007:
            self.assertStalled(groups[port])

        # One gives up what waited long, and gets another at once: the old ones of its neighbour,
        # which works too, are no proof against it.
        def serve_both():
            rig.wait_until(time.monotonic() + 0.1)
            for _ in range(3):
                self.own(slow.accept())
                self.own(quick.accept())
                while not quick.length:
                    self.connected(slow)
        # Few looks see the short queue of the one, and in a long window one sees that of the other.
        report = self.during(serve_both, "--peak-rate=10", least=0.5)
        for member in pair:
            self.assertWell(self.row(report, member))


class Working(Case):
    def test_one_accept_a_window(self):
        """Slow, but at work: whatever waits for how long. So is who replaces each at once."""
        window, windows, every = 0.8, 4, 0.3
        slow = [self.listener(f"127.0.0.{i}", backlog=b) for i, b in ((2, 40), (3, 22), (4, 20))]
        for listener in slow:
            self.queue(listener, 20)
        replaced = self.listener("127.0.0.5", backlog=40)
        dual = self.listener("::", backlog=40)
        self.queue(replaced, 20)
        self.queue(dual, 20, address="127.0.0.1")
        group = self.group([40, 40], "127.0.0.6", 8006)
        for member in group:
            self.queue_in(member, group, 20)
        # Here who comes hides from every look that somebody is taken.
        crowd = self.group([2000, 2000], "127.0.0.7", 8007)
        for member in crowd:
            self.queue_in(member, crowd, 10)
        port = self.mptcp_port(12)
        rig.many_files(4096)
        rig.wait_until(time.monotonic() + LONG)
        self.own(rig.Worker(lambda: self.connect(crowd[0]), every=0.01))
        servers = [self.own(Server(listener, every))
                   for listener in (*slow, dual, *group, *crowd)]
        servers.append(self.own(Server(replaced, every, lambda: self.queue(replaced, 1))))
        begin = time.monotonic()
        watched = [listenq.Running("--watch", "--json", "-d", str(window), "--count", str(windows),
                                   *args) for args in ((), ("--peak-rate=0",), ("-g",))]
        results = [running.finish().documents for running in watched]
        end = time.monotonic()
        # A machine that was busy may have kept some of them from it.
        late = {server.listener.port for server in servers
                if server.most_seconds_between(begin, end) > window - 0.1}
        self.assertLess(len(late), 4)
        for report in [report for reports in results for report in reports[1:]]:
            for row in report["listeners"]:
                if row["port"] == port:
                    self.assertEqual(row["state"], "stalled")
                elif row["port"] not in late:
                    self.assertIn(row["state"], ("ok", "high"), row)
                    self.assertNotIn("not-accepting", row["reasons"])
        # A look between an accept and the next client sees that its queue moves, and then nobody
        # asks how long its clients wait.
        queues = [self.row(report, replaced)["accept_queue"] for reports in results
                  for report in reports]
        self.assertIn(20, {queue["length"] for queue in queues})
        self.assertGreater(max(queue["oldest_wait_seconds"] or 0 for queue in queues), LONG)


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
                if row.address == f"127.0.0.1:{listener.port}"]
        self.assertEqual((row.mark, row.state, row.length, row.why),
                         ("!", "stalled", "60", "not-accepting"))
        for _ in range(60):
            self.own(listener.accept())
        # It is remembered, below what is sick and above what is well.
        lines = terminal.wait("what is over", lambda lines: any(
            line.startswith("v ") and f":{listener.port} " in line for line in lines))
        self.assertEqual([row.mark for row in screen.parse_list(lines)], ["v", "."])
