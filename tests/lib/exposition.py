# SPDX-License-Identifier: GPL-2.0-or-later
"""A strict reader of the text format of Prometheus, 0.0.4, as its documentation has it; and what
promtool says."""
import re
import subprocess

import listenq
import servers

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL})(?:,{LABEL})*)\}})? (-?[0-9]+(?:\.[0-9]+)?)")


class Metrics(dict):
    """{(family, ((label, value), ...)): value}, in the order of the text; families: {name: type}."""

    def __init__(self, text):
        super().__init__()
        self.text, self.families = text, {}
        assert text.endswith("\n"), "the last line does not end"
        family = helped = None
        for line in text[:-1].split("\n"):
            if head := re.fullmatch(rf"# HELP ({NAME}) (?:[^\\]|\\[\\n])+", line):
                helped = head[1]
            elif head := re.fullmatch(rf"# TYPE ({NAME}) (gauge|counter)", line):
                family = head[1]
                assert helped == family and family not in self.families, line
                self.families[family] = head[2]
            else:
                self.add(line, family)
        samples = {name for name, _ in self}
        assert samples == set(self.families), "families without samples"

    def add(self, line, family):
        sample = SAMPLE.fullmatch(line)
        assert sample and sample[1] == family, f"{line!r} in {family}"
        labels = tuple((name, re.sub(r"\\(.)", lambda c: {"n": "\n"}.get(c[1], c[1]), value))
                       for name, value in re.findall(LABEL, sample[2] or ""))
        assert len(dict(labels)) == len(labels), line
        key = family, tuple(sorted(labels))
        assert key not in self, f"{line} twice"
        self[key] = float(sample[7]) if "." in sample[7] else int(sample[7])

    def of(self, family, **labels):
        """[(labels, value)] of the samples that have these labels."""
        wanted = {(name, str(value)) for name, value in labels.items()}
        return [(dict(found), value) for (name, found), value in self.items()
                if name == family and wanted <= set(found)]

    def value(self, family, **labels):
        """Of the only one that there is; None if there is none."""
        found = self.of(family, **labels)
        assert len(found) < 2, found
        return found[0][1] if found else None


def lint(text):
    """promtool check metrics, which has to find nothing."""
    tool = servers.find("usr/bin/promtool")
    done = subprocess.run([tool, "check", "metrics"], input=text.encode(), env=servers.environment(tool),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, b""), done.stdout.decode()


def run(*args, **kwargs):
    """What listenq --prometheus prints, read and found well."""
    text = listenq.run("--prometheus", *args, **kwargs).out
    lint(text)
    return Metrics(text)


def read(path):
    """The same of a file."""
    text = path.read_text(encoding="utf-8")
    return Metrics(text)
