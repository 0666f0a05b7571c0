# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As haproxy.sh, in the chroot that Debian configures.

# shellcheck source=tests/workloads/cases/haproxy.sh disable=SC2034
jail='chroot /var/lib/haproxy' && . /w/cases/haproxy.sh
