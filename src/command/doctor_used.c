/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: which profiles of the policy containers of this node get. */
#include "command/doctor.h"

#include <stdlib.h>
#include <string.h>

struct list {
	struct used *all;
	size_t len, room;
	const struct node *node;
	struct findings *to;
};

static void use(struct list *list, const char *name, enum severity severity)
{
	const struct json *profile;

	if (!name || policy_profile(list->node->policy, name, &profile, NULL) < 0)
		return;
	for (size_t i = 0; i < list->len; i++)
		if (strcmp(list->all[i].name, name) == 0) {
			if (severity < list->all[i].severity)
				list->all[i].severity = severity;
			return;
		}
	if (list->len == list->room) {
		size_t room = list->room ? 2 * list->room : 16;
		struct used *grown = realloc(list->all, room * sizeof(*grown));

		if (!grown) {
			list->to->failed = true;
			return;
		}
		list->all = grown;
		list->room = room;
	}
	list->all[list->len++] = (struct used){name, profile, severity};
}

struct used *doctor_used(const struct node *node, struct findings *to, size_t *ret_len)
{
	struct list list = {.node = node, .to = to};
	enum severity worst = SEVERITY_WARNING;

	*ret_len = 0;
	if (!node->policy || node->handlers_len == 0)
		return NULL;
	for (size_t i = 0; i < node->handlers_len; i++) {
		const struct node_handler *handler = &node->handlers[i];

		use(&list, handler->profile, doctor_severity(handler));
		if (handler->engine && handler->engine->kind == ENGINE_CONTAINERD)
			use(&list, "sandbox", doctor_severity(handler));
		if (doctor_severity(handler) < worst)
			worst = doctor_severity(handler);
	}
	json_each(rule, policy_rules(node->policy))
		use(&list, json_string(rule, "use"), worst);
	*ret_len = list.len;
	return list.all;
}
