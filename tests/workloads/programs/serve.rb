# SPDX-License-Identifier: Apache-2.0
# A web service; its client is the check. Each answer says what came of one thing that
# services do.
require 'digest'
require 'etc'
require 'fileutils'
require 'open3'
require 'socket'
require 'tempfile'
require 'timeout'
require 'zlib'

THINGS = {
  '/files' => lambda do
    Dir.mktmpdir do |top|
      file = File.join(top, 'file')
      File.open(file, 'w') { |out| out.write('x' * 1_000_000) && out.fsync }
      FileUtils.cp(file, file + '.copy')
      File.rename(file + '.copy', file + '.2')
      File.symlink('file', File.join(top, 'link'))
      File.chmod(0o600, file)
      File.utime(1, 2, file)
      File.open(file) { |opened| opened.flock(File::LOCK_EX) }
      IO.copy_stream(file, file + '.3')
      [Dir.children(top).sort, Digest::SHA256.file(file).hexdigest[0, 16], File.mtime(file).to_i]
    end
  end,
  '/child' => lambda do
    output, status = Open3.capture2('cat', stdin_data: 'through a child')
    reader, writer = IO.pipe
    child = fork { writer.write('through a fork') && exit!(7) }
    writer.close
    [output, status.exitstatus, reader.read, Process.wait2(child)[1].exitstatus, `id -u`.to_i == Process.uid]
  end,
  '/threads' => lambda do
    queue = Queue.new
    8.times.map { |n| Thread.new { sleep(0.01) && queue << Zlib.crc32('x' * n) } }.each(&:join)
    [queue.size, (Timeout.timeout(0.05) { sleep } rescue 'timed out')]
  end,
  '/sockets' => lambda do
    left, right = UNIXSocket.pair
    left.send_io($stderr)
    udp = UDPSocket.new
    udp.bind('127.0.0.1', 0)
    udp.send('datagram', 0, '127.0.0.1', udp.addr[1])
    [right.recv_io.class, udp.recv(20), Addrinfo.getaddrinfo('localhost', 80, nil, :STREAM).size > 0,
     IO.select([udp], nil, nil, 0.01).nil?]
  end,
  '/machine' => lambda do
    [Etc.nprocessors > 0, Etc.getpwuid.uid == Process.euid, Process.groups.is_a?(Array),
     Process.clock_gettime(Process::CLOCK_MONOTONIC) > 0, Random.urandom(8).size, Process.getpgrp > 0,
     Process::UID.eid == Process.euid, GC.start.nil?, Process.getrlimit(:NOFILE).size]
  end
}.freeze

Signal.trap('TERM') { exit!(0) }
server = TCPServer.new(8080)
loop do
  Thread.start(server.accept) do |peer|
    path = peer.gets.to_s.split[1]
    while (line = peer.gets) && line.strip != ''; end
    thing = THINGS[path]
    body = thing ? "#{thing.call.inspect}\n" : "nothing\n"
    peer.write("HTTP/1.1 #{thing ? 200 : 404} X\r\nContent-Length: #{body.size}\r\n" \
      "Connection: close\r\n\r\n#{body}")
    peer.close
  end
end
