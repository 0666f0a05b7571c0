// SPDX-License-Identifier: Apache-2.0

// A web service and its client in one: each line says what came of one thing that services
// do. With the argument "echo" it copies its input, as a child of itself.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func say(name string, body []byte) {
	fmt.Printf("%s: %d %x\n", name, len(body), sha256.Sum256(body))
}

func page(writer http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	fmt.Fprintf(writer, "%s %s %d\n", request.Method, request.URL.Path, len(body))
}

func get(client *http.Client, url string) []byte {
	answer, err := client.Get(url)
	must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(err)
	return body
}

func certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	form := x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"},
		NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &form, &form, &key.PublicKey, key)
	must(err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func web(dir string) {
	must(os.WriteFile(filepath.Join(dir, "file"), bytes.Repeat([]byte("line\n"), 100000), 0o644))
	mux := http.NewServeMux()
	mux.HandleFunc("/page/", page)
	mux.Handle("/", http.FileServer(http.Dir(dir)))
	plain, err := net.Listen("tcp", ":8080")
	must(err)
	server := &http.Server{Handler: mux}
	go server.Serve(plain)
	local, err := net.Listen("unix", filepath.Join(dir, "socket"))
	must(err)
	go server.Serve(local)
	secret, err := tls.Listen("tcp", "127.0.0.1:0",
		&tls.Config{Certificates: []tls.Certificate{certificate()}})
	must(err)
	go server.Serve(secret)

	client := &http.Client{Timeout: 20 * time.Second}
	say("page", get(client, "http://localhost:8080/page/one"))
	say("file", get(client, "http://[::1]:8080/file"))
	answer, err := client.Post("http://127.0.0.1:8080/page/two", "text/plain",
		bytes.NewReader(make([]byte, 1<<20)))
	must(err)
	body, _ := io.ReadAll(answer.Body)
	say("post", body)
	safe := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	say("tls", get(safe, "https://"+secret.Addr().String()+"/file"))
	near := &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			return net.Dial("unix", filepath.Join(dir, "socket"))
		}}}
	say("unix", get(near, "http://near/page/three"))
	many(client)
	client.CloseIdleConnections()
	must(server.Close())
}

func many(client *http.Client) {
	var group sync.WaitGroup
	var lock sync.Mutex
	total := 0
	for i := 0; i < 64; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			n := len(get(client, "http://127.0.0.1:8080/file"))
			lock.Lock()
			total += n
			lock.Unlock()
		}()
	}
	group.Wait()
	fmt.Println("at once:", total)
}

// Copied by the kernel where it can: sockets by splice, files by copy_file_range.
func relay(dir string) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	must(err)
	go func() {
		from, err := listener.Accept()
		must(err)
		to, err := listener.Accept()
		must(err)
		io.Copy(to, from)
		to.Close()
	}()
	from, err := net.Dial("tcp", listener.Addr().String())
	must(err)
	to, err := net.Dial("tcp", listener.Addr().String())
	must(err)
	go func() {
		from.Write(make([]byte, 1<<20))
		from.Close()
	}()
	body, err := io.ReadAll(to)
	must(err)
	say("relay", body)

	source, err := os.Open(filepath.Join(dir, "file"))
	must(err)
	target, err := os.Create(filepath.Join(dir, "copy"))
	must(err)
	size, err := io.Copy(target, source)
	must(err)
	must(target.Sync())
	must(target.Truncate(10))
	fmt.Println("copy:", size)
}

func files(dir string) {
	must(os.MkdirAll(filepath.Join(dir, "a/b"), 0o755))
	must(os.Symlink("file", filepath.Join(dir, "a/link")))
	must(os.Link(filepath.Join(dir, "file"), filepath.Join(dir, "a/hard")))
	must(os.Rename(filepath.Join(dir, "copy"), filepath.Join(dir, "a/b/copy")))
	must(os.Chmod(filepath.Join(dir, "a/b/copy"), 0o600))
	must(os.Chtimes(filepath.Join(dir, "a/b/copy"), time.Unix(1, 0), time.Unix(2, 0)))
	must(filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			fmt.Println("file", path, info.Size(), info.Mode())
		}
		return err
	}))
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	writer.Write(make([]byte, 1<<20))
	must(writer.Close())
	fmt.Println("gzip:", packed.Len() > 0)
	must(os.RemoveAll(filepath.Join(dir, "a")))
}

func processes() {
	command := exec.Command("/proc/self/exe", "echo")
	command.Stdin = bytes.NewReader([]byte("to a child and back\n"))
	output, err := command.Output()
	must(err)
	fmt.Printf("child: %s", output)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	must(syscall.Kill(os.Getpid(), syscall.SIGUSR1))
	fmt.Println("signal:", <-signals)
	_, err = net.ResolveIPAddr("ip", "localhost")
	fmt.Println("localhost:", err)
	interfaces, err := net.Interfaces()
	must(err)
	fmt.Println("interfaces:", len(interfaces) > 0)
}

func main() {
	if len(os.Args) > 1 {
		io.Copy(os.Stdout, os.Stdin)
		return
	}
	dir, err := os.MkdirTemp("", "")
	must(err)
	must(os.Chdir(dir))
	must(os.Chmod(dir, 0o755))
	dir = "."
	web(dir)
	relay(dir)
	files(dir)
	processes()
	runtime.GC()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("done")
}
