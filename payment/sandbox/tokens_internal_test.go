package sandbox

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParseToken_EveryTestCardIsOneAndShowsItself(t *testing.T) {
	t.Parallel()
	for _, c := range testCards {
		b, known := parseToken(c.Token)
		assert.True(t, known, c.Token)
		assert.Equal(t, c, b.card())
	}
	b, known := parseToken("tok_throttled_wait_7")
	assert.True(t, known)
	assert.Equal(t, behaviour{kind: "tok_throttled_wait", n: 7}, b)
	assert.Equal(t, "4300", b.card().Last4)
	b, _ = parseToken("tok_throttled_7")
	assert.Equal(t, "4290", b.card().Last4, "one kind's name may begin with another's")
}
