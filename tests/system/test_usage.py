# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong command lines: exit 2, one line that says what, one that points to help."""
import re
import unittest

import listenq

WRONG = [
    ["--nonsense"], ["-Z"], ["-o", "nonsense"], ["-o", "length,nonsense"],
    ["-o", "+nonsense"], ["-o", ""], ["-s", "nonsense"], ["-s", "-nonsense"],
    ["-s", ""], ["-d", "-1"], ["-d", "x"], ["-d", "0.0001"], ["-d", ""], ["-d", "1x"],
    ["-d", "nan"], ["-d", "inf"], ["-d", "1e99"], ["-d", "0x10"],
    ["--peak-rate=-1"], ["--peak-rate=x"], ["--peak-rate=1e12"],
    ["--count=-1"], ["--count=x"], ["--count=99999999999999999999"],
    ["--color=purple"], ["--width=-1"], ["--width=x"], ["--full=-1"],
    ["--full=x"], ["--full="], ["-d"], ["-o"], ["-s"], ["--count"],
    ["--output-file"], ["nonsense ("], ["--json=1"], ["--watch=1"],
]


class Usage(unittest.TestCase):
    def test_wrong(self):
        for args in WRONG:
            with self.subTest(args=args):
                result = listenq.run(*args, code=2, timeout=20)
                lines = result.err.splitlines()
                self.assertEqual(len(lines), 2, result.err)
                self.assertTrue(lines[0].startswith("listenq: "), lines[0])
                self.assertIn("--help", lines[1])
                self.assertEqual(result.out, "")

    def test_says_what(self):
        for args, word in ((["-o", "length,nonsense"], "nonsense"),
                           (["-s", "-nonsense"], "nonsense"),
                           (["-d", "1x"], "1x"), (["--color=purple"], "purple")):
            self.assertIn(word, listenq.run(*args, code=2).err.splitlines()[0])

    def test_escapes_in_messages(self):
        result = listenq.run("-o", "\x1b[31mred\n", code=2)
        self.assertNotIn("\x1b", result.err)
        self.assertEqual(len(result.err.splitlines()), 2)

    def test_help_and_version(self):
        for option in "-h", "--help":
            result = listenq.run(option)
            self.assertEqual(result.err, "")
            for word in ("--json", "--watch", "--count", "--delay", "--peak-rate",
                         "--output", "--sort", "--full", "--strict", "--width",
                         "--output-file", "--color", "--ascii", "--resolve"):
                self.assertIn(word, result.out)
            self.assertLessEqual(max(map(len, result.out.splitlines())), 100)
        for option in "-V", "--version":
            self.assertRegex(listenq.run(option).out, r"^listenq \S*\d+\.\d+")

    def test_help_names_what_getopt_knows(self):
        found = re.findall(r"--([a-z][a-z0-9-]+)(\[?=)?", listenq.run("--help").out)
        # Where help speaks of an option it may leave out the argument.
        for name, argument in sorted(dict(sorted(found)).items()):
            args = ["--" + name + ("=" if argument == "=" else "")]
            result = listenq.run(*args, "--no-such-option", code=None)
            self.assertEqual(result.code, {"help": 0, "version": 0, "check": 3}.get(name, 2))
            self.assertNotIn(f"unknown option '--{name}", result.err + result.out)
            if argument == "=":
                listenq.run("--" + name, code=2)
