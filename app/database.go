package app

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"slipway/store"
)

// Database is the URL to open: the one that was set, or the file in the data directory.
func (s *Settings) Database() string {
	if s.DatabaseURL != "" {
		return s.DatabaseURL
	}
	return filepath.Join(s.DataDir, "slipway.db")
}

// databaseName is the database as it may be shown: without its password.
func (s *Settings) databaseName() string {
	if !store.IsPostgres(s.Database()) {
		return s.Database()
	}
	u, err := url.Parse(s.Database())
	if err != nil {
		return "postgres://…"
	}
	if query := u.Query(); len(query) > 0 {
		for _, name := range []string{"password", "sslpassword"} {
			if query.Has(name) {
				query.Set(name, "xxxxx")
			}
		}
		u.RawQuery = query.Encode()
	}
	return u.Redacted()
}

func makeFolder(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("create the folder of the database: %w", err)
	}
	return nil
}

// openStore opens the database; it may be away.
func (a *App) openStore() error {
	if !store.IsPostgres(a.Database()) {
		if err := makeFolder(a.Database()); err != nil {
			return err
		}
	}
	var err error
	if a.Store, err = store.Open(store.Config{
		URL: a.Database(), Password: a.DatabasePassword, ReservedSlugs: a.ReservedSlugs,
	}); err != nil {
		return err
	}
	a.onClose(func() { a.logError("close database", a.Store.Close()) })
	return nil
}
