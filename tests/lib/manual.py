# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages of the manual: their entries, macros, tables and examples."""
import functools
import itertools
import re
import textwrap

import source

MAIN, CHECK, TOP, FILTER, JSON, BACKGROUND, PROMETHEUS = PAGES = [
    source.TOP / "man" / name for name in
    ("listenq.8", "check_listenq.8", "listenq-top.8", "listenq-filter.7", "listenq-json.5",
     "listenq.7", "listenq-prometheus.5")]


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
    """(macro, word) of inline macros; of .Fl Fl x, Fl and -x."""
    for line in re.findall(r"^\.([A-Z].*)", plain(text), re.M):
        macro = None
        for word in re.findall(r'"[^"]*"|\S+', line.replace("Fl Fl ", "Fl -")):
            if word in INLINE:
                macro = word
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
