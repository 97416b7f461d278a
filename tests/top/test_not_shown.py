# SPDX-License-Identifier: GPL-2.0-or-later
"""The verdict of the view does not say that all is well where it does not look."""
import socket

import netns
import screen


class NotShown(screen.Case):
    def verdict(self, terminal, pattern):
        return terminal.settle(lambda lines: self.assertRegex(lines[1], pattern))

    def test_unix(self):
        self.listener()
        server = self.own(socket.socket(socket.AF_UNIX))
        server.bind("")
        server.listen(1)
        terminal = self.screen("-d", "0.2", cols=160)
        self.verdict(terminal, "the TCP listener here is well")
        for _ in range(2):
            self.own(socket.socket(socket.AF_UNIX)).connect(server.getsockname())
        self.verdict(terminal, r"^! not looked at: 1 UNIX listener is full \(-x shows it\)")
        self.own(server.accept()[0])
        # Others on this machine may overflow meanwhile, in namespaces of theirs.
        self.verdict(terminal, "^(?!.*UNIX).*the TCP listener here is well")

    def test_shown(self):
        """With -x it is the row that is sick."""
        server = self.own(socket.socket(socket.AF_UNIX))
        server.bind("")
        server.listen(1)
        for _ in range(2):
            self.own(socket.socket(socket.AF_UNIX)).connect(server.getsockname())
        self.verdict(self.screen("-x", "-d", "0.2", cols=160), "^! 1 full: ")

    def test_namespace(self):
        self.listener()
        other = self.own(netns.Inhabited())
        with other:
            listener = self.listener(backlog=1)
            self.fill(listener, 1)
        terminal = self.screen("-d", "60", cols=160)
        self.verdict(terminal, "the TCP listener here is well")
        with netns.Other(f"/proc/{other.pid}/ns/net"):
            self.overflow(listener, 3)
        terminal.keys("Space")
        self.verdict(terminal,
                     r"^! not looked at: \d+ other namespaces? overflows? \(-A shows (it|them)\)")
