package machine

import "github.com/kelvin-gpu/kelvin/fleet"

// exits are the exit statuses of kelvin-gpu, the program that touches drivers, for each code
// of its errors. None is one that a crash of it has, such as Go's 2 or the linker's 127.
var exits = map[fleet.Code]int{
	fleet.Invalid: 64, fleet.NotFound: 66, fleet.Unavailable: 69, fleet.Internal: 70, fleet.Conflict: 75, fleet.Unsupported: 78,
}

// ExitCode is the exit status of kelvin-gpu for an error; 0 for none.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	if n, ok := exits[fleet.CodeOf(err)]; ok {
		return n
	}
	return exits[fleet.Internal]
}

// CodeOfExit is the code that an exit status of kelvin-gpu stands for; false if it did not
// choose its end.
func CodeOfExit(status int) (fleet.Code, bool) {
	for code, n := range exits {
		if n == status {
			return code, true
		}
	}
	return "", false
}
