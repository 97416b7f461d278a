# SPDX-License-Identifier: GPL-2.0-or-later
"""A terminal: tmux runs a program in it, keys go in, the screen comes out."""
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
import unittest

import listenq
import rig
import source
import terminal

LOCALE = "C.UTF-8"

# What tmux is, keys included: it sends other ones for Home and End than an xterm would.
TERM = "tmux-256color"

# Each look at the screen is a process.
PERIOD = 0.015

# Of meters and sparklines: a cell that holds blanks as well.
BLOCKS = "▁▂▃▄▅▆▇█▏▎▍▌▋▊▉"
LEFT = {"TEXT", "LIST", "ID", "BOOL"}


class Screen:
    """tmux with a server of its own, started in the namespace of the caller. What runs is a shell
    that starts the command and afterwards says how it ended, so that one sees how the terminal was
    left."""

    def __init__(self, *args, rows=24, cols=80, term=TERM, locale=LOCALE,
                 command=None, **environment):
        if not shutil.which("tmux"):
            raise unittest.SkipTest("tmux is not installed")
        self.rows, self.cols = rows, cols
        self.directory = tempfile.mkdtemp(prefix="listenq-screen-")
        self.socket = os.path.join(self.directory, "tmux")
        self.env = {"PATH": os.environ["PATH"], "HOME": self.directory, "SHELL": "/bin/sh",
                    "LC_ALL": locale, **sanitizers()}
        inside = {"TERM": term, "LC_ALL": locale, "PS1": "$ ", **environment}
        # A short name: where a line that is typed breaks must not depend on where the program is.
        os.symlink(listenq.program(), os.path.join(self.directory, "listenq"))
        self.command = command or shlex.join(["./listenq", "--top", *map(str, args)])
        shell = shlex.join(["env", *(f"--unset={k}" for k, v in inside.items() if v is None),
                            *(f"{k}={v}" for k, v in inside.items() if v is not None), "sh", "-i"])
        config = os.path.join(self.directory, "conf")
        with open(config, "w", encoding="ascii") as file:
            file.write("set -g status off\nset -g history-limit 2000\n"
                       "set -g default-terminal tmux-256color\nset -g escape-time 0\n")
        self.tmux("-f", config, "new-session", "-d", "-x", str(cols), "-y", str(rows),
                  f"cd {self.directory}; ulimit -c 0; exec {shell}")
        self.shell_pid = int(self.pane("pane_pid"))
        self.wait("a shell on the terminal", lambda lines: lines[0].startswith("$"))

    def tmux(self, *words, check=True):
        done = subprocess.run(["tmux", "-u", "-S", self.socket, *words], env=self.env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=listenq.TIMEOUT)
        if check and done.returncode:
            raise AssertionError(f"tmux {shlex.join(words)}: {done.stderr.strip()}")
        return done.stdout

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
        # A semicolon of its own would end tmux's command.
        self.tmux("send-keys", *("\\;" if name == ";" else name for name in names))

    def answer(self, text):
        """Replace what a question has for an answer, and give it."""
        self.keys("C-u")
        self.type(text)
        self.keys("Enter")

    def mouse(self, row, column, button=0):
        """Press and let go, as an xterm in SGR mode reports it; 64 and 65 are the wheel."""
        self.type(f"\033[<{button};{column + 1};{row + 1}M")
        if button < 64:
            self.type(f"\033[<{button};{column + 1};{row + 1}m")

    def shell(self, line):
        """A line for the shell, when the program has ended or not begun."""
        self.type(line)
        self.keys("Enter")

    def begin(self):
        """Type the command."""
        self.shell(f"{self.command}; echo ended=$?")

    def start(self):
        """Type the command; return when its first sample is on the screen."""
        self.begin()
        self.wait("the first sample", lambda lines: re.search(
            r"^(!!?|~|\.) |listeners?\b|are well", "\n".join(lines), re.MULTILINE), deadline=20)
        return self

    def resize(self, cols, rows):
        self.rows, self.cols = rows, cols
        self.tmux("resize-window", "-x", str(cols), "-y", str(rows))

    # Out

    def record(self):
        """Write down, from now on, every byte that goes to the terminal."""
        self.raw = os.path.join(self.directory, "raw")
        self.tmux("pipe-pane", f"cat >{self.raw}")
        rig.wait_for(lambda: os.path.exists(self.raw), "the record to begin", period=PERIOD)

    def recorded(self):
        with open(self.raw, "rb") as file:
            return file.read()

    def look(self, escapes=False):
        """The lines as they are at this moment, perhaps in the midst of being drawn."""
        out = self.tmux("capture-pane", "-p", *(["-e"] if escapes else []))
        lines = out.split("\n")[:self.rows]
        return lines + [""] * (self.rows - len(lines))

    def writing(self):
        """Does anything on the terminal run, that may be half through with what it says?"""
        return any(state(pid) == "R" for pid in (self.shell_pid, *children(self.shell_pid)))

    def lines(self, escapes=False, deadline=1):
        """Those of a whole screen. Whoever sleeps has written all it had to say, and tmux has read
        it when two looks are the same. Of a screen that never rests they are the last ones."""
        end = time.monotonic() + deadline
        while True:
            writing = self.writing()
            first, second = self.look(escapes), self.look(escapes)
            if not writing and first == second or time.monotonic() > end:
                return second

    def text(self, escapes=False):
        return "\n".join(self.lines(escapes))

    def pane(self, name):
        return self.tmux("display-message", "-p", "#{%s}" % name).strip()

    @property
    def cursor(self):
        """(row, column)"""
        row, column = self.pane("cursor_y"), self.pane("cursor_x")
        return int(row), int(column)

    def pid(self, name="listenq"):
        """Of the program under test."""
        found = [pid for pid in children(self.shell_pid) if comm(pid) == name]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} processes {name} on the terminal")
        return found[0]

    def wait(self, what, condition, deadline=10):
        """Wait for a condition of the screen; return the lines that met it."""
        def meets():
            # The first look is the cheap one.
            return condition(self.look()) and condition(lines := self.lines()) and lines
        try:
            return rig.wait_for(meets, what, deadline=deadline, period=PERIOD)
        except AssertionError as error:
            raise AssertionError(f"{error}\n" + self.text()) from None

    def settle(self, check, deadline=10):
        """Look until check(lines) has nothing to object to; return what it returns."""
        failure = []

        def passes():
            try:
                check(self.look())
                return [check(self.lines())]
            except AssertionError as error:
                failure[:] = [error]
                return None
        try:
            return rig.wait_for(passes, "", deadline, PERIOD)[0]
        except AssertionError:
            raise AssertionError(f"still after {deadline} s: {failure[0]}\n{self.text()}") from None

    def see(self, text, deadline=10):
        return self.wait(f"{text!r} on the screen", lambda lines: any(text in l for l in lines),
                         deadline)

    def gone(self, text, deadline=10):
        return self.wait(f"{text!r} to go", lambda lines: not any(text in l for l in lines),
                         deadline)

    def ended(self, deadline=10):
        """Exit status of the program as its shell saw it."""
        pattern = re.compile(r"^ended=(\d+)", re.MULTILINE)
        lines = self.wait("the end of the program",
                          lambda lines: pattern.search("\n".join(lines)), deadline)
        return int(pattern.findall("\n".join(lines))[-1])

    # What is on it

    def header(self):
        """Number of the line with the headers of the columns."""
        return find_header(self.lines())

    def list(self):
        """The rows of the list, of one and the same screen."""
        return parse_list(self.lines())

    def selected(self):
        """The line that the cursor rests on."""
        return self.lines()[self.cursor[0]]


def find_header(lines):
    for number, line in enumerate(lines):
        if re.match(r"SEV[▼▲v^]? ", line):
            return number
    raise AssertionError("no header of a list in\n" + "\n".join(lines))


def split_header(line):
    """[(first column, one behind the last, header without the mark of the sort and without the age
    of what is older than the rest)]"""
    return [(word.start(), word.end(), re.sub(r"-\d[\dsmh]*$", "", word[0].rstrip("▼▲")))
            for word in re.finditer(r"LAST(?: [\d.]+[smh])?|LOCAL ADDRESS\S?|\S+", line)]


def is_left(header):
    """Is the column aligned to the left?"""
    kinds = {field.header: field for field in source.fields().values()}
    field = kinds.get(header)
    if not field:
        raise AssertionError(f"no column has the header {header!r}")
    return field.type in LEFT and field.name != "overflows"


# What stands before the address of a group that is folded or unfolded, and of its members.
TREE = {"+": "folded", "-": "unfolded", "├─": "member", "|-": "member", "└─": "last", "`-": "last"}


def tree_mark(line, heads):
    """(what the row is among groups, the line without the mark of it)"""
    first = next((first for first, _, header in heads if header == "LOCAL ADDRESS"), 0)
    mark = line[first - 3:first].strip() if first > 4 else ""
    if mark not in TREE:
        return None, line
    return TREE[mark], line[:first - 3] + "   " + line[first:]


def parse_row(line, heads):
    """{header: cell}. Every word has to stand where its column is, and to leave the next alone."""
    tree, line = tree_mark(line, heads)
    words = {word.start(): word for word in
             re.finditer(r"\S+", re.sub(f"[{BLOCKS}]", " ", line))}
    ends = {word.end(): word for word in words.values()}
    cells = {}
    for first, end, header in heads:
        if header.startswith("LAST"):
            continue
        word = words.get(first) if is_left(header) else ends.get(end)
        if not word:
            raise AssertionError(f"nothing where {header} is in {line!r}")
        cells[header] = word[0]
    if len(words) != len(cells):
        raise AssertionError(f"{len(words)} cells for {list(cells)} in {line!r}")
    return {**cells, "tree": tree} if tree else cells


def parse_list(lines):
    """[{header: cell}]; the rows go on to the first line that has no mark of a state. Only of a
    screen in UTF-8, where meters look like no other cell."""
    number = find_header(lines)
    heads, found = split_header(lines[number]), []
    for line in lines[number + 1:]:
        if line.split(" ", 1)[0] not in source.MARKS.values():
            break
        found.append(parse_row(line, heads))
    return found


def comm(pid):
    with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
        return file.read().rstrip("\n")


def state(pid):
    """R, S, T, ... as proc(5) has it, or None: it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return None


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

    def terminal(self, *args, **kwargs):
        return self.own(terminal.Terminal(*args, **kwargs))

    def sick(self, backlog=2):
        """A listener whose queue is full."""
        listener = self.listener(backlog=backlog)
        self.fill(listener, backlog)
        return listener


def at(listener):
    """How the screen names it."""
    address = "*" if listener.address == "::" else listener.address
    return f"[{address}]:{listener.port}" if ":" in address else f"{address}:{listener.port}"
