#include <pybind11/stl.h>

#include "bindings/module.hpp"
#include "probes/isolation.hpp"
#include "probes/listener.hpp"
#include "probes/process.hpp"
#include "probes/relay.hpp"
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
  module.def("join_network", &join_network, py::arg("namespace"),
             "Moves the calling thread into the network namespace of an open descriptor; "
             "RuntimeError where that isn't allowed.");
  py::class_<LinkPath>(module, "LinkPath", "One direction of a link.")
      .def(
          py::init(
              [](double delay, double loss, double rate, std::int64_t queue, std::uint64_t seed) {
                return LinkPath{
                    .delay = delay, .loss = loss, .rate = rate, .queue = queue, .seed = seed};
              }),
          py::kw_only(), py::arg("delay") = 0.0, py::arg("loss") = 0.0, py::arg("rate") = 0.0,
          py::arg("queue") = LinkPath{}.queue, py::arg("seed") = LinkPath{}.seed,
          "Seconds under way, share that is lost, bytes a second (0: no bound), most packets under "
          "way, seed of the losses.");
  py::class_<LinkCount>(module, "LinkCount", "What became of one direction's packets.")
      .def_readonly("carried", &LinkCount::carried)
      .def_readonly("lost", &LinkCount::lost);
  py::class_<Relay>(module, "Relay", "A link between two TUN devices, with delay and loss.")
      .def(py::init<int, int, const LinkPath&, const LinkPath&>(), py::arg("near"), py::arg("far"),
           py::arg("there"), py::arg("back"),
           "Descriptors, which outlive it, and the two paths. ValueError for a path that makes no "
           "sense.")
      .def("stop", &Relay::stop, py::call_guard<py::gil_scoped_release>(),
           "Ends it: nothing is read of the descriptors any more.")
      .def("lose_one", &Relay::lose_one, py::arg("bytes"), py::arg("skipped") = 0,
           "Loses one packet on its way back: of those with at least so many bytes, the one after "
           "`skipped` others.")
      .def_property_readonly("there", &Relay::there)
      .def_property_readonly("back", &Relay::back);
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
