#pragma once

#include "base/metrics.hpp"

namespace sevenstops::stops {

/// Serialize, on one I/O thread.
struct SerializeMetrics : base::MetricGroup {
  base::Counter large{*this, "answers_large_total",
                      "Answers of more than 100 kB of rows, made in one piece."};
  base::Counter not_modified{*this, "answers_not_modified_total",
                             "Answers that the client had already (304)."};
  base::Counter compressed{*this, "answers_compressed_total", "Answers that left compressed."};
  base::Counter compress_in{*this, "compress_input_bytes_total", "Bytes given to a compressor."};
  base::Counter compress_out{*this, "compress_output_bytes_total", "Bytes that left of them."};
  base::Counter compress_useless{*this, "compress_useless_total",
                                 "Answers of which a compressor saved less than a tenth."};
  base::Counter compress_left{*this, "compress_left_total",
                              "Answers that left as they are, since no worker was free to compress "
                              "them, or no memory."};
  base::DurationHistogram compress{*this, "compress_duration_seconds",
                                   "Processor time that compressing an answer took."};
};

}  // namespace sevenstops::stops
