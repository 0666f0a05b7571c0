/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fuzz target without libFuzzer: usage: TARGET DIRECTORY [CHANGES]
 * Every file of the directory (a corpus), cut short, and CHANGES (200) times altered in some
 * bytes, always in the same way. A finding ends the process; its bytes are then in
 * ./fuzz-finding.PID. Prints TAP, a case a file.
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST ((size_t)1 << 20)

static const uint8_t *current;
static size_t current_size;

/* Only calls that a signal handler may make (signal-safety(7)). */
static void keep(int signal)
{
	char name[32] = "fuzz-finding.";
	size_t at = strlen(name);
	int fd;

	for (long pid = (long)getpid(), digit = 1000000000; digit > 0; digit /= 10)
		if (pid >= digit || digit == 1)
			name[at++] = (char)('0' + pid / digit % 10);
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0 && write(fd, current, current_size) >= 0)
		close(fd);
	raise(signal);
}

/* On a copy of its exact size, so that the sanitizer sees a byte read too far. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	must(copy);
	memcpy(copy, data, size);
	current = copy;
	current_size = size;
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

/* xorshift64*, https://doi.org/10.18637/jss.v008.i14 */
static uint64_t next_number(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545F4914F6CDD1DU;
}

static size_t alter(uint8_t *data, size_t size, uint64_t *state)
{
	static const char odd[] = "\"\\{}[]:,0-9eE.tfn\xC3\xED\xFF\x00\x01 =|";
	unsigned changes = 1 + (unsigned)(next_number(state) % 4);

	for (unsigned i = 0; i < changes && size > 0; i++) {
		size_t at = (size_t)(next_number(state) % size);
		size_t other = (size_t)(next_number(state) % size);
		size_t len = (size_t)(next_number(state) % 32);

		if (len > size - at)
			len = size - at;
		if (len > size - other)
			len = size - other;
		switch (next_number(state) % 5) {
		case 0: /* another bit */
			data[at] ^= (uint8_t)(1U << next_number(state) % 8);
			break;
		case 1: /* a byte that means something */
			data[at] = (uint8_t)odd[next_number(state) % sizeof(odd)];
			break;
		case 2: /* a part over another */
			memmove(data + at, data + other, len);
			break;
		case 3: /* a part taken out */
			memmove(data + at, data + at + len, size - at - len);
			size -= len;
			break;
		default: /* a part twice */
			if (size + len > LONGEST)
				break;
			memmove(data + at + len, data + at, size - at);
			size += len;
			break;
		}
	}
	return size;
}

static void variants(const uint8_t *data, size_t size, unsigned changes)
{
	uint8_t *copy = malloc(LONGEST);
	uint64_t state = 0x9E3779B97F4A7C15U + size;

	must(copy);
	for (unsigned i = 0; i < 16; i++)
		run(data, size * i / 16);
	for (unsigned i = 0; i < changes; i++) {
		memcpy(copy, data, size);
		run(copy, alter(copy, size, &state));
	}
	free(copy);
}

static size_t load(const char *directory, const char *name, uint8_t *ret)
{
	char path[4096];
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "re");
	must(file);
	len = fread(ret, 1, LONGEST / 2, file);
	fclose(file);
	return len;
}

static int plain(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char *argv[])
{
	static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	unsigned changes = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 200;
	struct sigaction action = {.sa_handler = keep, .sa_flags = (int)SA_RESETHAND};
	uint8_t *data = malloc(LONGEST);
	struct dirent **files = NULL;
	int count = argc > 1 ? scandir(argv[1], &files, plain, alphasort) : -1;

	if (count <= 0 || !data) {
		printf("not ok 1 - no corpus; usage: %s DIRECTORY [CHANGES]\n1..1\n", argv[0]);
		return 1;
	}
	for (size_t i = 0; i < hr_count(signals); i++)
		sigaction(signals[i], &action, NULL);
	for (int i = 0; i < count; i++) {
		size_t size = load(argv[1], files[i]->d_name, data);

		printf("# %s\n", files[i]->d_name);
		fflush(stdout);
		run(data, size);
		variants(data, size, changes);
		printf("ok %d - %s and %u variants\n", i + 1, files[i]->d_name, changes + 16);
		free(files[i]);
	}
	printf("1..%d\n", count);
	free(files);
	free(data);
	return 0;
}
