package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// templateQuery selects an account's templates as t, with what they do; callers add
// conditions.
const templateQuery = `SELECT t.name, v.spec, t.created_at, t.updated_at FROM templates t
	JOIN template_versions v ON v.account_id = t.account_id AND v.version = t.version WHERE 1 = 1`

type templateRow struct {
	Name      string `db:"name"`
	Spec      string `db:"spec"`
	CreatedAt int64  `db:"created_at"`
	UpdatedAt int64  `db:"updated_at"`
}

func (r templateRow) template() (fleet.Template, error) {
	t := fleet.Template{Name: r.Name, CreatedAt: at(r.CreatedAt), UpdatedAt: at(r.UpdatedAt)}
	return t, parse(r.Spec, &t.TemplateSpec)
}

// template finds a template by name: a built-in one, or the account's. NotFound without it.
func (t *tx) template(accountID, name string) (fleet.Template, error) {
	if found, ok := fleet.FindTemplate(name); ok {
		return found, nil
	}
	var row templateRow
	q := query{text: templateQuery}.and(`t.account_id = ?`, accountID).and(`t.name = ?`, name)
	if err := t.get(&row, q.text, q.args...); err != nil {
		return fleet.Template{}, missing(err, "template", name)
	}
	return row.template()
}

// GetTemplate finds a template by name, a built-in one or the account's. NotFound without it.
func (s *Store) GetTemplate(ctx context.Context, accountID, name string) (fleet.Template, error) {
	var found fleet.Template
	err := s.read(ctx, "get template", func(t *tx) error {
		var err error
		found, err = t.template(accountID, name)
		return err
	})
	return found, err
}

// ListTemplates lists the built-in templates and the account's, of which there are never many.
func (s *Store) ListTemplates(ctx context.Context, accountID string) ([]fleet.Template, error) {
	var all []fleet.Template
	err := s.read(ctx, "list templates", func(t *tx) error {
		all = nil
		for _, known := range fleet.Templates {
			found, _ := fleet.FindTemplate(known.Name)
			all = append(all, found)
		}
		var rows []templateRow
		q := query{text: templateQuery}.and(`t.account_id = ?`, accountID)
		if err := t.all(&rows, q.text+` ORDER BY t.name`, q.args...); err != nil {
			return err
		}
		for _, r := range rows {
			found, err := r.template()
			if err != nil {
				return err
			}
			all = append(all, found)
		}
		return nil
	})
	return all, err
}

// CreateTemplate makes a template of the account's. The spec has its Defaults. The same one
// again is no error. Invalid for a bad name or spec; Conflict if the name is taken by another
// one, or there are fleet.MaxOwnTemplates already.
func (s *Store) CreateTemplate(ctx context.Context, accountID, actor, name string, spec fleet.TemplateSpec) (fleet.Template, error) {
	return s.putTemplate(ctx, accountID, actor, name, spec, func(old *fleet.Template, count int) error {
		switch {
		case old != nil && old.Version() != spec.Version():
			return &fleet.Error{Code: fleet.Conflict, Message: "there is another template of that name", Fields: []fleet.FieldError{{
				Field: "body.name", Message: "is taken", Allowed: "a name that is not in use",
			}}}
		case old == nil && count >= fleet.MaxOwnTemplates:
			return fleet.Errorf(fleet.Conflict, "there are %d templates already, and no more than that: delete one", count)
		}
		return nil
	})
}

// UpdateTemplate changes what a template of the account's does. Servers that have it stay as
// they are. Invalid for a bad spec; NotFound without it.
func (s *Store) UpdateTemplate(ctx context.Context, accountID, actor, name string, spec fleet.TemplateSpec) (fleet.Template, error) {
	return s.putTemplate(ctx, accountID, actor, name, spec, func(old *fleet.Template, _ int) error {
		if old == nil {
			return fleet.Errorf(fleet.NotFound, "there is no template %s", quote(name))
		}
		return nil
	})
}

// putTemplate writes a template, if allow says so of the one there is and of how many there are.
func (s *Store) putTemplate(ctx context.Context, accountID, actor, name string, spec fleet.TemplateSpec, allow func(*fleet.Template, int) error) (fleet.Template, error) {
	var now fleet.Template
	err := s.write(ctx, "put template", func(t *tx) error {
		var rows []templateRow
		q := query{text: templateQuery}.and(`t.account_id = ?`, accountID)
		if err := t.all(&rows, q.text, q.args...); err != nil {
			return err
		}
		var old *fleet.Template
		if i := slices.IndexFunc(rows, func(r templateRow) bool { return r.Name == name }); i >= 0 {
			found, err := rows[i].template()
			if err != nil {
				return err
			}
			old = &found
		}
		if err := spec.Validate(name); err != nil {
			return err
		}
		if err := allow(old, len(rows)); err != nil {
			return err
		}
		if old != nil && old.Version() == spec.Version() {
			now = *old
			return nil
		}
		version, err := t.keepVersion(accountID, spec)
		if err != nil {
			return err
		}
		now = fleet.Template{Name: name, TemplateSpec: spec, CreatedAt: t.now, UpdatedAt: t.now}
		event := "template.created"
		if old != nil {
			now.CreatedAt, event = old.CreatedAt, "template.updated"
		}
		_, err = t.exec(`INSERT INTO templates (account_id, name, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (account_id, name) DO UPDATE SET version = excluded.version, updated_at = excluded.updated_at`,
			accountID, name, version, micros(now.CreatedAt), micros(now.UpdatedAt))
		if err != nil {
			return err
		}
		return t.event(fleet.Event{AccountID: accountID, Name: event, Actor: actor, Message: name})
	})
	return now, err
}

// keepVersion keeps what a template does, for as long as the account is there.
func (t *tx) keepVersion(accountID string, spec fleet.TemplateSpec) (version string, err error) {
	version = spec.Version()
	_, err = t.exec(`INSERT INTO template_versions (account_id, version, spec, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (account_id, version) DO NOTHING`,
		accountID, version, document(spec), micros(t.now))
	return version, err
}

// DeleteTemplate deletes a template of the account's. Servers that have it keep it. Conflict
// for a built-in one; NotFound without it.
func (s *Store) DeleteTemplate(ctx context.Context, accountID, actor, name string) error {
	return s.write(ctx, "delete template", func(t *tx) error {
		if _, builtIn := fleet.FindTemplate(name); builtIn {
			return fleet.Errorf(fleet.Conflict, "template %s is built in, and cannot be deleted", name)
		}
		n, err := t.exec(`DELETE FROM templates WHERE account_id = ? AND name = ?`, accountID, name)
		if err == nil && n == 0 {
			err = fleet.Errorf(fleet.NotFound, "there is no template %s", quote(name))
		}
		if err != nil {
			return err
		}
		return t.event(fleet.Event{AccountID: accountID, Name: "template.deleted", Actor: actor, Message: name})
	})
}

// attachAll attaches the templates of a server that is about to be made, as they are now, and
// adds their ports to its own.
func (t *tx) attachAll(accountID string, spec fleet.InstanceSpec) (fleet.InstanceSpec, error) {
	asked := spec.Templates
	spec.Templates = nil
	for i, a := range asked {
		var err error
		if spec, err = t.attach(accountID, spec, a, fmt.Sprintf("body.templates[%d]", i)); err != nil {
			return spec, err
		}
	}
	return spec, nil
}

// attach is the spec with a template, in the place of the one of that name if there is one.
// field is where the request names it.
func (t *tx) attach(accountID string, spec fleet.InstanceSpec, asked fleet.Attachment, field string) (fleet.InstanceSpec, error) {
	found, err := t.template(accountID, asked.Name)
	if fleet.Is(err, fleet.NotFound) {
		return spec, &fleet.Error{Code: fleet.Invalid, Message: "there is no template " + quote(asked.Name), Fields: []fleet.FieldError{{
			Field: field + ".name", Message: "is not a template's name", Allowed: "a name that GET /v1/templates lists",
		}}}
	}
	if err != nil {
		return spec, err
	}
	attached, err := found.Attach(asked.Parameters, field, t.now)
	if err != nil {
		return spec, err
	}
	if _, err := t.keepVersion(accountID, found.TemplateSpec); err != nil {
		return spec, err
	}
	spec.Templates, spec.Ports = slices.Clone(spec.Templates), slices.Clone(spec.Ports)
	if i := slices.IndexFunc(spec.Templates, func(a fleet.Attachment) bool { return a.Name == attached.Name }); i >= 0 {
		spec.Templates[i] = attached
	} else {
		spec.Templates = append(spec.Templates, attached)
	}
	for _, port := range found.Ports {
		if !slices.Contains(spec.Ports, port) {
			spec.Ports = append(spec.Ports, port)
		}
	}
	return spec, nil
}

// installations are a server's templates with what they do.
func (t *tx) installations(accountID string, spec fleet.InstanceSpec) ([]fleet.Installation, error) {
	var all []fleet.Installation
	for _, a := range spec.Templates {
		var kept string
		if err := t.get(&kept, `SELECT spec FROM template_versions WHERE account_id = ? AND version = ?`, accountID, a.Version); err != nil {
			return nil, missing(err, "version of template", a.Name)
		}
		i := fleet.Installation{Attachment: a}
		if err := parse(kept, &i.Spec); err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, nil
}

// AttachTemplate gives a server a template, as it is now, or the one it has other parameters.
// It is installed when the server is started next, in whichever way, and its ports are
// published from the server's next place on. The same again changes nothing.
//
// NotFound when the account has no such instance or template; Invalid for bad parameters, or
// if the spec is not valid with it; Conflict for a worker, for one that is gone, and while an
// operation is open.
func (s *Store) AttachTemplate(ctx context.Context, accountID, actor, instanceID string, asked fleet.Attachment) error {
	return s.changeTemplates(ctx, accountID, actor, instanceID, "instance.template_attached", asked.Name, func(t *tx, h *holding, spec fleet.InstanceSpec) (fleet.InstanceSpec, error) {
		found, err := t.template(accountID, asked.Name)
		if err != nil {
			return spec, err
		}
		same := func(a fleet.Attachment) bool {
			return a.Name == asked.Name && a.Version == found.Version() && fmt.Sprint(a.Parameters) == fmt.Sprint(asked.Parameters)
		}
		if slices.ContainsFunc(spec.Templates, same) {
			return spec, nil
		}
		before := len(spec.Ports)
		if spec, err = t.attach(accountID, spec, asked, "body"); err != nil {
			return spec, err
		}
		if err := spec.Validate(h.Name); err != nil {
			return spec, err
		}
		if added := spec.Ports[before:]; len(added) > 0 {
			h.Ports = len(spec.Ports)
			if err := t.giveAddresses(h, added, s.AddressFirst, s.AddressLast); err != nil {
				return spec, err
			}
		}
		return spec, nil
	})
}

// DetachTemplate takes a template off a server: its services are not started again, and it is
// not installed again by a reset. Nothing is uninstalled, and its ports stay. Not having it is
// no error. NotFound and Conflict as AttachTemplate.
func (s *Store) DetachTemplate(ctx context.Context, accountID, actor, instanceID, name string) error {
	return s.changeTemplates(ctx, accountID, actor, instanceID, "instance.template_detached", name, func(_ *tx, _ *holding, spec fleet.InstanceSpec) (fleet.InstanceSpec, error) {
		spec.Templates = slices.DeleteFunc(slices.Clone(spec.Templates), func(a fleet.Attachment) bool { return a.Name == name })
		return spec, nil
	})
}

func (s *Store) changeTemplates(ctx context.Context, accountID, actor, instanceID, event, name string, change func(*tx, *holding, fleet.InstanceSpec) (fleet.InstanceSpec, error)) error {
	return s.write(ctx, "change templates", func(t *tx) error {
		h, err := t.holdOf(accountID, fleet.KindInstance, instanceID)
		if err != nil {
			return err
		}
		switch {
		case h.State.Gone():
			return fleet.Errorf(fleet.Conflict, "%s is gone", quote(h.Name))
		case h.EndpointID != "":
			return fleet.Errorf(fleet.Conflict, "a worker is made from its endpoint's image, and has no templates")
		case h.OperationID != "":
			return &fleet.Error{Code: fleet.Conflict, Operation: h.OperationID, Message: "templates cannot change while operation " + h.OperationID + " is open"}
		}
		var kept string
		if err := t.get(&kept, `SELECT spec FROM instances WHERE id = ?`, h.ID); err != nil {
			return err
		}
		before, err := t.recallInstance(kept)
		if err != nil {
			return err
		}
		after, err := change(t, h, before)
		if err != nil || document(after) == document(before) {
			return err
		}
		if _, err := t.exec(`UPDATE instances SET spec = ?, ports = ?, updated_at = ? WHERE id = ?`,
			t.keepInstance(after), len(after.Ports), micros(t.now), h.ID); err != nil {
			return err
		}
		if len(after.Ports) != len(before.Ports) {
			// One that had no ports was told to nobody.
			if err := t.serve(h, h.servingIn(h.State)); err != nil {
				return err
			}
		}
		return t.event(h.happened(event, actor, "", name))
	})
}
