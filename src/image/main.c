/* SPDX-License-Identifier: Apache-2.0 */
/* hardrun-image: what it was called to do. */
#include "base/file.h"
#include "base/text.h"
#include "image/add.h"
#include "image/answer.h"
#include "verdict/protocol.h"

#include <string.h>
#include <unistd.h>

static const char usage[] =
	"usage: hardrun-image add | show, usually called as: hardrun image add | show | verify | "
	"selftest (hardrun(8))\n";

/* hardrun says "hardrun image" here. */
static const char *called_as(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;

	if (slash)
		return slash + 1;
	return argv0 && argv0[0] ? argv0 : "hardrun-image";
}

static int status_of(enum hr_code code)
{
	switch (code) {
	case HR_OK:
		return 0;
	case HR_USAGE:
		return 2;
	case HR_POLICY:
	case HR_SPEC:
	case HR_DENIED:
		return 1;
	case HR_UNTRUSTED:
	case HR_SYSTEM:
	case HR_CODES:
		break;
	}
	return 4;
}

static int command(int (*run)(int argc, char *argv[], struct text *out, struct hr_error *err),
		   int argc, char *argv[])
{
	text_auto struct text out = {0}, message = {0};
	struct hr_error err = {0};
	int status = run(argc, argv, &out, &err);

	if (status >= 0 && out.failed)
		status = hr_fail(&err, HR_SYSTEM, "out of memory");
	if (status >= 0 &&
	    file_write_fd(STDOUT_FILENO, "standard output", out.data, out.len, &err) < 0)
		status = -1;
	if (status >= 0)
		return status;
	text_addf(&message, "%s: %s\n", called_as(argv[0]), err.msg);
	if (!message.failed)
		file_write_fd(STDERR_FILENO, "standard error", message.data, message.len, NULL);
	return status_of(err.code);
}

int main(int argc, char *argv[])
{
	if (argc == 2 && strcmp(argv[1], VERDICT_COMMAND) == 0)
		return answer();
	if (argc >= 2 && strcmp(argv[1], "add") == 0)
		return command(image_add, argc, argv);
	if (argc >= 2 && strcmp(argv[1], "show") == 0)
		return command(image_show, argc, argv);
	file_write_fd(STDERR_FILENO, "standard error", usage, sizeof(usage) - 1, NULL);
	return 2;
}
