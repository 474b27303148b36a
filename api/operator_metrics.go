package api

import (
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"slipway/domain"
	"slipway/store"
)

// metrics are what operators watch. Labels are routes, statuses and words of
// ours, never ids.
type metrics struct {
	requests     *prometheus.CounterVec
	durations    *prometheus.HistogramVec
	authFailures *prometheus.CounterVec
}

func newMetrics(registry *prometheus.Registry, g *gate, s *store.Store) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slipway_http_requests_total", Help: "Requests answered, by route and status.",
		}, []string{"method", "route", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "slipway_http_request_duration_seconds",
			Help:    "Time to answer, by route; streams and long polls count until they end.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"method", "route"}),
		authFailures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slipway_http_auth_failures_total", Help: "Requests whose credential was refused, by code.",
		}, []string{"code"}),
	}
	registry.MustRegister(
		m.requests,
		m.durations,
		m.authFailures,
		gauge(
			"slipway_password_hashing_in_flight", "Passwords being hashed.",
			func() float64 { return float64(g.inFlight.Load()) },
		),
		gauge(
			"slipway_password_hashing_waiting", "Requests in line to have a password hashed.",
			func() float64 { return float64(g.waiting.Load()) },
		),
	)
	if s == nil {
		return m
	}
	RegisterStore(registry, s)
	registry.MustRegister(gauge("slipway_onboarding_watchers", "Open streams and long polls.",
		func() float64 { return float64(s.Watchers()) }))
	return m
}

// RegisterStore registers the metrics that every process with a database has.
func RegisterStore(registry *prometheus.Registry, s *store.Store) {
	registry.MustRegister(
		&jobMetrics{s},
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "slipway_database_statements_total", Help: "Statements this process sent to the database.",
		}, func() float64 { return float64(s.Statements()) }))
	for pool, db := range s.Stats() {
		registry.MustRegister(collectors.NewDBStatsCollector(db, pool))
	}
}

func gauge(name, help string, value func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
}

// answered counts a request. A path without a route is one label, whatever it was.
func (m *metrics) answered(c *gin.Context, took time.Duration) {
	method, route := c.Request.Method, c.FullPath()
	if route == "" {
		method, route = "any", "none"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(c.Writer.Status())).Inc()
	m.durations.WithLabelValues(method, route).Observe(took.Seconds())
}

func (m *metrics) authFailed(err error) {
	m.authFailures.WithLabelValues(string(domain.CodeOf(err))).Inc()
}
