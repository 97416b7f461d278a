# SPDX-License-Identifier: GPL-2.0-or-later
"""The title of the view does not say that all is well where it does not look."""
import socket

import netns
import screen

WELL = r"the( 1)? TCP listener here is well|\b1 ok\b"


class NotShown(screen.Case):
    def title(self, terminal, pattern):
        return terminal.settle(lambda lines: self.assertRegex(lines[0], pattern))

    def test_unix(self):
        self.listener()
        server = self.own(socket.socket(socket.AF_UNIX))
        server.bind("")
        server.listen(1)
        terminal = self.screen("-d", "0.2", cols=160)
        self.title(terminal, WELL)
        for _ in range(2):
            self.own(socket.socket(socket.AF_UNIX)).connect(server.getsockname())
        # A sick one is shown by itself, until somebody does not want to see it.
        self.title(terminal, r"\b1 full\b")
        terminal.keys("x")
        self.title(terminal, r"\b1 UNIX\b.*\bfull\b.*\bx\b")
        self.own(server.accept()[0])
        # Others on this machine may overflow meanwhile, in namespaces of theirs.
        self.title(terminal, f"^(?!.*UNIX).*{WELL}")

    def test_shown(self):
        """With -x it is the row that is sick."""
        server = self.own(socket.socket(socket.AF_UNIX))
        server.bind("")
        server.listen(1)
        for _ in range(2):
            self.own(socket.socket(socket.AF_UNIX)).connect(server.getsockname())
        self.title(self.screen("-x", "-d", "0.2", cols=160), r"\b1 full\b(?!.*UNIX)")

    def test_namespace(self):
        self.listener()
        other = self.own(netns.Inhabited())
        with other:
            listener = self.listener(backlog=1)
            self.fill(listener, 1)
        terminal = self.screen("-d", "60", cols=160)
        terminal.keys("Space")  # there is no window before
        self.title(terminal, WELL)
        with netns.Other(f"/proc/{other.pid}/ns/net"):
            self.overflow(listener, 3)
        terminal.keys("Space")
        self.title(terminal,
                     r"\d+ (other )?(netns|namespaces?)\b.*\boverflow.*-A\b")
