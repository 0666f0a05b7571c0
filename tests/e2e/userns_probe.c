/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For images, static:
 *	plain | setuid | capable	(by argv[0]) real, effective and saved user, and effective
 *					capabilities: what the file gave to the process
 *	plain ADDRESS			ask that address for an echo by a datagram socket of ICMP
 */
#include <arpa/inet.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int ping(const char *address)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct timeval patience = {.tv_sec = 5};
	struct icmphdr echo = {.type = ICMP_ECHO};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP);

	if (fd < 0) {
		perror("no socket");
		return 1;
	}
	if (inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    sendto(fd, &echo, sizeof(echo), 0, (const struct sockaddr *)&to, sizeof(to)) < 0 ||
	    recv(fd, &echo, sizeof(echo), 0) != sizeof(echo) || echo.type != ICMP_ECHOREPLY) {
		perror("no answer");
		return 1;
	}
	puts("answered");
	return 0;
}

int main(int argc, char **argv)
{
	uid_t real, effective, saved;
	char line[256];
	FILE *status;

	if (argc == 2)
		return ping(argv[1]);
	status = fopen("/proc/self/status", "re");
	if (!status || getresuid(&real, &effective, &saved) < 0)
		return 1;
	printf("%u %u %u", real, effective, saved);
	while (fgets(line, sizeof(line), status))
		if (strncmp(line, "CapEff:\t", 8) == 0)
			printf(" %s", line + 8);
	return 0;
}
