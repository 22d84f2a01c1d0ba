#include "stops/serialize/representation.hpp"

#include <time.h>
#include <xxhash.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "stops/serialize/compress.hpp"

namespace sevenstops::stops {
namespace {

// A strong one: it changes with each byte. 128 bits, so that no two answers share one by chance;
// who can choose the bytes of an answer is not kept from it, and deceives himself.
std::string tag_of(std::string_view bytes) {
  const auto hash = XXH3_128bits(bytes.data(), bytes.size());
  std::array<char, 35> text{};
  std::snprintf(text.data(), text.size(), "\"%016llx%016llx\"",
                static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text.data();
}

// Each coding's bytes are others, and a strong tag is theirs alone (RFC 9110, 8.8.3.3).
std::string tag_of(std::string_view identity_tag, http::Coding coding) {
  std::string tag(identity_tag.substr(0, identity_tag.size() - 1));
  return tag.append("-").append(http::name_of(coding)).append("\"");
}

std::chrono::nanoseconds processor_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

struct Compressed {
  std::optional<std::string> bytes;
  std::chrono::nanoseconds took{};
};

Compressed compress_timed(std::string_view bytes, http::Coding coding,
                          const CompressSettings& settings) {
  // What a compressor adds at most is far less than this.
  constexpr std::size_t frame = 1024;
  const auto most =
      settings.everything ? bytes.size() + bytes.size() / 64 + frame : bytes.size() - 1;
  const auto start = processor_time();
  auto made = compress(bytes, coding, static_cast<int>(settings.level), most);
  return {.bytes = std::move(made), .took = processor_time() - start};
}

}  // namespace

bool Representation::lasts(const Result& result) {
  const auto* text = std::get_if<Text>(&result);
  return text != nullptr ? text->lasting : std::holds_alternative<Page>(result);
}

bool Representation::applies(const Result& result) const {
  if (entity_tags_ && lasts(result)) {
    return true;
  }
  if (!compress_.enabled || std::holds_alternative<std::unique_ptr<RowSource>>(result)) {
    return false;
  }
  const auto* text = std::get_if<Text>(&result);
  return text == nullptr || compress_.everything || std::ssize(text->text) >= compress_.least;
}

bool Representation::may_compress(const Response& response) const {
  if (!compress_.enabled || response.bytes.empty()) {
    return false;
  }
  return compress_.everything || (std::ssize(response.bytes) >= compress_.least &&
                                  worth_compressing(response.content_type));
}

asio::awaitable<void> Representation::choose(Response& response, const http::Request& request,
                                             bool lasting) {
  constexpr unsigned not_modified = 304;
  const bool compressible = may_compress(response);
  const auto coding = compressible ? http::preferred_coding(request) : http::Coding::identity;
  response.varies = compressible;
  if (entity_tags_ && lasting) {
    response.entity_tag = tag_of(response.bytes);
    const auto coded = tag_of(response.entity_tag, coding);
    const bool asks = request.method == "GET" || request.method == "HEAD";
    const bool has_coded = asks && http::none_match_names(request, coded);
    if (has_coded || (asks && http::none_match_names(request, response.entity_tag))) {
      metrics_.not_modified.add();
      response.status = not_modified;
      response.entity_tag = has_coded ? coded : response.entity_tag;
      std::string().swap(response.bytes);
      co_return;
    }
  }
  if (coding != http::Coding::identity) {
    co_await compress(response, coding);
  }
}

asio::awaitable<void> Representation::compress(Response& response, http::Coding coding) {
  const auto size = response.bytes.size();
  const auto job = [this, &response, coding](const std::stop_token&) {
    return compress_timed(response.bytes, coding, compress_);
  };
  Compressed made;
  if (std::ssize(response.bytes) < compress_.off_loop) {
    made = job({});
  } else {
    auto worked = co_await workers_->run(job, worker_metrics_);
    if (!worked) {
      co_return;
    }
    made = std::move(*worked);
  }
  metrics_.compress.record(made.took);
  metrics_.compress_in.add(size);
  if (!made.bytes) {
    metrics_.compress_useless.add();
    co_return;
  }
  metrics_.compress_useless.add(made.bytes->size() >= size ? 1 : 0);
  metrics_.compress_out.add(made.bytes->size());
  metrics_.compressed.add();
  response.bytes = std::move(*made.bytes);
  response.coding = http::name_of(coding);
  if (!response.entity_tag.empty()) {
    response.entity_tag = tag_of(response.entity_tag, coding);
  }
}

}  // namespace sevenstops::stops
