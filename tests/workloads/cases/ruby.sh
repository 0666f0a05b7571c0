# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As the ruby image: root or a user runs the program.

start() {
	exec ruby /w/programs/serve.rb
}

check() {
	until_true listens 8080 || return
	things files child threads sockets machine || return
	echo "none $(asked http://localhost:8080/none)"
}
