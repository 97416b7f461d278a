# SPDX-License-Identifier: GPL-2.0-or-later
# runs-long
"""The dashboard for Grafana: its structure, and each of its queries against a real Prometheus that
has what listenq and node_exporter say of sick listeners."""
import json
import re
import time
import unittest
import urllib.parse

import fleet
import listenq
import netns
import rig
import source

DASHBOARD = listenq.ROOT / "contrib/grafana/listenq.json"
PROVISIONING = listenq.ROOT / "contrib/grafana/provisioning.yml"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24
# What else there is in a Prometheus that has the rules and scrapes node_exporter.
OTHERS = (r"ALERTS|instance:listenq_listeners:count|node_netstat_(TcpExt|Tcp)_\w+|node_time_seconds"
          r"|node_textfile_(mtime_seconds|scrape_error)")


def document():
    return json.loads(DASHBOARD.read_text())


def panels():
    return document()["panels"]


def queries():
    """(where, query, is it at one moment) of all."""
    found = [(f"{panel['title']}, {target['refId']}", target["expr"], target.get("instant", False))
             for panel in panels() for target in panel.get("targets", ())]
    assert len(found) > 20, found
    return found


def families():
    page = (listenq.ROOT / "man/listenq-prometheus.5").read_text()
    found = set(re.findall(r"listenq_[a-z_]*[a-z]", page))
    assert "listenq_listener_problem" in found, found
    return found


class Structure(unittest.TestCase):
    def test_ids(self):
        ids = [panel["id"] for panel in panels()]
        self.assertEqual(len(set(ids)), len(ids))
        self.assertEqual(document()["uid"], "listenq")

    def test_places(self):
        """Panels cover no other, and stay within the width."""
        taken = {}
        for panel in panels():
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], COLUMNS, panel["title"])
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    self.assertNotIn((x, y), taken, f"{panel['title']} on {taken.get((x, y))}")
                    taken[x, y] = panel["title"]

    def test_data_source(self):
        """The one that the user chose, everywhere."""
        variable = document()["templating"]["list"][0]
        self.assertEqual((variable["name"], variable["type"], variable["query"]),
                         ("datasource", "datasource", "prometheus"))
        users = [*panels(), *(target for panel in panels() for target in panel.get("targets", ())),
                 *document()["templating"]["list"][1:], *document()["annotations"]["list"]]
        for user in users:
            if user.get("type") != "row":
                self.assertEqual(user["datasource"], DATASOURCE, user)

    def test_targets(self):
        """Letters of a panel are unique; what the user chose limits each query."""
        for panel in panels():
            letters = [target["refId"] for target in panel.get("targets", ())]
            self.assertEqual(len(set(letters)), len(letters), panel["title"])
            self.assertEqual(bool(letters), panel["type"] != "row", panel["title"])
        for where, query, _ in queries():
            self.assertIn('instance=~"$instance"', query, where)

    def test_transformed_columns(self):
        """The values that the table hides and names are those of its queries."""
        table, = (panel for panel in panels() if panel["type"] == "table")
        options = table["transformations"][1]["options"]
        named = {name for names in ("excludeByName", "indexByName", "renameByName")
                 for name in options[names] if name.startswith("Value ")}
        self.assertEqual(named, {f"Value #{target['refId']}" for target in table["targets"]})

    def test_explained(self):
        for panel in panels():
            if panel["type"] != "row":
                self.assertTrue(panel["description"].endswith("."), panel["title"])

    def test_families(self):
        """All that listenq writes is there, and nothing else but what OTHERS says."""
        text = " ".join(re.sub(r'"[^"]*"', '""', query) for _, query, _ in queries())
        names = set(re.findall(r"\b(?:listenq|node|instance:)\w*(?::\w+)*|\bALERTS\b", text))
        mine = {name for name in names if not re.fullmatch(OTHERS, name)}
        self.assertEqual(mine - families(), set())
        self.assertEqual(families() - mine, set())
        for variable in document()["templating"]["list"][1:]:
            family, label = re.fullmatch(r"label_values\((\w+)(?:\{.*\})?, (\w+)\)",
                                         variable["query"]["query"]).groups()
            self.assertIn(family, families())
            self.assertEqual(label, variable["name"])

    def test_states(self):
        """Words of the rules are words of listenq."""
        states = {word.name for word in source.verdicts().values()}
        for where, query, _ in queries():
            for label, value in re.findall(r'\b(state|reason)=~?"([^"]*)"', query):
                for word in value.split("|"):
                    self.assertIn(word, states, where)

    def test_provisioning(self):
        """The installed directory has the dashboard."""
        path = re.search(r"^ +path: (\S+)$", PROVISIONING.read_text(), re.MULTILINE)[1]
        self.assertEqual(path, "/usr/share/listenq/grafana")
        makefile = (listenq.ROOT / "Makefile.am").read_text()
        self.assertIn("grafanadir = $(pkgdatadir)/grafana\n", makefile)
        self.assertIn(" contrib/grafana/listenq.json", makefile)


class Queries(rig.Case):
    def setUp(self):
        super().setUp()
        netns.own_names(self)
        blue = self.own(netns.Named("blue"))
        with self.within(blue):
            self.listener(port=7001)
        self.sick = self.listener(backlog=1)
        self.fill(self.sick, 1)
        self.flooded = self.listener(backlog=64)
        self.half_open(self.flooded, 3)
        exporter = self.own(fleet.NodeExporter())
        self.own(fleet.Writer(exporter, "-A"))
        self.begin = time.time()
        self.prometheus = self.own(fleet.Prometheus(
            targets={"web3:9100": (exporter.address, exporter.port)}))
        self.wait("count_over_time(listenq_build_info[1m]) > 2")
        self.own(rig.Worker(lambda: self.syns(self.sick, 1, drops=False), every=0.1))
        self.wait('listenq_listener_problem{state="overflowing"}')

    def wait(self, query):
        return rig.wait_for(lambda: self.prometheus.query(query), query, fleet.SECONDS, period=0.1)

    def ask(self, query, instant):
        """As Grafana does, where the namespaces of the test are chosen: with -A there are also those
        of whatever runs on this machine."""
        for name, value in {"$instance": ".*", "$namespace": "|blue",
                            "$__rate_interval": "10s"}.items():
            query = query.replace(name, value)
        self.assertNotIn("$", query.replace("$|", ""))
        if instant:
            return self.prometheus.query(query)
        return self.prometheus.api("query_range", query=query, start=self.begin, end=time.time(),
                                   step=1)["result"]

    def test_queries(self):
        for check in self.each, self.what_they_say, self.unknown, self.federated:
            with self.subTest(check.__name__):
                check()

    def each(self):
        """No query is wrong, and each has data; what is above 0 only after a while has them
        without that condition. The sums of a listener stand at 0 for a minute."""
        for where, query, instant in queries():
            with self.subTest(where):
                found = self.ask(query, instant)
                if not found and re.search(r"_total|_peak_", query):
                    query = query.replace(" > 0)", ")")
                    found = self.ask(query, instant)
                self.assertTrue(found, query)

    def what_they_say(self):
        found = {where: (query, instant) for where, query, instant in queries()}
        row, = self.ask(*found["Who, where, what, A"])
        self.assertEqual({name: row["metric"].get(name) for name in
                          ("instance", "port", "state", "comm")},
                         {"instance": "web3:9100", "port": str(self.sick.port),
                          "state": "overflowing", "comm": "python3"})
        # What stands beside it is of the same listener, and so one line.
        for letter, value in ("B", "2"), ("C", "2"):
            beside, = self.ask(*found[f"Who, where, what, {letter}"])
            self.assertEqual(beside["value"][1], value)
            labels = {name: label for name, label in beside["metric"].items() if name != "__name__"}
            self.assertLessEqual(labels.items(), row["metric"].items())
        for where, value in (("Listeners with a problem", "1"), ("Hosts without fresh metrics", "0"),
                             ("Hosts", "1")):
            only, = self.ask(*found[f"{where}, A"])
            self.assertEqual(only["value"][1], value, where)
        highest, = (line for line in self.ask(*found["Fill, ten highest, A"])
                    if line["metric"]["port"] == str(self.sick.port))
        self.assertEqual(highest["values"][-1][1], "1")
        half_open = {line["metric"]["port"]: line["values"][-1][1] for line in self.ask(
            *found["Half-open connections, ten longest SYN queues, A"])}
        self.assertEqual(half_open[str(self.flooded.port)], "3")

    def unknown(self):
        """Where listenq is not, its numbers are unknown, not 0."""
        for where, query, _ in queries():
            if where.startswith(("Listeners with", "Hosts")):
                self.assertEqual(self.prometheus.query(
                    query.replace("$instance", "other").replace("$namespace", ".*")
                    .replace("$__rate_interval", "10s")), [], where)

    def federated(self):
        """What listenq(7), FLEET, asks /federate for: the sums and the alerts, nothing else."""
        asked = re.findall(r"^    - '(.*)'$",
                           (listenq.ROOT / "man/listenq.7").read_text(), re.M)
        self.assertEqual(len(asked), 2)
        found = set(re.findall(r"^(\w+):?\S*{", fleet.get(
            f"http://{self.prometheus.address}:{self.prometheus.port}/federate?" +
            urllib.parse.urlencode([("match[]", each) for each in asked])), re.M))
        self.assertEqual(found, {"ALERTS", "cluster", "instance", "unit"})


if __name__ == "__main__":
    unittest.main()
