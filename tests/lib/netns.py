# SPDX-License-Identifier: GPL-2.0-or-later
"""A fresh network namespace for each test, its sysctls and its counters."""
import ctypes
import ipaddress
import os
import subprocess
import time
import unittest

CLONE_NEWNET = 0x40000000
CLONE_NEWUTS = 0x04000000
_libc = ctypes.CDLL(None, use_errno=True)


def _unshare(what, name):
    if _libc.unshare(what):
        error = ctypes.get_errno()
        raise unittest.SkipTest(f"unshare({name}): {os.strerror(error)}")


def enter():
    """Move this (single-threaded) process into a new network namespace."""
    _unshare(CLONE_NEWNET, "CLONE_NEWNET")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def hostname(name):
    """Let the host have another name, for this process and those it starts: bytes."""
    _unshare(CLONE_NEWUTS, "CLONE_NEWUTS")
    if _libc.sethostname(name, len(name)):
        raise OSError(ctypes.get_errno(), "sethostname")


def inode():
    return os.stat("/proc/self/ns/net").st_ino


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def address(place, device="lo"):
    """
    An address with its prefix length, which can be reached when this returns. A kernel thread adds
    the route to an IPv6 address: a SYN that came before would meet an ICMPv6 error, and the client
    give up for good.
    """
    bare = place.partition("/")[0]
    if ":" not in bare:
        ip("address", "add", place, "dev", device)
        return
    ip("address", "add", place, "dev", device, "nodad")
    end = time.monotonic() + 15
    while f"local {ipaddress.ip_address(bare)} " not in subprocess.check_output(
            ["ip", "-6", "route", "show", "table", "local"], text=True):
        assert time.monotonic() < end, f"no route to {place}"
        time.sleep(0.002)


def device(name):
    """Any device: kernels differ in what they can make."""
    for kind in "dummy", "bridge", "veth", "ifb":
        if not subprocess.run(["ip", "link", "add", name, "type", kind],
                              stderr=subprocess.DEVNULL).returncode:
            return
    raise unittest.SkipTest("no kind of device can be added")


def sysctl(name, value=None):
    """Read `net.core.somaxconn`, or write it when a value is given."""
    path = "/proc/sys/" + name.replace(".", "/")
    if value is not None:
        with open(path, "w", encoding="ascii") as file:
            file.write(str(value))
    with open(path, encoding="ascii") as file:
        return int(file.read().split()[0])


def counters():
    """Every counter of this namespace under nstat's names."""
    found = {}
    for path in ("/proc/self/net/netstat", "/proc/self/net/snmp"):
        with open(path, encoding="ascii") as file:
            lines = file.read().splitlines()
        for names, values in zip(lines[::2], lines[1::2]):
            group, _, names = names.partition(":")
            values = values.partition(":")[2]
            for name, value in zip(names.split(), values.split()):
                found[group + name] = int(value)
    if os.path.exists("/proc/self/net/snmp6"):
        with open("/proc/self/net/snmp6", encoding="ascii") as file:
            found.update((name, int(value)) for name, value in map(str.split, file))
    return found


def counter(name):
    return counters()[name]


LO = "TcpExtListenOverflows"
LD = "TcpExtListenDrops"


def _setns(fd, kind):
    if _libc.setns(fd, kind):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


CLONE_NEWNS = 0x00020000
NAMES = "/run/netns"


def own_names(case):
    """An empty /run/netns that nobody else sees, for the time of a test."""
    before = os.open("/proc/self/ns/mnt", os.O_RDONLY)
    case.addCleanup(os.close, before)
    if _libc.unshare(CLONE_NEWNS):
        raise unittest.SkipTest("unshare(CLONE_NEWNS)")
    case.addCleanup(_setns, before, CLONE_NEWNS)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    os.makedirs(NAMES, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", NAMES], check=True)


class Other:
    """Another network namespace: `with other:` moves the test there and back."""

    def __init__(self, path):
        self.file = os.open(path, os.O_RDONLY)
        self.inode = os.fstat(self.file).st_ino
        self.back = None

    def __enter__(self):
        self.back = os.open("/proc/self/ns/net", os.O_RDONLY)
        _setns(self.file, CLONE_NEWNET)
        return self

    def __exit__(self, *_):
        _setns(self.back, CLONE_NEWNET)
        os.close(self.back)

    def close(self):
        if self.file >= 0:
            os.close(self.file)
        self.file = -1


class Named(Other):
    """One with a name in /run/netns."""

    def __init__(self, name):
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")
        self.name = name
        super().__init__(f"{NAMES}/{name}")

    def delete(self):
        self.close()
        ip("netns", "del", self.name)


class Inhabited(Other):
    """One that lives by a process."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["unshare", "-n", "sh", "-c", "ip link set lo up; echo; exec sleep 600"],
            stdout=subprocess.PIPE)
        self.process.stdout.readline()
        self.pid = self.process.pid
        end = time.monotonic() + 10
        while self.comm() != "sleep" and time.monotonic() < end:
            time.sleep(0.001)
        super().__init__(f"/proc/{self.pid}/ns/net")

    def comm(self):
        with open(f"/proc/{self.pid}/comm", encoding="ascii") as file:
            return file.read().strip()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def close(self):
        super().close()
        self.end()


def established_hash(entries):
    """A namespace whose table of connections has this size and is shared with nobody: what a walk
    of it costs then depends on no other (since 6.1; before, the host's table serves all)."""
    if os.path.exists("/proc/sys/net/ipv4/tcp_child_ehash_entries"):
        sysctl("net.ipv4.tcp_child_ehash_entries", entries)
        enter()
