/* SPDX-License-Identifier: Apache-2.0 */
/*
 * planted gone: one chroot(2), then it ends.
 * planted stay: three of them; a child that is called "inner" and makes one add_key(2); then both
 * stay, and "planted" is written.
 */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void child(int ready)
{
	prctl(PR_SET_NAME, "inner");
	syscall(SYS_add_key, "user", "x", "y", 1, 0);
	if (write(ready, "x", 1) == 1)
		for (;;)
			pause();
}

int main(int argc, char **argv)
{
	int ends[2];
	char byte;

	if (argc != 2 || pipe(ends) < 0)
		return 2;
	if (strcmp(argv[1], "gone") == 0)
		return chroot("/") < 0 ? 0 : 1;
	for (int i = 0; i < 3; i++)
		if (chroot("/") == 0)
			return 1;
	switch (fork()) {
	case -1:
		return 2;
	case 0:
		child(ends[1]);
		return 2;
	default:
		break;
	}
	if (read(ends[0], &byte, 1) != 1)
		return 2;
	puts("planted");
	fflush(stdout);
	for (;;)
		pause();
}
