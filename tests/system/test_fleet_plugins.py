# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands for Icinga 2 and Nagios: the real daemons take them, run them, and read what the
plugin says."""
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import unittest

import listenq
import plugin
import rig
import servers

ICINGA = listenq.ROOT / "contrib/icinga2/listenq.conf"
NAGIOS = listenq.ROOT / "contrib/nagios/listenq.cfg"
SECONDS = 40  # on a busy machine


def blocks(text, kind):
    """[{name: value}] of the blocks of that kind in status.dat."""
    found = re.findall(rf"^{kind} \{{\n(.*?)^\t\}}", text, re.MULTILINE | re.DOTALL)
    return [dict(line.strip().split("=", 1) for line in block.splitlines()) for block in found]


class Daemon(rig.Case):
    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory(prefix="listenq-")
        self.addCleanup(directory.cleanup)
        self.dir = pathlib.Path(directory.name)
        self.plugins = self.dir / "plugins"
        self.plugins.mkdir()
        plugin.path(self.plugins)
        self.listener = self.own(rig.Listener(backlog=5))
        self.full = self.own(rig.Listener(backlog=5))
        for _ in range(6):
            self.own(rig.connect("127.0.0.1", self.full.port))
        rig.wait_for(lambda: self.full.length == 6, "a full queue")

    def once(self, command, status, **options):
        """Run the daemon until each service was checked; {description: status}."""
        log = self.dir / "output"
        with open(log, "wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                       preexec_fn=os.setpgrp, **options)

        def checked():
            if process.poll() is not None:
                raise AssertionError(log.read_text())
            found = blocks(status.read_text(), "servicestatus") if status.exists() else []
            return found and all(each["has_been_checked"] == "1" for each in found) and found
        try:
            found = rig.wait_for(checked, "a check of each service", SECONDS, period=0.1)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return {each["service_description"]: each for each in found}

    def judge(self, all_listeners, one):
        """What the daemon has of a host with a full queue, and of one listener that is well."""
        self.assertEqual(all_listeners["current_state"], "1", all_listeners)
        self.assertTrue(all_listeners["plugin_output"].startswith(
            f"LISTENQ WARNING - 127.0.0.1:{self.full.port} "), all_listeners)
        # Icinga takes quotes off where it needs none.
        self.assertIn(f"127.0.0.1:{self.full.port}=100%",
                      all_listeners["performance_data"].replace("'", "").split())
        # One with thresholds, and what they are.
        self.assertEqual(one["current_state"], "0", one)
        self.assertTrue(one["plugin_output"].startswith("LISTENQ OK - "), one)
        self.assertEqual(one["performance_data"].replace("'", ""),
                         f"127.0.0.1:{self.listener.port}=0s;1;3;0")


def run(*command, **options):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, timeout=SECONDS, **options)
    return done.returncode, done.stdout


class Nagios(Daemon):
    def configuration(self, *objects):
        """nagios.cfg with the file as it is installed, its examples and what they refer to."""
        text = NAGIOS.read_text()
        examples = "".join(
            line[1:] for line in re.search(r"^#define service.*", text, re.MULTILINE | re.DOTALL)[0]
            .splitlines(keepends=True))
        assert examples.count("define service") == 2, examples
        self.assertIn("check_listenq!-p 8080 ", examples)
        examples = examples.replace("-p 8080 ", f"-p {self.listener.port} ")
        (self.dir / "site.cfg").write_text(examples + """
define timeperiod {
    timeperiod_name 24x7
    alias always
    sunday 00:00-24:00
    monday 00:00-24:00
    tuesday 00:00-24:00
    wednesday 00:00-24:00
    thursday 00:00-24:00
    friday 00:00-24:00
    saturday 00:00-24:00
}
define command {
    command_name notify
    command_line true
}
define contact {
    contact_name root
    host_notification_commands notify
    service_notification_commands notify
    host_notification_period 24x7
    service_notification_period 24x7
}
define contactgroup {
    contactgroup_name admins
    members root
}
define host {
    host_name localhost
    address 127.0.0.1
    max_check_attempts 1
    check_period 24x7
    notification_period 24x7
    contact_groups admins
}
""" + "".join(objects))
        (self.dir / "resource.cfg").write_text(f"$USER1$={self.plugins}\n")
        (self.dir / "checkresults").mkdir()
        main = self.dir / "nagios.cfg"
        main.write_text(f"""log_file={self.dir}/nagios.log
cfg_file={NAGIOS}
cfg_file={self.dir}/site.cfg
resource_file={self.dir}/resource.cfg
object_cache_file={self.dir}/objects.cache
precached_object_file={self.dir}/objects.precache
status_file={self.dir}/status.dat
status_update_interval=1
check_result_path={self.dir}/checkresults
command_file={self.dir}/nagios.cmd
query_socket={self.dir}/nagios.qh
lock_file={self.dir}/nagios.pid
temp_file={self.dir}/nagios.tmp
temp_path={self.dir}
state_retention_file={self.dir}/retention.dat
nagios_user={os.getuid()}
nagios_group={os.getgid()}
check_external_commands=0
service_inter_check_delay_method=n
host_inter_check_delay_method=n
max_service_check_spread=1
check_for_updates=0
illegal_macro_output_chars=`~$&|'<>
""")
        return main

    def command(self, *args):
        binary = servers.find("usr/sbin/nagios4")
        return [binary, *args], {"env": servers.environment(binary)}

    def test_check(self):
        command, options = self.command("-v", str(self.configuration()))
        code, said = run(*command, **options)
        self.assertEqual(code, 0, said)
        self.assertIn("Checked 2 services", said)
        self.assertRegex(said, r"Total Warnings: 0\nTotal Errors: +0\n")

    def test_run(self):
        command, options = self.command(str(self.configuration()))
        found = self.once(command, self.dir / "status.dat", **options)
        self.judge(found["listenq"], found["listenq gunicorn"])


class Icinga(Daemon):
    HOST = """
object Host "web3" {{
  check_command = "dummy"
  vars.listenq = {{ }}
  vars.listenq_services["gunicorn"] = {{
    listenq_port = {port}
    listenq_metric = "oldest-wait"
    listenq_warning = "1"
    listenq_critical = "3"
  }}
}}
"""

    def command(self, *args, objects=""):
        binary = servers.find("usr/lib/*/icinga2/sbin/icinga2")
        for name in "data", "cache", "run", "log", "spool":
            (self.dir / name).mkdir()
        # The first check comes within an interval.
        text = ICINGA.read_text()
        assert text.count("check_interval = 1m") == 2
        installed = self.dir / "listenq.conf"
        installed.write_text(text.replace("check_interval = 1m", "check_interval = 1s"))
        conf = self.dir / "icinga2.conf"
        conf.write_text(f"""
const NodeName = "web3"
const PluginDir = "{self.plugins}"
include <itl>
include "{installed}"
object CheckerComponent "checker" {{ }}
object StatusDataWriter "status" {{
  status_path = "{self.dir}/status.dat"
  objects_path = "{self.dir}/objects.cache"
  update_interval = 1s
}}
{objects}""")
        define = [f"-DConfiguration.{name}={value}" for name, value in {
            "RunAsUser": "root", "RunAsGroup": "root", "DataDir": self.dir / "data",
            "CacheDir": self.dir / "cache", "InitRunDir": self.dir / "run",
            "LogDir": self.dir / "log", "SpoolDir": self.dir / "spool"}.items()]
        include = pathlib.Path(binary).parents[5] / "usr/share/icinga2/include"
        return [binary, "daemon", *args, "-c", str(conf), "-I", str(include), *define], {
            "env": servers.environment(binary)}

    def test_check(self):
        command, options = self.command("-C", objects=self.HOST.format(port=8080))
        code, said = run(*command, **options)
        self.assertEqual(code, 0, said)
        self.assertIn("Instantiated 2 Services", said)
        self.assertNotIn("warning", said)

    def test_every_option(self):
        """What check_listenq takes, its command has, in its short form; but not the help."""
        said = plugin.run(plugin.path(self.plugins), "--help").out
        options = set(re.findall(r"^ +(-\w|--[\w-]+)", said, re.MULTILINE))
        self.assertIn("--metric", options)
        has = set(re.findall(r'^    "(.+)" = ', ICINGA.read_text(), re.MULTILINE))
        self.assertEqual(has, options - {"-h", "-V"} | {"FILTER"})

    def test_run(self):
        command, options = self.command(objects=self.HOST.format(port=self.listener.port))
        found = self.once(command, self.dir / "status.dat", **options)
        self.judge(found["listenq"], found["listenq-gunicorn"])


if __name__ == "__main__":
    unittest.main()
