# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests/run gives to a test, and takes from it."""
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

import listenq
import rig

SIGNALS = """
import pathlib, re, subprocess, unittest

class Signals(unittest.TestCase):
    def test_none_is_ignored_or_blocked(self):
        status = subprocess.run(["cat", "/proc/self/status"], stdout=subprocess.PIPE).stdout.decode()
        for mask in re.findall(r"Sig(?:Ign|Blk):\\s*([0-9a-f]+)", status):
            self.assertEqual(int(mask, 16), 0, status)
"""
LEFT = """
import os, subprocess, unittest

class Left(unittest.TestCase):
    def test_leaves_something(self):
        left = subprocess.Popen(["sleep", "600"], preexec_fn=os.setpgrp)
        with open(os.environ["LEFT"], "w") as file:
            print(left.pid, file=file)
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
        left = self.place / "left"
        self.run_test(LEFT, listenq.ROOT / "tests/run", env={**os.environ, "LEFT": str(left)})
        pid = int(left.read_text())
        rig.wait_for(lambda: self.ended(pid), "its end")

    @staticmethod
    def ended(pid):
        try:
            text = pathlib.Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return True
        return text.rpartition(")")[2].split()[0] == "Z"
