#include "targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sevenstops::fuzz::SEVENSTOPS_FUZZ_TARGET({data, size});
  return 0;
}
