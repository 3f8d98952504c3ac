package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// gpuFile is what has become of a host's GPUs.
type gpuFile struct {
	Order  []string              `json:"order"` // UUIDs, as the driver lists them
	Cards  map[string]*cardState `json:"cards"`
	Leases map[string][]string   `json:"leases"` // UUIDs that containers have
}

// save keeps what has become of the GPUs; the caller holds the lock.
func (g *GPUs) save() error {
	if g.options.File == "" {
		return nil
	}
	f := gpuFile{Cards: map[string]*cardState{}, Leases: g.leases}
	for _, c := range g.cards {
		f.Order, f.Cards[c.UUID] = append(f.Order, c.UUID), &c.cardState
	}
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	next := g.options.File + ".new"
	if err = os.WriteFile(next, data, 0o600); err == nil {
		err = os.Rename(next, g.options.File)
	}
	if err != nil {
		return fmt.Errorf("keep the state of the simulated GPUs: %w", err)
	}
	return nil
}

// load finds it again. GPUs that were not there then are as new, and follow the others.
func (g *GPUs) load() error {
	if g.options.File == "" {
		return nil
	}
	data, err := os.ReadFile(g.options.File)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var f gpuFile
	if err == nil {
		err = json.Unmarshal(data, &f)
	}
	if err != nil {
		return fmt.Errorf("read the state of the simulated GPUs, %s (remove it, and they are as new): %w", g.options.File, err)
	}
	if f.Leases != nil {
		g.leases = f.Leases
	}
	there := map[string]*card{}
	for _, c := range g.cards {
		there[c.UUID] = c
	}
	var cards []*card
	for _, uuid := range f.Order {
		if c := there[uuid]; c != nil {
			cards = append(cards, c)
			delete(there, uuid)
		}
	}
	for _, c := range g.cards {
		if there[c.UUID] != nil {
			cards = append(cards, c)
		}
		if state := f.Cards[c.UUID]; state != nil {
			c.cardState = *state
		}
	}
	g.cards = cards
	return nil
}
