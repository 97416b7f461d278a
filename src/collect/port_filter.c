/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/port_filter.h"

#include "base/alloc.h"

#include <linux/inet_diag.h>

/*
 * The program is made of the opcodes that 3.10 has (S_EQ came later). Each port is a block of two
 * comparisons and a jump to the end; a comparison that fails goes to the next block. The end of the
 * program accepts, four bytes beyond it reject.
 */
#define BLOCK_OPS 5
#define OP_SIZE	  sizeof(struct inet_diag_bc_op)

struct inet_diag_bc_op *port_filter_build(const uint16_t *ports, size_t n, size_t *size)
{
	struct inet_diag_bc_op *program = xcalloc(n * BLOCK_OPS, OP_SIZE);

	*size = n * BLOCK_OPS * OP_SIZE;
	for (size_t i = 0; i < n; i++) {
		struct inet_diag_bc_op *op = program + i * BLOCK_OPS;
		size_t to_end = (n - i) * BLOCK_OPS * OP_SIZE;
		size_t to_next = i + 1 < n ? BLOCK_OPS * OP_SIZE : to_end + OP_SIZE;

		op[0] = (struct inet_diag_bc_op){ INET_DIAG_BC_S_GE, 2 * OP_SIZE,
						  (unsigned short)to_next };
		op[1].no = ports[i];
		op[2] = (struct inet_diag_bc_op){ INET_DIAG_BC_S_LE, 2 * OP_SIZE,
						  (unsigned short)(to_next - 2 * OP_SIZE) };
		op[3].no = ports[i];
		op[4] = (struct inet_diag_bc_op){ INET_DIAG_BC_JMP, OP_SIZE,
						  (unsigned short)(to_end - 4 * OP_SIZE) };
	}
	return program;
}
