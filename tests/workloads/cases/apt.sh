# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A repository of one package, made here: update, install, remove.

run() {
	local base=/var/tmp/apt
	export DEBIAN_FRONTEND=noninteractive
	mkdir -p $base/served/{DEBIAN,usr/bin} $base/repository && cd $base || return
	printf '%s\n' 'Package: served' 'Version: 1' 'Architecture: all' 'Maintainer: one <one@localhost>' \
		'Depends: bash' 'Description: a package' >served/DEBIAN/control
	printf '%s\n' '#!/bin/sh' 'echo configured "$1"' >served/DEBIAN/postinst
	printf '%s\n' '#!/bin/sh' 'echo served' >served/usr/bin/served
	chmod 755 served/DEBIAN/postinst served/usr/bin/served
	dpkg-deb --root-owner-group --build served repository/served.deb || return
	{
		dpkg-deb -f repository/served.deb
		echo "Filename: ./served.deb"
		echo "Size: $(stat -c %s repository/served.deb)"
		echo "SHA256: $(sha256sum repository/served.deb | cut -d ' ' -f 1)"
	} >repository/Packages
	echo "deb [trusted=yes] file:$base/repository ./" >/etc/apt/sources.list
	rm -f /etc/apt/sources.list.d/*
	apt-get update -qq && apt-cache policy served | grep Candidate
	apt-get install -qq -o Dpkg::Use-Pty=0 served | grep -v '^(Reading' && served
	dpkg -V served && dpkg -l served | tail -n 1 | tr -s ' '
	apt-get purge -qq -o Dpkg::Use-Pty=0 served | grep -v '^(Reading'
	apt-get install -qq -o Dpkg::Use-Pty=0 ./repository/served.deb | grep -v '^(Reading' && served
	ls /var/lib/dpkg/info/served.*
}
