# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules of the house that a reader of src/ relies on, see HACKING."""
import json
import os
import pathlib
import re
import subprocess
import unittest

TOP = pathlib.Path(os.environ.get("srcdir") or pathlib.Path(__file__).parents[2])
LISTENQ = os.environ.get("LISTENQ") or str(TOP / "src/listenq")

# Data flows one way: a file includes only of its own folder and those to the left of it. The
# folders of one step do not know each other.
STEPS = [{"base"}, {"model"}, {"collect", "replay", "analyse"}, {"output"}, {"top"},
         {"options"}, {"conflicts"}, {"command_line", "information", "plan", "deadline"},
         {"run"}, {"main"}]

# What exit() and signals undo, what is said where memory runs out, and a library.
STATE = {("top/curses.h", "extern struct curses curses;"),
         ("top/terminal.c", "static struct rescue {"),
         ("base/sink.c", "static struct unfinished {"),
         ("base/alloc.c", "static struct on_failure {")}

# Who talks to the user, and who may end the program.
TALKS = {"main.c", "run.c", "options.c", "command_line.c", "information.c", "deadline.c"}
ENDS_WITHOUT_MEMORY = {"base/alloc.c"}

LINES_MAX = 900
FUNCTION_LINES_MAX = 60
# One switch, with a case for each attribute: longer, and no harder to read.
DISPATCHERS = {"parse_attributes"}


def sources(*folders):
    found = [path for folder in folders or ["src"]
             for path in sorted((TOP / folder).rglob("*.[ch]"))
             if TOP / "tests/servers" not in path.parents]  # which others wrote
    if not found:
        raise AssertionError(f"no sources in {TOP}")
    return found


def name(path):
    return str(path.relative_to(TOP / "src"))


def folder(path):
    """The folder of a source; what is in none is a folder of its own."""
    return pathlib.PurePath(path).with_suffix("").parts[0]


def step(of):
    return next(number for number, folders in enumerate(STEPS) if of in folders)


def blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def code(path):
    """The text without comments, strings and characters; lines stay where they are."""
    text = path.read_text()
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])+'", blank, text,
                  flags=re.DOTALL)


def included(path, brackets='""'):
    pattern = rf"^#\s*include {brackets[0]}([^{brackets[1]}]+){brackets[1]}"
    return re.findall(pattern, path.read_text(), re.MULTILINE)


def calls(path, names):
    """(line number, function) of each call to one of the functions."""
    pattern = re.compile(rf"(?<![\w.>])({'|'.join(names)})\s*\(")
    return [(number, match[1]) for number, line in enumerate(code(path).splitlines(), 1)
            for match in pattern.finditer(line)]


def functions(path):
    """(name, lines) of each function: its braces stand at the margin."""
    lines = path.read_text().splitlines()
    begin = None
    for number, line in enumerate(lines):
        if line == "{":
            begin = number
        elif line == "}" and begin is not None:
            head = " ".join(lines[max(begin - 4, 0):begin])
            yield re.findall(r"(\w+)\(", head.split(";")[-1].split("}")[-1])[0], \
                number - begin + 1
            begin = None


class Includes(unittest.TestCase):
    def test_no_circle_of_files(self):
        """A .c and its .h are one: from none does a chain of includes lead back to it."""
        def unit(of):
            return of.removesuffix(".c").removesuffix(".h")

        includes = {}
        for path in sources():
            own = unit(name(path))
            includes.setdefault(own, set()).update(
                unit(other) for other in included(path) if unit(other) != own)

        def reached(own):
            seen, todo = set(), [own]
            while todo:
                for other in includes.get(todo.pop(), ()):
                    if other not in seen:
                        seen.add(other)
                        todo.append(other)
            return seen

        self.assertEqual([own for own in includes if own in reached(own)], [])

    def test_point_left(self):
        wrong = []
        for path in sources():
            own = folder(name(path))
            for target in included(path):
                if target == "config.h":
                    continue
                of = folder(target)
                if of != own and step(of) >= step(own):
                    wrong.append(f"{name(path)} includes {target}")
        self.assertEqual(wrong, [])

    def test_exist_and_are_whole_paths(self):
        """Relative to src/, so that each names the folder."""
        wrong = [f"{name(path)}: {target}" for path in sources() for target in included(path)
                 if target != "config.h" and not (TOP / "src" / target).is_file()]
        self.assertEqual(wrong, [])

    def users(self, pattern):
        return [name(path) for path in sources()
                if any(re.search(pattern, target) for target in included(path, "<>"))]

    def test_libmnl_in_one_file(self):
        users = self.users(r"^libmnl/")
        self.assertEqual([folder(user) for user in users], ["collect"], users)

    def test_json_c_in_one_file_of_output_and_of_replay(self):
        users = self.users(r"^json-c/|^json\.h")
        folders = [folder(user) for user in users]
        self.assertEqual(sorted(folders), sorted(set(folders)), users)
        self.assertLessEqual(set(folders), {"output", "replay"}, users)
        self.assertIn("output", folders)

    def test_curses_only_in_top(self):
        users = self.users(r"curses|^term\.h|^panel\.h")
        self.assertLessEqual({folder(user) for user in users}, {"top"}, users)

    def test_header_of_its_own_first(self):
        """Whoever includes a header need not know what it wants before it."""
        wrong = [name(path) for path in sources() if path.suffix == ".c"
                 and path.with_suffix(".h").exists()
                 and included(path)[0] != name(path.with_suffix(".h"))]
        self.assertEqual(wrong, [])

    def test_guards_name_the_path(self):
        for path in sources():
            if path.suffix == ".h":
                guard = "LISTENQ_" + re.sub(r"\W", "_", name(path)).upper()
                with self.subTest(name(path)):
                    self.assertRegex(path.read_text(), rf"#ifndef {guard}\n#define {guard}\n")


class Manners(unittest.TestCase):
    def silent(self):
        return [path for path in sources()
                if name(path) not in TALKS and folder(name(path)) != "top"]

    def test_only_output_prints(self):
        """Collectors and analysts return codes and reports; formats write to a given stream."""
        words = ["printf", "fprintf", "vprintf", "vfprintf", "puts", "fputs", "putchar", "fputc",
                 "putc", "fwrite", "perror", "dprintf"]
        wrong = [f"{name(path)}:{line}: {call}()" for path in self.silent()
                 if folder(name(path)) != "output" for line, call in calls(path, words)]
        self.assertEqual(wrong, [])

    def test_standard_streams(self):
        wrong = [name(path) for path in self.silent()
                 if re.search(r"\b(stdout|stderr)\b", code(path))
                 or calls(path, ["printf", "puts", "putchar", "perror", "warn", "warnx"])]
        self.assertEqual(wrong, [])

    def test_nobody_ends_the_program(self):
        wrong = []
        for path in self.silent():
            for line, call in calls(path, ["exit", "_exit", "abort", "err", "errx", "assert"]):
                if call != "err" or name(path) not in ENDS_WITHOUT_MEMORY:
                    wrong.append(f"{name(path)}:{line}: {call}()")
        self.assertEqual(wrong, [])

    def test_memory_is_asked_of_alloc(self):
        words = ["malloc", "calloc", "realloc", "reallocarray", "strdup", "strndup", "asprintf"]
        wrong = [f"{name(path)}:{line}: {call}()" for path in sources()
                 if name(path) != "base/alloc.c" for line, call in calls(path, words)]
        self.assertEqual(wrong, [])

    def test_no_unbounded_copies(self):
        wrong = [f"{name(path)}:{line}: {call}()" for path in sources()
                 for line, call in calls(path, ["strcpy", "strcat", "gets", "vsprintf", "system"])]
        self.assertEqual(wrong, [])

    def test_no_global_state(self):
        """Const tables, the flags of signal handlers, and STATE."""
        wrong = []
        for path in sources():
            for number, line in enumerate(code(path).splitlines(), 1):
                state = re.match(r"(?:\t+static|static|extern) (?!inline)[^()]*(?:[;={]|\[\w*\])",
                                 line)
                if state and not re.search(r"\bconst\b|\bsig_atomic_t\b", line) \
                        and (name(path), line) not in STATE:
                    wrong.append(f"{name(path)}:{number}: {line.strip()}")
        self.assertEqual(wrong, [])

    def test_no_typedefs_of_structs(self):
        wrong = [name(path) for path in sources()
                 if re.search(r"\btypedef\s+(struct|union|enum)\b", code(path))]
        self.assertEqual(wrong, [])


class Form(unittest.TestCase):
    def test_license_in_the_first_line(self):
        line = r"(// |/\* )SPDX-License-Identifier: GPL-2\.0-or-later( \*/)?\n"
        wrong = [str(path) for path in sources("src", "tests")
                 if not re.match(line, path.read_text())]
        self.assertEqual(wrong, [])

    def test_listed_in_makefile(self):
        """What is not listed is in no release."""
        text = (TOP / "Makefile.am").read_text()
        listed = set(re.findall(r"(?:src|tests)/\S+\.[ch]\b", text))
        # automake makes the source of a program that lists none.
        listed |= {f"{word}.c" for word in
                   re.findall(r"tests/(?:unit/test|fuzz/fuzz)_\w+", text)}
        there = {str(path.relative_to(TOP)) for path in sources("src", "tests")}
        self.assertEqual(there - listed, set(), "not listed")
        self.assertEqual(listed - there, set(), "not there")

    def test_files_are_short(self):
        long = {name(path): lines for path in sources()
                if (lines := path.read_text().count("\n")) > LINES_MAX}
        self.assertEqual(long, {})

    def test_functions_fit_a_screen(self):
        seen, long = 0, {}
        for path in sources():
            for function, lines in functions(path):
                seen += 1
                if lines > FUNCTION_LINES_MAX and function not in DISPATCHERS:
                    long[f"{name(path)}: {function}()"] = lines
        self.assertGreater(seen, 100)
        self.assertEqual(long, {})

    def test_each_need_is_served(self):
        """By a row of the table of providers, but for those that are no part of a sample."""
        table = re.search(r"provider_table\[\] = {.*?\n};",
                          code(TOP / "src/collect/collect.c"), re.DOTALL).group()
        needs = set(re.findall(r"\bNEED_\w+(?= =)", code(TOP / "src/model/needs.h")))
        self.assertGreater(len(needs), 20)
        self.assertEqual(needs - set(re.findall(r"NEED_\w+", table)),
                         {"NEED_USERS", "NEED_WINDOW"})

    def test_each_member_of_a_sample_is_saved(self):
        """By a row of its table, or by the writer; or it follows from others."""
        derived = {
            "netns": {"first_listener", "resets_known"},
            "listener": {"addr", "known", "group", "first_owner", "n_owners"},
            "group": {"first", "sockets", "queued_members", "length", "limit", "length_max",
                      "fill_max", "may_stall", "known", "first_connection", "n_connections"},
            "process": {"known"}, "connection": {"family", "has_wait"},
            "snapshot": {"known", "by_cookie", "by_addr", "strings", "netns", "listeners",
                         "groups", "warnings", "owners", "gone", "processes", "connections",
                         "unix_queues", "others", "oldest"},
        }
        header = code(TOP / "src/model/snapshot.h")
        rows = (TOP / "src/model/saved_fields.c").read_text()
        writer = "".join((TOP / "src" / name).read_text()
                         for name in ("model/saved_fields.h", "replay/sample_writer.c"))
        structs = dict(re.findall(r"\nstruct (\w+) {\n(.*?)\n};", header, re.DOTALL))
        for name in ("peak", "listener", "netns", "group", "process", "connection", "oldest",
                     "unix_queue", "other_netns", "snapshot"):
            members = set(re.findall(r"(\w+)(?:\[\w+\])?[;,]", structs[name]))
            members -= {f"n_{array}" for array in derived["snapshot"]}
            members -= {f"{array}_size" for array in derived["snapshot"]} | {"n_retracted"}
            table = re.search(rf"#define AT struct {name}\n(.*?)#undef AT", rows, re.DOTALL)[1]
            saved = set(re.findall(r"ROW\((\w+),|offsetof\(AT, (?:addr\.)?(\w+)\)", table))
            saved = {word for pair in saved for word in pair}
            with self.subTest(name):
                self.assertGreater(len(members), 1)
                self.assertEqual(members - saved - derived.get(name, set()), set())
        # Those arrays are in the file all the same.
        for array in derived["snapshot"] - {"known", "by_cookie", "by_addr", "strings"}:
            self.assertRegex(writer, rf'"{array}"|F\({array}, |ADD\({array}, ')

    def test_functions_of_a_header_have_its_name(self):
        """module_verb(), so that a call says where to look."""
        prefixes = {"base/alloc.h": r"x\w+|(alloc|array)_\w+", "base/text.h": r"(strbuf|text)_\w+",
                    "collect/sock_diag.h": r"diag_\w+", "collect/unix_listeners.h": r"unix_\w+",
                    "output/fields.h": r"field_\w+",
                    "output/json_value.h": r"json_(value|record)_\w+",
                    "collect/collect.h": r"collector_\w+", "model/sysctls.h": r"sysctl_\w+",
                    "model/counters.h": r"counter_\w+", "analyse/report.h": r"(report|row)_\w+",
                    "analyse/verdict.h": r"(verdict|severity|state)_\w+|classify_row",
                    "model/snapshot.h": r"(snapshot|netns|listener|process)_\w+",
                    "base/clock.h": r"clock_\w+",
                    "top/curses.h": r"curses_\w+|(set|del)_curterm|setupterm"}
        wrong = []
        for path in sources():
            if path.suffix != ".h":
                continue
            expected = prefixes.get(name(path), re.sub("s$", "", path.stem) + r"s?_\w+")
            for function in re.findall(r"^(?!\t|#|typedef)[\w *]+?\b(\w+)\((?!\*)", code(path),
                                       re.MULTILINE):
                if not re.fullmatch(expected, function):
                    wrong.append(f"{name(path)}: {function}()")
        self.assertEqual(wrong, [])


class Tables(unittest.TestCase):
    """What is generated from the tables says what each row means."""

    def program(self, *options):
        return subprocess.run([LISTENQ, *options], check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def test_each_need_has_its_bit(self):
        text = (TOP / "src" / "model" / "needs.h").read_text()
        bits = re.findall(r"NEED_\w+ = 1 << (\d+)", text)
        self.assertGreater(len(bits), 20)
        self.assertEqual(len(bits), len(set(bits)))

    def test_each_need_is_asked_for(self):
        """A provider alone leaves its value unknown for ever."""
        text = (TOP / "src" / "model" / "needs.h").read_text()
        asking = "".join(path.read_text() for path in sources()
                         if folder(name(path)) not in ("collect", "model"))
        self.assertEqual([need for need in re.findall(r"(NEED_\w+) = 1 << ", text)
                          if not re.search(rf"\b{need}\b", asking)], [])

    def test_every_column_has_help(self):
        for line in self.program("--list-columns").splitlines():
            with self.subTest(line.split()[0]):
                self.assertRegex(line, r"^[a-z0-9-]+ +\S.*? {1,}[a-z].{2,}")

    def test_every_key_has_a_description(self):
        def leaves(schema, where):
            for key, value in schema.get("properties", {}).items():
                if "properties" in value:
                    yield from leaves(value, f"{where}.{key}")
                else:
                    yield f"{where}.{key}", value

        schema = json.loads(self.program("--json-schema"))["properties"]
        wanted = dict(leaves(schema["listeners"]["items"], "listeners"))
        self.assertGreater(len(wanted), 30)
        self.assertEqual([key for key, value in wanted.items() if not value.get("description")],
                         [])


if __name__ == "__main__":
    unittest.main()
