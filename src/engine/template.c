/* SPDX-License-Identifier: Apache-2.0 */
/*
 * k3s and rke2 make containerd's file from a Go template. One that is {{ template "base" . }}
 * and TOML adds to theirs (docs.k3s.io, "Configuring containerd"), and can be read without the
 * base.
 */
#include "engine/engine_private.h"

#include "base/cleanup.h"
#include "engine/toml.h"

#include <string.h>

static bool is_base(const char *line, size_t len)
{
	static const char wanted[] = "{{template\"base\".}}";
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		if (strchr(" \t\r", line[i]))
			continue;
		if (line[i] != wanted[at++])
			return false;
	}
	return at == strlen(wanted);
}

/* Make a comment of the first line that is neither blank nor a comment, if it is the base. */
static bool drop_base(char *text)
{
	for (char *line = text; *line;) {
		size_t len = strcspn(line, "\n"), blanks = strspn(line, " \t\r");

		if (blanks < len && line[blanks] != '#') {
			if (!is_base(line, len))
				return false;
			line[blanks] = '#';
			return true;
		}
		line += len + (line[len] == '\n');
	}
	return false;
}

int template_parse(struct reading *reading, struct source *source)
{
	hr_autofree char *text = strdup(source->text);
	const char *other;

	if (!text)
		return engine_no_memory(reading);
	reading->engine.is_template = strlen(text) == source->len && drop_base(text);
	other = strstr(text, "{{");
	if (!reading->engine.is_template || other)
		return hr_fail(
			reading->err, HR_SPEC,
			"%s:%u: is a template that is more than {{ template \"base\" . }} and "
			"TOML behind it, which cannot be read here; add the tables by hand",
			source->path,
			other ? toml_line(text, source->len, (size_t)(other - text)) : 1);
	return toml_parse(source->path, text, source->len, &source->doc, reading->err);
}
