package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func init() { gin.SetMode(gin.ReleaseMode) } // it prints its routes otherwise

// Handler is the whole server. Call it once.
func (s *Server) Handler() http.Handler {
	engine, _ := s.build()
	return engine
}

func (s *Server) build() (*gin.Engine, huma.API) {
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.ContextWithFallback = true
	m := s.newMetrics()
	engine.Use(identify, secure, m.observe, s.recovered)
	engine.NoRoute(s.elsewhere)
	engine.NoMethod(methodNotAllowed)

	engine.GET("/healthz", func(c *gin.Context) { c.String(http.StatusOK, "ok\n") })
	engine.GET("/readyz", s.ready)
	engine.GET("/metrics", gin.WrapH(promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})))
	engine.GET("/docs", serveDocs)
	engine.GET("/docs/*file", serveDocs)

	api := humagin.New(engine, s.document())
	api.UseMiddleware(s.authenticate(api))
	s.table(&routes{api: api, logger: s.Logger})
	tolerate(api.OpenAPI().Components.Schemas)
	return engine, api
}

// ready reports whether requests can be answered: whether the record answers.
func (s *Server) ready(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), 2*time.Second)
	defer cancel()
	if err := s.Store.Ping(ctx); err != nil {
		writeProblem(c, problemOf(ctx, fleet.Errorf(fleet.Unavailable, "the database does not answer")))
		return
	}
	c.String(http.StatusOK, "ready\n")
}

// elsewhere serves the console wherever the API is not.
func (s *Server) elsewhere(c *gin.Context) {
	read := c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead
	if s.Console == nil || !read || isAPI(c.Request.URL.Path) || strings.HasPrefix(c.Request.URL.Path, "/openapi") {
		notFound(c)
		return
	}
	c.Status(http.StatusOK) // gin has put 404 there
	s.Console.ServeHTTP(c.Writer, c.Request)
}
