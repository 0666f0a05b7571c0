# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As rsync.sh, in the chroot that Debian configures.

# shellcheck source=tests/workloads/cases/rsync.sh disable=SC2034
jail=yes && . /w/cases/rsync.sh
