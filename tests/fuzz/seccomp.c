/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp sources: a refusal says where; what is taken gives the same filter each time. */
#include "fuzz.h"

#include "json/edit.h"
#include "filter.h"

static char *compile(const struct seccomp_source *source, const char *arch)
{
	json_auto struct json_doc *doc = json_new("seccomp");
	struct json *filter = NULL;
	struct hr_error err = {0};
	size_t len;

	must(doc);
	if (filter_compile(source, arch, doc, &filter, &err) < 0) {
		must_be_told(&err);
		return strdup("");
	}
	must(filter && filter->type == JSON_OBJECT);
	must(json_string(filter, "defaultAction"));
	must(json_get(filter, "flags") && json_count(json_get(filter, "flags")) == 0);
	return must_write(filter, &len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const archs[] = {"x86_64", "aarch64"};
	struct seccomp_source *source = NULL;
	struct hr_error err = {0};

	if (seccomp_parse("fuzz", (const char *)data, size, &source, &err) < 0) {
		must(!source);
		must_be_told(&err);
		return 0;
	}
	for (size_t i = 0; i < hr_count(archs); i++) {
		hr_autofree char *once = compile(source, archs[i]),
				 *twice = compile(source, archs[i]);

		must(strcmp(once, twice) == 0);
		must(filter_count(source, archs[i]) < 1000);
	}
	seccomp_source_free(source);
	return 0;
}
