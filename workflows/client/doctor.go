package client

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"slipway/domain"
	"slipway/workflows"
)

// Checks reports on Temporal for the doctor and readiness: sign-ups are
// accepted without any of it, but they wait.
func (c *Client) Checks(ctx context.Context) []domain.Check {
	if err := c.Ping(ctx); err != nil {
		return []domain.Check{{
			Name: "temporal", Status: domain.CheckWarn,
			Message: domain.Text(domain.TextTemporalAway, "namespace", c.namespace),
			Fix:     domain.Text(domain.TextTemporalAwayFix),
		}}
	}
	checks := []domain.Check{
		ok("temporal", domain.Text(domain.TextNamespaceAnswers, "namespace", c.namespace)),
		c.rememberedSearchAttributes(ctx),
		c.checkPollers(ctx, workflows.TaskQueueOnboarding, enumspb.TASK_QUEUE_TYPE_WORKFLOW),
		c.checkPollers(ctx, workflows.TaskQueueBilling, enumspb.TASK_QUEUE_TYPE_WORKFLOW),
		c.checkPollers(ctx, workflows.TaskQueueProviders, enumspb.TASK_QUEUE_TYPE_ACTIVITY),
		c.checkPollers(ctx, workflows.TaskQueueWebhooks, enumspb.TASK_QUEUE_TYPE_ACTIVITY),
		c.checkSchedule(ctx),
	}
	checks = append(checks, checkVersions(ctx, c)...)
	return append(checks, c.codec.check(c.readsNamespace(ctx))...)
}

// ok and warn are the two results a check has.
func ok(name, message string) domain.Check {
	return domain.Check{Name: name, Status: domain.CheckOK, Message: message}
}

func warn(name, message string, fix domain.TextCode) domain.Check {
	return domain.Check{Name: name, Status: domain.CheckWarn, Message: message, Fix: domain.Text(fix)}
}

// attributesCheck remembers what was found of the search attributes.
type attributesCheck struct {
	mu    sync.Mutex
	at    time.Time
	found domain.Check
}

// askAgainAfter is how soon search attributes that were not as they should be are
// asked for again.
const askAgainAfter = 30 * time.Second

// rememberedSearchAttributes asks for the search attributes until they are as they
// should be, and seldom: a server on SQL opens a connection to itself for each such
// question and never closes it.
func (c *Client) rememberedSearchAttributes(ctx context.Context) domain.Check {
	known := &c.attributes
	known.mu.Lock()
	defer known.mu.Unlock()
	if known.found.Status != domain.CheckOK && time.Since(known.at) >= askAgainAfter {
		known.found, known.at = c.checkSearchAttributes(ctx), time.Now()
	}
	return known.found
}

func (c *Client) checkSearchAttributes(ctx context.Context) domain.Check {
	const name = "search_attributes"
	missing, wrong, err := c.searchAttributes(ctx)
	switch {
	case err != nil:
		return warn(name, domain.Text(domain.TextAttributesUnreadable), domain.TextAttributesUnreadableFix)
	case len(wrong) > 0:
		names := strings.Join(wrong, ", ")
		return warn(name, domain.Text(domain.TextAttributesWrong, "names", names), domain.TextAttributesWrongFix)
	case len(missing) > 0:
		names := strings.Join(missing, ", ")
		return warn(name, domain.Text(domain.TextAttributesMissing, "names", names), domain.TextAttributesMissingFix)
	}
	return ok(name, domain.Text(domain.TextAttributesRegistered))
}

// pollersSilent is when a poller that was not heard of is gone: a long poll lasts a
// minute, and the server remembers pollers for five. backlogPatience is how long a task may
// wait for a worker before somebody should look.
const (
	pollersSilent   = 75 * time.Second
	backlogPatience = 30 * time.Second
)

func (c *Client) checkPollers(ctx context.Context, queue string, kind enumspb.TaskQueueType) domain.Check {
	name := "pollers_" + queue
	q, err := c.describeQueue(ctx, queue, kind)
	switch {
	case err != nil:
		return warn(name, domain.Text(domain.TextQueueUnreadable), domain.TextQueueUnreadableFix)
	case q.Pollers == 0 && len(q.polling) > 0:
		return otherVersions(name, q)
	case q.Pollers == 0:
		return warn(name, domain.Text(domain.TextQueueNotPolled, "queue", queue), domain.TextQueueNotPolledFix)
	case q.BacklogAge > backlogPatience:
		return warn(name, domain.Text(
			domain.TextQueueBehind,
			"queue",
			queue,
			"tasks",
			strconv.FormatInt(q.Backlog, 10),
			"age",
			q.BacklogAge.Round(time.Second).String(),
		), domain.TextQueueBehindFix)
	}
	return ok(name, domain.Text(domain.TextQueuePolled, "queue", queue))
}

func (c *Client) checkSchedule(ctx context.Context) domain.Check {
	const name = "reconcile"
	schedule := c.temporal.ScheduleClient().GetHandle(ctx, workflows.ReconcileScheduleID)
	description, err := schedule.Describe(ctx)
	var noKey unreadable
	switch {
	case errors.As(err, &noKey): // it is there, see the check of the codec
	case err != nil:
		return warn(name, domain.Text(domain.TextReconcileMissing), domain.TextReconcileMissingFix)
	case description.Schedule.State.Paused:
		return warn(name, domain.Text(domain.TextReconcilePaused), domain.TextReconcilePausedFix)
	}
	return ok(name, domain.Text(domain.TextReconcileScheduled))
}
