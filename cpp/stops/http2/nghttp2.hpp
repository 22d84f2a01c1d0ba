#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>

namespace sevenstops::stops {

/// Frees what nghttp2 has made.
struct FreeOfNghttp2 {
  void operator()(nghttp2_session_callbacks* callbacks) const {
    nghttp2_session_callbacks_del(callbacks);
  }
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};

/// Lifts the limits of its own that newer ones of nghttp2 have: they would act before those of the
/// settings, and say nothing of it.
template <class Option>
void lift_limits(Option* option) {
  if constexpr (requires { nghttp2_option_set_stream_reset_rate_limit(option, 1, 1); }) {
    constexpr std::uint64_t any = std::uint64_t{1} << 40;
    nghttp2_option_set_stream_reset_rate_limit(option, any, any);
  }
  if constexpr (requires { nghttp2_option_set_max_continuations(option, 1); }) {
    constexpr std::size_t any = std::size_t{1} << 40;
    nghttp2_option_set_max_continuations(option, any);
  }
}

}  // namespace sevenstops::stops
