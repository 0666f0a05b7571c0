# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# As Debian starts it: root, which steps down to openldap.

start() {
	mkdir -p /tmp/ldap
	cat >/tmp/slapd.conf <<-'END'
		include /etc/ldap/schema/core.schema
		include /etc/ldap/schema/cosine.schema
		include /etc/ldap/schema/inetorgperson.schema
		modulepath /usr/lib/ldap
		moduleload back_mdb
		pidfile /tmp/slapd.pid
		database mdb
		maxsize 10485760
		suffix dc=served
		rootdn cn=admin,dc=served
		rootpw secret
		directory /tmp/ldap
		index objectClass,uid eq
	END
	if [ "$(id -u)" = 0 ]; then
		chown -R openldap: /tmp/ldap
		set -- -u openldap -g openldap
	fi
	exec slapd -d 0 -f /tmp/slapd.conf -h 'ldap://:3389/ ldapi://%2Ftmp%2Fldapi/' "$@"
}

check() {
	until_true listens 3389 || return
	ldapadd -x -H ldap://localhost:3389 -D cn=admin,dc=served -w secret <<-'END'
		dn: dc=served
		objectClass: dcObject
		objectClass: organization
		dc: served
		o: Served

		dn: uid=one,dc=served
		objectClass: inetOrgPerson
		uid: one
		cn: One
		sn: Person
		userPassword: word
	END
	ldapsearch -x -LLL -H ldap://localhost:3389 -b dc=served '(uid=one)' cn sn
	ldapwhoami -x -H ldapi://%2Ftmp%2Fldapi -D uid=one,dc=served -w word
	ldapmodify -x -H ldap://localhost:3389 -D cn=admin,dc=served -w secret <<-'END'
		dn: uid=one,dc=served
		changetype: modify
		replace: sn
		sn: Changed
	END
	ldapsearch -x -LLL -H ldap://localhost:3389 -b dc=served '(sn=Changed)' uid
	ldapwhoami -x -H ldap://localhost:3389 -D uid=one,dc=served -w wrong 2>&1 || echo "status $?"
	echo "runs as $(stat -c %U /proc/1)"
}
