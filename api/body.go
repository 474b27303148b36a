package api

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"slipway/domain"
)

// maxBody is the largest body that is read; bodyWait is how long a slow client
// may take to send it.
const (
	maxBody  = 64 << 10
	bodyWait = 10 * time.Second
)

// readBody reads the body of a request before anything looks at it, and refuses
// what no handler could use: too much, another type, not UTF-8. (The JSON
// decoder would replace bad UTF-8 silently, and PostgreSQL refuses NUL.)
func readBody(refuse func(*gin.Context, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.FullPath() == "" || (c.Request.Method != http.MethodPost && c.Request.Method != http.MethodPatch) {
			return
		}
		body, err := receive(c)
		if err == nil {
			err = checkBody(body, c.Request.Header)
		}
		if err != nil {
			refuse(c, err)
			return
		}
		c.Request.Header["Content-Type"] = jsonType // as Huma knows it
		c.Request.Body, c.Request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
}

func receive(c *gin.Context) ([]byte, error) {
	_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Now().Add(bodyWait))
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &domain.Error{Code: domain.CodeInvalid, Reason: domain.ReasonBodyTooLarge,
			Detail: domain.Text(domain.TextBodyTooLarge)}
	case err != nil:
		return nil, newProblem(reasonMalformedBody, domain.Text(domain.TextBodyCutOff))
	}
	return body, nil
}

func checkBody(body []byte, header http.Header) error {
	if len(body) == 0 {
		return nil
	}
	if !isJSON(header) {
		return newProblem(reasonMediaType, domain.Text(domain.TextMediaType))
	}
	if !utf8.Valid(body) {
		return newProblem(reasonMalformedBody, domain.Text(domain.TextBodyNotUTF8))
	}
	return checkEscapes(body)
}

// isJSON reports whether the headers say that the body is JSON in UTF-8 and not
// compressed. One that says nothing is taken as it is.
func isJSON(header http.Header) bool {
	if encoding := header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return false
	}
	contentType := strings.Join(header.Values("Content-Type"), ", ")
	if contentType == "" {
		return true
	}
	media, params, err := mime.ParseMediaType(contentType)
	charset := strings.ToLower(cmp.Or(params["charset"], "utf-8"))
	return err == nil && media == "application/json" && (charset == "utf-8" || charset == "us-ascii")
}

// checkEscapes refuses the \u escapes that are valid JSON and yet no text: NUL,
// and half of a surrogate pair.
func checkEscapes(body []byte) error {
	for i := 0; i+1 < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		i++ // the escaped character
		if body[i] != 'u' {
			continue
		}
		r := escaped(body[i+1:])
		switch {
		case r == 0:
			return domain.Invalid("body", domain.Text(domain.TextNulCharacter), domain.Text(domain.AcceptWithoutNul))
		case utf16.IsSurrogate(r):
			if i+6 >= len(body) || body[i+5] != '\\' || body[i+6] != 'u' ||
				utf16.DecodeRune(r, escaped(body[i+7:])) == utf8.RuneError {
				return newProblem(reasonMalformedBody, domain.Text(domain.TextBodyHalfSurrogate))
			}
			i += 6
		}
	}
	return nil
}

// escaped is the code unit of four hexadecimal digits; -1 for anything else,
// which the decoder refuses.
func escaped(digits []byte) rune {
	var unit [2]byte
	if len(digits) < 4 {
		return -1
	}
	if _, err := hex.Decode(unit[:], digits[:4]); err != nil {
		return -1
	}
	return rune(unit[0])<<8 | rune(unit[1])
}
