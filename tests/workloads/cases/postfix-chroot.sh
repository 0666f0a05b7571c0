# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As postfix.sh, in the chroot that Debian configures.

# shellcheck source=tests/workloads/cases/postfix.sh disable=SC2034
jail=yes patience=8 && . /w/cases/postfix.sh
