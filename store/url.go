package store

import (
	"errors"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// errURL never holds the URL, which may have a password in it.
var errURL = errors.New("the database must be a postgres:// URL, or the path of a SQLite file")

// IsPostgres reports whether a database URL names PostgreSQL rather than a file.
func IsPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// noPath is what is meant for some database and is no path of a file: the URL of
// another kind, libpq's key=value pairs, and a user with a password before a host.
var noPath = regexp.MustCompile(`^\s*(//|[A-Za-z][A-Za-z0-9+.-]+:|[a-z_]+\s*=|[^/]*:[^/]*@)|[\x00\r\n]`)

// ValidURL reports whether the database can be opened, if it is there: a URL that
// PostgreSQL's driver understands, or the path of a file.
func ValidURL(url string) bool {
	if IsPostgres(url) {
		_, err := pgx.ParseConfig(url)
		return err == nil
	}
	return url != "" && !noPath.MatchString(url)
}

// connConfig is how to connect to PostgreSQL.
func (s *Store) connConfig() (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(s.url)
	if err != nil {
		return nil, errURL
	}
	if config.Password == "" {
		config.Password = s.password
	}
	return config, nil
}
