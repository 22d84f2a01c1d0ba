#include "base/log_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace sevenstops::base {
namespace {

constexpr std::size_t enough = 16384;

int open_file(const std::string& path) {
  const auto folder = std::filesystem::absolute(path).parent_path();
  if (!std::filesystem::is_directory(folder)) {
    throw std::runtime_error("the access log " + path + " cannot be written: there is no " +
                             folder.string());
  }
  // Without waiting for whoever reads a pipe; its writes wait all the same.
  const int file =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0644);
  if (file < 0 || ::fcntl(file, F_SETFL, O_APPEND) != 0) {
    throw std::runtime_error("the access log " + path +
                             " cannot be written: " + std::strerror(errno));
  }
  return file;
}

}  // namespace

LogFile::LogFile(std::string path, Said said)
    : path_(std::move(path)), said_(std::move(said)), file_(open_file(path_)) {}

LogFile::~LogFile() {
  write_out();
  ::close(file_);
}

void LogFile::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  if (lines_.size() + line.size() > enough) {
    write_out_and_reopen();
  }
  lines_.append(line.data(), line.size());
}

void LogFile::flush_() {
  write_out_and_reopen();
  ++flushes_;
}

void LogFile::write_out_and_reopen() {
  write_out();
  if (reopens_.exchange(false)) {
    open_anew();
  }
}

void LogFile::write_out() {
  if (lines_.empty()) {
    return;
  }
  const std::size_t begin = cut_off_ ? 1 : 0;
  lines_.insert(0, begin, '\n');
  std::size_t done = 0;
  int error = 0;
  while (done < lines_.size() && error == 0) {
    const auto count = ::write(file_, lines_.data() + done, lines_.size() - done);
    done += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    error = count < 0 && errno != EINTR ? errno : 0;
  }
  if (done > 0) {
    cut_off_ = lines_[done - 1] != '\n';
  }
  if (error != 0) {
    const auto rest = std::string_view(lines_).substr(std::max(done, begin));
    lines_lost_ += static_cast<std::uint64_t>(std::ranges::count(rest, '\n'));
    ++write_errors_;
    if (!std::exchange(told_, true)) {
      said_(std::string("the access log can't be written: ") + std::strerror(error));
    }
  }
  lines_.clear();
}

void LogFile::open_anew() {
  try {
    const int file = open_file(path_);
    ::close(std::exchange(file_, file));
    cut_off_ = false;
    told_ = false;
  } catch (const std::runtime_error& error) {
    said_(std::string("the file before is written on: ") + error.what());
  }
}

}  // namespace sevenstops::base
