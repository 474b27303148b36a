package app

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
)

// sdkLabels are the tags of Temporal's SDK that become labels; a metric that has no
// such tag has the label empty. One list for all, since a metric comes with other tags
// from other places, which Prometheus does not take.
var sdkLabels = []string{
	"task_queue",
	"worker_type",
	"poller_type",
	"workflow_type",
	"activity_type",
	"operation",
	"failure_reason",
	"cause",
}

// sdkBuckets are the seconds of the SDK's histograms: from a local call to an
// activity that looks up a charge for minutes.
var sdkBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}

// sdkMetrics hands the metrics of Temporal's SDK to Prometheus, under the names that
// Temporal documents. Temporal's own bridges bring a metrics system of their own.
type sdkMetrics struct {
	registry *prometheus.Registry
	labels   []string
}

func newSDKMetrics(registry *prometheus.Registry) client.MetricsHandler {
	return sdkMetrics{registry, make([]string, len(sdkLabels))}
}

// WithTags is the SDK's hook.
func (m sdkMetrics) WithTags(tags map[string]string) client.MetricsHandler {
	with := sdkMetrics{m.registry, append([]string{}, m.labels...)}
	for i, name := range sdkLabels {
		if value, named := tags[name]; named {
			with.labels[i] = value
		}
	}
	return with
}

// Counter is the SDK's hook.
func (m sdkMetrics) Counter(name string) client.MetricsCounter {
	vec := registered(m.registry, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: name + "_total", Help: "Of Temporal's SDK.",
	}, sdkLabels))
	return sdkCounter{vec.WithLabelValues(m.labels...)}
}

// Gauge is the SDK's hook.
func (m sdkMetrics) Gauge(name string) client.MetricsGauge {
	vec := registered(m.registry, prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: name, Help: "Of Temporal's SDK.",
	}, sdkLabels))
	return sdkGauge{vec.WithLabelValues(m.labels...)}
}

// Timer is the SDK's hook.
func (m sdkMetrics) Timer(name string) client.MetricsTimer {
	vec := registered(m.registry, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: name + "_seconds", Help: "Of Temporal's SDK.", Buckets: sdkBuckets,
	}, sdkLabels))
	return sdkTimer{vec.WithLabelValues(m.labels...)}
}

// registered is the collector, or the one of its name that is registered already.
func registered[C prometheus.Collector](registry *prometheus.Registry, c C) C {
	err := registry.Register(c)
	var already prometheus.AlreadyRegisteredError
	if errors.As(err, &already) {
		return already.ExistingCollector.(C)
	}
	return c
}

type sdkCounter struct{ prometheus.Counter }

// Inc is the SDK's hook.
func (c sdkCounter) Inc(by int64) { c.Add(float64(by)) }

type sdkGauge struct{ prometheus.Gauge }

// Update is the SDK's hook.
func (g sdkGauge) Update(value float64) { g.Set(value) }

type sdkTimer struct{ prometheus.Observer }

// Record is the SDK's hook.
func (t sdkTimer) Record(took time.Duration) { t.Observe(took.Seconds()) }
