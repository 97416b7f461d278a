/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "information.h"

#include "base/sink.h"
#include "output/json.h"

static void list_columns(FILE *stream, bool raw)
{
	for (size_t i = 0; i < FIELD_N; i++) {
		const struct field *f = &field_table[i];

		if (f->name && raw)
			fprintf(stream, "%s\n", f->name);
		else if (f->name)
			fprintf(stream, "%-18s %-14s %s\n", f->name, f->header, f->help);
	}
}

int information_print(const struct options *o)
{
	struct error why;
	struct sink sink;

	if (sink_open(&sink, NULL, &why) < 0)
		goto failed;
	if (o->help)
		options_print_help(o, sink.stream);
	else if (o->version)
		fprintf(sink.stream, "%s %s\n", options_name(o), PACKAGE_VERSION);
	else if (o->json_schema)
		json_print_schema(sink.stream);
	else
		list_columns(sink.stream, o->raw);
	if (sink_commit(&sink, &why) == 0)
		return format_table[o->format].information;
failed:
	options_say(o, "", why.text);
	return format_table[o->format].failure;
}
