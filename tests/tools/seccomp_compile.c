/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: seccomp_compile [--count|--time] PROFILE [ARCH]
 * PROFILE is a built-in name or a file. Prints linux.seccomp for ARCH (the machine's own
 * when there is none), the number of system calls that it lets through, or the
 * microseconds that parsing and compiling takes.
 */
#include "base/cleanup.h"
#include "json/json.h"
#include "seccomp/seccomp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define ROUNDS 2000

struct input {
	const char *name;
	const char *text;
	size_t len;
};

static int input_open(struct input *input, const char *name)
{
	static char file[262144];
	FILE *stream;

	input->name = name;
	input->text = seccomp_builtin(name, &input->len);
	if (input->text)
		return 0;
	stream = fopen(name, "re");
	if (!stream) {
		perror(name);
		return -1;
	}
	input->text = file;
	input->len = fread(file, 1, sizeof(file), stream);
	fclose(stream);
	return 0;
}

static int compile(const struct input *input, const char *arch, char **ret_text,
		   struct hr_error *err)
{
	struct seccomp_source *source;
	json_auto struct json_doc *doc = json_new("seccomp");
	struct json *object;
	size_t len;
	int rc;

	if (!doc || seccomp_parse(input->name, input->text, input->len, &source, err) < 0)
		return -1;
	rc = seccomp_compile(source, arch, doc, &object, err);
	seccomp_source_free(source);
	if (rc == 0 && ret_text)
		rc = json_write(object, ret_text, &len, err);
	return rc;
}

static int print_count(const struct input *input, const char *arch, struct hr_error *err)
{
	struct seccomp_source *source;

	if (seccomp_parse(input->name, input->text, input->len, &source, err) < 0)
		return -1;
	printf("%zu\n", seccomp_count(source, arch));
	seccomp_source_free(source);
	return 0;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* The best and the mean of many rounds. */
static int print_time(const struct input *input, const char *arch, struct hr_error *err)
{
	double best = 1e9, total = 0;

	for (int round = 0; round < ROUNDS; round++) {
		double start = now(), took;

		if (compile(input, arch, NULL, err) < 0)
			return -1;
		took = now() - start;
		total += took;
		best = took < best ? took : best;
	}
	printf("%.1f us at best, %.1f us in the mean\n", best, total / ROUNDS);
	return 0;
}

static int print_json(const struct input *input, const char *arch, struct hr_error *err)
{
	hr_autofree char *text = NULL;

	if (compile(input, arch, &text, err) < 0)
		return -1;
	puts(text);
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 && argv[1][0] == '-' ? argv[1] : "";
	int first = mode[0] ? 2 : 1, rc;
	const char *arch = argc > first + 1 ? argv[first + 1] : seccomp_native();
	struct hr_error err = {0};
	struct input input;

	if (argc <= first) {
		fprintf(stderr, "usage: seccomp_compile [--count|--time] PROFILE [ARCH]\n");
		return 2;
	}
	if (input_open(&input, argv[first]) < 0)
		return 4;
	if (strcmp(mode, "--count") == 0)
		rc = print_count(&input, arch, &err);
	else if (strcmp(mode, "--time") == 0)
		rc = print_time(&input, arch, &err);
	else
		rc = print_json(&input, arch, &err);
	if (rc < 0)
		fprintf(stderr, "seccomp_compile: %s\n", err.msg);
	return rc < 0 ? 3 : 0;
}
