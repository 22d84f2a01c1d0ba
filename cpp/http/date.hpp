#pragma once

#include <ctime>
#include <string>
#include <string_view>

namespace sevenstops::http {

/// A time as the field Date has it: IMF-fixdate (RFC 9110, 5.6.7), always in GMT.
[[nodiscard]] std::string date_of(std::time_t seconds);

/// The present one; made once a second on each thread, valid until the thread's next call.
[[nodiscard]] std::string_view date_now();

}  // namespace sevenstops::http
