# SPDX-License-Identifier: GPL-2.0-or-later
"""One call of the C library fails (tests/faults/inject.c): which can, and what the answer is then."""
import concurrent.futures
import errno
import functools
import json
import os
import pathlib
import re
import signal
import subprocess
import zlib

import listenq

LIBRARY = pathlib.Path(listenq.program()).parents[1] / "tests/faults/inject.so"
SECONDS = 20
MEMORY = {"malloc", "calloc", "realloc", "strdup", "vasprintf", "__vasprintf_chk", "newlocale",
          "duplocale", "fopencookie"}

# What a call may plausibly fail with. The failure must be ours: a file that is missing, or one that
# may not be read, is an answer of the host.
ERRORS = {
    "open": ("EMFILE", "ENOMEM"), "openat": ("EMFILE", "EIO"), "read": ("EIO",),
    "pread": ("EIO", "ENOMEM"), "write": ("ENOSPC", "EIO"), "close": ("EIO",), "lseek": ("EIO",),
    "fstat": ("EIO",), "lstat": ("EIO",), "fstatat": ("EIO", "ENOMEM"), "fstatfs": ("EIO",),
    "readlinkat": ("ENOMEM", "EIO"), "fdopendir": ("ENOMEM",), "readdir": ("EIO", "ENOMEM"),
    "open_by_handle_at": ("ENOMEM",), "gethostname": ("EPERM",), "getcwd": ("ENOMEM",),
    "getpwuid": ("EMFILE",), "socket": ("EMFILE", "ENOBUFS"), "bind": ("ENOMEM",),
    "connect": ("ENOMEM",), "getsockname": ("ENOBUFS",), "getsockopt": ("ENOMEM",),
    "setsockopt": ("ENOMEM",), "sendto": ("ENOBUFS", "ENOMEM"), "recvmsg": ("ENOMEM", "EINTR"),
    "setns": ("EPERM", "ENOMEM"), "ppoll": ("EINTR",), "nanosleep": ("EINTR",),
    "getrlimit": ("EPERM",), "setrlimit": ("EPERM",), "getrandom": ("EAGAIN",), "fchmod": ("EIO",),
    "fchown": ("EIO",), "fsync": ("EIO",), "ftruncate": ("EIO",), "renameat": ("ENOSPC",),
    "unlinkat": ("EIO",), "fcntl": ("EMFILE",), "pthread_create": ("EAGAIN",),
    **{name: ("ENOMEM",) for name in MEMORY},
}
for _name in "read", "pread", "readlinkat", "gethostname":
    ERRORS[f"__{_name}_chk"] = ERRORS[_name]


@functools.lru_cache(maxsize=1)
def sanitizers():
    """The library of a sanitizer has to be the first of all. It has malloc() for itself, so that
    allocations do not fail then; its other functions call those of ours."""
    if not listenq.sanitized():
        return []
    return re.findall(r"=> (\S*lib[au]b?san\.so\S*)", subprocess.run(
        ["ldd", listenq.program()], check=True, text=True, stdout=subprocess.PIPE).stdout)


class Fault:
    """The call number of a function, and what it fails with. Faults of one place, which is the
    function and its callers, are alike."""

    def __init__(self, function, number, callers, error):
        self.function, self.number, self.error = function, number, error
        self.place = (function, error, *callers)

    def __str__(self):
        return f"{self.function}:{self.number}:{self.error}"

    @property
    def environment(self):
        number = getattr(errno, self.error, None) or -getattr(signal, self.error)
        return {"FAULT": f"{self.function}:{self.number}:{number}"}


class Outcome:
    """How a run ended, and what it left open."""

    def __init__(self, args, fault=None, prefix=(), stdout=subprocess.PIPE):
        self.args, self.hung = args, False
        read, trace = os.pipe()
        own = {"LC_ALL": "C", "LD_PRELOAD": " ".join([*sanitizers(), str(LIBRARY)]),
               "FAULT_TRACE": str(trace), **(fault.environment if fault else {})}
        process = subprocess.Popen(
            # The library is not for what stands before the program.
            [*prefix, "env", *(f"{name}={value}" for name, value in own.items()),
             listenq.program(), *args], stdin=subprocess.DEVNULL, stdout=stdout,
            stderr=subprocess.PIPE, pass_fds=[trace])
        os.close(trace)
        # Three pipes, and each is emptied meanwhile.
        with open(read, "rb") as file, concurrent.futures.ThreadPoolExecutor(1) as pool:
            lines = pool.submit(file.read)
            try:
                out, err = process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                self.hung = True
                process.kill()
                out, err = process.communicate()
            self.trace = lines.result().decode().splitlines()
        self.code = process.returncode
        self.out, self.err = (out or b"").decode(errors="replace"), err.decode(errors="replace")

    @property
    def open(self):
        """Descriptors that were open at the end."""
        return [line.split()[1] for line in self.trace if line.startswith("left ")]

    @property
    def calls(self):
        """[(function, number, callers)], in order."""
        return [(words[0], int(words[1]), tuple(words[2:]))
                for words in map(str.split, self.trace) if words[0] != "left"]

    @property
    def documents(self):
        """JSON documents, one after the other; each valid by the schema."""
        found, at = [], 0
        while at < len(self.out):
            end = json.JSONDecoder().raw_decode(self.out, at)[1]
            found.append(listenq.parse(self.out[at:end]))
            at = end + 1
        return found

    @property
    def messages(self):
        return [line for line in self.err.splitlines() if "listenq: warning: " not in line]

    @property
    def warnings(self):
        return set(re.findall("listenq: warning: (.*)", self.err))


def find(calls):
    """All faults of a run: each call that can fail, with each error. What the C library does when
    its own allocations fail is its own affair: getpwuid() of glibc 2.36 crashes."""
    return [Fault(function, number, callers, error) for function, number, callers in calls
            if not all(caller.startswith("libc.so") for caller in callers[:3])
            for error in ERRORS.get(function, ())]


def choose(faults, count):
    """So many of them: first one of each place, then of what is left. The choice is stable as long
    as the program is."""
    def key(fault):
        return zlib.crc32(repr((fault.place, fault.number)).encode())
    first = {}
    for fault in sorted(faults, key=key):
        first.setdefault(fault.place, fault)
    chosen = sorted(first.values(), key=key)
    rest = sorted(set(faults) - set(chosen), key=key)
    return (chosen + rest)[:count]


# What two runs one after the other need not agree on.
VOLATILE = {"time", "monotonic_seconds", "window_seconds", "oldest_wait_seconds", "wait_seconds",
            "next_timer_seconds", "retransmits", "retransmitted", "samples", "full_seconds",
            "rate", "TcpExtTCPSynRetrans", "TcpInSegs"}


# Of not_shown: how far the search comes depends on the CPU time that it may use.
COUNTED = {"namespaces", "namespaces_looked_at"}


def without_proof(item):
    """Whether a queue stalls is proved by the times of two samples: on a busy machine a window is
    longer, and proves more."""
    if "reasons" not in item:
        return item
    return {**item, "state": "ok" if item["state"] == "stalled" else item["state"],
            "reasons": [reason for reason in item["reasons"] if reason != "not-accepting"]}


def table_without_proof(text):
    """The lines of a table, without times."""
    text = re.sub(r"[<>]?\b\d[\d.]*(?:ms|[dhms](?:\d+[hms])*)\b|retransmits \d+|\d{4}-\d\d-\S+",
                  "N", text)
    text = re.sub(r"\bnot-accepting,?", "", re.sub(r"\bstalled\b", "ok", text))
    return sorted(" ".join(line.lstrip("!~.").split()) for line in text.splitlines())


def differences(before, after, path=""):
    """[(path, kind)] of two documents: "lost" is null or missing by now, "new" was null before, and
    "other" has another value."""
    if isinstance(before, dict) and isinstance(after, dict):
        if before.keys() != after.keys():
            yield path, "other"
        before, after = map(without_proof, (before, after))
        for key in before.keys() & after.keys():
            if (key in VOLATILE or key in COUNTED and isinstance(before[key], int)) and None not in (before[key], after[key]):
                continue
            yield from differences(before[key], after[key], f"{path}.{key}")
    elif isinstance(before, list) and isinstance(after, list):
        mine, theirs = ({identify(item, n): item for n, item in enumerate(items)}
                        for items in (before, after))
        for key in mine.keys() | theirs.keys():
            if key not in theirs:
                yield f"{path}[{key}]", "lost"
            elif key not in mine:
                yield f"{path}[{key}]", "new"
            else:
                yield from differences(mine[key], theirs[key], f"{path}[{key}]")
    elif before != after:
        yield path, "lost" if after is None else "new" if before is None else "other"


# Another name, where the right one is unknown.
LESS = (".name", ".pid", ".namespace", "[None]")


def identify(item, number):
    """What an item of a list is known by."""
    if not isinstance(item, dict):
        return item
    keys = ("netns",) if "counters" in item else ("cookie", "pid", "fd", "peer_port")
    return " ".join(str(item[key]) for key in keys if key in item) or number
