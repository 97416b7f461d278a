# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever call fails: the same answer, or unknown and a warning, or exit 1 and a message.

LISTENQ_FAULTS=N tries so many faults of each scenario (30), LISTENQ_FAULTS=all every one of them;
LISTENQ_FAULT=FUNCTION:N:ERROR is one."""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest

import faults
import listenq
import netns
import rig

COUNT = os.environ.get("LISTENQ_FAULTS", "10" if listenq.sanitized() else "30")
ONLY = os.environ.get("LISTENQ_FAULT")
TRIES = 3
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGRTMAX)
# runs-long


class Host(rig.Case):
    """Listeners with queues that do not move, for all tests of this file."""

    def setUp(self):
        super().setUp()
        netns.own_names(self)
        # Names of the host's, below our own empty directory, would only be found in mountinfo.
        subprocess.run(["umount", "-a", "-t", "nsfs"], stderr=subprocess.DEVNULL, check=False)
        # The half-open connection stays while the tests last.
        netns.sysctl("net.ipv4.tcp_synack_retries", 20)
        self.others = [self.own(netns.Named("blue")), self.own(netns.Inhabited())]
        self.server = self.own(rig.Sleeper("full", self.listener(backlog=2)))
        # Sockets of this process would be those of each child too, until its execve().
        self.own(rig.Child(self.populate))

    def populate(self, _):
        self.connected(self.server, 3)
        self.queue_any(self.group([5, 5]), 3)
        self.queue(self.listener("::1", backlog=10, device="lo"), 1)
        self.half_open(self.listener(backlog=9), 1)
        self.unix(b"\0listenq-faults", backlog=1, queued=2)
        for other in self.others:
            with self.within(other):
                self.queue(self.listener(backlog=3), 2)


def setUpModule():
    host = Case.host = Host()
    unittest.addModuleCleanup(host.doCleanups)
    host.setUp()


class Case(unittest.TestCase):
    host = None

    def setUp(self):
        self.assertTrue(faults.LIBRARY.exists(), f"{faults.LIBRARY}: make check builds it")
        if COUNT == "all":
            signal.alarm(0)  # which the time for one test is measured with

    def check(self, outcome, base):
        """However it ended, it may have done so."""
        self.assertFalse(outcome.hung, "it hangs")
        self.assertIn(outcome.code, (0, 1), outcome.err)
        for line in outcome.err.splitlines():
            self.assertRegex(line, r"^listenq: \S.*")
        if outcome.messages:
            self.assertEqual((outcome.code, len(outcome.messages)), (1, 1), outcome.err)
            # Whoever runs out of memory calls exit(), which leaves all to the kernel.
            if "cannot allocate" in outcome.messages[0]:
                return
        self.assertEqual(outcome.open, [], "descriptors")
        if outcome.messages:
            return
        found = self.compare(base, outcome)
        warned = self.warnings(outcome) - self.warnings(base)
        if found and not warned:
            self.fail(f"no warning: {found[:8]}")
        wrong = [(path, kind) for path, kind in found
                 if kind != "lost" and not path.endswith(faults.LESS)]
        if wrong:
            self.fail(f"wrong: {wrong[:8]}, beside {warned}")
        self.assertEqual(outcome.code, 1 if warned and "--strict" in outcome.args else 0)

    def sweep(self, *args):
        base = self.base(args)
        found = faults.find(base.calls)
        if ONLY:
            found = [fault for fault in found if str(fault) == ONLY]
        elif COUNT != "all":
            found = faults.choose(found, int(COUNT))
        begun = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(2 * os.cpu_count()) as pool:
            outcomes = pool.map(lambda fault: self.attempt(args, fault), found)
            for fault, outcome in zip(found, outcomes):
                with self.subTest(fault=str(fault), callers=" ".join(fault.place[2:])):
                    self.check_again(outcome, base, lambda: self.attempt(args, fault))
        print(f"# {len(found)} faults of {len(base.calls)} calls in "
              f"{time.monotonic() - begun:.1f} s: {' '.join(args)}")

    def attempt(self, args, fault=None):
        return faults.Outcome(args, fault)

    def base(self, args):
        """The answer without a fault, which is the same twice."""
        for _ in range(TRIES):
            base, again = self.attempt(args), self.attempt(args)
            self.assertEqual((base.code, base.messages), (0, []))
            found = self.compare(base, again)
            if not found:
                return base
        self.fail(f"two runs differ: {found[:8]}")

    def check_again(self, outcome, base, attempt):
        """What differs must differ again: times are not those of the first run."""
        for left in reversed(range(TRIES)):
            try:
                return self.check(outcome, base)
            except AssertionError:
                if not left:
                    raise
                outcome = attempt()


class Documents(Case):
    def warnings(self, outcome):
        return {(warning["code"], warning["message"]) for document in outcome.documents
                for warning in document["warnings"]}

    def compare(self, base, outcome):
        found = []
        for one, other in zip(base.documents, outcome.documents, strict=True):
            found += faults.differences(*({key: value for key, value in document.items()
                                           if key != "warnings"} for document in (one, other)))
        return found


class Json(Documents):
    def test_instant(self):
        self.sweep("--json", "-d", "0", "--strict")

    def test_window(self):
        self.sweep("--json", "-d", "0.25", "-x", "-p", "-D")

    def test_watch(self):
        self.sweep("--json", "-d", "0.05", "-x", "--watch", "--count", "2", "--strict")

    def test_all_namespaces(self):
        self.sweep("--json", "-d", "0", "-A", "-x", "-p", "-D")

    def test_chosen_namespaces(self):
        self.sweep("--json", "-d", "0.05", "-N", "blue", "-N", str(self.host.others[1].pid))

    def test_filter(self):
        self.sweep("--json", "-d", "0", "-p", f"dev lo or comm = full and sport = "
                   f":{self.host.server.port}")


class File(Documents):
    """The report replaces a file as a whole, and nothing else is left in its directory."""

    def setUp(self):
        super().setUp()
        self.directory = self.enterContext(tempfile.TemporaryDirectory())

    def attempt(self, args, fault=None, **kwargs):
        directory = pathlib.Path(tempfile.mkdtemp(dir=self.directory))
        file = directory / "report"
        file.write_text("old")
        outcome = faults.Outcome([*args, f"--output-file={file}"], fault, **kwargs)
        self.assertEqual(outcome.out, "")
        outcome.out = file.read_text()
        outcome.left = os.listdir(directory)
        return outcome

    def check(self, outcome, base):
        self.assertEqual(outcome.left, ["report"])
        if outcome.code:
            self.assertEqual(outcome.out, "old")
        super().check(outcome, base)

    def test_instant(self):
        self.sweep("--json", "-d", "0")


    def test_signals(self):
        """Wherever one comes: the process dies of it, but not before its file is whole."""
        args = ("--json", "-d", "0")
        base = self.attempt(args)
        calls = [(name, number) for name, number, _ in base.calls if name in
                 ("openat", "fchmod", "write", "fsync", "close", "renameat", "unlinkat")]
        # From the last file before the temporary one on.
        calls = calls[max(n for n, call in enumerate(calls) if call[0] == "openat") - 1:]
        self.assertLessEqual({"openat", "fchmod", "write", "fsync", "renameat"},
                             {name for name, _ in calls})
        ends = [faults.Fault(*call, (), number.name) for number in SIGNALS for call in calls]
        with concurrent.futures.ThreadPoolExecutor(2 * os.cpu_count()) as pool:
            outcomes = pool.map(lambda end: self.attempt(args, end), ends)
            for end, outcome in zip(ends, outcomes):
                with self.subTest(str(end)):
                    self.assertEqual((outcome.code, outcome.err),
                                     (-getattr(signal, end.error), ""))
                    self.assertEqual(outcome.left, ["report"])
                    if outcome.out != "old":
                        self.assertEqual(self.compare(base, outcome), [])

    def test_size(self):
        """A limit of the size of files: SIGXFSZ does not end it."""
        for args in ("--json",), ():
            outcome = self.attempt((*args, "-d", "0"), prefix=("prlimit", "--fsize=100"))
            self.assertEqual((outcome.code, outcome.out, outcome.left), (1, "old", ["report"]))
            self.assertRegex(outcome.err, r"\Alistenq: cannot write \S+: File too large\n\Z")

    def test_size_of_standard_output(self):
        with tempfile.TemporaryFile() as file:
            outcome = faults.Outcome(["-d", "0"], stdout=file, prefix=("prlimit", "--fsize=100"))
            self.assertEqual(outcome.code, 1)
            self.assertEqual(outcome.err, "listenq: cannot write standard output: "
                             "File too large\n")


class Baseline(Documents):
    """The file has the sample of the last run, or that of this one if the report came out."""

    def setUp(self):
        super().setUp()
        self.directory = self.enterContext(tempfile.TemporaryDirectory())
        file = pathlib.Path(self.directory) / "first"
        listenq.run(f"--baseline={file}", "--json")
        self.last = file.read_bytes()

    def attempt(self, args, fault=None):
        directory = pathlib.Path(tempfile.mkdtemp(dir=self.directory))
        file = directory / "file"
        file.write_bytes(self.last)
        file.chmod(0o600)
        outcome = faults.Outcome([*args, f"--baseline={file}"], fault)
        outcome.left, outcome.file = os.listdir(directory), file.read_bytes()
        return outcome

    def check(self, outcome, base):
        self.assertEqual(outcome.left, ["file"])
        if outcome.messages:
            self.assertEqual(outcome.file, self.last)
        else:
            self.assertNotEqual(outcome.file, self.last)
            self.assertEqual(len([json.loads(line) for line in outcome.file.splitlines()]), 2)
        super().check(outcome, base)

    def test_next_run(self):
        self.sweep("--json")


class Record(Case):
    """NFS, or a quota, may refuse what was written when the file is closed."""

    def test_close(self):
        directory = self.enterContext(tempfile.TemporaryDirectory())
        file = pathlib.Path(directory) / "file"
        # No search through /proc, where processes come and go.
        args = ("--count=2", "-d", "0.05", "-H", "-o", "local", f"--record={file}")
        base = self.attempt(args)
        calls = [call for call in base.calls if call[0] == "close"]
        said = set()
        for call in calls[-6:]:
            outcome = self.attempt(args, faults.Fault(*call, "EDQUOT"))
            self.assertEqual(outcome.out, base.out)
            self.assertEqual((outcome.code, len(outcome.messages)),
                             (1, 1) if outcome.err else (0, 0))
            said |= set(outcome.messages)
        self.assertEqual(said, {
            f"listenq: cannot close {file}: Disk quota exceeded; its last samples may be lost",
            "listenq: cannot write standard output: Disk quota exceeded"})


    def test_names(self):
        """Who replays it looks names up again: the warning is of a report, not of a sample."""
        directory = self.enterContext(tempfile.TemporaryDirectory())
        file, fault = pathlib.Path(directory) / "file", faults.Fault("getpwuid", 1, (), "EMFILE")
        live, again = (faults.Outcome(["--json", "-p", *args], fault) for args in (
            ["--count=3", "-d", "0.05", f"--record={file}"], [f"--replay={file}"]))
        self.assertIn("names-unavailable", live.out)
        self.assertEqual(live.out, again.out)
        # A sample that is written later, as the one before what --record-when keeps.
        with contextlib.closing(self.host.listener()):
            child = listenq.Running(
                "--watch", "-d", "0.05", "-H", "-o", "user", f"--record={file}",
                "--record-when=state = gone", prefix=[
                    "env", f"LD_PRELOAD={' '.join([*faults.sanitizers(), str(faults.LIBRARY)])}",
                    *(f"{name}={value}" for name, value in fault.environment.items())])
            for _ in range(4):
                child.wait_window(later=True)
        rig.wait_for(lambda: file.read_bytes().count(b"\n") >= 6, "the listener that is gone")
        child.interrupt()
        self.assertIn("cannot look up the names of users", child.finish().err)
        self.assertNotIn("names-unavailable", file.read_text())


class Replay(Case):
    """All that it prints is right, also where it ends before the last window."""

    def setUp(self):
        super().setUp()
        directory = self.enterContext(tempfile.TemporaryDirectory())
        self.file = pathlib.Path(directory) / "file"
        listenq.run("--watch", "--count=3", "-d", "0.1", "--json", "-p", f"--record={self.file}")

    def attempt(self, args, fault=None):
        return faults.Outcome([*args, f"--replay={self.file}"], fault)

    def compare(self, base, outcome):
        mine, theirs = (each.out.splitlines() for each in (base, outcome))
        whole = mine == theirs if outcome.code == 0 else mine[:len(theirs)] == theirs
        return [] if whole else [("out", "wrong")]

    def warnings(self, outcome):
        return outcome.warnings

    def check(self, outcome, base):
        """Names of users are looked up in files that may not be had: a warning."""
        if outcome.code == 0 and "names-unavailable" in outcome.out:
            return
        super().check(outcome, base)

    def test_json(self):
        self.sweep("--json")


class Memory(Documents):
    """There is little memory, for all that follows: not one fault, but the first of many."""

    if not listenq.sanitized():
        def test_little(self):
            args = ("--json", "-d", "0", "-A", "-x", "-p", "-D")
            base, codes = self.base(args), set()
            sizes = range(0, 1 << 20, 1 << 15)
            with concurrent.futures.ThreadPoolExecutor(2 * os.cpu_count()) as pool:
                outcomes = pool.map(lambda size: faults.Outcome(
                    args, prefix=("prlimit", f"--data={size}")), sizes)
                for size, outcome in zip(sizes, outcomes):
                    if not outcome.calls:  # ld.so needs some to begin the program
                        continue
                    codes.add(outcome.code)
                    with self.subTest(bytes=size):
                        self.check(outcome, base)
            self.assertEqual(codes, {0, 1})


class Table(Case):
    def warnings(self, outcome):
        return outcome.warnings

    def compare(self, base, outcome):
        mine, theirs = (faults.table_without_proof(each.out) for each in (base, outcome))
        return [(line, "lost") for line in mine if line not in theirs]

    def test_default(self):
        self.sweep("-d", "0", "--strict")

    def test_window(self):
        self.sweep("-d", "0.05", "--strict", "-o", "local,queued,limit,fill,peak,synrecv,drops,"
                   "+drops,overflows,process")

    def test_detail(self):
        self.sweep("-d", "0", "-x", "-p", "-e", "-D", "-r")

    def test_columns(self):
        self.sweep("-o", "local,length,limit,uid,cgroup,interface", "--strict")

    def test_information(self):
        self.sweep("--list-columns")


class Check(Case):
    """A plugin says what is wrong, or that it does not know: never that all is well."""
    STATUSES = {1: "WARNING", 2: "CRITICAL", 3: "UNKNOWN"}

    def base(self, args):
        base = self.attempt(args)
        self.assertIn(base.code, (1, 2), base.out)
        self.check(base, None)
        return base

    def check(self, outcome, base):
        self.assertFalse(outcome.hung, "it hangs")
        self.assertIn(outcome.code, self.STATUSES, outcome.out + outcome.err)
        # The line, or why it could not be written, as is found out when all of it is.
        if outcome.err and outcome.code == 3:
            self.assertRegex(outcome.err, "^listenq: ")
        else:
            self.assertTrue(outcome.out.startswith(f"LISTENQ {self.STATUSES[outcome.code]} - "),
                            outcome.out + outcome.err)
            self.assertTrue(outcome.out.endswith("\n"))

    def test_window(self):
        self.sweep("--check", "-d", "0.1", "-x")

    def test_metric(self):
        self.sweep("--check", "-d", "0.1", "--metric=fill", "-w", "10", "-c", "100")

