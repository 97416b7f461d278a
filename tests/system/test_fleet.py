# SPDX-License-Identifier: GPL-2.0-or-later
# runs-long
"""From a real server to a pager: listenq writes, node_exporter reads, prometheus scrapes and
evaluates the rules as they are installed, alertmanager sends."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import listenq
import fleet
import netns
import rig
import servers


class EndToEnd(rig.Case):
    def setUp(self):
        super().setUp()
        self.receiver = self.own(fleet.Receiver())
        alertmanager = self.own(fleet.Alertmanager(receiver=self.receiver))
        self.exporter = self.own(fleet.NodeExporter())
        self.writer = self.own(fleet.Writer(self.exporter))
        self.prometheus = self.own(fleet.Prometheus(
            targets={"web3:9100": (self.exporter.address, self.exporter.port)},
            alertmanager=alertmanager))

    def wait(self, condition, what):
        return rig.wait_for(condition, what, fleet.SECONDS, period=0.1)

    def wait_series(self, server):
        """Until Prometheus has its listener twice, so that an increase shows."""
        query = f'count_over_time(listenq_overflows_min_total{{port="{server.port}"}}[1m]) > 1'
        self.wait(lambda: self.prometheus.query(query), f"series of port {server.port}")

    def first(self, selector):
        """When Prometheus first had it, in seconds."""
        found = self.prometheus.query(f"{selector}[5m]")
        return min(float(series["values"][0][0]) for series in found)

    def load(self, server):
        self.own(rig.Worker(server.once, every=1 / 20))

    def test_first_stuck_server_pages(self):
        """And the healthy ones beside it never do."""
        healthy = [self.own(servers.Nginx()), self.own(servers.Gunicorn(workers=2)),
                   self.own(servers.Redis())]
        for server in healthy:
            self.load(server)
        sick = self.own(servers.Gunicorn(workers=1, backlog=5))
        for server in (*healthy, sick):
            self.wait_series(server)
        self.assertEqual(self.prometheus.firing(), [])

        # Its worker hangs, six clients fit into its queue, and more come.
        self.own(sick.hold())
        rig.wait_for(lambda: not rig.oracle.listener(sick.port).length, "the worker to take it")
        self.writer.next_window()
        for _ in range(20):
            self.own(rig.connect(sick.address, sick.port))
        rig.wait_for(lambda: netns.counter(netns.LO), "an overflow")
        page, = self.wait(lambda: self.receiver.sent("page"), "a page")

        # The first evaluation that had the data fired. The queue was empty when the first window
        # began, so that one shows an overflow, and the next one its cause.
        for problem, alert in ('state="overflowing"', 'alertname="ListenqOverflow"'), (
                'reason="not-accepting"', 'alertname="ListenqStoppedAccepting"'):
            self.assertEqual(self.first(f'ALERTS{{port="{sick.port}",alertstate="firing",{alert}}}'),
                             self.first(f'listenq:problem{{port="{sick.port}",{problem}}}'))
        self.assertEqual(page["status"], "firing")
        alert, = page["alerts"]
        self.assertEqual(alert["labels"], {
            "alertname": "ListenqStoppedAccepting", "severity": "critical", "instance": "web3:9100",
            "job": "node", "address": "127.0.0.1", "port": str(sick.port), "protocol": "tcp",
            **self.owner(sick)})
        says = alert["annotations"]
        self.assertRegex(says["summary"], rf"^web3: {alert['labels']['comm']} stopped accepting on "
                                          rf"127\.0\.0\.1:{sick.port}, 6 of 6 queued, the oldest waits ")
        self.assertEqual(says["description"], "the program accepted no connection in this window; "
                         "look at the process, it is stuck or busy; a larger backlog will not help. "
                         f"Next: sudo listenq -d 5 -p ':{sick.port}'")

        # It stays one page, and only the sick one has an alert.
        self.wait(lambda: self.prometheus.query(
            f'count_over_time(listenq_listener_problem{{port="{sick.port}"}}[5m]) > 8'), "a while")
        self.assertEqual(self.prometheus.firing(), [
            ("ListenqStoppedAccepting", "critical", "web3:9100", str(sick.port))])
        self.assertEqual(len(self.receiver.sent("page")), 1)
        self.assertEqual({row["metric"]["port"] for row in self.prometheus.query(
            'max_over_time(ALERTS{port!=""}[5m])')}, {str(sick.port)})
        self.assertEqual(self.prometheus.broken_rules(), {})

    def owner(self, server):
        """comm, unit and container as listenq has them; those that are not empty."""
        row, = (row for row in listenq.instant("-p")["listeners"] if row["port"] == server.port)
        owner = {"comm": row["processes"][0]["comm"], "unit": row["unit"] or ""}
        return {name: value for name, value in owner.items() if value}

    def test_overflows(self):
        """A server that accepts, but too slowly: another name, and the cause. It is a ticket until
        it has gone on for a minute."""
        slow = self.own(rig.Server("slow", self.listener(backlog=5), accepts=True))
        slow.work(100)
        self.wait_series(slow)
        self.own(rig.Worker(lambda: self.own(rig.connect(slow.address, slow.port)), every=1 / 30))
        ticket, = self.wait(lambda: self.receiver.sent("ticket"), "a ticket")
        alert, = ticket["alerts"]
        self.assertEqual((alert["labels"]["alertname"], alert["labels"]["port"]),
                         ("ListenqOverflow", str(slow.port)))
        self.assertRegex(alert["annotations"]["summary"],
                         rf"^web3: slow drops clients' SYNs on 127\.0\.0\.1:{slow.port}, ")

        problem = f'listenq:problem{{port="{slow.port}",state="overflowing"}}'
        alert = f'ALERTS{{port="{slow.port}",alertstate="firing"}}'
        self.assertEqual(self.first(alert), self.first(problem))

        def description():
            alert, = (alert for alert in self.prometheus.api("alerts")["alerts"]
                      if alert["state"] == "firing")  # others wait
            return alert["annotations"]["description"]
        self.wait(lambda: "the program accepts, but more slowly than clients connect; add workers"
                  in description(), "the cause")
        self.assertEqual(self.receiver.sent("page"), [])


class Routes(rig.Case):
    """What the example of an alertmanager does with alerts that the rules may give together."""

    def test_critical_mutes_only_what_it_brings_about(self):
        """A ticket of another listener, of another namespace or host has its own cause."""
        receiver = self.own(fleet.Receiver())
        alertmanager = self.own(fleet.Alertmanager(receiver=receiver))
        alertmanager.post([
            self.alert("ListenqStoppedAccepting", "critical", port="80", protocol="tcp"),
            self.alert("ListenqUnixFull", "critical", path="/run/a", protocol="unix",
                       instance="web4:9100")])
        rig.wait_for(lambda: len(receiver.sent("page")) == 2, "the pages", fleet.SECONDS)
        muted = [self.alert(f"ListenqOverflow{which}", "warning")
                 for which in ("Possible", "Unattributed")]
        others = [
            self.alert("ListenqOverflow", "warning", port="443", protocol="tcp"),
            self.alert("ListenqNearFull", "warning", port="443", protocol="tcp"),
            self.alert("ListenqStale", "warning"),
            self.alert("ListenqOverflowPossible", "warning", namespace="red"),
            # No UNIX listener overflows.
            self.alert("ListenqOverflowPossible", "warning", instance="web4:9100")]
        alertmanager.post(muted + others)

        def tickets():
            return [alert["labels"] for notice in receiver.sent("ticket")
                    for alert in notice["alerts"]]
        rig.wait_for(lambda: len(tickets()) >= len(others), "the tickets", fleet.SECONDS)
        self.assertCountEqual(tickets(), [alert["labels"] for alert in others])
        self.assertCountEqual(alertmanager.inhibited(), [alert["labels"] for alert in muted])
        self.assertEqual(len(receiver.sent("page")), 2)

    @staticmethod
    def alert(name, severity, instance="web3:9100", **labels):
        return {"labels": {"alertname": name, "severity": severity, "instance": instance,
                           "job": "node", **labels}}


class Readme(rig.Case):
    def test_stuck_server(self):
        """What README has to try it with stops accepting, as the rules ask for."""
        page = (listenq.ROOT / "README.md").read_text()
        program, port = re.search(
            r"\n    python3 -c '(import socket.*?127\.0\.0\.1\", (\d+)\).*?)'\n", page, re.S).groups()
        server = subprocess.Popen([sys.executable, "-c", program])
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        rig.wait_for(lambda: sum(row.length for row in rig.oracle.listeners()) == 3, "its clients")
        row, = listenq.report("-d", "4")["listeners"]
        self.assertEqual((row["port"], row["state"], row["reasons"][:1]),
                         (int(port), "stalled", ["not-accepting"]))


class TimersRuns(rig.Case):
    """What the timer makes of what happens between two of its runs, and what Prometheus says."""

    def setUp(self):
        super().setUp()
        directory = pathlib.Path(tempfile.mkdtemp(prefix="listenq-timer-"))
        self.addCleanup(shutil.rmtree, directory)
        self.timer = fleet.TimersRuns(directory)

    def runs(self, seconds):
        for _ in range(seconds // self.timer.SECONDS):
            # node_exporter has it.
            self.timer.run(node_netstat_TcpExt_ListenOverflows=netns.counter(netns.LO))

    def burst(self, listener, count=20):
        """Nothing of it is left to see when the next run begins; the number of overflows."""
        before = netns.counter(netns.LO)
        clients = self.fill(listener, 1)
        self.overflow(listener, count)
        for client in clients:
            listener.accept().close()
            client.close()
        rig.wait_for(lambda: listener.length == 0, "an empty queue")
        return netns.counter(netns.LO) - before

    def sums(self, listener):
        return tuple(self.timer.get(f"listenq_overflows_{which}_total", port=listener.port)
                     for which in ("min", "max"))

    def assertFires(self, minute, *alerts):
        """Those and no others at that time; alerts: (name, severity)"""
        fleet.test_rules([{
            "interval": "15s", "input_series": self.timer.input_series(), "promql_expr_test": [{
                "eval_time": f"{minute * 60:.0f}s",
                "expr": 'count by (alertname, severity) (ALERTS{alertstate="firing"})',
                "exp_samples": [{"value": 1, "labels":
                                 f'{{alertname="{name}", severity="{severity}"}}'}
                                for name, severity in alerts]}]}])

    def test_burst(self):
        """The state has it at once, the sums a minute after the first run, to the packet."""
        busy, quiet = self.listener(backlog=1), self.listener(backlog=1)
        self.runs(30)
        self.assertIsNone(self.timer.get("listenq_window_seconds"))
        count = self.burst(busy)
        self.runs(30)
        self.assertAlmostEqual(self.timer.get("listenq_window_seconds"), 30, delta=5)
        self.assertEqual(self.timer.get("listenq_listener_problem", port=busy.port,
                                        state="overflowing"), 1)
        self.assertEqual(self.sums(busy), (0, 0))
        self.runs(60)
        self.assertEqual((self.sums(busy), self.sums(quiet)), ((count, count), (0, 0)))
        self.runs(600)
        for minute in 0.75, 4:
            self.assertFires(minute, ("ListenqOverflow", "warning"))
        self.assertFires(11.5)

    def test_another_listener_vanished(self):
        """It may have been that one: the lower bounds stay, and it is a ticket nevertheless."""
        busy, other = self.listener(backlog=1), self.listener(backlog=1)
        self.runs(120)
        count = self.burst(busy)
        other.close()
        self.runs(120)
        self.assertEqual(self.sums(busy), (0, count))
        self.runs(120)
        self.assertFires(5, ("ListenqOverflowPossible", "warning"))

    def test_it_vanished_itself(self):
        busy = self.listener(backlog=1)
        self.listener(backlog=1)
        self.runs(120)
        count = self.burst(busy)
        busy.close()
        self.runs(150)
        self.assertEqual(self.timer.get("listenq_unattributed_overflows_total"), count)
        self.assertFires(4, ("ListenqOverflowUnattributed", "warning"))
