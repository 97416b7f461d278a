# SPDX-License-Identifier: GPL-2.0-or-later
"""A terminal: tmux runs a program in it, keys go in, the screen comes out."""
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

import listenq
import rig

LOCALE = "C.UTF-8"


class Screen:
    """tmux with a server of its own, started in the namespace of the caller. What runs is a shell
    that starts the command and afterwards says how it ended, so that one sees how the terminal was
    left."""

    def __init__(self, *args, rows=24, cols=80, term="xterm-256color", locale=LOCALE,
                 command=None, **environment):
        if not shutil.which("tmux"):
            raise unittest.SkipTest("tmux is not installed")
        self.rows, self.cols = rows, cols
        self.directory = tempfile.mkdtemp(prefix="listenq-screen-")
        self.socket = os.path.join(self.directory, "tmux")
        self.log = os.path.join(self.directory, "log")
        # What a terminal says is written down from the first byte on.
        self.env = {"PATH": os.environ["PATH"], "HOME": self.directory, "SHELL": "/bin/sh",
                    "LC_ALL": locale, **sanitizers()}
        inside = {"TERM": term, "LC_ALL": locale, "PS1": "$ ", **environment}
        self.command = command or shlex.join([listenq.program(), "--top", *map(str, args)])
        shell = shlex.join(["env", *(f"{k}={v}" for k, v in inside.items()), "sh", "-i"])
        config = os.path.join(self.directory, "conf")
        with open(config, "w", encoding="ascii") as file:
            file.write("set -g status off\nset -g history-limit 2000\n"
                       "set -g default-terminal tmux-256color\nset -g escape-time 0\n")
        self.tmux("-f", config, "new-session", "-d", "-x", str(cols), "-y", str(rows),
                  f"cd {self.directory}; exec {shell}")
        rig.wait_for(lambda: self.lines()[0].startswith("$"), "a shell on the terminal")

    def tmux(self, *words, check=True):
        return subprocess.run(["tmux", "-u", "-S", self.socket, *words], check=check, env=self.env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=listenq.TIMEOUT).stdout

    def close(self):
        for pid in self.tmux("list-panes", "-F", "#{pane_pid}", check=False).split():
            for child in children(int(pid)):
                try:
                    os.kill(child, 9)
                except ProcessLookupError:
                    pass
        self.tmux("kill-server", check=False)
        shutil.rmtree(self.directory, ignore_errors=True)

    # In

    def type(self, text):
        self.tmux("send-keys", "-l", "--", text)

    def keys(self, *names):
        """Keys as tmux names them: Down, Enter, C-c, F1, x."""
        self.tmux("send-keys", *names)

    def start(self, until=None):
        """Type the command; return when its first sample is on the screen."""
        self.type(f"{self.command}; echo ended=$?")
        self.keys("Enter")
        if until is None:
            def until():
                return re.search(r"listeners?\b|is well|are well|no listener", self.text())
        rig.wait_for(until, "the first sample", deadline=20)
        return self

    def resize(self, cols, rows):
        self.rows, self.cols = rows, cols
        self.tmux("resize-window", "-x", str(cols), "-y", str(rows))

    # Out

    def lines(self, escapes=False):
        out = self.tmux("capture-pane", "-p", *(["-e"] if escapes else []))
        lines = out.split("\n")[:self.rows]
        return lines + [""] * (self.rows - len(lines))

    def text(self):
        return "\n".join(self.lines())

    def pane(self, name):
        return self.tmux("display-message", "-p", "#{%s}" % name).strip()

    @property
    def cursor(self):
        """(row, column)"""
        row, column = self.pane("cursor_y"), self.pane("cursor_x")
        return int(row), int(column)

    def pid(self, name="listenq"):
        """Of the program under test."""
        found = [pid for pid in children(int(self.pane("pane_pid"))) if comm(pid) == name]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} processes {name} on the terminal")
        return found[0]

    def wait(self, what, condition, deadline=10):
        """Wait for a condition of the screen; return its lines."""
        try:
            rig.wait_for(lambda: condition(self.lines()), what, deadline=deadline)
        except AssertionError as error:
            raise AssertionError(f"{error}\n" + self.text()) from None
        return self.lines()

    def see(self, text, deadline=10):
        return self.wait(f"{text!r} on the screen", lambda lines: any(text in l for l in lines),
                         deadline)

    def gone(self, text, deadline=10):
        return self.wait(f"{text!r} to go", lambda lines: not any(text in l for l in lines),
                         deadline)

    def ended(self, deadline=10):
        """Exit status of the program as its shell saw it."""
        pattern = re.compile(r"^ended=(\d+)", re.MULTILINE)
        rig.wait_for(lambda: pattern.search(self.text()), "the end of the program", deadline)
        return int(pattern.search(self.text())[1])

    # What is on it

    def header(self):
        """Number of the line with the headers of the columns."""
        for number, line in enumerate(self.lines()):
            if re.match(r"ST[▼▲v^]? ", line):
                return number
        raise AssertionError("no header of a list in\n" + self.text())

    def selected(self):
        """The line that the cursor rests on."""
        return self.lines()[self.cursor[0]]


def comm(pid):
    with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
        return file.read().rstrip("\n")


def children(pid):
    """Of a process, and theirs."""
    found = []
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            direct = [int(word) for word in file.read().split()]
    except FileNotFoundError:
        return found
    for child in direct:
        found += [child, *children(child)]
    return found


def sanitizers():
    return {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}


class Case(rig.Case):
    """A test with a terminal in a namespace of its own."""

    def screen(self, *args, start=True, **kwargs):
        screen = self.own(Screen(*args, **kwargs))
        return screen.start() if start else screen
