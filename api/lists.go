package api

import (
	"encoding/base64"

	"slipway/domain"
	"slipway/store"
)

// Page is the part of every list's request that says which page.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Rows per page."`
	Cursor string `query:"cursor" format:"code" maxLength:"200" doc:"next_cursor of the page before."`
}

// listOf is a page of anything.
type listOf[T any] struct {
	Object     string  `json:"object" enum:"list"`
	Data       []T     `json:"data" nullable:"false" doc:"Newest first, unless the rows have an order of their own."`
	HasMore    bool    `json:"has_more"`
	NextCursor *string `json:"next_cursor" doc:"Ask for the next page with it; null on the last."`
}

type listOutput[T any] struct {
	Body listOf[T]
}

type listOwnInput struct {
	Page
}

// listed renders a page of the store's.
func listed[T any](rows store.List[T], err error) (*listOutput[T], error) {
	if err != nil {
		return nil, err
	}
	return &listOutput[T]{Body: newList(rows.Data, rows.Next)}, nil
}

// mapped renders a page whose rows say more than the store's.
func mapped[T, R any](rows store.List[T], row func(*T) R) *listOutput[R] {
	data := make([]R, len(rows.Data))
	for i := range rows.Data {
		data[i] = row(&rows.Data[i])
	}
	return &listOutput[R]{Body: newList(data, rows.Next)}
}

func newList[T any](data []T, next string) listOf[T] {
	list := listOf[T]{Object: "list", Data: data}
	if list.Data == nil {
		list.Data = []T{}
	}
	if next != "" {
		cursor := base64.RawURLEncoding.EncodeToString([]byte(next))
		list.HasMore, list.NextCursor = true, &cursor
	}
	return list
}

// decode is the page as the store asks for it. A cursor is an id of the rows'
// kind, made opaque so that nobody builds one.
func (p Page) decode(prefix string) (store.Page, error) {
	id, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil || (p.Cursor != "" && !store.ValidID(prefix, string(id))) {
		return store.Page{}, invalidQuery("cursor", domain.TextNotACursor, domain.AcceptCursor)
	}
	return store.Page{Limit: p.Limit, Cursor: string(id)}, nil
}

func invalidQuery(name string, message, accepted domain.TextCode) error {
	return domain.Invalid("query."+name, domain.Text(message), domain.Text(accepted))
}
