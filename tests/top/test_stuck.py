# SPDX-License-Identifier: GPL-2.0-or-later
"""A terminal that takes nothing: nobody reads it, or ^S has stopped it."""
import contextlib
import os
import pathlib
import re
import signal
import tempfile
import time

import rig
import screen

STOP, START = b"\x13", b"\x11"


def waits(task):
    """How often a thread has begun to wait."""
    return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)",
                         (task / "status").read_text(encoding="ascii"), re.MULTILINE)[1])


class Stuck(screen.Case):
    def begin(self, *args, **kwargs):
        found = self.terminal("-d", "0.1", "--peak-rate=0", *args, **kwargs)
        found.await_output(rb"127\.0\.0\.1")
        return found

    def tasks(self, found):
        """The thread that has the terminal, and the one that samples."""
        first, second = sorted(pathlib.Path(f"/proc/{found.pid}/task").iterdir(),
                               key=lambda path: int(path.name))
        return first, second

    def await_stuck(self, found):
        """Six windows end, and the thread of the terminal waits for something else."""
        task = self.tasks(found)[0]

        def stuck():
            before = waits(task)
            time.sleep(0.6)
            return waits(task) == before
        rig.wait_for(stuck, "the terminal to be stuck")

    def stop(self, found):
        found.press(STOP)
        self.await_stuck(found)

    def sample(self, found, count=10):
        """Let so many samples be taken: the thread waits at least once for each."""
        task = self.tasks(found)[1]
        before = waits(task)
        rig.wait_for(lambda: waits(task) > before + 2 * count, "samples")

    def test_sampling_goes_on(self):
        """A listener that came and went meanwhile was seen, and nothing kept its window open."""
        self.listener()
        found = self.begin(rows=24, cols=100)
        self.stop(found)
        with contextlib.closing(rig.Listener("127.0.0.9", 8099, backlog=2)) as listener:
            self.fill(listener, 2)  # one that was well and lived so shortly is no event
            self.sample(found)
        self.sample(found)
        found.press(START)
        found.await_output(rb"127.0.0.9:8099")
        found.press(b"e")
        found.await_output(rb"8099.*8099")

    def end(self, found, number):
        os.kill(found.pid, number)
        rig.wait_for(lambda: found.process.poll() is not None, "the end of the program", 5)
        self.assertEqual(found.process.returncode, -number)

    def test_ended_while_stopped(self):
        self.listener()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            with self.subTest(signal=number.name):
                found = self.begin()
                self.stop(found)
                self.end(found, number)

    def test_recorded_while_stopped(self):
        """A signal does not lose what waited for the screen."""
        def count():
            return file.read_text(encoding="ascii").count('"monotonic_ns"')
        self.listener()
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "file"
            found = self.begin(f"--record={file}")
            self.stop(found)
            before = count()
            self.sample(found)
            self.assertLessEqual(count(), before + 1)
            self.end(found, signal.SIGHUP)
            self.assertGreater(count(), before + 5)

    def test_recorder_speaks_while_stopped(self):
        """Nobody saw what it said: it is said when the terminal is given back."""
        self.listener()
        with tempfile.TemporaryDirectory() as folder:
            file, said = pathlib.Path(folder) / "file", pathlib.Path(folder) / "said"
            found = self.begin(f"--record={file}",
                               prefix=("sh", "-c", f'exec "$@" 2>{said}', "sh"))
            self.stop(found)
            file.unlink()
            self.sample(found)
            self.end(found, signal.SIGTERM)
            self.assertEqual(said.read_text(encoding="ascii"),
                             f"listenq: {file} was removed or renamed; a new one begins\n")

    def test_recorder_fails_while_stopped(self):
        """It says so once, and nowhere if the terminal would keep it for that."""
        self.listener()
        for prefix in True, False:
            with self.subTest(to_a_file=prefix), tempfile.TemporaryDirectory() as folder:
                file, said = pathlib.Path(folder) / "no" / "file", pathlib.Path(folder) / "said"
                file.parent.mkdir()
                found = self.begin(f"--record={file}", prefix=(
                    "sh", "-c", f'exec "$@" 2>{said}', "sh") if prefix else ())
                self.stop(found)
                file.unlink()
                file.parent.rmdir()
                self.sample(found)
                self.end(found, signal.SIGTERM)
                if prefix:
                    self.assertEqual(said.read_text(encoding="ascii").count("cannot use"), 1)

    def test_ended_unread(self):
        self.listener()
        found = self.begin(rows=60, cols=200)
        for _ in range(30):  # it draws all anew each time, until there is no room for more
            found.press(b"\x0c")
            time.sleep(0.02)
        self.await_stuck(found)
        self.end(found, signal.SIGTERM)
