package api

import (
	"context"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// EndpointKey is a key that opens one endpoint, as the API shows it: without its secret.
type EndpointKey struct {
	ID         string    `json:"id" example:"epk_06f2r3k8x9m4n5p6q7s8t9v0w1"`
	EndpointID string    `json:"endpoint_id"`
	Name       string    `json:"name"`
	Actor      string    `json:"actor" doc:"The key of the account that made it"`
	CreatedAt  time.Time `json:"created_at"`
}

// EndpointKeyCreate asks for a key of an endpoint.
type EndpointKeyCreate struct {
	Name string `json:"name" minLength:"1" maxLength:"128" doc:"Unique among the endpoint's keys" example:"web-shop"`
}

// EndpointKeyCreated is a new key of an endpoint, with its secret.
type EndpointKeyCreated struct {
	EndpointKey
	Secret string `json:"secret" doc:"Shown this once. Requests bear it as Authorization: Bearer …, or X-API-Key: …" example:"kep_…"`
}

func showEndpointKey(k fleet.EndpointKey) EndpointKey {
	return EndpointKey{ID: k.ID, EndpointID: k.EndpointID, Name: k.Name, Actor: k.Actor, CreatedAt: k.CreatedAt}
}

type createEndpointKeyInput struct {
	EndpointPath
	Mutation
	Body EndpointKeyCreate
}

type createdEndpointKey struct {
	Location     string `header:"Location" doc:"The endpoint's keys"`
	CacheControl string `header:"Cache-Control"`
	Body         EndpointKeyCreated
}

func (s *Server) createEndpointKey(ctx context.Context, in *createEndpointKeyInput) (*createdEndpointKey, error) {
	who := callerOf(ctx)
	secret, made, err := s.Store.CreateEndpointKey(ctx, who.AccountID, who.KeyID, in.ID, in.Body.Name)
	if err != nil {
		return nil, err
	}
	return &createdEndpointKey{
		Location: "/v1/endpoints/" + in.ID + "/keys", CacheControl: "no-store",
		Body: EndpointKeyCreated{EndpointKey: showEndpointKey(made), Secret: secret},
	}, nil
}

func (s *Server) listEndpointKeys(ctx context.Context, in *struct{ EndpointPath }) (*listed[EndpointKey], error) {
	found, err := s.Store.ListEndpointKeys(ctx, callerOf(ctx).AccountID, in.ID)
	if err != nil {
		return nil, err
	}
	return all(found, showEndpointKey), nil
}

type deleteEndpointKeyInput struct {
	EndpointPath
	KeyID string `path:"key" maxLength:"64" pattern:"^epk_" patternDescription:"an ID that begins with epk_" doc:"Of the key"`
	Mutation
}

func (s *Server) deleteEndpointKey(ctx context.Context, in *deleteEndpointKeyInput) (*struct{}, error) {
	who := callerOf(ctx)
	return nil, s.Store.DeleteEndpointKey(ctx, who.AccountID, who.KeyID, in.ID, in.KeyID)
}
