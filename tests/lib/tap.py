#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tap.py [-k PATTERN]... [-t SECONDS] FILE_OR_DIR...: run unittest files, print TAP."""
import argparse
import fnmatch
import importlib.util
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import traceback
import unittest

def flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


class Result(unittest.TestResult):
    """One line a test, subtests folded into it."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds  # what a test may take
        self.number = self.failed = 0
        self.problems, self.skipped_why, self.begun = [], None, 0.0

    def startTest(self, test):
        super().startTest(test)
        self.problems, self.skipped_why = [], None
        self.begun = time.monotonic()
        signal.alarm(self.seconds)

    def _problem(self, error, test):
        kind, value, trace = error
        while trace and "__unittest" in trace.tb_frame.f_globals:
            trace = trace.tb_next
        text = traceback.format_exception(kind, value, trace)
        self.problems.append(f"{test}\n" + "".join(text))

    def addError(self, test, err):
        self._problem(err, test)
        if not isinstance(test, unittest.TestCase):  # of setUpClass and the like
            self.line(str(test))

    def addFailure(self, test, err):
        self._problem(err, test)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self._problem(err, subtest)

    def addSkip(self, test, reason):
        self.skipped_why = reason

    def addUnexpectedSuccess(self, test):
        self.problems.append("unexpected success")

    def stopTest(self, test):
        signal.alarm(0)
        super().stopTest(test)
        self.line(test.id())

    def line(self, name):
        self.number += 1
        word = "not ok" if self.problems else "ok"
        tail = ""
        if self.skipped_why is not None and not self.problems:
            tail = " # SKIP " + " ".join(str(self.skipped_why).split())
        print(f"{word} {self.number} - {name}{tail}")
        print(f"# took {time.monotonic() - self.begun:.2f} s")
        if self.problems:
            self.failed += 1
            for problem in self.problems:
                for row in problem.rstrip().splitlines():
                    print("# " + row)
        sys.stdout.flush()


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return unittest.defaultTestLoader.loadTestsFromModule(module)


def as_root():
    """Without privilege, try again as root of a user namespace."""
    if os.geteuid() == 0 or "LISTENQ_TESTS_USERNS" in os.environ:
        return
    prefix = ["unshare", "-Ur", "-n"]
    if shutil.which("unshare") and subprocess.run(
            [*prefix, "true"], stderr=subprocess.DEVNULL).returncode == 0:
        os.environ["LISTENQ_TESTS_USERNS"] = "1"
        os.execvp(prefix[0], [*prefix, sys.executable, *sys.argv])


def out_of_time(_signal, _frame):
    raise TimeoutError("a test may not take so long")


def default_signals():
    """Those of a shell's foreground, for all that tests start."""
    for number in signal.valid_signals():
        # Python itself ignores SIGPIPE and SIGXFSZ, but not for what it starts.
        if (signal.getsignal(number) is signal.SIG_IGN
                and number not in (signal.SIGPIPE, signal.SIGXFSZ)):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-k", dest="patterns", action="append", default=[],
                        metavar="PATTERN", help="only tests whose name matches")
    parser.add_argument("-t", dest="seconds", type=int, default=90, metavar="SECONDS",
                        help="what a test may take (default: %(default)s)")
    parser.add_argument("paths", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    default_signals()
    as_root()

    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    sys.dont_write_bytecode = True
    files = []
    for path in options.paths:
        files += sorted(path.glob("test_*.py")) if path.is_dir() else [path]

    result, tests = Result(options.seconds), []
    broken = []
    for path in files:
        try:
            tests += flatten(load(path))
        except unittest.SkipTest as why:
            broken.append((path.stem, None, why))
        except Exception:
            broken.append((path.stem, traceback.format_exc(), None))
    patterns = [pattern if "*" in pattern else f"*{pattern}*"
                for pattern in options.patterns]
    if patterns:
        tests = [test for test in tests
                 if any(fnmatch.fnmatch(test.id(), p) for p in patterns)]

    signal.signal(signal.SIGALRM, out_of_time)
    print(f"1..{len(tests) + len(broken)}", flush=True)
    for name, problem, why in broken:
        result.begun = time.monotonic()
        result.problems, result.skipped_why = ([problem] if problem else []), why
        result.line(name)
    unittest.TestSuite(tests).run(result)
    sys.exit(1 if result.failed else 0)


if __name__ == "__main__":
    main()
