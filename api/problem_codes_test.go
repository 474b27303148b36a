package api

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// notAnswered are reasons that onboardings and deliveries show, and no problem.
var notAnswered = []string{domain.ReasonTerminatedExternally, domain.ReasonDeliveryFailed}

func TestProblemCodes_HaveAStatusAndAreDescribed(t *testing.T) {
	t.Parallel()
	for code, meaning := range problemCodes {
		assert.NotZero(t, statusOf(code), code)
		assert.NotEmpty(t, meaning, code)
	}
	for code := range statuses {
		assert.Contains(t, problemCodes, code)
	}
	for reason := range domain.ReasonCodes {
		if !slices.Contains(notAnswered, reason) {
			assert.Contains(t, problemCodes, reason)
		}
	}
	// Whatever a route says it fails with is among them, and is described.
	oapi := newWorld(t).api.huma.OpenAPI()
	for path, item := range oapi.Paths {
		for _, method := range []string{"GET", "POST", "PATCH", "DELETE"} {
			operation := operationIn(item, method)
			if operation == nil {
				continue
			}
			for status, response := range operation.Responses {
				media := response.Content[problemContentType]
				if media == nil {
					continue
				}
				for _, code := range media.Schema.AllOf[1].Properties["code"].Enum {
					require.Contains(t, problemCodes, code, "%s %s", method, path)
					assert.Equal(t, status, strconv.Itoa(statusOf(code.(string))), "%s %s: %s", method, path, code)
				}
			}
		}
	}
	described := oapi.Components.Schemas.Map()["Problem"].Properties["code"].Description
	for code := range problemCodes {
		assert.Contains(t, described, "`"+code+"`")
	}
	events := oapi.Components.Schemas.Map()["Event"].Properties["type"].Description
	for name := range domain.EventTypes {
		assert.Contains(t, events, "`"+string(name)+"`")
	}
}

// TestProblems_TakeTheirSentencesFromTheCatalogue: a sentence that is spelled
// where it is used has no translation, and could quote what was submitted.
func TestProblems_TakeTheirSentencesFromTheCatalogue(t *testing.T) {
	t.Parallel()
	spelled := regexp.MustCompile(`Detail(, e\.\w+)* = .*"|Detail: +"|newProblem\([^)]*, "`)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, path := range files {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		if !strings.HasSuffix(path, "_test.go") {
			assert.Empty(t, spelled.FindAllString(string(source), -1), path)
		}
	}
}

// TestErrorsDoc_ListsTheCodes compares docs/errors.md with the table. When one
// changes, paste what the failure prints.
func TestErrorsDoc_ListsTheCodes(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/errors.md")
	require.NoError(t, err)
	var rows, want []string
	for _, line := range strings.Split(string(doc), "\n") {
		if strings.HasPrefix(line, "| `") {
			rows = append(rows, line)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(problemCodes)) {
		want = append(want, "| `"+code+"` | "+strconv.Itoa(statusOf(code))+" | "+problemCodes[code]+" |")
	}
	assert.Equal(t, want, rows, "docs/errors.md should have:\n\n%s\n", strings.Join(want, "\n"))
}
