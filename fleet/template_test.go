package fleet

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBuiltInTemplatesAreValidAndInstallable(t *testing.T) {
	t.Parallel()
	given := map[string]map[string]string{
		"ssh":     {"keys": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDFyH me@home"},
		"jupyter": {"token": "open-sesame"},
	}
	for _, known := range Templates {
		found, ok := FindTemplate(known.Name)
		require.True(t, ok)
		require.NoError(t, found.Validate("own-"+known.Name), known.Name)
		require.NotEmpty(t, found.Description, known.Name)
		require.True(t, found.BuiltIn)
		_, err := found.Attach(given[known.Name], "body", time.Now())
		require.NoError(t, err, known.Name)
		require.Equal(t, found.Version(), found.Defaults().Version())
	}
	_, ok := FindTemplate("nothing")
	require.False(t, ok)
}

// fieldsOf are the fields that an error names.
func fieldsOf(t *testing.T, err error) []string {
	t.Helper()
	require.Equal(t, Invalid, CodeOf(err), "%v", err)
	var e *Error
	require.True(t, errors.As(err, &e))
	var fields []string
	for _, f := range e.Fields {
		require.NotEmpty(t, f.Message)
		require.NotEmpty(t, f.Allowed)
		fields = append(fields, f.Field)
	}
	return fields
}

func TestATemplateSaysWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	step := TemplateStep{Name: "install", Command: "true"}
	for name, c := range map[string]struct {
		name   string
		change func(*TemplateSpec)
		fields []string
	}{
		"a built-in name":         {"ssh", func(*TemplateSpec) {}, []string{"body.name"}},
		"a name that is none":     {"My Template", func(*TemplateSpec) {}, []string{"body.name"}},
		"nothing to do":           {"mine", func(s *TemplateSpec) { s.Steps = nil }, []string{"body.steps"}},
		"steps of one name":       {"mine", func(s *TemplateSpec) { s.Steps = append(s.Steps, step) }, []string{"body.steps[1].name"}},
		"an empty command":        {"mine", func(s *TemplateSpec) { s.Steps[0].Command = " \n" }, []string{"body.steps[0].command"}},
		"a zero byte":             {"mine", func(s *TemplateSpec) { s.Steps[0].Command = "true\x00" }, []string{"body.steps[0].command"}},
		"a day":                   {"mine", func(s *TemplateSpec) { s.Steps[0].Timeout = Duration(24 * time.Hour) }, []string{"body.steps[0].timeout"}},
		"ports that are none":     {"mine", func(s *TemplateSpec) { s.Ports = []int{0, 22, 22} }, []string{"body.ports[0]", "body.ports[2]"}},
		"a service with no name":  {"mine", func(s *TemplateSpec) { s.Services = []TemplateService{{Command: "true"}} }, []string{"body.services[0].name"}},
		"a parameter in capitals": {"mine", func(s *TemplateSpec) { s.Parameters = []TemplateParameter{{Name: "KEYS"}} }, []string{"body.parameters[0].name"}},
		"a secret for everybody": {"mine", func(s *TemplateSpec) {
			s.Parameters = []TemplateParameter{{Name: "token", Secret: true, Default: "password"}}
		}, []string{"body.parameters[0].default"}},
		"a default of the wrong form": {"mine", func(s *TemplateSpec) {
			s.Parameters = []TemplateParameter{{Name: "size", Pattern: "[0-9]+", Default: "12a"}}
		}, []string{"body.parameters[0].default"}},
		"a pattern that is none": {"mine", func(s *TemplateSpec) {
			s.Parameters = []TemplateParameter{{Name: "size", Pattern: "("}}
		}, []string{"body.parameters[0].pattern"}},
		"too much": {"mine", func(s *TemplateSpec) {
			for _, name := range []string{"b", "c", "d", "e"} {
				s.Steps = append(s.Steps, TemplateStep{Name: name, Command: strings.Repeat("x", 32<<10), Timeout: DefaultStepTimeout})
			}
		}, []string{"body"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := TemplateSpec{Steps: []TemplateStep{step}}
			c.change(&spec)
			require.Equal(t, c.fields, fieldsOf(t, spec.Defaults().Validate(c.name)))
		})
	}
	require.NoError(t, TemplateSpec{Services: []TemplateService{{Name: "run", Command: "sleep 1"}}}.Validate("mine"))
}

func TestParametersAreCheckedAgainstTheirTemplate(t *testing.T) {
	t.Parallel()
	ssh, _ := FindTemplate("ssh")
	key := "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDFyH me@home"
	for keys, ok := range map[string]bool{
		key:                 true,
		key + "\n":          true,
		key + "\r\n" + key:  true,
		"\n" + key + "\n\n": true,
		"":                  false,
		"ssh-ed25519":       false,
		"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END": false,
		key + "\ncommand=\"rm\" " + key:                       false,
	} {
		_, err := ssh.Attach(map[string]string{"keys": keys}, "body.templates[0]", time.Now())
		if ok {
			require.NoError(t, err, "%q", keys)
			continue
		}
		require.Equal(t, []string{"body.templates[0].parameters.keys"}, fieldsOf(t, err), "%q", keys)
	}
	_, err := ssh.Attach(map[string]string{"keys": key, "password": "hunter22"}, "body", time.Now())
	require.Equal(t, []string{"body.parameters"}, fieldsOf(t, err))
	require.NotContains(t, err.Error(), "hunter22")

	jupyter, _ := FindTemplate("jupyter")
	for _, token := range []string{"s3cr3t", "with space in it", strings.Repeat("x", MaxTemplateParameter+1), "open\x00sesame"} {
		_, err := jupyter.Attach(map[string]string{"token": token}, "body", time.Now())
		require.Equal(t, "body.parameters.token", fieldsOf(t, err)[0])
		require.NotContains(t, err.Error(), token)
	}
}

func TestAnInstallationKnowsItsVariablesAndItsSecrets(t *testing.T) {
	t.Parallel()
	i := Installation{
		Attachment: Attachment{Name: "mine", Version: "v1", AttachedAt: time.Unix(1, 0), Parameters: map[string]string{
			"api-key": "-----BEGIN-----\nsecret-line\n", "size": "",
		}},
		Spec: TemplateSpec{Parameters: []TemplateParameter{
			{Name: "api-key", Secret: true}, {Name: "size", Default: "12"}, {Name: "model", Default: "$(reboot)"},
		}},
	}
	require.Equal(t, []string{"PARAM_API_KEY=-----BEGIN-----\nsecret-line\n", "PARAM_SIZE=", "PARAM_MODEL=$(reboot)"}, i.Environment())
	require.Equal(t, "got *** and $(reboot)", i.Redact("got secret-line and $(reboot)"))

	mark := i.Mark()
	require.Equal(t, mark, i.Mark())
	for name, change := range map[string]func(*Installation){
		"another version":   func(i *Installation) { i.Version = "v2" },
		"another parameter": func(i *Installation) { i.Parameters = map[string]string{"size": "13"} },
		"attached again":    func(i *Installation) { i.AttachedAt = time.Unix(2, 0) },
	} {
		other := i
		change(&other)
		require.NotEqual(t, mark, other.Mark(), name)
	}
}

func TestTemplatesOfAServerAreFewAndDifferent(t *testing.T) {
	t.Parallel()
	spec := InstanceSpec{Image: "debian:12", Templates: []Attachment{{Name: "ssh"}, {Name: "ssh"}, {Name: "No"}}, ReadOnly: true}.Defaults()
	require.Equal(t, []string{"body.read_only", "body.templates[1].name", "body.templates[2].name"}, fieldsOf(t, spec.Validate("mine")))
	spec.ReadOnly, spec.Templates = false, make([]Attachment, MaxTemplates+1)
	for i := range spec.Templates {
		spec.Templates[i].Name = "t" + strings.Repeat("x", i)
	}
	require.Equal(t, []string{"body.templates"}, fieldsOf(t, spec.Validate("mine")))
}
