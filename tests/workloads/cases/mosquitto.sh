# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As its image: root, which steps down.

start() {
	mkdir -p /tmp/mosquitto
	[ "$(id -u)" != 0 ] || chown mosquitto: /tmp/mosquitto
	cat >/tmp/mosquitto.conf <<-'END'
		listener 1883
		allow_anonymous true
		persistence true
		persistence_location /tmp/mosquitto/
		autosave_interval 1
		user mosquitto
		log_dest stderr
	END
	exec mosquitto -c /tmp/mosquitto.conf
}

check() {
	until_true listens 1883 || return
	mosquitto_sub -h localhost -t 'a/#' -v -C 3 >/tmp/seen &
	mosquitto_pub -h localhost -t kept -m 'a message that stays' -r -q 2
	mosquitto_sub -h 127.0.0.1 -t kept -C 1
	sleep 0.3
	for text in one two three; do mosquitto_pub -h localhost -t "a/$text" -m "$text" -q 1; done
	wait
	sort /tmp/seen
	kill -USR1 1
	until_true test -s /tmp/mosquitto/mosquitto.db
	echo "saved by $(stat -c %U /tmp/mosquitto/mosquitto.db), runs as $(stat -c %U /proc/1)"
}
