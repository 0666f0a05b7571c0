// SPDX-License-Identifier: Apache-2.0
// A web service; its client is the check. Each answer says what came of one thing that
// services do.
'use strict';
const http = require('http'), https = require('https'), fs = require('fs'), os = require('os'),
	path = require('path'), zlib = require('zlib'), crypto = require('crypto'), net = require('net'),
	dgram = require('dgram'), dns = require('dns').promises, util = require('util'),
	{execFile, fork} = require('child_process'), {Worker} = require('worker_threads');

const digest = data => crypto.createHash('sha256').update(data).digest('hex');

const things = {
	async files() {
		const dir = await fs.promises.mkdtemp(path.join(os.tmpdir(), 'serve'));
		const file = path.join(dir, 'file'), copy = path.join(dir, 'copy');
		const seen = new Promise(done => fs.watch(dir, () => done(true)));
		await fs.promises.writeFile(file, Buffer.alloc(1 << 20, 'x'));
		await fs.promises.copyFile(file, copy);
		await fs.promises.rename(copy, copy + '2');
		await fs.promises.symlink(file, path.join(dir, 'link'));
		await fs.promises.chmod(file, 0o600);
		await fs.promises.utimes(file, 1, 2);
		fs.fsyncSync(fs.openSync(file, 'r+'));
		const names = await fs.promises.readdir(dir);
		const sum = digest(await fs.promises.readFile(file));
		const facts = await fs.promises.stat(file);
		await fs.promises.rm(dir, {recursive: true});
		return [names, sum, facts.size, await seen];
	},
	async child() {
		const {stdout} = await util.promisify(execFile)('/bin/cat', ['/etc/debian_version']);
		const child = fork(__filename, ['child']);
		const answer = await new Promise(done => child.on('message', done));
		return [stdout.length > 0, answer];
	},
	async worker() {
		const code = "require('worker_threads').parentPort.postMessage(" +
			"[...Array(100000).keys()].reduce((a, b) => a + b))";
		return new Promise(done => new Worker(code, {eval: true}).on('message', done));
	},
	async crypto() {
		const key = await util.promisify(crypto.scrypt)('secret', 'salt', 32);
		const {publicKey} = await util.promisify(crypto.generateKeyPair)('ec', {namedCurve: 'P-256'});
		return [digest(key), publicKey.type, crypto.randomBytes(8).length];
	},
	async zlib() {
		return digest(zlib.gunzipSync(await util.promisify(zlib.gzip)(Buffer.alloc(1 << 20))));
	},
	async unix() {
		const name = path.join(os.tmpdir(), 'serve.' + process.pid);
		const server = net.createServer(peer => peer.pipe(peer)).listen(name);
		const peer = net.connect(name);
		peer.end('through a socket');
		const parts = [];
		for await (const part of peer) parts.push(part);
		server.close();
		return Buffer.concat(parts).toString();
	},
	async udp() {
		const server = dgram.createSocket('udp4'), client = dgram.createSocket('udp4');
		await new Promise(done => server.bind(0, '127.0.0.1', done));
		const got = new Promise(done => server.on('message', done));
		client.send('datagram', server.address().port, '127.0.0.1');
		const text = (await got).toString();
		server.close(), client.close();
		return text;
	},
	async machine() {
		const {address} = await dns.lookup('localhost', {family: 4});
		return [address, os.cpus().length > 0, os.totalmem() > 0, Object.keys(os.networkInterfaces()),
			os.uptime() > 0, os.userInfo().uid, process.memoryUsage().rss > 0];
	},
	async wasm() {
		const code = Buffer.from('AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags=', 'base64');
		const {instance} = await WebAssembly.instantiate(code);
		return instance.exports.add(40, 2);
	},
};

function serve() {
	const server = http.createServer(async (request, response) => {
		const thing = things[request.url.slice(1)];
		if (!thing) return response.writeHead(404).end();
		try {
			response.end(JSON.stringify(await thing()) + '\n');
		} catch (error) {
			response.writeHead(500).end(error.stack + '\n');
		}
	});
	server.listen(8080);
	process.on('SIGTERM', () => server.close(() => process.exit(0)));
}

if (process.argv[2] === 'child') process.send({sum: 1 + 2}, () => process.exit(0));
else serve();
