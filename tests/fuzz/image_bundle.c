/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles: as they come, and as statements that are signed well and put into a bundle. */
#include "fuzz.h"

#include "base/text.h"
#include "fuzz_image.h"

#define TYPE "application/vnd.in-toto+json"

static void check_bundle(const char *bundle, size_t size, bool mine)
{
	struct signature_verdict verdict;

	signature_bundle(fuzz_entry(), fuzz_subject(), bundle, size, &verdict);
	fuzz_told(&verdict);
	/* A bundle from outside is signed by nobody that is trusted here. */
	must(mine || (verdict.result != SIGNATURE_GOOD && !verdict.key));
}

static void check_statement(const char *payload, size_t size)
{
	text_auto struct text pae = {0}, bundle = {0};
	hr_autofree char *sig = NULL, *body = base64_encode(payload, size);

	text_addf(&pae, "DSSEv1 %zu " TYPE " %zu ", strlen(TYPE), size);
	text_add(&pae, payload, size);
	must(body && !pae.failed);
	sig = fuzz_sign(pae.data, pae.len);
	text_addf(
		&bundle,
		"{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
		"\"verificationMaterial\":{\"publicKey\":{}},\"dsseEnvelope\":{\"payload\":\"%s\","
		"\"payloadType\":\"" TYPE "\",\"signatures\":[{\"sig\":\"%s\"}]}}",
		body, sig);
	must(!bundle.failed);
	check_bundle(bundle.data, bundle.len, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_entry()->match = MATCH_REPOSITORY;
	check_bundle((const char *)data, size, false);
	fuzz_entry()->match = MATCH_NONE;
	check_bundle((const char *)data, size, false);
	if (size < 8192)
		check_statement((const char *)data, size);
	return 0;
}
