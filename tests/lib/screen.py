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

import cells
import listenq
import rig
import source
import terminal

LOCALE = "C.UTF-8"

# What tmux is, keys included: it sends other ones for Home and End than an xterm would.
TERM = "tmux-256color"

# Each look at the screen is a process.
PERIOD = 0.015

# Of meters and sparklines.
BLOCKS = "▁▂▃▄▅▆▇█▏▎▍▌▋▊▉░"


class Screen:
    """tmux with a server of its own, started in the namespace of the caller. What runs is a shell
    that starts the command and afterwards says how it ended, so that one sees how the terminal was
    left."""

    def __init__(self, *args, rows=24, cols=80, term=TERM, locale=LOCALE,
                 command=None, **environment):
        if not shutil.which("tmux"):
            raise unittest.SkipTest("tmux is not installed")
        self.rows, self.cols = rows, cols
        self.ascii = "--ascii" in args or locale == "C" or term == "linux"
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
            r"^(!!?|~|\.) |listeners?\b|\bwell\b", "\n".join(lines), re.MULTILINE), deadline=20)
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
        # With -N blanks at the end of a line are there too, which may be on a ground of their own.
        out = self.tmux("capture-pane", "-p", *(["-e", "-N"] if escapes else []))
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

    def end_window(self):
        """End the window by hand, and wait for the next screen. The title tells the time to the
        second, so that two windows within one can look the same: they are a second apart."""
        def clock(lines):
            found = re.search(r"\b\d\d:\d\d:\d\dZ", lines[0])
            return found and found[0]
        shown = clock(self.lines())
        rig.wait_for(lambda: time.strftime("%H:%M:%SZ", time.gmtime()) != shown, "the next second")
        self.keys("Space")
        return self.wait("another window", lambda lines: clock(lines) not in (None, shown))

    def ended(self, deadline=10):
        """Exit status of the program as its shell saw it."""
        pattern = re.compile(r"^ended=(\d+)", re.MULTILINE)
        lines = self.wait("the end of the program",
                          lambda lines: pattern.search("\n".join(lines)), deadline)
        return int(pattern.findall("\n".join(lines))[-1])

    # What is on it

    def view(self):
        """The list page, with its inks."""
        return View(self.lines(escapes=True), self.cursor)

    def list(self):
        """The rows of the list, of one and the same screen."""
        return parse_list(self.lines())

    def selected(self):
        """The line that the cursor rests on."""
        return self.lines()[self.cursor[0]]

    def shows(self, check, deadline=10):
        """Look until check(View) has nothing to object to; return what it returns."""
        def look(_):
            view = self.view()
            try:
                return check(view)
            except AssertionError as error:
                raise AssertionError(f"{error}\n{view.inked()}") from None
        return self.settle(look, deadline)


# Headers of the list, and what a test calls what stands under them. A name of several words is one.
HEADERS = {"STATE": "state", "ADDRESS": "address", "LOCAL ADDRESS": "address",
           "PROCESS": "process", "ACCEPT QUEUE": "accept", "QUEUE": "accept",
           "SYN QUEUE": "syn", "SYN": "syn", "SYNRECV": "syn",
           "OVER/S": "rate", "LAST": "last", "SINCE": "since", "WHY": "why",
           "NAMESPACE": "namespace"}

MARKS = [*dict.fromkeys(source.MARKS.values()), "v"]

# What stands before the address of a group that is folded or unfolded, and of its members.
TREE = {"+": "folded", "-": "unfolded", "├─": "member", "|-": "member", "└─": "last", "`-": "last"}

DURATION = r"\d[\d.]*[dhms](?:\d+[hms])*"


def seconds(text):
    """Of a duration as the view writes it: 4s, 1m14s, 2h05m."""
    words = re.findall(r"(\d+(?:\.\d+)?)([dhms])", text)
    if not words:
        raise AssertionError(f"no duration in {text!r}")
    return sum(float(number) * {"d": 86400, "h": 3600, "m": 60, "s": 1}[unit]
               for number, unit in words)


class Row:
    """A listener in the list. cells has what stands under each header; what HEADERS has a name for
    is an attribute as well, None where there is no such column."""

    def __init__(self, number, line, heads):
        self.number, self.line = number, line
        self.mark = line.split(" ", 1)[0]
        self.tree, line = tree_mark(line, heads)
        self.cells = split_row(line, heads)
        # length/capacity of the queues; that of "1/8 overflowing" is neither.
        self.pairs = re.findall(r"(?<!\S)(\d+)/(\d+k?)(?= *$| +[^a-z\s])", line)

    def __getattr__(self, name):
        """Only called for what is not there otherwise."""
        if name not in HEADERS.values():
            raise AttributeError(name)
        return next((self.cells[header] for header, as_ in HEADERS.items()
                     if as_ == name and header in self.cells), None)

    def __repr__(self):
        return repr(self.line)

    @property
    def length(self):
        """Of the accept queue, as it is written."""
        return self.pairs[0][0] if self.pairs else self.cells.get("QUEUED")

    @property
    def capacity(self):
        """How many the accept queue holds: one more than its limit."""
        return self.pairs[0][1] if self.pairs else None

    @property
    def group(self):
        """(sick, sockets) of "1/8 overflowing" or "1 of 8 ..."; None: it is no folded group."""
        found = re.search(r"(?<!\S)(\d+)(?:/| of )(\d+) (?=[a-z])", self.line)
        return found and (int(found[1]), int(found[2]))


class View:
    """A screen at one moment: its lines, the inks of its cells, and what is where on the list page.
    It finds parts by what they say."""

    def __init__(self, lines, cursor=(0, 0)):
        self.cells, self.cursor = cells.parse(lines), cursor
        self.lines = ["".join(cell.char for cell in line).rstrip() for line in self.cells]
        self.text = "\n".join(self.lines)

    # Inks

    def ink(self, number, column=0):
        return self.cells[number][column].ink

    def inks(self, number, begin=0, end=None):
        """The inks, in words, of what is to be seen of a line or of a part of it."""
        return {cell.ink.words for cell in self.cells[number][begin:end]
                if cell.char.strip() or cell.ink.marked}

    def ink_of(self, text, number=None):
        """The inks, in words, of the first place where this stands."""
        lines = range(len(self.lines)) if number is None else [number]
        for line in lines:
            begin = self.lines[line].find(text)
            if begin >= 0:
                return self.inks(line, begin, begin + len(text))
        raise AssertionError(f"{text!r} is not on the screen")

    def inked(self):
        """For whom a test fails: the lines, and the inks of each."""
        return "\n".join(f"{line:<{max(map(len, self.lines), default=0)}}  {sorted(self.inks(n))}"
                         for n, line in enumerate(self.lines))

    # Parts

    @property
    def title(self):
        return self.lines[0]

    @property
    def header(self):
        return find_header(self.lines)

    @property
    def rows(self):
        return parse_list(self.lines)

    def row(self, address):
        found = [row for row in self.rows if row.address == address]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} rows of {address}")
        return found[0]

    @property
    def below(self):
        """All below the list, as one text: the panel among it."""
        rows = self.rows
        first = rows[-1].number + 1 if rows else self.header + 1
        return "\n".join(self.lines[first:])

    @property
    def selected(self):
        """The row under the cursor."""
        found = [row for row in self.rows if row.number == self.cursor[0]]
        if not found:
            raise AssertionError(f"the cursor is in no row but in line {self.cursor[0]}")
        return found[0]

    @property
    def panel(self):
        """What is said of the selected listener: from the line that names it to the next part, on
        a wide screen the right half of the page beside its graph."""
        return "\n".join(self.panel_cells()[0])

    def panel_cells(self):
        number = next((n for n in range(self.header, len(self.lines)) if n > self.rows[-1].number
                       and re.match(r"(──|--) ", self.lines[n])), None)
        if number is None:
            raise AssertionError("no panel")
        begin, last = 0, number + 1
        if beside := re.search(r"[┬+](──|--) ", self.lines[number]):
            begin = beside.start() + 1
        while last < len(self.lines) - 1 and not re.match(r"(──|--) ", self.lines[last][begin:]):
            last += 1
        found = [line[begin:] for line in self.cells[number:last]]
        return ["".join(cell.char for cell in line).rstrip() for line in found], found

    def commands(self):
        """What the panel says one should type: it has an ink of its own."""
        lines, grid = self.panel_cells()
        first = next((n for n, line in enumerate(lines) if re.match(r" ?Do\b", line)), None)
        if first is None:
            return []
        found = []
        for line in grid[first:]:
            text = "".join(cell.char if cell.ink.underline or "cyan" in cell.ink.words
                           else "\0" if cell.char.strip() else " " for cell in line)
            found += [part.strip() for part in re.split("\0+|  +", text) if part.strip()]
        return found


def find_header(lines):
    """Number of the line with the headers of the columns."""
    for number, line in enumerate(lines):
        if re.match(r"SEV\S? ", line) or re.search(r"(?<!\S)ADDRESS\b", line):
            return number
    raise AssertionError("no header of a list in\n" + "\n".join(lines))


def split_header(line):
    """[(first column, one behind the last, header without the mark of the sort and without the age
    of what is older than the rest)]"""
    several = "|".join(sorted((name for name in HEADERS if " " in name), reverse=True))
    pattern = rf"LAST(?: \d[\d.dhms]*)?(?!\S)|[▼▲v^]?(?:{several})(?!\w)\S*|\S+"
    found = []
    for word in re.finditer(pattern, line):
        name = re.sub(r"-\d[\d.smh]*$", "", word[0].strip("▼▲v^")).upper()
        found.append((word.start(), word.end(), re.sub("^LAST .*", "LAST", name)))
    return found


def tree_mark(line, heads):
    """(what the row is among groups, the line without the mark of it)"""
    first = next((first for first, _, header in heads if header.endswith("ADDRESS")), 0)
    found = re.search(r"(?:^|\s)(\+|-|├─|\|-|└─|`-) ?(?=\S|$)", line[:first + 3])
    if not found or found.start(1) < 3:
        return None, line
    blank = " " * (found.end(1) - found.start(1))
    return TREE[found[1]], line[:found.start(1)] + blank + line[found.end(1):]


def split_row(line, heads):
    """{header: text under it}. A word belongs to the header that it begins or ends with, else to
    the last one that begins before it."""
    found = {header: [] for _, _, header in heads}
    for word in re.finditer(r"\S+", line):
        begin, end = word.span()
        if not begin and word[0] in MARKS:
            continue
        under = ([head for head in heads if head[1] == end] or
                 [head for head in heads if head[0] <= begin][-1:] or heads[:1])
        found[under[0][2]].append(word[0])
    return {header: " ".join(words) for header, words in found.items()}


def parse_list(lines):
    """[Row]; they go on to the first line that has no mark of a state."""
    number = find_header(lines)
    heads, found = split_header(lines[number]), []
    for line in lines[number + 1:]:
        if line.split(" ", 1)[0] not in MARKS:
            break
        found.append(Row(number + 1 + len(found), line, heads))
    return found


def masked(lines):
    """Without what differs between two programs that look at the same: moments and durations."""
    text = re.sub(r"cpu +[\d.]+%", "cpu N%", "\n".join(lines))
    text = re.sub(r"[<>]?-?\b\d[\d.]*(?:[smh]\d*)+(?!\w)", "N", text)
    text = re.sub(r"LAST( N)?", "LAST", re.sub(r"(?<![\d.:])\d\d:\d\d(:\d\dZ?)?(?!\d)", "HH:MM", text))
    # Axes of time.
    text = re.sub(r"(?m)^.*F7 <  > F8.*$|^ *(HH:MM +)+HH:MM.*$|(N +)+now\b", "AXIS", text)
    return [re.sub(r" {2,}", " ", line.rstrip()) for line in text.split("\n")]


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
    if listener.port is None:  # a UNIX listener
        return listener.address
    address = "*" if listener.address == "::" else listener.address
    return f"[{address}]:{listener.port}" if ":" in address else f"{address}:{listener.port}"
