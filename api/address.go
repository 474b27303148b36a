package api

import (
	"context"
	"net/netip"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
)

// networkBits is how much of an IPv6 address is counted: whoever has one address
// of a /64 has all of it.
const networkBits = 64

const (
	headerForwardedFor = "X-Forwarded-For"
	headerRealIP       = "X-Real-IP"
)

type addressKey struct{}

// withAddress makes the client's address known, as it is counted. Gin believes
// the headers of trusted proxies alone, and of their list of addresses the last
// that is not a trusted proxy's. A proxy that writes the list may pass on an
// X-Real-IP that its client made up, so it counts only without a list.
func withAddress(ctx huma.Context, next func(huma.Context)) {
	c := humagin.Unwrap(ctx)
	if len(c.Request.Header.Values(headerForwardedFor)) > 0 {
		c.Request.Header.Del(headerRealIP)
	}
	next(huma.WithValue(ctx, addressKey{}, counted(c.ClientIP())))
}

// addressOf is the client's address, on routes that are limited by it: an IPv4
// address, or the network of an IPv6 one.
func addressOf(ctx context.Context) string {
	address, _ := ctx.Value(addressKey{}).(string)
	return address
}

// counted is what attempts from an address are counted under.
func counted(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, networkBits).Masked().String()
}
