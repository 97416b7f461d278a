/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_ADDRESS_H
#define LISTENQ_OUTPUT_ADDRESS_H

#include "base/text.h"

/*
 * Addresses as the kernel tells them and ss writes them: that of an IPv4 client of a dual-stack
 * listener is v4-mapped, ::ffff:192.0.2.7.
 * @family: AF_INET, which uses the first four bytes of @address, or AF_INET6
 */
void address_add(struct strbuf *b, uint8_t family, const uint8_t address[16]);

/* The same in brackets if need be, and the port. */
void address_add_with_port(struct strbuf *b, uint8_t family, const uint8_t address[16],
			   uint16_t port);

#endif
