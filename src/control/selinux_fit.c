/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A label that the kernel takes may still be one under which nothing runs: engines label the
 * root file system and the volumes before they call us, or not at all. Asked beforehand, the
 * kernel tells what would otherwise be a bare "operation not permitted" out of the runtime.
 */
#include "control/selinux.h"

#include <stdio.h>
#include <string.h>

static void judge_domain(const struct labels *labels)
{
	const struct control_in *in = labels->in;

	if (in->host->selinux_enforced(in->host, labels->label))
		return;
	selinux_refuse(labels, LABEL_FIELD, "label", labels->label,
		       "the loaded SELinux policy has its domain permissive: it logs, and refuses "
		       "nothing",
		       "semanage permissive -d with the domain's name");
}

static void judge_start(const struct labels *labels)
{
	const struct control_in *in = labels->in;
	bool no_new_privs = json_true(json_get(in->document, "process"), "noNewPrivileges");
	bool own;

	if (in->host->selinux_starts(in->host, labels->label, no_new_privs))
		return;
	own = strstr(labels->label, ":hardrun_container_t") != NULL;
	selinux_refuse(labels, LABEL_FIELD, "label", labels->label,
		       no_new_privs ? "the loaded SELinux policy lets the runtime start no process "
				      "under it (process transition, process2 nnp_transition)"
				    : "the loaded SELinux policy lets the runtime start no process "
				      "under it (process transition)",
		       own ? "name the runtime's domain in a module: (typeattributeset "
			     "hardrun_runtime_type (DOMAIN))"
			   : "run the engine in the domain that the loaded policy has for it "
			     "(restorecon its programs), or load a module that allows it both");
}

/* What needs no loader runs all the same, so it is no refusal. */
static void judge_layers(const struct labels *labels, const char *root)
{
	const struct control_in *in = labels->in;

	if (in->host->selinux_layers(in->host, labels->label, root))
		return;
	change_warn(
		labels->out, "root.path", root,
		&(struct reason){
			.rule = "selinux.label",
			.by = json_get(in->rules, "label"),
			.why = "the loader of most programs may fail (\"cannot apply additional "
			       "memory protection\"): the layers' own labels are not for "
			       "containers",
			.remedy = "label the engine's directory as the loaded policy has it: "
				  "restorecon -R; where it was moved to, semanage fcontext -a "
				  "-e first"});
}

static void judge_root(const struct labels *labels)
{
	const struct control_in *in = labels->in;
	const char *root = json_string(json_get(in->document, "root"), "path");

	if (!root || in->host->selinux_runs(in->host, labels->label, root))
		return;
	if (labels->mount[0] && in->host->root_overlay(in->host, root)) {
		change_context(labels->out, labels->mount);
		judge_layers(labels, root);
		return;
	}
	selinux_refuse(labels, "root.path", "label", root,
		       "its files are not labelled for containers, and nothing of it could be "
		       "started under the container's label",
		       "use an overlay, which hardrun mounts anew with the right label, or label "
		       "the files: chcon -R -t container_file_t");
}

static bool is_bind(const struct json *mount)
{
	const struct json *list = json_get(mount, "options");

	return json_has_string(list, "bind") || json_has_string(list, "rbind");
}

/* Where the engine set no label it labelled no volume either. */
static void judge_sources(const struct labels *labels)
{
	const struct control_in *in = labels->in;
	char path[CHANGE_PATH], where[CHANGE_PATH];
	size_t index = 0;

	json_each(mount, json_get(in->document, "mounts")) {
		const char *source = json_string(mount, "source");

		change_index_path("mounts", index++, where);
		if (!source || !is_bind(mount) ||
		    in->host->selinux_reads(in->host, labels->label, source))
			continue;
		selinux_refuse(labels, change_key_path(where, "source", path), "label",
			       host_unstaged(source),
			       "the container could not use it under its label",
			       "switch SELinux on in the engine (containerd: enable_selinux = "
			       "true), so that it labels volumes, or label the source: "
			       "semanage fcontext -a -t container_file_t, then restorecon -R");
		return;
	}
}

void selinux_judge_fit(struct labels *labels)
{
	judge_domain(labels);
	judge_start(labels);
	judge_root(labels);
	if (!labels->asked[0])
		judge_sources(labels);
}
