package api

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"net/http"

	"github.com/gin-gonic/gin"

	"slipway/domain"
)

// returnStyle dresses the page below; its hash is the only style the page's
// policy lets in.
const returnStyle = `:root{color-scheme:light dark}` +
	`body{margin:0;min-height:100vh;display:grid;place-items:center;font:1.0625rem/1.5 system-ui,sans-serif;` +
	`background:Canvas;color:CanvasText}main{max-width:28rem;padding:2rem;text-align:center}` +
	`h1{font-size:1.5rem;margin:.25rem 0 .5rem}p{margin:0;opacity:.75}`

// returnPage is to be filled with a title, a text and the style.
const returnPage = `<!doctype html><html lang="en"><head><meta charset="utf-8">` +
	`<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">` +
	`<title>%[1]s</title><style>%[3]s</style></head><body><main><h1>%[1]s</h1><p>%[2]s</p></main></body></html>`

// serveReturn is where payment providers send customers when they are done with
// a page: the app notices by itself, from what the provider sends.
func serveReturn(c *gin.Context) {
	sum := sha256.Sum256([]byte(returnStyle))
	style := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	c.Header("Content-Security-Policy", "default-src 'none'; "+style+"; frame-ancestors 'none'")
	title, text := domain.Text(domain.LabelThanks), domain.Text(domain.TextReturned)
	page := fmt.Sprintf(returnPage, html.EscapeString(title), html.EscapeString(text), returnStyle)
	c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(page))
}
