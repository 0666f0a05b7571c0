// SPDX-License-Identifier: Apache-2.0
// What a label refuses, tried from inside a container. A line for each argument: the argument,
// and "done" or the name of the error. The numbers of processes are those of its namespace.
//	label            the process's own label instead of "done"
//	read=PATH        open, and read a byte
//	write=PATH:TEXT  open (made when missing), and write TEXT
//	mount            a tmpfs over /tmp
//	ptrace=PID       PTRACE_SEIZE
//	signal=PID       SIGUSR1
//	raw              a raw socket for ICMP
//	pause            no line: wait for a signal, end by SIGTERM
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>

static int probe_read(char *path)
{
	char byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -1;
	got = read(fd, &byte, 1);
	close(fd);
	return got < 0 ? -1 : 0;
}

static int probe_write(char *path)
{
	char *text = strchr(path, ':');
	int fd;
	ssize_t written;

	if (text == NULL) {
		errno = EINVAL;
		return -1;
	}
	*text++ = '\0';
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return -1;
	written = write(fd, text, strlen(text));
	close(fd);
	return written < 0 ? -1 : 0;
}

static int probe_mount(char *unused)
{
	(void)unused;
	if (mount("probe", "/tmp", "tmpfs", 0, NULL) < 0)
		return -1;
	return umount2("/tmp", MNT_DETACH);
}

static int probe_ptrace(char *pid)
{
	pid_t target = (pid_t)strtol(pid, NULL, 10);

	if (ptrace(PTRACE_SEIZE, target, NULL, NULL) < 0)
		return -1;
	if (ptrace(PTRACE_INTERRUPT, target, NULL, NULL) < 0)
		return -1;
	return 0; // the end of this process lets it go
}

static int probe_signal(char *pid)
{
	return kill((pid_t)strtol(pid, NULL, 10), SIGUSR1);
}

static int probe_raw(char *unused)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);

	(void)unused;
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static void label(void)
{
	char text[512];
	int fd = open("/proc/self/attr/current", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (got < 0) {
		printf("label %s\n", strerrorname_np(errno));
		return;
	}
	text[got] = '\0';
	text[strcspn(text, "\n")] = '\0';
	printf("label %s\n", text);
}

static void ended(int signal)
{
	(void)signal;
	_exit(0);
}

static void wait_for_signals(void)
{
	signal(SIGUSR1, SIG_IGN);
	signal(SIGTERM, ended);
	for (;;)
		pause();
}

static const struct {
	const char *name;
	int (*run)(char *value);
} probes[] = {
	{"read", probe_read},	  {"write", probe_write},   {"mount", probe_mount},
	{"ptrace", probe_ptrace}, {"signal", probe_signal}, {"raw", probe_raw},
};

static int run(char *argument)
{
	char *value = strchr(argument, '=');
	size_t length = value ? (size_t)(value - argument) : strlen(argument);

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		if (strlen(probes[i].name) != length ||
		    strncmp(argument, probes[i].name, length) != 0)
			continue;
		printf("%s ", argument);
		fflush(stdout);
		errno = 0;
		printf("%s\n", probes[i].run(value ? value + 1 : argument) == 0
				       ? "done"
				       : strerrorname_np(errno));
		return 0;
	}
	return -1;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "pause") == 0)
			wait_for_signals();
		else if (strcmp(argv[i], "label") == 0)
			label();
		else if (run(argv[i]) < 0)
			return 2;
	}
	return 0;
}
