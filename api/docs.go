package api

import (
	"embed"
	"mime"
	"net/http"
	"path"

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
	data, err := docs.ReadFile("docs" + name)
	if err != nil {
		notFound(c)
		return
	}
	c.Data(http.StatusOK, mime.TypeByExtension(path.Ext(name)), data)
}
