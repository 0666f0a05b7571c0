# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As the nginx image: a shell entrypoint, the master as root, workers as another user.

configuration() {
	cat <<-'END'
		user www-data;
		worker_processes 2;
		pid /tmp/nginx.pid;
		error_log stderr notice;
		events { worker_connections 256; }
		http {
			include /etc/nginx/mime.types;
			access_log /tmp/nginx.access;
			client_body_temp_path /tmp/nginx-body;
			fastcgi_temp_path /tmp/nginx-fastcgi;
			uwsgi_temp_path /tmp/nginx-uwsgi;
			scgi_temp_path /tmp/nginx-scgi;
			proxy_temp_path /tmp/nginx-proxy;
			proxy_cache_path /tmp/nginx-cache levels=1:2 keys_zone=cache:1m;
			sendfile on;
			gzip on;
			server {
				listen 8080;
				listen [::]:8080;
				root /tmp/www;
				location /threads/ { alias /tmp/www/; aio threads; directio 4k; }
				location /put/ { dav_methods PUT DELETE MOVE; create_full_put_path on; }
				location /cached/ { proxy_cache cache; proxy_pass http://127.0.0.1:8080/; }
				location /local/ { proxy_pass http://unix:/tmp/nginx.socket:/; }
				location /list/ { alias /tmp/www/; autoindex on; autoindex_format json; }
			}
			server { listen unix:/tmp/nginx.socket; root /tmp/www; }
		}
	END
}

start() {
	mkdir -p /tmp/www/put
	configuration >/tmp/nginx.conf
	seq 200000 >/tmp/www/numbers.txt
	echo "<p>page</p>" >/tmp/www/index.html
	find /tmp/www -type f | sort | while read -r file; do touch -d @1700000000 "$file"; done
	[ "$(id -u)" != 0 ] || chown -R www-data: /tmp/www/put
	chmod 755 /tmp/www
	nginx -t -q -c /tmp/nginx.conf && exec nginx -c /tmp/nginx.conf -g 'daemon off;'
}

workers() { # how many children nginx has
	grep -lx 'PPid:[[:space:]]1' /proc/[0-9]*/status | wc -l
}

check() {
	local way
	until_true listens 8080 || return
	for way in '' list/ numbers.txt threads/numbers.txt cached/numbers.txt cached/numbers.txt \
		local/numbers.txt none; do
		echo "/$way $(asked "http://localhost:8080/$way")"
	done | sed 's/"mtime":"[^"]*"//'
	echo "ipv6 $(asked "http://[::1]:8080/")"
	echo "gzip $(asked http://127.0.0.1:8080/ --compressed)"
	echo "range $(asked http://127.0.0.1:8080/numbers.txt --range 1000-1999)"
	echo "put $(asked http://127.0.0.1:8080/put/a/b --upload-file /tmp/www/numbers.txt)"
	echo "got $(asked http://127.0.0.1:8080/put/a/b)"
	echo "move $(asked http://127.0.0.1:8080/put/a/b -X MOVE -H 'Destination: /put/c')"
	echo "delete $(asked http://127.0.0.1:8080/put/c -X DELETE)"
	for way in 1 2 3 4 5 6 7 8; do asked http://127.0.0.1:8080/numbers.txt >/tmp/at-once.$way & done
	wait
	cat /tmp/at-once.*
	kill -HUP 1
	sleep 0.5
	echo "reloaded $(asked http://127.0.0.1:8080/)"
	kill -USR1 1 # opens its logs again
	echo "workers run as $(stat -c %U /proc/[0-9]*/ | sort -u | paste -sd ' ')"
}
