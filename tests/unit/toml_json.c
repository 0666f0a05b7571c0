/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a line for each TOML file: its tree as JSON, or "! " and why it is refused. For the
 * comparison with another reader (tests/e2e/setup_toml.py). */
#include "base/cleanup.h"
#include "base/file.h"
#include "engine/toml.h"

#include <fcntl.h>

static int print(const char *file, struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	hr_autofree char *text = NULL, *json = NULL;
	size_t len;

	if (file_read_at(AT_FDCWD, file, file, 4 * TOML_MAX_BYTES, &text, &len, NULL, err) < 0 ||
	    toml_parse("file", text, len, &doc, err) < 0 ||
	    json_write(json_root(doc), &json, &len, err) < 0)
		return -1;
	puts(json);
	return 0;
}

int main(int argc, char *argv[])
{
	for (int i = 1; i < argc; i++) {
		struct hr_error err = {0};

		if (print(argv[i], &err) < 0)
			printf("! %s\n", err.msg);
	}
	return 0;
}
