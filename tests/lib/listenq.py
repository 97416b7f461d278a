# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the program under test. Every JSON document is checked against the schema."""
import functools
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import time

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIMEOUT = 60


# A test may go to another directory.
PROGRAM = os.path.abspath(os.environ.get("LISTENQ", str(ROOT / "src" / "listenq")))


def program():
    return PROGRAM


@functools.lru_cache(maxsize=1)
def sanitized():
    """Was it built with a sanitizer, which makes it slow and large?"""
    with open(program(), "rb") as file:
        text = file.read()
    return b"__asan_init" in text or b"__ubsan_handle" in text


@functools.lru_cache(maxsize=1)
def validator():
    text = subprocess.run([program(), "--json-schema"], check=True, text=True,
                          stdout=subprocess.PIPE, timeout=TIMEOUT).stdout
    schema = json.loads(text)
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def _unique(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a JSON key twice in {names}"
    return dict(pairs)


def parse(text):
    """One JSON document, strict and valid by the published schema."""
    def refuse(word):
        raise AssertionError(f"{word} is not JSON")
    document = json.loads(text, parse_constant=refuse, object_pairs_hook=_unique)
    error = jsonschema.exceptions.best_match(validator().iter_errors(document))
    if error:
        where = "/".join(str(part) for part in error.absolute_path)
        raise AssertionError(f"JSON against its schema at {where}: {error.message}")
    return document


class Result:
    """How a run ended."""

    def __init__(self, args, code, out, err):
        self.args, self.code, self.out, self.err = args, code, out, err

    def expect(self, code=0):
        if self.code != code:
            raise AssertionError(
                f"listenq {shlex.join(self.args)}: exit {self.code}, not {code}"
                f"\nstdout: {self.out[:1000]}\nstderr: {self.err[:1000]}")
        return self

    @property
    def json(self):
        return parse(self.out)

    @property
    def documents(self):
        """NDJSON."""
        return [parse(line) for line in self.out.splitlines()]


def run(*args, code=0, prefix=(), timeout=TIMEOUT, **popen):
    """Run to the end; anything but the expected exit status is a failure
    (code=None takes any)."""
    popen.setdefault("stdin", subprocess.DEVNULL)
    popen.setdefault("stdout", subprocess.PIPE)
    popen.setdefault("stderr", subprocess.PIPE)
    done = subprocess.run([*prefix, program(), *args], timeout=timeout, **popen)
    result = Result(args, done.returncode, (done.stdout or b"").decode(),
                    (done.stderr or b"").decode())
    return result if code is None else result.expect(code)


def report(*args, **kwargs):
    """The JSON report."""
    return run("--json", *args, **kwargs).json


def instant(*args, **kwargs):
    return report("-d", "0", *args, **kwargs)


class Running:
    """The program in the background."""

    def __init__(self, *args, prefix=(), **popen):
        self.args = args
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [*prefix, program(), *args], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **popen)
        self.pid = self.process.pid

    def _tasks(self, name):
        texts = []
        for task in pathlib.Path(f"/proc/{self.pid}/task").glob("*"):
            try:
                texts.append((task / name).read_text())
            except OSError:
                pass
        return texts

    def in_window(self):
        """Does it sleep on a timer, that is, is the first sample taken?"""
        return any(re.search("nanosleep|poll|select|sigtimedwait", text)
                   for text in self._tasks("wchan"))

    def sleeps(self):
        """How often it went to sleep so far."""
        return sum(int(number) for text in self._tasks("status") for number in
                   re.findall(r"^voluntary_ctxt_switches:\s*(\d+)", text, re.M))

    def wait_window(self, deadline=15):
        end = time.monotonic() + deadline
        while not self.in_window():
            if self.process.poll() is not None or time.monotonic() > end:
                self.finish(None)
                raise AssertionError(f"{self.args}: no window was seen")
            time.sleep(0.001)

    def finish(self, code=0):
        try:
            out, err = self.process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
        result = Result(self.args, self.process.returncode, out.decode(),
                        err.decode())
        return result if code is None else result.expect(code)

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)


class Late(Exception):
    """The machine was too slow: the action did not fit into the window."""


def during(action, *args, delay=0.7, prefix=()):
    """A run whose window holds action(), from its first instant to its last.

    The window opens no sooner than the program starts, so what ends before
    start + delay ends inside of it; what begins after the program was seen
    asleep begins inside of it. There is no second try: an action cannot be
    undone. The window grows instead when the machine is slow to begin with.
    """
    spare = 0.0
    while True:
        child = Running("-d", f"{delay + spare:g}", *args, prefix=prefix)
        try:
            child.wait_window()
            late = time.monotonic() - child.started
            if late > spare + delay / 2 and spare < 4:
                child.process.kill()
                child.finish(None)
                spare = 2 * late + 0.5
                continue
            action(child) if action.__code__.co_argcount else action()
            if time.monotonic() >= child.started + delay + spare:
                raise Late(f"the action took longer than {delay + spare:g} s")
        except BaseException:
            if child.process.poll() is None:
                child.process.kill()
            child.finish(None)
            raise
        return child.finish()
