#include "faults/fault.hpp"

#include <pybind11/stl.h>

#include "bindings/module.hpp"

namespace sevenstops::bindings {

namespace py = pybind11;

namespace {

void bind(py::module_& module) {
  module.def(
      "fault_kinds",
      [] {
        std::map<std::string, std::string> kinds;
        for (const auto& [name, kind] : faults::fault_kinds()) {
          kinds.emplace(name, std::string(kind.usage) + ": " + std::string(kind.meaning));
        }
        return kinds;
      },
      "Every kind of fault: how its value is written, and what it does.");
}

const RegisterBinding registered{{bind}};

}  // namespace
}  // namespace sevenstops::bindings
