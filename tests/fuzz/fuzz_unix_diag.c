/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "collect/unix_listeners.h"

#define SEQUENCE 1 /* of the captured dumps */

const struct fuzz_seed fuzz_seeds[] = { { "tests/data", "unix" }, { 0 } };

static void handle(const struct unix_record *r, void *context)
{
	++*(size_t *)context;
	FUZZ_CHECK(r->name_len <= UNIX_NAME_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t records = 0;
	int code = unix_diag_parse(data, size, SEQUENCE, handle, &records);

	FUZZ_CHECK(code <= 1);
	/* Each takes a header, a body and a queue. */
	FUZZ_CHECK(records <= size / 44);
	return 0;
}
