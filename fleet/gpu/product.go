package gpu

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
)

// ECCClass is what a product does about errors of its memory.
type ECCClass string

// The classes. Of a product that is not known it is empty, and its driver is asked.
const (
	ECCFull  ECCClass = "full"  // corrected, contained, pages off-lined, rows replaced by a reset
	ECCRemap ECCClass = "remap" // corrected where that is on; rows replaced by a reset
	ECCPages ECCClass = "pages" // corrected; bad pages are not used any more: before Ampere
	ECCNone  ECCClass = "none"  // nothing, or not by default; its driver may still answer with zeros
)

// A Product is a kind of GPU.
type Product struct {
	Type     string   // Kelvin's name: a100-80gb
	Name     string   // a name that drivers give it: NVIDIA A100-SXM4-80GB
	MemoryMB int64    // as drivers tell it, in MiB
	ECC      ECCClass //
	Peak     float64  // of its memory, in 10⁹ bytes a second; 0: unknown
	Rigorous bool     // the A100 and its kind, whose memory is tested most thoroughly
	Slice    string   // the MIG profile, if it is a slice: 3g.40gb
}

// products are those that are known. Of two that are of one type, ProductOfType gives the
// first. Memory is what drivers report, or the nominal size where nobody has looked; peaks
// are NVIDIA's, from the data sheets.
var products = []Product{
	{Type: "a100-40gb", Name: "NVIDIA A100-SXM4-40GB", MemoryMB: 40960, ECC: ECCFull, Peak: 1555, Rigorous: true},
	{Type: "a100-40gb", Name: "NVIDIA A100-PCIE-40GB", MemoryMB: 40960, ECC: ECCFull, Peak: 1555, Rigorous: true},
	{Type: "a100-64gb", Name: "NVIDIA A100-SXM-64GB", MemoryMB: 65536, ECC: ECCFull, Peak: 1638, Rigorous: true},
	{Type: "a100-80gb", Name: "NVIDIA A100-SXM4-80GB", MemoryMB: 81920, ECC: ECCFull, Peak: 2039, Rigorous: true},
	{Type: "a100-80gb", Name: "NVIDIA A100 80GB PCIe", MemoryMB: 81920, ECC: ECCFull, Peak: 1935, Rigorous: true},
	{Type: "a800-40gb", Name: "NVIDIA A800 40GB Active", MemoryMB: 40960, ECC: ECCFull, Peak: 1555, Rigorous: true},
	{Type: "a800-80gb", Name: "NVIDIA A800-SXM4-80GB", MemoryMB: 81920, ECC: ECCFull, Peak: 2039, Rigorous: true},
	{Type: "a800-80gb", Name: "NVIDIA A800 80GB PCIe", MemoryMB: 81920, ECC: ECCFull, Peak: 1935, Rigorous: true},
	{Type: "a30-24gb", Name: "NVIDIA A30", MemoryMB: 24576, ECC: ECCFull, Peak: 933, Rigorous: true},
	{Type: "h100-80gb", Name: "NVIDIA H100 80GB HBM3", MemoryMB: 81559, ECC: ECCFull, Peak: 3352, Rigorous: true},
	{Type: "h100-80gb", Name: "NVIDIA H100 PCIe", MemoryMB: 81559, ECC: ECCFull, Peak: 2039, Rigorous: true},
	{Type: "h100-94gb", Name: "NVIDIA H100 NVL", MemoryMB: 95830, ECC: ECCFull, Peak: 3938, Rigorous: true},
	{Type: "h800-80gb", Name: "NVIDIA H800", MemoryMB: 81559, ECC: ECCFull, Peak: 3352, Rigorous: true},
	{Type: "h800-80gb", Name: "NVIDIA H800 PCIe", MemoryMB: 81559, ECC: ECCFull, Peak: 2039, Rigorous: true},
	{Type: "h20-96gb", Name: "NVIDIA H20", MemoryMB: 97871, ECC: ECCFull, Peak: 4000, Rigorous: true},
	{Type: "h200-141gb", Name: "NVIDIA H200", MemoryMB: 143771, ECC: ECCFull, Peak: 4800, Rigorous: true},
	{Type: "h200-141gb", Name: "NVIDIA H200 NVL", MemoryMB: 143771, ECC: ECCFull, Peak: 4800, Rigorous: true},
	{Type: "gh200-96gb", Name: "NVIDIA GH200 480GB", MemoryMB: 97871, ECC: ECCFull, Peak: 4000, Rigorous: true}, // 480 GB are the processor's
	{Type: "gh200-144gb", Name: "NVIDIA GH200 144G HBM3e", MemoryMB: 147456, ECC: ECCFull, Peak: 4900, Rigorous: true},
	{Type: "b100-180gb", Name: "NVIDIA B100", MemoryMB: 183359, ECC: ECCFull, Peak: 8000, Rigorous: true},
	{Type: "b200-180gb", Name: "NVIDIA B200", MemoryMB: 183359, ECC: ECCFull, Peak: 8000, Rigorous: true},
	{Type: "b300-288gb", Name: "NVIDIA B300 SXM6 AC", MemoryMB: 275040, ECC: ECCFull, Peak: 8000, Rigorous: true},
	{Type: "gb200-186gb", Name: "NVIDIA GB200", MemoryMB: 189471, ECC: ECCFull, Peak: 8000, Rigorous: true},
	{Type: "gb300-288gb", Name: "NVIDIA GB300", MemoryMB: 284208, ECC: ECCFull, Peak: 8000, Rigorous: true},

	{Type: "a2-16gb", Name: "NVIDIA A2", MemoryMB: 15356, ECC: ECCRemap, Peak: 200},
	{Type: "a10-24gb", Name: "NVIDIA A10", MemoryMB: 23028, ECC: ECCRemap, Peak: 600},
	{Type: "a10g-24gb", Name: "NVIDIA A10G", MemoryMB: 23028, ECC: ECCRemap, Peak: 600},
	{Type: "a16-16gb", Name: "NVIDIA A16", MemoryMB: 15356, ECC: ECCRemap, Peak: 200},
	{Type: "a40-48gb", Name: "NVIDIA A40", MemoryMB: 46068, ECC: ECCRemap, Peak: 696},
	{Type: "l4-24gb", Name: "NVIDIA L4", MemoryMB: 23034, ECC: ECCRemap, Peak: 300},
	{Type: "l20-48gb", Name: "NVIDIA L20", MemoryMB: 46068, ECC: ECCRemap, Peak: 864},
	{Type: "l40-48gb", Name: "NVIDIA L40", MemoryMB: 46068, ECC: ECCRemap, Peak: 864},
	{Type: "l40s-48gb", Name: "NVIDIA L40S", MemoryMB: 46068, ECC: ECCRemap, Peak: 864},
	{Type: "rtxa4000-16gb", Name: "NVIDIA RTX A4000", MemoryMB: 16376, ECC: ECCRemap, Peak: 448},
	{Type: "rtxa5000-24gb", Name: "NVIDIA RTX A5000", MemoryMB: 24564, ECC: ECCRemap, Peak: 768},
	{Type: "rtxa6000-48gb", Name: "NVIDIA RTX A6000", MemoryMB: 49140, ECC: ECCRemap, Peak: 768},
	{Type: "rtx6000ada-48gb", Name: "NVIDIA RTX 6000 Ada Generation", MemoryMB: 49140, ECC: ECCRemap, Peak: 960},
	{Type: "rtxpro6000-96gb", Name: "NVIDIA RTX PRO 6000 Blackwell Workstation Edition", MemoryMB: 97887, ECC: ECCRemap, Peak: 1792},
	{Type: "rtxpro6000-96gb", Name: "NVIDIA RTX PRO 6000 Blackwell Server Edition", MemoryMB: 97887, ECC: ECCRemap, Peak: 1597},

	{Type: "t4-16gb", Name: "Tesla T4", MemoryMB: 15360, ECC: ECCPages, Peak: 320},
	{Type: "v100-16gb", Name: "Tesla V100-SXM2-16GB", MemoryMB: 16384, ECC: ECCPages, Peak: 900},
	{Type: "v100-16gb", Name: "Tesla V100-PCIE-16GB", MemoryMB: 16384, ECC: ECCPages, Peak: 900},
	{Type: "v100-32gb", Name: "Tesla V100-SXM2-32GB", MemoryMB: 32768, ECC: ECCPages, Peak: 900},
	{Type: "v100-32gb", Name: "Tesla V100-PCIE-32GB", MemoryMB: 32768, ECC: ECCPages, Peak: 900},
	{Type: "v100s-32gb", Name: "Tesla V100S-PCIE-32GB", MemoryMB: 32768, ECC: ECCPages, Peak: 1134},
	{Type: "p100-16gb", Name: "Tesla P100-SXM2-16GB", MemoryMB: 16384, ECC: ECCPages, Peak: 732},
	{Type: "p100-12gb", Name: "Tesla P100-PCIE-12GB", MemoryMB: 12288, ECC: ECCPages, Peak: 549},
	{Type: "p40-24gb", Name: "Tesla P40", MemoryMB: 23040, ECC: ECCPages, Peak: 346},
	{Type: "p4-8gb", Name: "Tesla P4", MemoryMB: 7680, ECC: ECCPages, Peak: 192},
	{Type: "quadrortx6000-24gb", Name: "Quadro RTX 6000", MemoryMB: 24576, ECC: ECCPages, Peak: 672},
	{Type: "quadrortx8000-48gb", Name: "Quadro RTX 8000", MemoryMB: 49152, ECC: ECCPages, Peak: 672},

	{Type: "rtx2080ti-11gb", Name: "NVIDIA GeForce RTX 2080 Ti", MemoryMB: 11264, ECC: ECCNone, Peak: 616},
	{Type: "rtx3060-12gb", Name: "NVIDIA GeForce RTX 3060", MemoryMB: 12288, ECC: ECCNone, Peak: 360},
	{Type: "rtx3080-10gb", Name: "NVIDIA GeForce RTX 3080", MemoryMB: 10240, ECC: ECCNone, Peak: 760},
	{Type: "rtx3090-24gb", Name: "NVIDIA GeForce RTX 3090", MemoryMB: 24576, ECC: ECCNone, Peak: 936},
	{Type: "rtx3090ti-24gb", Name: "NVIDIA GeForce RTX 3090 Ti", MemoryMB: 24564, ECC: ECCNone, Peak: 1008},
	{Type: "rtx4080-16gb", Name: "NVIDIA GeForce RTX 4080", MemoryMB: 16376, ECC: ECCNone, Peak: 717},
	{Type: "rtx4090-24gb", Name: "NVIDIA GeForce RTX 4090", MemoryMB: 24564, ECC: ECCNone, Peak: 1008},
	{Type: "rtx4090d-24gb", Name: "NVIDIA GeForce RTX 4090 D", MemoryMB: 24564, ECC: ECCNone, Peak: 1008},
	{Type: "rtx5080-16gb", Name: "NVIDIA GeForce RTX 5080", MemoryMB: 16303, ECC: ECCNone, Peak: 960},
	{Type: "rtx5090-32gb", Name: "NVIDIA GeForce RTX 5090", MemoryMB: 32607, ECC: ECCNone, Peak: 1792},
}

// named are the products by what their names say.
var named = func() map[string][]candidate {
	all := map[string][]candidate{}
	for i := range products {
		words := wordsOf(products[i].Name)
		family := familyOf(words)
		all[family] = append(all[family], candidate{&products[i], words})
	}
	return all
}()

type candidate struct {
	product *Product
	words   []string
}

// Products are those that are known, in the order of a table for people.
func Products() []Product { return slices.Clone(products) }

// ProductOf is the product with a driver's name and memory in MiB. One that is not known has
// a type made of both, and nothing else that could be relied on.
func ProductOf(name string, memoryMB int64) Product {
	words := wordsOf(name)
	family := familyOf(words)
	var best *Product
	score := math.Inf(-1)
	for _, c := range named[family] {
		if s := alike(words, c.words); near(c.product.MemoryMB, memoryMB) && s > score {
			best, score = c.product, s
		}
	}
	if best == nil {
		return Product{Type: typeOf(family, memoryMB), Name: name, MemoryMB: memoryMB}
	}
	p := *best
	p.Name = name
	if memoryMB > 0 {
		p.MemoryMB = memoryMB
	}
	return p
}

// ProductOfType is the product of one of Kelvin's types, or of a slice of one.
func ProductOfType(typ string) (Product, bool) {
	if i := slices.IndexFunc(products, func(p Product) bool { return p.Type == typ }); i >= 0 {
		return products[i], true
	}
	for i := len(typ) - 1; i > 0; i-- {
		if typ[i] != '-' {
			continue
		}
		profile, ok := profileOf(typ[i+1:])
		if !ok {
			continue
		}
		whole, known := ProductOfType(typ[:i])
		if !known {
			return Product{}, false
		}
		return whole.Sliced(profile, 0), true
	}
	return Product{}, false
}

// Sliced is what a MIG slice with a profile is: a100-80gb-3g40gb of 3g.40gb. What its memory
// can do is not known.
func (p Product) Sliced(profile string, memoryMB int64) Product {
	p.Type = slug(p.Type + "-" + strings.ReplaceAll(profile, ".", ""))
	p.Slice, p.Peak, p.MemoryMB = profile, 0, memoryMB
	return p
}

// profileOf reads a profile as types have it: 3g40gb.
func profileOf(s string) (string, bool) {
	g := strings.IndexByte(s, 'g')
	if g < 1 || !strings.HasSuffix(s, "gb") || g+1 >= len(s)-2 {
		return "", false
	}
	for _, digits := range []string{s[:g], s[g+1 : len(s)-2]} {
		if _, err := strconv.ParseUint(digits, 10, 16); err != nil {
			return "", false
		}
	}
	return s[:g+1] + "." + s[g+1:], true
}

// HasECC reports whether a GPU corrects errors of its memory, so that its counters have to be
// there. Off says that its driver knows it to be off. What nobody can tell counts as yes.
func (p Product) HasECC(current Flag) (has, off bool) {
	on, known := current.Get()
	off = known && !on
	switch p.ECC {
	case ECCFull:
		return true, off
	case ECCNone:
		return known && on, off
	default:
		return !off && (p.ECC != "" || !current.Unsupported), off
	}
}

// wordsOf are the words of a product's name: letters and digits.
func wordsOf(name string) []string {
	return strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
}

// prose are words of names that say nothing about what a GPU is: makers, buses and editions.
var prose = []string{
	"nvidia", "tesla", "geforce", "gpu", "graphics", "corporation", "generation", "edition", "workstation", "server", "blackwell", "active",
	"pcie", "pci", "sxm", "sxm2", "sxm3", "sxm4", "sxm5", "sxm6", "nvl", "ac", "hbm2", "hbm2e", "hbm3", "hbm3e",
}

// familyOf is what is left of a name: a100, rtx4090, rtx6000ada.
func familyOf(words []string) string {
	var b strings.Builder
	for _, w := range words {
		size := strings.TrimSuffix(strings.TrimSuffix(w, "gb"), "g")
		_, err := strconv.ParseUint(size, 10, 32)
		if slices.Contains(prose, w) || size != w && err == nil {
			continue
		}
		b.WriteString(w)
	}
	return b.String()
}

// alike is how many words two names share, less those that only one of them has.
func alike(a, b []string) (n float64) {
	for _, w := range a {
		if slices.Contains(b, w) {
			n++
		}
	}
	return n - float64(len(a)+len(b))/100
}

// near reports whether two sizes may be of one product: drivers keep some for themselves. An
// unknown size is near to all.
func near(nominal, told int64) bool {
	return told <= 0 || math.Abs(float64(told-nominal)) <= 0.08*float64(nominal)
}

// typeOf makes a type for a product that is not known.
func typeOf(family string, memoryMB int64) string {
	family = cmp.Or(family, "unknown")
	if memoryMB <= 0 {
		return slug(family)
	}
	size := "-" + strconv.FormatInt(sizeOf(memoryMB), 10) + "gb"
	return slug(family[:min(len(family), maxType-len(size))] + size)
}

// sizes are what memory is sold in, in GB.
var sizes = []int64{1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 16, 20, 24, 32, 40, 48, 64, 80, 94, 96, 128, 141, 144, 180, 186, 192, 256, 288, 384, 512}

// sizeOf is the least size that memory of so many MiB is sold as, if there is one that is not
// much more.
func sizeOf(memoryMB int64) int64 {
	gib := (memoryMB + 1023) / 1024
	for _, size := range sizes {
		if size >= gib && float64(size)*1024 <= float64(memoryMB)*1.13 {
			return size
		}
	}
	return gib
}

// maxType is the length of the longest type.
const maxType = 63

// slug is s with nothing in it that a type must not have.
func slug(s string) string {
	s = strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(s)), "-")
	s = strings.TrimRight(s[:min(len(s), maxType)], "-")
	return cmp.Or(s, "unknown")
}
