# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the program under test. Every JSON document is checked against the schema."""
import functools
import json
import os
import pathlib
import re
import select
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
        windows, opened = os.pipe()
        self.windows = open(windows, "rb", buffering=0)
        self.process = subprocess.Popen(
            [*prefix, program(), *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, pass_fds=[opened],
            env=dict(os.environ, LISTENQ_WINDOW_FD=str(opened)), **popen)
        os.close(opened)
        self.pid = self.process.pid

    def wait_window(self):
        """Wait until one more window has opened: the program writes a byte for each."""
        if not select.select([self.windows], [], [], TIMEOUT)[0] or not self.windows.read(1):
            self.fail("no window has opened")

    def sleeps(self):
        """How often it went to sleep so far."""
        return sum(int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", text.read_text(), re.M)[1])
                   for text in pathlib.Path(f"/proc/{self.pid}/task").glob("*/status"))

    def wait_looks(self, count=4):
        """Wait for fast samples: inside of a window the program sleeps only between them."""
        before, end = self.sleeps(), time.monotonic() + TIMEOUT
        while self.sleeps() < before + count:
            if self.process.poll() is not None or time.monotonic() > end:
                self.fail("no fast samples")
            time.sleep(0.001)

    def finish(self, code=0):
        try:
            out, err = self.process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
        self.windows.close()
        result = Result(self.args, self.process.returncode, out.decode(),
                        err.decode())
        return result if code is None else result.expect(code)

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def kill(self):
        self.process.kill()
        return self.finish(None)

    def fail(self, what):
        raise AssertionError(f"listenq {shlex.join(self.args)}: {what}\n{self.kill().err[:1000]}")


def during(action, *args, least=0.0, looks=0, prefix=()):
    """A run of one window, which opens before action() and closes after it, but not before it has
    lasted for so many seconds, and had so many fast samples."""
    child = Running("--watch", "-d", "600", *args, prefix=prefix)
    try:
        child.wait_window()
        end = time.monotonic() + least
        action(child) if action.__code__.co_argcount else action()
        if looks:
            child.wait_looks(looks)
        time.sleep(max(0.0, end - time.monotonic()))
    except BaseException:
        if child.process.returncode is None:
            child.kill()
        raise
    child.interrupt()
    result = child.finish()
    # The time above a table, and the blank line below it.
    result.out = re.sub(r"\A\d{4}-[-\d]+T\S+\n|\n(?=\n\Z)", "", result.out)
    return result
