/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sysctls.h"

const struct sysctl_info sysctl_table[SYSCTL_N] = {
#define SYSCTL_ROW(id, dir, name, meaning) { dir, name, meaning },
	SYSCTL_TABLE(SYSCTL_ROW)
#undef SYSCTL_ROW
};
