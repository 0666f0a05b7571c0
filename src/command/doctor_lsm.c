/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: AppArmor and SELinux, as the kernel has them and as the profiles in use want them. */
#include "base/cleanup.h"
#include "base/file.h"
#include "command/doctor_lsm.h"
#include "line/decide.h"

#include <fcntl.h>
#include <string.h>

#define LIST	     "/sys/kernel/security/lsm"
#define PROFILES_MAX ((size_t)16 * 1024 * 1024)

/* ---- looking --------------------------------------------------------------------------- */

static char first_of(const char *path)
{
	hr_autoclose int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	char letter = '\0';

	if (fd < 0 || read(fd, &letter, 1) != 1)
		letter = '\0';
	return letter;
}

static bool lists(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; (at = strstr(at, name)); at += len)
		if ((at == list || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
			return true;
	return false;
}

/* By its own parameter where the list of all is not there (securityfs is not mounted). */
static bool has_apparmor(const struct node_kernel *kernel)
{
	if (kernel->lsm[0])
		return lists(kernel->lsm, "apparmor");
	return first_of("/sys/module/apparmor/parameters/enabled") == 'Y';
}

/* As libselinux has it: without a configuration it is off, whatever is loaded. */
static enum host_lsm state_of_selinux(void)
{
	char enforce = first_of(LSM_SELINUX "/enforce");

	if (enforce == '\0' || access(LSM_SELINUX_FILE, F_OK) < 0)
		return HOST_LSM_ABSENT;
	return enforce == '1' ? HOST_LSM_ON : HOST_LSM_PERMISSIVE;
}

static void look(struct lsm *lsm)
{
	size_t len;

	lsm->apparmor = has_apparmor(&lsm->node->kernel);
	if (lsm->apparmor)
		file_read_at(AT_FDCWD, LSM_PROFILES, LSM_PROFILES, PROFILES_MAX, &lsm->profiles,
			     &len, NULL, NULL);
	lsm->selinux = state_of_selinux();
	lsm->levels = first_of(LSM_SELINUX "/mls") == '1';
}

/* ---- profiles that are in use ---------------------------------------------------------- */

bool lsm_is_off(const struct used *used, const char *control)
{
	return decide_mode(used->profile, control) == MODE_OFF;
}

/* In mode audit nothing fails for it. */
enum severity lsm_severity(const struct used *used, const char *control)
{
	return decide_mode(used->profile, control) == MODE_AUDIT ? SEVERITY_WARNING
								 : used->severity;
}

static bool must_have(const struct used *used, const char *control)
{
	const char *missing = json_string(json_get(used->profile, control), "missing");

	return missing && strcmp(missing, "fail") == 0;
}

/* Append the names of profiles that go without the control where the kernel does. */
static void add_skipping(const struct lsm *lsm, const char *control, struct text *to)
{
	const char *between = "";

	for (size_t i = 0; i < lsm->used_len; i++) {
		if (lsm_is_off(&lsm->used[i], control) || must_have(&lsm->used[i], control))
			continue;
		text_adds(to, between);
		doctor_show(to, lsm->used[i].name);
		between = ", ";
	}
}

/* ---- what the kernel lacks --------------------------------------------------------------- */

static void judge_none(const struct lsm *lsm)
{
	const char *list = lsm->node->kernel.lsm;
	text_auto struct text names = {0};
	struct finding *finding;

	if (lsm->apparmor || lsm->selinux != HOST_LSM_ABSENT)
		return;
	finding = doctor_find(lsm->to, "lsm.none", SEVERITY_WARNING, LIST, 0);
	text_adds(&finding->subject, "security modules");
	text_adds(&finding->evidence, "neither AppArmor nor SELinux is active (");
	if (list[0])
		doctor_show(&finding->evidence, list);
	else
		text_adds(&finding->evidence, LIST " cannot be read");
	if (lists(list, "selinux"))
		text_adds(&finding->evidence,
			  "; SELinux has no policy loaded, or " LSM_SELINUX_FILE " is missing");
	text_adds(&finding->evidence, "): containers have no mandatory access control");
	add_skipping(lsm, "apparmor", &names);
	if (names.len && !names.failed)
		text_addf(&finding->evidence, "; \"missing\" is skip in %s", names.data);
	text_adds(
		&finding->remedy,
		"Boot with AppArmor (kernel parameters apparmor=1 security=apparmor) and load its "
		"profiles, or with SELinux and a policy");
}

static void find_missing(const struct lsm *lsm, const struct used *used, const char *control,
			 const char *seen)
{
	struct finding *finding;

	if (lsm_is_off(used, control) || !must_have(used, control))
		return;
	finding = doctor_find(lsm->to, "lsm.missing-fail", lsm_severity(used, control), NULL, 0);
	text_adds(&finding->subject, "profile ");
	doctor_show(&finding->subject, used->name);
	text_addf(&finding->evidence,
		  "%s.missing is fail, and %s: every create with this profile is refused", control,
		  seen);
	text_addf(&finding->remedy, "%s; or edit " HR_CONFDIR "/policy.json, profile ",
		  lsm->selinux == HOST_LSM_PERMISSIVE && strcmp(control, "selinux") == 0
			  ? "Have SELinux enforce"
			  : "Boot a kernel with it");
	doctor_show(&finding->remedy, used->name);
	text_addf(&finding->remedy, ": \"%s\": {\"missing\": \"skip\"}", control);
}

static void judge_missing(const struct lsm *lsm)
{
	for (size_t i = 0; i < lsm->used_len; i++) {
		if (!lsm->apparmor)
			find_missing(lsm, &lsm->used[i], "apparmor", "AppArmor is not active");
		if (lsm->selinux != HOST_LSM_ON)
			find_missing(lsm, &lsm->used[i], "selinux",
				     lsm->selinux == HOST_LSM_ABSENT ? "SELinux is not active"
								     : "SELinux is permissive");
	}
}

/* The kernel has it, and this program does not know it. */
static void judge_skipped(const struct lsm *lsm, bool skipped, const char *control,
			  const char *name, const char *library)
{
	text_auto struct text names = {0};
	struct finding *finding;

	if (!skipped)
		return;
	add_skipping(lsm, control, &names);
	if (!names.len || names.failed)
		return;
	finding = doctor_find(lsm->to, "lsm.skipped", SEVERITY_WARNING, NULL, 0);
	text_adds(&finding->subject, name);
	text_addf(&finding->evidence,
		  "is active, and this hardrun was built without %s: containers of %s have what "
		  "their engine gave them",
		  library, names.data);
	text_addf(&finding->remedy, "Install a hardrun that was built with %s", library);
}

void check_lsm(const struct node *node, struct findings *to)
{
	struct lsm lsm = {.node = node, .to = to};
	bool no_apparmor = lsm_apparmor() == HOST_LSM_NOT_BUILT;
	bool no_selinux = lsm_selinux() == HOST_LSM_NOT_BUILT;

	look(&lsm);
	lsm.used = doctor_used(node, to, &lsm.used_len);
	judge_none(&lsm);
	judge_missing(&lsm);
	judge_skipped(&lsm, lsm.apparmor && no_apparmor, "apparmor", "AppArmor", "libapparmor");
	judge_skipped(&lsm, lsm.selinux != HOST_LSM_ABSENT && no_selinux, "selinux", "SELinux",
		      "libselinux");
	if (lsm.apparmor && !no_apparmor)
		lsm_judge_apparmor(&lsm);
	if (lsm.selinux != HOST_LSM_ABSENT && !no_selinux)
		lsm_judge_selinux(&lsm);
	free(lsm.profiles);
	free(lsm.used);
}
