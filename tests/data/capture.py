#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""capture.py [CASE]...: what a real kernel says, for tests/unit/test_golden.c.

Each case is made in a network namespace of its own and sampled twice. A sample
is what listenq reads: the raw netlink replies and the files of /proc. The
results are checked in: a run replaces them, and then tests/expected has to be
made again (LISTENQ_UPDATE_EXPECTED=1) and read. Needs root.

The cases of OLDER are made of others, as kernels that nobody boots any more would
have answered. That needs no root.
"""
import ctypes
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
CLONE_NEWNET = 0x40000000
NETLINK_SOCK_DIAG, TCPDIAG_GETSOCK, SOCK_DIAG_BY_FAMILY = 4, 18, 20
NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
ESTABLISHED, SYN_RECV, CLOSE_WAIT, LISTEN = 1, 3, 8, 10
EXT_MEMINFO, EXT_INFO = 1 << 6, 1 << 1  # INET_DIAG_SKMEMINFO 7, INET_DIAG_INFO 2
SEQUENCE = 1
FILES = ["proc/self/net/netstat", "proc/self/net/snmp"]
SYSCTLS = ["net/core/somaxconn", "net/ipv4/tcp_max_syn_backlog", "net/ipv4/tcp_syncookies",
           "net/ipv4/tcp_abort_on_overflow", "net/ipv4/tcp_synack_retries"]


def dump_tcp(states, ext):
    """The reply to one legacy request, both families, as it comes."""
    return dump(TCPDIAG_GETSOCK, struct.pack("=BBBB48sII", 0, 0, 0, ext, b"", states, 0))


def dump_unix():
    """Those that listen, with name, uid and queue."""
    show = 0x01 | 0x40 | 0x10  # UDIAG_SHOW_NAME, _UID, _RQLEN
    return dump(SOCK_DIAG_BY_FAMILY,
                struct.pack("=BBHIIIII", socket.AF_UNIX, 0, 0, 1 << LISTEN, 0, show, 0, 0))


def dump(kind, body):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as netlink:
        netlink.send(struct.pack("=IHHII", 16 + len(body), kind,
                                 NLM_F_REQUEST | NLM_F_DUMP, SEQUENCE, 0) + body)
        reply = b""
        while True:
            datagram = netlink.recv(1 << 20)
            reply += datagram
            at = 0
            while at < len(datagram):
                length, kind = struct.unpack_from("=IH", datagram, at)
                if kind == NLMSG_ERROR:
                    sys.exit("the kernel refused the dump")
                if kind == NLMSG_DONE:
                    return reply
                at += (length + 3) & ~3


def waiting():
    """Sockets nobody has accepted: the clients' ends, which have an inode, stay out."""
    reply = dump_tcp(1 << ESTABLISHED | 1 << CLOSE_WAIT, EXT_INFO)
    kept, at = b"", 0
    while at < len(reply):
        length, kind = struct.unpack_from("=IH", reply, at)
        end = at + ((length + 3) & ~3)
        inode = struct.unpack_from("=I", reply, at + 16 + 68)[0] if kind != NLMSG_DONE else 0
        if not inode:
            kept += reply[at:end]
        at = end
    return kept


def sample(directory):
    directory.mkdir(parents=True)
    (directory / "monotonic_ns").write_text(f"{time.monotonic_ns()}\n")
    before = pathlib.Path("/proc/thread-self/net/netstat").read_text()
    (directory / "listeners").write_bytes(dump_tcp(1 << LISTEN | 1 << SYN_RECV,
                                                   EXT_MEMINFO | EXT_INFO))
    (directory / "unix").write_bytes(dump_unix())
    (directory / "waiting").write_bytes(waiting())
    for path in FILES:
        real = pathlib.Path("/") / path.replace("self", "thread-self")
        copy = directory / "root" / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(real.read_text())
    for name in SYSCTLS:
        copy = directory / "root/proc/sys" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text((pathlib.Path("/proc/sys") / name).read_text())
    names, values = (line.split() for line in before.splitlines()[:2])
    overflows = names.index("ListenOverflows")
    after = (directory / "root" / FILES[0]).read_text().splitlines()[1].split()
    if values[overflows] != after[overflows]:
        sys.exit("not at rest: ListenOverflows moved during the sample")


def sysctl(name, value):
    (pathlib.Path("/proc/sys") / name).write_text(f"{value}\n")


def listener(address, port, backlog, **options):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if options.get("reuseport"):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, options.get("v6only", False))
    if options.get("device"):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, options["device"].encode())
    if options.get("defer"):
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 60)
    if options.get("fastopen"):
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
    s.bind((address, port))
    s.listen(backlog)
    return s


def connect(address, port, count=1):
    clients = []
    for _ in range(count):
        s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        s.setblocking(False)
        s.connect_ex((address, port))
        clients.append(s)
    return clients


def syns(address, port, count, option=b"", payload=b""):
    """SYNs from addresses that do not answer the SYN-ACK."""
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for i in range(count):
        source, target = socket.inet_aton(f"10.99.0.{i + 1}"), socket.inet_aton(address)
        option += b"\1" * (-len(option) % 4)
        offset = (20 + len(option)) // 4 << 4
        tcp = struct.pack("!HHIIBBHHH", 20000 + i, port, 1, 0, offset, 2, 65535, 0, 0)
        tcp += option + payload
        total = source + target + struct.pack("!BBH", 0, 6, len(tcp)) + tcp
        total += b"\0" * (len(total) % 2)
        check = sum(struct.unpack(f"!{len(total) // 2}H", total))
        check = (check & 0xffff) + (check >> 16)
        check = ~((check & 0xffff) + (check >> 16)) & 0xffff
        tcp = tcp[:16] + struct.pack("!H", check) + tcp[18:]
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, source, target)
        raw.sendto(head + tcp, (address, 0))
    raw.close()


# Each case sets the scene, yields, changes it, and returns what has to stay open.

def overflow():
    """The classic: nobody accepts, one client gave up, four more knock in vain."""
    keep = [listener("127.0.0.1", 10000, 2), listener("0.0.0.0", 22, 128),
            listener("::", 8080, 4096)]
    clients = connect("127.0.0.1", 10000, 3)
    yield
    clients.pop().close()
    clients += connect("127.0.0.1", 10000, 4)
    yield keep, clients


def dual_stack():
    """IPv4 clients of [::] are half-open beside IPv6 ones; others share the port, not the clients."""
    keep = [listener("::", 80, 16, defer=True),
            listener("::1", 81, 16, v6only=True, defer=True),
            listener("127.0.0.1", 81, 16, defer=True),
            listener("::", 82, 16, v6only=True, defer=True),
            listener("0.0.0.0", 82, 16, defer=True),
            listener("0.0.0.0", 83, 16, device="lo", defer=True)]
    yield
    clients = (connect("127.0.0.1", 80, 3) + connect("::1", 80, 2) + connect("::1", 81, 2) +
               connect("127.0.0.1", 81) + connect("::1", 82) + connect("127.0.0.1", 82, 2) +
               connect("127.0.0.1", 83, 2))
    yield keep, clients


def reuseport():
    """Half-open connections of a group, and a group whose members have queues."""
    keep = [listener("0.0.0.0", 443, 8, reuseport=True, defer=True) for _ in range(4)]
    keep += [listener("127.0.0.1", 8443, 4, reuseport=True) for _ in range(2)]
    yield
    clients = connect("127.0.0.1", 443, 6) + connect("127.0.0.1", 8443, 5)
    yield keep, clients


def backlog_0():
    """One connection fills it."""
    keep = [listener("127.0.0.1", 9, 0)]
    yield
    clients = connect("127.0.0.1", 9)
    time.sleep(0.1)
    clients += connect("127.0.0.1", 9, 2)
    yield keep, clients


def shrunk():
    """listen(2) called again with less: the length is above the capacity."""
    keep = [listener("127.0.0.1", 5432, 8)]
    clients = connect("127.0.0.1", 5432, 9)
    yield
    keep[0].listen(2)
    yield keep, clients


def two_overflow():
    """Two listeners overflow and one of them drops for another reason too: bounds."""
    keep = [listener("127.0.0.1", 1001, 1), listener("127.0.0.1", 1002, 1),
            listener("127.0.0.1", 1003, 8, defer=True)]
    clients = connect("127.0.0.1", 1001, 2) + connect("127.0.0.1", 1002, 2)
    yield
    syns("127.0.0.1", 1001, 3)
    syns("127.0.0.1", 1002, 5)
    clients += connect("127.0.0.1", 1003, 4)
    yield keep, clients


def syn_flood():
    """More requests than fit; the rest gets cookies."""
    sysctl("net/ipv4/tcp_syncookies", 1)
    sysctl("net/core/somaxconn", 8)
    keep = [listener("127.0.0.1", 80, 100)]
    yield
    syns("127.0.0.1", 80, 20)
    yield keep


def fast_open():
    """A child that Fast Open made is in SYN_RECV and in the accept queue."""
    sysctl("net/ipv4/tcp_fastopen", 0x202)  # server, no cookie asked for
    keep = [listener("127.0.0.1", 80, 8, fastopen=True)]
    yield
    syns("127.0.0.1", 80, 2, option=b"\x22\x02", payload=b"GET /")
    # One of these is an ordinary request beside it.
    syns("127.0.0.1", 80, 3)
    yield keep


def unix():
    """Both types, a path and abstract names of any bytes; one is full, one was shrunk."""
    keep = [listener("127.0.0.1", 80, 8)]
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        for kind, name, backlog in ((socket.SOCK_STREAM, "app.sock", 2),
                                    (socket.SOCK_STREAM, b"\0app", 8),
                                    (socket.SOCK_STREAM, b"@app with a space", 8),
                                    (socket.SOCK_SEQPACKET, b"\0a\0b\n\x1b[31m\xff\xe2\x80\xae", 100),
                                    (socket.SOCK_SEQPACKET, b"\0" + b"long/" * 20 + b"tail", 9999)):
            s = socket.socket(socket.AF_UNIX, kind)
            s.bind(name)
            s.listen(backlog)
            keep.append(s)

        def connect_unix(s, count):
            for _ in range(count):
                keep.append(socket.socket(socket.AF_UNIX, s.type))
                keep[-1].connect(s.getsockname())
        connect_unix(keep[2], 5)
        connect_unix(keep[4], 81)
        yield
        connect_unix(keep[1], 3)
        keep[2].listen(3)
        keep[4].accept()
        yield keep


CASES = [overflow, dual_stack, reuseport, backlog_0, shrunk, two_overflow, syn_flood, fast_open,
         unix]


# name: (case, {attribute: most bytes}, is a cookie the address of the socket?, counters it lacks).
# By net/ipv4/inet_diag.c, net/core/sock_diag.c and net/ipv4/proc.c of Linux 3.10, of RHEL 7.8
# (3.10.0-1127) and of RHEL 8.3 (4.18.0-240). SHUTDOWN is 8, SKMEMINFO 7, INFO 2, SKV6ONLY 11 and
# MARK 15; what is not here the kernel did not have.
MIGRATE = {"TCPMigrateReqSuccess", "TCPMigrateReqFailure"}
OLDER = {
    "linux-3.10": ("two-overflow", {8: 1, 7: 32, 2: 104}, True, MIGRATE | {"TCPSynRetrans"}),
    "rhel-7": ("overflow", {8: 1, 11: 1, 7: 36, 2: 144}, True, MIGRATE),
    "rhel-8": ("two-overflow", {8: 1, 11: 1, 15: 4, 7: 36, 2: 224}, False, MIGRATE),
}


def older_socket(message, attributes, addresses):
    body, at = bytearray(message[16:88]), 88
    if addresses:
        # sock_diag_save_cookie(): all sockets are in the kernel's mapping of the memory.
        cookie, = struct.unpack_from("=Q", body, 44)
        struct.pack_into("=Q", body, 44, 0xffff880000000000 + (cookie << 11 & 0xffffffffff))
        if body[0] == socket.AF_INET and 11 not in attributes:
            body[12:24] = body[28:40] = b"\xa5" * 12  # inet_csk_diag_fill() left them as they were
    while at < len(message):
        length, kind = struct.unpack_from("=HH", message, at)
        value = message[at + 4:at + length]
        if kind in attributes:
            value = value[:attributes[kind]]
            if kind == 7 and len(value) > 32 and addresses:
                value = value[:32] + bytes(4)  # RHEL 7 has drops, but not tcp_listendrop()
            body += struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)
        at += (length + 3) & ~3
    return struct.pack("=I", 16 + len(body)) + message[4:16] + body


def older(name):
    case, attributes, addresses, lacking = OLDER[name]
    shutil.rmtree(HERE / name, ignore_errors=True)
    shutil.copytree(HERE / case, HERE / name)
    for path in [*HERE.glob(f"{name}/*/listeners"), *HERE.glob(f"{name}/*/waiting")]:
        reply, made, at = path.read_bytes(), b"", 0
        while at < len(reply):
            length, kind = struct.unpack_from("=IH", reply, at)
            message = reply[at:at + length]
            made += message if kind == NLMSG_DONE else older_socket(message, attributes, addresses)
            at += (length + 3) & ~3
        path.write_bytes(made)
    for path in HERE.glob(f"{name}/*/root/{FILES[0]}"):
        lines = [line.split() for line in path.read_text().splitlines()]
        pairs = [[(key, value) for key, value in zip(*pair) if key not in lacking]
                 for pair in zip(lines[::2], lines[1::2]) if pair[0][0] != "MPTcpExt:"]
        path.write_text("".join(" ".join(line) + "\n" for pair in pairs for line in zip(*pair)))


def capture(case):
    directory = HERE / case.__name__.replace("_", "-")
    shutil.rmtree(directory, ignore_errors=True)
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
    subprocess.run("ip link set lo up && ip route add 10.99.0.0/16 dev lo", shell=True, check=True)
    scene = case()
    next(scene)
    time.sleep(0.2)
    sample(directory / "opening")
    time.sleep(0.2)  # ages are told in jiffies: nothing happens close to a sample
    keep = next(scene)
    time.sleep(1.3)
    sample(directory / "closing")
    del keep


def main():
    names = sys.argv[1:]
    if unknown := set(names) - {case.__name__.replace("_", "-") for case in CASES} - set(OLDER):
        sys.exit(f"no case {' '.join(unknown)}")
    for case in CASES:
        if names and case.__name__.replace("_", "-") not in names:
            continue
        child = os.fork()
        if not child:
            capture(case)
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            sys.exit(f"{case.__name__}: failed")
    for name in OLDER:
        if not names or name in names:
            older(name)


if __name__ == "__main__":
    main()
