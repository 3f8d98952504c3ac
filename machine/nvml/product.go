//go:build cgo && linux

package nvml

import (
	"fmt"
	"regexp"
	"strings"
)

// productName finds what a GPU is in the driver's name of it: A100 in NVIDIA A100-SXM4-80GB.
var productName = regexp.MustCompile(`\b(GB200|GH200|B100|B200|B300|H100|H200|H20|A100|A800|A10G|A10|A30|A40|A16|A2|L40S|L40|L4|T4|V100|P100|P40|P4)\b|RTX A?(\d{4})`)

// typeOf is Kelvin's name for a product: a100-80gb.
func typeOf(name string, memoryMB int64) string {
	gb := (memoryMB + 1023) / 1024
	m := productName.FindStringSubmatch(strings.ToUpper(name))
	switch {
	case m == nil:
		return ""
	case m[2] != "":
		return fmt.Sprintf("rtx%s-%dgb", m[2], gb)
	default:
		return fmt.Sprintf("%s-%dgb", strings.ToLower(m[1]), gb)
	}
}

// remaps reports whether a product can replace rows of its memory, or nobody knows.
func remaps(name string) bool {
	return true
}
