/* SPDX-License-Identifier: Apache-2.0 */
/* What signed images need beside the policy: the program that verifies, and the store. */
#include "base/file.h"
#include "command/check.h"
#include "command/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void find_verifier(const struct node *node, struct findings *to)
{
	text_auto struct text said = {0};
	struct finding *finding;

	if (!check_verifier(node->policy, false, &said))
		return;
	finding = doctor_find(to, "images.verifier", SEVERITY_ERROR, NULL, 0);
	text_adds(&finding->subject, "hardrun-image");
	text_add(&finding->evidence, said.data ? said.data : "", said.len);
	text_adds(&finding->remedy, "Install hardrun-image beside hardrun: root's, mode 755");
}

/* What is not there can only refuse: pods that want a signature fail. */
static void find_store(struct findings *to)
{
	struct hr_error err = {0};
	struct finding *finding;
	int fd = -1;

	if (file_open_trusted(HR_STOREDIR, true, &fd, &err) == 0) {
		close(fd);
		return;
	}
	finding = doctor_find(to, "images.store", SEVERITY_WARNING, HR_STOREDIR, 0);
	text_adds(&finding->subject, "the store of signatures");
	if (errno == ENOENT && err.code == HR_SYSTEM)
		text_adds(&finding->evidence,
			  "there is none, so no image is signed as far as this node knows");
	else
		text_adds(&finding->evidence, err.msg);
	text_adds(&finding->remedy,
		  "Bring the signatures of images to the node: hardrun image add DIR");
}

void check_images(const struct node *node, struct findings *to)
{
	if (!node->policy || !policy_images_there(node->policy))
		return;
	find_verifier(node, to);
	find_store(to);
}
