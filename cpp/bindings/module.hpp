#pragma once

#include <pybind11/pybind11.h>

namespace sevenstops::bindings {

void bind_service(pybind11::module_& module);
void bind_plan(pybind11::module_& module);
void bind_record(pybind11::module_& module);
void bind_load(pybind11::module_& module);
void bind_probes(pybind11::module_& module);

}  // namespace sevenstops::bindings
