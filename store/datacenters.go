package store

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

var dataCenterName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`) // a part of host names

// EnsureDataCenter makes a data center, or gives it the URL. Its controller is down until
// something needs it. Invalid for a name that is no DNS label.
func (s *Store) EnsureDataCenter(ctx context.Context, dc fleet.DataCenter) error {
	return s.write(ctx, "ensure data center", func(t *tx) error {
		if !dataCenterName.MatchString(dc.Name) {
			return fleet.Errorf(fleet.Invalid, "the name of a data center is lower-case letters, digits and hyphens, at most 63")
		}
		_, err := t.exec(`INSERT INTO data_centers (name, gateway_url, controller) VALUES (?, ?, 'down')
			ON CONFLICT (name) DO UPDATE SET gateway_url = excluded.gateway_url`, dc.Name, dc.GatewayURL)
		return err
	})
}

// DataCenters lists all of them, by name.
func (s *Store) DataCenters(ctx context.Context) ([]fleet.DataCenter, error) {
	var rows []struct {
		Name       string `db:"name"`
		GatewayURL string `db:"gateway_url"`
	}
	err := s.read(ctx, "list data centers", func(t *tx) error {
		return t.all(&rows, `SELECT name, gateway_url FROM data_centers ORDER BY name`)
	})
	all := make([]fleet.DataCenter, len(rows))
	for i, r := range rows {
		all[i] = fleet.DataCenter{Name: r.Name, GatewayURL: r.GatewayURL}
	}
	return all, err
}

// checkDataCenter refuses one that is not there, and says which are.
func (t *tx) checkDataCenter(name string) error {
	var names []string
	if err := t.all(&names, `SELECT name FROM data_centers ORDER BY name`); err != nil {
		return err
	}
	if slices.Contains(names, name) {
		return nil
	}
	allowed := strings.Join(names, ", ")
	return &fleet.Error{
		Code: fleet.Invalid, Message: "there is no such data center; allowed: " + allowed,
		Fields: []fleet.FieldError{{Field: "body.data_center", Message: "is not known", Allowed: allowed}},
	}
}

// bump says that the routes of a data center change in this transaction. It locks the data
// center until the commit, so that a version includes all changes of those before it.
func (t *tx) bump(dataCenter string) error {
	_, err := t.exec(`UPDATE data_centers SET routes_version = routes_version + 1 WHERE name = ?`, dataCenter)
	return err
}
