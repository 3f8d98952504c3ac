package gpu_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kelvin-gpu/kelvin/fleet/gpu"
)

func TestProductOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		memory   int64
		typ      string
		ecc      gpu.ECCClass
		peak     float64
		rigorous bool
	}{
		{"NVIDIA A100-SXM4-40GB", 40960, "a100-40gb", gpu.ECCFull, 1555, true},
		{"A100-SXM4-40GB", 40536, "a100-40gb", gpu.ECCFull, 1555, true}, // as drivers before 470 said
		{"NVIDIA A100-SXM4-80GB", 81920, "a100-80gb", gpu.ECCFull, 2039, true},
		{"NVIDIA A100 80GB PCIe", 81920, "a100-80gb", gpu.ECCFull, 1935, true},
		{"NVIDIA A100-PG509-200", 40960, "a100pg509200-40gb", "", 0, false},
		{"NVIDIA H100 80GB HBM3", 81559, "h100-80gb", gpu.ECCFull, 3352, true},
		{"NVIDIA H100 PCIe", 81559, "h100-80gb", gpu.ECCFull, 2039, true},
		{"NVIDIA H100 NVL", 95830, "h100-94gb", gpu.ECCFull, 3938, true},
		{"NVIDIA H200", 143771, "h200-141gb", gpu.ECCFull, 4800, true},
		{"NVIDIA GH200 480GB", 97871, "gh200-96gb", gpu.ECCFull, 4000, true},
		{"NVIDIA B200", 183359, "b200-180gb", gpu.ECCFull, 8000, true},
		{"NVIDIA GB200", 189471, "gb200-186gb", gpu.ECCFull, 8000, true},
		{"NVIDIA A10", 23028, "a10-24gb", gpu.ECCRemap, 600, false},
		{"NVIDIA A10G", 22731, "a10g-24gb", gpu.ECCRemap, 600, false},
		{"NVIDIA L4", 23034, "l4-24gb", gpu.ECCRemap, 300, false},
		{"NVIDIA L40S", 46068, "l40s-48gb", gpu.ECCRemap, 864, false},
		{"NVIDIA L40", 46068, "l40-48gb", gpu.ECCRemap, 864, false},
		{"Tesla T4", 15360, "t4-16gb", gpu.ECCPages, 320, false},
		{"NVIDIA T4", 15109, "t4-16gb", gpu.ECCPages, 320, false},
		{"Tesla V100-SXM2-16GB", 16160, "v100-16gb", gpu.ECCPages, 900, false},
		{"Tesla V100-SXM2-32GB", 32510, "v100-32gb", gpu.ECCPages, 900, false},
		{"Tesla V100S-PCIE-32GB", 32510, "v100s-32gb", gpu.ECCPages, 1134, false},
		{"NVIDIA GeForce RTX 4090", 24564, "rtx4090-24gb", gpu.ECCNone, 1008, false},
		{"NVIDIA GeForce RTX 3090 Ti", 24564, "rtx3090ti-24gb", gpu.ECCNone, 1008, false},
		{"Quadro RTX 6000", 22698, "quadrortx6000-24gb", gpu.ECCPages, 672, false},
		{"NVIDIA RTX 6000 Ada Generation", 49140, "rtx6000ada-48gb", gpu.ECCRemap, 960, false},
		{"NVIDIA RTX A6000", 49140, "rtxa6000-48gb", gpu.ECCRemap, 768, false},

		// Nobody knows these.
		{"NVIDIA R900", 24564, "r900-24gb", "", 0, false},
		{"NVIDIA A100-SXM4-80GB", 20480, "a100-20gb", "", 0, false}, // not that one
		{"NVIDIA Graphics Device", 0, "device", "", 0, false},
		{"", 0, "unknown", "", 0, false},
		{"日本/../etc; rm -rf", 1000, "etcrmrf-1gb", "", 0, false},
	} {
		p := gpu.ProductOf(c.name, c.memory)
		require.Equal(t, c.typ, p.Type, c.name)
		require.Equal(t, c.ecc, p.ECC, c.name)
		require.InDelta(t, c.peak, p.Peak, 0, c.name)
		require.Equal(t, c.rigorous, p.Rigorous, c.name)
		require.Equal(t, c.name, p.Name)
	}
}

func TestEveryProductIsFoundByItsNameAndItsType(t *testing.T) {
	t.Parallel()
	for _, p := range gpu.Products() {
		require.Equal(t, p, gpu.ProductOf(p.Name, p.MemoryMB))
		back, ok := gpu.ProductOfType(p.Type)
		require.True(t, ok)
		require.Equal(t, p.Type, back.Type)
		require.Equal(t, p.ECC, back.ECC)
		require.Equal(t, p.Type, gpu.ProductOf(p.Name, 0).Type, "without its memory")
		require.Positive(t, p.Peak)
	}
}

func TestASliceHasATypeOfItsOwn(t *testing.T) {
	t.Parallel()
	whole, _ := gpu.ProductOfType("a100-80gb")
	slice := whole.Sliced("3g.40gb", 40192)
	require.Equal(t, "a100-80gb-3g40gb", slice.Type)
	require.Zero(t, slice.Peak)
	back, ok := gpu.ProductOfType(slice.Type)
	require.True(t, ok)
	require.Equal(t, "3g.40gb", back.Slice)
	require.Equal(t, gpu.ECCFull, back.ECC)
	for _, typ := range []string{"", "a100", "a100-80gb-", "a100-80gb-3g", "a100-80gb-x", "r900-24gb-1g10gb", "-1g10gb"} {
		_, ok := gpu.ProductOfType(typ)
		require.False(t, ok, typ)
	}
}

var slugs = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func TestATypeIsAlwaysASlug(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name, memory := rapid.String().Draw(t, "name"), rapid.Int64Range(-1, 1<<40).Draw(t, "memory")
		p := gpu.ProductOf(name, memory)
		require.Regexp(t, slugs, p.Type)
		require.Regexp(t, slugs, p.Sliced(name, 0).Type)
		require.Equal(t, p, gpu.ProductOf(name, memory))
	})
}

func FuzzProductOf(f *testing.F) {
	f.Add("NVIDIA A100-SXM4-80GB", int64(81920), "a100-80gb-1g10gb")
	f.Fuzz(func(t *testing.T, name string, memory int64, typ string) {
		require.Regexp(t, slugs, gpu.ProductOf(name, memory).Type)
		if p, ok := gpu.ProductOfType(typ); ok {
			require.NotEmpty(t, p.ECC)
		}
	})
}

func TestWhoHasECC(t *testing.T) {
	t.Parallel()
	on, off, absent, unread := gpu.Known(true), gpu.Known(false), gpu.Unsupported[bool](), gpu.Flag{}
	for _, c := range []struct {
		class gpu.ECCClass
		flag  gpu.Flag
		has   bool
	}{
		{gpu.ECCFull, on, true},
		{gpu.ECCFull, off, true},
		{gpu.ECCFull, absent, true},
		{gpu.ECCFull, unread, true},
		{gpu.ECCRemap, on, true},
		{gpu.ECCRemap, off, false},
		{gpu.ECCRemap, absent, true},
		{gpu.ECCRemap, unread, true},
		{gpu.ECCPages, on, true},
		{gpu.ECCPages, off, false},
		{gpu.ECCPages, unread, true},
		{gpu.ECCNone, on, true},
		{gpu.ECCNone, off, false},
		{gpu.ECCNone, absent, false},
		{gpu.ECCNone, unread, false},
		{"", on, true},
		{"", off, false},
		{"", absent, false},
		{"", unread, true},
	} {
		has, isOff := gpu.Product{ECC: c.class}.HasECC(c.flag)
		require.Equal(t, c.has, has, "%+v", c)
		require.Equal(t, c.flag == off, isOff)
	}
}
