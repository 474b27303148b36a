package api

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"slipway/domain"
	"slipway/store"
)

// How long a copy of the catalogue is served without reading it again, and how
// long reading may take before the last good copy is served instead.
const (
	copyFresh   = time.Second
	copyRefresh = time.Second
)

// cached is a copy of something. When it is no longer fresh, one request at a
// time reads it anew; the others, and all when reading fails, get the copy there
// is.
type cached[T any] struct {
	load    func(context.Context) (T, error)
	copy    atomic.Pointer[T]
	expires atomic.Int64 // Unix nanoseconds
	loading sync.Mutex
}

func (c *cached[T]) get(ctx context.Context) (T, error) {
	have := c.copy.Load()
	if have != nil && (time.Now().UnixNano() < c.expires.Load() || !c.loading.TryLock()) {
		return *have, nil
	}
	if have == nil {
		c.loading.Lock()
		if have = c.copy.Load(); have != nil {
			c.loading.Unlock()
			return *have, nil
		}
	}
	defer c.loading.Unlock()
	return c.refresh(ctx, have)
}

// refresh loads a new copy; when that fails, the one there is stays for a while.
func (c *cached[T]) refresh(ctx context.Context, have *T) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, copyRefresh)
	defer cancel()
	c.expires.Store(time.Now().Add(copyFresh).UnixNano())
	fresh, err := c.load(ctx)
	if err != nil && have != nil {
		return *have, nil
	}
	if err == nil {
		c.copy.Store(&fresh)
	}
	return fresh, err
}

// catalogue holds what is public of the catalogue, ready to be sent: GET
// /v1/plans is asked for by every visitor and must not fail.
type catalogue struct {
	plans    cached[*rendered]
	options  cached[[]domain.PaymentOption]
	packages cached[*rendered]
}

func newCatalogue(s *store.Store) *catalogue {
	return &catalogue{
		plans:    cached[*rendered]{load: asList(s.PublicPlans)},
		options:  cached[[]domain.PaymentOption]{load: s.PaymentOptions},
		packages: cached[*rendered]{load: asList(s.ActivePackages)},
	}
}

// asList renders the rows it reads as a list.
func asList[T any](read func(context.Context) ([]T, error)) func(context.Context) (*rendered, error) {
	return func(ctx context.Context) (*rendered, error) {
		rows, err := read(ctx)
		if err != nil {
			return nil, err
		}
		return render(newList(rows, ""))
	}
}

// changed makes the next request load a new copy.
func (c *catalogue) changed() {
	c.plans.expires.Store(0)
	c.options.expires.Store(0)
	c.packages.expires.Store(0)
}

// serveCopy answers with a copy of the catalogue.
func (s *shared) serveCopy(c *gin.Context, of *cached[*rendered]) {
	answer, err := of.get(c.Request.Context())
	if err != nil {
		s.fail(c, err)
		return
	}
	answer.write(c, publicCache)
}

// catalogueWait bounds how long a save waits for Temporal to take the news.
const catalogueWait = 2 * time.Second

// catalogueChanged shows the change at once and resumes onboardings that wait for
// it. With Temporal away the next reconcile resumes them.
func (s *shared) catalogueChanged(ctx context.Context) {
	s.catalogue.changed()
	ctx, cancel := context.WithTimeout(ctx, catalogueWait)
	defer cancel()
	if err := s.flows.CatalogueChanged(ctx); err != nil {
		s.log.WarnContext(ctx, "onboardings that wait for the catalogue are resumed later", "error", err)
	}
}
