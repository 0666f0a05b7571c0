/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classic BPF as seccomp knows it: a checked program and its answer for one call. Written
 * from the kernel's rules (seccomp_check_filter, bpf_check_classic, ___bpf_prog_run) and
 * from nothing of src/: what is proved with it must not share its mistakes.
 */
#ifndef HR_TESTS_SECCOMP_BPF_H
#define HR_TESTS_SECCOMP_BPF_H

#include "base/error.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a program stands: what is left to do once the ABI and the number are known. */
struct bpf_state {
	uint32_t pc;
	uint32_t a, x;
	bool done; /* the answer does not depend on the arguments: it is in a */
};

/* 0 when the kernel would take the program as a filter: its length, each opcode, every
 * jump inside and forward, a return at the end, no division by zero. */
int bpf_check(const struct sock_filter *program, size_t len, struct hr_error *err);

/* The 32 bits that a checked program returns for `data`. */
uint32_t bpf_run(const struct sock_filter *program, size_t len, const struct seccomp_data *data);

/*
 * Run up to the first look at an argument or the instruction pointer. bpf_resume answers
 * for every `data` of that ABI and number; both together are bpf_run. A program that keeps
 * something in scratch memory before that point stays at its start.
 */
struct bpf_state bpf_enter(const struct sock_filter *program, size_t len, uint32_t arch,
			   uint32_t nr);
uint32_t bpf_resume(const struct sock_filter *program, size_t len, struct bpf_state state,
		    const struct seccomp_data *data);

/* The action as the kernel takes it: ERRNO cut to 4095, what it does not know is
 * KILL_PROCESS (seccomp_run_filters, __seccomp_filter). */
uint32_t bpf_action(uint32_t returned);

#endif
