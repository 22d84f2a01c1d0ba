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

// Each coding's bytes are others, and so is their tag (RFC 9110, 8.8.3.3). A weak one: which bytes
// a compressor makes depends on its level and version.
std::string tag_of(std::string_view identity_tag, http::Coding coding) {
  if (coding == http::Coding::identity) {
    return std::string(identity_tag);
  }
  std::string tag("W/");
  tag.append(identity_tag.substr(0, identity_tag.size() - 1));
  return tag.append("-").append(http::name_of(coding)).append("\"");
}

std::chrono::nanoseconds processor_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// Of so many bytes a compressor has to save a tenth, or it was useless.
std::size_t worth_it(std::size_t size) { return size - size / 10 - 1; }

struct Compressed {
  std::optional<std::string> bytes;
  std::chrono::nanoseconds took{};
  bool failed = false;
};

Compressed compress_timed(std::string_view bytes, http::Coding coding,
                          const CompressSettings& settings) {
  // What a compressor adds at most is far less than this.
  constexpr std::size_t frame = 1024;
  const auto most =
      settings.everything ? bytes.size() + bytes.size() / 64 + frame : worth_it(bytes.size());
  const auto start = processor_time();
  try {
    auto made = compress(bytes, coding, static_cast<int>(settings.level), most);
    return {.bytes = std::move(made), .took = processor_time() - start};
  } catch (const std::exception&) {
    // There is no memory for it, and the bytes are there all the same.
    return {.bytes = std::nullopt, .took = processor_time() - start, .failed = true};
  }
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

asio::awaitable<http::Outcome<void>> Representation::choose(Response& response,
                                                            const http::Request& request,
                                                            bool lasting) {
  const bool compressible = may_compress(response);
  const auto coding = compressible ? http::preferred_coding(request) : http::Coding::identity;
  response.varies = compressible;
  if (entity_tags_ && lasting) {
    response.entity_tag = tag_of(response.bytes);
    const auto coded = tag_of(response.entity_tag, coding);
    if (http::match_denies(request, response.entity_tag)) {
      co_return http::Reason::precondition;
    }
    if (request.method == "GET" || request.method == "HEAD") {
      // Who has it in the other form has the same content: no reason to send it again.
      for (const auto& tag : {coded, response.entity_tag}) {
        if (http::none_match_names(request, tag)) {
          not_modified(response, tag);
          co_return http::Outcome<void>();
        }
      }
    }
  }
  if (coding != http::Coding::identity) {
    co_await compress(response, coding);
  }
  co_return http::Outcome<void>();
}

void Representation::not_modified(Response& response, const std::string& tag) {
  constexpr unsigned not_modified = 304;
  metrics_.not_modified.add();
  response.status = not_modified;
  response.entity_tag = tag;
  std::string().swap(response.bytes);
}

asio::awaitable<void> Representation::compress(Response& response, http::Coding coding) {
  const auto size = response.bytes.size();
  const auto job = [this, &response, coding](const std::stop_token&) {
    return compress_timed(response.bytes, coding, compress_);
  };
  Compressed made{.failed = true};
  if (std::ssize(response.bytes) < compress_.off_loop) {
    made = job({});
  } else if (workers_ != nullptr) {
    if (auto worked = co_await workers_->run(job, worker_metrics_)) {
      made = std::move(*worked);
    }
  }
  if (made.failed) {
    metrics_.compress_left.add();
    co_return;
  }
  metrics_.compress.record(made.took);
  metrics_.compress_in.add(size);
  metrics_.compress_out.add(made.bytes ? made.bytes->size() : size);
  if (!made.bytes || made.bytes->size() > worth_it(size)) {
    metrics_.compress_useless.add();
  }
  if (!made.bytes) {
    co_return;
  }
  metrics_.compressed.add();
  response.bytes = std::move(*made.bytes);
  response.coding = http::name_of(coding);
  if (!response.entity_tag.empty()) {
    response.entity_tag = tag_of(response.entity_tag, coding);
  }
}

}  // namespace sevenstops::stops
