package store

import (
	"github.com/kelvin-gpu/kelvin/fleet"
)

// The default range of the addresses of servers: below the ports that hosts publish
// containers on by default, and below those that clients are given.
const (
	DefaultAddressFirst = 10000
	DefaultAddressLast  = 19999
)

// giveAddresses takes an address for each of these ports of a server, which come after those it
// has addresses for. The search
// begins after the last one that was given: connections meant for a server that is gone
// should not reach another soon. It locks the data center, so that rivals come one by one.
func (t *tx) giveAddresses(h *holding, containerPorts []int, first, last int) error {
	if err := t.bump(h.DataCenter); err != nil {
		return err
	}
	var next int
	if err := t.get(&next, `SELECT next_address FROM data_centers WHERE name = ?`, h.DataCenter); err != nil {
		return err
	}
	if next < first || next > last {
		next = first
	}
	ports, err := t.freeAddresses(h.DataCenter, len(containerPorts), next, last)
	if err != nil {
		return err
	}
	if missing := len(containerPorts) - len(ports); missing > 0 {
		more, err := t.freeAddresses(h.DataCenter, missing, first, next-1)
		if err != nil {
			return err
		}
		ports = append(ports, more...)
	}
	if len(ports) < len(containerPorts) {
		return fleet.Errorf(fleet.Exhausted, "of the %d addresses for the ports of servers in %s, %d are free and the server needs %d: terminate another, or ask for a wider range",
			last-first+1, h.DataCenter, len(ports), len(containerPorts))
	}
	var position int
	if err := t.get(&position, `SELECT COUNT(*) FROM addresses WHERE instance_id = ?`, h.ID); err != nil {
		return err
	}
	for i, port := range ports {
		if _, err := t.exec(`INSERT INTO addresses (data_center, port, instance_id, position, container) VALUES (?, ?, ?, ?, ?)`,
			h.DataCenter, port, h.ID, position+i, containerPorts[i]); err != nil {
			return err
		}
	}
	_, err = t.exec(`UPDATE data_centers SET next_address = ? WHERE name = ?`, ports[len(ports)-1]+1, h.DataCenter)
	return err
}

// freeAddresses are the n lowest free ports from first to last; fewer if there are fewer.
func (t *tx) freeAddresses(dataCenter string, n, first, last int) ([]int, error) {
	const window = 256 // as a rule the first one will do
	var free []int
	for begin := first; begin <= last && len(free) < n; begin += window {
		end := min(begin+window-1, last)
		var rows []int
		if err := t.all(&rows, `SELECT port FROM addresses WHERE data_center = ? AND port BETWEEN ? AND ?`, dataCenter, begin, end); err != nil {
			return nil, err
		}
		used := map[int]bool{}
		for _, port := range rows {
			used[port] = true
		}
		for port := begin; port <= end && len(free) < n; port++ {
			if !used[port] {
				free = append(free, port)
			}
		}
	}
	return free, nil
}

// readdress says what another life of a server means for its addresses: they go with it,
// and gateways hear whether it takes connections.
func (t *tx) readdress(h *holding, before fleet.Life) error {
	if h.EndpointID != "" || h.Ports == 0 {
		return nil
	}
	if h.State.Gone() && !before.State.Gone() {
		if _, err := t.exec(`DELETE FROM addresses WHERE instance_id = ?`, h.ID); err != nil {
			return err
		}
		return t.bump(h.DataCenter)
	}
	if takes(before, h.Serving) != takes(h.Life, h.Serving) {
		return t.bump(h.DataCenter)
	}
	return nil
}

// takes reports whether connections to a server are accepted, at least to wait: it serves,
// or is on its way to running. One that is about to stop serves until its traffic is held.
func takes(l fleet.Life, serving string) bool {
	return serving == ready || l.Heading(fleet.KindInstance) == fleet.Running
}

// addresses adds the addresses to the instances with these IDs.
func (t *tx) addresses(ids []string, byID map[string]*fleet.Instance) error {
	var rows []struct {
		InstanceID string `db:"instance_id"`
		Container  int    `db:"container"`
		Port       int    `db:"port"`
	}
	if err := t.in(&rows, `SELECT instance_id, container, port FROM addresses WHERE instance_id IN (?) ORDER BY instance_id, position`, ids); err != nil {
		return err
	}
	for _, r := range rows {
		inst := byID[r.InstanceID]
		inst.Addresses = append(inst.Addresses, fleet.Address{Container: r.Container, Port: r.Port})
	}
	return nil
}

// serverRoutes are the servers of a data center that have addresses, by ID. A target is
// there only while the server serves: it is known of no other that it has a container.
func (t *tx) serverRoutes(dataCenter string) ([]fleet.ServerRoute, error) {
	var servers []struct {
		ID        string `db:"id"`
		AccountID string `db:"account_id"`
		Serving   string `db:"serving"`
		lifeRow
	}
	if err := t.all(&servers, `SELECT id, account_id, serving, `+lifeColumns+` FROM instances
		WHERE data_center = ? AND endpoint_id IS NULL AND state <> 'terminated' AND ports > 0 ORDER BY id`, dataCenter); err != nil {
		return nil, err
	}
	routes := make([]fleet.ServerRoute, len(servers))
	index := map[string]int{}
	for i, s := range servers {
		routes[i] = fleet.ServerRoute{
			InstanceID: s.ID, AccountID: s.AccountID, Open: takes(s.life(), s.Serving), Ready: s.Serving == ready, Ports: []fleet.PortRoute{},
		}
		index[s.ID] = i
	}
	var ports []struct {
		InstanceID string `db:"instance_id"`
		Port       int    `db:"port"`
		Address    string `db:"address"`
		Published  int    `db:"published"`
	}
	if err := t.all(&ports, `SELECT a.instance_id, a.port, COALESCE(h.address, '') AS address, COALESCE(p.port, 0) AS published
		FROM addresses a LEFT JOIN leases l ON l.instance_id = a.instance_id AND l.home
		LEFT JOIN hosts h ON h.id = l.host_id LEFT JOIN lease_ports p ON p.lease_id = l.id AND p.position = a.position
		WHERE a.data_center = ? ORDER BY a.instance_id, a.position`, dataCenter); err != nil {
		return nil, err
	}
	for _, p := range ports {
		i, ok := index[p.InstanceID]
		if !ok {
			continue
		}
		route := fleet.PortRoute{Port: p.Port}
		if servers[i].Serving != notServing && p.Published != 0 {
			route.Target = address(p.Address, p.Published)
		}
		routes[i].Ports = append(routes[i].Ports, route)
	}
	return routes, nil
}
