package api

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// addressFrom is what a request from a peer with headers is counted under.
func addressFrom(t *testing.T, proxies []string, peer string, headers http.Header) (address string) {
	t.Helper()
	router := gin.New()
	require.NoError(t, router.SetTrustedProxies(proxies))
	router.GET("/", func(c *gin.Context) {
		withAddress(humagin.NewContext(&huma.Operation{}, c), func(ctx huma.Context) { address = addressOf(ctx.Context()) })
	})
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr, r.Header = peer, headers
	router.ServeHTTP(httptest.NewRecorder(), r)
	return address
}

func TestAddress_AnIPv6NetworkCountsAsOneAndAMappedAddressAsIPv4(t *testing.T) {
	t.Parallel()
	for peer, want := range map[string]string{
		"203.0.113.7:1":                  "203.0.113.7",
		"[::ffff:203.0.113.7]:1":         "203.0.113.7",
		"[2001:db8:1:2::1]:1":            "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff:ffff::9]:80": "2001:db8:1:2::/64",
		"[2001:db8:1:3::1]:1":            "2001:db8:1:3::/64",
	} {
		assert.Equal(t, want, addressFrom(t, nil, peer, nil), peer)
	}
}

func TestAddress_OnlyTrustedProxiesSayWhoTheClientIs(t *testing.T) {
	t.Parallel()
	const stranger, proxy = "203.0.113.7:1", "10.0.0.1:1"
	for name, one := range map[string]struct {
		peer    string
		headers http.Header
		want    string
	}{
		"a stranger's list":      {stranger, http.Header{"X-Forwarded-For": {"198.51.100.1"}}, "203.0.113.7"},
		"a stranger's X-Real-IP": {stranger, http.Header{"X-Real-Ip": {"198.51.100.1"}}, "203.0.113.7"},
		"a stranger's Forwarded": {stranger, http.Header{"Forwarded": {"for=198.51.100.1"}}, "203.0.113.7"},
		"a proxy's list":         {proxy, http.Header{"X-Forwarded-For": {"198.51.100.1"}}, "198.51.100.1"},
		"the last that is no proxy": {
			proxy, http.Header{"X-Forwarded-For": {"192.0.2.1, 198.51.100.1, 10.0.0.2"}}, "198.51.100.1",
		},
		"a list in two headers": {proxy, http.Header{"X-Forwarded-For": {"192.0.2.1", "198.51.100.1"}}, "198.51.100.1"},
		"IPv6 of a list":        {proxy, http.Header{"X-Forwarded-For": {"2001:db8::5"}}, "2001:db8::/64"},
		"a proxy's X-Real-IP":   {proxy, http.Header{"X-Real-Ip": {"198.51.100.1"}}, "198.51.100.1"},
		"X-Real-IP beside an unreadable list": {
			proxy, http.Header{"X-Forwarded-For": {"198.51.100.1:443"}, "X-Real-Ip": {"192.0.2.1"}}, "10.0.0.1",
		},
		"a proxy's Forwarded": {proxy, http.Header{"Forwarded": {"for=198.51.100.1"}}, "10.0.0.1"},
	} {
		assert.Equal(t, one.want, addressFrom(t, []string{"10.0.0.0/8"}, one.peer, one.headers), name)
	}
}
