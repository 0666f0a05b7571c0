/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: looking at the node, once. */
#include "base/cleanup.h"
#include "base/file.h"
#include "command/command.h"
#include "command/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define LINKS	      HR_CONFDIR "/runtimes"
#define HANDLERS_MAX  256
#define KUBELET_FILE  "/var/lib/kubelet/config.yaml"
#define SMALL_FILE    ((size_t)1024 * 1024)
#define DOCKER_UNIT   "/etc/systemd/system/docker.service.d"
#define BUILDKIT_WORD "DOCKER_BUILDKIT_RUNC_COMMAND="
#define PATH_WORD     "Environment=PATH="

/* ---- policy ---------------------------------------------------------------------------- */

static void keep_mistake(const char *finding, void *to)
{
	text_addf(to, "%s\n", finding);
}

static void look_policy(struct node *node)
{
	hr_autoclose int fd = -1;

	node->configured =
		faccessat(AT_FDCWD, HR_CONFDIR, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
	if (!node->configured)
		policy_builtin(control_check_options, &node->policy, &node->policy_err);
	else if (file_open_trusted(HR_CONFDIR, true, &fd, &node->policy_err) == 0)
		policy_check(fd, HR_CONFDIR, control_check_options, keep_mistake, &node->mistakes,
			     &node->policy, &node->policy_err);
}

/* ---- what else engines are told -------------------------------------------------------- */

static char *read_kubelet(struct hr_error *err)
{
	hr_autofree char *path = realpath(KUBELET_FILE, NULL), *text = NULL;
	size_t len;

	if (!path && errno != ENOENT)
		hr_fail_errno(err, errno, KUBELET_FILE);
	if (!path ||
	    file_read_at(AT_FDCWD, path, KUBELET_FILE, SMALL_FILE, &text, &len, NULL, err) < 0)
		return NULL;
	if (strlen(text) != len)
		hr_fail(err, HR_SPEC, KUBELET_FILE ": has a zero byte");
	return hr_steal(text);
}

/* The kubelet's file is YAML, of which one top-level scalar is wanted. */
void node_read_kubelet(struct node_kubelet *ret)
{
	hr_autofree char *text = NULL;
	char *rest, *line;

	*ret = (struct node_kubelet){.systemd_cgroup = -1};
	text = read_kubelet(&ret->failed);
	if (ret->failed.code != HR_OK || !text)
		return;
	rest = text;
	for (unsigned number = 1; (line = strsep(&rest, "\n")); number++) {
		if (!text_starts(line, "cgroupDriver:"))
			continue;
		line += strlen("cgroupDriver:");
		line += strspn(line, " \t\"'");
		line[strcspn(line, " \t\"'#\r")] = '\0';
		if (strcmp(line, "systemd") == 0 || strcmp(line, "cgroupfs") == 0)
			*ret = (struct node_kubelet){
				.systemd_cgroup = strcmp(line, "systemd") == 0,
				.line = number,
			};
	}
}

/* What dockerd calls runc, where its unit gives it a PATH. */
static bool leads_here(const struct node *node, const char *path)
{
	while (path[0] == '/') {
		size_t len = strcspn(path, ": \t\"'\n");
		text_auto struct text program = {0};
		struct stat st;

		text_addf(&program, "%.*s/runc", (int)len, path);
		if (!program.failed && access(program.data, X_OK) == 0)
			return stat(program.data, &st) == 0 &&
			       st.st_dev == node->self_stat.st_dev &&
			       st.st_ino == node->self_stat.st_ino;
		path += path[len] == ':' ? len + 1 : len;
	}
	return false;
}

static void read_unit(struct node *node, const char *path)
{
	hr_autofree char *text = NULL;
	const char *value;
	size_t len;

	if (file_read_at(AT_FDCWD, path, path, SMALL_FILE, &text, &len, NULL, NULL) < 0)
		return;
	if (strstr(text, BUILDKIT_WORD))
		node->buildkit_told = true;
	value = strstr(text, PATH_WORD);
	if (value && leads_here(node, value + strlen(PATH_WORD)))
		node->buildkit_path = true;
}

void node_read_buildkit(struct node *node)
{
	DIR *dir = opendir(DOCKER_UNIT);
	const struct dirent *entry;

	read_unit(node, "/etc/default/docker");
	while (dir && (entry = readdir(dir))) {
		text_auto struct text path = {0};

		text_addf(&path, DOCKER_UNIT "/%s", entry->d_name);
		if (!path.failed && text_ends(entry->d_name, ".conf"))
			read_unit(node, path.data);
	}
	if (dir)
		closedir(dir);
}

static void look_engines(struct node *node)
{
	for (unsigned kind = 0; kind < ENGINE_KINDS; kind++)
		engine_read((enum engine_kind)kind, NULL, &node->engines[kind],
			    &node->engine_err[kind]);
}

/* ---- handlers -------------------------------------------------------------------------- */

static struct node_handler *find_handler(struct node *node, const char *name)
{
	struct node_handler *handler;

	for (size_t i = 0; i < node->handlers_len; i++)
		if (strcmp(node->handlers[i].name, name) == 0)
			return &node->handlers[i];
	if (node->handlers_len == HANDLERS_MAX)
		return NULL;
	handler = &node->handlers[node->handlers_len++];
	snprintf(handler->name, sizeof(handler->name), "%s", name);
	return handler;
}

/* A reader of configuration goes by names. What is asked answers for itself. */
static void ask_engine(const struct node *node, struct engine *engine)
{
	for (size_t i = 0; engine && i < engine->handlers_len; i++) {
		struct engine_handler *handler = &engine->handlers[i];

		if (handler->is_hardrun && handler->binary && node_ask_other(node, handler->binary))
			handler->is_hardrun = false;
	}
}

/* hardrun knows itself by the last component of the name it was called by. */
static void add_engine(struct node *node, const struct engine *engine)
{
	for (size_t i = 0; engine && i < engine->handlers_len; i++) {
		const struct engine_handler *by = &engine->handlers[i];
		const char *slash;
		struct node_handler *handler;

		if (!by->is_hardrun || !by->binary || strlen(by->binary) >= PATH_MAX)
			continue;
		slash = strrchr(by->binary, '/');
		handler = find_handler(node, slash ? slash + 1 : by->binary);
		if (!handler || handler->by)
			continue;
		snprintf(handler->program, sizeof(handler->program), "%s", by->binary);
		handler->engine = engine;
		handler->by = by;
	}
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void add_links(struct node *node)
{
	struct dirent **entries = NULL;
	int count = scandir(LINKS, &entries, is_visible, by_name);

	for (int i = 0; i < count; i++) {
		find_handler(node, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static void look_profile(struct node *node, struct node_handler *handler)
{
	static const struct identity nobody = {0};
	struct selection selection;
	const struct json *profile;

	if (!node->policy ||
	    policy_select(node->policy, &nobody, handler->name, NULL, &selection, NULL) < 0)
		return;
	handler->profile = selection.profile;
	if (policy_profile(node->policy, selection.profile, &profile, NULL) == 0)
		handler->rules = json_get(profile, "runtime");
}

/* ---- runtimes -------------------------------------------------------------------------- */

static struct node_runtime *find_runtime(struct node *node, const struct runtime *runtime)
{
	struct node_runtime *found;

	for (size_t i = 0; i < node->runtimes_len; i++)
		if (strcmp(node->runtimes[i].runtime.path, runtime->path) == 0)
			return &node->runtimes[i];
	found = &node->runtimes[node->runtimes_len++];
	found->runtime = *runtime;
	node_ask_runtime(found);
	return found;
}

static void look_handler(struct node *node, struct node_handler *handler)
{
	struct runtime runtime;

	look_profile(node, handler);
	if (runtime_find(HR_CONFDIR, handler->name, &runtime, NULL) < 0 ||
	    access(runtime.path, X_OK) < 0 || runtime_trust(&runtime, NULL) < 0)
		return;
	handler->real = find_runtime(node, &runtime);
	node_ask_handler(handler);
}

void node_usual_runtime(const struct node *node, char ret[PATH_MAX])
{
	struct runtime usual;

	snprintf(ret, PATH_MAX, "/usr/sbin/runc");
	for (size_t i = 0; i < node->handlers_len; i++)
		if (node->handlers[i].real) {
			snprintf(ret, PATH_MAX, "%s", node->handlers[i].real->runtime.path);
			return;
		}
	if (runtime_usual(RUNTIME_RUNC, &usual) || runtime_usual(RUNTIME_CRUN, &usual))
		snprintf(ret, PATH_MAX, "%s", usual.path);
}

/* ---- all ------------------------------------------------------------------------------- */

static int look_self(struct node *node, struct hr_error *err)
{
	ssize_t len = readlink("/proc/self/exe", node->self, sizeof(node->self) - 1);

	if (len < 0 || stat("/proc/self/exe", &node->self_stat) < 0)
		return hr_fail_errno(err, errno, "/proc/self/exe");
	node->self[len] = '\0';
	return 0;
}

int node_read(struct node **ret, struct hr_error *err)
{
	node_auto struct node *node = calloc(1, sizeof(*node));

	if (!node)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	node->handlers = calloc(HANDLERS_MAX, sizeof(*node->handlers));
	node->runtimes = calloc(HANDLERS_MAX, sizeof(*node->runtimes));
	if (!node->handlers || !node->runtimes)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (look_self(node, err) < 0)
		return -1;
	node_read_kernel(&node->kernel);
	node_read_kubelet(&node->kubelet);
	node_read_buildkit(node);
	look_policy(node);
	look_engines(node);
	for (unsigned kind = 0; kind < ENGINE_KINDS; kind++) {
		ask_engine(node, node->engines[kind]);
		add_engine(node, node->engines[kind]);
	}
	add_links(node);
	for (size_t i = 0; i < node->handlers_len; i++)
		look_handler(node, &node->handlers[i]);
	*ret = hr_steal(node);
	return 0;
}

void node_free(struct node *node)
{
	if (!node)
		return;
	for (size_t i = 0; i < node->handlers_len; i++)
		free(node->handlers[i].features);
	for (size_t i = 0; i < node->runtimes_len; i++) {
		free(node->runtimes[i].features);
		json_free(node->runtimes[i].cves);
	}
	for (unsigned kind = 0; kind < ENGINE_KINDS; kind++)
		engine_free(node->engines[kind]);
	free(node->handlers);
	free(node->runtimes);
	policy_free(node->policy);
	text_free(&node->mistakes);
	free(node);
}
