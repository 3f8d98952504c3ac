package simulate

// A referenceRow is what an earlier, independent simulation found for a baseline on the Bamboo
// runs: three pools, ten workers.
type referenceRow struct {
	policy       string
	cold, notice int
	availability float64
}

// How far this simulator may be from it, in points. The other one had ticks of 30 s.
const (
	referenceTolerance     = 0.75
	referenceCostTolerance = 1.0
)

var referenceRows = []referenceRow{
	{"spot-only/heeding", 60, 0, 98.26},
	{"spot-only/heeding", 60, 30, 99.13},
	{"spot-only/heeding", 60, 120, 100},
	{"spot-only/heeding", 180, 0, 95.25},
	{"spot-only/heeding", 180, 120, 98.26},
	{"spothedge/heeding", 60, 0, 98.26},
	{"spothedge/heeding", 60, 30, 99.13},
	{"spothedge/heeding", 60, 120, 100},
	{"spothedge/heeding", 180, 0, 96.04},
	{"spothedge/heeding", 180, 120, 98.73},
	{"spothedge+1/heeding", 60, 0, 99.84},
	{"spothedge+1/heeding", 60, 30, 99.92},
	{"spothedge+1/heeding", 60, 120, 100},
	{"spothedge+1/heeding", 180, 0, 99.21},
	{"spothedge+1/heeding", 180, 120, 99.84},
	{"spothedge+2/heeding", 60, 0, 99.84},
	{"spothedge+2/heeding", 60, 30, 99.92},
	{"spothedge+2/heeding", 60, 120, 100},
	{"spothedge+2/heeding", 180, 0, 99.53},
	{"spothedge+2/heeding", 180, 120, 99.84},
	{"spothedge-base-2/heeding", 60, 0, 99.21},
	{"spothedge-base-2/heeding", 60, 30, 99.60},
	{"spothedge-base-2/heeding", 60, 120, 100},
	{"spothedge-base-2/heeding", 180, 0, 98.10},
	{"spothedge-base-2/heeding", 180, 120, 99.37},
}

// referenceCost is what they cost at a start of 60 s and without notice, at 3 and at 1.6.
var referenceCost = map[string][2]float64{
	"spot-only/heeding":        {33, 62},
	"spothedge/heeding":        {34, 63},
	"spothedge+1/heeding":      {37, 69},
	"spothedge+2/heeding":      {40, 75},
	"spothedge-base-2/heeding": {47, 70},
}
