/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: seccomp_compile [--count | --time | --meet CALLERS] PROFILE [ARCH]
 *        seccomp_compile --meet-list PROFILE [ARCH] < LIST
 * PROFILE is a built-in name or a file: a source, or in Docker's form if it ends in .json.
 * Prints linux.seccomp for ARCH (the machine's own when there is none), met with that of a
 * caller where one is given; or the number of system calls that it lets through, or the
 * microseconds that reading and writing it takes. LIST has lines "CALLERS RESULT": each is
 * met and written, and "ok RESULT" or "refused RESULT why" printed.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "json/json.h"
#include "seccomp/seccomp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#define ROUNDS	 2000
#define FILE_MAX ((size_t)4 * 1024 * 1024)

static char *slurp(const char *name, size_t *ret_len)
{
	char *bytes = malloc(FILE_MAX);
	FILE *stream = fopen(name, "re");

	if (!stream || !bytes) {
		perror(name);
		free(bytes);
		return NULL;
	}
	*ret_len = fread(bytes, 1, FILE_MAX, stream);
	fclose(stream);
	return bytes;
}

/* A linux.seccomp object, or a file in Docker's form. */
static int read_json(const char *name, const char *arch, bool docker, struct seccomp_filter **ret,
		     struct hr_error *err)
{
	static struct utsname host;
	const struct seccomp_host surroundings = {
		.arch = arch, .docker = docker, .kernel = host.release};
	json_auto struct json_doc *doc = NULL;
	hr_autofree char *bytes = NULL;
	size_t len;

	uname(&host);
	bytes = slurp(name, &len);
	if (!bytes)
		return hr_fail(err, HR_SYSTEM, "%s", name);
	if (json_parse(name, bytes, len, false, &doc, err) < 0)
		return -1;
	return seccomp_read(json_root(doc), &surroundings, ret, err);
}

static int read_source(const char *name, const char *arch, struct seccomp_filter **ret,
		       struct hr_error *err)
{
	struct seccomp_source *source = NULL;
	hr_autofree char *bytes = NULL;
	size_t len;
	const char *text = seccomp_builtin(name, &len);
	int rc;

	if (!text)
		text = bytes = slurp(name, &len);
	if (!text)
		return hr_fail(err, HR_SYSTEM, "%s", name);
	if (seccomp_parse(name, text, len, &source, err) < 0)
		return -1;
	rc = seccomp_lower(source, arch, ret, err);
	seccomp_source_free(source);
	return rc;
}

static int read_profile(const char *name, const char *arch, struct seccomp_filter **ret,
			struct hr_error *err)
{
	return text_ends(name, ".json") ? read_json(name, arch, true, ret, err)
					: read_source(name, arch, ret, err);
}

static int print(const struct seccomp_filter *filter, const char *arch, FILE *to,
		 struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("seccomp");
	hr_autofree char *text = NULL;
	struct json *object;
	size_t len;

	if (!doc || seccomp_write(filter, arch, doc, &object, err) < 0 ||
	    json_write(object, &text, &len, err) < 0)
		return -1;
	fprintf(to, "%s\n", text);
	return 0;
}

static int meet(const struct seccomp_filter *ours, const char *callers, const char *arch, FILE *to,
		struct hr_error *err)
{
	seccomp_filter_auto struct seccomp_filter *theirs = NULL, *both = NULL;
	struct seccomp_meeting meeting;

	if (read_json(callers, arch, false, &theirs, err) < 0 ||
	    seccomp_meet(ours, theirs, &both, &meeting, err) < 0)
		return -1;
	for (size_t i = 0; i < meeting.given_up_count && i < SECCOMP_GIVEN_UP; i++)
		fprintf(stderr, "%s: given up: %s\n", callers, meeting.given_up[i]);
	return print(both, arch, to, err);
}

static int meet_list(const struct seccomp_filter *ours, const char *arch, struct hr_error *err)
{
	char callers[4096], result[4096];

	while (scanf("%4095s %4095s", callers, result) == 2) {
		FILE *to = fopen(result, "we");
		int rc;

		if (!to) {
			perror(result);
			return -1;
		}
		*err = (struct hr_error){0};
		rc = meet(ours, callers, arch, to, err);
		if (fclose(to) != 0)
			rc = -1;
		printf("%s %s%s%s\n", rc == 0 ? "ok" : "refused", result, rc == 0 ? "" : " ",
		       rc == 0 ? "" : err->msg);
	}
	return 0;
}

/* The mean of many rounds, by the CPU's time: one is too short to be measured. */
static int measure(const char *profile, const char *arch, struct hr_error *err)
{
	struct timespec from, to;
	double spent;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (int i = 0; i < ROUNDS; i++) {
		seccomp_filter_auto struct seccomp_filter *filter = NULL;
		json_auto struct json_doc *doc = json_new("seccomp");
		hr_autofree char *text = NULL;
		struct json *object;
		size_t len;

		if (!doc || read_profile(profile, arch, &filter, err) < 0 ||
		    seccomp_write(filter, arch, doc, &object, err) < 0 ||
		    json_write(object, &text, &len, err) < 0)
			return -1;
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	spent = (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3;
	printf("%.1f\n", spent / ROUNDS);
	return 0;
}

static int run(const char *mode, const char *callers, const char *profile, const char *arch,
	       struct hr_error *err)
{
	seccomp_filter_auto struct seccomp_filter *filter = NULL;

	if (strcmp(mode, "--time") == 0)
		return measure(profile, arch, err);
	if (read_profile(profile, arch, &filter, err) < 0)
		return -1;
	if (strcmp(mode, "--meet") == 0)
		return meet(filter, callers, arch, stdout, err);
	if (strcmp(mode, "--meet-list") == 0)
		return meet_list(filter, arch, err);
	if (strcmp(mode, "--count") == 0) {
		printf("%zu\n", seccomp_filter_count(filter));
		return 0;
	}
	return print(filter, arch, stdout, err);
}

int main(int argc, char *argv[])
{
	const char *mode = argc > 1 && argv[1][0] == '-' ? argv[1] : "", *callers = "";
	struct hr_error err = {0};
	int at = mode[0] ? 2 : 1;

	if (strcmp(mode, "--meet") == 0 && at < argc)
		callers = argv[at++];
	if (at >= argc) {
		fprintf(stderr, "usage: seccomp_compile [--count | --time | --meet CALLERS | "
				"--meet-list] PROFILE [ARCH]\n");
		return 2;
	}
	if (run(mode, callers, argv[at], at + 1 < argc ? argv[at + 1] : seccomp_native(), &err) <
	    0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	return 0;
}
