# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A compiled service and its client, as images made from nothing start it.

run() {
	exec /opt/workloads/go
}
