# SPDX-License-Identifier: GPL-2.0-or-later
"""Names that others chose, and what is typed, move no cursor and ring no bell."""
import os
import pathlib
import re
import socket
import unicodedata

import netns
import screen

# What curses itself says to a terminal: letters and colours, the cursor, scrolling, modes.
CONTROL = re.compile(rb"\033\[[\d;]*[ABCDGHJKLMPSTXZ@bdfhlmr]|\033\[\?[\d;]*[hl]|\033(?:\(B|\)0)"
                     rb"|\033[=>78M]|[\r\n\b\017]")

# What does something to a terminal, looks as if it did, or is no UTF-8; and how it is shown.
FOUL = {b"\033[6n": r"\x1b[6n", "\u009b5n".encode(): r"\x9b5n", b"\xff\xc3": r"\xff\xc3",
        "\u202e".encode(): r"\u{202e}", b"\x0e\x07\x7f": r"\x0e\x07\x7f"}


class Untrusted(screen.Case):
    def begin(self, *args, **kwargs):
        view = self.screen("-d", "0.2", *args, start=False, rows=40, cols=250, **kwargs)
        view.record()
        return view.start()

    def host(self, name):
        self.addCleanup(netns.hostname, os.fsencode(socket.gethostname()))
        netns.hostname(name)

    def end(self, view):
        view.keys("q")
        self.assertEqual(view.ended(), 0)
        self.assertClean(view.recorded())
        view.close()

    def assertClean(self, output):
        """Nothing but curses and letters."""
        self.assertIn(b"listenq", output)
        for line in set(CONTROL.sub(b"\n", output).split(b"\n")):
            text = line.decode()  # UTF-8, or this fails
            self.assertEqual([c for c in text if unicodedata.category(c)[0] == "C"], [], line)

    def test_nothing_else_is_recorded(self):
        """What this test looks for would be found."""
        for foul in FOUL:
            with self.assertRaises((AssertionError, UnicodeDecodeError)):
                self.assertClean(b"listenq \033[1m" + foul)

    def test_host_name(self):
        self.listener()
        for foul, shown in FOUL.items():
            with self.subTest(name=foul):
                self.host(b"h" + foul + b"t")
                view = self.begin()
                self.assertTrue(view.lines()[0].startswith(f" listenq h{shown}t  "),
                                view.lines()[0])
                self.end(view)

    def test_host_name_in_ascii(self):
        self.host("bür".encode() + b"\033[6n" + "漢".encode())
        self.listener()
        for args, locale in (["--ascii"], "C.UTF-8"), ([], "C"):
            view = self.begin(*args, locale=locale)
            self.assertRegex(view.lines()[0], r"^ listenq b\\[ucxf{}0-9\\]+r\\x1b\[6n\\\S+  ")
            self.assertTrue(view.text().isascii())
            self.end(view)

    def test_file_of_that_name(self):
        """The name that is offered has it too."""
        self.host(b"a/b\033[6n")
        self.listener()
        view = self.begin()
        view.keys("w")
        view.see(r"Save JSON (incident as .md) to: listenq-a_b\x1b[6n-2")
        view.keys("Enter")
        view.see(r"Written to listenq-a_b\x1b[6n-2")
        self.end(view)

    def test_interface_names(self):
        for number, (foul, shown) in enumerate(FOUL.items()):
            with self.subTest(name=foul):
                name = b"i%d" % number + foul
                netns.device(name)
                listener = self.listener("0.0.0.0", device=name, backlog=2)
                view = self.begin("-o", "severity,local,interface,reasons")
                # In the list, the hint and the detail.
                shown = f"i{number}{shown}"
                lines = view.lines()
                self.assertTrue(any(re.match(
                    rf"\. +0\.0\.0\.0%{re.escape(shown)}:{listener.port} +{re.escape(shown)} ",
                    line) for line in lines), lines)
                view.see(f"── 0.0.0.0%{shown}:{listener.port} ")
                view.keys("Enter")
                view.wait("the field", lambda lines: re.search(
                    rf"\binterface +{re.escape(shown)}( |$)", "\n".join(lines), re.MULTILINE))
                view.keys("Escape")
                view.see("F10Quit")
                self.end(view)
                listener.close()

    def test_process_names(self):
        """One that calls itself as we call nobody."""
        before = pathlib.Path("/proc/self/comm").read_bytes()
        self.addCleanup(pathlib.Path("/proc/self/comm").write_bytes, before)
        pathlib.Path("/proc/self/comm").write_bytes(b"(none)")
        listener = self.listener()
        view = self.begin()
        view.settle(lambda lines: self.assertTrue(
            any(re.match(rf"\. .*:{listener.port} +\"\(none\)\"\[\d+\] ", line) for line in lines),
            lines))
        self.end(view)

    def test_paths(self):
        """Of UNIX listeners: anybody may take any name in the abstract namespace."""
        for foul, shown in FOUL.items():
            with self.subTest(path=foul):
                with socket.socket(socket.AF_UNIX) as sock:
                    sock.bind(b"\0n" + foul + b"e")
                    sock.listen()
                    view = self.begin("-x")
                    self.assertTrue(any(re.match(rf"\. +ok +@n{re.escape(shown)}e ", line)
                                        for line in view.lines()), view.text())
                    self.end(view)

    def test_what_is_typed(self):
        """Also pasted: an escape ends a question, and the rest are keys like any others."""
        self.listener()
        view = self.begin()
        for key, answer in (("/", "Not found."), ("\\", "is not a field"), ("w", "Written to ")):
            view.keys(key)
            view.see(": ")
            view.keys("C-u")
            view.keys("-H", *(f"{byte:x}" for byte in b"a\xc2\x9b5n\xff\xc3\xe2\x80\xae\x07\x0ez"))
            view.see(r": a\x9b5n\xff\xc3\u{202e}z")
            view.keys("Enter")
            view.see(answer)
            view.keys("Escape")
            view.gone(answer)
        view.keys("/")
        view.see("Find:")
        view.type("ab\033[6n")
        view.gone("Find: ")
        self.end(view)

    def test_letters_of_all_kinds(self):
        """They are typed, shown and erased one by one."""
        self.listener()
        view = self.screen("-d", "0.2")
        view.keys("/")
        view.type("aü€漢")
        view.settle(lambda lines: self.assertEqual(lines[-1], "Find: aü€漢"))
        view.keys("BSpace", "BSpace")
        view.settle(lambda lines: self.assertEqual(lines[-1], "Find: aü"))
        # Of more than there is room for one sees the end.
        view.type(200 * "x" + "end")
        view.settle(lambda lines: self.assertRegex(lines[-1], "^Find: x+end$"))
        view.keys("C-u")
        view.settle(lambda lines: self.assertEqual(lines[-1], "Find:"))
