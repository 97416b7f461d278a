/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/counters.h"

const struct counter_info counter_table[COUNTER_N] = {
#define COUNTER_ROW(id, prefix, name, shown, meaning) \
	{ prefix, name, sizeof(prefix) - 1, sizeof(name) - 1, COUNTER_##shown, meaning },
	COUNTER_TABLE(COUNTER_ROW)
#undef COUNTER_ROW
};

_Static_assert(COUNTER_N <= 32, "struct counters keeps its known bits in 32 bits");
