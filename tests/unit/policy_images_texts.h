/* SPDX-License-Identifier: Apache-2.0 */
/* Sections images, files of keys, and what is said about them. */
#ifndef HR_TESTS_UNIT_POLICY_IMAGES_TEXTS_H
#define HR_TESTS_UNIT_POLICY_IMAGES_TEXTS_H

#define HEX   "a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"
#define SHA   "sha256:" HEX
#define BODY  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\nAAAA==\n"
#define BEGIN "-----BEGIN PUBLIC KEY-----\n"
#define END   "-----END PUBLIC KEY-----\n"
#define PEM   BEGIN BODY END

/* Policies with one entry, and with one scope, from the second line on. */
#define IMAGES(text) "{\"version\":1,\"images\":{\n" text "}}"
#define ENTRY(text)  IMAGES("\"a\":{" text "}")
#define SCOPE(text)  ENTRY("\"allow\":[],\"keys\":[\"k\"],\n\"scopes\":[" text "]")
#define MEMBER(text) ENTRY("\"scopes\":[\"*\"],\"allow\":[\"" SHA "\"],\n" text)
#define REQUIRE(text)                                                                           \
	"{\"version\":1,\"images\":{\"pay-keys\":{\"scopes\":[\"*\"],\"allow\":[\"" SHA "\"]}," \
	"\"site\":{\"scopes\":[\"*\"],\"allow\":[\"" SHA "\"]}},\"profiles\":{\"x\":{"          \
	"\"image\":{\n" text "}}}}"

static const char *const sound[] = {
	SCOPE("\"*\""),
	SCOPE("\"redis\",\"library/redis\",\"docker.io/redis\",\"redis/*\""),
	SCOPE("\"registry.example/*\",\"registry.example/a\",\"registry.example/a/b-c/d_e/"
	      "f__g.h\""),
	SCOPE("\"localhost/a\",\"localhost/*\",\"Registry.Example:5000/a\",\"host:5000/*\""),
	SCOPE("\"[::1]:5000/a\",\"[fd00::1]/*\",\"127.0.0.1:5000/x/*\",\"a--b/c\""),
	MEMBER("\"keys\":[],\"formats\":[\"bundle\",\"cosign\"],\"reference\":\"exact\""),
	MEMBER("\"reference\":\"repository\",\"annotations\":{},\"deny\":[]"),
	MEMBER("\"reference\":\"none\",\"annotations\":{\"env\":\"\",\"a b\":\"c\"}"),
	MEMBER("\"snapshotters\":[\"overlayfs\",\"my.snap-1\"],\"sources\":[\"containerd\","
	       "\"layout\",\"umoci\",\"descriptor\"]"),
	ENTRY("\"scopes\":[\"*\"],\"keys\":[\"/a/b.pub\",\"b.pub\",\"B.pub\"]"),
	IMAGES("\"a\":[{\"scopes\":[\"x/"
	       "*\"],\"keys\":[\"k\"]},{\"scopes\":[\"*\"],\"keys\":[\"k\"]}],"
	       "\"b.C_1\":{\"scopes\":[\"*\"],\"keys\":[\"k\"]}"),
	REQUIRE("\"require\":\"pay-keys\",\"socket\":\"/run/c.sock\",\"timeout_ms\":100"),
	REQUIRE("\"require\":\"*\",\"timeout_ms\":10000"),
	REQUIRE("\"require\":\"\""),
	REQUIRE("\"require\":\"none\""),
	"{\"version\":1,\"profiles\":{\"x\":{\"image\":{\"require\":\"*\"}}}}",
};

struct wrong {
	const char *text, *words;
};

static const struct wrong wrong[] = {
	{"{\"version\":1,\n\"images\":null}", "2:1: images must be an object"},
	{"{\"version\":1,\n\"images\":[]}", "2:1: images must be an object"},
	{"{\"version\":1,\n\"images\":{}}", "2:1: images must be an object"},
	{"{\"version\":1,\n\"image\":{}}",
	 "2:1: a policy has no \"image\"; did you mean \"images\"?"},
	{IMAGES("\"a\":1"), "2:1: must be an entry (an object), or a list"},
	{IMAGES("\"a\":null"), "2:1: must be an entry"},
	{IMAGES("\"a\":[]"), "2:1: an empty list accepts no image"},
	{IMAGES("\"a\":[\n1]"), "3:1: must be an entry"},
	{IMAGES("\"none\":{}"), "2:1: \"none\" cannot be required"},
	{IMAGES("\"*\":{}"), "2:1: \"\\x2A\" cannot be required"},
	{IMAGES("\"\":{}"), "2:1: \"\" cannot be required"},
	{IMAGES("\".a\":{}"), "2:1: \".a\" cannot be required"},
	{IMAGES("\"a b\":{}"), "2:1: \"a\\x20b\" cannot be required"},
	{IMAGES("\"a\":{}"), "2:1: an entry needs \"scopes\""},
	{IMAGES("\"a\":{\"scopes\":[\"*\"]}"), "2:1: this entry accepts no image: add \"keys\""},
	{IMAGES("\"a\":{\"scopes\":[\"*\"],\"keys\":[],\"allow\":[]}"),
	 "this entry accepts no image"},
	{IMAGES("\"a\":{\"scopes\":[\"*\"],\"deny\":[\"" SHA "\"]}"),
	 "this entry accepts no image"},
	{MEMBER("\"key\":[]"), "3:1: an entry of images has no \"key\"; did you mean \"keys\"?"},
	{MEMBER("\"Keys\":[]"), "3:1: an entry of images has no \"Keys\"; did you mean \"keys\"?"},
	/* scopes */
	{SCOPE(""), "3:1: an empty list of scopes"},
	{SCOPE("1"), "3:11: scopes holds strings only"},
	{ENTRY("\"keys\":[\"k\"],\n\"scopes\":\"*\""), "3:1: scopes must be a list of strings"},
	{ENTRY("\"keys\":[\"k\"],\n\"scopes\":null"), "3:1: scopes must be a list of strings"},
	{SCOPE("\"\""), "3:11: \"\": a scope has 1 to 255"},
	{SCOPE("\"a*\""), "3:11: \"a*\": a * stands alone"},
	{SCOPE("\"*/a\""), "\"*/a\": a * stands alone"},
	{SCOPE("\"a/*/b\""), "a * stands alone"},
	{SCOPE("\"a/**\""), "a * stands alone"},
	{SCOPE("\"/*\""), "a scope has no empty component"},
	{SCOPE("\"a//b\""), "a scope has no empty component"},
	{SCOPE("\"/a\""), "a scope has no empty component"},
	{SCOPE("\"a/\""), "a scope has no empty component"},
	{SCOPE("\"registry.example\""), "for all of a registry append /*"},
	{SCOPE("\"registry.example/a:v1\""), "a scope has no tag"},
	{SCOPE("\"redis:7\""), "a scope has no tag"},
	{SCOPE("\"a@" SHA "\""), "a scope has no digest"},
	{SCOPE("\"https://registry.example/a\""), "a scope has no scheme"},
	{SCOPE("\"registry.example/Pay\""), "lower-case letters only"},
	{SCOPE("\"Redis\""), "lower-case letters only"},
	{SCOPE("\"registry.example/a___b\""), "is no repository"},
	{SCOPE("\"registry.example/a..b\""), "is no repository"},
	{SCOPE("\"registry.example/-a\""), "is no repository"},
	{SCOPE("\"registry.example/a-\""), "is no repository"},
	{SCOPE("\"registry.example/a b\""), "is no repository"},
	{SCOPE("\"registry.example/\\u00e9\""), "is no repository"},
	{SCOPE("\"-a.example/b\""), "begins with no name of a registry"},
	{SCOPE("\"a..example/b\""), "begins with no name of a registry"},
	{SCOPE("\"a.example:/b\""), "begins with no name of a registry"},
	{SCOPE("\"a.example:x/b\""), "begins with no name of a registry"},
	{SCOPE("\"[::1/b\""), "begins with no name of a registry"},
	{SCOPE("\"a\\u0000b\""), "NUL"},
	/* keys */
	{MEMBER("\"keys\":\"k\""), "3:1: keys must be a list of strings"},
	{MEMBER("\"keys\":[\"\"]"), "3:9: \"\": a key is an absolute path"},
	{MEMBER("\"keys\":[\"a/b\"]"), "a key is an absolute path"},
	{MEMBER("\"keys\":[\"../b\"]"), "a key is an absolute path"},
	{MEMBER("\"keys\":[\".k\"]"), "a key is an absolute path"},
	{MEMBER("\"keys\":[\"/a/../b\"]"), "is no plain path"},
	{MEMBER("\"keys\":[\"/a/\"]"), "is no plain path"},
	{MEMBER("\"keys\":[\"-----BEGIN PUBLIC KEY-----\"]"), "put the key into a file"},
	{MEMBER("\"keys\":[\"k\",\"l\",\"k\"]"), "3:17: key \"k\" stands there twice"},
	/* words */
	{MEMBER("\"formats\":[]"), "3:1: an empty list of formats"},
	{MEMBER("\"formats\":[\"cosing\"]"),
	 "3:12: \"cosing\" is none of the formats; did you mean "
	 "\"cosign\"? there are: \"cosign\", \"bundle\""},
	{MEMBER("\"formats\":null"), "3:1: formats must be a list"},
	{MEMBER("\"reference\":\"repo\""), "3:1: \"repo\" is none of the words for reference"},
	{MEMBER("\"reference\":null"), "3:1: reference must be \"repository\""},
	{MEMBER("\"reference\":[\"exact\"]"), "3:1: reference must be \"repository\""},
	{MEMBER("\"sources\":[]"), "an empty list of sources"},
	{MEMBER("\"sources\":[\"containrd\"]"), "did you mean \"containerd\"?"},
	{MEMBER("\"snapshotters\":[]"), "an empty list of snapshotters"},
	{MEMBER("\"snapshotters\":[\"a/b\"]"), "\"a/b\" is no name of a snapshotter"},
	{MEMBER("\"annotations\":[]"), "3:1: annotations must be an object"},
	{MEMBER("\"annotations\":{\"env\":1}"), "3:16: annotations holds strings only"},
	{MEMBER("\"annotations\":{\"env\":null}"), "annotations holds strings only"},
	/* digests */
	{MEMBER("\"deny\":[\"" HEX "\"]"), "3:9: \"a3ed95"},
	{MEMBER("\"deny\":[\"" HEX "\"]"), "a digest is sha256: and 64"},
	{MEMBER("\"deny\":[\"sha256:" HEX "0\"]"), "a digest has 64 hexadecimal digits"},
	{MEMBER("\"deny\":[\"sha256:00\"]"), "a digest has 64 hexadecimal digits"},
	{MEMBER("\"deny\":[\"sha256:"
		"A3ED95CAEB02FFE68CDD9FD84406680AE93D633CB16422D00E8A7C22955B46D4\"]"),
	 "lower-case hexadecimal digits"},
	{MEMBER("\"deny\":[\"sha512:" HEX "\"]"), "a digest is sha256:"},
	{MEMBER("\"deny\":[\"a@" SHA "\"]"), "write the digest alone"},
	/* what profiles require */
	{REQUIRE("\"require\":\"pay-key\""),
	 "2:1: images has no \"pay-key\"; did you mean \"pay-keys\"?"},
	{REQUIRE("\"require\":\"zzzzzzzzz\""),
	 "2:1: images has no \"zzzzzzzzz\"; to require nothing"},
	{REQUIRE("\"require\":null"), "2:1: image.require must be a name of the section images"},
	{REQUIRE("\"require\":[\"site\"]"), "2:1: image.require must be a name"},
	{REQUIRE("\"requires\":\"site\""),
	 "2:1: image has no option \"requires\"; did you mean \"require\"?"},
	{REQUIRE("\"timeout_ms\":99"), "2:1: image.timeout_ms must be 100 to 10000"},
	{REQUIRE("\"timeout_ms\":10001"), "2:1: image.timeout_ms must be 100 to 10000"},
	{REQUIRE("\"timeout_ms\":\"2000\""), "2:1: image.timeout_ms must be"},
	{REQUIRE("\"socket\":\"run/c.sock\""), "2:1: image.socket must be the absolute path"},
	{REQUIRE("\"socket\":\"/run/../c.sock\""), "2:1: image.socket must be the absolute path"},
	{REQUIRE("\"socket\":\"\""), "2:1: image.socket must be"},
	{REQUIRE("\"socket\":null"), "2:1: image.socket must be"},
	{"{\"version\":1,\"profiles\":{\"x\":{\"image\":{\n\"require\":\"a\"}}}}",
	 "2:1: \"a\" is required, and the policy has no section images"},
};

static const struct {
	const char *text, *words; /* NULL: fine */
} contents[] = {
	{PEM, NULL},
	{BEGIN BODY "-----END PUBLIC KEY-----", NULL},
	{"comment\nanother: x\n\n" PEM "\r\n \n", NULL},
	{"-----BEGIN PUBLIC KEY-----\r\nAAAA\r\n-----END PUBLIC KEY-----\r\n", NULL},
	{"", "is empty"},
	{" \n", "is empty"},
	{"x", "holds no block"},
	{"0\x82\x01\x22"
	 "0",
	 "holds no PEM; if it is a key in DER"},
	{"ssh-ed25519 AAAA a@b\n", "holds a key of SSH"},
	{"x -----BEGIN PUBLIC KEY-----\nAAAA\n" END, "has text before BEGIN"},
	{PEM PEM, "holds more than one block"},
	{PEM "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	 "more than one block"},
	{PEM "x", "has text behind the key"},
	{BEGIN BODY, "is cut off"},
	{BEGIN "AA,A\n" END, "is cut off, or has something else"},
	{BEGIN "Proc-Type: 4,ENCRYPTED\n\nAAAA\n" END, "is cut off, or has something else"},
	{"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds a PRIVATE key"},
	{"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
	 "holds a PRIVATE key"},
	{"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n", "holds a PRIVATE key"},
	{"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" PEM,
	 "holds a PRIVATE key"},
	{PEM "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
	 "more than one block"},
	{"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds a certificate"},
	{"-----BEGIN RSA PUBLIC KEY-----\nAAAA\n", "PKCS #1"},
	{"-----BEGIN PGP PUBLIC KEY BLOCK-----\nAAAA\n", "holds a key of GPG"},
	{"---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n", "holds no block"},
	{"-----BEGIN EC PARAMETERS-----\nAAAA\n", "holds no block PUBLIC KEY but another one"},
};

#define USED "\"rules\":[{\"when\":{\"namespace\":\"n\"},\"use\":\"x\"}]"
#define PIN  "\"allow\":[\"" SHA "\"]"
#define KEYS "\"keys\":[\"k\"]"
/* Line 2 has the entries, line 3 what profile x requires, line 4 the rules. */
#define POLICY(images, require, rules)                                                         \
	"{\"version\":1,\"images\":{\n" images "},\"profiles\":{\"x\":{\"image\":{\n"          \
	"\"require\":\"" require "\"}},\"pause\":{\"extends\":\"sandbox\",\"image\":{"         \
	"\"require\":\"" require "\"}}},\"rules\":[\n{\"when\":{\"namespace\":\"n\"},\"use\":" \
	"\"x\"}" rules "]}"
#define PAUSED ",\n{\"when\":{\"sandbox\":true},\"use\":\"pause\"}"

static const struct {
	const char *text, *words; /* a line that is there; NULL: none of its kind */
	const char *absent;	  /* what no remark says */
} remarks[] = {
	{POLICY("\"a\":{\"scopes\":[\"r.example/a\"]," KEYS "}", "a", PAUSED), NULL, ":"},
	{POLICY("\"a\":{\"scopes\":[\"r.example/a\"]," KEYS "}", "*", PAUSED), NULL, ":"},
	/* nobody requires it */
	{POLICY("\"a\":{\"scopes\":[\"r.example/a\"]," KEYS
		"},\n\"b\":{\"scopes\":[\"r.example/b\"]," KEYS "}",
		"a", PAUSED),
	 "3:1: no profile that a container gets requires \"b\"", "\"a\""},
	{POLICY("\"a\":{\"scopes\":[\"r.example/a\"]," KEYS "}", "none", PAUSED),
	 "2:1: no profile that a container gets requires \"a\"", NULL},
	/* "*" of a policy without the section */
	{"{\"version\":1,\"profiles\":{\"x\":{\"image\":{\n\"require\":\"*\"}}}," USED "}",
	 "2:1: nothing is required as long as", NULL},
	/* the pause container */
	{POLICY("\"a\":{\"scopes\":[\"r.example/a\"]," KEYS "}", "a", ""),
	 "4:1: images of these pods must be signed (", NULL},
	{POLICY("\"a\":{\"scopes\":[\"r.example/a\"]," KEYS "}", "a",
		",{\"when\":{\"sandbox\":true,\"namespace\":\"n*\"},\"use\":\"pause\"}"),
	 NULL, "pause"},
	{POLICY("\"a\":{\"scopes\":[\"r.example/a\"]," KEYS "}", "a",
		",{\"when\":{\"sandbox\":true,\"namespace\":\"other\"},\"use\":\"pause\"}"),
	 "4:1: images of these pods must be signed", NULL},
	{POLICY("\"a\":{\"scopes\":[\"r.example/a\"]," KEYS "}", "a",
		",{\"when\":{\"sandbox\":true},\"use\":\"sandbox\"}"),
	 "4:1: images of these pods must be signed", NULL},
	/* the same scope twice */
	{POLICY("\"a\":[{\"scopes\":[\"redis\"]," KEYS
		"},\n{\"scopes\":[\"x/y\",\"library/redis\"]," KEYS "}]",
		"a", PAUSED),
	 "3:18: the entry at /etc/hardrun/policy.json:2:17 has the same scope", NULL},
	{POLICY("\"a\":{\"scopes\":[\"redis\"]," KEYS "},\n\"b\":{\"scopes\":[\"redis\"]," KEYS "}",
		"*", PAUSED),
	 "3:16: the entry at /etc/hardrun/policy.json:2:16 has the same scope", NULL},
	{POLICY("\"a\":{\"scopes\":[\"redis\"]," KEYS "},\n\"b\":{\"scopes\":[\"redis\"]," KEYS "}",
		"a", PAUSED),
	 NULL, "same scope"},
	/* one key for several repositories */
	{POLICY("\"a\":{\"scopes\":[\"x/*\"]," KEYS ",\"reference\":\"none\"}", "a", PAUSED),
	 "2:1: reference none: whatever these keys have signed", NULL},
	{POLICY("\"a\":{\"scopes\":[\"x/a\",\"x/b\"]," KEYS ",\"reference\":\"none\"}", "a",
		PAUSED),
	 "2:1: reference none", NULL},
	{POLICY("\"a\":{\"scopes\":[\"x/a\"]," KEYS ",\"reference\":\"none\"}", "a", PAUSED), NULL,
	 ":"},
	{POLICY("\"a\":{\"scopes\":[\"x/a\"]," KEYS ",\"formats\":[\"bundle\"]}", "a", PAUSED),
	 "2:1: bundles that cosign 3 makes name no repository", NULL},
	{POLICY("\"a\":{\"scopes\":[\"x/a\"]," KEYS ",\"formats\":[\"bundle\",\"cosign\"]}", "a",
		PAUSED),
	 NULL, ":"},
	/* digests */
	{POLICY("\"a\":{\"scopes\":[\"*\"]," PIN "}", "a", PAUSED),
	 "2:1: this entry is for all repositories and has no key", NULL},
	{POLICY("\"a\":{\"scopes\":[\"x/a\"]," PIN "}", "a", PAUSED), NULL, ":"},
	{POLICY("\"a\":{\"scopes\":[\"x/a\"]," PIN ",\"deny\":[\"" SHA "\"]}", "a", PAUSED),
	 "this digest stands in \"deny\" too", NULL},
};

#endif
