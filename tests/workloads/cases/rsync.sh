# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The daemon as root; for each module it steps down to another user. No chroot.

start() {
	mkdir -p /tmp/module/deep /tmp/upload
	seq 100000 >/tmp/module/numbers
	echo text >/tmp/module/deep/file
	ln -s numbers /tmp/module/link
	find /tmp/module -exec touch -hd @1700000000 '{}' +
	[ "$(id -u)" != 0 ] || chown nobody:nogroup /tmp/upload
	cat >/tmp/rsyncd.conf <<-END
		use chroot = ${jail:-no}
		port = 8730
		pid file = /tmp/rsyncd.pid
		$([ "$(id -u)" = 0 ] || echo '#') uid = nobody
		$([ "$(id -u)" = 0 ] || echo '#') gid = nogroup
		[module]
		path = /tmp/module
		[upload]
		path = /tmp/upload
		read only = no
	END
	exec rsync --daemon --no-detach --config=/tmp/rsyncd.conf
}

check() {
	until_true listens 8730 || return
	rsync rsync://localhost:8730/ && rsync -r rsync://localhost:8730/module/ || return
	rsync -a rsync://localhost:8730/module/ /tmp/copy/
	(cd /tmp/copy && find . -type f | sort | xargs sha256sum && readlink link && stat -c %Y numbers)
	seq 5 >>/tmp/copy/numbers
	rsync -rc --stats /tmp/copy/ rsync://localhost:8730/upload/ | grep 'files transferred'
	cmp /tmp/copy/numbers /tmp/upload/numbers && stat -c %U /tmp/upload/numbers
	rsync -a --delete --dry-run -v /tmp/module/ /tmp/copy/ | grep -E 'numbers|deleting'
}
