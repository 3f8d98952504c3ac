//go:build cgo && linux

package nvml

import (
	"fmt"
	"strconv"
	"strings"
)

// normalBus writes a PCI address as the driver does in its list: 00000000:07:00.0. The kernel
// log has PCI:0000:07:00 and such. What is no address stays as it is.
func normalBus(s string) string {
	trimmed, function, _ := strings.Cut(strings.TrimPrefix(strings.ToUpper(s), "PCI:"), ".")
	parts := strings.Split(trimmed, ":")
	if len(parts) == 2 {
		parts = append([]string{"0"}, parts...)
	}
	if len(parts) != 3 {
		return s
	}
	var numbers [3]uint64
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 16, 32)
		if err != nil {
			return s
		}
		numbers[i] = n
	}
	if numbers[1] > 0xFF || numbers[2] > 0x1F {
		return s
	}
	if f, err := strconv.ParseUint(function, 16, 8); err == nil && f > 0 && f < 8 {
		return fmt.Sprintf("%08X:%02X:%02X.%d", numbers[0], numbers[1], numbers[2], f)
	}
	return fmt.Sprintf("%08X:%02X:%02X.0", numbers[0], numbers[1], numbers[2])
}
