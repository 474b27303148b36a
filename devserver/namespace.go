package devserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	persistencespb "go.temporal.io/server/api/persistence/v1"
	"go.temporal.io/server/common/persistence/serialization"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/common/searchattribute/sadefs"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

// ensureNamespace creates the namespace, or adds to an existing one the search
// attributes it lacks, and returns which column serves which attribute. It
// works on the database before the start, because a running server notices a
// change of its namespaces only after seconds.
func ensureNamespace(ctx context.Context, db sqlplugin.DB, cfg Config) (map[string]string, error) {
	rows, err := db.SelectFromNamespace(ctx, sqlplugin.NamespaceFilter{Name: &cfg.Namespace})
	if errors.Is(err, sql.ErrNoRows) {
		return insertNamespace(ctx, db, cfg)
	}
	if err != nil {
		return nil, err
	}
	return updateNamespace(ctx, db, rows[0], cfg.SearchAttributes)
}

func insertNamespace(ctx context.Context, db sqlplugin.DB, cfg Config) (map[string]string, error) {
	created, err := sqliteschema.NewNamespaceConfig(clusterName, cfg.Namespace, false, nil)
	if err != nil {
		return nil, err
	}
	detail := created.Detail
	detail.Config.Retention = durationpb.New(cfg.Retention)
	if _, err := addSearchAttributes(detail.Config, cfg.SearchAttributes); err != nil {
		return nil, err
	}
	row := sqlplugin.NamespaceRow{ID: primitives.MustParseUUID(detail.Info.Id), Name: cfg.Namespace}
	if err := encodeNamespace(&row, detail); err != nil {
		return nil, err
	}
	_, err = db.InsertIntoNamespace(ctx, &row)
	return detail.Config.CustomSearchAttributeAliases, err
}

func updateNamespace(
	ctx context.Context, db sqlplugin.DB, row sqlplugin.NamespaceRow, wanted map[string]enumspb.IndexedValueType,
) (map[string]string, error) {
	encoding, err := enumspb.EncodingTypeFromString(row.DataEncoding)
	if err != nil {
		return nil, err
	}
	blob := &commonpb.DataBlob{Data: row.Data, EncodingType: encoding}
	detail, err := serialization.NewSerializer().NamespaceDetailFromBlob(blob)
	if err != nil {
		return nil, err
	}
	changed, err := addSearchAttributes(detail.Config, wanted)
	if err != nil || !changed {
		return detail.Config.CustomSearchAttributeAliases, err
	}
	if err := encodeNamespace(&row, detail); err != nil {
		return nil, err
	}
	_, err = db.UpdateNamespace(ctx, &row)
	return detail.Config.CustomSearchAttributeAliases, err
}

func encodeNamespace(row *sqlplugin.NamespaceRow, detail *persistencespb.NamespaceDetail) error {
	blob, err := serialization.NewSerializer().NamespaceDetailToBlob(detail)
	if err != nil {
		return err
	}
	row.Data, row.DataEncoding = blob.GetData(), blob.GetEncodingType().String()
	return nil
}

// addSearchAttributes gives each wanted name a free column of its type and
// reports whether any was new. A name keeps the column it has.
func addSearchAttributes(ns *persistencespb.NamespaceConfig, wanted map[string]enumspb.IndexedValueType) (bool, error) {
	columns := sadefs.GetDBIndexSearchAttributes(nil).CustomSearchAttributes
	if ns.CustomSearchAttributeAliases == nil {
		ns.CustomSearchAttributeAliases = map[string]string{}
	}
	aliases := ns.CustomSearchAttributeAliases
	columnOf := make(map[string]string, len(aliases))
	for column, name := range aliases {
		columnOf[name] = column
	}

	changed := false
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if column, ok := columnOf[name]; ok {
			if columns[column] != wanted[name] {
				return false, fmt.Errorf("search attribute %s is registered as %s, not %s", name, columns[column], wanted[name])
			}
			continue
		}
		column := freeColumn(columns, aliases, wanted[name])
		if column == "" {
			return false, fmt.Errorf("no room for search attribute %s: every %s column is taken", name, wanted[name])
		}
		aliases[column] = name
		changed = true
	}
	return changed, nil
}

func freeColumn(
	columns map[string]enumspb.IndexedValueType, aliases map[string]string, kind enumspb.IndexedValueType,
) string {
	for _, column := range slices.Sorted(maps.Keys(columns)) {
		if _, taken := aliases[column]; !taken && columns[column] == kind {
			return column
		}
	}
	return ""
}
