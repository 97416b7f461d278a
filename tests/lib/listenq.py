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
import tempfile
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


# Before a command: it sees its own network namespace alone, as it sees no processes of others.
ALONE = ("unshare", "-pf", "--mount-proc")


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


# Of a live run alone: how the samples are taken, with the number of values.
LIVE = {"--watch": 0, "-A": 0, "-d": 1, "-N": 1, "--count": 1, "--peak-rate": 1}
# What takes a value that is no filter.
VALUED = {"-o", "-s", "--width", *(name for name, values in LIVE.items() if values)}


def replay_args(args):
    """What shows the recording of a run with these as the run did; None: that has no recording of
    its own. A filter or a family may go to the kernel, and a recording needs all listeners."""
    values, words = 0, []
    for arg in args:
        name, sign, _ = arg.partition("=")
        if values:
            values -= 1
        elif name in LIVE:
            values = 0 if sign else LIVE[name]
        elif name in ("-4", "-6", "--record", "--output-file", "--top") or \
                not (arg.startswith("-") or words and words[-1] in VALUED):
            return None
        else:
            words.append(arg)
    return words if "--watch" in args else None


def last_exposition(text):
    """Without how long its sample took."""
    first = text.partition("\n")[0]
    return re.sub(r"(?m)^(# \w+ )?listenq_collect_duration_seconds .*\n", "",
                  text[text.rindex(first):])


STEP = re.compile(r"(Do|Next time)(?= \(|: )")


def split_steps(text):
    """What is to be done, with the commands in the same line on any screen; and all other lines."""
    steps, others = [], []
    for line in text.splitlines(keepends=True):
        if STEP.match(line):
            steps.append(line.rstrip())
            others.append("STEP\n")
        elif line.startswith("    ") and others and others[-1] == "STEP\n":
            steps[-1] += ("  or: " if "  " in steps[-1] else "  ") + line.strip()
        else:
            others.append(line)
    return steps, "".join(others)


def check_steps(args, live, again):
    """They are those of the live run, but for the next time, and for other numbers of processes."""
    for one, other in zip(live, again, strict=True):
        expected = STEP.sub("Next time", one, count=1)
        pattern = re.escape(other).replace(r"top\ \-p\ PID", r"top\ \-H?p\ PID") \
            .replace("PID", r"\d+(?:[ ,]\d+)*")
        if not re.fullmatch(pattern, expected) or re.search(r"(strace -fp|kill -CONT|top -H?p) \d",
                                                            other):
            raise AssertionError(f"{shlex.join(args)}: replay has the step {other!r} for {one!r}")


def compared(args, live, again):
    """What the two have to have in common: all but how long a sample took, and what is to be done,
    which is checked here."""
    if "--json" in args:
        return live, again
    if "--prometheus" in args:
        return last_exposition(live), last_exposition(again)
    (live_steps, live), (steps, again) = split_steps(live), split_steps(again)
    check_steps(args, live_steps, steps[len(steps) - len(live_steps):])
    return live, again


def check_replay(recording, args, live):
    """What a run recorded is shown again as it was shown then, byte for byte but for what is to be
    done; a test may have read the first lines already."""
    if not live.out:  # it was stopped before the first report
        return
    again = run(f"--replay={recording}", *args, code=live.code)
    shown = compared(args, live.out, again.out)
    shown = [shown[0], shown[1][-len(shown[0]):]]
    for line, (one, other) in enumerate(zip(*(text.splitlines() for text in shown)), 1):
        if one != other:
            at = len(os.path.commonprefix([one, other]))
            raise AssertionError(f"{shlex.join(args)}: replay differs in line {line}, byte {at}:\n"
                                 f"{one[max(0, at - 200):at + 200]}\n"
                                 f"{other[max(0, at - 200):at + 200]}")
    if shown[0] != shown[1] or live.err != again.err:
        raise AssertionError(f"{shlex.join(args)}: replay has {len(shown[1])} bytes, not "
                             f"{len(shown[0])}, and says {again.err!r}, not {live.err!r}")


class Running:
    """The program in the background. What --watch shows is recorded, too, and replayed at its
    end."""

    def __init__(self, *args, prefix=(), **popen):
        self.args = args
        self.replay, self.recording = replay_args(args), None
        if self.replay is not None:
            self.recording = tempfile.mktemp(prefix="listenq-recording-")
            args = f"--record={self.recording}", *args
        windows, opened = os.pipe()
        self.windows = open(windows, "rb", buffering=0)
        popen.setdefault("stdout", subprocess.PIPE)
        self.process = subprocess.Popen(
            [*prefix, program(), *args], stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE, pass_fds=[opened],
            env=dict(os.environ, LISTENQ_WINDOW_FD=str(opened)), **popen)
        os.close(opened)
        self.pid = self.process.pid

    def wait_window(self, later=False):
        """Wait until one more window has opened: the program writes a byte for each. @later: not
        one of those that have opened before now, whose bytes nobody has read."""
        while later and select.select([self.windows], [], [], 0)[0] and self.windows.read(1):
            pass
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
        result = Result(self.args, self.process.returncode, (out or b"").decode(),
                        err.decode())
        try:
            if self.recording and code is not None:
                check_replay(self.recording, self.replay, result.expect(code))
        finally:
            if self.recording and os.path.exists(self.recording):
                os.unlink(self.recording)
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
