package store

import (
	"database/sql"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
)

// newSQLiteDialector joins GORM's SQLite dialect to the pure-Go driver. (The
// dialect's usual driver needs cgo, and another pure-Go one registers the same
// driver name as the embedded Temporal server.)
func newSQLiteDialector(conn *sql.DB) gorm.Dialector {
	return sqlite.New(sqlite.Config{DriverName: "sqlite", Conn: conn})
}
