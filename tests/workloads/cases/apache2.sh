# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As the httpd image: root in the foreground, workers as another user.

start() {
	mkdir -p /tmp/www/list
	seq 200000 >/tmp/www/numbers.txt
	echo '<p>page</p>' >/tmp/www/index.html
	cp /tmp/www/index.html /tmp/www/list/a.html
	cat >/tmp/apache.conf <<-'END'
		ServerName workload
		ServerRoot /etc/apache2
		DefaultRuntimeDir /tmp
		PidFile /tmp/apache.pid
		Mutex file:/tmp default
		User www-data
		Group www-data
		Listen 8080
		ErrorLog /dev/stderr
		IncludeOptional mods-enabled/*.load
		IncludeOptional mods-enabled/mime.conf
		IncludeOptional mods-enabled/mpm_event.conf
		LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
		LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
		LoadModule cgid_module /usr/lib/apache2/modules/mod_cgid.so
		ScriptSock /tmp/cgid.socket
		DocumentRoot /tmp/www
		<Directory /tmp/www>
			Require all granted
		</Directory>
		ScriptAlias /cgi/ /var/lib/cgi/
		<Directory /var/lib/cgi>
			Require all granted
		</Directory>
		ProxyPass /back/ http://127.0.0.1:8080/
	END
	[ "$(id -u)" != 0 ] || make_script
	exec apache2 -f /tmp/apache.conf -D FOREGROUND
}

make_script() {
	mkdir -p /var/lib/cgi
	printf '%s\n' '#!/bin/sh' 'printf "Content-Type: text/plain\n\n"' 'cat; id -un' \
		>/var/lib/cgi/script
	chmod 755 /var/lib/cgi/script
}

check() {
	local path
	until_true listens 8080 || return
	for path in '' numbers.txt back/numbers.txt none; do
		echo "/$path $(asked "http://localhost:8080/$path")"
	done
	echo "deflate $(asked "http://[::1]:8080/" --compressed)"
	echo "range $(asked http://127.0.0.1:8080/numbers.txt --range 1000-1999)"
	[ "$(id -u)" != 0 ] || curl -s --data 'through a script ' http://127.0.0.1:8080/cgi/script
	kill -USR1 1
	sleep 0.5
	until_true listens 8080
	echo "reloaded $(asked http://127.0.0.1:8080/)"
	echo "workers run as $(stat -c %U /proc/[0-9]*/ | sort -u | paste -sd ' ')"
}
