#include "base/tls.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <new>
#include <stdexcept>

namespace sevenstops::base {
namespace {

using boost::system::error_code;

// What OpenSSL says went wrong first; its queue is empty then.
std::string reason_given() {
  const auto code = ERR_peek_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason != nullptr ? reason : "no reason given";
}

void check_readable(const std::string& path) {
  errno = 0;
  std::ifstream file(path);
  // A folder can be opened, and not read.
  if (!file || file.peek() == std::ifstream::traits_type::eof()) {
    const int why = errno;
    throw std::runtime_error(path +
                             " can't be read: " + (why != 0 ? std::strerror(why) : "it is empty"));
  }
}

// OpenSSL would ask for it on the terminal.
int no_passphrase(char* /*room*/, int /*size*/, int /*writes*/, void* /*data*/) { return -1; }

constexpr std::string_view h2 = "\x02h2";
constexpr std::string_view http1 = "\x08http/1.1\x08http/1.0";

const std::string& protocols(bool http2) {
  static const std::string both = std::string(h2).append(http1);
  static const std::string one(http1);
  return http2 ? both : one;
}

// RFC 7301, 3.2: one that offers nothing that is spoken here is told so, and gets no connection.
int choose_protocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void* spoken) {
  const auto& ours = *static_cast<const std::string*>(spoken);
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned>(ours.size()), offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

TlsServer::TlsServer(const TlsFiles& files, bool http2)
    : context_(SSL_CTX_new(TLS_server_method())) {
  if (!context_) {
    throw std::runtime_error("OpenSSL can't be used: " + reason_given());
  }
  auto* context = context_.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_max_early_data(context, 0);
  // Tickets hold what a session has; a cache would hold memory for whoever never comes again.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  // A record's head and the rest of it with one system call.
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, const_cast<std::string*>(&protocols(http2)));
  ERR_clear_error();
  check_readable(files.certificate);
  check_readable(files.key);
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    throw std::runtime_error(files.certificate +
                             " holds no certificate that can be used: " + reason_given());
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH) {
      ERR_clear_error();
      throw std::runtime_error("the key in " + files.key + " does not fit the certificate in " +
                               files.certificate);
    }
    throw std::runtime_error(files.key +
                             " holds no private key that can be used: " + reason_given());
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    throw std::runtime_error("the key in " + files.key + " does not fit the certificate in " +
                             files.certificate);
  }
}

TlsServer::~TlsServer() = default;

void TlsServer::Free::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

// OpenSSL's own kind of BIO for sockets raises SIGPIPE, and lets one who sends empty records, or
// new keys, without end hold the thread within one read.
struct TlsSession::Socket {
  // Of 16 KiB and a bit, OpenSSL's buffer.
  static constexpr int reads_at_once = 4;

  static BIO_METHOD* method();
  static Socket& of(BIO* bio) { return *static_cast<Socket*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* room, int size) {
    auto& self = of(bio);
    BIO_clear_retry_flags(bio);
    if (self.reads_left == 0) {
      BIO_set_retry_read(bio);
      return -1;
    }
    --self.reads_left;
    const auto count = ::recv(self.descriptor, room, static_cast<std::size_t>(size), 0);
    self.heard = self.heard || count > 0;
    self.ended = count == 0;
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
      BIO_set_retry_read(bio);
    }
    return static_cast<int>(count);
  }

  static int write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    const auto count =
        ::send(of(bio).descriptor, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
      BIO_set_retry_write(bio);
    }
    return static_cast<int>(count);
  }

  static long control(BIO* bio, int what, long /*number*/, void* /*data*/) {
    switch (what) {
      case BIO_CTRL_EOF:
        return of(bio).ended ? 1 : 0;
      case BIO_CTRL_FLUSH:
        return 1;
      default:
        return 0;
    }
  }

  int descriptor;
  int reads_left = reads_at_once;
  bool heard = false;
  bool ended = false;
};

BIO_METHOD* TlsSession::Socket::method() {
  static BIO_METHOD* const made = [] {
    auto* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    if (m == nullptr) {
      throw std::bad_alloc();
    }
    BIO_meth_set_read(m, read);
    BIO_meth_set_write(m, write);
    BIO_meth_set_ctrl(m, control);
    return m;
  }();
  return made;
}

TlsSession::TlsSession(const TlsServer& server, int descriptor)
    : socket_(new Socket{.descriptor = descriptor}), ssl_(SSL_new(server.context())) {
  auto* bio = ssl_ ? BIO_new(Socket::method()) : nullptr;
  if (bio == nullptr) {
    throw std::bad_alloc();
  }
  BIO_set_data(bio, socket_.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
}

TlsSession::~TlsSession() = default;

void TlsSession::Free::operator()(SSL* ssl) const { SSL_free(ssl); }

error_code TlsSession::error_of(int result) {
  const int system = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return asio::error::would_block;
    case SSL_ERROR_ZERO_RETURN:
      return asio::error::eof;
    case SSL_ERROR_SYSCALL:
      broken_ = true;
      if (socket_->ended || system == 0) {
        return asio::error::eof;
      }
      return {system, boost::system::system_category()};
    default:
      broken_ = true;
      ERR_clear_error();
      return {EPROTO, boost::system::system_category()};
  }
}

error_code TlsSession::handshake() {
  ERR_clear_error();
  socket_->reads_left = Socket::reads_at_once;
  const int done = SSL_do_handshake(ssl_.get());
  return done == 1 ? error_code() : error_of(done);
}

bool TlsSession::has_heard() const { return socket_->heard; }

std::string_view TlsSession::protocol() const {
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
  return {reinterpret_cast<const char*>(chosen), size};
}

std::size_t TlsSession::read(asio::mutable_buffer room, error_code& error) {
  ERR_clear_error();
  socket_->reads_left = Socket::reads_at_once;
  std::size_t count = 0;
  const int done = SSL_read_ex(ssl_.get(), room.data(), room.size(), &count);
  error = done == 1 ? error_code() : error_of(done);
  return done == 1 ? count : 0;
}

error_code TlsSession::peek() {
  ERR_clear_error();
  socket_->reads_left = Socket::reads_at_once;
  char byte = 0;
  std::size_t count = 0;
  const int done = SSL_peek_ex(ssl_.get(), &byte, 1, &count);
  return done == 1 ? error_code() : error_of(done);
}

std::size_t TlsSession::write(asio::const_buffer bytes, error_code& error) {
  error = {};
  std::size_t written = 0;
  while (written < bytes.size()) {
    ERR_clear_error();
    const auto rest = bytes + written;
    std::size_t count = 0;
    if (const int done = SSL_write_ex(ssl_.get(), rest.data(), rest.size(), &count); done != 1) {
      const auto why = error_of(done);
      // Of an error there is word when nothing goes any more.
      error = written == 0 ? why : error_code();
      break;
    }
    written += count;
  }
  return written;
}

std::size_t TlsSession::available() const {
  return static_cast<std::size_t>(SSL_pending(ssl_.get()));
}

error_code TlsSession::say_end() {
  if (broken_ || said_end_ || SSL_is_init_finished(ssl_.get()) != 1) {
    return {};
  }
  ERR_clear_error();
  // 0 says that it has gone, and that the peer's is not here (SSL_shutdown(3)).
  const int done = SSL_shutdown(ssl_.get());
  const auto error = done < 0 ? error_of(done) : error_code();
  ERR_clear_error();
  said_end_ = error != asio::error::would_block;
  return error;
}

tcp::socket::wait_type TlsSession::waits_for() const {
  return SSL_want(ssl_.get()) == SSL_WRITING ? tcp::socket::wait_write : tcp::socket::wait_read;
}

}  // namespace sevenstops::base
