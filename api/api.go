// Package api answers HTTP. Questions are answered from the store, commands are
// carried to workflows; a handler binds, asks and answers. Start reading at
// routes.go, which lists every call, who may make it and how it can fail.
package api

import (
	"net/http"
	"sync"
)

// API is the HTTP side of Slipway: what is served, and how it is reached.
type API struct {
	*shared
	nouns
	*registrar
	openapi func() *rendered
}

// New returns the API. It touches neither the database nor Temporal.
func New(c Config) (*API, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	s, err := newShared(c)
	if err != nil {
		return nil, err
	}
	r, err := newRegistrar(s)
	if err != nil {
		return nil, err
	}
	a := &API{shared: s, nouns: newNouns(s), registrar: r}
	a.openapi = sync.OnceValue(r.description)
	a.routes()
	r.answerHead()
	r.document()
	return a, nil
}

// Handler serves every route.
func (a *API) Handler() http.Handler { return a.router }

// OpenAPI is the description of the API as JSON, OpenAPI 3.1.
func (a *API) OpenAPI() []byte { return a.openapi().body }
