/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "base/text.h"
#include "collect/namespaces.h"
#include "collect/conditions.h"

#include <string.h>
#include <sys/stat.h>

/*
 * /proc/PID/stat has the name of the process, which may be any bytes, also parentheses, newlines
 * and what looks like the rest of the line. Two processes of that name share a namespace: what is
 * said of them does not depend on it.
 */

static void write_stat(unsigned int pid, const char *name, unsigned int started)
{
	struct strbuf text = { 0 };
	char path[32];

	strbuf_addf(&text, "%u (%s) S 1 %u %u 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 %u 4096 1\n",
		    pid, name, pid, pid, started);
	snprintf(path, sizeof(path), "proc/%u/stat", pid);
	fuzz_tree_write(path, text.s, text.len);
	strbuf_free(&text);
}

static int make_tree(void)
{
	static const char thread[] =
		"60 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0\n";
	int root = fuzz_tree();

	fuzz_tree_write("run/netns/.keep", "", 0);
	fuzz_tree_write("proc/self/mountinfo", "", 0);
	fuzz_tree_write("proc/self/status", "Name:\tx\nCapEff:\t000001ffffffffff\n", 33);
	fuzz_tree_write("proc/self/ns/net", "", 0);
	/* The oldest is a thread of the kernel, which is no process of the namespace. */
	fuzz_tree_write("proc/60/stat", thread, strlen(thread));
	fuzz_tree_write("proc/70/ns/net", "", 0);
	fuzz_tree_link("proc/70/ns/net", "proc/60/ns/net");
	fuzz_tree_link("proc/70/ns/net", "proc/80/ns/net");
	fuzz_tree_write("proc/70/comm", "", 0);
	fuzz_tree_link("proc/70/comm", "proc/80/comm");
	return root;
}

static void check_found(int root, const char *name)
{
	struct namespaces found = { 0 };
	const struct namespace *ns;
	struct strbuf shown = { 0 };
	struct stat st;

	FUZZ_CHECK(fstatat(root, "proc/70/ns/net", &st, 0) == 0);
	namespaces_find(&found, root);
	ns = namespaces_get(&found, st.st_ino);
	FUZZ_CHECK(found.n == 1 && ns && ns->pid == 80);
	strbuf_addf(&shown, "%.*s[80]", (int)strcspn(name, "\n"), name);
	FUZZ_CHECK(!strcmp(ns->name, shown.s) && !strcmp(ns->path, "proc/80/ns/net"));
	FUZZ_CHECK(namespaces_verify(&found, root, st.st_ino, true));
	namespaces_free(&found);
	strbuf_free(&shown);
}

static void check_state(int root)
{
	struct listener listener = { .length = 1, .n_owners = 1 };
	struct owner owner = { 0 };
	struct process process = { .pid = 80 };
	struct snapshot s = { .listeners = &listener,
			      .n_listeners = 1,
			      .owners = &owner,
			      .n_owners = 1,
			      .processes = &process,
			      .n_processes = 1 };
	struct string_pool *strings = string_pool_new();
	struct conditions c = { .root = root };

	conditions_begin(&c, strings);
	conditions_collect(&c, &s, true);
	FUZZ_CHECK(process.known & PROCESS_STATE && process.state == 'S');
	conditions_free(&c);
	string_pool_put(strings);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	static int root = -1;
	char name[65] = "";

	if (root < 0)
		root = make_tree();
	memcpy(name, data, size < sizeof(name) - 1 ? size : sizeof(name) - 1);
	fuzz_tree_write("proc/70/comm", name, strlen(name));
	write_stat(70, name, 200);
	write_stat(80, name, 100);
	check_found(root, name);
	check_state(root);
}
