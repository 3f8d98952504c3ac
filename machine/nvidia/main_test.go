package nvidia

import (
	"os"
	"testing"

	"github.com/kelvin-gpu/kelvin/machine/nvml/fakenvml"
)

func TestMain(m *testing.M) {
	status := m.Run()
	fakenvml.Clean()
	os.Exit(status)
}
