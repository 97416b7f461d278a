# SPDX-License-Identifier: GPL-2.0-or-later
"""What --help and --list-columns say: what the manual and the completions are held to."""
import atexit
import functools
import os
import re
import shutil
import subprocess
import tempfile

from listenq import PROGRAM

SECONDS = 30


def run(*command, **kwargs):
    kwargs.setdefault("check", True)
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, timeout=SECONDS, **kwargs).stdout


@functools.lru_cache(maxsize=None)
def program(*args):
    return run(PROGRAM, *args)


@functools.lru_cache(maxsize=None)
def check_listenq():
    """The program by its other name."""
    place = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, place)
    os.chmod(place, 0o755)
    path = os.path.join(place, "check_listenq")
    os.symlink(PROGRAM, path)
    return path


@functools.lru_cache(maxsize=None)
def help_rows(name=PROGRAM):
    """(["-f", "--full"], "-f, --full[=PCT]", what it does) of each row of --help."""
    rows, meaning = [], None
    for line in run(name, "--help", check=False).splitlines():
        row = re.match(r" +(-\w, --\S+|-\S+)(?: +(.*))?$", line)
        if not row:
            continue
        if row[2] != "the same":  # as the row before
            meaning = row[2]
        rows.append((re.findall(r"(?<![\w-])--?\w[\w-]*", row[1].split("=")[0]),
                     row[1], meaning))
    return rows


def help_options(name=PROGRAM):
    """{option: what it does}"""
    return {option: meaning for options, _, meaning in help_rows(name) for option in options}


@functools.lru_cache(maxsize=None)
def listed():
    """{column: (header, what it is)}"""
    rows = [re.match(r"(\S+) +(\S+(?: \S+)*?)  +(\S.*)$|(\S+) +(LOCAL ADDRESS) (.*)", line)
            for line in program("--list-columns").splitlines()]
    return {words[0]: tuple(words[1:]) for row in rows for words in [list(filter(None, row.groups()))]}


def columns():
    return program("--list-columns", "--raw").split()


def same(test, told, real, what):
    """Equal as sets, with a message that names who lacks what; and nothing twice."""
    told, real = list(told), list(real)
    test.assertEqual(len(told), len(set(told)), f"{what}: twice in {sorted(told)}")
    test.assertEqual(sorted(set(real) - set(told)), [], f"{what}: not there")
    test.assertEqual(sorted(set(told) - set(real)), [], f"{what}: there, but not in the program")
