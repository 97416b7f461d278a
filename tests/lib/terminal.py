# SPDX-License-Identifier: GPL-2.0-or-later
"""A bare pseudo-terminal: what the program says, byte by byte, and when."""
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import listenq


class Terminal:
    """The program on a terminal that nobody draws; read() has to be called for it to go on."""

    def __init__(self, *args, rows=24, cols=80, term="xterm-256color", locale="C.UTF-8",
                 prefix=()):
        self.master, slave = pty.openpty()
        self.settings = termios.tcgetattr(slave)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        self.process = subprocess.Popen(
            [*prefix, listenq.program(), "--top", *map(str, args)], stdin=slave, stdout=slave,
            stderr=slave, start_new_session=True,
            env=dict(os.environ, TERM=term, LC_ALL=locale))
        os.close(slave)
        os.set_blocking(self.master, False)
        self.pid = self.process.pid
        self.output = b""

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)

    def take(self, seconds=0.0):
        """What is there, or else what comes first within the time. False: nothing came."""
        if not select.select([self.master], [], [], max(0.0, seconds))[0]:
            return False
        try:
            self.output += os.read(self.master, 65536)
            return True
        except OSError:  # EIO: nobody has it open any more
            time.sleep(0.01)
            return False

    def read(self, seconds=0.0):
        """All that comes in this time, or without one, that is there."""
        end = time.monotonic() + seconds
        while self.take(end - time.monotonic()) or time.monotonic() < end:
            pass

    def await_output(self, pattern, begin=0, deadline=20):
        """Wait for a pattern of bytes; return where behind it goes on, and when it was there."""
        end = time.monotonic() + deadline
        while not (found := re.compile(pattern, re.DOTALL).search(self.output, begin)):
            if time.monotonic() > end:
                raise AssertionError(f"waited {deadline} s in vain for {pattern} in "
                                     f"{self.output[begin:][-2000:]}")
            self.take(0.1)
        return found.end(), time.monotonic()

    def resize(self, rows, cols):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        # Nobody has it as the controlling terminal, of whom the kernel would tell.
        os.kill(self.pid, signal.SIGWINCH)

    def press(self, keys):
        os.write(self.master, keys)

    def answer(self, keys, pattern, deadline=20):
        """Press keys; seconds until the pattern comes, but for those in which the program, or who
        reads here, was ready to run and others had the CPUs."""
        self.read()
        others = self.kept_waiting()
        begin, sent = len(self.output), time.monotonic()
        self.press(keys)
        took = self.await_output(pattern, begin, deadline)[1] - sent
        return took - (self.kept_waiting() - others)

    def kept_waiting(self):
        """Seconds on a run queue, of the thread that has the terminal and of this one."""
        return run_delay(self.pid) + run_delay("self")

    def ended(self, deadline=10):
        """Exit status, negative when a signal ended it."""
        end = time.monotonic() + deadline
        while self.process.poll() is None:
            if time.monotonic() > end:
                raise AssertionError(f"the program did not end in {deadline} s")
            self.read(0.01)
        self.read()
        return self.process.returncode


def run_delay(pid):
    """How long its first thread was ready to run, and did not: seconds; 0 where the kernel does
    not count."""
    try:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[1]) / 1e9
    except FileNotFoundError:
        return 0.0


def cpu_seconds(pid):
    """Of all its threads so far: in nanoseconds, or where the kernel has no such file in ticks."""
    try:
        return sum(int(path.read_text(encoding="ascii").split()[0]) for path in
                   pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9 or ticks(pid)
    except FileNotFoundError:
        return ticks(pid)


def ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        words = file.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return int(re.search(r"^VmRSS:\s*(\d+) kB", file.read(), re.MULTILINE)[1])
