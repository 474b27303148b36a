package docs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// avoided are words that a reader with English as a second language has to
// guess, or that mean many things here, each with what to write instead.
var avoided = map[string]string{
	"wake wakes waking woke woken":                 "notify, signal, resume",
	"tell tells telling told":                      "say, report, signal",
	"settle settles settled settling":              "save, decide, end",
	"obey obeys obeyed":                            "follow, apply",
	"standing":                                     "state",
	"bill bills billed":                            "charge, invoice, renew",
	"mend mends mended mending":                    "correct, repair",
	"whosoever whence thereof hitherto henceforth": "plain words",
}

// part is a word, or a part of a name: WakeAt has Wake and At.
var part = regexp.MustCompile(`\p{Lu}?\p{Ll}+`)

func TestWords_AreTheFieldsOwn(t *testing.T) {
	t.Parallel()
	instead := map[string]string{}
	for words, better := range avoided {
		for _, word := range strings.Fields(words) {
			instead[word] = better
		}
	}
	texts := documents(t)
	walkGo(t, func(path, file string) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		texts[path] = string(text)
	})
	delete(texts, "docs/words_test.go")
	for path, text := range texts {
		for i, line := range strings.Split(text, "\n") {
			for _, word := range part.FindAllString(line, -1) {
				if better, found := instead[strings.ToLower(word)]; found {
					assert.Fail(t, "a word to avoid", "%s:%d: rather than %s: %s", path, i+1, word, better)
				}
			}
		}
	}
}
