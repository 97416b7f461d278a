# SPDX-License-Identifier: GPL-2.0-or-later
"""The report of an incident: from a real server that is stuck, to its recording, to Markdown."""
import os
import re
import signal
import tempfile

import listenq
import netns
import rig
import servers

WINDOW = "0.25"


class Incident(rig.Case):
    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, "recording")

    def record(self):
        return listenq.Running("--watch", "-d", WINDOW, "--json", f"--record={self.path}")

    def until(self, child, what):
        """Lets windows pass until one is so. Returns its document."""
        for line in child.process.stdout:
            document = listenq.parse(line)
            if what(document):
                return document
        return self.fail("the program ended")

    def report(self, *args):
        result = listenq.run(f"--replay={self.path}", "--incident", *args)
        self.assertEqual(result.err, "")
        return result.out

    def documents(self):
        """What the recording says in JSON."""
        return listenq.run(f"--replay={self.path}", "--json").documents

    def rows(self, port):
        return [row for document in self.documents() for row in document["listeners"]
                if row["port"] == port]

    def test_gunicorn_stopped(self):
        server = self.own(servers.Gunicorn(workers=1, backlog=5))
        server.once()
        child = self.record()
        self.until(child, lambda d: True)
        for pid in server.pids:
            os.kill(pid, signal.SIGSTOP)
        clients = [self.own(rig.connect(server.address, server.port)) for _ in range(6)]
        rig.wait_for(lambda: all(rig.tcp_state(c) == rig.ESTABLISHED for c in clients), "clients")
        for client in clients:
            client.send(b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        self.overflow(server, 7)

        def row(document):
            return next(r for r in document["listeners"] if r["port"] == server.port)
        self.until(child, lambda d: "stopped" in row(d)["reasons"] and
                   (row(d)["accept_queue"]["oldest_wait_seconds"] or 0) > 3.1)
        for pid in server.pids:
            os.kill(pid, signal.SIGCONT)
        self.until(child, lambda d: row(d)["state"] == "ok")
        child.interrupt()
        child.finish()
        self.judge(server)

    def judge(self, server):
        place = f"127.0.0.1:{server.port}"
        report = self.report()
        title = report.splitlines()[0]
        self.assertRegex(title, rf"^# `[^`]+`: `\S+.*` at `{place}` process stopped, overflowing$")
        rows = self.rows(server.port)
        sick = [row for row in rows if row["state"] not in ("ok", "gone")]
        # The counter of the kernel, and the worst of what JSON says.
        self.assertIn("- SYNs and final ACKs dropped by the full accept queue: 7\n", report)
        self.assertIn("- Longest accept queue: 6 connections of 6, at ", report)
        oldest = max(row["accept_queue"]["oldest_wait_seconds"] or 0 for row in rows)
        self.assertGreater(oldest, 3)
        wait = re.search(r"^- Longest wait for accept\(2\) that was seen: ([\d.]+)s,", report, re.M)
        self.assertAlmostEqual(float(wait[1]), oldest, delta=0.06)
        proved = re.search(r"^- stopped: proved in (\d+) of (\d+) windows, .*: `process (\d+) ",
                           report, re.M)
        self.assertEqual(int(proved[1]), sum("stopped" in row["reasons"] for row in rows))
        self.assertEqual(int(proved[2]), len(sick))
        self.assertIn(int(proved[3]), server.pids)
        self.assertRegex(report, rf"\n- Process: `[^`]+` {server.pid}\b")
        self.assertRegex(report, r"\n- A client that was connected waited for \S+ or longer ")
        # Who takes a command from last night's report must not hit another process.
        self.assertIn("\nNext time, while it lasts: continue them\n\n```sh\nkill -CONT PID\n", report)
        timeline = re.search(r"\n## Timeline\n\n```text\n(.*?)\n```\n", report, re.S)[1]
        self.assertRegex(timeline, rf"\n\d\d:\d\d:\d\d  .*{place}  process stopped, overflowing\n")
        self.assertEqual(netns.counter(netns.LO), 7)
        self.assertIn("- All SYNs and final ACKs that full accept queues dropped there: 7; ", report)
        # Not in it after it, nor with a filter that leaves it out.
        last = self.documents()[-1]["time"]
        self.assertIn(": no listener was sick\n", self.report(f"--begin={last}"))
        report = self.report(f"sport != :{server.port}")
        self.assertIn(": no listener that is selected was sick\n", report)
        self.assertIn("but the counters of the namespace say that packets were lost", report)

    def test_nothing_wrong(self):
        listener = self.listener()
        child = self.record()
        for _ in range(3):
            self.until(child, lambda d: True)
        child.interrupt()
        child.finish()
        report = self.report()
        self.assertRegex(report, r"\A# `[^`]+`: no listener was sick\n")
        documents = self.documents()
        self.assertIn(f"- {len(documents)} windows (from one sample to the next) of ", report)
        for time in documents[0]["time"], documents[-1]["time"]:
            clock = int(time[17:19])
            self.assertRegex(report, rf"{time[:10]} {time[11:16]}:({clock:02}|{clock - 1:02}) UTC")
        self.assertIn("- Up to 1 listener, TCP only, in 1 network namespace\n", report)
        self.assertNotIn(f"`127.0.0.1:{listener.port}`", report)

    def test_closed_while_well(self):
        """No queue was to blame, but clients were refused meanwhile."""
        listener = self.listener()
        port = listener.port
        child = self.record()
        self.until(child, lambda d: True)

        def there(document):
            return any(row["port"] == port and row["state"] != "gone"
                       for row in document["listeners"])
        for _ in range(2):
            listener.close()
            self.until(child, lambda d: not there(d))
            listener = self.listener(port=port)
            self.until(child, there)
        child.interrupt()
        child.finish()
        report = self.report()
        place = f"127.0.0.1:{port}"
        self.assertRegex(report, rf"\A# `[^`]+`: no listener was sick, but `{place}` was closed "
                                 r"2 times\n")
        self.assertIn(f" At `{place}` nobody listened 2 times, the longest from ", report)
        self.assertRegex(report, rf"\n\d\d:\d\d:\d\d  {place}  nobody listened 2 times, ")
        self.assertNotIn("not the cause", report)

    def test_several_runs(self):
        """It was stuck at the end of one recording, and closed before the next."""
        listener = self.listener(backlog=1)
        self.fill(listener, 1)
        child = self.record()
        child.wait_window()
        self.overflow(listener, 3)
        self.until(child, lambda d: self.row(d, listener)["state"] == "overflowing")
        child.interrupt()
        child.finish()
        place = f"127.0.0.1:{listener.port}"
        listener.close()
        child = self.record()
        for _ in range(2):
            self.until(child, lambda d: True)
        child.interrupt()
        child.finish()
        report = self.report()
        self.assertRegex(report, rf"\n- Ended: unknown; it went on at .*\n- Lasted: at least ")
        self.assertRegex(report, r"\n- Closed: ")
        self.assertRegex(report, r"\n\d\d:\d\d:\d\d  nothing is known until \d\d:\d\d:\d\d\n")
        self.assertIn(f" `{place}` ", report.splitlines()[0])


if __name__ == "__main__":
    rig.main()
