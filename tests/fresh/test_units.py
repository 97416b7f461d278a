# SPDX-License-Identifier: GPL-2.0-or-later
"""
The systemd units as installed: what their sandbox lets through, how they run and fail, and what
an upgrade and the removal of the package do to them.
"""
import itertools
import json
import pathlib
import re
import unittest

import machine
import rig

NAME = "prometheus-node-exporter-listenq"
TIMER, SERVICE, WATCH = f"{NAME}.timer", f"{NAME}.service", f"{NAME}-watch.service"
OUTPUT = "/var/lib/prometheus/node-exporter"
FILE = f"{OUTPUT}/listenq.prom"
RECORD = "listenq-record.service"
FLIGHT = "/var/lib/listenq/flight.ndjson"

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Holds listeners: "tcp:PORT", or "full:PORT" whose accept queue is full. A path is that of a
# network namespace to enter first.
SERVE = """
import ctypes, os, socket, sys, time
held = []
for word in sys.argv[1:]:
    kind, _, port = word.partition(":")
    if word.startswith("/"):
        assert ctypes.CDLL(None).setns(os.open(word, os.O_RDONLY), 0x40000000) == 0
        continue
    held.append(socket.create_server(("127.0.0.1", int(port)), backlog=1))
    for _ in range(2 if kind == "full" else 0):
        held.append(socket.create_connection(("127.0.0.1", int(port))))
os.system("systemd-notify --ready")
time.sleep(10000)
"""
# Where network namespaces may be mounted by those who use them.
PLACES = ["/run/netns/blue", "/run/docker/netns/1", "/run/user/1000/netns/cni", "/home/joe/ns",
          "/root/ns", "/tmp/ns", "/var/tmp/ns"]
# Sums, which only a run with a memory has; and values that are other ones in each run.
SUMS = re.compile(r"listenq_\w+_(min|max)_total|listenq_unattributed_overflows_total")
VARYING = re.compile(r"listenq_(collect_duration|window|oldest_wait)_seconds|listenq_netstat_total|"
                     r"listenq_drops_total")


def samples(text):
    """{series: value}, None where it varies."""
    pairs = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {series: None if VARYING.match(series) else value for series, value in pairs
            if not SUMS.match(series)}


class Case(unittest.TestCase):
    def setUp(self):
        self.machine = machine.fresh()
        self.do = self.machine.run
        self.addCleanup(self.tidy)

    def tidy(self):
        for unit in TIMER, SERVICE, WATCH, RECORD:
            self.do("systemctl", "disable", "--now", unit, check=False)
            self.do("systemctl", "revert", unit)
            self.do("systemctl", "reset-failed", unit, check=False)
        self.do("sh", "-c", f"mkdir -p {OUTPUT} && rm -f {OUTPUT}/* {OUTPUT}/.listenq*")

    def override(self, unit, *settings):
        """As `systemctl edit` does; revert takes it back."""
        place = self.machine.path(f"/etc/systemd/system/{unit}.d")
        place.mkdir(parents=True, exist_ok=True)
        (place / "override.conf").write_text("\n".join([*settings, ""]))
        self.do("systemctl", "daemon-reload")

    def show(self, unit, name):
        return self.do("systemctl", "show", "-P", name, unit).stdout.strip()

    def journal(self, unit):
        """What it and the manager said since this was called last; nothing is exit status 1."""
        lines = self.do("journalctl", "-q", "-o", "cat", "-u", unit,
                        f"--cursor-file=/run/{self.id()}", check=False).stdout.splitlines()
        return [line for line in lines if "outside of this container" not in line]

    def fetch(self, url):
        return self.do("python3", "-c", "import sys, urllib.request as u; sys.stdout.write("
                       "u.urlopen(sys.argv[1], timeout=5).read().decode())", url).stdout

    def file(self):
        return self.machine.path(FILE).read_text()

    def written(self):
        """What tells one file from the one that replaced it."""
        path = self.machine.path(FILE)
        return path.exists() and (path.stat().st_ino, path.stat().st_mtime_ns)


class Sandbox(Case):
    """A setting that hid something would make a report of less, which nobody would notice."""

    @classmethod
    def setUpClass(cls):
        do = machine.fresh().run
        machine.fresh().path("/usr/local/bin/serve.py").write_text(SERVE)
        for number, place in enumerate(PLACES):
            do("sh", "-ec", f"mkdir -p {place.rpartition('/')[0]} && touch {place} && "
               f"unshare -n sh -ec 'ip link set lo up; mount --bind /proc/$$/ns/net {place}'")
            # Held from another namespace: no process lives in this one.
            cls.serve(f"held{number}", "root", place, f"full:{7000 + number}", "/proc/1/ns/net")
        cls.serve("root", "root", "full:7100")
        cls.serve("other", "nobody", "tcp:7101")
        cls.serve("dynamic", "nobody", "full:7102", settings=["-p", "DynamicUser=yes"])
        cls.serve("private", "nobody", "full:7103",
                  settings=["-p", "PrivateNetwork=yes", "-p", "PrivateUsers=yes"])
        do("systemd-run", "--unit=user", "-p", "Type=notify", "-p", "NotifyAccess=all", "-p",
           "User=nobody", "unshare", "-Urn", "sh", "-c",
           "ip link set lo up; exec python3 /usr/local/bin/serve.py full:7104")

    @classmethod
    def serve(cls, name, user, *words, settings=()):
        machine.fresh().run("systemd-run", f"--unit={name}", "-p", "Type=notify", "-p",
                            "NotifyAccess=all", "-p", f"User={user}", *settings, "python3",
                            "/usr/local/bin/serve.py", *words)

    @classmethod
    def tearDownClass(cls):
        do = machine.fresh().run
        do("systemctl", "stop", "root", "other", "dynamic", "private", "user",
           *(f"held{number}" for number in range(len(PLACES))))
        do("umount", *PLACES)

    def command(self, unit):
        """As in the unit, but for a short window that begins with the run."""
        words = re.search(r"argv\[\]=(.*?) ;", self.show(unit, "ExecStart"))[1].split()
        words = [word for word in words if word != "$ARGS" and not word.startswith("--baseline=")]
        return " ".join([*words, "--unix", "-d", "0.5"])

    def sandboxed(self, unit, *settings):
        self.override(unit, "[Service]", "ExecStart=", f"ExecStart={self.command(unit)}", *settings)
        self.do("systemctl", "start", unit)
        rig.wait_for(self.written, f"{FILE} to be written", period=0.05)
        text = self.file()
        self.do("systemctl", "stop", unit)
        self.machine.path(FILE).unlink()
        self.do("systemctl", "revert", unit)
        return samples(text)

    def free(self):
        self.do(*self.command(SERVICE).split())
        return samples(self.file())

    def test_nothing_is_hidden(self):
        free = self.free()
        for number in range(len(PLACES)):
            self.assertTrue(any(f'port="{7000 + number}"' in series for series in free))
        for comm in "python3", "prometheus":
            self.assertTrue(any(f'comm="{comm}"' in series for series in free))
        for unit in SERVICE, WATCH:
            with self.subTest(unit):
                self.assertEqual(self.sandboxed(unit), free)

    def test_each_capability_is_needed(self):
        free = self.free()
        all_ = self.show(SERVICE, "CapabilityBoundingSet").split()
        self.assertEqual(len(all_), 3)
        for name in all_:
            rest = " ".join(set(all_) - {name})
            with self.subTest(name):
                less = self.sandboxed(SERVICE, "CapabilityBoundingSet=",
                                      f"CapabilityBoundingSet={rest}")
                self.assertTrue(free.keys() - less.keys())

    def test_exposure(self):
        for unit in SERVICE, WATCH, RECORD:
            self.do("systemd-analyze", "security", "--threshold=24", unit)


class Units(Case):
    def test_as_installed(self):
        for unit in TIMER, WATCH, RECORD:
            self.assertEqual(self.do("systemctl", "is-enabled", unit, check=False).stdout.strip(),
                             "disabled")
            self.assertEqual(self.show(unit, "ActiveState"), "inactive")
        for units in itertools.permutations((TIMER, SERVICE, WATCH, RECORD)):
            result = self.do("systemd-analyze", "--man=no", "verify", *units)
            self.assertEqual(result.stdout + result.stderr, "")

    def test_node_exporter_reads_the_file(self):
        self.do("systemctl", "start", SERVICE)
        metrics = self.fetch("http://127.0.0.1:9100/metrics")
        self.assertIn("node_textfile_scrape_error 0\n", metrics)
        self.assertIn(f'node_textfile_mtime_seconds{{file="{FILE}"}}', metrics)
        self.assertIn("\nlistenq_build_info{", metrics)
        # Nobody else writes there, and nothing of a run stays.
        self.assertEqual([path.name for path in self.machine.path(OUTPUT).iterdir()],
                         ["listenq.prom"])

    def test_timer_runs_again_and_again_and_says_nothing(self):
        self.override(TIMER, "[Timer]", "OnUnitActiveSec=1s", "AccuracySec=1ms")
        self.journal(SERVICE)
        self.do("systemctl", "enable", "--now", TIMER)
        for _ in range(3):
            before = self.written()
            rig.wait_for(lambda: self.written() not in (False, before), "the timer", period=0.05)
        self.assertEqual(self.journal(SERVICE), [])

    def test_interval(self):
        self.do("systemctl", "start", TIMER)
        rig.wait_for(self.written, "the first run to begin at once", period=0.05)
        rig.wait_for(lambda: self.show(SERVICE, "ActiveState") == "inactive", "it to end")
        text = self.show(TIMER, "TimersMonotonic")
        self.assertIn("OnUnitActiveUSec=30s", text)

    def test_two_writers_exclude_each_other(self):
        self.do("systemctl", "start", TIMER)
        self.do("systemctl", "start", WATCH)
        self.assertEqual(self.show(TIMER, "ActiveState"), "inactive")
        self.assertEqual(self.show(SERVICE, "ActiveState"), "inactive")
        self.do("systemctl", "start", TIMER)
        self.assertEqual(self.show(WATCH, "ActiveState"), "inactive")
        self.assertEqual(self.show(WATCH, "Result"), "success")

    def test_watch_is_started_again(self):
        self.override(WATCH, "[Service]", "RestartSec=0", 'Environment="ARGS=-d 0.5"')
        self.do("systemctl", "start", WATCH)
        rig.wait_for(self.written, "the first report", period=0.05)
        # More often than systemd's default would bear.
        for _ in range(7):
            before = self.show(WATCH, "MainPID")
            self.do("systemctl", "kill", "-s", "KILL", WATCH)
            rig.wait_for(lambda: self.show(WATCH, "MainPID") not in ("0", before), "a restart",
                         period=0.05)
        self.do("systemctl", "stop", WATCH)
        self.assertEqual(self.show(WATCH, "Result"), "success")
        # The last report stays: its age is what an alert goes by.
        self.assertTrue(self.written())

    def test_flight_recorder(self):
        """It adds to what a crash has left, and says nothing while all is well."""
        self.override(RECORD, "[Service]", "RestartSec=0", 'Environment="ARGS=-d 0.5"')
        self.do("rm", "-f", FLIGHT, FLIGHT + ".1")
        self.journal(RECORD)
        flight = self.machine.path(FLIGHT)
        for runs in 1, 2:
            self.do("systemctl", "start", RECORD)
            rig.wait_for(lambda: flight.exists() and
                         flight.read_text().count('"format_version"') == runs and
                         flight.read_text().count('"monotonic_ns"') == 2 * runs,
                         "two samples", period=0.05)
            self.do("systemctl", "kill", "-s", "KILL", RECORD)
        self.do("systemctl", "stop", RECORD)
        self.assertEqual(flight.stat().st_mode & 0o777, 0o600)
        needs = json.loads(flight.read_text().splitlines()[0])["needs"]
        self.assertLessEqual({"owners", "units", "groups", "unix"}, set(needs))
        self.assertEqual([line for line in self.journal(RECORD) if "listenq:" in line], [])

    def test_recipe_of_the_flight_recorder(self):
        """What the manual and the unit propose, as systemd splits it."""
        recipe, = re.findall(r'(?m)^Environment="ARGS=.*"$', (ROOT / "man/listenq.7").read_text())
        unit = (ROOT / "contrib/systemd/listenq-record.service.in").read_text()
        self.assertIn(f"#   {recipe}\n", unit)
        self.override(RECORD, "[Service]", recipe)
        self.do("systemctl", "start", RECORD)
        line = f"/proc/{self.show(RECORD, 'MainPID')}/cmdline"
        words = rig.wait_for(lambda: (found := self.do("cat", line).stdout.split("\0")) and
                             found[0].endswith("/listenq") and found, "the program", period=0.05)
        self.assertEqual(words[-3:],
                         ["--record-when=state >= syn-full", "--record-size=1G", ""])
        self.assertIn("-x", words)
        self.assertEqual(self.show(RECORD, "ActiveState"), "active")

    def test_without_node_exporter(self):
        self.do("rmdir", OUTPUT)
        for unit in SERVICE, WATCH:
            if unit == WATCH:
                self.override(unit, "[Service]", 'Environment="ARGS=-d 0.5"')
            self.journal(unit)
            self.do("systemctl", "start", unit, check=False)
            said = rig.wait_for(lambda: self.journal(unit), "a message", period=0.05)
            self.assertIn(f"listenq: cannot write {FILE}: No such file or directory", said[0])
        self.assertEqual(self.show(SERVICE, "ActiveState"), "failed")
        # Both go on once it is there.
        self.do("mkdir", OUTPUT)
        self.do("systemctl", "stop", WATCH)
        self.do("systemctl", "start", SERVICE)
        self.assertTrue(self.written())

    def test_no_space(self):
        self.do("systemctl", "start", SERVICE)
        before = self.file()
        self.do("sh", "-ec", f"mkdir -p /run/keep && cp {FILE} /run/keep && "
                f"mount -t tmpfs -o size=8k tmpfs {OUTPUT} && cp /run/keep/* {OUTPUT} && "
                f"dd if=/dev/zero of={OUTPUT}/junk bs=1k count=100 2>/dev/null || :")
        try:
            self.journal(SERVICE)
            self.assertNotEqual(self.do("systemctl", "start", SERVICE, check=False).returncode, 0)
            said = self.journal(SERVICE)
            self.assertIn(f"cannot write {FILE}: No space left on device", said[0])
            self.assertEqual(self.do("cat", FILE).stdout, before)
            self.assertEqual(self.do("ls", "-A", OUTPUT).stdout.split(), ["junk", "listenq.prom"])
        finally:
            self.do("umount", OUTPUT)

    def test_killed(self):
        """As a memory limit does. It is in the middle of a run, with the old report in place."""
        self.do("systemctl", "start", SERVICE)
        before = self.written()
        self.override(SERVICE, "[Service]", "ExecStart=",
                      f"ExecStart=/usr/bin/listenq --prometheus -d 20 --output-file={FILE}")
        self.journal(SERVICE)
        self.do("systemctl", "start", "--no-block", SERVICE)
        rig.wait_for(lambda: self.show(SERVICE, "MainPID") != "0", "the run", period=0.05)
        self.do("systemctl", "kill", "-s", "KILL", SERVICE)
        rig.wait_for(lambda: self.show(SERVICE, "ActiveState") == "failed", "its end", period=0.05)
        self.assertEqual(self.show(SERVICE, "Result"), "signal")
        said = "".join(self.journal(SERVICE))
        self.assertIn("code=killed, status=9/KILL", said)
        self.assertIn("Failed with result 'signal'", said)
        self.assertEqual(self.written(), before)
        # The next run goes on.
        self.do("systemctl", "revert", SERVICE)
        self.do("systemctl", "start", SERVICE)
        self.assertNotEqual(self.written(), before)
        self.assertEqual(self.journal(SERVICE), [])
        self.assertEqual([path.name for path in self.machine.path(OUTPUT).iterdir()],
                         ["listenq.prom"])


class Package(Case):
    """Units go on over an upgrade as they were, and end with the package."""

    def install(self):
        self.do("dpkg", "-i", "/root/listenq.deb")

    def states(self):
        return {unit: (self.do("systemctl", "is-enabled", unit, check=False).stdout.strip(),
                       self.show(unit, "ActiveState")) for unit in (TIMER, WATCH, RECORD)}

    def test_upgrade_enables_and_starts_nothing_new(self):
        for enabled, active in (((), ()), ((), (WATCH,)), ((TIMER,), (TIMER,)), ((TIMER,), ()),
                                ((WATCH,), (WATCH,)), ((TIMER, WATCH), (WATCH,)),
                                ((RECORD,), (RECORD,))):
            with self.subTest(enabled=enabled, active=active):
                self.tidy()
                self.do("systemctl", "enable", *enabled, check=False)
                self.do("systemctl", "start", *active, check=False)
                before = self.states()
                self.install()
                self.assertEqual(self.states(), before)
                self.assertEqual([unit for unit in before if before[unit][1] == "active"],
                                 list(active))

    def test_upgrade_runs_the_new_program(self):
        def program():
            pid = self.show(WATCH, "MainPID")
            return self.do("readlink", f"/proc/{pid}/exe", check=False).stdout.strip()
        self.do("systemctl", "start", WATCH)
        rig.wait_for(lambda: program() == "/usr/bin/listenq", "the old program", period=0.05)
        self.install()
        # The link to a program that was replaced ends with "(deleted)".
        rig.wait_for(lambda: program() == "/usr/bin/listenq", "the new program", period=0.05)

    def remove(self):
        self.addCleanup(self.install)
        self.do("apt-get", "-q", "-y", "remove", "listenq")
        for unit in TIMER, SERVICE, WATCH, RECORD:
            self.assertEqual(self.show(unit, "ActiveState"), "inactive", unit)
        self.assertEqual(self.do("sh", "-c", "grep -lx listenq /proc/[0-9]*/comm",
                                 check=False).stdout, "")
        self.assertFalse(self.written())
        self.assertEqual(self.do("find", "/etc/systemd", "-type", "l", "-name",
                                 "*listenq*").stdout, "")

    def test_removal_of_the_timer(self):
        self.do("systemctl", "enable", "--now", TIMER)
        rig.wait_for(self.written, "the first report", period=0.05)
        self.remove()
        # It comes back as it came first.
        self.install()
        self.assertEqual(set(self.states().values()), {("disabled", "inactive")})

    def test_removal_of_the_service_that_stays(self):
        self.override(WATCH, "[Service]", 'Environment="ARGS=-d 0.1"')
        self.do("systemctl", "enable", "--now", WATCH)
        rig.wait_for(self.written, "the first report", period=0.05)
        self.remove()

    def test_removal_of_the_flight_recorder(self):
        flight = self.machine.path(FLIGHT)
        self.override(RECORD, "[Service]", 'Environment="ARGS=-d 0.1"')
        self.do("systemctl", "enable", "--now", RECORD)
        rig.wait_for(lambda: flight.exists() and flight.stat().st_size, "a sample", period=0.05)
        self.remove()
        self.assertTrue(flight.stat().st_size)

    def test_removal_in_the_middle_of_a_run(self):
        self.override(SERVICE, "[Service]", "ExecStart=",
                      f"ExecStart=/usr/bin/listenq --prometheus -d 20 --output-file={FILE}")
        self.do("systemctl", "start", "--no-block", SERVICE)
        rig.wait_for(lambda: self.show(SERVICE, "MainPID") != "0", "the run", period=0.05)
        self.remove()

    def test_removal_of_units_that_failed(self):
        self.do("rmdir", OUTPUT)
        self.do("systemctl", "start", SERVICE, check=False)
        self.assertEqual(self.show(SERVICE, "ActiveState"), "failed")
        self.remove()

    def test_purge_leaves_nothing(self):
        self.do("systemctl", "enable", "--now", TIMER)
        rig.wait_for(self.written, "the first report", period=0.05)
        self.remove()
        self.do("apt-get", "-q", "-y", "purge", "listenq")
        # The copies in /root and /etc/prometheus are the tests' own.
        self.assertEqual(self.do("find", "/", "-xdev", "(", "-path", "/root", "-o", "-path",
                                 "/etc/prometheus", "-o", "-path", "/var/log", ")", "-prune",
                                 "-o", "-name", "*listenq*", "-print").stdout, "")
