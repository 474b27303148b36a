package system

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"slipway/app"
)

// The compose file cannot be run where there is no container engine, so this
// validates it with the library that engines read it with.

func composeProject(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"../docker-compose.yml"},
		cli.WithEnv([]string{"POSTGRES_PASSWORD=secret", "SLIPWAY_SECRET_KEY=key"}), cli.WithInterpolation(true))
	require.NoError(t, err)
	project, err := options.LoadProject(t.Context())
	require.NoError(t, err)
	return project
}

func TestCompose_IsValidAndComplete(t *testing.T) {
	t.Parallel()
	project := composeProject(t)
	for _, name := range []string{"postgres", "temporal-schema", "temporal", "temporal-ui", "migrate", "api", "worker"} {
		require.Contains(t, project.Services, name)
	}
}

func TestCompose_EveryServiceIsCheckedOrEnds(t *testing.T) {
	t.Parallel()
	project := composeProject(t)
	for name, s := range project.Services {
		require.NotNil(t, s.HealthCheck, name)
		if s.HealthCheck.Disable { // a job: somebody waits for its end
			waited := false
			for _, other := range project.Services {
				if d, ok := other.DependsOn[name]; ok {
					waited = waited || d.Condition == types.ServiceConditionCompletedSuccessfully
				}
			}
			require.True(t, waited, "nobody waits for the job %s", name)
		}
	}
}

func TestCompose_StartsInOrder(t *testing.T) {
	t.Parallel()
	project := composeProject(t)
	for _, dependency := range [][3]string{
		{"temporal-schema", "postgres", types.ServiceConditionHealthy},
		{"temporal", "temporal-schema", types.ServiceConditionCompletedSuccessfully},
		{"temporal-ui", "temporal", types.ServiceConditionHealthy},
		{"migrate", "postgres", types.ServiceConditionHealthy},
		{"seed", "migrate", types.ServiceConditionCompletedSuccessfully},
		{"api", "seed", types.ServiceConditionCompletedSuccessfully},
		{"worker", "temporal-namespace", types.ServiceConditionCompletedSuccessfully},
	} {
		require.Equal(t, dependency[2], project.Services[dependency[0]].DependsOn[dependency[1]].Condition, "%v", dependency)
	}
}

// What the program says of itself is what there is.
func TestCompose_CommandsAndSettingsExist(t *testing.T) {
	t.Parallel()
	var help, errs bytes.Buffer
	require.Zero(t, app.Main([]string{"slipway", "--help"}, &help, &errs), errs.String())
	known := map[string]bool{"TEMPORAL_ADDRESS": true, "TEMPORAL_NAMESPACE": true}
	for _, name := range regexp.MustCompile(`\$([A-Z_]+)`).FindAllStringSubmatch(help.String(), -1) {
		known[name[1]] = true
	}
	for _, name := range []string{"migrate", "seed", "api", "worker"} {
		service := composeProject(t).Services[name]
		require.Zero(t, app.Main([]string{"slipway", service.Command[0], "--help"}, &help, &errs), "no such command: %v",
			service.Command)
		for variable := range service.Environment {
			require.True(t, known[variable], "%s is not a setting", variable)
		}
	}
}
