#include "load/dispatch/request_bytes.hpp"

namespace sevenstops::load {
namespace {

std::string body_of(const RequestSpec& spec) {
  return spec.body_size > 0 ? std::string(static_cast<std::size_t>(spec.body_size), 'b')
                            : spec.body;
}

std::string after_target(const RequestSpec& spec, const std::string& body, std::string_view host,
                         bool keep_alive) {
  std::string rest = " HTTP/1.1\r\nHost: ";
  rest.append(host).append("\r\n");
  for (const auto& [name, value] : spec.headers) {
    rest.append(name).append(": ").append(value).append("\r\n");
  }
  // RFC 9110, 8.6: a method that expects content says so even where there is none.
  if (!body.empty() || spec.method == "POST" || spec.method == "PUT") {
    rest.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  return rest.append(keep_alive ? "\r\n" : "Connection: close\r\n\r\n").append(body);
}

}  // namespace

RequestBytes::RequestBytes(const Plan& plan, std::string_view host) {
  for (const auto& spec : plan.requests) {
    auto body = body_of(spec);
    auto after = after_target(spec, body, host, plan.keep_alive);
    auto& made = templates_.emplace_back(Template{.target = Pattern(spec.target),
                                                  .body = std::move(body),
                                                  .before = spec.method + " ",
                                                  .after = std::move(after),
                                                  .prebuilt = {}});
    if (made.target.fixed()) {
      made.prebuilt = made.before;
      made.target.append(made.prebuilt, 0);
      made.prebuilt += made.after;
    }
  }
}

std::string_view RequestBytes::http1(const Job& job, std::string& scratch) const {
  const auto& made = templates_[job.request];
  if (!made.prebuilt.empty()) {
    return made.prebuilt;
  }
  scratch = made.before;
  made.target.append(scratch, job.draw);
  scratch += made.after;
  return scratch;
}

void RequestBytes::append_target(const Job& job, std::string& out) const {
  templates_[job.request].target.append(out, job.draw);
}

}  // namespace sevenstops::load
