package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// documents returns the texts that people read, by path from the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "third_party/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			path, err := filepath.Rel(root, file)
			require.NoError(t, err)
			all[filepath.ToSlash(path)] = string(text)
		}
	}
	require.Greater(t, len(all), 15, "the walk finds the documents")
	return all
}

func TestDocs_EveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for path, text := range documents(t) {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			assert.FileExists(t, filepath.Join(root, filepath.Dir(path), found[1]), path)
		}
	}
}

// A path in backticks is one from the root, such as `store/slugs.go` or
// `payment/stripe/`. A placeholder, such as `store/<noun>.go`, names a kind.
func TestDocs_EveryFileTheyNameIsThere(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile("`((?:[a-z_]+/)+(?:[A-Za-z0-9_.<>*]+)?|[a-z_]+\\.go)`")
	folders := regexp.MustCompile(`^(activities|api|app|billing|demo|devserver|docs|domain|notify|onboarding|payment|` +
		`scripts|store|system|third_party|tools|worker|workflows)/`)
	seen := 0
	for path, text := range documents(t) {
		for _, found := range named.FindAllStringSubmatch(text, -1) {
			name := found[1]
			if !folders.MatchString(name) && name != "main.go" {
				continue
			}
			pattern := regexp.MustCompile(`<[a-z]+>`).ReplaceAllString(name, "*")
			matches, err := filepath.Glob(filepath.Join(root, pattern))
			require.NoError(t, err)
			assert.NotEmpty(t, matches, "%s names %s", path, name)
			seen++
		}
	}
	assert.Greater(t, seen, 50, "the documents name files")
}

// A test in backticks is one of the system's; … stands for the rest of its name.
func TestDocs_EveryTestTheyNameIsThere(t *testing.T) {
	t.Parallel()
	var tests strings.Builder
	for _, folder := range []string{"system", "api", "store", "domain", "docs"} {
		files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			tests.Write(text)
		}
	}
	seen := 0
	for path, text := range documents(t) {
		for _, found := range regexp.MustCompile("`(Test[A-Z][A-Za-z0-9_]+)(…?)`").FindAllStringSubmatch(text, -1) {
			name := "func " + found[1]
			if found[2] == "" {
				name += "("
			}
			assert.True(t, strings.Contains(tests.String(), name), "%s names %s, which is no test", path, found[1])
			seen++
		}
	}
	assert.Greater(t, seen, 20, "the documents name tests")
}
