/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: the links by which handlers find their runtimes. */
#include "base/cleanup.h"
#include "base/file.h"
#include "command/doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINKS HR_CONFDIR "/runtimes"

/* Programs that prepare a container and then start a runtime of their own choice. */
bool doctor_is_wrapper(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

	return strstr(base, "-container-runtime") || strstr(base, "oci-seccomp-bpf-hook") ||
	       text_starts(base, "sysbox") || text_starts(base, "kata");
}

enum severity doctor_severity(const struct node_handler *handler)
{
	return handler->by ? SEVERITY_ERROR : SEVERITY_WARNING;
}

/* ---- the link -------------------------------------------------------------------------- */

struct link {
	const struct node *node;
	const struct node_handler *handler;
	char path[PATH_MAX];
	char target[PATH_MAX]; /* "": it is no link */
	struct stat st;	       /* of what it leads to */
	struct findings *to;
};

static struct finding *find_link(const struct link *link, const char *id)
{
	struct finding *finding =
		doctor_find(link->to, id, doctor_severity(link->handler), link->path, 0);

	text_adds(&finding->subject, "handler ");
	doctor_show(&finding->subject, link->handler->name);
	if (link->target[0]) {
		text_adds(&finding->evidence, "leads to ");
		doctor_show(&finding->evidence, link->target);
		text_adds(&finding->evidence, ": ");
	}
	return finding;
}

static void remedy_link(const struct link *link, struct text *to)
{
	char usual[PATH_MAX];

	node_usual_runtime(link->node, usual);
	text_adds(to, "mkdir -p " LINKS " && ln -sfn ");
	doctor_word(to, usual);
	text_adds(to, " ");
	doctor_word(to, link->path);
}

static void judge_missing(const struct link *link)
{
	struct finding *finding = find_link(link, "runtime.link.missing");

	text_adds(&finding->evidence,
		  "the handler names no runtime, so that every call of it fails; wanted: a link "
		  "to runc, crun or runsc");
	remedy_link(link, &finding->remedy);
}

static void judge_no_link(const struct link *link)
{
	struct finding *finding = find_link(link, "runtime.link.kind");

	text_adds(&finding->evidence,
		  "is no symbolic link; wanted: a link to the runtime by absolute path");
	text_adds(&finding->remedy, "mv --backup=numbered ");
	doctor_word(&finding->remedy, link->path);
	text_adds(&finding->remedy, " " HR_CONFDIR "/ && ");
	remedy_link(link, &finding->remedy);
}

static void judge_relative(const struct link *link)
{
	struct finding *finding = find_link(link, "runtime.link.relative");
	hr_autofree char *real = realpath(link->path, NULL);

	text_adds(&finding->evidence, "wanted: an absolute path");
	if (!real) {
		remedy_link(link, &finding->remedy);
		return;
	}
	text_adds(&finding->remedy, "ln -sfn ");
	doctor_word(&finding->remedy, real);
	text_adds(&finding->remedy, " ");
	doctor_word(&finding->remedy, link->path);
}

static void judge_wrapper(const struct link *link, const char *real)
{
	struct finding *finding = find_link(link, "runtime.wrapper");

	text_adds(&finding->evidence, "");
	doctor_show(&finding->evidence, real);
	text_adds(&finding->evidence,
		  " changes the container after hardrun has judged it; hardrun must be the last "
		  "before the runtime: have the wrapper call hardrun");
	remedy_link(link, &finding->remedy);
}

static void judge_name(const struct link *link)
{
	struct finding *finding = find_link(link, "runtime.link.name");

	text_adds(&finding->evidence,
		  "the name must begin with runc, crun or runsc, which tells its command line");
	remedy_link(link, &finding->remedy);
}

static void judge_dangling(const struct link *link)
{
	struct finding *finding = find_link(link, "runtime.missing");

	text_adds(&finding->evidence, "nothing is there");
	remedy_link(link, &finding->remedy);
}

static void judge_self(const struct link *link)
{
	struct finding *finding = find_link(link, "runtime.self");

	text_adds(&finding->evidence, "this is hardrun itself; wanted: the runtime behind it");
	remedy_link(link, &finding->remedy);
}

static void judge_executable(const struct link *link)
{
	struct finding *finding = find_link(link, "runtime.executable");

	text_addf(&finding->evidence, "mode %04o, %s", (unsigned)link->st.st_mode & 07777,
		  S_ISREG(link->st.st_mode) ? "it cannot be executed" : "it is no regular file");
	if (!S_ISREG(link->st.st_mode)) {
		remedy_link(link, &finding->remedy);
		return;
	}
	text_adds(&finding->remedy, "chmod 0755 ");
	doctor_word(&finding->remedy, link->target);
}

static bool is_self(const struct link *link)
{
	const char *slash = strrchr(link->target, '/');

	return text_starts(slash ? slash + 1 : link->target, "hardrun") ||
	       (link->st.st_dev == link->node->self_stat.st_dev &&
		link->st.st_ino == link->node->self_stat.st_ino);
}

/* The first that is wrong; the rest hangs on it. */
static void judge_link(struct link *link)
{
	char real[PATH_MAX] = "";
	struct runtime runtime;
	bool there = stat(link->target, &link->st) == 0;

	if (!link->target[0]) {
		judge_no_link(link);
	} else if (link->target[0] != '/') {
		judge_relative(link);
	} else if (doctor_is_wrapper(link->target)) {
		judge_wrapper(link, link->target);
	} else if (!there) {
		judge_dangling(link);
	} else if (is_self(link)) {
		judge_self(link);
	} else if (realpath(link->target, real) && doctor_is_wrapper(real)) {
		judge_wrapper(link, real);
	} else if (runtime_at(link->target, &runtime, NULL) < 0) {
		judge_name(link);
	} else if (!S_ISREG(link->st.st_mode) || !(link->st.st_mode & 0111)) {
		judge_executable(link);
	}
}

static void check_link(const struct node *node, const struct node_handler *handler,
		       struct findings *to)
{
	struct link link = {.node = node, .handler = handler, .to = to};
	ssize_t len;

	snprintf(link.path, sizeof(link.path), LINKS "/%s", handler->name);
	len = readlink(link.path, link.target, sizeof(link.target) - 1);
	if (len < 0 && errno == ENOENT) {
		if (strcmp(handler->name, "hardrun") != 0) {
			judge_missing(&link);
			return;
		}
		/* Its runtime is compiled in. */
		snprintf(link.target, sizeof(link.target), "/usr/sbin/runc");
	}
	judge_link(&link);
	doctor_trust(to, doctor_severity(handler), link.path, "the runtime of a handler");
	if (link.target[0] == '/')
		doctor_trust(to, doctor_severity(handler), link.target, "the runtime of a handler");
}

void check_links(const struct node *node, struct findings *to)
{
	for (size_t i = 0; i < node->handlers_len; i++)
		check_link(node, &node->handlers[i], to);
}
