# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the program as a monitoring plugin, and read what it prints as the Monitoring Plugins
Development Guidelines have it."""
import contextlib
import os
import re
import shlex
import subprocess
import time

import listenq

STATUSES = ["OK", "WARNING", "CRITICAL", "UNKNOWN"]
BYTES = 4096  # daemons cut what is longer

NUMBER = r"-?\d+(?:\.\d+)?"
RANGE = rf"@?(?:(?:~|{NUMBER})?:)?(?:{NUMBER})?"
PERFDATA = re.compile(
    rf"'([^'=|]+)'=(U|{NUMBER})(%|s|B|c)?(?:;({RANGE})?)?(?:;({RANGE})?)?"
    rf"(?:;({NUMBER})?)?(?:;({NUMBER})?)?")


class Value:
    """One piece of performance data."""

    def __init__(self, match):
        self.label, value, self.unit, self.warning, self.critical, low, high = match.groups()
        self.value = None if value == "U" else float(value)
        self.min, self.max = (float(each) if each else None for each in (low, high))


class Result:
    def __init__(self, args, code, out, err, seconds):
        self.args, self.code, self.out, self.err, self.seconds = args, code, out, err, seconds
        self.status = STATUSES[code] if 0 <= code < len(STATUSES) else None
        self.first, _, self.rest = out.partition("\n")
        self.text, _, data = self.first.partition(" | ")
        self.lines = self.rest.splitlines()
        self.data = {}
        self.check(data)

    def __str__(self):
        return f"check_listenq {shlex.join(self.args)}: {self.code}\n{self.out}\n{self.err}"

    def need(self, condition):
        if not condition:
            raise AssertionError(str(self))

    def check(self, data):
        """The grammar; and what a page at night would show is no riddle."""
        self.need(len(self.out.encode()) < BYTES and self.out.count("|") <= 1)
        self.need(self.out == "".join(each for each in self.out if each == "\n" or each.isprintable()))
        if self.text.startswith("LISTENQ"):
            self.need(self.text.startswith(f"LISTENQ {self.status} - "))
        while data:
            match = PERFDATA.match(data)
            self.need(match and match[1] not in self.data and len(match[1]) <= 19)
            self.data[match[1]] = Value(match)
            self.need(data[match.end():match.end() + 1] in ("", " "))
            data = data[match.end() + 1:]
        self.need(len({label[:19] for label in self.data}) == len(self.data))


def path(directory):
    """check_listenq, a link in that directory to the program under test."""
    link = os.path.join(directory, "check_listenq")
    with contextlib.suppress(FileExistsError):
        os.symlink(listenq.program(), link)
    return link


def run(command, *args, prefix=(), timeout=60, **popen):
    begin = time.monotonic()
    done = subprocess.run([*prefix, command, *args], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, **popen)
    return Result(args, done.returncode, done.stdout.decode(), done.stderr.decode(),
                  time.monotonic() - begin)
