/* SPDX-License-Identifier: Apache-2.0 */
#include "host/lsm.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/apparmor.h>
#include <unistd.h>

/* Where securityfs is on every distribution. The library finds any other place in the mount
 * table, which takes milliseconds on a full node. */
static const char usual_list[] = "/sys/kernel/security/apparmor/profiles";

enum host_lsm lsm_apparmor(void)
{
	if (access(usual_list, R_OK) == 0 || aa_is_enabled())
		return HOST_LSM_ON;
	/* ENOSYS: not in this kernel; ECANCELED: switched off at boot. What is on and cannot be
	 * asked (securityfs is not mounted here) must not pass for absent. */
	return errno == ENOSYS || errno == ECANCELED ? HOST_LSM_ABSENT : HOST_LSM_HIDDEN;
}

static FILE *open_list(void)
{
	FILE *list = fopen(usual_list, "re");
	hr_autofree char *directory = NULL;
	char path[PATH_MAX];

	if (list)
		return list;
	if (aa_find_mountpoint(&directory) < 0 ||
	    snprintf(path, sizeof(path), "%s/profiles", directory) >= (int)sizeof(path))
		return NULL;
	return fopen(path, "re");
}

bool lsm_apparmor_mode(const char *profile, char ret[HOST_MODE])
{
	FILE *list = open_list();
	hr_autofree char *line = NULL;
	size_t room = 0;
	ssize_t len;
	bool found = false;

	while (list && !found && (len = getline(&line, &room, list)) > 0) {
		char *mode = NULL;

		line[strcspn(line, "\n")] = '\0';
		if (!aa_splitcon(line, &mode) || strcmp(line, profile) != 0)
			continue;
		snprintf(ret, HOST_MODE, "%s", mode ? mode : "enforce");
		found = true;
	}
	if (list)
		fclose(list);
	return found;
}

bool lsm_apparmor_of(pid_t pid, char ret[LSM_LABEL])
{
	char *label = NULL, *mode = NULL;
	bool enforces;
	int len = -1;

	if (aa_gettaskcon(pid, &label, &mode) >= 0) {
		enforces = !mode || lsm_apparmor_enforces(mode);
		len = snprintf(ret, LSM_LABEL, enforces ? "%s" : "%s (%s)", label ? label : "",
			       mode ? mode : "");
	}

	/* `mode` points into `label`. */
	free(label);
	return len >= 0 && len < LSM_LABEL;
}
