# SPDX-License-Identifier: GPL-2.0-or-later
"""A fresh network namespace for each test, its sysctls and its counters."""
import ctypes
import os
import subprocess
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
    return found


def counter(name):
    return counters()[name]


LO = "TcpExtListenOverflows"
LD = "TcpExtListenDrops"
