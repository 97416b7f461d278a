/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "collect/units.h"

#define ID    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static void assert_part(const char *text, const char *what, struct part part, const char *expected)
{
	size_t len = expected ? strlen(expected) : 0;

	if ((expected != NULL) != (part.s != NULL) || part.len != len ||
	    (len && memcmp(part.s, expected, len) != 0))
		fail_msg("%s: %s is '%.*s', not '%s'", text, what, (int)part.len,
			 part.s ? part.s : "", expected ? expected : "(none)");
}

/* Exactly as large as the text, so that AddressSanitizer sees a read beyond its end. */
static void assert_units(const char *text, const char *cgroup, const char *unit,
			 const char *container)
{
	size_t len = strlen(text);
	char *copy = xmalloc(len ? len : 1);
	struct strbuf name = { 0 };
	struct units units;

	memcpy(copy, text, len);
	units = units_parse(copy, len);
	assert_part(text, "cgroup", units.cgroup, cgroup);
	assert_part(text, "unit", units.unit, unit);
	units_add_container(&name, units.container);
	assert_part(text, "container", (struct part){ name.s, name.len }, container);
	strbuf_free(&name);
	free(copy);
}

static const struct {
	const char *path, *unit, *container;
} paths[] = {
	{ "/", NULL, NULL },
	{ "/init.scope", "init.scope", NULL },
	{ "/system.slice/nginx.service", "nginx.service", NULL },
	{ "/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service", NULL },
	{ "/system.slice/systemd-fsck@dev-disk-by\\x2duuid.service",
	  "systemd-fsck@dev-disk-by\\x2duuid.service", NULL },
	{ "/system.slice/dbus.socket", "dbus.socket", NULL },
	{ "/system.slice/home.mount", "home.mount", NULL },
	/* A delegated subtree is the service's. */
	{ "/system.slice/app.service/workers/3", "app.service", NULL },
	{ "/system.slice/app.service/inner.service", "app.service", NULL },
	/* Names that would be files of the kernel. */
	{ "/system.slice/_cgroup.service", "cgroup.service", NULL },
	{ "/user.slice/user-1000.slice/session-3.scope", "session-3.scope", NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/web.service", "web.service",
	  NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/init.scope", "user@1000.service", NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.slice",
	  "user@1000.service", NULL },
	{ "/user.slice/user-1000.slice", NULL, NULL },
	{ "/.service/x", NULL, NULL },
	{ "/openrc.sshd", NULL, NULL },
	{ "/../../system.slice/a.service", "a.service", NULL },
	{ "//system.slice//a.service/", "a.service", NULL },
	{ "/docker/" ID, NULL, ID },
	{ "/system.slice/docker-" ID ".scope", "docker-" ID ".scope", ID },
	{ "/system.slice/docker-" ID ".scope/system.slice/nginx.service", "docker-" ID ".scope",
	  ID },
	{ "/machine.slice/libpod-" ID ".scope/container", "libpod-" ID ".scope", ID },
	{ "/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope", NULL },
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod5f6c.slice/"
	  "cri-containerd-" ID ".scope",
	  "cri-containerd-" ID ".scope", ID },
	{ "/kubepods.slice/kubepods-pod1.slice/crio-" ID ".scope", "crio-" ID ".scope", ID },
	{ "/kubepods.slice/kubepods-pod1.slice/crio-conmon-" ID ".scope",
	  "crio-conmon-" ID ".scope", NULL },
	{ "/kubepods/burstable/pod5f6c/" ID, NULL, ID },
	/* The driver cgroupfs with a path for the driver systemd: SLICE:PREFIX:ID is one name. */
	{ "/system.slice/containerd.service/kubepods-burstable-pod5f6c.slice:cri-containerd:" ID,
	  "containerd.service", ID },
	{ "/kubepods-pod1.slice:cri-containerd:" ID "/system.slice/nginx.service", NULL, ID },
	{ "/docker/" ID "/kubelet/kubepods/pod1/" OTHER, NULL, OTHER },
	/* Units of a container that is in none of the host. */
	{ "/lxc/web1/system.slice/nginx.service", NULL, "web1" },
	{ "/lxc.payload.web1/system.slice/nginx.service", NULL, "web1" },
	{ "/lxc.payload.web1/init.scope", NULL, "web1" },
	{ "/docker/" ID "/system.slice/nginx.service", NULL, ID },
	{ "/docker/" ID "/init.scope", NULL, ID },
	{ "/docker/" ID "/kubelet.slice/cri-containerd-" OTHER ".scope", NULL, OTHER },
	{ "/kubepods/burstable/pod5f6c/" ID "/system.slice/nginx.service", NULL, ID },
	{ "/system.slice/lxc.service/lxc.payload.web1/system.slice/nginx.service", "lxc.service",
	  "web1" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/" ID "/a.service",
	  "user@1000.service", ID },
	{ "/lxc.payload.web.service/system.slice/nginx.service", NULL, "web.service" },
	{ "/lxc/web.service", NULL, "web.service" },
	{ "/lxc.payload/web1", NULL, "web1" },
	{ "/lxc.monitor.web1", NULL, NULL },
	{ "/machine.slice/machine-deb.scope", "machine-deb.scope", "deb" },
	{ "/machine.slice/machine-deb\\x2dx.scope", "machine-deb\\x2dx.scope", "deb-x" },
	{ "/machine.slice/systemd-nspawn@\\xc3\\xbc\\x2d.service",
	  "systemd-nspawn@\\xc3\\xbc\\x2d.service", "\xc3\xbc-" },
	{ "/machine.slice/machine-a\\x00\\x2\\x2g\\x.scope", "machine-a\\x00\\x2\\x2g\\x.scope",
	  "a\\x00\\x2\\x2g\\x" },
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", "machine-qemu\\x2d1\\x2dvm.scope",
	  NULL },
	{ "/machine.slice/systemd-nspawn@deb.service/payload", "systemd-nspawn@deb.service",
	  "deb" },
	{ "/x" ID, NULL, NULL },
	{ "/x-" ID "0", NULL, NULL },
	{ "/docker/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", NULL, NULL },
};

static void test_paths(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		char text[512];

		snprintf(text, sizeof(text), "0::%s\n", paths[i].path);
		assert_units(text, paths[i].path, paths[i].unit, paths[i].container);
	}
}

/* Services in version 1: systemd's own hierarchy has them, the unified one only its root. */
static void test_hierarchies(void **state)
{
	assert_units("12:cpu,cpuacct:/x.service\n1:name=systemd:/system.slice/a.service\n0::/\n",
		     "/system.slice/a.service", "a.service", NULL);
	assert_units("3:memory:/x.service\n1:name=systemd:/system.slice/a.service\n",
		     "/system.slice/a.service", "a.service", NULL);
	assert_units("1:name=systemd:/system.slice/a.service\n0::/system.slice/b.service\n",
		     "/system.slice/b.service", "b.service", NULL);
	assert_units("9:name=systemd:/\n8:pids:/a.service\n0::/\n", "/", NULL, NULL);
	assert_units("8:pids:/a.service\n", NULL, NULL, NULL);
	/* A colon in the path is the path's. */
	assert_units("0::/a:name=systemd:/b.service\n", "/a:name=systemd:/b.service", "b.service",
		     NULL);
}

static void test_broken(void **state)
{
	assert_units("", NULL, NULL, NULL);
	assert_units("\n\n", NULL, NULL, NULL);
	assert_units("0", NULL, NULL, NULL);
	assert_units("0:", NULL, NULL, NULL);
	assert_units("0::", NULL, NULL, NULL);
	assert_units("0::\n", NULL, NULL, NULL);
	assert_units("0::/a.service", "/a.service", "a.service", NULL); /* cut off */
	assert_units("0::///", "///", NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_hierarchies),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
