package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"path"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

const (
	tarType   = "application/x-tar"
	maxCopies = 8           // copies that an account has under way on one server
	maxCopy   = 1 << 40     // bytes of one copy into an instance
	copyIdle  = time.Minute // how long a caller may send, or take, nothing
)

// FilePath is embedded in the input of what concerns a file of an instance.
type FilePath struct {
	InstancePath
	Path string `query:"path" required:"true" maxLength:"4096" pattern:"^/" patternDescription:"a path that begins with /" doc:"In the instance. A slash at its end follows a link, and asks for a folder" example:"/workspace/model"`
}

func (f FilePath) at(lease fleet.Lease, what string) string {
	return "/v1/leases/" + url.PathEscape(lease.ID) + "/" + what + "?" + url.Values{"path": {f.Path}}.Encode()
}

// statFile describes a file of an instance.
func (s *Server) statFile(ctx context.Context, in *FilePath) (*shown[File], error) {
	i, err := s.home(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	body, err := s.tunnels.get(ctx, i.Home.HostID, in.at(i.Home, "path"))
	if err != nil {
		return nil, fileError(err)
	}
	defer body.Close()
	var found machine.PathStat
	if err := decode(body, &found); err != nil {
		return nil, fleet.Errorf(fleet.Unavailable, "host %s sent what cannot be read", i.Home.HostID)
	}
	return &shown[File]{showFile(found)}, nil
}

func showFile(f machine.PathStat) File {
	out := File{Name: f.Name, Type: "other", Bytes: f.Bytes, Mode: fmt.Sprintf("%04o", f.Mode.Perm()), ModifiedAt: f.Modified.UTC(), Link: f.Link}
	switch {
	case f.Mode.IsRegular():
		out.Type = "file"
	case f.Mode.IsDir():
		out.Type = "folder"
	case f.Mode.Type() == fs.ModeSymlink:
		out.Type = "link"
	}
	return out
}

// fileError is an agent's error about a path as one about a request's field.
func fileError(err error) error {
	var known *fleet.Error
	if errors.As(err, &known) && known.Code == fleet.Invalid && len(known.Fields) == 0 {
		return &fleet.Error{Code: known.Code, Message: known.Message, Fields: []fleet.FieldError{{Field: "query.path", Message: known.Message}}}
	}
	return err
}

// beginCopy finds the instance of a copy, and counts it until end is called. Its context
// also ends with the server.
func (s *Server) beginCopy(ctx context.Context, in *FilePath) (_ context.Context, i fleet.Instance, end func(), err error) {
	if i, err = s.home(ctx, in.ID); err != nil {
		return ctx, i, nil, err
	}
	release, err := s.copies.take(callerOf(ctx).AccountID, maxCopies, "copies")
	if err != nil {
		return ctx, i, nil, err
	}
	ctx, cancel := s.untilClosed(ctx)
	return ctx, i, func() { cancel(); release() }, nil
}

// noteCopy writes down that somebody copies.
func (s *Server) noteCopy(ctx context.Context, i fleet.Instance, what string) error {
	who := callerOf(ctx)
	return s.Store.NoteInstance(ctx, who.AccountID, who.KeyID, i.ID, "instance.copied", i.Name+": "+what)
}

// copyFrom streams files of an instance. A stream that breaks is cut off: its reader must
// not take it for a whole one.
func (s *Server) copyFrom(ctx context.Context, in *FilePath) (*huma.StreamResponse, error) {
	ctx, i, end, err := s.beginCopy(ctx, in)
	if err != nil {
		return nil, err
	}
	body, err := s.tunnels.get(ctx, i.Home.HostID, in.at(i.Home, "files"))
	if err != nil {
		end()
		return nil, fileError(err)
	}
	if err := s.noteCopy(ctx, i, "from "+in.Path); err != nil {
		_ = body.Close()
		end()
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer end()
		defer body.Close()
		c := humagin.Unwrap(hctx)
		c.Header("Content-Type", tarType)
		if name := mime.FormatMediaType("attachment", map[string]string{"filename": path.Base(in.Path) + ".tar"}); name != "" {
			c.Header("Content-Disposition", name)
		}
		c.Header("X-Accel-Buffering", "no")
		c.Status(http.StatusOK)
		out := &patient{Writer: c.Writer, ctrl: controller(c)}
		if _, err := io.Copy(out, body); err != nil {
			s.Logger.InfoContext(ctx, "a copy broke off", slog.String("instance", i.ID), slog.Any("error", err))
			panic(http.ErrAbortHandler)
		}
	}}, nil
}

// patient is an answer that a reader may take its time with, but not for ever.
type patient struct {
	io.Writer
	ctrl *http.ResponseController
}

func (p *patient) Write(b []byte) (int, error) {
	_ = p.ctrl.SetWriteDeadline(time.Now().Add(copyIdle)) // a server without deadlines has none to set
	return p.Writer.Write(b)
}

type copyToInput struct {
	FilePath
	request huma.Context
}

// Resolve implements huma.Resolver: the body is read as it comes.
func (in *copyToInput) Resolve(ctx huma.Context) []error {
	in.request = ctx
	return nil
}

// copyTo unpacks the body in a folder of an instance.
func (s *Server) copyTo(ctx context.Context, in *copyToInput) (*struct{}, error) {
	if kind, _, err := mime.ParseMediaType(in.request.Header("Content-Type")); err != nil || kind != tarType {
		return nil, &fleet.Error{Code: fleet.Invalid, Message: "the body is of another media type", Fields: []fleet.FieldError{
			{Field: "header.Content-Type", Message: "is not supported", Allowed: tarType},
		}}
	}
	ctx, i, end, err := s.beginCopy(ctx, &in.FilePath)
	if err != nil {
		return nil, err
	}
	defer end()
	if err := s.noteCopy(ctx, i, "to "+in.Path); err != nil {
		return nil, err
	}
	c := humagin.Unwrap(in.request)
	body := &steady{from: http.MaxBytesReader(nil, c.Request.Body, maxCopy), ctrl: controller(c)}
	err = s.tunnels.put(ctx, i.Home.HostID, in.at(i.Home, "files"), io.NopCloser(body)) // it is the server's to close
	var large *http.MaxBytesError
	switch broken := body.broken(); {
	case err == nil:
		return &struct{}{}, nil
	case errors.As(broken, &large):
		return nil, fleet.Errorf(fleet.Invalid, "the archive is larger than %d GiB", large.Limit>>30)
	case broken != nil:
		return nil, fleet.Errorf(fleet.Invalid, "the archive did not come whole")
	}
	return nil, fileError(err)
}

// controller sets the deadlines of a request's connection, also when gin has given its own
// writer to another request: a body may be read a moment longer than its request lasts.
func controller(c *gin.Context) *http.ResponseController {
	var w http.ResponseWriter = c.Writer
	if own, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
		w = own.Unwrap()
	}
	return http.NewResponseController(w)
}

// steady is a body that must go on coming.
type steady struct {
	from io.Reader
	ctrl *http.ResponseController

	mu  sync.Mutex
	err error // that it ended with
}

func (s *steady) broken() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *steady) Read(p []byte) (int, error) {
	_ = s.ctrl.SetReadDeadline(time.Now().Add(copyIdle)) // a server without deadlines has none to set
	n, err := s.from.Read(p)
	_ = s.ctrl.SetReadDeadline(time.Time{})
	if err != nil && !errors.Is(err, io.EOF) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.err = err
	}
	return n, err
}
