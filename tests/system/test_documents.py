# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual against the program, in both directions; and every example of the manual is run."""
import datetime
import functools
import gzip
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import listenq
import netns
import rig
import screen
import servers
import source
from cli import (SECONDS, check_listenq, columns, help_options, help_rows, listed, program, run,
                 same)
from listenq import PROGRAM
from manual import (BACKGROUND, CHECK, FILTER, JSON, MAIN, PAGES, PROMETHEUS, TABLE, TOP, arguments, bold, cells, entries,
                    examples, option_head, page, plain, roff, table, words_of)

ROOT = source.TOP
MAIN_LINES = 450  # what one reads in ten minutes
UPDATE = "LISTENQ_UPDATE_EXPECTED" in os.environ


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
    """Of every call of snapshot_warn(), and of why a baseline starts anew."""
    codes = set(re.findall(r'start_anew\(b,\s*"([a-z-]+)"',
                           (ROOT / "src/replay/baseline.c").read_text()))
    assert len(codes) > 5
    for path in (ROOT / "src").rglob("*.c"):
        if path.name in ("baseline.c", "sample_line.c"):  # they repeat what others have said
            continue
        text = path.read_text()
        literal = re.findall(r'snapshot_warn(?:_report)?\(\s*[\w>.-]+,\s*"([a-z-]+)"', text)
        calls = len(re.findall(r"^\t.*snapshot_warn(?:_report)?\(", text, re.M))
        assert len(literal) == calls, f"{path}: a warning code that is no literal"
        codes.update(literal)
    return codes


def tags():
    """Words in capitals, of the title and the status line of the view."""
    text = (ROOT / "src/top/title.c").read_text() + (ROOT / "src/top/status.c").read_text()
    return set(re.findall(r'"((?:LIVE|PAUSED|REPLAY|FOLLOW|ORDER [A-Z]+|SICK ONLY))"', text))


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


def verdict_rows(kind):
    return [(*([roff(source.MARKS[each.name])] if kind == "STATE" else []), bold(each.name),
             roff(each.fact) + (f"; {bold(roff(each.advice))}" if each.advice else ""))
            for each in source.verdicts().values() if each.kind == kind]


def column_rows():
    shown = program("-d", "0").splitlines()[0].replace("LOCAL ADDRESS", "LOCAL_ADDRESS").split()
    names = {header: name for name, (header, _) in listed().items()}
    return [(bold(roff(header)), name, roff(listed()[name][1]))
            for header in (word.replace("_", " ") for word in shown) for name in [names[header]]]


# What the samples of a family of that scope have.
SCOPE_LABELS = {"REPORT": [], "NETNS": ["namespace"], "COUNTER": ["namespace"],
                "LISTENER": ["L"], "SUM": ["L"]}


def family_rows():
    for family in source.families():
        labels = ", ".join(SCOPE_LABELS[family.scope] + family.labels)
        name = family.name + (f"{{{labels}}}" if labels else "")
        yield bold(roff(name)), family.type
        yield roff(family.help), ""


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
            (PROMETHEUS, "families"): ("lx l", ("FAMILY", "TYPE"), lambda _: family_rows()),
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
        for path, name in (MAIN, PROGRAM), (CHECK, check_listenq()):
            told = [option_head(entry.head) for entry in entries(path, "OPTIONS")]
            same(self, told, [row for _, row, _ in help_rows(name)], f"OPTIONS of {path.name}")
            text = path.read_text().split(".Sh SYNOPSIS")[1].split(".Sh")[0]
            letters = [letter for word in re.findall(r"Op Fl (\w+)", text) for letter in word]
            same(self, letters, [word[1] for word in help_options(name) if word[1] != "-"],
                 f"SYNOPSIS of {path.name}")

    def test_metrics(self):
        real = re.findall(r'\[METRIC_\w+\] = \{ "([a-z-]+)"', sources("output/metric.c"))
        self.assertGreater(len(real), 5)
        same(self, words_of(CHECK, "METRICS"), real, "METRICS")
        self.assertEqual(set(real), set(re.findall(r"[a-z-]+", help_options()["--metric"])) -
                         {"percent", "or"})

    def test_words(self):
        """No page names what is not there."""
        words = {
            "Cm": [*columns(), *source.verdicts(), *counters(), *warning_codes(), *tags(),
                   *(re.sub("^Tcp(Ext)?", "", name) for name in counters()),
                   *(key for keys in schema_objects().values() for key in keys),
                   *(family.name for family in source.families()),
                   *(label for family in source.families() for label in family.labels),
                   *filter_words("operator_table"), *filter_words("keyword_table"),
                   *words_of(CHECK, "METRICS"), "and or not & && || ! comm waiting half-open auto always never null 0"],
            "Sy": [listed()[name][0] for name in columns()],
            "Fl": [name[1:] for name in {**help_options(), **help_options(check_listenq())}],
        }
        known = {macro: {each for word in found for each in word.split()}
                 for macro, found in words.items()}
        for path in PAGES:
            text = path.read_text()
            names = {name for section, found in page(path).items() for name in (section, *found)}
            self.assertLessEqual(set(re.findall(r"^\.(?:.* )?Sx (.*?)(?: [.,)]+)*$", text, re.M)),
                                 names, path.name)
            for macro, word in arguments(text):
                if macro in known:
                    word = re.sub(r"-\d+s$", "", word)  # SYNRECV-5s
                    letters = word if macro == "Fl" and not word.startswith("-") else [word]
                    self.assertLessEqual(set(letters), known[macro], f"{path.name}: .{macro}")
            for name, section in re.findall(r"^\.Xr (listenq\S*) (\d)", text, re.M):
                self.assertIn(ROOT / "man" / f"{name}.{section}", PAGES, path.name)
            found = {*re.findall(r"(?<![\w-])--([a-z][a-z-]+)", plain(text))}
            found -= {"backlog", "now"}  # of gunicorn, and of systemctl
            real = {*help_options(), *help_options(check_listenq())}
            self.assertLessEqual({"--" + name for name in found}, real, path.name)

    def test_filter(self):
        """All operators and conditions; every example is a filter that the program takes."""
        heads = [plain(entry.head) for entry in
                 entries(FILTER, "CONDITIONS") + entries(FILTER, "OPERATORS")]
        same(self, [word for head in heads if re.match(r"Cm [=<>!]", head)
                    for word in head.split()[1:]], filter_words("operator_table"), "OPERATORS")
        same(self, [word for head in heads for word in re.findall(r"Cm ([a-z]+) (?:Oc )?Ar", head)],
             filter_words("keyword_table"), "CONDITIONS")
        found = [plain(entry.head)[3:] for entry in entries(FILTER, "EXAMPLES")]
        self.assertGreater(len(found), 5)
        for text in [*found, "10.1", "src 10/8", "unix:/run/*", "@app", "inet:127/8", "fe80::1%lo",
                     "0.0.0.0%lo:80", "dport 0", "dev 0", "accept_queue.length > 1", "QUEUED > 1",
                     "full_seconds > 1", "cookie = 0xda472", "fill > 0.8", "fill > 80", "not full",
                     "sport 443", "sport > 1024", "state = HIGH", "(" * 64 + ":1" + ")" * 64]:
            with self.subTest(text):
                program("-d", "0", "-o", "local", text)
        for text in ("src 10", "10:80", "fill > 80x", "src > 10.0.0.1", "dev > lo", "comm > nginx",
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

    def test_labels(self):
        """Each label that a family may have, and each family that is spoken of."""
        told = re.findall(r"\w+", " ".join(
            entry.head.removeprefix("Cm ") for entry in entries(PROMETHEUS, "LABELS")))
        real = {label for family in source.families() for label in family.labels}
        same(self, told, real | {"namespace", "address", "port", "path", "protocol"}, "LABELS")

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
        for name in "listenq", "check_listenq":
            (self.directory / name).symlink_to(PROGRAM)
        self.record()

    def record(self):
        """What --replay shows is of the last time that it was three in the morning."""
        file = self.directory / "incident.ndjson"
        for name in "flight.ndjson.1", "flight.ndjson", file.name:
            subprocess.run([PROGRAM, "--watch", "--count=2", "-d", "0.1",
                            f"--record={self.directory / name}"],
                           check=True, stdout=subprocess.DEVNULL, timeout=SECONDS)
        now = datetime.datetime.now()
        night = now.replace(hour=3, minute=0, second=0)
        night -= datetime.timedelta(days=night > now)
        walls = itertools.count(int(night.timestamp()) * 10**9, 10**8)
        file.write_text(re.sub(r'(?m)^\{"wall":\d+', lambda _: f'{{"wall":{next(walls)}',
                               file.read_text()))
        with gzip.open(self.directory / "monday.gz", "wb") as copy:
            copy.write(file.read_bytes())

    def shell(self, commands):
        """Run one after the other; a form feed parts what they print."""
        env = dict(os.environ, PATH=f"{self.directory}:/usr/bin:{os.environ['PATH']}")
        return subprocess.Popen(["sh", "-ec", "\nprintf '\\f'\n".join(commands)], env=env,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, cwd=self.directory)

    def test_commands(self):
        """They succeed, and print what is shown: the same columns, the same sentences."""
        todo = [(path, [each for each in block if each[0] and "--top" not in each[0]])
                for path, block in examples() if path != CHECK]
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

    def test_check(self):
        """What a plugin says is a line of its grammar, and its exit status."""
        found = [(command, shown) for path, block in examples() if path == CHECK
                 for command, shown in block if command]
        self.assertGreater(len(found), 2)
        for command, shown in found:
            with self.subTest(command):
                process = self.shell([command])
                out, err = process.communicate(timeout=SECONDS)
                self.assertEqual(err, "")
                words = ["OK", "WARNING", "CRITICAL", "UNKNOWN"]
                real = out.splitlines()[0]
                self.assertTrue(real.startswith(f"LISTENQ {words[process.returncode]} - "), real)
                self.assertTrue(all(line.startswith("LISTENQ ") for line in shown))

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
                 for line in shown if re.match(r" {3}STATEv ", line)]
        self.assertGreater(len(found), 1)
        view = self.screen("--ascii", "--color=never", cols=73).lines()

        def names(line):
            return [head.rstrip("v^") for _, _, head in screen.split_header(line)]
        printed = names(view[screen.find_header(view)])
        for line in found:
            heads = names(line)
            self.assertEqual(heads, [word for word in printed if word in heads])

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


class Backlogs(rig.Case):
    """Of servers that no setting of ours names."""
    SETTING = re.compile(r"ListenBacklog \d+| backlog[= ]\d+|listen\.backlog = \S+|"
                         r"--(tcp-)?backlog\0\d+\0")
    KINDS = {"Apache": servers.Apache, "nginx": servers.Nginx, "HAProxy": servers.Haproxy,
             "PHP-FPM": servers.PhpFpm, "Gunicorn": servers.Gunicorn, "Redis": servers.Redis,
             "PostgreSQL": servers.Postgres}

    def bare(self, kind, **options):
        class Bare(kind):
            def command(bare):
                words = super().command(**options)
                for path in filter(pathlib.Path.is_file, bare.dir.iterdir()):
                    path.write_text(self.SETTING.sub("", path.read_text()))
                return self.SETTING.sub("", "\0".join(map(str, words))).split("\0")
        return self.own(Bare())

    def test_defaults(self):
        netns.sysctl("net.core.somaxconn", 60000)
        text = BACKGROUND.read_text().split(".Sh WELL-KNOWN BACKLOGS")[1]
        told = {name.split()[0]: backlog for name, backlog, _ in
                cells(re.search(r"^\.TS\n.*?^\.TE\n", text, re.M | re.S)[0])}
        words = {"somaxconn": 60000, "maxconn": 777}
        for name, kind in self.KINDS.items():
            options = {"behind": self.own(servers.Redis()), "maxconn": 777} if name == "HAProxy" else {}
            server = self.bare(kind, **options)
            limit, = {row["accept_queue"]["limit"] for row in listenq.instant("-x")["listeners"]
                      if server.path and row["path"] == str(server.path) or row["port"] == server.port}
            self.assertEqual(limit, words.get(told[name]) or int(told[name]), name)


class Help(screen.Case):
    """The help screen of the interactive view, and the manual, are of the table of keys."""

    def test_keys(self):
        rows = []
        for section, names, text in source.key_lines():
            rows += [(bold(section), "")] if section else []
            rows.append((bold(roff(names)), roff(text)))
        self.assertGreater(len(rows), 30)
        Manual.check_table(self, TOP, "keys", lambda _: table("l lx", ("General", ""), rows[1:]))

    def test_keys_in_text(self):
        known = {name for row in source.keys() for name in row.names}
        found = {name for path in PAGES for name in re.findall(
            r"^\.(?:Pq )?Ic (\S+)", plain(path.read_text()), re.M)}
        self.assertGreater(len(found), 5)
        self.assertEqual(found - known, {"Ctrl-C", "Ctrl-Z"})  # of the terminal

    def test_help_has_all(self):
        """Each line of the table, and each state with its mark, on one screen."""
        view = self.screen("--ascii")
        view.keys("?")
        text = "\n".join(view.see("Marks and colours"))
        for section, names, does in source.key_lines():
            self.assertRegex(text, rf"(?m){re.escape(names)} +{re.escape(does)}( |$)")
            self.assertIn(section, text)
        for state, mark in source.MARKS.items():
            self.assertRegex(text, rf"{re.escape(mark)} +.*\b{state}\b")


if __name__ == "__main__":
    unittest.main()
