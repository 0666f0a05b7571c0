/* SPDX-License-Identifier: Apache-2.0 */
/* Policies: a refusal says where; of one that is taken every profile can be used, and some
 * profile is chosen for whoever comes. */
#include "fuzz.h"

#include "base/file.h"
#include "control/control.h"
#include "json/edit.h"
#include "policy/policy.h"

#include <fcntl.h>

static char path[64];

static void remove_file(void)
{
	unlink(path);
}

/* policy_load_file reads files: one of our own, in memory where there is /dev/shm. */
static void put(const uint8_t *data, size_t size)
{
	hr_autoclose int fd = -1;

	if (!path[0]) {
		snprintf(path, sizeof(path), "/dev/shm/hardrun-fuzz.%ld", (long)getpid());
		atexit(remove_file);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	must(fd >= 0);
	must(file_write_fd(fd, path, (const char *)data, size, NULL) == 0);
}

static void check_selection(struct policy *policy)
{
	static const struct identity who[] = {
		{0},
		{.cri = true,
		 .pod_namespace = "pay-eu",
		 .pod = "p",
		 .container = "c",
		 .image = "i"},
		{.cri = true, .sandbox = true, .pod_namespace = "pay-eu"},
	};
	static const char *const handlers[] = {"hardrun", "hardrun-web", "hardrun-restricted"};

	for (size_t i = 0; i < hr_count(who); i++)
		for (size_t h = 0; h < hr_count(handlers); h++) {
			struct selection selection = {0};
			const struct json *profile = NULL;
			struct hr_error err = {0};

			if (policy_select(policy, &who[i], handlers[h], NULL, &selection, &err) <
			    0) {
				must_be_told(&err);
				continue;
			}
			must(policy_profile(policy, selection.profile, &profile, &err) == 0);
			/* nothing but a rule for sandboxes takes one away from its own profile */
			must(!who[i].sandbox || selection.rule ||
			     strcmp(selection.profile, "sandbox") == 0);
		}
}

static void take(const struct json *at, const char *text, void *to)
{
	must(at && text[0]);
	++*(size_t *)to;
}

/* What is required of images can be asked for, by every name and by all. */
static void check_images(struct policy *policy)
{
	json_auto struct json_doc *doc = json_new("request");
	struct hr_error err = {0};
	struct json *require = NULL;
	size_t remarks = 0;

	must(doc);
	json_each(named, policy_images_section(policy)) {
		must(policy_images_check_name(policy, NULL, named->key, &err) == 0);
		must(policy_images(policy, named->key, doc, &require, &err) == 0);
		must(json_count(json_get(require, "entries")) == json_count(named));
	}
	must(policy_images(policy, "*", doc, &require, &err) == 0);
	must(!require == !policy_images_there(policy));
	policy_remarks(policy, take, &remarks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	policy_auto struct policy *policy = NULL;
	struct hr_error err = {0};
	struct policy_audit audit;

	put(data, size);
	if (policy_load_file(path, control_check_options, &policy, &err) < 0) {
		must(!policy);
		must_be_told(&err);
		must(err.code == HR_POLICY || err.code == HR_SPEC);
		return 0;
	}
	json_each(name, policy_profiles(policy)) {
		const struct json *profile = NULL;

		must(policy_profile(policy, name->key, &profile, &err) == 0);
		must(profile->type == JSON_OBJECT);
		/* every control has a place in it, whatever it extends */
		for (size_t i = 0; controls[i]; i++)
			must(json_get(profile, controls[i]->name));
	}
	policy_audit(policy, &audit);
	check_selection(policy);
	check_images(policy);
	return 0;
}
