/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_BYTECODE_H
#define LISTENQ_COLLECT_BYTECODE_H

#include "model/filter_expr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A program for inet_diag, which the kernel runs on each socket of a dump: those that it refuses
 * are not reported. A zeroed struct is the empty one, which refuses none.
 */
struct bytecode {
	struct inet_diag_bc_op *ops; /* the value of INET_DIAG_REQ_BYTECODE */
	size_t n, size;
};

#define BYTECODE_OP_SIZE 4 /* bytes */

/* What may be tested beside ports. */
enum bytecode_tests {
	BYTECODE_ADDRESS = 1 << 0,
	BYTECODE_DEVICE = 1 << 1, /* 4.6 and later; older kernels refuse the request, -EINVAL */
};

/* Finds the index of a device; returns 0 when there is none. */
typedef uint32_t (*bytecode_ifindex)(const char *name, void *context);

/*
 * bytecode_compile() - what of a condition the kernel can test.
 * @tests: enum bytecode_tests
 * @ifindex: NULL: names of devices are not tested
 *
 * The program refuses nothing that the condition allows; what it has no test for, it takes for
 * true. It replaces the one in @b, and is empty when there is nothing to test.
 */
void bytecode_compile(struct bytecode *b, const struct filter_expr *condition, unsigned int tests,
		      bytecode_ifindex ifindex, void *context);

/*
 * One that accepts just these local ports, host order.
 * @request_socks: and request socks, whatever their port. 5.8 and later; older kernels, and those
 *                 without cgroups, refuse the request, -EINVAL
 */
void bytecode_ports(struct bytecode *b, const uint16_t *ports, size_t n, bool request_socks);

/* Makes it the empty one. */
void bytecode_free(struct bytecode *b);

#endif
