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
#include <strings.h>
#include <sys/socket.h>

#define ENDPOINT_SIZE 128 /* the longest address with a prefix and the longest name of a port */

/* Refuses leading zeros, as ss reads 010 as octal 8. */
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

/* Reads one to four numbers; the remaining bytes are 0. */
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

/* Reads a length, or for IPv4 a netmask. */
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
	if (~mask & (~mask + 1)) /* the ones are not all in front */
		return -EINVAL;
	*len = (uint8_t)__builtin_popcount(mask);
	return 0;
}

/* @text: an address without a port; its "/" is overwritten */
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
		/* The user probably means a port by a single number. */
		if ((!slash && !strchr(text, '.')) || parse_ipv4(text, c->address) < 0)
			return -EINVAL;
	}
	return slash ? parse_prefix_len(slash, c->prefix_len, &c->prefix_len) : 0;
}

/* @at: where the port begins; NULL: there is none */
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
	/* As in ss the last colon begins a port; if that fails it may be part of the address. */
	snprintf(text, sizeof(text), "%s", typed);
	c->port = EXPR_ANY_PORT;
	return parse_parts(text, NULL, c);
}

int endpoint_parse(const char *text, struct filter_expr *condition, uint8_t *family)
{
	static const struct {
		const char *name;
		uint8_t family;
	} prefixes[] = { { "inet:", AF_INET }, { "inet6:", AF_INET6 } };
	uint8_t wanted = AF_UNSPEC;

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

/* Is it a host name: has it letters that no address has? */
static bool is_host(const char *word)
{
	size_t len = strcspn(word, ":");

	if (strncasecmp(word, "inet", 4) == 0 && word[len])
		return false;
	return isalpha((unsigned char)*word) && !strchr(word + len + !!word[len], ':') &&
	       word[strspn(word, "0123456789abcdefABCDEF:")];
}

void endpoint_add_why(struct strbuf *to, const char *text)
{
	static const char local[] = "localhost";
	const size_t len = strlen(local);
	int32_t port;

	strbuf_adds(to, "is not an address");
	if (!strncasecmp(text, local, len) && (!text[len] || text[len] == ':'))
		strbuf_addf(to,
			    ", and names are not looked up; did you mean 127.0.0.1%s or [::1]%s?",
			    text + len, text + len);
	else if (is_host(text))
		strbuf_adds(to, ", as in 10.0.0.0/8, [::1]:* or :443; names are not looked up");
	else if (!text[strspn(text, "0123456789")] && endpoint_parse_port(text, &port) == 0)
		strbuf_addf(to, "; did you mean :%s?", text);
	else if (!text[strspn(text, "0123456789%")])
		strbuf_adds(to, "; a port is written :443");
	else
		strbuf_adds(to, ", as in 10.0.0.0/8, [::1]:* or :443");
}

static const char unix_prefix[] = "unix:";

bool endpoint_is_path(const char *text)
{
	return *text == '/' || *text == '@' || !strncmp(text, unix_prefix, strlen(unix_prefix));
}

/* How many "@" a "@{90}" at @pattern stands for, see cell_add(); 0: there is none. */
static size_t run_at(const char *pattern, size_t *len)
{
	const uint64_t most = 107; /* bytes of an abstract name */
	char number[4] = "";
	size_t digits;
	uint64_t n;

	if (strncmp(pattern, "@{", 2) != 0)
		return 0;
	digits = strspn(pattern + 2, "0123456789");
	if (digits >= sizeof(number) || pattern[2 + digits] != '}')
		return 0;
	memcpy(number, pattern + 2, digits);
	*len = digits + strlen("@{}");
	return num_parse_u64(number, 1, most, &n) == 0 ? (size_t)n : 0;
}

void endpoint_add_path(struct strbuf *to, const char *text)
{
	if (!strncmp(text, unix_prefix, strlen(unix_prefix)))
		text += strlen(unix_prefix);
	if (!*text)
		strbuf_putc(to, '*');
	while (*text) {
		size_t len = 1;
		const size_t n = run_at(text, &len);

		if (n)
			strbuf_addc(to, '@', n);
		else
			strbuf_add(to, text, len = 1);
		text += len;
	}
}
