/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what containerd alone can have wrong. */
#include "base/cleanup.h"
#include "base/file.h"
#include "command/doctor.h"
#include "engine/toml.h"

#include <fcntl.h>
#include <string.h>

#define RUNC_SHIM      "io.containerd.runc.v2"
#define RUNC_SHIM_NAME "containerd-shim-runc-v2"
#define LOST_MAX       6 /* keys that are named of what an import replaces */

/* ---- type ------------------------------------------------------------------------------ */

/* A shim by its path is started whatever runtime_type says; another one knows no BinaryName. */
static void judge_shim(const struct engine *engine, const struct engine_handler *handler,
		       struct findings *to)
{
	const char *path = json_string(handler->table, "runtime_path"), *slash;
	struct finding *finding;

	if (!path || !path[0])
		return;
	slash = strrchr(path, '/');
	if (strcmp(slash ? slash + 1 : path, RUNC_SHIM_NAME) == 0)
		return;
	finding =
		doctor_find_handler(to, "containerd.handler.type", SEVERITY_ERROR, engine, handler);
	text_adds(&finding->evidence, "runtime_path is ");
	doctor_show(&finding->evidence, path);
	text_adds(&finding->evidence,
		  ": containerd starts that shim and not " RUNC_SHIM_NAME
		  ", the one that calls BinaryName; pods fail or run without hardrun");
	doctor_edit(&finding->remedy, engine, handler);
	text_addf(&finding->remedy, "take runtime_path out%s", doctor_restart(engine->kind));
}

static void judge_type(const struct engine *engine, const struct engine_handler *handler,
		       struct findings *to)
{
	struct finding *finding;

	if (handler->type && strcmp(handler->type, RUNC_SHIM) == 0) {
		judge_shim(engine, handler, to);
		return;
	}
	finding =
		doctor_find_handler(to, "containerd.handler.type", SEVERITY_ERROR, engine, handler);
	text_adds(&finding->evidence, "runtime_type is ");
	doctor_show(&finding->evidence, handler->type ? handler->type : "\"\"");
	text_adds(&finding->evidence,
		  ", wanted: " RUNC_SHIM ", the shim that calls BinaryName; with another one pods "
		  "fail or run without hardrun");
	doctor_edit(&finding->remedy, engine, handler);
	text_addf(&finding->remedy, "set runtime_type to \"" RUNC_SHIM "\"%s",
		  doctor_restart(engine->kind));
}

/* ---- cgroup driver --------------------------------------------------------------------- */

static const char *driver(int systemd)
{
	return systemd > 0 ? "systemd" : "cgroupfs";
}

static void find_driver(const struct engine *engine, const struct engine_handler *handler,
			bool wanted, const struct text *why, struct findings *to)
{
	struct finding *finding = doctor_find_handler(to, "containerd.handler.cgroup-driver",
						      SEVERITY_ERROR, engine, handler);

	text_addf(&finding->evidence, "SystemdCgroup is %s (%s), %s: pods fail or are killed",
		  handler->systemd_cgroup > 0	? "true"
		  : handler->systemd_cgroup < 0 ? "not set"
						: "false",
		  driver(handler->systemd_cgroup), why->failed ? "" : why->data);
	doctor_edit(&finding->remedy, engine, handler);
	text_addf(&finding->remedy, "in its table options set SystemdCgroup = %s%s",
		  wanted ? "true" : "false", doctor_restart(engine->kind));
}

/* The kubelet's word counts where it is known; else what the default handler does. */
static void judge_driver(const struct node *node, const struct engine *engine,
			 const struct engine_handler *handler, struct findings *to)
{
	const struct engine_handler *base = doctor_default(engine);
	bool own = handler->systemd_cgroup > 0, wanted = own;
	text_auto struct text why = {0};

	if (node->kubelet.systemd_cgroup >= 0) {
		wanted = node->kubelet.systemd_cgroup;
		text_addf(&why, "the kubelet's cgroupDriver %s (/var/lib/kubelet/config.yaml:%u)",
			  driver(wanted), node->kubelet.line);
	} else if (base && base != handler) {
		wanted = base->systemd_cgroup > 0;
		text_addf(&why, "that of the default handler ");
		doctor_show(&why, base->name);
		text_addf(&why, " %s", driver(wanted));
		if (base->file)
			text_addf(&why, " (%s:%u)", base->file, base->line);
	}
	if (own != wanted)
		find_driver(engine, handler, wanted, &why, to);
}

/* Without it only the default handler's driver is compared with. */
static void check_kubelet(const struct node_kubelet *kubelet, struct findings *to)
{
	struct finding *finding;

	if (kubelet->failed.code == HR_OK)
		return;
	finding = doctor_find(to, "kubelet.config", SEVERITY_WARNING,
			      "/var/lib/kubelet/config.yaml", 0);
	text_adds(&finding->subject, "kubelet");
	text_addf(
		&finding->evidence,
		"its configuration cannot be read, so that its cgroupDriver was not compared with "
		"the handlers' SystemdCgroup: %s",
		kubelet->failed.msg);
	text_adds(&finding->remedy, "Write /var/lib/kubelet/config.yaml again, as the kubelet's "
				    "manual says; then: systemctl restart kubelet");
}

/* ---- version --------------------------------------------------------------------------- */

/* In these a task's own options replace the handler's, BinaryName with them (fixed by
 * a183b2d23); pods with user namespaces have such since 2.0.1. */
static void check_version(const struct engine *engine, struct findings *to)
{
	struct finding *finding;
	const char *version = engine->version;

	if (doctor_compare(version, 2, 0, 1) < 0 || doctor_compare(version, 2, 0, 4) > 0 ||
	    engine_major(engine) != 2)
		return;
	finding = doctor_find(to, "containerd.version", SEVERITY_ERROR, engine->program, 0);
	text_adds(&finding->subject, "containerd ");
	text_adds(&finding->subject, version);
	text_adds(&finding->evidence,
		  "from 2.0.1 to 2.0.4 the workloads of pods with user namespaces run with plain "
		  "runc although the handler says otherwise");
	text_adds(&finding->remedy, "Upgrade containerd to 2.0.5 or later; then: systemctl restart "
				    "containerd");
}

/* ---- imports --------------------------------------------------------------------------- */

/* Paths of keys in `before` that `after` has not. */
static void add_lost(const struct json *before, const struct json *after, const char *path,
		     unsigned *count, struct text *lost)
{
	json_each(value, before) {
		const struct json *other = json_get(after, value->key);
		text_auto struct text name = {0};

		text_addf(&name, "%s%s", path, path[0] ? "." : "");
		doctor_show(&name, value->key);
		if (name.failed)
			return;
		if (other && value->type == JSON_OBJECT && other->type == JSON_OBJECT)
			add_lost(value, other, name.data, count, lost);
		else if (!other && !doctor_is_zero(value) && (*count)++ < LOST_MAX)
			text_addf(lost, "%s%s", lost->len ? ", " : "", name.data);
	}
}

static const struct json *cri_of(struct json_doc *doc)
{
	return doc ? json_get(json_get(json_root(doc), "plugins"), engine_plugin(2)) : NULL;
}

static struct json_doc *read_file(const char *path)
{
	hr_autofree char *text = NULL;
	struct json_doc *doc = NULL;
	size_t len;

	if (file_read_at(AT_FDCWD, path, path, TOML_MAX_BYTES, &text, &len, NULL, NULL) < 0 ||
	    toml_parse(path, text, len, &doc, NULL) < 0)
		return NULL;
	return doc;
}

static void find_replaced(const char *earlier, const char *later, const struct text *lost,
			  unsigned count, struct findings *to)
{
	struct finding *finding =
		doctor_find(to, "containerd.import.replaces", SEVERITY_ERROR, later, 0);

	text_adds(&finding->subject, "containerd import ");
	doctor_show(&finding->subject, later);
	text_addf(
		&finding->evidence,
		"containerd 1.x takes a plugin's table from the file that is read last and from no "
		"other: of %s is lost: %s%s",
		earlier, lost->data, count > LOST_MAX ? ", and more" : "");
	text_addf(
		&finding->remedy,
		"Edit %s: move its tables of the CRI plugin into %s, and take the file out; then: "
		"systemctl restart containerd",
		later, earlier);
}

static void check_imports(const struct engine *engine, struct findings *to)
{
	json_auto struct json_doc *last = NULL;
	const char *last_file = NULL;

	if (engine->layout != 2 || engine_major(engine) >= 2)
		return;
	for (size_t i = 0; i < engine->files_len; i++) {
		json_auto struct json_doc *doc = read_file(engine->files[i]);
		text_auto struct text lost = {0};
		unsigned count = 0;

		if (!cri_of(doc))
			continue;
		add_lost(cri_of(last), cri_of(doc), "", &count, &lost);
		if (lost.len && !lost.failed)
			find_replaced(last_file, engine->files[i], &lost, count, to);
		json_free(last);
		last = hr_steal(doc);
		last_file = engine->files[i];
	}
}

void check_containerd(const struct node *node, struct findings *to)
{
	const struct engine *engine = node->engines[ENGINE_CONTAINERD];
	bool used = false;

	for (size_t i = 0; engine && i < engine->handlers_len; i++) {
		const struct engine_handler *handler = &engine->handlers[i];

		if (!handler->is_hardrun)
			continue;
		used = true;
		judge_type(engine, handler, to);
		judge_driver(node, engine, handler, to);
	}
	if (used) {
		check_version(engine, to);
		check_kubelet(&node->kubelet, to);
	}
	if (engine)
		check_imports(engine, to);
}
