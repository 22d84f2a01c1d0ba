#include "http/trace.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace sevenstops::http {
namespace {

constexpr std::string_view valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(Trace, ReadsIdAndSampledFlag) {
  const auto trace = parse_traceparent(valid);
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_TRUE(trace->sampled());
}

TEST(Trace, RefusesWhatIsNotATraceparent) {
  const auto with = [](std::size_t place, std::string_view text) {
    auto changed = std::string(valid.substr(0, place)).append(text);
    return changed.append(valid.substr(std::min(changed.size(), valid.size())));
  };
  for (const auto& text : {
           std::string(),
           std::string(valid.substr(1)),
           with(valid.size(), "-00"),
           with(0, "ff"),
           with(0, "0g"),
           with(2, "_"),
           with(3, "4BF9"),
           with(3, std::string(32, '0')),
           with(35, "_"),
           with(36, std::string(16, '0')),
           with(52, "_"),
           with(53, "0x"),
       }) {
    EXPECT_FALSE(parse_traceparent(text)) << text;
  }
}

TEST(Trace, ALaterVersionMayCarryMore) {
  auto later = "01" + std::string(valid.substr(2));
  EXPECT_TRUE(parse_traceparent(later));
  EXPECT_TRUE(parse_traceparent(later + "-more"));
  EXPECT_FALSE(parse_traceparent(later + "more"));
}

TEST(Trace, AChildKeepsTheTraceUnderAParentOfItsOwn) {
  const auto trace = parse_traceparent(valid);
  const auto first = child_traceparent(*trace);
  const auto second = child_traceparent(*trace);
  EXPECT_EQ(first.substr(0, 36), valid.substr(0, 36));
  EXPECT_EQ(first.substr(52), "-01");
  EXPECT_NE(first, second);
  EXPECT_NE(first, valid);
  EXPECT_TRUE(parse_traceparent(first));
}

TEST(Trace, ANewTraceIsValidAndNotSampled) {
  const auto parent = child_traceparent(new_trace());
  ASSERT_TRUE(parse_traceparent(parent)) << parent;
  EXPECT_FALSE(parse_traceparent(parent)->sampled());
}

TEST(Trace, StateIsOneListAndNotWithoutItsParent) {
  Request request;
  request.fields = {{"traceparent", valid}, {"tracestate", "a=1"}, {"Tracestate", "b=2"}};
  ASSERT_TRUE(trace_of(request));
  EXPECT_EQ(trace_of(request)->state, "a=1,b=2");
  const std::string endless(600, 'x');
  request.fields.push_back({"tracestate", endless});
  EXPECT_EQ(trace_of(request)->state, "");
  request.fields.erase(request.fields.begin());
  EXPECT_FALSE(trace_of(request));
}

}  // namespace
}  // namespace sevenstops::http
