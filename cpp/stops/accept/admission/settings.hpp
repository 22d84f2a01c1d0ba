#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/setting.hpp"

namespace sevenstops::stops {

/// How the limit on requests in progress is found.
enum class AdmissionMethod : std::uint8_t {
  /// There is none.
  none,
  /// It is the one that was set.
  fixed,
  /// The one that was set; others wait for their turn, for a while (admission.cpp).
  codel,
  /// It follows a latency that was set (aimd.cpp).
  aimd,
  /// It follows latency against the least there is (gradient.cpp).
  gradient,
  /// It follows the queue that latency tells of (vegas.cpp).
  vegas
};

/// In the order of AdmissionMethod.
inline constexpr std::array<std::string_view, 6> admission_words = {"none", "fixed",    "codel",
                                                                    "aimd", "gradient", "vegas"};

/// How many requests may be in handlers. Each route has a limit of its own on each I/O thread,
/// since it has a latency of its own; routes that are declared vital have none.
struct AdmissionSettings {
  AdmissionMethod method = AdmissionMethod::none;
  std::int64_t limit = 20;
  std::int64_t least = 3;
  std::int64_t most = 1000;
  double latency = 0.1;
  double queue_time = 0.005;

  bool operator==(const AdmissionSettings&) const = default;

  template <class Self, class Visit>
  static void fields(Self& s, Visit&& visit) {
    visit("method", s.method,
          base::about_choice(admission_words,
                             "how many requests of a route may be in progress on an I/O thread, "
                             "beyond which they get 503: no limit, a fixed one, a fixed one before "
                             "which they wait in a queue that CoDel keeps short, or one that AIMD, "
                             "gradient or Vegas find"));
    visit("limit", s.limit,
          {"requests", 1, 1000000, "the limit, where it is fixed; where it is found, its start"});
    visit("least", s.least,
          {"requests", 1, 1000000, "the lowest limit that is found; gradient measures with it"});
    visit("most", s.most, {"requests", 1, 1000000, "the highest limit that is found"});
    visit("latency", s.latency,
          {"seconds", 0.0001, base::hour, "AIMD: latency above which the limit falls"});
    visit("queue_time", s.queue_time,
          {"seconds", 0.0001, base::hour,
           "CoDel: longest wait once the queue has not been empty for 0.1 s; beyond it 503"});
  }
};

}  // namespace sevenstops::stops
