package payment

import (
	"net/http"
	"strconv"
	"time"
)

// longestRetryAfter is as long as anybody's wish to be left alone is believed.
const longestRetryAfter = 24 * time.Hour

// RetryAfter reads a Retry-After header, which holds seconds or a date; 0 for
// nothing, for nonsense and for the past.
func RetryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(header, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), int64(longestRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), longestRetryAfter)
}
