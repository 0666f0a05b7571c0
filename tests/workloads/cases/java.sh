# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# One program under each collector that this JDK has.

run() {
	local collector
	for collector in ${collectors:-Serial Parallel G1 Z Shenandoah}; do
		java "-XX:+Use${collector}GC" -Xmx256m -cp /opt/workloads/java Serve || return
		echo "$collector"
	done
}
