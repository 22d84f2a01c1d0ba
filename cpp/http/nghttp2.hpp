#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sevenstops::http {

/// Frees what nghttp2 has made.
struct FreeOfNghttp2 {
  void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  void operator()(nghttp2_session_callbacks* callbacks) const {
    nghttp2_session_callbacks_del(callbacks);
  }
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};

/// A field as nghttp2 takes it, which copies it when it is handed over. It does not change what it
/// points to.
inline nghttp2_nv field_of_nghttp2(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {.name = bytes(name),
          .value = bytes(value),
          .namelen = name.size(),
          .valuelen = value.size(),
          .flags = NGHTTP2_NV_FLAG_NONE};
}

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

}  // namespace sevenstops::http
