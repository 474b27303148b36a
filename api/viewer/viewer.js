// Starts the vendored Swagger UI. A file of its own, so that the page needs no
// inline script and its Content-Security-Policy can forbid them.
window.addEventListener("load", () => {
  window.SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#viewer",
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    persistAuthorization: false,
    validatorUrl: null,
  });
});
