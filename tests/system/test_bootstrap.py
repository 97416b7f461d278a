# SPDX-License-Identifier: GPL-2.0-or-later
"""What bootstrap installs, and what it only unpacks: on a machine whose package manager is a
script that writes down what it was asked for."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import listenq

TOOLS = ("cat chmod cp dirname env gcc cc getconf grep id ls make mkdir mktemp rm sed sh touch tr"
         " uname").split()

# "download" leaves an archive, named for the package, where it is called.
APT_GET = """#!/bin/sh
echo "apt-get $*" >>"$LOG"
for last; do :; done
case "$*" in
-s*) echo "Inst $last (1)"; echo "Inst lib$last (1)"; echo "Inst libc6 [1] (2)" ;;
*" download "*)
	for word; do case $word in -q | download) ;; *) : >"$word.deb" ;; esac; done ;;
*" install "*)
	for word; do
		case $word in automake | zsh | tmux)
			echo '#!/bin/sh' >"$BIN/$word"; chmod +x "$BIN/$word" ;;
		esac
	done ;;
esac
"""
# Unpacked is what bootstrap looks for.
DPKG_DEB = """#!/bin/sh
echo "dpkg-deb $1 ${2##*/} $3" >>"$LOG"
case $2 in
*/apache2-bin.deb) path=usr/sbin/apache2 ;;
*/gunicorn.deb) path=usr/lib/python3/dist-packages/gunicorn ;;
*/php-fpm.deb) path=usr/sbin/php-fpm8.2 ;;
*/postgresql.deb) path=usr/lib/postgresql/15/bin/postgres ;;
*/redis-server.deb) path=usr/bin/redis-server ;;
*/nginx.deb) path=usr/sbin/nginx ;;
*/haproxy.deb) path=usr/sbin/haproxy ;;
*/prometheus.deb) path=usr/bin/prometheus; mkdir -p "$3/usr/bin"; touch "$3/usr/bin/promtool" ;;
*/prometheus-node-exporter.deb) path=usr/bin/prometheus-node-exporter ;;
*/prometheus-alertmanager.deb) path=usr/bin/prometheus-alertmanager ;;
*/icinga2-bin.deb) path=usr/lib/cpu-linux-gnu/icinga2/sbin/icinga2 ;;
*/nagios4-core.deb) path=usr/sbin/nagios4 ;;
*) exit ;;
esac
mkdir -p "$3/${path%/*}"
touch "$3/$path"
"""
NOTHING = "#!/bin/sh\n"
# One that the host has is not fetched.
SERVERS = {"apache2-bin": "usr/sbin/apache2", "nginx": "usr/sbin/nginx",
           "haproxy": "usr/sbin/haproxy",
           "gunicorn": "usr/lib/python3/dist-packages/gunicorn", "php-fpm": "usr/sbin/php-fpm*",
           "postgresql": "usr/lib/postgresql/*/bin/postgres",
           "redis-server": "usr/bin/redis-server", "prometheus": "usr/bin/prometheus",
           "prometheus-node-exporter": "usr/bin/prometheus-node-exporter",
           "prometheus-alertmanager": "usr/bin/prometheus-alertmanager",
           "icinga2-bin": "usr/lib/*/icinga2/sbin/icinga2", "nagios4-core": "usr/sbin/nagios4"}


class Bootstrap(unittest.TestCase):
    def setUp(self):
        self.top = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.top)
        shutil.copy(listenq.ROOT / "bootstrap", self.top)
        self.log = self.top / "log"
        self.bin = self.top / "bin"
        self.bin.mkdir()
        for tool in TOOLS:
            if path := shutil.which(tool):
                (self.bin / tool).symlink_to(path)
        for name, text in (("bin/apt-get", APT_GET), ("bin/dpkg-deb", DPKG_DEB),
                           ("bin/autoreconf", NOTHING), ("bin/pkg-config", NOTHING),
                           ("configure", NOTHING)):
            (self.top / name).write_text(text)
            (self.top / name).chmod(0o755)
        (self.top / "Makefile").write_text("all:\n\ttouch built\n")

    def bootstrap(self, *args):
        """Run it; return what it printed, and the lines of the log that are new."""
        self.log.write_text("")
        env = {"PATH": str(self.bin), "BIN": str(self.bin), "LOG": str(self.log)}
        done = subprocess.run([self.top / "bootstrap", *args], env=env, text=True, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout, self.log.read_text().splitlines()

    @staticmethod
    def installed(log):
        return {word for line in log if " install " in line and " -s " not in line
                for word in line.partition("--no-install-recommends ")[2].split()}

    def test_what_builds_and_no_more(self):
        _, log = self.bootstrap()
        self.assertEqual(self.installed(log), {"automake"})
        self.assertTrue((self.top / "built").exists())
        self.assertFalse((self.top / "tests").exists())

    def test_what_tests_as_well(self):
        _, log = self.bootstrap("--tests")
        self.assertLessEqual({"automake", "zsh", "fish", "tmux"}, self.installed(log))
        self.assertTrue((self.top / "built").exists())

    def test_servers_are_unpacked_not_installed(self):
        _, log = self.bootstrap("--tests")
        self.assertEqual(self.installed(log) & set(SERVERS), set())
        unpacked = {line.split()[2] for line in log if line.startswith("dpkg-deb")}
        self.assertEqual({line.split()[1] for line in log if line.startswith("dpkg-deb")}, {"-x"})
        lacking = {package for package, path in SERVERS.items()
                   if not any(pathlib.Path("/").glob(path))}
        self.assertEqual(unpacked & {f"{package}.deb" for package in SERVERS},
                         {f"{package}.deb" for package in lacking})
        self.assertEqual(unpacked - {f"{package}.deb" for package in SERVERS},
                         {f"lib{package}.deb" for package in lacking})
        for package in lacking:
            self.assertTrue(any((self.top / "tests/servers").glob(SERVERS[package])), package)

        _, log = self.bootstrap("--tests")
        self.assertEqual([line for line in log if "download" in line or "dpkg-deb" in line], [])

    def test_missing_installs_nothing(self):
        out, log = self.bootstrap("--missing")
        self.assertEqual(log, [])
        self.assertLessEqual({"automake", "zsh", "tmux"}, set(out.split()))
        self.assertNotIn("make", out.split())
        self.assertFalse((self.top / "built").exists())

    def test_help_names_the_options(self):
        out, log = self.bootstrap("--help")
        self.assertEqual(log, [])
        for word in "--tests", "--missing", "LISTENQ_TEST_SERVERS":
            self.assertIn(word, out)


class Check(unittest.TestCase):
    def test_says_what_is_missing(self):
        """make check without tmux, and without what no test runs without."""
        makefile = (listenq.ROOT / "Makefile.am").read_text()
        recipe = makefile.partition("\ncheck-local: ")[2].partition("\nif ")[0]
        with tempfile.TemporaryDirectory() as place:
            (pathlib.Path(place) / "Makefile").write_text("check-local: " + recipe.replace(
                "src/listenq $(check_PROGRAMS)", "") + "\n")
            (pathlib.Path(place) / "bootstrap").write_text('#!/bin/sh\necho "$MISSING"\n')
            os.chmod(pathlib.Path(place) / "bootstrap", 0o755)
            for missing, code, said in (("", 0, False), ("tmux", 0, True),
                                        ("zsh cmocka tmux", 2, True), ("python3", 2, True)):
                with self.subTest(missing=missing):
                    done = subprocess.run(["make", "-s", "srcdir=."], cwd=place, text=True,
                                          env={**os.environ, "MISSING": missing, "MAKEFLAGS": ""},
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                    self.assertEqual(done.returncode, code, done.stderr)
                    self.assertEqual("./bootstrap --tests" in done.stderr, said, done.stderr)
                    self.assertIn(missing, done.stderr)
