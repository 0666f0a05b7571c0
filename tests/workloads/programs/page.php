<?php
// SPDX-License-Identifier: Apache-2.0
// One page; what it does is what the query asks for.
$what = $_GET['what'] ?? '';
$dir = sys_get_temp_dir() . '/page.' . getmypid();
switch ($what) {
case 'all':
	session_id('workload');
	session_start();
	$_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1;
	session_write_close();
	mkdir($dir);
	file_put_contents("$dir/file", str_repeat('line ', 100000), LOCK_EX);
	copy("$dir/file", "$dir/copy");
	rename("$dir/copy", "$dir/moved");
	symlink('file', "$dir/link");
	touch("$dir/file", 1);
	chmod("$dir/file", 0600);
	print_r(array_map('basename', glob("$dir/*")));
	echo sha1_file("$dir/moved"), ' ', filesize("$dir/link"), ' ', filemtime("$dir/file"), "\n";
	echo trim(shell_exec('echo through a child | cat')), "\n";
	$pair = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
	fwrite($pair[0], "through a pair\n");
	echo fgets($pair[1]);
	$server = stream_socket_server('tcp://127.0.0.1:0');
	$peer = stream_socket_client('tcp://' . stream_socket_get_name($server, false));
	echo get_debug_type(stream_socket_accept($server, 5)), "\n";
	echo gethostbyname('localhost'), ' ', strlen(random_bytes(8)), ' ', date('Y', 0), "\n";
	echo json_encode(password_verify('word', password_hash('word', PASSWORD_BCRYPT, ['cost' => 4]))), "\n";
	usleep(1000);
	break;
case 'form':
	print_r($_POST);
	break;
case 'user':
	echo posix_getpwuid(posix_geteuid())['name'], "\n";
	break;
default:
	http_response_code(404);
}
array_map('unlink', glob("$dir/*"));
is_dir($dir) && rmdir($dir);
