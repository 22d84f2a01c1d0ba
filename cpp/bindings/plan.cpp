#include "load/plan/plan.hpp"

#include <pybind11/stl.h>

#include <vector>

#include "bindings/module.hpp"
#include "load/plan/client_kind.hpp"

namespace sevenstops::bindings {

namespace py = pybind11;

namespace {

// A class with a property for each of the part's fields, made from any of them by keyword.
template <class Part>
py::class_<Part> bind_part(py::module_& module, const char* name, const char* meaning) {
  py::class_<Part> bound(module, name, meaning);
  bound.def(py::init([](const py::kwargs& fields) {
    auto part = py::cast(Part{});
    for (const auto& [key, value] : fields) {
      if (!py::hasattr(part, key)) {
        throw py::type_error("there is no field '" + py::cast<std::string>(key) + "'");
      }
      part.attr(key) = value;
    }
    return py::cast<Part>(part);
  }));
  Part part;
  load::for_each_field(part, [&](const char* field_name, auto& example) {
    using Field = std::remove_reference_t<decltype(example)>;
    const std::string wanted = field_name;
    const auto in = [wanted](Part& owner) {
      Field* found = nullptr;
      load::for_each_field(owner, [&](const char* each, auto& field) {
        if constexpr (std::is_same_v<std::remove_reference_t<decltype(field)>, Field>) {
          found = each == wanted ? &field : found;
        }
      });
      return found;
    };
    bound.def_property(
        field_name, [in](Part& owner) { return *in(owner); },
        [in](Part& owner, const Field& value) { *in(owner) = value; });
  });
  return bound;
}

void bind(py::module_& module) {
  bind_part<load::Phase>(module, "Phase",
                         "A stretch of a plan in which requests come in one manner.");
  bind_part<load::RequestSpec>(module, "RequestSpec", "One kind of request in a plan's mix.");
  bind_part<load::Crowd>(module, "Crowd",
                         "Clients that misbehave beside a plan's mix, or within it.");
  bind_part<load::Http2Spec>(module, "Http2Spec", "Streams of a connection, and windows in bytes.");
  bind_part<load::Plan>(module, "Plan",
                        "A seeded, complete description of a load; times in seconds.")
      .def_property_readonly("duration", &load::Plan::duration)
      .def_property_readonly("closed", &load::Plan::closed)
      .def("check", &load::Plan::check)
      .def("canonical", &load::Plan::canonical)
      .def("fingerprint", &load::Plan::fingerprint)
      .def("__eq__",
           [](const load::Plan& a, const load::Plan& b) { return a.canonical() == b.canonical(); });
  module.def("plan_from_json", &load::plan_from_json, py::arg("text"),
             "A plan from JSON; ValueError names a field that is unknown or of the wrong type.");
  module.def(
      "client_kinds",
      [] {
        std::map<std::string, std::string> kinds;
        for (const auto& [name, kind] : load::client_kinds()) {
          kinds.emplace(name, kind.meaning);
        }
        return kinds;
      },
      "Every kind of misbehaving client and what it does.");
}

const RegisterBinding registered{{bind}};

}  // namespace
}  // namespace sevenstops::bindings
