package demo

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPeople_TheSameSeedBringsTheSamePeople(t *testing.T) {
	t.Parallel()
	first, again, other := people(100, 1, "x"), people(100, 1, "x"), people(100, 2, "x")
	assert.Equal(t, first, again)
	assert.NotEqual(t, first, other)
	kinds := map[string]bool{}
	for _, v := range people(len(scenarios), 1, "x") {
		kinds[v.kind] = true
	}
	assert.Len(t, kinds, len(scenarios), "each kind comes once before any comes twice")
}
