# SPDX-License-Identifier: GPL-2.0-or-later
"""What ss and nstat say, and what the contract makes of it."""
import collections
import json
import os
import re
import subprocess

Listener = collections.namedtuple(
    "Listener", "local address port length limit drops inode cookie")


def _run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          text=True).stdout


def _split(end):
    address, _, port = end.rpartition(":")
    return address.strip("[]"), int(port)


def listeners(*options):
    """ss -Hltnme, one tuple a listener."""
    text = _run("ss", "-Hltnme", *options)
    text = re.sub(r"\n\s+", " ", text)
    found = []
    for line in text.splitlines():
        state, length, limit, local = line.split()[:4]
        assert state == "LISTEN", line
        address, port = _split(local)
        drops = re.search(r"skmem:\([^)]*,d(\d+)\)", line)
        inode = re.search(r" ino:(\d+)", line)
        cookie = re.search(r" sk:([0-9a-f]+)", line)
        found.append(Listener(local, address, port, int(length), int(limit),
                              int(drops[1]), int(inode[1]), "0x" + cookie[1]))
    return found


def listener(port):
    found = [row for row in listeners() if row.port == port]
    assert len(found) == 1, found
    return found[0]


def unix_length(path):
    """What waits at a UNIX listener."""
    rows = [line.split() for line in _run("ss", "-xlnH").splitlines()]
    return next(int(row[2]) for row in rows if row[4] == str(path))


def locals_(*options):
    """Local addresses as ss prints them."""
    return sorted(line.split()[3]
                  for line in _run("ss", "-Hltn", *options).splitlines())


def syn_recv():
    """(local, peer) of every half-open connection."""
    return [tuple(line.split()[2:4]) for line in
            _run("ss", "-Htn", "state", "syn-recv").splitlines()]


def waiting(port):
    """(state, Recv-Q, peer address, peer port) of what nobody has accepted."""
    found = []
    for line in _run("ss", "-Htne", "state", "established", "state", "close-wait",
                     "sport", "=", f":{port}").splitlines():
        state, queued, _, _, peer = line.split()[:5]
        if re.search(r" ino:0\b", line) or " ino:" not in line:
            found.append((state, int(queued), *_split(peer)))
    return found


def syn_recv_timers(port):
    """{(peer address, peer port): (seconds to the next timer, retransmits)}; ss
    writes 1.988ms for 1.988 seconds."""
    found = {}
    for line in _run("ss", "-Htno", "state", "syn-recv", "sport", "=",
                     f":{port}").splitlines():
        minutes, seconds, ms, again = (int(number or 0) for number in re.search(
            r"timer:\(on,(?:(\d+)min)?(?:(\d+)(?:sec|\.))?(?:(\d+)ms)?,(\d+)\)", line).groups())
        found[_split(line.split()[3])] = minutes * 60 + seconds + ms / 1000, again
    return found


def nstat():
    """Absolute values by nstat, with no history touched."""
    env = dict(os.environ, NSTAT_HISTORY="/dev/null")
    text = subprocess.run(["nstat", "-a", "-s", "-z", "-j"], check=True, env=env,
                          stdout=subprocess.PIPE, text=True).stdout
    return json.loads(text)["kernel"]


def ledger(overflows, drops, vanished=False):
    """Bounds of each listener from the drops, by the textbook formula."""
    upper = {key: min(overflows, delta) for key, delta in drops.items()}
    bounds = {}
    for key, most in upper.items():
        others = sum(upper.values()) - most
        least = 0 if vanished else min(most, max(0, overflows - others))
        bounds[key] = {"min": least, "max": most}
    return bounds, max(0, overflows - sum(upper.values()))
