package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v3"

	"slipway/worker"
	"slipway/workflows"
)

// version is set by the build with -ldflags "-X slipway/app.version=…".
var version = unnamed

// unnamed is the version of a build that was given none.
const unnamed = "dev"

func versionCommand(stdout io.Writer) *cli.Command {
	return &cli.Command{Name: "version", Usage: "print the version", Action: func(context.Context, *cli.Command) error {
		_, err := fmt.Fprintln(stdout, "slipway "+version)
		return err
	}}
}

// longestName is what Temporal takes of a deployment's name, or a build id, with room to
// spare.
const longestName = 200

// versionSettings are read under the names, too, that Temporal's Worker Controller for
// Kubernetes gives to its pods.
func (s *Settings) versionSettings() []setting {
	return []setting{
		define(&cli.StringFlag{Name: "worker-deployment", Destination: &s.WorkerDeployment,
			Sources: cli.EnvVars("SLIPWAY_WORKER_DEPLOYMENT", "TEMPORAL_DEPLOYMENT_NAME"),
			Usage:   "worker: name of the worker deployment it is a version of; empty for workers without versions"}).
			must("a name without . and :", func() bool {
				return isVersionPart(s.WorkerDeployment) && !strings.ContainsAny(s.WorkerDeployment, ".:")
			}),
		define(&cli.StringFlag{Name: "worker-build-id", Destination: &s.WorkerBuildID,
			Sources: cli.EnvVars("SLIPWAY_WORKER_BUILD_ID", "TEMPORAL_WORKER_BUILD_ID"),
			Usage:   "worker: the build id of its version in the worker deployment; empty for the program's own version"}).
			must("a name", func() bool { return isVersionPart(s.WorkerBuildID) }),
	}
}

// isVersionPart reports whether Temporal takes the name; an empty one is none.
func isVersionPart(name string) bool {
	return len(name) <= longestName && !strings.HasPrefix(name, "__") && strings.TrimSpace(name) == name
}

// workerVersion is what this worker is in its worker deployment; the zero value where the
// settings name none.
func (s *Settings) workerVersion() (worker.Version, error) {
	if s.WorkerDeployment == "" {
		return worker.Version{}, nil
	}
	v := worker.Version{DeploymentName: s.WorkerDeployment, BuildID: s.WorkerBuildID}
	if v.BuildID == "" {
		v.BuildID = buildID()
	}
	if v.BuildID == "" {
		return v, errors.New("this build has no version: set --worker-build-id (SLIPWAY_WORKER_BUILD_ID) to one of its own")
	}
	return v, nil
}

// buildID is the version that the build was given, or else the commit it was made of; empty
// where two builds could have the same.
func buildID() string {
	if version != unnamed {
		return version
	}
	var commit string
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				return ""
			}
		}
	}
	return commit
}

// workflowsOn are the workflows that workers of the task queue run.
func workflowsOn(queue string) []worker.Workflow {
	var all []worker.Workflow
	for _, kind := range workflows.Kinds() {
		if kind.TaskQueue == queue {
			all = append(all, worker.Workflow{Run: kind.Run, Versioning: kind.Versioning})
		}
	}
	return all
}
