package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// prices is what GPUs cost.
type prices struct {
	path string
	fleet.PriceList
}

func (p *prices) flags(cmd *cobra.Command, otherwise string) {
	cmd.Flags().StringVar(&p.path, "prices", otherwise, "file with what a GPU costs for an hour, in JSON, or examples: made-up prices, labelled so; empty: none are known. See docs/guides/deploy.md")
}

// load reads the file, if there is one.
func (p *prices) load() error {
	switch p.path {
	case "":
		return nil
	case "examples":
		p.PriceList = fleet.ExamplePrices()
		return nil
	}
	text, err := os.ReadFile(p.path)
	if err != nil {
		return fmt.Errorf("--prices: %w", err)
	}
	read := json.NewDecoder(bytes.NewReader(text))
	read.DisallowUnknownFields()
	if err := read.Decode(&p.PriceList); err != nil {
		return fmt.Errorf("--prices: %s: %w", p.path, err)
	}
	if err := p.Validate(); err != nil {
		return fmt.Errorf("--prices: %s: %w", p.path, err)
	}
	return nil
}
