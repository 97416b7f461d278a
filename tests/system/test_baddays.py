# SPDX-License-Identifier: GPL-2.0-or-later
"""When the kernel, procfs or the output let the program down."""
import ctypes
import os
import platform
import resource
import shutil
import signal
import struct
import subprocess
import tempfile
import unittest

import listenq
import rig

# What the program reads of /proc, but not what sanitizers do.
HIDE_PROC = ("unshare", "-m", "sh", "-c",
             "mount -t tmpfs none /proc/$$/net && mount -t tmpfs none /proc/sys && "
             'exec "$0" "$@"')

def deny_netlink():
    """A seccomp filter: socket(AF_NETLINK) fails with EPERM."""
    numbers = {"x86_64": 41, "aarch64": 198, "riscv64": 198}
    number = numbers[platform.machine()]
    load, jump_eq, ret = 0x20, 0x15, 0x06
    code = [(load, 0, 0, 0), (jump_eq, 0, 3, number),
            (load, 0, 0, 16), (jump_eq, 0, 1, 16),
            (ret, 0, 0, 0x00050000 | 1), (ret, 0, 0, 0x7fff0000)]
    program = b"".join(struct.pack("=HBBI", *line) for line in code)
    buffer = ctypes.create_string_buffer(program)
    fprog = struct.pack("@HP", len(code), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, fprog, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


class Procfs(rig.Case):
    def listeners(self):
        full = self.listener(backlog=2)
        self.fill(full, 2)
        self.overflow(full, 3)
        return full

    def can(self, prefix):
        done = subprocess.run([*prefix, "/bin/true"], stderr=subprocess.PIPE)
        if done.returncode:
            raise unittest.SkipTest(f"cannot hide: {done.stderr.decode()}")

    def test_no_proc(self):
        self.can(HIDE_PROC)
        full = self.listeners()
        result = listenq.run("--json", "-d", "0.2", prefix=HIDE_PROC)
        report = result.json
        row = self.row(report, full)
        self.assertEqual((row["drops"]["total"], row["drops"]["delta"]), (3, 0))
        self.assertEqual(row["accept_queue"]["length"], 3)
        self.assertEqual(row["state"], "full")
        self.assertEqual(row["overflows"], {"min": None, "max": None})
        space, = report["namespaces"]
        for name, value in space["counters"].items():
            self.assertIsNone(value and value["total"], name)
        self.assertEqual(set(space["sysctl"].values()), {None})
        self.assertIsNone(space["ledger"]["overflows"])
        self.assertIsNone(row["syn_queue"]["limit"], "without tcp_syncookies")
        self.assertTrue(report["warnings"])
        for warning in report["warnings"]:
            self.assertTrue(warning["code"] and warning["message"])

    def test_table_says_so_on_stderr(self):
        self.can(HIDE_PROC)
        self.listeners()
        result = listenq.run("-d", "0.2", prefix=HIDE_PROC)
        self.assertIn("full", result.out)
        lines = result.err.splitlines()
        for line in lines:
            self.assertTrue(line.startswith("listenq: warning: "), line)
        self.assertEqual(len(lines), len(set(lines)), "each once")
        # What both samples of the window lack, and what only one looks for.
        for word in "netstat", "snmp", "somaxconn":
            self.assertIn(word, result.err)

    def test_strict(self):
        self.can(HIDE_PROC)
        self.listeners()
        listenq.run("--json", "--strict", "-d", "0", prefix=HIDE_PROC, code=1)
        listenq.run("--strict", "-d", "0", prefix=HIDE_PROC, code=1)
        listenq.run("--strict", "-d", "0")

    def test_no_netlink(self):
        if platform.machine() not in ("x86_64", "aarch64", "riscv64"):
            raise unittest.SkipTest(f"no seccomp filter for {platform.machine()}")
        self.listeners()
        for args in ("-d", "0"), ("-d", "0", "--json"):
            result = listenq.run(*args, code=1, preexec_fn=deny_netlink)
            self.assertEqual(result.out, "")
            self.assertRegex(result.err, r"^listenq: .*(?i:not permitted).*\n$")


class Output(rig.Case):
    def setUp(self):
        super().setUp()
        self.listener()
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        self.path = os.path.join(self.dir, "report.json")

    def test_full_device(self):
        for args in (["-d", "0"], ["-d", "0", "--json"], ["--help"], ["--version"],
                     ["--json-schema"], ["--list-columns"],
                     ["--count=2", "-d", "0.1", "--json"]):
            with self.subTest(args=args), open("/dev/full", "wb") as full:
                result = listenq.run(*args, stdout=full, code=1)
                self.assertRegex(result.err, r"\Alistenq: [^\n]*No space[^\n]*\n\Z")

    def test_closed_stdout(self):
        """Nothing else may take the place of it, or of others, and swallow the report."""
        for fds in (1,), (0, 1):
            result = listenq.run("-d", "0", code=1, stdin=None, stdout=None,
                                 preexec_fn=lambda: [os.close(fd) for fd in fds])
            self.assertEqual(len(result.err.splitlines()), 1)

    def test_closed_pipe_dies_silently(self):
        reader, writer = os.pipe()
        os.close(reader)
        try:
            result = listenq.run("-d", "0", "--json", stdout=writer,
                                 code=-signal.SIGPIPE)
        finally:
            os.close(writer)
        self.assertEqual(result.err, "")

    def test_output_file(self):
        result = listenq.run("--json", "-d", "0", "--output-file=" + self.path)
        self.assertEqual((result.out, result.err), ("", ""))
        self.assertEqual(os.listdir(self.dir), ["report.json"])
        with open(self.path, encoding="utf-8") as old:
            listenq.parse(old.read())
            listenq.run("-d", "0", "--output-file", self.path)
            self.assertNotEqual(os.stat(self.path).st_ino,
                                os.fstat(old.fileno()).st_ino, "replaced")
        with open(self.path, encoding="utf-8") as new:
            self.assertIn("LOCAL ADDRESS", new.read())
        self.assertEqual(os.listdir(self.dir), ["report.json"])
        for name in "-", "/dev/stdout":
            self.assertIn("LOCAL ADDRESS", listenq.run("-d", "0", "--output-file=" + name).out)

    def test_output_file_that_cannot_be(self):
        for path in (self.dir + "/none/report", self.dir):
            result = listenq.run("-d", "0", "--output-file=" + path, code=1)
            self.assertEqual(len(result.err.splitlines()), 1)
            self.assertEqual(os.listdir(self.dir), [])

    def test_output_file_without_a_reader_can_be_interrupted(self):
        os.mkfifo(self.path)
        child = subprocess.Popen([listenq.program(), "-d", "0", "--output-file", self.path])
        wchan = f"/proc/{child.pid}/wchan"
        rig.wait_for(lambda: "wait_for_partner" in open(wchan, encoding="ascii").read(),
                     "the program to wait for a reader")
        child.terminate()
        self.assertEqual(child.wait(10), -signal.SIGTERM)

    def test_no_descriptors(self):
        """EMFILE is an error, not a crash; the loader itself needs a descriptor."""
        result = listenq.run(
            "-d", "0", code=1, preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_NOFILE, (4, 4)))
        self.assertTrue(result.err.startswith("listenq: "))

    def test_low_soft_limit(self):
        """A shell that sets few descriptors leaves more to whoever asks for them."""
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        result = listenq.run(
            "-p", "-d", "0.001", preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_NOFILE, (8, hard)))
        self.assertNotIn("Too many open files", result.err)

    def test_no_descriptors_for_owners(self):
        """Nobody is hidden: it is us who may not look, and we say how we could."""
        taken = 0
        for limit in range(5, 40):
            result = listenq.run("-p", "-d", "0", code=None, preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_NOFILE, (limit, limit)))
            if "processes in /proc: Too many open files" in result.err:
                taken += 1
                self.assertIn("; raise 'ulimit -n'", result.err)
                self.assertNotIn("no owner among", result.err)
        self.assertGreater(taken, 0)

    @unittest.skipIf(os.geteuid(), "it may be the advice to others")
    def test_proc_not_mounted(self):
        """Root is not advised to run as root where /proc is not mounted."""
        listener = rig.Listener()
        script = 'mount -t tmpfs none /proc && exec "$@"'
        for argument in "-p", "-A":
            # LeakSanitizer cannot work without /proc, and says so in the exit status.
            report = listenq.report("-d", "0", argument, f":{listener.port}",
                                    code=None if listenq.sanitized() else 0,
                                    prefix=("unshare", "-m", "sh", "-c", script, "sh"))
            messages = {w["code"]: w["message"] for w in report["warnings"]}
            message = messages["owners-unavailable" if argument == "-p" else "namespaces-hidden"]
            self.assertIn("No such file or directory", message)
            self.assertNotIn("run as root", " ".join(messages.values()))

    @unittest.skipIf(os.geteuid(), "it may be the advice to others")
    def test_no_descriptors_for_namespaces(self):
        """Root is not advised to run as root where a descriptor was missing."""
        taken = 0
        for limit in range(5, 40):
            result = listenq.run("-A", "-p", "-d", "0", code=None,
                                 preexec_fn=lambda: resource.setrlimit(
                                     resource.RLIMIT_NOFILE, (limit, limit)))
            taken += "Too many open files; raise 'ulimit -n'" in result.err
            self.assertNotIn("run as root", result.err)
        self.assertGreater(taken, 0)
