# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As the php image: the master as root, workers as another user.

start() {
	cat >/tmp/fpm.conf <<-'END'
		[global]
		error_log = /dev/stderr
		daemonize = no
		[www]
		user = www-data
		group = www-data
		listen = 127.0.0.1:9000
		pm = dynamic
		pm.max_children = 4
		pm.start_servers = 2
		pm.min_spare_servers = 1
		pm.max_spare_servers = 3
		request_terminate_timeout = 20
		php_admin_value[session.save_path] = /tmp
	END
	exec "$(echo /usr/sbin/php-fpm[0-9]*)" -F -y /tmp/fpm.conf
}

page() { # METHOD QUERY
	REQUEST_METHOD=$1 QUERY_STRING=$2 SCRIPT_FILENAME=/w/programs/page.php \
		CONTENT_LENGTH=${3:-0} CONTENT_TYPE=application/x-www-form-urlencoded \
		cgi-fcgi -bind -connect 127.0.0.1:9000 | tr -d '\r' | grep -v '^Set-Cookie\|^Expires'
}

check() {
	until_true listens 9000 || return
	page GET what=all
	echo -n 'a=1&b=2' | page POST what=form 7
	page GET what=none
	kill -USR2 1
	sleep 0.5
	until_true listens 9000
	page GET what=user
}
