// Checks a compose file by the schema of compose, and manifests of Kubernetes and of the Prometheus Operator by the types that these publish: unknown
// fields are errors. For monitors and probes it also prints the scrape configuration that the Operator writes for them.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	operator "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus-operator/prometheus-operator/pkg/assets"
	"github.com/prometheus-operator/prometheus-operator/pkg/prometheus"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	failed := false
	for _, name := range os.Args[1:] {
		check := manifests
		if strings.HasPrefix(filepath.Base(name), "compose") {
			check = compose
		}
		if err := check(name); err != nil {
			failed = true
			fmt.Printf("%s:\n%v\n", name, err)
		}
	}
	if failed {
		os.Exit(1)
	}
}

// As a plain `docker compose` does: variables come from the environment, from .env, and from what the file itself names.
func compose(name string) error {
	folder := filepath.Dir(name)
	options, err := cli.NewProjectOptions([]string{name},
		cli.WithWorkingDirectory(folder),
		cli.WithOsEnv, cli.WithEnvFiles(), cli.WithDotEnv)
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	for _, service := range project.Services {
		fmt.Printf("service %s %s\n", service.Name, service.Image)
		fmt.Printf("may %s user=%q drops=%v adds=%v %v\n", service.Name, service.User, service.CapDrop, service.CapAdd, service.SecurityOpt)
		for network := range service.Networks {
			fmt.Printf("network %s %s\n", network, service.Name)
		}
		for _, volume := range service.Volumes {
			if volume.Type == "bind" {
				fmt.Printf("mount %s\n", volume.Source)
			}
		}
		for _, port := range service.Ports {
			fmt.Printf("port %s:%s\n", port.HostIP, port.Published)
		}
	}
	return nil
}

func manifests(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	for _, document := range bytes.Split(text, []byte("\n---\n")) {
		var kind meta.TypeMeta
		if err := yaml.Unmarshal(document, &kind); err != nil {
			return err
		}
		known := map[string]any{
			"apps/v1 Deployment":                      &apps.Deployment{},
			"v1 ConfigMap":                            &core.ConfigMap{},
			"v1 Service":                              &core.Service{},
			"policy/v1 PodDisruptionBudget":           &policy.PodDisruptionBudget{},
			"networking.k8s.io/v1 NetworkPolicy":      &networking.NetworkPolicy{},
			"monitoring.coreos.com/v1 ServiceMonitor": &operator.ServiceMonitor{},
			"monitoring.coreos.com/v1 PodMonitor":     &operator.PodMonitor{},
			"monitoring.coreos.com/v1 Probe":          &operator.Probe{},
			"monitoring.coreos.com/v1 PrometheusRule": &operator.PrometheusRule{},
		}
		into := known[kind.APIVersion+" "+kind.Kind]
		if into == nil {
			return fmt.Errorf("%q of %q is none that is known", kind.Kind, kind.APIVersion)
		}
		if err := yaml.UnmarshalStrict(document, into); err != nil {
			return err
		}
		fmt.Printf("%s\n", kind.Kind)
		if err := scrapes(into); err != nil {
			return err
		}
		switch is := into.(type) {
		case *operator.Probe:
			asks(is)
		case *core.ConfigMap:
			for _, text := range is.Data {
				fmt.Printf("holds %q\n", text)
			}
		}
	}
	return nil
}

// Whom a Probe asks, how, and the labels of what it finds: a line for each target.
func asks(probe *operator.Probe) {
	fmt.Printf("name %s\n", probe.Name)
	labels, err := json.Marshal(probe.Spec.Targets.StaticConfig.Labels)
	if err != nil {
		panic(err) // texts by texts are always JSON
	}
	for _, target := range probe.Spec.Targets.StaticConfig.Targets {
		fmt.Printf("asks %s %s %s %s %s %s\n", probe.Spec.ProberSpec.URL, probe.Spec.JobName, probe.Spec.Interval, probe.Spec.Module, target, labels)
	}
}

// Prints the scrape configuration that the Operator writes for this object: one line of JSON. Other objects have none.
func scrapes(object any) error {
	const namespace, key = "default", "default/object"
	services := map[string]*operator.ServiceMonitor{}
	pods := map[string]*operator.PodMonitor{}
	probes := map[string]*operator.Probe{}
	switch object := object.(type) {
	case *operator.ServiceMonitor:
		object = object.DeepCopy()
		object.Namespace = namespace
		services[key] = object
	case *operator.PodMonitor:
		object = object.DeepCopy()
		object.Namespace = namespace
		pods[key] = object
	case *operator.Probe:
		object = object.DeepCopy()
		object.Namespace = namespace
		probes[key] = object
	default:
		return nil
	}
	server := &operator.Prometheus{ObjectMeta: meta.ObjectMeta{Namespace: namespace, Name: "k8s"}}
	generator, err := prometheus.NewConfigGenerator(nil, server)
	if err != nil {
		return err
	}
	written, err := generator.GenerateServerConfiguration(server, services, pods, probes, nil, &assets.StoreBuilder{}, nil, nil, nil, nil)
	if err != nil {
		return err
	}
	var config struct {
		ScrapeConfigs []map[string]any `json:"scrape_configs"`
	}
	if err := yaml.Unmarshal(written, &config); err != nil {
		return err
	}
	for _, scrape := range config.ScrapeConfigs {
		line, err := json.Marshal(scrape)
		if err != nil {
			return err
		}
		fmt.Printf("scrapes %s\n", line)
	}
	return nil
}
