/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: SELinux's state and types, and what engines do of it. */
#include "base/cleanup.h"
#include "command/doctor_lsm.h"

#include <fcntl.h>
#include <string.h>

#define MODULE	      HR_DATADIR "/hardrun/selinux/hardrun.cil"
#define MODULE_DOMAIN "system_u:system_r:hardrun_container_t"

/* ---- SELinux ----------------------------------------------------------------------------- */

/* The kernel takes a context that its policy knows, and refuses any other (EINVAL). */
static bool is_known(const struct lsm *lsm, const char *context)
{
	hr_autoclose int fd = open(LSM_SELINUX "/context", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	text_auto struct text whole = {0};

	text_addf(&whole, "%s%s", context, lsm->levels ? ":s0:c1,c2" : "");
	return fd >= 0 && !whole.failed && write(fd, whole.data, whole.len + 1) >= 0;
}

static bool knows_a_pair(const struct lsm *lsm, const struct json *rules)
{
	const struct json *mounts = json_get(rules, "mount_label"), *labels;
	const struct json *mount = mounts ? mounts->first : NULL;

	labels = json_get(rules, "label");
	for (const struct json *label = labels ? labels->first : NULL; label && mount;
	     label = label->next, mount = mount->next)
		if (is_known(lsm, label->text) && is_known(lsm, mount->text))
			return true;
	return false;
}

static void judge_types(const struct lsm *lsm, const struct used *used)
{
	const struct json *rules = json_get(used->profile, "selinux");
	const struct json *labels = json_get(rules, "label");
	struct finding *finding;

	if (lsm_is_off(used, "selinux") || knows_a_pair(lsm, rules))
		return;
	finding = doctor_find(lsm->to, "lsm.selinux-types", lsm_severity(used, "selinux"), NULL, 0);
	text_adds(&finding->subject, "profile ");
	doctor_show(&finding->subject, used->name);
	text_adds(&finding->evidence, "the loaded SELinux policy knows none of its labels (");
	json_each(label, labels) {
		text_adds(&finding->evidence, label->prev ? ", " : "");
		doctor_show(&finding->evidence, label->text);
	}
	text_adds(&finding->evidence, "): creates with this profile are refused");
	if (json_has_string(labels, MODULE_DOMAIN) && access(MODULE, F_OK) == 0)
		text_adds(&finding->remedy, "semodule -i " MODULE);
	else
		text_adds(&finding->remedy, "Install a policy that has them, such as the "
					    "distribution's for containers");
}

static void judge_permissive(const struct lsm *lsm)
{
	struct finding *finding;

	if (lsm->selinux != HOST_LSM_PERMISSIVE)
		return;
	finding = doctor_find(lsm->to, "lsm.selinux-permissive", SEVERITY_WARNING, LSM_SELINUX_FILE,
			      0);
	text_adds(&finding->subject, "SELinux");
	text_adds(&finding->evidence,
		  "is permissive: what containers may not do is written to the log and done");
	text_adds(&finding->remedy,
		  "setenforce 1 && sed -i 's/^SELINUX=.*/SELINUX=enforcing/' " LSM_SELINUX_FILE);
}

/* ---- what engines do of SELinux ---------------------------------------------------------- */

/* The switch, "" for one that is on as it comes. */
static const char *switch_of(const struct engine *engine, const struct json **ret)
{
	const struct json *config = engine->config;

	switch (engine->kind) {
	case ENGINE_CONTAINERD:
		*ret = json_get(json_get(json_get(config, "plugins"),
					 engine_plugin(engine->layout)),
				"enable_selinux");
		return "enable_selinux";
	case ENGINE_CRIO:
		*ret = json_path(config, "crio.runtime.selinux");
		return "selinux";
	case ENGINE_DOCKER:
		*ret = json_get(config, "selinux-enabled");
		return "selinux-enabled";
	case ENGINE_PODMAN:
		*ret = json_path(config, "containers.label");
		return "label";
	case ENGINE_KINDS:
		break;
	}
	*ret = NULL;
	return "";
}

/* podman alone labels unasked. */
static bool labels(const struct engine *engine, const struct json *value)
{
	if (value && value->type == JSON_BOOL)
		return value->boolean;
	return engine->kind == ENGINE_PODMAN;
}

static void judge_engine(const struct lsm *lsm, const struct engine *engine)
{
	static const char *const places[ENGINE_KINDS] = {
		[ENGINE_CONTAINERD] = "in the CRI plugin's table ",
		[ENGINE_CRIO] = "in [crio.runtime] ",
		[ENGINE_DOCKER] = "",
		[ENGINE_PODMAN] = "in [containers] ",
	};
	const struct json *value = NULL;
	const char *name = switch_of(engine, &value), *file = NULL;
	const char *place = engine->kind < ENGINE_KINDS ? places[engine->kind] : "";
	struct finding *finding;
	unsigned line = 0;

	if (labels(engine, value))
		return;
	if (value)
		engine_where(engine, value, &file, &line);
	finding = doctor_find(lsm->to, "lsm.selinux-engine", SEVERITY_WARNING,
			      file ? file : engine->file, line);
	text_adds(&finding->subject, engine_name(engine->kind));
	text_addf(&finding->evidence,
		  "%s is %s: SELinux enforces, and the engine labels neither containers nor their "
		  "files; hardrun sets a label, and refuses what the container could not read%s",
		  name, value ? "false" : "not set",
		  engine->kind == ENGINE_DOCKER
			  ? " (--selinux-enabled on dockerd's command line is "
			    "not seen here)"
			  : "");
	text_addf(&finding->remedy, "Edit %s: %sset %s to true%s", file ? file : engine->file,
		  place, name, doctor_restart(engine->kind));
}

static bool calls_hardrun(const struct engine *engine)
{
	for (size_t i = 0; engine && i < engine->handlers_len; i++)
		if (engine->handlers[i].is_hardrun)
			return true;
	return false;
}

void lsm_judge_selinux(const struct lsm *lsm)
{
	bool wanted = false;

	judge_permissive(lsm);
	for (size_t i = 0; i < lsm->used_len; i++) {
		judge_types(lsm, &lsm->used[i]);
		wanted = wanted || !lsm_is_off(&lsm->used[i], "selinux");
	}
	for (unsigned kind = 0; wanted && kind < ENGINE_KINDS; kind++)
		if (lsm->selinux == HOST_LSM_ON && calls_hardrun(lsm->node->engines[kind]))
			judge_engine(lsm, lsm->node->engines[kind]);
}
