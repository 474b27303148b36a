package app

import (
	"errors"
	"slices"
	"sync"
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
	*sdkVectors
	labels []string
}

// sdkVectors are the metrics by name, each made when it is first used. The SDK asks for
// them with every task.
type sdkVectors struct {
	registry *prometheus.Registry
	known    sync.Map
}

func newSDKMetrics(registry *prometheus.Registry) client.MetricsHandler {
	return sdkMetrics{&sdkVectors{registry: registry}, make([]string, len(sdkLabels))}
}

// WithTags is the SDK's hook.
func (m sdkMetrics) WithTags(tags map[string]string) client.MetricsHandler {
	with := sdkMetrics{m.sdkVectors, slices.Clone(m.labels)}
	for i, name := range sdkLabels {
		if value, named := tags[name]; named {
			with.labels[i] = value
		}
	}
	return with
}

// Counter is the SDK's hook.
func (m sdkMetrics) Counter(name string) client.MetricsCounter {
	vec := vector(m.sdkVectors, name+"_total", func(name string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: ofSDK}, sdkLabels)
	})
	return sdkCounter{vec.WithLabelValues(m.labels...)}
}

// Gauge is the SDK's hook.
func (m sdkMetrics) Gauge(name string) client.MetricsGauge {
	vec := vector(m.sdkVectors, name, func(name string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: ofSDK}, sdkLabels)
	})
	return sdkGauge{vec.WithLabelValues(m.labels...)}
}

// Timer is the SDK's hook.
func (m sdkMetrics) Timer(name string) client.MetricsTimer {
	vec := vector(m.sdkVectors, name+"_seconds", func(name string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(
			prometheus.HistogramOpts{Name: name, Help: ofSDK, Buckets: sdkBuckets},
			sdkLabels,
		)
	})
	return sdkTimer{vec.WithLabelValues(m.labels...)}
}

const ofSDK = "Of Temporal's SDK."

// vector is the metric of the name, registered when it is first used, here or by another
// client of this process.
func vector[V prometheus.Collector](known *sdkVectors, name string, newVector func(name string) V) V {
	if v, found := known.known.Load(name); found {
		return v.(V)
	}
	v := newVector(name)
	var already prometheus.AlreadyRegisteredError
	if errors.As(known.registry.Register(v), &already) {
		v = already.ExistingCollector.(V)
	}
	known.known.Store(name, v)
	return v
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
