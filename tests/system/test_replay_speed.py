# SPDX-License-Identifier: GPL-2.0-or-later
# runs-alone
"""How long it takes to read a recording."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import listenq
import rig


class Speed(rig.Case):
    def test_small_day(self):
        """The goals of make bench, which has a gigabyte."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="listenq-speed-"))
        self.addCleanup(shutil.rmtree, folder)
        for port in range(50):
            self.listener("127.0.0.1", 9000 + port)
        listenq.run("--watch", "--json", "-d", "0.05", "--count=3", f"--record={folder}/file")
        program = pathlib.Path(listenq.program()).parent.parent / "tests/bench/recording"
        done = subprocess.run([program, folder / "file", "86400", "40"], stdout=subprocess.PIPE,
                              text=True, timeout=listenq.TIMEOUT)
        self.assertIn(" samples of 50 listeners, ", done.stdout)
        if not listenq.sanitized():
            self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
