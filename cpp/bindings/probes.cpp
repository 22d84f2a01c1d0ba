#include <pybind11/stl.h>

#include "bindings/module.hpp"
#include "probes/isolation.hpp"
#include "probes/listener.hpp"
#include "probes/process.hpp"
#include "probes/tcp_ext.hpp"

namespace sevenstops::bindings {

namespace py = pybind11;
using namespace probes;

namespace {

void bind(py::module_& module) {
  py::class_<ListenerProbe>(module, "ListenerProbe", "A listener as sock_diag shows it.")
      .def_readonly("queue_depth", &ListenerProbe::queue_depth)
      .def_readonly("backlog", &ListenerProbe::backlog)
      .def_readonly("drops", &ListenerProbe::drops);
  py::class_<ProcessProbe>(module, "ProcessProbe", "A process as /proc shows it.")
      .def_readonly("rss_bytes", &ProcessProbe::rss_bytes)
      .def_readonly("pss_bytes", &ProcessProbe::pss_bytes)
      .def_readonly("cpu_seconds", &ProcessProbe::cpu_seconds);
  py::class_<OwnNetwork>(module, "OwnNetwork",
                         "A network namespace of the calling thread and of what it starts.")
      .def(py::init<>(), "RuntimeError where it isn't allowed.")
      .def("leave", &OwnNetwork::leave, "Back to where the thread was.")
      .def_static("possible", &OwnNetwork::possible,
                  "Whether it is allowed, with a net.core.somaxconn of its own.");
  module.def("probe_listener", &probe_listener, py::arg("port"),
             "The listeners on this port: what waits and was dropped at all of them, and the least "
             "backlog; "
             "RuntimeError when there is none.");
  module.def("probe_process", &probe_process, py::arg("pid"),
             "RuntimeError when the process is gone.");
  module.def("probe_tcp_ext", &probe_tcp_ext, "This network namespace's TcpExt counters by name.");
}

const RegisterBinding registered{{bind}};

}  // namespace
}  // namespace sevenstops::bindings
