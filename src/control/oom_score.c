/* SPDX-License-Identifier: Apache-2.0 */
#include "control/table.h"

#include <inttypes.h>
#include <stdio.h>

#define MOST	      1000   /* of the kernel, either way */
#define KUBELET_LEAST (-998) /* of a pod; what is lower are the host's own daemons */

static void refuse(struct change *out, const char *path, int64_t asked, const char *why,
		   const char *remedy)
{
	char value[24];

	snprintf(value, sizeof(value), "%" PRId64, asked);
	change_refuse(out, path, value,
		      &(struct reason){.rule = "oom_score", .why = why, .remedy = remedy});
}

/* `least`: of the container that an exec is in. */
static void judge(struct change *out, const char *path, const struct json *value, bool cri,
		  int64_t least)
{
	int64_t asked;

	if (!json_int(value, &asked))
		return;
	if (asked < -MOST || asked > MOST) {
		refuse(out, path, asked, "outside what the kernel takes, -1000 to 1000",
		       "ask for a number within it");
		return;
	}
	if (cri && asked < KUBELET_LEAST) {
		refuse(out, path, asked,
		       "below every pod of the kubelet: the host's own daemons would be killed "
		       "before it",
		       "ask for -998 or more");
		return;
	}
	if (!cri && least < 0)
		least = 0;
	if (asked < least)
		change_set(out, path, json_new_int(change_doc(out), least), NULL,
			   &(struct reason){
				   .rule = "oom_score",
				   .why = least > 0 || cri
						  ? "the process would outlive its own container "
						    "when memory runs out"
						  : "the host's own processes would be killed "
						    "before it when memory runs out",
				   .remedy = "ask for none, or a higher number",
			   });
}

/* None is asked: the process would have its caller's, which is lower than `least`. */
static void inherit(const struct control_in *in, struct change *out, const char *path,
		    int64_t least)
{
	if (in->host->own_oom_score(in->host) < least)
		change_set(out, path, json_new_int(change_doc(out), least), NULL,
			   &(struct reason){
				   .rule = "oom_score",
				   .why = "without one it would be the engine's own",
				   .remedy = "ask for one",
			   });
}

static void create(const struct control_in *in, struct change *out)
{
	struct json_doc *notes = change_notes(out);
	struct json *ceiling = json_new_object(notes);
	bool cri = in->identity->cri;
	int64_t left = 0;

	if (!json_path(in->document, "process.oomScoreAdj"))
		inherit(in, out, "process.oomScoreAdj", 0);
	judge(out, "process.oomScoreAdj", json_path(in->document, "process.oomScoreAdj"), cri,
	      cri ? -MOST : 0);
	json_int(json_path(in->document, "process.oomScoreAdj"), &left);
	json_put(notes, ceiling, "cri", json_new_bool(notes, cri));
	json_put_int(notes, ceiling, "left", left);
	change_ceiling(out, ceiling);
}

static void exec(const struct control_in *in, struct change *out)
{
	int64_t left = 0;

	json_int(json_get(in->rules, "left"), &left);
	if (!json_get(in->document, "oomScoreAdj"))
		inherit(in, out, "oomScoreAdj", left);
	judge(out, "oomScoreAdj", json_get(in->document, "oomScoreAdj"),
	      json_true(in->rules, "cri"), left);
}

const struct control control_oom_score = {
	.name = "oom_score",
	.sentence = "Keeps a container from outliving the host's own processes when memory runs "
		    "out.",
	.create = create,
	.exec = exec,
};
