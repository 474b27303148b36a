package api

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"slipway/domain"
	"slipway/store"
)

// jobMetrics reads how the jobs of reconcile are whenever metrics are asked for:
// any process can say it, whichever worker runs them.
type jobMetrics struct{ store *store.Store }

var (
	roundAge = prometheus.NewDesc("slipway_reconcile_round_age_seconds",
		"Time since the job's last complete round.", []string{"job"}, nil)
	roundOverdue = prometheus.NewDesc("slipway_reconcile_round_overdue",
		"1 when the job has not completed a round in time.", []string{"job"}, nil)
	putAside = prometheus.NewDesc("slipway_reconcile_put_aside",
		"Items that failed and are tried again later.", []string{"job"}, nil)
)

// metricsPatience bounds how long the database may take to answer for metrics.
const metricsPatience = 2 * time.Second

// Describe is Prometheus's hook.
func (m *jobMetrics) Describe(to chan<- *prometheus.Desc) {
	to <- roundAge
	to <- roundOverdue
	to <- putAside
}

// Collect is Prometheus's hook. While the database is away there is nothing to say.
func (m *jobMetrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), metricsPatience)
	defer cancel()
	rounds, err := m.store.JobRounds(ctx)
	if err != nil {
		return
	}
	aside, err := m.store.CountPutAside(ctx)
	if err != nil {
		return
	}
	now := m.store.Now()
	for _, job := range domain.Jobs {
		overdue := 1.0
		if round, ever := rounds[job]; ever {
			to <- gaugeOf(roundAge, now.Sub(round.CompletedAt).Seconds(), job)
			if !now.After(round.NextDueAt) {
				overdue = 0
			}
		}
		to <- gaugeOf(roundOverdue, overdue, job)
		to <- gaugeOf(putAside, float64(aside[job]), job)
	}
}

func gaugeOf(desc *prometheus.Desc, value float64, job domain.Job) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, string(job))
}
