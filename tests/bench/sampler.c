/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/clock.h"
#include "collect/collect.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/*
 * sampler SHARE MILLISECONDS COUNT: samples that repeat, as a view takes them. A line for each: age
 * of its SYN queues in microseconds, half-open connections in all of them, how many of them were
 * kept, microseconds of CPU.
 */
int main(int argc, char **argv)
{
	struct collect_config config = { .root = "/",
					 .needs = NEED_CONNECTIONS,
					 .family = AF_UNSPEC };
	struct sample_source *collector;
	struct snapshot s = { 0 };
	struct error why;

	if (argc != 4)
		return 2;
	config.walk_share = strtod(argv[1], NULL);
	if (collector_open(&collector, &config, &why) < 0)
		goto failed;
	for (long n = strtol(argv[3], NULL, 10); n > 0; n--) {
		uint64_t cpu = clock_thread_cpu_ns();
		unsigned int half_open = 0;

		if (sample_source_sample(collector, SAMPLE_CLOSING, &s, &why) < 0)
			goto failed;
		for (size_t i = 0; i < s.n_groups; i++)
			half_open += s.groups[i].syn_length;
		printf("%llu %u %zu %llu\n",
		       (unsigned long long)(s.monotonic_ns - s.netns[0].syn_recv_ns) / 1000,
		       half_open, s.n_connections,
		       (unsigned long long)(clock_thread_cpu_ns() - cpu) / 1000);
		poll(NULL, 0, (int)strtol(argv[2], NULL, 10));
	}
	sample_source_close(collector);
	snapshot_free(&s);
	return 0;
failed:
	fprintf(stderr, "sampler: %s\n", why.text);
	return 1;
}
