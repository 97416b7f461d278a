# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests/run gives to a test, and takes from it."""
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import listenq
import rig

SIGNALS = """
import pathlib, re, subprocess, unittest

class Signals(unittest.TestCase):
    def test_none_is_ignored_or_blocked(self):
        status = subprocess.check_output(["cat", "/proc/self/status"], text=True)
        # 32 and 33 are glibc's own: no program can change what the caller made of them.
        own = 1 << 31 | 1 << 32
        for mask in re.findall(r"Sig(?:Ign|Blk):\\s*([0-9a-f]+)", status):
            self.assertEqual(int(mask, 16) & ~own, 0, status)
"""
LEFT = """
import os, subprocess, unittest

class Left(unittest.TestCase):
    def test_leaves_something(self):
        subprocess.Popen(["sleep", os.environ["LEFT"]], preexec_fn=os.setpgrp)
"""
STAYS = """
import os, subprocess, unittest

class Stays(unittest.TestCase):
    def test_until_it_is_ended(self):
        subprocess.run(["sleep", os.environ["LEFT"]])
"""
MEET = """
import os, pathlib, time, unittest

class Meet(unittest.TestCase):
    def test_the_other(self):
        here = pathlib.Path(os.environ["HERE"])
        with open(here, "a") as file:
            file.write("x")
        end = time.monotonic() + 10
        while here.read_text() != "xx":
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
"""


def ignore():
    for number in signal.SIGINT, signal.SIGQUIT, signal.SIGHUP:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))


class Run(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = pathlib.Path(place.name)

        # A time that nobody else sleeps for.
        self.left = f"600.{os.getpid()}{time.monotonic_ns()}"
        self.env = {**os.environ, "LEFT": self.left, "HERE": str(self.place / "here"),
                    "TEST_JOBS": "2"}

    def sleepers(self):
        return [name for name in filter(str.isdigit, os.listdir("/proc"))
                if self.left in self.command(name)]

    @staticmethod
    def command(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/cmdline").read_text()
        except OSError:
            return ""

    def run_test(self, text, *command, **more):
        file = self.place / "test_it.py"
        file.write_text(text)
        done = subprocess.run([*command, file], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=60, **more)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_signals_are_those_of_a_foreground_job(self):
        lib = listenq.ROOT / "tests/lib/tap.py"
        for command in [str(listenq.ROOT / "tests/run")], ["/usr/bin/python3", lib]:
            with self.subTest(command=command):
                self.run_test(SIGNALS, *command, preexec_fn=ignore)

    def test_what_a_test_leaves_is_ended(self):
        self.run_test(LEFT, listenq.ROOT / "tests/run", env=self.env)
        rig.wait_for(lambda: not self.sleepers(), "its end")

    def test_interrupted(self):
        """Everything that runs is ended, and nothing more is begun; also where SIGINT was ignored,
        as it is for a job in the background."""
        for name in "abc":
            (self.place / f"test_{name}.py").write_text(STAYS)
        for number in signal.SIGTERM, signal.SIGINT:
            process = subprocess.Popen([listenq.ROOT / "tests/run", self.place], env=self.env,
                                       text=True, stdout=subprocess.PIPE, preexec_fn=ignore)
            rig.wait_for(self.sleepers, "a test to run")
            process.send_signal(number)
            out, _ = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 1)
            self.assertEqual(out.splitlines()[-2:],
                             ["interrupted", "0 passed, 1 failed, 0 skipped"])
            rig.wait_for(lambda: not self.sleepers(), "their end")

    def test_side_by_side(self):
        """Two files that wait for each other, where each can have a process namespace."""
        if subprocess.run(["unshare", "-p", "-f", "--mount-proc", "true"],
                          stderr=subprocess.DEVNULL).returncode:
            self.skipTest("no process namespace can be made")
        (self.place / "test_other.py").write_text(MEET)
        out = self.run_test(MEET, listenq.ROOT / "tests/run", self.place / "test_other.py",
                            env=self.env)
        self.assertEqual(out.splitlines()[-1], "2 passed, 0 failed, 0 skipped")

    def test_order(self):
        """Those that run long come first, those that run alone last."""
        (self.place / "test_alone.py").write_text("# A test.\n# runs-alone\n" + SIGNALS)
        (self.place / "test_long.py").write_text("# A test.\n# runs-long\n" + SIGNALS)
        out = self.run_test(SIGNALS, listenq.ROOT / "tests/run", self.place / "test_alone.py",
                            self.place / "test_long.py",
                            env={**self.env, "TEST_JOBS": "1", "TEST_TIMES": "1"})
        lines = out.splitlines()
        self.assertEqual([line.split()[1].rpartition("/")[2] for line in lines[:3]],
                         ["test_long.py", "test_it.py", "test_alone.py"])
        # And where the time went.
        self.assertEqual(len(lines), 3 + 2 * 3 + 1)
        self.assertRegex("\n".join(lines[3:]), r" s  test_long\.Signals\.test_none_is_ignored")
