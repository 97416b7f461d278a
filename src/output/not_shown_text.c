/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/not_shown_text.h"

static bool is_some(const struct opt_u64 *a)
{
	return a->known && a->value;
}

static const char *are(uint64_t n)
{
	return n == 1 ? "is" : "are";
}

static void add_unix(struct strbuf *b, const struct not_shown *e)
{
	uint64_t full = is_some(&e->unix_full) ? e->unix_full.value : 0;
	uint64_t stalled = is_some(&e->unix_stalled) ? e->unix_stalled.value : 0;
	uint64_t first = full ? full : stalled;

	if (!first)
		return;
	strbuf_addf(b, "%llu UNIX listener%s %s %s", (unsigned long long)first,
		    first == 1 ? "" : "s", are(first), full ? "full" : "stalled");
	if (full && stalled)
		strbuf_addf(b, ", %llu %s stalled", (unsigned long long)stalled, are(stalled));
	strbuf_addf(b, " (-x shows %s)", full + stalled == 1 ? "it" : "them");
}

static void add_namespaces(struct strbuf *b, const struct not_shown *e)
{
	uint64_t n = e->overflowing.value;

	if (!is_some(&e->overflowing))
		return;
	strbuf_addf(b, "%s%llu other namespace%s (-A shows %s)", b->len ? "; " : "",
		    (unsigned long long)n, n == 1 ? " overflows" : "s overflow",
		    n == 1 ? "it" : "them");
}

/*
 * Where not all were looked at, what was found may be too little; and none may be wrong. One that
 * came in the window is nothing to speak of.
 */
static void add_cut(struct strbuf *b, const struct not_shown *e)
{
	bool all = e->namespaces.known && e->namespaces.value == e->looked_at.value;

	if (!e->looked_at.known || all ||
	    !(e->cut || (is_some(&e->overflowing) && !e->namespaces.known)))
		return;
	strbuf_adds(b, b->len ? "; " : "");
	if (e->namespaces.known)
		strbuf_addf(b, "%llu of %llu other namespace%s (-A looks at all)",
			    (unsigned long long)(e->namespaces.value - e->looked_at.value),
			    (unsigned long long)e->namespaces.value,
			    e->namespaces.value == 1 ? "" : "s");
	else if (e->looked_at.value)
		strbuf_addf(b, "all but %llu of the other namespaces",
			    (unsigned long long)e->looked_at.value);
	else
		strbuf_adds(b, "all other namespaces");
}

bool not_shown_text_add(struct strbuf *b, const struct not_shown *e)
{
	struct strbuf own = { 0 };
	bool some;

	add_unix(&own, e);
	add_namespaces(&own, e);
	add_cut(&own, e);
	some = own.len > 0;
	if (some)
		strbuf_add(b, own.s, own.len);
	strbuf_free(&own);
	return some;
}

void not_shown_text_add_scope(struct strbuf *b, const struct report *report, size_t n)
{
	const uint32_t known = report->snapshot->known;

	strbuf_addf(b, "%slistener%s%s", known & SNAPSHOT_UNIX ? "" : "TCP ", n > 1 ? "s" : "",
		    known & SNAPSHOT_ALL_NETNS ? "" : " here");
}
