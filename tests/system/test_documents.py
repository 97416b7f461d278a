# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual and the completions against the program, in both directions; and every example of the
manual is run."""
import contextlib
import functools
import itertools
import json
import os
import pathlib
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import tempfile
import termios
import textwrap
import time
import unittest

import listenq
import netns
import screen
import source

ROOT = source.TOP
PROGRAM = listenq.PROGRAM
COMPLETIONS = ROOT / "completions"
MAIN, TOP, FILTER, JSON, BACKGROUND = PAGES = [
    ROOT / "man" / name for name in
    ("listenq.8", "listenq-top.8", "listenq-filter.7", "listenq-json.5", "listenq.7")]
MAIN_LINES = 450  # what one reads in ten minutes
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"
SECONDS = 30
UPDATE = "LISTENQ_UPDATE_EXPECTED" in os.environ


def run(*command, **kwargs):
    kwargs.setdefault("check", True)
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, timeout=SECONDS, **kwargs).stdout


# The program

@functools.lru_cache(maxsize=None)
def program(*args):
    return run(PROGRAM, *args)


@functools.lru_cache(maxsize=None)
def help_rows():
    """(["-f", "--full"], "-f, --full[=PCT]", what it does) of each row of --help."""
    rows, meaning = [], None
    for line in program("--help").splitlines():
        row = re.match(r" +(-\w, --\S+|-\S+)(?: +(.*))?$", line)
        if not row:
            continue
        if row[2] != "the same":  # as the row before
            meaning = row[2]
        rows.append((re.findall(r"(?<![\w-])--?\w[\w-]*", row[1].split("=")[0]),
                     row[1], meaning))
    return rows


def help_options():
    """{option: what it does}"""
    return {name: meaning for names, _, meaning in help_rows() for name in names}


@functools.lru_cache(maxsize=None)
def listed():
    """{column: (header, what it is)}"""
    rows = [re.match(r"(\S+) +(\S+(?: \S+)*?)  +(\S.*)$|(\S+) +(LOCAL ADDRESS) (.*)", line)
            for line in program("--list-columns").splitlines()]
    return {words[0]: tuple(words[1:]) for row in rows for words in [list(filter(None, row.groups()))]}


def columns():
    return program("--list-columns", "--raw").split()


@functools.lru_cache(maxsize=None)
def schema():
    return json.loads(program("--json-schema"))


def schema_namespace(name):
    namespace = schema()["properties"]["namespaces"]["items"]
    return list(namespace["properties"][name]["properties"])


def schema_listener(name):
    return schema()["properties"]["listeners"]["items"]["properties"][name]


def type_word(part):
    if "const" in part:
        return type(part["const"]).__name__.replace("int", "integer")
    kinds = part.get("type", "null")
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    return next(iter(kinds - {"null"}), "null")


@functools.lru_cache(maxsize=None)
def schema_objects():
    """{path: {key: type}}; the counters, which are all alike, share one path."""
    found = {}

    def walk(part, path):
        if "items" in part:
            walk(part["items"], path + "[]")
        if "properties" not in part:
            return
        keys = {key: type_word(value) for key, value in part["properties"].items()}
        previous = found.setdefault(path or ".", keys)
        assert previous == keys, f"objects at {path} differ"
        for key, value in part["properties"].items():
            walk(value, path + "[]" if path.endswith(".counters") else f"{path}.{key}")
    walk(schema(), "")
    return found


def sources(pattern):
    return "\n".join(path.read_text() for path in sorted((ROOT / "src").glob(pattern)))


def spoken(name):
    """What the program says below a table."""
    verdict = source.verdicts()[name]
    return f"{verdict.fact}; {verdict.advice}" if verdict.advice else verdict.fact


@functools.lru_cache(maxsize=None)
def counters():
    """{name as nstat has it: what a rise means}"""
    found = re.findall(rf'"(\w+)", "(\w+)", \w+,[\s\\]*{source.STRING}\)',
                       (ROOT / "src/model/counters.h").read_text())
    return {prefix + name: source.unquote(meaning) for prefix, name, meaning in found}


def filter_words(table):
    """The strings that a table of the filter has."""
    body = re.search(rf"{table}\[\] = \{{(.*?)\n\}};", sources("analyse/filter*.c"), re.S)[1]
    return re.findall(r'"([^"]+)"', body)


def warning_codes():
    """Of every call of snapshot_warn()."""
    codes = set()
    for path in (ROOT / "src").rglob("*.c"):
        text = path.read_text()
        literal = re.findall(r'snapshot_warn\(\s*[\w>.-]+,\s*"([a-z-]+)"', text)
        calls = len(re.findall(r"^\t.*snapshot_warn\(", text, re.M))
        assert len(literal) == calls, f"{path}: a warning code that is no literal"
        codes.update(literal)
    return codes


def tags():
    """Between brackets in the first line of the view."""
    text = (ROOT / "src/top/banner.c").read_text()
    found = re.findall(r'add_tag\(\w+, "([A-Z ]+)"\)|"[^"]*\[([A-Z]+) ', text)
    return {one or other for one, other in found}


# Goes with the filter that is deleted.
LEAVING = {"AUTOBOUND", "autobound-unavailable"}

# What of needs.h a column may cost, in the words of the table in listenq(7).
COSTS = {"DROPS": "drops", "MPTCP": "MPTCP", "COUNTERS": "counters", "SYSCTLS": "sysctls",
         "WINDOW": "window", "PEAK": "fast samples", "SYN_RECV": "SYN-RECV dump",
         "WAIT": "waiting dump", "OWNERS": "owners", "UNITS": "units",
         "CONDITIONS": "process conditions", "USERS": "users", "CGROUP": "cgroups",
         "INTERFACE": "devices", "NAMESPACES": "namespace names"}
# What costs nothing, or belongs to a format or an option.
NO_COSTS = {"WAIT_ALL", "CONNECTIONS", "IDENTITY", "NETNS_PID", "NOT_SHOWN", "UNIX",
            "OWNERS_ASKED", "GROUPS"}


@functools.lru_cache(maxsize=None)
def column_needs():
    """{column: its needs}, out of the field table."""
    macros = dict(re.findall(r"#define (NEED_\w+)\s+\(?(.*?)\)?$", sources("output/*.c"), re.M))

    def expand(text):
        for need in re.findall(r"\bNEED_\w+", text):
            yield from expand(macros[need]) if need in macros else [need.removeprefix("NEED_")]
    return {name: set(expand(field.row)) for name, field in source.fields().items()}


def in_short(names):
    """drops, drops-delta, drops-rate -> drops*, where these are all that begin so."""
    found = []
    for name in names:
        alike = [each for each in columns() if re.match(rf"{name}(-|$)", each)]
        if len(alike) > 2 and set(alike) <= set(names):
            found.append(name + "*")
        elif not any(name.startswith(each[:-1]) for each in found if each.endswith("*")):
            found.append(name)
    return ", ".join(found)


# The manual

class Entry:
    """An .It line and the text below it."""

    def __init__(self, head):
        self.head, self.lines = head, []

    @property
    def name(self):
        return self.head.split()[1]

    @property
    def text(self):
        return "\n".join(self.lines)


@functools.lru_cache(maxsize=None)
def page(path):
    """{section: {subsection: [entries]}}; the subsection before the first is ""."""
    sections, entries, literal = {}, [], False
    for line in path.read_text().splitlines():
        words = line.replace("\\&", "").split(maxsplit=1)
        if words and words[0] in (".Bd", ".Ed"):
            literal = words[0] == ".Bd"
        elif literal or line.startswith('.\\"'):
            pass
        elif words and words[0] == ".Sh":
            entries = []
            section = sections.setdefault(words[1], {"": entries})
        elif words and words[0] == ".Ss":
            entries = section.setdefault(words[1], [])
        elif words and words[0] == ".It":
            entries.append(Entry(words[1] if len(words) > 1 else ""))
        elif entries:
            entries[-1].lines.append(line)
    return sections


def entries(path, section):
    return list(itertools.chain.from_iterable(page(path)[section].values()))


def words_of(path, section):
    found = entries(path, section)
    strange = [entry.head for entry in found if not entry.head.startswith("Cm ")]
    assert not strange, f"{section} of {path.name}: {strange}"
    return [entry.name for entry in found]


def option_head(head):
    """Fl f , Fl Fl full Ns Op = Ns Ar PCT  ->  -f, --full[=PCT]"""
    head = re.sub(r"Oo (.*?) Oc", r"[\1]", head)
    head = re.sub(r"Ns Op (.*)$", r"Ns [\1]", head)
    head = head.replace(" Ns ", "").replace("Ar ", "")
    return head.replace("Fl Fl ", "--").replace("Fl ", "-").replace(" , ", ", ")


def plain(text):
    """Text without the escapes that a letter needs in a manual."""
    text = re.sub(r"\\f[BIR]", "", text).replace("\\(mc", "µ").replace("\\(mu", "×")
    return re.sub(r"\\([&e-])", lambda escape: {"&": "", "e": "\\", "-": "-"}[escape[1]], text)


def roff(text):
    text = text.replace("\\", "\\e")
    return re.sub(r"(?<![\w-])-(?=[\w-])", r"\-", text)


def bold(text):
    return rf"\fB{text}\fR" if text else ""


INLINE = set("Ar Cm Dv Em Er Ev Fl Ic It Nm No Ns Oc Oo Op Pa Pc Po Pq Ql Sx Sy Va Xr".split())


def arguments(text):
    """(macro, word) of inline macros; those of .Sx are one word, .Fl Fl x is Fl and -x."""
    for line in re.findall(r"^\.([A-Z].*)", plain(text), re.M):
        macro, before = None, None
        for word in re.findall(r'"[^"]*"|\S+', line.replace("Fl Fl ", "Fl -")):
            if word in INLINE:
                macro, before = word, None
            elif macro == "Sx":
                before = f"{before} {word}" if before else word
                if line.endswith(word) or re.search(rf"{re.escape(word)} [.,)]*$", line):
                    yield macro, before
                    macro = None
            elif macro and not re.fullmatch(r"[.,;:()|]", word):
                yield macro, word.strip('"')


# A table of the program's words, and what stands around it.
TABLE = re.compile(r'(?<=^\.\\" table: )(\w+)\n(\.TS\n.*?^\.TE\n)?', re.M | re.S)


def cell(text):
    if len(text) < 25 and not text.startswith((".", "'")):
        return text
    lines = textwrap.wrap(text, 78, break_on_hyphens=False, break_long_words=False)
    return "T{\n" + "\n".join(r"\&" * line.startswith((".", "'")) + line for line in lines) + "\nT}"


def table(layout, head, rows):
    lines = ["\t".join(map(cell, row)) for row in rows]
    return "\n".join([".TS", layout + ".", bold("\t".join(head)), *lines, ".TE", ""])


def cells(text):
    """The rows of a table below its head."""
    text = re.sub(r"T\{\n(.*?)\nT\}", lambda cell: " ".join(cell[1].split()), text, flags=re.S)
    return [line.split("\t") for line in text.splitlines()[3:-1]]


def verdict_rows(kind):
    return [(*([roff(source.MARKS[each.name])] if kind == "STATE" else []), bold(each.name),
             roff(each.fact) + (f"; {bold(roff(each.advice))}" if each.advice else ""))
            for each in source.verdicts().values() if each.kind == kind]


def column_rows():
    shown = program("-d", "0").splitlines()[0].replace("LOCAL ADDRESS", "LOCAL_ADDRESS").split()
    names = {header: name for name, (header, _) in listed().items()}
    return [(bold(roff(header)), name, roff(listed()[name][1]))
            for header in (word.replace("_", " ") for word in shown) for name in [names[header]]]


def cost_rows(old):
    """What it takes and what it costs is the page's, which columns need it the program's."""
    found = []
    for what, _, cost in cells(old):
        names = [name for name in columns() for need in column_needs()[name]
                 if COSTS.get(need) == what]
        if "state" in names:
            names = [name for name in names if name not in ("severity", "reasons")]
        found.append((what, in_short(names), cost))
    return found


@functools.lru_cache(maxsize=None)
def examples():
    """[(page, [(command or None, lines that are shown)])] of each block."""
    blocks = []
    for path in PAGES:
        text = re.sub(r'^\.\\".*\n', "", path.read_text(), flags=re.M)
        for block in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", text, re.M | re.S):
            found = [[None, []]]
            for line in plain(block).splitlines():
                command, shown = found[-1]
                if line[:2] in ("# ", "$ "):
                    found.append([line[2:], []])
                elif command and (command.endswith("|") or command.count("'") % 2):
                    found[-1][0] += "\n" + line
                else:
                    shown.append(line)
            blocks.append((path, found[1:] or found))
    return blocks


def same(test, told, real, what):
    """Equal as sets, with a message that names who lacks what; and nothing twice."""
    told, real = list(told), list(real)
    test.assertEqual(len(told), len(set(told)), f"{what}: twice in {sorted(told)}")
    test.assertEqual(sorted(set(real) - set(told)), [], f"{what}: not there")
    test.assertEqual(sorted(set(told) - set(real)), [], f"{what}: there, but not in the program")


class Manual(unittest.TestCase):
    maxDiff = None

    def check_table(self, path, name, want):
        """The table of the page is the one that want() makes of the one that is there."""
        text = path.read_text()
        found = [match for match in TABLE.finditer(text) if match[1] == name]
        self.assertEqual(len(found), 1, f"{name} in {path.name}")
        new = want(found[0][2] or "")
        if UPDATE and new != found[0][2]:
            path.write_text(text[:found[0].start()] + f"{name}\n{new}" + text[found[0].end():])
        else:
            self.assertEqual(found[0][2], new, path.name)

    def test_tables(self):
        tables = {
            (MAIN, "states"): ("l l lx", ("", "STATE", "WHAT IS SO; WHAT TO DO"),
                               lambda _: verdict_rows("STATE")),
            (MAIN, "reasons"): ("l lx", ("REASON", "WHAT IS SO; WHAT TO DO"),
                                lambda _: verdict_rows("REASON")),
            (MAIN, "columns"): ("l l lx", ("HEADER", "NAME", "MEANING"),
                                lambda _: column_rows()),
            (BACKGROUND, "counters"): ("l lx", ("COUNTER", "WHAT ROSE"),
                                       lambda _: counters().items()),
            (BACKGROUND, "costs"): ("lx lx lx", ("WHAT", "COLUMNS", "COST"), cost_rows),
        }
        for (path, name), (layout, head, rows) in tables.items():
            with self.subTest(name):
                self.check_table(path, name, lambda old: table(layout, head, rows(old)))
        # What they are made of is the whole of it.
        both = dict.fromkeys(schema_listener("state")["enum"] +
                             schema_listener("reasons")["items"]["enum"])
        self.assertEqual(sorted(source.verdicts()), sorted(both))
        self.assertEqual(list(counters()), schema_namespace("counters"))
        self.assertEqual(list(listed()), columns())

    def test_costs(self):
        """Every need has a row, or is known to have none; every row is a need."""
        needs = re.findall(r"\bNEED_(\w+) = ", (ROOT / "src/model/needs.h").read_text())
        same(self, [*COSTS, *NO_COSTS], set(needs) - LEAVING, "needs")
        found = next(match[2] for match in TABLE.finditer(BACKGROUND.read_text())
                     if match[1] == "costs")
        self.assertEqual([row[0] for row in cells(found)], list(COSTS.values()))

    def test_lint(self):
        self.assertTrue(shutil.which("mandoc"), "mandoc is not installed")
        self.assertEqual(sorted(PAGES), sorted((ROOT / "man").glob("*.[0-9]")))
        for path in PAGES:
            done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(path)],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, timeout=SECONDS, check=False)
            found = [line for line in done.stdout.splitlines() if "mandoc.db" not in line]
            self.assertEqual((found, done.returncode), ([], 0))

    def test_short(self):
        lines = run("mandoc", "-T", "utf8", "-O", "width=78", str(MAIN)).splitlines()
        self.assertLessEqual(len(lines), MAIN_LINES)

    def test_help_is_understood(self):
        """The rest of this file rests on help_rows()."""
        self.assertGreater(len(help_rows()), 20)
        for names, row, meaning in help_rows():
            self.assertTrue(names and meaning, row)
        lines = [line for line in program("--help").splitlines() if re.match(r" +-", line)]
        self.assertEqual(len(lines), len(help_rows()))

    def test_options(self):
        told = [option_head(entry.head) for entry in entries(MAIN, "OPTIONS")]
        same(self, told, [row for _, row, _ in help_rows()], "OPTIONS")
        text = MAIN.read_text().split(".Sh SYNOPSIS")[1].split(".Sh")[0]
        letters = [letter for word in re.findall(r"Op Fl (\w+)", text) for letter in word]
        same(self, letters, [name[1] for name in help_options() if name[1] != "-"], "SYNOPSIS")

    def test_words(self):
        """No page names what is not there."""
        words = {
            "Cm": [*columns(), *source.verdicts(), *counters(), *warning_codes(), *tags(),
                   *(re.sub("^Tcp(Ext)?", "", name) for name in counters()),
                   *(key for keys in schema_objects().values() for key in keys),
                   *filter_words("operator_table"), *filter_words("keyword_table"),
                   "and or not & && || ! comm waiting half-open auto always never null 0"],
            "Sy": [word for name in columns()
                   for word in (listed()[name][0], source.fields()[name].brief)],
            "Fl": [name[1:] for name in help_options()],
        }
        known = {macro: {each for word in found for each in word.split()}
                 for macro, found in words.items()}
        for path in PAGES:
            text, sections = path.read_text(), page(path)
            for macro, word in arguments(text):
                if macro in known:
                    word = re.sub(r"-\d+s$", "", word)  # SYN-5s
                    letters = word if macro == "Fl" and not word.startswith("-") else [word]
                    self.assertLessEqual(set(letters), known[macro], f"{path.name}: .{macro}")
                elif macro == "Sx":
                    self.assertTrue(word in sections or any(word in each for each
                                                            in sections.values()), word)
            for name, section in re.findall(r"^\.Xr (listenq\S*) (\d)", text, re.M):
                self.assertIn(ROOT / "man" / f"{name}.{section}", PAGES, path.name)
            found = {*re.findall(r"(?<![\w-])--([a-z][a-z-]+)", plain(text))} - {"backlog"}
            self.assertLessEqual({"--" + name for name in found}, set(help_options()), path.name)

    def test_filter(self):
        """All operators and conditions; every example is a filter that the program takes."""
        heads = [plain(entry.head) for entry in
                 entries(FILTER, "CONDITIONS") + entries(FILTER, "OPERATORS")]
        same(self, [word for head in heads if re.match(r"Cm [=<>!]", head)
                    for word in head.split()[1:]], filter_words("operator_table"), "OPERATORS")
        same(self, [head.split()[1] for head in heads if re.match(r"Cm [a-z]+ Ar", head)],
             filter_words("keyword_table"), "CONDITIONS")
        found = [plain(entry.head)[3:] for entry in entries(FILTER, "EXAMPLES")]
        self.assertGreater(len(found), 5)
        for text in [*found, "10.1", "src 10/8", "unix:/run/*", "@app", "inet:127/8", "fe80::1%lo",
                     "0.0.0.0%lo:80", "dport 0", "dev 0", "accept_queue.length > 1", "Q > 1",
                     "full_seconds > 1", "cookie = 0xda472", "fill > 0.8", "not full",
                     "sport 443", "sport > 1024", "state = HIGH", "(" * 64 + ":1" + ")" * 64]:
            with self.subTest(text):
                program("-d", "0", "-o", "local", text)
        for text in ("src 10", "10:80", "fill > 80", "src > 10.0.0.1", "dev > lo", "comm > nginx",
                     "fwmark = 1", "(" * 65 + ":1" + ")" * 65):
            with self.subTest(text):
                self.assertIn("at character", listenq.run("-d0", text, code=2).err)

    def test_json_keys(self):
        """Each object with its keys and their types; counters and sysctls are in listenq(7)."""
        told = {path: {entry.name: entry for entry in found}
                for path, found in page(JSON)["DOCUMENT"].items() if path}
        real = {path: keys for path, keys in schema_objects().items()
                if path not in (".namespaces[].counters", ".namespaces[].sysctl")}
        same(self, told, real, "objects of listenq-json(5)")
        for path, keys in real.items():
            same(self, [entry.name for entry in page(JSON)["DOCUMENT"][path]], keys, path)
            for key, kind in keys.items():
                word = re.match(r"\w+", told[path][key].text)
                self.assertTrue(word, f"{path} {key}")
                self.assertEqual(word[0].lower(), kind, f"type of {path} {key}")
        version = schema()["properties"]["schema_version"]["const"]
        self.assertRegex(told["."]["schema_version"].text, rf"(?m)^{version}\.$")
        self.assertEqual(words_of(BACKGROUND, "SYSCTLS"), schema_namespace("sysctl"))
        for key, part in (("state", schema_listener("state")),
                          ("reasons", schema_listener("reasons")["items"])):
            text = " ".join(re.findall(r"^\.Cm (.*)$", told[".listeners[]"][key].text, re.M))
            same(self, re.findall(r"[a-z-]+", text), part["enum"], key)
        self.assertEqual((ROOT / "man" / "listenq.schema.json").read_text(),
                         program("--json-schema"))

    def test_warnings(self):
        self.assertGreaterEqual(len(warning_codes()), 5)
        same(self, words_of(JSON, "WARNINGS"), warning_codes() - LEAVING, "WARNINGS")

    def test_tags(self):
        self.assertGreaterEqual(len(tags()), 5)
        same(self, [entry.head.removeprefix("Cm ") for entry in page(TOP)["SCREEN"]["Tags"]],
             tags(), "Tags")

    def test_verdicts_are_short(self):
        """A sentence that is read below a table, in an incident."""
        for verdict in source.verdicts().values():
            self.assertLessEqual(len(verdict.fact), 170, verdict.name)
            self.assertLessEqual(len(verdict.advice), 170, verdict.name)


class Examples(screen.Case):
    """All commands of the pages, on a host with a listener that overflows and drops, others that
    are well, and a namespace "blue"."""

    def setUp(self):
        super().setUp()
        netns.own_names(self)
        self.own(netns.Named("blue"))
        stuck = self.listener("0.0.0.0", 8080, backlog=5)
        self.fill(stuck, 5)
        for address, port in (("0.0.0.0", 22), ("127.0.0.1", 5432), ("127.0.0.1", 443),
                              ("10.1.2.3", 4711), ("::1", 8081)):
            if address.startswith("10."):
                netns.address(f"{address}/8")
            self.listener(address, port, backlog=128)
        raw, client = self.raw(), os.fork()
        if not client:
            while True:
                raw.send("10.99.0.1", "127.0.0.1", 8080)
                time.sleep(0.05)
        self.addCleanup(os.waitpid, client, 0)
        self.addCleanup(os.kill, client, signal.SIGKILL)
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        (self.directory / "listenq").symlink_to(PROGRAM)

    def shell(self, commands):
        """Run one after the other; a form feed parts what they print."""
        env = dict(os.environ, PATH=f"{self.directory}:/usr/bin:{os.environ['PATH']}")
        return subprocess.Popen(["sh", "-ec", "\nprintf '\\f'\n".join(commands)], env=env,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, cwd=self.directory)

    def test_commands(self):
        """They succeed, and print what is shown: the same columns, the same sentences."""
        todo = [(path, [each for each in block if each[0] and "--top" not in each[0]])
                for path, block in examples()]
        todo = [(path, block) for path, block in todo if block]
        self.assertGreater(len(todo), 20)
        for some in (todo[first:first + 6] for first in range(0, len(todo), 6)):
            done = [self.shell([command for command, _ in block]) for _, block in some]
            for (path, block), process in zip(some, done):
                out, err = process.communicate(timeout=SECONDS)
                with self.subTest(page=path.name, commands=[command for command, _ in block]):
                    # What cannot be seen of the host that the test runs on, it may say.
                    err = re.sub("^listenq: warning: .*\n", "", err, flags=re.M)
                    self.assertEqual((process.returncode, err), (0, ""))
                    for (command, shown), real in zip(block, out.split("\f")):
                        self.check_output(command, [line for line in shown if line], real)

    def check_output(self, command, shown, real):
        self.assertTrue(real or not shown, command)
        if not shown:
            pass
        elif shown[0] == "{":
            self.assertEqual(list(json.loads("".join(shown))), list(json.loads(real)))
        elif command.startswith("listenq") and "|" not in command:
            self.check_report(command, shown, real)

    def check_report(self, command, shown, real):
        heads, printed = (line.replace("LOCAL ADDRESS", "LOCAL_ADDRESS").split()
                          for line in (shown[0], real.splitlines()[0]))
        self.assertEqual(heads, [word for word in printed if word in heads])
        if " -o " in command:
            self.assertEqual(heads, printed)
        said = re.sub(r"\n {4}(?=\S)", " ", "\n".join(shown))
        for name, text in re.findall(r"^([a-z-]+)(?: \(.*?\))?: (.*)", said, re.M):
            self.assertIn(text, (source.verdicts()[name].fact, spoken(name)))
        meanings = {re.sub("^(Tcp(Ext)?)", "", name): text for name, text in counters().items()}
        for name, text in re.findall(r"^  (\w+) +\+\d+  (.*)", said, re.M):
            self.assertEqual(text, meanings[name])
        if "somaxconn=" in said:
            line, = re.findall("^somaxconn=.*", said, re.M)
            self.assertEqual(re.findall(r"\w+(?==)", line), re.findall(
                r"\w+(?==)", re.search("^somaxconn=.*", real, re.M)[0]))

    def test_view(self):
        for path, block in examples():
            for command, _ in block:
                if command and "--top" in command:
                    with self.subTest(page=path.name, command=command):
                        view = self.screen(command="./" + command, rows=40)
                        view.keys("q")
                        self.assertEqual(view.ended(), 0)

    def test_screens(self):
        """The headers that are shown are those of the view."""
        found = [line for _, block in examples() for command, shown in block if not command
                 for line in shown if line.startswith("ST")]
        self.assertGreater(len(found), 1)
        view = self.screen("-g", "--ascii", "--color=never", rows=40, cols=200).lines()
        printed = [head for _, _, head in screen.split_header(view[screen.find_header(view)])]
        for line in found:
            heads = line.replace("STv", "ST").split()
            self.assertEqual(heads, [word.rstrip("v^") for word in printed
                                     if word.rstrip("v^") in heads])

    def test_beside_ss(self):
        """The filters that listenq-filter(7) shows beside those of ss find the same listeners."""
        text = FILTER.read_text().split(".Sh EXAMPLES")[1]
        rows = cells(re.search(r"^\.TS\n.*?^\.TE\n", text, re.M | re.S)[0])
        self.assertGreater(len(rows), 4)
        for theirs, ours in rows:
            with self.subTest(theirs):
                both = [set(run(*command, *words.split()).split()) for command, words in
                        (((PROGRAM, "-Hd0", "-o", "local"), plain(ours)),
                         (("ss", "-Hltn"), plain(theirs)))]
                self.assertTrue(both[0] and both[0] <= both[1], both)
                self.assertEqual(len(both[0]), len(run("ss", "-Hltn", *plain(theirs).split())
                                                   .splitlines()))


class Help(screen.Case):
    """The help screen of the interactive view, which the table of keys is."""

    def lines(self):
        told = self.screen("--ascii", rows=120, cols=200)
        told.keys("?")
        return told.wait("the help", lambda lines: "Marks" in lines)

    def keys(self):
        """[(section, "q F10", what it does)]"""
        lines, found, section = self.lines(), [], None
        for line in lines[lines.index("General"):lines.index("Marks")]:
            if line.startswith("  "):
                found.append((section, line[2:9].strip(), line[10:]))
            elif line:
                section = line
        self.assertGreater(len(found), 30)
        return found

    def test_keys(self):
        rows = []
        for section, found in itertools.groupby(self.keys(), lambda row: row[0]):
            rows += [(bold(section), "")] + [(bold(roff(names)), roff(text))
                                             for _, names, text in found]
        Manual.check_table(self, TOP, "keys", lambda _: table("l lx", ("KEY", ""), rows))

    def test_keys_in_text(self):
        known = {name for _, names, _ in self.keys() for name in names.split()}
        found = {name for path in PAGES for name in re.findall(
            r"^\.(?:Pq )?Ic (\S+)", plain(path.read_text()), re.M)}
        self.assertGreater(len(found), 5)
        self.assertEqual(found - known, {"Ctrl-C", "Ctrl-Z"})  # of the terminal

    def test_marks(self):
        lines = self.lines()
        real = [f"  {mark:7} {name}: {source.verdicts()[name].fact}"
                for name, mark in source.MARKS.items()]
        begin = lines.index("Marks") + 1
        self.assertEqual(lines[begin:begin + len(real)], real)


# The completions

def shell(name):
    if not shutil.which(name):
        raise unittest.SkipTest(f"{name} is not installed")
    return name


class Here(unittest.TestCase):
    """A directory of one's own, in which listenq is the program under test."""
    maxDiff = None

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.path = pathlib.Path(self.directory.name)
        (self.path / "bin").mkdir()
        (self.path / "bin" / "listenq").symlink_to(PROGRAM)
        (self.path / "report one.json").touch()
        (self.path / "report-two.json").touch()
        (self.path / "report-dir").mkdir()
        self.env = dict(os.environ, HOME=str(self.path), TERM="xterm", LC_ALL="C.UTF-8",
                        PATH=f"{self.path / 'bin'}:{os.environ['PATH']}")
        for name in "BASH_ENV", "ENV", "INPUTRC", "HISTFILE", "ZDOTDIR":
            self.env.pop(name, None)
        self.env["INPUTRC"] = "/dev/null"

    def run_here(self, *command):
        return run(*command, cwd=self.path, env=self.env)


# What every shell is asked: the line up to the cursor, and what it may become.
def cases():
    names = columns()
    return {
        "listenq --peak": ["--peak-rate"],
        "listenq --json": ["--json", "--json-schema"],
        "listenq -o capac": ["capacity"],
        "listenq -o +capac": ["+capacity"],
        "listenq -o length,capac": ["length,capacity"],
        "listenq -o +length,capac": ["+length,capacity"],
        "listenq --output=capac": ["capacity"],
        "listenq --output=+length,capac": ["+length,capacity"],
        "listenq --output capac": ["capacity"],
        "listenq -eo capac": ["capacity"],
        "listenq -o drops": [name for name in names if name.startswith("drops")],
        "listenq -s capac": ["capacity"],
        "listenq --sort=capac": ["capacity"],
        "listenq --sort=-capac": ["-capacity"],
        "listenq --color=a": ["always", "auto"],
        "listenq --color=": ["always", "auto", "never"],
        "listenq --output-file=report-": ["report-dir", "report-two.json"],
        "listenq --output-file report-t": ["report-two.json"],
    }


BASH_RIG = r"""
ask() {
	COMP_LINE=$1 COMP_POINT=${#1}
	shift
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	cur=${COMP_WORDS[COMP_CWORD]}
	[[ $cur == [=:] && $COMP_WORDBREAKS == *=* ]] && cur=
	set -- $(complete -p listenq)
	while [[ $1 != -F ]]; do shift; done
	"$2" listenq "$cur" "${COMP_WORDS[COMP_CWORD - 1]}"
	echo "${#COMPREPLY[@]}"
	((!${#COMPREPLY[@]})) || printf '%s\n' "${COMPREPLY[@]}"
}
"""


class Bash(Here):
    source = shlex.quote(str(COMPLETIONS / "listenq.bash"))

    def setUp(self):
        super().setUp()
        shell("bash")

    def ask(self, lines, before="", breaks="\"'@><=;|&(:"):
        """{line: what COMPREPLY holds}, with the words broken as bash would."""
        script = [before or f"source {self.source}", BASH_RIG]
        delimiters = re.escape("".join(char for char in "=:" if char in breaks))
        script.append(f"COMP_WORDBREAKS=$' \\t\\n'{shlex.quote(breaks)}")
        for line in lines:
            words = []
            for word in line.split(" "):
                pieces = re.findall(rf"[{delimiters}]+|[^{delimiters}]+", word) \
                    if delimiters else [word]
                words += pieces or [""]
            script.append(" ".join(["ask", shlex.quote(line), *map(shlex.quote, words)]))
        out = self.run_here("bash", "--norc", "--noprofile", "-c", "\n".join(script))
        rows, found = iter(out.splitlines()), {}
        for line in lines:
            found[line] = [next(rows) for _ in range(int(next(rows)))]
        self.assertEqual(list(rows), [])
        return found

    def check(self, **kwargs):
        want = cases()
        found = self.ask(want, **kwargs)
        for line, words in want.items():
            real = sorted(found[line])
            # Of a long option with a value its "=" is part.
            if line.split(" ")[-1].startswith("--") and "=" not in line:
                real = [word.rstrip("=") for word in real]
            self.assertEqual(real, words if "drops" not in line else sorted(words), line)

    def test_values(self):
        self.check()

    def test_words_not_broken(self):
        """COMP_WORDBREAKS without "=": the whole word comes and goes."""
        found = self.ask(["listenq --output=length,capac", "listenq --sort=-capac",
                          "listenq --color=n"], breaks="\"'@><;|&(")
        self.assertEqual(list(found.values()),
                         [["--output=length,capacity"], ["--sort=-capacity"], ["--color=never"]])

    def test_with_bash_completion(self):
        """Loaded by that package as it would be when installed."""
        if not os.path.exists(BASH_COMPLETION):
            self.skipTest("bash-completion is not installed")
        user = self.path / "user" / "completions"
        user.mkdir(parents=True)
        (user / "listenq").symlink_to(COMPLETIONS / "listenq.bash")
        self.env["BASH_COMPLETION_USER_DIR"] = str(user.parent)
        self.check(before=f"source {BASH_COMPLETION}\n"
                          "if declare -F _comp_load >/dev/null; then _comp_load listenq;\n"
                          "else _completion_loader listenq; fi\n"
                          "complete -p listenq >/dev/null || exit 1")

    def test_options(self):
        for line in "listenq -", "listenq ", "listenq --json ":
            found = {word.rstrip("=") for word in self.ask([line])[line]}
            same(self, found, help_options(), f"options of bash for {line!r}")

    def test_takes_a_value(self):
        """An "=" behind those, and only those, that --help shows with one."""
        found = self.ask(["listenq --"])["listenq --"]
        real = set()
        for names, row, _ in help_rows():
            long = [name for name in names if name.startswith("--")]
            real |= {name + "=" for name in long if "=" in row}
            real |= {name for name in long if "=" not in row or "[=" in row}
        same(self, found, real, "options of bash")

    def test_all_columns(self):
        for line in "listenq -o ", "listenq -s ", "listenq --output=", "listenq --sort=":
            self.assertEqual(self.ask([line])[line], columns(), line)
        for line, sign in (("listenq -o +", "+"), ("listenq -s -", "-"),
                           ("listenq --sort=-", "-")):
            self.assertEqual(self.ask([line])[line], [sign + name for name in columns()])

    def test_more_lists(self):
        found = self.ask(["listenq -o length,lengt", "listenq -o length,", "listenq -s -capac",
                          "listenq -s-capac", "listenq -ocapac", "listenq -eocapac",
                          "listenq -o length,capacity,", "listenq --output=+"])
        self.assertEqual(found["listenq -o length,lengt"], [])
        self.assertEqual(found["listenq -o length,"],
                         ["length," + name for name in columns() if name != "length"])
        self.assertEqual(found["listenq -s -capac"], ["-capacity"])
        self.assertEqual(found["listenq -s-capac"], ["-s-capacity"])
        self.assertEqual(found["listenq -ocapac"], ["-ocapacity"])
        self.assertEqual(found["listenq -eocapac"], ["-eocapacity"])
        self.assertEqual(len(found["listenq -o length,capacity,"]), len(columns()) - 2)
        self.assertEqual(found["listenq --output=+"], ["+" + name for name in columns()])

    def test_nothing_to_guess(self):
        lines = ["listenq -d ", "listenq --delay=", "listenq --count ", "listenq --width=",
                 "listenq --peak-rate=", "listenq --full=", "listenq operand"]
        for line, found in self.ask(lines).items():
            self.assertEqual(found, [], line)

    def test_files(self):
        found = self.ask(["listenq --output-file=rep", "listenq --output-file=a:b",
                          "listenq --output-file="])
        self.assertEqual(sorted(found["listenq --output-file=rep"]),
                         ["report one.json", "report-dir", "report-two.json"])
        (self.path / "a:bc").touch()
        # bash completes what stands behind the colon.
        self.assertEqual(self.ask(["listenq --output-file=a:b"]),
                         {"listenq --output-file=a:b": ["bc"]})

    def test_names_of_namespaces(self):
        netns.own_names(self)
        for name in "ey sp(1)", "eyes":
            (pathlib.Path(netns.NAMES) / name).touch()
        for typed, want in (("ey\\ s", ["ey\\ sp\\(1\\)"]), ("eye", ["eyes"]),
                            ("e", ["ey\\ sp\\(1\\)", "eyes"]), ("x", [])):
            words, line = shlex.quote(typed), shlex.quote(f"listenq -N {typed}")
            out = self.run_here(
                "bash", "--norc", "-c", f"source {self.source}; COMP_WORDS=(listenq -N {words}); "
                f"COMP_CWORD=2 COMP_LINE={line}; COMP_POINT=${{#COMP_LINE}}; "
                f"_listenq listenq {words} -N; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
            self.assertEqual(out.split("\n")[:-1] if want else out.split(), want, typed)

    def test_program_that_was_typed(self):
        """Not another listenq that is installed; and that one where it is none."""
        fake = self.path / "bin" / "listenq"
        fake.unlink()
        fake.write_text("#!/bin/sh\necho installed\n")
        fake.chmod(0o755)
        spaced = self.path / "a place"
        spaced.mkdir()
        (spaced / "listenq").symlink_to(PROGRAM)
        for typed, want in ((PROGRAM, columns()), (str(spaced / "listenq"), columns()),
                            ("./no-such-listenq", ["installed"])):
            before = f"source {self.source}"
            out = self.run_here(
                "bash", "--norc", "-c", f"{before}; COMP_WORDS=({shlex.quote(shlex.quote(typed))} -o ''); COMP_CWORD=2; "
                f"_listenq {shlex.quote(shlex.quote(typed))} '' -o; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
            self.assertEqual(out.split(), want)

    def test_interactive(self):
        with Typist(self, ["bash", "--norc", "--noprofile", "-i"],
                    f"PS1= PS2=\nbind 'set bell-style none'\nbind 'set page-completions off'\n"
                    f"source {self.source}\n"
                    "dump() { printf '%s' \"$READLINE_LINE\" >\"$HOME/line.new\"; "
                    "mv \"$HOME/line.new\" \"$HOME/line\"; READLINE_LINE=; }\n"
                    "bind -x '\"\\C-x\\C-d\": dump'\n") as typist:
            for line, want in INTERACTIVE.items():
                self.assertEqual(typist.complete(line), want)


# What stands on the line after one Tab.
INTERACTIVE = {
    "listenq --peak": "listenq --peak-rate=",
    "listenq --asc": "listenq --ascii ",
    "listenq --json-": "listenq --json-schema ",
    "listenq -o length,capac": "listenq -o length,capacity",
    "listenq --output=+length,capac": "listenq --output=+length,capacity",
    "listenq -s -capac": "listenq -s -capacity ",
    "listenq --sort=-capac": "listenq --sort=-capacity ",
    "listenq --color=n": "listenq --color=never ",
    "listenq --output-file=report-t": "listenq --output-file=report-two.json ",
    "listenq --output-file report-d": "listenq --output-file report-dir/",
    "listenq --output-file report\\ o": "listenq --output-file report\\ one.json ",
}


class Typist:
    """A shell on a terminal. Ctrl-X Ctrl-D is bound to what writes the line to
    $HOME/line and clears it."""

    def __init__(self, test, command, setup):
        self.test, self.line = test, test.path / "line"
        (test.path / "setup").write_text(setup + "touch $HOME/line.new; "
                                         "mv $HOME/line.new $HOME/line\n")
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave,
                                        cwd=test.path, env=test.env, start_new_session=True)
        os.close(slave)
        self.seen = b""

    def __enter__(self):
        self.send(". $HOME/setup\r")
        self.wait()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.master)

    def send(self, text):
        # Not before the line editor listens: the terminal itself would obey Ctrl-D.
        end = time.monotonic() + SECONDS
        while termios.tcgetattr(self.master)[3] & termios.ICANON:
            self.drain(end)
        os.write(self.master, text.encode())

    def drain(self, end):
        if select.select([self.master], [], [], 0.01)[0]:
            with contextlib.suppress(OSError):
                self.seen += os.read(self.master, 65536)
        if time.monotonic() > end:
            raise AssertionError(f"the shell does not answer: {self.seen[-2000:]!r}")

    def wait(self):
        end = time.monotonic() + SECONDS
        while not self.line.exists():
            self.drain(end)
        text = self.line.read_text()
        self.line.unlink()
        return text

    def complete(self, line):
        self.send(line + "\t\x18\x04")
        return self.wait()


ZSH_STUB = """
_arguments() { print -rl -- "$@" }
source {file}
"""

# All that would be offered, not only what is put on the line.
ZSH_SETUP = """
PROMPT= RPROMPT= LISTMAX=100000
fpath=({directory} $fpath)
autoload -Uz compinit
compinit -D -u
setopt no_beep
zstyle ':completion:*' completer _complete
bindkey -e
bindkey '^I' complete-word
dump() {{
  print -rn -- "$BUFFER" >$HOME/line.new
  mv $HOME/line.new $HOME/line
  BUFFER=
}}
zle -N dump
bindkey '^X^D' dump
compadd() {{
  if [[ ${{@[1,(i)(-|--)]}} != *-(O|A|D)\\ * ]]; then
    local -a offered
    builtin compadd -A offered "$@"
    (( $#offered )) && print -rl -- $offered >>$HOME/offered
  fi
  builtin compadd "$@"
}}
"""


class Zsh(Here):
    def setUp(self):
        super().setUp()
        shell("zsh")

    def test_syntax(self):
        self.run_here("zsh", "-f", "-n", str(COMPLETIONS / "_listenq"))
        first = (COMPLETIONS / "_listenq").read_text().splitlines()[0]
        self.assertEqual(first, "#compdef listenq")

    def specs(self):
        """(option, how its argument follows, description, has an argument)"""
        out = self.run_here("zsh", "-f", "-c", ZSH_STUB.replace(
            "{file}", shlex.quote(str(COMPLETIONS / "_listenq"))))
        found = []
        for line in out.splitlines():
            spec = re.match(r"(?:\([^)]*\)|\*)?(--?\w[\w-]*?)(\+|=-|=|-)?\[(.*?)\](:.*)?$", line)
            if spec:
                found.append((spec[1], spec[2] or "", spec[3], spec[4] or ""))
            else:
                self.assertIn(line, ("-s", "-S", ":"))
        return found

    def test_options(self):
        specs = self.specs()
        same(self, [name for name, *_ in specs], help_options(), "options of zsh")
        rows = {name: row for names, row, _ in help_rows() for name in names}
        for name, follows, meaning, value in specs:
            self.assertEqual(meaning, help_options()[name], name)
            row, long = rows[name], name.startswith("--")
            if "[=" in row:
                want = ("=-" if long else "-", "::")
            elif "=" in row:
                want = ("=" if long else "+", ":")
            else:
                want = ("", "")
            self.assertEqual((follows, re.match(":*", value)[0]), want, name)

    def typist(self):
        return Typist(self, ["zsh", "-f", "-i"],
                      ZSH_SETUP.format(directory=shlex.quote(str(COMPLETIONS))))

    def test_interactive(self):
        with self.typist() as typist:
            for line, want in INTERACTIVE.items():
                found = typist.complete(line)
                # It adds a comma or a space, and takes it back when it is in the way.
                self.assertEqual(found.rstrip(" ,"), want.rstrip())

    def test_offered(self):
        offered = self.path / "offered"
        with self.typist() as typist:
            for line, want in cases().items():
                with contextlib.suppress(FileNotFoundError):
                    offered.unlink()
                typist.complete(line)
                found = offered.read_text().split("\n")[:-1]
                last = re.split(r"[ =,+]", line)[-1]
                found = {word.rstrip("=") for word in found if word.startswith(last.lstrip("-"))
                         or word.startswith(last)}
                want = {re.split(r"[,+]", word)[-1] for word in want}
                if not last.startswith("--"):
                    want = {word.lstrip("-") for word in want}
                self.assertEqual(found, want, line)

    def test_all_columns(self):
        with self.typist() as typist:
            for line in "listenq -o ", "listenq -s ", "listenq -s -", "listenq --output=+":
                with contextlib.suppress(FileNotFoundError):
                    (self.path / "offered").unlink()
                typist.complete(line)
                found = (self.path / "offered").read_text().split()
                self.assertLessEqual(set(columns()), set(found), line)


class Fish(Here):
    def setUp(self):
        super().setUp()
        shell("fish")

    def ask(self, line):
        """{word: description}"""
        file = shlex.quote(str(COMPLETIONS / "listenq.fish"))
        out = self.run_here("fish", "--no-config", "-c",
                            f"source {file}; complete -C $argv[1]", line)
        rows = [row.partition("\t") for row in out.splitlines()]
        return {word: meaning for word, _, meaning in rows}

    def test_syntax(self):
        self.run_here("fish", "--no-config", "-n", str(COMPLETIONS / "listenq.fish"))

    def test_options(self):
        found = {}
        for word, meaning in self.ask("listenq -").items():
            found[word.rstrip("=")] = meaning
        same(self, found, help_options(), "options of fish")
        self.assertEqual(found, help_options())
        long = {word.rstrip("=") for word in self.ask("listenq --")}
        same(self, long, [name for name in help_options() if name.startswith("--")],
             "long options of fish")

    def test_values(self):
        for line, want in cases().items():
            found = {word.rstrip("=") if "=" not in line else word
                     for word in self.ask(line)}
            if "=" in line:
                option = line.split()[-1].partition("=")[0] + "="
                self.assertTrue(all(word.startswith(option) for word in found), line)
                found = {word[len(option):] for word in found}
            self.assertEqual({word.rstrip("/") for word in found}, set(want), line)

    def test_lists(self):
        for line in "listenq -o ", "listenq -s ":
            self.assertEqual(sorted(self.ask(line)), sorted(columns()), line)
        self.assertEqual(sorted(self.ask("listenq -o +length,")),
                         sorted("+length," + name for name in columns() if name != "length"))
        self.assertEqual(list(self.ask("listenq -s-capac")), ["-s-capacity"])
        self.assertEqual(list(self.ask("listenq -eocapac")), ["-eocapacity"])

    def test_program_that_was_typed(self):
        (self.path / "here").mkdir()
        (self.path / "here" / "listenq").symlink_to(PROGRAM)
        (self.path / "bin" / "listenq").unlink()
        self.assertEqual(sorted(self.ask("here/listenq -o ")), sorted(columns()))
        if not shutil.which("listenq", path=self.env["PATH"]):
            self.assertEqual(self.ask("listenq -o "), {})

    def test_no_files_elsewhere(self):
        for line in "listenq rep", "listenq -d ", "listenq --count ", "listenq -f rep":
            self.assertEqual(self.ask(line), {}, line)


if __name__ == "__main__":
    unittest.main()
