//go:build !nodev

package system

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"slipway/app"
	"slipway/domain"
	"slipway/store"
	"slipway/system/cluster"
)

// The compose file cannot be run where there is no container engine, so these read
// it with the library that engines read it with, and run its Temporal without one.

func composeProject(t *testing.T, env ...string) *types.Project {
	t.Helper()
	project, err := cluster.Compose(t.Context(), "../docker-compose.yml", env...)
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

// Each service gets what .env says of each setting, and what it leaves out has its
// default: a variable without a value is as good as none.
func TestCompose_PassesEverySettingOfTheExample(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile("../.env.example")
	require.NoError(t, err)
	const password = `p/@#% $w:'o"r\d`
	env := []string{"POSTGRES_PASSWORD=" + password, "SLIPWAY_SECRET_KEY=key"}
	few := composeProject(t, env...)
	var names []string
	for _, line := range regexp.MustCompile(`(?m)^#? ?([A-Z][A-Z_]+)=`).FindAllStringSubmatch(string(example), -1) {
		names = append(names, line[1])
		env = append(env, line[1]+"=x "+line[1])
	}
	require.Greater(t, len(names), 35)
	for _, service := range []string{"migrate", "seed", "api", "worker"} {
		all := composeProject(t, env...).Services[service].Environment
		for _, name := range names[1:] { // all but PostgreSQL's own
			require.NotNil(t, all[name], "%s has no %s", service, name)
			require.Equal(t, "x "+name, *all[name], service)
		}
		set := few.Services[service].Environment
		require.Equal(t, password, *set["SLIPWAY_DATABASE_PASSWORD"])
		require.True(t, store.ValidURL(*set["DATABASE_URL"]))
		require.Nil(t, set["SLIPWAY_PASSWORD_HASH"], "it has its default")
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

// Everything starts with what the compose file gives it: Temporal's schema job and
// server, Slipway's jobs, API and worker have their environment, commands, health
// checks and dynamic configuration. This proves every line of temporal-schema,
// temporal, migrate, seed, api and worker but the images, the addresses and ports, the
// order, how PostgreSQL checks a password, and Temporal's health check; of
// temporal-namespace the retention alone; and nothing of postgres and temporal-ui.
func TestCompose_EverythingStarts(t *testing.T) {
	t.Parallel()
	k, err := cluster.Start(t.Context(), cluster.Config{
		Dir: t.TempDir(), ComposeFile: "../docker-compose.yml", OneTemporal: true, Say: func(string) {},
	})
	require.NoError(t, err)
	t.Cleanup(k.Stop)
	r := &running{t: t, url: k.URLs[0]}
	r.until(r.signUp("ada@example.com", "Acme", "starter"), domain.OnboardingCompleted)
	require.Contains(t, strings.Join(composeProject(t).Services["temporal-namespace"].Command, " "),
		"--retention "+cluster.Retention)
	log, err := os.ReadFile(k.Temporal.Services[0].Log)
	require.NoError(t, err)
	require.Contains(t, string(log), "matching.enablefairness", "the dynamic configuration is read")
}
