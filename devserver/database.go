package devserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	temporalsql "go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/resolver"
	sqliteschema "go.temporal.io/server/schema/sqlite"
)

// uriReserved escapes what would end the path part of a SQLite file URI.
var uriReserved = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")

// databases are the two SQLite files of a server. Temporal can do with one, but
// what it writes for listing and searching workflows takes as long as running
// them does, and SQLite writes one thing at a time.
type databases struct {
	workflows  *config.SQL
	visibility *config.SQL
}

func databasesFor(cfg Config) databases {
	if cfg.DatabaseFile == "" {
		return databases{workflows: inMemory(), visibility: inMemory()}
	}
	sync := "full" // in WAL mode, the level at which a commit survives a power cut
	if cfg.NoSync {
		sync = "off"
	}
	return databases{
		workflows: inFile(cfg.DatabaseFile, sync),
		// After a power cut the server repeats the last minute of its visibility
		// work, so that file only has to stay sound.
		visibility: inFile(visibilityFile(cfg.DatabaseFile), "normal"),
	}
}

func visibilityFile(file string) string {
	ext := filepath.Ext(file)
	return strings.TrimSuffix(file, ext) + "-visibility" + ext
}

func inMemory() *config.SQL {
	return &config.SQL{
		PluginName: sqlite.PluginName,
		// A name of its own keeps two servers in one process apart.
		DatabaseName:      "temporal-" + uuid.NewString(),
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
	}
}

// inFile is a database on disk. Attributes that SQLite's URI does not know
// become pragmas of the connection.
func inFile(file, synchronous string) *config.SQL {
	c := &config.SQL{
		PluginName:   sqlite.PluginName,
		DatabaseName: uriReserved.Replace(file),
		ConnectAttributes: map[string]string{
			"mode":         "rwc",
			"journal_mode": "wal",
			"synchronous":  synchronous,
			"busy_timeout": "2000",
			// Two servers on one file would take its shard from each other
			// without end; this way the second one cannot start.
			"locking_mode": "exclusive",
		},
	}
	benchAttr(c)
	return c
}

// prepare makes what the server expects to find: the files, their tables, the
// namespace and its search attributes.
func (d databases) prepare(ctx context.Context, cfg Config) error {
	if cfg.DatabaseFile != "" {
		if err := os.MkdirAll(filepath.Dir(cfg.DatabaseFile), 0o700); err != nil {
			return fmt.Errorf("create the folder of Temporal's database: %w", err)
		}
		if err := errors.Join(createSchema(d.workflows), createSchema(d.visibility)); err != nil {
			return fmt.Errorf("open Temporal's database %s: %w", cfg.DatabaseFile, err)
		}
	}
	db, err := temporalsql.NewSQLDB(sqlplugin.DbKindMain, d.workflows, resolver.NewNoopResolver(), log.NewNoopLogger(), metrics.NoopMetricsHandler)
	if err != nil {
		return fmt.Errorf("open Temporal's database: %w", err)
	}
	defer func() { _ = db.Close() }()
	if err := ensureNamespace(ctx, db, cfg); err != nil {
		return fmt.Errorf("prepare namespace %s: %w", cfg.Namespace, err)
	}
	return nil
}

// createSchema fills an empty file in one transaction: a start cut short leaves
// the file empty, not with half of the tables. The plugin's pool has a single
// connection, so BEGIN and COMMIT meet on it.
func createSchema(store *config.SQL) (err error) {
	db, err := temporalsql.NewSQLAdminDB(sqlplugin.DbKindMain, store, resolver.NewNoopResolver(), log.NewNoopLogger(), metrics.NoopMetricsHandler)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	tables, err := db.ListTables("")
	if err != nil || slices.Contains(tables, "namespaces") {
		return err
	}
	if err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := sqliteschema.SetupSchemaOnDB(db); err != nil {
		return errors.Join(err, db.Exec("ROLLBACK"))
	}
	benchDrop(db)
	return db.Exec("COMMIT")
}

// ensureNamespace creates the namespace, or adds to an existing one the search
// attributes it lacks. Done in the database before the start, because a running
// server notices a change of its namespaces only after seconds.
func ensureNamespace(ctx context.Context, db sqlplugin.DB, cfg Config) error {
	rows, err := db.SelectFromNamespace(ctx, sqlplugin.NamespaceFilter{Name: &cfg.Namespace})
	if errors.Is(err, sql.ErrNoRows) || (err == nil && len(rows) == 0) {
		return insertNamespace(ctx, db, cfg)
	}
	if err != nil {
		return err
	}
	return updateNamespace(ctx, db, rows[0], cfg.SearchAttributes)
}
