package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type signInInput struct {
	Proto string `header:"X-Forwarded-Proto" hidden:"true"`
	Body  SessionCreate
	tls   bool
}

// Resolve implements huma.Resolver: it notes whether the connection is encrypted.
func (in *signInInput) Resolve(ctx huma.Context) []error {
	in.tls = ctx.TLS() != nil
	return nil
}

type session struct {
	Cookie http.Cookie `header:"Set-Cookie" doc:"kelvin_session, which the browser sends from here on and no script can read"`
	Body   Me
}

// signIn gives a browser its key as a cookie, which no script can read and no other site
// can send.
func (s *Server) signIn(ctx context.Context, in *signInInput) (*session, error) {
	who, err := s.keys.get(ctx, in.Body.Key, s.Store.Authenticate)
	if err != nil {
		return nil, err
	}
	out := &session{Cookie: cookie(in.Body.Key, in.tls || in.Proto == "https"), Body: s.showMe(caller{Principal: who})}
	return out, nil
}

type signedOut struct {
	Cookie http.Cookie `header:"Set-Cookie" doc:"kelvin_session, empty"`
}

func (s *Server) signOut(context.Context, *struct{}) (*signedOut, error) {
	gone := cookie("", false)
	gone.MaxAge = -1
	return &signedOut{gone}, nil
}

func cookie(value string, secure bool) http.Cookie {
	return http.Cookie{Name: sessionCookie, Value: value, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode}
}

func (s *Server) me(ctx context.Context, _ *struct{}) (*shown[Me], error) {
	return &shown[Me]{s.showMe(callerOf(ctx))}, nil
}

func (s *Server) showMe(who caller) Me {
	out := Me{
		AccountID: who.AccountID, Account: who.AccountName, Role: who.Role, Fleet: who.Fleet, KeyID: who.KeyID,
		Version: s.Version, Simulated: s.Simulated,
	}
	if who.Fleet {
		out.TemporalUI = s.TemporalUI
	}
	return out
}
