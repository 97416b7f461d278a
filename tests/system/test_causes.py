# SPDX-License-Identifier: GPL-2.0-or-later
"""Why a server does not accept: real processes that are stopped, frozen, out of descriptors and
throttled."""
import errno
import os
import re
import resource
import signal
import shutil
import socket
import subprocess
import tempfile

import listenq
import netns
import oracle
import rig

PTRACE_TRACEME, PTRACE_DETACH, PTRACE_SYSCALL = 0, 17, 24


def accept_all(sock):
    """An ordinary accept loop: what it cannot have, it asks for again."""
    kept = []
    while True:
        try:
            kept.append(sock.accept()[0])
        except OSError as error:
            assert error.errno == errno.EMFILE
            signal.sigtimedwait([], 0.01)


def burn(sock):
    """A server that has no time to accept."""
    while True:
        pass


class Server:
    """A process that alone holds a listener, or with others forked from it."""

    def __init__(self, serve=accept_all, begin=lambda: None, workers=(), backlog=8):
        """begin() runs before serve(sock) does; each of the workers is another such pair."""
        sock = socket.socket()
        sock.bind(("127.0.0.1", 0))
        sock.listen(backlog)
        self.port, self.limit = sock.getsockname()[1], backlog
        self.children = [rig.Child(lambda child: begin(), lambda: serve(sock))
                         for serve, begin in [(serve, begin), *workers]]
        self.pids = [child.pid for child in self.children]
        self.pid = self.pids[0]
        sock.close()

    @property
    def length(self):
        return oracle.listener(self.port).length

    def kill(self, number):
        for pid in self.pids:
            os.kill(pid, number)

    def close(self):
        for child in self.children:
            child.close()


class CausesCase(rig.Case):
    def server(self, *args, **kwargs):
        return self.own(Server(*args, **kwargs))

    def clients(self, server, count):
        return [self.own(rig.connect("127.0.0.1", server.port)) for _ in range(count)]

    def fill(self, server):
        """Its queue is full, and one more waits outside."""
        clients = self.clients(server, server.limit + 2)
        rig.wait_for(lambda: server.length == server.limit + 1, "a full queue")
        return clients

    def report(self, server, *args):
        row, = listenq.report("-d", "0.2", *args, f":{server.port}")["listeners"]
        return row

    def words(self, server, reason):
        """What the table says of a reason, once a window has it."""
        line, = rig.wait_for(lambda: re.findall(
            rf"^{reason} \(127.0.0.1:{server.port}\): (.*)$",
            listenq.run("-d", "0.2", f":{server.port}").out, re.M), f"{reason} in a table")
        return line

    def commands(self, server, *args):
        """What it is said to do about the listener, once a window says so."""
        line, = rig.wait_for(lambda: re.findall(
            rf"^Do \(127.0.0.1:{server.port}\): .*?:  (.*)$",
            listenq.run("-d", "0.2", *args, f":{server.port}").out, re.M), "something to do")
        return line.split("  or: ")

    def do(self, command):
        """As somebody types it."""
        return subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True,
                              timeout=10).stdout


class Stopped(CausesCase):
    def stop(self, server):
        server.kill(signal.SIGSTOP)
        for child in server.children:
            rig.wait_for(lambda: child.state() == "T", "a stopped process")

    def stopped(self, **kwargs):
        server = self.server(**kwargs)
        self.stop(server)
        self.fill(server)
        return server

    def test_stopped(self):
        server = self.stopped()
        row = self.report(server)
        self.assertEqual(row["reasons"][:2], ["stopped", "not-accepting"])
        process, = row["processes"]
        self.assertEqual((process["pid"], process["state"], process["frozen"]),
                         (server.pid, "T", False))
        self.assertEqual(process["open_fds"], len(os.listdir(f"/proc/{server.pid}/fd")))
        self.assertEqual(process["fd_limit"], resource.prlimit(server.pid,
                                                               resource.RLIMIT_NOFILE)[0])
        self.assertTrue(self.words(server, "stopped").endswith(") is stopped"))
        # It says so to whoever names columns, and to a filter, without owners among them.
        out = listenq.run("-H", "-d", "0.1", "-o", "port,reasons", "reasons = stopped").out
        self.assertTrue(out.startswith(f"{server.port} stopped,"))
        # An instant report looks for owners only when it is asked to.
        row, = listenq.instant(f":{server.port}")["listeners"]
        self.assertNotIn("stopped", row["reasons"])
        row, = listenq.instant("-p", f":{server.port}")["listeners"]
        self.assertIn("stopped", row["reasons"])
        self.assertIsNone(row["processes"][0]["throttled"])
        command, = self.commands(server)
        self.assertEqual(command, f"kill -CONT {server.pid}")
        self.do(command)
        rig.wait_for(lambda: server.length == 0, "an empty queue")
        row = self.report(server)
        self.assertEqual((row["state"], row["reasons"]), ("ok", []))
        self.assertEqual({row["processes"][0][key] for key in
                          ("state", "open_fds", "fd_limit", "frozen", "throttled")}, {None})

    def test_nearly_empty(self):
        """One client of a large queue: it is known why that is stalled."""
        server = self.server(backlog=1000)
        self.stop(server)
        self.clients(server, 1)
        row = rig.wait_for(lambda: (row := self.report(server))["state"] != "ok" and row,
                           "somebody to notice")
        self.assertEqual((row["state"], row["reasons"]), ("stalled", ["stopped", "not-accepting"]))

    def test_of_several(self):
        """One that runs is enough, though it is the one that never accepts."""
        server = self.stopped(workers=[(accept_all, lambda: None)] * 2)
        self.assertEqual(self.report(server)["reasons"][0], "stopped")
        self.assertTrue(self.words(server, "stopped").endswith(", and so are the other 2"))
        self.do(*self.commands(server))
        rig.wait_for(lambda: server.length == 0, "an empty queue")
        stuck = self.server(burn, workers=[(accept_all, lambda: None)])
        os.kill(stuck.pids[1], signal.SIGSTOP)
        rig.wait_for(lambda: stuck.children[1].state() == "T", "a stopped process")
        self.fill(stuck)
        row = self.report(stuck)
        self.assertEqual(row["reasons"][0], "not-accepting")
        self.assertEqual({p["pid"]: p["state"] for p in row["processes"]},
                         {stuck.pids[0]: "R", stuck.pids[1]: "T"})
        self.assertRegex(self.words(stuck, "not-accepting"),
                         f"^the program .*, and 1 of 2 processes that hold the listener is stopped: "
                         f"{stuck.pids[1]}; look at the process")
        go_on, look = self.commands(stuck)
        self.assertEqual(look, f"strace -fp {stuck.pids[0]}")
        self.do(go_on)
        rig.wait_for(lambda: stuck.length == 0, "an empty queue")

    def test_traced(self):
        """As a debugger leaves it at a breakpoint."""
        def trace_me():
            rig.LIBC.ptrace(PTRACE_TRACEME, 0, None, None)

        def stop(sock):
            os.kill(os.getpid(), signal.SIGTRAP)
            accept_all(sock)
        server = self.server(stop, trace_me)
        os.waitpid(server.pid, 0)
        self.assertEqual(server.children[0].state(), "t")
        self.fill(server)
        self.assertEqual(self.report(server)["reasons"][0], "stopped")
        self.assertTrue(self.words(server, "stopped").endswith(" is stopped by a debugger"))
        self.assertEqual(self.do(*self.commands(server)).split(), ["TracerPid:", str(os.getpid())])
        rig.LIBC.ptrace(PTRACE_DETACH, server.pid, None, None)

    def test_under_strace(self):
        """Stopped at each of its system calls, and yet it runs: a busy server is not a stopped
        one."""
        def trace(sock):
            pid = os.fork()
            if not pid:
                rig.LIBC.ptrace(PTRACE_TRACEME, 0, None, None)
                os.kill(os.getpid(), signal.SIGTRAP)
                while True:
                    os.getppid()
            sock.close()
            os.write(answer, b"%d\n" % pid)
            while os.waitpid(pid, 0)[0]:
                rig.LIBC.ptrace(PTRACE_SYSCALL, pid, None, None)
        ready, answer = os.pipe()
        server = self.server(trace)
        with os.fdopen(ready) as file:
            pid = int(file.readline())
        self.addCleanup(os.close, answer)
        self.addCleanup(os.kill, pid, signal.SIGKILL)
        self.fill(server)
        for _ in range(5):
            row = self.report(server)
            self.assertEqual([p["pid"] for p in row["processes"]], [pid])
            self.assertIn(row["processes"][0]["state"], {"R", "S", None})
            self.assertEqual(row["reasons"][0], "not-accepting")

    def test_watch(self):
        """Each window of a series says so."""
        server = self.stopped()
        documents = listenq.run("--json", "--watch", "-d", "0.2", "--count=3").documents
        for document in documents:
            row, = document["listeners"]
            self.assertEqual(row["reasons"][0], "stopped")
            self.assertEqual(row["processes"][0]["throttled"], False)


class NotAccepting(CausesCase):
    """What holds it up is for its own tools to show; the pid is that of a worker."""

    def test_waits(self):
        server = self.server(lambda sock: signal.pause())
        self.fill(server)
        self.assertRegex(self.words(server, "not-accepting"),
                         rf"^process {server.pid} \(.*\) accepted no connection in this window; ")
        trace, where = self.commands(server)
        self.assertRegex(self.do(where), r"^\w+$")
        self.assertEqual(trace, f"strace -fp {server.pid}")
        if shutil.which("strace"):
            self.assertIn("pause(", self.do(f"timeout 1 {trace} 2>&1 || true"))

    def test_busy(self):
        server = self.server(burn)
        self.fill(server)
        watch, trace = self.commands(server)
        self.assertEqual((watch, trace), (f"top -Hp {server.pid}", f"strace -fp {server.pid}"))
        self.assertRegex(self.do(f"{watch} -bn1"), rf"(?m)^ *{server.pid} ")

    def test_worker(self):
        """The master and its worker both sleep."""
        server = self.server(lambda sock: signal.pause(),
                             workers=[(lambda sock: signal.pause(), lambda: None)])
        self.fill(server)
        self.assertRegex(self.words(server, "not-accepting"),
                         r"^none of the 2 processes that hold this listener \(")
        self.assertEqual(self.commands(server)[0], f"strace -fp {max(server.pids)}")


class Descriptors(CausesCase):
    LIMIT = 16

    def few(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (self.LIMIT, hard))

    def exhaust(self, server, pid):
        """Until every number below the limit is taken."""
        def exhausted():
            self.clients(server, 2)
            fds = {int(fd) for fd in os.listdir(f"/proc/{pid}/fd")}
            return fds.issuperset(range(self.LIMIT)) and len(fds)
        return rig.wait_for(exhausted, "the last descriptor")

    def test_limit(self):
        """Its accept loop goes on, and gets EMFILE."""
        server = self.server(begin=self.few)
        held = self.exhaust(server, server.pid)
        self.fill(server)
        row = self.report(server)
        self.assertEqual(row["reasons"][:2], ["fd-limit", "not-accepting"])
        process, = row["processes"]
        self.assertEqual((process["open_fds"], process["fd_limit"]), (held, self.LIMIT))
        self.assertIn(f"process {server.pid} (", self.words(server, "fd-limit"))
        self.assertIn(f" has {held} of {self.LIMIT} descriptors open, and accept(2) fails with "
                      "EMFILE", self.words(server, "fd-limit"))
        # It is raised while it runs, and it goes on.
        find_leak, raise_limit = self.commands(server)
        self.assertIn("socket:[", self.do(find_leak))
        self.do(raise_limit)
        self.assertEqual(resource.prlimit(server.pid, resource.RLIMIT_NOFILE)[0], 2 * self.LIMIT)
        rig.wait_for(lambda: server.length == 0, "an empty queue")
        self.assertNotIn("fd-limit", self.report(server)["reasons"])

    def test_of_several(self):
        """A master that never accepts, and its worker, which cannot."""
        server = self.server(burn, workers=[(accept_all, self.few)])
        self.exhaust(server, server.pids[1])
        self.fill(server)
        self.assertEqual(self.report(server)["reasons"][0], "fd-limit")
        self.assertRegex(self.words(server, "fd-limit"), 
                         "^1 of 2 processes that hold this listener has no descriptor left "
                         rf"\({server.pids[1]} \(.*\): \d+ of {self.LIMIT}\), and accept")

    def test_others_accept(self):
        """One of two workers is at its limit; the other goes on, in its time."""
        def slowly(sock):
            while True:
                sock.accept()[0].close()
                signal.sigtimedwait([], 0.05)
        server = self.server(slowly, workers=[(accept_all, self.few)])
        self.exhaust(server, server.pids[1])

        def full_and_moving(child):
            for _ in range(3):
                before = netns.counter(netns.LO)
                while netns.counter(netns.LO) == before:
                    self.clients(server, server.limit + 2)
                child.wait_looks()
        row, = listenq.during(full_and_moving, "--json", f":{server.port}").json["listeners"]
        self.assertIn("accepting-slowly", row["reasons"])
        self.assertNotIn("fd-limit", row["reasons"])


def mounts(kind, controller=None):
    with open("/proc/self/mountinfo", encoding="ascii") as file:
        for line in file:
            left, _, right = line.rstrip("\n").partition(" - ")
            name, _, options = right.split()
            if name == kind and (not controller or controller in options.split(",")):
                yield left.split()[4]


class Cgroup:
    """A cgroup of a test's own, in another one. Its name is new: PIDs are those of a namespace, and
    two runs of the tests share the cgroups."""

    def __init__(self, parent):
        self.path = tempfile.mkdtemp(prefix="listenq-", dir=parent)

    def write(self, name, text):
        with open(os.path.join(self.path, name), "w", encoding="ascii") as file:
            file.write(text)

    def close(self):
        rig.wait_for(self.empty, "an empty cgroup")

    def empty(self):
        try:
            os.rmdir(self.path)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            return False
        return True


class Cgroups(CausesCase):
    def cgroup(self, parent):
        try:
            return self.own(Cgroup(parent))
        except OSError as error:
            self.skipTest(f"{parent}: {error}")

    def enter(self, cgroup):
        return lambda: cgroup.write("cgroup.procs", "0")

    def frozen(self, mount, freeze, thaw, file):
        outer = self.cgroup(mount)
        inner = self.cgroup(outer.path)
        server = self.server(begin=self.enter(inner))
        outer.write(file, freeze)
        try:
            rig.wait_for(lambda: self.fill(server) and self.report(server)["processes"][0]["frozen"],
                         "a frozen process")
            row = self.report(server)
            self.assertEqual(row["reasons"][0], "stopped")
            self.assertTrue(self.words(server, "stopped").endswith(" is frozen with its cgroup"))
            command, = self.commands(server)
            self.assertEqual(command, f"echo {thaw} > {outer.path}/{file}")
            self.do(command)
            rig.wait_for(lambda: server.length == 0, "an empty queue")
        finally:
            outer.write(file, thaw)
        self.assertNotIn("stopped", self.report(server)["reasons"])

    def test_frozen(self):
        for mount in mounts("cgroup2"):
            self.frozen(mount, "1", "0", "cgroup.freeze")
            return
        self.skipTest("no cgroup v2")

    def test_frozen_v1(self):
        """As docker pause does on hosts with cgroup v1; where there is none, nothing can be wrong."""
        for mount in mounts("cgroup", "freezer"):
            self.frozen(mount, "FROZEN", "THAWED", "freezer.state")

    def quota(self):
        """A cgroup of which a tenth of a CPU is all there is, and one in it; the file that says."""
        for mount in mounts("cgroup2"):
            with open(f"{mount}/cgroup.controllers", encoding="ascii") as file:
                if "cpu" not in file.read().split():
                    continue
            with open(f"{mount}/cgroup.subtree_control", "w", encoding="ascii") as file:
                file.write("+cpu")
            outer = self.cgroup(mount)
            outer.write("cpu.max", "5000 50000")
            return outer, self.cgroup(outer.path), "cpu.max", "max"
        for mount in mounts("cgroup", "cpu"):
            outer = self.cgroup(mount)
            outer.write("cpu.cfs_period_us", "50000")
            outer.write("cpu.cfs_quota_us", "5000")
            return outer, self.cgroup(outer.path), "cpu.cfs_quota_us", "-1"
        return self.skipTest("no CPU controller")

    def test_throttled(self):
        """The limit stands on the cgroup above that of the process."""
        outer, inner, file, unlimited = self.quota()
        server = self.server(burn, self.enter(inner))
        self.fill(server)
        # Where others take the CPUs, it does not get as much as its quota in each window.
        row = rig.wait_for(lambda: (row := self.report(server))["processes"][0]["throttled"]
                           and row, "a window in which it is throttled")
        self.assertEqual(row["reasons"][:2], ["throttled", "not-accepting"])
        self.assertEqual(row["processes"][0]["throttled"], True)
        self.assertTrue(self.words(server, "throttled").endswith(
            " used up its CPU quota in this window and was throttled"))
        look, lift = self.commands(server)
        self.assertEqual(look, f"cat {outer.path}/{file}")
        self.assertEqual(self.do(look).split()[0], "5000")
        self.assertEqual(lift, f"echo {unlimited} > {outer.path}/{file}")
        # It is as busy without.
        self.do(lift)
        row = rig.wait_for(lambda: not (row := self.report(server))["processes"][0]["throttled"]
                           and row, "a window without a quota")
        self.assertEqual(row["processes"][0]["throttled"], False)
        self.assertEqual(row["reasons"][0], "not-accepting")
