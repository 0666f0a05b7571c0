# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Compile, link and run, by make; programs cannot run from /tmp, which is noexec.

run() {
	local dir=/var/tmp/build
	mkdir -p $dir && cd $dir || return
	cp /w/programs/static.c one.c
	printf '#include <stdio.h>\nvoid two(void) { puts("two"); }\n' >two.c
	printf 'void two(void);\nint main(void) { two(); return 0; }\n' >main.c
	printf 'all: one main\nmain: main.o libtwo.a\n\t$(CC) -o $@ $^\nlibtwo.a: two.o\n\tar rcs $@ $^\n' >Makefile
	sed -i '1i CFLAGS = -O2 -g -flto\nLDLIBS = -lpthread' Makefile
	make -j2 -s && ./one | sort -u && ./main && make -s -q && echo "up to date"
	strip main && ./main
	! printf 'int main(void) { return nothing; }' | gcc -x c - 2>errors
	grep -c error: errors
}
