package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"slipway/domain"
	"slipway/store"
)

// How long a copy of the catalogue is served without looking, and how long a
// look may take before the last good copy is served instead.
const (
	copyFresh   = time.Second
	copyRefresh = time.Second
)

// catalogue holds what is public of the catalogue, ready to be sent: GET
// /v1/plans is asked for by every visitor and must not fail.
type catalogue struct {
	plans    cached[*rendered]
	options  cached[[]domain.PaymentOption]
	packages cached[*rendered]
}

func newCatalogue(s *store.Store) *catalogue {
	return &catalogue{
		plans: cached[*rendered]{load: func(ctx context.Context) (*rendered, error) {
			plans, err := s.PublicPlans(ctx)
			if err != nil {
				return nil, err
			}
			return render(newList(plans, ""))
		}},
		options:  cached[[]domain.PaymentOption]{load: s.PaymentOptions},
		packages: cached[*rendered]{load: packagesForSale(s)},
	}
}

// changed makes the next request look again.
func (c *catalogue) changed() {
	c.plans.expires.Store(0)
	c.options.expires.Store(0)
	c.packages.expires.Store(0)
}

// cached is a copy of something that is looked at again when it is no longer
// fresh, by one request at a time; the others, and all when the look fails, get
// the copy there is.
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
	return c.look(ctx, have)
}

// look loads a new copy; when that fails, the one there is stays for a while.
func (c *cached[T]) look(ctx context.Context, have *T) (T, error) {
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

// rendered is an answer as bytes, with its headers.
type rendered struct {
	body         []byte
	etag         string
	etagHeader   []string
	lengthHeader []string
}

func render(v any) (*rendered, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	r := &rendered{body: append(body, '\n'), etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
	r.etagHeader, r.lengthHeader = []string{r.etag}, []string{strconv.Itoa(len(r.body))}
	return r, nil
}

// Headers of cached answers; shared and never appended to.
var (
	jsonType    = []string{"application/json"}
	publicCache = []string{"public, max-age=60"}
)

// listPlans answers every plan that is active and public, from memory. It is
// never limited, and is answered while the database is away.
func (a *API) listPlans(c *gin.Context) {
	plans, err := a.catalogue.plans.get(c.Request.Context())
	if err != nil {
		a.fail(c, err)
		return
	}
	plans.write(c)
}

// write sends the answer, or 304 to a client that has it.
func (r *rendered) write(c *gin.Context) {
	h := c.Writer.Header()
	h["Etag"], h["Cache-Control"] = r.etagHeader, publicCache
	if have := c.Request.Header.Get("If-None-Match"); have != "" && matchesETag(have, r.etag) {
		c.Writer.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Type"], h["Content-Length"] = jsonType, r.lengthHeader
	_, _ = c.Writer.Write(r.body) // a client that is gone needs no answer
}

type optionsInput struct {
	Country     string `query:"country" maxLength:"2" doc:"ISO 3166-1 alpha-2, upper case."`
	Currency    string `query:"currency" pattern:"^[a-z]{3}$" patternDescription:"three lower-case letters" doc:"ISO 4217, lower case."`
	IfNoneMatch string `header:"If-None-Match" doc:"The ETag the client has: 304 while it is the current one."`
}

type optionsOutput struct {
	Status       int
	ETag         string `header:"ETag" doc:"Changes with the answer."`
	CacheControl string `header:"Cache-Control" doc:"How long the answer may be kept."`
	Body         listOf[domain.PaymentOption]
}

// listPaymentOptions answers the ways to pay that serve a country and currency.
func (a *API) listPaymentOptions(ctx context.Context, in *optionsInput) (*optionsOutput, error) {
	if in.Country != "" && !validCountry(in.Country) {
		return nil, invalidQuery("country", "There is no such country.", acceptedCountry)
	}
	options, err := a.catalogue.options.get(ctx)
	if err != nil {
		return nil, err
	}
	serving := []domain.PaymentOption{}
	for i := range options {
		if options[i].Serves(in.Country, in.Currency) {
			serving = append(serving, options[i])
		}
	}
	out := &optionsOutput{Status: http.StatusOK, CacheControl: publicCache[0], Body: newList(serving, "")}
	r, err := render(out.Body)
	if err != nil {
		return nil, err
	}
	if out.ETag = r.etag; matchesETag(in.IfNoneMatch, r.etag) {
		out.Status = http.StatusNotModified
	}
	return out, nil
}
