#include <pybind11/stl.h>

#include "bindings/module.hpp"
#include "service/settings.hpp"

namespace sevenstops::bindings {

namespace py = pybind11;
using service::FieldInfo;
using service::Settings;

namespace {

void bind(py::module_& module) {
  py::class_<FieldInfo>(module, "FieldInfo", "One documented setting and its range.")
      .def_readonly("name", &FieldInfo::name)
      .def_readonly("type", &FieldInfo::type)
      .def_readonly("unit", &FieldInfo::unit)
      .def_readonly("low", &FieldInfo::low)
      .def_readonly("high", &FieldInfo::high)
      .def_readonly("meaning", &FieldInfo::meaning)
      .def_readonly("words", &FieldInfo::words);
  py::class_<Settings>(module, "Settings",
                       "The settings of one service: a struct per stop, its fields 'stop.field'.")
      .def("set", &service::set_field, py::arg("name"), py::arg("value"))
      .def("get", &service::get_field, py::arg("name"))
      .def("copy", [](const Settings& s) { return s; })
      .def("__eq__", [](const Settings& a, const Settings& b) { return a == b; });
  module.def("fragile", &service::fragile, "The preset that shows every characteristic failure.");
  module.def("hardened", &service::hardened, "The preset that mends them.");
  module.def("field_infos", &service::field_infos,
             "Every setting's documentation, in walking order.");
}

const RegisterBinding registered{{bind}};

}  // namespace
}  // namespace sevenstops::bindings
