// Checks dashboards against the types that Grafana publishes: fields that it does not know, or misses, or that have another type.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

// The units that the kit uses.
var known = map[string]bool{
	units.Short:             true,
	units.Seconds:           true,
	units.BytesIEC:          true,
	units.BytesPerSecondSI:  true,
	units.PercentUnit:       true,
	units.RequestsPerSecond: true,
	units.OpsPerSecond:      true,
	units.IOOpsPerSecond:    true,
	units.PacketsPerSecond:  true,
}

func main() {
	plugins.RegisterDefaultPlugins()
	failed := false
	for _, name := range os.Args[1:] {
		if err := check(name); err != nil {
			failed = true
			fmt.Printf("%s:\n%v\n", name, err)
		}
	}
	if failed {
		os.Exit(1)
	}
}

func check(name string) error {
	raw, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var strict, read dashboard.Dashboard
	if err := some(strict.UnmarshalJSONStrict(raw)); err != nil {
		return err
	}
	// What was read strictly has no panels in it.
	if err := json.Unmarshal(raw, &read); err != nil {
		return err
	}
	if err := some(read.Validate()); err != nil {
		return err
	}
	var panels []dashboard.Panel
	for _, one := range read.Panels {
		if one.Panel != nil {
			panels = append(panels, *one.Panel)
		}
		if one.RowPanel != nil {
			panels = append(panels, one.RowPanel.Panels...)
		}
	}
	if len(panels) == 0 {
		return errors.New("there is no panel in it")
	}
	for _, panel := range panels {
		unit := panel.FieldConfig.Defaults.Unit
		if unit == nil || !known[*unit] {
			return fmt.Errorf("panel %q: no unit that is known", *panel.Title)
		}
	}
	return nil
}

// A list without errors is no error.
func some(err error) error {
	var all cog.BuildErrors
	if errors.As(err, &all) && len(all) == 0 {
		return nil
	}
	return err
}
