#include "http/date.hpp"

#include <array>
#include <cstdio>

namespace sevenstops::http {

std::string date_of(std::time_t seconds) {
  // Not strftime: its names are those of the process's locale.
  constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr int first_year = 1900;
  std::tm t{};
  ::gmtime_r(&seconds, &t);
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                 days[static_cast<std::size_t>(t.tm_wday)], t.tm_mday,
                                 months[static_cast<std::size_t>(t.tm_mon)], first_year + t.tm_year,
                                 t.tm_hour, t.tm_min, t.tm_sec);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string_view date_now() {
  thread_local std::time_t made = -1;
  thread_local std::string text;
  if (const auto now = std::time(nullptr); now != made) {
    made = now;
    text = date_of(now);
  }
  return text;
}

}  // namespace sevenstops::http
