# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of the source, read out of it: what tests hold the screen to."""
import collections
import functools
import os
import pathlib
import re

TOP = pathlib.Path(os.environ.get("srcdir") or pathlib.Path(__file__).parents[2]).resolve()

# What an eye finds on the screen.
MARKS = {"overflowing": "!!", "full": "!", "stalled": "!", "dropping": "!", "syn-full": "!",
         "high": "~", "ok": ".", "gone": "x"}

Field = collections.namedtuple("Field", "name header type group key row")
Family = collections.namedtuple("Family", "name type help scope labels")
Key = collections.namedtuple("Key", "run names help section")
Verdict = collections.namedtuple("Verdict", "kind name fact advice")

STRING = r'("(?:[^"\\]|\\.)*")'
WORD = r'("(?:[^"\\]|\\.)*"|NULL)'


def unquote(text):
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[:1] == '"' else text.replace("NULL", "")


def rows(path, table):
    """The text of each row of a table, as the initializer has it."""
    text = (TOP / "src" / path).read_text()
    body = re.search(rf"\b{table}\[\w*\] = \{{\n(.*?)\n\}};", text, re.DOTALL)[1]
    return re.split(r"\n(?=\t(?:\[\w+\] = )?\{ )", body)


@functools.lru_cache(maxsize=1)
def fields():
    """{name: Field} of what can be a column."""
    found = {}
    for row in rows("output/field_table.c", "field_table"):
        start = re.match(rf"\t\[FIELD_\w+\] = \{{ {WORD}, {WORD}, TYPE_(\w+),", row)
        name, header, kind = (unquote(word) for word in start.groups())
        group, key_ = (re.search(rf"\.{member} = {STRING}", row) for member in ("object", "key"))
        if name:
            found[name] = Field(name, header, kind, unquote(group[1]) if group else "",
                                unquote(key_[1]) if key_ else "", row)
    assert len(found) > 30, found
    return found


@functools.lru_cache(maxsize=1)
def families():
    """[Family] of what is printed for Prometheus; labels beside those of the scope."""
    found = []
    for row in rows("output/prometheus.c", "family_table"):
        name, kind, help_, scope = re.match(
            rf"\t\{{ {STRING}, (\w+),\s+((?:{STRING[1:-1]}\s*)+),\s+OF_(\w+)", row).groups()
        texts = [unquote(text) for text in re.findall(STRING, help_)]
        found.append(Family(unquote(name), kind.lower(), "".join(texts), scope,
                            re.findall(r'\{ "(\w+)", label_', row)))
    assert len(found) > 15, found
    return found


# How tmux calls what the key table calls otherwise.
TMUX_NAMES = {"PgUp": "PPage", "PgDn": "NPage", "Ctrl-L": "C-l", "Esc": "Escape"}


@functools.lru_cache(maxsize=1)
def keys():
    """Rows of the key table."""
    found = []
    for row in rows("top/keys.c", "key_table"):
        value = dict(re.findall(rf"\.(\w+) = ({STRING[1:-1]}|[\w |]+?)(?=,| \}})", row))
        found.append(Key(value["run"], unquote(value["name"]).split(),
                         unquote(value.get("help", "NULL")),
                         unquote(value.get("section", "NULL"))))
    assert len(found) > 20, found
    return found


def key_lines():
    """[(section or "", "t F7 T F8", what they do)], as help and manual have them: a row without
    help belongs to the one above."""
    found = []
    for row in keys():
        if row.help:
            found.append((row.section, " ".join(row.names), row.help))
        else:
            found[-1] = (found[-1][0], " ".join([found[-1][1], *row.names]), found[-1][2])
    return found


def key(run):
    """What to press for a function of the key table: each of its keys, as tmux calls it."""
    names, = (row.names for row in keys() if row.run == run)
    return [TMUX_NAMES.get(name, name) for name in names]


@functools.lru_cache(maxsize=1)
def verdicts():
    """{name: Verdict} of all states and reasons, in the order of their tables."""
    text = (TOP / "src/analyse/verdict.c").read_text()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    found = {}
    for kind, body in re.findall(r"\[(STATE|REASON)_\w+\] = \{(.*?)\},\n", text, re.DOTALL):
        # Strings in a row are one.
        body = re.sub(r'"\s+"', "", body)
        body = re.sub(r"SEVERITY_\w+,", "", body)
        name, fact, advice = (unquote(word) for word in re.findall(WORD, body)[:3])
        found[name] = Verdict(kind, name, fact, advice)
    assert len(found) > 15, found
    return found
