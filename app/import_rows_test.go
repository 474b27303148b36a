package app

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestImportRows_EmptyOnesAreLeftOutAndLinesStayRight(t *testing.T) {
	t.Parallel()
	file := strings.Join([]string{
		"\ufeff", "   ", ",,,,,", // before the header
		"email,account_name,plan,status,current_period_start,slug",
		"", " , ,\t,,\u00a0,", "one@example.com,One,free,active,2026-01-01,", // line 7
		",,", "\t", ",,,,,,,,,,", `"",""," ",,,`, "bad,Two,free,active,2026-01-01,", // line 12
		"short@example.com,Three", "\"\n \n\",,,,,", // lines 13 and 14 to 16
		"four@example.com,Four,free,active,2026-01-01,kept", // line 17
		",,,,,", "  ", "",
	}, "\r\n")
	r, err := newRows(strings.NewReader(file))
	require.NoError(t, err)
	r.reserved = func(slug string) bool { return slug == "kept" }
	var lines []int
	var wrong []string
	for {
		line, _, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		lines = append(lines, line)
		var refused *domain.Error
		if errors.As(err, &refused) {
			for _, f := range refused.Fields {
				wrong = append(wrong, f.Field)
			}
		}
	}
	assert.Equal(t, []int{7, 12, 13, 17}, lines)
	assert.Equal(t, []string{"email", "row", "slug"}, wrong)

	_, err = newRows(strings.NewReader(" \n,,,\n\n"))
	assert.ErrorContains(t, err, "no header")
}
