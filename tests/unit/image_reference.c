/* SPDX-License-Identifier: Apache-2.0 */
/* Names of images: the grammar, what they are short for, and which scopes cover them. */
#include "image/reference.h"

#include "unit.h"

#define SHA "sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define ID  "1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a"
#define A10 "aaaaaaaaaa"
#define A50 A10 A10 A10 A10 A10
#define T32 "tttttttttttttttttttttttttttttttt"

static const struct {
	const char *text, *repository, *tag, *digest;
} good[] = {
	/* short names */
	{"redis", "docker.io/library/redis", "", ""},
	{"redis:latest", "docker.io/library/redis", "latest", ""},
	{"redis@" SHA, "docker.io/library/redis", "", SHA},
	{"redis:7@" SHA, "docker.io/library/redis", "7", SHA},
	{"library/redis", "docker.io/library/redis", "", ""},
	{"docker.io/redis", "docker.io/library/redis", "", ""},
	{"docker.io/redis:7", "docker.io/library/redis", "7", ""},
	{"docker.io/library/redis", "docker.io/library/redis", "", ""},
	{"index.docker.io/redis", "docker.io/library/redis", "", ""},
	{"index.docker.io/library/redis", "docker.io/library/redis", "", ""},
	{"index.docker.io/pay/app:1", "docker.io/pay/app", "1", ""},
	{"pay/app", "docker.io/pay/app", "", ""},
	{"docker.io/pay/app", "docker.io/pay/app", "", ""},
	{"library/foo/bar", "docker.io/library/foo/bar", "", ""},
	{"store/foo/bar", "docker.io/store/foo/bar", "", ""},
	{"a/b/c/d/e/f", "docker.io/a/b/c/d/e/f", "", ""},
	/* what looks like a host and is none, since nothing is behind it */
	{"test.com", "docker.io/library/test.com", "", ""},
	{"test.com:tag", "docker.io/library/test.com", "tag", ""},
	{"test.com:5000", "docker.io/library/test.com", "5000", ""},
	{"192.168.1.1", "docker.io/library/192.168.1.1", "", ""},
	{"192.168.1.1:5000", "docker.io/library/192.168.1.1", "5000", ""},
	{"localhost", "docker.io/library/localhost", "", ""},
	{"localhost:5000", "docker.io/library/localhost", "5000", ""},
	{"foo_bar.com:8080", "docker.io/library/foo_bar.com", "8080", ""},
	/* hosts */
	{"registry.example/pay/app:v1", "registry.example/pay/app", "v1", ""},
	{"registry.example:5000/pay/app", "registry.example:5000/pay/app", "", ""},
	{"test:5000/repo:tag@" SHA, "test:5000/repo", "tag", SHA},
	{"localhost/repo", "localhost/repo", "", ""},
	{"localhost:5000/repo:tag", "localhost:5000/repo", "tag", ""},
	{"127.0.0.1:5055/k/p256", "127.0.0.1:5055/k/p256", "", ""},
	{"192.168.1.1/repo", "192.168.1.1/repo", "", ""},
	{"192.168.1.1:5000/repo:5050", "192.168.1.1:5000/repo", "5050", ""},
	{"sub-dom1.foo.com/bar/baz/quux:some-long-tag", "sub-dom1.foo.com/bar/baz/quux",
	 "some-long-tag", ""},
	{"b.gcr.io/test.example.com/my-app:test.example.com", "b.gcr.io/test.example.com/my-app",
	 "test.example.com", ""},
	{"xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com/myimage", "xn--n3h.com", ""},
	{"test-com:8080/foo", "test-com:8080/foo", "", ""},
	{"Foo/bar", "Foo/bar", "", ""}, /* a host by its upper case */
	{"FOO/bar:v1", "FOO/bar", "v1", ""},
	{"DOCKER.IO/redis", "DOCKER.IO/redis", "", ""}, /* another host for everybody */
	{"a.b/c", "a.b/c", "", ""},
	{"[2001:db8::1]/repo", "[2001:db8::1]/repo", "", ""},
	{"[2001:db8::1]:5000/repo:tag@" SHA, "[2001:db8::1]:5000/repo", "tag", SHA},
	{"[::1]:5000/repo", "[::1]:5000/repo", "", ""},
	{"[FC00::1]/docker", "[FC00::1]/docker", "", ""},
	/* paths */
	{"test_com/foo", "docker.io/test_com/foo", "", ""},
	{"foo/foo_bar.com:8080", "docker.io/foo/foo_bar.com", "8080", ""},
	{"docker---rules/docker", "docker.io/docker---rules/docker", "", ""},
	{"dock__er/docker", "docker.io/dock__er/docker", "", ""},
	{"a/b.c_d-e__f--g/0", "docker.io/a/b.c_d-e__f--g/0", "", ""},
	{"d/docker", "docker.io/d/docker", "", ""},
	{"0", "docker.io/library/0", "", ""},
	/* an id, with something that says it is a name */
	{"docker.io/" ID, "docker.io/library/" ID, "", ""},
	{ID ":v1", "docker.io/library/" ID, "v1", ""},
	{"dbcc1", "docker.io/library/dbcc1", "", ""},
	{"1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3",
	 "docker.io/library/1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3", "",
	 ""},
	/* tags */
	{"a:Uppercase", "docker.io/library/a", "Uppercase", ""},
	{"a:_", "docker.io/library/a", "_", ""},
	{"a:_.-x", "docker.io/library/a", "_.-x", ""},
	{"a:" T32 T32 T32 T32, "docker.io/library/a", T32 T32 T32 T32, ""},
	/* 255 bytes of path */
	{"h.x/" A50 A50 A50 A50 A50 "aaaaa", "h.x/" A50 A50 A50 A50 A50 "aaaaa", "", ""},
};

static void check_good(const __typeof__(good[0]) *row, size_t i)
{
	struct reference reference;

	(void)i;
	memset(&reference, 'x', sizeof(reference));
	cr_assert(reference_read(row->text, &reference), "%s", row->text);
	cr_expect_str_eq(reference.repository, row->repository);
	cr_expect_str_eq(reference.tag, row->tag, "%s", row->text);
	cr_expect_str_eq(reference.digest, row->digest, "%s", row->text);
}
ROWS(image_reference, good)

static const char *const bad[] = {
	"",
	":justtag",
	"@" SHA,
	SHA, /* grammar alone takes it for tag ff.. of repository sha256 */
	ID,
	"a@",
	"a:@" SHA,
	"a:",
	"a/b:",
	"a/b@sha256:ffff",
	"a/b@sha512:"
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"a/b@SHA256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"a/b@sha256:FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
	"a/b@" SHA ":tag",
	"a/b@" SHA "f",
	"a/b@" SHA "@" SHA,
	"a/b@" SHA "/c",
	"a/b@@" SHA,
	"a/b@" SHA " ",
	"a@b/c",
	"Uppercase",
	"Uppercase:tag",
	"test:5000/Uppercase/lowercase:tag",
	"docker/Docker",
	"docker.io/docker/Docker",
	"UPPER/Case",
	/* separators */
	"-docker",
	"-docker/docker",
	"docker-/docker",
	"docker/docker-",
	"docker/-docker",
	"_docker/_docker",
	"____/____",
	"dock..er/docker",
	"dock_.er/docker",
	"dock-.er/docker",
	"dock._er/docker",
	"dock_-er/docker",
	"dock-_er/docker",
	"dock___er/docker",
	".docker/docker",
	"a/.b",
	"a/..",
	"a/../b",
	"../a",
	"./a",
	"a/./b",
	"/a",
	"//a",
	"a//b",
	"a/",
	"a/b/",
	"docker.io/",
	"index.docker.io/",
	"docker///docker",
	"docker.io/docker///docker",
	"localhost/",
	/* hosts */
	"https://github.com/docker/docker",
	"docker://redis",
	"-docker.io/docker/docker",
	"docker.io-/docker/docker",
	"docker..io/a",
	"docker.io./a",
	".docker.io/a",
	"host_name.x/a",
	"host:/a",
	"host:port/a",
	"host:80:81/a",
	"host:-1/a",
	"host:+1/a",
	":5000/a",
	"user@host.x/a",
	"[2001:db8::1]",
	"[2001:db8::1]:5000",
	"[2001:db8::1]:tag",
	"[]/a",
	"[]:5000/a",
	"[::1/a",
	"[::1]x/a",
	"[::1]:/a",
	"[::1]]/a",
	"::1/a",
	"fc00::1:5000/debian",
	"[fe80::1%eth0]:5000/repo",
	"[2001:db8:3:4::192.0.2.33]:5000/debian",
	/* tags */
	"a:-x",
	"a:.x",
	"a:x y",
	"a:x/y",
	"a:x:y",
	"a:x+y",
	"a:" T32 T32 T32 T32 "t",
	"a:\xC3\xA9",
	/* bytes */
	" a",
	"a ",
	"a b",
	"a\n",
	"\na",
	"a\t",
	"a\x01",
	"a\x7F",
	"a/b:v1\n",
	"\xEF\xBB\xBF"
	"a",
	"a\xC3\xA9",
	"p\xD0\xB0y/app", /* a Cyrillic letter that looks like one of ours */
	"registry.example\xE2\x81\x84pay/app",
	"a%2Fb",
	"a%2fb",
	"%61",
	"a\\b",
	"*",
	"a/*",
	"$(id)",
	"aa/asdf$$^/aa",
	"a?b",
	"a#b",
	"a&b",
	/* length */
	"h.x/" A50 A50 A50 A50 A50 "aaaaaa",
	A50 A50 A50 A50 A50, /* with library/ in front it is too long */
	A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A10 ".x/a",
	A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50,
};

static void check_bad(const char *const *row, size_t i)
{
	struct reference reference = {.repository = "kept"};

	cr_expect(!reference_read(*row, &reference), "row %zu: %s", i, *row);
	cr_expect_str_eq(reference.repository, "kept");
}
ROWS(image_reference, bad)

/* The result is a name that stands for itself. */
Test(image_reference, normal_form_is_stable)
{
	for (size_t i = 0; i < hr_count(good); i++) {
		struct reference once, twice;

		cr_assert(reference_read(good[i].text, &once));
		cr_assert(reference_read(once.repository, &twice), "%s", once.repository);
		cr_expect_str_eq(once.repository, twice.repository);
	}
}

/* --- Scopes --------------------------------------------------------------------------------- */

#define NO ((size_t)-1)

static const struct {
	const char *pattern, *name;
	size_t len; /* NO: it does not stand for it */
} scopes[] = {
	{"*", "redis", 0},
	{"*", "registry.example/pay/app:v1", 0},
	{"registry.example/pay/*", "registry.example/pay/app:v1", 21},
	{"registry.example/pay/*", "registry.example/pay/app/more", 21},
	{"registry.example/pay/*", "registry.example/pay", NO},
	{"registry.example/pay/*", "registry.example/payments/app", NO},
	{"registry.example/pay/*", "registry.example/other/pay/app", NO},
	{"registry.example/pay/*", "registry.example.evil/pay/app", NO},
	{"registry.example/pay/*", "evil.x/registry.example/pay/app", NO},
	{"registry.example/pay/*", "registry.example:5000/pay/app", NO},
	{"registry.example/pay/*", "REGISTRY.example/pay/app", NO},
	{"registry.example/*", "registry.example/app", 17},
	{"registry.example/*", "registry.example/pay/app", 17},
	{"registry.example/*", "registry.examples/app", NO},
	{"registry.example/pay/app", "registry.example/pay/app", 25},
	{"registry.example/pay/app", "registry.example/pay/app:v1@" SHA, 25},
	{"registry.example/pay/app", "registry.example/pay/app2", NO},
	{"registry.example/pay/app", "registry.example/pay/ap", NO},
	{"registry.example/pay/app", "registry.example/pay/app/x", NO},
	/* Docker Hub */
	{"redis", "docker.io/library/redis:7", 24},
	{"library/redis", "redis", 24},
	{"docker.io/redis", "redis", 24},
	{"index.docker.io/library/redis", "redis", 24},
	{"docker.io/*", "redis", 10},
	{"docker.io/*", "pay/app", 10},
	{"index.docker.io/*", "redis", 10},
	{"docker.io/library/*", "redis", 18},
	{"library/*", "redis", 18},
	{"library/*", "pay/app", NO},
	{"pay/*", "pay/app", 14},
	{"pay/*", "docker.io/pay/app/x", 14},
	{"pay/*", "registry.example/pay/app", NO},
	{"docker.io/*", "registry.example/app", NO},
	{"docker.io/*", "docker.io.evil/app", NO},
	{"registry.example", "registry.example/app", NO}, /* a repository of the Hub */
	{"localhost/*", "localhost/app", 10},
	{"localhost/*", "localhost:5000/app", NO},
	{"localhost:5000/*", "localhost:5000/app", 15},
	{"[::1]:5000/*", "[::1]:5000/app", 11},
	/* what stands for nothing */
	{"", "redis", NO},
	{"**", "redis", NO},
	{"*/redis", "docker.io/redis", NO},
	{"red*", "redis", NO},
	{"docker.io/library/red*", "redis", NO},
	{"docker.io*", "redis", NO},
	{"/*", "redis", NO},
	{"docker.io//*", "redis", NO},
	{"docker.io/*/*", "redis", NO},
	{"docker.io/*/", "redis", NO},
	{"docker.io/**", "redis", NO},
	{"docker.io/", "redis", NO},
	{"redis:7", "redis:7", NO},
	{"redis@" SHA, "redis@" SHA, NO},
	{"REDIS", "redis", NO},
	{"https://docker.io/*", "redis", NO},
	{" *", "redis", NO},
	{"* ", "redis", NO},
};

static void check_scopes(const __typeof__(scopes[0]) *row, size_t i)
{
	struct reference reference;
	size_t len = 4711;
	bool matches;

	cr_assert(reference_read(row->name, &reference), "row %zu", i);
	matches = reference_matches(row->pattern, &reference, &len);
	cr_assert_eq(matches, row->len != NO, "%s %s", row->pattern, row->name);
	if (matches)
		cr_expect_eq(len, row->len, "%s %s: %zu", row->pattern, row->name, len);
	if (matches)
		cr_expect(reference_pattern_sound(row->pattern));
}
ROWS(image_reference, scopes)

static const char *const unsound[] = {
	"",	      "**",    "red*",	  "/*",		"/",	 "a//*",
	"a/**",	      "a/*/b", "redis:7", "redis@" SHA, "A",	 "a/B",
	"http://a/*", "a /*",  "a/..",	  "../*",	"a/*\n", "h:x/*",
	"-a/*",	      "a-/*",  "[::1]",	  "docker.io/", "*/*",	 A50 A50 A50 A50 A50 A50 "/*",
};

static void check_unsound(const char *const *row, size_t i)
{
	cr_expect(!reference_pattern_sound(*row), "row %zu: %s", i, *row);
}
ROWS(image_reference, unsound)

Test(image_reference, digests)
{
	char text[IMAGE_DIGEST_SIZE + 1];

	cr_expect(image_digest_sound(SHA));
	cr_expect(!image_digest_sound(NULL));
	for (size_t i = 0; i < strlen(SHA); i++) {
		memcpy(text, SHA, sizeof(SHA));
		text[i] = 'F';
		cr_expect(!image_digest_sound(text), "%s", text);
		text[i] = '\0';
		cr_expect(!image_digest_sound(text), "%s", text);
		text[i] = '\n';
		cr_expect(!image_digest_sound(text), "%s", text);
	}
	image_digest_of("", 0, text);
	cr_expect_str_eq(text, "sha256:"
			       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
