/* SPDX-License-Identifier: Apache-2.0 */
/* Choose the command; the one place that prints errors. */
#include "audit/audit.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "command/command.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static const char *called_as(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;

	if (slash)
		return slash + 1;
	return argv0 && argv0[0] ? argv0 : "hardrun";
}

/* One line {"level":"error","msg":...,"time":...}: what containerd and podman read back. */
static char *log_line(const char *message)
{
	json_auto struct json_doc *doc = json_new("log");
	char now[AUDIT_TIME];
	char *text;
	size_t len;

	if (!doc || !json_put_string(doc, json_root(doc), "level", "error") ||
	    !json_put_string(doc, json_root(doc), "msg", message) ||
	    !json_put_string(doc, json_root(doc), "time", audit_now(now)) ||
	    json_write(json_root(doc), &text, &len, NULL) < 0)
		return NULL;
	return text;
}

/* The caller's --log, and only if it is a regular file: a FIFO would hold us. */
static void to_log(const char *log, const char *message)
{
	hr_autoclose int fd = open(
		log, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	hr_autofree char *line = log_line(message);
	text_auto struct text text = {0};
	struct stat st;

	if (fd < 0 || !line || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	text_addf(&text, "%s\n", line);
	if (!text.failed)
		file_write_fd(fd, "log", text.data, text.len, NULL);
}

static void report(const struct hr_error *err, const char *log)
{
	char message[HR_ERROR_MSG + 16];

	snprintf(message, sizeof(message), "hardrun: %s", err->msg);
	if (log && log[0])
		to_log(log, message);
	fprintf(stderr, "%s\n", message);
}

int main(int argc, char *argv[])
{
	struct hr_error err = {0};
	const char *log = NULL;
	int status = -1;

	if (strcmp(called_as(argv[0]), COMMAND_VERIFIER) == 0)
		return command_verifier_plugin(argc, argv);
	for (const struct own_command *own = own_commands; argc > 1 && own->name; own++)
		if (strcmp(own->name, argv[1]) == 0)
			status = own->run(argc, argv, &err);
	if (status < 0)
		status = command_runtime(called_as(argv[0]), argc, argv, &log, &err);
	if (err.code != HR_OK)
		report(&err, log);
	return status;
}
