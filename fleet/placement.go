package fleet

import (
	"cmp"
	"slices"
)

// A Want is what an instance needs of a host.
type Want struct {
	GPUs        int    // of one type, on one host
	GPUType     string // empty: any
	Ports       int
	EndpointID  string   // of a worker: workers of one endpoint are spread
	Market      Market   // whose hosts will do; empty: on-demand
	Pools       []string // of hosts: the only ones that will do, the best first; empty: any
	Avoid       []string // hosts that will not do
	Only        string   // the host that will do; empty: any
	Prefer      string   // the host to take if it fits
	PreferPorts []int    // ports to have again there, in order, as far as they are free
}

// A HostView is a host as placement sees it.
type HostView struct {
	Host         Host
	FreeGPUs     []GPU
	UsedPorts    map[int]bool
	NextPort     int // where the search for ports begins: one that was just freed may linger
	SameEndpoint int // instances of the same endpoint there
	Instances    int // all instances there
}

// A Choice is where an instance goes.
type Choice struct {
	HostID string
	GPUs   []GPU // by index
	Ports  []int // in the order they are to be given
}

// Place chooses a host, and GPUs and ports there. It only looks at hosts that are ready and
// GPUs that are free, and prefers, in this order: hosts with fewer workers of the same
// endpoint; without GPUs wanted, hosts that have none free; the smaller GPUs, when any type
// will do; to leave whole blocks of eight, four and two GPUs free, which others may need;
// GPUs with better scores; fuller hosts, for GPUs, or emptier ones, without. Before all of these comes the host it is
// asked to prefer, and the order of the pools that it may come from. The same input has the same answer.
//
// Exhausted when nothing fits, with a reason for people.
func Place(want Want, hosts []HostView) (Choice, error) {
	var best *candidate
	var short shortage
	for i := range hosts {
		h := &hosts[i]
		if !want.takes(h) {
			short.unready++
			continue
		}
		for _, c := range candidates(want, h, &short) {
			if best != nil && c.compare(best, want) > 0 {
				continue
			}
			if c.ports = freePorts(h, want); len(c.ports) < want.Ports {
				short.ports++
				continue
			}
			best = &c
		}
	}
	if best == nil {
		return Choice{}, short.of(want, len(hosts))
	}
	return Choice{HostID: best.host.Host.ID, GPUs: best.gpus, Ports: best.ports}, nil
}

// Places is how many instances that want the same would fit side by side, as far as GPUs go.
func Places(want Want, hosts []HostView) (n int) {
	for i := range hosts {
		h := &hosts[i]
		switch {
		case !want.takes(h):
		case want.GPUs == 0:
			n++
		default:
			for _, gpus := range freeByType(want, h) {
				n += len(gpus) / want.GPUs
			}
		}
	}
	return n
}

// takes reports whether a host will do at all.
func (w Want) takes(h *HostView) bool {
	if market := cmp.Or(w.Market, OnDemand); market != cmp.Or(h.Host.Market, OnDemand) || len(w.Pools) > 0 && !slices.Contains(w.Pools, h.Host.Pool()) {
		return false
	}
	return h.Host.State == HostReady && !slices.Contains(w.Avoid, h.Host.ID) && (w.Only == "" || w.Only == h.Host.ID)
}

// A candidate is one host with one type of GPU.
type candidate struct {
	host   *HostView
	typ    string
	gpus   []GPU
	ports  []int
	memory int64
	broken [3]int // whole blocks of 8, 4 and 2 GPUs that are no longer whole
	score  int    // of the GPUs, together
	left   int    // GPUs of the type that stay free
}

// candidates are the ways to have the GPUs on a host: one for each type that fits.
func candidates(want Want, h *HostView, short *shortage) []candidate {
	if want.GPUs == 0 {
		return []candidate{{host: h, left: len(h.FreeGPUs)}}
	}
	var all []candidate
	for typ, gpus := range freeByType(want, h) {
		short.most = max(short.most, len(gpus))
		if len(gpus) < want.GPUs {
			continue
		}
		taken, broken := takeBlocks(gpus, want.GPUs)
		score := 0
		for i := range taken {
			score += taken[i].Score
		}
		all = append(all, candidate{host: h, typ: typ, gpus: taken, memory: gpus[0].MemoryMB, broken: broken, score: score, left: len(gpus) - want.GPUs})
	}
	return all
}

// preference is 1 for a host that is preferred.
func preference(c *candidate, want Want) int {
	if want.Prefer != "" && c.host.Host.ID == want.Prefer {
		return 1
	}
	return 0
}

// rank is where the pool of a host stands among those that will do.
func rank(c *candidate, want Want) int {
	if len(want.Pools) < 2 {
		return 0
	}
	return slices.Index(want.Pools, c.host.Host.Pool())
}

func freeByType(want Want, h *HostView) map[string][]GPU {
	if len(h.FreeGPUs) == 0 {
		return nil
	}
	byType := map[string][]GPU{}
	other := slices.ContainsFunc(h.FreeGPUs, func(g GPU) bool { return g.State != GPUFree || g.Type != h.FreeGPUs[0].Type })
	if !other && (want.GPUType == "" || want.GPUType == h.FreeGPUs[0].Type) { // as on most hosts
		byType[h.FreeGPUs[0].Type] = h.FreeGPUs
		return byType
	}
	for _, g := range h.FreeGPUs {
		if g.State == GPUFree && (want.GPUType == "" || g.Type == want.GPUType) {
			byType[g.Type] = append(byType[g.Type], g)
		}
	}
	return byType
}

// compare is negative when c is the better choice. No two candidates are equal: they differ
// in host or type.
func (c *candidate) compare(other *candidate, want Want) int {
	order := cmp.Or(
		preference(other, want)-preference(c, want),
		rank(c, want)-rank(other, want),
		cmp.Compare(c.host.SameEndpoint, other.host.SameEndpoint))
	if len(c.gpus) == 0 {
		return cmp.Or(order,
			cmp.Compare(min(c.left, 1), min(other.left, 1)),
			cmp.Compare(c.host.Instances, other.host.Instances),
			cmp.Compare(c.host.Host.ID, other.host.Host.ID))
	}
	return cmp.Or(order,
		cmp.Compare(c.memory, other.memory),
		slices.Compare(c.broken[:], other.broken[:]),
		cmp.Compare(other.score, c.score),
		cmp.Compare(c.left, other.left),
		cmp.Compare(c.host.Instances, other.host.Instances),
		cmp.Compare(c.host.Host.ID, other.host.Host.ID),
		cmp.Compare(c.typ, other.typ))
}

// freePorts are the wanted ports of a host: those preferred that are free, and for the rest
// free ones from NextPort on and around; fewer if it has fewer.
func freePorts(h *HostView, want Want) []int {
	n, size := want.Ports, h.Host.PortLast-h.Host.PortFirst+1
	if h.Host.PortFirst < 1 || size < 1 {
		return nil
	}
	first := h.NextPort - h.Host.PortFirst
	if first < 0 || first >= size {
		first = 0
	}
	preferred := func(i int) int {
		if h.Host.ID != want.Prefer || i >= len(want.PreferPorts) {
			return 0
		}
		port := want.PreferPorts[i]
		if port < h.Host.PortFirst || port > h.Host.PortLast || h.UsedPorts[port] {
			return 0
		}
		return port
	}
	taken := map[int]bool{}
	for i := range n {
		taken[preferred(i)] = true
	}
	var ports []int
	next := 0
	for i := range n {
		if port := preferred(i); port != 0 {
			ports = append(ports, port)
			continue
		}
		for ; next < size; next++ {
			if port := h.Host.PortFirst + (first+next)%size; !h.UsedPorts[port] && !taken[port] {
				ports = append(ports, port)
				next++
				break
			}
		}
	}
	return ports
}

// A shortage is why nothing fitted.
type shortage struct {
	unready, ports int // hosts
	most           int // GPUs of a wanted type that are free on one host
}

func (s shortage) of(want Want, hosts int) error {
	kind := "GPU"
	if want.GPUType != "" {
		kind = want.GPUType + " GPU"
	}
	switch {
	case hosts == 0:
		return Errorf(Exhausted, "there is no host")
	case want.Market == Spot && s.unready == hosts:
		return Errorf(Exhausted, "no spot host is ready to take it (%d hosts are there)", hosts)
	case want.Only != "" && s.unready == hosts:
		return Errorf(Exhausted, "host %s is not there, not ready, or not to be used", want.Only)
	case s.unready == hosts:
		return Errorf(Exhausted, "no host is ready to take it (%d are there)", hosts)
	case s.ports > 0:
		return Errorf(Exhausted, "no host that has room has %d free ports", want.Ports)
	case s.most == 0:
		return Errorf(Exhausted, "no %s is free", kind)
	default:
		return Errorf(Exhausted, "no host has %d %ss free; the most on one is %d", want.GPUs, kind, s.most)
	}
}
