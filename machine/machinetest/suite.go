package machinetest

import (
	"testing"

	"github.com/kelvin-gpu/kelvin/machine"
)

// A Fixture is an engine and what the suite needs to know of it.
type Fixture struct {
	// Open makes a handle on the engine for a host's agent. Several hosts share the engine.
	Open func(hostID string) machine.Machine
	// Image is a reference that Pull can make present, with a tag other than latest. It
	// runs package echo.
	Image string
	// Missing is a reference that no registry has.
	Missing string
	// Fresh makes present, under the reference it returns, an image like Image that nobody
	// else uses. It goes when the test ends.
	Fresh func(t *testing.T) string
	// Forget removes an image, which no container has, from the engine.
	Forget func(t *testing.T, imageID string)
	// Command is the command line, in a container of Image, of: true, false, echo, cat of
	// its input or a file, write of a text to a file, env, pwd, sleep with a duration, size of
	// its terminal (at once, and at each line of input).
	Command func(words ...string) []string
	// Shell is one in Image that knows "exit 3".
	Shell string
	// Tasks is a reference of an image that Pull can make present, with /bin/sh, sleep and
	// what machine.Task needs.
	Tasks string
	// Left names all that is still there with the label of a host: containers, networks,
	// volumes.
	Left func(t *testing.T, hostID string) []string
}

// Run tries the contract. Every test has hosts of its own, and leaves nothing on the
// engine. Tests run in parallel.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	f := open(t)
	for name, test := range map[string]func(*testing.T, Fixture){
		"info describes the machine":                         infoDescribes,
		"a pull makes the image present, and can repeat":     pullRepeats,
		"what no registry has is not found":                  pullNotFound,
		"a container is created stopped, once":               createRepeats,
		"an image that is not here is not found":             createWithoutImage,
		"what can never work is invalid":                     createInvalid,
		"real GPUs are not handed out by pretence":           createRealGPUs,
		"a running container has the GPUs it was given":      gpusVisible,
		"a started container answers on its port":            startAnswers,
		"starting what runs changes nothing":                 startRepeats,
		"a stopped container starts again":                   startAgain,
		"a port that is taken is exhausted":                  startPortTaken,
		"a start command runs in the shell":                  startCommand,
		"a shell that is not there ends with 127":            startWithoutShell,
		"Kelvin's variables win":                             environment,
		"a stop lets requests in flight finish":              stopGraceful,
		"a stop kills after the grace":                       stopKills,
		"a cancelled stop goes on":                           stopCancelled,
		"a stop can repeat":                                  stopRepeats,
		"a removal takes what runs, and can repeat":          removeRepeats,
		"a disk outlives a stop and goes with its container": diskLives,
		"creations and removals of one account can cross":    createRemoveRace,
		"a lease is created once by many at a time":          createRace,
		"a container says how it ended":                      crash,
		"another host's containers are out of reach":         hostsApart,
		"a handle's end leaves containers alone":             closeLeaves,
		"a log is read from its beginning, or its end":       logs,
		"a followed log ends with its container":             logsFollow,
		"a followed log ends with its reader":                logsCancelled,
		"a running container has statistics":                 stats,
		"a command has output and an exit code":              execRuns,
		"a command reads its input":                          execInput,
		"a command has variables of its own":                 execEnvironment,
		"a command that is not there ends with 127":          execNotFound,
		"a command needs a running container":                execRefused,
		"a task ends, and what is done is not done again":    taskEnds,
		"a task outlives the call that started it":           taskOutlives,
		"a service writes to the log of its container":       taskServes,
		"a command has a terminal that changes its size":     execTerminal,
		"Ctrl-C ends what runs on a terminal":                execInterrupt,
		"a command is told when its caller has gone":         execHangUp,
		"a command runs where it is told to":                 execDir,
		"files are copied in and out":                        copies,
		"copies that cannot be are refused":                  copiesRefused,
		"a path says what is there":                          statsPaths,
		"a copy ends with its caller":                        copyCancelled,
		"a caller that gives up is let go":                   cancelled,
		"a container's files lie in folders of its host":     filesLie,
		"a container starts with the files put there":        filesStart,
		"a network volume is shared, outlives, is erased":    volumes,
		"files are nowhere without a container":              filesNowhere,
		"a paused container stands still and goes on":        pauseHolds,
		"a paused container can be stopped":                  pauseStop,
		"a paused container can be removed":                  pauseRemove,
		"starting what is paused lets it go on":              pauseStart,
		"only what runs can be paused":                       pauseRefused,
		"a saved image comes back as the same":               imageComesBack,
		"an image is loaded whole or not at all":             imageDamaged,
		"an image that is here is not loaded again":          imageRepeats,
		"an image is named by its ID only":                   imageInvalid,
		"a container can be made from a nameless image":      imageNameless,
		"a watch tells of starts and ends of its host":       watch,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, f)
		})
	}
}
