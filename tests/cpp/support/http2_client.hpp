#pragma once

#include <nghttp2/nghttp2.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sockets.hpp"
#include "tls_client.hpp"

namespace sevenstops::test {

/// A frame's head and payload, as RFC 9113, 4.1 has them.
inline std::string frame(int type, int flags, std::uint32_t id, std::string_view payload = {}) {
  std::string bytes;
  const auto number = [&](std::size_t n, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
      bytes.push_back(static_cast<char>((n >> shift) & 255));
    }
  };
  number(payload.size(), 3);
  number(static_cast<std::size_t>(type), 1);
  number(static_cast<std::size_t>(flags), 1);
  number(id, 4);
  return bytes.append(payload);
}

inline std::string big_endian(std::uint32_t n) {
  return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
          static_cast<char>(n)};
}

/// What begins a connection: the preface and empty SETTINGS.
inline std::string http2_begin() {
  return std::string(NGHTTP2_CLIENT_MAGIC) + frame(NGHTTP2_SETTINGS, 0, 0);
}

/// A GET's block of fields without compression: indexed or literal, never put in the table.
inline std::string get_block(std::string_view path) {
  const auto text = [](std::string_view t) {
    return std::string(1, static_cast<char>(t.size())).append(t);
  };
  return std::string("\x82\x86\x04") + text(path) + "\x01" + text("a");
}

/// A GET in one HEADERS frame.
inline std::string get_frame(std::uint32_t id, std::string_view path = "/healthz") {
  return frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, id,
               get_block(path));
}

/// The error code of the GOAWAY in what came; nothing, where there is none.
inline std::optional<std::uint32_t> goaway_in(std::string_view bytes) {
  const auto number = [](std::string_view of) {
    std::uint32_t n = 0;
    for (const char c : of) {
      n = n << 8 | static_cast<unsigned char>(c);
    }
    return n;
  };
  while (bytes.size() >= 9) {
    const auto length = number(bytes.substr(0, 3));
    if (bytes[3] == NGHTTP2_GOAWAY && bytes.size() >= 17) {
      return number(bytes.substr(13, 4));
    }
    bytes.remove_prefix(std::min<std::size_t>(bytes.size(), 9 + length));
  }
  return std::nullopt;
}

/// A client of HTTP/2 by nghttp2, with blocking calls.
class Http2Client {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  struct Answer {
    std::vector<unsigned> interims;
    unsigned status = 0;
    std::map<std::string, std::string> fields;
    std::string body;
    bool ended = false;
    /// The code of its RST_STREAM; nothing where none came.
    std::optional<std::uint32_t> reset;
    /// What is to be sent of the request.
    std::string content;
    std::size_t content_sent = 0;
    /// Whether its end is kept back.
    bool withheld = false;
  };
  struct Options {
    std::uint32_t stream_window = 65535;
    /// Whether what is read opens the windows again.
    bool reads = true;
    /// Whether it speaks TLS, and is chosen by ALPN.
    bool tls = false;
  };

  Http2Client(asio::io_context& io, std::uint16_t port) : Http2Client(io, port, Options{}) {}
  Http2Client(asio::io_context& io, std::uint16_t port, const Options& options)
      : client_(connect(io, port), {.protocols = {"h2"}}), tls_(options.tls) {
    if (tls_ && !client_.handshake()) {
      closed_ = true;
    }
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_option* option = nullptr;
    nghttp2_option_new(&option);
    nghttp2_option_set_no_auto_window_update(option, options.reads ? 0 : 1);
    nghttp2_session* session = nullptr;
    nghttp2_session_client_new2(&session, callbacks, this, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    session_.reset(session);
    const nghttp2_settings_entry window{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE,
                                        options.stream_window};
    nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, &window, 1);
  }

  /// Begins a request; `flush` or `until` sends it.
  std::int32_t submit(const Fields& fields, std::string content = {}, bool withheld = false) {
    std::vector<nghttp2_nv> all;
    const auto bytes = [](const std::string& text) {
      return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
    };
    for (const auto& [name, value] : fields) {
      all.push_back({.name = bytes(name),
                     .value = bytes(value),
                     .namelen = name.size(),
                     .valuelen = value.size(),
                     .flags = NGHTTP2_NV_FLAG_NONE});
    }
    auto made = std::make_unique<Answer>();
    made->content = std::move(content);
    nghttp2_data_provider provider{};
    provider.source.ptr = made.get();
    provider.read_callback = read_content;
    made->withheld = withheld;
    const bool has_content = withheld || !made->content.empty();
    const auto id = nghttp2_submit_request(session_.get(), nullptr, all.data(), all.size(),
                                           has_content ? &provider : nullptr, nullptr);
    answers_[id] = std::move(made);
    return id;
  }
  std::int32_t get(const std::string& path, const Fields& more = {}) {
    return request("GET", path, more);
  }
  std::int32_t request(const std::string& method, const std::string& path, const Fields& more = {},
                       std::string content = {}) {
    Fields fields = {
        {":method", method}, {":scheme", "http"}, {":authority", "a"}, {":path", path}};
    fields.insert(fields.end(), more.begin(), more.end());
    return submit(fields, std::move(content));
  }
  /// The rest of a request that was kept back.
  void give(std::int32_t id, const std::string& content) {
    auto& answer = *answers_.at(id);
    answer.content.append(content);
    answer.withheld = false;
    nghttp2_session_resume_data(session_.get(), id);
    flush();
  }
  void reset(std::int32_t id) {
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    flush();
  }
  /// Says that it has read so much of a stream, where it does not by itself.
  void consume(std::int32_t id, std::size_t bytes) {
    nghttp2_session_consume(session_.get(), id, bytes);
    flush();
  }

  void flush() {
    const std::uint8_t* piece = nullptr;
    std::string out;
    while (true) {
      const auto size = nghttp2_session_mem_send(session_.get(), &piece);
      if (size <= 0) {
        break;
      }
      out.append(reinterpret_cast<const char*>(piece), static_cast<std::size_t>(size));
    }
    put(out);
  }
  /// Sends what nghttp2 would not.
  void raw(std::string_view bytes) {
    flush();
    put(bytes);
  }

  /// Goes on until `done`, the connection's end, or silence for ten seconds; whether it was `done`.
  bool until(const std::function<bool()>& done) {
    constexpr timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket().native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::array<char, 65536> buffer{};
    flush();
    while (!done()) {
      const auto n = take(buffer);
      if (n <= 0) {
        closed_ = n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
        return done();
      }
      nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const std::uint8_t*>(buffer.data()),
                               static_cast<std::size_t>(n));
      flush();
    }
    return true;
  }
  /// The whole answer, or what there is of it when the stream was reset.
  const Answer& answer(std::int32_t id) {
    until([&] { return over(id); });
    return *answers_.at(id);
  }
  /// Until the service has closed the connection.
  bool until_closed() {
    until([] { return false; });
    return closed_;
  }

  [[nodiscard]] bool over(std::int32_t id) const {
    return answers_.at(id)->ended || answers_.at(id)->reset;
  }
  [[nodiscard]] const Answer& at(std::int32_t id) const { return *answers_.at(id); }
  [[nodiscard]] std::optional<std::uint32_t> goaway() const { return goaway_; }
  [[nodiscard]] std::uint32_t remote(nghttp2_settings_id which) const {
    return nghttp2_session_get_remote_settings(session_.get(), which);
  }
  [[nodiscard]] tcp::socket& socket() { return client_.socket(); }
  /// With TLS.
  [[nodiscard]] TlsClient& tls() { return client_; }

 private:
  void put(std::string_view bytes) {
    tls_ ? static_cast<void>(client_.send(bytes)) : send(client_.socket(), bytes);
  }
  ssize_t take(std::array<char, 65536>& room) {
    return tls_ ? client_.receive(room.data(), room.size())
                : ::recv(client_.socket().native_handle(), room.data(), room.size(), 0);
  }

  static Http2Client& of(void* user_data) { return *static_cast<Http2Client*>(user_data); }
  Answer* find(std::int32_t id) {
    const auto found = answers_.find(id);
    return found == answers_.end() ? nullptr : found->second.get();
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* user_data) {
    auto* answer = of(user_data).find(frame->hd.stream_id);
    const std::string key(reinterpret_cast<const char*>(name), name_size);
    const std::string text(reinterpret_cast<const char*>(value), value_size);
    if (key == ":status") {
      const auto status = static_cast<unsigned>(std::stoi(text));
      if (status < 200) {
        answer->interims.push_back(status);
      } else {
        answer->status = status;
      }
    } else {
      answer->fields[key] = text;
    }
    return 0;
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                     std::size_t size, void* user_data) {
    of(user_data).find(id)->body.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    auto& self = of(user_data);
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      self.goaway_ = frame->goaway.error_code;
    } else if (auto* answer = self.find(frame->hd.stream_id)) {
      if (frame->hd.type == NGHTTP2_RST_STREAM) {
        answer->reset = frame->rst_stream.error_code;
      } else if (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) {
        answer->ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
      }
    }
    return 0;
  }
  static ssize_t read_content(nghttp2_session*, std::int32_t, std::uint8_t* room, std::size_t size,
                              std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& answer = *static_cast<Answer*>(source->ptr);
    const auto take = std::min(size, answer.content.size() - answer.content_sent);
    std::copy_n(answer.content.data() + answer.content_sent, take, room);
    answer.content_sent += take;
    if (take == 0 && answer.withheld) {
      return NGHTTP2_ERR_DEFERRED;
    }
    if (answer.content_sent == answer.content.size() && !answer.withheld) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return static_cast<ssize_t>(take);
  }

  struct FreeSession {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  std::map<std::int32_t, std::unique_ptr<Answer>> answers_;
  std::optional<std::uint32_t> goaway_;
  bool closed_ = false;
  TlsClient client_;
  bool tls_;
  std::unique_ptr<nghttp2_session, FreeSession> session_;
};

}  // namespace sevenstops::test
