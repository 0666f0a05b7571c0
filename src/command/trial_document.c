/* SPDX-License-Identifier: Apache-2.0 */
#include "command/trial_document.h"

#include "base/cleanup.h"
#include "json/edit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* As Docker and containerd write it for an image of which nothing is known. */
static const char engines[] =
	"{\"ociVersion\":\"1.0.2\",\"hostname\":\"try\","
	"\"process\":{\"terminal\":false,\"user\":{\"uid\":0,\"gid\":0},\"args\":[],"
	"\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"],"
	"\"cwd\":\"/\",\"capabilities\":{},\"noNewPrivileges\":false},"
	"\"root\":{\"path\":\"rootfs\",\"readonly\":false},"
	"\"mounts\":["
	"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
	"\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
	"\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\","
	"\"gid=5\"]},"
	"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
	"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},"
	"{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}],"
	"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},"
	"{\"type\":\"uts\"},{\"type\":\"mount\"},{\"type\":\"cgroup\"}],"
	"\"maskedPaths\":[\"/proc/acpi\",\"/proc/kcore\",\"/proc/keys\",\"/proc/latency_stats\","
	"\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\",\"/proc/scsi\","
	"\"/sys/firmware\"],"
	"\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\","
	"\"/proc/sysrq-trigger\"]}}";

static const char *const capabilities[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_FSETID",
	"CAP_FOWNER",
	"CAP_MKNOD",
	"CAP_NET_RAW",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETFCAP",
	"CAP_SETPCAP",
	"CAP_NET_BIND_SERVICE",
	"CAP_SYS_CHROOT",
	"CAP_KILL",
	"CAP_AUDIT_WRITE",
	NULL,
};

static struct json *strings(struct json_doc *doc, const char *const *list)
{
	struct json *array = json_new_array(doc);

	for (; *list; list++)
		json_append(array, json_new_string(doc, *list));
	return array;
}

/* What Docker and containerd give to root; other users get it in the bounding set alone. */
static void add_capabilities(struct json_doc *doc, struct json *process)
{
	static const char *const sets[] = {"bounding", "effective", "permitted"};
	struct json *all = json_get_mut(process, "capabilities");
	uint64_t uid = 0;

	json_uint(json_path(process, "user.uid"), &uid);
	for (size_t i = 0; i < hr_count(sets); i++)
		if (i == 0 || uid == 0)
			json_put(doc, all, sets[i], strings(doc, capabilities));
}

static bool read_id(const char *text, char **ret_end, uint32_t *ret)
{
	unsigned long long id;

	if (text[0] < '0' || text[0] > '9')
		return false;
	id = strtoull(text, ret_end, 10);
	*ret = (uint32_t)id;
	return id < UINT32_MAX;
}

static int put_user(struct json_doc *doc, struct json *process, const char *word,
		    struct hr_error *err)
{
	struct json *user = json_put(doc, process, "user", json_new_object(doc));
	char shown[TEXT_SHOWN_SIZE], *end = NULL;
	uint32_t uid = 0, gid = 0;
	bool good = read_id(word, &end, &uid);

	if (good && *end == ':')
		good = read_id(end + 1, &end, &gid);
	else
		gid = uid;
	if (!good || *end)
		return hr_fail(err, HR_USAGE, "--user: \"%s\" is not UID or UID:GID, in numbers",
			       text_shown_z(word, shown));
	json_put_uint(doc, user, "uid", uid);
	json_put_uint(doc, user, "gid", gid);
	return 0;
}

static size_t name_length(const char *variable)
{
	return strcspn(variable, "=") + 1;
}

/* A variable of that name is replaced. */
static void put_env(struct json_doc *doc, struct json *list, const char *variable)
{
	for (struct json *old = list ? list->first : NULL; old; old = old->next)
		if (old->type == JSON_STRING &&
		    strncmp(old->text, variable, name_length(variable)) == 0) {
			json_insert(list, old, json_new_string(doc, variable));
			json_remove(list, old);
			return;
		}
	json_append(list, json_new_string(doc, variable));
}

/* crun gives a new terminal no size by itself. */
static void put_terminal_size(struct json_doc *doc, struct json *process)
{
	struct winsize size;
	struct json *object;

	if (ioctl(0, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 || size.ws_col == 0)
		return;
	object = json_put(doc, process, "consoleSize", json_new_object(doc));
	json_put_uint(doc, object, "height", size.ws_row);
	json_put_uint(doc, object, "width", size.ws_col);
}

/* As the word is not the image's, a shell does not look at it. */
static int put_words(const struct trial *trial, struct json_doc *doc, struct json *process,
		     struct hr_error *err)
{
	struct json *env = json_get_mut(process, "env");

	if (trial->command[0])
		json_put(doc, process, "args",
			 strings(doc, (const char *const *)(uintptr_t)trial->command));
	if (json_count(json_get(process, "args")) == 0)
		return hr_fail(err, HR_USAGE, "what is to be run? give a command");
	if (trial->user && put_user(doc, process, trial->user, err) < 0)
		return -1;
	if (trial->cwd)
		json_put_string(doc, process, "cwd", trial->cwd);
	if (!env)
		env = json_put(doc, process, "env", json_new_array(doc));
	for (size_t i = 0; trial->env[i]; i++)
		put_env(doc, env, trial->env[i]);
	json_put(doc, process, "terminal", json_new_bool(doc, trial->terminal));
	if (trial->terminal)
		put_terminal_size(doc, process);
	return 0;
}

static void take(struct json_doc *doc, struct json *process, const struct json *from,
		 const char *key)
{
	if (json_get(from, key))
		json_put(doc, process, key, json_clone(doc, json_get(from, key)));
}

int trial_document_new(const struct trial *trial, const struct trial_place *place,
		       const struct json *image, struct json_doc **ret, struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	const struct json *said = json_get(image, "process");
	struct json *process;

	if (json_parse("config.json", engines, strlen(engines), false, &doc, err) < 0)
		return -1;
	process = json_get_mut(json_root(doc), "process");
	take(doc, process, said, "args");
	take(doc, process, said, "env");
	take(doc, process, said, "cwd");
	take(doc, process, said, "user");
	if (trial->terminal)
		put_env(doc, json_get_mut(process, "env"), "TERM=xterm");
	if (put_words(trial, doc, process, err) < 0)
		return -1;
	add_capabilities(doc, process);
	if (!json_put_string(doc, json_get_mut(json_root(doc), "linux"), "cgroupsPath",
			     place->cgroup))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	json_forget_origin(json_root(doc));
	*ret = hr_steal(doc);
	return 0;
}

int trial_document_change(const struct trial *trial, const struct trial_place *place,
			  struct json_doc *doc, struct hr_error *err)
{
	struct json *root = json_root(doc);
	struct json *process = json_get_mut(root, "process");
	struct json *linux_ = json_get_mut(root, "linux");
	struct json *tree = json_get_mut(root, "root");

	if (!process || process->type != JSON_OBJECT || !linux_ || linux_->type != JSON_OBJECT ||
	    !tree || tree->type != JSON_OBJECT)
		return hr_fail(err, HR_SPEC,
			       "--bundle: config.json has no object process, root or linux");
	if (put_words(trial, doc, process, err) < 0)
		return -1;
	json_put_string(doc, linux_, "cgroupsPath", place->cgroup);
	if (!json_put_string(doc, tree, "path", "rootfs"))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}
