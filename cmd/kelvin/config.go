package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"
)

// configured makes a part's flags take their values from the environment and a file, too:
// --store is KELVIN_STORE, and store: in the YAML file that --config names. A flag goes
// before the environment, the environment before the file. All that is wrong is said at
// once.
func configured(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().String("config", "", "YAML file of settings, by the names of the flags")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		path, _ := cmd.Flags().GetString("config")
		if path == "" {
			path = os.Getenv("KELVIN_CONFIG")
		}
		file := map[string]string{}
		if path != "" {
			text, err := os.ReadFile(path)
			if err == nil {
				err = yaml.Unmarshal(text, &file)
			}
			if err != nil {
				return fmt.Errorf("read --config: %w", err)
			}
		}
		var problems []error
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			value, in := file[f.Name], "file "+path+": "+f.Name
			delete(file, f.Name)
			if env, ok := os.LookupEnv(variable(f.Name)); ok {
				value, in = env, variable(f.Name)
			}
			if f.Changed || value == "" || f.Name == "config" || f.Name == "help" {
				return
			}
			if err := cmd.Flags().Set(f.Name, value); err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", in, err))
			}
		})
		for name := range file {
			problems = append(problems, fmt.Errorf("file %s: %s is not a setting of kelvin %s", path, name, cmd.Name()))
		}
		return errors.Join(problems...)
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) { f.Usage += " (" + variable(f.Name) + ")" })
	return cmd
}

// variable is a flag's name in the environment.
func variable(flag string) string {
	return "KELVIN_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// required says every flag of these that is empty, at once.
func required(cmd *cobra.Command, flags ...string) error {
	var problems []error
	for _, name := range flags {
		if cmd.Flags().Lookup(name).Value.String() == "" {
			problems = append(problems, fmt.Errorf("--%s is needed (or %s)", name, variable(name)))
		}
	}
	return errors.Join(problems...)
}
