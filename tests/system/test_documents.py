# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual and the completions against the program, in both directions.

What the program has the documents tell, and what they tell the program has:
options, columns, counters, sysctls, states, reasons, keys, JSON keys, warning
codes.
"""
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
import subprocess
import tempfile
import termios
import time
import unittest

import listenq
import netns
import screen

ROOT = pathlib.Path(os.environ.get("srcdir") or pathlib.Path(__file__).parents[2]).resolve()
PROGRAM = os.path.abspath(os.environ.get("LISTENQ") or str(ROOT / "src" / "listenq"))
COMPLETIONS = ROOT / "completions"
MANUAL = ROOT / "man" / "listenq.8"
FORMAT = ROOT / "man" / "listenq-json.5"
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"
SECONDS = 30


def run(*command, **kwargs):
    kwargs.setdefault("check", True)
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, timeout=SECONDS, **kwargs).stdout


@functools.lru_cache(maxsize=None)
def program(*args):
    return run(PROGRAM, *args)


# The program

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


def columns():
    return program("--list-columns", "--raw").split()


@functools.lru_cache(maxsize=None)
def schema():
    return json.loads(program("--json-schema"))


def schema_namespace(name):
    namespace = schema()["properties"]["namespaces"]["items"]
    return list(namespace["properties"][name]["properties"])


def schema_listener(name):
    listener = schema()["properties"]["listeners"]["items"]
    return listener["properties"][name]


def type_word(part):
    if "const" in part:
        return type(part["const"]).__name__.replace("int", "integer")
    kinds = part.get("type", "null")
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    return next(iter(kinds - {"null"}), "null")


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


STRING = r'"(?:[^"\\]|\\.)*"'


@functools.lru_cache(maxsize=None)
def verdicts():
    """{state or reason: (fact, advice or "", mark of a state or None)}, out of the source."""
    text = (ROOT / "src" / "analyse" / "verdict.c").read_text()
    marks = dict(re.findall(r'\[SEVERITY_(\w+)\] = "([^"]+)"', text))
    row = re.compile(r'\[(?:STATE|REASON)_\w+\] = \{\s*"([a-z-]+)",\s*(?:SEVERITY_(\w+),\s*)?'
                     rf'((?:{STRING}\s*)+),\s*(NULL|(?:{STRING}\s*)+),\s*\w+\s*[,}}]')
    return {name: (c_strings(fact), c_strings(advice), marks.get(severity))
            for name, severity, fact, advice in row.findall(text)}


def spoken(fact, advice):
    """The sentence of the manual: what is so, and what to do."""
    return f"{fact}; {advice}" if advice else fact


def c_strings(text):
    """The strings of a piece of C, as one."""
    return "".join(word[1:-1] for word in re.findall(STRING, text)).replace("\\\\", "\\")


@functools.lru_cache(maxsize=None)
def key_rows():
    """[(action, ["q", "F10"], what it does, section or None)], out of the source."""
    text = (ROOT / "src" / "top" / "keys.c").read_text()
    text = re.search(r"key_table\[\] = \{\n(.*?)\n\};", text, re.S)[1]
    row = re.compile(rf"\{{ (KEY_ACT_\w+), \{{[^\n]*?\}}, ({STRING}), (?:NULL|{STRING}), "
                     rf"(?:true|false),\s*((?:{STRING}\s*)+), (NULL|{STRING}) \}},")
    found = [(action, c_strings(names).split(), c_strings(meaning), c_strings(section) or None)
             for action, names, meaning, section in row.findall(text)]
    assert len(found) == text.count("KEY_ACT_"), "keys.c: a row that is not understood"
    return found


def warning_codes():
    """Of every call of snapshot_warn() in the source."""
    codes = set()
    for path in (ROOT / "src").rglob("*.c"):
        if path.name == "snapshot.c":
            continue
        text = path.read_text()
        literal = re.findall(r'snapshot_warn\(\s*[\w>.-]+,\s*"([a-z-]+)"', text)
        calls = len(re.findall(r"snapshot_warn\(", text))
        assert len(literal) == calls, f"{path}: a warning code that is no literal"
        codes.update(literal)
    return codes


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
    return re.sub(r"\\([&e-])", lambda escape: {"&": "", "e": "\\", "-": "-"}[escape[1]], text)


def sentence(entry):
    found = re.search(r"^\.Do\n(.*?)\n\.Dc$", entry.text, re.M | re.S)
    return " ".join(found[1].split()) if found else None


def same(test, told, real, what):
    """Equal as sets, with a message that names who lacks what; and nothing twice."""
    told, real = list(told), list(real)
    test.assertEqual(len(told), len(set(told)), f"{what}: twice in {sorted(told)}")
    test.assertEqual(sorted(set(real) - set(told)), [], f"{what}: not told")
    test.assertEqual(sorted(set(told) - set(real)), [], f"{what}: told, but not there")


class Manual(unittest.TestCase):
    maxDiff = None

    def test_lint(self):
        self.assertTrue(shutil.which("mandoc"), "mandoc is not installed")
        for path in MANUAL, FORMAT:
            done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(path)],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, timeout=SECONDS, check=False)
            found = [line for line in done.stdout.splitlines() if "mandoc.db" not in line]
            self.assertEqual(found, [])
            self.assertEqual(done.returncode, 0)

    def test_help_is_understood(self):
        """The rest of this file rests on help_rows()."""
        self.assertGreater(len(help_rows()), 20)
        for names, row, meaning in help_rows():
            self.assertTrue(names and meaning, row)
        lines = [line for line in program("--help").splitlines()
                 if re.match(r" +-", line)]
        self.assertEqual(len(lines), len(help_rows()))

    def test_options(self):
        told = [option_head(entry.head) for entry in entries(MANUAL, "OPTIONS")]
        same(self, told, [row for _, row, _ in help_rows()], "OPTIONS")

    def test_synopsis(self):
        text = MANUAL.read_text().split(".Sh SYNOPSIS")[1].split(".Sh")[0]
        letters = [letter for word in re.findall(r"Op Fl (\w+)", text) for letter in word]
        same(self, letters, [name[1] for name in help_options() if name[1] != "-"],
             "SYNOPSIS")

    def test_columns(self):
        told = {entry.name: entry for entry in entries(MANUAL, "COLUMNS")}
        same(self, words_of(MANUAL, "COLUMNS"), columns(), "COLUMNS")
        listed = program("--list-columns").splitlines()
        self.assertEqual(len(listed), len(told))
        for name, line in zip(columns(), listed):
            header = re.match(r"Cm \S+ Pq Sy (.*)$", told[name].head)
            self.assertTrue(header, told[name].head)
            self.assertRegex(line, rf"^{re.escape(name)} +{re.escape(header[1])}  ?\S*")
            self.assertRegex(told[name].text, r"\bNeeds\b", name)

    def test_default_columns(self):
        marked = [re.sub(r".*Pq Sy ", "", entry.head) for entry in entries(MANUAL, "COLUMNS")
                  if entry.lines[0].startswith("*")]
        shown = program("-d", "0").splitlines()[0].replace("LOCAL ADDRESS", "LOCAL_ADDRESS")
        same(self, [head.replace(" ", "_") for head in marked], shown.split(),
             "default columns")

    def test_filter_operators(self):
        """All spellings, in both directions."""
        source = (ROOT / "src" / "analyse" / "filter.c").read_text()
        table = re.search(r"operator_table\[\] = \{(.*?)\n\};", source, re.S)[1]
        real = re.findall(r'"([^"]+)"', table)
        told = [word for entry in entries(MANUAL, "FILTER")
                if re.match(r"Cm [=<>!]", entry.head) for word in entry.head.split()[1:]]
        same(self, told, real, "operators of FILTER")

    def test_filter_keywords(self):
        source = (ROOT / "src" / "analyse" / "filter.c").read_text()
        table = re.search(r"keyword_table\[\] = \{(.*?)\n\};", source, re.S)[1]
        told = [entry.head.split()[1] for entry in entries(MANUAL, "FILTER")
                if re.match(r"Cm [a-z]+ Ar", entry.head)]
        same(self, told, re.findall(r'"(\w+)"', table), "conditions of FILTER")

    def test_filter_examples(self):
        """Each is a filter that the program takes."""
        heads = [entry.head for entry in entries(MANUAL, "FILTER")]
        found = [head[3:].replace("\\&", "") for head in heads if head.startswith("Ql ")]
        self.assertGreater(len(found), 10)
        for text in found:
            program("-d", "0", "-o", "local", text)

    def test_short_addresses(self):
        """Where an address may stop, the page says as the filter takes it."""
        entry = next(entry for entry in entries(MANUAL, "FILTER")
                     if "may stop after any of its numbers" in entry.text)
        taken = re.findall(r"^\.Ql (10\S*)", entry.text, re.MULTILINE)
        self.assertEqual(taken, ["10.1", "10/8"])
        self.assertIn("A number alone is refused", entry.text)
        for text, status in [*((text, 0) for text in taken), ("10", 2), ("10:80", 2)]:
            with self.subTest(text):
                listenq.run("-d0", f"src {text}", code=status)

    def test_counters(self):
        same(self, words_of(MANUAL, "COUNTERS"), schema_namespace("counters"), "COUNTERS")

    def test_sysctls(self):
        same(self, words_of(MANUAL, "SYSCTLS"), schema_namespace("sysctl"), "SYSCTLS")

    def verdicts(self, section, real):
        told = entries(MANUAL, section)
        # The order is that of the program: worst first.
        self.assertEqual(words_of(MANUAL, section), real)
        for entry in told:
            fact, advice, mark = verdicts()[entry.name]
            self.assertEqual(sentence(entry), spoken(fact, advice), entry.name)
            if mark:
                self.assertEqual(entry.head, f"Cm {entry.name} Pq Sy {mark}")

    def test_states(self):
        self.verdicts("STATES", schema_listener("state")["enum"])

    def test_reasons(self):
        # A listener that is gone has its last state in the place of reasons.
        states = schema_listener("state")["enum"]
        self.verdicts("REASONS", [word for word in schema_listener("reasons")["items"]["enum"]
                                  if word not in states])

    def test_verdicts_are_understood(self):
        both = dict.fromkeys(schema_listener("state")["enum"] +
                             schema_listener("reasons")["items"]["enum"])
        same(self, verdicts(), both, "verdict.c")

    def test_verdicts_are_short(self):
        """A sentence that is read below a table, in an incident."""
        for name, (fact, advice, _) in verdicts().items():
            self.assertLessEqual(len(fact), 170, name)
            self.assertLessEqual(len(advice), 170, name)

    def test_keys(self):
        """The same keys in the same order, under the same headings, with the same words."""
        told = [(heading, re.sub(r"^Ic ", "", plain(entry.head)).split(" , "),
                 plain(" ".join(line for line in entry.lines if line != ".El")))
                for heading, found in page(MANUAL)["KEYS"].items() for entry in found]
        real, heading = [], None
        for _, names, meaning, section in key_rows():
            heading = section or heading
            real.append((heading, names, f"{meaning[0].upper()}{meaning[1:]}."))
        self.assertEqual(told, real)

    def test_keys_in_text(self):
        known = {name for _, names, _, _ in key_rows() for name in names}
        found = set(re.findall(r"^(?:\.Pq )?\.?Ic (\S+)", plain(MANUAL.read_text()), re.M))
        self.assertGreater(len(found), 5)
        self.assertEqual(found - known, {"Ctrl-C", "Ctrl-Z"})  # of the terminal

    def test_tags(self):
        """Between brackets in the first line of the screen."""
        text = (ROOT / "src" / "top" / "banner.c").read_text()
        real = re.findall(r'add_tag\(b, "([A-Z ]+)"\)', text)
        real += re.findall(r'"[^"]*\[([A-Z]+) ', text)
        self.assertEqual(len(re.findall(r"add_tag\(b, ", text)), len(real) - 1)
        told = [entry.head.removeprefix("Cm ") for entry in page(MANUAL)["THE TOP VIEW"]["Tags"]]
        same(self, told, dict.fromkeys(real), "Tags")

    def test_json_keys(self):
        told = {path: {entry.name: entry for entry in found}
                for path, found in page(FORMAT)["DOCUMENT"].items() if path}
        real = schema_objects()
        same(self, told, real, "objects of listenq-json(5)")
        for path, keys in real.items():
            names = [entry.name for entry in page(FORMAT)["DOCUMENT"][path]]
            same(self, names, keys, f"keys of {path}")
            for key, kind in keys.items():
                word = re.match(r"\w+", told[path][key].text)
                self.assertTrue(word, f"{path} {key}")
                self.assertEqual(word[0].lower(), kind, f"type of {path} {key}")
        root = told["."]["schema_version"]
        version = schema()["properties"]["schema_version"]["const"]
        self.assertRegex(root.text, rf"(?m)^{version}\.$")

    def test_schema_file(self):
        """The installed copy."""
        self.assertEqual((ROOT / "man" / "listenq.schema.json").read_text(),
                         program("--json-schema"))

    def test_json_words(self):
        keys = {entry.name: entry for entry in page(FORMAT)["DOCUMENT"][".listeners[]"]}
        for key, part in (("state", schema_listener("state")),
                          ("reasons", schema_listener("reasons")["items"])):
            text = " ".join(re.findall(r"^\.Cm (.*)$", keys[key].text, re.M))
            same(self, re.findall(r"[a-z-]+", text), part["enum"], key)

    def test_warnings(self):
        codes = warning_codes()
        self.assertGreaterEqual(len(codes), 5)
        for path in MANUAL, FORMAT:
            same(self, words_of(path, "WARNINGS"), codes, f"WARNINGS of {path.name}")

    def test_examples_of_options(self):
        """Long options in running text and in examples, which no table above reads."""
        known = set(help_options())
        for path in MANUAL, FORMAT:
            text = re.sub(r"^\.\\\".*$", "", path.read_text(), flags=re.M)
            found = set(re.findall(r"Fl Fl ([a-z][a-z0-9-]+)", text))
            for line in re.findall(r"\blistenq (-[^|\n']*)", text):
                found |= set(re.findall(r"(?<!\S)--([a-z][a-z0-9-]+)", line))
            self.assertEqual({"--" + name for name in found} - known, set(), path.name)


class Help(screen.Case):
    """The help screen of the interactive view."""

    def test_keys(self):
        told = self.screen("--ascii", rows=120, cols=160)
        told.keys("?")
        lines = told.wait("the help", lambda lines: "General" in lines)
        lines = lines[lines.index("General"):lines.index("Marks")]
        real = []
        for _, names, meaning, section in key_rows():
            real += [section] if section else []
            real.append(f"  {' '.join(names):7} {meaning}")
        self.assertEqual(lines, real)

    def test_marks(self):
        told = self.screen("--ascii", rows=120, cols=200)
        told.keys("?")
        lines = told.wait("the help", lambda lines: "Marks" in lines)
        real = [f"  {mark:7} {name}: {fact}"
                for name, (fact, _, mark) in verdicts().items() if mark]
        begin = lines.index("Marks") + 1
        self.assertEqual(lines[begin:begin + len(real)], real)

    def test_every_key_does_something(self):
        """A row without a case is a promise; a case without a row cannot be reached."""
        cases = re.findall(r"\bcase (KEY_ACT_\w+):", (ROOT / "src" / "top" / "act.c").read_text())
        same(self, cases, [action for action, *_ in key_rows()], "act.c")


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
