/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bundle may be run again: what hardrun wrote into its config.json for a user namespace of ours
 * is put back before the next decision, as other ids, another sandbox or another policy may be
 * its lot. It is known by root.path, which is HOST_STAGE_ROOT for such a one alone.
 */
#ifndef HR_CHANGE_UNMAP_H
#define HR_CHANGE_UNMAP_H

#include "json/json.h"

/* Put root.path, the user namespace with its mappings, the network namespace with its settings and
 * the mount of sysfs back. A document that was not mapped is left as it is, whatever its types.
 * ret_was (may be NULL): it was mapped. Error: HR_SPEC. */
int change_unmap(struct json_doc *doc, bool *ret_was, struct hr_error *err);

#endif
