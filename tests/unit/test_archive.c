/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "model/archive.h"
#include "model/groups.h"

#include <sys/socket.h>

/*
 * A host that changes from moment to moment, by chance but in each run alike, and snapshots of its
 * moments to compare with what the archive gives back.
 */
enum { MOMENTS = 120, LISTENERS_MAX = 400 };

struct host {
	struct listener listeners[LISTENERS_MAX];
	size_t n;
	uint64_t next_cookie;
};

static struct host host;
static struct snapshot moments[MOMENTS];
static struct snapshot got;
static struct archive *archive;

static void change(struct listener *l)
{
	static const char *const texts[] = { NULL, "/system.slice/a.service", "eth0" };

	l->known = (uint16_t)unit_random_below(32);
	l->mptcp = unit_random_below(2);
	l->length = unit_random_below(200);
	l->limit = unit_random_below(2) ? 128 : UINT32_MAX;
	l->drops += unit_random_below(1000);
	l->cgroup_id = unit_random_below(3);
	l->cgroup = texts[unit_random_below(2)];
	l->interface = texts[unit_random_below(2) * 2];
	l->peak = (struct peak){ .length = unit_random_below(200),
				 .samples = unit_random_below(51),
				 .full_ns = unit_random_below(UINT32_MAX),
				 .full = unit_random_below(2),
				 .fell = unit_random_below(2),
				 .born = unit_random_below(2) };
}

static void start_listener(size_t at)
{
	struct listener *l = &host.listeners[at];

	if (host.n == LISTENERS_MAX)
		return;
	memmove(l + 1, l, (host.n - at) * sizeof(*l));
	memset(l, 0, sizeof(*l));
	host.n++;
	l->cookie = ++host.next_cookie;
	l->addr.netns = unit_random_below(2);
	l->addr.family = unit_random_below(2) ? AF_INET : AF_INET6;
	l->addr.port = (uint16_t)unit_random_below(300);
	l->addr.v6only = unit_random_below(2);
	l->addr.ifindex = unit_random_below(3);
	l->addr.address[15] = (uint8_t)unit_random_below(256);
	l->inode = unit_random_below(UINT32_MAX);
	l->uid = unit_random_below(1000);
	change(l);
}

static void stop_listener(size_t at)
{
	struct listener *l = &host.listeners[at];

	host.n--;
	memmove(l, l + 1, (host.n - at) * sizeof(*l));
}

static void let_things_happen(void)
{
	for (uint32_t i = unit_random_below(4); i && host.n; i--)
		change(&host.listeners[unit_random_below((uint32_t)host.n)]);
	if (!unit_random_below(4))
		start_listener(0);
	if (!unit_random_below(4) && host.n)
		stop_listener(unit_random_below((uint32_t)host.n));
	if (!unit_random_below(8))
		start_listener(unit_random_below((uint32_t)host.n + 1));
	/* Once in a while most of them end, or all. */
	if (!unit_random_below(20))
		while (host.n > 5)
			stop_listener(0);
	if (!unit_random_below(40))
		host.n = 0;
}

static void count(struct counters *c)
{
	c->known = unit_random_below(1u << COUNTER_N);
	for (unsigned int i = 0; i < COUNTER_N; i++)
		c->value[i] += (uint64_t)unit_random_below(3) << unit_random_below(60);
}

static void observe_netns(struct snapshot *s, uint32_t netns)
{
	struct netns *ns = snapshot_add_netns(s);

	ns->inode = SCENE_NETNS + netns;
	ns->sysctls.known = unit_random_below(1u << SYSCTL_N);
	for (unsigned int i = 0; i < SYSCTL_N; i++)
		ns->sysctls.value[i] = -(int64_t)unit_random_below(5000);
	count(&ns->before);
	count(&ns->after);
	ns->unattributed_syn_recv = unit_random_below(5);
	ns->syn_recv_ns = s->monotonic_ns - unit_random_below(2);
	ns->waiting_ns = s->monotonic_ns - unit_random_below(2);
	ns->one_datagram = unit_random_below(2);
	ns->looked = unit_random_below(2);
	ns->listener_vanished = unit_random_below(2);
}

static void observe_groups(struct snapshot *s)
{
	groups_build(s);
	for (size_t i = 0; i < s->n_groups; i++) {
		struct group *g = &s->groups[i];

		g->syn_length = unit_random_below(3);
		g->syn_retransmitted = unit_random_below(2);
		g->fastopen = unit_random_below(2);
		g->known = unit_random_below(8);
		g->waiting = unit_random_below(3);
		g->waiting_closed = unit_random_below(2);
		g->waiting_mptcp = unit_random_below(2);
		g->oldest_wait_ms = unit_random_below(100000);
		g->stayed_min = unit_random_below(3);
		g->stayed_max = unit_random_below(3);
		g->present_min = unit_random_below(3);
		g->length_after = unit_random_below(100);
	}
}

/* Bytes that belong to no member may be anything, and mean nothing. */
static void copy_listener(struct listener *to, const struct listener *from)
{
	memset(to, (int)unit_random_below(256), sizeof(*to));
	to->cookie = from->cookie;
	to->cgroup_id = from->cgroup_id;
	to->cgroup = from->cgroup;
	to->interface = from->interface;
	to->addr = from->addr;
	to->known = from->known;
	to->mptcp = from->mptcp;
	to->inode = from->inode;
	to->uid = from->uid;
	to->length = from->length;
	to->limit = from->limit;
	to->drops = from->drops;
	to->peak.length = from->peak.length;
	to->peak.samples = from->peak.samples;
	to->peak.full_ns = from->peak.full_ns;
	to->peak.full = from->peak.full;
	to->peak.fell = from->peak.fell;
	to->peak.born = from->peak.born;
	to->group = 0;
}

/* Some that come and go. */
static void observe_elsewhere(struct snapshot *s)
{
	s->n_unix = unit_random_below(30);
	s->n_others_found = unit_random_below(30);
	for (uint32_t i = unit_random_below(4); i < 6; i += 1 + unit_random_below(3)) {
		s->unix_queues = array_grow(s->unix_queues, s->n_unix_queues, &s->unix_queues_size,
					    sizeof(*s->unix_queues));
		s->unix_queues[s->n_unix_queues++] =
			(struct unix_queue){ .cookie = i,
					     .since_ns = s->monotonic_ns,
					     .length = unit_random_below(9),
					     .limit = 5,
					     .first = unit_random_below(3) };
		s->others = array_grow(s->others, s->n_others, &s->others_size, sizeof(*s->others));
		s->others[s->n_others++] = (struct other_netns){ i, unit_random_below(9) };
	}
}

static void observe(struct snapshot *s, uint64_t monotonic_ns)
{
	static const char *const codes[] = { "counters-unavailable", "waiting-incomplete" };

	s->monotonic_ns = monotonic_ns;
	s->wall = (struct timespec){ 1795329669 + (time_t)unit_random_below(100),
				     unit_random_below(1000) };
	s->known = SNAPSHOT_CONNECTIONS * unit_random_below(2);
	observe_elsewhere(s);
	snprintf(s->host, sizeof(s->host), "host-%u", unit_random_below(3));
	snprintf(s->boot_id, sizeof(s->boot_id), "%u", unit_random_below(2));
	observe_netns(s, 0);
	observe_netns(s, 1);
	for (size_t i = 0; i < host.n; i++) {
		const struct listener *l = &host.listeners[i];

		copy_listener(snapshot_add_listener(s, l->addr.netns, l->cookie), l);
	}
	if (unit_random_below(4))
		observe_groups(s);
	for (uint32_t i = unit_random_below(3); i; i--)
		snapshot_warn(s, codes[i - 1], "%u of %u", unit_random_below(20), UINT32_MAX);
}

static int setup(void **state)
{
	(void)state;
	unit_random_seed(1);
	for (unsigned int i = 0; i < 40; i++)
		start_listener(0);
	for (unsigned int i = 0; i < MOMENTS; i++) {
		let_things_happen();
		observe(&moments[i], (i + 1) * NSEC_PER_SEC);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < MOMENTS; i++)
		snapshot_free(&moments[i]);
	snapshot_free(&got);
	archive_free(archive);
	archive = NULL;
	memset(&host, 0, sizeof(host));
	return 0;
}

#define assert_same_member(a, b, member) assert_u64_equal((a)->member, (b)->member)

static void assert_same_counters(const struct counters *a, const struct counters *b)
{
	assert_same_member(a, b, known);
	assert_memory_equal(a->value, b->value, sizeof(a->value));
}

static void assert_same_netns(const struct netns *a, const struct netns *b)
{
	assert_same_member(a, b, inode);
	assert_same_member(a, b, sysctls.known);
	assert_memory_equal(a->sysctls.value, b->sysctls.value, sizeof(a->sysctls.value));
	assert_same_counters(&a->before, &b->before);
	assert_same_counters(&a->after, &b->after);
	assert_same_member(a, b, unattributed_syn_recv);
	assert_same_member(a, b, syn_recv_ns);
	assert_same_member(a, b, waiting_ns);
	assert_same_member(a, b, one_datagram);
	assert_same_member(a, b, looked);
	assert_same_member(a, b, listener_vanished);
}

static void assert_same_listener(const struct listener *a, const struct listener *b)
{
	assert_same_member(a, b, cookie);
	assert_same_member(a, b, cgroup_id);
	assert_ptr_equal(a->cgroup, b->cgroup);
	assert_ptr_equal(a->interface, b->interface);
	assert_same_member(a, b, addr.netns);
	assert_same_member(a, b, addr.ifindex);
	assert_same_member(a, b, addr.port);
	assert_same_member(a, b, addr.family);
	assert_same_member(a, b, addr.v6only);
	assert_memory_equal(a->addr.address, b->addr.address, sizeof(a->addr.address));
	assert_same_member(a, b, known);
	assert_same_member(a, b, mptcp);
	assert_same_member(a, b, group);
	assert_same_member(a, b, inode);
	assert_same_member(a, b, uid);
	assert_same_member(a, b, length);
	assert_same_member(a, b, limit);
	assert_same_member(a, b, drops);
	assert_same_member(a, b, peak.length);
	assert_same_member(a, b, peak.samples);
	assert_same_member(a, b, peak.full_ns);
	assert_same_member(a, b, peak.full);
	assert_same_member(a, b, peak.fell);
	assert_same_member(a, b, peak.born);
}

static void assert_same_group(const struct group *a, const struct group *b)
{
	assert_same_member(a, b, first);
	assert_same_member(a, b, sockets);
	assert_same_member(a, b, queued_members);
	assert_same_member(a, b, holder);
	assert_same_member(a, b, syn_length);
	assert_same_member(a, b, syn_retransmitted);
	assert_same_member(a, b, fastopen);
	assert_same_member(a, b, known);
	assert_same_member(a, b, waiting);
	assert_same_member(a, b, waiting_closed);
	assert_same_member(a, b, waiting_mptcp);
	assert_same_member(a, b, oldest_wait_ms);
	assert_same_member(a, b, stayed_min);
	assert_same_member(a, b, stayed_max);
	assert_same_member(a, b, present_min);
	assert_same_member(a, b, length_after);
}

static void assert_same_snapshot(const struct snapshot *a, const struct snapshot *b)
{
	assert_same_member(a, b, wall.tv_sec);
	assert_same_member(a, b, wall.tv_nsec);
	assert_same_member(a, b, monotonic_ns);
	assert_same_member(a, b, known);
	assert_string_equal(a->host, b->host);
	assert_string_equal(a->boot_id, b->boot_id);
	assert_same_member(a, b, n_netns);
	for (size_t i = 0; i < a->n_netns; i++)
		assert_same_netns(&a->netns[i], &b->netns[i]);
	assert_same_member(a, b, n_listeners);
	for (size_t i = 0; i < a->n_listeners; i++) {
		const struct listener *l = &b->listeners[i];

		assert_same_listener(&a->listeners[i], l);
		assert_ptr_equal(snapshot_find(a, l->addr.netns, l->cookie), &a->listeners[i]);
	}
	assert_null(snapshot_find(a, 0, UINT64_MAX));
	assert_same_member(a, b, n_unix);
	assert_same_member(a, b, n_others_found);
	assert_same_member(a, b, n_unix_queues);
	assert_memory_equal(a->unix_queues, b->unix_queues,
			    a->n_unix_queues * sizeof(*a->unix_queues));
	assert_same_member(a, b, n_others);
	assert_memory_equal(a->others, b->others, a->n_others * sizeof(*a->others));
	assert_same_member(a, b, n_groups);
	for (size_t i = 0; i < a->n_groups; i++)
		assert_same_group(&a->groups[i], &b->groups[i]);
	assert_same_member(a, b, n_warnings);
	for (size_t i = 0; i < a->n_warnings; i++) {
		assert_ptr_equal(a->warnings[i].code, b->warnings[i].code);
		assert_string_equal(a->warnings[i].message, b->warnings[i].message);
	}
}

/* What is @back before the newest of the first @n moments. */
static void assert_get(size_t n, size_t back)
{
	const struct snapshot *expected = &moments[n - 1 - back];

	assert_u64_equal(archive_time(archive, back), expected->monotonic_ns);
	archive_get(archive, back, &got);
	assert_same_snapshot(&got, expected);
}

static void test_one(void **state)
{
	(void)state;
	archive = archive_new(SIZE_MAX, UINT64_MAX);
	assert_u64_equal(archive_count(archive), 0);
	assert_u64_equal(archive_bytes(archive), 0);
	archive_add(archive, &moments[0]);
	assert_u64_equal(archive_count(archive), 1);
	assert_get(1, 0);
}

static void test_steps_in_both_directions(void **state)
{
	(void)state;
	archive = archive_new(SIZE_MAX, UINT64_MAX);
	for (unsigned int i = 0; i < MOMENTS; i++)
		archive_add(archive, &moments[i]);
	assert_u64_equal(archive_count(archive), MOMENTS);
	for (size_t back = 0; back < MOMENTS; back++)
		assert_get(MOMENTS, back);
	for (size_t back = MOMENTS; back--;)
		assert_get(MOMENTS, back);
	for (unsigned int i = 0; i < 200; i++)
		assert_get(MOMENTS, unit_random_below(MOMENTS));
}

/* The view goes on collecting while its user looks back. */
static void test_adding_while_looking_back(void **state)
{
	(void)state;
	archive = archive_new(SIZE_MAX, UINT64_MAX);
	for (size_t n = 1; n <= MOMENTS; n++) {
		archive_add(archive, &moments[n - 1]);
		assert_u64_equal(archive_count(archive), n);
		/* Steps of the user, and now and then the other snapshot of a window. */
		assert_get(n, n / 2);
		if (n / 2 + 1 < n)
			assert_get(n, n / 2 + 1);
		if (!unit_random_below(4))
			assert_get(n, unit_random_below((uint32_t)n));
	}
}

static void test_eviction_by_age(void **state)
{
	(void)state;
	archive = archive_new(SIZE_MAX, 10 * NSEC_PER_SEC);
	for (size_t n = 1; n <= MOMENTS; n++) {
		archive_add(archive, &moments[n - 1]);
		assert_u64_equal(archive_count(archive), n < 11 ? n : 11);
		assert_get(n, archive_count(archive) - 1);
		/* The one that was reached is gone with the next. */
		assert_get(n, archive_count(archive) / 2);
	}
}

static void test_eviction_by_bytes(void **state)
{
	const size_t most = 60000;
	bool evicted = false;

	(void)state;
	archive = archive_new(most, UINT64_MAX);
	for (size_t n = 1; n <= MOMENTS; n++) {
		size_t before = archive_count(archive);

		archive_add(archive, &moments[n - 1]);
		assert_true(archive_bytes(archive) <= most);
		assert_true(archive_count(archive) >= 2 || n == 1);
		evicted |= archive_count(archive) <= before;
		assert_get(n, archive_count(archive) - 1);
		assert_get(n, 0);
	}
	assert_true(evicted);
}

static void test_newest_is_kept_whatever_its_size(void **state)
{
	(void)state;
	archive = archive_new(0, UINT64_MAX);
	for (size_t n = 1; n <= 3; n++) {
		archive_add(archive, &moments[n - 1]);
		assert_u64_equal(archive_count(archive), 1);
		assert_get(n, 0);
	}
}

/* As large as tables get: most steps are nearly nothing, whatever a host of that size does. */
static void test_costs(void **state)
{
	const uint32_t listeners = 20000;
	struct snapshot s = { 0 };
	size_t bytes;

	(void)state;
	archive = archive_new(SIZE_MAX, UINT64_MAX);
	snapshot_add_netns(&s);
	for (uint32_t i = 0; i < listeners; i++) {
		struct listener *l = snapshot_add_listener(&s, 0, i + 1);

		l->addr.port = (uint16_t)i;
		l->addr.family = AF_INET;
		l->known = LISTENER_DROPS | LISTENER_PEAK;
	}
	groups_build(&s);
	archive_add(archive, &s);
	bytes = archive_bytes(archive);
	/* Peaks of a calm host: how often its queues were looked at. */
	for (uint32_t i = 0; i < listeners; i++)
		s.listeners[i].peak.samples = 50;
	s.monotonic_ns = NSEC_PER_SEC;
	archive_add(archive, &s);
	assert_true(archive_bytes(archive) - bytes < 200);
	bytes = archive_bytes(archive);
	for (uint32_t i = 0; i < listeners; i += 100)
		s.listeners[i].length = s.groups[i].length_after = i;
	archive_add(archive, &s);
	assert_true(archive_bytes(archive) - bytes < 200 * 20);
	snapshot_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_steps_in_both_directions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_adding_while_looking_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_eviction_by_age, setup, teardown),
		cmocka_unit_test_setup_teardown(test_eviction_by_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_newest_is_kept_whatever_its_size, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_costs, setup, teardown),
	};

	return cmocka_run_group_tests_name("archive", tests, NULL, NULL);
}
