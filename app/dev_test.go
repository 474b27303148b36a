//go:build !nodev

package app

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBanner_ShowsAPasswordOnlyIfDevMadeIt(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	d := &Dev{app: &App{Settings: Defaults()}, Listener: listener, password: "made-by-dev"}
	assert.Contains(t, d.Banner(), "password made-by-dev")

	d.app.AdminPassword, d.password = "set-by-hand", "set-by-hand"
	assert.NotContains(t, d.Banner(), "set-by-hand")
}
