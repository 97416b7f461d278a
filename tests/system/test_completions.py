# SPDX-License-Identifier: GPL-2.0-or-later
"""The completions of bash, zsh and fish against the program, in the shells themselves."""
import contextlib
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

import netns
import source
from cli import SECONDS, check_listenq, columns, help_options, help_rows, run, same
from listenq import PROGRAM

COMPLETIONS = source.TOP / "completions"
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"


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


class Check(Here):
    """check_listenq has files of its own, in each shell."""
    METRICS = ["drops", "fill", "losses", "oldest-wait", "overflows", "queue", "synrecv"]

    def bash(self, *words):
        file = shlex.quote(str(COMPLETIONS / "check_listenq.bash"))
        last = " ".join(map(shlex.quote, (words[-1], words[-2])))
        return self.run_here(
            "bash", "--norc", "-c", f"source {file}; COMP_WORDS=({shlex.join(words)}); "
            f"COMP_CWORD={len(words) - 1}; _check_listenq check_listenq {last}; "
            "printf '%s\\n' \"${COMPREPLY[@]}\"").split()

    def test_bash(self):
        shell("bash")
        found = self.bash("check_listenq", "-")
        same(self, [word.rstrip("=") for word in found], help_options(check_listenq()), "bash")
        for names, row, _ in help_rows(check_listenq()):
            self.assertEqual(names[-1] + "=" in found, "=" in row, row)
        for words in (("--metric", ""), ("--metric", "="), ("--metric", "=", "")):
            self.assertEqual(sorted(self.bash("check_listenq", *words)), self.METRICS, words)
        self.assertEqual(self.bash("check_listenq", "--metric", "=", "ov"), ["overflows"])
        self.assertEqual(self.bash("check_listenq", "-w", ""), [])

    def test_zsh(self):
        shell("zsh")
        out = self.run_here("zsh", "-f", "-c", ZSH_STUB.replace(
            "{file}", shlex.quote(str(COMPLETIONS / "_check_listenq"))))
        specs = re.findall(r"^(?:\([^)]*\)|\*)?(--?\w[\w-]*?)(\+|=)?\[(.*?)\](:.*)?$", out, re.M)
        self.assertEqual({name: meaning for name, _, meaning, _ in specs},
                         help_options(check_listenq()))
        for names, row, _ in help_rows(check_listenq()):
            for name, follows, _, value in specs:
                if name in names:
                    self.assertEqual(bool(follows and value), "=" in row, name)
        self.assertIn("fill queue drops overflows losses synrecv oldest-wait", out)

    def test_fish(self):
        shell("fish")
        file = shlex.quote(str(COMPLETIONS / "check_listenq.fish"))

        def ask(line):
            out = self.run_here("fish", "--no-config", "-c",
                                f"source {file}; complete -C $argv[1]", line)
            return dict(row.split("\t") if "\t" in row else (row, "") for row in out.splitlines())
        found = {word.rstrip("="): meaning for word, meaning in ask("check_listenq -").items()}
        self.assertEqual(found, help_options(check_listenq()))
        self.assertEqual(sorted(ask("check_listenq --metric ")), self.METRICS)


if __name__ == "__main__":
    unittest.main()
