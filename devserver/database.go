package devserver

import (
	"context"
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
	sqlitedriver "modernc.org/sqlite"
	sqlitecode "modernc.org/sqlite/lib"
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
		// Lists only: a power cut can leave the last seconds out of them or show a
		// closed workflow as running. The workflows themselves are whole.
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
	return &config.SQL{
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
}

// prepare makes what the server expects to find: the files, their tables, the
// namespace and its search attributes.
func (d databases) prepare(ctx context.Context, cfg Config) error {
	if cfg.DatabaseFile != "" {
		if err := os.MkdirAll(filepath.Dir(cfg.DatabaseFile), 0o700); err != nil {
			return fmt.Errorf("create the folder of Temporal's database: %w", err)
		}
		if err := d.createSchemas(); isBusy(err) {
			return fmt.Errorf("Temporal's database %s is in use by another process", cfg.DatabaseFile)
		} else if err != nil {
			return fmt.Errorf("open Temporal's database %s: %w", cfg.DatabaseFile, err)
		}
	}
	db, err := temporalsql.NewSQLDB(sqlplugin.DbKindMain, d.workflows,
		resolver.NewNoopResolver(), log.NewNoopLogger(), metrics.NoopMetricsHandler)
	if err != nil {
		return fmt.Errorf("open Temporal's database: %w", err)
	}
	defer func() { _ = db.Close() }()
	aliases, err := ensureNamespace(ctx, db, cfg)
	if err != nil {
		return fmt.Errorf("prepare namespace %s: %w", cfg.Namespace, err)
	}
	if err := indexVisibility(d.visibility, aliases); err != nil {
		return fmt.Errorf("index Temporal's visibility: %w", err)
	}
	return nil
}

func (d databases) createSchemas() error {
	if err := createSchema(d.workflows); err != nil {
		return err
	}
	return createSchema(d.visibility)
}

func isBusy(err error) bool {
	var failure *sqlitedriver.Error
	return errors.As(err, &failure) && failure.Code()&0xff == sqlitecode.SQLITE_BUSY
}

// flush moves what the write-ahead logs hold into the files, so that a file
// copied after the stop is whole. The plugin keeps its connections open until
// the process ends, which is when SQLite would do so by itself.
func (d databases) flush() error {
	var failed error
	for _, store := range []*config.SQL{d.workflows, d.visibility} {
		db, err := openAdmin(store)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		failed = errors.Join(failed, db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"), db.Close())
	}
	return failed
}

// createSchema fills an empty file in one transaction: a start cut short leaves
// the file empty, not with half of the tables.
func createSchema(store *config.SQL) error {
	db, err := openAdmin(store)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	tables, err := db.ListTables("")
	if err != nil || slices.Contains(tables, "namespaces") {
		return err
	}
	return inTransaction(db, func() error { return sqliteschema.SetupSchemaOnDB(db) })
}

func openAdmin(store *config.SQL) (sqlplugin.AdminDB, error) {
	return temporalsql.NewSQLAdminDB(sqlplugin.DbKindMain, store,
		resolver.NewNoopResolver(), log.NewNoopLogger(), metrics.NoopMetricsHandler)
}

// inTransaction runs statements of which all or none take effect. The plugin's
// pool has a single connection, so BEGIN and COMMIT meet on it.
func inTransaction(db sqlplugin.AdminDB, run func() error) error {
	if err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := run(); err != nil {
		return errors.Join(err, db.Exec("ROLLBACK"))
	}
	return db.Exec("COMMIT")
}
