# SPDX-License-Identifier: GPL-2.0-or-later
# runs-long
"""The rules for Prometheus: promtool's tests of them, and that every state and reason that
listenq knows gives exactly one alert, in the words that listenq itself has."""
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import textwrap
import unittest

import fleet
import listenq
import servers
import source

CONTRIB = listenq.ROOT / "contrib/prometheus"
PROMETHEUS = listenq.ROOT / "man/listenq-prometheus.5"
STATES = [word for word in source.verdicts().values()
          if word.kind == "STATE" and word.name not in ("ok", "gone")]
REASONS = [word for word in source.verdicts().values() if word.kind == "REASON"]
STUCK = "stopped", "not-accepting"


def folded(text):
    return " ".join(text.split())


class Promtool(unittest.TestCase):
    def test_check(self):
        self.assertIn("SUCCESS", fleet.promtool("check", "rules", "--lint-fatal", fleet.RULES))

    def test_tests(self):
        fleet.promtool("test", "rules", CONTRIB / "listenq.rules.test.yml")

    def test_every_alert_is_tested(self):
        """Each fires somewhere in promtool's tests."""
        tested = (CONTRIB / "listenq.rules.test.yml").read_text()
        tested += pathlib.Path(__file__).read_text(encoding="utf-8")
        for alert in self.alerts():
            self.assertRegex(tested, rf'alertname="{alert}"|alertname: {alert}\n +exp_alerts|'
                                     rf'\("{alert}", "\w+"\)')

    @staticmethod
    def alerts():
        found = re.findall(r"- alert: (\w+)", fleet.RULES.read_text())
        assert len(found) > 8, found
        return found


class Manual(unittest.TestCase):
    """What listenq(7), FLEET, says of the rules."""
    PAGE = (listenq.ROOT / "man/listenq.7").read_text()

    def test_alerts(self):
        rules = re.findall(r"- alert: (\w+)\n.*?severity: (\w+)", fleet.RULES.read_text(), re.S)
        self.assertEqual(re.findall(r"^(Listenq\w+)\t(\w+)\t", self.PAGE, re.M), rules)

    def test_no_alert_needs_what_may_be_dropped(self):
        dropped = re.compile(re.search(r"regex: (listenq_\(.*)\n    action: drop", self.PAGE)[1])
        alerts, aggregates = fleet.RULES.read_text().split("  - name: listenq-aggregates")
        families = set(re.findall(r"listenq_\w+_(?:total|length|limit)", PROMETHEUS.read_text()))
        gone = set(filter(dropped.fullmatch, families))
        self.assertEqual(len(gone), 4, gone)
        self.assertEqual([name for name in gone if name in alerts], [])
        self.assertIn("listenq_drops_total", aggregates)

    def test_records(self):
        """Those that the page keeps are there, and all that the second group records."""
        aggregates = fleet.RULES.read_text().split("  - name: listenq-aggregates")[1]
        levels = re.findall(r"- record: (\w+):listenq_\w+:\w+", aggregates)
        self.assertEqual(levels.count("instance"), 5)
        self.assertEqual(set(levels), set(re.findall(r"Ql (\w+):listenq_", self.PAGE)))


class Readme(unittest.TestCase):
    """The steps of README, as they are typed, on the files of Debian."""
    PAGE = (listenq.ROOT / "README.md").read_text().partition("\nA fleet\n")[2]

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="listenq-readme-"))
        self.addCleanup(shutil.rmtree, self.dir)

    def block(self, begin):
        """That which begins so, without the indentation."""
        found = re.search(rf"\n\n((?:    .*\n)*    {re.escape(begin)}.*\n(?:    .*\n)*)", self.PAGE)
        self.assertTrue(found, begin)
        return textwrap.dedent(found[1])

    def do(self, commands):
        """Those before "reload", in a shell; (status, what it prints)."""
        commands = re.sub(r"&&\s+sudo systemctl reload .*", "", commands).replace("sudo ", "")
        for path, own in (("/etc/prometheus", self.dir), ("/usr/share/listenq", CONTRIB.parent)):
            commands = commands.replace(path, str(own))
        tools = servers.find("usr/bin/amtool").parent
        done = subprocess.run(["sh", "-c", commands], text=True, timeout=20, stdout=subprocess.PIPE,
                              env={"PATH": f"{tools}:/usr/bin:/bin"}, stderr=subprocess.DEVNULL)
        return done.returncode, done.stdout

    def test_rules(self):
        """The check prints what README says, and nothing unless the rules are loaded."""
        self.do(self.block("sudo cp ").splitlines()[-1])  # and apt does not run
        both, check = self.block("rule_files:"), self.block("promtool ")
        debian = servers.find("etc/prometheus/prometheus.yml").read_text()
        said = re.search(r'prints "(.*)"', self.PAGE)[1].replace("/etc/prometheus", str(self.dir))
        entry = both.partition("\n")[2]
        for text, times in ((debian, 0), (debian.replace("rule_files:\n", both), 1),
                            (re.sub(r"rule_files:\n(  #.*\n)*", "", debian) + both, 1),
                            (debian.replace("rule_files:", "rule_files: []"), 0),
                            (debian.replace("rule_files:\n", both.replace("- ", "# - ")), 0),
                            (debian + both, 0),  # rule_files: is there twice
                            (debian.replace("rule_files:\n", both + entry), 2)):
            (self.dir / "prometheus.yml").write_text(text)
            self.assertEqual(self.do(check), (int(not times), f"{said}\n" * times), text)
        (self.dir / "listenq.rules.yml").unlink()
        self.assertEqual(self.do(check), (1, ""))

    def test_route(self):
        """It goes to the pager, and the rest to where it went."""
        route = self.block("- matchers:").replace("YOUR-PAGER", "team-DB-pager")
        debian = servers.find("etc/prometheus/alertmanager.yml").read_text()
        text = debian.replace("\n  routes:\n", f"\n  routes:\n{textwrap.indent(route, '  ')}")
        (self.dir / "alertmanager.yml").write_text(text)
        check = self.block("amtool ")
        self.assertEqual(self.do(check), (0, "team-DB-pager\n"))
        for other in (check.replace("critical", "warning"), check.replace("Listenq", "Other")):
            self.assertEqual(self.do(other), (0, "team-X-mails\n"))

    def test_page(self):
        """The example is one that the rules are tested for."""
        summary, *description = self.block("web3: ").splitlines()
        tested = (CONTRIB / "listenq.rules.test.yml").read_text()
        self.assertIn(f'summary: "{summary}"', tested)
        self.assertIn(f'description: "{" ".join(description)}"', tested)

    def test_forgotten(self):
        """README and listenq(7) ask for the hosts without listenq."""
        query = self.block("up{").strip()
        self.assertIn(query, Manual.PAGE)
        one, two = ({"instance": f"web{number}:9100", "job": "node"} for number in (1, 2))
        fleet.test_rules([{
            "interval": "15s", "input_series": [
                fleet.line("up", "1x8", **one), fleet.line("up", "1x8", **two),
                fleet.line("listenq_build_info", "1x8", **one, version="1")],
            "promql_expr_test": [{"eval_time": "1m", "expr": query, "exp_samples": [
                {"labels": 'up{instance="web2:9100", job="node"}', "value": 1}]}]}])


class EveryState(unittest.TestCase):
    @staticmethod
    def alert(protocol, state, reason):
        """Which one, and how urgent."""
        if reason == "fd-limit":
            return "ListenqFdLimit", "critical"
        if reason in STUCK or state == "stalled":
            return "ListenqStoppedAccepting", "critical"
        if protocol == "unix" and state in ("overflowing", "full"):  # in truth full alone
            return "ListenqUnixFull", "critical"
        if state == "overflowing":
            return "ListenqOverflow", "critical"
        if state in ("full", "high"):
            return "ListenqNearFull", "warning"
        if reason == "syn-flood":
            return "ListenqSynFlood", "warning"
        return {"syn-full": "ListenqSynQueueFull", "dropping": "ListenqDropping"}[state], "warning"

    def test_one_alert(self):
        """Whatever listenq says, with any first reason: no more than one, and no fewer."""
        series, expected = [], []
        for state in STATES:
            for reason in ["", *(each.name for each in REASONS)]:
                for protocol in "tcp", "unix":
                    number = len(series) + 1
                    where = (f'address="127.0.0.1", port="{number}"' if protocol == "tcp" else
                             f'path="/run/{number}"')
                    labels = f'instance="web3:9100", job="node", {where}, protocol="{protocol}"'
                    series.append({"series": f'listenq_listener_problem{{{labels}, '
                                             f'state="{state.name}", reason="{reason}"}}',
                                   "values": "1x20"})
                    name, severity = self.alert(protocol, state.name, reason)
                    expected.append({"value": 1, "labels":
                                     f'{{{labels}, alertname="{name}", severity="{severity}"}}'})
        test = {"rule_files": [str(fleet.RULES)], "evaluation_interval": "1m", "tests": [
            {"interval": "1m", "input_series": series, "promql_expr_test": [
                {"eval_time": "12m", "exp_samples": expected, "expr":
                 "count by (instance, job, address, port, path, protocol, alertname, severity)"
                 ' (ALERTS{alertstate="firing"})'}]}]}
        with tempfile.TemporaryDirectory() as place:
            path = pathlib.Path(place) / "test.yml"
            path.write_text(json.dumps(test))
            fleet.promtool("test", "rules", path)

    def test_words(self):
        """Fact and advice are those of the tables, for each reason and each state."""
        said = {(kind.upper(), name): folded(words) for kind, name, words in re.findall(
            r'if eq \$(state|reason) "([\w-]+)" -\}\}\n(.*?)\{\{- ?(?:else|end)',
            fleet.RULES.read_text(), re.DOTALL)}
        self.assertEqual(said, {(word.kind, word.name): folded("; ".join(
            filter(None, (word.fact, word.advice)))) for word in [*STATES, *REASONS]})

    def test_described(self):
        """A reason without advice has that of the state; a reason from the future has its name."""
        by_name = {word.name: word for word in [*STATES, *REASONS]}
        expected, series = [], []
        for port, (state, reason) in enumerate((("full", "limit-from-listen"), ("full", "future"),
                                                ("high", ""), ("full", "accepting-slowly"))):
            labels = {"instance": "web3:9100", "job": "node", "address": "::", "port": str(port),
                      "protocol": "tcp"}
            series.append(fleet.line("listenq_listener_problem", "1x40", **labels, state=state,
                               reason=reason))
            words = [by_name[name] for name in (reason, state) if name in by_name]
            if words[0].advice:
                words = words[:1]
            text = "; ".join(filter(None, (part for word in words for part in word[2:])))
            expected.append({
                "exp_labels": {**labels, "severity": "warning"}, "exp_annotations": {
                    "summary": f"web3: a program has a {'nearly ' if state == 'high' else ''}full "
                               f"accept queue on [::]:{port}", "runbook": "man listenq",
                    "description": f"{'future' if reason == 'future' else text}. "
                                   f"Next: sudo listenq -d 5 -p ':{port}'"}})
        fleet.test_rules([{"interval": "15s", "input_series": series, "alert_rule_test": [{
            "eval_time": "10m", "alertname": "ListenqNearFull", "exp_alerts": expected}]}])


class Host:
    """What Prometheus has of a host: listenq writes a file each time a window ends, and a scrape
    reads it every 15 seconds. A value is a number, None for no sample, or a function of the time of
    the write, in seconds."""
    SCRAPE = 15
    LISTENER = {"address": "0.0.0.0", "protocol": "tcp"}

    def __init__(self, window, minutes):
        self.window, self.times = window, range(0, minutes * 60 + 1, self.SCRAPE)
        self.series, self.names = {}, {"instance": "web3:9100", "job": "node"}
        self.down = lambda time: False
        self.unreadable = lambda time: False
        self.missing = lambda time: False  # there is no file
        self.written = lambda time: time // window * window  # when, of what a scrape reads
        self.clock = lambda time: 10 ** 9 + time
        self.add("listenq_build_info", 1, version="1.0")
        self.add("listenq_window_seconds", window)
        self.add("listenq_collect_incomplete", 0)

    def add(self, name, value, **labels):
        self.series[fleet.line(name, "", **self.names, **labels)["series"]] = (
            value if callable(value) else lambda _: value)

    def listener(self, port, low=0, high=None, **labels):
        """With its sums."""
        labels = {**self.LISTENER, "port": str(port), **labels}
        self.add("listenq_listener_info", 1, **labels, comm="app")
        self.add("listenq_accept_queue_length", 0, **labels)
        self.add("listenq_accept_queue_capacity", 129, **labels)
        self.add("listenq_overflows_min_total", low, **labels)
        self.add("listenq_overflows_max_total", low if high is None else high, **labels)
        self.add("listenq_losses_min_total", 0, **labels)

    def problem(self, port, state, reason, when, **labels):
        """when(time) is true for the windows in which it was so."""
        self.add("listenq_listener_problem", lambda time: 1 if when(time) else None,
                 **{**self.LISTENER, "port": str(port), **labels}, state=state, reason=reason)

    def input_series(self):
        def of_file(value):
            return lambda time: (
                None if self.down(time) or self.unreadable(time) or self.missing(time) else
                value(self.written(time)))

        def of_exporter(value):
            return lambda time: None if self.down(time) else value(time)
        file = "/var/lib/prometheus/node-exporter/listenq.prom"
        own = {
            ("up", ()): lambda time: int(not self.down(time)),
            ("node_time_seconds", ()): of_exporter(self.clock),
            ("node_textfile_scrape_error", ()): of_exporter(lambda time: int(self.unreadable(time))),
            ("node_textfile_mtime_seconds", (("file", file),)): of_file(self.clock)}
        every = {fleet.line(name, "", **self.names, **dict(labels))["series"]: value
                 for (name, labels), value in own.items()}
        every |= {name: of_file(value) for name, value in self.series.items()}
        return [{"series": name, "values": fleet.values(map(value, self.times))}
                for name, value in every.items()]


def rising(begin, step=1, each=30, end=10 ** 9):
    """A counter that rises by so much in each so many seconds of an interval."""
    return lambda time: max(0, min(time, end) - begin) // each * step


def between(begin, end=10 ** 9):
    """Windows that ended in this interval."""
    return lambda time: begin < time <= end


STOPPED = ("ListenqStoppedAccepting", "critical")
STOPS = ("ListenqStoppedAccepting", "warning")
OVERFLOWS = ("ListenqOverflow", "critical")
OVERFLOWED = ("ListenqOverflow", "warning")
STALE = ("ListenqStale", "warning")


class BothWays(unittest.TestCase):
    """Scenes, as the timer writes them every 30 s and the service every 15 s."""

    def run_scene(self, scene, minutes, expected):
        """expected: [(from minute, until minute, the alerts that fire, all that time)]."""
        tests = []
        for name, window in ("timer", 30), ("service", 15):
            host = Host(window, minutes)
            scene(host)
            checks = []
            for begin, end, alerts in expected:
                steps = int((end - begin) * 4) + 1
                checks.append({
                    "eval_time": f"{int(end * 60)}s",
                    "expr": "sum by (alertname, severity) (count_over_time("
                            'ALERTS{alertstate="firing"}' f"[{int((end - begin) * 60)}s]))",
                    "exp_samples": [{"value": steps, "labels":
                                     f'{{alertname="{alert}", severity="{severity}"}}'}
                                    for alert, severity in alerts]})
            tests.append({"name": f"{self.id()} {name}", "interval": "15s",
                          "input_series": host.input_series(), "promql_expr_test": checks})
        fleet.test_rules(tests)

    def test_healthy(self):
        """Queues fill and empty, packets drop that are none of clients; a server restarts."""
        def scene(host):
            for port in range(80, 90):
                host.listener(port)
                host.add("listenq_drops_total", rising(0, 7), **host.LISTENER, port=str(port))
            host.problem(80, "high", "accepting-slowly", between(300, 330))
            host.problem(81, "stalled", "not-accepting", between(600, 630))
            host.add("listenq_overflows_min_total", lambda time: None if 600 < time < 700 else 0,
                     **host.LISTENER, port="82")
            host.add("node_netstat_TcpExt_ListenOverflows", 4711)
            host.add("listenq_netstat_total", 12, namespace="red", counter="TcpExtListenOverflows")
            host.add("listenq_unattributed_overflows_total", 0)
            host.add("listenq_unattributed_overflows_total", 0, namespace="red")
        self.run_scene(scene, 20, [(0, 20, [])])

    def test_stuck(self):
        """It pages once, and ends when the server was started again."""
        def scene(host):
            host.listener(80)
            host.problem(80, "stalled", "not-accepting", between(300, 900))
        self.run_scene(scene, 30, [(0, 5.75, []), (7, 20, [STOPPED]), (21, 30, [])])

    def test_stuck_and_overflowing(self):
        """At once. The sums come a minute later, and then rise with each window."""
        def scene(host):
            sum_ = rising(300, 20, end=900)
            host.listener(80, lambda time: sum_(time) if time >= 360 else 0)
            host.add("node_netstat_TcpExt_ListenOverflows", rising(300, 10, 15, end=900))
            host.problem(80, "overflowing", "not-accepting", between(300, 900))
        self.run_scene(scene, 30, [(0, 5, []), (5.5, 20, [STOPPED]), (20.75, 30, [])])

    def test_overflow_when_the_program_starts(self):
        """A burst in the first minute, which the sums have after it: a ticket."""
        def scene(host):
            host.listener(80, lambda time: 50 if time >= 60 else 0)
            host.problem(80, "overflowing", "accepting-slowly", between(0, 30))
        self.run_scene(scene, 30, [(0.5, 5.75, [OVERFLOWED]), (12, 30, [])])

    def test_overflow_goes_on(self):
        def scene(host):
            host.listener(80, rising(360, 20))
            host.problem(80, "overflowing", "accepting-slowly", between(300, 900))
        self.run_scene(scene, 30, [(0, 5, []), (5.5, 6, [OVERFLOWED]), (7, 20, [OVERFLOWS])])

    def test_sums_begin_anew(self):
        """As after a boot, or a baseline of another version: nothing happened."""
        def scene(host):
            host.listener(80, lambda time: 1000 if time < 600 else 0)
            host.add("node_netstat_TcpExt_ListenOverflows", lambda time: 1000 if time < 600 else 0)
        self.run_scene(scene, 20, [(0, 20, [])])

    def test_overflow_after_they_began_anew(self):
        def scene(host):
            host.listener(80, lambda time: 1000 if time < 600 else 3 if time >= 660 else 0)
        self.run_scene(scene, 23, [(0, 10.75, []), (11.5, 15.5, [OVERFLOWED]), (22, 23, [])])

    def test_host_down(self):
        """Then other alerts fire. It is still stuck when the host is back."""
        def scene(host):
            host.listener(80)
            host.problem(80, "stalled", "not-accepting", between(60))
            host.down = lambda time: 600 < time < 1800
        self.run_scene(scene, 40, [(3, 15, [STOPPED]), (16, 30, []), (32, 40, [STOPPED])])

    def test_slow_scrape(self):
        """One that fails interrupts neither a page nor a ticket, and gives none."""
        def scene(host):
            for port in 80, 81, 82:
                host.listener(port)
            host.problem(80, "stalled", "not-accepting", between(60))
            host.problem(81, "full", "limit-from-listen", between(60))
            host.down = lambda time: time in (600, 1200)
        self.run_scene(scene, 30, [(9, 30, [STOPPED, ("ListenqNearFull", "warning")])])

    def test_listener_appears(self):
        """What its sums begin with was before; what comes then is not."""
        def scene(host):
            host.listener(80, lambda time: 500 if time >= 300 else None)
            host.listener(81, lambda time: None if time < 300 else 0 if time < 360 else 5)
        self.run_scene(scene, 20, [(0, 5.75, []), (6.5, 10, [OVERFLOWED])])

    def test_not_written(self):
        def scene(host):
            host.listener(80)
            host.written = lambda time: min(time, 600) // host.window * host.window
        self.run_scene(scene, 30, [(0, 13, []), (16, 30, [STALE])])

    def test_silent_while_stuck(self):
        """The page goes on while nothing is known, for an hour, or until listenq says more: that it
        is well, or is still stuck. What was well has a ticket for the host only."""
        def scene(*silent, stuck=10 ** 9):
            def build(host):
                host.listener(80)
                host.listener(81)
                host.problem(80, "stalled", "not-accepting", between(300, stuck))
                host.problem(81, "stalled", "not-accepting", between(810, 840))
                host.missing = between(*silent)
            return build
        both = [STOPPED, STALE]
        self.run_scene(scene(900, 1800, stuck=1500), 40, [
            (7, 17, [STOPPED]), (17.5, 30, both), (30.75, 34, [STOPPED]), (37, 40, [])])
        self.run_scene(scene(900, 1800), 40, [(17.5, 30, both), (30.75, 40, [STOPPED])])
        self.run_scene(scene(900), 90, [(17.5, 74, both), (82, 90, [])])

    def test_silent_while_overflowing(self):
        """As one page: its owner stays known."""
        def scene(host):
            host.listener(80, rising(300, 20))
            host.listener(81, 0)
            host.problem(80, "overflowing", "accepting-slowly", between(300))
            host.add("listenq_listener_problem", lambda time: 1 if time > 300 else None,
                     path="/run/b", protocol="unix", state="full", reason="blocks-clients")
            host.missing = between(900, 1800)
        self.run_scene(scene, 36, [
            (7, 17, [OVERFLOWS, ("ListenqUnixFull", "critical")]),
            (17.5, 30, [OVERFLOWS, ("ListenqUnixFull", "critical"), STALE]),
            (31, 36, [OVERFLOWS, ("ListenqUnixFull", "critical")])])

    def test_recovered_before_it_was_silent(self):
        """Nothing goes on that ended before; nor what was for a moment."""
        def scene(host):
            host.listener(80)
            host.listener(81)
            host.problem(80, "stalled", "not-accepting", between(300, 720))
            host.problem(81, "stalled", "not-accepting", between(870, 900))
            host.missing = between(900)
        self.run_scene(scene, 36, [(7, 16, [STOPPED]), (19, 36, [STALE])])

    def test_host_is_down_while_stuck(self):
        """Another alert has that; and so it is after a boot."""
        def scene(host):
            host.listener(80)
            host.problem(80, "stalled", "not-accepting", between(300, 930))
            host.down = between(930, 1800)
        self.run_scene(scene, 40, [(7, 20, [STOPPED]), (21, 40, [])])

    def test_unreadable(self):
        """For as long as it is, and not an hour."""
        def scene(host):
            host.listener(80)
            host.unreadable = lambda time: 600 < time < 4800
        self.run_scene(scene, 84, [(0, 10, []), (13, 79, [STALE]), (81, 84, [])])

    def test_another_file_is_unreadable(self):
        """Neither where listenq's is well nor where it never was."""
        def scene(host):
            host.listener(80)
            for instance in "web3", "web4":
                name = fleet.line("node_textfile_scrape_error", "", job="node", other="1",
                                  instance=f"{instance}:9100")["series"]
                host.series[name] = lambda time: 1
        self.run_scene(scene, 20, [(0, 20, [])])

    def test_clock_jumps(self):
        def scene(host):
            host.listener(80)
            host.clock = lambda time: 10 ** 9 + time + (7200 if 600 <= time < 1200 else 0)
        self.run_scene(scene, 26, [(0, 26, [])])

    def test_one_of_two_overflowed(self):
        """Only upper bounds rise: a ticket, no page, and silence it is not. In the host's namespace
        the counter is node_exporter's; in others it is listenq's; or there is none."""
        possible = ("ListenqOverflowPossible", "warning")

        def scene(namespace, name, **labels):
            def build(host):
                for port in 80, 443:
                    host.listener(port, 0, rising(330, 20, end=900), **namespace)
                if name:
                    host.add(name, rising(300, 20, end=900), **namespace, **labels)
            return build
        for build in (scene({}, "node_netstat_TcpExt_ListenOverflows"), scene({}, None),
                      scene({"namespace": "red"}, "listenq_netstat_total",
                            counter="TcpExtListenOverflows")):
            self.run_scene(build, 24, [(0, 7, []), (8.5, 19, [possible]), (21, 24, [])])

    def test_nobody_accounts_for_it(self):
        """A listener overflowed and closed within a window, in a container. Beside it another one
        overflows, and does not hide it."""
        def scene(host):
            red = {"namespace": "red"}
            host.listener(80, **red)
            host.listener(443, 0, lambda time: 100 if time >= 360 else 0, **red)
            host.listener(81, lambda time: 5 if time >= 360 else 0, **red)
            host.add("listenq_netstat_total", lambda time: 100 if time >= 300 else 0, **red,
                     counter="TcpExtListenOverflows")
            host.add("listenq_unattributed_overflows_total",
                     lambda time: 95 if time >= 360 else 0, **red)
        self.run_scene(scene, 30, [
            (0, 5.75, []), (6.5, 10, [OVERFLOWED, ("ListenqOverflowUnattributed", "warning")]),
            (20, 30, [])])

    def test_stops_again_and_again(self):
        """Each time for one window."""
        def scene(host):
            host.listener(80)
            host.problem(80, "stalled", "not-accepting",
                         lambda time: 300 < time < 1500 and time % 240 == 0)
        self.run_scene(scene, 34, [(0, 14, []), (18, 26, [STOPS]), (32, 34, [])])

    def test_clients_wait_for_a_unix_listener(self):
        """For one window: no page. On and on: one."""
        def scene(host):
            for path, when in ("/run/a", between(300, 330)), ("/run/b", between(600)):
                host.add("listenq_listener_problem", lambda time, when=when: 1 if when(time) else None,
                         path=path, protocol="unix", state="full", reason="blocks-clients")
        self.run_scene(scene, 30, [(0, 11, []), (12, 14, [("ListenqUnixFull", "critical")])])

    def test_without_a_window(self):
        """Then listenq finds neither overflows nor what stopped, and it is said."""
        def scene(host):
            host.add("listenq_window_seconds", lambda time: None)
        self.run_scene(scene, 30, [(0, 14, []), (16, 30, [("ListenqIncomplete", "info")])])
