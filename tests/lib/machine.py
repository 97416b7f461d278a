# SPDX-License-Identifier: GPL-2.0-or-later
"""A fresh Debian in a directory, booted with systemd as its first process."""
import atexit
import functools
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import rig

RELEASE = "bookworm"
PACKAGES = ["systemd", "systemd-sysv", "dbus", "prometheus", "prometheus-node-exporter",
            "prometheus-alertmanager", "gunicorn", "iproute2"]
BOOT_SECONDS = 60
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# As systemd-nspawn(1) does, which would have to be installed: namespaces of its own of every kind
# but user, a cgroup of its own, and below /proc/sys only net/ to write to.
BOOT = r"""
set -e
mount --bind "$1" "$1" && cd "$1"
mount -t tmpfs -o mode=755 tmpfs run
mkdir run/cgroup && mount -t cgroup2 cgroup2 run/cgroup
mkdir "run/cgroup/$2" && echo $$ >"run/cgroup/$2/cgroup.procs"
exec unshare -C -p --fork --kill-child sh -ec '
	umount run/cgroup && rmdir run/cgroup
	mount -t proc proc proc
	mount --bind proc/sys proc/sys
	mount --bind proc/sys/net proc/sys/net
	mount -o remount,bind,ro proc/sys
	mount -t sysfs -o ro sysfs sys
	mount -t cgroup2 cgroup2 sys/fs/cgroup
	mount -t tmpfs -o mode=755 tmpfs dev
	for node in null zero full random urandom tty; do
		touch dev/$node && mount --bind /dev/$node dev/$node
	done
	mkdir dev/pts dev/shm
	mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
	mount -t tmpfs tmpfs dev/shm
	ln -s /proc/self/fd dev/fd && ln -s pts/ptmx dev/ptmx
	pivot_root . mnt && cd / && umount -l mnt
	exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		/lib/systemd/systemd --unit=multi-user.target
'
"""


class Machine:
    """Booted from a directory. It has a loopback interface and no other."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.cgroup = self.root.parent.name  # as new as the directory
        self.log = open(f"{root}.log", "w+b")
        self.process = subprocess.Popen(
            ["unshare", "-m", "-n", "-u", "-i", "sh", "-c", BOOT, "boot", root, self.cgroup],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            self.pid = rig.wait_for(self._init, "systemd to be started", BOOT_SECONDS, 0.02)
            rig.wait_for(self._up, "systemd to have booted", BOOT_SECONDS, 0.1)
        except BaseException:
            self.close()
            raise

    def _init(self):
        """The number that systemd has outside, once the shell has become systemd."""
        if self.process.poll() is not None:
            self.log.seek(0)
            raise AssertionError(f"cannot boot: {self.log.read().decode(errors='replace')}")
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        for pid in pathlib.Path(children).read_text().split():
            if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                return int(pid)
        return None

    def _up(self):
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded")

    def run(self, *command, check=True):
        """Run a command there; its output is text."""
        result = subprocess.run(
            ["nsenter", "-t", str(self.pid), "-a", "env", "-i", PATH, "LC_ALL=C", *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if check and result.returncode:
            raise AssertionError(f"{' '.join(command)}: exit status {result.returncode}\n"
                                 f"{result.stdout}{result.stderr}")
        return result

    def path(self, path):
        """A file of the machine; not below /run, /tmp, /dev, /proc or /sys."""
        return self.root / path.lstrip("/")

    def close(self):
        """Each process of the machine ends with its first one."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()
        # They are still ending, and the cgroups of those cannot be removed yet.
        rig.wait_for(lambda: not subprocess.call(
            ["unshare", "-m", "sh", "-c",
             'mount -t cgroup2 cgroup2 /mnt && find "/mnt/$1" -depth -type d -delete', "remove",
             self.cgroup], stderr=subprocess.DEVNULL), "the cgroups to be removed", period=0.05)


def _needs_of(package):
    """The names of what a .deb depends on, the first where it leaves a choice."""
    text = subprocess.check_output(["dpkg-deb", "-f", package, "Depends"], text=True)
    return re.findall(r"(?:^|, )([^ ,|]+)", text.strip())


@functools.lru_cache(maxsize=None)
def fresh():
    """
    The machine of all tests, with the .deb of LISTENQ_DEB installed while it runs. What the .deb
    depends on was there before, as the machine has no network.
    """
    package = os.environ["LISTENQ_DEB"]
    place = tempfile.mkdtemp(prefix="listenq-fresh-", dir="/var/tmp")
    root = f"{place}/root"
    atexit.register(shutil.rmtree, place)
    subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase",
                    "--dpkgopt=path-exclude=/usr/share/doc/*",
                    f"--include={','.join(PACKAGES + _needs_of(package))}", RELEASE, root],
                   check=True)
    # Debian's installer makes it.
    pathlib.Path(root, "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    machine = Machine(root)
    atexit.register(machine.close)
    shutil.copy(package, machine.path("/root/listenq.deb"))
    machine.run("apt-get", "-q", "-y", "install", "/root/listenq.deb")
    return machine
