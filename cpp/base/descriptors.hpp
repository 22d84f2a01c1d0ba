#pragma once

#include <cstdint>

namespace sevenstops::base {

/// Lets the process's table of descriptors grow to so many places (at most RLIMIT_NOFILE) at once.
/// The kernel doubles it whenever it is full, and in a process with several threads each time waits
/// for every processor (expand_files and synchronize_rcu in Linux's fs/file.c): whoever opened
/// the 257th, 513th, 1,025th … socket stands still for some 20 ms. To be called before there are
/// threads, where that is possible. Does nothing when it can't.
void reserve_descriptors(std::int64_t places);

}  // namespace sevenstops::base
