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

// newRegistrar makes the router with its middleware, and a description of no
// route yet.
func newRegistrar(s *shared) (*registrar, error) {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.HandleMethodNotAllowed = true
	router.RedirectTrailingSlash = false
	if err := router.SetTrustedProxies(s.config.TrustedProxies); err != nil {
		return nil, err
	}
	reg := &registrar{router: router, auth: s.auth, varies: map[string][]string{}}
	router.Use(observer{s.problems, s.metrics}.observe, reg.vary)
	if len(s.config.AllowedOrigins) > 0 {
		allowed, err := crossOrigin(s.config.AllowedOrigins, s.fail)
		if err != nil {
			return nil, err
		}
		router.Use(allowed)
		reg.always = []string{"Origin"}
	}
	router.Use(readBody(s.fail))
	router.NoRoute(func(c *gin.Context) { s.fail(c, reg.noRoute(c.Request.URL.Path)) })
	router.NoMethod(func(c *gin.Context) { s.fail(c, newProblem(reasonMethod, domain.Text(domain.TextMethod))) })
	useStrictCasing()
	reg.huma = humagin.New(router, humaConfig(s.config.Version, reg.transform))
	reg.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "")
	return reg, nil
}

// transform is Huma's last step before it writes an answer: its own errors
// become problems here, without the values it puts into them.
func (reg *registrar) transform(ctx huma.Context, _ string, v any) (any, error) {
	c := humagin.Unwrap(ctx)
	switch e := v.(type) {
	case *Problem:
		reg.auth.complete(e, c)
		return e, nil
	case *huma.ErrorModel:
		f := findings{ctx.Operation(), reg.huma.OpenAPI().Components.Schemas}
		p := f.problem(e)
		reg.auth.complete(p, c)
		return p, nil
	}
	return v, nil
}

// document completes the description once every route is registered.
func (reg *registrar) document() {
	schemas := reg.huma.OpenAPI().Components.Schemas
	delete(schemas.Map(), "ErrorModel") // Huma's own, which no answer has
	delete(schemas.Map(), "ErrorDetail")
	for name, schema := range schemas.Map() {
		nullPointers(schema, schemas.TypeFromRef("#/components/schemas/"+name))
		documentFields(schema)
	}
	documentCodes(schemas.Map())
	documentParameters(reg.huma.OpenAPI())
	reg.noteVaries(reg.huma.OpenAPI())
}

// description is the description as JSON.
func (reg *registrar) description() *rendered {
	b, err := json.Marshal(reg.huma.OpenAPI())
	if err != nil {
		panic("describe API: " + err.Error()) // a programming error that every test meets
	}
	return renderedJSON(b)
}

func humaConfig(version string, transform huma.Transformer) huma.Config {
	c := huma.DefaultConfig("Slipway", version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", "", nil
	c.Transformers = []huma.Transformer{transform}
	c.Info.Description = "From sign-up to an active account. Errors are RFC 9457 problems with a `code`; " +
		"lists are pages with `has_more` and `next_cursor`; amounts are integers in minor units; times are UTC. " +
		"HEAD is answered wherever GET is; no path ends with a slash."
	bearer := func(what string) *huma.SecurityScheme {
		return &huma.SecurityScheme{Type: "http", Scheme: "bearer", Description: what}
	}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		string(participants): bearer("The onboarding's client_secret until a day after its end, its owner's session, " +
			"or an admin's credential."),
		string(owners):   bearer("The token of an owner's session, or a client_secret within a day of the sign-up."),
		string(signedIn): bearer("The token of any session."),
		string(admins):   bearer("The token of an admin's session, or an API key."),

		string(signedInAdmins): bearer("The token of an admin's session."),
	}
	c.Tags = []*huma.Tag{
		{Name: tagCatalogue, Description: "What is on offer."},
		{Name: tagOnboarding, Description: "Signing up, and how far it has come."},
		{Name: tagSession, Description: "Signing in and out."},
		{Name: tagAccount, Description: "An owner's own account."},
		{Name: tagBackend, Description: "For the product's backend, with an API key."},
		{Name: tagWebhooks, Description: "What the product's backend is sent."},
		{Name: tagAdmin, Description: "For admins and the product's backend."},
		{Name: tagOperator, Description: "For those who run it."},
	}
	return c
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
