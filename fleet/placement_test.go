package fleet

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// view is a ready host whose free GPUs have these indices.
func view(id string, free ...int) HostView {
	h := HostView{Host: Host{ID: id, State: HostReady, PortFirst: 20000, PortLast: 20009}, UsedPorts: map[int]bool{}}
	for _, i := range free {
		h.FreeGPUs = append(h.FreeGPUs, aGPU(id, i, "a100"))
	}
	return h
}

func aGPU(host string, index int, typ string) GPU {
	return GPU{ID: fmt.Sprintf("gpu_%s_%d", host, index), HostID: host, Index: index, Type: typ, MemoryMB: 81920, State: GPUFree}
}

func (h HostView) with(change func(*HostView)) HostView {
	change(&h)
	return h
}

func TestPlace(t *testing.T) {
	t.Parallel()
	all := []int{0, 1, 2, 3, 4, 5, 6, 7}
	cordoned := view("c", all...).with(func(h *HostView) { h.Host.State = HostCordoned })
	for _, c := range []struct {
		what  string
		want  Want
		hosts []HostView
		host  string
		gpus  []int
	}{
		{"one GPU comes from the smallest rest", Want{GPUs: 1}, []HostView{view("a", all...), view("b", 3)}, "b", []int{3}},
		{"a pair keeps the blocks of four", Want{GPUs: 2}, []HostView{view("a", all...), view("b", 0, 1, 2, 3), view("c", 1, 2, 6, 7)}, "c", []int{6, 7}},
		{"a pair lies in one block", Want{GPUs: 2}, []HostView{view("a", 1, 2, 4, 5)}, "a", []int{4, 5}},
		{"four keep the eight", Want{GPUs: 4}, []HostView{view("a", all...), view("b", 4, 5, 6, 7)}, "b", []int{4, 5, 6, 7}},
		{"three are a pair and one", Want{GPUs: 3}, []HostView{view("a", 0, 2, 3, 4, 5, 6, 7)}, "a", []int{0, 2, 3}},
		{"scattered ones will do", Want{GPUs: 2}, []HostView{view("a", 1, 4)}, "a", []int{1, 4}},
		{"eight", Want{GPUs: 8}, []HostView{view("a", 1, 2, 3, 4, 5, 6, 7), view("b", all...)}, "b", all},
		{"workers are spread, even into a whole block", Want{GPUs: 1, EndpointID: "ep"}, []HostView{
			view("a", 3).with(func(h *HostView) { h.SameEndpoint = 1 }), view("b", all...),
		}, "b", []int{0}},
		{"only the type", Want{GPUs: 1, GPUType: "h100"}, []HostView{
			view("a", all...), view("b", 0, 1).with(func(h *HostView) { h.FreeGPUs[1].Type = "h100" }),
		}, "b", []int{1}},
		{"of any type, the smaller", Want{GPUs: 1}, []HostView{
			view("a", 0), view("b", 0).with(func(h *HostView) { h.FreeGPUs[0].Type, h.FreeGPUs[0].MemoryMB = "l4", 24576 }),
		}, "b", []int{0}},
		{"the fuller of two equal hosts", Want{GPUs: 2}, []HostView{view("a", 0, 1, 4), view("b", 0, 1)}, "b", []int{0, 1}},
		{"the better of two GPUs", Want{GPUs: 1}, []HostView{view("a", 0, 2).scored(50, 100)}, "a", []int{2}},
		{"the better of two pairs", Want{GPUs: 2}, []HostView{view("a", 0, 1, 4, 5).scored(100, 80, 100, 100)}, "a", []int{4, 5}},
		{"a better GPU breaks no block", Want{GPUs: 1}, []HostView{view("a", 0, 2, 3).scored(50, 100, 100)}, "a", []int{0}},
		{"a better GPU on another host breaks no block", Want{GPUs: 1}, []HostView{view("a", 0).scored(50), view("b", 2, 3).scored(100, 100)}, "a", []int{0}},
		{"the better of two hosts, even if emptier", Want{GPUs: 1}, []HostView{view("a", 0).scored(50), view("b", 0, 2).scored(70, 100)}, "b", []int{2}},
		{"a poor GPU is better than none", Want{GPUs: 1}, []HostView{view("a", 0).scored(0)}, "a", []int{0}},
		{"no GPU: where none is free", Want{}, []HostView{view("a", 0), view("b")}, "b", nil},
		{"no GPU: where less runs", Want{}, []HostView{view("a").with(func(h *HostView) { h.Instances = 2 }), view("b")}, "b", nil},
		{"not on a host that is not ready, or to be avoided", Want{GPUs: 1, Avoid: []string{"a"}}, []HostView{view("a", 0), cordoned, view("d", 0, 1)}, "d", []int{0}},
		{"where the ports are", Want{GPUs: 1, Ports: 10}, []HostView{
			view("a", 0).with(func(h *HostView) { h.UsedPorts[20005] = true }), view("b", all...),
		}, "b", []int{0}},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			choice, err := Place(c.want, c.hosts)
			require.NoError(t, err)
			require.Equal(t, c.host, choice.HostID)
			var got []int
			for _, g := range choice.GPUs {
				got = append(got, g.Index)
			}
			require.Equal(t, c.gpus, got)
			require.Len(t, choice.Ports, c.want.Ports)
		})
	}
}

// scored gives the free GPUs of a host their scores.
func (h HostView) scored(scores ...int) HostView {
	for i, score := range scores {
		h.FreeGPUs[i].Score = score
	}
	return h
}

func TestTheBetterSliceComesFirst(t *testing.T) {
	t.Parallel()
	h := view("a", 0, 0, 0).scored(100, 50, 100)
	for i := range h.FreeGPUs {
		h.FreeGPUs[i].ID = fmt.Sprint("slice ", i)
	}
	choice, err := Place(Want{GPUs: 2}, []HostView{h})
	require.NoError(t, err)
	require.Equal(t, []GPU{h.FreeGPUs[0], h.FreeGPUs[2]}, choice.GPUs)
}

func TestPlaceSaysWhyNot(t *testing.T) {
	t.Parallel()
	lost := view("a", 0).with(func(h *HostView) { h.Host.State = HostLost })
	quarantined := view("a", 0).with(func(h *HostView) { h.FreeGPUs[0].State = GPUQuarantined })
	for want, err := range map[string]error{
		"there is no host":                                   second(Place(Want{GPUs: 1}, nil)),
		"no host is ready to take it (1 are there)":          second(Place(Want{GPUs: 1}, []HostView{lost})),
		"no GPU is free":                                     second(Place(Want{GPUs: 1}, []HostView{quarantined})),
		"no h100 GPU is free":                                second(Place(Want{GPUs: 2, GPUType: "h100"}, []HostView{view("a", 0, 1)})),
		"no host has 4 a100 GPUs free; the most on one is 3": second(Place(Want{GPUs: 4, GPUType: "a100"}, []HostView{view("a", 0, 1, 2), view("b", 0)})),
		"no host that has room has 11 free ports":            second(Place(Want{GPUs: 1, Ports: 11}, []HostView{view("a", 0)})),
	} {
		require.EqualError(t, err, want)
		require.Equal(t, Exhausted, CodeOf(err))
	}
}

func second[T any](_ T, err error) error { return err }

func TestPortsGoRound(t *testing.T) {
	t.Parallel()
	h := view("a").with(func(h *HostView) { h.NextPort, h.UsedPorts = 20008, map[int]bool{20009: true, 20000: true} })
	choice, err := Place(Want{Ports: 3}, []HostView{h})
	require.NoError(t, err)
	require.Equal(t, []int{20008, 20001, 20002}, choice.Ports)
	h.NextPort = 7 // of a range that has changed
	choice, err = Place(Want{Ports: 1}, []HostView{h})
	require.NoError(t, err)
	require.Equal(t, []int{20001}, choice.Ports)
}

func TestSlicesOfOneDeviceAreGPUsOfTheirOwn(t *testing.T) {
	t.Parallel()
	h := view("a", 0, 0, 0, 1)
	for i := range h.FreeGPUs {
		h.FreeGPUs[i].ID = fmt.Sprint("slice ", i)
	}
	choice, err := Place(Want{GPUs: 4}, []HostView{h})
	require.NoError(t, err)
	require.ElementsMatch(t, h.FreeGPUs, choice.GPUs)
}

// hostViews draws hosts of any condition.
func hostViews() *rapid.Generator[[]HostView] {
	host := rapid.Custom(func(t *rapid.T) HostView {
		id := rapid.StringMatching(`hst_[a-z0-9]{8}`).Draw(t, "host")
		h := view(id)
		h.Host.State = rapid.SampledFrom(append(slices.Repeat([]HostState{HostReady}, 4), HostStates...)).Draw(t, "state")
		for _, i := range rapid.SliceOfDistinct(rapid.IntRange(0, 9), rapid.ID[int]).Draw(t, "free") {
			g := aGPU(id, i, rapid.SampledFrom([]string{"a100", "h100"}).Draw(t, "type"))
			g.State = rapid.SampledFrom([]GPUState{GPUFree, GPUFree, GPUFree, GPUQuarantined, GPULost}).Draw(t, "gpu")
			g.Score = rapid.SampledFrom([]int{100, 100, 70, 50}).Draw(t, "score")
			h.FreeGPUs = append(h.FreeGPUs, g)
		}
		for _, port := range rapid.SliceOfDistinct(rapid.IntRange(20000, 20009), rapid.ID[int]).Draw(t, "used") {
			h.UsedPorts[port] = true
		}
		h.NextPort = rapid.IntRange(0, 20012).Draw(t, "next")
		h.SameEndpoint = rapid.IntRange(0, 2).Draw(t, "same")
		h.Instances = h.SameEndpoint + rapid.IntRange(0, 2).Draw(t, "others")
		return h
	})
	return rapid.SliceOfNDistinct(host, 0, 5, func(h HostView) string { return h.Host.ID })
}

// fits says, in its own words, whether a host could take it.
func fits(want Want, h HostView) bool {
	free := map[string]int{}
	for _, g := range h.FreeGPUs {
		if g.State == GPUFree && (want.GPUType == "" || want.GPUType == g.Type) {
			free[g.Type]++
		}
	}
	most := 0
	for _, n := range free {
		most = max(most, n)
	}
	return h.Host.State == HostReady && !slices.Contains(want.Avoid, h.Host.ID) && most >= want.GPUs && 10-len(h.UsedPorts) >= want.Ports
}

func TestPlaceFindsAPlaceWheneverThereIsOneAndItIsGood(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hosts := hostViews().Draw(t, "hosts")
		want := Want{
			GPUs: rapid.IntRange(0, 8).Draw(t, "gpus"), GPUType: rapid.SampledFrom([]string{"", "a100", "h100"}).Draw(t, "wanted"),
			Ports: rapid.IntRange(0, 3).Draw(t, "ports"),
		}
		if len(hosts) > 0 {
			want.Avoid = []string{hosts[0].Host.ID}
		}
		choice, err := Place(want, hosts)
		backward := slices.Clone(hosts)
		slices.Reverse(backward)
		again, _ := Place(want, backward)
		require.Equal(t, choice, again, "the order of hosts does not matter")

		var good []HostView
		for _, h := range hosts {
			if fits(want, h) {
				good = append(good, h)
			}
		}
		if len(good) == 0 {
			require.Equal(t, Exhausted, CodeOf(err))
			return
		}
		require.NoError(t, err)
		i := slices.IndexFunc(good, func(h HostView) bool { return h.Host.ID == choice.HostID })
		require.GreaterOrEqual(t, i, 0, "a host that will not do")
		for _, h := range good {
			require.LessOrEqual(t, good[i].SameEndpoint, h.SameEndpoint, "workers are spread")
		}
		require.Len(t, choice.GPUs, want.GPUs)
		seen := map[string]bool{}
		for _, g := range choice.GPUs {
			require.Contains(t, good[i].FreeGPUs, g)
			require.Equal(t, GPUFree, g.State)
			require.Equal(t, choice.GPUs[0].Type, g.Type)
			require.False(t, seen[g.ID])
			seen[g.ID] = true
		}
		require.Len(t, choice.Ports, want.Ports)
		ports := map[int]bool{}
		for _, p := range choice.Ports {
			require.False(t, good[i].UsedPorts[p] || ports[p])
			require.True(t, p >= 20000 && p <= 20009)
			ports[p] = true
		}
	})
}

func TestABlockIsTakenWholeWhereThereIsOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		free := view("a", 0, 1, 2, 3, 4, 5, 6, 7).FreeGPUs
		for len(free) > 0 {
			n := rapid.SampledFrom([]int{1, 2, 4, 8}).Draw(t, "n")
			if n > len(free) {
				break
			}
			before := indexed(free).count()
			taken, broken := takeBlocks(free, n)
			require.Len(t, taken, n)
			if i := slices.Index([]int{8, 4, 2}, n); i >= 0 && before[i] > 0 {
				require.Equal(t, n-1, taken[n-1].Index-taken[0].Index, "side by side")
				require.Zero(t, taken[0].Index%n, "and aligned")
			}
			free = slices.DeleteFunc(free, func(g GPU) bool { return slices.Contains(taken, g) })
			after := indexed(free).count()
			for i := range broken {
				require.Equal(t, before[i]-after[i], broken[i])
			}
		}
	})
}

func TestScoresBreakNoBlocks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		free := view("a", rapid.SliceOfNDistinct(rapid.IntRange(0, 15), 1, 16, rapid.ID[int]).Draw(t, "free")...).FreeGPUs
		slices.SortFunc(free, func(a, b GPU) int { return a.Index - b.Index })
		n := rapid.IntRange(1, min(8, len(free))).Draw(t, "n")
		plain, broken := takeBlocks(free, n)
		scored := slices.Clone(free)
		for i := range scored {
			scored[i].Score = rapid.IntRange(0, 100).Draw(t, "score")
		}
		better, same := takeBlocks(scored, n)
		require.Equal(t, broken, same)
		if n == 1 || n == 2 {
			sum := func(taken []GPU) (sum int) {
				for _, g := range taken {
					sum += scored[slices.IndexFunc(scored, func(s GPU) bool { return s.Index == g.Index })].Score
				}
				return sum
			}
			require.GreaterOrEqual(t, sum(better), sum(plain))
		}
	})
}

func indexed(free []GPU) (b blocks) {
	for _, g := range free {
		b |= 1 << g.Index
	}
	return b
}

// BenchmarkPlace places among a thousand hosts with eight free GPUs each.
func BenchmarkPlace(b *testing.B) {
	hosts := make([]HostView, 1000)
	for i := range hosts {
		hosts[i] = view(fmt.Sprint("hst_", i), 0, 1, 2, 3, 4, 5, 6, 7)
	}
	for b.Loop() {
		if _, err := Place(Want{GPUs: 3, Ports: 1}, hosts); err != nil {
			b.Fatal(err)
		}
	}
}
