#include "load/record/result.hpp"

#include <pybind11/stl.h>

#include "bindings/module.hpp"

namespace sevenstops::bindings {

namespace py = pybind11;

namespace {

void bind_histogram(py::module_& module) {
  py::class_<load::Histogram>(module, "Histogram",
                              "Latencies from 1 µs to 60 s with three significant digits.")
      .def(py::init<>())
      .def("record", &load::Histogram::record, py::arg("micros"), py::arg("times") = 1)
      .def("merge", &load::Histogram::merge, py::arg("other"))
      .def("quantile", &load::Histogram::quantile_seconds, py::arg("q"))
      .def("slower_than", &load::Histogram::slower_than, py::arg("seconds"))
      .def("counts", &load::Histogram::counts)
      .def("distribution",
           [](const load::Histogram& h) {
             std::vector<std::pair<double, std::uint64_t>> found;
             for (const auto& [micros, count] : h.counts()) {
               found.emplace_back(static_cast<double>(micros) / 1e6, count);
             }
             return found;
           })
      .def_property_readonly("total", &load::Histogram::total)
      .def_property_readonly("mean", &load::Histogram::mean_seconds)
      .def_property_readonly("max", &load::Histogram::max_seconds)
      .def("__eq__", [](const load::Histogram& a, const load::Histogram& b) { return a == b; })
      .def(py::pickle(
          [](const load::Histogram& h) {
            return py::make_tuple(h.counts(), h.sum(), h.highest_seen());
          },
          [](const py::tuple& state) {
            return load::Histogram(
                state[0].cast<std::vector<std::pair<std::uint64_t, std::uint64_t>>>(),
                state[1].cast<double>(), state[2].cast<std::uint64_t>());
          }));
}

void bind_crowds(py::module_& module) {
  py::class_<load::CrowdClient>(module, "CrowdClient", "What one client of a crowd got.")
      .def_readonly("status", &load::CrowdClient::status)
      .def_readonly("body_bytes", &load::CrowdClient::body_bytes)
      .def_readonly("sha256", &load::CrowdClient::sha256)
      .def_readonly("whole", &load::CrowdClient::whole)
      .def_readonly("seconds", &load::CrowdClient::seconds)
      .def_readonly("pages", &load::CrowdClient::pages)
      .def_readonly("rows", &load::CrowdClient::rows)
      .def_readonly("repeated", &load::CrowdClient::repeated)
      .def_readonly("why", &load::CrowdClient::why);
  py::class_<load::CrowdRecord>(module, "CrowdRecord", "What became of one crowd.")
      .def_readonly("due", &load::CrowdRecord::due)
      .def_readonly("started", &load::CrowdRecord::started)
      .def_property_readonly("answered", &load::CrowdRecord::answered)
      .def_readonly("statuses", &load::CrowdRecord::statuses)
      .def_readonly("bytes_sent", &load::CrowdRecord::bytes_sent)
      .def_readonly("bytes_read", &load::CrowdRecord::bytes_read)
      .def_readonly("fetches_due", &load::CrowdRecord::fetches_due)
      .def_readonly("clients", &load::CrowdRecord::clients)
      .def_readonly("clients_cut", &load::CrowdRecord::clients_cut);
}

void bind(py::module_& module) {
  bind_histogram(module);
  bind_crowds(module);
  py::class_<load::RequestRecord>(module, "RequestRecord", "What became of one kind of request.")
      .def_readonly("latency", &load::RequestRecord::latency)
      .def_readonly("response", &load::RequestRecord::response)
      .def_property_readonly("successful", &load::RequestRecord::successful)
      .def_property_readonly("outcomes", &load::RequestRecord::outcomes)
      .def_property_readonly("statuses", &load::RequestRecord::statuses)
      .def_readonly("unexpected", &load::RequestRecord::unexpected)
      .def_readonly("due", &load::RequestRecord::due)
      .def_readonly("sent", &load::RequestRecord::sent)
      .def_property_readonly("answered", &load::RequestRecord::answered)
      .def_readonly("bytes_sent", &load::RequestRecord::bytes_sent)
      .def_readonly("bytes_received", &load::RequestRecord::bytes_received);
  py::class_<load::PhaseRecord>(module, "PhaseRecord", "How requests spent their time.")
      .def_readonly("connect", &load::PhaseRecord::connect)
      .def_readonly("send", &load::PhaseRecord::send)
      .def_readonly("first_byte", &load::PhaseRecord::first_byte)
      .def_readonly("last_byte", &load::PhaseRecord::last_byte);
  py::class_<load::BlockedRecord>(module, "BlockedRecord",
                                  "Arrivals that the client itself held up.")
      .def_readonly("seconds", &load::BlockedRecord::seconds)
      .def_readonly("no_connection", &load::BlockedRecord::no_connection)
      .def_readonly("no_socket", &load::BlockedRecord::no_socket)
      .def_readonly("no_client", &load::BlockedRecord::no_client);
  py::class_<load::ClientRecord>(module, "ClientRecord", "How the client itself fared.")
      .def_readonly("engine", &load::ClientRecord::engine)
      .def_readonly("lateness", &load::ClientRecord::lateness)
      .def_readonly("cpu_seconds", &load::ClientRecord::cpu_seconds)
      .def_readonly("busiest", &load::ClientRecord::busiest);
  py::class_<load::IntervalSum>(module, "Interval", "What happened in 100 ms of a load.")
      .def_readonly("sent", &load::IntervalSum::sent)
      .def_readonly("answered", &load::IntervalSum::answered)
      .def_readonly("errors", &load::IntervalSum::errors)
      .def_readonly("failed", &load::IntervalSum::failed)
      .def("quantile", &load::IntervalSum::quantile, py::arg("q"))
      .def("merge", &load::IntervalSum::merge, py::arg("other"));
  py::class_<load::LoadResult>(module, "LoadResult", "What became of a load.")
      .def_readonly("fingerprint", &load::LoadResult::fingerprint)
      .def_readonly("duration", &load::LoadResult::duration)
      .def_readonly("sending", &load::LoadResult::sending)
      .def_readonly("requests", &load::LoadResult::requests)
      .def_property_readonly("due", [](const load::LoadResult& r) { return r.all.due; })
      .def_property_readonly("sent", [](const load::LoadResult& r) { return r.all.sent; })
      .def_property_readonly("answered", [](const load::LoadResult& r) { return r.all.answered(); })
      .def_property_readonly("bytes_sent",
                             [](const load::LoadResult& r) { return r.all.bytes_sent; })
      .def_property_readonly("bytes_received",
                             [](const load::LoadResult& r) { return r.all.bytes_received; })
      .def_readonly("warm_up_requests", &load::LoadResult::warm_up_requests)
      .def_readonly("all", &load::LoadResult::all)
      .def_readonly("phases", &load::LoadResult::phases)
      .def_readonly("blocked", &load::LoadResult::blocked)
      .def_readonly("client", &load::LoadResult::client)
      .def_readonly("by_name", &load::LoadResult::by_name)
      .def_readonly("crowds", &load::LoadResult::crowds)
      .def_readonly("series", &load::LoadResult::series);
}

const RegisterBinding registered{{bind}};

}  // namespace
}  // namespace sevenstops::bindings
