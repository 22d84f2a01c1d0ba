#include "bindings/module.hpp"

PYBIND11_MODULE(_core, module) {
  module.doc() = "The C++ core of sevenstops.";
  sevenstops::bindings::bind_service(module);
  sevenstops::bindings::bind_plan(module);
  sevenstops::bindings::bind_record(module);
  sevenstops::bindings::bind_load(module);
  sevenstops::bindings::bind_probes(module);
}
