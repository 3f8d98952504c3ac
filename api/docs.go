package api

import (
	"embed"
	"io/fs"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// docs is a page that renders /openapi.json in the browser. It is our own and asks nobody
// else for anything: many a fleet has no way out.
//
//go:embed docs
var docs embed.FS

func serveDocs(c *gin.Context) {
	name := c.Param("file")
	if name == "" || name == "/" {
		name = "/index.html"
	}
	if _, err := fs.Stat(docs, "docs"+name); err != nil {
		notFound(c)
		return
	}
	name = strings.TrimSuffix(name, "/index.html") // of a folder, net/http serves just that
	http.ServeFileFS(c.Writer, c.Request, docs, "docs"+name)
}
