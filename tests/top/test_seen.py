# SPDX-License-Identifier: GPL-2.0-or-later
# runs-long
"""Whoever has never seen the view finds the sick listener, its process, since when it is so and
what to do on a screen of 80x24; nothing else on it is as easy to see."""
import os
import re
import time

import netns
import rig
import screen

LOUD = {"white on red", "bright red"}


class Case(screen.Case):
    """Listeners that are well, beside those that a test makes sick."""

    def setUp(self):
        super().setUp()
        self.well = [self.server(name, f"127.0.0.{i + 10}", 7000 + i, backlog=20, accepts=True)
                     for i, name in enumerate(("nginx", "postgres", "sshd", "redis-server"))]

    def server(self, name, *args, accepts=False, **kwargs):
        return self.own(rig.Server(name, rig.Listener(*args, **kwargs), accepts))

    def stuck(self, name="gunicorn", address="127.0.0.1", port=8000, backlog=4, **kwargs):
        """A process that does not accept, and clients that fill its queue."""
        listener = rig.Listener(address, port, backlog, **kwargs)
        self.fill(listener, backlog)
        return self.own(rig.Server(name, listener))

    def losing(self, server, every=0.1):
        """More clients come, one at a time, and are dropped."""
        raw, address = self.raw(), {"0.0.0.0": "127.0.0.1"}.get(server.address, server.address)
        return self.own(rig.Worker(lambda: raw.send(rig.SILENT + "1", address, server.port),
                                   every))

    def assertLoudest(self, view, *sick):
        """The first of these has the cursor and is white on red, the others are bright red, and no
        other row has any red, nor stands on a ground of its own."""
        for row in view.rows:
            inks = view.inks(row.number)
            name = row.address
            if name == screen.at(sick[0]):
                self.assertEqual(inks, {"white on red"}, name)
                self.assertEqual(view.selected.address, name)
            elif name in map(screen.at, sick):
                self.assertIn("bright red", inks, name)
                self.assertEqual(view.inks(row.number, 0, 2), {"bright red"}, name)
            else:
                self.assertFalse([ink for ink in inks if "red" in ink or " on " in ink
                                  or "reverse" in ink], row)
        self.assertEqual(view.rows[0].address, screen.at(sick[0]))

    def assertSince(self, text, since, what):
        """A duration on the screen is the age of what began at that moment."""
        self.assertTrue(text, what)
        self.assertLessEqual(abs(screen.seconds(text) - (time.monotonic() - since)), 3,
                             f"{what}: {text}")

    def since(self, panel):
        """What the panel says of how long it lasts."""
        found = re.search(
            rf"\b([Ff]ull for|[Ss]ick for|[Ss]ince|For|Was)\D{{0,12}}?({screen.DURATION})\b", panel)
        self.assertTrue(found, panel)
        return found[2]

    def assertAnswers(self, view, server, *, state, reason, since, command):
        """The four questions: which listener, whose, since when, and what to do."""
        row = view.row(screen.at(server))
        self.assertRegex(row.state, state)
        self.assertTrue(row.process.startswith(server.name), row)
        self.assertIn(screen.at(server), view.panel.split("\n")[0])
        self.assertIn(server.name, view.panel.split("\n")[0])
        self.assertRegex(view.panel, reason)
        self.assertSince(self.since(view.panel), since, "the panel")
        self.assertRegex("\n".join(view.commands()), command)
        return row


class OneOverflowing(Case):
    def test_all_is_on_the_screen(self):
        view = self.screen("-d", "0.5")
        began = time.monotonic()
        sick = self.stuck()
        self.losing(sick)

        def check(view):
            row = self.assertAnswers(
                view, sick, state="overflowing", since=began,
                reason="not-accepting|accepted no connection|takes nothing off its queue",
                command=rf"\b{sick.pid}\b")
            self.assertEqual((row.mark, row.length, row.capacity), ("!!", "5", "5"))
            self.assertLoudest(view, sick)
            self.assertEqual(view.inks(0), {"white on red"}, "the title")
            self.assertRegex(view.title, r"\b1 overflowing\b")
            self.assertRegex(view.title, r"\b4 ok\b")
            return view
        shown = view.shows(check, deadline=20)
        # What was found holds from window to window.
        for _ in range(3):
            clock = shown.title
            view.wait("another window", lambda lines: lines[0] != clock)
            shown = view.shows(check, deadline=0.5)

    def test_meters(self):
        """A full queue is a full meter, and says so in numbers: 5/5, not 5/4 and not 125 %."""
        sick = self.stuck()
        view = self.screen("-d", "0.5")

        def check(view):
            row = view.row(screen.at(sick))
            self.assertEqual((row.length, row.capacity), ("5", "5"))
            self.assertRegex(row.line, "████ *(100% +)?5/5")
            for other in self.well:
                row = view.row(screen.at(other))
                self.assertEqual((row.length, row.capacity), ("0", "21"))
            ends = {re.search(r"\d+/\d+", row.line).end() for row in view.rows}
            self.assertEqual(len(ends), 1, "numbers align")
        view.shows(check)

    def test_rows_that_are_well_are_dim(self):
        sick = self.stuck()
        view = self.screen("-d", "0.5")
        view.shows(lambda view: [self.assertTrue(
            all("dim" in ink or ink == "grey" for ink in view.inks(row.number)),
            (row, view.inks(row.number)))
            for row in view.rows if row.address != screen.at(sick)])

    def test_header_is_never_the_cursors(self):
        self.stuck()
        view = self.screen("-d", "0.5")
        for _ in range(3):
            view.shows(lambda view: self.assertEqual(
                {ink.split(" on ")[1] for ink in view.inks(view.header)}, {"cyan"}))
            view.shows(lambda view: self.assertFalse(
                view.inks(view.selected.number) & view.inks(view.header)))
            view.keys("Down")


class ThreeAtOnce(Case):
    def test_worst_first_and_each_in_its_colour(self):
        view = self.screen("-d", "0.5")
        began = time.monotonic()
        first = self.stuck()
        second = self.stuck("java", "0.0.0.0", 8080)
        self.losing(first, 0.02)
        self.losing(second, 0.2)
        # One comes and one goes, all the time.
        high = self.listener("127.0.0.1", 9000, 19)
        clients = self.queue(high, 18)

        def next_one():
            clients.append(rig.connect("127.0.0.1", 9000))
            clients.append(high.accept())
        self.addCleanup(lambda: [client.close() for client in clients])
        self.own(rig.Worker(next_one, 0.1))

        def check(view):
            self.assertAnswers(view, first, state="overflowing", since=began,
                               reason="not-accepting|accepted no connection|takes nothing",
                               command=rf"\b{first.pid}\b")
            self.assertLoudest(view, first, second)
            self.assertEqual([row.mark for row in view.rows[:3]], ["!!", "!!", "~"])
            self.assertEqual(view.rows[2].address, screen.at(high))
            self.assertTrue(all("cyan" in ink for ink in view.inks(view.rows[2].number, 0, 2)))
            self.assertRegex(view.title, r"\b2 overflowing\b.*\b1 high\b")
        view.shows(check, deadline=20)


class Flood(Case):
    def test_syn_flood(self):
        sick = self.server("haproxy", "127.0.0.1", 8443, backlog=8, accepts=True)
        netns.sysctl("net.ipv4.tcp_syncookies", 1)
        view = self.screen("-d", "0.5")
        began = time.monotonic()
        raw = self.raw()
        source = iter(range(10**6))
        self.own(rig.Worker(lambda: raw.send(f"10.99.{next(source) // 250 % 250}.7",
                                             sick.address, sick.port), 0.01))

        def check(view):
            row = self.assertAnswers(view, sick, state="syn-full", since=began,
                                     reason="syn-flood|few of the|attack", command=".")
            self.assertEqual(row.mark, "!")
            self.assertEqual(view.rows[0].address, screen.at(sick))
            self.assertEqual(view.selected.address, screen.at(sick))
            self.assertEqual({ink.split(" on ")[1] for ink in view.inks(row.number)},
                             {"bright yellow"})
            self.assertFalse([row for row in view.rows
                              if any("red" in ink for ink in view.inks(row.number))])
            self.assertRegex(row.line, r" (\d+)/\1 ", "as many as it holds")
            self.assertRegex(view.title, r"\b1 syn-full\b")
            self.assertRegex(view.text, r"SyncookiesSent +\d+/s")
        view.shows(check, deadline=20)


class StuckMember(Case):
    def members(self):
        """Eight in a group, of which one accepts no more; more clients come, for all."""
        servers = [self.server("uwsgi", "127.0.0.1", 8081, 2, reuseport=True, accepts=i != 5)
                   for i in range(8)]
        clients = []

        def come():
            clients.append(rig.connect("127.0.0.1", 8081))
            if len(clients) > 200:
                clients.pop(0).close()
        self.own(rig.Worker(come, 0.02))
        self.addCleanup(lambda: [client.close() for client in clients])
        return servers

    def test_one_of_eight(self):
        view = self.screen("-d", "0.5")
        began = time.monotonic()
        ill = self.members()[5]

        def check(view):
            row = self.assertAnswers(
                view, ill, state="^1/8 sick", since=began,
                reason="not-accepting|accepted no connection|takes nothing",
                command=rf"\b{ill.pid}\b")
            self.assertEqual(row.group, (1, 8))
            self.assertEqual(row.tree, "folded")
            # The numbers are those of the fullest one.
            self.assertEqual((row.length, row.capacity), ("3", "3"))
            self.assertLoudest(view, ill)
            self.assertRegex(view.title, r"\b1 overflowing\b")
        view.shows(check, deadline=20)
        # Unfolded, it is the member that is sick, and has a pid.
        view.keys("Enter")

        def unfolded(view):
            sick, = (row for row in view.rows if row.tree in ("member", "last")
                     and row.mark == "!!")
            self.assertIn(str(ill.pid), sick.line)
            self.assertEqual((sick.length, sick.capacity), ("3", "3"))
        view.shows(unfolded)


class Unix(Case):
    def full(self):
        listener = rig.UnixListener(b"/tmp/lq-php.sock", 3)
        self.addCleanup(os.unlink, listener.name)
        for _ in range(4):
            self.own(listener.connect())
        listener.address, listener.port = listener.name.decode(), None
        return self.own(rig.Server("php-fpm", listener))

    def test_by_itself(self):
        """It need not be asked for; where it is not wanted, one still sees that there is one."""
        sick = self.full()
        view = self.screen("-d", "0.5")

        def shown(view):
            self.assertEqual((view.rows[0].mark, view.rows[0].address), ("!", sick.address))
            self.assertRegex(view.title, r"\b1 full\b")
        view.shows(shown)
        view.keys("x")

        def hidden(view):
            self.assertFalse([row for row in view.rows if row.address == sick.address])
            self.assertRegex(view.title, r"\b1 UNIX\b.*\bfull\b")
            self.assertRegex(view.title, r"\bx\b", "how to see it")
            self.assertFalse(re.search(r"\ball listeners\b.*\bwell\b", view.text), view.text)
            self.assertTrue(any("yellow" in ink for ink in view.ink_of("UNIX")))
            self.assertNotRegex(view.below, r"\b(new|gone)\b")
        view.shows(hidden)
        view.keys("x")
        view.shows(shown)
        self.assertNotRegex(view.text(), r"\bnew\b|\bgone\b")

    def test_shown(self):
        began = time.monotonic()
        sick = self.full()
        view = self.screen("-x", "-d", "0.5")

        def check(view):
            row = view.rows[0]
            self.assertEqual((row.mark, row.state, row.address, row.process.split("[")[0]),
                             ("!", "full", sick.address, "php-fpm"))
            self.assertEqual((row.length, row.capacity), ("4", "4"))
            self.assertSince(self.since(view.panel), began, "the panel")
            self.assertIn(str(sick.pid), "\n".join(view.commands()))
            self.assertRegex(view.title, r"\b1 full\b")
        view.shows(check, deadline=20)


class Container(Case):
    def test_all_namespaces(self):
        """The row, the panel and the counters name the one that is sick."""
        netns.own_names(self)
        shop = self.own(netns.Named("shop"))
        view = self.screen("-A", "-d", "0.5")
        began = time.monotonic()
        with self.within(shop):
            sick = self.stuck(address="127.0.0.9")
            self.losing(sick)

        def check(view):
            row = self.assertAnswers(
                view, sick, state="overflowing", since=began,
                reason="not-accepting|accepted no connection|takes nothing",
                command=rf"\b{sick.pid}\b")
            self.assertLoudest(view, sick)
            self.assertIn("shop", row.line)
            self.assertIn("shop", view.panel.split("\n")[0])
            above = view.lines[1:view.header]
            # A line of its own, the first of those of the namespaces.
            named = [line for line in above if re.search(r"\bshop\b.*\b1 sick\b", line)]
            self.assertEqual(len(named), 1, above)
            self.assertTrue(named[0].startswith("!! "), named)
            # The counters say whose they are.
            self.assertRegex("\n".join(above), r"(?s)counters of.*\bshop\b.*" + named[0])
        view.shows(check, deadline=20)


class Bursts(Case):
    def test_two_windows_in_three(self):
        """"Since" does not begin anew with a better window, and the row stays where it is."""
        listener = self.listener("127.0.0.1", 8000, 4)
        view = self.screen("-d", "600")
        began = time.monotonic()
        for window in range(12):
            bad = window % 3 != 2
            if bad:
                self.fill(listener, 4)
                self.overflow(listener, 3)
            else:
                for _ in range(listener.length):
                    self.own(listener.accept())
            view.end_window()
            if window < 1:
                continue

            def check(view, window=window, bad=bad):
                row = view.rows[0]
                self.assertEqual(row.address, screen.at(listener))
                self.assertLoudest(view, listener)
                self.assertEqual(row.mark, "!!")
                self.assertEqual(row.length, "5" if bad else "0")
                if window > 9:  # before, it may say how long the queue has been full this time
                    self.assertSince(self.since(view.panel), began, "the panel")
            view.shows(check)


class Crash(Case):
    def test_gone(self):
        """A service that died is on the screen: what it was, when, and that it is not well."""
        victim = self.server("statsd", "127.0.0.1", 8125, backlog=9, accepts=True)
        view = self.screen("-d", "0.5")
        view.shows(lambda view: view.row(screen.at(victim)))
        victim.close()
        ended = time.monotonic()

        def check(view):
            row = view.row(screen.at(victim))
            self.assertEqual((row.mark, row.state), ("x", "gone"))
            self.assertTrue(row.process.startswith("statsd"), row)
            self.assertTrue(all("magenta" in ink for ink in view.inks(row.number, 0, 2)
                                if " on " not in ink), view.inks(row.number))
            self.assertNotRegex(view.title, r"\ball\b.*\bwell\b")
            self.assertRegex(view.title, r"\b1 gone\b")
            # What happened, and when.
            self.assertRegex(view.below, r"\d\d:\d\d:\d\d\D+statsd\b.*\b(gone|closed)\b")
        view.shows(check)
        # It stays, and is not forgotten with the next window.
        rig.wait_until(ended + 3)
        view.shows(check)
        self.assertEqual(view.view().rows[0].address, screen.at(victim), "above the well")


class Ended(Case):
    def test_outage_of_a_while_ago(self):
        view = self.screen("-d", "0.5")
        began = time.monotonic()
        sick = self.stuck("api", port=9000)
        losing = self.losing(sick)
        view.shows(lambda view: self.assertEqual(view.rows[0].mark, "!!"))
        rig.wait_until(began + 3)
        losing.close()
        sick.accepts = True
        lasted, ended = time.monotonic() - began, time.monotonic()

        def check(view):
            row = view.rows[0]
            self.assertEqual((row.address, row.mark), (screen.at(sick), "v"))
            self.assertTrue(row.process.startswith("api"), row)
            self.assertRegex(row.line, r"\bwas !!")
            # The header has cyan for its own where the cursor is on the row.
            self.assertIn(view.inks(row.number), ({"cyan"}, {"reverse"}))
            self.assertRegex(view.title, r"\b1 recovered\b")
            # How long, how many, and when.
            panel = " ".join(view.panel.split())
            self.assertRegex(panel, r"\boverflow")
            self.assertRegex(view.below, r"\d\d:\d\d:\d\d\D+api\b.*\brecovered\b")
            found = [screen.seconds(word) for word in
                     re.findall(rf"(?<![\d:.]){screen.DURATION}\b", panel)]
            self.assertTrue(any(abs(one - lasted) <= 2 for one in found), panel)
            self.assertTrue(any(abs(one - (time.monotonic() - ended)) <= 2 for one in found),
                            panel)
        view.shows(check, deadline=40)
        # The row is still there some windows later.
        rig.wait_until(time.monotonic() + 3)
        view.shows(check)
