#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bindings/module.hpp"
#include "http/frame.hpp"

namespace sevenstops::bindings {

namespace py = pybind11;

namespace {

constexpr std::uint64_t body_limit = 1 << 20;

// A request and its frame, or why it was refused.
struct Framed {
  http::Request request;
  http::Frame frame;
  std::string refused;
};

std::unique_ptr<Framed> read_frame(std::string_view bytes) {
  auto framed = std::make_unique<Framed>();
  if (const auto frame = http::frame(bytes, framed->request, body_limit)) {
    framed->frame = *frame;
  } else {
    framed->refused = frame.error().name();
  }
  return framed;
}

py::bytes bytes_of(std::string_view text) { return {text.data(), text.size()}; }

const char* framing(const http::Request& request) {
  if (request.chunked) {
    return "chunked";
  }
  return request.content_length ? "length" : "none";
}

void bind(py::module_& module) {
  py::class_<Framed>(module, "Frame", "What Parse makes of bytes that begin with a request.")
      .def_readonly("refused", &Framed::refused)
      .def_property_readonly("method", [](const Framed& f) { return bytes_of(f.request.method); })
      .def_property_readonly("target", [](const Framed& f) { return bytes_of(f.request.target); })
      .def_property_readonly("framing", [](const Framed& f) { return framing(f.request); })
      .def_property_readonly("body", [](const Framed& f) { return bytes_of(f.request.body); })
      .def_property_readonly("head", [](const Framed& f) { return f.frame.head; })
      .def_property_readonly("used", [](const Framed& f) { return f.frame.used; })
      .def_property_readonly("whole", [](const Framed& f) { return f.frame.whole; });
  module.def(
      "frame", [](const py::bytes& bytes) { return read_frame(std::string_view(bytes)); },
      py::arg("bytes"), "The request that bytes begin with, as a hardened service reads it.");
}

const RegisterBinding registered{{bind}};

}  // namespace
}  // namespace sevenstops::bindings
