/* SPDX-License-Identifier: Apache-2.0 */
/* Inside seccomp/: names of values that are shown and may not stand in a source. */
#ifndef HR_SECCOMP_SHOW_CALL_NAMES_H
#define HR_SECCOMP_SHOW_CALL_NAMES_H

#include "seccomp/source.h"

extern const struct constants shown_bpf, shown_clocks, shown_clone, shown_compared,
	shown_filter_flags, shown_io_scopes, shown_ipc, shown_keyctl, shown_lock, shown_map,
	shown_memfd, shown_memory_policies, shown_namespaces, shown_open, shown_policies,
	shown_protections, shown_ptrace, shown_quota, shown_reboot, shown_seccomp, shown_syslog,
	shown_umount, shown_userfault;

/* Of sockets and devices (show_call_sockets.c). Requests of ioctl: those that constants.c has
 * no name for. */
extern const struct constants shown_levels, shown_requests;

/* The names that protocols of this family, options of this level have; NULL for none. */
const struct constants *shown_protocols(uint32_t family);
const struct constants *shown_options(uint32_t level);

#endif
