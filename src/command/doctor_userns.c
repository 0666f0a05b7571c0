/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what the profiles in use need of this node to give pods user namespaces. */
#include "base/cleanup.h"
#include "command/doctor_lsm.h"
#include "host/subid.h"
#include "host/userns.h"
#include "stage/probe.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ETC	     "/etc"
#define KNOWN	     HR_STATEDIR "/userns.json"
#define KUBELET	     "kubelet"
#define KUBELET_PODS 110 /* maxPods of a KubeletConfiguration */

struct userns {
	const struct node *node;
	struct findings *to;
	struct used *used; /* that map */
	size_t used_len;
	enum severity severity; /* the worst of theirs */
	struct text names;
};

/* ---- profiles that map ----------------------------------------------------------------- */

static const struct json *rules_of(const struct used *used)
{
	return json_get(used->profile, "userns");
}

/* A "pod" goes by another profile. */
static bool maps(const struct used *used)
{
	const char *map = json_string(rules_of(used), "map");

	return map && !lsm_is_off(used, "userns") &&
	       (strcmp(map, "auto") == 0 || strcmp(map, "require") == 0);
}

/* Pods that cannot be mapped run as they are, or do not run. */
static enum severity severity_of(const struct used *used)
{
	return strcmp(json_string(rules_of(used), "map"), "require") == 0
		       ? lsm_severity(used, "userns")
		       : SEVERITY_WARNING;
}

static void find_mapping(struct userns *userns)
{
	size_t all;

	userns->severity = SEVERITY_WARNING;
	userns->used = doctor_used(userns->node, userns->to, &all);
	for (size_t i = 0; i < all; i++) {
		if (!maps(&userns->used[i]))
			continue;
		if (severity_of(&userns->used[i]) < userns->severity)
			userns->severity = severity_of(&userns->used[i]);
		text_adds(&userns->names, userns->names.len ? ", " : "");
		doctor_show(&userns->names, userns->used[i].name);
		userns->used[userns->used_len++] = userns->used[i];
	}
}

static void tell_who(const struct userns *userns, struct text *to)
{
	text_addf(to, "; pods of profile %s get no user namespace",
		  userns->names.failed ? "" : userns->names.data);
}

/* ---- ids ------------------------------------------------------------------------------- */

static void judge_files(const struct userns *userns)
{
	static const char *const files[] = {ETC "/subuid", ETC "/subgid", ETC "/passwd",
					    ETC "/group"};

	for (size_t i = 0; i < hr_count(files); i++)
		if (access(files[i], F_OK) == 0 &&
		    doctor_trust(userns->to, userns->severity, files[i], "whose ids are whose"))
			return;
}

/* False when there are none. */
static bool judge_ranges(const struct userns *userns)
{
	__attribute__((cleanup(subid_wrong_free))) struct subid_wrong wrong = {0};
	struct hr_error err = {0};
	struct finding *finding;
	struct subid_pool pool;

	if (subid_judge(ETC, &pool, &wrong, &err) == 0)
		return true;
	if (err.code == HR_UNTRUSTED) {
		judge_files(userns);
		return false;
	}
	finding = doctor_find(userns->to, "userns.ranges", userns->severity,
			      wrong.file[0] ? wrong.file : ETC "/subuid", wrong.line);
	text_adds(&finding->subject, "user " SUBID_USER);
	text_adds(&finding->evidence, err.msg);
	tell_who(userns, &finding->evidence);
	if (wrong.remedy.len && !wrong.remedy.failed)
		text_adds(&finding->remedy, wrong.remedy.data);
	else
		text_adds(&finding->remedy, "Make the file readable for root");
	return false;
}

/* It asks getsubids(1) for ids of a user of this name, and without him takes all from 65536 on
 * (Kubernetes' user namespaces). */
static void judge_kubelet(const struct userns *userns)
{
	struct finding *finding;
	uint32_t first;

	if ((access("/var/lib/kubelet/config.yaml", F_OK) < 0 &&
	     access("/var/lib/kubelet/pods", F_OK) < 0) ||
	    subid_has(ETC, KUBELET, KUBELET_PODS, &first))
		return;
	finding = doctor_find(userns->to, "userns.kubelet", SEVERITY_WARNING, ETC "/subuid", 0);
	text_adds(&finding->subject, "user " KUBELET);
	text_adds(&finding->evidence,
		  "user " KUBELET " is missing, or has no ids in " ETC "/subuid and " ETC
		  "/subgid: the kubelet gives pods with hostUsers: false any ids above 65535, "
		  "those of user " SUBID_USER " too, and with these they are refused");
	text_adds(&finding->remedy, "Before such pods run: ");
	if (first == 0) {
		text_addf(&finding->remedy, "give user " KUBELET " %u ids there",
			  KUBELET_PODS * SUBID_SLOT);
		return;
	}
	text_addf(&finding->remedy,
		  "install getsubids (package uidmap), then: useradd --system " KUBELET
		  "; sed -i '$a " KUBELET ":%u:%u' " ETC "/subuid " ETC
		  "/subgid; systemctl restart kubelet",
		  first, KUBELET_PODS * SUBID_SLOT);
}

/* ---- the kernel ------------------------------------------------------------------------ */

/* Nothing is kept that is not kept yet: the state directory is no directory then. */
static int ask_kernel(struct hr_error *err)
{
	hr_autoclose int fd = -1;

	if (userns_make(SUBID_FIRST, SUBID_SLOT, &fd, err) < 0)
		return -1;
	return stage_probe(access(KNOWN, F_OK) == 0 ? HR_STATEDIR : "/dev/null", fd, err);
}

static void judge_kernel(const struct userns *userns)
{
	const struct node_kernel *kernel = &userns->node->kernel;
	struct hr_error err = {0};
	struct finding *finding;

	if (ask_kernel(&err) == 0)
		return;
	finding = doctor_find(userns->to, "userns.kernel", userns->severity, NULL, 0);
	text_adds(&finding->subject, "kernel ");
	doctor_show(&finding->subject, kernel->release);
	text_adds(&finding->evidence, err.msg);
	tell_who(userns, &finding->evidence);
	if (strcmp(kernel->userns, "0") == 0)
		text_adds(&finding->remedy, "sysctl -w user.max_user_namespaces=65536");
	else
		text_adds(&finding->remedy, "Boot a kernel of Linux 5.19 or later (6.3 for "
					    "volumes of tmpfs) that has user namespaces");
}

/* ---- runtimes -------------------------------------------------------------------------- */

static bool named_by_a_rule(const struct node *node, const char *profile)
{
	json_each(rule, policy_rules(node->policy))
		if (json_string(rule, "use") && strcmp(json_string(rule, "use"), profile) == 0)
			return true;
	return false;
}

/* Docker has the network made by the runtime, or by a hook of it. */
static bool joins_networks(const struct node_handler *handler)
{
	return !handler->engine || handler->engine->kind != ENGINE_DOCKER;
}

/* The worst of what the handler's containers meet; SEVERITIES: nothing. */
static enum severity joining_severity(const struct userns *userns,
				      const struct node_handler *handler)
{
	enum severity worst = SEVERITIES;

	for (size_t i = 0; i < userns->used_len; i++) {
		const struct used *used = &userns->used[i];

		if (json_true(rules_of(used), "pre_join") ||
		    (strcmp(used->name, handler->profile ? handler->profile : "") != 0 &&
		     !named_by_a_rule(userns->node, used->name)))
			continue;
		if (severity_of(used) < worst)
			worst = severity_of(used);
	}
	return worst > doctor_severity(handler) ? worst : doctor_severity(handler);
}

static void judge_runtime(const struct userns *userns, const struct node_runtime *runtime)
{
	enum severity worst = SEVERITIES;
	text_auto struct text names = {0};
	struct finding *finding;

	if (runtime->runtime.kind != RUNTIME_RUNC || doctor_compare(runtime->version, 1, 3, 0) >= 0)
		return;
	for (size_t i = 0; i < userns->node->handlers_len; i++) {
		const struct node_handler *handler = &userns->node->handlers[i];
		enum severity severity = joining_severity(userns, handler);

		if (handler->real != runtime || !joins_networks(handler) || severity == SEVERITIES)
			continue;
		text_adds(&names, names.len ? ", " : "");
		doctor_show(&names, handler->name);
		worst = severity < worst ? severity : worst;
	}
	if (!names.len || names.failed)
		return;
	finding = doctor_find(userns->to, "userns.runtime", worst, runtime->runtime.path, 0);
	text_adds(&finding->subject, "runtime ");
	doctor_show(&finding->subject, runtime->runtime.path);
	text_addf(&finding->evidence,
		  "%s: before 1.3 runc cannot exec into a container whose user namespace does not "
		  "own its network, as where CNI made it: such pods of handler %s get none",
		  runtime->version, names.data);
	text_adds(&finding->remedy,
		  "Install crun and run: hardrun setup ENGINE --runtime /usr/bin/crun; or runc 1.3 "
		  "or later; or set \"userns\": {\"pre_join\": true} in the profile: hardrun then "
		  "enters the pod's network in the runtime's place, and DANGER: a runc exec that "
		  "does not go through hardrun lands in the host's network");
}

/* ---- all ------------------------------------------------------------------------------- */

void check_userns(const struct node *node, struct findings *to)
{
	struct userns userns = {.node = node, .to = to};

	find_mapping(&userns);
	if (userns.used_len > 0) {
		if (judge_ranges(&userns))
			judge_kubelet(&userns);
		judge_kernel(&userns);
		for (size_t i = 0; i < node->runtimes_len; i++)
			judge_runtime(&userns, &node->runtimes[i]);
	}
	free(userns.used);
	text_free(&userns.names);
}
