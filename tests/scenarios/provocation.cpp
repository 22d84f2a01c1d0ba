#include "provocation.hpp"

#include <boost/json.hpp>
#include <chrono>
#include <thread>
#include <utility>

#include "load/fetch.hpp"

namespace sevenstops::test {
namespace {

using base::Clock;
using namespace std::chrono_literals;

service::ServiceOptions with_defaults(service::ServiceOptions options) {
  options.threads = 1;
  options.rows = options.rows == service::ServiceOptions().rows ? 1 : options.rows;
  return options;
}

}  // namespace

std::string receive_answer(tcp::socket& socket) {
  return receive_until(socket, [](std::string& text) {
    while (text.starts_with("HTTP/1.1 1") && text.find("\r\n\r\n") != std::string::npos) {
      text.erase(0, text.find("\r\n\r\n") + 4);
    }
    const auto head = text.find("\r\n\r\n");
    const auto length = text.find("Content-Length: ");
    return head != std::string::npos && length < head &&
           text.size() >= head + 4 + std::stoul(text.substr(length + 16));
  });
}

std::uint64_t count(const std::string& stops, std::string_view name) {
  return boost::json::parse(stops).at(name).to_number<std::uint64_t>();
}

std::uint64_t refused(const std::string& stops, const http::ReasonInfo& about) {
  const auto document = boost::json::parse(stops);
  const auto& all =
      document.at("stops").at(base::stop_names[base::index(about.stop)]).at("refused").as_object();
  return all.contains(about.name) ? all.at(about.name).to_number<std::uint64_t>() : 0;
}

std::uint64_t refused(const std::string& stops) {
  std::uint64_t sum = 0;
  const auto document = boost::json::parse(stops);
  for (const auto& [stop, counted] : document.at("stops").as_object()) {
    for (const auto& [reason, n] : counted.at("refused").as_object()) {
      sum += n.to_number<std::uint64_t>();
    }
  }
  return sum;
}

bool until(const std::function<bool()>& done) {
  const auto end = Clock::now() + 20s;
  while (!done()) {
    if (Clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

Provocation::Provocation(service::Settings settings, service::ServiceOptions options)
    : service_(settings, with_defaults(std::move(options))) {}

std::string Provocation::ask(const std::string& bytes) {
  auto socket = connect();
  send(socket, bytes);
  return receive_answer(socket);
}

Seen Provocation::seen(http::Reason reason, std::string answer) {
  until([&] { return refused(stops(), http::info(reason)) > 0; });
  const load::Target admin{service_.admin_port()};
  return {std::move(answer), load::fetch(admin, "/stops", 5s).body,
          load::fetch(admin, "/metrics", 5s).body};
}

std::string get(const std::string& target, const std::string& fields) {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

std::string post(const std::string& fields, const std::string& body) {
  return "POST /echo HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}

faults::Faults injected(const std::string& fault) { return {faults::make_fault(fault)}; }

}  // namespace sevenstops::test
