package domain_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"slipway/domain"
)

func TestNormalOrigin_IsWhatBrowsersSend(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://app.example.com": "https://app.example.com", "HTTPS://App.Example.COM/": "https://app.example.com",
		"https://a.example:443": "https://a.example", "http://a.example:80/": "http://a.example",
		"http://a.example:443": "http://a.example:443", "http://localhost:3000": "http://localhost:3000",
		"capacitor://localhost": "capacitor://localhost", "http://[::1]:8080": "http://[::1]:8080",
		"http://[0:0:0:0:0:0:0:1]": "http://[::1]", "https://bücher.example": "https://xn--bcher-kva.example",
		" https://a_b.example ": "https://a_b.example",
	} {
		got, ok := domain.NormalOrigin(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, got)
	}
	for _, text := range []string{
		"", "null", "*", "a.example", "https://", "https://a.example/path", "https://a.example?x=1", "https://a.example?",
		"https://a.example#x", "https://u:p@a.example", "https://a.example:0", "https://a.example:65536", "file://",
		"//a.example",
		"https://a.example, https://b.example", "data:text/html,x",
	} {
		_, ok := domain.NormalOrigin(text)
		assert.False(t, ok, text)
	}
}
