package simulate

import (
	"math"
	"time"
)

// KubeAI is KubeAI's autoscaler (kubeai 2f32ef4): every 10 s the mean of the last 60 samples
// of active requests; up at once, down at the fourth time in a row that it wants less.
type KubeAI struct {
	Setting
	conc    series
	counter int
}

// NewKubeAI makes one, with a window of zeros.
func NewKubeAI(s Setting) *KubeAI {
	k := &KubeAI{Setting: s, conc: newSeries(60)}
	for range 60 {
		k.conc.add(0)
	}
	return k
}

// Restart forgets the counter: the averages are in a ConfigMap.
func (k *KubeAI) Restart(Observed) { k.counter = 0 }

// Decide samples.
func (k *KubeAI) Decide(o Observed) Choice {
	total := o.Total()
	if total == 0 && o.Load() > 0 {
		return Choice{Total: clip(1, k.Active, k.Max), Rule: "from zero"}
	}
	if o.Wake || !o.Whole || o.At%(10*time.Second) != 0 {
		return Choice{Total: total, Rule: "between"}
	}
	k.conc.add(float64(o.Load()))
	want := clip(int(math.Ceil(k.conc.mean(60)/(usual*float64(k.Target)))), k.Active, k.Max)
	switch {
	case want >= total:
		k.counter = 0
		return Choice{Total: want, Rule: "mean"}
	case k.counter >= 3:
		return Choice{Total: want, Rule: "mean"}
	}
	k.counter++
	return Choice{Total: total, Rule: "scale-down delay"}
}
