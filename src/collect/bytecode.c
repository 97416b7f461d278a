/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/bytecode.h"

#include "base/alloc.h"

#include <linux/inet_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/*
 * A test that succeeds must continue with the next op (inet_diag_bc_audit()); a test that fails
 * jumps forward. Jumping to the end of the program accepts the socket, four bytes beyond the end
 * rejects it.
 *
 * While a condition is compiled, the targets of its failing tests are not known yet. Until then the
 * `no` of each links to the op that failed before it: its index plus 1, 0 at the end of the list.
 *
 * Jumps have 16 bits, which limits the length of a program. All opcodes exist since 3.10, except
 * those for devices and cgroups, which older headers lack. S_EQ is newer and is not used.
 */
#define OPS_MAX	       (32768 / BYTECODE_OP_SIZE)
#define OP_DEV_COND    9
#define OP_CGROUP_COND 13

struct compiler {
	struct bytecode *program;
	unsigned int tests;
	bytecode_ifindex ifindex;
	void *context;
	unsigned short failures; /* the list of failing tests: 1 plus the index of the newest */
	bool too_long;
};

static size_t emit(struct compiler *c, unsigned char code, const void *data, size_t len)
{
	struct bytecode *b = c->program;
	size_t at = b->n;
	size_t ops = 1 + len / BYTECODE_OP_SIZE;

	if (at + ops > OPS_MAX) {
		c->too_long = true;
		return 0;
	}
	for (size_t i = 0; i < ops; i++) {
		b->ops = array_grow(b->ops, b->n, &b->size, sizeof(*b->ops));
		b->n++;
	}
	b->ops[at] = (struct inet_diag_bc_op){ code, (unsigned char)(ops * BYTECODE_OP_SIZE), 0 };
	if (len)
		memcpy(&b->ops[at + 1], data, len);
	return at;
}

static void set_target(struct compiler *c, size_t jump, size_t target)
{
	c->program->ops[jump].no = (unsigned short)((target - jump) * BYTECODE_OP_SIZE);
}

static void add_failure(struct compiler *c, size_t jump)
{
	c->program->ops[jump].no = c->failures;
	c->failures = (unsigned short)(jump + 1);
}

/* Sets the target of the failing tests that are newer than @older, and takes them off the list. */
static void set_failure_targets(struct compiler *c, unsigned short older, size_t target)
{
	while (c->failures != older) {
		size_t jump = c->failures - 1u;

		c->failures = c->program->ops[jump].no;
		set_target(c, jump, target);
	}
}

static void emit_test(struct compiler *c, bool negate, unsigned char code, const void *data,
		      size_t len)
{
	size_t test = emit(c, code, data, len), jump;

	if (c->too_long)
		return;
	if (!negate) {
		add_failure(c, test);
		return;
	}
	jump = emit(c, INET_DIAG_BC_JMP, NULL, 0);
	if (c->too_long)
		return;
	set_target(c, test, jump + 1);
	add_failure(c, jump);
}

/* Where the address may not be tested, only the port is; this is wrong for a negated test. */
static bool compile_host(struct compiler *c, const struct filter_expr *host, bool negate)
{
	struct inet_diag_hostcond cond = { .port = host->port };
	uint8_t data[sizeof(cond) + sizeof(host->address)];
	size_t len = sizeof(cond);

	if (host->family != AF_UNSPEC && c->tests & BYTECODE_ADDRESS) {
		cond.family = host->family;
		cond.prefix_len = host->prefix_len;
		memcpy(data + len, host->address, sizeof(host->address));
		len += host->family == AF_INET ? 4 : 16;
	} else if (host->port == EXPR_ANY_PORT || (host->family != AF_UNSPEC && negate)) {
		return false;
	}
	memcpy(data, &cond, sizeof(cond));
	emit_test(c, negate, INET_DIAG_BC_S_COND, data, len);
	return true;
}

static bool compile_port(struct compiler *c, const struct filter_expr *port, bool negate)
{
	const struct inet_diag_bc_op bound = { .no = (unsigned short)port->port };

	emit_test(c, negate, port->kind == EXPR_PORT_MIN ? INET_DIAG_BC_S_GE : INET_DIAG_BC_S_LE,
		  &bound, sizeof(bound));
	return true;
}

static bool compile_device(struct compiler *c, const struct filter_expr *device, bool negate)
{
	const bool named = device->device[0];
	uint32_t ifindex = device->ifindex;

	if (!(c->tests & BYTECODE_DEVICE) || (named && ifindex))
		return false;
	if (named && c->ifindex)
		ifindex = c->ifindex(device->device, c->context);
	if (named && !ifindex)
		return false;
	emit_test(c, negate, OP_DEV_COND, &ifindex, sizeof(ifindex));
	return true;
}

static bool compile_list(struct compiler *c, const struct filter_expr *list, bool negate);

/* Returns false and adds nothing when the kernel cannot test it: it then counts as always true. */
static bool compile(struct compiler *c, const struct filter_expr *condition, bool negate)
{
	negate ^= condition->negated;
	if (condition->kind == EXPR_LIST)
		return compile_list(c, condition, negate);
	if (condition->peer)
		return false;
	switch (condition->kind) {
	case EXPR_HOST:
		return compile_host(c, condition, negate);
	case EXPR_PORT_MIN:
	case EXPR_PORT_MAX:
		return compile_port(c, condition, negate);
	case EXPR_DEVICE:
		return compile_device(c, condition, negate);
	default:
		return false;
	}
}

/* To negate a list, each member is negated, and "and" and "or" are swapped. */
static bool compile_list(struct compiler *c, const struct filter_expr *list, bool negate)
{
	const size_t begin = c->program->n;
	const unsigned short older = c->failures;
	bool tests = false;

	for (const struct filter_expr *member = list->first; member; member = member->next) {
		size_t jump;

		if (member == list->first || member->alternative == negate) {
			tests |= compile(c, member, negate);
			continue;
		}
		if (!tests) /* the list is always true */
			continue;
		jump = emit(c, INET_DIAG_BC_JMP, NULL, 0);
		if (c->too_long)
			break;
		set_failure_targets(c, older, c->program->n);
		tests = compile(c, member, negate);
		if (c->too_long)
			break;
		if (tests) {
			set_target(c, jump, c->program->n);
		} else {
			c->program->n = begin;
			c->failures = older;
		}
	}
	return tests;
}

static void finish(struct compiler *c)
{
	if (c->too_long)
		c->program->n = 0;
	else
		set_failure_targets(c, 0, c->program->n + 1);
}

void bytecode_compile(struct bytecode *b, const struct filter_expr *condition, unsigned int tests,
		      bytecode_ifindex ifindex, void *context)
{
	struct compiler c = { b, tests, ifindex, context, 0, false };

	b->n = 0;
	compile(&c, condition, false);
	finish(&c);
}

/*
 * Accepts request socks first. In the states that we dump, only they have the cgroup id 0
 * (inet_diag_bc_sk()). Returns the jump that accepts.
 */
static size_t emit_request_socks(struct compiler *c)
{
	static const uint64_t no_cgroup = 0;
	size_t test = emit(c, OP_CGROUP_COND, &no_cgroup, sizeof(no_cgroup));
	size_t accept = emit(c, INET_DIAG_BC_JMP, NULL, 0);

	set_target(c, test, c->program->n);
	return accept;
}

void bytecode_ports(struct bytecode *b, const uint16_t *ports, size_t n, bool request_socks)
{
	struct filter_expr list = { .kind = EXPR_LIST };
	struct filter_expr *members = xcalloc(n, sizeof(*members));
	struct compiler c = { .program = b };
	size_t accept = 0;

	for (size_t i = 0; i < n; i++)
		members[i] = (struct filter_expr){ .kind = EXPR_HOST,
						   .alternative = i > 0,
						   .port = ports[i],
						   .next = i + 1 < n ? &members[i + 1] : NULL };
	list.first = members;
	b->n = 0;
	if (request_socks)
		accept = emit_request_socks(&c);
	compile(&c, &list, false);
	if (request_socks)
		set_target(&c, accept, b->n);
	finish(&c);
	free(members);
}

void bytecode_free(struct bytecode *b)
{
	free(b->ops);
	memset(b, 0, sizeof(*b));
}
