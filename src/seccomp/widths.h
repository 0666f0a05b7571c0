/* SPDX-License-Identifier: Apache-2.0 */
/* How much of an argument the kernel reads. */
#ifndef HR_SECCOMP_WIDTHS_H
#define HR_SECCOMP_WIDTHS_H

/* Bit N is set if argument N (from 0) of the call is an int, of which the kernel reads the
 * low 32 bits; not if it is wider, a pointer, or not known to this table. */
unsigned widths_ints(const char *call);

#endif
