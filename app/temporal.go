package app

import (
	"fmt"
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	sdklog "go.temporal.io/sdk/log"
)

// temporalOptions reads TEMPORAL_* and Temporal's profile file.
func (a *App) temporalOptions() (client.Options, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return options, fmt.Errorf("read TEMPORAL_* settings: %w", err)
	}
	options.MetricsHandler = newSDKMetrics(a.registry)
	options.Logger = sdklog.NewStructuredLogger(a.temporalLog())
	if options.Namespace == "" {
		options.Namespace = client.DefaultNamespace
	}
	return options, nil
}

// temporalLog is the log of the SDK, which reports at info what concerns only
// its developers.
func (a *App) temporalLog() *slog.Logger {
	return slog.New(atLeast{a.Log.Handler(), slog.LevelWarn})
}
