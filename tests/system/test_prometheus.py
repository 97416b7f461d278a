# SPDX-License-Identifier: GPL-2.0-or-later
# runs-long
"""--prometheus: real listeners against ss and nstat, read by promtool and node_exporter."""
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

import exposition
import listenq
import netns
import oracle
import rig
import servers
from netns import LO

HELD = 60  # seconds for which a new sum stands at 0


class Metrics(rig.Case):
    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.dir = pathlib.Path(directory.name)
        self.path = self.dir / "listenq.prom"

    def test_listeners(self):
        """As ss sees them."""
        listeners = [self.listener(backlog=n) for n in (0, 2, 9)]
        self.fill(listeners[1], 2)
        self.queue(listeners[2], 1)
        self.overflow(listeners[1], 4)
        self.listener("::1", backlog=3)
        for name in "dummy0", "dummy1":
            netns.device(name)
            self.listener(port=9999, device=name)
        metrics = exposition.run()
        seen = {(labels["address"], labels["port"]): value for labels, value in
                metrics.of("listenq_accept_queue_length", namespace="", protocol="tcp")}
        real = {(row.address, str(row.port)): row for row in oracle.listeners()}
        self.assertEqual(seen, {key: row.length for key, row in real.items()})
        for (address, port), row in real.items():
            for family, value in (("listenq_accept_queue_capacity", row.limit + 1),
                                  ("listenq_syn_queue_limit", row.limit),
                                  ("listenq_drops_total", row.drops)):
                self.assertEqual(metrics.value(family, address=address, port=port), value)
        self.assertEqual(metrics.families["listenq_drops_total"], "counter")
        (labels, value), = metrics.of("listenq_listener_problem")
        self.assertEqual((labels["port"], labels["state"], value),
                         (str(listeners[1].port), "full", 1))
        self.assertGreater(metrics.value("listenq_oldest_wait_seconds", port=listeners[1].port), 0)
        self.assertIsNone(metrics.value("listenq_oldest_wait_seconds", port=listeners[0].port))
        self.assertEqual(metrics.value("listenq_listener_info", port=listeners[0].port,
                                       address="127.0.0.1",
                                       comm=pathlib.Path("/proc/self/comm").read_text().strip()), 1)
        self.assertFalse({"listenq_window_seconds", "listenq_accept_queue_peak_length",
                          "listenq_overflows_min_total"} & set(metrics.families))

    def test_instant(self):
        """No window, so no wait; -d asks for one."""
        self.listener(backlog=1)
        begin = time.monotonic()
        exposition.run()
        self.assertLess(time.monotonic() - begin, 0.9)
        metrics = exposition.run("-d", "0.2")
        self.assertGreaterEqual(metrics.value("listenq_window_seconds"), 0.2)
        self.assertIn("listenq_accept_queue_peak_length", metrics.families)
        self.assertNotIn("listenq_overflows_min_total", metrics.families)

    def test_groups(self):
        members = self.group([1, 2, 3])
        self.queue_any(members, 2)
        metrics = exposition.run()
        self.assertEqual(metrics.of("listenq_accept_queue_length")[0][1], 2)
        self.assertEqual(metrics.of("listenq_accept_queue_capacity")[0][1], 9)

    def test_namespaces(self):
        """Names, and the counters of each; of the own one only what node_exporter has not."""
        netns.own_names(self)
        blue, red = (self.own(netns.Named(name)) for name in ('b"lue', "red\\"))
        for place in blue, red:
            with self.within(place):
                full = self.listener(port=7000, backlog=1)
                self.fill(full, 1)
                self.overflow(full, len(place.name))
        self.listener(port=7000)
        metrics = exposition.run("-A")
        # Another name may look like that of red when its bytes are escaped.
        for name, place in (blue.name, blue), (f"red\\@{red.inode}", red):
            self.assertEqual(metrics.value("listenq_accept_queue_length", namespace=name,
                                           port=7000), 2)
            self.assertEqual(metrics.value("listenq_netstat_total", namespace=name, counter=LO),
                             len(place.name))
            with place:
                real = netns.counters()
            for labels, value in metrics.of("listenq_netstat_total", namespace=name):
                self.assertEqual(value, real[labels["counter"]], labels)
        self.assertEqual(metrics.value("listenq_accept_queue_length", namespace="", port=7000), 0)
        tool = servers.find("usr/bin/prometheus-node-exporter")
        help_ = subprocess.run([tool, "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               env=servers.environment(tool), text=True, timeout=60, check=False)
        theirs = re.search(r'netstat\.fields="(.*)"', help_.stdout)[1]
        names = {labels["counter"] for labels, _ in
                 metrics.of("listenq_netstat_total", namespace=blue.name)}
        lacking = {name for name in names
                   if not re.search(theirs, re.sub(r"^(TcpExt|Tcp)", r"\1_", name))}
        own = {labels["counter"] for labels, _ in metrics.of("listenq_netstat_total", namespace="")}
        self.assertEqual(own, lacking)
        self.assertGreater(len(names), len(own))

    def test_names_that_others_chose(self):
        """Of processes and sockets: quotes, newlines, bytes that are not UTF-8."""
        for number, (name, label) in enumerate((
                (b'"a"\\b', '"a"\\b'), (b"two\nlines", "two\nlines"),
                (b"\xff\xc3\xa4", "\\xff\xe4"), (b"\x1b[31m", "\\x1b[31m"))):
            listener = self.listener(port=7000 + number)

            def rename(_, name=name):
                pathlib.Path("/proc/self/comm").write_bytes(name)
            self.own(rig.Child(rename))
            child = self.own(rig.Child(rename))
            listener.close()
            path = os.fsencode(self.dir) + b"/" + name
            self.unix(path)
            self.unix(b"\0" + name)
            with self.subTest(name):
                metrics = exposition.run("-x")
                (labels, _), = metrics.of("listenq_listener_info", port=7000 + number)
                self.assertEqual(labels["comm"], label)
                for path in f"{self.dir}/{label}", f"@{label}":
                    self.assertEqual(metrics.value("listenq_accept_queue_length", path=path), 0)
            self.assertTrue(child.pid)

    def test_many(self):
        """Series are for so many; what is not well has one."""
        self.own(rig.Crowd(2100))
        full = self.listener(port=60000, backlog=1)
        self.fill(full, 1)
        first, second = (listenq.run("--prometheus") for _ in range(2))
        metrics = exposition.Metrics(first.out)
        self.assertEqual(metrics.value("listenq_listeners_omitted"), 101)
        self.assertGreaterEqual(metrics.value("listenq_collect_incomplete"), 1)
        self.assertIn("101 listeners have no series", first.err)
        self.assertEqual(len(metrics.of("listenq_accept_queue_length")), 2000)
        self.assertEqual(metrics.value("listenq_listener_problem", port=60000), 1)
        self.assertEqual(list(metrics), list(exposition.Metrics(second.out)), "the same ones")
        self.assertLess(len(first.out) / 2000, 1500)

    def test_sums(self):
        """After many windows the truth, which nstat has, is between the sums."""
        first, second = (self.listener(port=port, backlog=1) for port in (7001, 7002))
        for listener in first, second:
            self.fill(listener, 1)
        busy = self.listener(backlog=999, defer=True)
        sent = {7001: 0, 7002: 0}
        child = listenq.Running("--prometheus", "--watch", "-d", "0.3",
                                f"--output-file={self.path}")
        self.addCleanup(lambda: child.process.returncode is None and child.kill())
        child.wait_window()
        begin, last = time.monotonic(), {}
        since = netns.counter(LO)
        rig.wait_for(self.path.exists, "the first report")
        while time.monotonic() < begin + HELD + 5:
            for listener in (first, second):
                self.overflow(listener, 3)
                sent[listener.port] += 3
            if not sent[7001] % 60:
                self.connected(busy, 1)  # a bare ACK: a drop, and no overflow
            last = self.check_sums(last)
            time.sleep(0.1)
        second.close()
        again = self.listener(port=7002, backlog=1)
        self.fill(again, 1)
        self.overflow(again, 5)
        sent[7002] += 5
        child.wait_window(later=True)
        child.interrupt()
        child.finish()
        self.check_sums(last)
        text = self.path.read_text()
        exposition.lint(text)
        metrics = exposition.Metrics(text)
        self.assertEqual(sum(sent.values()), netns.counter(LO) - since)
        for port, truth in sent.items():
            least, most = (metrics.value(f"listenq_overflows_{bound}_total", port=port)
                           for bound in ("min", "max"))
            self.assertLessEqual(least, truth)
            self.assertGreaterEqual(most, truth)
            self.assertGreater(least, truth / 2)
        self.assertEqual(metrics.value("listenq_overflows_min_total", port=busy.port), 0)

    def check_sums(self, last):
        """They do not go down, nor do the drops of a server that starts again; what is proved is
        no more than what is possible."""
        metrics = exposition.read(self.path)
        sums = {key: value for key, value in metrics.items()
                if re.search("_(min|max)_total$|unattributed|drops_total$", key[0])}
        self.assertGreater(len(sums), 2)
        for key, value in sums.items():
            self.assertGreaterEqual(value, last.get(key, 0), key)
            if key[0].endswith("_min_total"):
                self.assertLessEqual(value, sums[key[0].replace("min", "max"), key[1]])
        self.assertTrue(set(last) <= set(sums))
        return sums

    def small(self):
        """A tmpfs that can be full, and is not yet."""
        netns.own_names(self)  # a mount namespace of one's own
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", self.dir], check=True)
        return self.dir / "filler"

    def fill_up(self, filler):
        with self.assertRaises(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def test_no_directory(self):
        missing = self.dir / "none" / "listenq.prom"
        result = listenq.run("--prometheus", f"--output-file={missing}", code=1)
        self.assertEqual(result.err, f"listenq: cannot write {missing}: No such file or directory\n")
        result = listenq.run("--prometheus", "--watch", "-d", "0.1", f"--output-file={missing}",
                             code=1)
        self.assertIn(f"cannot write {missing}", result.err)

    def test_full_disk(self):
        """The old file stays, and nothing beside it."""
        filler = self.small()
        listenq.run("--prometheus", f"--output-file={self.path}")
        old = self.path.read_text()
        self.fill_up(filler)
        result = listenq.run("--prometheus", f"--output-file={self.path}", code=1)
        self.assertIn(f"cannot write {self.path}: No space left on device", result.err)
        self.assertEqual(self.path.read_text(), old)
        self.assertEqual(sorted(os.listdir(self.dir)), ["filler", "listenq.prom"])

    def test_disk_that_is_full_for_a_while(self):
        """The writer says so once, and lives."""
        filler = self.small()
        full = self.listener(backlog=1)
        self.fill(full, 1)
        child = listenq.Running("--prometheus", "--watch", "-d", "0.1",
                                f"--output-file={self.path}")
        self.addCleanup(lambda: child.process.returncode is None and child.kill())
        rig.wait_for(self.path.exists, "the first report")
        self.fill_up(filler)
        old = self.path.stat().st_ino
        for _ in range(5):
            child.wait_window()
        old = self.path.stat().st_ino
        for _ in range(5):
            child.wait_window()
        self.assertEqual(self.path.stat().st_ino, old)
        filler.unlink()
        rig.wait_for(lambda: self.path.stat().st_ino != old, "the file to be written again")
        child.interrupt()
        lines = child.finish().err.splitlines()
        lines = [line for line in lines if "warning" not in line]
        self.assertEqual(lines, [
            f"listenq: cannot write {self.path}: No space left on device",
            f"listenq: {self.path} is written again"])

    def test_mode(self):
        """node_exporter runs as another user."""
        listenq.run("--prometheus", f"--output-file={self.path}", umask=0o077)
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o644)
        self.path.chmod(0o640)
        listenq.run("--prometheus", f"--output-file={self.path}", umask=0o077)
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o640)
        table = self.dir / "table"
        listenq.run("-d0", f"--output-file={table}", umask=0o077)
        self.assertEqual(table.stat().st_mode & 0o777, 0o600)

    def test_node_exporter(self):
        """Its textfile collector hands on every sample."""
        full = self.listener(backlog=1)
        self.fill(full, 1)
        self.unix(b"\0quote\"d\n\xff")
        listenq.run("--prometheus", "-x", "-d", "0.2", f"--output-file={self.path}")
        tool = servers.find("usr/bin/prometheus-node-exporter")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        exporter = subprocess.Popen(
            [tool, "--collector.disable-defaults", "--collector.textfile",
             f"--collector.textfile.directory={self.dir}", "--web.disable-exporter-metrics",
             f"--web.listen-address=127.0.0.1:{port}"], env=servers.environment(tool),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(exporter.wait)
        self.addCleanup(exporter.kill)

        def scrape():
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
                    return page.read().decode()
            except OSError:
                return None
        text = rig.wait_for(scrape, "node_exporter")
        self.assertIn("\nnode_textfile_scrape_error 0\n", text)
        ours = [line for line in self.path.read_text().splitlines() if line[0] != "#"]

        def parts(line):
            name, labels, value = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line).groups()
            labels = re.findall(exposition.LABEL, labels or "")
            # It adds empty labels, which are none.
            return name, sorted(pair for pair in labels if pair[1]), float(value)
        theirs = [parts(line) for line in text.splitlines() if line.startswith("listenq_")]
        self.assertEqual(sorted(map(parts, ours)), sorted(theirs))


if __name__ == "__main__":
    unittest.main()
