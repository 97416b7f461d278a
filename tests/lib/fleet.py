# SPDX-License-Identifier: GPL-2.0-or-later
"""What watches hosts: the real prometheus, node_exporter and alertmanager of the distribution, on
loopback in the test's namespace, and a receiver for what is sent to a pager."""
import http.server
import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request

import listenq
import rig
import servers

RULES = listenq.ROOT / "contrib/prometheus/listenq.rules.yml"
ALERTMANAGER = listenq.ROOT / "contrib/prometheus/alertmanager.yml"
SECONDS = 40  # on a busy machine


def get(url):
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:
        return answer.read().decode()


class NodeExporter(servers.Server):
    """Reads what is in its directory `textfiles`."""
    BINARY = "usr/bin/prometheus-node-exporter"

    def command(self):
        self.textfiles = self.dir / "textfiles"
        self.textfiles.mkdir()
        return [self.binary, "--collector.disable-defaults", "--collector.textfile",
                f"--collector.textfile.directory={self.textfiles}", "--collector.netstat",
                "--collector.time", f"--web.listen-address={self.address}:{self.port}"]

    def metrics(self):
        return get(f"http://{self.address}:{self.port}/metrics")


class Alertmanager(servers.Server):
    """With the example as it is installed, but for the receiver's port, and it waits 1 s."""
    BINARY = "usr/bin/prometheus-alertmanager"

    def command(self, receiver):
        text = ALERTMANAGER.read_text().replace(":9099/", f":{receiver.port}/")
        text = re.sub(r"group_wait: \d+s", "group_wait: 1s", text)
        conf = self.write("alertmanager.yml", text)
        return [self.binary, f"--config.file={conf}", f"--storage.path={self.dir}/data",
                "--cluster.listen-address=", f"--web.listen-address={self.address}:{self.port}"]

    def user(self, command):
        """Its templates are where the package puts them, and nowhere else."""
        shared = servers.UNPACKED / "usr/share"
        mount = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /usr/share && exec "$@"', shared]
        return [*(mount if servers.UNPACKED in self.binary.parents else []), *command]

    def post(self, alerts):
        """As prometheus does."""
        request = urllib.request.Request(f"http://{self.address}:{self.port}/api/v2/alerts",
                                         json.dumps(alerts).encode(),
                                         {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=SECONDS).close()

    def inhibited(self):
        """The labels of these."""
        return [alert["labels"] for alert in json.loads(get(
            f"http://{self.address}:{self.port}/api/v2/alerts?active=false&silenced=false"))]


class Prometheus(servers.Server):
    """Scrapes and evaluates all rules each second. targets: {instance: (address, port)}, or the path of a
    file for file_sd."""
    BINARY = "usr/bin/prometheus"

    def command(self, targets, alertmanager=None, rules=RULES, interval="1s", relabel=()):
        discovery = {"file_sd_configs": [{"files": [str(targets)]}]} if not isinstance(
            targets, dict) else {"static_configs": [
                {"targets": [f"{address}:{port}"], "labels": {"instance": instance}}
                for instance, (address, port) in targets.items()]}
        if rules:
            rules = self.write(rules.name, re.sub(r"interval: \w+", f"interval: {interval}",
                                                  rules.read_text()))
        # JSON is YAML.
        conf = self.write("prometheus.yml", json.dumps({
            "global": {"scrape_interval": interval, "evaluation_interval": interval,
                       "scrape_timeout": interval},
            "rule_files": [str(rules)] if rules else [],
            "scrape_configs": [{"job_name": "node", **discovery,
                                "metric_relabel_configs": list(relabel)}],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [
                f"{alertmanager.address}:{alertmanager.port}"]}]}]} if alertmanager else {}}))
        return [self.binary, f"--config.file={conf}", f"--storage.tsdb.path={self.dir}/data",
                f"--web.listen-address={self.address}:{self.port}"]

    def listens(self):
        """It listens before it answers."""
        if not super().listens():
            return False
        try:
            return bool(get(f"http://{self.address}:{self.port}/-/ready"))
        except urllib.error.HTTPError:
            return False

    def api(self, path, **parameters):
        """What the HTTP API answers; an error of it raises."""
        url = f"http://{self.address}:{self.port}/api/v1/{path}"
        answer = json.loads(get(f"{url}?{urllib.parse.urlencode(parameters)}"))
        if answer["status"] != "success" or answer.get("warnings"):
            raise AssertionError(f"{path} {parameters}: {answer}")
        return answer["data"]

    def query(self, query, **parameters):
        return self.api("query", query=query, **parameters)["result"]

    def firing(self):
        """[(name, severity, instance, port or path)] of the alerts that fire."""
        return sorted((label["alertname"], label["severity"], label["instance"],
                       label.get("port") or label.get("path", ""))
                      for label in (each["metric"] for each in
                                    self.query('ALERTS{alertstate="firing"}')))

    def broken_rules(self):
        """{name: error} of rules that cannot be evaluated."""
        return {rule["name"]: rule["lastError"] for group in self.api("rules")["groups"]
                for rule in group["rules"] if rule.get("lastError")}


class Receiver:
    """What an alertmanager sends: notices are (path, document)."""

    def __init__(self):
        self.notices = notices = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                notices.append((self.path, json.loads(body)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def sent(self, receiver):
        return [document for path, document in list(self.notices) if path == f"/{receiver}"]

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Writer:
    """listenq as the watch service runs it, with a window of one second."""

    def __init__(self, exporter, *args):
        self.file = exporter.textfiles / "listenq.prom"
        self.running = listenq.Running("--watch", "--prometheus", "-d", "1", *args,
                                       f"--output-file={self.file}")
        rig.wait_for(self.file.exists, "the first file")
        os.chmod(self.file, 0o644)

    def next_window(self):
        """Until one window has begun and ended."""
        for _ in range(2):
            before = self.file.stat().st_mtime_ns
            rig.wait_for(lambda: self.file.stat().st_mtime_ns != before, "another file")

    def close(self):
        if self.running.process.returncode is None:
            self.running.interrupt()
            self.running.finish()


def promtool(*words):
    # It ends before garbage matters, which takes a third of its time.
    done = subprocess.run([servers.find("usr/bin/promtool"), *words], text=True, timeout=80,
                          env={**os.environ, "GOGC": "off"},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise AssertionError(f"promtool {' '.join(map(str, words))}:\n{done.stdout[:4000]}")
    return done.stdout


def line(name, values, **labels):
    words = ", ".join(f'{key}="{value}"' for key, value in labels.items())
    return {"series": f"{name}{{{words}}}", "values": values}


def test_rules(tests):
    """promtool's tests of the rules, each 15 s."""
    with tempfile.TemporaryDirectory() as place:
        # Without the aggregates, which take half of the time and give no alerts.
        rules, path = pathlib.Path(place) / "rules.yml", pathlib.Path(place) / "test.yml"
        rules.write_text(RULES.read_text().partition("\n  - name: listenq-aggregates")[0])
        path.write_text(json.dumps({"rule_files": [str(rules)], "evaluation_interval": "15s",
                                    "tests": tests}))
        promtool("test", "rules", path)


def values(numbers):
    """In promtool's words; None is no sample."""
    words, last = [], None
    for number in numbers:
        words.append(str(number) if number is not None else "_" if last is None else "stale")
        last = number
    return " ".join(words)


class TimersRuns:
    """What the timer's runs of listenq wrote, 30 s apart: instead of waiting, the baseline gets
    older."""
    SECONDS = 30

    def __init__(self, directory):
        self.baseline, self.file = directory / "baseline", directory / "listenq.prom"
        self.samples = []  # {series: number} of each run

    def age(self, value):
        if isinstance(value, dict):
            return {key: max(1, each - self.SECONDS * 10 ** 9) if key.endswith("_ns") and each
                    else self.age(each) for key, each in value.items()}
        return [self.age(each) for each in value] if isinstance(value, list) else value

    def run(self, **more):
        """more: series that others write."""
        if self.samples:
            header, *lines = self.baseline.read_text().splitlines()
            lines = [json.dumps(self.age(json.loads(each)), separators=(",", ":"))
                     for each in lines]
            self.baseline.write_text("\n".join([header, *lines, ""]))
        listenq.run("--prometheus", f"--baseline={self.baseline}", f"--output-file={self.file}")
        found = {name: number for name, number in re.findall(
            r"(?m)^(?!#)(.*) (\S+)$", self.file.read_text())}
        self.samples.append({**found, **more})

    def get(self, name, **labels):
        """Of the last run; None: there is no sample."""
        return next((float(number) for series, number in self.samples[-1].items()
                     if re.match(rf"{name}\b", series) and all(
                         f'{key}="{value}"' in series for key, value in labels.items())), None)

    def input_series(self):
        """For promtool, with two scrapes of each run."""
        series = {name for sample in self.samples for name in sample}
        every = []
        for name in sorted(series):
            family, _, labels = name.rstrip("}").partition("{")
            labels = re.sub(r'\w+="",?', "", labels)
            every.append({"series": f'{family}{{instance="web3:9100",job="node",{labels}}}',
                          "values": values(sample.get(name) for sample in self.samples
                                           for _ in range(2))})
        return every
