package cli

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/api"
	"github.com/kelvin-gpu/kelvin/fleet"
)

func TestExecPassesInputOutputAndExitCodeOn(t *testing.T) {
	t.Parallel()
	b := mustBox(t)
	require.Equal(t, "a b -x\n", b.mustRun("instance", "exec", "box", "--", "echo", "a b", "-x"))
	require.Equal(t, "a\n", b.mustRun("ins", "exec", "box", "echo", "a"), "without -- as well, if no word is a flag")
	require.Contains(t, b.mustRun("instance", "exec", "-e", "A=1", "-e", "B=x y", "box", "--", "env"), "A=1\nB=x y\n")
	require.Equal(t, "/tmp\n", b.mustRun("instance", "exec", "-w", "/tmp", "box", "--", "pwd"))

	for code, words := range map[int][]string{1: {"false"}, 7: {"sh", "-c", "exit 7"}, 127: {"nothing"}} {
		got := b.run(append([]string{"instance", "exec", "box", "--"}, words...)...)
		require.Equal(t, code, got.exit)
		require.NotContains(t, got.err, "Error", "the command says what is wrong, if anything")
	}
	require.Equal(t, "nothing: not found\n", b.run("instance", "exec", "box", "--", "nothing").err)

	input := strings.Repeat("0123456789abcdef", 3<<16) // three windows
	b.in = strings.NewReader(input)
	require.True(t, input == b.mustRun("instance", "exec", "box", "--", "cat"))
	b.in = strings.NewReader("not wanted")
	require.Empty(t, b.mustRun("instance", "exec", "-i=false", "box", "--", "cat"))
	b.in = strings.NewReader("echo one\necho two\nexit 5\necho three\n")
	got := b.run("instance", "ssh", "box")
	require.Equal(t, 5, got.exit)
	require.Equal(t, "one\ntwo\n", got.out, "a shell that nobody sits at")
	script := filepath.Join(t.TempDir(), "script")
	require.NoError(t, os.WriteFile(script, []byte("echo three\n"), 0o600))
	file, err := os.Open(script)
	require.NoError(t, err)
	defer file.Close()
	b.in = file
	require.Equal(t, "three\n", b.mustRun("instance", "ssh", "box"), "a file is no terminal")
}

func TestExecIsRefused(t *testing.T) {
	t.Parallel()
	b := mustBox(t)
	for _, args := range [][]string{{"box"}, {}, {"-t", "box", "--", "true"}, {"-w", "tmp", "box", "--", "true"}, {"-e", "1=2", "box", "--", "true"}, {"-u", "a b", "box", "--", "true"}} {
		got := b.run(append([]string{"instance", "exec"}, args...)...)
		require.Equal(t, exitUsage, got.exit, "%v: %s", args, got.err)
	}
	require.Equal(t, exitNotFound, b.run("instance", "exec", "nobody", "--", "true").exit)
	require.Equal(t, exitNotFound, b.run("instance", "ssh", "nobody").exit)
	key := b.env["KELVIN_API_KEY"]
	b.env["KELVIN_API_KEY"] = b.viewer
	require.Equal(t, exitForbidden, b.run("instance", "exec", "box", "--", "true").exit)
	require.Equal(t, exitForbidden, b.run("instance", "cp", "box:/tmp", t.TempDir()).exit)
	b.env["KELVIN_API_KEY"] = key

	ctx, interrupt := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, interrupt)
	b.in = strings.NewReader("")
	got := b.runContext(ctx, "instance", "exec", "box", "--", "sleep", "1h")
	require.Equal(t, exitInterrupted, got.exit, got.err)
	until(t, func() bool {
		stats, err := b.engine.Stats(t.Context(), b.lease.ID)
		return err == nil && stats.Processes == 1
	})

	ended := make(chan result, 1)
	go func() { ended <- b.run("instance", "exec", "-i=false", "box", "--", "sleep", "1h") }()
	until(t, func() bool {
		stats, err := b.engine.Stats(t.Context(), b.lease.ID)
		return err == nil && stats.Processes == 2
	})
	b.stop()
	got = <-ended
	require.Equal(t, exitUnavailable, got.exit)
	require.Contains(t, got.err, "went away")
	require.Equal(t, exitUnavailable, b.run("instance", "exec", "box", "--", "true").exit, "the host is not connected")

	require.NoError(t, b.engine.Stop(t.Context(), b.lease.ID, 0))
}

func TestExecEndsWhenTheConnectionDoes(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	ways := map[string]func(*websocket.Conn){
		"broke off":                    func(ws *websocket.Conn) { _ = ws.CloseNow() },
		"it sends more than it may":    flood,
		"unexpected end of JSON input": func(ws *websocket.Conn) { _ = ws.Write(t.Context(), websocket.MessageBinary, []byte{fleet.FrameTaken}) },
	}
	way := make(chan func(*websocket.Conn), 1)
	w.mux.HandleFunc("GET /v1/instances/{id}/exec", func(rw http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(rw, r, &websocket.AcceptOptions{Subprotocols: []string{fleet.ExecProtocol}})
		if err == nil {
			(<-way)(ws)
			_, _, _ = ws.Read(context.Background())
			_ = ws.CloseNow()
		}
	})
	for want, do := range ways {
		way <- do
		var out slow
		root := w.command()
		var errs bytes.Buffer
		root.SetOut(&out)
		root.SetErr(&errs)
		root.SetArgs([]string{"instance", "exec", "-i=false", "notebook", "--", "true"})
		require.Equal(t, exitUnavailable, Report(&errs, root.ExecuteContext(t.Context())), errs.String())
		require.Contains(t, errs.String(), want)
	}
}

// slow is a reader's end that takes its time.
type slow struct{}

func (slow) Write(p []byte) (int, error) {
	time.Sleep(50 * time.Millisecond)
	return len(p), nil
}

func flood(ws *websocket.Conn) {
	frame := make([]byte, 1+fleet.ExecFrame)
	frame[0] = fleet.FrameStdout
	for range 2 * fleet.ExecWindow / fleet.ExecFrame {
		if ws.Write(context.Background(), websocket.MessageBinary, frame) != nil {
			return
		}
	}
}

func TestServerThatIsTooOldIsSaidToBe(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	got := w.run("instance", "exec", "notebook", "--", "true")
	require.Equal(t, exitNotFound, got.exit)
	w.mux.HandleFunc("GET /v1/instances/{id}/exec", func(rw http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(rw, r, nil)
		if err == nil {
			_ = ws.CloseNow()
		}
	})
	got = w.run("instance", "exec", "notebook", "--", "true")
	require.Equal(t, exitFailed, got.exit)
	require.Contains(t, got.err, "is it as new as this command?")
}

// mustTar is an archive of files, or links if they are written like "name -> target".
func mustTar(t *testing.T, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range names {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: 4}
		if from, to, ok := strings.Cut(name, " -> "); ok {
			h.Typeflag, h.Name, h.Linkname, h.Size = tar.TypeSymlink, from, to, 0
		}
		require.NoError(t, w.WriteHeader(h))
		_, err := io.WriteString(w, "evil"[:h.Size])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// write makes files under dir; what ends in a slash is a folder.
func write(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		p := filepath.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			require.NoError(t, os.MkdirAll(p, 0o755))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(p), 0o755))
		require.NoError(t, os.WriteFile(p, []byte(name), 0o640))
		require.NoError(t, os.Chtimes(p, testNow, testNow))
	}
}

// tree is what is under dir: names, and what is in them.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(p string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		name, err := filepath.Rel(dir, p)
		require.NoError(t, err)
		if entry.IsDir() {
			if name != "." {
				found[name+"/"] = ""
			}
			return nil
		}
		text, err := os.ReadFile(p)
		require.NoError(t, err)
		found[name] = string(text)
		return nil
	}))
	return found
}

func TestCopyGoesWhereItIsTold(t *testing.T) {
	t.Parallel()
	b := mustBox(t)
	from := t.TempDir()
	write(t, from, "f", "d/x", "d/sub/y", "d/empty/")
	require.NoError(t, os.Symlink("d", filepath.Join(from, "to-d")))
	there := func(path string) string {
		t.Helper()
		return b.mustRun("instance", "exec", "-i=false", "box", "--", "cat", path)
	}
	for _, try := range []struct{ source, target, path, text string }{
		{"f", "/workspace", "/workspace/f", "f"},
		{"f", "/workspace/", "/workspace/f", "f"},
		{"f", "/workspace/g", "/workspace/g", "f"},
		{"f", "/workspace/g", "/workspace/g", "f"},
		{"d/x", "/workspace/g", "/workspace/g", "d/x"},
		{"d", "/workspace", "/workspace/d/sub/y", "d/sub/y"},
		{"d", "/workspace/e", "/workspace/e/sub/y", "d/sub/y"},
		{"d", "/workspace/e", "/workspace/e/d/sub/y", "d/sub/y"},
		{"d/.", "/workspace/d2", "/workspace/d2/x", "d/x"},
		{"d/.", "/workspace", "/workspace/x", "d/x"},
		{"to-d", "/workspace", "/workspace/to-d/x", "d/x"},
	} {
		require.Empty(t, b.mustRun("instance", "cp", from+"/"+try.source, "box:"+try.target))
		require.Equal(t, try.text, there(try.path), try)
	}
	for source, exit := range map[string]int{from + "/none": exitNotFound, from + "/f": exitNotFound} {
		require.Equal(t, exit, b.run("instance", "cp", source, "box:/none/none").exit)
	}
	require.Equal(t, exitUsage, b.run("instance", "cp", from+"/d", "box:/workspace/g").exit, "a folder over a file")
	require.Equal(t, exitNotFound, b.run("instance", "cp", from+"/f", "box:/workspace/none/").exit)

	full := map[string]string{"x": "d/x", "sub/": "", "sub/y": "d/sub/y", "empty/": ""}
	under := func(dir string) map[string]string {
		all := map[string]string{dir + "/": ""}
		for name, text := range full {
			all[dir+"/"+name] = text
		}
		return all
	}
	for _, try := range []struct {
		source, target string
		want           map[string]string
	}{
		{"/workspace/f", "", map[string]string{"f": "f"}},
		{"/workspace/f", "/", map[string]string{"f": "f"}},
		{"/workspace/f", "/h", map[string]string{"h": "f"}},
		{"/workspace/d", "", under("d")},
		{"/workspace/d/", "", under("d")},
		{"/workspace/d", "/e", under("e")},
		{"/workspace/d/.", "", full},
		{"/workspace/d/.", "/e", under("e")},
	} {
		to := t.TempDir()
		require.Empty(t, b.mustRun("instance", "cp", "box:"+try.source, to+try.target))
		require.Equal(t, try.want, tree(t, to), "%s to %s", try.source, try.target)
	}
	to := t.TempDir()
	b.mustRun("instance", "cp", "box:/workspace/d", to)
	info, err := os.Stat(filepath.Join(to, "d", "x"))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o640), info.Mode())
	require.True(t, testNow.Equal(info.ModTime()))
	b.mustRun("instance", "cp", "box:/workspace/d", to)
	require.Equal(t, under("d"), tree(t, to), "what is there is replaced")

	b.mustRun("instance", "exec", "box", "--", "ln", "d", "/workspace/link")
	b.mustRun("instance", "cp", "box:/workspace/link", filepath.Join(to, "followed"))
	require.FileExists(t, filepath.Join(to, "followed", "sub", "y"))
	require.Equal(t, exitNotFound, b.run("instance", "cp", "box:/workspace/none", to).exit)
	require.Equal(t, exitNotFound, b.run("instance", "cp", "box:/workspace/f", to+"/none/").exit)
	require.Equal(t, exitNotFound, b.run("instance", "cp", "box:/workspace/f", to+"/none/f").exit)
	write(t, to, "file")
	require.NotZero(t, b.run("instance", "cp", "box:/workspace/d", to+"/file").exit, "a folder over a file")
	require.Equal(t, "file", tree(t, to)["file"])

	for _, args := range [][]string{{"box:/a", "box:/b"}, {"a", "b"}, {"f", "box:workspace"}, {"box:", "f"}, {"f"}, {"./box:/a", "f"}} {
		require.Equal(t, exitUsage, b.run(append([]string{"instance", "cp"}, args...)...).exit, args)
	}
	require.Equal(t, exitNotFound, b.run("instance", "cp", "nobody:/a", to).exit)
}

func TestCopyTakesAndGivesATarStream(t *testing.T) {
	t.Parallel()
	b := mustBox(t)
	from := t.TempDir()
	write(t, from, "d/x")
	b.mustRun("instance", "cp", from+"/d", "box:/workspace")
	stream := b.mustRun("instance", "cp", "box:/workspace/d", "-")
	require.Contains(t, stream, "ustar")
	b.in = strings.NewReader(stream)
	b.mustRun("instance", "cp", "-", "box:/tmp")
	require.Equal(t, "d/x", b.mustRun("instance", "exec", "-i=false", "box", "--", "cat", "/tmp/d/x"))
	b.in = strings.NewReader("no tar at all")
	got := b.run("instance", "cp", "-", "box:/tmp")
	require.Equal(t, exitUsage, got.exit)
	require.Contains(t, got.err, "is no tar")
	b.in = strings.NewReader(stream)
	require.Equal(t, exitNotFound, b.run("instance", "cp", "-", "box:/none").exit)
	require.Equal(t, exitNotFound, b.run("instance", "cp", "box:/none", "-").exit)
}

func TestHostileArchiveStaysWhereItIsPut(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	w.answers("GET /v1/instances/{id}/files/stat", 200, api.File{Name: "x", Type: "folder"})
	var body []byte
	w.mux.HandleFunc("GET /v1/instances/{id}/files", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", tarType)
		_, _ = rw.Write(body)
	})
	for _, names := range [][]string{{"other"}, {"x/../../secret"}, {"xx/f"}, {"x", "../secret"}, {"x/link -> ..", "x/link/secret"}, {"x/link -> ../secret", "x/link/f"}} {
		dir := t.TempDir()
		write(t, dir, "secret", "in/")
		body = mustTar(t, names...)
		got := w.run("instance", "cp", "notebook:/x", filepath.Join(dir, "in"))
		require.NotZero(t, got.exit, names)
		secret, err := os.ReadFile(filepath.Join(dir, "secret"))
		require.NoError(t, err)
		require.Equal(t, "secret", string(secret), names)
	}
	body = body[:600]
	got := w.run("instance", "cp", "notebook:/x", t.TempDir())
	require.NotZero(t, got.exit)
}

func TestCopyThatBreaksOffIsAnError(t *testing.T) {
	t.Parallel()
	w := stocked(newWorld(t))
	w.answers("GET /v1/instances/{id}/files/stat", 200, api.File{Name: "x", Type: "file"})
	w.mux.HandleFunc("GET /v1/instances/{id}/files", func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = rw.Write(mustTar(t, "x"))
		_ = http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler)
	})
	for _, to := range []string{filepath.Join(t.TempDir(), "x"), "-"} {
		got := w.run("instance", "cp", "notebook:/x", to)
		require.Equal(t, exitUnavailable, got.exit, got.err)
		require.Contains(t, got.err, "the copy broke off")
	}
	w.in = unreadable{}
	require.NotZero(t, w.run("instance", "cp", "-", "notebook:/x").exit)
}

type unreadable struct{}

func (unreadable) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
