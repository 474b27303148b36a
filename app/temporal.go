package app

import (
	"fmt"
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	sdklog "go.temporal.io/sdk/log"

	flows "slipway/workflows/client"
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

// ConnectTemporal makes the client, which connects when it is first used, so
// that the API starts, and answers, while Temporal is away. Whoever makes a client of this
// program makes it here, with the keys of its payloads.
func (a *App) ConnectTemporal(options client.Options) error {
	var err error
	if a.codec, err = flows.NewCodec(a.CodecKeys); err != nil {
		return fmt.Errorf("SLIPWAY_TEMPORAL_CODEC_KEYS: %w", err)
	}
	a.codec.Use(&options)
	if a.Temporal, err = client.NewLazyClient(options); err != nil {
		return fmt.Errorf("connect to Temporal: %w", err)
	}
	a.onClose(a.Temporal.Close)
	a.Workflows = flows.New(a.Temporal, options.Namespace, a.codec)
	return nil
}

// temporalLog is the log of the SDK, which reports at info what concerns only
// its developers.
func (a *App) temporalLog() *slog.Logger {
	return slog.New(atLeast{a.Log.Handler(), slog.LevelWarn})
}
