/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/endpoint.h"

#include "base/num.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define ENDPOINT_SIZE 128 /* the longest address with a prefix and the longest name of a port */

/* The whole of @s, which has no zero in front: ss would take 010 for 8. */
static int parse_number(const char *s, uint64_t max, uint64_t *value)
{
	return s[0] == '0' && s[1] ? -EINVAL : num_parse_u64(s, 0, max, value);
}

int endpoint_parse_port(const char *text, int32_t *port)
{
	const struct servent *service;
	uint64_t number;

	text += *text == ':';
	if (!*text || !strcmp(text, "*")) {
		*port = EXPR_ANY_PORT;
		return 0;
	}
	if (isdigit((unsigned char)*text)) {
		if (parse_number(text, UINT16_MAX, &number) < 0)
			return -EINVAL;
		*port = (int32_t)number;
		return 0;
	}
	service = getservbyname(text, "tcp");
	if (!service)
		return -EINVAL;
	*port = ntohs((uint16_t)service->s_port);
	return 0;
}

/* One to four numbers; the bytes behind them are 0. */
static int parse_ipv4(const char *s, uint8_t address[4])
{
	char part[4];
	uint64_t number;

	memset(address, 0, 4);
	for (int i = 0; i < 4; i++) {
		size_t len = strcspn(s, ".");

		if (len >= sizeof(part))
			return -EINVAL;
		memcpy(part, s, len);
		part[len] = '\0';
		if (parse_number(part, UINT8_MAX, &number) < 0)
			return -EINVAL;
		address[i] = (uint8_t)number;
		s += len;
		if (!*s)
			return 0;
		s++;
	}
	return -EINVAL;
}

/* A length, or in IPv4 a mask of bytes. */
static int parse_prefix_len(const char *s, unsigned int bits, uint8_t *len)
{
	uint8_t bytes[4];
	uint64_t number;
	uint32_t mask;

	if (parse_number(s, bits, &number) == 0) {
		*len = (uint8_t)number;
		return 0;
	}
	if (bits != 32 || !strchr(s, '.') || parse_ipv4(s, bytes) < 0)
		return -EINVAL;
	memcpy(&mask, bytes, sizeof(mask));
	mask = ntohl(mask);
	if (~mask & (~mask + 1)) /* a one below a zero */
		return -EINVAL;
	*len = (uint8_t)__builtin_popcount(mask);
	return 0;
}

/* @text: an address alone; a "/" in it goes */
static int parse_address(char *text, struct filter_expr *c)
{
	char *slash = strchr(text, '/');

	if (!*text || !strcmp(text, "*") || !strcmp(text, "any") || !strcmp(text, "all"))
		return 0;
	if (slash)
		*slash++ = '\0';
	if (strchr(text, ':')) {
		c->family = AF_INET6;
		c->prefix_len = 128;
		if (inet_pton(AF_INET6, text, c->address) != 1)
			return -EINVAL;
	} else {
		c->family = AF_INET;
		c->prefix_len = 32;
		/* A number alone was meant for a port. */
		if ((!slash && !strchr(text, '.')) || parse_ipv4(text, c->address) < 0)
			return -EINVAL;
	}
	return slash ? parse_prefix_len(slash, c->prefix_len, &c->prefix_len) : 0;
}

/* Address and port apart, at @at; NULL when there is no port. */
static int parse_parts(char *text, char *at, struct filter_expr *c)
{
	if (at && *at) {
		if (*at != ':')
			return -EINVAL;
		*at++ = '\0';
		if (endpoint_parse_port(at, &c->port) < 0)
			return -EINVAL;
	}
	return parse_address(text, c);
}

static int parse_endpoint(const char *typed, struct filter_expr *c)
{
	char text[ENDPOINT_SIZE], *slash, *end;
	int code;

	c->kind = EXPR_HOST;
	c->port = EXPR_ANY_PORT;
	snprintf(text, sizeof(text), "%s", typed);
	if (*text == '[') {
		end = strchr(text, ']');
		if (!end)
			return -EINVAL;
		*end++ = '\0';
		return parse_parts(text + 1, end, c);
	}
	if (*text == '*')
		return parse_parts(text, text + 1, c);
	slash = strchr(text, '/');
	code = parse_parts(text, strrchr(slash ? slash : text, ':'), c);
	if (code == 0)
		return 0;
	/* ss takes the last colon for that of a port; where that fails there may be none. */
	snprintf(text, sizeof(text), "%s", typed);
	c->port = EXPR_ANY_PORT;
	return parse_parts(text, NULL, c);
}

int endpoint_parse(const char *text, struct filter_expr *condition, int *family)
{
	static const struct {
		const char *name;
		int family;
	} prefixes[] = { { "inet:", AF_INET }, { "inet6:", AF_INET6 } };
	int wanted = AF_UNSPEC;

	for (int i = 0; i < 2; i++) {
		size_t len = strlen(prefixes[i].name);

		if (strncmp(text, prefixes[i].name, len) != 0)
			continue;
		wanted = prefixes[i].family;
		text += len;
		break;
	}
	if (strlen(text) >= ENDPOINT_SIZE || parse_endpoint(text, condition) < 0)
		return -EINVAL;
	if (wanted == AF_UNSPEC)
		return 0;
	if (condition->family != AF_UNSPEC && condition->family != wanted)
		return -EINVAL;
	*family = wanted;
	return 0;
}
