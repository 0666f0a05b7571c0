# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As Debian starts it, but for the chroot of its services, which is switched off.

start() {
	postconf -e maillog_file=/dev/stdout myhostname=workload mydestination=localhost,workload \
		inet_interfaces=loopback-only 'mynetworks=127.0.0.0/8' alias_maps= local_recipient_maps= \
		home_mailbox=Mail compatibility_level=3.6 smtputf8_enable=no
	[ "${jail:-no}" = yes ] || postconf -F '*/*/chroot = n'
	useradd --create-home reader
	exec postfix start-fg
}

check() {
	until_true listens 25 || return
	printf 'Subject: by program\n\ntext one\n' | sendmail -f root@localhost reader@localhost
	until_true grep -q 'text one' /home/reader/Mail || return
	printf '%s\r\n' 'HELO client' 'MAIL FROM:<root@localhost>' 'RCPT TO:<reader@localhost>' DATA \
		'Subject: by network' '' 'text two' . QUIT | slowly | talk 25 |
		sed 's/queued as .*/queued/'
	until_true grep -q 'text two' /home/reader/Mail
	grep -E '^(Subject|text|Delivered)' /home/reader/Mail
	stat -c '%U %a' /home/reader/Mail
	mailq
	echo "runs as $(stat -c %U /proc/[0-9]*/ | sort -u | paste -sd ' ')"
}

slowly() { while IFS= read -r line; do printf '%s\n' "$line" && sleep 0.1; done; }
