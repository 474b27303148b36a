package app

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"slipway/domain"
)

// The codec's endpoint decrypts payloads for Temporal's UI and CLI. Whoever asks shows
// the token, in the header Authorization (the CLI, and a proxy that knows the user of the
// UI) or in a cookie that the browser got for it: the UI sends cookies to it when it is set to
// include credentials, and can send no token but that of its own sign-in.
const (
	codecPath    = "/codec"
	codecCookie  = "slipway_codec"
	codecSession = 12 * time.Hour
	codecMost    = 16 << 20 // bytes of a request: a page of a history
)

type codecEndpoint struct {
	codec   http.Handler
	token   string
	origins []string // of the UI
}

// handler answers nobody where no token is set.
func (e codecEndpoint) handler() http.Handler {
	if e.token == "" {
		return http.NotFoundHandler()
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+codecPath+"/session", func(w http.ResponseWriter, _ *http.Request) {
		secured(w)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(codecForm)) // the client is gone
	})
	signIn := http.HandlerFunc(e.signIn)
	mux.Handle("POST "+codecPath+"/session", http.NewCrossOriginProtection().Handler(signIn))
	decoding := e.forOrigins(http.HandlerFunc(e.decode))
	for _, call := range []string{"/decode", "/encode"} {
		mux.Handle("POST "+codecPath+call, decoding)
		mux.Handle("OPTIONS "+codecPath+call, decoding)
	}
	return mux
}

// codecForm asks for the token; nothing of it is in a URL or a log.
const codecForm = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Slipway codec</title>
<form method="post"><label>Token <input type="password" name="token" autocomplete="current-password" required></label>
<button>Decrypt payloads in this browser</button></form></html>
`

func secured(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
}

// signIn gives the browser a cookie for the token. Only pages of the same site may
// send it along, and none may read it.
func (e codecEndpoint) signIn(w http.ResponseWriter, r *http.Request) {
	secured(w)
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	token := r.PostFormValue("token")
	if !e.isToken(token) {
		http.Error(w, "That is not SLIPWAY_TEMPORAL_CODEC_TOKEN.", http.StatusUnauthorized)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: codecCookie, Value: token, Path: codecPath, MaxAge: int(codecSession.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: !ownMachine(r.Host),
	})
	_, _ = w.Write([]byte("Temporal's UI shows decrypted payloads in this browser, for twelve hours.\n"))
}

// ownMachine reports whether the browser and this process are on one machine, where there
// is no TLS.
func ownMachine(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// forOrigins lets browsers on the Temporal UI's origins call, and no others.
func (e codecEndpoint) forOrigins(next http.Handler) http.Handler {
	allowed := make([]string, len(e.origins))
	for i, text := range e.origins {
		allowed[i], _ = domain.NormalOrigin(text)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Add("Vary", "Origin")
		sent := r.Header.Get("Origin")
		if origin, ok := domain.NormalOrigin(sent); sent != "" && (!ok || !slices.Contains(allowed, origin)) {
			http.Error(w, "The origin is not in SLIPWAY_TEMPORAL_CODEC_ORIGINS.", http.StatusForbidden)
			return
		}
		if sent != "" {
			header.Set("Access-Control-Allow-Origin", sent)
			header.Set("Access-Control-Allow-Credentials", "true")
			header.Set("Access-Control-Allow-Methods", http.MethodPost)
			header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Namespace")
		}
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// decode decrypts, or encrypts, for whoever shows the token.
func (e codecEndpoint) decode(w http.ResponseWriter, r *http.Request) {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	cookie, err := r.Cookie(codecCookie)
	if !(bearer && e.isToken(token)) && (err != nil || !e.isToken(cookie.Value)) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "Show SLIPWAY_TEMPORAL_CODEC_TOKEN, or sign in at "+codecPath+"/session.", http.StatusUnauthorized)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, codecMost)
	e.codec.ServeHTTP(w, r)
}

func (e codecEndpoint) isToken(text string) bool {
	given, want := sha256.Sum256([]byte(text)), sha256.Sum256([]byte(e.token))
	return e.token != "" && subtle.ConstantTimeCompare(given[:], want[:]) == 1
}
