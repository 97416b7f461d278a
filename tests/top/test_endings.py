# SPDX-License-Identifier: GPL-2.0-or-later
"""However it ends, or stops, the terminal is as it was before."""
import os
import re
import resource
import signal
import termios

import listenq
import rig
import screen
import source

# What a shell says of a process that a signal ended.
BY_SIGNAL = 128

# All that end a process by default and can be caught: real-time signals among them.
DEADLY = sorted(signal.valid_signals() - {
    signal.SIGKILL, signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGCONT,
    signal.SIGCHLD, signal.SIGURG, signal.SIGWINCH})

# Programs that run at a time.
MANY = 10


def stopped_child(terminal):
    """The pid of the program once it is stopped, before: None."""
    found = [pid for pid in screen.children(terminal.shell_pid)
             if screen.comm(pid) == "listenq" and screen.state(pid) == "T"]
    return found[0] if found else None


class Endings(screen.Case):
    def setUp(self):
        super().setUp()
        self.ill = self.sick()

    def begin(self, *args):
        """On a terminal that has something on it already."""
        terminal = self.screen("-d", "0.2", "--mouse", *args, start=False)
        terminal.shell("echo was here before")
        terminal.wait("the echo", lambda lines: "was here before" in lines)
        self.tty = terminal.pane("pane_tty")
        self.before = self.settings()
        self.assertTrue(self.before[3] & termios.ECHO and self.before[3] & termios.ICANON)
        terminal.start()
        terminal.see(screen.at(self.ill))
        self.assertRuns(terminal)
        return terminal

    def settings(self):
        tty = os.open(self.tty, os.O_RDWR | os.O_NOCTTY)
        try:
            return termios.tcgetattr(tty)
        finally:
            os.close(tty)

    def assertRuns(self, terminal):
        """It has the terminal, so that there is something to give back."""
        self.assertEqual(terminal.pane("alternate_on"), "1")
        self.assertEqual(terminal.pane("mouse_any_flag"), "1")
        self.assertEqual(terminal.pane("keypad_cursor_flag"), "1")
        self.assertFalse(self.settings()[3] & (termios.ECHO | termios.ICANON))
        self.assertNotIn("was here before", terminal.text())

    def assertAsBefore(self, terminal):
        found = {name: terminal.pane(name) for name in (
            "cursor_flag", "alternate_on", "mouse_any_flag", "keypad_flag", "keypad_cursor_flag",
            "insert_flag", "origin_flag", "wrap_flag")}
        self.assertEqual(found, {
            "cursor_flag": "1", "alternate_on": "0", "mouse_any_flag": "0", "keypad_flag": "0",
            "keypad_cursor_flag": "0", "insert_flag": "0", "origin_flag": "0", "wrap_flag": "1"})
        self.assertEqual(self.settings(), self.before)
        self.assertIn("was here before", terminal.lines())
        self.assertNotIn("LIVE", terminal.text())
        # Whoever types is seen, and in plain letters.
        terminal.shell("echo still; stty -a")
        terminal.see("echo still; stty -a")
        lines = terminal.see("-noflsh")
        self.assertIn("still", lines)
        self.assertTrue({"echo", "icanon", "icrnl", "onlcr", "isig"} <=
                        set(re.findall(r"[-\w]+", " ".join(lines))), lines)
        self.assertEqual(re.findall(r"\033\[[1-9][\d;]*m", terminal.text(escapes=True)), [])

    def test_keys(self):
        for name in source.key("quit"):
            with self.subTest(key=name):
                terminal = self.begin()
                terminal.keys(name)
                self.assertEqual(terminal.ended(), 0)
                self.assertAsBefore(terminal)
                terminal.close()

    def test_interrupt(self):
        """^C is a way to quit."""
        terminal = self.begin()
        terminal.keys("C-c")
        self.assertEqual(terminal.ended(), 0)
        self.assertAsBefore(terminal)

    def killed(self, number, question=None):
        terminal = self.begin()
        if question:
            terminal.keys(question, "a")
            terminal.see(": a")
        os.kill(terminal.pid(), number)
        self.assertEqual(terminal.ended(), BY_SIGNAL + number)
        self.assertAsBefore(terminal)

    def test_terminated(self):
        self.killed(signal.SIGTERM)

    def test_terminated_with_a_question_open(self):
        self.killed(signal.SIGTERM, "/")

    def test_hung_up(self):
        self.killed(signal.SIGHUP)

    def test_crash(self):
        self.killed(signal.SIGSEGV)

    def test_quit(self):
        self.killed(signal.SIGQUIT)

    def send(self, group, terminal):
        os.kill(terminal.pid, signal.SIGSTOP)
        for number in group:
            os.kill(terminal.pid, number)
        os.kill(terminal.pid, signal.SIGCONT)

    def at_once(self, groups, endings, prefix=(), send=None):
        """A program for each group of signals, which come together; endings() says which statuses
        are right. The terminal is as before."""
        for first in range(0, len(groups), MANY):
            started = [(group, self.terminal("-d", "0.2", "--mouse", prefix=prefix))
                       for group in groups[first:first + MANY]]
            for group, terminal in started:
                terminal.await_output(rb"\033\[\?1049h.*LIVE")
                self.assertFalse(termios.tcgetattr(terminal.master)[3] & termios.ECHO)
                terminal.read()
                drawn = len(terminal.output)
                (send or self.send)(group, terminal)
                if not endings(group):
                    terminal.await_output(rb"cpu", drawn)
                    terminal.press(b"q")
                with self.subTest(signals=group):
                    self.assertIn(terminal.ended(), endings(group) or [0])
                    self.assertEqual(termios.tcgetattr(terminal.master), terminal.settings)
                    for told in rb"\?[\d;]*1000l", rb"\?1l\033>", rb"\?1049l":
                        self.assertRegex(terminal.output[drawn:], rb"\033\[" + told)
                    # Nothing is drawn behind the end.
                    self.assertRegex(terminal.output,
                                     rb"\033\[\?1049l(\033\[[\d;]*t|\033\[\?1l\033>|\s)*\Z")

    def test_every_signal(self):
        """It dies of that very signal; of an interrupt it ends as with any key that quits."""
        self.at_once([(number,) for number in DEADLY],
                     lambda group: [0 if group == (signal.SIGINT,) else -group[0]])

    def test_two_signals(self):
        pairs = [(signal.SIGUSR1, signal.SIGTERM), (signal.SIGTERM, signal.SIGALRM),
                 (signal.SIGQUIT, signal.SIGSEGV), (signal.SIGXCPU, signal.SIGHUP),
                 (signal.SIGSYS, signal.SIGTRAP), (signal.SIGRTMIN, signal.SIGRTMAX),
                 (signal.SIGALRM, signal.SIGPROF), (signal.SIGHUP, signal.SIGTERM)]
        self.at_once(pairs, lambda group: [-number for number in group])

    def test_crash_of_the_sampler(self):
        """The other thread draws nothing any more."""
        def crash(group, terminal):
            thread, = {int(name) for name in os.listdir(f"/proc/{terminal.pid}/task")
                       } - {terminal.pid}
            for number in group:
                rig.checked(rig.LIBC.tgkill(terminal.pid, thread, number))
        crashes = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGSYS, signal.SIGTRAP)
        self.at_once([(number,) for number in crashes], lambda group: [-group[0]], send=crash)

    def test_all_ignored(self):
        # A sanitizer has handlers for these before main() begins.
        crashes = (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT,
                   signal.SIGTRAP) if listenq.sanitized() else ()
        ignored = [number for number in DEADLY if number not in crashes]
        words = " ".join(str(int(number)) for number in ignored)
        self.at_once([ignored], lambda group: [],
                     prefix=("sh", "-c", f"trap '' {words}; exec \"$@\"", "sh"))

    # A sanitizer needs more address space than any limit leaves, and says so itself.
    if not listenq.sanitized():
        def test_out_of_memory(self):
            terminal = self.begin()
            resource.prlimit(terminal.pid(), resource.RLIMIT_AS, (1 << 20, 1 << 20))
            for _ in range(8000):
                self.listener()
            self.assertEqual(terminal.ended(20), 1)
            self.assertAsBefore(terminal)
            self.assertIn("listenq: cannot allocate memory", terminal.lines())

    def test_quit_key(self):
        """^\\ makes a core and ends it, as with any program."""
        terminal = self.begin()
        terminal.keys("C-\\")
        self.assertEqual(terminal.ended(), BY_SIGNAL + signal.SIGQUIT)
        self.assertAsBefore(terminal)

    def test_stopped_and_continued(self):
        terminal = self.begin()
        pid = terminal.pid()
        for _ in range(2):
            terminal.keys("C-z")
            terminal.see("Stopped")
            rig.wait_for(lambda: screen.state(pid) == "T", "it to stop")
            self.assertAsBefore(terminal)
            # Meanwhile the terminal has another size, and other things on it.
            terminal.shell("clear; echo was here before")
            terminal.wait("the echo", lambda lines: lines[0] == "was here before")
            terminal.resize(*((100, 30) if terminal.cols == 80 else (80, 24)))
            terminal.shell("fg; echo again=$?")
            terminal.settle(lambda lines: self.assertTrue(
                lines[0].endswith("LIVE") and len(lines[0]) == terminal.cols - 1, lines[0]))
            self.assertRuns(terminal)
            rows = terminal.list()
            self.assertEqual((rows[0].mark, rows[0].address), ("!", screen.at(self.ill)))
            terminal.keys("?")
            terminal.see("listenq: keys")
            terminal.keys("Escape")
            terminal.see("LIVE")
        terminal.keys("q")
        terminal.see("again=0")
        self.assertAsBefore(terminal)

    def test_stopped_by_a_signal(self):
        """From outside, and it goes on in the same way."""
        terminal = self.begin()
        pid = terminal.pid()
        os.kill(pid, signal.SIGTSTP)
        terminal.see("Stopped")
        self.assertAsBefore(terminal)
        terminal.shell("fg; echo again=$?")
        terminal.see("LIVE")
        self.assertRuns(terminal)
        os.kill(pid, signal.SIGTERM)
        terminal.see(f"again={BY_SIGNAL + signal.SIGTERM}")
        self.assertAsBefore(terminal)

    def end_stopped(self, pid):
        """As the kill of a shell with jobs does it."""
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGCONT)
        rig.wait_for(lambda: screen.state(pid) in (None, "Z"),
                     "it to end")

    def test_ended_while_stopped(self):
        """Somebody else has the terminal by then, who would only stop it again."""
        terminal = self.begin()
        pid = terminal.pid()
        terminal.keys("C-z")
        terminal.see("Stopped")
        self.end_stopped(pid)
        self.assertAsBefore(terminal)

    def test_ended_in_the_background(self):
        """It waits for the terminal as any program does, and can be ended meanwhile."""
        terminal = self.screen("-d", "0.2", start=False)
        terminal.shell(f"{terminal.command} &")
        pid = rig.wait_for(lambda: stopped_child(terminal), "it to stop")
        self.end_stopped(pid)
        self.assertEqual(terminal.pane("alternate_on"), "0")

    def test_terminal_that_vanishes(self):
        """Nothing is left behind to burn a CPU."""
        terminal = self.begin()
        pid = terminal.pid()
        terminal.tmux("kill-server")
        rig.wait_for(lambda: screen.state(pid) in (None, "Z"),
                     "the end of the program")

    def test_ignored_signals(self):
        """nohup means it, and so does a shell that starts it in the background."""
        terminal = self.screen(command="trap '' HUP INT; ./listenq --top -d 0.2")
        terminal.see(screen.at(self.ill))
        os.kill(terminal.pid(), signal.SIGHUP)
        terminal.keys("C-c")
        terminal.keys("?")
        terminal.see("listenq: keys")
        terminal.keys("Escape", "q")
        self.assertEqual(terminal.ended(), 0)
