package api

import (
	"strconv"
	"strings"
	"time"
)

// preference returns the value of the first preference of that name in a Prefer
// header (RFC 7240); its parameters and all other preferences are left alone.
func preference(header, name string) (value string, found bool) {
	for _, one := range splitUnquoted(header, ',') {
		key, value, _ := strings.Cut(splitUnquoted(one, ';')[0], "=")
		if strings.EqualFold(strings.TrimSpace(key), name) {
			return unquoted(strings.TrimSpace(value)), true
		}
	}
	return "", false
}

// splitUnquoted splits a header's value where the separator is in no quotes.
func splitUnquoted(text string, separator byte) []string {
	var parts []string
	start, quotes := 0, false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '"':
			quotes = !quotes
		case quotes && text[i] == '\\':
			i++ // the escaped character
		case !quotes && text[i] == separator:
			parts, start = append(parts, text[start:i]), i+1
		}
	}
	return append(parts, text[start:])
}

// unquoted is the text of a quoted string; what has no quotes stays as it is.
func unquoted(text string) string {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return text
	}
	var b strings.Builder
	for i := 1; i < len(text)-1; i++ {
		if text[i] == '\\' && i < len(text)-2 {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// waitOf is how long a Prefer header asks to wait, maxWait at most; 0 when it does
// not ask, or not in whole seconds.
func waitOf(prefer string) time.Duration {
	value, _ := preference(prefer, "wait")
	if value == "" || strings.Trim(value, "0123456789") != "" {
		return 0
	}
	seconds, err := strconv.Atoi(value)
	if err != nil || seconds > int(maxWait.Seconds()) { // an error: more than fits an int
		return maxWait
	}
	return time.Duration(seconds) * time.Second
}
