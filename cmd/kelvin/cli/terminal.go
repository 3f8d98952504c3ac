package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// say prints a line beside the results, on standard error.
func (s *session) say(text string) { fmt.Fprintln(s.err, clean(text)) }

// terminalOf returns the terminal that a stream is, if it is one.
func terminalOf(stream any) (*os.File, bool) {
	file, ok := stream.(*os.File)
	return file, ok && term.IsTerminal(int(file.Fd()))
}

// width is how many columns a terminal has; 80 when it does not say.
func width(terminal *os.File) int {
	columns, _, err := term.GetSize(int(terminal.Fd()))
	if err != nil || columns <= 0 {
		return 80
	}
	return columns
}

// confirm makes sure that somebody means to destroy name: by --yes, or by typing the name.
func (s *session) confirm(yes bool, what, name string) error {
	if yes {
		return nil
	}
	in := s.cmd.InOrStdin()
	if _, ok := terminalOf(in); !ok {
		return usage(s.cmd, "%s Add --yes to do so where nobody can be asked.", what)
	}
	fmt.Fprintf(s.err, "%s\nType %s to go on: ", clean(what), clean(name))
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if strings.TrimRight(answer, "\r\n") != name {
		return &failure{exit: exitFailed, err: fmt.Errorf("that is not %s: nothing was done", name)}
	}
	return nil
}
