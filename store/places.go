package store

import (
	"context"
	"slices"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A PoolPlace is a pool of hosts in one market, with the room it has.
type PoolPlace struct {
	Pool   string
	Market fleet.Market
	Free   int // workers that fit there now
}

// PoolPlaces are the pools of a data center whose hosts could run a worker that wants so many
// GPUs of a type (empty: any), and how many more would fit there now.
func (s *Store) PoolPlaces(ctx context.Context, dataCenter, gpuType string, gpus int) (places []PoolPlace, err error) {
	err = s.read(ctx, "look for places in pools", func(t *tx) error {
		places = nil
		want := fleet.Want{GPUs: gpus, GPUType: gpuType}
		hosts, err := t.views(dataCenter, want)
		if err != nil {
			return err
		}
		type key struct {
			pool   string
			market fleet.Market
		}
		pools := map[key][]fleet.HostView{}
		var order []key
		for _, h := range hosts {
			if gpuType != "" && h.Host.GPUType != gpuType && len(h.FreeGPUs) == 0 {
				continue // it has none of that type to give
			}
			k := key{h.Host.Pool(), h.Host.Market}
			if pools[k] == nil {
				order = append(order, k)
			}
			pools[k] = append(pools[k], h)
		}
		for _, k := range order {
			want.Market = k.market
			places = append(places, PoolPlace{Pool: k.pool, Market: k.market, Free: fleet.Places(want, pools[k])})
		}
		return nil
	})
	return places, err
}

// How many starts of workers a measure of them rests on, at the most and at the least.
const (
	startsKept = 20
	startsFew  = 5
)

// WorkerStart is how long the workers of an endpoint take from a decision until they answer:
// the p95 of the last twenty; 0 when there were not five.
func (s *Store) WorkerStart(ctx context.Context, endpointID string) (took time.Duration, err error) {
	err = s.read(ctx, "measure starts of workers", func(t *tx) error {
		var took64 []int64
		if err := t.all(&took64, `SELECT o.ended_at - o.accepted_at FROM operations o JOIN instances i ON i.id = o.resource_id
			WHERE i.endpoint_id = ? AND o.name = ? AND o.kind = ? AND o.outcome = ? ORDER BY i.id DESC LIMIT ?`,
			endpointID, fleet.Create.Name, fleet.KindInstance, fleet.Done, startsKept); err != nil || len(took64) < startsFew {
			return err
		}
		slices.Sort(took64)
		took = time.Duration(took64[(len(took64)*95+99)/100-1]) * time.Microsecond
		return nil
	})
	return took, err
}
