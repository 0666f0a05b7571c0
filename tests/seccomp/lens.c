/* SPDX-License-Identifier: Apache-2.0 */
#include "lens.h"

#include <stdio.h>
#include <string.h>

void lens_set(struct lens *lens, const struct side *side, const struct abi *abi, uint32_t nr)
{
	*lens = (struct lens){.side = side, .fixed = true};
	for (size_t i = 0; i < OCI_RUNTIMES; i++) {
		const struct oci_filter *filter = &side->filters[i];
		struct bpf_state *state = &lens->states[i];

		if (side->same_as[i] != i)
			*state = lens->states[side->same_as[i]];
		else if (filter->len == 0)
			*state = (struct bpf_state){.a = SECCOMP_RET_ALLOW, .done = true};
		else
			*state = bpf_enter(filter->program, filter->len, abi->audit, nr);
		lens->fixed = lens->fixed && (state->done || !side->starts[i]);
	}
}

void lens_answers(const struct lens *lens, const struct seccomp_data *data,
		  uint32_t ret[OCI_RUNTIMES])
{
	for (size_t i = 0; i < OCI_RUNTIMES; i++) {
		const struct oci_filter *filter = &lens->side->filters[i];

		if (!lens->side->starts[i])
			ret[i] = 0;
		else if (lens->side->same_as[i] != i)
			ret[i] = ret[lens->side->same_as[i]];
		else
			ret[i] = bpf_action(
				bpf_resume(filter->program, filter->len, lens->states[i], data));
	}
}

const char *lens_action(uint32_t action, char buf[32])
{
	static const struct {
		uint32_t action;
		const char *name;
	} names[] = {
		{SECCOMP_RET_KILL_PROCESS, "KILL_PROCESS"},
		{SECCOMP_RET_KILL_THREAD, "KILL_THREAD"},
		{SECCOMP_RET_TRAP, "TRAP"},
		{SECCOMP_RET_ERRNO, "ERRNO"},
		{SECCOMP_RET_USER_NOTIF, "NOTIFY"},
		{SECCOMP_RET_TRACE, "TRACE"},
		{SECCOMP_RET_LOG, "LOG"},
		{SECCOMP_RET_ALLOW, "ALLOW"},
	};
	const char *name = "?";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].action == (action & SECCOMP_RET_ACTION_FULL))
			name = names[i].name;
	}
	if (strcmp(name, "ERRNO") == 0 || strcmp(name, "TRACE") == 0)
		snprintf(buf, 32, "%s(%u)", name, action & SECCOMP_RET_DATA);
	else
		snprintf(buf, 32, "%s", name);
	return buf;
}

const char *lens_point(const struct abi *abi, const struct seccomp_data *data, char buf[256])
{
	char call[64];
	size_t len, last = 6;

	while (last > 0 && data->args[last - 1] == 0)
		last--;
	abi_call(abi, (uint32_t)data->nr, call);
	snprintf(buf, 256, "%s %s(", abi->name, call);
	for (size_t i = 0; i < last; i++) {
		len = strlen(buf);
		snprintf(buf + len, 256 - len, "%s%#llx", i > 0 ? ", " : "",
			 (unsigned long long)data->args[i]);
	}
	len = strlen(buf);
	snprintf(buf + len, 256 - len, ")");
	return buf;
}
