/* SPDX-License-Identifier: Apache-2.0 */
/* swap A B: exchange the two names again and again until killed, as somebody would who can
 * write the directory that they are in. */
#include <fcntl.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	unsigned long turns = 0;

	if (argc != 3)
		return 2;
	while (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) == 0)
		turns++;
	fprintf(stderr, "swap: stopped after %lu turns\n", turns);
	return 1;
}
