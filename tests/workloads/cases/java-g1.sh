# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As java, under the collector that a server gets without asking.

run() {
	java -cp /opt/workloads/java Serve
}
