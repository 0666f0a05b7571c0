/* SPDX-License-Identifier: Apache-2.0 */
/* A program without a C library whose first instructions are a refused call: its status is
 * the errno that came back. */
#ifdef __x86_64__
__asm__(".globl _start\n"
	"_start:\n"
	"	mov $250, %eax\n" /* keyctl */
	"	syscall\n"
	"	neg %eax\n"
	"	mov %eax, %edi\n"
	"	mov $231, %eax\n" /* exit_group */
	"	syscall\n");
#endif
