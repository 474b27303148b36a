package domain_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"slipway/domain"
)

func TestText_EachCodeHasASentence(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, code := range constantsOfType(t, "TextCode") {
		text := domain.Text(domain.TextCode(code))
		kind, _, _ := strings.Cut(code, "_")
		part := slices.Contains([]string{"label", "summary", "accept"}, kind) // of a sentence, or a title
		assert.NotEmpty(t, text, code)
		assert.NotEqual(t, part, strings.HasSuffix(text, "."), "%s: %q is no sentence, or one too many", code, text)
		assert.False(t, seen[text], "%q has two codes", text)
		seen[text] = true
	}
}

func TestText_FillsInWhatIsNamed(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "There is no such plan.", domain.Text(domain.TextNotFound, "noun", "plan"))
	assert.Equal(t, "There is no such {noun}.", domain.Text(domain.TextNotFound, "what", "plan"))
	assert.Equal(t, "There is no such {what}.", domain.Text(domain.TextNotFound, "noun", "{what}", "what", "x"), "once")
	assert.Empty(t, domain.Text("nothing"))
}
