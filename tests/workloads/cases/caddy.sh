# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As the caddy image, with a certificate of its own making.

start() {
	mkdir -p /tmp/www
	seq 200000 >/tmp/www/numbers.txt
	cat >/tmp/Caddyfile <<-'END'
		{
			skip_install_trust
			admin localhost:2019
			auto_https disable_redirects
		}
		:8080 {
			root * /tmp/www
			encode gzip
			file_server browse
			reverse_proxy /back/* localhost:8081
		}
		:8081 {
			respond "behind {http.request.uri.path}"
		}
		https://localhost:8443 {
			tls internal
			respond "secret"
		}
	END
	export XDG_DATA_HOME=/tmp/caddy XDG_CONFIG_HOME=/tmp/caddy
	exec caddy run --config /tmp/Caddyfile --adapter caddyfile
}

check() {
	until_true curl -sfk https://localhost:8443/ || return
	echo "file $(asked http://localhost:8080/numbers.txt)"
	echo "gzip $(asked 'http://[::1]:8080/numbers.txt' --compressed)"
	echo "back $(curl -s http://localhost:8080/back/page)"
	echo "tls $(curl -sk https://localhost:8443/)"
	echo "none $(curl -s -o /tmp/none -w '%{http_code}' http://localhost:8080/none)"
	sed -i 's/secret/changed/' /tmp/Caddyfile
	XDG_CONFIG_HOME=/tmp/reload caddy reload --config /tmp/Caddyfile --adapter caddyfile 2>/dev/null
	echo "reloaded $? $(curl -sk https://localhost:8443/)"
}
