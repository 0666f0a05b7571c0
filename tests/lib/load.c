/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

const char *load_srcdir(void)
{
	const char *dir = getenv("HR_TEST_SRCDIR");

	return dir && dir[0] ? dir : ".";
}

char *load_text(const char *dir, const char *name)
{
	char path[4096], *text;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return file_read_at(AT_FDCWD, path, path, JSON_MAX_BYTES, &text, &len, NULL, NULL) == 0
		       ? text
		       : NULL;
}

struct json_doc *load_json(const char *dir, const char *name)
{
	char path[4096], *text;
	struct hr_error err = {0};
	struct json_doc *doc = NULL;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (file_read_at(AT_FDCWD, path, path, JSON_MAX_BYTES, &text, &len, NULL, NULL) < 0)
		return NULL;
	if (json_parse(name, text, len, true, &doc, &err) < 0) {
		fprintf(stderr, "%s: %s\n", path, err.msg);
		exit(99);
	}
	free(text);
	return doc;
}

char *load_dump(const struct json *value)
{
	char *text;
	size_t len;

	if (json_write(value, &text, &len, NULL) < 0)
		exit(99);
	return text;
}
