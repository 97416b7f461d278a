# SPDX-License-Identifier: GPL-2.0-or-later
"""--record: samples in a file beside --watch and --top, and what becomes of it."""
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

import listenq
import netns
import rig
import screen

QUICK = "0.05"  # a window


class Case(rig.Case):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="listenq-record-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.file = self.folder / "file"

    def record(self, *args, **kwargs):
        """Reports one after the other until the test ends them."""
        child = listenq.Running("--watch", "-d", QUICK, f"--record={self.file}", *args, **kwargs)
        self.own(Drain(child))
        self.addCleanup(lambda: child.process.returncode is None and child.kill())
        return child

    def runs(self, file=None):
        """[(header, samples)]: every line is whole, and JSON."""
        found = []
        text = (file or self.file).read_text()
        self.assertEqual(text[-1:], "\n")
        for line in text.splitlines():
            value = json.loads(line)
            if "format_version" in value:
                found.append((value, []))
            else:
                found[-1][1].append(value)
        return found

    def samples(self, file=None):
        """Of the only run."""
        (_, samples), = self.runs(file)
        return samples

    def count(self, file=None):
        """How many lines there are at this moment."""
        try:
            return (file or self.file).read_bytes().count(b"\n")
        except FileNotFoundError:
            return 0

    def wait_lines(self, n, file=None):
        rig.wait_for(lambda: self.count(file) >= n, f"{n} lines")

    def stuck(self, child):
        """Has it taken a sample that is not in the file?"""
        before = self.count()
        child.wait_window(later=True)
        child.wait_window(later=True)
        return self.count() == before

    def assertSame(self, document, sample):
        self.assertAlmostEqual(document["monotonic_seconds"], sample["monotonic_ns"] / 1e9,
                               places=5)

    def assertFollow(self, samples):
        """No sample is missing between two."""
        for before, now in zip(samples, samples[1:]):
            self.assertEqual(now["previous_ns"], before["monotonic_ns"])


class Drain(threading.Thread):
    """Reads what a program prints, which would wait for it."""

    def __init__(self, child):
        super().__init__(daemon=True)
        self.out = os.dup(child.process.stdout.fileno())
        self.start()

    def run(self):
        try:
            while os.read(self.out, 65536):
                pass
        except OSError:
            pass

    def close(self):
        self.join(listenq.TIMEOUT)
        os.close(self.out)


class File(Case):
    def test_lines(self):
        listener = self.listener(backlog=2)
        self.fill(listener, 0)
        documents = listenq.run("--json", "--count=3", "-d", QUICK, f"--record={self.file}",
                                "sport = :1").documents
        (header, samples), = self.runs()
        self.assertEqual(header["format"], "listenq-samples")
        self.assertEqual(header["host"], documents[0]["host"])
        self.assertEqual(header["boot_id"], documents[0]["boot_id"])
        self.assertEqual(header["euid"], os.geteuid())
        self.assertEqual(header["wall"], samples[0]["wall"])
        self.assertEqual(len(samples), 4)
        self.assertFollow(samples)
        self.assertNotIn("previous_ns", samples[0])
        for document, sample in zip(documents, samples[1:]):
            self.assertSame(document, sample)
        # The filter is of the report. What is collected is recorded.
        for document, sample in zip(documents, samples[1:]):
            self.assertEqual(document["listeners"], [])
            row, = sample["netns"][0]["listeners"]
            self.assertEqual((row["port"], row["length"], row["limit"]), (listener.port, 1, 2))
            self.assertIn("samples", row["peak"])
            self.assertIn("TcpExtListenOverflows", sample["netns"][0]["after"])
        self.assertEqual(self.file.stat().st_mode & 0o7777, 0o600)

    def test_no_filter_of_the_kernel(self):
        """Not even where a report without counters and footer lets the kernel select."""
        ports = {self.listener().port, self.listener("::1").port}
        listenq.run("--count=1", "-d", QUICK, "-4", "-o", "local,length,drops-rate", "-H",
                    f"--record={self.file}", f"sport = :{min(ports)}")
        for sample in self.samples():
            self.assertEqual({row["port"] for row in sample["netns"][0]["listeners"]}, ports)

    def test_columns_without_a_window(self):
        """A recording has windows all the same."""
        listenq.run("--count=2", "-d", QUICK, "-o", "local", f"--record={self.file}")
        samples = self.samples()
        self.assertEqual(len(samples), 3)
        self.assertFollow(samples)

    def test_runs_are_added(self):
        for n in 1, 2, 3:
            listenq.run("--count=2", "-d", QUICK, f"--record={self.file}")
            self.assertEqual([len(samples) for _, samples in self.runs()], [3] * n)

    def test_changes(self):
        """Most text is copied from the line before; here much changes."""
        listeners = [self.listener(backlog=100) for _ in range(20)]
        child = self.record("-p", "--json")
        self.wait_lines(2)
        for n, listener in enumerate(listeners[:]):
            self.fill(listener, n % 7)
            if n % 3 == 0:
                listener.close()
                listeners.append(self.listener())
        lengths = {l.port: l.length for l in listeners if l.sock.fileno() >= 0}
        self.wait_lines(self.count() + 3)
        child.interrupt()
        child.finish()
        last = self.samples()[-1]["netns"][0]["listeners"]
        self.assertEqual({row["port"]: row.get("length", 0) for row in last}, lengths)

    def test_interrupt(self):
        """The last report is recorded, too."""
        child = listenq.Running("--watch", "--json", "-d", "600", f"--record={self.file}")
        child.wait_window()
        child.interrupt()
        document, = child.finish().documents
        self.assertSame(document, self.samples()[-1])

    def test_reader_that_ends(self):
        """What is recorded does not depend on who reads the tables."""
        child = listenq.Running("--watch", "-d", QUICK, f"--record={self.file}")
        child.process.stdout.close()
        self.assertEqual(child.process.wait(listenq.TIMEOUT), -signal.SIGPIPE)
        child.windows.close()
        child.process.stderr.close()
        self.assertGreaterEqual(len(self.samples()), 2)

    def test_reader_of_one_line(self):
        """The window that could not be printed is recorded."""
        shell = '"$0" --watch --json -d 0.1 --record="$1" | head -1; exit ${PIPESTATUS[0]}'
        done = subprocess.run(["bash", "-c", shell, listenq.program(), self.file],
                              stdout=subprocess.PIPE, timeout=listenq.TIMEOUT, check=False)
        self.assertEqual(done.returncode, 128 + signal.SIGPIPE)
        samples = self.samples()
        self.assertFollow(samples)
        self.assertGreaterEqual(len(samples), 3)
        self.assertSame(listenq.parse(done.stdout), samples[1])

    def test_full_standard_output(self):
        with open("/dev/full", "wb") as full:
            listenq.run("--watch", "--json", "-d", QUICK, f"--record={self.file}", stdout=full,
                        code=1)
        self.assertEqual(len(self.samples()), 2)

    def test_all_namespaces(self):
        other = self.own(netns.Inhabited())
        with self.within(other):
            listener = self.listener()
        listenq.run("-A", "--count=1", "-d", QUICK, f"--record={self.file}")
        (header, samples), = self.runs()
        self.assertTrue(header["all_netns"])
        found = {row["port"]: ns["inode"] for ns in samples[-1]["netns"]
                 for row in ns["listeners"]}
        self.assertIn(listener.port, found)


class Ends(Case):
    """Whatever ends the program."""

    def test_killed(self):
        """All lines are whole but perhaps the last, which the next run cuts off."""
        for _ in range(60):  # lines of 30 KiB
            self.listener()
        for n in range(6):
            child = self.record("--peak-rate=0", "-d", "0.001")
            self.wait_lines(self.count() + 3 + n % 3)
            child.kill()
            text = self.file.read_bytes()
            for line in text.splitlines(keepends=True):
                if line.endswith(b"\n"):
                    json.loads(line)
        # Whether one was cut is luck: here one is.
        with open(self.file, "rb+") as file:
            file.truncate(len(text) - 100)
        lines = self.count()
        run = listenq.run("--count=1", "-d", QUICK, f"--record={self.file}")
        self.assertIn(f"listenq: the last line of {self.file} was not whole", run.err)
        self.assertEqual(self.count(), lines + 3)
        self.assertEqual(len(self.runs()), 7)

    def test_terminated(self):
        for _ in range(60):
            self.listener()
        for number in signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGTERM:
            child = self.record("-d", "0.001", "--peak-rate=0")
            self.wait_lines(self.count() + 4)
            child.process.send_signal(number)
            child.finish(None)
            self.runs()
        self.assertEqual(len(self.runs()), 4)

    def test_two_writers(self):
        child = self.record()
        self.wait_lines(3)
        run = listenq.run("--count=1", "-d", QUICK, f"--record={self.file}", code=1)
        self.assertIn("another listenq records to it", run.err)
        self.assertEqual((run.out, run.err.count("\n")), ("", 1))
        child.interrupt()
        child.finish()
        self.assertFollow(self.samples())


class Refused(Case):
    def assertRefused(self, words, file=None):
        """Before the first sample."""
        run = listenq.run("--watch", "-d", "600", f"--record={file or self.file}", code=1)
        self.assertEqual((run.out, run.err.count("\n")), ("", 1))
        self.assertIn(words, run.err)

    def test_another_file(self):
        self.file.write_text("precious\n")
        self.assertRefused("it is another file, and nothing is added to it")
        self.assertEqual(self.file.read_text(), "precious\n")

    def test_baseline(self):
        """A baseline is replaced with each run, and a recording must not be."""
        listenq.run(f"--baseline={self.file}")
        self.assertRefused("it is another file, and nothing is added to it")
        self.file.unlink()
        listenq.run("--count=1", "-d", QUICK, f"--record={self.file}")
        run = listenq.run(f"--baseline={self.file}", code=1)
        self.assertIn("it is not a baseline of listenq, so it is not overwritten", run.err)
        self.assertEqual(len(self.samples()), 2)

    def test_no_directory(self):
        self.assertRefused("its directory must be there", self.folder / "no" / "file")
        self.assertRefused("it is not a regular file", self.folder)

    def test_newer_format(self):
        listenq.run("--count=1", "-d", QUICK, f"--record={self.file}")
        text = self.file.read_text().replace('"format_version":1', '"format_version":2')
        self.file.write_text(text)
        self.assertRefused("it has format version 2, and this listenq writes 1; rename it, or "
                           "name a new one")
        self.assertEqual(self.file.read_text(), text)

    def test_symbolic_link(self):
        (self.folder / "target").touch()
        self.file.symlink_to(self.folder / "target")
        self.assertRefused("it is a symbolic link, and none is followed")

    def test_file_of_another_user(self):
        self.file.touch()
        os.chown(self.file, 65534, -1)
        self.assertRefused(f"it belongs to user {65534}, and this is user {os.geteuid()}")

    def test_former_is_another_file(self):
        (self.folder / "file.1").write_text("precious\n")
        run = listenq.run("--count=1", f"--record={self.file}", "--record-size=64K", code=1)
        self.assertIn("it is another file, and not replaced", run.err)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["file.1"])

    def test_usage(self):
        for args, words in (
                ([], "--record goes with --watch, --count or --top"),
                (["--watch", "-d", "0"], "need a --delay above 0"),
                (["--watch", f"--output-file={self.file}"], "are the same file"),
                (["--watch", "--record-when="], "--record-when: the filter is empty"),
                (["--watch", "--record-when=zork"], "--record-when: filter, at character 1"),
                (["--watch", "--record-size=1x"], "'1x' is not a number of bytes"),
                (["--watch", "--record-size=1"], "1 is not between 64K and"),
                (["--watch", "--record-size=99999999999G"], "is not between"),
                (["--watch", "--record=-"], "--record: a recording is a file"),
                (["--watch", "--baseline=x"], "--baseline excludes --watch")):
            with self.subTest(args):
                run = listenq.run(f"--record={self.file}", *args, code=2)
                self.assertIn(words, run.err)
        for option in "--record-when=fill > 0", "--record-size=1M":
            self.assertIn("goes with --record", listenq.run("--watch", option, code=2).err)
        self.assertFalse(self.file.exists())

    def refuse(self, option, name, words, *args):
        with self.subTest(option=option, name=name):
            run = listenq.run(f"{option}={self.file}", f"--output-file={name}", *args, code=2)
            self.assertIn(f"{option} ", run.err)
            self.assertIn(words, run.err)

    def test_output_file_by_another_name(self):
        """The recording is not replaced by a table, however its file is named."""
        same, older = "are the same file", "has its older samples in the file"
        record = ["--record-size=64K", "--watch"]
        self.refuse("--record", f"{self.folder}/./file", same, *record)
        self.refuse("--record", f"{self.folder}/./file.1", older, *record)
        self.assertFalse(self.file.exists())
        listenq.run("--watch", "--count=1", "-d", QUICK, f"--record={self.file}")
        before = self.file.read_bytes()
        link = self.folder / "link"
        link.symlink_to("file")
        for name in f"{self.folder}/./file", link:
            for option, args in ("--record", record), ("--replay", []), ("--baseline", []):
                self.refuse(option, name, same, *args)
        self.refuse("--replay", f"{self.file}.1", older)
        with open(self.file, encoding="ascii") as file:
            run = listenq.run("--replay=-", f"--output-file={self.file}", code=2, stdin=file)
        self.assertIn(same, run.err)
        self.assertEqual(self.file.read_bytes(), before)


class Disk(Case):
    def mount(self, size):
        disk = self.folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        self.file = disk / "file"
        return disk

    def test_full(self):
        disk = self.mount("256k")
        for _ in range(20):
            self.listener()
        child = self.record()
        self.wait_lines(3)
        with open(disk / "fill", "wb", buffering=0) as fill:
            with self.assertRaises(OSError):
                while True:
                    fill.write(b"x" * 1024)
        rig.wait_for(lambda: self.stuck(child), "a failure")
        self.runs()  # it has whole lines
        before = self.count()
        child.wait_window(later=True)
        child.wait_window(later=True)
        self.assertEqual(self.count(), before)
        os.unlink(disk / "fill")
        self.wait_lines(before + 3)
        child.interrupt()
        err = child.finish().err.splitlines()
        self.assertEqual(len(err), 2, err)
        self.assertEqual(err[0], f"listenq: cannot record to {self.file}: No space left on device")
        self.assertRegex(err[1], rf"^listenq: {self.file} is recorded to again; \d+ samples are "
                                 r"missing in it$")
        samples = self.samples()
        gaps = [now for before, now in zip(samples, samples[1:])
                if now["previous_ns"] != before["monotonic_ns"]]
        self.assertEqual(len(gaps), 1)
        # The file says it, too, and so does who replays it.
        missing = int(err[1].split("; ")[1].split()[0])
        self.assertEqual([s["missed"] for s in samples if "missed" in s], [missing])
        self.assertEqual(gaps[0]["missed"], missing)
        again = listenq.run("--json", f"--replay={self.file}").documents
        warnings = [w["message"] for d in again for w in d["warnings"]
                    if w["code"] == "replay-missed"]
        self.assertEqual([text.split()[0] for text in warnings], [str(missing)])

    def test_full_to_the_end(self):
        """The exit status says that the recording is not whole."""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
        run = listenq.run("--json", "--count=20", "-d", QUICK, f"--record={self.file}", code=1,
                          preexec_fn=limit)
        self.assertEqual(len(run.documents), 20)
        self.assertEqual(run.err, f"listenq: cannot record to {self.file}: File too large\n")
        self.assertGreaterEqual(len(self.samples()), 1)

    def test_renamed_and_removed(self):
        child = self.record()
        self.wait_lines(3)
        moved = self.folder / "moved"
        os.rename(self.file, moved)
        self.wait_lines(4)
        second = self.folder / "second"
        os.link(self.file, second)
        os.unlink(self.file)
        self.wait_lines(3)
        child.interrupt()
        err = child.finish().err.splitlines()
        self.assertEqual(err, [f"listenq: {self.file} was removed or renamed; a new one begins"] * 2)
        files = [self.samples(file) for file in (moved, second, self.file)]
        for one, following in zip(files, files[1:]):
            self.assertFollow(one)
            # The window between both files is in the second.
            self.assertEqual(one[-1]["monotonic_ns"], following[0]["monotonic_ns"])
        self.assertFollow(files[-1])


class Chosen(Case):
    def test_match_and_the_one_before(self):
        listener = self.listener(backlog=3)
        child = self.record("--json", "--record-when=state >= high")
        self.wait_lines(3)  # a run begins with a window
        for _ in range(4):
            child.wait_window(later=True)
        self.assertEqual(self.count(), 3)
        self.fill(listener, 3)
        self.wait_lines(7)
        # The sample after the last match shows when it ended.
        for _ in range(4):
            listener.accept().close()
        rig.wait_for(lambda: self.stuck(child), "the one after")
        child.interrupt()
        child.finish()
        last = listenq.run("--json", f"--replay={self.file}").documents[-2:]
        self.assertEqual([d["warnings"] for d in last], [[], []])
        self.assertNotEqual(last[0]["listeners"][0]["state"], "ok")
        self.assertEqual(last[1]["listeners"][0]["state"], "ok")
        samples = self.samples()
        lengths = [s["netns"][0]["listeners"][0].get("length", 0) for s in samples]
        self.assertEqual(lengths[:3], [0, 0, lengths[2]])
        self.assertNotEqual(samples[2]["previous_ns"], samples[1]["monotonic_ns"])
        self.assertFollow(samples[2:])
        self.assertEqual(max(lengths), 4)

    def test_needs(self):
        """What the filter asks about is collected."""
        server = self.own(rig.Server("silo", self.listener()))
        child = self.record("-o", "local,drops-rate", "--record-when=process = silo")
        self.wait_lines(5)
        child.interrupt()
        child.finish()
        samples = self.samples()
        self.assertFollow(samples)
        self.assertIn("silo", [p["comm"] for p in samples[-1]["processes"]])
        self.assertTrue(server.pid)

    def test_gone(self):
        listener = self.listener()
        child = self.record("--record-when=state = gone")
        self.wait_lines(3)
        for _ in range(3):
            child.wait_window(later=True)
        listener.close()
        self.wait_lines(6)
        for _ in range(3):
            child.wait_window(later=True)
        child.interrupt()
        child.finish()
        self.assertEqual(self.count(), 6)
        last = self.samples()[-1]
        self.assertEqual(last["netns"][0]["listeners"], [])


class Rotation(Case):
    def test_under_load(self):
        """Both files together have the newest samples, and none is missing."""
        limit = 65536
        listeners = [self.listener(backlog=1) for _ in range(30)]
        former = self.folder / "file.1"
        self.fill(listeners[0], 1)
        torrent = self.own(rig.Worker(lambda: self.overflow(listeners[0], 3), every=0.01))
        child = self.record("--record-size=64K", "--peak-rate=0", "-d", "0.01")
        inodes, sizes = [None], []

        def rotated():
            """Who makes a file may get the inode of the one just removed."""
            try:
                inode = former.stat().st_ino
                if inode != inodes[-1]:
                    inodes.append(inode)
                sizes.append(former.stat().st_size)
            except FileNotFoundError:
                pass
            return len(inodes) > 4
        rig.wait_for(rotated, "the file to be rotated four times")
        torrent.close()
        child.interrupt()
        self.assertEqual(child.finish().err, "")
        self.assertLessEqual(max(sizes), limit)
        self.assertLessEqual(self.file.stat().st_size, limit)
        old, new = self.samples(former), self.samples()
        self.assertFollow(old)
        self.assertFollow(new)
        self.assertEqual(old[-1]["monotonic_ns"], new[0]["monotonic_ns"])
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["file", "file.1"])


    def test_replay(self):
        """Both files, one after the other, are the newest windows of the live run."""
        listeners = [self.listener(backlog=9) for _ in range(100)]
        self.fill(listeners[0], 3)
        live = listenq.run("--json", "--count=30", "-d", "0.02", "--record-size=64K",
                           f"--record={self.file}").out.splitlines()
        both = (self.folder / "file.1").read_bytes() + self.file.read_bytes()
        self.file.write_bytes(both)
        replayed = listenq.run("--json", f"--replay={self.file}").out.splitlines()
        self.assertGreater(len(replayed), 3)
        self.assertEqual(replayed, live[-len(replayed):])


class Top(Case, screen.Case):
    def test_view(self):
        listener = self.sick()
        terminal = self.screen("-d", "0.2", f"--record={self.file}",
                               "--record-when=state >= high")
        terminal.see(screen.at(listener))
        self.wait_lines(4)
        # What keys change is in the samples: owners come, a filter leaves no listener out.
        terminal.keys("/")
        terminal.answer("sport = :1")
        self.wait_lines(self.count() + 2)
        # While it is paused, too.
        terminal.keys("Space")
        self.wait_lines(self.count() + 2)
        terminal.keys("q")
        self.assertEqual(terminal.ended(), 0)
        samples = self.samples()
        self.assertFollow(samples)
        for sample in samples:
            self.assertEqual([row["port"] for row in sample["netns"][0]["listeners"]],
                             [listener.port])

    def test_file_that_vanishes(self):
        """The screen says so, and is not written over."""
        terminal = self.screen("-d", "0.2", f"--record={self.file}", cols=160)
        self.wait_lines(3)
        self.assertNotIn("NOT RECORDED", terminal.text())
        shutil.rmtree(self.folder)
        terminal.see("cannot use")
        terminal.see("NOT RECORDED")
        # The message goes, and the title says it still.
        terminal.keys("Down")
        terminal.gone("cannot use")
        terminal.see("NOT RECORDED")
        self.folder.mkdir()
        terminal.see("is recorded to again")
        terminal.gone("NOT RECORDED")
        self.wait_lines(3)
        shutil.rmtree(self.folder)
        terminal.see("cannot use")
        terminal.keys("q")
        self.assertEqual(terminal.ended(), 1)
        terminal.see("listenq: cannot use")
        self.folder.mkdir()

    def test_failure_on_a_small_screen(self):
        """Its cause is not cut off, and no file is said to begin that does not."""
        terminal = self.screen("-d", "0.2", f"--record={self.file}", cols=80)
        self.wait_lines(3)
        shutil.rmtree(self.folder)
        terminal.wait("the cause", lambda lines: "No such file or directory" in
                      " ".join(line.strip() for line in lines[-2:]))
        self.assertNotIn("begins", terminal.text())
        terminal.keys("q")
        self.assertEqual(terminal.ended(), 1)
        self.folder.mkdir()

    def test_refused(self):
        terminal = self.screen(f"--record={self.folder}/no/file", start=False)
        terminal.begin()
        self.assertEqual(terminal.ended(), 1)
        terminal.see("its directory must be there")


if __name__ == "__main__":
    unittest.main()
