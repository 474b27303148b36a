package api

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Every list that is searched takes a whole id, or enough of a text to be found by an
// index; less is refused.
func TestLists_SearchesAreLongEnough(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	searched := 0
	for path, item := range w.api.huma.OpenAPI().Paths {
		if item.Get == nil {
			continue
		}
		for _, p := range item.Get.Parameters {
			if p.Name != "q" {
				continue
			}
			searched++
			for _, q := range []string{"a", "ab", "%%%", "a-b", "  a  ", "株式"} {
				r := w.call("GET", path+"?q="+url.QueryEscape(q), w.admin, nil).problem(422, "invalid")
				field := r.at("errors").([]any)[0].(map[string]any)
				assert.Equal(t, "query.q", field["field"], "%s %q", path, q)
				assert.Equal(t, "It is too short to be searched for.", field["message"], "%s %q", path, q)
			}
			for _, q := range []string{"", "abc", "a@b.c", "株式会", "acct_01JD9Z5X8QK3V6W2M4N7P0R1ST"} {
				w.call("GET", path+"?q="+url.QueryEscape(q), w.admin, nil).ok(200)
			}
		}
	}
	assert.Equal(t, 3, searched)
}
