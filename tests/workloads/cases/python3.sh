# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As the python image: root or a user runs the program.

start() {
	exec python3 /w/programs/serve.py
}

check() {
	until_true listens 8080 || return
	things files database processes threads signals network machine || return
	asked http://localhost:8080/none
}
