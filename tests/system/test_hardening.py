# SPDX-License-Identifier: GPL-2.0-or-later
"""The program is hardened as configure says by default."""
import pathlib
import re
import subprocess
import unittest

import listenq


def readelf(*args):
    return subprocess.run(["readelf", "--wide", *args, listenq.PROGRAM], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


class Hardening(unittest.TestCase):
    def setUp(self):
        status = pathlib.Path(listenq.PROGRAM).resolve().parent.parent / "config.status"
        if status.exists() and b"--disable-hardening" in subprocess.check_output(
                [status, "--config"]):
            self.skipTest("configured with --disable-hardening")
        self.imports = set(re.findall(r" UND (\w+)", readelf("--dyn-syms")))

    def test_is_position_independent(self):
        self.assertRegex(readelf("--file-header"), r"Type: +DYN ")
        self.assertRegex(readelf("--dynamic"), r"\(FLAGS_1\).*\bPIE\b")

    def test_what_relocation_wrote_is_read_only(self):
        self.assertRegex(readelf("--program-headers"), r"\bGNU_RELRO\b")
        self.assertRegex(readelf("--dynamic"), r"\(FLAGS\).*\bBIND_NOW\b|\(FLAGS_1\).*\bNOW\b")

    def test_stack_is_not_executable(self):
        self.assertRegex(readelf("--program-headers"), r"GNU_STACK .* RW +0x")

    def test_stack_is_protected(self):
        self.assertTrue("__stack_chk_fail" in self.imports)

    def test_libc_checks_sizes(self):
        # Not beside the sanitizers, which miss what the checking functions do.
        checking = [name for name in self.imports if re.fullmatch(r"__\w+_chk", name)]
        self.assertEqual(bool(checking), not listenq.sanitized(), checking)


if __name__ == "__main__":
    unittest.main()
