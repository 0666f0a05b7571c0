/* SPDX-License-Identifier: Apache-2.0 */
/* The least that a wrapper can do: become the program that its first argument names. */
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc > 1)
		execv(argv[1], argv + 1);
	return 127;
}
