/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/address.h"

#include <arpa/inet.h>
#include <sys/socket.h>

/* inet_ntop() goes through printf() for IPv4, which would be most of the cost of a row. */
void address_add(struct strbuf *b, uint8_t family, const uint8_t address[16])
{
	char text[INET6_ADDRSTRLEN];

	if (family == AF_INET) {
		for (int i = 0; i < 4; i++) {
			if (i)
				strbuf_putc(b, '.');
			strbuf_addu(b, address[i]);
		}
		return;
	}
	if (inet_ntop(AF_INET6, address, text, sizeof(text)))
		strbuf_adds(b, text);
}

void address_add_with_port(struct strbuf *b, uint8_t family, const uint8_t address[16],
			   uint16_t port)
{
	strbuf_addc(b, '[', family == AF_INET6);
	address_add(b, family, address);
	strbuf_addc(b, ']', family == AF_INET6);
	strbuf_putc(b, ':');
	strbuf_addu(b, port);
}
