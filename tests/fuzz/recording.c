/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings: a refusal says where; what is taken is written and read alike, and becomes a
 * profile that lets nothing through that its base refuses. */
#include "fuzz.h"

#include "seccomp/recording.h"

static struct seccomp_filter *base_of(const char *arch)
{
	struct seccomp_source *source = NULL;
	struct seccomp_filter *filter = NULL;
	struct hr_error err = {0};
	size_t len;
	const char *text = seccomp_builtin("default", &len);

	must(seccomp_parse("default", text, len, &source, &err) == 0);
	must(seccomp_lower(source, arch, &filter, &err) == 0);
	seccomp_source_free(source);
	return filter;
}

static void no_wider(enum seccomp_difference difference, const char *call, void *to)
{
	(void)call, (void)to;
	must(difference != SECCOMP_GAINED && difference != SECCOMP_WIDER &&
	     difference != SECCOMP_OTHER);
}

static void check_profile(const struct recording *recording, bool exact)
{
	const struct recording_options options = {.exact = exact,
						  .title = recording_said(recording, "image")};
	const char *arch = recording_said(recording, "arch");
	seccomp_filter_auto struct seccomp_filter *base = base_of(arch), *filter = NULL;
	struct seccomp_source *source = NULL;
	text_auto struct text text = {0}, why = {0};
	struct hr_error err = {0};

	must(recording_profile(recording, base, &options, &text, &why, &err) == 0);
	must(seccomp_parse("learned", text.data, text.len, &source, &err) == 0);
	must(seccomp_lower(source, arch, &filter, &err) == 0);
	must(seccomp_diff(base, filter, no_wider, NULL, &err) == 0);
	seccomp_source_free(source);
}

static void write_once(const struct recording *recording, struct text *ret)
{
	struct hr_error err = {0};

	must(recording_write(recording, ret, &err) == 0);
	must(ret->data && !strchr(ret->data, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	recording_auto struct recording *recording = NULL, *again = NULL;
	text_auto struct text first = {0}, second = {0};
	struct hr_error err = {0};

	if (recording_read("fuzz", (const char *)data, size, &recording, &err) < 0) {
		must(!recording);
		must_be_told(&err);
		return 0;
	}
	write_once(recording, &first);
	must(recording_read("fuzz", first.data, first.len, &again, &err) == 0);
	write_once(again, &second);
	must(strcmp(first.data, second.data) == 0);
	check_profile(recording, false);
	must(recording_merge(recording, again, &err) == 0);
	check_profile(recording, true);
	return 0;
}
