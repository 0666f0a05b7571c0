// SPDX-License-Identifier: Apache-2.0

// A web service and its client in one; each line says what came of one thing that services do.

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;

public class Serve {
	static void say(String name, Object value) {
		System.out.println(name + ": " + value);
	}

	static void web() throws Exception {
		HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
		server.createContext("/", exchange -> {
			byte[] body = exchange.getRequestBody().readAllBytes();
			byte[] answer = (exchange.getRequestURI() + " " + body.length).getBytes();
			exchange.sendResponseHeaders(200, answer.length);
			try (OutputStream out = exchange.getResponseBody()) {
				out.write(answer);
			}
		});
		ExecutorService pool = Executors.newFixedThreadPool(8);
		server.setExecutor(pool);
		server.start();
		HttpClient client = HttpClient.newHttpClient();
		List<Future<String>> answers = new ArrayList<>();
		for (int i = 0; i < 32; i++) {
			HttpRequest request = HttpRequest
				.newBuilder(URI.create("http://localhost:8080/" + i))
				.POST(HttpRequest.BodyPublishers.ofByteArray(new byte[100000]))
				.build();
			answers.add(client.sendAsync(request, HttpResponse.BodyHandlers.ofString())
				.thenApply(HttpResponse::body));
		}
		for (Future<String> answer : answers)
			say("answer", answer.get(20, TimeUnit.SECONDS));
		server.stop(0);
		pool.shutdown();
	}

	static void files() throws Exception {
		Path dir = Files.createTempDirectory("serve");
		Path file = dir.resolve("file");
		WatchService watch = FileSystems.getDefault().newWatchService();
		dir.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
		Files.write(file, new byte[1 << 20]);
		say("seen", watch.poll(20, TimeUnit.SECONDS) != null);
		Files.copy(file, dir.resolve("copy"));
		Files.move(dir.resolve("copy"), dir.resolve("moved"),
			StandardCopyOption.ATOMIC_MOVE);
		try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ,
				StandardOpenOption.WRITE)) {
			channel.lock();
			MappedByteBuffer map = channel.map(FileChannel.MapMode.READ_WRITE, 0, 4096);
			map.put(0, (byte) 7);
			map.force();
			channel.force(true);
			say("sent", channel.transferTo(0, 5000, FileChannel.open(dir.resolve("part"),
				StandardOpenOption.CREATE, StandardOpenOption.WRITE)));
		}
		byte[] sum = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
		say("sum", new java.math.BigInteger(1, sum).toString(16));
		try (var list = Files.walk(dir)) {
			say("files", list.count());
		}
	}

	static void work() throws Exception {
		List<Future<Long>> parts = new ArrayList<>();
		ExecutorService pool = Executors.newFixedThreadPool(4);
		for (int part = 0; part < 4; part++) {
			parts.add(pool.submit(() -> {
				List<byte[]> kept = new ArrayList<>();
				long sum = 0;
				for (int i = 0; i < 4000; i++) {
					byte[] block = new byte[16384];
					block[i] = 1;
					if (i % 50 == 0)
						kept.add(block);
					sum += block[i];
				}
				return sum + kept.size();
			}));
		}
		long total = 0;
		for (Future<Long> part : parts)
			total += part.get();
		pool.shutdown();
		System.gc();
		say("work", total);
		ByteArrayOutputStream packed = new ByteArrayOutputStream();
		try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
			gzip.write(new byte[1 << 20]);
		}
		say("gzip", packed.size());
	}

	static void machine() throws Exception {
		Process child = new ProcessBuilder("/bin/cat").start();
		try (OutputStream in = child.getOutputStream()) {
			in.write("to a child and back".getBytes());
		}
		say("child", new String(child.getInputStream().readAllBytes()) + child.waitFor());
		say("localhost", InetAddress.getByName("localhost").isLoopbackAddress());
		say("self", InetAddress.getLocalHost().getHostName());
		say("interfaces", NetworkInterface.networkInterfaces().count() > 0);
		say("processors", Runtime.getRuntime().availableProcessors() > 0);
	}

	public static void main(String[] arguments) {
		try {
			web();
			files();
			work();
			machine();
			say("end", "done");
		} catch (Throwable error) {
			// The threads of the service would go on.
			error.printStackTrace();
			System.exit(1);
		}
	}
}
