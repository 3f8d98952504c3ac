package simulate

// Static keeps a number of workers that somebody knew beforehand.
type Static int

// Restart changes nothing.
func (Static) Restart(Observed) {}

// Decide never does.
func (s Static) Decide(Observed) Choice { return Choice{Total: int(s), Rule: "static"} }
