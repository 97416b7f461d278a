# SPDX-License-Identifier: GPL-2.0-or-later
# runs-long
"""--baseline: a window from one run to the next, and the file between them."""
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import listenq
import netns
import oracle
import rig
from netns import LO

STALL = 3.0  # seconds that the oldest connection has to wait


class Case(rig.Case):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="listenq-baseline-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.file = self.folder / "file"

    def run_once(self, *args, code=0, **kwargs):
        return listenq.run(f"--baseline={self.file}", *args, code=code, **kwargs)

    def report(self, *args, **kwargs):
        return self.run_once("--json", *args, **kwargs).json

    def begin(self, *args):
        """The first run."""
        report = self.report(*args)
        self.assertIsNone(report["window_seconds"])
        self.assertEqual(baseline_codes(report), ["baseline-new"])

    def lines(self):
        return self.file.read_text().splitlines(keepends=True)

    def edit(self, line, change):
        """Changes the object in a line of the file."""
        lines = self.lines()
        value = json.loads(lines[line])
        change(value)
        lines[line] = json.dumps(value, separators=(",", ":")) + "\n"
        self.file.write_text("".join(lines))

    def assertAnew(self, code, words, *args):
        """This run has no window and says why; the next one has a window again."""
        report = self.report(*args)
        self.assertIsNone(report["window_seconds"])
        message, = (w["message"] for w in report["warnings"] if w["code"] == f"baseline-{code}")
        self.assertIn(words, message)
        self.assertEqual(baseline_codes(report), [f"baseline-{code}"])
        again = self.report(*args)
        self.assertEqual(baseline_codes(again), [])
        self.assertIsNotNone(again["window_seconds"])

    def assertRefused(self, words, *args):
        run = self.run_once(*args, code=1)
        self.assertEqual(run.err.count("\n"), 1)
        self.assertIn(words, run.err)
        self.assertEqual(run.out, "")


def metric(text, name, port):
    return int(re.search(rf'(?m)^{name}{{.*port="{port}".*}} (\d+)$', text)[1])


def codes(report):
    return [warning["code"] for warning in report["warnings"]]


def baseline_codes(report):
    return [code for code in codes(report) if code.startswith("baseline-")]


class Window(Case):
    def test_overflow_in_the_gap(self):
        """The queue is empty at both ends, and the bounds are nstat's."""
        busy, quiet = self.listener(backlog=2), self.listener(backlog=9)
        self.begin()
        before = netns.counters()
        clients = self.fill(busy, 2)
        self.overflow(busy, 5)
        for _ in range(3):
            busy.accept().close()
        rig.wait_for(lambda: busy.length == 0, "the queue is empty")
        report = self.report()
        after = netns.counters()
        row = self.row(report, busy)
        delta = after[LO] - before[LO]
        self.assertGreaterEqual(delta, 5)
        self.assertEqual(row["overflows"], {"min": delta, "max": delta})
        self.assertEqual(row["state"], "overflowing")
        self.assertEqual(report["namespaces"][0]["counters"][LO]["delta"], delta)
        self.assertEqual(self.row(report, quiet)["overflows"], {"min": 0, "max": 0})
        self.assertEqual(self.row(report, quiet)["state"], "ok")
        # Peaks are unknown, also in the table.
        self.assertEqual([row["accept_queue"][key] for key in
                          ("peak_length", "peak_fill", "full_seconds", "samples")], [None] * 4)
        # Each overflow is in one window.
        again = self.row(self.report(), busy)
        self.assertLess(again["overflows"]["max"], delta)
        self.assertIsNotNone(clients)

    def test_no_waiting(self):
        self.listener()
        self.begin()
        begun = time.monotonic()
        self.report()
        self.assertLess(time.monotonic() - begun, 0.9)

    def test_window_is_that_between_the_runs(self):
        self.begin()
        first = json.loads(self.lines()[1])["monotonic_ns"]
        report = self.report()
        second = json.loads(self.lines()[1])["monotonic_ns"]
        self.assertAlmostEqual(report["window_seconds"], (second - first) / 1e9, places=5)

    def test_stuck_and_busy(self):
        """Over a window of more than 3 s: who accepts is ok, who does not is stalled."""
        stuck, fast = self.listener(backlog=64), self.listener(backlog=64)
        crowded = self.listener(backlog=4096)
        unix, lively = self.unix(b"\0stuck", queued=1), self.unix(b"\0lively", queued=1)
        self.queue(stuck, 2)
        rig.wait_until(time.monotonic() + 0.05)  # ages are exact to 20 ms
        # Others come all the time, also just before and just after a sample.
        clients = []
        self.addCleanup(lambda: [client.close() for client in clients])
        crowd = self.own(rig.Worker(
            lambda: clients.append(rig.connect(crowded.address, crowded.port)), 0.005))
        self.begin("-x")
        rig.wait_for(lambda: crowded.length > 10, "a crowd")
        self.report("-x")

        def serve():
            connection = fast.accept()
            connection.close()
        worker = self.own(rig.Worker(serve))
        load = self.own(rig.Worker(lambda: rig.connect(fast.address, fast.port).close(), 0.002))
        # One waits at each end of the window, as it does in an ordinary server, and not the same.
        lively.accept().close()
        self.own(lively.connect())
        rig.wait_until(time.monotonic() + STALL + 0.3)
        report = self.report("-x")
        worker.close()
        load.close()
        crowd.close()
        row = self.row(report, crowded)
        self.assertEqual((row["state"], row["reasons"]), ("stalled", ["not-accepting"]))
        row = self.row(report, stuck)
        self.assertEqual((row["state"], row["reasons"]), ("stalled", ["not-accepting"]))
        self.assertGreater(row["accept_queue"]["oldest_wait_seconds"], STALL)
        self.assertEqual(self.row(report, fast)["state"], "ok")
        states = {row["path"]: row["state"] for row in report["listeners"] if row["path"]}
        self.assertEqual(states["@" + unix.name[1:].decode()], "stalled")
        self.assertEqual(states["@" + lively.name[1:].decode()], "ok")

    def test_stuck_after_the_last_run(self):
        """Whose clients came to an empty queue, and all wait still. Who took one may be slow."""
        stuck, slow = self.listener(backlog=9), self.listener(backlog=9)
        self.begin()
        self.queue(stuck, 3)
        rig.wait_until(time.monotonic() + STALL + 0.3)
        row = self.row(self.report(), stuck)
        self.assertEqual((row["state"], row["reasons"]), ("stalled", ["not-accepting"]))
        self.queue(slow, 4)
        slow.accept().close()
        rig.wait_until(time.monotonic() + STALL + 0.3)
        self.assertEqual(self.row(self.report(), slow)["state"], "ok")

    def test_burst_that_fills_up(self):
        """The queue is full and nobody accepts; each window has its share of the overflows."""
        stuck = self.listener(backlog=2)
        self.fill(stuck, 2)
        self.begin()
        for count in (4, 1):
            before = netns.counter(LO)
            self.overflow(stuck, count)
            row = self.row(self.report(), stuck)
            delta = netns.counter(LO) - before
            self.assertGreaterEqual(row["overflows"]["min"], count)
            self.assertLessEqual(row["overflows"]["max"], delta)
            self.assertEqual(row["state"], "overflowing")

    def test_listener_that_nobody_saw(self):
        """Drops that others explain do not prove whose the overflows were."""
        deferring = self.listener(backlog=9, defer=True)
        self.begin()
        brief = rig.Listener(backlog=1)
        self.fill(brief, 1)
        self.overflow(brief, 3)
        brief.close()
        self.connected(deferring, 4)
        rig.wait_for(lambda: next(row.drops for row in oracle.listeners()
                                  if row.cookie == deferring.cookie) == 4, "four bare ACKs")
        row = self.row(self.report(), deferring)
        self.assertEqual(row["overflows"], {"min": 0, "max": 3})
        self.assertEqual(row["state"], "ok")

    def test_gone_and_new(self):
        old = self.listener(backlog=2)
        self.begin()
        port = old.port
        old.close()
        new = self.listener(port=port, backlog=2)
        self.fill(new, 2)
        self.overflow(new, 2)
        report = self.report()
        self.assertEqual([row["port"] for row in report["listeners"] if row["gone"]], [port])
        row = self.row(report, new)
        self.assertEqual(row["drops"]["delta"], 2)
        self.assertEqual(row["state"], "overflowing")

    def test_all_namespaces(self):
        """Each has its own window; one that is new has none, and no line about it."""
        other = netns.Named("listenq-base-a")
        self.addCleanup(other.delete)
        with self.within(other):
            busy = self.listener(backlog=2)
        self.begin("-A")
        late = netns.Named("listenq-base-b")
        self.addCleanup(late.delete)
        with self.within(late):
            self.listener(backlog=2)
        with self.within(other):
            self.fill(busy, 2)
            self.overflow(busy, 4)
        report = self.report("-A")
        self.assertEqual(baseline_codes(report), [])
        row = self.row(report, busy)
        self.assertEqual((row["state"], row["overflows"]), ("overflowing", {"min": 4, "max": 4}))
        deltas = {ns["name"]: ns["counters"][LO]["delta"] for ns in report["namespaces"]}
        self.assertEqual(deltas[other.name], 4)
        self.assertIsNone(deltas[late.name])
        report = self.report("-A")
        deltas = {ns["name"]: ns["counters"][LO]["delta"] for ns in report["namespaces"]}
        self.assertEqual(deltas[late.name], 0)

    def test_formats_share_a_file(self):
        listener = self.listener(backlog=2)
        self.begin()
        self.fill(listener, 2)
        for args, code in ((), 0), (("--check",), 2), (("--prometheus",), 0):
            self.overflow(listener, 2)
            run = self.run_once(*args, code=code)
            self.assertEqual(run.err, "", args)
            if not code:
                self.assertIn("overflowing", run.out)
        self.assertIsNotNone(self.report()["window_seconds"])

    def test_prometheus_has_a_window(self):
        self.begin()
        self.assertRegex(self.run_once("--prometheus").out, r"(?m)^listenq_window_seconds \d")

    def test_sums(self):
        """They go on from run to run, and begin at 0 where a run starts anew."""
        listener = self.listener(backlog=2)
        self.fill(listener, 2)
        held = 61 * 10 ** 9  # what is new is shown as 0 for a minute, to be seen to rise

        def older(sums):
            sums["begun_ns"] -= held
            for one in sums["sums"]:
                one["held_ns"] -= held
        self.assertNotIn("listenq_overflows_min_total{", self.run_once("--prometheus").err)
        self.edit(2, older)
        total = 0
        for count in 3, 0, 4:
            before = netns.counter(LO)
            self.overflow(listener, count)
            out = self.run_once("--prometheus").out
            total += count
            self.assertGreaterEqual(netns.counter(LO) - before, count)
            found = metric(out, "listenq_overflows_min_total", listener.port)
            self.assertGreaterEqual(found, total)
            self.assertLessEqual(found, metric(out, "listenq_overflows_max_total", listener.port))
        # Another format leaves them as they are.
        sums = self.lines()[2]
        self.report()
        self.assertEqual(self.lines()[2], sums)
        # A report that cannot be written adds nothing, and the next one has it.
        self.overflow(listener, 2)
        self.run_once("--prometheus", "--output-file=/dev/full", code=1)
        out = self.run_once("--prometheus").out
        self.assertGreaterEqual(metric(out, "listenq_overflows_min_total", listener.port),
                                total + 2)
        self.edit(0, lambda header: header.update(boot_id="0" * 36))
        out = self.run_once("--prometheus").out
        self.assertEqual(metric(out, "listenq_overflows_min_total", listener.port), 0)

    def test_needs(self):
        """UNIX listeners that the last run did not look at cannot be compared."""
        self.begin()
        self.assertAnew("needs", "-x", "-x")
        self.assertEqual(baseline_codes(self.report()), [])


class Anew(Case):
    def setUp(self):
        super().setUp()
        self.listener()
        self.begin()
        self.report()

    def test_another_boot(self):
        self.edit(0, lambda header: header.update(boot_id="0" * 36))
        self.assertAnew("boot", "booted")

    def test_another_host(self):
        self.edit(0, lambda header: header.update(boot_id="0" * 36, host="web\x9b"))
        self.assertAnew("host", "web")

    def test_another_version(self):
        self.edit(0, lambda header: header.update(format_version=2))
        self.assertAnew("version", "version 2")

    def test_from_the_future(self):
        self.edit(1, lambda sample: sample.update(monotonic_ns=sample["monotonic_ns"] + 10 ** 15))
        self.assertAnew("clock", "CLOCK_MONOTONIC")

    def test_too_old(self):
        def age(sample):
            back = 86401 * 10 ** 9
            sample["monotonic_ns"] -= back
            for ns in sample["netns"]:
                for key in [key for key in ns if key.endswith("_ns")]:
                    ns[key] -= back
        if time.monotonic() < 86500:
            # Then nothing can be a day old.
            self.edit(1, lambda sample: sample.update(monotonic_ns=0))
            self.assertAnew("damaged", "after the sample")
        else:
            self.edit(1, age)
            self.assertAnew("old", "a day")

    def test_damaged(self):
        header, line = self.lines()
        half = line[:len(line) // 2]
        for text, words in ((header[:-3], "ends in line 1"),
                            (header[:-3] + "\n", "line 1, byte"),
                            (header, "ends in line 2"),
                            (header + half, "ends in line 2"),
                            (header + half + "\n", "line 2, byte"),
                            (header + "\n", "line 2, byte"),
                            (header + line + line, "line 3, byte"),
                            (header + line.replace('"wall":', '"wall":1,"wall":'), "twice")):
            with self.subTest(words):
                self.file.write_text(text)
                self.assertAnew("damaged", words)
        self.file.write_bytes(header.encode() + bytes(range(255, 1, -1)) * 20)
        self.assertAnew("damaged", "line 2, byte")

    def test_damaged_sums(self):
        self.run_once("--prometheus")
        header, line, sums = self.lines()
        zeros = ",".join("0" for _ in json.loads(sums)["sums"][0]["n"])
        one = '{"labels":"a","seen_ns":1,"held_ns":1,"n":[%s]}' % zeros
        for text, words in ((sums[:-1], "ends in line 3"), (sums + sums, "more than 3 lines"),
                            ('{"sums":[%s,%s]}\n' % (one, one), "the labels stand there twice"),
                            ('{"sums":[%s]}\n' % one.replace("0,0", "0"), "more or less numbers"),
                            ('{"sums":[%s]}\n' % one.replace("0,0", "0,-1"), "line 3, byte"),
                            ('{"begun_ns":18446744073709551615}\n', "after the sample"),
                            ('{"sums":[%s]}\n' % one.replace('"a"', r'"a} 1\nb"'), "no newline"),
                            ('{"sums":[{}]}\n', "lacks a key")):
            with self.subTest(words):
                self.file.write_text(header + line + text)
                self.assertAnew("damaged", words)

    def test_huge(self):
        """A sparse file is not read into memory."""
        os.truncate(self.file, 1 << 40)
        self.assertAnew("damaged", "MiB")

    def test_other_namespaces(self):
        other = netns.Named("listenq-base")
        self.addCleanup(other.delete)
        self.assertAnew("namespaces", "-N or -A", "-N", other.name)
        self.assertAnew("namespaces", "-N or -A", "-A")

    def test_run_in_another_namespace(self):
        """With the same options; the file says which cookie the namespace has."""
        netns.enter()
        self.assertAnew("namespaces", "other network namespaces")

    def test_strict(self):
        self.file.unlink()
        self.report("--strict", code=1)
        self.report("--strict")

    def test_table_says_so(self):
        self.edit(0, lambda header: header.update(boot_id="0" * 36))
        run = self.run_once()
        self.assertEqual(run.err.count("\n"), 1)
        self.assertRegex(run.err, r"^listenq: warning: no deltas: .*; the next run compares")
        self.assertIn("No window", run.out)


class File(Case):
    def test_mode_and_leftovers(self):
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        self.begin()
        self.assertEqual(self.file.stat().st_mode & 0o7777, 0o600)
        os.chmod(self.file, 0o666)
        self.report()
        self.assertEqual(self.file.stat().st_mode & 0o7777, 0o600)
        self.assertEqual(os.listdir(self.folder), [self.file.name])

    def test_foreign(self):
        for text in "hello\n", "{}\n", '{"format":"other"}\n', "\0":
            self.file.write_text(text)
            self.assertRefused("it is not a baseline of listenq")
            self.assertEqual(self.file.read_text(), text)

    def test_no_link_is_followed(self):
        target = self.folder / "target"
        self.file.symlink_to(target)
        self.assertRefused("it is a symbolic link")
        self.assertFalse(target.exists())
        target.write_text("")
        self.assertRefused("it is a symbolic link")
        self.assertEqual(target.read_text(), "")

    def test_not_regular(self):
        os.mkfifo(self.file)
        self.assertRefused("it is not a regular file")
        self.file.unlink()
        self.file.mkdir()
        self.assertRefused("it is not a regular file")

    def test_of_another_user(self):
        self.begin()
        os.chown(self.file, 65534, -1)
        self.assertRefused("it belongs to user 65534")

    def test_no_directory(self):
        self.file = self.folder / "no" / "file"
        self.assertRefused("No such file or directory; its directory must be there")

    def test_failed_run_leaves_it(self):
        self.begin()
        before = self.file.read_bytes()
        self.run_once("--output-file=/dev/full", code=1)
        self.assertEqual(self.file.read_bytes(), before)
        self.file.unlink()
        self.run_once("--output-file=/dev/full", code=1)
        self.assertEqual(os.listdir(self.folder), [])

    def test_full_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        self.file = disk / "file"
        self.begin()
        before = self.file.read_bytes()
        with open(disk / "fill", "wb", buffering=0) as fill:
            with self.assertRaises(OSError):
                while True:
                    fill.write(b"x" * 1024)
        run = self.run_once(code=1)
        self.assertIn("No space left on device", run.err)
        self.assertEqual(self.file.read_bytes(), before)
        self.assertEqual(sorted(os.listdir(disk)), ["file", "fill"])
        os.unlink(disk / "fill")
        self.assertIsNotNone(self.report()["window_seconds"])

    def test_locked(self):
        self.begin()
        with open(self.file, "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            self.assertRefused("another run uses it now")
            # Who lets go within two seconds is waited for.
            timer = threading.Timer(0.3, lambda: fcntl.flock(held, fcntl.LOCK_UN))
            timer.start()
            report = self.report()
            timer.join()
        self.assertIsNotNone(report["window_seconds"])
        self.assertGreater(report["window_seconds"], 0.3)

    def test_many_at_once(self):
        """Each has its turn: windows follow each other without a gap, and none is lost."""
        self.begin()
        begin = json.loads(self.lines()[1])["monotonic_ns"] / 1e9
        runs = [subprocess.Popen([listenq.program(), f"--baseline={self.file}", "--json"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                for _ in range(6)]
        reports = []
        for run in runs:
            out, err = run.communicate()
            self.assertEqual((run.returncode, err), (0, b""))
            reports.append(json.loads(out))
        self.assertEqual([baseline_codes(report) for report in reports], [[]] * len(reports))
        for report in sorted(reports, key=lambda report: report["monotonic_seconds"]):
            self.assertAlmostEqual(report["monotonic_seconds"] - report["window_seconds"], begin,
                                   places=4)
            begin = report["monotonic_seconds"]
        self.assertEqual(os.listdir(self.folder), [self.file.name])

    def test_killed(self):
        """At any moment: the file has the old sample or the new one."""
        self.begin()
        known = {self.file.read_bytes()}
        begun = time.monotonic()
        self.report()
        lasts = time.monotonic() - begun
        for number in range(40):
            run = subprocess.Popen([listenq.program(), f"--baseline={self.file}", "--json"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(lasts * number / 30)  # the moment is what varies
            run.send_signal(signal.SIGKILL)
            run.wait()
            for line in self.lines():
                json.loads(line)
            self.assertEqual(len(self.lines()), 2)
            known.add(self.file.read_bytes())
        self.assertGreater(len(known), 1)
        self.assertEqual(baseline_codes(self.report()), [])

    def is_locked(self):
        with open(self.file, "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def test_removed_meanwhile(self):
        """Who removes the file while a run uses it does not get it back."""
        self.begin()
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        run = subprocess.Popen([listenq.program(), f"--baseline={self.file}", "--json",
                                f"--output-file={fifo}"], stderr=subprocess.PIPE)
        self.addCleanup(run.stderr.close)

        rig.wait_for(lambda: self.is_locked() or run.poll() is not None, "the run has the lock")
        self.file.unlink()
        with open(fifo, "rb") as pipe:
            self.assertTrue(pipe.read())
        run.wait()
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"it is another file than a moment ago", run.stderr.read())
        self.assertEqual(os.listdir(self.folder), ["fifo"])


class Usage(Case):
    def test_excludes(self):
        for args in ["--watch"], ["--count=2"], ["--top"], ["-d", "1"], ["--peak-rate=10"]:
            run = self.run_once(*args, code=2)
            self.assertIn("--baseline excludes", run.err)
        self.run_once(f"--output-file={self.file}", code=2)
        self.assertFalse(self.file.exists())

    def test_check_fails_with_3(self):
        self.file.write_text("hello\n")
        run = self.run_once("--check", code=3)
        self.assertRegex(run.out, r"^LISTENQ UNKNOWN - cannot use .* as a baseline")


class Namespace(Case):
    def test_without_cookie(self):
        """Kernels before 5.14 have none. This one does, so a file without one is of another."""
        self.listener()
        self.begin()
        found = []

        def forget(sample):
            found.extend(ns.pop("cookie", None) for ns in sample["netns"])
        self.edit(1, forget)
        if any(found):
            self.assertAnew("namespaces", "other network namespaces")
        else:
            self.assertEqual(baseline_codes(self.report()), [])


if __name__ == "__main__":
    unittest.main()
