// go-xla as a peer: see adapter.py for the protocol.
package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/gomlx/go-xla/pkg/pjrt"
	"github.com/gomlx/go-xla/pkg/types/dtypes"
)

var (
	pluginPath = os.Args[1]
	programs   = os.Args[2]
	client     *pjrt.Client
)

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// The client is made at the first request, which is where a start ends.
func open() *pjrt.Client {
	if client == nil {
		client = must(must(pjrt.GetPlugin(pluginPath)).NewClient(nil))
	}
	return client
}

func compile(args, outs, elements int) *pjrt.LoadedExecutable {
	name := fmt.Sprintf("%dx%dx%d.mlir", args, outs, elements)
	text := must(os.ReadFile(filepath.Join(programs, name)))
	return must(open().Compile().WithStableHLO(text).Done())
}

func upload(values []float32, dims []int) *pjrt.Buffer {
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(&values[0])), 4*len(values))
	return must(open().BufferFromHost().FromRawData(bytes, dtypes.Float32, dims).Done())
}

func execute(args, outs int) func() {
	run := compile(args, outs, 1)
	inputs := make([]*pjrt.Buffer, args)
	for i := range inputs {
		inputs[i] = upload([]float32{float32(i + 1)}, nil)
	}
	return func() {
		for _, out := range must(run.Execute(inputs...).Done()) {
			check(out.Destroy())
		}
	}
}

func roundTrip() func() {
	run := compile(1, 1, 1)
	value := []float32{0}
	result := make([]byte, 4)
	return func() {
		value[0]++
		up := upload(value, nil)
		out := must(run.Execute(up).Done())[0]
		check(out.ToHost(result))
		if *(*float32)(unsafe.Pointer(&result[0])) != 2*value[0] {
			panic("a wrong result")
		}
		check(out.Destroy())
		check(up.Destroy())
	}
}

func up(elements int) func() {
	values := make([]float32, elements)
	dims := []int{elements}
	return func() { check(upload(values, dims).Destroy()) }
}

func down(elements int) func() {
	buffer := upload(make([]float32, elements), []int{elements})
	result := make([]byte, 4*elements)
	return func() { check(buffer.ToHost(result)) }
}

var rows = map[string]func() func(){
	"execute: await":                   func() func() { return execute(2, 1) },
	"execute: 100 inputs, 100 outputs": func() func() { return execute(100, 100) },
	"round trip: 4 B":                  roundTrip,
	"upload: 4 KB":                     func() func() { return up(1 << 10) },
	"upload: 1 MB":                     func() func() { return up(256 << 10) },
	"upload: 64 MB":                    func() func() { return up(16 << 20) },
	"download: 4 KB":                   func() func() { return down(1 << 10) },
	"download: 1 MB":                   func() func() { return down(256 << 10) },
	"download: 64 MB":                  func() func() { return down(16 << 20) },
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if strings.HasSuffix(module.Path, "/go-xla") {
				return module.Version
			}
		}
	}
	return "unknown"
}

func main() {
	opened := map[string]func(){}
	fmt.Println("ready", version())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		name, count, _ := strings.Cut(lines.Text(), "\t")
		times := must(strconv.Atoi(count))
		row, found := rows[name]
		if !found {
			fmt.Println("absent has no such call")
			continue
		}
		if opened[name] == nil {
			clear(opened)
			opened[name] = row()
		}
		operation := opened[name]
		start := time.Now()
		for range times {
			operation()
		}
		fmt.Println(time.Since(start).Nanoseconds())
	}
}
