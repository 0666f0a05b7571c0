/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key, images and signature of `hardrun image selftest`: two manifests, one of them signed by a key
 * that was thrown away. As the files of a layout and of the store have them.
 */
#ifndef HR_COMMAND_IMAGE_SELFTEST_H
#define HR_COMMAND_IMAGE_SELFTEST_H

#define SELFTEST_NAME	  "hardrun.invalid/selftest/image"
#define SELFTEST_MANIFEST "application/vnd.oci.image.manifest.v1+json"

/* No tar, as nobody unpacks it. */
static const char layer[] = "the layer of hardrun image selftest";

static const char key_pem[] = "-----BEGIN PUBLIC KEY-----\n"
			      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbgA2aMs79gUUVi3A6xOeXkmED93z\n"
			      "MKLB359LDENMoKNbOAQPCdaNU7tseuxo8E8FTNdqD1VOiY80iBrqJcOvxA==\n"
			      "-----END PUBLIC KEY-----\n";

static const char other_pem[] = "-----BEGIN PUBLIC KEY-----\n"
				"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEF/t11ztC8Iw9TYL2FEI2FskkcXZp\n"
				"hErsYHin/dNGr280W+e6BUbdINu8DZqRF5DCJoPwBJWue5i1iqKmVE83HA==\n"
				"-----END PUBLIC KEY-----\n";

static const char signed_config[] =
	"{\"architecture\":\"none\",\"os\":\"linux\",\"config\":{\"Labels\":{\"org.hardrun.s"
	"elftest\":\"signed\"}},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:ecbd"
	"6ef0c6e27dfbb8231ed912336afbed87c5b26daa5924c5fa0117d3a76deb\"]}}";

static const char signed_manifest[] =
	"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+"
	"json\",\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\""
	",\"digest\":\"sha256:f1d92b331df3c5c85603d844eb1c7bea3daa0cabd3bb7d66502b"
	"05a172b55445\",\"size\":204},\"layers\":[{\"mediaType\":\"application/vnd.oci."
	"image.layer.v1.tar\",\"digest\":\"sha256:ecbd6ef0c6e27dfbb8231ed912336afbe"
	"d87c5b26daa5924c5fa0117d3a76deb\",\"size\":35}]}";

static const char unsigned_config[] =
	"{\"architecture\":\"none\",\"os\":\"linux\",\"config\":{\"Labels\":{\"org.hardrun.s"
	"elftest\":\"unsigned\"}},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:ec"
	"bd6ef0c6e27dfbb8231ed912336afbed87c5b26daa5924c5fa0117d3a76deb\"]}}";

static const char unsigned_manifest[] =
	"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+"
	"json\",\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\""
	",\"digest\":\"sha256:34e634bc7cafc4c529708d9bea679f778ff68062d9687f6a83db"
	"92fb2f70382a\",\"size\":206},\"layers\":[{\"mediaType\":\"application/vnd.oci."
	"image.layer.v1.tar\",\"digest\":\"sha256:ecbd6ef0c6e27dfbb8231ed912336afbe"
	"d87c5b26daa5924c5fa0117d3a76deb\",\"size\":35}]}";

/* About the signed one. */
static const char signature[] =
	"{\"payload\":\"eyJjcml0aWNhbCI6eyJpZGVudGl0eSI6eyJkb2NrZXItcmVmZXJlbmNlIj"
	"oiaGFyZHJ1bi5pbnZhbGlkL3NlbGZ0ZXN0L2ltYWdlIn0sImltYWdlIjp7ImRvY2tlci1t"
	"YW5pZmVzdC1kaWdlc3QiOiJzaGEyNTY6MTI4MmY5Nzg2MzZkZDliNjI5M2EyZWU3ZmIzND"
	"k2YTMwYzg1ZTliODQ5ZmVmMGZmZDlkYzJlNDUwNjhiMWI5MiJ9LCJ0eXBlIjoiY29zaWdu"
	"IGNvbnRhaW5lciBpbWFnZSBzaWduYXR1cmUifSwib3B0aW9uYWwiOm51bGx9\",\"signatu"
	"re\":\"MEQCIFkeI3ArPr4+dDejgsO2Xx0JcylLzimAmwMBtuBBuQVOAiAUdVH9wKFhJYmbJ"
	"JBOhEr6s0hslMAe23I1OJKpDq68pw==\"}";

/* The same signature, under a payload that names the unsigned one. */
static const char altered_signature[] =
	"{\"payload\":\"eyJjcml0aWNhbCI6eyJpZGVudGl0eSI6eyJkb2NrZXItcmVmZXJlbmNlIj"
	"oiaGFyZHJ1bi5pbnZhbGlkL3NlbGZ0ZXN0L2ltYWdlIn0sImltYWdlIjp7ImRvY2tlci1t"
	"YW5pZmVzdC1kaWdlc3QiOiJzaGEyNTY6NTlmNTY5ZDViNGEwMDdiNGIxYzU5NDY5ZGEzOG"
	"FhNzQxNTI1ZjhlZGMzZWUyZTg4YmZmN2NiMDlkMGFmM2I0ZCJ9LCJ0eXBlIjoiY29zaWdu"
	"IGNvbnRhaW5lciBpbWFnZSBzaWduYXR1cmUifSwib3B0aW9uYWwiOm51bGx9\",\"signatu"
	"re\":\"MEQCIFkeI3ArPr4+dDejgsO2Xx0JcylLzimAmwMBtuBBuQVOAiAUdVH9wKFhJYmbJ"
	"JBOhEr6s0hslMAe23I1OJKpDq68pw==\"}";

#endif
