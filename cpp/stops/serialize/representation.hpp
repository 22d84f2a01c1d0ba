#pragma once

#include <memory>

#include "base/asio.hpp"
#include "http/negotiation.hpp"
#include "http/request.hpp"
#include "stops/response.hpp"
#include "stops/result.hpp"
#include "stops/serialize/metrics.hpp"
#include "stops/serialize/settings.hpp"
#include "store/workers.hpp"

namespace sevenstops::stops {

/// In which form a whole answer leaves: with an entity tag, as 304 to who has it already (RFC 9110,
/// 13.1.2, 15.4.5), or compressed for who likes that (12.5.3). On one I/O thread. `workers`
/// compress what is large; where they have no turn at once, or there are none, it leaves as it is.
class Representation {
 public:
  Representation(const SerializeSettings& settings, std::shared_ptr<store::Workers> workers,
                 SerializeMetrics& metrics, store::WorkerMetrics& worker_metrics)
      : compress_(settings.compress),
        entity_tags_(settings.entity_tags),
        workers_(std::move(workers)),
        metrics_(metrics),
        worker_metrics_(worker_metrics) {}

  /// Whether there is anything to choose for such a result.
  [[nodiscard]] bool applies(const Result& result) const;

  /// Gives `response`, which was made of a result to which it applies, the form that `request` asks
  /// for. Waits where a worker compresses it. Refuses, with 412, where the client wants another one
  /// or none (RFC 9110, 13.1.1).
  [[nodiscard]] asio::awaitable<http::Outcome<void>> choose(Response& response,
                                                            const http::Request& request,
                                                            bool lasting);

  /// Whether a result is one that clients ask for again.
  [[nodiscard]] static bool lasts(const Result& result);

 private:
  [[nodiscard]] bool may_compress(const Response& response) const;
  void not_modified(Response& response, const std::string& tag);
  [[nodiscard]] asio::awaitable<void> compress(Response& response, http::Coding coding);

  CompressSettings compress_;
  bool entity_tags_;
  std::shared_ptr<store::Workers> workers_;
  SerializeMetrics& metrics_;
  store::WorkerMetrics& worker_metrics_;
};

}  // namespace sevenstops::stops
