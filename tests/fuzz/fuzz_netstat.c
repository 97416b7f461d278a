/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "collect/netstat.h"

#include <string.h>

/* The text of /proc/net/netstat and snmp. */

const struct fuzz_seed fuzz_seeds[] = { { "tests/data", "netstat" },
					{ "tests/data", "snmp" },
					{ 0 } };

/* A number that is told is in the text, to its last digit, and its name is too. */
static void check_in_text(const uint8_t *data, size_t size, const char *name, uint64_t value)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	const uint8_t *at = data;
	bool whole = false;

	FUZZ_CHECK(memmem(data, size, name, strlen(name)));
	while (!whole && (at = memmem(at, size - (size_t)(at - data), digits, (size_t)len))) {
		const uint8_t *end = at + len;

		whole = end < data + size && (*end < '0' || *end > '9');
		at++;
	}
	FUZZ_CHECK(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct counters c = { 0 }, again = { 0 };

	netstat_parse((const char *)data, size, &c);
	FUZZ_CHECK(!(c.known >> COUNTER_N));
	for (unsigned int i = 0; i < COUNTER_N; i++)
		if (counter_known(&c, i))
			check_in_text(data, size, counter_table[i].name, c.value[i]);
		else
			FUZZ_CHECK(c.value[i] == 0);
	/* What is not there stays as it was: so the same text again changes nothing. */
	again = c;
	netstat_parse((const char *)data, size, &again);
	FUZZ_CHECK(!memcmp(&c, &again, sizeof(c)));
	return 0;
}
