/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hardrun and hardrun-image say to one another: a request (JSON, a sealed memfd), an answer
 * (JSON, a pipe), and the descriptors between them. Both are described in docs/ARCHITECTURE.md.
 */
#ifndef HR_VERDICT_PROTOCOL_H
#define HR_VERDICT_PROTOCOL_H

#define VERDICT_VERSION 1

#define VERDICT_REQUEST_FD 3 /* what is asked */
#define VERDICT_SOCKET_FD  4 /* connected to containerd; /dev/null without one */
#define VERDICT_ANSWER_FD  5 /* written once, then closed */
#define VERDICT_STORE_FD   6 /* the store's directory; /dev/null without one */
#define VERDICT_SOURCE_FD                                                                  \
	7	      /* directory of an OCI layout or umoci bundle; /dev/null without one \
		       */
#define VERDICT_FDS 5 /* from VERDICT_REQUEST_FD on */

#define VERDICT_REQUEST_MAX ((size_t)1024 * 1024) /* bytes */
#define VERDICT_ANSWER_MAX  ((size_t)64 * 1024)

/* argv[1] of hardrun-image when it is to answer a request. */
#define VERDICT_COMMAND "answer"

#endif
