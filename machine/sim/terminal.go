package sim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// The keys that a terminal understands by itself.
const (
	keyInterrupt = 0x03 // Ctrl-C
	keyEnd       = 0x04 // Ctrl-D
	keyBackspace = 0x08
	keyDelete    = 0x7f
)

// A terminal stands between a command and who types: it shows what is typed, hands it over
// line by line, lets Ctrl-C end what runs and Ctrl-D end the input, and begins each line of
// output on the left.
type terminal struct {
	out io.Writer

	mu      sync.Mutex
	more    *sync.Cond
	line    []byte   // being typed
	ready   [][]byte // lines; an empty one is an end of input
	running *run     // what Ctrl-C ends
	size    fleet.Size
}

// openTerminal makes a terminal, until ctx ends.
func openTerminal(ctx context.Context, e machine.Exec) *terminal {
	t := &terminal{out: orDiscard(e.Stdout), size: e.Size}
	t.more = sync.NewCond(&t.mu)
	context.AfterFunc(ctx, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.more.Broadcast()
	})
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case size, open := <-e.Resize:
				if !open {
					return
				}
				t.mu.Lock()
				t.size = size
				t.mu.Unlock()
			}
		}
	}()
	if e.Stdin != nil {
		go t.listen(e.Stdin)
	}
	return t
}

// listen takes what is typed, until there is no more.
func (t *terminal) listen(keys io.Reader) {
	buf := make([]byte, 4096)
	for {
		n, err := keys.Read(buf)
		for _, key := range buf[:n] {
			t.press(key)
		}
		if err != nil {
			return
		}
	}
}

func (t *terminal) press(key byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	echo := ""
	switch key {
	case '\r', '\n':
		t.hand(append(t.line, '\n'))
		echo = "\r\n"
	case keyEnd:
		t.hand(t.line)
	case keyInterrupt:
		t.line, echo = nil, "^C\r\n"
		if t.running != nil {
			t.running.kill(130)
		}
		t.more.Broadcast()
	case keyBackspace, keyDelete:
		if len(t.line) > 0 {
			t.line, echo = t.line[:len(t.line)-1], "\b \b"
		}
	default:
		t.line, echo = append(t.line, key), string(rune(key))
	}
	_, _ = io.WriteString(t.out, echo) // whoever looks may have gone
}

// hand gives the command a line. The caller holds the lock.
func (t *terminal) hand(line []byte) {
	t.ready = append(t.ready, bytes.Clone(line))
	t.line = nil
	t.more.Broadcast()
}

// front makes r what Ctrl-C ends, and returns what was that before.
func (t *terminal) front(r *run) (before *run) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before, t.running = t.running, r
	return before
}

// Write implements io.Writer for what the command shows.
func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := t.out.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")))
	return len(p), err
}

// input is the terminal as a command's stdin, until ctx ends.
func (t *terminal) input(ctx context.Context) io.Reader { return &typed{t, ctx} }

type typed struct {
	terminal *terminal
	ctx      context.Context
}

// Read implements io.Reader.
func (t *typed) Read(p []byte) (int, error) {
	s := t.terminal
	s.mu.Lock()
	defer s.mu.Unlock()
	stop := context.AfterFunc(t.ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.more.Broadcast()
	})
	defer stop()
	for len(s.ready) == 0 && t.ctx.Err() == nil {
		s.more.Wait()
	}
	if t.ctx.Err() != nil {
		return 0, t.ctx.Err()
	}
	n := copy(p, s.ready[0])
	if s.ready[0] = s.ready[0][n:]; len(s.ready[0]) == 0 {
		s.ready = s.ready[1:]
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// size prints the terminal's rows and columns, and again at each line of input.
func (p process) size() int {
	if p.terminal == nil {
		fmt.Fprintln(p.stderr, "size: there is no terminal")
		return 1
	}
	for {
		p.terminal.mu.Lock()
		size := p.terminal.size
		p.terminal.mu.Unlock()
		fmt.Fprintf(p.stdout, "%d %d\n", size.Rows, size.Cols)
		if _, err := p.readLine(); err != nil {
			return p.ended(0)
		}
	}
}

// converse is a shell that takes commands from its input, until that ends or says exit.
func (p process) converse() (code int) {
	if p.terminal != nil {
		p.terminal.front(nil)
	}
	for {
		if p.terminal != nil {
			fmt.Fprintf(p.stdout, "%s:/# ", p.container.hostname())
		}
		line, err := p.readLine()
		words := strings.Fields(line)
		if len(words) > 0 && words[0] == "exit" {
			if len(words) == 1 {
				return code
			}
			return number(words[1:])
		}
		if len(words) > 0 {
			code = p.child(line)
		}
		if err != nil {
			return p.ended(code)
		}
	}
}

// child runs a line of a shell, which Ctrl-C ends without ending the shell.
func (p process) child(line string) int {
	own := newRun(newPorts(), Behaviour{})
	own.gate = p.run.gate
	defer own.cancel()
	defer context.AfterFunc(p.run.ctx, own.cancel)()
	if p.terminal != nil {
		before := p.terminal.front(own)
		defer p.terminal.front(before)
		p.stdin = p.terminal.input(own.ctx)
	}
	p.run = own
	return p.ended(p.shell(line))
}

// ended is a command's exit code: its own, unless it was killed.
func (p process) ended(code int) int {
	p.run.mu.Lock()
	defer p.run.mu.Unlock()
	if p.run.killed {
		return p.run.code
	}
	return code
}

// readLine reads a line and nothing after it, which may be for the command that it starts.
func (p process) readLine() (string, error) {
	if p.stdin == nil {
		return "", io.EOF
	}
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := p.stdin.Read(one)
		if n == 1 && one[0] == '\n' {
			return string(line), nil
		}
		line = append(line, one[:n]...)
		if err != nil && (!errors.Is(err, io.EOF) || n == 0) {
			return string(line), err
		}
	}
}
