# SPDX-License-Identifier: GPL-2.0-or-later
"""Several network namespaces in one report."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import listenq
import netns
import nobody
import oracle
import rig
from netns import LD, LO
from nobody import NOBODY


class Several(rig.Case):
    """Home is the test's own namespace; others on this machine may be about."""

    def setUp(self):
        super().setUp()
        netns.own_names(self)

    def named(self, name):
        return self.own(netns.Named(name))

    def inhabited(self):
        return self.own(netns.Inhabited())

    def full(self, other, backlog=2):
        with self.within(other):
            listener = self.listener(backlog=backlog)
            self.fill(listener, backlog)
        return listener

    def of(self, report, other):
        """The report's namespace with that inode."""
        inode = other if isinstance(other, int) else other.inode
        found = [ns for ns in report["namespaces"] if ns["netns"] == inode]
        self.assertEqual(len(found), 1, f"namespace {inode}")
        return found[0]

    def inodes(self, report):
        return [ns["netns"] for ns in report["namespaces"]]


class Named(Several):
    def test_only_those(self):
        blue, green = self.named("blue"), self.named("green")
        home = self.listener()
        with self.within(blue):
            netns.sysctl("net.core.somaxconn", 777)
            netns.sysctl("net.ipv4.tcp_syncookies", 2)
            listener = self.listener(backlog=4000)
        for how in ["-N", "blue"], ["--net=blue"], ["-N", "/run/netns/blue"]:
            report = listenq.instant(*how)
            self.assertEqual(self.inodes(report), [blue.inode])
            self.assertEqual(report["namespaces"][0]["name"], "blue")
            self.assertEqual([row["cookie"] for row in report["listeners"]],
                             [listener.cookie])
            row = self.row(report, listener)
            self.assertEqual(row["netns"], blue.inode)
            self.assertEqual(row["accept_queue"]["limit"], 777)
            self.assertEqual(report["namespaces"][0]["sysctl"]["somaxconn"], 777)
            self.assertEqual(report["namespaces"][0]["sysctl"]["tcp_syncookies"], 2)
            self.assertEqual(report["warnings"], [])
        report = listenq.instant("-N", "green", "-N", "blue", "-N", "green")
        self.assertEqual(self.inodes(report), [green.inode, blue.inode])
        report = listenq.instant()
        self.assertEqual(self.inodes(report), [netns.inode()])
        self.assertIsNone(report["namespaces"][0]["name"])
        self.row(report, home)

    def test_by_process(self):
        other = self.inhabited()
        with self.within(other):
            listener = self.listener()
        for how in str(other.pid), f"/proc/{other.pid}/ns/net":
            report = listenq.instant("-N", how)
            self.row(report, listener)
            found = self.of(report, other)
            self.assertEqual(found["name"], f"sleep[{other.pid}]")
            self.assertEqual(found["pid"], other.pid)

    def test_own_namespace(self):
        subprocess.run(["ip", "netns", "attach", "home", str(os.getpid())], check=True)
        listener = self.listener()
        report = listenq.instant("-N", "home")
        self.row(report, listener)
        self.assertEqual(report["namespaces"][0]["name"], "home")

    def test_counters_and_queues(self):
        """Same port in two namespaces: each has its own numbers, those of ss."""
        blue, green = self.named("blue"), self.named("green")
        rows = {}
        for other, count in (blue, 3), (green, 5):
            with self.within(other):
                listener = self.listener(port=8080, backlog=9, defer=True)
                self.half_open(listener, count)
                self.connected(listener, 1)
                rows[other] = listener, count
        report = listenq.instant("-N", "blue", "-N", "green")
        for other, (listener, count) in rows.items():
            row = self.row(report, listener)
            self.assertEqual(row["netns"], other.inode)
            self.assertEqual(row["namespace"], self.of(report, other)["name"])
            self.assertIn(row["namespace"], ("blue", "green"))
            self.assertEqual(row["syn_queue"]["length"], count + 1)
            with self.within(other):
                alone = listenq.instant()
                self.assertSameAsKernel(alone)
                # Who did not ask for namespaces gets no name. A timer repeats the SYN-ACKs.
                later = self.row(alone, listener)
                self.assertGreaterEqual(later["syn_queue"].pop("retransmitted"),
                                        row["syn_queue"].pop("retransmitted"))
                self.assertEqual(later, dict(row, namespace=None))
                kernel = netns.counters()
            counters = self.of(report, other)["counters"]
            for name in counters:
                # A repeated SYN-ACK is answered.
                if name in ("TcpExtTCPSynRetrans", "TcpInSegs"):
                    self.assertLessEqual(counters[name]["total"], kernel[name])
                elif name in kernel:
                    self.assertEqual(counters[name]["total"], kernel[name], name)

    def test_interface(self):
        blue = self.named("blue")
        with self.within(blue):
            netns.device("only-in-blue")
            listener = self.listener("0.0.0.0", device="only-in-blue")
        report = listenq.instant("-N", "blue")
        self.assertEqual(self.row(report, listener)["interface"], "only-in-blue")

    def test_unix(self):
        """The same abstract name in two namespaces is two listeners."""
        blue, green, rows = self.named("blue"), self.named("green"), []
        for other, backlog in (blue, 3), (green, 4):
            with self.within(other):
                self.unix(b"\0same", backlog)
            rows.append((other.inode, "@same", backlog))
        report = listenq.instant("-x", "-N", "blue", "-N", "green")
        found = [(row["netns"], row["path"], row["accept_queue"]["limit"])
                 for row in report["listeners"]]
        self.assertEqual(sorted(found), sorted(rows))

    def test_mistakes(self):
        self.named("blue")
        for args, code, words in (
                (["-N", "red"], 1, "'red'"), (["-N", "blue", "-N", "red"], 1, "'red'"),
                (["-N", "/etc/hostname"], 1, "is not a network namespace"),
                (["-N", "/proc/self/ns/uts"], 1, "/proc/self/ns/uts"),
                (["-N", "4194305"], 1, "4194305"), (["-N", "./red"], 1, "./red"),
                (["-N", "bl\x1bue"], 1, r"bl\x1bue"),
                (["-N", ""], 2, "--net"), (["-A", "-N", "blue"], 2, "-A")):
            result = listenq.run(*args, code=code)
            self.assertEqual(result.out, "")
            self.assertIn(words, result.err)
            self.assertEqual(result.err.count("\n"), code)


class Completions(Several):
    def test_names_in_fish(self):
        self.named("blue")
        if not shutil.which("fish"):
            self.skipTest("fish is not installed")
        out = subprocess.run(["fish", "-c", f"source {listenq.ROOT}/completions/listenq.fish; "
                              "complete -C 'listenq -N bl'"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
        self.assertEqual(out.split()[0], "blue")


class Window(Several):
    def test_overflows_in_two_at_once(self):
        """Each namespace has a ledger of its own; nstat there is the oracle."""
        blue, green = self.named("blue"), self.inhabited()
        listeners = {blue: self.full(blue), green: self.full(green)}
        before, after = {}, {}

        def act():
            for other, count in (blue, 5), (green, 9):
                with self.within(other):
                    before[other] = oracle.nstat()
                    self.overflow(listeners[other], count)
                    after[other] = oracle.nstat()

        report = self.during(act, "-N", "blue", "-N", str(green.pid))
        for other, count in (blue, 5), (green, 9):
            row, found = self.row(report, listeners[other]), self.of(report, other)
            self.assertEqual(row["overflows"], {"min": count, "max": count})
            self.assertEqual(row["state"], "overflowing")
            self.assertEqual(found["ledger"]["overflows"], count)
            for name in LO, LD:
                self.assertEqual(found["counters"][name]["delta"],
                                 after[other][name] - before[other][name])
                self.assertEqual(found["counters"][name]["total"], after[other][name])

    def test_peaks_in_each(self):
        blue, green = self.named("blue"), self.named("green")
        listeners = {}
        for other in blue, green:
            with self.within(other):
                listeners[other] = self.listener(backlog=9)

        def act(child):
            for other, count in (blue, 4), (green, 7):
                with self.within(other):
                    self.queue(listeners[other], count)
            child.wait_looks(6)
            for other, count in (blue, 4), (green, 7):
                for _ in range(count):
                    listeners[other].accept().close()

        report = self.during(act, "-N", "blue", "-N", "green")
        for other, count in (blue, 4), (green, 7):
            queue = self.row(report, listeners[other])["accept_queue"]
            self.assertEqual(queue["length"], 0)
            self.assertEqual(queue["peak_length"], count)
            self.assertGreater(queue["samples"], 2)

    def test_table(self):
        blue, green = self.named("blue"), self.named("green")
        full, calm = self.full(blue), self.listener()
        with self.within(green):
            calm = self.listener()
        out = listenq.run("-N", "blue", "-N", "green", "-d", "0.2").out
        self.assertRegex(out, rf"(?m)^!  +full +blue +127\.0\.0\.1:{full.port} ")
        self.assertRegex(out, rf"(?m)^\. +ok +green +127\.0\.0\.1:{calm.port} ")
        self.assertIn("NAMESPACE", out.splitlines()[0])
        self.assertRegex(out, r"(?m)^NAMESPACE OVERFLOWS +LISTENDROPS SOMAXCONN ALSO MOVED IN 0\.2s\nblue ")
        self.assertNotRegex(out, "(?m)^green ")
        self.assertIn("In 1 other namespace all TCP listeners are well.", out)
        self.assertIn(f"full (blue 127.0.0.1:{full.port})", out)
        out = listenq.run("-N", "blue", "-d", "0.2").out
        self.assertNotIn("NAMESPACE", out)
        out = listenq.run("-N", "blue", "-d", "0", "-H", "-o", "namespace,netns").out
        self.assertEqual(out.split(), ["blue", str(blue.inode)])

    def test_small_table_of_many(self):
        """A line for each namespace that is not well, and nothing of those that are not shown."""
        names = ["blue", "cyan", "gold", "green", "pink"]
        others = {name: self.named(name) for name in names}
        listeners = {name: self.full(others[name]) for name in names}
        args = [arg for name in names for arg in ("-N", name)]

        def act(child):
            with self.within(others["gold"]):
                self.overflow(listeners["gold"], 3)

        out = listenq.during(act, *args).out
        self.assertRegex(out, r"(?m)^cyan +0 +0 +\d+ -$")
        self.assertRegex(out, r"(?m)^gold +\+3 +\+3 ")
        self.assertEqual(re.findall("(?m)^(blue|cyan|gold|green|pink) ", out), names)
        out = listenq.run(*args, "-d", "0.2", "namespace = pink or namespace = gold").out
        self.assertNotRegex(out, "blue|cyan|green")
        self.assertEqual(re.findall("(?m)^(gold|pink) ", out), ["gold", "pink"])
        self.assertIn("\nNo listener of 3 namespaces is shown.\n", out)


class All(Several):
    def test_names_processes_and_mounts(self):
        """Each once, whatever the number of ways to it."""
        blue, process = self.named("blue"), self.inhabited()
        twice, mounted = self.inhabited(), self.inhabited()
        subprocess.run(["ip", "netns", "attach", "twice", str(twice.pid)], check=True)
        place = pathlib.Path(self.own(Place()).path) / "a b"
        place.touch()
        subprocess.run(["mount", "--bind", f"/proc/{mounted.pid}/ns/net", place], check=True)
        self.addCleanup(subprocess.run, ["umount", place], check=True)
        mounted.close()
        inodes = {}
        for name, path in (("blue", "/run/netns/blue"), ("twice", "/run/netns/twice"),
                           (str(place), place)):
            inodes[os.stat(path).st_ino] = name
        inodes[process.inode] = f"sleep[{process.pid}]"
        report = listenq.instant("-A")
        self.assertEqual(report["namespaces"][0]["netns"], netns.inode())
        found = self.inodes(report)
        self.assertEqual(len(found), len(set(found)))
        for inode, name in inodes.items():
            self.assertEqual(self.of(report, inode)["name"], name)
        self.assertEqual(self.of(report, process)["pid"], process.pid)
        self.assertEqual(self.of(report, twice)["pid"], twice.pid)
        self.assertIsNone(self.of(report, blue)["pid"])

    def test_oldest_process(self):
        other = self.inhabited()
        for _ in range(3):
            child = subprocess.Popen(["nsenter", f"--net=/proc/{other.pid}/ns/net",
                                      "sh", "-c", "echo; exec sleep 600"],
                                     stdout=subprocess.PIPE)
            self.addCleanup(child.communicate)
            self.addCleanup(child.kill)
            child.stdout.readline()
        self.assertEqual(self.of(listenq.instant("-A"), other)["pid"], other.pid)

    def test_home_is_never_left(self):
        self.named("blue")
        child = listenq.Running("-A", "--watch", "--json", "-d", "0.1")
        self.addCleanup(child.process.kill)
        for _ in range(8):
            child.process.stdout.readline()
            for task in pathlib.Path(f"/proc/{child.pid}/task").glob("*"):
                if task.name == str(child.pid):
                    self.assertEqual(os.stat(task / "ns/net").st_ino, netns.inode())
        child.interrupt()
        child.finish()

    def test_hundred(self):
        """A listener in each of a hundred, and each in its place."""
        others, listeners = [], []
        for i in range(100):
            others.append(self.named(f"n{i}"))
            with self.within(others[-1]):
                listeners.append(self.listener(port=8080, backlog=i))
        report = listenq.report("-A", "-d", "0.1")
        for other, listener in zip(others, listeners):
            row = self.row(report, listener)
            self.assertEqual(row["netns"], other.inode)
            self.assertEqual(row["accept_queue"]["limit"],
                             others.index(other))
        names = {self.of(report, other)["name"] for other in others}
        self.assertEqual(names, {f"n{i}" for i in range(100)})
        # The soft limit is raised; past the hard one the rest is missing, not the report.
        report = listenq.instant("-A", prefix=("prlimit", "--nofile=64:20000"))
        self.row(report, listeners[-1])
        report = listenq.instant("-A", prefix=("prlimit", "--nofile=64:64"))
        self.assertIn("namespaces-failed", [w["code"] for w in report["warnings"]])
        self.assertIn(netns.inode(), self.inodes(report))
        self.assertLess(len(report["namespaces"]), 20)


class Place:
    def __init__(self):
        self.path = tempfile.mkdtemp()

    def close(self):
        shutil.rmtree(self.path)


class Watch(Several):
    """Namespaces come and go."""

    def watch(self, *args):
        child = listenq.Running("--watch", "--json", "-d", "0.2", *args)
        self.addCleanup(child.finish, None)
        self.addCleanup(child.process.kill)
        self.document(child)
        return child

    def document(self, child):
        return listenq.parse(child.process.stdout.readline())

    def until(self, child, condition, what):
        """The first document of which condition() is true."""
        found = []

        def look():
            found.append(self.document(child))
            return condition(found[-1])

        rig.wait_for(look, what)
        return found[-1]

    def holds(self, child, inode):
        """Has it a descriptor of that namespace?"""
        for fd in pathlib.Path(f"/proc/{child.pid}/fd").iterdir():
            try:
                if os.stat(fd).st_ino == inode:
                    return True
            except FileNotFoundError:
                pass
        return False

    def test_one_appears(self):
        child = self.watch("-A")
        blue = self.named("blue")
        listener = self.full(blue)
        document = self.until(child, lambda d: blue.inode in self.inodes(d), "the new one")
        self.assertIsNone(self.of(document, blue)["counters"][LO]["delta"])
        self.assertIsNone(self.row(document, listener)["drops"]["delta"])
        with self.within(blue):
            self.overflow(listener, 3)
        document = self.until(
            child, lambda d: self.row(d, listener)["drops"]["total"] == 3, "its overflows")
        self.assertEqual(self.of(document, blue)["counters"][LO]["total"], 3)

    def test_one_goes(self):
        """It is let go: nothing of ours keeps a namespace alive that nobody else wants."""
        blue, process = self.named("blue"), self.inhabited()
        self.full(blue)
        inodes = {blue.inode, process.inode}
        child = self.watch("-A")
        self.until(child, lambda d: inodes <= set(self.inodes(d)), "both")
        self.assertTrue(self.holds(child, blue.inode))
        blue.delete()
        process.close()
        messages = []

        def gone(document):
            messages.extend(w["message"] for w in document["warnings"]
                        if w["code"] == "namespaces-gone")
            return not inodes & set(self.inodes(document))

        document = self.until(child, gone, "neither")
        for name in "blue", f"sleep[{process.pid}]":
            # Others on this machine may go at the same time.
            self.assertTrue([text for text in messages if name in text or ", ..." in text], messages)
        for inode in inodes:
            self.assertFalse(self.holds(child, inode))
            self.assertNotIn(inode, [row["netns"] for row in document["listeners"]])

    def test_between_samples(self):
        """Long windows do not hold it either."""
        process = self.inhabited()
        child = listenq.Running("-A", "-d", "60")
        self.addCleanup(child.finish, None)
        self.addCleanup(child.process.kill)
        child.wait_window()
        rig.wait_for(lambda: self.holds(child, process.inode), "it to be opened")
        inode = process.inode
        process.close()
        rig.wait_for(lambda: not self.holds(child, inode), "it to be let go")

    def test_named_one_goes(self):
        """A later namespace of that name is another one."""
        blue = self.named("blue")
        child = self.watch("-N", "blue")
        blue.delete()
        self.until(child, lambda d: not d["namespaces"], "none")
        self.named("blue")
        for _ in range(8):
            document = self.document(child)
            self.assertEqual([w["code"] for w in document["warnings"]], ["namespaces-gone"])
            self.assertEqual(document["namespaces"], [])
            self.assertEqual(document["listeners"], [])

    def second(self, other):
        """One more process in a namespace."""
        process = subprocess.Popen(["nsenter", f"--net=/proc/self/fd/{other.file}",
                                    "sh", "-c", "echo; exec tail -f /dev/null"],
                                   stdout=subprocess.PIPE, pass_fds=[other.file])
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        process.stdout.readline()
        rig.wait_for(lambda: self.comm(process.pid) == "tail", "the program")
        return process

    def comm(self, pid):
        return pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip()

    def test_processes_of_a_named_one(self):
        """The oldest process is named as processes come and go."""
        blue = self.named("blue")
        child = self.watch("-N", "blue")
        self.assertIsNone(self.of(self.document(child), blue)["pid"])
        process = self.second(blue)
        document = self.until(
            child, lambda d: self.of(d, blue)["pid"] == process.pid, "the process")
        self.assertEqual(self.of(document, blue)["name"], "blue")
        process.kill()
        process.wait()
        self.until(child, lambda d: self.of(d, blue)["pid"] is None, "its end")

    def test_kept_by_a_descriptor(self):
        """One that lives, but that nothing leads to, is not said to have ended."""
        other = self.inhabited()
        child = self.watch("-N", str(other.pid))
        other.end()
        document = self.until(child, lambda d: not d["namespaces"], "it to be lost")
        message, = [w["message"] for w in document["warnings"]]
        self.assertRegex(message, rf"^1 network namespace \(\w+\[{other.pid}\]\) can no longer be "
                                  r"found: what happened there is not in this report$")
        self.assertFalse(self.holds(child, other.inode))

    def test_called_by_a_process_that_ends(self):
        """The namespace goes on, and so does its report, until only we hold it."""
        other = self.inhabited()
        with self.within(other):
            listener = self.listener()
        second, inode, cookies = self.second(other), other.inode, set()
        child = self.watch("-N", str(other.pid))

        def second_named(document):
            self.assertEqual(document["warnings"], [])
            cookies.add(self.row(document, listener)["cookie"])
            return self.of(document, inode)["pid"] == second.pid

        other.end()
        document = self.until(child, second_named, "the other process")
        self.assertEqual(self.of(document, inode)["name"], f"tail[{second.pid}]")
        self.assertEqual(len(cookies), 1)
        os.close(other.file)
        other.file = -1
        listener.close()
        second.kill()
        second.wait()
        document = self.until(child, lambda d: not d["namespaces"], "its end")
        self.assertEqual([w["code"] for w in document["warnings"]], ["namespaces-gone"])
        self.assertFalse(self.holds(child, inode))


class Container(Several):
    def test_outside_is_not_seen(self):
        """Process 1 is there, but nobody outside of the PID namespace."""
        report = listenq.instant("-A", prefix=listenq.ALONE)
        self.assertEqual([(w["code"], w["message"].rpartition(": ")[2])
                          for w in report["warnings"] if w["code"] == "namespaces-hidden"],
                         [("namespaces-hidden", "they are outside of this container")])


class Unprivileged(Several):
    def setUp(self):
        super().setUp()
        nobody.let_all_run(self)

    def test_all(self):
        """Its own namespace works; the others are a warning, not an error."""
        self.named("blue")
        listener = self.full(netns.Other("/proc/self/ns/net"))
        report = listenq.report("-A", "-d", "0.2", prefix=NOBODY)
        self.assertEqual(self.inodes(report), [netns.inode()])
        self.row(report, listener)
        codes = [w["code"] for w in report["warnings"]]
        self.assertIn("namespaces-denied", codes)
        text = [w["message"] for w in report["warnings"]][codes.index("namespaces-denied")]
        self.assertIn("blue", text)
        listenq.run("-A", "-d", "0", "--strict", prefix=NOBODY, code=1)

    def test_named(self):
        self.named("blue")
        subprocess.run(["ip", "netns", "attach", "home", str(os.getpid())], check=True)
        listener = self.listener()
        report = listenq.instant("-N", "home", prefix=NOBODY)
        self.row(report, listener)
        result = listenq.run("-N", "blue", prefix=NOBODY, code=1)
        self.assertRegex(result.err, r"\Alistenq: .*'blue'.*CAP_SYS_ADMIN.*\n\Z")
