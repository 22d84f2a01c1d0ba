// How fast rows become JSON: the service's serializer beside others, each over the same rows, in
// turns. Prints a JSON document: for each serializer and count of rows the bytes of an answer and
// the seconds that each round took for one.
//
//   serializers ROWS...        what is said above
//   serializers --page ROWS    an answer of so many rows

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "stops/serialize/serialize.hpp"
#include "store/store.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using sevenstops::stops::Page;
using sevenstops::store::for_each_column;

std::string with_ours(const Page& page, bool compiled) {
  return sevenstops::stops::json_of(page, compiled);
}

std::string with_rapidjson(const Page& page) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer writer(buffer);
  const auto text = [&writer](std::string_view s) {
    writer.String(s.data(), static_cast<rapidjson::SizeType>(s.size()));
  };
  const auto value = [&](const auto& field) {
    if constexpr (std::is_same_v<decltype(field), const std::int64_t&>) {
      writer.Int64(field);
    } else {
      text(field);
    }
  };
  writer.StartObject();
  writer.Key("orders");
  writer.StartArray();
  for (const auto& order : page.orders) {
    writer.StartObject();
    for_each_column(order, [&](const auto& column, const auto& field) {
      text(column.name());
      value(field);
    });
    writer.EndObject();
  }
  writer.EndArray();
  writer.Key("next");
  writer.Null();
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

std::string with_boost(const Page& page, boost::json::storage_ptr memory) {
  boost::json::array rows(memory);
  for (const auto& order : page.orders) {
    boost::json::object row(memory);
    for_each_column(order,
                    [&](const auto& column, const auto& field) { row[column.name()] = field; });
    rows.push_back(std::move(row));
  }
  boost::json::object document(memory);
  document["orders"] = std::move(rows);
  document["next"] = nullptr;
  return boost::json::serialize(document);
}

std::string with_nlohmann(const Page& page) {
  nlohmann::ordered_json document;
  auto& rows = document["orders"] = nlohmann::ordered_json::array();
  for (const auto& order : page.orders) {
    nlohmann::ordered_json row;
    for_each_column(order, [&](const auto& column, const auto& field) {
      row[std::string(column.name())] = field;
    });
    rows.push_back(std::move(row));
  }
  document["next"] = nullptr;
  return document.dump();
}

struct Serializer {
  std::string_view name;
  std::function<std::string(const Page&)> run;
};

const std::vector<Serializer> serializers = {
    {"sevenstops", [](const Page& p) { return with_ours(p, true); }},
    {"RapidJSON Writer", with_rapidjson},
    {"Boost.JSON, monotonic",
     [](const Page& p) {
       boost::json::monotonic_resource memory;
       return with_boost(p, &memory);
     }},
    {"Boost.JSON", [](const Page& p) { return with_boost(p, {}); }},
    {"nlohmann", with_nlohmann},
};

Page page_of(std::int64_t rows) {
  return {.orders = sevenstops::store::Store(rows, 1).orders(0, rows)};
}

// Seconds for one answer, over `repeats` of them.
double seconds(const Serializer& serializer, const Page& page, std::int64_t repeats) {
  std::size_t bytes = 0;
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < repeats; ++i) {
    bytes += serializer.run(page).size();
  }
  const std::chrono::duration<double> took = Clock::now() - start;
  if (bytes == 0) {
    std::cerr << "serializers: no bytes came out\n";
  }
  return took.count() / static_cast<double>(repeats);
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int rounds = 9;
  constexpr std::int64_t rows_a_round = 100'000;
  if (argc == 3 && std::string_view(argv[1]) == "--page") {
    std::cout << serializers.front().run(page_of(std::atoll(argv[2])));
    return 0;
  }
  boost::json::array results;
  for (int i = 1; i < argc; ++i) {
    const std::int64_t rows = std::atoll(argv[i]);
    const auto page = page_of(rows);
    const auto expected = serializers.front().run(page);
    std::vector<boost::json::array> took(serializers.size());
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t s = 0; s < serializers.size(); ++s) {
        if (serializers[s].run(page) != expected) {
          std::cerr << "serializers: " << serializers[s].name << " writes other bytes\n";
          return 1;
        }
        took[s].emplace_back(
            seconds(serializers[s], page, std::max<std::int64_t>(1, rows_a_round / rows)));
      }
    }
    for (std::size_t s = 0; s < serializers.size(); ++s) {
      results.push_back({{"name", serializers[s].name},
                         {"rows", rows},
                         {"bytes", expected.size()},
                         {"seconds", took[s]}});
    }
  }
  std::cout << boost::json::serialize(results) << "\n";
}
