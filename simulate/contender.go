package simulate

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/fleet/autoscale"
)

// A Contender is a policy by name.
type Contender struct {
	Name    string
	Title   string
	ours    bool
	habits  Habits
	make    func(Setting) Policy
	initial func(Setting) int
}

// The baselines, each with the habits of its platform.
var baselines = []Contender{
	{Name: "knative", Title: "Knative KPA", make: func(s Setting) Policy { return NewKnative(s) }, habits: Habits{Blind: true}},
	{Name: "skyserve", Title: "SkyServe request rate", make: func(s Setting) Policy { return NewSkyServe(s) }, habits: Habits{Blind: true}},
	{Name: "rayserve", Title: "Ray Serve ongoing requests", make: func(s Setting) Policy { return NewRayServe(s) }, habits: Habits{Blind: true}},
	{Name: "dstack", Title: "dstack RPS", make: func(s Setting) Policy { return NewDstack(s) }, habits: Habits{Blind: true}},
	{Name: "kubeai", Title: "KubeAI", make: func(s Setting) Policy { return NewKubeAI(s) }, habits: Habits{Blind: true}},
	{
		Name: "static-peak", Title: "as many as the peak needs, always",
		make:    func(s Setting) Policy { return Static(s.Peak) },
		initial: func(s Setting) int { return s.Peak },
	},
	{
		Name: "static-mean", Title: "as many as the mean needs, always",
		make:    func(s Setting) Policy { return Static(int(math.Ceil(s.Need))) },
		initial: func(s Setting) int { return int(math.Ceil(s.Need)) },
	},
}

// ours makes a contender of the production policy. Every is the time from one decision to the
// next.
func ours(name string, scaling fleet.ScalingSpec, every time.Duration) Contender {
	return Contender{
		Name: name, Title: "fleet/autoscale", ours: true, habits: Habits{TakesBack: true},
		make: func(s Setting) Policy { return NewKelvin(s, scaling, every) },
	}
}

// Names are those of all policies.
func Names() []string {
	names := []string{autoscale.Default, autoscale.Fast}
	for _, c := range baselines {
		names = append(names, c.Name)
	}
	return names
}

// ParseContenders reads names of policies, with a comma between them. Kelvin's own may have
// options behind colons, as in fast:low_percent=75:zero_hold=120s; tick=5s is how often
// they decide.
func ParseContenders(s string, options []string) ([]Contender, error) {
	var out []Contender
	for _, text := range strings.Split(s, ",") {
		text = strings.TrimSpace(text)
		parts := strings.Split(text, ":")
		if i := slices.IndexFunc(baselines, func(c Contender) bool { return c.Name == parts[0] }); i >= 0 && len(parts) == 1 {
			out = append(out, baselines[i])
			continue
		}
		if parts[0] != autoscale.Default && parts[0] != autoscale.Fast {
			return nil, fleet.Errorf(fleet.Invalid, "policy %q: it must be one of %s; default and fast may have options, as in fast:low_percent=75:hold=90s",
				text, strings.Join(Names(), ", "))
		}
		given := append(slices.Clone(options), parts[1:]...)
		every := time.Second
		for i, o := range given {
			if tick, ok := strings.CutPrefix(o, "tick="); ok {
				d, err := time.ParseDuration(tick)
				if err != nil || d < time.Second || d%time.Second != 0 || d > time.Hour {
					return nil, fleet.Errorf(fleet.Invalid, "option %q: tick must be whole seconds of 1s … 1h", o)
				}
				every, given = d, slices.Delete(given, i, i+1)
				break
			}
		}
		scaling, err := Scaling(fleet.ScalingSpec{Policy: parts[0]}, given)
		if err != nil {
			return nil, err
		}
		name := strings.Join(append(parts[:1:1], parts[1:]...), ":")
		out = append(out, ours(name, scaling, every))
	}
	return out, nil
}
