/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's answers, canned: they lie in the socket before the call is made. */
#include "image/containerd.h"

#include "base/text.h"
#include "image/digest.h"
#include "unit.h"

#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

enum { DATA = 0, HEADERS = 1, RST = 3, SETTINGS = 4, GOAWAY = 7 };
enum { END_STREAM = 1, END_HEADERS = 4 };

static int pair[2] = {-1, -1};
static struct containerd *client;
static struct hr_error error;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void put(const char *bytes, size_t len)
{
	cr_assert_eq(send(pair[1], bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT), (ssize_t)len);
}

static void frame(int type, int flags, unsigned stream, const char *bytes, size_t len)
{
	const char head[9] = {
		(char)(len >> 16), (char)(len >> 8), (char)len, (char)type, (char)flags, 0, 0, 0,
		(char)stream};

	put(head, sizeof(head));
	put(bytes, len);
}

static void setup_for(int64_t ms)
{
	int room = 1 << 21;

	error = (struct hr_error){0};
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	cr_assert_ok(containerd_open(pair[0], "k8s.io", now_ms() + ms, &client, &error), error);
	frame(SETTINGS, 0, 0, "", 0);
}

static void setup(void)
{
	setup_for(3000);
}

static void teardown(void)
{
	containerd_close(client);
	close(pair[0]);
	close(pair[1]);
}

#define STATUS_200 "\x88"
#define B_(text)   text, sizeof(text) - 1

static void begin(unsigned stream)
{
	frame(HEADERS, END_HEADERS, stream, STATUS_200, 1);
}

static void end(unsigned stream, const char *status)
{
	text_auto struct text text = {0};

	text_add(&text, "\x00\x0bgrpc-status", 13);
	text_addf(&text, "%c%s", (int)strlen(status), status);
	frame(HEADERS, END_HEADERS | END_STREAM, stream, text.data, text.len);
}

static void message(unsigned stream, const char *bytes, size_t len)
{
	text_auto struct text text = {0};
	const char prefix[5] = {0, (char)(len >> 24), (char)(len >> 16), (char)(len >> 8),
				(char)len};

	text_add(&text, prefix, sizeof(prefix));
	text_add(&text, bytes, len);
	for (size_t at = 0; at < text.len; at += 16384)
		frame(DATA, 0, stream, text.data + at,
		      text.len - at < 16384 ? text.len - at : 16384);
}

static void answer(unsigned stream, const char *bytes, size_t len)
{
	begin(stream);
	message(stream, bytes, len);
	end(stream, "0");
}

#define ANSWER(stream, text) answer(stream, text, sizeof(text) - 1)

static void expect_failed(enum containerd_result result, const char *words)
{
	cr_expect_eq(result, CONTAINERD_FAILED);
	cr_expect_eq(error.code, HR_SYSTEM);
	cr_expect_not_null(strstr(error.msg, words), "wanted %s, got: %s", words, error.msg);
	expect_no_trap(error.msg);
}

TestSuite(image_containerd, .init = setup, .fini = teardown, .timeout = 20);
TestSuite(image_containerd_time, .fini = teardown, .timeout = 20);

Test(image_containerd, calls_one_after_the_other)
{
	struct containerd_container container = {0};
	hr_autofree char *parent = NULL, *text = NULL;
	json_auto struct json_doc *mounts = NULL;
	size_t len;

	ANSWER(1, "\x0a\x1b\x0a\x02"
		  "c1\x1a\x03img\x32\x09overlayfs\x3a\x03key\x5a\x00");
	cr_assert_eq(containerd_container(client, "c1", &container, &error), CONTAINERD_OK, "%s",
		     error.msg);
	cr_expect_str_eq(container.image, "img");
	cr_expect_str_eq(container.snapshotter, "overlayfs");
	cr_expect_str_eq(container.snapshot_key, "key");
	cr_expect_null(container.cri);
	containerd_container_done(&container);
	ANSWER(3, "\x0a\x04\x0a\x02me");
	cr_assert_eq(containerd_parent(client, "overlayfs", "me", &parent, &error), CONTAINERD_OK);
	cr_expect_str_eq(parent, "");
	ANSWER(5, "\x0a\x16\x0a\x04"
		  "bind\x12\x04/src\x22\x02ro\x22\x04"
		  "bind");
	cr_assert_eq(containerd_mounts(client, "overlayfs", "me", &mounts, &error), CONTAINERD_OK,
		     "%s", error.msg);
	cr_assert_ok(json_write(json_root(mounts), &text, &len, &error), error);
	cr_expect_str_eq(text, "[{\"type\":\"bind\",\"source\":\"/src\",\"options\":[\"ro\","
			       "\"bind\"]}]");
	begin(7);
	end(7, "5");
	cr_expect_eq(containerd_parent(client, "overlayfs", "gone", &parent, &error),
		     CONTAINERD_NONE);
}

static void expect_cri(const char *bytes, size_t len, const char *cri)
{
	struct containerd_container container = {0};

	answer(1, bytes, len);
	cr_assert_eq(containerd_container(client, "c1", &container, &error), CONTAINERD_OK, "%s",
		     error.msg);
	cr_expect_str_eq(container.cri, cri);
	containerd_container_done(&container);
}

#define CONTAINER_KEY "io.cri-containerd.container.metadata"
#define SANDBOX_KEY   "io.cri-containerd.sandbox.metadata"
/* Field 10, the map's entry: key, Any {type_url, value}. */
#define CONTAINER(json) "\x52\x33\x0a\x24" CONTAINER_KEY "\x12\x0b\x0a\x03typ\x12\x04" json
#define SANDBOX(json)	"\x52\x31\x0a\x22" SANDBOX_KEY "\x12\x0b\x0a\x03typ\x12\x04" json

Test(image_containerd, container_of_cri)
{
	expect_cri(B_("\x0a\x35" CONTAINER("[ 1]")), "[ 1]");
}

Test(image_containerd, containers_extension_counts_more)
{
	expect_cri(B_("\x0a\x68" CONTAINER("[ 1]") SANDBOX("[ 2]")), "[ 1]");
}

Test(image_containerd, whatever_the_order)
{
	expect_cri(B_("\x0a\x68" SANDBOX("[ 2]") CONTAINER("[ 1]")), "[ 1]");
}

Test(image_containerd, sandbox_of_cri)
{
	expect_cri(B_("\x0a\x33" SANDBOX("[ 2]")), "[ 2]");
}

Test(image_containerd, extension_with_a_nul)
{
	struct containerd_container container = {0};

	ANSWER(1, "\x0a\x35" CONTAINER("[1\0]"));
	expect_failed(containerd_container(client, "c1", &container, &error), "is no text");
}

Test(image_containerd, broken_once_is_broken_for_good)
{
	char *digest = NULL;

	ANSWER(1, "\x0a\x7f");
	ANSWER(3, "\x0a\x07\x1a\x05\x12\x03"
		  "abc");
	expect_failed(containerd_image(client, "a", &digest, &error), "ends within field 1");
	error = (struct hr_error){0};
	expect_failed(containerd_image(client, "a", &digest, &error), "broken");
}

Test(image_containerd, two_messages)
{
	char *digest = NULL;

	begin(1);
	message(1, "", 0);
	message(1, "", 0);
	end(1, "0");
	expect_failed(containerd_image(client, "a", &digest, &error), "two messages");
}

Test(image_containerd, no_message)
{
	char *digest = NULL;

	begin(1);
	end(1, "0");
	expect_failed(containerd_image(client, "a", &digest, &error), "answers with nothing");
}

Test(image_containerd, an_error)
{
	char *digest = NULL;

	begin(1);
	end(1, "14");
	expect_failed(containerd_image(client, "a", &digest, &error), "error 14");
}

Test(image_containerd_time, no_answer)
{
	char *digest = NULL;
	int64_t start = now_ms();

	setup_for(150);
	expect_failed(containerd_image(client, "a", &digest, &error), "no answer until");
	cr_expect_geq(now_ms() - start, 150);
	cr_expect_lt(now_ms() - start, 3000);
}

Test(image_containerd_time, too_late)
{
	char *digest = NULL;

	setup_for(-1);
	ANSWER(1, "\x0a\x07\x1a\x05\x12\x03"
		  "abc");
	expect_failed(containerd_image(client, "a", &digest, &error), "no answer until");
}

Test(image_containerd, closed)
{
	char *digest = NULL;

	close(pair[1]);
	pair[1] = -1;
	cr_expect_eq(containerd_image(client, "a", &digest, &error), CONTAINERD_FAILED);
}

Test(image_containerd, names_of_spaces)
{
	static const char *const bad[] = {"", "a b", "a\nb", "\xc3\xa9", "a\x7f"};
	struct containerd *other = NULL;
	char longest[258] = "";

	memset(longest, 'a', sizeof(longest) - 1);
	for (size_t i = 0; i < hr_count(bad); i++)
		expect_error(containerd_open(pair[0], bad[i], 0, &other, &error), &error, HR_SYSTEM,
			     "a namespace");
	expect_error(containerd_open(pair[0], longest, 0, &other, &error), &error, HR_SYSTEM,
		     "a namespace");
	longest[255] = '\0';
	cr_assert_ok(containerd_open(pair[0], longest, 0, &other, &error), error);
	containerd_close(other);
}

Test(image_containerd, no_descriptor)
{
	struct containerd *other = NULL;

	expect_error(containerd_open(-1, "a", 0, &other, &error), &error, HR_SYSTEM, "the socket");
}

/* ---- content ---- */

static enum content_result read_blob(const char *digest, size_t max)
{
	struct content content = containerd_content(client);
	hr_autofree char *bytes = NULL;
	size_t len = 0;
	enum content_result result = content_read(&content, digest, max, &bytes, &len, &error);

	cr_expect(result != CONTENT_READ || strlen(bytes) == len);
	return result;
}

static const char *abcdef(void)
{
	static char digest[IMAGE_DIGEST_SIZE];

	image_digest_of("abcdef", 6, digest);
	return digest;
}

static void two_chunks(unsigned stream)
{
	begin(stream);
	message(stream, B_("\x12\x03"
			   "abc"));
	message(stream, B_("\x08\x03\x12\x03"
			   "def"));
	end(stream, "0");
}

Test(image_containerd, content_in_chunks)
{
	two_chunks(1);
	cr_expect_eq(read_blob(abcdef(), 100), CONTENT_READ, "%s", error.msg);
	two_chunks(3);
	cr_expect_eq(read_blob(abcdef(), 6), CONTENT_READ, "%s", error.msg);
}

Test(image_containerd, content_that_is_too_long_ends_no_connection)
{
	two_chunks(1);
	cr_expect_eq(read_blob(abcdef(), 5), CONTENT_FAILED);
	cr_expect_eq(error.code, HR_SPEC, "%s", error.msg);
	cr_expect_not_null(strstr(error.msg, "more than 5 bytes"), "%s", error.msg);
	two_chunks(3);
	cr_expect_eq(read_blob(abcdef(), 6), CONTENT_READ, "%s", error.msg);
	begin(5);
	end(5, "5");
	cr_expect_eq(read_blob(abcdef(), 6), CONTENT_NONE, "%s", error.msg);
}

Test(image_containerd, content_that_is_other)
{
	char digest[IMAGE_DIGEST_SIZE];

	image_digest_of("abcdeF", 6, digest);
	two_chunks(1);
	cr_expect_eq(read_blob(digest, 100), CONTENT_FAILED);
	cr_expect_eq(error.code, HR_SPEC);
	cr_expect_not_null(strstr(error.msg, "is damaged"), "%s", error.msg);
}

Test(image_containerd, content_with_a_gap)
{
	begin(1);
	message(1, B_("\x12\x03"
		      "abc"));
	message(1, B_("\x08\x04\x12\x03"
		      "def"));
	end(1, "0");
	cr_expect_eq(read_blob(abcdef(), 100), CONTENT_FAILED);
	cr_expect_eq(error.code, HR_SYSTEM);
	cr_expect_not_null(strstr(error.msg, "a gap"), "%s", error.msg);
}

/* ---- lists ---- */

Test(image_containerd, lists)
{
	static const char *const keys[] = {"a", "b", NULL};
	text_auto struct text text = {0};
	char **digests = NULL;

	for (int i = 0; i < 5; i++) {
		text_addf(&text, "%c%c%c%c%s%064d", 0x0a, 0x49, 0x0a, 0x47, "sha256:", i);
		text_addf(&text, "%c%c%c%csha512:0", 0x0a, 0x0a, 0x0a, 0x08);
	}
	begin(1);
	message(1, text.data, text.len);
	end(1, "0");
	cr_assert_eq(containerd_list(client, keys, "v", 32, &digests, &error), CONTAINERD_OK, "%s",
		     error.msg);
	cr_assert_not_null(digests[4]);
	cr_expect_str_eq(digests[4] + 7 + 63, "4");
	cr_expect_null(digests[5]);
	containerd_list_done(digests);
	begin(3);
	message(3, text.data, text.len);
	end(3, "0");
	cr_assert_eq(containerd_list(client, keys, "v", 3, &digests, &error), CONTAINERD_OK, "%s",
		     error.msg);
	cr_expect_null(digests[3]);
	containerd_list_done(digests);
	begin(5);
	message(5, text.data, 0);
	end(5, "0");
	cr_assert_eq(containerd_list(client, keys, "v", 3, &digests, &error), CONTAINERD_OK, "%s",
		     error.msg);
	cr_expect_null(digests[0]);
	containerd_list_done(digests);
}
