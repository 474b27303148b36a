package store

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// How long to wait before listening again, and how often a shared SQLite file is
// checked for commits of another process.
const (
	relistenAfter    = time.Second
	dataVersionEvery = 200 * time.Millisecond
)

// channelOutbox is notified when a commit put deliveries into the outbox.
const channelOutbox = "slipway_outbox"

// Listen notifies this process's watchers of changes that other processes make,
// until ctx ends: over one PostgreSQL connection that LISTENs, or, for a SQLite
// file, by reading the file's change counter at every tick. One process that
// runs API and worker on SQLite needs no Listen.
func (s *Store) Listen(ctx context.Context, log *slog.Logger) {
	listen := s.listenSQLite
	if s.postgres {
		listen = s.listenPostgres
	}
	for ctx.Err() == nil {
		if err := listen(ctx); err != nil && ctx.Err() == nil {
			log.Warn("listening for changes was interrupted", "error", err, "retry_in", relistenAfter)
		}
		select {
		case <-ctx.Done():
		case <-time.After(relistenAfter):
		}
	}
}

func (s *Store) listenPostgres(ctx context.Context) error {
	config, err := s.connConfig()
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN slipway_onboarding; LISTEN "+channelOutbox); err != nil {
		return err
	}
	s.hub.notifyAll() // what changed while nobody listened
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if n.Channel == channelOutbox {
			n.Payload = outbox
		}
		s.hub.notify([]string{n.Payload})
	}
}

func (s *Store) listenSQLite(ctx context.Context) error {
	if s.db == s.write { // in memory: one connection, and no other process
		<-ctx.Done()
		return nil
	}
	pool, err := s.db.DB()
	if err != nil {
		return err
	}
	conn, err := pool.Conn(ctx) // the counter counts what other connections commit
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	tick := time.NewTicker(dataVersionEvery)
	defer tick.Stop()
	for last := int64(0); ; {
		var version int64
		if err := conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&version); err != nil {
			return err
		}
		if version != last {
			s.hub.notifyAll()
			last = version
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
