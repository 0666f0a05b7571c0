# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As the node image: root or a user runs the program.

start() {
	exec node /w/programs/serve.js
}

check() {
	until_true listens 8080 || return
	things files child worker crypto zlib unix udp machine wasm || return
	asked http://localhost:8080/none
}
