package fleet

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Template makes a server of an image what its owner wants: commands that run once in the
// container, and services that run whenever it does. The built-in ones are in Templates;
// accounts have their own.
type Template struct {
	Name     string
	BuiltIn  bool
	Verified bool // our tests run it; a built-in one that is not, nobody has run there
	TemplateSpec
	CreatedAt time.Time
	UpdatedAt time.Time
}

// A TemplateSpec is what a template does. It runs in containers only, as their root.
type TemplateSpec struct {
	Title       string              `json:"title,omitempty" maxLength:"128" doc:"For people" example:"SSH server"`
	Description string              `json:"description,omitempty" maxLength:"2000" doc:"What it installs, and what it needs"`
	Parameters  []TemplateParameter `json:"parameters,omitempty" maxItems:"16" doc:"What may be set where it is attached"`
	Ports       []int               `json:"ports,omitempty" maxItems:"8" doc:"Ports that a server publishes when it is attached"`
	Steps       []TemplateStep      `json:"steps,omitempty" maxItems:"32" doc:"Commands that run once, in order. Steps and services together: at least one"`
	Services    []TemplateService   `json:"services,omitempty" maxItems:"8" doc:"Commands that run beside the image's own program, from every start on"`
}

// A TemplateParameter is a value that steps and services find in an environment variable.
// It is never part of a command's text.
type TemplateParameter struct {
	Name        string `json:"name" maxLength:"63" doc:"Lower-case letters, digits and hyphens. Commands find it as PARAM_NAME: the parameter api-key is PARAM_API_KEY" example:"keys"`
	Description string `json:"description,omitempty" maxLength:"500"`
	Default     string `json:"default,omitempty" maxLength:"16384" doc:"What it is when it is not set. A secret has none"`
	Pattern     string `json:"pattern,omitempty" maxLength:"512" doc:"Regular expression (RE2) for the whole value. Default: anything" example:"[0-9]+"`
	Required    bool   `json:"required,omitempty" doc:"It must be set, and not empty"`
	Secret      bool   `json:"secret,omitempty" doc:"It is blotted out of messages. At least 8 characters, unless it is empty"`
}

// A TemplateStep is one command of an installation. It may run again after it was cut short,
// so it must bear to be repeated.
type TemplateStep struct {
	Name    string   `json:"name" maxLength:"63" doc:"Lower-case letters, digits and hyphens" example:"install"`
	Command string   `json:"command" maxLength:"32768" doc:"Run by the server's shell; anything but exit code 0 is a failure" example:"apt-get update && apt-get install -y htop"`
	Timeout Duration `json:"timeout,omitempty" doc:"How long it may take. Default 10m, 1s to 1h" example:"10m"`
}

// A TemplateService is a program that runs beside the image's own. It is started with the
// container, and not again when it ends.
type TemplateService struct {
	Name    string `json:"name" maxLength:"63" doc:"Lower-case letters, digits and hyphens" example:"sshd"`
	Command string `json:"command" maxLength:"32768" doc:"Run by the server's shell. One that ends with another exit code than 0 within a second fails the start" example:"exec /usr/sbin/sshd -D"`
}

// An Attachment is a template that a server has, with its parameters. It stays as it was
// when it was attached, whatever becomes of the template: see Version.
type Attachment struct {
	Name       string            `json:"name" maxLength:"63" doc:"Of a built-in template, or one of your own" example:"ssh"`
	Parameters map[string]string `json:"parameters,omitempty" doc:"By name; those left out have their defaults"`
	Version    string            `json:"version,omitempty" maxLength:"64" doc:"Names what it did when it was attached. Set by Kelvin: what you send is ignored"`
	AttachedAt time.Time         `json:"attached_at,omitzero" doc:"Set by Kelvin: what you send is ignored"`
}

// An Installation is an attached template as a host installs it. It goes from the record to
// the agent with the rest of ContainerSpec.
type Installation struct {
	Attachment
	Spec TemplateSpec `json:"spec"`
}

// Limits of templates.
const (
	MaxTemplates         = 8   // of a server
	MaxOwnTemplates      = 100 // of an account
	MaxTemplateBytes     = 128 << 10
	MaxTemplateParameter = 16 << 10 // bytes of a value
	MinTemplateSecret    = 8

	DefaultStepTimeout = Duration(10 * time.Minute)
	MinStepTimeout     = Duration(time.Second)
	MaxStepTimeout     = Duration(time.Hour)
)

// Variable is the environment variable that commands find the parameter in.
func (p TemplateParameter) Variable() string {
	return "PARAM_" + strings.ToUpper(strings.ReplaceAll(p.Name, "-", "_"))
}

// Defaults fills in what a request for a template left out.
func (s TemplateSpec) Defaults() TemplateSpec {
	s.Steps, s.Services = slices.Clone(s.Steps), slices.Clone(s.Services)
	for i := range s.Steps {
		s.Steps[i].Timeout = or(s.Steps[i].Timeout, DefaultStepTimeout)
	}
	return s
}

// Version names what a template does: the same spec has the same version.
func (s TemplateSpec) Version() string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("fleet: write a template as JSON: %v", err)) // strings, numbers and durations can be written
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// Validate says everything that is wrong with a template's name and spec, after Defaults.
func (s TemplateSpec) Validate(name string) error {
	var p problems
	p.add(slug.MatchString(name), "body.name", "is not a name", nameForm)
	_, builtIn := FindTemplate(name)
	p.add(!builtIn, "body.name", "is a built-in template's", "another name")
	p.add(utf8.RuneCountInString(s.Title) <= 128, "body.title", "is too long", "at most 128 characters")
	p.add(utf8.RuneCountInString(s.Description) <= 2000, "body.description", "is too long", "at most 2000 characters")
	p.add(len(s.Steps)+len(s.Services) > 0, "body.steps", "are missing, and so are services", "at least one step or service")
	p.add(len(s.Steps) <= 32, "body.steps", "are too many", "at most 32")
	p.add(len(s.Services) <= 8, "body.services", "are too many", "at most 8")
	p.add(len(s.Ports) <= 8, "body.ports", "are too many", "at most 8")
	p.add(len(s.Parameters) <= 16, "body.parameters", "are too many", "at most 16")
	ports, names := map[int]bool{}, map[string]bool{}
	for i, port := range s.Ports {
		field := fmt.Sprintf("body.ports[%d]", i)
		p.add(port >= 1 && port <= 65535, field, "is not a port", "1 to 65535")
		p.add(!ports[port], field, "is there twice", "different ports")
		ports[port] = true
	}
	for i, parameter := range s.Parameters {
		field := fmt.Sprintf("body.parameters[%d]", i)
		parameter.validate(&p, field)
		p.add(!names[parameter.Name], field+".name", "is there twice", "different names")
		names[parameter.Name] = true
	}
	names = map[string]bool{}
	for i, step := range s.Steps {
		field := fmt.Sprintf("body.steps[%d]", i)
		validateCommand(&p, names, field, step.Name, step.Command)
		p.add(step.Timeout >= MinStepTimeout && step.Timeout <= MaxStepTimeout, field+".timeout", "is out of range", "1s to 1h")
	}
	names = map[string]bool{}
	for i, service := range s.Services {
		validateCommand(&p, names, fmt.Sprintf("body.services[%d]", i), service.Name, service.Command)
	}
	if len(p) == 0 {
		text, err := json.Marshal(s)
		p.add(err == nil && len(text) <= MaxTemplateBytes, "body", "is too long", fmt.Sprintf("at most %d bytes as JSON", MaxTemplateBytes))
	}
	return p.err()
}

const nameForm = "lower-case letters, digits and hyphens, at most 63"

func validateCommand(p *problems, names map[string]bool, field, name, command string) {
	p.add(slug.MatchString(name), field+".name", "is not a name", nameForm)
	p.add(!names[name], field+".name", "is there twice", "different names")
	names[name] = true
	ok := strings.TrimSpace(command) != "" && len(command) <= 32<<10 && utf8.ValidString(command) && !strings.ContainsRune(command, 0)
	p.add(ok, field+".command", "is empty, too long or not text", "1 to 32768 bytes of UTF-8")
}

func (v TemplateParameter) validate(p *problems, field string) {
	p.add(slug.MatchString(v.Name), field+".name", "is not a name", nameForm)
	p.add(utf8.RuneCountInString(v.Description) <= 500, field+".description", "is too long", "at most 500 characters")
	p.add(!v.Secret || v.Default == "", field+".default", "is of a secret", "no default: everybody could read it")
	p.add(!v.Required || v.Default == "", field+".default", "is of a parameter that must be set", "either required or a default")
	p.add(len(v.Pattern) <= 512, field+".pattern", "is too long", "at most 512 bytes")
	if _, err := v.form(); err != nil {
		p.add(false, field+".pattern", "is not a regular expression", "the syntax of RE2")
		return
	}
	if v.Default != "" {
		v.check(p, field+".default", v.Default)
	}
}

// form is what the whole value must match; nil for anything.
func (v TemplateParameter) form() (*regexp.Regexp, error) {
	if v.Pattern == "" {
		return nil, nil //nolint:nilnil // no form is an answer
	}
	return regexp.Compile(`^(?:` + v.Pattern + `)$`)
}

// check says what is wrong with a value, never the value itself.
func (v TemplateParameter) check(p *problems, field, value string) {
	p.add(len(value) <= MaxTemplateParameter && utf8.ValidString(value) && !strings.ContainsRune(value, 0),
		field, "is too long or not text", fmt.Sprintf("at most %d bytes of UTF-8", MaxTemplateParameter))
	p.add(!v.Required || value != "", field, "is missing", cmp.Or(v.Description, "a value"))
	p.add(!v.Secret || value == "" || utf8.RuneCountInString(value) >= MinTemplateSecret, field, "is too short for a secret", fmt.Sprintf("at least %d characters", MinTemplateSecret))
	if form, err := v.form(); err == nil && form != nil && value != "" {
		p.add(form.MatchString(value), field, "has the wrong form", cmp.Or(v.Description, "what matches "+v.Pattern))
	}
}

// Attach checks the parameters that a server gives a template. field is where the request
// has them: body.templates[0].
func (t Template) Attach(parameters map[string]string, field string, now time.Time) (Attachment, error) {
	var p problems
	var known []string
	for _, parameter := range t.Parameters {
		known = append(known, parameter.Name)
		value, set := parameters[parameter.Name]
		if set || parameter.Required {
			parameter.check(&p, field+".parameters."+parameter.Name, value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		if !slices.Contains(known, name) {
			p.add(false, field+".parameters", "has a name that template "+t.Name+" does not know", cmp.Or(strings.Join(known, ", "), "none"))
		}
	}
	return Attachment{Name: t.Name, Parameters: maps.Clone(parameters), Version: t.Version(), AttachedAt: now}, p.err()
}

// validateTemplates checks what can be said of a server's templates without knowing them.
func (s InstanceSpec) validateTemplates(p *problems) {
	p.add(len(s.Templates) <= MaxTemplates, "body.templates", "are too many", fmt.Sprintf("at most %d", MaxTemplates))
	p.add(len(s.Templates) == 0 || !s.ReadOnly, "body.read_only", "does not go with templates, which write to the root filesystem", "one of them")
	seen := map[string]bool{}
	for i, t := range s.Templates {
		field := fmt.Sprintf("body.templates[%d].name", i)
		p.add(slug.MatchString(t.Name), field, "is not a template's name", nameForm)
		p.add(!seen[t.Name], field, "is there twice", "different templates")
		seen[t.Name] = true
	}
}

// value is what a parameter is in this installation.
func (i Installation) value(p TemplateParameter) string {
	if v, set := i.Parameters[p.Name]; set {
		return v
	}
	return p.Default
}

// Environment are the variables of its commands, as NAME=value.
func (i Installation) Environment() []string {
	var env []string
	for _, p := range i.Spec.Parameters {
		env = append(env, p.Variable()+"="+i.value(p))
	}
	return env
}

// Redact blots the secrets of the installation out of a text.
func (i Installation) Redact(text string) string {
	for _, p := range i.Spec.Parameters {
		if !p.Secret {
			continue
		}
		// The lines of a long secret, such as a private key, may come one by one.
		for _, secret := range append([]string{i.value(p)}, strings.Split(i.value(p), "\n")...) {
			if secret = strings.TrimSpace(secret); len(secret) >= MinTemplateSecret {
				text = strings.ReplaceAll(text, secret, "***")
			}
		}
	}
	return text
}

// Mark names this installation: what it does, with which parameters, and since when. A step
// that is done is not run again under the same mark.
func (i Installation) Mark() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %d\x00", i.Version, i.AttachedAt.UnixMicro())
	for _, name := range slices.Sorted(maps.Keys(i.Parameters)) {
		fmt.Fprintf(sum, "%s=%s\x00", name, i.Parameters[name])
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
