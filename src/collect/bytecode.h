/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_BYTECODE_H
#define LISTENQ_COLLECT_BYTECODE_H

#include "model/filter_expr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A program for inet_diag. The kernel runs it on each socket of a dump and leaves out those that it
 * rejects. A zeroed struct is the empty program, which accepts all.
 */
struct bytecode {
	struct inet_diag_bc_op *ops; /* the value of INET_DIAG_REQ_BYTECODE */
	size_t n, size;
};

#define BYTECODE_OP_SIZE 4U /* bytes */

/* What a program may test besides ports. */
enum bytecode_tests {
	BYTECODE_ADDRESS = 1 << 0,
	BYTECODE_DEVICE = 1 << 1, /* kernel 4.6 and later; older ones refuse it with -EINVAL */
};

/* Returns the index of a device, or 0 when there is none of that name. */
typedef uint32_t (*bytecode_ifindex)(const char *name, void *context);

/*
 * bytecode_compile() - compile the parts of @condition that the kernel can test.
 * @b: the program is replaced; it is empty when the kernel can test nothing
 * @tests: enum bytecode_tests
 * @ifindex: NULL: do not test names of devices
 *
 * The program accepts every socket that @condition accepts, and may accept more.
 */
void bytecode_compile(struct bytecode *b, const struct filter_expr *condition, unsigned int tests,
		      bytecode_ifindex ifindex, void *context);

/*
 * bytecode_ports() - compile a program that accepts only these local ports, in host order.
 * @request_socks: also accept request socks of any port. Kernels before 5.8, and those without
 *                 cgroups, refuse such a program with -EINVAL
 */
void bytecode_ports(struct bytecode *b, const uint16_t *ports, size_t n, bool request_socks);

/* Frees the program; @b is then the empty one. */
void bytecode_free(struct bytecode *b);

#endif
