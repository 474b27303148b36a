# Production image: api, worker, migrate, seed and doctor, without the embedded
# Temporal server (-tags nodev).
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
COPY third_party third_party
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -tags nodev,nomsgpack -gcflags all=-dwarf=false -ldflags "-s -w -X slipway/app.version=${VERSION}" -o /slipway .

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /slipway /slipway
USER nonroot
EXPOSE 8080
ENTRYPOINT ["/slipway"]
CMD ["api"]
