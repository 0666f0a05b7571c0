# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Services below a supervisor, one of them as another user.

start() {
	cat >/tmp/supervisor.conf <<-END
		[supervisord]
		nodaemon=true
		pidfile=/tmp/supervisor.pid
		logfile=/dev/null
		logfile_maxbytes=0
		$([ "$(id -u)" != 0 ] || echo user=root)
		[unix_http_server]
		file=/tmp/supervisor.socket
		[rpcinterface:supervisor]
		supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
		[supervisorctl]
		serverurl=unix:///tmp/supervisor.socket
		[program:web]
		startsecs=0
		command=python3 -m http.server --directory /w 8080
		$([ "$(id -u)" != 0 ] || echo user=nobody)
		stdout_logfile=/tmp/web.log
		redirect_stderr=true
		[program:ends]
		command=/bin/sh -c 'echo ended; exit 3'
		startsecs=0
		autorestart=false
		stdout_logfile=/tmp/ends.log
	END
	exec supervisord -c /tmp/supervisor.conf
}

ctl() { supervisorctl -c /tmp/supervisor.conf "$@" | sed -E 's/pid [0-9]+, .*//; s/[A-Z][a-z]+ [0-9]+ .*//'; }

check() {
	until_true listens 8080 || return
	until_true running
	ctl status || echo "status $?"
	asked http://localhost:8080/inside
	stat -c %U "/proc/$(supervisorctl -c /tmp/supervisor.conf pid web)"
	ctl restart web
	until_true listens 8080
	ctl stop web
	ctl status web || echo "status $?"
	cat /tmp/ends.log
}

running() { supervisorctl -c /tmp/supervisor.conf status web | grep -q RUNNING; }
