package api

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"slipway/domain"
)

// build makes the router, its middleware and every route.
func (a *API) build() error {
	gin.SetMode(gin.ReleaseMode)
	a.router = gin.New()
	a.router.HandleMethodNotAllowed = true
	a.router.RedirectTrailingSlash = false
	if err := a.router.SetTrustedProxies(a.TrustedProxies); err != nil {
		return err
	}
	a.router.Use(a.observe)
	if len(a.AllowedOrigins) > 0 {
		crossOrigin, err := a.crossOrigin()
		if err != nil {
			return err
		}
		a.router.Use(crossOrigin)
	}
	a.router.Use(a.readBody)
	a.router.NoRoute(func(c *gin.Context) { a.fail(c, domain.NotFound("route")) })
	a.router.NoMethod(func(c *gin.Context) {
		a.fail(c, newProblem(reasonMethod, domain.Text(domain.TextMethod)))
	})
	useStrictCasing()
	a.huma = humagin.New(a.router, a.humaConfig())
	a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "")
	a.routes()
	schemas := a.huma.OpenAPI().Components.Schemas
	delete(schemas.Map(), "ErrorModel") // Huma's own, which no answer has
	delete(schemas.Map(), "ErrorDetail")
	for name, schema := range schemas.Map() {
		nullPointers(schema, schemas.TypeFromRef("#/components/schemas/"+name))
		documentFields(schema)
	}
	documentCodes(schemas.Map())
	documentParameters(a.huma.OpenAPI())
	return nil
}

func (a *API) humaConfig() huma.Config {
	c := huma.DefaultConfig("Slipway", a.Version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", "", nil
	c.Transformers = []huma.Transformer{a.transform}
	c.Info.Description = "From sign-up to an active account. Errors are RFC 9457 problems with a `code`; " +
		"lists are pages with `has_more` and `next_cursor`; amounts are integers in minor units; times are UTC."
	bearer := func(what string) *huma.SecurityScheme {
		return &huma.SecurityScheme{Type: "http", Scheme: "bearer", Description: what}
	}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		string(participants): bearer("The onboarding's client_secret, its owner's session, or an admin's credential."),
		string(owners):       bearer("The token of an owner's session, or a client_secret within a day of the sign-up."),
		string(signedIn):     bearer("The token of any session."),
		string(admins):       bearer("The token of an admin's session, or an API key."),
	}
	c.Tags = []*huma.Tag{
		{
			Name: tagCatalogue, Description: "What is on offer.",
		}, {Name: tagOnboarding, Description: "Signing up, and how far it has come."},
		{Name: tagSession, Description: "Signing in and out."}, {Name: tagAccount, Description: "An owner's own account."},
		{Name: tagBackend, Description: "For the product's backend, with an API key."},
		{Name: tagWebhooks, Description: "What the product's backend is sent."},
		{
			Name: tagAdmin, Description: "For admins and the product's backend.",
		}, {Name: tagOperator, Description: "For those who run it."},
	}
	return c
}

// describe is the description as JSON.
func (a *API) describe() *rendered {
	b, err := json.Marshal(a.huma.OpenAPI())
	if err != nil {
		panic("describe API: " + err.Error()) // a programming error that every test meets
	}
	return renderedJSON(b)
}

// nullPointers says of each object behind a pointer that it may be null, which
// Huma cannot: a field is the object or null.
func nullPointers(s *huma.Schema, t reflect.Type) {
	if t == nil || t.Kind() != reflect.Struct {
		return
	}
	for _, f := range reflect.VisibleFields(t) {
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		property := s.Properties[name]
		if f.Type.Kind() != reflect.Pointer || strings.Contains(rest, "omitempty") || property == nil || property.Ref == "" {
			continue
		}
		s.Properties[name] = &huma.Schema{
			AnyOf:       []*huma.Schema{{Ref: property.Ref}, {Type: "null"}},
			Description: longDoc(f.Tag.Get("doc")),
		}
	}
}
