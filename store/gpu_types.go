package store

import (
	"context"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// GPUTypes are the types of GPU that a data center has, by name, on hosts that take work.
// NotFound without the data center.
func (s *Store) GPUTypes(ctx context.Context, dataCenter string) ([]fleet.GPUType, error) {
	var rows []struct {
		Type     string `db:"type"`
		Spot     bool   `db:"spot"`
		MemoryMB int64  `db:"memory_mb"`
		Total    int    `db:"total"`
		Free     int    `db:"free"`
	}
	err := s.read(ctx, "list types of GPU", func(t *tx) error {
		if _, err := t.routesVersion(dataCenter); err != nil {
			return err
		}
		return t.all(&rows, `SELECT g.type, h.spot, MIN(g.memory_mb) AS memory_mb, COUNT(*) AS total, COUNT(*) FILTER (WHERE g.state = 'free') AS free
			FROM gpus g JOIN hosts h ON h.id = g.host_id
			WHERE h.data_center = ? AND h.state = 'ready' AND NOT h.cordoned AND h.retired_at = 0 AND g.state NOT IN ('quarantined', 'lost')
			GROUP BY g.type, h.spot ORDER BY g.type, h.spot`, dataCenter)
	})
	all := make([]fleet.GPUType, 0, len(rows))
	for _, r := range rows {
		market := fleet.OnDemand
		if r.Spot {
			market = fleet.Spot
		}
		all = append(all, fleet.GPUType{Name: r.Type, Market: market, MemoryMB: r.MemoryMB, Total: r.Total, Free: r.Free})
	}
	return all, err
}
