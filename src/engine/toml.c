/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/toml_private.h"

#include "json/scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char toml_implied[] = "implied";
const char toml_header[] = "header";
const char toml_dotted[] = "dotted";
const char toml_inline[] = "inline";
const char toml_tables[] = "tables";

unsigned toml_line(const char *bytes, size_t len, size_t offset)
{
	unsigned line = 1;

	for (size_t i = 0; i < offset && i < len; i++)
		line += bytes[i] == '\n';
	return line;
}

int toml_fail(struct toml *toml, size_t offset, const char *fmt, ...)
{
	char what[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return hr_fail(toml->err, HR_SPEC, "%s:%u: %s", toml->name,
		       toml_line(toml->text, toml->len, offset), what);
}

int toml_no_memory(struct toml *toml)
{
	return hr_fail(toml->err, HR_SYSTEM, "%s: out of memory", toml->name);
}

void toml_blanks(struct toml *toml)
{
	while (toml_peek(toml) == ' ' || toml_peek(toml) == '\t')
		toml->at++;
}

bool toml_newline(struct toml *toml)
{
	if (toml_starts(toml, "\n"))
		toml->at++;
	else if (toml_starts(toml, "\r\n"))
		toml->at += 2;
	else
		return false;
	return true;
}

static int read_line(struct toml *toml)
{
	char c;

	toml_blanks(toml);
	c = toml_peek(toml);
	if (c == '[') {
		if (toml_section(toml) < 0)
			return -1;
	} else if (c != '#' && c != '\n' && c != '\r' && toml->at < toml->len) {
		if (toml_pair(toml, toml->table) < 0)
			return -1;
	}
	toml_blanks(toml);
	if (toml_comment(toml) < 0)
		return -1;
	if (toml->at < toml->len && !toml_newline(toml))
		return toml_fail(toml, toml->at, "something behind the end of what the line says");
	return 0;
}

static int check_bytes(struct toml *toml)
{
	const char *zero = memchr(toml->text, '\0', toml->len);
	size_t offset;

	if (zero)
		return toml_fail(toml, (size_t)(zero - toml->text), "a NUL byte");
	if (!json_scan_utf8(toml->text, toml->len, &offset))
		return toml_fail(toml, offset, "bytes that are not UTF-8");
	return 0;
}

int toml_parse(const char *name, const char *bytes, size_t len, struct json_doc **ret_doc,
	       struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new(name);
	struct toml toml = {.name = name, .text = bytes, .len = len, .doc = doc, .err = err};

	if (!doc)
		return toml_no_memory(&toml);
	if (len > TOML_MAX_BYTES)
		return hr_fail(err, HR_SPEC, "%s: larger than %zu bytes", name, TOML_MAX_BYTES);
	if (check_bytes(&toml) < 0)
		return -1;
	toml.table = json_root(doc);
	toml.table->text = toml_header;
	if (toml_starts(&toml, "\xef\xbb\xbf"))
		toml.at = 3;
	while (toml.at < toml.len)
		if (read_line(&toml) < 0)
			return -1;
	*ret_doc = doc;
	doc = NULL;
	return 0;
}

bool toml_has_header(const struct json *table)
{
	return table && table->type == JSON_OBJECT && table->text == toml_header;
}

void toml_quote(struct text *to, const char *text)
{
	text_adds(to, "\"");
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			text_addf(to, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			text_addf(to, "\\u%04x", c);
		else
			text_add(to, text, 1);
	}
	text_adds(to, "\"");
}

void toml_key(struct text *to, const char *name)
{
	static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_-";

	if (name[0] && name[strspn(name, bare)] == '\0')
		text_adds(to, name);
	else
		toml_quote(to, name);
}

static void write_children(struct text *to, const struct json *value)
{
	json_each(child, value) {
		if (child->prev)
			text_adds(to, ", ");
		if (child->key) {
			toml_key(to, child->key);
			text_adds(to, " = ");
		}
		toml_write(to, child);
	}
}

void toml_write(struct text *to, const struct json *value)
{
	switch (value->type) {
	case JSON_BOOL:
		text_adds(to, value->boolean ? "true" : "false");
		break;
	case JSON_NUMBER:
		text_adds(to, value->text);
		break;
	case JSON_STRING:
		toml_quote(to, value->text);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		text_adds(to, value->type == JSON_ARRAY ? "[" : "{ ");
		write_children(to, value);
		text_adds(to, value->type == JSON_ARRAY ? "]" : " }");
		break;
	case JSON_NULL:
	case JSON_TYPES:
		break;
	}
}
