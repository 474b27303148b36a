package devserver

import (
	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
)

// newUI builds the web UI for a frontend. It reads nothing from the internet
// and prints nothing.
func newUI(cfg Config, p *ports) *uiserver.Server {
	return uiserver.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
		TemporalGRPCAddress: reachable(cfg.IP, p.frontend.number),
		Host:                cfg.IP,
		Port:                p.ui.number,
		EnableUI:            true,
		DefaultNamespace:    cfg.Namespace,
		DisableNewsFetch:    true,
		HideLogs:            true,
		// Without TLS a browser would refuse the cookie that guards commands.
		CORS: uiconfig.CORS{CookieInsecure: true},
	}))
}
