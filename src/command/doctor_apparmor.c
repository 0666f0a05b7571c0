/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: AppArmor's profiles. */
#include "command/doctor_lsm.h"
#include "host/lsm.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The mode of a loaded profile, cut to `room`; false when it is not loaded. */
static bool find_mode(const char *profiles, const char *name, char *ret, size_t room)
{
	size_t len = strlen(name);

	for (const char *line = profiles; line && line[0];) {
		size_t all = strcspn(line, "\n");

		if (all > len + 3 && strncmp(line, name, len) == 0 && line[len] == ' ' &&
		    line[len + 1] == '(' && line[all - 1] == ')') {
			snprintf(ret, room, "%.*s", (int)(all - len - 3), line + len + 2);
			return true;
		}
		line += all + (line[all] == '\n');
	}
	return false;
}

static void remedy_profile(const char *name, bool loaded, struct text *to)
{
	text_auto struct text path = {0};

	text_addf(&path, "/etc/apparmor.d/%s", name);
	if (path.failed)
		return;
	if (loaded)
		text_adds(to, "Take the mode out of its file (flags=, or a link to it in "
			      "/etc/apparmor.d/force-complain), then: ");
	else if (access(path.data, F_OK) < 0)
		text_adds(to, "Install its file, then: ");
	text_adds(to, "apparmor_parser -r ");
	doctor_word(to, path.data);
}

static void judge_profile(const struct lsm *lsm, const char *name, enum severity severity,
			  const struct text *of)
{
	char mode[32] = "";
	bool loaded = find_mode(lsm->profiles, name, mode, sizeof(mode));
	struct finding *finding;

	if (loaded && lsm_apparmor_enforces(mode))
		return;
	finding = doctor_find(lsm->to, "lsm.apparmor-profile", severity, LSM_PROFILES, 0);
	text_adds(&finding->subject, "AppArmor profile ");
	doctor_show(&finding->subject, name);
	if (loaded)
		text_addf(&finding->evidence, "is loaded in mode %s, in which nothing is refused",
			  mode);
	else
		text_adds(&finding->evidence, lsm->profiles ? "is not loaded"
							    : "cannot be seen: " LSM_PROFILES
							      " cannot be read");
	text_addf(&finding->evidence, ": creates with profile %s are refused",
		  of->failed ? "" : of->data);
	if (lsm->profiles)
		remedy_profile(name, loaded, &finding->remedy);
	else
		text_adds(&finding->remedy, "mount -t securityfs securityfs /sys/kernel/security");
}

static const char *apparmor_of(const struct used *used)
{
	return lsm_is_off(used, "apparmor")
		       ? NULL
		       : json_string(json_get(used->profile, "apparmor"), "profile");
}

/* Each once, whatever number of the policy's profiles names it. */
void lsm_judge_apparmor(const struct lsm *lsm)
{
	for (size_t i = 0; i < lsm->used_len; i++) {
		enum severity severity = lsm_severity(&lsm->used[i], "apparmor");
		const char *name = apparmor_of(&lsm->used[i]);
		text_auto struct text of = {0};
		bool seen = false;

		for (size_t j = 0; name && j < lsm->used_len; j++) {
			const char *other = apparmor_of(&lsm->used[j]);

			if (!other || strcmp(other, name) != 0)
				continue;
			seen = seen || j < i;
			text_adds(&of, of.len ? ", " : "");
			doctor_show(&of, lsm->used[j].name);
			if (lsm_severity(&lsm->used[j], "apparmor") < severity)
				severity = lsm_severity(&lsm->used[j], "apparmor");
		}
		if (name && !seen)
			judge_profile(lsm, name, severity, &of);
	}
}
