/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/units.h"

#include "base/alloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CONTAINER_ID_LEN 64 /* hexadecimal digits: docker, podman, containerd, CRI-O */

static bool starts_with(struct part p, const char *prefix)
{
	return p.len >= strlen(prefix) && !memcmp(p.s, prefix, strlen(prefix));
}

static bool ends_with(struct part p, const char *suffix)
{
	size_t len = strlen(suffix);

	return p.len >= len && !memcmp(p.s + p.len - len, suffix, len);
}

static struct part without(struct part p, size_t front, size_t back)
{
	return (struct part){ p.s + front, p.len - front - back };
}

/* Takes the next component off the front of a path; false at its end. */
static bool next_component(struct part *path, struct part *component)
{
	const char *slash;

	while (path->len && *path->s == '/')
		*path = without(*path, 1, 0);
	slash = path->len ? memchr(path->s, '/', path->len) : NULL;
	*component = (struct part){ path->s, slash ? (size_t)(slash - path->s) : path->len };
	*path = without(*path, component->len, 0);
	return component->len;
}

/* The path in the line of a hierarchy. @hierarchy: "::" as in "0::/", ":x=y:" as in "1:x=y:/" */
static struct part find_path(struct part text, const char *hierarchy)
{
	while (text.len) {
		const char *newline = memchr(text.s, '\n', text.len);
		struct part line = { text.s, newline ? (size_t)(newline - text.s) : text.len };
		const char *colon = memchr(line.s, ':', line.len);
		struct part rest = { colon, colon ? line.len - (size_t)(colon - line.s) : 0 };

		if (colon && starts_with(rest, hierarchy))
			return without(rest, strlen(hierarchy), 0);
		text = without(text, line.len + (newline != NULL), 0);
	}
	return (struct part){ NULL, 0 };
}

/* systemd puts "_" before names that the kernel uses itself, and before names that begin with "_".
 */
static struct part unescape(struct part component)
{
	return without(component, starts_with(component, "_"), 0);
}

static bool is_unit(struct part name)
{
	static const char *const suffixes[] = { ".service", ".scope", ".socket", ".mount",
						".swap" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (ends_with(name, suffixes[i]))
			return name.len > strlen(suffixes[i]);
	return false;
}

/* The units of the user's own manager are below it; the manager itself is in init.scope there. */
static bool is_user_manager(struct part name)
{
	return starts_with(name, "user@") && ends_with(name, ".service");
}

static bool is_hex(struct part p)
{
	for (size_t i = 0; i < p.len; i++)
		if (!memchr("0123456789abcdef", p.s[i], 16))
			return false;
	return true;
}

/*
 * "ID", "cri-containerd-ID.scope", or "kubepods.slice:cri-containerd:ID" where an engine uses names
 * of systemd without asking it. Not "crio-conmon-ID.scope": this is a monitor of the container.
 */
static struct part find_id(struct part name)
{
	struct part id = without(name, 0, ends_with(name, ".scope") ? strlen(".scope") : 0);
	struct part before;

	if (id.len < CONTAINER_ID_LEN)
		return (struct part){ NULL, 0 };
	before = without(id, 0, CONTAINER_ID_LEN);
	id = without(id, before.len, 0);
	if (!is_hex(id) || ends_with(before, "conmon-") ||
	    (before.len && !ends_with(before, "-") && !ends_with(before, ":")))
		return (struct part){ NULL, 0 };
	return id;
}

static bool is(struct part p, const char *text)
{
	return p.len == strlen(text) && starts_with(p, text);
}

/* The part between @prefix and @suffix, or nothing. */
static struct part between(struct part name, const char *prefix, const char *suffix)
{
	if (name.len <= strlen(prefix) + strlen(suffix) || !starts_with(name, prefix) ||
	    !ends_with(name, suffix))
		return (struct part){ NULL, 0 };
	return without(name, strlen(prefix), strlen(suffix));
}

/* LXC makes its own cgroups: they are not units, whatever their names are. */
static struct part find_lxc(struct part name, struct part parent)
{
	if (is(parent, "lxc") || is(parent, "lxc.payload"))
		return name;
	return between(name, "lxc.payload.", "");
}

/* A container of systemd-nspawn, which has only a name. A virtual machine is not a container. */
static struct part find_machine(struct part name)
{
	static const char *const forms[][2] = { { "systemd-nspawn@", ".service" },
						{ "machine-", ".scope" } };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct part found = between(name, forms[i][0], forms[i][1]);

		if (found.s)
			return starts_with(found, "qemu") ? (struct part){ NULL, 0 } : found;
	}
	return (struct part){ NULL, 0 };
}

/* Stops at a container: this host's systemd does not know the units inside. */
static struct part find_unit(struct part path)
{
	struct part unit = { NULL, 0 }, parent = { NULL, 0 }, component;

	for (; next_component(&path, &component); parent = component) {
		struct part name = unescape(component);

		if (find_lxc(component, parent).s)
			break;
		if (!is_unit(name) && find_id(component).s)
			break;
		if (!is_unit(name) || (unit.s && starts_with(name, "init.scope")))
			continue;
		unit = name;
		if (!is_user_manager(name))
			break;
	}
	return unit;
}

/* Of nested containers, the innermost. */
static struct part find_container(struct part path)
{
	struct part container = { NULL, 0 }, parent = { NULL, 0 }, component;

	for (; next_component(&path, &component); parent = component) {
		struct part found = find_id(component);

		if (!found.s)
			found = find_lxc(component, parent);
		if (!found.s)
			found = find_machine(component);
		if (found.s)
			container = found;
	}
	return container;
}

struct units units_parse(const char *text, size_t len)
{
	struct part whole = { text, len };
	struct part path = find_path(whole, "::");

	if (path.len <= 1) {
		struct part systemd = find_path(whole, ":name=systemd:");

		if (systemd.len)
			path = systemd;
	}
	if (!path.len)
		return (struct units){ .cgroup = { NULL, 0 } };
	return (struct units){ path, find_unit(path), find_container(path) };
}

/* Returns the character that the text begins with as "\xNN"; 0: none, or a NUL. */
static int escaped_character(struct part p)
{
	char hex[3] = "";

	if (p.len < strlen("\\xNN") || !starts_with(p, "\\x") ||
	    !is_hex((struct part){ p.s + 2, 2 }))
		return 0;
	memcpy(hex, p.s + 2, 2);
	return (int)strtoul(hex, NULL, 16);
}

void units_add_container(struct strbuf *to, struct part container)
{
	struct part rest = container;

	while (rest.len) {
		int c = escaped_character(rest);

		strbuf_putc(to, c > 0 ? (char)c : *rest.s);
		rest = without(rest, c > 0 ? strlen("\\xNN") : 1, 0);
	}
}
