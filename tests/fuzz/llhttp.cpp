#include <llhttp/llhttp.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "http/frame.hpp"
#include "promise.hpp"
#include "targets.hpp"

namespace sevenstops::fuzz {
namespace {

constexpr std::uint64_t body_limit = 4096;

struct Reading {
  std::string method;
  std::string target;
  std::string body;
  bool whole = false;
  std::size_t used = 0;
};

Reading& reading_of(llhttp_t* parser) { return *static_cast<Reading*>(parser->data); }

template <std::string Reading::*part>
int append(llhttp_t* parser, const char* at, std::size_t length) {
  (reading_of(parser).*part).append(at, length);
  return HPE_OK;
}

int stop(llhttp_t* parser) {
  reading_of(parser).whole = true;
  return HPE_PAUSED;
}

llhttp_errno_t read(std::string_view text, Reading& reading) {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_method = append<&Reading::method>;
  settings.on_url = append<&Reading::target>;
  settings.on_body = append<&Reading::body>;
  settings.on_message_complete = stop;
  llhttp_t parser;
  llhttp_init(&parser, HTTP_REQUEST, &settings);
  parser.data = &reading;
  const auto result = llhttp_execute(&parser, text.data(), text.size());
  reading.used = text.size();
  if (const char* stopped = llhttp_get_error_pos(&parser); result != HPE_OK && stopped != nullptr) {
    reading.used = static_cast<std::size_t>(stopped - text.data());
  }
  return result;
}

// RFC 9110, 9.1: methods are extensible; llhttp has a list of those that it knows, some of them for
// other protocols.
bool common(std::string_view method) {
  constexpr std::array<std::string_view, 8> methods = {"GET",    "HEAD",    "POST",  "PUT",
                                                       "DELETE", "OPTIONS", "TRACE", "PATCH"};
  return std::ranges::find(methods, method) != methods.end();
}

// Whether a tab follows the value of this field.
bool tab_behind(const http::Request& request, std::string_view name) {
  const auto* field = request.find(name);
  if (field == nullptr) {
    return false;
  }
  const auto* end = field->value.data() + field->value.size();
  const std::string_view behind(end, request.head.data() + request.head.size());
  return behind.substr(0, behind.find('\r')).find('\t') != std::string_view::npos;
}

// Whether some line has an extension of a chunk behind another one that has a value.
bool extension_behind_value(std::string_view text) {
  for (auto equals = text.find('='); equals != std::string_view::npos;
       equals = text.find('=', equals + 1)) {
    const auto rest = text.substr(equals);
    if (rest.substr(0, rest.find('\r')).find(';') != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

// What the guard takes and llhttp, stricter than the RFC, refuses.
bool excused(llhttp_errno_t result, const http::Request& request, std::string_view body) {
  // RFC 9112, 7.1.1: any number of extensions, each with a value or without; llhttp 8.1 takes none
  // behind a value.
  if (result == HPE_INVALID_CHUNK_SIZE && extension_behind_value(body)) {
    return true;
  }
  // RFC 9112, 5.1: a tab may follow a value, as a space may.
  return (result == HPE_INVALID_CONTENT_LENGTH && tab_behind(request, "content-length")) ||
         (result == HPE_INVALID_TRANSFER_ENCODING && tab_behind(request, "transfer-encoding"));
}

}  // namespace

void llhttp(std::span<const std::uint8_t> bytes) {
  const auto text = text_of(bytes);
  http::Request request;
  const auto frame = http::frame(text, request, body_limit);
  if (!frame || frame->head == 0 || !common(request.method)) {
    return;
  }
  Reading theirs;
  const auto result = read(text, theirs);
  if (result != HPE_OK && result != HPE_PAUSED && result != HPE_PAUSED_UPGRADE) {
    // Of a line that isn't whole the guard has yet to decide.
    const auto body = text.substr(frame->head, frame->used - frame->head);
    require(!frame->whole || excused(result, request, body), llhttp_errno_name(result));
    return;
  }
  require(theirs.method == request.method && theirs.target == request.target,
          "both read the same method and target");
  require(theirs.whole == frame->whole, "both find the request whole, or wait");
  require(theirs.body == request.body, "both read the same body");
  require(!frame->whole || theirs.used == frame->used, "both find the next request there");
}

}  // namespace sevenstops::fuzz
