/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a small service in a static binary does: each line says what came of one thing.
 * With an argument it prints that and ends, as a child of itself.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int failures;

static void say(const char *name, int good)
{
	printf("%s: %s\n", name, good ? "good" : "bad");
	failures += !good;
}

static void files(void)
{
	char dir[] = "/tmp/static.XXXXXX";
	struct dirent *entry;
	struct stat facts;
	int names = 0, fd;
	FILE *stream;
	void *pages;
	DIR *list;

	say("directory", mkdtemp(dir) && chdir(dir) == 0);
	stream = fopen("file", "w+e");
	say("file", stream && fputs("text\n", stream) >= 0 && fflush(stream) == 0);
	say("sync", fsync(fileno(stream)) == 0 && ftruncate(fileno(stream), 8192) == 0);
	pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(stream), 0);
	say("map",
	    pages != MAP_FAILED && memcmp(pages, "text", 4) == 0 && munmap(pages, 8192) == 0);
	fclose(stream);
	say("facts",
	    stat("file", &facts) == 0 && facts.st_size == 8192 && access("file", R_OK) == 0);
	say("mode", chmod("file", 0600) == 0 && chown("file", getuid(), getgid()) == 0);
	say("names", symlink("file", "soft") == 0);
	say("rename", rename("file", "moved") == 0 && mkdir("below", 0755) == 0);
	list = opendir(".");
	while (list && (entry = readdir(list)))
		names += entry->d_name[0] != '.';
	closedir(list);
	say("list", names == 3);
	fd = open("moved", O_RDWR | O_CLOEXEC);
	say("lock", fd >= 0 && lockf(fd, F_TLOCK, 0) == 0 && pread(fd, dir, 4, 0) == 4);
	close(fd);
	say("remove", unlink("soft") + unlink("moved") + rmdir("below") == 0);
}

static void *add(void *total)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	for (int i = 0; i < 10000; i++) {
		pthread_mutex_lock(&lock);
		++*(int *)total;
		pthread_mutex_unlock(&lock);
	}
	return malloc(1 << 20);
}

static void threads(void)
{
	pthread_t thread[8];
	int total = 0;
	void *memory;

	for (int i = 0; i < 8; i++)
		pthread_create(&thread[i], NULL, add, &total);
	for (int i = 0; i < 8; i++) {
		pthread_join(thread[i], &memory);
		free(memory);
	}
	say("threads", total == 80000);
}

static void handler(int number)
{
	(void)number;
}

static void processes(void)
{
	char *arguments[] = {"/proc/self/exe", "child", NULL}, text[16] = "";
	struct sigaction action = {.sa_handler = handler};
	int ends[2], status = -1;
	pid_t child;

	fflush(stdout);
	say("pipe", pipe(ends) == 0);
	child = fork();
	if (child == 0)
		_exit(write(ends[1], "child", 5) == 5 ? 7 : 1);
	say("fork", waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
	say("read", read(ends[0], text, sizeof(text)) == 5 && strcmp(text, "child") == 0);
	say("spawn", posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, NULL) == 0);
	say("wait", waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 5);
	say("signal", sigaction(SIGUSR1, &action, NULL) == 0 && kill(getpid(), SIGUSR1) == 0);
}

/* One connection to itself, served by epoll. */
static int talk(struct sockaddr *address, socklen_t len)
{
	int server = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), client, peer, good;
	int events = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = {.events = EPOLLIN};
	char text[16] = "";

	good = bind(server, address, len) == 0 && listen(server, 5) == 0 &&
	       getsockname(server, address, &len) == 0;
	client = socket(address->sa_family, SOCK_STREAM, 0);
	good = good && connect(client, address, len) == 0;
	peer = accept(server, NULL, NULL);
	good = good && epoll_ctl(events, EPOLL_CTL_ADD, peer, &event) == 0 &&
	       send(client, "hello", 5, MSG_NOSIGNAL) == 5 &&
	       epoll_wait(events, &event, 1, 5000) == 1 && recv(peer, text, sizeof(text), 0) == 5 &&
	       shutdown(peer, SHUT_RDWR) == 0;
	close(events);
	close(server);
	close(client);
	close(peer);
	return good;
}

static void network(void)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/tmp/static.socket"};
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	struct pollfd wait = {.events = POLLIN};
	int one = 1, pair[2];

	say("localhost", getaddrinfo("localhost", NULL, &hints, &list) == 0);
	for (struct addrinfo *at = list; at; at = at->ai_next)
		say(at->ai_family == AF_INET ? "inet" : "inet6", talk(at->ai_addr, at->ai_addrlen));
	say("unix", talk((struct sockaddr *)&local, sizeof(local)) && unlink(local.sun_path) == 0);
	say("pair", socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0 && write(pair[0], "x", 1) == 1);
	wait.fd = pair[1];
	say("poll", poll(&wait, 1, 1000) == 1);
	say("option", setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)) == 0);
}

static void machine(void)
{
	struct timespec pause = {.tv_nsec = 1000000};
	struct rlimit limit;
	struct utsname name;
	char random[8];

	say("time", time(NULL) > 0 && nanosleep(&pause, NULL) == 0 && clock() >= 0);
	say("random", getentropy(random, sizeof(random)) == 0);
	say("system", uname(&name) == 0 && strcmp(name.sysname, "Linux") == 0);
	say("limits", getrlimit(RLIMIT_NOFILE, &limit) == 0 && sysconf(_SC_NPROCESSORS_ONLN) > 0);
	say("user", getuid() == geteuid() && getgid() == getegid());
	say("terminal", isatty(0) == 0);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		puts(argv[1]);
		return 5;
	}
	machine();
	files();
	threads();
	processes();
	network();
	return failures > 0;
}
