package api

import (
	"embed"
	"io/fs"
	"net/http"

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
	if _, err := fs.Stat(docs, "docs"+name); err != nil || name == "/" {
		notFound(c)
		return
	}
	if name == "/index.html" {
		name = "/" // http.FileServer redirects index.html to its folder
	}
	http.ServeFileFS(c.Writer, c.Request, docs, "docs"+name)
}
