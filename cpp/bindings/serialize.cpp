#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "bindings/module.hpp"
#include "stops/serialize/json_text.hpp"

namespace sevenstops::bindings {

namespace py = pybind11;

namespace {

using Value = std::variant<std::int64_t, double, std::string_view>;

std::string write_json(const Value& value) {
  std::string out;
  stops::JsonText json(out);
  std::visit([&json](const auto& v) { json.value(v); }, value);
  json.flush();
  return out;
}

void bind(py::module_& module) {
  module.def("write_json", &write_json, py::arg("value"),
             "A number or a text as Serialize writes it in JSON.");
}

const RegisterBinding registered{{bind}};

}  // namespace
}  // namespace sevenstops::bindings
