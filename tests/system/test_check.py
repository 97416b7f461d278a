# SPDX-License-Identifier: GPL-2.0-or-later
# runs-long
"""check_listenq with real servers: who is sick pages, with name, cause and next step; a host full
of healthy ones never does; and whatever hangs, there is a line in time."""
import concurrent.futures
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import listenq
import netns
import nobody
import plugin
import rig
import servers

GET = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
SHORT = "-d", "0.3"


class Case(rig.Case):
    def setUp(self):
        super().setUp()
        self.place = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.place)
        os.chmod(self.place, 0o755)

    @property
    def program(self):
        return plugin.path(self.place)

    def check(self, *args, status=None, err="", **kwargs):
        result = plugin.run(self.program, *args, **kwargs)
        result.need(status in (None, result.status))
        if err is not None:
            self.assertEqual(result.err, err)
        return result


class Sick(Case):
    def clients(self, server, count, request=GET):
        made = [self.own(rig.connect(server.address, server.port)) for _ in range(count)]
        rig.wait_for(lambda: all(rig.tcp_state(client) == rig.ESTABLISHED for client in made),
                     f"{count} clients to be connected")
        for client in made:
            client.send(request)

    def test_gunicorn_stopped(self):
        """The page that the issue is about: its only worker is stopped, its backlog is small."""
        server = self.own(servers.Gunicorn(workers=1, backlog=5))
        server.once()
        for pid in server.pids:
            os.kill(pid, signal.SIGSTOP)
        self.clients(server, 6)
        raw = self.raw()
        flow = self.own(rig.Worker(lambda: raw.send("10.99.0.1", "127.0.0.1", server.port),
                                   every=1 / 20))
        rig.wait_for(lambda: netns.counter(netns.LO) > 3, "overflows")
        result = self.check("-d", "1", status="CRITICAL")
        flow.close()
        self.assertRegex(
            result.text, rf"^LISTENQ CRITICAL - 127\.0\.0\.1:{server.port} \S.* process stopped, "
            r"oldest client waits \S+, 6/6 queued, about \d+ SYNs/s dropped$")
        self.assertRegex(result.lines[0], rf"^Do: continue them:  kill -CONT .*{server.pid}")
        self.assertEqual(result.data[f"127.0.0.1:{server.port}"].value, 100)
        # It says the same of its port alone, and nothing of another one.
        self.assertIn("process stopped", self.check("-p", str(server.port), status="CRITICAL").text)
        other = self.listener()
        result = self.check("-p", str(other.port), *SHORT, status="OK")
        self.assertIn("1 of 2 TCP listeners here looked at", result.text)
        self.assertNotIn("stopped", result.out)

    def test_worker_stuck(self):
        """Nobody is stopped; it is proved that none is accepted, and for how long one waits."""
        server = self.own(servers.Gunicorn(workers=1))
        self.own(server.hold())
        rig.wait_for(lambda: not rig.oracle.listener(server.port).length, "the worker to take it")
        begin = rig.Span(lambda: self.clients(server, 3))
        time.sleep(max(0, begin.begin + 3.2 - time.monotonic()))
        result = self.check(*SHORT, status="CRITICAL")
        self.assertRegex(result.text, rf"127\.0\.0\.1:{server.port} \S.* stopped accepting, "
                         r"oldest client waits [3-9]\.\ds, 3/2049 queued$")
        self.assertRegex(result.lines[0], r"^Do: see what process \d+ waits for:  strace -fp \d+")
        oldest = ("--metric=oldest-wait", *SHORT)
        value, = self.check(*oldest, "-c", "2", status="CRITICAL").data.values()
        self.assertEqual((value.unit, value.critical, value.min), ("s", "2", 0))
        self.assertTrue(3 < value.value < 30, value.value)
        self.check(*oldest, "-w", "600", "-c", "700", status="OK")
        # What is wrong is said, whatever the metric is.
        result = self.check(*SHORT, "--metric=synrecv", "-c", "10", status="OK")
        self.assertRegex(result.rest, r"(?m)^OK .* stopped accepting, ")

    def test_fd_limit(self):
        server = self.own(servers.Nginx(workers=1, files=40))
        self.clients(server, 60, b"G")  # a request that does not end: no idle client is sent away
        rig.wait_for(lambda: "Too many open files" in server.said(), "nginx to run out")
        rig.wait_for(lambda: self.check(*SHORT).status == "CRITICAL", "it to be stalled")
        result = self.check(*SHORT, "-v", status="CRITICAL")
        self.assertRegex(result.text, "nginx out of descriptors, oldest .* waits ")
        self.assertRegex(result.rest, r"(?m)^  fd-limit: .*\(nginx\): 40 of 40")
        self.assertRegex(result.rest, r"(?m)^Do: find the leak, or raise the limit of process \d+")

    def test_unix(self):
        """It is not looked at without -x, and the line says so; with it, it is stalled for sure."""
        self.listener()
        self.unix(b"\0app|'", 1, 2)
        result = self.check(*SHORT, status="WARNING")
        self.assertRegex(result.text, r"highest fill 0%; not looked at: 1 UNIX listener is full "
                         r"\(-x shows it\)$")
        self.check(*SHORT, ":1", "--allow-empty", status="OK")
        result = self.check("-x", status="CRITICAL")
        self.assertGreater(result.seconds, 3)
        self.assertRegex(result.text, r"- @app\\x7c' \S+ stopped accepting, 2/2 queued")
        self.assertEqual(len(result.data), 2)

    def test_unix_path(self):
        """A path in the filter is enough, and has the time that a proof takes."""
        path = os.path.join(self.place, "u")
        self.unix(path.encode(), 1, 2)
        self.assertRegex(self.check(path, status="CRITICAL").text,
                         rf"- {path} \S+ stopped accepting, 2/2 queued")

    def test_namespaces(self):
        own = self.listener()
        netns.own_names(self)
        blue = self.own(netns.Named("blue"))
        with self.within(blue):
            full = self.listener(backlog=1)
            self.fill(full, 1)

            def overflow():
                with self.within(blue):
                    self.raw().send("10.99.0.1", "127.0.0.1", full.port)
            self.own(rig.Server("inside", full))
        flow = self.own(rig.Worker(overflow, every=1 / 20))
        result = self.check(status="WARNING")
        # It, and those of whoever runs the tests.
        self.assertRegex(result.text, r"highest fill 0%; not looked at: (1 other namespace overflows "
                         r"\(-A shows it\)|\d+ other namespaces overflow \(-A shows them\))$")
        result = self.check("-A", f"port == {own.port} || port == {full.port}", status="CRITICAL")
        flow.close()
        self.assertRegex(result.text, rf"127\.0\.0\.1:{full.port} in blue inside .*, 2/2 queued, "
                         r"about \d+ SYNs/s dropped$")
        self.assertEqual(len(result.data), 2)


class Several(Case):
    def test_first_line(self):
        """Many daemons send the first line alone."""
        full = [self.listener(backlog=1) for _ in range(3)]
        for listener in full:
            self.fill(listener, 1)
        text = self.check(*SHORT, status="WARNING").text
        self.assertRegex(text, r"^LISTENQ WARNING - 127\.0\.0\.1:\d+ python3 .*; 2 more WARNING$")
        text = self.check(*SHORT, "-p", str(full[0].port), status="WARNING").text
        self.assertNotIn("more", text)

    def test_metric_that_does_not_judge(self):
        """A queue of the stuck server that is half full."""
        listener = self.listener(backlog=5)
        self.queue(listener, 3)
        rig.wait_for(lambda: self.check(status=None).status == "CRITICAL", "a stuck server", 20)
        result = self.check("--metric=fill", "-c", "60", status="OK")
        self.assertRegex(result.text, rf"highest fill 50% at 127\.0\.0\.1:{listener.port}; "
                         rf"127\.0\.0\.1:{listener.port} python3 stopped accepting, which "
                         r"--metric=fill does not judge$")


class Baseline(Case):
    def test_between(self):
        """What happened since the last check is in this one, and only in this one."""
        file = "--baseline=" + os.path.join(self.place, "baseline")
        listener = self.listener(backlog=1)
        result = self.check(file, status="OK")
        self.assertRegex(result.text, "no window: what was dropped, and whether programs accept, is unknown$")
        self.assertLess(result.seconds, 1)
        self.fill(listener, 1)
        self.overflow(listener, 4)
        listener.accept().close()
        listener.accept().close()
        result = self.check(file, status="CRITICAL")
        self.assertRegex(result.text, rf"127\.0\.0\.1:{listener.port} .*SYNs/s dropped$")
        result = self.check(file, "--metric=overflows", "-c", "0", status="OK")
        self.assertEqual(result.data[f"127.0.0.1:{listener.port}"].value, 0)

    def test_restarted(self):
        """A server that overflowed and was started again is no proof that all is well."""
        file = "--baseline=" + os.path.join(self.place, "baseline")
        listener = self.listener(backlog=1)
        self.check(file, status="OK")
        self.fill(listener, 1)
        self.overflow(listener, 4)
        port = listener.port
        listener.close()
        self.listener(port=port)
        saved = pathlib.Path(self.place, "baseline").read_bytes()
        for metric, limit, status in (("overflows", "0", "UNKNOWN"), ("drops", "0", "UNKNOWN"),
                                      ("overflows", "9999", "OK"), ("queue", "0", "OK")):
            pathlib.Path(self.place, "baseline").write_bytes(saved)
            result = self.check(file, "-p", str(port), f"--metric={metric}", "-c", limit,
                                status=status)
            self.assertRegex(result.text, "overflows at a listener that is unknown, or gone$")

    def test_too_short(self):
        """Two runs at once show whether nobody accepts as little as one does."""
        file = "--baseline=" + os.path.join(self.place, "baseline")
        self.queue(self.listener(), 1)
        self.check(file, status="OK")
        self.assertRegex(self.check(file, status="OK").text,
                         "; the window is too short to show whether programs accept$")

    def test_damaged(self):
        """A file that is of no use is no reason to be quiet."""
        path = pathlib.Path(self.place, "baseline")
        self.listener()
        self.check(f"--baseline={path}", status="OK")
        path.write_bytes(path.read_bytes()[:-20])
        self.check(f"--baseline={path}", status="UNKNOWN")
        self.check(f"--baseline={path}", status="OK")
        self.check(f"--baseline={self.place}/none/baseline", status="UNKNOWN")

    def test_not_saved(self):
        """What is certain is not hidden, and what is missed from now on is said."""
        path = pathlib.Path(self.place, "baseline")
        listener = self.listener()
        self.check(f"--baseline={path}", status="OK")
        below = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))}
        result = self.check(f"--baseline={path}", status="UNKNOWN", **below)
        self.assertRegex(result.text, "looked at, highest fill 0%; cannot write .*: File too large$")
        self.fill(listener, 1)
        result = self.check(f"--baseline={path}", "--metric=queue", "-c", "0", status="CRITICAL",
                            **below)
        self.assertRegex(result.text, "accept queue [1-9]")
        self.assertIn("File too large", result.rest)
        self.assertNotIn("LISTENQ", result.rest)


class Healthy(Case):
    def test_mix(self):
        """Dozens of runs, while each server has twenty clients a second."""
        mix = [self.own(servers.Gunicorn(workers=4)), self.own(servers.Nginx()),
               self.own(servers.PhpFpm(children=4)), self.own(servers.Redis()),
               self.own(servers.Apache(mpm="prefork"))]
        for server in mix:
            server.once()
        workers = [self.own(rig.Worker(server.once, every=1 / 20)) for server in mix]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda i: self.check("-x", "-d", "0.5", "--timeout=30"),
                                    range(48)))
        for worker in workers:
            worker.close()
        self.assertEqual({result.status for result in results}, {"OK"},
                         [str(result) for result in results if result.code])
        for result in results:
            self.assertRegex(result.text, r"^LISTENQ OK - 5 listeners here looked at, highest fill ")
            self.assertEqual((len(result.data), result.lines), (5, []))


class Chosen(Case):
    def test_address(self):
        """Whom a client of that address meets."""
        netns.address("10.1.2.3/24")
        any_ = self.listener("0.0.0.0", 80, reuseport=True)
        mine = self.listener("127.0.0.1", 80, reuseport=True)
        dual, only6 = self.listener("::", 81), self.listener("::", 82, v6only=True)
        both = [self.listener(address, 83, reuseport=True) for address in ("0.0.0.0", "::")]
        self.assertEqual([each.port for each in (any_, mine, dual, only6, *both)],
                         [80, 80, 81, 82, 83, 83])
        for address, labels in (("127.0.0.1", {"127.0.0.1:80", "*:81", "0.0.0.0:83"}),
                                ("10.1.2.3", {"0.0.0.0:80", "*:81", "0.0.0.0:83"}),
                                ("::1", {"*:81", "[::]:82", "*:83"})):
            self.assertEqual(set(self.check("-H", address, "-d0").data), labels, address)
        self.assertEqual(set(self.check("-H", "10.1.2.3", "-p", "80", "-d0").data), {"0.0.0.0:80"})
        # An address of another host: the check runs on the wrong one.
        for address in "10.9.9.9", "2001:db8::1":
            result = self.check("-H", address, "-p", "80", "-d0", status="UNKNOWN")
            self.assertEqual(result.text, f"LISTENQ UNKNOWN - {address} is not an address of this "
                             "host; run the check on the host that has it, or leave out -H")
        # Nor is it one to which no client connects, though all addresses are listened on.
        for address in "224.0.0.1", "255.255.255.255", "ff02::1":
            result = self.check("-H", address, "-p", "80", "-d0", status="UNKNOWN", err=None)
            self.assertIn(f"{address} is an address of many hosts", result.text)
        self.assertEqual(set(self.check("-H", "::ffff:127.0.0.1", "-d0").data),
                         {"127.0.0.1:80", "*:81", "0.0.0.0:83"})
        self.assertEqual(set(self.check("-d0", ":80 or :81").data),
                         {"127.0.0.1:80", "0.0.0.0:80", "*:81"})
        self.assertEqual(set(self.check("-d0", "sport = :81").data), {"*:81"})
        self.assertEqual(set(self.check("-p", "80", "-d0", "src 127.0.0.1").data), {"127.0.0.1:80"})

    def test_nothing(self):
        """A service that is not there is no reason to be quiet."""
        self.listener("127.0.0.1", 80)
        result = self.check("-p", "81", *SHORT, status="UNKNOWN")
        self.assertIn("no listener matches", result.text)
        self.check("-p", "81", "--allow-empty", *SHORT, status="OK")
        self.check("-x", "-d0", "unix:*", status="UNKNOWN")

    def test_thresholds(self):
        listener = self.listener("127.0.0.1", 80, 9)
        self.queue(listener, 5)
        fill = "-d0", "--metric=fill"
        for warning, critical, status in (("50", "90", "OK"), ("49.9", "50", "WARNING"),
                                          ("10", "49", "CRITICAL"), ("@50:50", "~:", "WARNING"),
                                          ("51:", "~:60", "WARNING"), ("60:", "55:", "CRITICAL")):
            result = self.check(*fill, "-w", warning, "-c", critical, status=status)
            value = result.data["127.0.0.1:80"]
            self.assertEqual((value.value, value.unit, value.warning, value.critical),
                             (50, "%", warning, critical))
        value = self.check("-d0", "--metric=queue", status="OK").data["127.0.0.1:80"]
        self.assertEqual((value.value, value.unit, value.min, value.max), (5, None, 0, 10))
        # Without a window nothing is known of what was dropped.
        result = self.check("-d0", "--metric=overflows", "-c", "0", status="UNKNOWN")
        self.assertIsNone(result.data["127.0.0.1:80"].value)

    def test_group(self):
        """One line, as bad as its worst member."""
        members = self.group([5, 5, 5])
        self.queue_in(members[1], members, 6)
        result = self.check("-d0", status="WARNING")
        self.assertRegex(result.text, "queue full, 6/6 queued at the fullest of 3 sockets$")
        self.assertEqual(len(result.data), 1)

    def test_many(self):
        """Whole lines, in less than what daemons cut; and how many are left out."""
        rig.many_files(4096)
        crowd = [self.listener("127.0.0.1", backlog=0) for _ in range(200)]
        for listener in crowd[:60]:
            self.fill(listener, 0)
        result = self.check("-d0", "-v", status="WARNING")
        self.assertEqual(len(result.data), 40)
        self.assertIn("no performance data of 160 more listeners", result.lines)
        self.assertRegex(result.lines[-1], r"^\d+ more lines for which there was no room$")


class Errors(Case):
    """Each is 3, and a line on standard output."""

    def test_usage(self):
        for args in (["--no-such-option"], ["-c", "5"], ["--metric=fill", "-c", "10:5"], ["-t", "x"],
                     ["-p", "http"], ["sprot = :80"], ["-d", "20"], ["-N", "/nowhere"]):
            result = self.check(*args, status="UNKNOWN")
            self.assertRegex(result.out, r"^LISTENQ UNKNOWN - \S[^\n]*\n(Try '[^\n]*\n)?$")
        for option in "-h", "--help", "-V", "--version":
            self.assertIn("check_listenq", self.check(option, status="UNKNOWN").out)
        for args in (["--check", "--wach"], ["--wach", "--check"]):
            result = listenq.run(*args, code=3)
            self.assertTrue(result.out.startswith("LISTENQ UNKNOWN - unknown option '--wach'"))

    def test_other_name(self):
        """The same under the other name, where letters mean what listenq means by them."""
        listener = self.listener()
        result = listenq.run("--check", "-ltn4", f":{listener.port}", *SHORT)
        self.assertRegex(result.out, r"^LISTENQ OK - 1 TCP listener here looked at, ")

    def test_output(self):
        self.listener()
        with open("/dev/full", "wb") as full:
            done = subprocess.run([self.program, "-d0"], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, rb"^listenq: cannot write standard output: No space[^\n]*\n$")
        done = subprocess.run([self.program, "-d0"], stderr=subprocess.PIPE,
                              preexec_fn=lambda: os.close(1))
        self.assertEqual(done.returncode, 3)

    # A sanitizer needs more address space than any limit leaves, and says so itself.
    if not listenq.sanitized():
        def test_memory(self):
            """What a daemon reads is not empty either where there is no memory."""
            self.listener()
            said = 0
            for kib in range(3000, 9000, 20):
                done = subprocess.run(
                    [self.program, "-d0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (kib * 1024, kib * 1024)))
                if done.stdout.startswith(b"LISTENQ UNKNOWN - cannot allocate"):
                    self.assertEqual((done.returncode, done.stdout.count(b"\n")), (3, 1))
                    said += 1
                elif done.returncode == 0:
                    break
            self.assertGreater(said, 0)

    def test_nobody(self):
        """All queues are seen, and proved what they are; only who holds them is not."""
        nobody.let_all_run(self)
        well, full = self.listener(), self.listener(backlog=1)
        run = dict(prefix=nobody.NOBODY)
        result = self.check("-p", str(well.port), *SHORT, status="OK", **run)
        self.assertEqual(result.lines, [])
        self.fill(full, 1)
        result = self.check(*SHORT, status="WARNING", **run)
        self.assertRegex(result.text, rf"127\.0\.0\.1:{full.port} stopped accepting, .*2/2 queued$")
        self.assertIn("only root can see which processes hold 1 of these", result.lines)
        # It cannot look into all namespaces, so nothing is well.
        inhabited = self.own(netns.Inhabited())
        self.assertTrue(inhabited.pid)
        result = self.check("-A", "-p", str(well.port), *SHORT, status="UNKNOWN", **run)
        self.assertRegex(result.text, "cannot enter|as some processes cannot be seen")


class Deadline(Case):
    """The program waits in a child; the parent has the time."""

    def start(self, *args, **popen):
        popen.setdefault("stdout", subprocess.PIPE)
        process = subprocess.Popen([self.program, *args], stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, **popen)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def child(self, process):
        def children():
            path = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
            return path.read_text().split()
        rig.wait_for(children, "a child")
        return int(children()[0])

    def gone(self, pid):
        def ended():
            try:
                return "(zombie)" in pathlib.Path(f"/proc/{pid}/status").read_text()
            except (FileNotFoundError, ProcessLookupError):
                return True
        rig.wait_for(ended, "the child to end")

    def test_hangs(self):
        """It is stopped: no handler of its own would run, as in a read of /proc that hangs."""
        self.listener()
        begin = time.monotonic()
        process = self.start("-t", "1.5", "-d", "1")
        child = self.child(process)
        os.kill(child, signal.SIGSTOP)
        out, err = process.communicate(timeout=20)
        self.assertEqual((process.returncode, out, err), (
            3, b"LISTENQ UNKNOWN - it took longer than 1.5 s; --timeout allows more\n", b""))
        self.assertTrue(1.4 < time.monotonic() - begin < 5)
        self.gone(child)

    def test_output_blocked(self):
        """Nobody reads: nothing is written, and the status says what is the case."""
        self.listener()
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        os.set_blocking(writer, False)
        filled = 0
        try:
            while True:
                filled += os.write(writer, b"x" * 4096)
        except BlockingIOError:
            pass
        os.set_blocking(writer, True)
        process = self.start("-t", "1", "-d", "0.3", stdout=writer)
        os.close(writer)
        self.assertEqual(process.wait(20), 3)
        left = 0
        while data := os.read(reader, 65536):
            self.assertEqual(set(data), {ord("x")})
            left += len(data)
        self.assertEqual(left, filled)

    def test_killed(self):
        self.listener()
        process = self.start("-d", "5")
        os.kill(self.child(process), signal.SIGKILL)
        out, _ = process.communicate(timeout=20)
        self.assertEqual((process.returncode, out), (
            3, b"LISTENQ UNKNOWN - signal 9 (Killed) ended the program\n"))

    def test_ended(self):
        """Whoever ends the parent ends all of it."""
        process = self.start("-d", "5")
        child = self.child(process)
        process.terminate()
        self.assertEqual(process.wait(20), -signal.SIGTERM)
        self.gone(child)

    def test_ignored_children(self):
        """As some daemons start what they run."""
        self.listener()
        process = self.start(*SHORT, preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        out, _ = process.communicate(timeout=20)
        self.assertEqual((process.returncode, out[:10]), (0, b"LISTENQ OK"))

    def test_no_child(self):
        """Where no process can be made, as where others have taken all, it works without."""
        nobody.let_all_run(self)
        self.listener()
        result = self.check(*SHORT, status="OK", prefix=(*nobody.NOBODY, "prlimit", "--nproc=1"),
                            env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        self.assertIn("LISTENQ OK - 1 TCP listener here looked at", result.text)


class FailIf(Case):
    def test_status(self):
        listener, _ = self.listener("127.0.0.1", 80, 9), self.listener("127.0.0.1", 81)
        self.queue(listener, 8)
        for args, code in (([":80"], 4), (["fill > 79%"], 4), (["fill > 80%"], 0),
                           (["sport = :81 and fill > 0"], 0),
                           (["src inet6:*"], 0)):
            for form in [], ["--json"], ["--prometheus"], ["-o", "local"]:
                result = listenq.run("-d0", *form, "--fail-if", *args, code=code)
                self.assertIn("80", result.out)
        listenq.run("--fail-if=state >= high", code=4)
        # What is not shown does not match.
        listenq.run("--fail-if=state >= high", ":81", code=0)
        listenq.run("--fail-if=state >=", code=2)

    def test_window(self):
        """What is unknown without a window is no calm answer."""
        for form in ["-d0"], ["--prometheus"]:
            for asked in "state >= stalled", "overflows > 0", "fill > 1 or drops-delta > 0":
                result = listenq.run(*form, f"--fail-if={asked}", code=2)
                self.assertIn(f"'{asked}' is unknown without a window", result.err)
        listenq.run("--prometheus", "-d", "0.3", "--fail-if=overflows > 0", code=0)

    def test_owner(self):
        """What it needs is collected."""
        listener = self.listener()
        self.own(rig.Server("holder", listener))
        listenq.run("-d0", "-o", "local", "--fail-if=comm = holder", code=4)
        listenq.run("-d0", "-o", "local", "--fail-if=comm = other", code=0)

    def test_watch(self):
        """It waits for what is to come, prints the report that has it, and ends."""
        listener = self.listener("127.0.0.1", 80, 9)
        child = listenq.Running("--watch", "-j", "-d", "0.1", "--fail-if=length > 0")
        child.wait_window()
        child.wait_window()
        self.queue(listener, 1)
        result = child.finish(4)
        lengths = [row["accept_queue"]["length"] for document in result.documents
                   for row in document["listeners"]]
        self.assertEqual((lengths[-1], set(lengths[:-1])), (1, {0}))
        self.assertEqual(len(listenq.run("--count=2", "-j", "-d", "0.1", "--fail-if=length > 5")
                             .documents), 2)


if __name__ == "__main__":
    unittest.main()
