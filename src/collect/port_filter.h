/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_PORT_FILTER_H
#define LISTENQ_COLLECT_PORT_FILTER_H

#include <stddef.h>
#include <stdint.h>

struct inet_diag_bc_op;

/*
 * port_filter_build() - a filter program for inet_diag, which the kernel runs on each socket of a
 * dump: it matches those with one of the local ports.
 * @ports: host order
 * @size: filled with the bytes of the program, 20 a port; jumps are of 16 bits, so that it has to
 *	be below 64 KiB
 *
 * Returns the program, which the caller frees: the value of INET_DIAG_REQ_BYTECODE.
 */
struct inet_diag_bc_op *port_filter_build(const uint16_t *ports, size_t n, size_t *size);

#endif
