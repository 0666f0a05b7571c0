/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a set-user-ID file or one with capabilities gives to the process that runs it: real,
 * effective and saved user, and the effective capabilities. Static, for images.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	uid_t real, effective, saved;
	char line[256];
	FILE *status = fopen("/proc/self/status", "re");

	if (!status || getresuid(&real, &effective, &saved) < 0)
		return 1;
	printf("%u %u %u", real, effective, saved);
	while (fgets(line, sizeof(line), status))
		if (strncmp(line, "CapEff:\t", 8) == 0)
			printf(" %s", line + 8);
	return 0;
}
