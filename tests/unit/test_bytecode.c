/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "analyse/filter.h"
#include "base/text.h"
#include "collect/bytecode.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <sys/socket.h>

/* The kernel's interpreter written down, and every program held against the condition it is of. */

#define OP_DEV_COND    9
#define OP_CGROUP_COND 13

struct sock_entry {
	struct listen_addr addr;
	uint64_t cgroup; /* its id; 0: a request sock, which has none */
};

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	for (unsigned int i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

static bool runs_hostcond(const void *data, const struct sock_entry *e)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct inet_diag_hostcond cond;
	uint8_t address[16] = { 0 };

	memcpy(&cond, data, sizeof(cond));
	memcpy(address, (const char *)data + sizeof(cond),
	       cond.family == AF_INET ? 4 :
	       cond.family	      ? 16 :
					0);
	if (cond.port != -1 && cond.port != e->addr.port)
		return false;
	if (cond.family != AF_UNSPEC && cond.family != e->addr.family)
		return e->addr.family == AF_INET6 && cond.family == AF_INET &&
		       !memcmp(e->addr.address, mapped, sizeof(mapped)) &&
		       same_bits(e->addr.address + 12, address, cond.prefix_len);
	return same_bits(e->addr.address, address, cond.prefix_len);
}

/* Bytes that an operation takes at least, as inet_diag_bc_audit() wants them. */
static size_t operation_size(const struct inet_diag_bc_op *op)
{
	static const size_t address_size[] = { [AF_INET] = 4, [AF_INET6] = 16 };

	switch (op->code) {
	case INET_DIAG_BC_S_COND:
		return 12 + address_size[*(const uint8_t *)(op + 1)];
	case INET_DIAG_BC_S_GE:
	case INET_DIAG_BC_S_LE:
	case OP_DEV_COND:
		return 8;
	case OP_CGROUP_COND:
		return 12;
	case INET_DIAG_BC_JMP:
		return 4;
	default:
		fail_msg("operation %u is not in every kernel", op->code);
		return 0;
	}
}

/* The kernel takes a jump only to where a walk from operation to operation comes by. */
static void audit(const struct bytecode *b)
{
	size_t bytes = b->n * BYTECODE_OP_SIZE;
	bool *begins = xcalloc(b->n + 2, sizeof(*begins));

	begins[b->n] = begins[b->n + 1] = true;
	for (size_t at = 0; at < b->n; at += b->ops[at].yes / BYTECODE_OP_SIZE) {
		begins[at] = true;
		assert_u64_equal(b->ops[at].yes, operation_size(&b->ops[at]));
		assert_true(at * BYTECODE_OP_SIZE + b->ops[at].yes <= bytes);
	}
	for (size_t at = 0; at < b->n; at += b->ops[at].yes / BYTECODE_OP_SIZE) {
		size_t target = at + b->ops[at].no / BYTECODE_OP_SIZE;

		if (b->ops[at].code != INET_DIAG_BC_JMP || b->ops[at].no)
			assert_true(target > at && target <= b->n + 1 && begins[target]);
	}
	free(begins);
}

static bool accepts(const struct bytecode *b, const struct sock_entry *e)
{
	size_t at = 0;

	while (at < b->n) {
		const struct inet_diag_bc_op *op = &b->ops[at];
		bool yes = false;
		uint32_t ifindex;
		uint64_t cgroup;

		switch (op->code) {
		case INET_DIAG_BC_S_COND:
			yes = runs_hostcond(op + 1, e);
			break;
		case INET_DIAG_BC_S_GE:
			yes = e->addr.port >= op[1].no;
			break;
		case INET_DIAG_BC_S_LE:
			yes = e->addr.port <= op[1].no;
			break;
		case OP_DEV_COND:
			memcpy(&ifindex, op + 1, sizeof(ifindex));
			yes = e->addr.ifindex == ifindex;
			break;
		case OP_CGROUP_COND:
			memcpy(&cgroup, op + 1, sizeof(cgroup));
			yes = e->cgroup == cgroup;
			break;
		}
		at += (yes ? op->yes : op->no) / BYTECODE_OP_SIZE;
	}
	return at == b->n;
}

static void test_ports(void **state)
{
	static const uint16_t sets[][3] = { { 80, 80, 80 }, { 0, 65535, 65535 }, { 443, 80, 81 } };
	struct bytecode b = { 0 };

	for (size_t i = 0; i < 2 * ARRAY_SIZE(sets); i++) {
		const uint16_t *set = sets[i / 2];
		bool request_socks = i % 2;

		bytecode_ports(&b, set, 3, request_socks);
		audit(&b);
		for (unsigned int port = 0; port <= UINT16_MAX; port++) {
			struct sock_entry e = { .addr.port = (uint16_t)port, .cgroup = 1 };
			bool in_set = port == set[0] || port == set[1] || port == set[2];

			assert_int_equal(accepts(&b, &e), in_set);
			e.cgroup = 0;
			assert_int_equal(accepts(&b, &e), in_set || request_socks);
		}
	}
	bytecode_free(&b);
}

/* As many as waiting.c asks for; and when there are more than 16 bits can jump over, none. */
static void test_many_ports(void **state)
{
	uint16_t ports[3000];
	struct bytecode b = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		ports[i] = (uint16_t)(i * 3 + 1);
	bytecode_ports(&b, ports, 1024, false);
	assert_u64_equal(b.n * BYTECODE_OP_SIZE, 1024 * 16 - 4);
	audit(&b);
	for (unsigned int port = 0; port < 4000; port++) {
		struct sock_entry e = { .addr.port = (uint16_t)port };

		assert_int_equal(accepts(&b, &e), port % 3 == 1 && port / 3 < 1024);
	}
	bytecode_ports(&b, ports, ARRAY_SIZE(ports), false);
	assert_u64_equal(b.n, 0);
	bytecode_free(&b);
}

static const void *find_field(const char *name, size_t len, enum filter_type *type,
			      unsigned int *needs)
{
	(void)len;
	(void)needs;
	*type = FILTER_COUNT;
	return name;
}

static struct filter *parse(const char *text)
{
	static const struct filter_source source = { .find = find_field };
	struct filter *filter;
	struct error why;

	if (filter_parse(text, &source, &filter, &why, NULL) < 0)
		fail_msg("%s: %s", text, why.text);
	return filter;
}

static uint32_t find_ifindex(const char *name, void *context)
{
	assert_ptr_equal(context, &find_ifindex);
	return !strcmp(name, "lo") ? 1 : 0;
}

/* Is it true of the socket, as far as is tested: 0 no, 1 perhaps, 2 surely. */
static int truth_of(const struct filter_expr *c, const struct sock_entry *e, unsigned int tests)
{
	int is = 1;

	if (c->kind == EXPR_LIST) {
		is = 2;
		for (const struct filter_expr *m = c->first; m; m = m->next) {
			int one = truth_of(m, e, tests);

			is = m->alternative == (one > is) ? one : is;
		}
	} else if (c->peer || c->kind == EXPR_FIELD) {
		is = 1;
	} else if (c->kind == EXPR_DEVICE) {
		uint32_t wanted = c->device[0] ? (uint32_t)!strcmp(c->device, "lo") : c->ifindex;

		if (tests & BYTECODE_DEVICE && (wanted || !c->device[0]))
			is = e->addr.ifindex == wanted ? 2 : 0;
	} else if (c->kind == EXPR_HOST && c->family && !(tests & BYTECODE_ADDRESS)) {
		is = c->port != -1 && c->port != e->addr.port ? 0 : 1;
	} else if (c->kind != EXPR_HOST || c->family || c->port != -1) {
		is = filter_expr_holds(c, &e->addr, false) ? 2 : 0;
	}
	return c->negated ? 2 - is : is;
}

static struct sock_entry sock(const char *address, uint16_t port, uint32_t ifindex)
{
	struct sock_entry e = { .addr = { .port = port, .ifindex = ifindex } };

	e.addr.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(e.addr.family, address, e.addr.address), 1);
	return e;
}

static void check(const char *text)
{
	static const char *const addresses[] = { "0.0.0.0",	    "127.0.0.1", "10.1.2.3", "::",
						 "::ffff:10.1.2.3", "::1",	 "fe80::1" };
	static const uint16_t ports[] = { 0, 1, 80, 443, 1024, 65535 };
	struct filter *filter = parse(text);
	struct bytecode b = { 0 };

	for (unsigned int tests = 0; tests < 4; tests++) {
		bytecode_compile(&b, filter_expr(filter), tests, find_ifindex, &find_ifindex);
		audit(&b);
		for (size_t i = 0; i < ARRAY_SIZE(addresses) * ARRAY_SIZE(ports) * 4; i++) {
			struct sock_entry e =
				sock(addresses[i / 4 % ARRAY_SIZE(addresses)],
				     ports[i / 4 / ARRAY_SIZE(addresses)], (uint32_t)(i % 4));
			int is = truth_of(filter_expr(filter), &e, tests);

			if (accepts(&b, &e) != (is > 0))
				fail_msg("'%s', tests %u: wrong of socket %zu", text, tests, i);
		}
	}
	bytecode_free(&b);
	filter_free(filter);
}

static const char *const conditions[] = {
	":443",		 "sport >= :80",      "sport < :443", "sport != :80",	"src 10.0.0.0/8",
	"src 0.0.0.0/0", "src ::/0",	      "src [::1]:80", "src 10.1.2.3",	"src *",
	"dev lo",	 "dev != nowhere",    "dev 2",	      "dev if3",	"dport = :5",
	"length > 5",	 "src ::ffff:0:0/96", "fe80::/10",    "src 127/8:1024", "not 10.1.2.3:80",
	"not dev lo",	 "not length = 1",
};

static void test_conditions(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++)
		check(conditions[i]);
	check(":80 or :443 and src 127.0.0.1");
	check("not (:80 or not (src 127/8 and :443 or length = 1)) or src ::");
	check("(length = 1 or :80) and (:80 or :443)");
	check(":80 and length = 1 or :443 or dev lo and :80");
}

static void add_random(struct strbuf *text, int depth)
{
	static const char *const joints[] = { " and ", " or ", " " };

	for (size_t n = 1 + unit_random_below(3); n; n--) {
		strbuf_adds(text, unit_random_below(3) ? "" : "not ");
		if (depth && !unit_random_below(3)) {
			strbuf_adds(text, "(");
			add_random(text, depth - 1);
			strbuf_adds(text, ")");
		} else {
			strbuf_adds(text, conditions[unit_random_below(ARRAY_SIZE(conditions))]);
		}
		strbuf_adds(text, n > 1 ? joints[unit_random_below(3)] : "");
	}
}

static void test_random(void **state)
{
	struct strbuf text = { 0 };

	unit_random_seed(1);
	for (int i = 0; i < 300; i++) {
		text.len = 0;
		add_random(&text, 3);
		check(text.s);
	}
	strbuf_free(&text);
}

/* Too long for the kernel, in the midst of anything: the report does it alone. */
static void test_too_long(void **state)
{
	struct strbuf text = { 0 };
	struct bytecode b = { 0 };
	struct filter *filter;

	for (int i = 0; i < 1500; i++)
		strbuf_adds(&text, i % 7 ? "not [fe80::1]:80 or " : "not (dev 2 and not :4) and ");
	strbuf_adds(&text, ":80");
	filter = parse(text.s);
	bytecode_compile(&b, filter_expr(filter), BYTECODE_ADDRESS | BYTECODE_DEVICE, NULL, NULL);
	assert_u64_equal(b.n, 0);
	filter_free(filter);
	strbuf_free(&text);
	bytecode_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports),	   cmocka_unit_test(test_many_ports),
		cmocka_unit_test(test_conditions), cmocka_unit_test(test_random),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
