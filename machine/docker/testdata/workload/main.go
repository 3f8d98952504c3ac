// Command workload is what the driver's tests put into images: the demo workload, and the
// few commands they look around with, since there is nothing else in such an image. It is
// its own shell: workload -c "exit 3".
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/kelvin-gpu/kelvin/machine/echo"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if len(args) == 0 {
		return echo.Main(nil)
	}
	name, args := args[0], args[1:]
	switch {
	case name == "-c" && len(args) == 1:
		return run(strings.Fields(args[0]))
	case name == "true":
		return 0
	case name == "false":
		return 1
	case name == "exit" && len(args) == 1:
		code, err := strconv.Atoi(args[0])
		return check(err, code)
	case name == "echo":
		fmt.Println(strings.Join(args, " "))
		return 0
	case name == "env":
		env := os.Environ()
		slices.Sort(env)
		fmt.Println(strings.Join(env, "\n"))
		return 0
	case name == "cat" && len(args) == 0:
		_, err := io.Copy(os.Stdout, os.Stdin)
		return check(err, 0)
	case name == "cat":
		data, err := os.ReadFile(args[0])
		_, _ = os.Stdout.Write(data)
		return check(err, 0)
	case name == "write" && len(args) > 1:
		return check(os.WriteFile(args[0], []byte(strings.Join(args[1:], " ")), 0o600), 0)
	case name == "write":
		return check(os.WriteFile(args[0], []byte("written"), 0o600), 0)
	case name == "pwd":
		dir, err := os.Getwd()
		fmt.Println(dir)
		return check(err, 0)
	case name == "size":
		return size()
	case name == "sleep":
		d, err := time.ParseDuration(args[0])
		time.Sleep(d)
		return check(err, 0)
	case name == "dial":
		conn, err := net.DialTimeout("tcp", args[0], 2*time.Second)
		if err == nil {
			err = conn.Close()
		}
		return check(err, 0)
	case name == "awkward":
		return check(awkward(args[0]), 0)
	case name == "describe":
		return check(describe(args[0]), 0)
	case name == "fill":
		return fill()
	}
	fmt.Fprintln(os.Stderr, "no such command:", name)
	return 127
}

// size prints the rows and columns of the terminal, and again at each line of input.
func size() int {
	for lines := bufio.NewScanner(os.Stdin); ; {
		columns, rows, err := term.GetSize(0)
		if err != nil {
			return check(err, 0)
		}
		fmt.Println(rows, columns)
		if !lines.Scan() {
			return check(lines.Err(), 0)
		}
	}
}

// fill takes memory, and touches it, until the kernel has had enough.
func fill() int {
	var all [][]byte
	for {
		block := make([]byte, 8<<20)
		for i := range block {
			block[i] = 1
		}
		all = append(all, block)
		if len(all) > 1024 {
			return 2 // 8 GiB: there is no limit
		}
	}
}

func check(err error, code int) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
