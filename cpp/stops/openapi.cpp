#include "stops/openapi.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <type_traits>

#include "http/characters.hpp"
#include "stops/handle/endpoint.hpp"
#include "store/order.hpp"

namespace sevenstops::stops {
namespace {

namespace json = boost::json;

template <class Field>
json::object schema_of(const store::ColumnAbout& about) {
  json::object schema{{"description", about.meaning}};
  if constexpr (std::is_same_v<Field, std::string>) {
    schema["type"] = "string";
  } else {
    schema["type"] = "integer";
    schema["format"] = "int64";
  }
  if (!about.format.empty()) {
    schema["format"] = about.format;
  }
  if (!about.words.empty()) {
    schema["enum"] = json::array(about.words.begin(), about.words.end());
  }
  return schema;
}

// JSON Schema 2020-12, as OpenAPI 3.1 has it.
json::object order_schema() {
  json::object properties;
  json::array names;
  const store::Order sample;
  store::for_each_column(sample, [&](const auto& column, const auto& field) {
    properties[column.name()] = schema_of<std::remove_cvref_t<decltype(field)>>(column.about);
    names.emplace_back(column.name());
  });
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(names)},
          {"additionalProperties", false}};
}

json::object orders_schema() {
  const json::object rows{{"type", "array"}, {"items", {{"$ref", "#/components/schemas/Order"}}}};
  const json::object next{{"type", json::array{"string", "null"}},
                          {"format", "uri-reference"},
                          {"description", "where the next page is; null: this is the last"}};
  return {{"type", "object"},
          {"properties", {{"orders", rows}, {"next", next}}},
          {"required", json::array{"orders", "next"}},
          {"additionalProperties", false}};
}

json::object content_of(AnswerKind kind) {
  const auto only = [](const char* type, const json::object& schema) {
    return json::object{{type, {{"schema", schema}}}};
  };
  switch (kind) {
    case AnswerKind::json:
      return only("application/json", {});
    case AnswerKind::bytes:
      return only("application/octet-stream", {});
    case AnswerKind::orders:
      return only("application/json", {{"$ref", "#/components/schemas/Orders"}});
    case AnswerKind::png:
      return only("image/png", {});
    case AnswerKind::csv:
      return only("text/csv", {{"type", "string"}});
    case AnswerKind::text:
      break;
  }
  return only("text/plain", {{"type", "string"}});
}

json::object parameter_of(const Parameter& parameter) {
  json::object schema{{"type", parameter.type}};
  if (parameter.type == "integer") {
    schema["format"] = "int64";
  }
  if (parameter.least) {
    schema["minimum"] = *parameter.least;
  }
  json::object made{{"name", parameter.name},
                    {"in", parameter.in},
                    {"description", parameter.meaning},
                    {"schema", std::move(schema)}};
  if (parameter.in == "path") {
    made["required"] = true;
  }
  return made;
}

json::object fields_of(std::initializer_list<const char*> names) {
  json::object fields;
  for (const char* name : names) {
    fields[name] = {{"schema", {{"type", "string"}}}};
  }
  return fields;
}

json::object responses_of(const Route& route) {
  const auto& about = route.endpoint->about;
  json::object answer{{"description", "The answer"}, {"content", content_of(about.kind)}};
  json::object responses;
  if (about.lasting) {
    answer["headers"] = about.kind == AnswerKind::orders ? fields_of({"ETag", "Vary", "Link"})
                                                         : fields_of({"ETag", "Vary"});
    responses["304"] = {{"description", "The client has it: an entity tag in If-None-Match"},
                        {"headers", fields_of({"ETag", "Vary"})}};
  }
  responses["200"] = std::move(answer);
  if (!route.open) {
    responses["401"] = {{"description", "The token is missing, or another one"},
                        {"headers", fields_of({"WWW-Authenticate"})},
                        {"content", content_of(AnswerKind::text)}};
  }
  responses["default"] = {{"$ref", "#/components/responses/Refusal"}};
  return responses;
}

json::object operation_of(const Route& route) {
  const auto& about = route.endpoint->about;
  json::object operation{{"operationId", route.endpoint->name}, {"summary", about.summary}};
  json::array parameters;
  for (const auto& parameter : about.parameters) {
    parameters.push_back(parameter_of(parameter));
  }
  if (about.keeps_deadline) {
    for (const auto& parameter : budget_parameters) {
      parameters.push_back(parameter_of(parameter));
    }
  }
  if (!parameters.empty()) {
    operation["parameters"] = std::move(parameters);
  }
  if (about.takes_body) {
    operation["requestBody"] = {{"content", content_of(AnswerKind::bytes)}};
  }
  if (!route.open) {
    operation["security"] = json::array{json::object{{"token", json::array{}}}};
  }
  operation["responses"] = responses_of(route);
  return operation;
}

// As OpenAPI spells a pattern: it knows no wildcards.
std::string path_of(std::string_view pattern) {
  std::string path(pattern);
  if (const auto dots = path.find("...}"); dots != std::string::npos) {
    path.erase(dots, 3);
  }
  return path;
}

}  // namespace

std::string openapi(const Router& router) {
  json::object paths;
  for (const auto& route : router.routes()) {
    if (route.endpoint == nullptr) {
      continue;
    }
    auto& path = paths[path_of(route.pattern)];
    std::string method = route.method;
    std::ranges::transform(method, method.begin(), http::lower);
    (path.is_object() ? path.as_object() : path.emplace_object())[method] = operation_of(route);
  }
  const json::object refusal{{"description", "Why there is no answer, in one word"},
                             {"content", content_of(AnswerKind::text)}};
  const json::object document{
      {"openapi", "3.1.0"},
      {"info", {{"title", "sevenstops"}, {"version", SEVENSTOPS_VERSION}}},
      {"paths", std::move(paths)},
      {"components",
       {{"schemas", {{"Order", order_schema()}, {"Orders", orders_schema()}}},
        {"responses", {{"Refusal", refusal}}},
        {"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}}}}};
  return json::serialize(document);
}

}  // namespace sevenstops::stops
