package web

import (
	"bytes"
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed all:dist
var dist embed.FS

const index = "index.html"

// policy lets the console run its own scripts and talk to its own origin, and nothing
// else. Dialogs position themselves by style attributes, hence unsafe-inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// Handler serves the console at the root of a site. Paths without a file behind them get
// index.html, since the console's router knows them; missing assets are 404. Assets have
// hashed names and are cached for ever, everything else is asked for again. Without a
// build every path is 503 and says what to do.
func Handler() http.Handler {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // "dist" is a valid path
	}
	return newConsole(files)
}

// A console is the built application in memory, compressed once.
type console struct {
	assets map[string]asset
}

func newConsole(files fs.FS) *console {
	c := &console{assets: map[string]asset{}}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err == nil {
			c.assets[name] = newAsset(name, body)
		}
		return err
	})
	if err != nil {
		panic(err) // an embedded file can be read
	}
	return c
}

func (c *console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the console is only read", http.StatusMethodNotAllowed)
		return
	}
	if _, built := c.assets[index]; !built {
		http.Error(w, "the console was not built: run make build", http.StatusServiceUnavailable)
		return
	}

	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	found, ok := c.assets[name]
	if !ok {
		if strings.HasPrefix(name, "assets/") || path.Ext(name) != "" {
			http.NotFound(w, r)
			return
		}
		name, found = index, c.assets[index]
	}

	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cache-Control", cacheControl(name))
	found.serve(w, r)
}

// cacheControl: Vite puts a hash of the content into the name of everything below assets,
// so only the rest can change under its name.
func cacheControl(name string) string {
	if strings.HasPrefix(name, "assets/") {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

// serve writes the asset, compressed if the client takes it, and answers conditional and
// range requests.
func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", a.kind)
	body, tag := a.body, a.tag
	if a.gzipped != nil {
		header.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			header.Set("Content-Encoding", "gzip")
			body, tag = a.gzipped, tag+"-gzip"
		}
	}
	header.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
