package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"slipway/store"
)

// workMetrics reads how the work goes whenever metrics are asked for: what waits for
// workers, what waits for people, and what fails. Any worker can say it of all.
type workMetrics struct{ app *App }

var (
	queueBacklog = prometheus.NewDesc("slipway_task_queue_backlog",
		"Tasks that wait for a worker, about.", []string{"queue", "kind"}, nil)
	queueBacklogAge = prometheus.NewDesc("slipway_task_queue_backlog_age_seconds",
		"How long the oldest task has waited for a worker.", []string{"queue", "kind"}, nil)
	queuePollers = prometheus.NewDesc("slipway_task_queue_pollers",
		"Pollers, heard of in the last 75 seconds, of all workers that new work goes to.", []string{"queue", "kind"}, nil)
	failingWorkflows = prometheus.NewDesc("slipway_failing_workflows",
		"Running workflows whose tasks fail again and again.", nil, nil)
	onboardingsOpen = prometheus.NewDesc("slipway_onboardings_open",
		"Onboardings that have not ended, by what they wait for.", []string{"status"}, nil)
	webhookLag = prometheus.NewDesc("slipway_webhook_lag_seconds",
		"How long the webhook delivery that has been due longest waits to be posted: at first, or again.",
		[]string{"attempt"}, nil)
	onboardingsOldest = prometheus.NewDesc("slipway_onboardings_oldest_seconds",
		"Time since the last change of the one that has waited longest, by status.", []string{"status"}, nil)
)

// workPatience bounds how long Temporal and the database may take to answer for metrics.
const workPatience = 3 * time.Second

// Describe is Prometheus's hook.
func (m workMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		queueBacklog, queueBacklogAge, queuePollers, failingWorkflows, onboardingsOpen, onboardingsOldest, webhookLag,
	} {
		to <- d
	}
}

// Collect is Prometheus's hook. What does not answer is left out.
func (m workMetrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), workPatience)
	defer cancel()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	if open, err := m.app.Store.OpenOnboardings(ctx); err == nil {
		for _, o := range open {
			gauge(onboardingsOpen, float64(o.Count), string(o.Status))
			gauge(onboardingsOldest, m.app.Store.Now().Sub(o.Oldest).Seconds(), string(o.Status))
		}
	}
	if lag, err := m.app.Store.WebhookLag(ctx); err == nil {
		gauge(webhookLag, m.since(lag.First), "first")
		gauge(webhookLag, m.since(lag.Again), "again")
	}
	queues, err := m.app.Workflows.Queues(ctx)
	if err != nil {
		return
	}
	for _, q := range queues {
		gauge(queueBacklog, float64(q.Backlog), q.Name, q.Kind)
		gauge(queueBacklogAge, q.BacklogAge.Seconds(), q.Name, q.Kind)
		gauge(queuePollers, float64(q.Pollers), q.Name, q.Kind)
	}
	if _, count, err := m.app.Workflows.FailingWorkflows(ctx, 1); err == nil {
		gauge(failingWorkflows, float64(count))
	}
}

// since is how many seconds ago the time was; none for no time.
func (m workMetrics) since(at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return m.app.Store.Now().Sub(at).Seconds()
}

// registerWork registers the metrics of the work, and returns what counts the failures
// of activities and the rows that were pruned.
func (a *App) registerWork() (failed func(activity, code string), pruned func(table string, rows int64)) {
	failures := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "slipway_activity_failures_total",
		Help: "Attempts of activities that failed, by the code of their error.",
	}, []string{"activity", "code"})
	gone := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "slipway_pruned_rows_total",
		Help: "Rows past their retention that this worker deleted, or added up, by table.",
	}, []string{"table"})
	for _, table := range store.PrunedTables() {
		gone.WithLabelValues(table)
	}
	a.registry.MustRegister(workMetrics{a}, failures, gone)
	return func(activity, code string) { failures.WithLabelValues(activity, code).Inc() },
		func(table string, rows int64) { gone.WithLabelValues(table).Add(float64(rows)) }
}
