package api

import (
	"context"
	"log/slog"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Template is a template as the API shows it: a built-in one, or the account's own.
type Template struct {
	Name      string    `json:"name" example:"ssh"`
	BuiltIn   bool      `json:"built_in" doc:"It comes with Kelvin, and cannot be changed"`
	Verified  bool      `json:"verified" doc:"Of a built-in one: it is run by our own tests; otherwise it is a starting point"`
	Version   string    `json:"version" doc:"Names what it does: servers keep the version that they were given"`
	CreatedAt time.Time `json:"created_at,omitzero" doc:"Absent for a built-in one"`
	UpdatedAt time.Time `json:"updated_at,omitzero" doc:"Absent for a built-in one"`
	fleet.TemplateSpec
}

// TemplateCreate asks for a template.
type TemplateCreate struct {
	Name string `json:"name" minLength:"1" maxLength:"63" doc:"Unique among the account's templates, and not a built-in one's: lower-case letters, digits and hyphens" example:"tools"`
	fleet.TemplateSpec
}

// Attach says how a template is attached.
type Attach struct {
	Parameters map[string]string `json:"parameters,omitempty" doc:"By name; those left out have their defaults"`
}

// TemplatePath is embedded in the input of what concerns one template.
type TemplatePath struct {
	Template string `path:"name" maxLength:"63" doc:"Of the template"`
}

func showTemplate(t fleet.Template) Template {
	return Template{
		Name: t.Name, BuiltIn: t.BuiltIn, Verified: t.Verified, Version: t.Version(),
		CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt, TemplateSpec: t.TemplateSpec,
	}
}

func (s *Server) listTemplates(ctx context.Context, _ *struct{}) (*listed[Template], error) {
	found, err := s.Store.ListTemplates(ctx, callerOf(ctx).AccountID)
	if err != nil {
		return nil, err
	}
	return all(found, showTemplate), nil
}

func (s *Server) getTemplate(ctx context.Context, in *struct{ TemplatePath }) (*shown[Template], error) {
	found, err := s.Store.GetTemplate(ctx, callerOf(ctx).AccountID, in.Template)
	if err != nil {
		return nil, err
	}
	return &shown[Template]{showTemplate(found)}, nil
}

type createTemplateInput struct {
	Mutation
	Body TemplateCreate
}

// createdTemplate answers with a new template, and where it is.
type createdTemplate struct {
	Location string `header:"Location" doc:"The template"`
	Body     Template
}

func (s *Server) createTemplate(ctx context.Context, in *createTemplateInput) (*createdTemplate, error) {
	who := callerOf(ctx)
	made, err := s.Store.CreateTemplate(ctx, who.AccountID, who.KeyID, in.Body.Name, in.Body.Defaults())
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "template created", slog.String("template", made.Name), slog.String("actor", who.KeyID))
	return &createdTemplate{Location: "/v1/templates/" + made.Name, Body: showTemplate(made)}, nil
}

type updateTemplateInput struct {
	TemplatePath
	Mutation
	Body fleet.TemplateSpec
}

func (s *Server) updateTemplate(ctx context.Context, in *updateTemplateInput) (*shown[Template], error) {
	who := callerOf(ctx)
	now, err := s.Store.UpdateTemplate(ctx, who.AccountID, who.KeyID, in.Template, in.Body.Defaults())
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "template updated", slog.String("template", now.Name), slog.String("actor", who.KeyID))
	return &shown[Template]{showTemplate(now)}, nil
}

type deleteTemplateInput struct {
	TemplatePath
	Mutation
}

func (s *Server) deleteTemplate(ctx context.Context, in *deleteTemplateInput) (*struct{}, error) {
	who := callerOf(ctx)
	if err := s.Store.DeleteTemplate(ctx, who.AccountID, who.KeyID, in.Template); err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "template deleted", slog.String("template", in.Template), slog.String("actor", who.KeyID))
	return nil, nil //nolint:nilnil // nothing to say is 204
}

type attachTemplateInput struct {
	InstancePath
	TemplatePath
	Mutation
	Body *Attach // none: all parameters have their defaults
}

// attachTemplate answers with the instance as it is then. It is no operation: what is new is
// installed when the server is started next.
func (s *Server) attachTemplate(ctx context.Context, in *attachTemplateInput) (*shown[Instance], error) {
	who, asked := callerOf(ctx), fleet.Attachment{Name: in.Template}
	if in.Body != nil {
		asked.Parameters = in.Body.Parameters
	}
	if err := s.Store.AttachTemplate(ctx, who.AccountID, who.KeyID, in.ID, asked); err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "template attached", slog.String("instance", in.ID), slog.String("template", in.Template), slog.String("actor", who.KeyID))
	return s.getInstance(ctx, &struct{ InstancePath }{in.InstancePath})
}

type detachTemplateInput struct {
	InstancePath
	TemplatePath
	Mutation
}

func (s *Server) detachTemplate(ctx context.Context, in *detachTemplateInput) (*shown[Instance], error) {
	who := callerOf(ctx)
	if err := s.Store.DetachTemplate(ctx, who.AccountID, who.KeyID, in.ID, in.Template); err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "template detached", slog.String("instance", in.ID), slog.String("template", in.Template), slog.String("actor", who.KeyID))
	return s.getInstance(ctx, &struct{ InstancePath }{in.InstancePath})
}

// maskTemplates hides values as mask does those of the environment.
func (c caller) maskTemplates(all []fleet.Attachment) []fleet.Attachment {
	masked := make([]fleet.Attachment, len(all))
	for i, a := range all {
		masked[i] = a
		masked[i].Parameters = c.mask(a.Parameters)
	}
	return masked
}
