/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments of which the kernel takes the low 32 bits alone: a filter may refuse what has
 * others set. Bit N of the answer is argument N.
 */
#ifndef HR_TESTS_SECCOMP_INTS_H
#define HR_TESTS_SECCOMP_INTS_H

unsigned ints_of(const char *call);

#endif
