#include "stops/drain/server_timing.hpp"

#include <array>
#include <charconv>

namespace sevenstops::stops {
namespace {

// Milliseconds with microseconds behind the point, as the header's `dur` has them.
void append_duration(std::string& out, Clock::duration duration) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                 std::chrono::duration<double, std::milli>(duration).count(),
                                 std::chars_format::fixed, 3)
                       .ptr;
  out.append(digits.data(), end);
}

}  // namespace

std::string server_timing(const Timings& timings) {
  std::string out;
  for (std::size_t stop = 0; stop < timings.size(); ++stop) {
    out.append(stop == 0 ? "" : ", ").append(base::stop_names[stop]);
    if (timings[stop]) {
      append_duration(out.append(";dur="), *timings[stop]);
    }
  }
  return out;
}

}  // namespace sevenstops::stops
