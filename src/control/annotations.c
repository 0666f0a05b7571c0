/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"

#include <string.h>

static const struct control_option options[] = {
	{.name = "allow", .type = OPTION_STRINGS},
	{0},
};

/*
 * Annotations that change what a runtime does: runc's features.go and its systemd
 * properties, crun(1) (run.oci.seccomp_bpf_data replaces the whole filter), runsc's flags, and
 * CRI-O's. A name that ends in a dot stands for all that begin so, as in runtime-spec features.md.
 */
static const char *const known[] = {
	"bundle",
	"org.systemd.property.",
	"org.criu.",
	"run.oci.",
	"krun.",
	"module.wasm.",
	"dev.gvisor.",
	"io.kubernetes.cri-o.userns-mode",
	"io.kubernetes.cri-o.Devices",
	"io.kubernetes.cri-o.ShmSize",
	"io.kubernetes.cri-o.TrySkipVolumeSELinuxLabel",
	NULL,
};

static bool names(const char *pattern, const char *key)
{
	return text_ends(pattern, ".") ? text_starts(key, pattern) : strcmp(pattern, key) == 0;
}

static bool changes_runtime(const struct control_in *in, const char *key)
{
	/* runc keeps annotations as "key=value" and takes the first "bundle=" among them. */
	if (text_starts(key, "bundle="))
		return true;
	for (size_t i = 0; known[i]; i++)
		if (names(known[i], key))
			return true;
	/* crun lists container-type, which containerd itself writes for every CRI pod. */
	if (text_starts(key, "io.kubernetes.cri."))
		return false;
	json_each(item, in->host->unsafe_annotations)
		if (item->type == JSON_STRING && names(item->text, key))
			return true;
	return false;
}

static bool allowed(const struct control_in *in, const char *key)
{
	json_each(pattern, json_get(in->rules, "allow"))
		if (text_match(pattern->text, key))
			return true;
	return false;
}

static void create(const struct control_in *in, struct change *out)
{
	const struct json *annotations = json_get(in->document, "annotations");
	const struct json *next;
	char path[CHANGE_PATH];

	for (const struct json *item = annotations ? annotations->first : NULL; item; item = next) {
		next = item->next;
		if (!changes_runtime(in, item->key) || allowed(in, item->key))
			continue;
		change_drop(out, change_key_path("annotations", item->key, path), annotations, item,
			    &(struct reason){
				    .rule = "annotations.allow",
				    .by = json_get(in->rules, "allow"),
				    .why = "changes what the runtime does",
				    .remedy = "to keep it, list it in \"annotations\": {\"allow\": "
					      "[...]}",
			    });
	}
}

const struct control control_annotations = {
	.name = "annotations",
	.sentence = "Removes annotations by which a container's author can change what the runtime "
		    "does.",
	.options = options,
	.create = create,
};
