# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As its image; it watches itself.

start() {
	printf '%s\n' 'global: {scrape_interval: 200ms, scrape_timeout: 200ms}' 'scrape_configs:' \
		'- job_name: self' '  static_configs: [{targets: ["localhost:9090"]}]' >/tmp/prometheus.yml
	exec prometheus --config.file=/tmp/prometheus.yml --storage.tsdb.path=/tmp/prometheus \
		--web.enable-lifecycle --log.level=error
}

query() { curl -s "http://localhost:9090/api/v1/query" --data-urlencode "query=$1"; }

check() {
	until_true scraped || return
	query 'up' | python3 -c 'import json, sys
for one in json.load(sys.stdin)["data"]["result"]: print(one["metric"], one["value"][1])'
	query 'vector(1 + 2)' | grep -o '"3"'
	query 'nonsense(' | grep -o '"errorType":"[a-z_]*"'
	curl -s -X POST http://localhost:9090/-/reload -o /tmp/reload -w '%{http_code}\n'
	curl -s http://localhost:9090/-/ready
	curl -s http://localhost:9090/metrics | grep -c '^process_open_fds'
}

scraped() { query up | grep -q '"1"\]'; }
