/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter whose calls are looked at by another process (watch/): the same filter with NOTIFY
 * where that one answers, and the answer it gives, which is the filter's own.
 */
#ifndef HR_SECCOMP_WATCHED_H
#define HR_SECCOMP_WATCHED_H

#include "seccomp/names.h"
#include "seccomp/seccomp.h"

enum seccomp_watch {
	SECCOMP_WATCH_REFUSED, /* every call that the filter refuses, for some arguments or all */
	SECCOMP_WATCH_ALL,     /* these, and every one that it lets through but the floor
				  (seccomp_floor) */
	SECCOMP_WATCHES
};

/*
 * The value for linux.seccomp: as seccomp_write, but the calls that are watched are NOTIFY without
 * conditions, and listenerPath is `socket`. `also` (NULL-terminated, may be NULL): calls that are
 * watched although they are let through. write(2) is never NOTIFY (the runtimes refuse that; it
 * would wait for itself); what the filter says of it stays. Every name that the library knows on
 * `arch` and that the filter has no rule for is watched as refused. Calls that a runtime cannot
 * hand over stay as they are. HR_SYSTEM (memory).
 */
int seccomp_write_watched(const struct seccomp_filter *filter, const char *arch,
			  enum seccomp_watch watch, const char *const *also, const char *socket,
			  struct json_doc *doc, struct json **ret, struct hr_error *err);

struct seccomp_judgement {
	bool passes;
	bool kills;	/* the filter kills or sends SIGSYS: no errno can say so */
	unsigned error; /* otherwise: errno */
	unsigned asked; /* bit N: argument N matters for the answer in this filter */
};

/* What the filter answers to this call with these arguments (exactly as libseccomp would: int
 * arguments by their low 32 bits where the filter says so). */
void seccomp_judge(const struct seccomp_filter *filter, const char *call, const uint64_t args[6],
		   struct seccomp_judgement *ret);

/* The name of call number `number` on `arch`, in `buf`; NULL for one that the library does not
 * know. AUDIT_ARCH_... of an architecture: names it has, 0 for others. */
const char *seccomp_call_name(int number, const char *arch, char buf[NAMES_SIZE]);
uint32_t seccomp_audit_arch(const char *arch);

/*
 * A call as people read it: "socket(AF_ALG, SOCK_SEQPACKET|SOCK_CLOEXEC, 0)", "clone(flags:
 * CLONE_NEWUSER)", "ioctl(request: TIOCSTI)". Only arguments that a filter could ask about and that
 * say something (families, flags, requests, options); others are left out: "mount(...)".
 */
void seccomp_show_call(const char *call, const uint64_t args[6], struct text *ret);

/*
 * The line of a source that lets this call with these arguments through, on top of `filter`:
 * "allow @chroot", "allow socket where domain is AF_ALG", "allow ptrace". The narrowest that is
 * sensible: a group where exactly that one is meant for it. ret_note: what it opens, or which
 * capability it needs besides ("needs CAP_SYS_CHROOT"); NULL for nothing. A test proves that with
 * `include BASE` and this line the call passes.
 */
void seccomp_allow_line(const struct seccomp_filter *filter, const char *call,
			const uint64_t args[6], struct text *ret, const char **ret_note);

#endif
