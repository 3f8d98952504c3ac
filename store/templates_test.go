package store

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

func templateSpec(command string) fleet.TemplateSpec {
	return fleet.TemplateSpec{
		Parameters: []fleet.TemplateParameter{{Name: "token", Secret: true}},
		Steps:      []fleet.TemplateStep{{Name: "install", Command: command}},
	}.Defaults()
}

func TestTemplatesAreMadeChangedAndDeleted(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a, ctx := mustAccount(t, s), t.Context()
		made, err := s.CreateTemplate(ctx, a.ID, "key_test", "mine", templateSpec("one"))
		require.NoError(t, err)
		again, err := s.CreateTemplate(ctx, a.ID, "key_test", "mine", templateSpec("one"))
		require.NoError(t, err, "a repeated request")
		require.Equal(t, made, again)
		_, err = s.CreateTemplate(ctx, a.ID, "key_test", "mine", templateSpec("two"))
		require.Equal(t, "body.name", requireCode(t, fleet.Conflict, err).Fields[0].Field)
		_, err = s.CreateTemplate(ctx, a.ID, "key_test", "ssh", templateSpec("one"))
		requireCode(t, fleet.Invalid, err)
		_, err = s.UpdateTemplate(ctx, a.ID, "key_test", "none", templateSpec("one"))
		requireCode(t, fleet.NotFound, err)
		_, err = s.UpdateTemplate(ctx, a.ID, "key_test", "mine", fleet.TemplateSpec{})
		requireCode(t, fleet.Invalid, err)

		for range 2 {
			changed, err := s.UpdateTemplate(ctx, a.ID, "key_test", "mine", templateSpec("two"))
			require.NoError(t, err)
			require.Equal(t, made.CreatedAt, changed.CreatedAt)
			found, err := s.GetTemplate(ctx, a.ID, "mine")
			require.NoError(t, err)
			require.Equal(t, changed, found)
			require.Equal(t, "two", found.Steps[0].Command)
		}
		all, err := s.ListTemplates(ctx, a.ID)
		require.NoError(t, err)
		require.Len(t, all, len(fleet.Templates)+1)
		require.True(t, all[0].BuiltIn)
		require.Equal(t, "mine", all[len(all)-1].Name)

		requireCode(t, fleet.Conflict, s.DeleteTemplate(ctx, a.ID, "key_test", "hello"))
		require.NoError(t, s.DeleteTemplate(ctx, a.ID, "key_test", "mine"))
		requireCode(t, fleet.NotFound, s.DeleteTemplate(ctx, a.ID, "key_test", "mine"))
		events, err := s.ListEvents(ctx, a.ID, EventFilter{})
		require.NoError(t, err)
		var names []string
		for _, e := range events {
			names = append(names, e.Name+" "+e.Message)
		}
		require.Equal(t, []string{"template.deleted mine", "template.updated mine", "template.created mine"}, names)
	})
}

func TestThereAreOnlySoManyTemplates(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		for range fleet.MaxOwnTemplates {
			_, err := s.CreateTemplate(t.Context(), a.ID, "key_test", unique("mine"), templateSpec("one"))
			require.NoError(t, err)
		}
		_, err := s.CreateTemplate(t.Context(), a.ID, "key_test", unique("mine"), templateSpec("one"))
		requireCode(t, fleet.Conflict, err)
	})
}

// mustTemplated makes a server with a template of the account's and the built-in ssh.
func mustTemplated(t *testing.T, s *Store, a fleet.Account, token string) fleet.Instance {
	t.Helper()
	_, err := s.CreateTemplate(t.Context(), a.ID, "key_test", "mine", templateSpec("one"))
	require.NoError(t, err)
	spec := serverSpec(1)
	spec.Templates = []fleet.Attachment{
		{Name: "mine", Parameters: map[string]string{"token": token}, Version: "not yours to say"},
		{Name: "ssh", Parameters: map[string]string{"keys": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDFyH me@home"}},
	}
	rec, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: unique("server"), Spec: spec})
	require.NoError(t, err)
	_, _, err = s.BeginInstance(t.Context(), rec.ID)
	require.NoError(t, err)
	return mustRun(t, s, rec)
}

func TestAServerKeepsTheTemplateItWasGiven(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		require.NoError(t, s.Seal(oneKey))
		a, ctx := mustAccount(t, s), t.Context()
		h := mustHost(t, s, 8)
		inst := mustTemplated(t, s, a, "open-sesame")
		require.Equal(t, []int{8080, 9090, 22}, inst.Spec.Ports)
		require.Len(t, inst.Addresses, 3)
		require.Equal(t, templateSpec("one").Version(), inst.Spec.Templates[0].Version)

		_, err := s.UpdateTemplate(ctx, a.ID, "key_test", "mine", templateSpec("two"))
		require.NoError(t, err)
		require.NoError(t, s.DeleteTemplate(ctx, a.ID, "key_test", "mine"))
		spec, err := s.ContainerSpec(ctx, h.ID, inst.Home.ID)
		require.NoError(t, err)
		require.Len(t, spec.Templates, 2)
		require.Equal(t, "one", spec.Templates[0].Spec.Steps[0].Command)
		require.Equal(t, "open-sesame", spec.Templates[0].Parameters["token"])
		require.Equal(t, []fleet.Published{{Container: 22, Host: spec.Ports[2].Host}}, spec.Ports[2:])
		require.Contains(t, spec.Templates[1].Spec.Description, "port 22")

		var kept string
		require.NoError(t, s.writer.GetContext(ctx, &kept, s.writer.Rebind(`SELECT spec FROM instances WHERE id = ?`), inst.ID))
		require.NotContains(t, kept, "open-sesame")
		require.NotContains(t, kept, "ssh-ed25519")
	})
}

func TestTemplatesAreAttachedAndDetached(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		require.NoError(t, s.Seal(oneKey))
		a, ctx := mustAccount(t, s), t.Context()
		mustHost(t, s, 8)
		_, err := s.CreateTemplate(ctx, a.ID, "key_test", "mine", templateSpec("one"))
		require.NoError(t, err)
		spec := serverSpec(0)
		spec.Ports = nil
		rec, _, err := s.CreateInstance(ctx, ask(a), NewInstance{Name: unique("server"), Spec: spec})
		require.NoError(t, err)
		_, _, err = s.BeginInstance(ctx, rec.ID)
		require.NoError(t, err)
		inst := mustRun(t, s, rec)
		require.True(t, inst.Ready)

		attach := func(name string, parameters map[string]string) error {
			return s.AttachTemplate(ctx, a.ID, "key_test", inst.ID, fleet.Attachment{Name: name, Parameters: parameters})
		}
		require.NoError(t, attach("mine", map[string]string{"token": "open-sesame"}))
		first := mustInstance(t, s, inst.ID).Spec.Templates
		require.NoError(t, attach("mine", map[string]string{"token": "open-sesame"}))
		require.Equal(t, first, mustInstance(t, s, inst.ID).Spec.Templates, "the same again changes nothing")
		require.NoError(t, attach("mine", map[string]string{"token": "hush-hush"}))
		require.NotEqual(t, first, mustInstance(t, s, inst.ID).Spec.Templates)

		key := map[string]string{"keys": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDFyH"}
		require.NoError(t, attach("ssh", key))
		now := mustInstance(t, s, inst.ID)
		require.Equal(t, []int{22}, now.Spec.Ports)
		require.Len(t, now.Addresses, 1)
		require.Empty(t, now.Ports, "it is published from its next place on")
		require.True(t, now.Ready)
		require.Equal(t, spec.Env, now.Spec.Env)

		requireCode(t, fleet.NotFound, attach("nothing", nil))
		requireCode(t, fleet.Invalid, attach("ssh", nil))
		require.NoError(t, s.DetachTemplate(ctx, a.ID, "key_test", inst.ID, "nothing"))
		require.NoError(t, s.DetachTemplate(ctx, a.ID, "key_test", inst.ID, "mine"))
		require.NoError(t, attach("mine", map[string]string{"token": "hush-hush"}))
		now = mustInstance(t, s, inst.ID)
		require.Equal(t, "mine", now.Spec.Templates[1].Name, "the newest comes last")
		require.Equal(t, []string{
			"instance.template_attached", "instance.template_attached", "instance.template_attached", "instance.template_detached", "instance.template_attached",
		}, templateEvents(t, s, inst))
	})
}

func templateEvents(t *testing.T, s *Store, inst fleet.Instance) []string {
	t.Helper()
	var names []string
	for _, name := range eventNames(t, s, inst.AccountID, inst.ID) {
		if strings.HasPrefix(name, "instance.template_") {
			names = append(names, name)
		}
	}
	return names
}

func TestTemplatesDoNotChangeUnderAnOperation(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a, ctx := mustAccount(t, s), t.Context()
		mustHost(t, s, 8)
		inst, worker := mustServer(t, s, a, 1), mustWorker(t, s, mustEndpoint(t, s, a))
		attach := func(id string) error {
			return s.AttachTemplate(ctx, a.ID, "key_test", id, fleet.Attachment{Name: "hello"})
		}
		requireCode(t, fleet.Conflict, attach(worker.ID))
		requireCode(t, fleet.NotFound, attach("ins_none"))
		rec := mustAccept(t, s, inst, "stop")
		require.Equal(t, rec.ID, requireCode(t, fleet.Conflict, attach(inst.ID)).Operation)
		mustEnd(t, s, rec, fleet.Done)
		require.NoError(t, attach(inst.ID), "a stopped one is installed when it starts")
		rec = mustAccept(t, s, inst, "terminate")
		mustEnd(t, s, rec, fleet.Done)
		requireCode(t, fleet.Conflict, attach(inst.ID))
	})
}

func TestAServerIsNotMadeWithATemplateThatDoesNotFit(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := mustAccount(t, s)
		for field, change := range map[string]func(*fleet.InstanceSpec){
			"body.templates[0].name":            func(spec *fleet.InstanceSpec) { spec.Templates = []fleet.Attachment{{Name: "nothing"}} },
			"body.templates[1].parameters.keys": func(spec *fleet.InstanceSpec) { spec.Templates = []fleet.Attachment{{Name: "hello"}, {Name: "ssh"}} },
			"body.templates[1].name":            func(spec *fleet.InstanceSpec) { spec.Templates = []fleet.Attachment{{Name: "hello"}, {Name: "hello"}} },
			"body.ports": func(spec *fleet.InstanceSpec) {
				spec.Ports = nil
				for i := range 16 {
					spec.Ports = append(spec.Ports, 9000+i)
				}
				spec.Templates = []fleet.Attachment{{Name: "vllm"}}
			},
		} {
			spec := serverSpec(0)
			change(&spec)
			_, _, err := s.CreateInstance(t.Context(), ask(a), NewInstance{Name: unique("server"), Spec: spec})
			require.Equal(t, field, requireCode(t, fleet.Invalid, err).Fields[0].Field)
		}
	})
}
