package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
	machines "github.com/kelvin-gpu/kelvin/machine"
)

const tarType = "application/x-tar"

func (a *app) instanceCopy() *cobra.Command {
	return &cobra.Command{
		Use: "cp SOURCE TARGET", Aliases: []string{"copy"}, Short: "Copy files into an instance, or out of it",
		Long: "Copies a file, or a folder with all that is in it, into a server or worker or out of it. One of\n" +
			"SOURCE and TARGET is INSTANCE:/PATH, the other a path here. Permissions and times are kept. A\n" +
			"TARGET that is a folder, or ends in a slash, is copied into. SOURCE/. means what is in the folder.\n\n" +
			"`-` stands for a tar stream on standard input, which is unpacked in the folder TARGET, or on\n" +
			"standard output. The instance may be stopped, unless it lives on no host now.",
		Example: "  kelvin instance cp model.safetensors notebook:/workspace/\n  kelvin instance cp notebook:/workspace/results .\n" +
			"  tar -c -C data . | kelvin instance cp - notebook:/workspace\n  kelvin instance cp notebook:/workspace - | tar -tv",
		Args: cobra.ExactArgs(2),
		RunE: a.run(func(ctx context.Context, s *session, args []string) error {
			from, to := parseSpot(args[0]), parseSpot(args[1])
			if (from.instance == "") == (to.instance == "") {
				return usage(s.cmd, "one of the two is in an instance, as INSTANCE:/PATH, and the other is here")
			}
			there := from
			if to.instance != "" {
				there = to
			}
			if !path.IsAbs(there.path) {
				return usage(s.cmd, "%q is no path in an instance; allowed: INSTANCE:/PATH", there.path)
			}
			found, err := instances.find(ctx, s.client, there.instance)
			if err != nil {
				return err
			}
			c := &copying{session: s, route: instances.path + "/" + url.PathEscape(found.it.ID) + "/files", instance: found.it.Name}
			if to.instance != "" {
				return c.upload(ctx, from.path, to.path)
			}
			return c.download(ctx, from.path, to.path)
		}),
	}
}

// spot is where files are: in an instance, or here.
type spot struct{ instance, path string }

// parseSpot reads an argument. What has a slash before its colon is here: ./a:b.
func parseSpot(arg string) spot {
	instance, rest, ok := strings.Cut(arg, ":")
	switch {
	case !ok, instance == "", strings.ContainsAny(instance, `/\`), strings.HasPrefix(instance, "."),
		runtime.GOOS == "windows" && len(instance) == 1:
		return spot{path: arg}
	}
	return spot{instance, rest}
}

// copying is one copy.
type copying struct {
	*session
	route    string
	instance string // its name
	bytes    atomic.Int64
}

func (c *copying) stat(ctx context.Context, at string) (api.File, error) {
	var found api.File
	err := c.get(ctx, c.route+"/stat", url.Values{"path": {at}}, &found)
	return found, err
}

// target says in which folder of the instance a copy lands, and under what name; contents
// has no name of its own.
func (c *copying) target(ctx context.Context, at, name string) (dir, as string, err error) {
	_, err = c.stat(ctx, strings.TrimRight(at, "/")+"/")
	switch {
	case err == nil:
		return at, name, nil
	case strings.HasSuffix(at, "/"), !fleet.Is(err, fleet.NotFound) && !fleet.Is(err, fleet.Invalid):
		return "", "", err
	}
	return path.Dir(at), path.Base(at), nil
}

// upload copies into the instance.
func (c *copying) upload(ctx context.Context, from, to string) error {
	if from == "-" {
		return c.put(ctx, to, func(w io.Writer) error {
			_, err := io.Copy(w, c.cmd.InOrStdin())
			return err
		})
	}
	real, err := filepath.EvalSymlinks(from)
	if err != nil {
		return here(err)
	}
	if real, err = filepath.Abs(real); err != nil {
		return here(err)
	}
	name := filepath.Base(filepath.Clean(from))
	if name == ".." || name == "." || strings.HasSuffix(filepath.ToSlash(from), "/.") {
		name = "." // what is in it
	}
	dir, as, err := c.target(ctx, to, name)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(filepath.Dir(real))
	if err != nil {
		return here(err)
	}
	defer root.Close()
	what := filepath.Base(real)
	if real == filepath.Dir(real) {
		what = "." // the root of all
	}
	return c.put(ctx, dir, func(w io.Writer) error {
		return machines.Pack(w, root, what, as, func(name string) { c.say("Left out " + name + ": it is no file, folder or link.") })
	})
}

// put sends a tar stream to a folder of the instance.
func (c *copying) put(ctx context.Context, dir string, write func(io.Writer) error) error {
	defer c.show()()
	read, in := io.Pipe()
	defer read.Close()
	failed := make(chan error, 1)
	go func() {
		err := write(io.MultiWriter(in, (*counter)(&c.bytes)))
		failed <- err
		_ = in.CloseWithError(err)
	}()
	header := http.Header{"Content-Type": {tarType}, "Expect": {"100-continue"}}
	answer, err := c.sendBody(ctx, call{method: http.MethodPut, path: c.route, query: url.Values{"path": {dir}}}, header, read, 1)
	if err == nil {
		return answer.Body.Close()
	}
	select {
	case mine := <-failed:
		if mine != nil && !errors.Is(mine, io.ErrClosedPipe) {
			return here(mine)
		}
	default: // it waits for a server that wants no more
	}
	return err
}

// download copies out of the instance.
func (c *copying) download(ctx context.Context, from, to string) error {
	if to == "-" {
		if _, ok := terminalOf(c.out); ok {
			return usage(c.cmd, "a tar stream is nothing for a terminal: send standard output elsewhere")
		}
		return c.fetch(ctx, from, func(body io.Reader) error {
			_, err := io.Copy(c.out, body)
			return err
		})
	}
	contents := strings.HasSuffix(from, "/.")
	at := path.Clean(from)
	found, err := c.stat(ctx, at)
	for hops := 0; err == nil && found.Type == "link" && found.Link != "" && hops < 10; hops++ {
		at = path.Clean(found.Link)
		found, err = c.stat(ctx, at)
	}
	if err != nil {
		return err
	}
	name := path.Base(path.Clean(from))
	if name == "/" {
		name = c.instance
	}
	parent, name, err := landing(to, name, contents && found.Type == "folder")
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(parent)
	if err != nil {
		return here(err)
	}
	defer root.Close()
	base := path.Base(at)
	if base == "/" {
		base = "."
	}
	if found.Type != "folder" {
		return c.fetch(ctx, at, func(body io.Reader) error {
			return machines.Unpack(root, body, func(entry string) (string, error) {
				if entry != base {
					return "", strange(entry)
				}
				return name, nil
			})
		})
	}
	if err := root.MkdirAll(name, 0o755); err != nil {
		return here(err)
	}
	inside, err := root.OpenRoot(name)
	if err != nil {
		return here(err)
	}
	defer inside.Close()
	return c.fetch(ctx, at+"/", func(body io.Reader) error {
		return machines.Unpack(inside, body, func(entry string) (string, error) {
			rest, ok := "/"+entry, true
			if base != "." {
				rest, ok = strings.CutPrefix(entry, base)
			}
			if !ok || rest != "" && rest[0] != '/' {
				return "", strange(entry)
			}
			return path.Join(".", rest), nil
		})
	})
}

// landing is where something lands here: in a folder that is there, or under a name of its
// own.
func landing(to, name string, contents bool) (parent, as string, err error) {
	info, err := os.Stat(to)
	switch {
	case err == nil && info.IsDir() && contents:
		return to, ".", nil
	case err == nil && info.IsDir():
		return to, name, nil
	case err != nil && os.IsPathSeparator(to[len(to)-1]):
		return "", "", here(err)
	}
	return filepath.Dir(to), filepath.Base(to), nil
}

func strange(entry string) error {
	return fmt.Errorf("the server sent %q, which was not asked for", entry)
}

// fetch reads a tar stream of the instance.
func (c *copying) fetch(ctx context.Context, at string, read func(io.Reader) error) error {
	answer, err := c.send(ctx, call{method: http.MethodGet, path: c.route, query: url.Values{"path": {at}}}, http.Header{"Accept": {tarType}}, nil, 1)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	defer c.show()()
	body := &snapped{from: io.TeeReader(answer.Body, (*counter)(&c.bytes))}
	err = read(body)
	if err == nil {
		_, err = io.Copy(io.Discard, body) // what pads an archive; and whether it has come whole
	}
	if body.err != nil {
		return &failure{exit: exitUnavailable, err: fmt.Errorf("the copy broke off: %w", body.err), next: []string{"What has come is here; run it again for the rest."}}
	}
	if err != nil {
		return here(err)
	}
	return nil
}

// snapped notes that a stream broke off.
type snapped struct {
	from io.Reader
	err  error
}

func (c *snapped) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// counter counts what is written.
type counter atomic.Int64

func (c *counter) Write(p []byte) (int, error) {
	(*atomic.Int64)(c).Add(int64(len(p)))
	return len(p), nil
}

// here is what went wrong on this side.
func here(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return &failure{exit: exitNotFound, err: err}
	}
	return err
}

// show shows how far the copy is, if somebody looks, until the function it returns is called.
func (c *copying) show() (stop func()) {
	terminal, ok := terminalOf(c.err)
	if !ok || c.getenv("TERM") == "dumb" {
		return func() {}
	}
	began, ended, gone := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(frame)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				fmt.Fprint(terminal, "\r\x1b[K")
				return
			case <-tick.C:
			}
			n, took := c.bytes.Load(), time.Since(began)
			line := fmt.Sprintf("%s, %s/s (%s)", bytesOf(n), bytesOf(int64(float64(n)/took.Seconds())), short(took))
			fmt.Fprint(terminal, "\r\x1b[K"+cut(line, width(terminal)-1))
		}
	}()
	return func() {
		close(ended)
		<-gone
	}
}
