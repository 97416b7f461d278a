# SPDX-License-Identifier: GPL-2.0-or-later
# runs-long
"""--replay: a recording shows what the live run showed, byte for byte; and what is wrong with it.

tests/lib/listenq.py compares the same for each run of --watch in all tests."""
import datetime
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

import listenq
import netns
import rig
import servers

HEADER = '{"format":"listenq-samples",'


LINE_5 = ("- Line 5 of the recording is damaged: what comes after it is not in this "
          "report\n")


def without_others(lines):
    """Namespaces of whoever runs the tests may overflow."""
    return [re.sub(r',"others":\[[^]]*\]', "", line) for line in lines]


def time_of(wall):
    seconds, ns = divmod(wall, 10**9)
    when = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{ns:09}Z"


class Case(rig.Case):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="listenq-replay-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.file = self.folder / "file"

    def record(self, *args, count=3, delay=0.05):
        """The JSON of a live run, a line a window."""
        return listenq.run("--watch", "--json", "-d", str(delay), f"--count={count}",
                           f"--record={self.file}", *args).out.splitlines(keepends=True)

    def replay(self, *args, **kwargs):
        return listenq.run(f"--replay={self.file}", *args, **kwargs)

    def lines(self):
        return self.file.read_text().splitlines(keepends=True)

    def write(self, lines):
        self.file.write_text("".join(lines))


class Live(Case):
    """A host at its worst: what happens, happens from window to window."""

    def setUp(self):
        super().setUp()
        netns.own_names(self)
        self.blue = self.own(netns.Named("blue"))
        with self.within(self.blue):
            self.far = self.listener("0.0.0.0", 8080, backlog=1)
            self.fill(self.far, 1)
        self.stuck = self.listener("0.0.0.0", 8081, backlog=2)
        self.fill(self.stuck, 2)
        self.shared = self.group([5, 5, 5], port=8083)
        self.connected(self.shared[0], 3)
        self.unix(b"\0stuck\xff\n", backlog=2, queued=3)
        self.server = self.own(servers.Redis())
        self.sleeper = self.own(rig.Sleeper("a \"b\\c", self.listener("::", 8084, backlog=7)))
        self.connected(self.sleeper, 2, address="::1")
        self.half = self.listener("127.0.0.1", 8082, backlog=9)  # which no child holds

    def flap(self):
        """One that comes and goes between two samples."""
        listener = rig.Listener("127.0.0.1", 8085, backlog=1)
        clients = [rig.connect("127.0.0.1", 8085) for _ in range(2)]
        self.running.wait_looks()
        for each in clients:
            each.close()
        listener.close()

    def far_overflow(self):
        with self.within(self.blue):
            self.overflow(self.far, 4)

    def restart(self):
        """The server of a port ends, and another one begins."""
        self.half.close()
        self.half = self.listener("127.0.0.1", 8082, backlog=3)
        self.fill(self.half, 3)

    def events(self):
        return [lambda: self.overflow(self.stuck, 5), lambda: self.half_open(self.half, 3),
                self.flap, self.far_overflow, lambda: [self.server.once() for _ in range(3)],
                self.restart, lambda: self.stuck.accept().close(),
                lambda: self.own(rig.Sleeper("new", self.listener("127.0.0.1", 8086)))]

    def live(self, events, *args):
        """Runs through them, one a window. The output is larger than a pipe."""
        with open(self.folder / "live", "w+b") as out:
            self.running = run = listenq.Running("--watch", f"--record={self.file}", *args, stdout=out)
            for event in events:
                run.wait_window(later=True)
                event()
            run.wait_window(later=True)
            run.interrupt()
            result = run.finish()
            out.seek(0)
            result.out = out.read().decode()
        return result

    def check(self, *args):
        live = self.live(self.events(), "-d", "0.2", *args)
        again = self.replay(*listenq.replay_args(["--watch", *args]))
        self.assertEqual(*listenq.compared(args, live.out, again.out))
        self.assertEqual(again.err, live.err)
        return live

    def test_json(self):
        live = self.check("--json", "-A", "-x", "-p", "-D")
        documents = list(map(json.loads, live.out.splitlines()))  # large: -A is the whole host
        self.assertGreaterEqual(len(documents), len(self.events()))
        for word in ('"overflowing"', '"gone":true', '"half_open":[{', '"blue"', '"new"',
                     '"protocol":"unix"', '"not-accepting"', '"redis-server"'):
            self.assertIn(word, live.out)
        self.assertEqual(self.replay("--json").out, live.out)
        # The last window, in the formats that show only that.
        last = documents[-1]
        check = self.replay("--check", code=None).out
        self.assertRegex(check, r"\ALISTENQ (WARNING|CRITICAL) - ")
        self.assertIn("0.0.0.0:8080 in blue", check)
        self.assertRegex(check, r"(?m)^Next time: see .* process PID .*:  strace -fp PID  or: ")
        text = self.replay("--prometheus").out
        for row in last["listeners"]:
            if row["protocol"] == "tcp" and not row["gone"] and row["port"] in (8081, 8080):
                self.assertRegex(text, rf'(?m)^listenq_drops_total{{.*port="{row["port"]}".*}} '
                                       rf'{row["drops"]["total"]}$')
        self.assertNotIn("listenq_collect_duration_seconds", text)
        # Any selection of the same samples is that of the reports.
        rows = map(json.loads, self.replay("--json", ":8081").out.splitlines())
        self.assertEqual([[row for row in document["listeners"] if row["port"] == 8081]
                          for document in documents], [each["listeners"] for each in rows])

    def test_table(self):
        live = self.check("-A", "-x", "-p", "-D", "-O")
        self.assertIn("NAMESPACE", live.out)
        self.assertIn("half-open", live.out)

    def test_default_table(self):
        self.assertIn("\nDo (", self.check().out)
        again = self.replay().out
        self.assertNotIn("NAMESPACE", again)
        self.assertNotIn("\nDo", again)
        self.assertRegex(again, r"\nNext time \(.*strace -fp PID ")

    def test_folded(self):
        self.check("-g", "-x")

    def test_prometheus(self):
        live = self.check("--prometheus")
        self.assertRegex(live.out, r'(?m)^listenq_drops_total{.*port="8081".*} 5$')

    def test_two_namespaces(self):
        self.own(netns.Named("green"))
        live = self.check("-N", "blue", "-N", "green")
        self.assertIn("NAMESPACE", live.out)

    def test_chosen(self):
        """Windows between two samples that follow each other are those of the live run."""
        overflow, calm = lambda: self.overflow(self.stuck, 2), lambda: None
        live = self.live([calm, calm, calm, overflow, calm, calm, overflow, calm, calm],
                         "--json", "-d", "0.1", "--record-when=overflows > 0").out.splitlines()
        again = self.replay("--json").out.splitlines()
        gaps = [line for line in again if "replay-gap" in line]
        self.assertTrue(gaps)
        self.assertLess(set(again) - set(gaps), set(live))
        self.assertTrue(any('"overflowing"' in line for line in again if line not in gaps))
        for document in map(json.loads, gaps):
            row = next(row for row in document["listeners"] if row["port"] == 8081)
            self.assertIsNone(row["accept_queue"]["peak_length"])
            self.assertEqual([w["code"] for w in document["warnings"]], ["replay-gap"])


class Choice(Case):
    def setUp(self):
        super().setUp()
        self.listener("127.0.0.1", 8080)
        self.live = self.record(count=6)

    def times(self):
        return [json.loads(line)["time"] for line in self.live]

    def test_begin_and_end(self):
        times = self.times()
        for first in range(6):
            for last in range(first, 6):
                out = self.replay("--json", f"--begin={times[first]}", f"--end={times[last]}").out
                self.assertEqual(out, "".join(self.live[first:last + 1]))
        self.assertEqual(self.replay("--json", "--begin=-1h").out, "".join(self.live))
        last, = self.replay("--json", f"--begin={times[5]}").documents
        self.assertEqual(last["time"], times[5])

    def test_none(self):
        for args in (["--end=-1d"], ["--begin=2099-01-01T00:00:00Z"]):
            run = self.replay("--json", *args, code=1)
            self.assertEqual(run.out, "")
            self.assertRegex(run.err, r"^listenq: \S+ has no window that ends (until|since) \S+Z; it is "
                                      r"from \d{4}-\S+Z to \d{4}-\S+Z\n$")

    def test_order(self):
        """Which day a clock time is of shows only there."""
        run = self.replay("--begin=2026-11-29T13:22:00Z", "--end=2026-11-28T13:40:00Z", code=2)
        self.assertIn("listenq: --begin is after --end: 2026-11-29T13:22:00Z is after "
                      "2026-11-28T13:40:00Z; a clock time is the last one that is not in the future\n",
                      run.err)

    def test_last_window(self):
        times = self.times()
        document, = self.replay("--json", f"--begin={times[2]}", f"--end={times[2]}").documents
        out = self.replay("--prometheus", f"--end={times[2]}").out
        window = re.search(r"^listenq_window_seconds (\S+)$", out, re.MULTILINE)[1]
        self.assertAlmostEqual(float(window), document["window_seconds"], 5)

    def test_clock(self):
        """What local time is, TZ says."""
        now = datetime.datetime.now(datetime.timezone.utc)
        for zone, offset in (("UTC", 0), ("XXX-5", 5), ("YYY+3", -3)):
            local = (now + datetime.timedelta(hours=offset, minutes=-2))
            env = dict(os.environ, TZ=zone)
            for text in local.strftime("%H:%M:%S"), local.strftime("%Y-%m-%d %H:%M"):
                out = self.replay("--json", f"--begin={text}", env=env).out
                self.assertEqual(out, "".join(self.live))
            self.replay("--json", f"--end={local:%Y-%m-%d %H:%M:%S}", env=env, code=1)

    def test_standard_input(self):
        live = "".join(self.live)
        with open(self.file, "rb") as file:
            self.assertEqual(listenq.run("--replay=-", "--json", stdin=file).out, live)
        piped = subprocess.run(["sh", "-c", 'cat "$1" | TMPDIR="$2" "$0" --replay=- --json',
                                listenq.program(), self.file, self.folder], check=True, text=True,
                               stdout=subprocess.PIPE, timeout=listenq.TIMEOUT)
        self.assertEqual(piped.stdout, live)
        self.assertEqual(os.listdir(self.folder), ["file"])

    def test_runs(self):
        """No window is between two runs, and that nothing is known of the time is said."""
        live = [json.loads(line) for line in self.live + self.record()]
        again = self.replay("--json").documents
        warning, = again[6].pop("warnings")
        self.assertEqual(live[6].pop("warnings"), [])
        self.assertEqual(again, live)
        self.assertEqual(warning["code"], "replay-run")
        self.assertRegex(warning["message"], r"^nothing is known from \S+Z to \S+Z, between two runs$")
        self.assertEqual(sum(line.startswith(HEADER) for line in self.lines()), 2)
        self.assertEqual(self.replay().err.count("between two runs\n"), 1)
        self.replay("--strict", code=1)
        self.assertIn("no listener was seen sick; nothing is known for ",
                      self.replay("--incident").out.splitlines()[0])
        # It is none where only what comes after it was asked for.
        self.replay("--strict", f"--begin={live[6]['time']}")

    def test_rotated(self):
        """Where --record-size began FILE anew, the windows follow each other."""
        self.file.unlink()
        live = self.record("--record-size=64K", count=40)
        older = pathlib.Path(f"{self.file}.1")
        self.assertTrue(older.exists())
        self.write((older.read_text(), self.file.read_text()))
        self.assertEqual(sum(line.startswith(HEADER) for line in self.lines()), 2)
        again = self.replay("--json").out.splitlines(keepends=True)
        self.assertEqual(again, live[-len(again):])
        self.assertIn(": no listener was sick\n", self.replay("--incident").out)

    def moved(self, seconds):
        """Moves the recording back in time."""
        moved = lambda match: f'"wall":{int(match[1]) - seconds * 10 ** 9}'
        self.file.write_text(re.sub(r'"wall":(\d+)', moved, self.file.read_text()))

    def test_asked(self):
        """What was asked for and is not in the recording."""
        self.moved(1000)
        # Namespaces of whoever runs the tests, which may overflow.
        self.file.write_text(re.sub(r',"others":\[[^]]*\]', "", self.file.read_text()))
        early = r"listenq: warning: nothing is known from \S+Z to \S+Z, and --begin asks for it\n"
        late = r"listenq: warning: nothing is known from \S+Z to \S+Z, and --end asks for it\n"
        self.assertRegex(self.replay("--begin=-1h").err, rf"\A{early}\Z")
        self.assertRegex(self.replay("--begin=-1h", "--json", "--strict", code=1).err, early)
        self.assertRegex(self.replay("--end=-0s").err, rf"\A{late}\Z")
        last = self.replay("--end=-0s", "--json").documents[-1]
        self.assertEqual([each["code"] for each in last["warnings"]], ["replay-end"])
        self.assertRegex(self.replay("--end=-0s", "--check", code=3).out,
                         r"\ALISTENQ UNKNOWN - .*; nothing is known from \S+ to \S+, and --end ")
        self.replay("--check")
        self.replay("--check", "--begin=-1h")
        out = self.replay("--begin=-1h", "--end=-10s", "--incident").out
        title = out.splitlines()[0]
        self.assertRegex(title, ": no listener was seen sick; nothing is known for .* of 59m$")
        self.assertEqual(out.count("- Nothing is known from "), 2)

    def test_two_hosts(self):
        text = self.file.read_text()
        host = json.loads(text.partition("\n")[0])["host"]
        boot = json.loads(text.partition("\n")[0])["boot_id"]
        self.file.write_text(text + text.replace(f'"host":"{host}"', '"host":"web3"')
                             .replace(boot, boot[::-1]))
        run = self.replay("--incident", code=1)
        self.assertEqual(run.out, "")
        self.assertEqual(run.err, f"listenq: {self.file} has windows of two hosts, {host} and "
                                  "web3, and an incident is of one: give the file of one host, "
                                  "or choose with --begin and --end\n")

    def test_damaged_check(self):
        """A check speaks for the whole time, also for what it does not need."""
        lines = self.lines()
        lines[2] = lines[2][:-40] + "\n"
        self.write(without_others(lines))
        run = self.replay("--check", code=3)
        self.assertRegex(run.out, r"\ALISTENQ UNKNOWN - .* looked at, .*; .*: line 3 is damaged, byte ")
        wall = json.loads(lines[4])["wall"]
        self.replay("--check", f"--begin={time_of(wall)}")

    def test_damaged_between_runs(self):
        """What the next run recorded is shown, and what lies between is said to be unknown."""
        first = self.lines()
        live = self.record()
        lines = self.lines()
        lines[4] = "\0" * 100 + "\n"
        self.write(without_others(lines))
        run = self.replay("--json", code=1)
        self.assertEqual([each["time"] for each in run.documents][-len(live):],
                         [json.loads(line)["time"] for line in live])
        self.assertEqual(len(run.documents), 2 + len(live))
        self.assertIn(": line 5 is damaged, byte 1: ", run.err)
        run = self.replay("--incident", code=1)
        self.assertIn("seen sick; nothing is known for ", run.out.splitlines()[0])
        self.assertIn("damaged at line 5, and what follows, up to the next run, is not in this report.",
                      run.out.splitlines()[2])
        self.assertRegex(self.replay("--check", code=3).out,
                         r"\ALISTENQ UNKNOWN - .* looked at, .*: line 5 is damaged, byte 1: ")
        self.assertIn("listenq_", self.replay("--prometheus", code=1).out)
        wall = json.loads(lines[len(first) + 1])["wall"]
        self.replay("--check", f"--begin={time_of(wall + 1)}")

    def test_damaged_way_out(self):
        """The command that the message has shows the rest."""
        lines = self.lines()
        lines[4] = "\0" * 100 + "\n"
        self.write(lines)
        command = self.replay("--json", code=1).err.partition("without it: ")[2].strip()
        self.assertRegex(command, r"\Ased 5d .* \| listenq --replay=-\Z")
        command = command.replace("listenq --replay", f"{listenq.program()} --json --replay")
        done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, check=True, text=True,
                              timeout=listenq.TIMEOUT)
        self.assertEqual(len(done.stdout.splitlines()), len(lines) - 3)

    def test_damaged_incident(self):
        """The report is about what came before, and says so."""
        lines = self.lines()
        lines[4] = lines[4][:-40] + "\n"
        self.write(lines)
        run = self.replay("--incident", code=1)
        self.assertRegex(run.err, rf"\Alistenq: {self.file}: line 5 is damaged, byte \d+: .*\n\Z")
        self.assertIn(LINE_5, run.out)
        self.assertIn("damaged at line 5, and what follows is not in this report.",
                      run.out.splitlines()[2])
        title = "no listener was seen sick, up to a damaged line"
        self.assertIn(f"{title}; nothing is known for ", run.out.splitlines()[0])
        # It may lack its time, so that what comes after it is not looked at at all.
        lines[4] = "\0" * 4096 + "\n"
        self.write(lines)
        run = self.replay("--incident", code=1)
        self.assertEqual(run.err, f"listenq: {self.file}: line 5 is damaged, byte 1: an object "
                                  f"should begin here; without it: sed 5d {self.file} | "
                                  "listenq --replay=-\n")
        self.assertIn(LINE_5, run.out)
        self.assertTrue(run.out.splitlines()[0].endswith(title), run.out)
        self.assertEqual(len(self.replay("--json", code=1).documents), 2)
        # Which window is the last is unknown.
        for args, code in (["--prometheus"], 1), (["--check"], 3):
            run = self.replay(*args, code=code)
            self.assertNotIn("listenq_", run.out)
            self.assertIn("line 5 is damaged, byte 1: ", run.out + run.err)
        # What is asked for is all there.
        end = time_of(json.loads(lines[3])["wall"])
        self.assertEqual(self.replay("--incident", f"--end={end}").err, "")
        lines[2] = lines[4]
        self.write(lines)
        self.assertEqual(self.replay("--incident", code=1).out, "")

    def test_unix(self):
        """Whoever asks for UNIX listeners is told that none were recorded."""
        said = "UNIX listeners were not recorded: only a run with -x does"
        for line in self.replay("--json", "-x").documents:
            self.assertIn({"code": "replay-unix", "message": said}, line["warnings"])
        self.assertEqual(self.replay("-x").err, f"listenq: warning: {said}\n")
        self.assertIn(said, self.replay("-x", "--incident").out)
        check = self.replay("-x", "--check", code=None)  # other namespaces may overflow
        self.assertNotEqual(check.code, 0)
        self.assertIn(said, check.out)
        self.file.unlink()
        self.record("-x")
        self.assertNotIn("replay-unix", self.replay("--json", "-x").out)

    def test_older(self):
        """What --record-size left is named, unless what is asked for begins later."""
        older = pathlib.Path(f"{self.file}.1")
        self.file.rename(older)
        live = self.record()
        warning = (f"listenq: warning: older samples are in {older}: "
                   f"cat {older} {self.file} | listenq --replay=-\n")
        for args in ((), ("--json",), ("--incident",)):
            self.assertEqual(self.replay(*args).err, warning, args)
        self.assertEqual(self.replay("--json").out, "".join(live))
        self.assertIn(f"older samples are in `{older}`\n", self.replay("--incident").out)
        self.assertEqual(self.replay("--begin=" + json.loads(live[1])["time"], "--json").err, "")
        for word in ("--check", "--prometheus"):
            run = self.replay(word, code=None)
            self.assertNotIn("older", run.out + run.err)
        spaced = self.folder / "a b"
        for name in ("", ".1"):
            shutil.copy(f"{self.file}{name}", f"{spaced}{name}")
        err = listenq.run(f"--replay={spaced}").err
        command = err.partition(".1: ")[2].replace("| listenq", f"| {listenq.program()} --json")
        shown = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, text=True, check=True)
        self.assertEqual(shown.stdout.count("\n"), len(self.live) + len(live))
        joined = older.read_text(), self.file.read_text()
        self.write(joined)
        self.assertEqual([each["time"] for each in self.replay("--json").documents],
                         [json.loads(line)["time"] for line in self.live + live])
        self.write(joined[::-1])
        self.assertIn("this run is older than one above it", self.replay(code=1).err)

    def test_gap(self):
        lines = self.lines()
        self.write(lines[:3] + lines[4:])
        again = self.replay("--json").documents
        live = [json.loads(line) for line in self.live]
        self.assertEqual(len(again), 5)
        self.assertEqual([again[0], *again[2:]], [live[0], *live[3:]])
        self.assertAlmostEqual(again[1]["window_seconds"],
                               live[1]["window_seconds"] + live[2]["window_seconds"], places=5)
        self.assertEqual([w["code"] for w in again[1]["warnings"]], ["replay-gap"])
        run = self.replay()
        self.assertEqual(run.err.count("samples were left out"), 1)
        self.replay("--strict", code=1)
        # It hides no listener that lost something.
        self.write(lines[:6] + lines[7:])
        self.assertNotIn("UNKNOWN", self.replay("--check", code=None).out)

    def test_cut(self):
        for cut in (1, 100):
            text = self.file.read_bytes()
            self.file.write_bytes(text[:-cut])
            run = self.replay("--json")
            self.assertEqual(run.out, "".join(self.live[:-1]))
            self.assertEqual(run.err, f"listenq: warning: the last line of {self.file} is not "
                                      "whole, and is left out\n")
            self.assertEqual(self.replay("--json", "--strict", code=1).out, run.out)
            self.file.write_bytes(text)

    def test_other_host(self):
        text = self.file.read_text()
        host = json.loads(text.partition("\n")[0])["host"]
        self.file.write_text(text.replace(f'"host":"{host}"', '"host":"web3"'))
        self.assertEqual(self.replay("--json").err, "")
        self.assertIn('"host":"web3"', self.replay("--json").out)
        self.assertEqual(self.replay().err,
                         f"listenq: warning: {self.file} is of host web3; names of users and "
                         "services are those of this host\n")
        boot = json.loads(text.partition("\n")[0])["boot_id"]
        self.file.write_text(text.replace(boot, boot[::-1]))
        self.assertEqual(self.replay().err,
                         f"listenq: warning: {self.file} is from before this host booted\n")

    def test_fail_if(self):
        """It ends at the first match, as --watch does."""
        run = self.replay("--json", "--fail-if=limit > 0", code=4)
        self.assertEqual(run.out, self.live[0])
        self.replay("--json", "--fail-if=length > 0")
        self.replay("--prometheus", "--fail-if=limit > 0", code=4)

    def test_view_without_a_terminal(self):
        err = self.replay("--top", code=2).err
        self.assertIn("\nTry the same without --top for tables one after the other.\n", err)
        self.assertIn("\nTry 'listenq --watch' for ", listenq.run("--top", code=2).err)

    def test_output_file(self):
        out = self.folder / "out"
        self.replay("--json", f"--output-file={out}")
        self.assertEqual(out.read_text(), self.live[-1])

    def test_full_device(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            self.replay("--json", stdout=full, code=1)


class Options(unittest.TestCase):
    def test_excluded(self):
        for args in (["-N", "x"], ["-A"], ["-d", "2"], ["--peak-rate=1"], ["--watch"],
                     ["--count=2"], ["--baseline=x"], ["--record=x", "--watch"],
                     ["--check", "--timeout=3"], ["--output-file=file"]):
            run = listenq.run("--replay=file", *args, code=None)
            self.assertIn(run.code, (2, 3), args)
            self.assertIn("--replay", run.out + run.err)

    def test_silent_pipe(self):
        """A check answers in time, though nothing comes."""
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        self.addCleanup(os.close, writing)
        run = listenq.run("--check", "--replay=-", "--timeout=0.2", stdin=reading, code=3)
        self.assertIn("it took longer than 0.2 s; --timeout allows more", run.out)

    def test_needs(self):
        for args in (["--begin=03:00"], ["--end=03:00"], ["--replay=x", "--begin=3"],
                     ["--replay=x", "--end=now"], ["--replay="],
                     ["--replay=x", "--begin=-1h", "--end=-2h"]):
            run = listenq.run(*args, code=2)
            self.assertRegex(run.err, r"\Alistenq: .*\nTry .*\n\Z")


class Hostile(Case):
    """One line that says what is wrong and where, exit status 1, and no memory beyond reason."""
    HEADER = (HEADER + '"format_version":1,"version":"1","host":"h","boot_id":"b","kernel":"k",'
              '"wall":1,"uid":0,"euid":0,"all_netns":false,"netns":[],"needs":[]}\n')
    # Of a process, in KiB.
    MEMORY = 400 << 10

    def limits(self):
        import resource
        if not listenq.sanitized():
            resource.setrlimit(resource.RLIMIT_AS, (self.MEMORY << 10,) * 2)

    def refused(self, text, where):
        if text is not None:
            self.file.write_bytes(text if isinstance(text, bytes) else text.encode())
        run = self.replay("--json", code=1, preexec_fn=self.limits)
        self.assertRegex(run.err, r"\Alistenq: [^\n]*\n\Z")
        self.assertIn(where, run.err)
        return run

    @staticmethod
    def sample(second, **keys):
        return json.dumps({"wall": second * 10**9, "monotonic_ns": second * 10**9,
                           "previous_ns": (second - 1) * 10**9, "netns": [{"cookie": "0x1",
                           "listeners": []}], **keys}, separators=(",", ":")) + "\n"

    def test_good(self):
        """What the others damage."""
        self.file.write_text(self.HEADER + self.sample(1) + self.sample(2) + self.sample(3))
        self.assertEqual(len(self.replay("--json").documents), 2)

    def test_no_waiting(self):
        """Three windows of a day each are shown before the patience with a program ends."""
        self.file.write_text(self.HEADER + "".join(
            self.sample(n * 86400, previous_ns=(n - 1) * 86400 * 10**9) for n in range(1, 5)))
        self.assertEqual(len(self.replay("--json").documents), 3)

    def test_files(self):
        self.refused("", " is empty")
        self.refused("x" * 1000, "line 1, byte 1: ")
        self.refused("\n", "line 1, byte 1: ")
        self.refused(b"\x1f\x8b\x08" + bytes(1 << 20), "line 1, byte 1: ")
        self.refused(self.HEADER[:-1], " ends in its first line")
        self.refused(self.HEADER, " has no sample")
        self.refused(self.HEADER + self.sample(1), " has one sample")
        self.refused(self.HEADER + self.sample(1) + self.HEADER + self.sample(2),
                     "no window")
        self.refused(self.sample(1) + self.sample(2), "line 1, byte 1: ")
        self.refused("\ufeff" + self.HEADER, "line 1, byte 1: ")
        self.file.unlink()
        self.refused(None, "No such file")
        self.file.mkdir()
        self.refused(None, "directory")
        self.file.rmdir()
        os.mkfifo(self.file)
        self.refused(None, "not a regular file")
        self.file.unlink()
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(str(self.file))
            self.refused(None, str(self.file))
        self.file.unlink()
        self.file.symlink_to("/dev/zero")
        self.refused(None, "not a regular file")

    def test_versions(self):
        newer = HEADER + '"format_version":2}\n'
        self.refused(newer, "line 1: its format version is 2")
        self.refused(self.HEADER + self.sample(1) + newer + self.sample(2), "line 3: its format")
        self.refused(HEADER + '"format_version":0}\n', "line 1: its format version is 0")
        self.refused(HEADER + '"format_version":"1"}\n', "line 1 is damaged, byte ")
        self.refused(HEADER + '"format_version":1}\n', "line 1 is damaged, byte ")

    def test_samples(self):
        for damaged, where in (
                ("\n", "line 3 is damaged, byte 1: "),
                ("[]\n", "line 3 is damaged, byte 1: "),
                ("{}\n", "line 3 is damaged, byte 3: "),
                ("\0\n", "line 3 is damaged, byte 1: "),
                ("{\n", "line 3 is damaged, byte "),
                (self.sample(2)[:-2] + "\n", "line 3 is damaged, byte "),
                (self.sample(2)[:-1] + "x\n", "line 3 is damaged, byte "),
                (self.sample(1), "line 3 is damaged, byte 1: the sample is not later"),
                (self.sample(2, monotonic_ns=10), "line 3 is damaged, byte 1: the sample is not later"),
                (self.sample(2, monotonic_ns=1 << 64), "line 3 is damaged, byte "),
                (self.sample(2, monotonic_ns=-1), "line 3 is damaged, byte "),
                (self.sample(2, monotonic_ns=2.5), "line 3 is damaged, byte "),
                (self.sample(2, monotonic_ns="2"), "line 3 is damaged, byte "),
                (self.sample(2, monotonic_ns=float("nan")), "line 3 is damaged, byte "),
                (self.sample(2, wall=1 << 63), "line 3 is damaged, byte "),
                (self.sample(2, n_unix=1 << 32), "line 3 is damaged, byte "),
                (self.sample(2, host="x" * 100), "line 3 is damaged, byte "),
                (self.sample(2).replace("{", '{"host":"a",', 1)
                 .replace("}]}", '}],"host":"b"}'), "line 3 is damaged, byte "),
                (self.sample(2, netns=[{"listeners": [{"cookie": "0x1", "address": "::"}] * 2}]),
                 "line 3 is damaged, byte "),
                (self.sample(2, netns={}), "line 3 is damaged, byte "),
                (self.sample(2, netns=[{}] * 70000), "line 3 is damaged, byte "),
                (self.sample(2, warnings=[{"code": "x", "message": str(i)} for i in range(20000)]),
                 ": there are too many warnings"),
                (self.sample(2)[:-2] + ',"x":' + "[" * 100000 + "\n", "line 3 is damaged, byte "),
                (self.sample(2)[:-2] + ',"x":' + '{"a":' * 100000 + "\n", "line 3 is damaged, byte "),
                (self.sample(2, oldest=[{"cookie": "0x1", "holder": "0x1", "netns": 7}]),
                 "line 3 is damaged, byte ")):
            with self.subTest(damaged[:200]):
                self.refused(self.HEADER + self.sample(1) + damaged + self.sample(4), where)
        for damaged in b"\xff", b"\xed\xa0\x80", b"\xc0\x80":
            self.refused(self.HEADER.encode() + self.sample(1).encode() +
                         self.sample(2, host="?").encode().replace(b"?", damaged), "line 3 is damaged, byte ")

    def test_before_it(self):
        """Reports of what comes before the damage are printed."""
        self.file.write_text(self.HEADER + self.sample(1) + self.sample(2) +
                             self.sample(3, n_unix=-1))
        run = self.refused(None, "line 4 is damaged, byte ")
        self.assertEqual(len(run.documents), 1)

    def test_carriage_returns(self):
        self.file.write_bytes((self.HEADER + self.sample(1) + self.sample(2))
                              .replace("\n", "\r\n").encode())
        self.assertEqual(len(self.replay("--json").documents), 1)

    def test_long_line(self):
        """300 MB; a text of them takes a hole of the file."""
        head = self.HEADER + self.sample(1)
        for begin in ('{"x":"', self.sample(2)[:-2] + ',"x":"'):
            self.file.write_text(head + begin)
            os.truncate(self.file, 300 << 20)
            with open(self.file, "a", encoding="ascii") as file:
                file.write('"}\n')
            self.refused(None, "line 3 is damaged, byte ")

    def test_long_line_of_a_pipe(self):
        shell = 'head -c 300M /dev/zero | "$0" --replay=-'
        done = subprocess.run(["sh", "-c", shell, listenq.program()], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=listenq.TIMEOUT)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard input, line 1, byte 1: ", done.stderr)

    def test_many_headers(self):
        """Memory is that of the samples."""
        self.MEMORY = 96 << 10
        self.file.write_text(self.HEADER * 200000 + self.sample(1) + self.sample(2))
        self.assertEqual(len(self.replay("--json", preexec_fn=self.limits).documents), 1)
        self.file.write_text("".join(self.HEADER + self.sample(n) for n in range(1, 200001))
                             + self.sample(200001))
        self.assertEqual(len(self.replay("--json", preexec_fn=self.limits).documents), 1)
        self.file.write_text("".join(self.HEADER.replace('"h"', f'"h{n}"') + self.sample(n)
                                     for n in range(1, 70001)))
        self.refused(None, "line 131074, byte 1: there are more than 65536 hosts and boots")

    def test_shrinks(self):
        """Another program cuts the file while it is read."""
        self.file.write_text(self.HEADER + "".join(self.sample(i) for i in range(1, 20000)))
        reader = subprocess.Popen([listenq.program(), "--json", f"--replay={self.file}"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        reader.stdout.readline()
        os.truncate(self.file, 5000)
        _, err = reader.communicate(timeout=listenq.TIMEOUT)
        self.assertEqual(reader.returncode, 1)
        self.assertEqual(err, f"listenq: {self.file} became shorter while it was read\n")


if __name__ == "__main__":
    unittest.main()
