# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose a listener is: real processes that share, pass on, hide and end."""
import array
import ctypes
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

import listenq
import netns
import nobody
import oracle
import rig
import table
from nobody import NOBODY

PR_SET_NAME = 15


def set_name(name):
    rig.LIBC.prctl(PR_SET_NAME, ctypes.c_char_p(name))


IO_URING_SETUP, IO_URING_REGISTER = 425, 427
REGISTER_FILES, UNREGISTER_FILES = 2, 3


def uring(number, *args):
    return rig.checked(rig.LIBC.syscall(number, *args))


class Ring:
    """An io_uring; what is registered with it needs no descriptor."""

    def __init__(self):
        self.fd = uring(IO_URING_SETUP, 4, ctypes.create_string_buffer(120))

    def register(self, *fds):
        uring(IO_URING_REGISTER, self.fd, REGISTER_FILES, (ctypes.c_int * len(fds))(*fds), len(fds))

    def unregister(self):
        uring(IO_URING_REGISTER, self.fd, UNREGISTER_FILES, None, 0)

    def close(self):
        os.close(self.fd)


def users_of_ss():
    """{(port, pid, fd)} by ss -ltnp; names may be cut or hold anything."""
    text = subprocess.run(["ss", "-Hltnp"], check=True, stdout=subprocess.PIPE).stdout
    found = set()
    for line in text.decode(errors="replace").splitlines():
        port = int(re.match(r"\S+ +\d+ +\d+ +\S*:(\d+) ", line)[1])
        for pid, fd in re.findall(r",pid=(\d+),fd=(\d+)\)", line):
            found.add((port, int(pid), int(fd)))
    return found


def comm_of(pid):
    with open(f"/proc/{pid}/comm", "rb") as file:
        return file.read()[:-1].decode()


class OwnersCase(rig.Case):
    def child(self, begin=lambda child: None):
        return self.own(rig.Child(begin))

    def holders(self, row):
        return [(holder["pid"], holder["fd"]) for holder in row["processes"]]

    def report(self, *args, **kwargs):
        return listenq.instant("-p", *args, **kwargs)


class Owners(OwnersCase):
    def test_same_as_ss(self):
        listeners = [self.listener("127.0.0.1" if i % 2 else "::1") for i in range(20)]
        children = [self.child() for _ in range(5)]
        extra = os.dup(listeners[3].sock.fileno())
        self.addCleanup(os.close, extra)
        report = self.report()
        seen = {(row["port"], pid, fd) for row in report["listeners"]
                for pid, fd in self.holders(row)}
        self.assertEqual(seen, users_of_ss())
        self.assertEqual(len(seen), 20 * 6 + 1)
        self.assertEqual(report["warnings"], [])
        row = self.row(report, listeners[3])
        mine = [(os.getpid(), listeners[3].sock.fileno()), (os.getpid(), extra)]
        self.assertEqual(sorted(self.holders(row)),
                         sorted(mine + [(child.pid, mine[0][1]) for child in children]))
        self.assertEqual({holder["comm"] for holder in row["processes"]}, {comm_of(os.getpid())})

    def test_table(self):
        listener = self.listener()
        child = self.child(lambda child: set_name(b"helper"))
        # In the order of pids, which may have begun anew between the two.
        names = {os.getpid(): comm_of(os.getpid()), child.pid: "helper"}
        both = ",".join(names[pid] for pid in sorted(names))
        for args in (["-d", "0.1"], ["-d", "0", "-p"]):
            row, = table.parse(listenq.run(*args).out)[0]
            self.assertEqual(row["PROCESS"], both)
        self.assertEqual(row["PID"], ",".join(map(str, sorted(names))))
        self.assertEqual(row["FD"], str(listener.sock.fileno()))
        row, = table.parse(listenq.run("-d", "0").out)[0]
        self.assertEqual(row["PROCESS"], "-")
        pids = sorted([*names, *(self.child(lambda child: set_name(b"helper")).pid
                                 for _ in range(8))])
        out = listenq.run("-H", "-d", "0", "-o", "process,pid").out.split()
        self.assertEqual(set(out[0].split(",")), set(names.values()))
        self.assertEqual(out[1], f"{pids[0]},{pids[1]},+8")

    def test_only_when_asked(self):
        """An instant answer does not wait for a look at every process."""
        listener = self.listener()
        row = self.row(listenq.instant(), listener)
        self.assertEqual((row["processes"], row["unit"], row["user"]), (None, None, None))
        row = self.row(listenq.report("-d", "0.1"), listener)
        self.assertEqual(self.holders(row), [(os.getpid(), listener.sock.fileno())])
        self.assertIsNone(row["user"])
        for args in (["-o", "local,process"], ["-s", "pid", "-o", "process"], ["-O"]):
            self.assertIn(comm_of(os.getpid()), listenq.run("-d", "0", *args[:1], *args[1:]).out)

    def test_sort(self):
        """By number, and the number of the first owner."""
        pids = []
        for _ in range(3):
            listener = rig.Listener()
            pids.append((self.child().pid, listener.port))
            listener.close()
        out = listenq.run("-H", "-d", "0", "-s", "-pid", "-o", "port,pid").out.split()
        self.assertEqual(out[0::2], [str(port) for _, port in sorted(pids, reverse=True)])

    def test_filter(self):
        """Each owner is asked, and the look-up need not be."""
        ports = {}
        for name in b"one", b"tmux: server":
            listener = rig.Listener()
            child = self.child(lambda child, name=name: set_name(name))
            ports[name] = listener.port
            listener.close()
        both = self.listener()
        last = self.child(lambda child: set_name(b"one"))

        def found(*words):
            out = listenq.run("-H", "-d", "0", "-s", "port", "-o", "port", *words).out
            return [int(port) for port in out.split()]
        ones = sorted([ports[b"one"], both.port])
        self.assertEqual(found("comm", "=", "one"), ones)
        self.assertEqual(found("process = one"), ones)
        self.assertEqual(found("not comm = one"), [ports[b"tmux: server"]])
        self.assertEqual(found("comm = 'tmux: server'"), [ports[b"tmux: server"]])
        self.assertEqual(found("comm = t*r"), [ports[b"tmux: server"]])
        self.assertEqual(found(f"pid = {last.pid}"), [both.port])
        self.assertEqual(found(f"pid = {child.pid}"), [ports[b"tmux: server"]])
        self.assertEqual(found(f"comm = one and pid = {last.pid} and fd = {both.sock.fileno()}"),
                         [both.port])
        self.assertEqual(found("unit = listenq-no-such.service"), [])
        row, = listenq.instant("comm = t*")["listeners"]
        self.assertEqual(row["processes"][0]["comm"], "tmux: server")

    def test_user(self):
        listener = self.listener()
        out = listenq.run("-H", "-d", "0", "-o", "user").out.strip()
        name = subprocess.run(["id", "-un"], check=True, text=True,
                              stdout=subprocess.PIPE).stdout.strip()
        self.assertEqual(out, name)
        self.assertEqual(self.row(self.report(), listener)["user"], name)

    def test_passed(self):
        """To a process that was there before, and the sender has closed it."""
        here, there = socket.socketpair()
        reader, writer = os.pipe()

        def receive(child):
            def got(signum, frame):
                data, anc, _, _ = there.recvmsg(1, socket.CMSG_SPACE(4))
                child.fd = array.array("i", anc[0][2])[0]
                os.write(writer, b"%d\n" % child.fd)
            signal.signal(signal.SIGUSR1, got)
        child = self.child(receive)
        listener = rig.Listener()
        here.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                               array.array("i", [listener.sock.fileno()]))])
        port = listener.port
        listener.close()
        # In flight: nobody has it, and "nobody" is said only where nobody is hidden.
        report = self.report()
        row, = report["listeners"]
        if report["warnings"]:
            self.assertIsNone(row["processes"])
            self.assertEqual([w["code"] for w in report["warnings"]], ["owners-hidden"])
        else:
            self.assertEqual(row["processes"], [])
        os.kill(child.pid, signal.SIGUSR1)
        fd = int(os.read(reader, 16))
        row, = self.report()["listeners"]
        self.assertEqual((row["port"], self.holders(row)), (port, [(child.pid, fd)]))
        for end in (reader, writer):
            os.close(end)
        here.close()
        there.close()

    def test_gaps(self):
        """The number of descriptors that are open says how many there are behind a gap."""
        listener = self.listener()
        low = listener.sock.fileno()

        def dup(*numbers, close=False):
            def begin(child):
                for fd in numbers:
                    os.dup2(low, fd)
                if close:
                    os.close(low)
            return self.child(begin).pid
        both, high = dup(500, 900), dup(901, close=True)
        seen = self.holders(self.row(self.report(), listener))
        self.assertEqual(sorted(seen), sorted([(os.getpid(), low), (both, low), (both, 500),
                                               (both, 900), (high, 901)]))
        self.assertEqual({tuple(holder) for _, *holder in users_of_ss()}, set(seen))

    def test_other_namespace(self):
        """The only holder has moved to another network namespace; the listener has not."""
        listener = rig.Listener()
        child = self.child(lambda child: netns.enter())
        listener.close()
        self.assertNotEqual(os.stat(f"/proc/{child.pid}/ns/net").st_ino, netns.inode())
        row, = self.report()["listeners"]
        self.assertEqual([pid for pid, _ in self.holders(row)], [child.pid])

    def test_names(self):
        names = {b"tmux: server": "tmux: server", b"(sd-pam)": "(sd-pam)", b") S 1 (": ") S 1 (",
                 b"a\nb": "a\nb", b"\x1b[31mred": "\x1b[31mred", b"\xff\xfe": "\\xff\\xfe",
                 b"back\\slash": "back\\\\slash", "\u00e9t\u00e9".encode(): "\u00e9t\u00e9",
                 b"fifteen-bytes-l": "fifteen-bytes-l", b"": "", b"\n": "\n"}
        want = {}
        for name, text in names.items():
            listener = rig.Listener()
            self.child(lambda child, name=name: set_name(name))
            want[listener.port] = text
            listener.close()
        report = self.report()
        self.assertEqual({row["port"]: row["processes"][-1]["comm"]
                          for row in report["listeners"]}, want)
        result = listenq.run("-d", "0", "-p")
        self.assertNotIn("\x1b", result.out)
        self.assertEqual(len(table.parse(result.out)[0]), len(want))

    def test_names_like_words_of_ours(self):
        """Quoted in a table; in JSON and to a filter they are what they are."""
        for name, shown in (b"(none)", '"(none)"'), (b"-", '"-"'), (b"a,b", '"a,b"'), (
                b"", '""'), (b'"x', '"""x"'), (b"-x", "-x"):
            listener = rig.Listener()
            child = self.child(lambda child, name=name: set_name(name))
            listener.close()
            words = f":{listener.port}", f"process = '{name.decode()}'"
            out = listenq.run("-d", "0", "-H", "-o", "process", *words).out
            self.assertEqual(out, f"{shown}\n")
            row, = listenq.instant("-p", *words)["listeners"]
            self.assertEqual([p["comm"] for p in row["processes"]], [name.decode()])
            child.close()

    def test_mptcp(self):
        sock = self.mptcp() or self.skipTest("no MPTCP")
        sock.bind(("127.0.0.1", 0))
        sock.listen(3)
        row, = self.report()["listeners"]
        self.assertEqual(self.holders(row), [(os.getpid(), sock.fileno())])

    def test_unix(self):
        sock = self.unix(b"\0listenq-owners").sock
        child = self.child()
        row, = self.report("-x")["listeners"]
        self.assertEqual((row["path"], self.holders(row)),
                         ("@listenq-owners", sorted([(os.getpid(), sock.fileno()),
                                                     (child.pid, sock.fileno())])))

    def test_group(self):
        """Folded, a group belongs to the owners of all its members."""
        port, pids = 0, []
        for name in b"one", b"two", b"two":
            listener = rig.Listener(port=port, reuseport=True)
            port = listener.port
            pids.append(self.child(lambda child, name=name: set_name(name)).pid)
            listener.close()
        row, = table.parse(listenq.run("-d", "0", "-g", "-p").out)[0]
        pids.sort()
        self.assertEqual(set(row["PROCESS"].split(",")), {"one", "two"})
        self.assertEqual((row["PID"], row["SOCKETS"]), (",".join(map(str, pids)), "3"))
        row, = self.report("-g")["listeners"]
        self.assertEqual([pid for pid, _ in self.holders(row)], pids)
        rows = self.report()["listeners"]
        self.assertEqual([[pid for pid, _ in self.holders(row)] for row in
                          sorted(rows, key=self.holders)], [[pid] for pid in pids])

    def test_ends_during_the_scan(self):
        """Processes that come and go all the time, some of them with the listener."""
        listener = self.listener()

        def churn(child):
            if os.fork():
                return
            parent = os.getppid()
            while os.getppid() == parent:
                pid = os.fork()
                if not pid:
                    os._exit(0)
                os.waitpid(pid, 0)
            os._exit(0)
        child = self.child(churn)
        for _ in range(30):
            result = listenq.run("-d", "0", "-p", "--json")
            row = self.row(result.json, listener)
            self.assertLessEqual({os.getpid(), child.pid}, {pid for pid, _ in self.holders(row)})
            self.assertEqual((result.json["warnings"], result.err), ([], ""))


class Rings(OwnersCase):
    """Listeners that an io_uring holds: ss shows no owner of them."""

    def setUp(self):
        super().setUp()
        try:
            self.ring = self.own(Ring())
        except OSError as error:
            self.skipTest(f"io_uring: {error}")

    def test_registered(self):
        """One of two has no descriptor left; a UNIX listener and a pipe stand beside them."""
        listeners = [self.listener() for _ in range(2)]
        unix = rig.UnixListener(b"\0listenq-ring")
        ends = os.pipe()
        fd = listeners[1].sock.fileno()
        self.ring.register(listeners[0].sock.fileno(), ends[0], -1, fd, unix.sock.fileno())
        for end in ends:
            os.close(end)
        unix.close()
        listeners[0].close()
        self.assertEqual(users_of_ss(), {(listeners[1].port, os.getpid(), fd)})
        report = self.report("-x")
        self.assertEqual(report["warnings"], [])
        ours = (os.getpid(), self.ring.fd)
        self.assertEqual(
            {row["port"] or row["path"]: sorted(self.holders(row)) for row in report["listeners"]},
            {listeners[0].port: [ours], listeners[1].port: sorted([ours, (os.getpid(), fd)]),
             "@listenq-ring": [ours]})
        row, = table.parse(listenq.run("-d", "0", "-p", f":{listeners[0].port}").out)[0]
        self.assertEqual((row["PROCESS"], row["PID"]), (comm_of(os.getpid()), str(os.getpid())))

    def test_inherited(self):
        """Who has the ring has what is registered with it."""
        listener = rig.Listener()
        self.ring.register(listener.sock.fileno())
        listener.close()
        child = self.child()
        row, = self.report()["listeners"]
        both = sorted([(os.getpid(), self.ring.fd), (child.pid, self.ring.fd)])
        self.assertEqual(self.holders(row), both)

    def test_empty(self):
        """A ring with nothing in it is no reason to doubt."""
        ends = os.pipe()
        self.ring.register(*ends)
        for end in ends:
            os.close(end)
        self.assertEqual(self.report()["warnings"], [])


class Watch(OwnersCase):
    def watch(self):
        self.running = listenq.Running("--json", "--watch", "-d", "0.05")
        self.addCleanup(self.running.finish)
        self.addCleanup(self.running.interrupt)

    def until(self, condition, what):
        for _ in range(200):
            document = json.loads(self.running.process.stdout.readline())
            if condition(document):
                return document
        raise AssertionError(f"200 reports without {what}")

    def until_holders(self, *pids):
        def held(document):
            row, = document["listeners"]
            return row["processes"] is not None and \
                [pid for pid, _ in self.holders(row)] == sorted(pids)
        return self.until(held, f"the owners {pids}")

    def test_workers(self):
        listener = self.listener()
        self.watch()
        self.until_holders(os.getpid())
        first = self.child()
        self.until_holders(os.getpid(), first.pid)
        second = self.child()
        self.until_holders(os.getpid(), first.pid, second.pid)
        first.close()
        self.until_holders(os.getpid(), second.pid)
        listener.close()
        self.until_holders(second.pid)

    def test_new_listener_of_an_old_process(self):
        first = self.listener()
        self.watch()
        self.until_holders(os.getpid())
        second = self.listener()
        document = self.until(
            lambda document: len(document["listeners"]) == 2 and
            all(row["processes"] for row in document["listeners"]), "the owner of the second")
        for listener in first, second:
            self.assertEqual(self.holders(self.row(document, listener)),
                             [(os.getpid(), listener.sock.fileno())])

    def test_ring(self):
        """Verified while it lasts, and handed from the ring to a descriptor."""
        try:
            ring = self.own(Ring())
        except OSError as error:
            self.skipTest(f"io_uring: {error}")
        listener = rig.Listener()
        ring.register(listener.sock.fileno())
        fd = os.dup(listener.sock.fileno())
        self.addCleanup(os.close, fd)
        listener.close()

        def held(*fds):
            want = [(os.getpid(), fd) for fd in sorted(fds)]
            return lambda document: sorted(self.holders(document["listeners"][0])) == want
        self.watch()
        self.until(held(fd, ring.fd), "both")
        ring.unregister()
        self.until(held(fd), "the descriptor alone")

    def test_new_name(self):
        listener = rig.Listener()

        def rename_later(child):
            set_name(b"before")
            signal.signal(signal.SIGUSR1, lambda signum, frame: set_name(b"after"))
        child = self.child(rename_later)
        listener.close()
        self.watch()

        def named(name):
            return lambda document: document["listeners"][0]["processes"] and \
                document["listeners"][0]["processes"][0]["comm"] == name
        self.until(named("before"), "the first name")
        os.kill(child.pid, signal.SIGUSR1)
        self.until(named("after"), "the second name")


class Hidden(nobody.Case, OwnersCase):
    """What may not be seen is unknown, with one warning, and never none."""

    def setUp(self):
        super().setUp()
        self.others = self.listener()
        self.mine = rig.Listener()
        # Only exec(2) makes a process of another user one that this user may look into.
        holder = subprocess.Popen(
            [*NOBODY, sys.executable, "-c", "import signal; print(flush=True); signal.pause()"],
            pass_fds=[self.mine.sock.fileno()], stdout=subprocess.PIPE)
        self.addCleanup(lambda: (holder.kill(), holder.wait(), holder.stdout.close()))
        holder.stdout.readline()
        self.holder = holder
        self.mine.close()

    def run_as_nobody(self, *args, prefix=(), code=0):
        return listenq.run(*args, prefix=(*prefix, *NOBODY), code=code)

    def check(self, **kwargs):
        report = self.run_as_nobody("-d", "0", "-p", "--json", **kwargs).json
        rows = {row["port"]: row for row in report["listeners"]}
        self.assertIsNone(rows[self.others.port]["processes"])
        self.assertEqual([pid for pid, _ in self.holders(rows[self.mine.port])],
                         [self.holder.pid])
        self.assertEqual([w["code"] for w in report["warnings"]], ["owners-hidden"])

    def test_other_users(self):
        self.check()
        done = self.run_as_nobody("-d", "0", "-p", "-H", "-s", "port")
        rows = {line.split()[2].rpartition(":")[2]: line.split() for line in
                done.out.splitlines()}
        self.assertEqual(rows[str(self.others.port)][-4:-1], ["-", "-", "-"])
        self.assertEqual(rows[str(self.mine.port)][-3], str(self.holder.pid))
        self.assertEqual(done.err.count("warning: "), 1)
        self.assertIn("no owner among the processes that can be seen: run as root", done.err)
        self.run_as_nobody("-d", "0", "-p", "--strict", code=1)

    def test_owners_of_others(self):
        """Who holds a listener that is not ok is what one looks for: the table says that root
        would see it."""
        said = "1 listener that is not ok has owners that only root can see."
        args = "-d", "0.1", f":{self.others.port}"
        self.assertNotIn("only root can see", self.run_as_nobody(*args).out)
        self.connect(self.others, 6)
        rig.wait_for(lambda: oracle.listener(self.others.port).length == 6, "a full queue")
        self.assertIn(said, self.run_as_nobody(*args).out.splitlines())
        self.assertNotIn("only root can see", self.run_as_nobody("-o", "local,state", *args).out)
        self.assertNotIn("only root can see", listenq.run(*args).out)

    def test_not_shown(self):
        """Owners that nobody would have seen are not missed."""
        mine, others = f":{self.mine.port}", f":{self.others.port}"
        for args in ["-H"], ["-j"], ["-g"], ["-j", "--count=2"]:
            delay = "0.05" if "--count=2" in args else "0"
            done = self.run_as_nobody("-d", delay, "-p", "--strict", *args, mine)
            self.assertEqual(done.err, "")
            self.assertIn(f"{self.mine.port}", done.out)
            self.assertNotIn("owners-hidden", done.out)
            done = self.run_as_nobody("-d", delay, "-p", "--strict", *args, others, code=1)
            self.assertIn("owners-hidden" if "-j" in args else "no owner among",
                          done.out if "-j" in args else done.err)
        # Whose a listener is decides here whether it is shown.
        done = self.run_as_nobody("-d", "0", "--strict", "-H", f"pid = {self.holder.pid}", code=1)
        self.assertIn("no owner among", done.err)
        self.assertEqual(len(done.out.splitlines()), 1)

    def test_not_asked(self):
        """The default table shows what it may and does not complain of the rest."""
        done = self.run_as_nobody("-d", "0.1", "--strict", "-H")
        self.assertEqual(done.err, "")
        self.assertIn(comm_of(self.holder.pid), done.out)
        report = self.run_as_nobody("-d", "0.1", "--json").json
        self.assertEqual([w["code"] for w in report["warnings"]], ["owners-hidden"])

    def test_root_sees_all(self):
        report = self.report()
        self.assertEqual(report["warnings"], [])
        self.assertEqual({row["port"] for row in report["listeners"] if row["processes"]},
                         {self.mine.port, self.others.port})

    def test_nothing_unproved_in_a_container(self):
        """A listener that is on its way to somebody is held by no process anywhere."""
        near, far = (self.own(end) for end in socket.socketpair(socket.AF_UNIX))
        listener = rig.Listener()
        near.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                               array.array("i", [listener.sock.fileno()]))])
        listener.close()
        report = listenq.instant("-p", f":{listener.port}",
                                 prefix=listenq.ALONE)
        self.assertEqual([row["processes"] for row in report["listeners"]], [None])
        self.assertEqual([w["message"] for w in report["warnings"]],
                         ["some listeners have no owner among the processes that can be seen: "
                          "there may be more outside of this container"])
        far.recv(1)

    def test_hidepid(self):
        """Other users' processes are not even listed."""
        prefix = ("unshare", "-m", "sh", "-c",
                  'mount -t proc -o hidepid=2 proc /proc && exec "$@"', "sh")
        if subprocess.run([*prefix, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
            self.skipTest("proc cannot be mounted here")
        listed = subprocess.run([*prefix, *NOBODY, "ls", "/proc"], check=True, text=True,
                                stdout=subprocess.PIPE).stdout.split()
        self.assertNotIn(str(os.getpid()), listed)
        self.check(prefix=prefix)


class Cgroups(OwnersCase):
    def setUp(self):
        super().setUp()
        self.root = None
        with open("/proc/self/mountinfo", encoding="ascii") as file:
            for line in file:
                if " - cgroup2 " in line:
                    self.root = line.split()[4]
        if not self.root:
            self.skipTest("no cgroup v2")

    def own_path(self, pid):
        with open(f"/proc/{pid}/cgroup", encoding="ascii") as file:
            return next(line[3:].rstrip("\n") for line in file if line.startswith("0::"))

    def cgroup(self, name):
        path = self.root + self.own_path("self").rstrip("/") + "/" + name
        try:
            os.mkdir(path)
        except OSError as error:
            self.skipTest(f"{path}: {error}")
        self.addCleanup(lambda: rig.wait_for(lambda: not os.rmdir(path), "an empty cgroup"))
        return path

    def test_socket_activation(self):
        """The socket was made by another process: the unit is that of the holder."""
        unit = f"listenq-test-{os.getpid()}@a\\x2db.service"
        path = self.cgroup(unit)
        listener = rig.Listener()

        child = self.child(lambda child: pathlib.Path(path, "cgroup.procs").write_text("0"))
        listener.close()
        row, = self.report()["listeners"]
        holder, = row["processes"]
        escaped = unit.replace("\\", "\\\\")
        self.assertEqual(holder["pid"], child.pid)
        self.assertEqual(holder["cgroup"], self.own_path(child.pid).replace("\\", "\\\\"))
        self.assertEqual((holder["unit"], row["unit"]), (escaped, escaped))
        self.assertIsNone(row["container"])
        row, = listenq.instant("unit = listenq-test*.service")["listeners"]
        self.assertEqual(row["processes"], [holder])
        self.assertEqual(row["cgroup"], self.own_path("self"))
        out = listenq.run("-H", "-d", "0", "-o", "unit").out.strip()
        self.assertEqual(out, escaped)

    def test_container(self):
        container = "%064x" % os.getpid()
        path = self.cgroup(f"docker-{container}.scope")
        listener = self.listener()

        child = self.child(lambda child: pathlib.Path(path, "cgroup.procs").write_text("0"))
        row = self.row(self.report(), listener)
        self.assertEqual({h["pid"]: h["container"] for h in row["processes"]},
                         {os.getpid(): None, child.pid: container})
        self.assertEqual((row["container"], row["unit"]),
                         (container, f"docker-{container}.scope"))
